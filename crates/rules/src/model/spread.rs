//! Which points can come about: not only the least and the most, but what lies between them and what does not.
//!
//! Sums of many records are found exactly. All worths of an indicator are multiples of their greatest common divisor; where some are above
//! nothing and some below, enough records come to every multiple of it, and where all are on one side, which multiples come about up to the
//! bound is counted out as with coins.

use xinzhi_core::Points;

use super::scorecard::share;
use super::{Dimension, Fading, Indicator, Put, Scorecard, Take};

/// Parts that are kept apart; where there are more, everything between the first and the last counts as possible.
const PARTS_MAX: usize = 10_000;
/// Pairs of parts that are added up, and places at which sums are looked for, before the same is said.
const WORK_MAX: usize = 20_000_000;

/// Points that can come about, as rising parts from a least to a most that do not touch. Never too few: where it cannot be told, a number
/// of points counts as possible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spread(Vec<(i64, i64)>);

impl Spread {
    /// Whether any points from the first up to the second can come about.
    pub fn meets(&self, from: Points, until: Points) -> bool {
        self.0.iter().any(|(least, most)| *least <= until.0 && from.0 <= *most)
    }

    /// The least and the most points that can come about.
    pub fn range(&self) -> (Points, Points) {
        let (least, most) = hull(&self.0).unwrap_or_default();
        (Points(least), Points(most))
    }

    /// Parts in any order as they come; where they are too many, everything from the first to the last.
    fn of(parts: Vec<(i64, i64)>) -> Spread {
        let hull = hull(&parts);
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
        if self.0.len().saturating_mul(other.0.len()) > WORK_MAX {
            let ends = |spread: &Spread| Spread(hull(&spread.0).into_iter().collect());
            return Spread::of(ends(self).sums(&ends(other)).collect());
        }
        self.marked(other).unwrap_or_else(|| Spread::of(self.sums(other).collect()))
    }

    /// Sums of single points: most come about in many ways, so each is marked in its place. None where there are stretches, or too many
    /// places.
    fn marked(&self, other: &Spread) -> Option<Spread> {
        let (least, other_least) = (self.0.first()?.0, other.0.first()?.0);
        let places = |spread: &Spread, least: i64| -> Option<Vec<i64>> {
            spread.0.iter().map(|(from, until)| (from == until).then(|| from.checked_sub(least))?).collect()
        };
        let (own, others) = (places(self, least)?, places(other, other_least)?);
        let unit = own.iter().chain(&others).fold(0, |unit, place| divisor(unit, *place)).max(1);
        let last = own.last()?.checked_add(*others.last()?)? / unit;
        let mut met = vec![false; usize::try_from(last).ok().filter(|last| *last < WORK_MAX)? + 1];
        for own in &own {
            for other in &others {
                let place = usize::try_from((own + other) / unit).ok()?;
                *met.get_mut(place)? = true;
            }
        }
        let first = least.checked_add(other_least)?;
        Some(Spread::points((0..).zip(met).filter(|(_, met)| *met).map(|(place, _): (i64, _)| first + place * unit)))
    }

    fn sums<'s>(&'s self, other: &'s Spread) -> impl Iterator<Item = (i64, i64)> + 's {
        self.0.iter().flat_map(|(least, most)| {
            other.0.iter().map(move |(other_least, other_most)| (least.saturating_add(*other_least), most.saturating_add(*other_most)))
        })
    }

