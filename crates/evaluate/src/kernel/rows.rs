//! One indicator over the rows of a chunk: which of them can count, and what each is worth when new. That is read once; each day of
//! evaluation then only asks how old they are.

use xinzhi_core::Day;
use xinzhi_rules::model::Put;

use super::course::{Course, Turns};
use super::days::{Ages, Table, Turning, Window};
use super::divisor::{Divisor, KeptDivisor};
use super::mask::{self, Mask, Pool};
use super::{Chunk, Lot, Owners, Sink, Totals, Watch, codes, sums};
use crate::columns::{KindColumns, Owner, Population};
use crate::plan::{IndicatorPlan, TakePlan};

/// An indicator, ready for some days.
pub(super) struct Job<'p> {
    /// Its place in the plan.
    place: usize,
    pub plan: &'p IndicatorPlan,
    /// By day of evaluation.
    pub dated: Vec<Dated>,
    /// Over several days, where the ages of rows say what is left of each.
    pub course: Option<Course>,
    /// By coverage set 1 where silence means nothing on some day.
    open: Vec<u8>,
}

/// An indicator on one day.
pub(super) struct Dated {
    pub window: Window,
    pub table: Table,
    /// By coverage set 1 where silence means "none".
    covered: Vec<u8>,
}

/// Buffers of a chunk, used again for every indicator.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    /// 1 where the condition holds and what the points depend on is known.
    pub sure: Mask,
    /// What the condition of a rate says.
    pub of: Mask,
    /// By row 0 where it does not count on any day, else one more than the place of what it is worth.
    pub codes: Vec<u16>,
    /// 1 by row where it counts on the day.
    pub counts: Vec<u8>,
    /// Values of a column, where they are summed or compared.
    pub values: Vec<i64>,
    /// By how many rows of another kind each subject's number is divided, where it is.
    pub by: Vec<i64>,
    /// Running sums over rows, one longer than they are many.
    pub sums: Vec<i64>,
    pub narrow: Narrow,
    /// Of a bundle, what the rows of each subject who has some add up to.
    pub lifted: Vec<u64>,
    /// Places of those owners whose rows have to be looked at.
    pub open: Vec<u32>,
    pub pool: Pool,
    pub turns: Turns,
}

/// Values of a column made shorter.
#[derive(Debug, Default)]
pub(super) struct Narrow {
    pub half: Vec<i32>,
    pub quarter: Vec<i16>,
}

/// What a day sees of an indicator's rows.
pub(super) struct Seen<'s> {
    pub ages: &'s [u16],
    pub codes: &'s [u16],
    /// Days of documents.
    pub days: &'s [i32],
    pub owners: Owners<'s>,
}

/// What became of the rows of one subject: what an explanation needs of an indicator.
#[derive(Clone, Debug, Default)]
pub(crate) struct Kept {
    /// What the rows came to, before bounds and weight.
    pub raw: i64,
    /// Whether silence means "none", or a record counts.
    pub known: bool,
    /// The number that fell into a band, where the indicator takes one; none where there was no number.
    pub number: Option<i64>,
    /// By row, in the order of the columns.
    pub rows: Vec<KeptRow>,
    /// What the number was divided by, where it is a ratio.
    pub divisor: Option<KeptDivisor>,
}

/// One row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeptRow {
    pub full: i64,
    pub keep: i64,
    pub points: i64,
    /// It contributes.
    pub counts: bool,
    /// It lies in the window and cannot be told.
    pub uncertain: bool,
    /// Its document's day is still to come and it will matter then.
    pub coming: bool,
}

impl Dated {
    pub(super) fn new(plan: &IndicatorPlan, population: &Population<'_>, (turning, as_of): (&Turning, Day), ages: &Ages) -> Dated {
        let covered = population.covered(|coverage| coverage.covers(&plan.wanted, as_of));
        Dated { window: turning.window, table: Table::of(plan, (turning, as_of), ages), covered }
    }

    /// How many coverage sets there are.
    pub(super) fn sets(&self) -> usize {
        self.covered.len()
    }

    /// Whether a coverage set covers the indicator.
    pub(super) fn covers(&self, set: Option<&u32>) -> bool {
        set.is_some_and(|set| self.covered.get(*set as usize).copied() == Some(1))
    }
}

