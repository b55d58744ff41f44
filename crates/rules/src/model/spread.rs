//! Which points can come about: not only the least and the most, but what lies between them and what does not.

use xinzhi_core::Points;

use super::scorecard::share;
use super::{Dimension, Fading, Indicator, Put, Scorecard, Take};

/// Parts that are kept apart; where there are more, everything between the first and the last counts as possible.
const PARTS_MAX: usize = 300;

/// Points that can come about, as rising parts from a least to a most that do not touch. Never too few: where it cannot be told, a number
/// of points counts as possible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spread(Vec<(i64, i64)>);

impl Spread {
    /// Whether any points from the first up to the second can come about.
    pub fn meets(&self, from: Points, until: Points) -> bool {
        self.0.iter().any(|(least, most)| *least <= until.0 && from.0 <= *most)
    }

    /// Parts in any order as they come; where they are too many, everything from the first to the last.
    fn of(parts: Vec<(i64, i64)>) -> Spread {
        let hull = parts.iter().copied().reduce(|(least, most), part| (least.min(part.0), most.max(part.1)));
        Spread::apart(parts).unwrap_or_else(|| Spread(hull.into_iter().collect()))
    }

    /// The same; none where they are too many.
    fn apart(mut parts: Vec<(i64, i64)>) -> Option<Spread> {
        parts.sort_unstable();
        let mut apart: Vec<(i64, i64)> = Vec::new();
        for (least, most) in parts {
            match apart.last_mut() {
                Some((_, last)) if least <= last.saturating_add(1) => *last = (*last).max(most),
                _ => apart.push((least, most)),
            }
        }
        (apart.len() <= PARTS_MAX).then_some(Spread(apart))
    }

    fn points(points: impl IntoIterator<Item = i64>) -> Spread {
        Spread::of(points.into_iter().map(|points| (points, points)).collect())
    }

    /// What a rule makes of them that never turns more into less.
    fn through(&self, rule: impl Fn(i64) -> i64) -> Spread {
        Spread::of(self.0.iter().map(|(least, most)| (rule(*least), rule(*most))).collect())
    }

    fn plus(&self, other: &Spread) -> Spread {
        Spread::of(self.sums(other))
    }

    fn sums(&self, other: &Spread) -> Vec<(i64, i64)> {
        let sums = self.0.iter().flat_map(|(least, most)| {
            other.0.iter().map(move |(other_least, other_most)| (least.saturating_add(*other_least), most.saturating_add(*other_most)))
        });
        sums.collect()
    }

    /// Sums of these, as many of each as one likes, within bounds. None where both signs could pass a bound and come back, or where the sums
    /// are too many to be told apart.
    fn repeated(&self, bounds: impl Fn(i64) -> i64) -> Option<Spread> {
        if self.0.iter().any(|(_, most)| *most > 0) && self.0.iter().any(|(least, _)| *least < 0) {
            return None;
        }
        let mut all = self.clone();
        loop {
            let twice = all.sums(&all).into_iter().map(|(least, most)| (bounds(least), bounds(most)));
            let more = Spread::apart(twice.chain(all.0.iter().copied()).collect())?;
            if more == all {
                return Some(all);
            }
            all = more;
        }
    }
}

impl Scorecard {
    /// The points that records can bring about, overrides apart.
    pub fn spread(&self) -> Spread {
        let nothing = Spread::points([self.base.0]);
        let sum = self.dimensions.iter().fold(nothing, |sum, dimension| sum.plus(&spread_of(dimension)));
        sum.through(|points| points.max(self.min.0).min(self.max.0))
    }
}

fn spread_of(dimension: &Dimension) -> Spread {
    let nothing = Spread::points([0]);
    let sum = dimension.indicators.iter().fold(nothing, |sum, indicator| {
        let within = |points: i64| bounded((indicator.floor, indicator.cap), points);
        sum.plus(&taken(indicator).through(|points| share(within(points), indicator.weight)))
    });
    sum.through(|points| share(bounded((dimension.floor, dimension.cap), points), dimension.weight))
}

fn bounded((floor, cap): (Option<Points>, Option<Points>), points: i64) -> i64 {
    points.max(floor.map_or(i64::MIN, |floor| floor.0)).min(cap.map_or(i64::MAX, |cap| cap.0))
}

/// What the records of an indicator can amount to, nothing for none of them or for what is not known included.
fn taken(indicator: &Indicator) -> Spread {
    let (least, most) = indicator.range();
    let anything = || Spread::of(vec![(least.0.min(0), most.0.max(0))]);
    match &indicator.take {
        Take::Number { bands, .. } => Spread::points(bands.iter().map(|(_, points)| points.0).chain([0])),
        Take::Each { put: Put::Mean, .. } => anything(),
        Take::Each { each, put, .. } => {
            let full: Vec<i64> = each.points().iter().map(|points| points.0).collect();
            let worth = match &indicator.fade {
                Fading::Steps(steps) => {
                    let keeps = || steps.iter().map(|step| step.keep).chain([1000]);
                    Spread::points(full.iter().flat_map(|points| keeps().map(|keep| share(*points, keep))).chain([0]))
                }
                Fading::Linear { .. } => {
                    Spread::of(full.iter().map(|points| ((*points).min(0), (*points).max(0))).chain([(0, 0)]).collect())
                }
            };
            if *put != Put::Sum {
                return worth;
            }
            worth.repeated(|points| bounded((indicator.floor, indicator.cap), points)).unwrap_or_else(anything)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_that_touch_are_one_and_too_many_are_the_whole() {
        assert_eq!(Spread::of(vec![(5, 6), (0, 2), (3, 3), (6, 9)]), Spread(vec![(0, 3), (5, 9)]));
        let many = i64::try_from(PARTS_MAX).unwrap();
        assert_eq!(Spread::points((0..many).map(|n| n * 10)).0.len(), PARTS_MAX);
        assert_eq!(Spread::points((0..=many).map(|n| n * 10)), Spread(vec![(0, many * 10)]));
    }

    #[test]
    fn repeated_points_reach_their_bound_and_no_further() {
        let floor = |points: i64| points.max(-50);
        assert_eq!(Spread::points([0, -20]).repeated(floor), Some(Spread::points([0, -20, -40, -50])));
        assert_eq!(Spread::points([0, 20]).repeated(floor), None, "without a bound there is no end");
        assert_eq!(Spread::points([-20, 20]).repeated(floor), None, "of both signs anything can come about");
        let thirds = Spread::points([0, -3333]).repeated(|points| points.max(-3_333_000));
        assert_eq!(thirds, None, "too many to be told apart");
    }

    #[test]
    fn between_two_sums_nothing_is_met() {
        let spread = Spread::points([0, 30]).plus(&Spread::points([0, -20])).through(|points| points + 800);
        assert_eq!(spread, Spread::points([780, 800, 810, 830]));
        let met = |from, until| spread.meets(Points(from), Points(until));
        assert!(met(800, 805) && met(0, 780) && !met(811, 829) && !met(831, 900));
    }
}
