//! 数据质量: how well and how timely departments report, in numbers that add up.
//!
//! What counts are the batches that took effect in a span of days and still hold. A row is counted as it stood when its batch took effect;
//! what a person ruled later is told beside it. Reading order: `count` makes the numbers, `rows` shows the rows behind them, `workbook`
//! writes the list that goes back to a department.

mod count;
pub mod rows;
pub mod workbook;

pub(crate) use count::Cache;
pub use rows::{FlawedRow, Which, rows};
pub use workbook::workbook;

use std::sync::Arc;

use xinzhi_core::actor::Actor;
use xinzhi_core::record::{Counts, Outcome};
use xinzhi_core::{Code, Day, Moment, Refusal};
use xinzhi_rules::model::{Pack, Source};
use xinzhi_store::quality::{LastReport, ReportedBatch};

use crate::permission::{Action, Scope};
use crate::{Error, Office};

/// Longest span, in days: two years with a leap day.
const SPAN_DAYS_MAX: i64 = 731;
/// What batches of nobody are listed under.
pub const NO_ORGAN: &str = "未注明单位";

/// The days that are looked at, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// First day.
    pub from: Day,
    /// Last day.
    pub through: Day,
}

impl Span {
    /// The last month and this one, up to today.
    pub fn usual(today: Day) -> Span {
        let first = Day::new(today.year(), today.month(), 1).unwrap_or(today);
        Span { from: first.plus_months(-1), through: today }
    }

    /// Reads the days of an address; what is left out is as usual.
    ///
    /// # Errors
    /// [`Code::FieldInvalid`] for what is no day, a span that runs backwards or is too long.
    pub fn parse(from: Option<&str>, through: Option<&str>, today: Day) -> Result<Span, Error> {
        let usual = Span::usual(today);
        let day = |field: &str, text: Option<&str>, usual: Day| match text.map(str::trim).filter(|text| !text.is_empty()) {
            None => Ok(usual),
            Some(text) => {
                Day::parse(text).map_err(|fault| Refusal::field(Code::FieldInvalid, field, format!("{field} `{}` {fault}", short(text))))
            }
        };
        let (from, through) = (day("from", from, usual.from)?, day("through", through, usual.through)?);
        if from > through {
            return Err(Refusal::field(Code::FieldInvalid, "through", format!("截止日 {through} 早于起始日 {from}")).into());
        }
        if through.number() - from.number() >= SPAN_DAYS_MAX {
            return Err(Refusal::field(Code::FieldInvalid, "from", "一次最多统计两年，请缩短起止日期").into());
        }
        Ok(Span { from, through })
    }

    /// The moments of the span: from, and the first one after it.
    fn moments(self) -> (Moment, Moment) {
        (Moment::start_of(self.from), Moment::start_of(self.through.plus_days(1)))
    }
}

fn short(text: &str) -> String {
    text.chars().take(20).collect()
}

/// How timely records came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeliness {
    /// Working days within which the catalogue wants them.
    pub term: u32,
    /// Records.
    pub records: i64,
    /// Those within the term.
    pub in_time: i64,
    /// Working days of the record in the middle; of two middle ones the longer.
    pub median: u32,
}

impl Timeliness {
    /// In thousandths, truncated.
    pub fn share(&self) -> i64 {
        self.in_time * 1_000 / self.records.max(1)
    }
}

/// Why rows did not get through: one remark of one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// Refused, or waiting.
    pub outcome: Outcome,
    /// Stable code of the remark.
    pub code: String,
    /// The column, where it is about one.
    pub field: Option<String>,
    /// Rows with it. A row with two faults counts at both.
    pub rows: i64,
    /// What was said about the first of them.
    pub example: String,
}

/// What one organ reported by one source.
#[derive(Clone, Debug)]
pub struct Line {
    /// Organ.
    pub organ: String,
    /// Id of the source.
    pub source: String,
    /// Title of the source.
    pub source_title: String,
    /// Batches.
    pub batches: i64,
    /// Rows; read is the sum of the others.
    pub counts: Counts,
    /// Of those that waited, the ones that nobody has ruled on yet.
    pub unruled: i64,
    /// How timely; none where the catalogue lays nothing down or no record came.
    pub timeliness: Option<Timeliness>,
    /// Most frequent first.
    pub reasons: Vec<Reason>,
}

/// Somebody who should have reported by now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overdue {
    /// Organ, or the supplier that the pack names where nobody ever reported.
    pub organ: String,
    /// Id of the source.
    pub source: String,
    /// Title of the source.
    pub source_title: String,
    /// When it was last reported; none where never.
    pub last: Option<Day>,
    /// The last day on which it still was in time.
    pub due: Day,
    /// How often, in words.
    pub rule: String,
}

