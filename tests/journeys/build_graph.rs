//! What a decision is computed with: the crates below the pure rooms, as a closed list.

use std::process::Command;

use crate::support::golden;

/// Every crate that the decision rooms link, by name. A learned or statistical model would have to appear here (D13).
#[test]
fn d13_what_decides_is_built_from_a_closed_list_of_crates() {
    let mut names: Vec<String> = ["rules", "evaluate", "apply"].iter().flat_map(|room| below(room)).collect();
    names.sort();
    names.dedup();
    assert!(names.len() > 5, "{names:?}");
    golden::compare("decision-crates.txt", &names.iter().map(|name| format!("{name}\n")).collect::<String>());
}

fn below(room: &str) -> Vec<String> {
    let package = format!("xinzhi-{room}");
    let args = ["tree", "--offline", "--locked", "--package", &package, "--edges", "normal", "--prefix", "none", "--format", "{p}"];
    let output = Command::new(env!("CARGO")).args(args).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    told.lines().filter_map(|line| line.split(' ').next()).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}
