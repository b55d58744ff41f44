//! Made-up sets are lawful, uneven as real ones are, and the same whatever the threads and partitions.

use std::collections::BTreeMap;
use std::path::Path;

use xinzhi_core::{AreaCode, Day};
use xinzhi_evaluate::Reads;
use xinzhi_rules::model::{FieldIx, FieldKind, KindIx, Need};

use super::support::*;
use crate::TableSet;
use crate::generate::{Size, generate};
use crate::partition::Partition;

fn size(partition_subjects: u64, threads: usize) -> Size {
    let through = Day::parse("2026-11-24").unwrap();
    Size {
        subjects: 500,
        records: 9_000,
        seed: 3,
        partition_subjects,
        through,
        area: AreaCode::parse("990101").unwrap(),
        threads,
        scorecard: None,
    }
}

#[test]
fn the_last_day_leaves_room_for_all_days_that_records_may_carry() {
    let pack = pack();
    let made = |through: &str| {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("set");
        let size = Size { through: Day::parse(through).unwrap(), ..size(500, 1) };
        generate(&pack, &size, &root, |_, _| {}).map(|_| read(&root).len())
    };
    for (through, fits) in [("1955-09-28", false), ("1955-09-29", true), ("2096-06-20", true), ("2096-06-21", false)] {
        let said = made(through);
        assert_eq!(said.is_ok(), fits, "{through}: {said:?}");
    }
    for through in ["1900-01-01", "2099-12-31", "9999-12-31"] {
        let said = made(through).unwrap_err().to_string();
        assert!(said.contains(through) && said.contains("1955-09-29 至 2096-06-20"), "{said}");
    }
}

fn read(root: &Path) -> Vec<Partition> {
    let pack = pack();
    let set = TableSet::open(root, &pack).unwrap();
    (0..set.partitions()).map(|index| set.partition(index, &everything(&pack)).unwrap()).collect()
}

/// Everything about everybody, as text, by subject.
fn told(partitions: &[Partition], needs: &BTreeMap<KindIx, Reads>) -> BTreeMap<i64, Vec<String>> {
    let mut told: BTreeMap<i64, Vec<String>> = BTreeMap::new();
    for partition in partitions {
        let population = partition.population().unwrap();
        for (place, number) in partition.subjects.numbers.iter().enumerate() {
            let mine = told.entry(*number).or_default();
            let word = |named: &crate::partition::Named| named.at(place).map(|word| named.list[word].clone());
            mine.push(format!(
                "{:?} {:?} {:?}",
                partition.subjects.kinds[place],
                word(&partition.subjects.areas),
                word(&partition.subjects.codes)
            ));
            for (kind, needs) in needs {
                let Some(columns) = population.kind(*kind) else { continue };
                for row in usize::try_from(columns.starts[place]).unwrap()..usize::try_from(columns.starts[place + 1]).unwrap() {
                    let cell = |field: &FieldIx| columns.column(xinzhi_rules::predicate::Column::Field(*field)).unwrap().at(row);
                    let cells: Vec<Option<i64>> = needs.fields.iter().map(cell).collect();
                    mine.push(format!("{kind:?} {} {:?} {cells:?}", columns.day[row], columns.class.unwrap().at(row)));
                }
            }
        }
    }
    told
}

#[test]
fn neither_threads_nor_partitions_change_a_record() {
    let pack = pack();
    let folder = tempfile::tempdir().unwrap();
    let needs = everything(&pack);
    let make = |name: &str, size: &Size| {
        let root = folder.path().join(name);
        let digest = generate(&pack, size, &root, |_, _| {}).unwrap();
        (told(&read(&root), &needs), digest)
    };
    let (whole, digest) = make("whole", &size(500, 1));
    assert_eq!(whole.len(), 500);
    assert_eq!(make("again", &size(500, 1)).1, digest, "to the byte");
    assert_eq!(make("threads", &size(100, 3)), make("one", &size(100, 1)));
    for partition_subjects in [1, 7, 72, 499] {
        let (parts, _) = make(&format!("by {partition_subjects}"), &size(partition_subjects, 2));
        assert!(parts == whole, "{partition_subjects} a partition");
    }
    let (other, _) = make("other", &Size { seed: 4, ..size(500, 1) });
    assert!(other != whole);
}

#[test]
fn records_are_as_many_as_asked_and_spread_as_in_a_register() {
    let pack = pack();
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("set");
    generate(&pack, &size(64, 2), &root, |_, _| {}).unwrap();
    let set = TableSet::open(&root, &pack).unwrap();
    assert_eq!((set.manifest().subjects, set.manifest().records.values().sum::<u64>(), set.partitions()), (500, 9_000, 8));
    assert!(set.manifest().records.values().all(|rows| *rows > 0), "{:?}", set.manifest().records);
    let all = told(&read(&root), &everything(&pack));
    let mut many: Vec<usize> = all.values().map(Vec::len).collect();
    many.sort_unstable();
    assert!(many[250] < 9_000 / 500 && many[499] > 200, "half have few, some very many: {} {}", many[250], many[499]);
    let partitions = read(&root);
    let (mut later, mut empty, mut cells_seen) = (0, 0, 0);
    for (place, kind) in pack.record_kinds.iter().enumerate() {
        for partition in partitions.iter().filter(|partition| partition.population().unwrap().kind(KindIx(place)).is_some()) {
            let days = partition.population().unwrap().kind(KindIx(place)).unwrap().day.to_vec();
            later += days.iter().filter(|number| i64::from(**number) > day("2026-11-24")).count();
            assert!(days.iter().all(|number| i64::from(*number) > day("2020-11-20")));
            for field in kind.fields.iter().filter(|field| field.kind.rules_may_read()) {
                let found = cells(partition, KindIx(place), &field.code, &pack);
                if matches!(field.need, Need::Required) {
                    assert!(found.iter().all(Option::is_some), "{}", field.code);
                } else if !matches!(field.kind, FieldKind::Day { .. }) {
                    empty += found.iter().filter(|cell| cell.is_none()).count();
                    cells_seen += found.len();
                }
            }
        }
    }
    assert!((5..90).contains(&later), "{later}");
    assert!((30..70).contains(&(empty * 1000 / cells_seen)), "{empty} of {cells_seen}");
}

#[test]
fn what_cannot_be_generated_is_refused_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("set");
    let mut pack = pack();
    pack.subject_kinds.iter_mut().for_each(|kind| kind.person = true);
    assert!(generate(&pack, &size(100, 1), &root, |_, _| {}).unwrap_err().to_string().contains("自然人"));
    let mut pack = super::support::pack();
    pack.record_kinds[3].fields[1].code = "day".into();
    assert!(generate(&pack, &size(100, 1), &root, |_, _| {}).unwrap_err().to_string().contains("`day`"));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
