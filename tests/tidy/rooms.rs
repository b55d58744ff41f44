//! Which room may know which. The edges of the crates, as cargo sees them, are the golden file; the direction of ARCHITECTURE.md bounds
//! what that file may ever say.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::sync::LazyLock;

use serde_json::Value;

use super::none;
use super::tree::{read, root};

const GOLDEN: &str = "tests/golden/edges.txt";

/// Room → the rooms it may name. The root, which wires all of them, is not listed.
const DIRECTION: [(&str, &[&str]); 11] = [
    ("core", &[]),
    ("rules", &["core"]),
    ("collect", &["core", "rules"]),
    ("evaluate", &["core", "rules"]),
    ("apply", &["core", "rules"]),
    ("proof", &["core"]),
    ("columnar", &["core", "rules", "evaluate"]),
    ("store", &["core", "rules", "collect", "evaluate", "apply", "proof"]),
    ("office", &["core", "rules", "collect", "evaluate", "apply", "proof", "store"]),
    ("web", &["core", "office"]),
    ("xtask", &[]),
];

/// The rooms that compute and touch nothing.
const PURE: [&str; 6] = ["core", "rules", "collect", "evaluate", "apply", "proof"];
const IMPURE: [&str; 14] = [
    "tokio",
    "async-std",
    "smol",
    "axum",
    "hyper",
    "reqwest",
    "ureq",
    "rusqlite",
    "libsqlite3-sys",
    "postgres",
    "tokio-postgres",
    "arrow",
    "arrow-array",
    "parquet",
];

#[test]
fn the_rooms_know_one_another_as_the_golden_file_says() {
    let golden = read(GOLDEN).unwrap();
    let golden: BTreeSet<&str> = golden.lines().filter(|line| !line.is_empty()).collect();
    let found: BTreeSet<String> = edges(&METADATA).iter().map(Edge::to_string).collect();
    let new = found.iter().filter(|edge| !golden.contains(edge.as_str())).map(|edge| format!("+{edge}"));
    let gone = golden.iter().filter(|edge| !found.contains(**edge)).map(|edge| format!("-{edge}"));
    let mut faults: Vec<String> = new.chain(gone).collect();
    if !faults.is_empty() {
        faults.insert(0, format!("the crates and `{GOLDEN}` differ; a new edge is a decision:"));
    }
    none(&faults);
}

#[test]
fn no_room_names_a_room_above_it() {
    let allowed: BTreeMap<&str, &[&str]> = DIRECTION.into_iter().collect();
    let faults = edges(&METADATA).into_iter().filter_map(|edge| match allowed.get(edge.from.as_str()) {
        None if edge.from == "xinzhi" => None,
        None => Some(format!("{edge}: the room `{}` has no place in the direction of the house", edge.from)),
        Some(below) => (!below.contains(&edge.to.as_str())).then(|| format!("{edge}: `{}` may name {below:?} only", edge.from)),
    });
    none(&faults.collect::<Vec<_>>());
}

#[test]
fn the_pure_rooms_reach_no_driver_and_no_runtime() {
    let names: BTreeMap<&str, &str> =
        array(&METADATA, "/packages").filter_map(|package| Some((text(package, "id")?, text(package, "name")?))).collect();
    let below: BTreeMap<&str, Vec<&str>> =
        array(&METADATA, "/resolve/nodes").filter_map(|node| Some((text(node, "id")?, shipped(node)))).collect();
    let mut faults = Vec::new();
    for room in PURE {
        let id = names.iter().find(|(_, name)| **name == format!("xinzhi-{room}")).map(|(id, _)| *id);
        let mut waiting = vec![id.expect("each pure room is in the workspace")];
        let mut seen = BTreeSet::new();
        while let Some(id) = waiting.pop() {
            if seen.insert(id) {
                waiting.extend(below.get(id).into_iter().flatten());
            }
        }
        let reached = seen.into_iter().filter_map(|id| names.get(id)).filter(|name| IMPURE.contains(name));
        faults.extend(reached.map(|name| format!("`{room}` is pure and reaches `{name}`; move the work to store, office or web")));
    }
    none(&faults);
}

/// What a package links in service; build scripts and tests do not count.
fn shipped(node: &Value) -> Vec<&str> {
    let linked = array(node, "/deps").filter(|dep| array(dep, "/dep_kinds").any(|kind| kind.get("kind").is_some_and(Value::is_null)));
    linked.filter_map(|dep| text(dep, "pkg")).collect()
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Edge {
    from: String,
    to: String,
    only_tests: bool,
}

impl std::fmt::Display for Edge {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} → {}{}", self.from, self.to, if self.only_tests { " (tests)" } else { "" })
    }
}

fn edges(metadata: &Value) -> BTreeSet<Edge> {
    let members: BTreeSet<&str> = array(metadata, "/workspace_members").filter_map(Value::as_str).collect();
    let mut out = BTreeSet::new();
    for package in array(metadata, "/packages").filter(|package| text(package, "id").is_some_and(|id| members.contains(id))) {
        let from = text(package, "name").unwrap_or_default();
        for dependency in array(package, "/dependencies").filter(|dependency| text(dependency, "path").is_some()) {
            let to = text(dependency, "name").unwrap_or_default();
            out.insert(Edge { from: short(from), to: short(to), only_tests: text(dependency, "kind") == Some("dev") });
        }
    }
    assert!(!out.is_empty(), "cargo named no edge between the crates");
    out
}

fn short(name: &str) -> String {
    name.strip_prefix("xinzhi-").unwrap_or(name).to_owned()
}

/// What cargo knows of the workspace and of everything below it on this machine. Nothing is fetched.
static METADATA: LazyLock<Value> = LazyLock::new(|| {
    let told = cargo(&["-vV"]);
    let host = told.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default();
    let described = cargo(&["metadata", "--format-version", "1", "--locked", "--offline", "--filter-platform", host]);
    serde_json::from_str(&described).expect("`cargo metadata` answers in JSON")
});

fn cargo(args: &[&str]) -> String {
    let output = Command::new(env!("CARGO")).args(args).current_dir(root()).output().expect("cargo can be started");
    assert!(output.status.success(), "cargo {} failed: {}", args.join(" "), String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn array<'a>(value: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> {
    value.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
}

fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str)
}
