//! Promises that a list states and the tree must keep: the invariants have their tests, a migration that was handed out never changes.

use std::collections::{BTreeMap, BTreeSet};

use super::none;
use super::tree::{files, git, read, rust};

const INVARIANTS: &str = "docs/invariants.md";
const MIGRATIONS: &str = "tests/golden/migrations.txt";
const MIGRATION_FOLDER: &str = "crates/store/migrations/";

#[test]
fn every_invariant_has_a_test_and_every_such_test_an_invariant() {
    let listed = listed_invariants(&read(INVARIANTS).unwrap());
    assert!(!listed.is_empty(), "`{INVARIANTS}` has no table row such as `| w3 | … |`");
    let mut tested: BTreeMap<String, String> = BTreeMap::new();
    for file in rust() {
        for name in test_names(&file.text) {
            for id in invariants_of(name) {
                tested.insert(id.to_owned(), format!("{}: {name}", file.path));
            }
        }
    }
    let untested = listed
        .iter()
        .filter(|id| !tested.contains_key(*id))
        .map(|id| format!("`{id}` is promised in `{INVARIANTS}`; no test is named `{id}_…`"));
    let unlisted =
        tested.iter().filter(|(id, _)| !listed.contains(*id)).map(|(id, test)| format!("{test}: `{id}` has no row in `{INVARIANTS}`"));
    none(&untested.chain(unlisted).collect::<Vec<_>>());
}

/// The ids in the first cells of the tables, in lower case.
fn listed_invariants(text: &str) -> BTreeSet<String> {
    let cells = text.lines().filter_map(|line| line.trim().strip_prefix('|')).filter_map(|row| row.split('|').next());
    cells.map(|cell| cell.trim().trim_matches(['`', '*']).to_lowercase()).filter(|cell| is_invariant(cell)).collect()
}

/// `w3` and `d10` in `w3_d10_what_was_lifted_is_invisible`.
fn invariants_of(name: &str) -> impl Iterator<Item = &str> {
    name.split('_').take_while(|part| is_invariant(part))
}

fn is_invariant(word: &str) -> bool {
    let digits = word.strip_prefix(|letter: char| letter.is_ascii_lowercase()).unwrap_or_default();
    !digits.is_empty() && digits.chars().all(|letter| letter.is_ascii_digit())
}

/// The names of the functions that carry a test attribute.
fn test_names(text: &str) -> Vec<&str> {
    let mut marked = false;
    let mut out = Vec::new();
    for line in text.lines().map(str::trim) {
        if line.starts_with("#[") {
            marked |= line.starts_with("#[test]") || line.contains("::test]") || line.contains("::test(");
        } else if !line.is_empty() && !line.starts_with("//") {
            let name = line.split_once("fn ").and_then(|(_, rest)| rest.split(['(', '<']).next());
            out.extend(name.filter(|_| marked));
            marked = false;
        }
    }
    out
}

#[test]
fn an_invariant_is_found_in_the_list_and_in_a_name() {
    let text = "| id | promise |\n|---|---|\n| w3 | lifted |\n| **D10** | twice |\n| sum | x |\n";
    assert_eq!(listed_invariants(text).into_iter().collect::<Vec<_>>(), ["d10", "w3"]);
    let code = "#[test]\n// why\nfn w3_lifted() {\n    fn d1_inner() {}\n}\n\nfn d2_helper() {}\n#[tokio::test]\nasync fn d10_twice() {}\n";
    assert_eq!(test_names(code), ["w3_lifted", "d10_twice"]);
    let found = ["w3_d10_a_d4", "sha256_of", "every_w3", "w_3"].map(|name| invariants_of(name).collect::<Vec<_>>());
    assert_eq!(found, [vec!["w3", "d10"], vec![], vec![], vec![]]);
}

/// The digest is git's own of the file's bytes, so that `git hash-object FILE` shows it.
#[test]
fn no_migration_was_changed_after_it_was_handed_out() {
    let paths: Vec<String> =
        files().into_iter().map(|file| file.path).filter(|path| path.starts_with(MIGRATION_FOLDER) && path.ends_with(".sql")).collect();
    assert!(!paths.is_empty(), "`{MIGRATION_FOLDER}` holds no migration");
    let args = ["hash-object", "--no-filters", "--"].into_iter().chain(paths.iter().map(String::as_str)).collect::<Vec<_>>();
    let digests = git(&args).unwrap();
    let found: BTreeMap<&str, &str> = paths.iter().map(String::as_str).zip(digests.lines()).collect();
    let golden = read(MIGRATIONS).unwrap();
    let golden: BTreeMap<&str, &str> =
        golden.lines().filter_map(|line| line.split_once("  ")).map(|(digest, path)| (path, digest)).collect();
    let new = found
        .iter()
        .filter(|(path, _)| !golden.contains_key(*path))
        .map(|(path, digest)| format!("add to `{MIGRATIONS}`: {digest}  {path}"));
    let changed = golden.iter().filter_map(|(path, digest)| match found.get(path) {
        Some(now) if now == digest => None,
        Some(now) => Some(format!("{path} is now {now}: databases have run it as it was; put the change into a new migration")),
        None => Some(format!("{path} is gone: databases have run it; a migration is never removed")),
    });
    none(&new.chain(changed).collect::<Vec<_>>());
}