impl<'p> Job<'p> {
    pub(super) fn new(place: usize, plan: &'p IndicatorPlan, dated: Vec<Dated>) -> Job<'p> {
        let mut open = vec![0; dated.first().map_or(0, |dated| dated.covered.len())];
        for dated in &dated {
            open.iter_mut().zip(&dated.covered).for_each(|(open, covered)| *open |= covered ^ 1);
        }
        Job { place, plan, dated, course: None, open }
    }

    /// The same, which over several days follows what turns from one to the next, where it can.
    pub(super) fn following(self, ages: &[Ages]) -> Job<'p> {
        let course = self.summed().filter(|_| self.dated.len() > 1).map(|_| Course::of_one(&self.dated, ages));
        Job { course, ..self }
    }

    /// The table of an indicator whose rows are summed, and say by their age alone what is left of them. Its lines are the same on every day.
    pub(super) fn summed(&self) -> Option<&Table> {
        let sums = matches!(self.plan.take, TakePlan::Each { put: Put::Sum, .. });
        let table = self.dated.first().map(|dated| &dated.table);
        table.filter(|_| sums && !self.dated.iter().any(|dated| dated.table.evenly()))
    }

    /// Whether it has to look, for somebody, whether a record counts.
    pub(super) fn opens(&self) -> bool {
        self.open.contains(&1)
    }

    /// By coverage set, the weight that is not known on some day without a record.
    pub(super) fn unknown(&self) -> Vec<i64> {
        self.open.iter().map(|open| self.plan.share & i64::from(*open).wrapping_neg()).collect()
    }

    /// The weight that is known on a day without looking at any row, by places of the day and of the coverage set.
    pub(super) fn known_weight(&self, day: usize, set: u32) -> i64 {
        let covered = self.dated.get(day).is_some_and(|dated| dated.covers(Some(&set)));
        if covered && matches!(self.plan.take, TakePlan::Each { .. }) { self.plan.share } else { 0 }
    }

    /// Whether it has to look, on some day, whether a record of somebody with this coverage set counts.
    pub(super) fn ever_open(&self, set: Option<&u32>) -> bool {
        set.is_some_and(|set| self.open.get(*set as usize) == Some(&1))
    }

