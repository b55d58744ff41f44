//! `coverage.parquet`: for which areas and days each kind has been reported.

use std::collections::BTreeMap;
use std::path::Path;

use xinzhi_core::{AreaCode, Day, Span};
use xinzhi_evaluate::Coverage;
use xinzhi_rules::Pack;
use xinzhi_rules::model::KindIx;

use crate::cells::{Bounds, Cells, Days, Words};
use crate::fault::Fault;
use crate::file::{Readable, Table};
use crate::held::HeldTable;
use crate::manifest::{COVERAGE, FileNote};
use crate::partition::{read_filled, read_open};
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

/// What was reported, by kind of the pack.
#[derive(Clone, Debug, Default)]
pub struct Reported(Vec<(Option<AreaCode>, KindIx, Span)>);

impl Reported {
    /// Reads the file of a set.
    pub(crate) fn read(root: &Path, note: &FileNote, pack: &Pack) -> Result<Reported, Fault> {
        Reported::from(&mut Table::open(root.join(COVERAGE), note)?, pack)
    }

    /// Reads a table in memory with the columns of `coverage.parquet`.
    ///
    /// # Errors
    /// [`Fault`] where it has not these columns or holds other days and areas than there are.
    pub fn held(mut table: &HeldTable, pack: &Pack) -> Result<Reported, Fault> {
        Reported::from(&mut table, pack)
    }

    /// Kinds that the pack does not have say nothing to it.
    fn from(table: &mut dyn Readable, pack: &Pack) -> Result<Reported, Fault> {
        let (mut areas, mut kinds) = (Words::default(), Words::default());
        let (mut area_of, mut kind_of, mut from, mut until) = (Cells::default(), Cells::default(), Cells::default(), Cells::default());
        let days = Bounds { low: DAY_MIN, high: DAY_MAX };
        read_open(table, ("area", Content::Word), &mut areas, &mut area_of)?;
        read_filled(table, ("kind", Content::Word), &mut kinds, &mut kind_of)?;
        read_filled(table, ("from", Content::Day), &mut Days(days), &mut from)?;
        read_open(table, ("until", Content::Day), &mut Days(days), &mut until)?;
        let word = |list: &Words, code: u32| usize::try_from(code).ok().and_then(|code| list.list.get(code).cloned()).unwrap_or_default();
        let day = |number: i32| Day::from_number(i64::from(number)).unwrap_or(Day::EARLIEST);
        let mut rows = Vec::new();
        for row in 0..table.rows() {
            let Some(kind) = kind_of.at(row).map(|code| word(&kinds, code)) else { continue };
            let Some(ix) = pack.record_kinds.iter().position(|known| known.id.as_bytes() == kind.as_ref()) else { continue };
            let area = match area_of.at(row).map(|code| word(&areas, code)) {
                None => None,
                Some(code) => Some(area(table, &String::from_utf8_lossy(&code))?),
            };
            let Some(from) = from.at(row).map(day) else { continue };
            rows.push((area, KindIx(ix), Span { from, until: until.at(row).map(day) }));
        }
        Ok(Reported(rows))
    }

    /// What was reported for an area, as an office decides it: what holds for an area above it holds for it too, and a subject without
    /// a known area is covered by what holds everywhere alone.
    pub(crate) fn of(&self, mine: Option<&AreaCode>) -> Coverage {
        let mut spans: BTreeMap<KindIx, Vec<Span>> = BTreeMap::new();
        for (reported, kind, span) in &self.0 {
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

/// Days that the calendar has; beyond them no span begins or ends.
const DAY_MIN: i64 = -719_528;
const DAY_MAX: i64 = 2_932_896;

fn area(table: &dyn Readable, text: &str) -> Result<AreaCode, Fault> {
    let what = || format!("含有 `{text}`，不是行政区划代码（2、4、6、9 或 12 位数字），请更正数据");
    AreaCode::parse(text).ok_or_else(|| table.fault("area", what()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_covers_its_area_and_what_lies_below() {
        let area = |text: &str| AreaCode::parse(text).unwrap();
        let day = |text: &str| Day::parse(text).unwrap();
        let span = |from: &str, until: &str| Span { from: day(from), until: Some(day(until)) };
        let reported = Reported(vec![
            (None, KindIx(0), span("2020-01-01", "2026-01-01")),
            (Some(area("990101")), KindIx(1), span("2021-01-01", "2026-01-01")),
            (Some(area("990101101")), KindIx(1), span("2026-01-02", "2026-02-01")),
        ]);
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
