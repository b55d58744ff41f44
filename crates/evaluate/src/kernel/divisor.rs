//! Rows of another kind, by whose number that of an indicator's own is divided.

use super::days::Window;
use super::mask::{self, Mask, Pool};
use super::rows::KeptRow;
use super::sums::{differences, running_sums};
use super::{Lot, ends};
use crate::plan::DivisorPlan;

/// The rows of a lot's subjects, which of them divide, and of which that is certain.
pub(super) struct Divisor<'c> {
    days: &'c [i32],
    ends: Vec<u32>,
    sure: Mask,
    divides: Mask,
    fails: Mask,
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
    pub(super) fn read(plan: &DivisorPlan, lot: &Lot<'c>, pool: &mut Pool) -> Divisor<'c> {
        let (mut sure, mut fails) = (Mask::new(), Mask::new());
        let Some(columns) = lot.population.kind(plan.kind).map(|columns| columns.of(lot.subjects.clone())) else {
            let ends = vec![0; lot.subjects.len()];
            return Divisor { days: &[], ends, sure, divides: Mask::new(), fails };
        };
        match &plan.filter {
            Some(filter) => {
                mask::read(&filter.holds, &columns, &mut sure, pool);
                mask::read(&filter.fails, &columns, &mut fails, pool);
            }
            None => {
                mask::fill(&mut sure, columns.rows(), 1);
                mask::fill(&mut fails, columns.rows(), 0);
            }
        }
        let divides = if plan.in_doubt { fails.iter().map(|fails| fails ^ 1).collect() } else { sure.clone() };
        Divisor { days: columns.day, ends: ends(columns.starts), sure, divides, fails }
    }

    /// By how many rows each subject's number is divided on a day; by 0, that is not at all, where none of them is certain.
    pub(super) fn of(&self, window: Window) -> Vec<i64> {
        let within = |mask: &Mask| -> Vec<i64> {
            let mut sums = Vec::new();
            running_sums(self.days.iter().zip(mask).map(|(day, counts)| i64::from(window.holds(*day) & counts)), &mut sums);
            differences(&self.ends, &sums).collect()
        };
        let mut by = within(&self.divides);
        by.iter_mut().zip(within(&self.sure)).filter(|(_, sure)| *sure == 0).for_each(|(by, _)| *by = 0);
        by
    }

    /// What became of the only subject's rows on a day.
    pub(super) fn kept(&self, window: Window) -> KeptDivisor {
        let rows = self.days.iter().zip(&self.divides).zip(&self.fails).map(|((day, divides), fails)| KeptRow {
            full: 0,
            keep: 1000,
            points: 0,
            counts: window.holds(*day) & divides == 1,
            uncertain: window.holds(*day) == 1 && *divides == 0 && *fails == 0,
            coming: *day > window.last && *fails == 0,
        });
        KeptDivisor { by: self.of(window).first().copied().unwrap_or(0), rows: rows.collect() }
    }
}
