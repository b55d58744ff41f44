//! From batches to lines.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use xinzhi_collect::only_warns;
use xinzhi_core::Day;
use xinzhi_core::record::{BatchId, Outcome, Remark};
use xinzhi_rules::calendar::Calendar;
use xinzhi_rules::model::Pack;
use xinzhi_store::Connection;
use xinzhi_store::quality::ReportedBatch;

use super::{Line, NO_ORGAN, Reason, Timeliness};
use crate::Error;

/// Verdicts that are in memory at once.
const PAGE: i64 = 2_000;
/// Batches that are remembered; beyond it the oldest are forgotten.
const REMEMBERED_MAX: usize = 4_096;

/// Outcome, code and field of a remark.
type Fault = (bool, String, Option<String>);

/// What a batch was when it took effect. That never changes, so it is read once.
#[derive(Debug)]
struct Looked {
    days: Vec<(Day, i64)>,
    faults: BTreeMap<Fault, (i64, String)>,
}

/// What was read of batches before.
#[derive(Debug, Default)]
pub(crate) struct Cache(Mutex<BTreeMap<BatchId, Arc<Looked>>>);

impl Cache {
    fn of(&self, connection: &mut Connection, batch: BatchId) -> Result<Arc<Looked>, Error> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&batch).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let looked = Arc::new(look(connection, batch)?);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(batch, Arc::clone(&looked));
        if all.len() > REMEMBERED_MAX {
            all.pop_first();
        }
        Ok(looked)
    }
}

fn look(connection: &mut Connection, batch: BatchId) -> Result<Looked, Error> {
    let days = xinzhi_store::quality::days(connection, batch)?;
    let mut faults: BTreeMap<Fault, (i64, String)> = BTreeMap::new();
    for outcome in [Outcome::Refused, Outcome::Quarantined] {
        let mut after = i64::MIN;
        loop {
            let rows = xinzhi_store::batch::verdicts(connection, batch, after, Some(outcome), PAGE)?;
            let Some(last) = rows.last() else { break };
            after = last.row;
            for row in &rows {
                let remarks: Vec<Remark> =
                    serde_json::from_str(&row.remarks).map_err(|e| Error::inconsistent(format!("remarks of a verdict: {e}")))?;
                // One row counts once at each fault, however often it is said of it.
                let mut own: BTreeMap<Fault, String> = BTreeMap::new();
                for Remark { code, field, sentence } in remarks.into_iter().filter(|remark| !only_warns(&remark.code)) {
                    own.entry((outcome == Outcome::Quarantined, code, field)).or_insert(sentence);
                }
                for (fault, sentence) in own {
                    faults.entry(fault).or_insert((0, sentence)).0 += 1;
                }
            }
        }
    }
    Ok(Looked { days, faults })
}

/// The lines of batches, by organ and source.
pub(super) fn lines(connection: &mut Connection, (pack, cache): (&Pack, &Cache), batches: &[ReportedBatch]) -> Result<Vec<Line>, Error> {
    let mut groups: BTreeMap<(String, &str), Vec<&ReportedBatch>> = BTreeMap::new();
    for batch in batches {
        let organ = batch.organ.clone().unwrap_or_else(|| NO_ORGAN.to_owned());
        groups.entry((organ, batch.source.as_str())).or_default().push(batch);
    }
    let mut lines = Vec::with_capacity(groups.len());
    for ((organ, source), batches) in groups {
        lines.push(line(connection, (pack, cache), (organ, source), &batches)?);
    }
    Ok(lines)
}

