//! From what becomes of each subject to tables of numbers: pure.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use xinzhi_core::Points;

use super::ratio::{Befalls, Ratio, Share, ratio};
use super::shift::{MeasureShift, Move, Scales, Shift, Stand};

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
    /// Of those with neither, those whom neither model can evaluate.
    pub ungraded: i64,
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

    /// Those whom both models evaluate: only of them can it be said that they become better or worse.
    pub fn compared(self) -> i64 {
        self.better + self.worse + self.same - self.ungraded
    }

    /// Those whom the old model evaluates: only they can lose it.
    pub fn graded_before(self) -> i64 {
        self.compared() + self.lost
    }

    /// Those whom the old model does not evaluate: only they can become evaluable.
    pub fn ungraded_before(self) -> i64 {
        self.found + self.ungraded
    }

    pub(crate) fn add(&mut self, scales: &Scales, before: Stand, after: Stand) {
        match scales.moved(before, after) {
            Move::Better => self.better += 1,
            Move::Worse => self.worse += 1,
            Move::Same => self.same += 1,
            Move::Lost => self.lost += 1,
            Move::Found => self.found += 1,
        }
        self.ungraded += i64::from(before.grade.is_none() && after.grade.is_none());
        match scales.grades(before, after) {
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
    /// The share that becomes worse of those whom both models evaluate, compared with everybody else.
    pub worse: Ratio,
    /// The share of them with a worse grade, compared with everybody else.
    pub grade_worse: Ratio,
    /// The share that is not evaluated any more of those whom the old model evaluates, compared with everybody else.
    pub lost: Ratio,
    /// The share that becomes better of those whom both models evaluate, compared with everybody else.
    pub better: Ratio,
    /// The share of them with a better grade, compared with everybody else.
    pub grade_better: Ratio,
    /// The share that is evaluated only now of those whom the old model does not evaluate, compared with everybody else.
    pub found: Ratio,
}

/// A group whose subjects are compared with everybody else.
pub trait Compared {
    /// So many comparisons.
    type Ratios: IntoIterator<Item = (Befalls, Ratio)>;

    /// Every comparison, the unfavourable ones first.
    fn ratios(&self) -> Self::Ratios;
}

impl Compared for Group {
    type Ratios = [(Befalls, Ratio); 6];

    fn ratios(&self) -> Self::Ratios {
        [
            (Befalls::Worse, self.worse),
            (Befalls::GradeWorse, self.grade_worse),
            (Befalls::Lost, self.lost),
            (Befalls::Better, self.better),
            (Befalls::GradeBetter, self.grade_better),
            (Befalls::Found, self.found),
        ]
    }
}

/// Groups by one property: of a model, or with what measures do to them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Breakdown<G> {
    /// In an address: kind, area, industry, or of a model `group:` and a title.
    pub by: String,
    /// What people read.
    pub title: String,
    /// In order of their keys.
    pub groups: Vec<G>,
}

impl<G: Compared> Breakdown<G> {
    /// How many comparisons raise an alarm.
    pub fn alarms(&self) -> Alarms {
        Alarms::of(self.groups.iter().flat_map(G::ratios))
    }

    /// Whether any comparison is more than a number.
    pub fn is_judged(&self) -> bool {
        self.groups.iter().flat_map(G::ratios).any(|(_, ratio)| ratio.comparison.judges())
    }
}

/// A group, and what its subjects gain and lose by measures. Supervision reduces no right and gives none, so it is neither.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeasureGroup {
    /// In an address; a dash where it is not known.
    pub key: String,
    /// What people read.
    pub title: String,
    /// How many subjects it has.
    pub subjects: i64,
    /// Those of them who lose an incentive or get a restriction at any matter.
    pub burdened: i64,
    /// Those who get an incentive or are rid of a restriction at any matter; somebody may be both.
    pub relieved: i64,
    /// The share that is burdened, compared with everybody else.
    pub burdened_ratio: Ratio,
    /// The share that is relieved, compared with everybody else.
    pub relieved_ratio: Ratio,
}

impl Compared for MeasureGroup {
    type Ratios = [(Befalls, Ratio); 2];

    fn ratios(&self) -> Self::Ratios {
        [(Befalls::Burdened, self.burdened_ratio), (Befalls::Relieved, self.relieved_ratio)]
    }
}

/// Gaps between groups that somebody should look at, by what befalls unevenly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Alarms {
    /// Unfavourable.
    pub loses: usize,
    /// Favourable.
    pub wins: usize,
}

impl Alarms {
    fn of(ratios: impl IntoIterator<Item = (Befalls, Ratio)>) -> Alarms {
        let mut alarms = Alarms::default();
        for (befalls, _) in ratios.into_iter().filter(|(_, ratio)| ratio.comparison.alarms()) {
            if befalls.wins() {
                alarms.wins += 1;
            } else {
                alarms.loses += 1;
            }
        }
        alarms
    }

    /// All of them.
    pub fn all(self) -> usize {
        self.loses + self.wins
    }
}

impl std::iter::Sum for Alarms {
    fn sum<I: Iterator<Item = Alarms>>(all: I) -> Alarms {
        all.fold(Alarms::default(), |sum, of| Alarms { loses: sum.loses + of.loses, wins: sum.wins + of.wins })
    }
}

