//! What rows come to over several days. From one day to the next few rows turn: they enter a window, fade or leave. So a row adds its turns to
//! its subject, not its points to every day; a subject adds to a day by how much it differs from the day before; and one sum over the days,
//! [`Totals::follow`], makes of these differences what each day has.

use super::days::Ages;
use super::rows::{Dated, Job};
use super::{Chunk, Totals};
use crate::columns::Owner;

/// By day of a document, the days of evaluation on which a row of it turns.
#[derive(Clone, Debug)]
pub(super) struct Course {
    /// The first document day that counts on any day.
    first: i32,
    /// Where the turns of each document day from `first` on begin; one more to end the last.
    starts: Vec<u32>,
    turns: Vec<Turn>,
    /// By coverage set a bit for each day on which silence begins or ceases to mean "none".
    covering: Vec<Vec<u64>>,
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
    /// What changes on each day.
    changes: Vec<i64>,
    /// A bit for each day on which something may change.
    days: Vec<u64>,
}

impl Turns {
    pub(super) fn begin(&mut self, days: usize) {
        self.changes.resize(days, 0);
        self.days.resize(days.div_ceil(64), 0);
    }

    pub(super) fn add(&mut self, day: u32, change: i64) {
        let day = day as usize;
        if let Some((changes, days)) = self.changes.get_mut(day).zip(self.days.get_mut(day / 64)) {
            *changes = changes.wrapping_add(change);
            *days |= 1 << (day % 64);
        }
    }

    /// Something may change on these days, too.
    pub(super) fn mark(&mut self, days: &[u64]) {
        self.days.iter_mut().zip(days).for_each(|(days, others)| *days |= others);
    }

    /// Takes what changes on each day on which something does, in their order.
    pub(super) fn drain(&mut self, mut take: impl FnMut(usize, i64)) {
        for (word, days) in self.days.iter_mut().enumerate() {
            while *days != 0 {
                let day = word * 64 + days.trailing_zeros() as usize;
                *days &= days.wrapping_sub(1);
                take(day, self.changes.get_mut(day).map(std::mem::take).unwrap_or_default());
            }
        }
    }
}

impl Course {
    /// The turns of something whose rows are summed, from the first document day that counts on any day of evaluation to the last: `line` says in
    /// which line of the points a row is, by place of the day of evaluation and by the document's day.
    pub(super) fn new((first, last): (i32, i32), days: u32, line: impl Fn(u32, i32) -> u32, covering: Vec<Vec<u64>>) -> Course {
        let mut course = Course { first, starts: vec![0], turns: Vec::new(), covering };
        for document in first..=last {
            let mut before = 0;
            for day in 0..days {
                let line = line(day, document);
                if line != before {
                    course.turns.push(Turn { day, line });
                }
                before = line;
            }
            course.starts.push(u32::try_from(course.turns.len()).unwrap_or(u32::MAX));
        }
        course
    }

    /// The turns of one indicator.
    pub(super) fn of_one(dated: &[Dated], ages: &[Ages]) -> Course {
        let at = |day: u32| dated.get(day as usize).zip(ages.get(day as usize));
        let line = |day, document| at(day).map_or(0, |(dated, ages)| dated.table.line_of(ages.of(document)));
        Course::new(span(dated), u32::try_from(dated.len()).unwrap_or(0), line, covering(dated))
    }

    /// Days on which something begins or ceases to be known to a coverage set.
    pub(super) fn covering(&self, set: Option<&u32>) -> &[u64] {
        set.and_then(|set| self.covering.get(*set as usize)).map_or(&[], Vec::as_slice)
    }

    /// The turns of a document's day.
    fn of(&self, document: i32) -> &[Turn] {
        let Ok(place) = usize::try_from(i64::from(document) - i64::from(self.first)) else { return &[] };
        match self.starts.get(place..place.saturating_add(2)) {
            Some([start, end]) => self.turns.get(*start as usize..*end as usize).unwrap_or(&[]),
            _ => &[],
        }
    }