    /// Sums of these, as many of each as one likes, within bounds. None where a side has no bound, or where the sums are too many to be told
    /// apart.
    fn repeated(&self, (floor, cap): (Option<i64>, Option<i64>)) -> Option<Spread> {
        let (least, most) = hull(&self.0)?;
        let (lowers, lifts) = (least < 0, most > 0);
        // What no record moves to needs no bound.
        let floor = if lowers { floor? } else { 0 };
        let cap = if lifts { cap? } else { 0 };
        // With a whole stretch of worths from nothing on, everything up to the bound comes about.
        if self.0.iter().any(|(least, most)| least < most) {
            let stretches = self.0.len() == 1 && least <= 0 && most >= 0;
            return stretches.then(|| Spread(vec![(floor, cap)]));
        }
        let unit = self.0.iter().fold(0, |unit, (points, _)| divisor(unit, *points));
        if unit == 0 {
            return Some(Spread::points([0]));
        }
        let sums: Vec<i64> = if lowers && lifts {
            let many = usize::try_from((cap.checked_sub(floor)?) / unit).ok().filter(|many| *many <= PARTS_MAX)?;
            let first = floor / unit;
            (0..=i64::try_from(many).ok()?).map(|place| (first + place) * unit).filter(|sum| *sum <= cap).collect()
        } else {
            let (bound, sign) = if lowers { (floor.checked_neg()?, -1) } else { (cap, 1) };
            let worths = self.0.iter().map(|(points, _)| *points).filter(|points| *points != 0);
            let worths: Vec<usize> = worths.filter_map(|points| usize::try_from(points.checked_abs()? / unit).ok()).collect();
            coins(&worths, usize::try_from(bound / unit).ok()?)?.into_iter().map(|place| sign * place * unit).collect()
        };
        // Whatever lies beyond a bound comes to it.
        Some(Spread::points(sums.into_iter().chain(lowers.then_some(floor)).chain(lifts.then_some(cap))))
    }
}

/// The least and the most of some parts.
fn hull(parts: &[(i64, i64)]) -> Option<(i64, i64)> {
    parts.iter().copied().reduce(|(least, most), part| (least.min(part.0), most.max(part.1)))
}

