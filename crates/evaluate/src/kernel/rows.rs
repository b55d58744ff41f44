//! One indicator over the rows of a chunk: which of them count, and which entry of the table each is.

use xinzhi_core::Day;
use xinzhi_rules::model::Put;

use super::days::{Table, Window};
use super::mask::{Lane, Mask, Pool};
use super::{Sink, Watch, sums};
use crate::columns::{Column, KindColumns, Values};
use crate::plan::{IndicatorPlan, TakePlan, Worth};

/// An indicator, ready for one day.
pub(super) struct Job<'p> {
    /// Its place in the plan.
    place: usize,
    pub plan: &'p IndicatorPlan,
    pub window: Window,
    /// By coverage set 1 where silence means "none".
    covered: Vec<u8>,
    /// Whether all of them are.
    covered_throughout: bool,
    table: Table,
}

/// Buffers of a chunk, used again for every indicator.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    /// What the condition says.
    pub filter: Mask,
    /// What the condition of a rate says.
    pub of: Mask,
    /// 1 where what the points depend on is known.
    pub valued: Vec<u8>,
    /// Entry of the table by row, 0 where it does not count.
    pub entry: Vec<u16>,
    /// Values of a column, where they are summed or compared.
    pub values: Vec<i64>,
    /// Running sums over rows, one longer than they are many.
    pub sums: Vec<i64>,
    pub pool: Pool,
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

