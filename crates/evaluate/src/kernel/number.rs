//! Indicators that take a number of all records of the window: how many, how many different, how much, how large a share.

use super::rows::{Job, Kept, Scratch};
use super::sums::{differences, running_sums};
use super::{Sink, ranges};
use crate::columns::{Column, KindColumns, Values};
use crate::kernel::days::Window;
use crate::plan::Counted;

impl Counted {
    /// Marks the rows that count: in the window, meeting the condition, and with what is measured known.
    pub(super) fn mark(&self, window: Window, columns: &KindColumns<'_>, scratch: &mut Scratch) {
        scratch.valued.clear();
        scratch.valued.resize(columns.rows(), 1);
        match self {
            Counted::Rows => {}
            Counted::Distinct(column) | Counted::Total(column) => {
                // `complete` has seen that the column is there.
                let column = columns.column(*column).unwrap_or(Column { values: Values::Long(&[]), known: Some(&[]) });
                widen(column.values, &mut scratch.values);
                if let Some(known) = column.known {
                    scratch.valued.copy_from_slice(known);
                }
            }
            Counted::Rate(of) => {
                scratch.of.read(of, columns, &mut scratch.pool);
                let told = scratch.of.yes.iter().zip(&scratch.of.no);
                scratch.valued.iter_mut().zip(told).for_each(|(valued, (yes, no))| *valued = yes | no);
            }
        }
        let sure = scratch.filter.yes.iter().zip(&scratch.valued).zip(columns.day);
        scratch.entry.clear();
        scratch.entry.extend(sure.map(|((yes, valued), day)| u16::from(yes & valued & window.holds(*day))));
    }

    /// Adds the points of the band that each subject's number falls in, where the window was reported throughout.
    pub(super) fn put(
        &self,
        bands: &[(i64, i64)],
        columns: &KindColumns<'_>,
        (job, coverage_of, sink, scratch): (&Job<'_>, &[u32], &mut Sink<'_>, &mut Scratch),
        mut kept: Option<&mut Kept>,
    ) {
        let numbers = self.numbers(columns, scratch);
        let subjects = sink.dimension.iter_mut().zip(&mut *sink.known_weight).zip(numbers.iter().zip(coverage_of));
        for ((sum, weight), (number, set)) in subjects {
            let number = number.filter(|_| job.covers(Some(set)));
            job.place(number, bands, (sum, weight), &mut kept);
        }
    }

    /// The same where nobody has a row.
    pub(super) fn put_nothing(
        &self,
        bands: &[(i64, i64)],
        (job, coverage_of, sink): (&Job<'_>, &[u32], &mut Sink<'_>),
        mut kept: Option<&mut Kept>,
    ) {
        let subjects = sink.dimension.iter_mut().zip(&mut *sink.known_weight).zip(coverage_of);
        for ((sum, weight), set) in subjects {
            let number = if matches!(self, Counted::Rate(_)) { None } else { Some(0) };
            job.place(number.filter(|_| job.covers(Some(set))), bands, (sum, weight), &mut kept);
        }
    }

    fn numbers(&self, columns: &KindColumns<'_>, scratch: &mut Scratch) -> Vec<Option<i64>> {
        let Scratch { entry, values, sums, of, .. } = scratch;
        match self {
            Counted::Rows => {
                running_sums(entry.iter().map(|counts| i64::from(*counts)), sums);
                differences(columns, sums).map(Some).collect()
            }
            Counted::Total(_) => ranges(columns).map(|rows| Some(total(entry, values, rows))).collect(),
            Counted::Distinct(_) => ranges(columns).map(|rows| Some(distinct(entry, values, rows))).collect(),
            Counted::Rate(_) => {
                running_sums(entry.iter().map(|counts| i64::from(*counts)), sums);
                let all: Vec<i64> = differences(columns, sums).collect();
                running_sums(entry.iter().zip(&of.yes).map(|(counts, yes)| i64::from(*counts) & i64::from(*yes)), sums);
                differences(columns, sums).zip(all).map(|(met, all)| (met * 1000).checked_div(all)).collect()
            }
        }
    }
}

/// Exact whatever the amounts are: wider than any sum of them, and at the most what the widest band begins with.
fn total(entry: &[u16], values: &[i64], rows: (usize, usize)) -> i64 {
    let sum: i128 = counting(entry, values, rows).map(i128::from).sum();
    i64::try_from(sum).unwrap_or(if sum < 0 { i64::MIN } else { i64::MAX })
}

fn distinct(entry: &[u16], values: &[i64], rows: (usize, usize)) -> i64 {
    let mut found: Vec<i64> = counting(entry, values, rows).collect();
    found.sort_unstable();
    found.dedup();
    i64::try_from(found.len()).unwrap_or(i64::MAX)
}

/// The values of a subject's rows that count.
fn counting(entry: &[u16], values: &[i64], (start, end): (usize, usize)) -> impl Iterator<Item = i64> {
    let rows = entry.get(start..end).unwrap_or(&[]).iter().zip(values.get(start..end).unwrap_or(&[]));
    rows.filter(|(counts, _)| **counts != 0).map(|(_, value)| *value)
}

fn widen(column: Values<'_>, values: &mut Vec<i64>) {
    values.clear();
    match column {
        Values::Byte(column) => values.extend(column.iter().map(|value| i64::from(*value))),
        Values::Short(column) => values.extend(column.iter().map(|value| i64::from(*value))),
        Values::Long(column) => values.extend_from_slice(column),
    }
}

impl Job<'_> {
    /// Adds the points of a number's band; no number, no points and no weight.
    fn place(&self, number: Option<i64>, bands: &[(i64, i64)], (sum, weight): (&mut i64, &mut i64), kept: &mut Option<&mut Kept>) {
        let band = number.and_then(|number| bands.iter().rev().find(|(from, _)| *from <= number));
        let raw = band.map_or(0, |(_, points)| *points);
        if number.is_some() {
            *sum = sum.wrapping_add(self.plan.bounds.apply(raw));
            *weight = weight.wrapping_add(self.plan.share);
        }
        if let Some(kept) = kept {
            (kept.raw, kept.number, kept.known) = (raw, number, number.is_some());
        }
    }
}