/// Everybody of some shifts.
pub(crate) fn moves<'s>(shifts: impl IntoIterator<Item = &'s Shift>, scales: &Scales) -> Moves {
    let mut moves = Moves::default();
    for Shift { before, after, .. } in shifts {
        moves.add(scales, *before, *after);
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
        sums.entry(key(shift)).or_default().add(scales, shift.before, shift.after);
    }
    let all = |share: fn(&Moves) -> Share| {
        let add = |all: Share, of: Share| Share { part: all.part + of.part, whole: all.whole + of.whole };
        (share, sums.values().map(share).fold(Share { part: 0, whole: 0 }, add))
    };
    // Who is not evaluated any more has become neither better nor worse: a share of their own, so that they hide no gap and make none.
    let worse = all(|moves| Share { part: moves.worse, whole: moves.compared() });
    let grade_worse = all(|moves| Share { part: moves.grade_worse, whole: moves.compared() });
    let lost = all(|moves| Share { part: moves.lost, whole: moves.graded_before() });
    let better = all(|moves| Share { part: moves.better, whole: moves.compared() });
    let grade_better = all(|moves| Share { part: moves.grade_better, whole: moves.compared() });
    let found = all(|moves| Share { part: moves.found, whole: moves.ungraded_before() });
    let group = |(key, moves): (&K, &Moves)| {
        let (key, title) = named(key);
        let all = [worse, grade_worse, lost, better, grade_better, found];
        let [worse, grade_worse, lost, better, grade_better, found] = all.map(|(share, all)| ratio(share(moves), all));
        Group { key, title, moves: *moves, worse, grade_worse, lost, better, grade_better, found }
    };
    sums.iter().map(group).collect()
}

/// Groups by what `key` says of each, with how many measures burden and relieve, each group compared with everybody else.
pub(crate) fn measure_groups<K: Ord>(
    shifts: &[MeasureShift],
    key: impl Fn(&MeasureShift) -> K,
    named: impl Fn(&K) -> (String, String),
) -> Vec<MeasureGroup> {
    let mut sums: BTreeMap<K, [i64; 3]> = BTreeMap::new();
    let mut all = [0; 3];
    for shift in shifts {
        let counts = [1, i64::from(shift.burdened), i64::from(shift.relieved)];
        let sum = sums.entry(key(shift)).or_default();
        for (of, count) in sum.iter_mut().zip(counts).chain(all.iter_mut().zip(counts)) {
            *of += count;
        }
    }
    let compare = |part, whole, (all_part, all_whole)| ratio(Share { part, whole }, Share { part: all_part, whole: all_whole });
    let group = |(key, [subjects, burdened, relieved]): (&K, &[i64; 3])| {
        let (key, title) = named(key);
        let [everybody, all_burdened, all_relieved] = all;
        MeasureGroup {
            key,
            title,
            subjects: *subjects,
            burdened: *burdened,
            relieved: *relieved,
            burdened_ratio: compare(*burdened, *subjects, (all_burdened, everybody)),
            relieved_ratio: compare(*relieved, *subjects, (all_relieved, everybody)),
        }
    };
    sums.iter().map(group).collect()
}

/// Points as a change is written: `-12.5`, `+3`, `0`.
pub fn signed(thousandths: i64) -> String {
    Points(thousandths).signed()
}

#[cfg(test)]
mod tests {
    use super::super::ratio::Comparison;
    use super::*;

    /// So many of a kind, with their grades before and after.
    fn many(kind: &str, number: usize, (before, after): (Option<usize>, Option<usize>)) -> Vec<Shift> {
        let stand = |grade: Option<usize>| Stand { grade, points: grade.map(|_| Points::ZERO) };
        let shift = Shift {
            subject: xinzhi_core::SubjectId(1),
            kind: kind.into(),
            area: None,
            industry: None,
            groups: Vec::new(),
            before: stand(before),
            after: stand(after),
            points: Vec::new(),
            alone: Vec::new(),
        };
        vec![shift; number]
    }

    fn by_kind(shifts: &[Shift]) -> Vec<Group> {
        let scales = ["A".to_owned(), "B".to_owned()];
        groups((shifts, &Scales::named(&scales, &scales)), |shift| shift.kind.clone(), |kind| (kind.to_string(), kind.to_string()))
    }

    #[test]
    fn who_is_not_evaluated_any_more_is_no_part_of_a_share_that_becomes_worse() {
        // Everybody who is still evaluated becomes worse; a whole kind is evaluated no more.
        let (worse, gone, never) = ((Some(0), Some(1)), (Some(0), None), (None, None));
        let shifts = [many("enterprise", 600, worse), many("co-operative", 60, worse), many("sole", 1200, gone), many("sole", 50, never)];
        let found = by_kind(&shifts.concat());
        let told = |group: &Group| (group.key.clone(), group.worse.comparison, group.grade_worse.thousandths, group.lost.comparison);
        let told: Vec<_> = found.iter().map(told).collect();
        assert_eq!(
            told,
            [
                ("co-operative".to_owned(), Comparison::Even, Some(1000), Comparison::Low),
                ("enterprise".to_owned(), Comparison::Even, Some(1000), Comparison::Low),
                ("sole".to_owned(), Comparison::Nothing, None, Comparison::High),
            ]
        );
        let sole = found[2].moves;
        assert_eq!((sole.lost, sole.ungraded, sole.same, sole.compared(), sole.graded_before(), sole.all()), (1200, 50, 50, 0, 1200, 1250));
    }

    #[test]
    fn who_never_was_evaluated_thins_no_share() {
        // Half of either kind becomes worse; of the one, four in five are evaluated by neither model.
        let (worse, same, never) = ((Some(0), Some(1)), (Some(0), Some(0)), (None, None));
        let half = |kind| [many(kind, 50, worse), many(kind, 50, same)].concat();
        let found = by_kind(&[half("enterprise"), half("sole"), many("sole", 400, never)].concat());
        assert!(found.iter().all(|group| (group.worse.thousandths, group.worse.comparison) == (Some(1000), Comparison::Even)), "{found:?}");
    }

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
