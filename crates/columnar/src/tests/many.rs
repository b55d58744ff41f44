//! Packs with more kinds of subjects and more grades than a byte counts.

use std::collections::BTreeMap;

use xinzhi_core::{Day, Points};
use xinzhi_rules::model::SubjectKindIx;

use super::same::CARD;
use super::support::*;
use crate::cells::{Cells, Words};
use crate::file::Table;
use crate::partition::read_open;
use crate::schema::Content;
use crate::standings::{Pin, StandingsWriter};
use crate::{Run, SetWriter, TableSet};

#[test]
fn a_result_names_the_kind_and_the_grade_whatever_their_number() {
    let mut pack = pack();
    let first = pack.subject_kinds.len();
    for number in 0..300 {
        let mut kind = pack.subject_kinds[0].clone();
        kind.id = format!("kind-{number}");
        pack.subject_kinds.push(kind);
    }
    let card = &mut pack.scorecards[0];
    card.subjects.extend((first..first + 300).map(SubjectKindIx));
    card.overrides.clear();
    let grade = card.grades[0].clone();
    // One for each half of a point from 1 000 down to 750, then all that is below.
    card.grades = (0..=501)
        .map(|place: i64| {
            let mut grade = grade.clone();
            grade.name = format!("G{place}");
            grade.from = Some(Points(if place > 500 { 0 } else { 1_000_000 - place * 500 }));
            grade
        })
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let (root, out) = (folder.path().join("set"), folder.path().join("x.parquet"));
    let writer = SetWriter::begin(&root, &pack).unwrap();
    let who = [(1, "enterprise", Some("990101")), (2, "kind-0", Some("990101")), (3, "kind-299", Some("990101"))];
    let note = writer.partition(0, &subjects(&who), &BTreeMap::new()).unwrap();
    writer.finish(&head(&pack), vec![note]).unwrap();

    let set = TableSet::open(&root, &pack).unwrap();
    let as_of = Day::parse("2026-05-31").unwrap();
    let run = Run::compile(&set, CARD, as_of).unwrap();
    let pin = Pin { pack: &pack, card: &pack.scorecards[0], as_of, position: None, tables: set.digest() };
    let mut writer = StandingsWriter::begin(&out, &pin).unwrap();
    let mut summary = crate::Summary::new(&pack, pin.card, None);
    run.over(&set, 1, |standings| {
        summary.add(&standings);
        writer.append(&standings)
    })
    .unwrap();
    writer.finish().unwrap();
    // Nobody has a record: all have the 800 points of the beginning.
    let said = summary.json(&pin);
    assert_eq!((&said["grades"]["G400"], &said["kinds"]["kind-299"]["G400"]), (&3.into(), &1.into()), "{said}");
    let mut table = Table::lone(out).unwrap();
    let mut words = |column: &str| {
        let (mut list, mut cells) = (Words::default(), Cells::default());
        read_open(&mut table, (column, Content::Word), &mut list, &mut cells).unwrap();
        let word = |row: usize| cells.at(row).map(|code| String::from_utf8(list.list[usize::try_from(code).unwrap()].to_vec()).unwrap());
        (0..cells.values.len()).map(|row| word(row).unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(words("kind"), ["enterprise", "kind-0", "kind-299"]);
    assert_eq!(words("grade"), ["G400"; 3]);
}