    /// Adds by how much what each subject's rows come to differs from the day before.
    pub(super) fn run(&self, job: &Job<'_>, chunk: &Chunk<'_>, totals: &mut [Totals], (codes, turns): (&[u16], &mut Turns)) {
        let Some(table) = job.dated.first().map(|dated| &dated.table) else { return };
        let rows = (chunk.columns.day, codes);
        turns.begin(totals.len());
        let sinks = totals.iter_mut().map(|totals| totals.part(job.plan.dimension));
        let (mut sums, mut weights): (Vec<_>, Vec<_>) = sinks.map(|sink| (sink.dimension, sink.known_weight)).unzip();
        for owner in chunk.owners() {
            self.turn(rows_of(rows, owner), turns, |line, code| table.worth(line, code));
            let (mut raw, mut before) = (0_i64, 0_i64);
            turns.drain(|day, change| {
                raw = raw.wrapping_add(change);
                let now = job.plan.bounds.apply(raw);
                add(&mut sums, (day, owner.subject), now.wrapping_sub(before));
                before = now;
            });
        }
        for owner in chunk.owners() {
            let set = chunk.lot.coverage_of.get(owner.subject as usize);
            if !job.ever_open(set) {
                continue;
            }
            self.turn(rows_of(rows, owner), turns, |line, _| i64::from(line != 0));
            turns.mark(self.covering(set));
            let (mut counting, mut before) = (0_i64, 0_i64);
            turns.drain(|day, change| {
                counting = counting.wrapping_add(change);
                let covered = job.dated.get(day).is_some_and(|dated| dated.covers(set));
                // A record that counts makes the indicator known whatever coverage says; where it covers, that is known beforehand.
                let now = if counting > 0 && !covered { job.plan.share } else { 0 };
                add(&mut weights, (day, owner.subject), now.wrapping_sub(before));
                before = now;
            });
        }
    }

    /// What something about some rows, of which day and code are told, changes by on each day: `of` says it of a line and a code, and it is 0 of line 0.
    pub(super) fn turn(&self, rows: impl Iterator<Item = (i32, u16)>, turns: &mut Turns, of: impl Fn(u32, u16) -> i64) {
        for (document, code) in rows {
            let mut before = 0;
            for turn in self.of(document) {
                let now = of(turn.line, code);
                turns.add(turn.day, now.wrapping_sub(before));
                before = now;
            }
        }
    }
}

/// The first and last document day that count on any day of evaluation.
pub(super) fn span(dated: &[Dated]) -> (i32, i32) {
    let first = dated.iter().map(|dated| dated.window.first).min().unwrap_or(0);
    (first, dated.iter().map(|dated| dated.window.last).max().unwrap_or(first))
}

/// By coverage set a bit for each day on which silence begins or ceases to mean "none".
pub(super) fn covering(dated: &[Dated]) -> Vec<Vec<u64>> {
    let sets = dated.first().map_or(0, Dated::sets);
    let turns = |set: u32| {
        let mut days = vec![0; dated.len().div_ceil(64)];
        for (place, pair) in (1_usize..).zip(dated.windows(2)) {
            let turns = pair.iter().filter(|dated| dated.covers(Some(&set))).count() == 1;
            if let Some(days) = days.get_mut(place / 64) {
                *days |= u64::from(turns) << (place % 64);
            }
        }
        days
    };
    (0..).take(sets).map(turns).collect()
}

fn add(columns: &mut [&mut [i64]], (day, subject): (usize, u32), change: i64) {
    if let Some(cell) = columns.get_mut(day).and_then(|column| column.get_mut(subject as usize)) {
        *cell = cell.wrapping_add(change);
    }
}

/// Day and code of those rows of a subject that can count.
fn rows_of<'r>(rows: (&'r [i32], &'r [u16]), owner: Owner) -> impl Iterator<Item = (i32, u16)> + use<'r> {
    all_of(rows, owner).filter(|(_, code)| *code != 0)
}

/// Day and code of all rows of a subject.
pub(super) fn all_of<'r>((days, codes): (&'r [i32], &'r [u16]), owner: Owner) -> impl Iterator<Item = (i32, u16)> + use<'r> {
    let rows = days.get(owner.rows()).unwrap_or(&[]).iter().zip(codes.get(owner.rows()).unwrap_or(&[]));
    rows.map(|(day, code)| (*day, *code))
}