/// The numbers of a span.
#[derive(Clone, Debug)]
pub struct Quality {
    /// The days.
    pub span: Span,
    /// Today.
    pub today: Day,
    /// By organ, then source.
    pub lines: Vec<Line>,
    /// All lines together.
    pub total: Counts,
    /// Of all that waited, the ones that nobody has ruled on yet.
    pub unruled: i64,
    /// Longest overdue first.
    pub overdue: Vec<Overdue>,
}

/// The numbers that the actor may see, of one organ or of all.
///
/// # Errors
/// [`Code::NotPermitted`].
pub async fn quality(office: &Arc<Office>, actor: &Actor, span: Span, organ: Option<String>) -> Result<Quality, Error> {
    let scope = Scope::of(Action::SeeQuality, actor)?;
    let (pack, today, held) = (office.pack(), office.today(), Arc::clone(office));
    office
        .read(move |connection| {
            let wanted = Wanted { scope: &scope, organ: organ.as_deref() };
            let batches = wanted.batches(connection, span)?;
            let lines = count::lines(connection, (&pack, &held.quality), &batches)?;
            let last = xinzhi_store::quality::last(connection)?;
            let mut total = Counts::default();
            for line in &lines {
                total = total.plus(line.counts);
            }
            let overdue = overdue(&pack, &wanted, &last, (held.row().founded_at.day(), today));
            Ok(Quality { span, today, unruled: lines.iter().map(|line| line.unruled).sum(), lines, total, overdue })
        })
        .await
}

/// Which batches are looked at.
struct Wanted<'a> {
    scope: &'a Scope,
    organ: Option<&'a str>,
}

impl Wanted<'_> {
    fn covers(&self, organ: Option<&str>, area: &str) -> bool {
        self.scope.covers_work(organ, Some(area)) && self.organ.is_none_or(|wanted| wanted == organ.unwrap_or(NO_ORGAN))
    }

    fn batches(&self, connection: &mut xinzhi_store::Connection, span: Span) -> Result<Vec<ReportedBatch>, Error> {
        let (from, until) = span.moments();
        let batches = xinzhi_store::quality::batches(connection, from, until)?;
        Ok(batches.into_iter().filter(|batch| self.covers(batch.organ.as_deref(), &batch.area)).collect())
    }
}

/// Whoever reported once by a source that must be reported must go on doing so. A source that nobody ever reported is told to those who
/// see the whole office, counted from its founding.
fn overdue(pack: &Pack, wanted: &Wanted<'_>, last: &[LastReport], (founded, today): (Day, Day)) -> Vec<Overdue> {
    let mut overdue = Vec::new();
    for source in &pack.sources {
        let Some(often) = source.reporting else { continue };
        let late = |organ: String, last: Option<Day>| {
            let period = last.unwrap_or(founded).plus_months(often.every_months);
            let due = pack.calendar.working_days_after(period, often.within).day;
            let (id, source_title) = (source.id.clone(), source.title.clone());
            let rule = xinzhi_rules::sentence::reporting(often);
            (today > due).then_some(Overdue { organ, source: id, source_title, last, due, rule })
        };
        let reports = last.iter().filter(|report| report.source == source.id);
        let mut newest: std::collections::BTreeMap<String, Day> = std::collections::BTreeMap::new();
        for report in reports.clone().filter(|report| wanted.covers(report.organ.as_deref(), &report.area)) {
            let organ = report.organ.clone().unwrap_or_else(|| NO_ORGAN.to_owned());
            let day = newest.entry(organ).or_insert(report.at.day());
            *day = report.at.day().max(*day);
        }
        overdue.extend(newest.into_iter().filter_map(|(organ, day)| late(organ, Some(day))));
        if reports.count() == 0 && *wanted.scope == Scope::Office && wanted.organ.is_none() {
            overdue.extend(late(supplier(pack, source), None));
        }
    }
    overdue.sort_by(|a, b| (a.due, &a.organ, &a.source).cmp(&(b.due, &b.organ, &b.source)));
    overdue
}

fn supplier(pack: &Pack, source: &Source) -> String {
    let of_kind = || pack.record_kind(source.kind).map(|kind| kind.supplier.clone());
    source.supplier.clone().or_else(of_kind).unwrap_or_else(|| NO_ORGAN.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    #[test]
    fn a_span_is_two_months_unless_somebody_says_otherwise() {
        let today = day("2026-11-23");
        let parse = |from, through| Span::parse(from, through, today);
        assert_eq!(parse(None, Some("")).unwrap(), Span { from: day("2026-10-01"), through: today });
        assert_eq!(Span::usual(day("2026-01-31")).from, day("2025-12-01"));
        for (from, through) in [("2026-11-24", "2026-11-23"), ("x", "2026-11-23"), ("2024-11-22", "2026-11-23")] {
            assert!(parse(Some(from), Some(through)).is_err(), "{from} {through}");
        }
        assert!(parse(Some("2024-11-24"), Some("2026-11-23")).is_ok());
    }
}