/// The greatest common divisor.
fn divisor(a: i64, b: i64) -> i64 {
    let (mut a, mut b) = (a.saturating_abs(), b.saturating_abs());
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// Which numbers up to the most are sums of the worths, each as often as one likes; none where that is too much to find out.
fn coins(worths: &[usize], most: usize) -> Option<Vec<i64>> {
    if most.saturating_add(1).saturating_mul(worths.len().max(1)) > WORK_MAX {
        return None;
    }
    let mut met = vec![false; most + 1];
    for place in 0..=most {
        let is = place == 0 || worths.iter().any(|worth| place.checked_sub(*worth).and_then(|rest| met.get(rest)) == Some(&true));
        if let Some(met) = met.get_mut(place) {
            *met = is;
        }
    }
    (0..).zip(met).filter(|(_, met)| *met).map(|(place, _)| Some(place)).collect()
}

/// What one record of an indicator can be worth before any fade, where not every value can come about.
pub type Worths<'w> = &'w dyn Fn(&Indicator) -> Vec<Points>;

impl Scorecard {
    /// The points that records can bring about, overrides apart; what a record of an indicator can be worth says the caller.
    pub fn spread(&self, worths: Worths<'_>) -> Spread {
        let nothing = Spread::points([self.base.0]);
        let sum = self.dimensions.iter().fold(nothing, |sum, dimension| sum.plus(&spread_of(dimension, worths)));
        sum.through(|points| points.max(self.min.0).min(self.max.0))
    }
}

fn spread_of(dimension: &Dimension, worths: Worths<'_>) -> Spread {
    let nothing = Spread::points([0]);
    let sum = dimension.indicators.iter().fold(nothing, |sum, indicator| {
        let within = |points: i64| bounded((indicator.floor, indicator.cap), points);
        sum.plus(&taken(indicator, worths).through(|points| share(within(points), indicator.weight)))
    });
    sum.through(|points| share(bounded((dimension.floor, dimension.cap), points), dimension.weight))
}

fn bounded((floor, cap): (Option<Points>, Option<Points>), points: i64) -> i64 {
    points.max(floor.map_or(i64::MIN, |floor| floor.0)).min(cap.map_or(i64::MAX, |cap| cap.0))
}

/// What the records of an indicator can amount to, nothing for none of them or for what is not known included.
fn taken(indicator: &Indicator, worths: Worths<'_>) -> Spread {
    let (put, full) = match &indicator.take {
        Take::Number { bands, .. } => return Spread::points(bands.iter().map(|(_, points)| points.0).chain([0])),
        Take::Each { put, .. } => (*put, worths(indicator)),
    };
    let full: Vec<i64> = full.iter().map(|points| points.0).collect();
    let (lowers, lifts) = (full.iter().any(|points| *points < 0), full.iter().any(|points| *points > 0));
    let (least, most) = indicator.range();
    let anything = || Spread::of(vec![(if lowers { least.0.min(0) } else { 0 }, if lifts { most.0.max(0) } else { 0 })]);
    if put == Put::Mean {
        return anything();
    }
    let worth = match &indicator.fade {
        Fading::Steps(steps) => {
            let keeps = || steps.iter().map(|step| step.keep).chain([1000]);
            Spread::points(full.iter().flat_map(|points| keeps().map(|keep| share(*points, keep))).chain([0]))
        }
        Fading::Linear { .. } => Spread::of(full.iter().map(|points| ((*points).min(0), (*points).max(0))).chain([(0, 0)]).collect()),
    };
    if put != Put::Sum {
        return worth;
    }
    worth.repeated((indicator.floor.map(|floor| floor.0), indicator.cap.map(|cap| cap.0))).unwrap_or_else(anything)
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
        let repeated = |points: &[i64], bounds| Spread::points(points.iter().copied().chain([0])).repeated(bounds);
        assert_eq!(repeated(&[-20], (Some(-50), None)), Some(Spread::points([0, -20, -40, -50])));
        assert_eq!(repeated(&[20], (Some(-50), None)), None, "without a bound there is no end");
        assert_eq!(repeated(&[-20, 20], (Some(-50), None)), None, "nor without one of two");
        // 20, 40, 60, 70, 80, 90: not 10, 30 or 50.
        assert_eq!(repeated(&[20, 70], (None, Some(90))), Some(Spread::points([0, 20, 40, 60, 70, 80, 90])));
        assert_eq!(repeated(&[-3333], (Some(-3_333_000), None)).map(|spread| spread.0.len()), Some(1001));
        assert_eq!(repeated(&[-1_000_000_007], (Some(-9_000_000_000_000_000_000), None)), None, "too many to be told apart");
        assert_eq!(Spread::of(vec![(-20, 0)]).repeated((Some(-50), None)), Some(Spread(vec![(-50, 0)])), "what fades evenly");
    }

    #[test]
    fn of_both_signs_every_multiple_of_the_common_divisor_comes_about() {
        let spread = Spread::points([0, -15, -7, 9]);
        let all = spread.repeated((Some(-20), Some(10))).unwrap();
        assert_eq!(all, Spread(vec![(-20, 10)]), "of 1 everything");
        let spread = Spread::points([0, -15_000, -7_500, 5_000, 2_500]);
        let all = spread.repeated((Some(-60_000), Some(20_000))).unwrap();
        assert_eq!(all, Spread::points((-24..=8).map(|place| place * 2_500)));
        // Bounds that are no multiples come about because what lies beyond them does.
        assert_eq!(Spread::points([0, -20, 20]).repeated((Some(-30), Some(50))), Some(Spread::points([-30, -20, 0, 20, 40, 50])));
    }

    #[test]
    fn between_two_sums_nothing_is_met() {
        let spread = Spread::points([0, 30]).plus(&Spread::points([0, -20])).through(|points| points + 800);
        assert_eq!(spread, Spread::points([780, 800, 810, 830]));
        let met = |from, until| spread.meets(Points(from), Points(until));
        assert!(met(800, 805) && met(0, 780) && !met(811, 829) && !met(831, 900));
    }
}
