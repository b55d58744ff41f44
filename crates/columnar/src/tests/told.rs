//! What a result file holds, and what a summary says of it.

use bytes::Bytes;
use xinzhi_core::{Day, Digest};
use xinzhi_rules::Pack;
use xinzhi_rules::model::Scorecard;

use super::support::*;
use crate::cells::Cells;
use crate::partition::Named;
use crate::standings::{Earlier, Pin, Standings, StandingsWriter};
use crate::summary::Summary;

fn words(of: &[Option<&str>]) -> Named {
    let mut named = Named::default();
    for word in of {
        named.list.extend(word.map(|word| Bytes::from(word.to_owned())));
        named.cells.push(word.map(|_| u32::try_from(named.list.len() - 1).unwrap()));
    }
    named
}

fn cells<T: Copy + Default>(of: &[Option<T>]) -> Cells<T> {
    let mut cells = Cells::default();
    of.iter().for_each(|cell| cells.push(*cell));
    cells
}

/// Subjects from `first` on, each with its area, its grade, and points.
fn rows(first: i64, of: &[(Option<&str>, Option<u32>, Option<i64>)]) -> Standings {
    let count = i64::try_from(of.len()).unwrap();
    Standings {
        days: Vec::new(),
        subjects: (first..first + count).collect(),
        kinds: of.iter().enumerate().map(|(row, _)| u32::from(row % 2 == 1)).collect(),
        reasons: cells(&of.iter().map(|(_, _, points)| points.is_none().then_some(5)).collect::<Vec<_>>()),
        points: cells(&of.iter().map(|(_, _, points)| *points).collect::<Vec<_>>()),
        grades: cells(&of.iter().map(|(_, grade, _)| *grade).collect::<Vec<_>>()),
        forced: of.iter().map(|(_, grade, points)| grade.is_some() && points.is_none()).collect(),
        assessed: vec![1000; of.len()],
        amounts: cells(&vec![None; of.len()]),
        dimensions: vec![cells(&of.iter().map(|(_, _, points)| Some(points.unwrap_or(0) / 2)).collect::<Vec<_>>()); 2],
        areas: words(&of.iter().map(|(area, _, _)| *area).collect::<Vec<_>>()),
        codes: words(&vec![Some("T"); of.len()]),
    }
}

fn pin<'a>(pack: &'a Pack, card: &'a Scorecard) -> Pin<'a> {
    Pin { pack, card, as_of: Day::parse("2026-06-01").unwrap(), position: Some(42), tables: Some(Digest([1; 32])) }
}

/// Of the text, with the columns where they belong.
const LINES: [&str; 6] = [
    "主体类别    A  B  D  未评级  合计",
    "全部        2  2  1       1     6",
    "（未知）   0  2  0       0     2",
    "总分       437.5",
    "已知信息不足       2",
    "不在列  0  1  0       0       0",
];

#[test]
fn a_summary_counts_by_grade_kind_and_township_and_follows_who_moved() {
    let pack = pack();
    let card = pack.scorecard_by_id("market").unwrap().1;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("before.parquet");
    // Before: 3 to 8, of whom 3 is gone today and 9 is new.
    let before = rows(
        3,
        &[
            (None, Some(0), Some(900_000)),
            (None, Some(0), Some(900_000)),
            (None, Some(1), Some(700_000)),
            (None, None, None),
            (None, Some(2), None),
            (None, Some(1), Some(1)),
        ],
    );
    let mut writer = StandingsWriter::begin(&path, &pin(&pack, card)).unwrap();
    assert!(StandingsWriter::begin(&path, &pin(&pack, card)).unwrap_err().to_string().contains("before.parquet.partial"));
    writer.append(&before).unwrap();
    writer.finish().unwrap();
    assert!(StandingsWriter::begin(&path, &pin(&pack, card)).unwrap_err().to_string().contains("已存在"));
    let earlier = Earlier::read(&path, card).unwrap();
    assert_eq!((earlier.len(), earlier.as_of.as_str()), (6, "2026-06-01"));
    assert_eq!(
        (earlier.at(0), earlier.at(3), earlier.at(4), earlier.at(6)),
        (Some((3, Some("A"))), Some((6, None)), Some((7, Some("D"))), None)
    );

    let mut summary = Summary::new(&pack, card, Some(&earlier));
    summary.add(&rows(4, &[(Some("990101101201"), Some(0), Some(900_000)), (Some("990101101"), Some(0), Some(850_000))]));
    summary.add(&rows(
        6,
        &[(Some("990101102203"), None, None), (Some("990101"), Some(2), None), (None, Some(1), Some(-1)), (None, Some(1), Some(1))],
    ));
    summary.finish();
    let said = summary.json(&pin(&pack, card));
    assert_eq!(said["subjects"], 6);
    assert_eq!(said["grades"], serde_json::json!({ "A": 2, "B": 2, "D": 1, "未评级": 1 }));
    assert_eq!(said["forced"], 1);
    assert_eq!(said["reasons"], serde_json::json!({ "too-little-known": 2 }));
    assert_eq!(said["kinds"]["enterprise"], serde_json::json!({ "A": 1, "B": 1, "D": 0, "未评级": 1 }));
    assert_eq!(said["townships"]["990101101"]["A"], 2, "a village counts for its township");
    assert_eq!((&said["townships"]["990101"]["D"], &said["townships"][""]["B"]), (&serde_json::json!(1), &serde_json::json!(2)));
    assert_eq!(
        (&said["mean_points"], &said["dimensions"][1]["mean"]),
        (&serde_json::json!(437_500), &serde_json::json!(218_750)),
        "of the four with points"
    );
    let moved = |from: &str, to: &str| summary.moved.get(&(from.to_owned(), to.to_owned())).copied().unwrap_or(0);
    assert_eq!(
        [
            moved("A", "不在列"),
            moved("A", "A"),
            moved("B", "A"),
            moved("未评级", "未评级"),
            moved("D", "D"),
            moved("B", "B"),
            moved("不在列", "B")
        ],
        [1; 7]
    );
    assert_eq!(summary.moved.values().sum::<u64>(), 7);

    let text = summary.text();
    for line in LINES {
        assert!(text.contains(line), "{line}\n{text}");
    }
}

