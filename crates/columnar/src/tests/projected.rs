//! A projection: layers put together as known at each position, and what spoils one.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;
use xinzhi_core::AreaCode;
use xinzhi_rules::Pack;
use xinzhi_rules::model::KindIx;

use super::support::*;
use crate::partition::{RecordLine, Whole};
use crate::projection::{Closings, EDITION, Head, Held, Layer, LayerColumns, PROJECTION, Projection};
use crate::{CoverageRow, Fault, Stays, TableSet};

type Stay = (i64, Option<i64>);
/// Number, kind, area.
type Who = (i64, &'static str, Option<&'static str>);

fn held<C>(columns: C, stays: &[Stay]) -> Held<C> {
    let mut all = Stays::default();
    stays.iter().for_each(|(known, until)| all.push(*known, *until));
    Held { columns, stays: all }
}

/// Subjects with their stays, penalties with theirs, and records that ended.
fn layer(pack: &Pack, who: &[(Who, Stay)], penalties: &[(Row, Stay)], ended: &[(i64, i64, i64)]) -> LayerColumns {
    let (people, stays): (Vec<_>, Vec<_>) = who.iter().copied().unzip();
    let (rows, kept): (Vec<Row>, Vec<Stay>) = penalties.iter().cloned().unzip();
    let mut closings = Closings::default();
    for (subject, record, until) in ended {
        closings.subject.push(*subject);
        closings.record.push(*record);
        closings.until.push(*until);
    }
    let kinds: BTreeMap<KindIx, _> = [(PENALTY, held(columns(pack, PENALTY, &rows), &kept))].into_iter().collect();
    LayerColumns { subjects: held(subjects(&people), &stays), kinds, closings }
}

struct Made {
    pack: Pack,
    root: PathBuf,
    head: Head,
    _folder: TempDir,
}

fn covered() -> Held<Vec<CoverageRow>> {
    let span = xinzhi_core::Span { from: xinzhi_core::Day::parse("2020-01-01").unwrap(), until: None };
    let row = |area: &str| CoverageRow { area: AreaCode::parse(area), kind: "administrative-penalty".to_owned(), span };
    held(vec![row("990101"), row("990101102")], &[(3, Some(8)), (4, None)])
}

fn made(layers: &[LayerColumns]) -> Made {
    let pack = pack();
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("projection");
    let projection = Projection::enter(&root, || panic!("nobody is here")).unwrap();
    assert_eq!(projection.head().unwrap(), None);
    let written: Vec<Layer> =
        layers.iter().zip(1..).map(|(columns, generation)| projection.layer(&pack, (0, generation), columns).unwrap()).collect();
    let generation = u64::try_from(layers.len()).unwrap();
    let (coverage, coverage_note) = projection.coverage(generation, &covered()).unwrap();
    let head = Head {
        edition: EDITION.to_owned(),
        office: "ab".to_owned(),
        area: "990101".to_owned(),
        pack: pack.id.clone(),
        pack_digest: pack.digest.to_string(),
        position: 9,
        seal: "cd".to_owned(),
        span: 100,
        generation,
        coverage,
        coverage_note,
        partitions: [(0, written)].into_iter().collect(),
    };
    projection.publish(&head).unwrap();
    assert_eq!(projection.head().unwrap().as_ref(), Some(&head));
    assert_eq!(projection.spoilt(&head), Vec::<String>::new());
    Made { pack, root, head, _folder: folder }
}

const A: Option<&str> = Some("990101102");
const B: Option<&str> = Some("990101103204");

fn two_layers() -> Made {
    let pack = pack();
    let fine = |subject, record, on| row(subject, record, on, Some(1), &[("CF_XDR_LB", 0), ("CF_CFLB", 0b10), ("CF_NR_FK", 500)]);
    let first = layer(
        &pack,
        &[((2, "enterprise", A), (2, Some(5))), ((2, "enterprise", B), (5, None)), ((7, "sole_trader", None), (3, None))],
        &[(fine(2, 11, "2025-03-01"), (2, None)), (fine(2, 12, "2025-04-01"), (3, Some(4))), (fine(7, 13, "2025-05-01"), (3, None))],
        &[],
    );
    // A new subject before one that is there, a third stretch of one that is there, a record in the middle, one that ends.
    let second = layer(
        &pack,
        &[
            ((2, "enterprise", A), (2, Some(5))),
            ((2, "enterprise", B), (5, Some(7))),
            ((2, "enterprise", A), (7, None)),
            ((5, "enterprise", A), (6, None)),
        ],
        &[(fine(2, 14, "2024-01-01"), (6, Some(8))), (fine(5, 15, "2025-06-01"), (6, None))],
        &[(7, 13, 7), (2, 12, 8)],
    );
    made(&[first, second])
}

