//! The most that some steps can come to, without trying them: sets that cannot be enough need not be looked at.
//!
//! What a record adds to points that are summed does not depend on other records, floors and caps never turn an order round, and of points
//! that are put together otherwise the most is known. So no set of some steps comes to more than the best records for each indicator
//! would, taken for each by itself.

use xinzhi_core::Day;
use xinzhi_core::record::RecordId;
use xinzhi_rules::fact::Fact;
use xinzhi_rules::model::{Put, SubjectKindIx};

use super::alike::Open;
use crate::columns::ColumnsFault;
use crate::coverage::Coverage;
use crate::feed::Feed;
use crate::kernel::{self, Kept};
use crate::plan::{Bounds, IndicatorPlan, Plan, TakePlan};
use crate::result::Standing;

/// The most that an indicator comes to by so many steps.
#[derive(Clone, Debug)]
struct Most {
    dimension: usize,
    bounds: Bounds,
    /// What it comes to without any.
    raw: i64,
    /// What each further step adds at most, the best first.
    gains: Vec<i64>,
}

/// The most that a subject comes to on a day by so many steps.
#[derive(Clone, Debug, Default)]
pub(super) struct Bound {
    indicators: Vec<Most>,
    /// Whether a step changes a record of a kind that forces a grade.
    frees: bool,
}

impl Bound {
    /// Reads what every record is worth now and after each of its remedies; the subject is evaluated once, with all of them.
    ///
    /// # Errors
    /// [`ColumnsFault`] as any evaluation.
    pub(super) fn read(
        plan: &Plan,
        (facts, coverage, kind): (&[&Fact], &Coverage, SubjectKindIx),
        open: &Open,
        on: Day,
    ) -> Result<Bound, ColumnsFault> {
        // What a record would say stands beside it, under a number that no record has.
        let members = || open.classes.iter().filter_map(|class| Some((class, class.members.first()?)));
        let would: Vec<Fact> = members().flat_map(|(_, member)| &member.steps).map(|(_, after)| after.clone()).collect();
        let would: Vec<Fact> = (1..).zip(would).map(|(place, after)| Fact { record: RecordId(-place), ..after }).collect();
        let feed = Feed::new(plan, [facts.iter().copied().chain(&would)]);
        let (_, watch) = kernel::watched(plan, &feed.population(&[coverage])?.with_kinds(vec![kind])?, on)?;
        let most = |(place, indicator): (usize, &IndicatorPlan)| {
            let kept = watch.parts.get(&place).cloned().unwrap_or_default();
            let points = |record: RecordId| points(&feed, indicator, &kept, record);
            let touched = members().any(|(_, member)| indicator.wanted.iter().any(|wanted| wanted.kind == member.before.kind));
            let summed = matches!(indicator.take, TakePlan::Each { put: Put::Sum, .. });
            let mut gains = Vec::new();
            let raw = if summed {
                let mut next = 1;
                for (class, member) in members() {
                    let before = points(member.record);
                    let after = (next..).take(member.steps.len()).map(|place| points(RecordId(-place))).max().unwrap_or(0);
                    next += i64::try_from(member.steps.len()).unwrap_or(0);
                    gains.extend((after > before).then(|| vec![after - before; class.members.len()]).into_iter().flatten());
                }
                gains.sort_unstable_by_key(|gain| std::cmp::Reverse(*gain));
                now(&feed, indicator, &kept)
            } else if touched {
                highest(indicator, &kept)
            } else if kept.known {
                kept.raw
            } else {
                0
            };
            Most { dimension: indicator.dimension, bounds: indicator.bounds, raw, gains }
        };
        let frees = members().any(|(_, member)| plan.overrides.iter().any(|rule| rule.kind == member.before.kind));
        Ok(Bound { indicators: plan.indicators.iter().enumerate().map(most).collect(), frees })
    }

    /// The fewest steps that may be enough for a grade, given how the subject stands without any; none where no number is.
    pub(super) fn least(&self, plan: &Plan, (goal, now): (usize, Standing), steps: usize) -> Option<usize> {
        // By peers a step may change whose limits hold, and a rule that forces the goal itself needs no points.
        if plan.peers.is_some() || plan.overrides.iter().any(|rule| rule.grade <= goal) {
            return (steps > 0).then_some(1);
        }
        let lowered = plan.overrides.iter().all(|rule| !rule.lifts) && now.forced.is_some_and(|grade| grade > goal);
        if lowered && !self.frees {
            return None;
        }
        (1..=steps).find(|steps| plan.grade(self.most(plan, *steps).clamp(plan.min, plan.max), None) <= goal)
    }

    fn most(&self, plan: &Plan, steps: usize) -> i64 {
        let mut sums = vec![0_i64; plan.dimensions.len()];
        for indicator in &self.indicators {
            let raw = indicator.gains.iter().take(steps).fold(indicator.raw, |sum, gain| sum.saturating_add(*gain));
            if let Some(sum) = sums.get_mut(indicator.dimension) {
                *sum = sum.saturating_add(indicator.bounds.apply(raw));
            }
        }
        let dimensions = plan.dimensions.iter().zip(sums).map(|(dimension, sum)| dimension.bounds.apply(sum));
        dimensions.fold(plan.base, i64::saturating_add)
    }
}

/// What a record adds to an indicator.
fn points(feed: &Feed, indicator: &IndicatorPlan, kept: &Kept, record: RecordId) -> i64 {
    let rows = feed.kind(indicator.kind).map_or(&[][..], |rows| rows.records.as_slice());
    rows.iter().zip(&kept.rows).find(|(row, _)| **row == record).map_or(0, |(_, kept)| kept.points)
}

/// What all records together add to an indicator as they are.
fn now(feed: &Feed, indicator: &IndicatorPlan, kept: &Kept) -> i64 {
    let rows = feed.kind(indicator.kind).map_or(&[][..], |rows| rows.records.as_slice());
    let there = rows.iter().zip(&kept.rows).filter(|(record, _)| record.0 >= 0);
    there.fold(0_i64, |sum, (_, kept)| sum.saturating_add(kept.points))
}

/// The most that an indicator can come to, whichever of the rows are there.
fn highest(indicator: &IndicatorPlan, kept: &Kept) -> i64 {
    match &indicator.take {
        TakePlan::Each { .. } => kept.rows.iter().map(|row| row.points).max().unwrap_or(0).max(0),
        TakePlan::Number { bands, .. } => bands.iter().map(|(_, points)| *points).max().unwrap_or(0).max(0),
    }
}
