//! From what becomes of each subject to tables of numbers: pure.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use xinzhi_core::Points;

use super::ratio::{Ratio, Share, ratio};
use super::shift::{Move, Scales, Shift};

/// How many subjects move which way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moves {
    /// A better grade, or the same with more points.
    pub better: i64,
    /// A worse grade, or the same with fewer points.
    pub worse: i64,
    /// Neither.
    pub same: i64,
    /// Not evaluable any more.
    pub lost: i64,
    /// Evaluable only now.
    pub found: i64,
    /// Of the better ones, those with a better grade.
    pub grade_better: i64,
    /// Of the worse ones, those with a worse grade.
    pub grade_worse: i64,
}

impl Moves {
    /// Everybody.
    pub fn all(self) -> i64 {
        self.better + self.worse + self.same + self.lost + self.found
    }

    /// How many move one way.
    pub fn of(self, moved: Move) -> i64 {
        match moved {
            Move::Better => self.better,
            Move::Worse => self.worse,
            Move::Same => self.same,
            Move::Lost => self.lost,
            Move::Found => self.found,
        }
    }

    pub(crate) fn add(&mut self, moved: Move, grades: Option<Ordering>) {
        match moved {
            Move::Better => self.better += 1,
            Move::Worse => self.worse += 1,
            Move::Same => self.same += 1,
            Move::Lost => self.lost += 1,
            Move::Found => self.found += 1,
        }
        match grades {
            Some(Ordering::Greater) => self.grade_worse += 1,
            Some(Ordering::Less) => self.grade_better += 1,
            Some(Ordering::Equal) | None => {}
        }
    }
}

/// How far points move, in thousandths of a point, of everybody who has points by both models.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spread {
    /// How many.
    pub subjects: i64,
    /// The sum of all changes.
    pub sum: i64,
    /// The least.
    pub least: i64,
    /// One in twenty is at or below it.
    pub p5: i64,
    /// One in four is at or below it.
    pub p25: i64,
    /// The middle; of two the mean, truncated toward zero.
    pub p50: i64,
    /// One in four is at or above it.
    pub p75: i64,
    /// One in twenty is at or above it.
    pub p95: i64,
    /// The most.
    pub most: i64,
}

/// The spread of changes; none where nobody has points by both.
pub(crate) fn spread(changes: impl IntoIterator<Item = i64>) -> Option<Spread> {
    let mut changes: Vec<i64> = changes.into_iter().collect();
    changes.sort_unstable();
    let last = changes.len().checked_sub(1)?;
    let at = |place: usize| changes.get(place).copied().unwrap_or_default();
    // Counted from either end alike, so that the spread of the way back is the same with the signs turned.
    let below = |percent: usize| at(last * percent / 100);
    let above = |percent: usize| at(last - last * percent / 100);
    Some(Spread {
        subjects: i64::try_from(changes.len()).unwrap_or(i64::MAX),
        sum: changes.iter().fold(0, |sum, change| sum.saturating_add(*change)),
        least: at(0),
        p5: below(5),
        p25: below(25),
        p50: at(last / 2).saturating_add(at(last.div_ceil(2))) / 2,
        p75: above(25),
        p95: above(5),
        most: at(last),
    })
}

/// A group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// In an address; a dash where it is not known.
    pub key: String,
    /// What people read.
    pub title: String,
    /// What becomes of its subjects.
    pub moves: Moves,
    /// The share that becomes worse, compared with everybody else.
    pub worse: Ratio,
    /// The share with a worse grade, compared with everybody else.
    pub grade_worse: Ratio,
}

/// Groups by one property.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Breakdown {
    /// In an address: kind, area, industry, or `group:` and a title.
    pub by: String,
    /// What people read.
    pub title: String,
    /// In order of their keys.
    pub groups: Vec<Group>,
}

impl Breakdown {
    /// How many comparisons raise an alarm.
    pub fn alarms(&self) -> usize {
        self.groups.iter().map(|group| [group.worse, group.grade_worse].iter().filter(|ratio| ratio.comparison.alarms()).count()).sum()
    }
}

/// Everybody of some shifts.
pub(crate) fn moves<'s>(shifts: impl IntoIterator<Item = &'s Shift>, scales: &Scales) -> Moves {
    let mut moves = Moves::default();
    for Shift { before, after, .. } in shifts {
        moves.add(scales.moved(*before, *after), scales.grades(*before, *after));
    }
    moves
}

/// Groups by what `key` says of each, each compared with everybody else.
pub(crate) fn groups<K: Ord>(
    (shifts, scales): (&[Shift], &Scales),
    key: impl Fn(&Shift) -> K,
    named: impl Fn(&K) -> (String, String),
) -> Vec<Group> {
    let mut sums: BTreeMap<K, Moves> = BTreeMap::new();
    for shift in shifts {
        let moved = scales.moved(shift.before, shift.after);
        sums.entry(key(shift)).or_default().add(moved, scales.grades(shift.before, shift.after));
    }
    let all = |part: fn(&Moves) -> i64| Share { part: sums.values().map(part).sum(), whole: sums.values().map(|moves| moves.all()).sum() };
    let (worse, grade_worse) = (all(|moves| moves.worse), all(|moves| moves.grade_worse));
    let group = |(key, moves): (&K, &Moves)| {
        let (key, title) = named(key);
        let of = |part| Share { part, whole: moves.all() };
        Group { key, title, moves: *moves, worse: ratio(of(moves.worse), worse), grade_worse: ratio(of(moves.grade_worse), grade_worse) }
    };
    sums.iter().map(group).collect()
}

/// Points as a change is written: `-12.5`, `+3`, `0`.
pub fn signed(thousandths: i64) -> String {
    Points(thousandths).signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_has_the_same_spread_with_the_signs_turned() {
        for changes in [vec![5], vec![1, 2], vec![-7, 0, 3, 3, 9], (0..41).map(|n| n * n - 300).collect::<Vec<i64>>()] {
            let there = spread(changes.iter().copied()).unwrap();
            let back = spread(changes.iter().map(|change| -change)).unwrap();
            let turned = Spread {
                subjects: there.subjects,
                sum: -there.sum,
                least: -there.most,
                p5: -there.p95,
                p25: -there.p75,
                p50: -there.p50,
                p75: -there.p25,
                p95: -there.p5,
                most: -there.least,
            };
            assert_eq!(back, turned, "{changes:?}");
        }
        assert_eq!(spread([]), None);
        let many = spread((1..=100).rev()).unwrap();
        assert_eq!((many.least, many.p5, many.p25, many.p50, many.p75, many.p95, many.most), (1, 5, 25, 50, 76, 96, 100));
    }
}