#[test]
fn w4_layers_are_one_set_at_every_position() {
    let made = two_layers();
    let at = |known: i64| {
        let set = TableSet::as_known(&made.root, &made.head, &made.pack, known).unwrap();
        assert_eq!((set.partitions(), set.digest(), set.manifest().position), (1, None, Some(known)));
        let partition = set.partition(0, &everything(&made.pack)).unwrap();
        let areas: Vec<Option<String>> = (0..partition.subjects.numbers.len())
            .map(|row| partition.subjects.areas.at(row).map(|at| String::from_utf8(partition.subjects.areas.list[at].to_vec()).unwrap()))
            .collect();
        let population = partition.population().unwrap();
        let columns = population.kind(PENALTY).unwrap();
        let rows: Vec<u32> = columns.starts.to_vec();
        let who: Vec<(i64, Option<String>)> = partition.subjects.numbers.iter().copied().zip(areas).collect();
        (who, rows, cells(&partition, PENALTY, "CF_NR_FK", &made.pack).len())
    };
    let told = |who: &[(i64, Option<&str>)]| who.iter().map(|(number, area)| (*number, area.map(str::to_owned))).collect::<Vec<_>>();
    assert_eq!(at(1), (told(&[]), vec![0], 0));
    assert_eq!(at(2), (told(&[(2, A)]), vec![0, 1], 1));
    assert_eq!(at(3), (told(&[(2, A), (7, None)]), vec![0, 2, 3], 3));
    assert_eq!(at(4), (told(&[(2, A), (7, None)]), vec![0, 1, 2], 2), "one ended in the layer that brought it");
    assert_eq!(at(5), (told(&[(2, B), (7, None)]), vec![0, 1, 2], 2));
    assert_eq!(at(6), (told(&[(2, B), (5, A), (7, None)]), vec![0, 2, 3, 4], 4));
    assert_eq!(at(7), (told(&[(2, A), (5, A), (7, None)]), vec![0, 2, 3, 3], 3), "one ended by what a later layer says");
    assert_eq!(at(8), (told(&[(2, A), (5, A), (7, None)]), vec![0, 1, 2, 2], 2));
    let later = TableSet::as_known(&made.root, &made.head, &made.pack, 10).unwrap_err().to_string();
    assert!(later.contains("projection follow"), "{later}");
    // Whole: each record until the first of what ends it.
    let whole = Whole::read(&made.root, &made.head.partitions[&0], &made.pack).unwrap();
    let ends = |line: &RecordLine| (line.0, line.1, line.3);
    let lines: Vec<_> = whole.records[&PENALTY].iter().map(ends).collect();
    assert_eq!(lines, [(2, 11, (2, None)), (2, 12, (3, Some(4))), (2, 14, (6, Some(8))), (5, 15, (6, None)), (7, 13, (3, Some(7)))]);
    assert_eq!(whole.subjects.columns.numbers, [2, 2, 2, 5, 7]);
    assert_eq!(Whole::numbers(&made.root, &made.head.partitions[&0]).unwrap(), [2, 5, 7]);
}

#[test]
fn coverage_is_that_of_the_position_and_a_subject_without_an_area_lies_in_the_office() {
    let made = two_layers();
    let spans = |known: i64, area: Option<&str>| {
        let reported = crate::coverage::Reported::as_known(&made.root, &made.head, &made.pack, known).unwrap();
        reported.of(area.and_then(AreaCode::parse).as_ref()).spans(PENALTY).len()
    };
    assert_eq!([2, 3, 7, 8].map(|known| spans(known, None)), [0, 1, 1, 0]);
    assert_eq!([2, 3, 7, 8].map(|known| spans(known, A)), [0, 1, 1, 1]);
    // Of a place outside, what was reported inside says nothing.
    assert_eq!([3, 7].map(|known| spans(known, Some("110101"))), [0, 0]);
}

