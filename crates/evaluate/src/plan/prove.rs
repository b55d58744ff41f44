//! Why nothing overflows while running: every bound that the kernel's wrapping arithmetic counts on, proved once.

use std::collections::BTreeMap;

use xinzhi_core::Points;
use xinzhi_rules::model::{Fading, Indicator, KindIx, Put, RECORDS_MAX, Scorecard, Take};

use super::{Bounds, DimensionPlan, IndicatorPlan, PlanFault};

/// Proves that one row's points in thousandths of thousandths, and the sum over as many rows as a subject may have, fit. Returns the
/// most, without sign, that the rows of one subject can come to.
pub(super) fn take(indicator: &Indicator) -> Result<i64, PlanFault> {
    let large = || PlanFault::PointsTooLarge(indicator.id.clone());
    let most = Some(indicator.take.most()).filter(|most| *most < i64::MAX).ok_or_else(large)?;
    let Take::Each { put, .. } = &indicator.take else { return Ok(most) };
    most.checked_mul(1000).ok_or_else(large)?;
    let sum = most.checked_mul(RECORDS_MAX).ok_or_else(large)?;
    Ok(if *put == Put::Sum { sum } else { most })
}

/// Bands that rise, one at least.
pub(super) fn bands(indicator: &Indicator, bands: &[(i64, i64)]) -> Result<(), PlanFault> {
    if bands.is_empty() || !bands.is_sorted_by(|a, b| a.0 < b.0) || bands.len() > super::TABLE_MAX {
        return Err(PlanFault::Bands(indicator.id.clone()));
    }
    Ok(())
}

/// Floor, cap and weight of a sum that lies within ±`reach`, so that clamping and weighing it fit.
pub(super) fn bounds(name: &str, bounds: (Option<Points>, Option<Points>, i64), reach: i64) -> Result<Bounds, PlanFault> {
    let (floor, cap, weight) = bounds;
    if floor.is_some_and(|floor| floor > Points::ZERO) || cap.is_some_and(|cap| cap < Points::ZERO) {
        return Err(PlanFault::Bounds(name.to_owned()));
    }
    if !(1..=1000).contains(&weight) {
        return Err(PlanFault::Weight(name.to_owned()));
    }
    // Clamping at the reach where nothing else is said changes nothing.
    let binding = floor.is_some() || cap.is_some();
    let bounds = Bounds { floor: floor.map_or(-reach, |p| p.0), cap: cap.map_or(reach, |p| p.0), weight, binding };
    let most = bounds.most().ok_or_else(|| PlanFault::PointsTooLarge(name.to_owned()))?;
    if weight != 1000 && most.checked_mul(weight).is_none() {
        return Err(PlanFault::PointsTooLarge(name.to_owned()));
    }
    Ok(bounds)
}

/// Proves that the stretches between the windows and fades of a kind can be numbered in 16 bits.
pub(super) fn borders(scorecard: &Scorecard) -> Result<(), PlanFault> {
    let mut borders: BTreeMap<KindIx, usize> = BTreeMap::new();
    for indicator in scorecard.dimensions.iter().flat_map(|dimension| &dimension.indicators) {
        let steps = if let Fading::Steps(steps) = &indicator.fade { steps.len() } else { 0 };
        let many = borders.entry(indicator.kind).or_default();
        *many = many.saturating_add(steps).saturating_add(2);
        if *many > super::TABLE_MAX {
            return Err(PlanFault::Table(indicator.id.clone()));
        }
    }
    Ok(())
}

/// The most, without sign, that the indicators of a dimension can sum to.
pub(super) fn dimension(title: &str, indicators: &[IndicatorPlan]) -> Result<i64, PlanFault> {
    let reach = indicators.iter().try_fold(0_i64, |sum, indicator| sum.checked_add(indicator.bounds.most()?));
    reach.ok_or_else(|| PlanFault::PointsTooLarge(title.to_owned()))
}

/// Proves that base and dimensions together, in any order, and the weights in thousandths fit. Returns the whole weight.
pub(super) fn total(scorecard: &Scorecard, dimensions: &[DimensionPlan], indicators: &[IndicatorPlan]) -> Result<i64, PlanFault> {
    let name = || scorecard.id.clone();
    let large = || PlanFault::PointsTooLarge(name());
    if scorecard.min > scorecard.max || !(0..=1000).contains(&scorecard.assessed_share) || scorecard.coverage_lag_days < 0 {
        return Err(PlanFault::Range(name()));
    }
    let base = scorecard.base.0.checked_abs().ok_or_else(large)?;
    dimensions.iter().try_fold(base, |sum, dimension| sum.checked_add(dimension.bounds.most()?)).ok_or_else(large)?;
    let weight = indicators.iter().try_fold(0_i64, |sum, indicator| sum.checked_add(indicator.share)).ok_or_else(large)?;
    if weight == 0 {
        return Err(PlanFault::Weightless(name()));
    }
    weight.checked_mul(1000).map(|_| weight).ok_or_else(large)
}

impl Bounds {
    /// The most, without sign, that may leave; before the weight, which never adds to it.
    fn most(self) -> Option<i64> {
        Some(self.floor.checked_abs()?.max(self.cap.checked_abs()?))
    }
}
