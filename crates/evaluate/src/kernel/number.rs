//! Indicators that take a number of all records of the window: how many, how many different, how much, how large a share.

use super::mask;
use super::rows::{Dated, Job, Kept, Scratch};
use super::sums::{differences, running_sums};
use super::{Chunk, Sink, map_into, ranges};
use crate::columns::{Column, KindColumns, Values};
use crate::plan::Counted;

impl Counted {
    /// Reads what is measured; rows where it is not known are not sure.
    pub(super) fn read(&self, columns: &KindColumns<'_>, scratch: &mut Scratch) {
        let Scratch { sure, of, codes, values, pool, .. } = scratch;
        match self {
            Counted::Rows | Counted::Ratio(_) => {}
            Counted::Distinct(column) | Counted::Total(column) => {
                // `complete` has seen that the column is there.
                let column = columns.column(*column).unwrap_or(Column { values: Values::Long(&[]), known: Some(&[]) });
                widen(column.values, values);
                if let Some(known) = column.known {
                    sure.iter_mut().zip(known).for_each(|(sure, known)| *sure &= known);
                }
            }
            Counted::Rate(condition) => {
                mask::read(&condition.fails, columns, of, pool);
                let mut told = std::mem::take(of);
                mask::read(&condition.holds, columns, of, pool);
                told.iter_mut().zip(&*of).for_each(|(told, holds)| *told |= holds);
                sure.iter_mut().zip(&told).for_each(|(sure, told)| *sure &= told);
                pool.push(told);
            }
        }
        map_into(sure.iter(), codes, |sure| u16::from(*sure));
    }

    /// Marks the rows that count on a day: sure, and in its window.
    pub(super) fn mark(&self, dated: &Dated, ages: &[u16], scratch: &mut Scratch) {
        let Scratch { codes, counts, .. } = scratch;
        map_into(ages.iter().zip(&*codes), counts, |(age, code)| dated.table.counts(*age, *code));
    }

    /// Adds the points of the band that each subject's number falls in, where the window was reported throughout.
    pub(super) fn put(
        &self,
        (job, dated, bands): (&Job<'_>, &Dated, &[(i64, i64)]),
        chunk: &Chunk<'_>,
        (sink, scratch): (&mut Sink<'_>, &mut Scratch),
        mut kept: Option<&mut Kept>,
    ) {
        let numbers = self.numbers(&chunk.ends(), scratch);
        let subjects = sink.dimension.iter_mut().zip(&mut *sink.known_weight).zip(numbers.iter().zip(chunk.lot.coverage_of));
        for ((sum, weight), (number, set)) in subjects {
            let number = number.filter(|_| dated.covers(Some(set)));
            job.place(number, bands, (sum, weight), &mut kept);
        }
    }

    /// The same where nobody has a row.
    pub(super) fn put_nothing(
        &self,
        (job, dated, bands): (&Job<'_>, &Dated, &[(i64, i64)]),
        (coverage_of, by): (&[u32], &[i64]),
        sink: &mut Sink<'_>,
        mut kept: Option<&mut Kept>,
    ) {
        let subjects = sink.dimension.iter_mut().zip(&mut *sink.known_weight).zip(coverage_of);
        for (place, ((sum, weight), set)) in subjects.enumerate() {
            let number = match self {
                Counted::Rate(_) => None,
                Counted::Ratio(_) => ratio(0, by.get(place)),
                Counted::Rows | Counted::Distinct(_) | Counted::Total(_) => Some(0),
            };
            job.place(number.filter(|_| dated.covers(Some(set))), bands, (sum, weight), &mut kept);
        }
    }

    fn numbers(&self, ends: &[u32], scratch: &mut Scratch) -> Vec<Option<i64>> {
        let Scratch { counts, values, sums, of, by, .. } = scratch;
        match self {
            Counted::Rows => {
                running_sums(counts.iter().map(|counts| i64::from(*counts)), sums);
                differences(ends, sums).map(Some).collect()
            }
            Counted::Ratio(_) => {
                running_sums(counts.iter().map(|counts| i64::from(*counts)), sums);
                differences(ends, sums).zip(&*by).map(|(number, by)| ratio(number, Some(by))).collect()
            }
            Counted::Total(_) => ranges(ends).map(|rows| Some(total(counts, values, rows))).collect(),
            Counted::Distinct(_) => ranges(ends).map(|rows| Some(distinct(counts, values, rows))).collect(),
            Counted::Rate(_) => {
                running_sums(counts.iter().map(|counts| i64::from(*counts)), sums);
                let all: Vec<i64> = differences(ends, sums).collect();
                running_sums(counts.iter().zip(&*of).map(|(counts, holds)| i64::from(*counts & *holds)), sums);
                differences(ends, sums).zip(all).map(|(met, all)| (met * 1000).checked_div(all)).collect()
            }
        }
    }
}

/// How many thousandths of `by` a number is; none where that is none.
fn ratio(number: i64, by: Option<&i64>) -> Option<i64> {
    (number * 1000).checked_div(by.copied().unwrap_or(0))
}

/// Exact whatever the amounts are: wider than any sum of them, and at the most what the widest band begins with.
fn total(counts: &[u8], values: &[i64], rows: (usize, usize)) -> i64 {
    let sum: i128 = counting(counts, values, rows).map(i128::from).sum();
    i64::try_from(sum).unwrap_or(if sum < 0 { i64::MIN } else { i64::MAX })
}

fn distinct(counts: &[u8], values: &[i64], rows: (usize, usize)) -> i64 {
    let mut found: Vec<i64> = counting(counts, values, rows).collect();
    found.sort_unstable();
    found.dedup();
    i64::try_from(found.len()).unwrap_or(i64::MAX)
}

/// The values of a subject's rows that count.
fn counting(counts: &[u8], values: &[i64], (start, end): (usize, usize)) -> impl Iterator<Item = i64> {
    let rows = counts.get(start..end).unwrap_or(&[]).iter().zip(values.get(start..end).unwrap_or(&[]));
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