#[test]
fn a_spoilt_projection_is_refused_with_a_sentence() {
    let made = two_layers();
    let read = |head: &Head| -> Result<(), Fault> {
        let set = TableSet::as_known(&made.root, head, &made.pack, 9)?;
        set.partition(0, &everything(&made.pack)).map(drop)
    };
    read(&made.head).unwrap();
    let without = |name: &str| {
        let mut head = made.head.clone();
        head.partitions.get_mut(&0).unwrap()[1].files.remove(name);
        read(&head).unwrap_err().to_string()
    };
    assert!(without("subjects.parquet").contains("主体 5"), "a record of somebody who is not there");
    let path = made.root.join("part=00000/layer=000002/closings.parquet");
    let bytes = fs::read(&path).unwrap();
    let mut changed = bytes.clone();
    let end = changed.len() - 12;
    changed[end] ^= 1;
    fs::write(&path, &changed).unwrap();
    assert!(read(&made.head).unwrap_err().to_string().contains("closings.parquet"));
    let projection = Projection::enter(&made.root, || panic!("nobody is here")).unwrap();
    assert_eq!(projection.spoilt(&made.head).len(), 1);
    fs::write(&path, &bytes).unwrap();
    // Nothing of it is somebody else's to correct or to send again.
    let again = "，请运行 xinzhi projection rebuild 重建";
    let told = |spoil: &dyn Fn(&mut Vec<u8>), name: &str| {
        let path = made.root.join(name);
        let whole = fs::read(&path).unwrap();
        let mut bytes = whole.clone();
        spoil(&mut bytes);
        fs::write(&path, &bytes).unwrap();
        let said = read(&made.head).unwrap_err().to_string();
        fs::write(&path, &whole).unwrap();
        said
    };
    for name in
        ["coverage-000002.parquet", "part=00000/layer=000001/subjects.parquet", "part=00000/layer=000002/administrative-penalty.parquet"]
    {
        let cut = told(&|bytes| bytes.truncate(60), name);
        assert!(cut.contains(name) && cut.contains("有 60 字节，projection.json 中写的是") && cut.ends_with(again), "{cut}");
        let footer = told(&|bytes| *bytes.iter_mut().rev().nth(12).unwrap() ^= 1, name);
        assert!(footer.contains("的校验和与 projection.json 不符") && footer.ends_with(again), "{footer}");
        let column = told(&|bytes| bytes[20] ^= 1, name);
        assert!(column.contains("的列 `") && column.contains("已损坏") && column.ends_with(again), "{column}");
    }
    let linked = made.root.join("part=00000/layer=000001/subjects.parquet");
    fs::rename(&linked, made.root.join("moved")).unwrap();
    std::os::unix::fs::symlink("../../moved", &linked).unwrap();
    assert!(read(&made.head).unwrap_err().to_string().contains("符号链接"));
    assert_eq!(projection.spoilt(&made.head).len(), 1);
    fs::remove_file(&linked).unwrap();
    fs::rename(made.root.join("moved"), &linked).unwrap();
    // The list itself.
    let refused = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut head = serde_json::to_value(&made.head).unwrap();
        change(&mut head);
        fs::write(made.root.join(PROJECTION), head.to_string()).unwrap();
        projection.head().unwrap_err().to_string()
    };
    assert!(refused(&|head| head["edition"] = "xinzhi-projection/2".into()).contains("xinzhi-projection/2"));
    assert!(refused(&|head| head["more"] = 1.into()).contains("重建"));
    assert!(refused(&|head| head["partitions"]["0"][0]["folder"] = "../elsewhere".into()).contains("../elsewhere"));
    assert!(refused(&|head| head["coverage"] = "x.parquet".into()).contains("前后矛盾"));
    assert!(refused(&|head| head["area"] = "x".into()).contains("前后矛盾"));
    // Another pack reads nothing of it.
    let other = Head { pack_digest: "00".to_owned(), ..made.head.clone() };
    assert!(TableSet::as_known(&made.root, &other, &made.pack, 9).is_err());
}

#[test]
fn what_nobody_names_is_swept_away_and_nothing_else() {
    let made = two_layers();
    let projection = Projection::enter(&made.root, || panic!("nobody is here")).unwrap();
    let left = made.root.join("part=00000/layer=000003");
    fs::create_dir_all(&left).unwrap();
    fs::create_dir_all(made.root.join("part=00009/layer=000003")).unwrap();
    fs::create_dir_all(made.root.join("aside-x/part=00000")).unwrap();
    fs::write(made.root.join("aside-x/projection.json"), b"{}").unwrap();
    fs::write(made.root.join("notes.txt"), b"of somebody").unwrap();
    projection.sweep(Some(&made.head)).unwrap();
    let mut names: Vec<String> =
        fs::read_dir(&made.root).unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    assert_eq!(names, ["coverage-000002.parquet", "lock", "notes.txt", "part=00000", "projection.json"]);
    assert!(!left.exists() && made.root.join("part=00000/layer=000002").exists());
    // A folder that somebody uses for something else is not entered.
    let other = tempfile::tempdir().unwrap();
    fs::write(other.path().join("tables.json"), b"{}").unwrap();
    assert!(Projection::enter(other.path(), || ()).unwrap_err().to_string().contains("不是空目录"));
    assert!(!other.path().join("lock").exists());
}
