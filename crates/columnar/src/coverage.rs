//! `coverage.parquet`: for which areas and days each kind has been reported.

use std::collections::BTreeMap;
use std::path::Path;

use xinzhi_core::text::shown;
use xinzhi_core::{AreaCode, Day, Span};
use xinzhi_evaluate::Coverage;
use xinzhi_rules::Pack;
use xinzhi_rules::model::KindIx;

use crate::cells::{Bounds, Cells, Days, Words};
use crate::fault::Fault;
use crate::file::{Readable, Table};
use crate::held::HeldTable;
use crate::manifest::{COVERAGE, Manifest};
use crate::partition::{no_area, read_filled, read_open, stays};
use crate::projection::{Head, Held};
use crate::schema::Content;

/// One stretch of days for which a kind was reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoverageRow {
    /// Where; none means everywhere.
    pub area: Option<AreaCode>,
    /// Id of the record kind.
    pub kind: String,
    /// The days.
    pub span: Span,
}

impl CoverageRow {
    /// The coverage of a projection with its stays, as far as the pack has its kinds.
    pub(crate) fn held(root: &Path, head: &Head, pack: &Pack) -> Result<Held<Vec<CoverageRow>>, Fault> {
        let mut table = Table::kept(root.join(&head.coverage), &head.coverage_note.note())?;
        let (rows, all) = (spans(&mut table, "through", (pack, &any))?, stays(&mut table)?);
        let mut held: Held<Vec<CoverageRow>> = Held::default();
        for (place, row) in rows.into_iter().enumerate() {
            let (Some((area, ix, span)), Some(known)) = (row, all.known.get(place)) else { continue };
            let kind = pack.record_kind(ix).map_or_else(String::new, |kind| kind.id.clone());
            held.columns.push(CoverageRow { area, kind, span });
            held.stays.push(*known, all.until.at(place));
        }
        Ok(held)
    }
}

/// What was reported, by kind of the pack.
#[derive(Clone, Debug, Default)]
pub struct Reported {
    rows: Vec<Row>,
    /// Where a subject lies of whom nobody said it: an office knows that it is somewhere inside; a set without an office does not.
    home: Option<AreaCode>,
}

impl Reported {
    /// Reads the file of a set. It may speak of kinds that another pack has, as long as the set lists them.
    pub(crate) fn read(root: &Path, manifest: &Manifest, pack: &Pack) -> Result<Reported, Fault> {
        let mut table = Table::open(root.join(COVERAGE), &manifest.coverage)?;
        Reported::from(&mut table, (pack, &|kind| manifest.records.contains_key(kind)))
    }

    /// Reads a table in memory with the columns of `coverage.parquet`. Kinds that the pack does not have say nothing to it.
    ///
    /// # Errors
    /// [`Fault`] where it has not these columns or holds other days and areas than there are.
    pub fn held(mut table: &HeldTable, pack: &Pack) -> Result<Reported, Fault> {
        Reported::from(&mut table, (pack, &any))
    }

    fn from(table: &mut dyn Readable, known: Known<'_>) -> Result<Reported, Fault> {
        let rows = spans(table, "until", known)?;
        Ok(Reported { rows: rows.into_iter().flatten().collect(), home: None })
    }

    /// Reads the coverage of a projection as known at a position.
    pub(crate) fn as_known(root: &Path, head: &Head, pack: &Pack, known: i64) -> Result<Reported, Fault> {
        let mut table = Table::kept(root.join(&head.coverage), &head.coverage_note.note())?;
        let home = area(&table, &head.area)?;
        let (rows, stays) = (spans(&mut table, "through", (pack, &any))?, stays(&mut table)?);
        let rows = rows.into_iter().enumerate().filter(|(row, _)| stays.holds(*row, known)).filter_map(|(_, row)| row);
        Ok(Reported { rows: rows.collect(), home: Some(home) })
    }

    /// What was reported for an area, as an office decides it: what holds for an area above it holds for it too, and a subject without
    /// a known area is covered by what holds everywhere alone.
    pub(crate) fn of(&self, mine: Option<&AreaCode>) -> Coverage {
        let mut spans: BTreeMap<KindIx, Vec<Span>> = BTreeMap::new();
        let mine = mine.or(self.home.as_ref());
        for (reported, kind, span) in &self.rows {
            let applies = match (mine, reported) {
                (_, None) => true,
                (None, Some(_)) => false,
                (Some(mine), Some(reported)) => reported.contains(mine),
            };
            if applies {
                spans.entry(*kind).or_default().push(*span);
            }
        }
        Coverage::new(spans)
    }
}

type Row = (Option<AreaCode>, KindIx, Span);

