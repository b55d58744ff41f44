//! A set is files in folders: nothing in it leads elsewhere or never ends.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use super::support::*;

/// Puts a link to where a file or folder was moved in its place.
fn linked(path: &Path) {
    let moved = path.with_file_name("moved");
    fs::rename(path, &moved).unwrap();
    symlink(moved.file_name().unwrap(), path).unwrap();
}

#[test]
fn links_inside_a_set_are_refused_wherever_they_lead() {
    for name in ["tables.json", "coverage.parquet", "part=00000", "part=00000/subjects.parquet", "part=00000/serious-list.parquet"] {
        let made = made(&penalties());
        linked(&made.root.join(name));
        let refusal = made.refusal();
        assert!(refusal.contains(name) && refusal.contains("符号链接"), "{name}: {refusal}");
    }
    // One that nobody listed and that is no table is one too.
    let made = made(&penalties());
    symlink("/etc/passwd", made.root.join("part=00000/notes.txt")).unwrap();
    let refusal = made.refusal();
    assert!(refusal.contains("notes.txt") && refusal.contains("符号链接"), "{refusal}");
}

#[test]
fn what_is_no_file_is_refused_and_not_read() {
    for name in ["tables.json", "coverage.parquet", "part=00000/subjects.parquet"] {
        let made = made(&penalties());
        let path = made.root.join(name);
        fs::remove_file(&path).unwrap();
        // As a link it could be read without end.
        symlink("/dev/zero", &path).unwrap();
        assert!(made.refusal().contains("符号链接"), "{name}");
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert!(made.refusal().contains("不是普通文件"), "{name}");
    }
    // A set may itself be reached by a link.
    let made = made(&penalties());
    let link = made.root.with_file_name("current");
    symlink(&made.root, &link).unwrap();
    assert!(crate::TableSet::open(&link, &made.pack).is_ok());
}

#[test]
fn a_list_that_says_more_than_it_may_is_not_read_to_its_end() {
    let made = made(&penalties());
    let path = made.root.join("tables.json");
    let length = fs::metadata(&path).unwrap().len();
    assert_eq!(crate::regular::read(&path, length).unwrap().map(|bytes| bytes.len()), Some(usize::try_from(length).unwrap()));
    assert_eq!(crate::regular::read(&path, length - 1).unwrap(), None);
}
