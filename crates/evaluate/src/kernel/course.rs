//! What rows come to over several days. From one day to the next few rows turn: they enter a window, fade or leave. So a row adds its turns to
//! its subject, not its points to every day, and one sum over the days makes of these turns what each day has.

use super::days::{Ages, Table};
use super::rows::{Dated, Job};
use super::{Chunk, Owner, Totals};

/// By day of a document, the days of evaluation on which a row of it turns.
#[derive(Clone, Debug)]
pub(super) struct Course {
    /// The first document day that counts on any day.
    first: i32,
    /// Where the turns of each document day from `first` on begin; one more to end the last.
    starts: Vec<u32>,
    turns: Vec<Turn>,
}

/// From a day of evaluation on a row has the points of another line of the table.
#[derive(Clone, Copy, Debug)]
struct Turn {
    /// Place of the day of evaluation.
    day: u32,
    line: u32,
}

/// Buffers over the days of evaluation, all 0 between subjects.
#[derive(Debug, Default)]
pub(super) struct Turns {
    points: Vec<i64>,
    counting: Vec<i64>,
}

impl Course {
    /// The turns of an indicator whose rows are summed and whose points do not fade from day to day.
    pub(super) fn new(dated: &[Dated], ages: &[Ages]) -> Course {
        let first = dated.iter().map(|dated| dated.window.first).min().unwrap_or(0);
        let last = dated.iter().map(|dated| dated.window.last).max().unwrap_or(first);
        let mut course = Course { first, starts: vec![0], turns: Vec::new() };
        for document in first..=last {
            let mut before = 0;
            for (day, (dated, ages)) in (0..).zip(dated.iter().zip(ages)) {
                let line = dated.table.line_of(ages.of(document));
                if line != before {
                    course.turns.push(Turn { day, line });
                }
                before = line;
            }
            course.starts.push(u32::try_from(course.turns.len()).unwrap_or(u32::MAX));
        }
        course
    }

    /// The turns of a document's day.
    fn of(&self, document: i32) -> &[Turn] {
        let Ok(place) = usize::try_from(i64::from(document) - i64::from(self.first)) else { return &[] };
        match self.starts.get(place..place.saturating_add(2)) {
            Some([start, end]) => self.turns.get(*start as usize..*end as usize).unwrap_or(&[]),
            _ => &[],
        }
    }

    /// Adds what each subject's rows come to on each day.
    pub(super) fn run(&self, job: &Job<'_>, chunk: &Chunk<'_>, totals: &mut [Totals], (codes, turns): (&[u16], &mut Turns)) {
        let Some(table) = job.dated.first().map(|dated| &dated.table) else { return };
        turns.points.resize(totals.len(), 0);
        turns.counting.resize(totals.len(), 0);
        let (mut sums, mut weights): (Vec<&mut [i64]>, Vec<&mut [i64]>) = (Vec::new(), Vec::new());
        for totals in totals {
            let sink = totals.part(job.plan.dimension);
            sums.push(sink.dimension);
            weights.push(sink.known_weight);
        }
        for owner in &chunk.owners {
            self.turn(table, (chunk.columns.day, codes), *owner, &mut turns.points);
            let mut raw = 0_i64;
            for (turn, sums) in turns.points.iter_mut().zip(&mut sums) {
                raw = raw.wrapping_add(std::mem::take(turn));
                // Nothing stays nothing, whatever the bounds.
                if let Some(sum) = sums.get_mut(owner.subject as usize).filter(|_| raw != 0) {
                    *sum = sum.wrapping_add(job.plan.bounds.apply(raw));
                }
            }
        }
        let open = |set: &u32| job.dated.iter().any(|dated| !dated.covers(Some(set)));
        for owner in chunk.owners.iter().filter(|_| job.ever_open) {
            let Some(set) = chunk.coverage_of.get(owner.subject as usize).filter(|set| open(set)) else { continue };
            self.count((chunk.columns.day, codes), *owner, &mut turns.counting);
            let mut counting = 0_i64;
            for (turn, (weights, dated)) in turns.counting.iter_mut().zip(weights.iter_mut().zip(&job.dated)) {
                counting = counting.wrapping_add(std::mem::take(turn));
                // A record that counts makes the indicator known whatever coverage says.
                if let Some(weight) = weights.get_mut(owner.subject as usize).filter(|_| counting > 0 && !dated.covers(Some(set))) {
                    *weight = weight.wrapping_add(job.plan.share);
                }
            }
        }
    }

    /// What the points of a subject's rows change by on each day.
    fn turn(&self, table: &Table, rows: (&[i32], &[u16]), owner: Owner, points: &mut [i64]) {
        for (document, code) in rows_of(rows, owner) {
            let mut before = 0;
            for turn in self.of(document) {
                let now = table.worth(turn.line, code);
                if let Some(points) = points.get_mut(turn.day as usize) {
                    *points = points.wrapping_add(now.wrapping_sub(before));
                }
                before = now;
            }
        }
    }

    /// By how many the rows of a subject that count become more or fewer on each day.
    fn count(&self, rows: (&[i32], &[u16]), owner: Owner, counting: &mut [i64]) {
        for (document, _) in rows_of(rows, owner) {
            let mut before = 0;
            for turn in self.of(document) {
                let now = i64::from(turn.line != 0);
                if let Some(counting) = counting.get_mut(turn.day as usize) {
                    *counting = counting.wrapping_add(now - before);
                }
                before = now;
            }
        }
    }
}

/// Day and code of those rows of a subject that can count.
fn rows_of<'r>((days, codes): (&'r [i32], &'r [u16]), owner: Owner) -> impl Iterator<Item = (i32, u16)> + use<'r> {
    let rows = days.get(owner.rows()).unwrap_or(&[]).iter().zip(codes.get(owner.rows()).unwrap_or(&[]));
    rows.filter(|(_, code)| **code != 0).map(|(day, code)| (*day, *code))
}
