//! A backtest says of each of its days what a run of that day alone says, in every column of its file and every count.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;

use parquet::file::reader::{FileReader, SerializedFileReader};
use xinzhi_core::{AreaCode, Day};
use xinzhi_rules::Pack;
use xinzhi_rules::model::{AmountByGrade, ScorecardIx};

use super::support::*;
use crate::backtest::DAYS_MAX;
use crate::{Backtest, Every, History, Pin, Run, Size, StandingsWriter, Summary, TableSet, generate};

const CARD: ScorecardIx = ScorecardIx(0);

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

fn pin<'a>(pack: &'a Pack, set: &TableSet<'_>, as_of: Day) -> Pin<'a> {
    Pin { pack, card: &pack.scorecards[0], as_of, position: None, tables: set.digest() }
}

/// The rows of a file: of each its day, where there is one, and all its other cells with their names.
fn rows(path: &Path) -> Vec<(Option<String>, Vec<String>)> {
    let reader = SerializedFileReader::new(File::open(path).unwrap()).unwrap();
    let row = |row: parquet::record::Row| {
        let cell = |(name, value): (&String, &parquet::record::Field)| (name.clone(), value.to_string());
        let cells: Vec<(String, String)> = row.get_column_iter().map(cell).collect();
        let as_of = cells.iter().find(|(name, _)| name == "as_of").map(|(_, value)| value.trim_end_matches(" +00:00").to_owned());
        (as_of, cells.iter().filter(|(name, _)| name != "as_of").map(|(name, value)| format!("{name}={value}")).collect())
    };
    reader.get_row_iter(None).unwrap().map(|found| row(found.unwrap())).collect()
}

fn series(backtest: &Backtest<'_>, (pack, set): (&Pack, &TableSet<'_>), threads: usize, path: &Path) -> History {
    let pin = pin(pack, set, *backtest.days().last().unwrap());
    let mut writer = StandingsWriter::begin_series(path, &pin, backtest.days()).unwrap();
    let mut history = History::new(pin.card, backtest.days());
    backtest
        .over(set, threads, Some(&pin), |section| {
            section.rows.iter().try_for_each(|rows| writer.take(rows))?;
            history.append(&section.history);
            Ok(())
        })
        .unwrap();
    writer.finish().unwrap();
    history
}

#[test]
fn d1_each_day_of_a_backtest_is_the_run_of_that_day_in_every_column() {
    let mut pack = pack();
    pack.scorecards[0].amount = Some(AmountByGrade { title: "额度".into(), amounts: vec![500, 200, 0] });
    let folder = tempfile::tempdir().unwrap();
    let path = |name: String| folder.path().join(name);
    let through = day("2026-11-24");
    let area = AreaCode::parse("990101").unwrap();
    let size = Size { subjects: 3_000, records: 40_000, seed: 5, partition_subjects: 1_300, through, area, threads: 2, scorecard: None };
    generate(&pack, &size, &path("set".into()), |_, _| {}).unwrap();
    let set = TableSet::open(&path("set".into()), &pack).unwrap();
    // So many that the rows of a partition are cut into several pieces.
    let days = Every::Month.last_days(day("2016-02-29"), day("2027-01-31"));
    assert_eq!(days.len(), 132);
    let backtest = Backtest::compile(&set, CARD, &days).unwrap();
    let asked = backtest.days().len() + backtest.dormant().len();
    assert!(asked == 132 && !backtest.dormant().is_empty(), "the scorecard is in force on some of them: {:?}", backtest.dormant());
    let history = series(&backtest, (&pack, &set), 2, &path("two".into()));
    series(&backtest, (&pack, &set), 1, &path("one".into()));
    assert!(fs::read(path("one".into())).unwrap() == fs::read(path("two".into())).unwrap(), "threads leave no trace");

    let mut by_day: BTreeMap<String, Vec<Vec<String>>> = BTreeMap::new();
    for (as_of, cells) in rows(&path("two".into())) {
        by_day.entry(as_of.unwrap()).or_default().push(cells);
    }
    assert_eq!(by_day.len(), backtest.days().len());
    let mut earlier = None;
    for (line, as_of) in history.lines.iter().zip(backtest.days()) {
        let (run, out) = (Run::compile(&set, CARD, *as_of).unwrap(), path(as_of.to_string()));
        let pin = pin(&pack, &set, *as_of);
        let mut writer = StandingsWriter::begin(&out, &pin).unwrap();
        let mut summary = Summary::new(&pack, pin.card, earlier.as_ref());
        run.over(&set, 1, |standings| {
            summary.add(&standings);
            writer.append(&standings)
        })
        .unwrap();
        writer.finish().unwrap();
        summary.finish();
        let alone: Vec<Vec<String>> = rows(&out).into_iter().map(|(_, cells)| cells).collect();
        assert!(alone.len() > 1_000 && by_day[&as_of.to_string()] == alone, "{as_of}");
        assert_eq!((&line.grades, line.forced, &line.reasons), (&summary.grades, summary.forced, &summary.reasons), "{as_of}");
        assert_eq!((line.points, history.subjects), (summary.points, summary.subjects), "{as_of}");
        let moved: BTreeMap<(String, String), u64> =
            history.moves(line).map(|(from, to, many)| ((from.to_owned(), to.to_owned()), many)).collect();
        assert_eq!(moved, summary.moved, "{as_of}");
        drop(summary);
        earlier = Some(crate::Earlier::read(&out, pin.card).unwrap());
    }
    let changed = history.lines.iter().any(|line| history.moves(line).any(|(from, to, _)| from != to));
    assert!(changed, "time must move somebody");
    assert!(crate::Earlier::read(&path("two".into()), &pack.scorecards[0]).unwrap_err().to_string().contains("一个评价日"));
}

#[test]
fn w7_periods_end_on_their_last_days() {
    let days = |every: Every, from: &str, until: &str| {
        let days = every.last_days(day(from), day(until));
        days.iter().map(Day::to_string).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(days(Every::Month, "2024-01-31", "2024-03-30"), "2024-01-31 2024-02-29");
    assert_eq!(days(Every::Month, "2025-02-28", "2025-02-28"), "2025-02-28");
    assert_eq!(days(Every::Month, "2025-02-01", "2025-02-27"), "");
    assert_eq!(days(Every::Quarter, "2025-11-30", "2026-06-30"), "2025-12-31 2026-03-31 2026-06-30");
    assert_eq!(days(Every::Quarter, "2026-01-01", "2026-03-30"), "");
    assert_eq!(days(Every::Year, "2023-12-31", "2025-12-30"), "2023-12-31 2024-12-31");
    // The calendar ends, and a period with it.
    assert_eq!(days(Every::Month, "9999-11-01", "9999-12-31"), "9999-11-30 9999-12-31");
    assert_eq!(days(Every::Month, "9999-12-01", "9999-12-30"), "");
    assert_eq!(days(Every::Quarter, "9999-12-31", "9999-12-31"), "9999-12-31");
    assert_eq!(days(Every::Year, "9998-01-01", "9999-12-31"), "9998-12-31 9999-12-31");
    assert_eq!(Every::Month.last_days(day("1950-01-01"), day("2049-12-31")).len(), DAYS_MAX);
    assert_eq!(Every::Month.last_days(day("1950-01-01"), day("2098-12-31")).len(), DAYS_MAX + 1, "one more says too many");
}