#[test]
fn a_number_is_the_same_subject_only_where_codes_or_the_set_say_so() {
    let pack = pack();
    let card = pack.scorecard_by_id("market").unwrap().1;
    let folder = tempfile::tempdir().unwrap();
    let coded = |first: i64, codes: &[Option<&str>]| {
        let of: Vec<_> = codes.iter().map(|_| (None, Some(0), Some(900_000))).collect();
        Standings { codes: words(codes), ..rows(first, &of) }
    };
    let of_set = |tables: u8| Pin { tables: Some(Digest([tables; 32])), ..pin(&pack, card) };
    for (case, (first, before), (tables, now), says) in [
        ("same codes", (1, &[Some("A"), Some("B")][..]), (2, &[Some("A"), Some("B"), Some("C")][..]), None),
        ("some known", (1, &[Some("A"), None, Some("C")]), (2, &[Some("A"), Some("B"), None]), None),
        ("one other", (1, &[Some("A"), Some("B")]), (2, &[Some("A"), Some("X")]), Some("编号 2 的主体在这次的结果中代码是 `X`")),
        ("no codes", (1, &[None, None]), (2, &[None, None]), Some("没有一个主体的编号和代码在两份结果中都相同")),
        ("empty codes", (1, &[Some("")]), (2, &[Some("")]), Some("没有一个主体的编号和代码")),
        ("no codes of one set", (1, &[None, None]), (1, &[None, None]), None),
        ("other numbers", (7, &[Some("A"), Some("B")]), (2, &[Some("A"), Some("B")]), Some("没有一个主体的编号和代码")),
        ("nobody before", (1, &[]), (2, &[Some("A")]), None),
    ] {
        let path = folder.path().join(case);
        let mut writer = StandingsWriter::begin(&path, &of_set(1)).unwrap();
        writer.append(&coded(first, before)).unwrap();
        writer.finish().unwrap();
        let earlier = Earlier::read(&path, card).unwrap();
        let mut summary = Summary::new(&pack, card, Some(&earlier)).reading(of_set(tables).tables);
        now.iter().zip(1..).for_each(|(code, number)| summary.add(&coded(number, &[*code])));
        summary.finish();
        let (json, text) = (summary.json(&of_set(tables)), summary.text());
        match says {
            None => {
                assert!(summary.strangers().is_none(), "{case}");
                assert!(json["moved"]["grades"].is_array() && text.contains("的结果比较"), "{case}");
            }
            Some(says) => {
                let fault = summary.strangers().unwrap().to_string();
                assert!(fault.contains(says) && fault.contains(case), "{case}: {fault}");
                assert!(json["moved"].is_null() && !text.contains("的结果比较"), "{case}: {text}");
            }
        }
    }
}

#[test]
fn an_earlier_result_must_be_one_and_of_the_same_scorecard() {
    let pack = pack();
    let card = pack.scorecard_by_id("market").unwrap().1;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    StandingsWriter::begin(&path, &pin(&pack, card)).unwrap().finish().unwrap();
    let mut other = card.clone();
    other.id = "other".into();
    let refused = Earlier::read(&path, &other).unwrap_err().to_string();
    assert!(refused.contains("`market`") && refused.contains("`other`"), "{refused}");
    let made = made(&penalties());
    assert!(Earlier::read(&made.path("subjects.parquet"), card).unwrap_err().to_string().contains("无法比较"));
    std::fs::write(&path, b"PAR1PAR1").unwrap();
    assert!(Earlier::read(&path, card).is_err());
    std::fs::write(&path, b"").unwrap();
    assert!(Earlier::read(&path, card).unwrap_err().to_string().contains("Parquet"));
    for no_file in [std::path::Path::new("/dev/zero"), folder.path()] {
        assert!(Earlier::read(no_file, card).unwrap_err().to_string().contains("不是普通文件"));
    }
    // Whoever names a file may name it by a link.
    std::fs::remove_file(&path).unwrap();
    let plain = folder.path().join("plain.parquet");
    StandingsWriter::begin(&plain, &pin(&pack, card)).unwrap().finish().unwrap();
    std::os::unix::fs::symlink("plain.parquet", &path).unwrap();
    assert!(Earlier::read(&path, card).is_ok());
    // What was not finished is not there.
    let path = folder.path().join("y.parquet");
    drop(StandingsWriter::begin(&path, &pin(&pack, card)).unwrap());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
}
