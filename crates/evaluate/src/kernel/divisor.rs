//! Rows of another kind, by whose number that of an indicator's own is divided.

use super::days::Window;
use super::mask::{self, Mask, Pool};
use super::rows::KeptRow;
use super::sums::{differences, running_sums};
use super::{Lot, ends};
use crate::columns::KindColumns;
use crate::plan::DivisorPlan;

/// The rows of a lot's subjects, and which of them divide.
pub(super) struct Divisor<'c> {
    plan: &'c DivisorPlan,
    /// None where nobody has a row.
    columns: Option<KindColumns<'c>>,
    ends: Vec<u32>,
    /// 1 by row where it divides for certain.
    sure: Mask,
    /// 1 by row where it divides, certain or not; none where only what is certain does.
    divides: Option<Mask>,
}

/// What an explanation needs of the rows that an only subject's number is divided by.
#[derive(Clone, Debug)]
pub(crate) struct KeptDivisor {
    /// How many they are; 0 where none is certain.
    pub by: i64,
    /// By row, in the order of the columns.
    pub rows: Vec<KeptRow>,
}

impl<'c> Divisor<'c> {
    pub(super) fn read(plan: &'c DivisorPlan, lot: &Lot<'c>, pool: &mut Pool) -> Divisor<'c> {
        let columns = lot.population.kind(plan.kind).map(|columns| columns.of(lot.subjects.clone()));
        let ends = columns.as_ref().map_or_else(|| vec![0; lot.subjects.len()], |columns| ends(columns.starts));
        let (mut sure, mut divides) = (Mask::new(), None);
        match (&columns, &plan.filter) {
            (Some(columns), Some(filter)) => {
                mask::read(&filter.holds, columns, &mut sure, pool);
                divides = plan.in_doubt.then(|| failing(plan, columns, pool).iter().map(|fails| fails ^ 1).collect());
            }
            (Some(columns), None) => mask::fill(&mut sure, columns.rows(), 1),
            (None, _) => {}
        }
        Divisor { plan, columns, ends, sure, divides }
    }

    /// By how many rows each subject's number is divided on a day; by 0, that is not at all, where none of them is certain.
    pub(super) fn of(&self, window: Window) -> Vec<i64> {
        let days = self.columns.as_ref().map_or(&[][..], |columns| columns.day);
        let within = |mask: &Mask| -> Vec<i64> {
            let mut sums = Vec::new();
            running_sums(days.iter().zip(mask).map(|(day, counts)| i64::from(window.holds(*day) & counts)), &mut sums);
            differences(&self.ends, &sums).collect()
        };
        let sure = within(&self.sure);
        let Some(divides) = &self.divides else { return sure };
        within(divides).into_iter().zip(sure).map(|(by, sure)| if sure == 0 { 0 } else { by }).collect()
    }

    /// What became of the only subject's rows on a day.
    pub(super) fn kept(&self, window: Window) -> KeptDivisor {
        let by = self.of(window).first().copied().unwrap_or(0);
        let Some(columns) = &self.columns else { return KeptDivisor { by, rows: Vec::new() } };
        let fails = failing(self.plan, columns, &mut Pool::new());
        let rows = columns.day.iter().zip(self.divides.as_ref().unwrap_or(&self.sure)).zip(&fails).map(|((day, divides), fails)| KeptRow {
            full: 0,
            keep: 1000,
            points: 0,
            counts: window.holds(*day) & divides == 1,
            uncertain: window.holds(*day) == 1 && *divides == 0 && *fails == 0,
            coming: *day > window.last && *fails == 0,
        });
        KeptDivisor { by, rows: rows.collect() }
    }
}

/// The rows that for certain do not meet the condition: looked for only where doubt divides, or somebody asks why.
fn failing(plan: &DivisorPlan, columns: &KindColumns<'_>, pool: &mut Pool) -> Mask {
    let mut fails = Mask::new();
    match &plan.filter {
        Some(filter) => mask::read(&filter.fails, columns, &mut fails, pool),
        None => mask::fill(&mut fails, columns.rows(), 0),
    }
    fails
}