/// The pack, and which kinds may be spoken of that it does not have.
type Known<'k> = (&'k Pack, &'k dyn Fn(&str) -> bool);

fn any(_: &str) -> bool {
    true
}

/// What each row of the file says; nothing where the pack does not have its kind.
fn spans(table: &mut dyn Readable, last: &str, (pack, listed): Known<'_>) -> Result<Vec<Option<Row>>, Fault> {
    let (mut areas, mut kinds) = (Words::default(), Words::default());
    let (mut area_of, mut kind_of, mut from, mut until) = (Cells::default(), Cells::default(), Cells::default(), Cells::default());
    let days = Bounds { low: DAY_MIN, high: DAY_MAX };
    read_open(table, ("area", Content::Word), &mut areas, &mut area_of)?;
    read_filled(table, ("kind", Content::Word), &mut kinds, &mut kind_of)?;
    read_filled(table, ("from", Content::Day), &mut Days(days), &mut from)?;
    read_open(table, (last, Content::Day), &mut Days(days), &mut until)?;
    let word = |list: &Words, code: u32| usize::try_from(code).ok().and_then(|code| list.list.get(code).cloned()).unwrap_or_default();
    let day = |number: i32| Day::from_number(i64::from(number)).unwrap_or(Day::EARLIEST);
    let row = |row: usize| {
        let (Some(kind), Some(from)) = (kind_of.at(row).map(|code| word(&kinds, code)), from.at(row).map(day)) else { return Ok(None) };
        let until = until.at(row).map(day);
        if let Some(until) = until.filter(|until| *until < from) {
            return Err(table.fault(last, format!("第 {} 行的 {until} 早于起始日期 {from}，请更正数据", row + 1)));
        }
        let kind = String::from_utf8_lossy(&kind);
        let Some(ix) = pack.record_kinds.iter().position(|known| known.id == kind) else {
            return if listed(&kind) { Ok(None) } else { Err(table.fault("kind", stranger(&kind))) };
        };
        let code = area_of.at(row).map(|code| word(&areas, code));
        let area = code.map(|code| area(table, &String::from_utf8_lossy(&code))).transpose()?;
        Ok(Some((area, KindIx(ix), Span { from, until })))
    };
    (0..table.rows()).map(row).collect()
}

fn stranger(kind: &str) -> String {
    format!("含有 `{}`，规则包和 tables.json 的 records 都没有这一信息种类，请更正数据", shown(kind))
}

/// Days that the calendar has; beyond them no span begins or ends.
const DAY_MIN: i64 = -719_528;
const DAY_MAX: i64 = 2_932_896;

fn area(table: &dyn Readable, text: &str) -> Result<AreaCode, Fault> {
    AreaCode::parse(text).ok_or_else(|| table.fault("area", no_area(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_covers_its_area_and_what_lies_below() {
        let area = |text: &str| AreaCode::parse(text).unwrap();
        let day = |text: &str| Day::parse(text).unwrap();
        let span = |from: &str, until: &str| Span { from: day(from), until: Some(day(until)) };
        let rows = vec![
            (None, KindIx(0), span("2020-01-01", "2026-01-01")),
            (Some(area("990101")), KindIx(1), span("2021-01-01", "2026-01-01")),
            (Some(area("990101101")), KindIx(1), span("2026-01-02", "2026-02-01")),
        ];
        let reported = Reported { rows: rows.clone(), home: None };
        let days = |mine: Option<&str>, kind: usize| {
            let coverage = reported.of(mine.map(area).as_ref());
            coverage
                .spans(KindIx(kind))
                .iter()
                .map(|span| (span.from.to_string(), span.until.map(|day| day.to_string())))
                .collect::<Vec<_>>()
        };
        let one = |from: &str, until: &str| vec![(from.to_owned(), Some(until.to_owned()))];
        assert_eq!(days(Some("990102"), 0), one("2020-01-01", "2026-01-01"));
        assert_eq!(days(Some("990102"), 1), vec![]);
        assert_eq!(days(Some("990101102"), 1), one("2021-01-01", "2026-01-01"));
        assert_eq!(days(Some("990101101203"), 1), one("2021-01-01", "2026-02-01"), "both reports touch");
        assert_eq!(days(None, 0), one("2020-01-01", "2026-01-01"));
        assert_eq!(days(None, 1), vec![], "where it lies is not known, so neither is whether it was reported");
    }

    #[test]
    fn the_calendar_has_the_days_between_the_bounds() {
        for number in [DAY_MIN, DAY_MAX] {
            assert!(Day::from_number(number).is_some(), "{number}");
        }
    }
}
