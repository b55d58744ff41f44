//! From rows to subjects. Rows of a subject lie together, so what they sum to is the difference of two running sums: one addition a
//! row, whatever the number of subjects, and exact because wrapping sums differ by what they should as long as the difference fits.

use xinzhi_rules::model::Put;

use super::days::{Table, at};
use super::rows::{Kept, Scratch};
use super::{Sink, ranges};
use crate::columns::KindColumns;
use crate::plan::Bounds;

/// Running sums of values, the first 0.
pub(super) fn running_sums(values: impl Iterator<Item = i64>, sums: &mut Vec<i64>) {
    sums.clear();
    let mut sum = 0_i64;
    sums.push(sum);
    sums.extend(values.map(|value| {
        sum = sum.wrapping_add(value);
        sum
    }));
}

/// What each subject's rows sum to.
pub(super) fn differences(columns: &KindColumns<'_>, sums: &[i64]) -> impl Iterator<Item = i64> {
    let sum = |place: usize| sums.get(place).copied().unwrap_or(0);
    ranges(columns).map(move |(start, end)| sum(end).wrapping_sub(sum(start)))
}

/// Adds what each subject's rows come to.
pub(super) fn add_up(
    put: Put,
    table: &Table,
    columns: &KindColumns<'_>,
    (bounds, sink, scratch): (Bounds, &mut Sink<'_>, &mut Scratch),
    kept: Option<&mut Kept>,
) {
    let Scratch { entry, sums, .. } = scratch;
    let mut kept = kept;
    if put == Put::Sum {
        match table {
            Table::Steps { points, .. } => running_sums(entry.iter().map(|entry| at(points, *entry)), sums),
            Table::Linear { .. } => running_sums(entry.iter().zip(columns.day).map(|(entry, day)| table.points(*entry, *day)), sums),
        }
        for (sum, raw) in sink.dimension.iter_mut().zip(differences(columns, sums)) {
            *sum = sum.wrapping_add(bounds.apply(raw));
            keep(&mut kept, raw);
        }
        return;
    }
    for (sum, (start, end)) in sink.dimension.iter_mut().zip(ranges(columns)) {
        let rows = entry.get(start..end).unwrap_or(&[]).iter().zip(columns.day.get(start..end).unwrap_or(&[]));
        let counting = rows.filter(|(entry, _)| **entry != 0).map(|(entry, day)| (*day, table.points(*entry, *day)));
        let raw = together(put, counting);
        *sum = sum.wrapping_add(bounds.apply(raw));
        keep(&mut kept, raw);
    }
}

fn keep(kept: &mut Option<&mut Kept>, raw: i64) {
    if let Some(kept) = kept {
        kept.raw = raw;
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
