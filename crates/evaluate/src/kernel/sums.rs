//! From rows to subjects. Rows of a subject lie together, so what they sum to is the difference of two running sums: one addition a
//! row, whatever the number of subjects, and exact because wrapping sums differ by what they should as long as the difference fits.

use xinzhi_rules::model::Put;

use super::days::Table;
use super::rows::Seen;
use super::{Owners, ranges};
use crate::plan::Bounds;

/// Running sums of values, the first 0. The sum is the loop's own: where a closure holds it, it travels through memory row by row.
pub(super) fn running_sums(values: impl ExactSizeIterator<Item = i64>, sums: &mut Vec<i64>) {
    sums.resize(values.len() + 1, 0);
    let Some((first, others)) = sums.split_first_mut() else { return };
    let mut sum = 0_i64;
    *first = sum;
    for (place, value) in others.iter_mut().zip(values) {
        sum = sum.wrapping_add(value);
        *place = sum;
    }
}

/// What each subject's rows sum to, by where they end.
pub(super) fn differences(ends: &[u32], sums: &[i64]) -> impl Iterator<Item = i64> {
    let sum = |end: usize| sums.get(end).copied().unwrap_or(0);
    ranges(ends).map(move |(start, end)| sum(end).wrapping_sub(sum(start)))
}

/// Adds what each subject's rows come to, bounded and weighed: nothing for whoever has none, since no bound excludes 0.
/// Says what the last subject's rows came to before that, which is all there is to know of a population of one.
pub(super) fn add_up(put: Put, table: &Table, seen: Seen<'_>, (bounds, to, sums): (Bounds, &mut [i64], &mut Vec<i64>)) -> i64 {
    let Seen { ages, codes, days, owners } = seen;
    let aged = || ages.iter().copied().zip(codes.iter().copied());
    if put == Put::Sum {
        if table.evenly() {
            running_sums(aged().zip(days).map(|(aged, day)| table.points(aged, *day)), sums);
        } else {
            running_sums(aged().map(|(age, code)| table.at(age, code)), sums);
        }
        bounds.add(to, (owners, sums));
        return sums.last().copied().unwrap_or(0);
    }
    let mut last = 0;
    for owner in owners {
        let rows = aged().zip(days).skip(owner.start as usize).take(owner.rows().len());
        let counting = rows.filter(|((age, code), _)| table.counts(*age, *code) == 1);
        last = together(put, counting.map(|(aged, day)| (*day, table.points(aged, *day))));
        if let Some(to) = to.get_mut(owner.subject as usize) {
            *to = to.wrapping_add(bounds.apply(last));
        }
    }
    last
}

impl Bounds {
    /// Adds what each subject's running sums differ by, bounded and weighed.
    fn add(self, to: &mut [i64], (owners, sums): (Owners<'_>, &[i64])) {
        // Nearly always the weight is the whole: asked once, not for each subject.
        if self.weight == 1000 {
            each_difference(to, (owners, sums), |raw| raw.max(self.floor).min(self.cap));
        } else {
            each_difference(to, (owners, sums), |raw| self.apply(raw));
        }
    }
}

fn each_difference(to: &mut [i64], (owners, sums): (Owners<'_>, &[i64]), bounded: impl Fn(i64) -> i64) {
    let mut before = 0_i64;
    for owner in owners {
        let sum = sums.get(owner.end as usize).copied().unwrap_or(0);
        if let Some(to) = to.get_mut(owner.subject as usize) {
            *to = to.wrapping_add(bounded(sum.wrapping_sub(before)));
        }
        before = sum;
    }
}

/// What points of several days come to; without any, nothing.
fn together(put: Put, rows: impl Iterator<Item = (i32, i64)>) -> i64 {
    let found = match put {
        Put::Sum => Some(rows.fold(0_i64, |sum, (_, points)| sum.wrapping_add(points))),
        Put::Best => rows.map(|(_, points)| points).max(),
        Put::Worst => rows.map(|(_, points)| points).min(),
        Put::Latest => rows.max().map(|(_, points)| points),
        Put::First => rows.min_by_key(|(day, points)| (*day, std::cmp::Reverse(*points))).map(|(_, points)| points),
        Put::Mean => {
            let (sum, count) = rows.fold((0_i64, 0_i64), |(sum, count), (_, points)| (sum.wrapping_add(points), count + 1));
            sum.checked_div(count)
        }
    };
    found.unwrap_or(0)
}