impl<'p> Job<'p> {
    pub(super) fn new(place: usize, plan: &'p IndicatorPlan, covered: Vec<u8>, as_of: Day) -> Job<'p> {
        let window = Window::new(as_of, plan.window_months);
        let covered_throughout = covered.iter().all(|covered| *covered == 1);
        let table = match &plan.take {
            TakePlan::Each { worth, fading, .. } => Table::new(worth, fading, (window, as_of)),
            TakePlan::Number { .. } => Table::one(),
        };
        Job { place, plan, window, covered, covered_throughout, table }
    }

    /// Evaluates the rows of a chunk and adds what they come to.
    pub(super) fn run(
        &self,
        columns: &KindColumns<'_>,
        coverage_of: &[u32],
        mut sink: Sink<'_>,
        (scratch, watch): (&mut Scratch, Option<&mut Watch>),
    ) {
        match &self.plan.filter {
            Some(filter) => scratch.filter.read(filter, columns, &mut scratch.pool),
            None => scratch.filter.fill(columns.rows(), 1),
        }
        let mut kept = watch.is_some().then(Kept::default);
        match &self.plan.take {
            TakePlan::Each { worth, put, .. } => {
                self.entries(worth, columns, scratch);
                self.put(*put, columns, (coverage_of, &mut sink, scratch), kept.as_mut());
            }
            TakePlan::Number { number, bands } => {
                number.mark(self.window, columns, scratch);
                number.put(bands, columns, (self, coverage_of, &mut sink, scratch), kept.as_mut());
            }
        }
        if let Some((watch, mut kept)) = watch.zip(kept) {
            kept.rows = self.kept_rows(columns, scratch);
            watch.parts.insert(self.place, kept);
        }
    }

    /// Where nobody has a row of the kind: what is covered is known to be nothing.
    pub(super) fn without_rows(&self, coverage_of: &[u32], mut sink: Sink<'_>, watch: Option<&mut Watch>) {
        let mut kept = watch.is_some().then(Kept::default);
        match &self.plan.take {
            TakePlan::Each { .. } => self.weigh(coverage_of, &mut sink, |_| 0),
            TakePlan::Number { number, bands } => {
                number.put_nothing(bands, (self, coverage_of, &mut sink), kept.as_mut());
            }
        }
        if let Some((watch, mut kept)) = watch.zip(kept) {
            kept.known |= matches!(self.plan.take, TakePlan::Each { .. }) && self.covers(coverage_of.first());
            watch.parts.insert(self.place, kept);
        }
    }

    /// Marks the rows that count, each with its entry of the table.
    fn entries(&self, worth: &Worth, columns: &KindColumns<'_>, scratch: &mut Scratch) {
        let rows = columns.rows();
        let Scratch { filter, valued, entry, .. } = scratch;
        entry.clear();
        entry.resize(rows, 1);
        if let Table::Steps { codes, cuts, .. } = &self.table {
            for cut in cuts {
                let aged = columns.day.iter().map(|day| u16::from(*day <= *cut).wrapping_neg() & codes);
                entry.iter_mut().zip(aged).for_each(|(entry, step)| *entry = entry.wrapping_add(step));
            }
        }
        valued.clear();
        valued.resize(rows, 1);
        code(worth, columns, entry, valued);
        let sure = filter.yes.iter().zip(valued.iter()).zip(columns.day);
        for (entry, ((yes, valued), day)) in entry.iter_mut().zip(sure) {
            let counts = yes & valued & self.window.holds(*day);
            *entry &= u16::from(counts).wrapping_neg();
        }
    }

    fn put(
        &self,
        put: Put,
        columns: &KindColumns<'_>,
        (coverage_of, sink, scratch): (&[u32], &mut Sink<'_>, &mut Scratch),
        kept: Option<&mut Kept>,
    ) {
        let mut kept = kept;
        sums::add_up(put, &self.table, columns, (self.plan.bounds, &mut *sink, &mut *scratch), kept.as_deref_mut());
        if self.covered_throughout && kept.is_none() {
            self.weigh(coverage_of, sink, |_| 0);
            return;
        }
        // A record that counts makes the indicator known whatever coverage says.
        sums::running_sums(scratch.entry.iter().map(|entry| i64::from(*entry != 0)), &mut scratch.sums);
        let counting: Vec<u8> = sums::differences(columns, &scratch.sums).map(|count| u8::from(count != 0)).collect();
        self.weigh(coverage_of, sink, |subject| counting.get(subject).copied().unwrap_or(0));
        if let Some(kept) = kept {
            kept.known = self.covers(coverage_of.first()) || counting.first() == Some(&1);
        }
    }

    /// Adds the indicator's weight where it is known: covered, or otherwise found to be.
    pub(super) fn weigh(&self, coverage_of: &[u32], sink: &mut Sink<'_>, otherwise: impl Fn(usize) -> u8) {
        let share = self.plan.share;
        if self.covered_throughout {
            sink.known_weight.iter_mut().for_each(|weight| *weight = weight.wrapping_add(share));
            return;
        }
        for (subject, (weight, set)) in sink.known_weight.iter_mut().zip(coverage_of).enumerate() {
            let known = u8::from(self.covers(Some(set))) | otherwise(subject);
            *weight = weight.wrapping_add(share.wrapping_mul(i64::from(known)));
        }
    }

    /// Whether a coverage set covers the indicator.
    pub(super) fn covers(&self, set: Option<&u32>) -> bool {
        set.is_some_and(|set| self.covered.get(*set as usize).copied() == Some(1))
    }

    fn kept_rows(&self, columns: &KindColumns<'_>, scratch: &Scratch) -> Vec<KeptRow> {
        let Scratch { filter, valued, entry, .. } = scratch;
        let rows = columns.day.iter().zip(entry).zip(filter.yes.iter().zip(&filter.no).zip(valued));
        rows.map(|((day, entry), ((yes, no), valued))| {
            let within = self.window.holds(*day) == 1;
            KeptRow {
                full: self.table.full(*entry),
                keep: self.table.keep(*entry, *day),
                points: self.table.points(*entry, *day),
                counts: *entry != 0,
                uncertain: within && *no == 0 && yes & valued == 0,
                coming: *day > self.window.last && *no == 0,
            }
        })
        .collect()
    }
}

/// Adds each row's code to its entry, and takes the mark from rows whose value is not known or worth nothing that is stated.
fn code(worth: &Worth, columns: &KindColumns<'_>, entry: &mut [u16], valued: &mut [u8]) {
    let column = match worth {
        Worth::Constant(_) => return,
        Worth::Table(column, _) | Worth::Bands(column, _) => columns.column(*column),
    };
    // `complete` has seen that the column is there.
    let Some(Column { values, known }) = column else { return valued.fill(0) };
    if let Some(known) = known {
        valued.copy_from_slice(known);
    }
    match values {
        Values::Byte(values) => coded(worth, values, entry, valued),
        Values::Short(values) => coded(worth, values, entry, valued),
        Values::Long(values) => coded(worth, values, entry, valued),
    }
}

fn coded<T: Lane + TryInto<u16>>(worth: &Worth, values: &[T], entry: &mut [u16], valued: &mut [u8]) {
    match worth {
        Worth::Constant(_) => {}
        Worth::Table(_, points) => {
            let codes = u16::try_from(points.len()).unwrap_or(u16::MAX);
            for ((entry, valued), value) in entry.iter_mut().zip(valued).zip(values) {
                let code: u16 = (*value).try_into().unwrap_or(u16::MAX);
                *valued &= u8::from(code < codes);
                *entry = entry.wrapping_add(code);
            }
        }
        Worth::Bands(_, bands) => {
            let Some(((least, _), higher)) = bands.split_first() else { return valued.fill(0) };
            let reached = valued.iter_mut().zip(at_least(values, *least));
            reached.for_each(|(valued, reached)| *valued &= u8::from(reached));
            for (from, _) in higher {
                let reached = entry.iter_mut().zip(at_least(values, *from));
                reached.for_each(|(entry, reached)| *entry = entry.wrapping_add(u16::from(reached)));
            }
        }
    }
}

/// Which values reach a bound. A bound that a column cannot hold lies above all its values, or below them.
fn at_least<T: Lane>(values: &[T], bound: i64) -> impl Iterator<Item = bool> {
    let (held, below) = (T::try_from(bound).ok(), bound < 0);
    values.iter().map(move |value| held.map_or(below, |bound| *value >= bound))
}
