//! What is written gets its name when it is whole, and takes no place that is taken.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use super::support::*;
use crate::standings::{Pin, StandingsWriter};
use crate::{Fault, SetWriter, fresh};

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn a_target_that_appears_while_a_result_is_made_is_left_alone() {
    let pack = pack();
    let card = &pack.scorecards[0];
    let pin = Pin { pack: &pack, card, as_of: xinzhi_core::Day::parse("2026-06-01").unwrap(), position: None, tables: None };
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("x.parquet");
    let appears: [&dyn Fn(); 3] =
        [&|| fs::write(&target, "precious").unwrap(), &|| symlink("nowhere", &target).unwrap(), &|| fs::create_dir(&target).unwrap()];
    for appear in appears {
        let writer = StandingsWriter::begin(&target, &pin).unwrap();
        assert_eq!(names(folder.path()), ["x.parquet.partial"]);
        appear();
        let before = fs::symlink_metadata(&target).unwrap().file_type();
        assert!(matches!(writer.finish().unwrap_err(), Fault::Exists(path) if path == target));
        assert_eq!(fs::symlink_metadata(&target).unwrap().file_type(), before);
        assert_eq!(names(folder.path()), ["x.parquet"], "nothing stays but what appeared");
        assert!(matches!(StandingsWriter::begin(&target, &pin).unwrap_err(), Fault::Exists(_)), "nor does a run begin");
        fs::remove_file(&target).or_else(|_| fs::remove_dir(&target)).unwrap();
    }
    StandingsWriter::begin(&target, &pin).unwrap().finish().unwrap();
    assert_eq!(names(folder.path()), ["x.parquet"]);
}

#[test]
fn a_set_takes_the_place_of_an_empty_folder_and_of_nothing_else() {
    let pack = pack();
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("set");
    let appears: [&dyn Fn(); 2] = [&|| fs::write(&target, "precious").unwrap(), &|| {
        fs::create_dir(&target).unwrap();
        fs::write(target.join("precious"), "").unwrap();
    }];
    for appear in appears {
        let writer = SetWriter::begin(&target, &pack).unwrap();
        let note = writer.partition(0, &subjects(&WHO), &std::collections::BTreeMap::new()).unwrap();
        appear();
        assert!(matches!(writer.finish(&head(&pack), vec![note]).unwrap_err(), Fault::Exists(_)));
        assert_eq!(names(folder.path()), ["set"]);
        fs::remove_file(&target).or_else(|_| fs::remove_dir_all(&target)).unwrap();
    }
    // A link to an empty folder would be found to be one only at the end.
    fs::create_dir(folder.path().join("empty")).unwrap();
    symlink("empty", &target).unwrap();
    assert!(matches!(SetWriter::begin(&target, &pack).unwrap_err(), Fault::Exists(_)));
}

#[test]
fn what_an_interrupted_run_left_bars_nobodys_way_and_is_not_touched() {
    let pack = pack();
    let folder = tempfile::tempdir().unwrap();
    let (file, set) = (folder.path().join("x.yaml"), folder.path().join("set"));
    let elsewhere = folder.path().join("elsewhere");
    fs::write(&elsewhere, "precious").unwrap();
    fs::write(folder.path().join("x.yaml.partial"), "left").unwrap();
    symlink("elsewhere", folder.path().join("x.yaml.2.partial")).unwrap();
    fs::create_dir(folder.path().join("set.partial")).unwrap();
    fresh::write(&file, b"whole").unwrap();
    let writer = SetWriter::begin(&set, &pack).unwrap();
    let note = writer.partition(0, &subjects(&WHO), &std::collections::BTreeMap::new()).unwrap();
    writer.finish(&head(&pack), vec![note]).unwrap();
    let left = ["elsewhere", "set", "set.partial", "x.yaml", "x.yaml.2.partial", "x.yaml.partial"];
    assert_eq!(names(folder.path()), left);
    let text = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    assert_eq!(["x.yaml", "x.yaml.partial", "elsewhere"].map(text), ["whole", "left", "precious"]);
    assert!(matches!(fresh::write(&file, b"again").unwrap_err(), Fault::Exists(_)));
    assert_eq!(text("x.yaml"), "whole");

    // Not without end, and not by a silent failure.
    let other = folder.path().join("y");
    fs::write(folder.path().join("y.partial"), "").unwrap();
    (2..=100).for_each(|number| fs::write(folder.path().join(format!("y.{number}.partial")), "").unwrap());
    assert!(fresh::write(&other, b"").unwrap_err().to_string().contains("请清理后再试"));
}

#[test]
fn a_run_that_is_still_writing_is_told_of_before_an_hour_is_spent() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("x");
    let (writing, file) = fresh::Fresh::begin(&target).unwrap();
    let refused = fresh::write(&target, b"").unwrap_err().to_string();
    assert!(refused.contains("x.partial") && refused.contains("另一次运行"), "{refused}");
    // Killed: its handle is gone and its file is not.
    drop(file);
    fresh::write(&target, b"mine").unwrap();
    drop(writing);
    assert_eq!(names(folder.path()), ["x"]);
}