    /// Evaluates the rows of a chunk and adds what they come to on each day.
    pub(super) fn run(
        &self,
        (chunk, ages): (&Chunk<'_>, &[Vec<u16>]),
        totals: &mut [Totals],
        (scratch, mut watch): (&mut Scratch, Option<&mut Watch>),
    ) {
        self.read(&chunk.columns, scratch);
        let divisor = self.divisor(chunk.lot, &mut scratch.pool);
        for ((dated, totals), ages) in self.dated.iter().zip(totals).zip(ages) {
            let mut kept = watch.is_some().then(Kept::default);
            let mut sink = totals.part(self.plan.dimension);
            match &self.plan.take {
                TakePlan::Each { put, .. } => self.put(*put, (dated, chunk, ages), (&mut sink, scratch), kept.as_mut()),
                TakePlan::Number { number, bands } => {
                    number.mark(dated, ages, scratch);
                    scratch.by = divisor.as_ref().map(|divisor| divisor.of(dated.window)).unwrap_or_default();
                    number.put((self, dated, bands), chunk, (&mut sink, scratch), kept.as_mut());
                }
            }
            if let Some((watch, mut kept)) = watch.as_deref_mut().zip(kept) {
                kept.rows = self.kept_rows(dated, (chunk, ages), scratch);
                kept.divisor = divisor.as_ref().map(|divisor| divisor.kept(dated.window));
                watch.parts.insert(self.place, kept);
            }
        }
    }

    /// Evaluates the rows of a chunk and adds by how much what they come to differs from the day before, where that is simpler.
    pub(super) fn follow(&self, chunk: &Chunk<'_>, totals: &mut [Totals], scratch: &mut Scratch) {
        if let Some(course) = &self.course {
            self.read(&chunk.columns, scratch);
            course.run(self, chunk, totals, (&scratch.codes, &mut scratch.turns));
        }
    }

    /// Where nobody has a row of the kind: what is covered is known to be nothing.
    pub(super) fn without_rows(&self, lot: &Lot<'_>, totals: &mut [Totals], mut watch: Option<&mut Watch>) {
        let divisor = self.divisor(lot, &mut Pool::new());
        for (dated, totals) in self.dated.iter().zip(totals) {
            let mut kept = watch.is_some().then(Kept::default);
            let mut sink = totals.part(self.plan.dimension);
            match &self.plan.take {
                TakePlan::Each { .. } => {}
                TakePlan::Number { number, bands } => {
                    let by = divisor.as_ref().map(|divisor| divisor.of(dated.window)).unwrap_or_default();
                    number.put_nothing((self, dated, bands), (lot.coverage_of, &by), &mut sink, kept.as_mut());
                }
            }
            if let Some((watch, mut kept)) = watch.as_deref_mut().zip(kept) {
                kept.known |= matches!(self.plan.take, TakePlan::Each { .. }) && dated.covers(lot.coverage_of.first());
                kept.divisor = divisor.as_ref().map(|divisor| divisor.kept(dated.window));
                watch.parts.insert(self.place, kept);
            }
        }
    }

    /// The rows by whose number that of its own is divided, where it takes a ratio.
    fn divisor<'c>(&'c self, lot: &Lot<'c>, pool: &mut Pool) -> Option<Divisor<'c>> {
        self.plan.divisor().map(|plan| Divisor::read(plan, lot, pool))
    }

    /// What of the rows is the same on every day.
    fn read(&self, columns: &KindColumns<'_>, scratch: &mut Scratch) {
        match &self.plan.take {
            TakePlan::Each { .. } => {
                scratch.codes.clear();
                scratch.codes.resize(columns.rows(), 0);
                self.code(columns, 1, scratch);
            }
            TakePlan::Number { number, .. } => {
                self.filter(columns, scratch);
                number.read(columns, scratch);
            }
        }
    }

    /// Adds the code of each row, times `stride`, where the points of rows are taken.
    pub(super) fn code(&self, columns: &KindColumns<'_>, stride: u16, scratch: &mut Scratch) {
        if let TakePlan::Each { worth, .. } = &self.plan.take {
            self.filter(columns, scratch);
            codes::worth(worth, columns, stride, scratch);
        }
    }

    /// Which rows meet the condition.
    fn filter(&self, columns: &KindColumns<'_>, scratch: &mut Scratch) {
        let Scratch { sure, pool, .. } = scratch;
        match &self.plan.filter {
            Some(filter) => mask::read(&filter.holds, columns, sure, pool),
            None => mask::fill(sure, columns.rows(), 1),
        }
    }

    fn put(
        &self,
        put: Put,
        (dated, chunk, ages): (&Dated, &Chunk<'_>, &[u16]),
        (sink, scratch): (&mut Sink<'_>, &mut Scratch),
        kept: Option<&mut Kept>,
    ) {
        let Scratch { codes, sums, .. } = scratch;
        let seen = Seen { ages, codes, days: chunk.columns.day, owners: chunk.owners() };
        let raw = sums::add_up(put, &dated.table, seen, (self.plan.bounds, sink.dimension, sums));
        // A record that counts makes the indicator known whatever coverage says.
        let counting = |owner: Owner| {
            let mut rows = ages.get(owner.rows()).unwrap_or(&[]).iter().zip(codes.get(owner.rows()).unwrap_or(&[]));
            rows.any(|(age, code)| dated.table.counts(*age, *code) == 1)
        };
        let uncovered = chunk.owners().filter(|owner| !dated.covers(Some(&chunk.set(*owner))));
        for owner in uncovered.filter(|owner| counting(*owner)) {
            if let Some(weight) = sink.known_weight.get_mut(owner.subject as usize) {
                *weight = weight.wrapping_add(self.plan.share);
            }
        }
        if let Some(kept) = kept {
            kept.raw = raw;
            kept.known = dated.covers(chunk.lot.coverage_of.first()) || chunk.owners().any(counting);
        }
    }

    fn kept_rows(&self, dated: &Dated, (chunk, ages): (&Chunk<'_>, &[u16]), scratch: &mut Scratch) -> Vec<KeptRow> {
        let mut fails = Mask::new();
        match &self.plan.filter {
            Some(filter) => mask::read(&filter.fails, &chunk.columns, &mut fails, &mut scratch.pool),
            None => mask::fill(&mut fails, chunk.columns.rows(), 0),
        }
        let rows = chunk.columns.day.iter().zip(ages).zip(scratch.codes.iter().zip(&fails));
        rows.map(|((day, age), (code, fails))| {
            let counts = dated.table.counts(*age, *code) == 1;
            KeptRow {
                full: dated.table.full(*code),
                keep: dated.table.keep(*age, *day),
                points: if counts { dated.table.points((*age, *code), *day) } else { 0 },
                counts,
                uncertain: dated.window.holds(*day) == 1 && *code == 0 && *fails == 0,
                coming: *day > dated.window.last && *fails == 0,
            }
        })
        .collect()
    }
}
