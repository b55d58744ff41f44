//! What every file owes its reader: a length that fits a head, prose, no loose ends, nothing of one person's machine.

use super::none;
use super::tree::{File, files, rust};

const CODE: [&str; 7] = ["rs", "sql", "html", "css", "js", "mjs", "sh"];
const LONGEST: usize = 800;

#[test]
fn no_file_is_longer_than_800_lines() {
    let long = files().into_iter().filter(|file| file.has_ending(&CODE)).filter_map(|file| {
        let lines = file.text.lines().count();
        (lines > LONGEST).then(|| format!("{}: {lines} lines; split it, {LONGEST} is the limit", file.path))
    });
    none(&long.collect::<Vec<_>>());
}

#[test]
fn every_crate_opens_with_prose() {
    let crates: Vec<File> = rust().into_iter().filter(|file| file.path.ends_with("src/lib.rs")).collect();
    assert!(crates.len() >= 9, "only {} rooms were found", crates.len());
    let bare = crates
        .iter()
        .filter(|file| !file.text.starts_with("//! ") || file.text.lines().next().is_none_or(|line| line.chars().count() < 24));
    none(&bare.map(|file| format!("{}: begin with `//!` and say what the room is for", file.path)).collect::<Vec<_>>());
}

#[test]
fn at_least_one_line_in_twenty_is_prose() {
    let files = rust();
    let lines: usize = files.iter().map(|file| file.text.lines().count()).sum();
    let prose: usize = files.iter().map(|file| file.text.lines().filter(|line| line.trim_start().starts_with("//")).count()).sum();
    assert!(prose * 20 >= lines, "{prose} of {lines} lines are documentation or comment; explain more of the why");
}

#[test]
fn no_loose_end_is_without_owner_and_date() {
    let code = files().into_iter().filter(|file| file.has_ending(&CODE) || file.has_ending(&["toml", "yaml"]));
    let faults = code.flat_map(|file| {
        let lines = (1..).zip(file.text.lines()).filter(|(_, line)| is_loose(line));
        lines.map(|(number, line)| format!("{}:{number}: name who and by when, or do it: {}", file.path, line.trim())).collect::<Vec<_>>()
    });
    none(&faults.collect::<Vec<_>>());
}

/// A mark is bound when `(name, 2026-11-23)` follows it.
fn is_loose(line: &str) -> bool {
    let marks = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];
    marks.into_iter().any(|mark| {
        line.match_indices(mark).any(|(at, _)| {
            let before = line.get(..at).and_then(|head| head.chars().next_back());
            let after = line.get(at + mark.len()..).unwrap_or_default();
            let alone = [before, after.chars().next()].into_iter().flatten().all(|letter| !letter.is_alphanumeric() && letter != '_');
            alone && !is_bound(after)
        })
    })
}

fn is_bound(after: &str) -> bool {
    let Some((owner, date)) = after.strip_prefix('(').and_then(|rest| rest.split_once(')')).and_then(|(inside, _)| inside.split_once(", "))
    else {
        return false;
    };
    let shape: String = date.chars().map(|letter| if letter.is_ascii_digit() { '0' } else { letter }).collect();
    !owner.trim().is_empty() && shape == "0000-00-00"
}

#[test]
fn a_loose_end_is_recognised() {
    let mark = concat!("TO", "DO");
    assert!(is_loose(&format!("// {mark}: later")) && is_loose(&format!("// {mark}(me): later")) && is_loose(mark));
    assert!(!is_loose(&format!("// {mark}(chen, 2026-12-01): later")) && !is_loose(&format!("let {mark}S = 1;")));
}

#[test]
fn no_test_is_switched_off_or_glad_of_a_panic() {
    let marks = [concat!("#[", "ignore"), concat!("#[", "should_panic")];
    let faults = rust().into_iter().flat_map(|file| {
        let lines = (1..).zip(file.text.lines()).filter(|(_, line)| marks.iter().any(|mark| line.contains(mark)));
        lines
            .map(|(number, line)| format!("{}:{number}: {} is not ours; assert what should happen", file.path, line.trim()))
            .collect::<Vec<_>>()
    });
    none(&faults.collect::<Vec<_>>());
}

#[test]
fn no_path_of_one_machine_stands_in_the_tree() {
    let faults = files().into_iter().flat_map(|file| {
        let lines = (1..).zip(file.text.lines()).filter(|(_, line)| has_machine_path(line));
        lines.map(|(number, line)| format!("{}:{number}: write a path below the tree: {}", file.path, line.trim())).collect::<Vec<_>>()
    });
    none(&faults.collect::<Vec<_>>());
}

#[test]
fn no_conflict_of_a_merge_was_left() {
    let faults = files().into_iter().flat_map(|file| {
        let lines = (1..).zip(file.text.lines()).filter(|(_, line)| ["<<<<<<< ", ">>>>>>> "].iter().any(|mark| line.starts_with(mark)));
        lines.map(|(number, line)| format!("{}:{number}: decide between the two: {line}", file.path)).collect::<Vec<_>>()
    });
    none(&faults.collect::<Vec<_>>());
}

/// A folder that only somebody's machine has, at the head of a path; the same word inside a longer path or an address is fine.
fn has_machine_path(line: &str) -> bool {
    ["work", "root", "home"].map(|folder| format!("/{folder}/")).iter().any(|folder| {
        line.match_indices(folder.as_str()).any(|(at, _)| {
            let before = line.get(..at).and_then(|head| head.chars().next_back());
            before.is_none_or(|letter| !letter.is_alphanumeric() && !"_.-}~*".contains(letter))
        })
    })
}

#[test]
fn a_machine_path_is_recognised() {
    let path = |head: &str| format!("{head}/{}/x", "home");
    assert!(has_machine_path(&path("see ")) && has_machine_path(&path("\"")) && has_machine_path(&path("")));
    assert!(!has_machine_path(&path("src")) && !has_machine_path(&path("https://example.test")));
}