fn line(
    connection: &mut Connection,
    (pack, cache): (&Pack, &Cache),
    (organ, source): (String, &str),
    batches: &[&ReportedBatch],
) -> Result<Line, Error> {
    let mut line = Line {
        organ,
        source: source.to_owned(),
        source_title: pack.sources.iter().find(|s| s.id == source).map_or_else(|| source.to_owned(), |s| s.title.clone()),
        batches: 0,
        counts: xinzhi_core::record::Counts::default(),
        unruled: 0,
        timeliness: None,
        reasons: Vec::new(),
    };
    let mut faults: BTreeMap<Fault, (i64, String)> = BTreeMap::new();
    let mut waits: BTreeMap<u32, i64> = BTreeMap::new();
    let term = batches.last().and_then(|batch| pack.record_kinds.iter().find(|kind| kind.id == batch.kind)?.report_within);
    for batch in batches {
        line.batches += 1;
        line.counts = line.counts.plus(batch.counts);
        line.unruled += batch.unruled;
        let looked = cache.of(connection, batch.batch)?;
        for (fault, (rows, sentence)) in &looked.faults {
            faults.entry(fault.clone()).or_insert_with(|| (0, sentence.clone())).0 += rows;
        }
        if term.is_some() {
            wait(&pack.calendar, &looked.days, batch.at.day(), &mut waits);
        }
    }
    line.timeliness = term.and_then(|term| timeliness(term, &waits));
    line.reasons = reasons(faults);
    Ok(line)
}

/// Working days from each document's day to `at`, with the records that took so long. The calendar is walked once, backwards.
fn wait(calendar: &Calendar, days: &[(Day, i64)], at: Day, waits: &mut BTreeMap<u32, i64>) {
    let (mut cursor, mut count) = (at, 0_u32);
    for (day, records) in days.iter().rev() {
        while cursor > *day {
            count += u32::from(calendar.is_working(cursor));
            cursor = cursor.plus_days(-1);
        }
        *waits.entry(count).or_default() += records;
    }
}

fn timeliness(term: u32, waits: &BTreeMap<u32, i64>) -> Option<Timeliness> {
    let all: i64 = waits.values().sum();
    let in_time = waits.range(..=term).map(|(_, records)| records).sum();
    let mut seen = 0;
    let median = waits.iter().find_map(|(days, records)| {
        seen += records;
        (seen * 2 > all).then_some(*days)
    })?;
    Some(Timeliness { term, records: all, in_time, median })
}

fn reasons(faults: BTreeMap<Fault, (i64, String)>) -> Vec<Reason> {
    let reason = |((waits, code, field), (rows, example)): (Fault, (i64, String))| Reason {
        outcome: if waits { Outcome::Quarantined } else { Outcome::Refused },
        code,
        field,
        rows,
        example,
    };
    let mut reasons: Vec<Reason> = faults.into_iter().map(reason).collect();
    reasons.sort_by(|a, b| b.rows.cmp(&a.rows).then_with(|| (&a.code, &a.field).cmp(&(&b.code, &b.field))));
    reasons
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    #[test]
    fn w7_working_days_are_those_of_the_calendar_and_the_middle_is_the_middle() {
        let calendar = Calendar::default();
        let days = ["2026-11-02", "2026-11-12", "2026-11-20", "2026-11-21", "2026-11-23"].map(day);
        for (at, day) in days.iter().map(|day| (self::day("2026-11-23"), *day)) {
            let mut waits = BTreeMap::new();
            wait(&calendar, &[(day, 3)], at, &mut waits);
            assert_eq!(waits, [(calendar.working_days_between(day, at), 3)].into(), "{day}");
        }
        let mut waits = BTreeMap::new();
        wait(&calendar, &days.map(|day| (day, 1)), day("2026-11-23"), &mut waits);
        // 15, 7, 1, 1 and 0 working days.
        let told = timeliness(7, &waits).unwrap();
        assert_eq!(told, Timeliness { term: 7, records: 5, in_time: 4, median: 1 });
        assert_eq!(told.share(), 800);
        assert_eq!(timeliness(6, &waits).unwrap().in_time, 3, "the last day of the term counts");
        assert_eq!(timeliness(7, &[(1, 1), (5, 1)].into()).unwrap().median, 5);
        assert_eq!(timeliness(7, &BTreeMap::new()), None);
    }
}
