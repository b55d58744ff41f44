//! What the points of a scorecard can come to: inside what can be counted, and as far as each grade.

use xinzhi_core::Points;

use super::contradiction::never;
use crate::model::{Dimension, Each, Indicator, Pack, Put, RECORDS_MAX, Scorecard, Take};
use crate::predicate::{Column, Predicate, Test};
use crate::raw::At;
use crate::report::{Noun, Report};

/// The sum over all indicators, each within its own bounds, fits; and something in it can move the points at all. What does
/// not fit by itself has been said.
pub(super) fn sums(card: &Scorecard, at: At, report: &mut Report) {
    let indicators = || card.dimensions.iter().flat_map(|dimension| &dimension.indicators);
    let weights =
        || card.dimensions.iter().flat_map(|dimension| dimension.indicators.iter().map(|indicator| dimension.weight_of(indicator)));
    let total = card.dimensions.iter().try_fold(card.base.0.abs(), |sum, dimension| sum.checked_add(most(dimension)?));
    if total.is_none() && !report.faulted_here() {
        report.fault(at, "overflow", "各指标的分值、上下限和权重相乘相加，超出可计算的范围", "请减小 `points`、`floor` 和 `cap`");
    }
    if indicators().next().is_some() && weights().all(|weight| weight == Points::ZERO) {
        report.fault(at, "no-weight", "没有任何指标能影响得分", "请核对各指标的 `points`、`floor`、`cap` 和 `weight`");
    }
}

/// The most, without sign, that the kernel meets on the way to a dimension's points; none where it does not fit.
fn most(dimension: &Dimension) -> Option<i64> {
    let sum = dimension.indicators.iter().try_fold(0_i64, |sum, indicator| {
        let each = indicator.take.most();
        let records = if matches!(indicator.take, Take::Each { put: Put::Sum, .. }) { RECORDS_MAX } else { 1 };
        sum.checked_add(weighed((indicator.floor, indicator.cap), each.checked_mul(records)?, indicator.weight)?)
    })?;
    weighed((dimension.floor, dimension.cap), sum, dimension.weight)
}

/// What bounds leave of at most `reach`, provided that it can be multiplied by the weight.
fn weighed((floor, cap): (Option<Points>, Option<Points>), reach: i64, weight: i64) -> Option<i64> {
    let side = |bound: Option<Points>| bound.map_or(Some(reach), |bound| bound.0.checked_abs());
    let most = side(floor)?.max(side(cap)?);
    if weight != 1000 {
        most.checked_mul(weight)?;
    }
    Some(most)
}

/// What one record of an indicator can be worth: neither its condition nor the class rule of its kind lets every value pass.
fn worths(indicator: &Indicator, pack: &Pack) -> Vec<Points> {
    let (Take::Each { each, .. }, Some(kind)) = (&indicator.take, pack.record_kind(indicator.kind)) else { return Vec::new() };
    let can = |column: Column, tests: Vec<Test>| {
        let is = Predicate::All(tests.into_iter().map(|test| Predicate::Test { column, test }).collect());
        !never(&indicator.filter.iter().chain([&is]).collect::<Vec<_>>(), kind)
    };
    let named = |column: Column, points: &[Points]| {
        let values = (0..).zip(points.iter().copied());
        values.filter(|(value, _)| can(column, vec![Test::OneOf(vec![*value])])).map(|(_, points)| points).collect()
    };
    match each {
        Each::Constant(points) => vec![*points],
        Each::ByClass(points) => named(Column::Class, points),
        Each::ByChoice { field, points } => named(Column::Field(*field), points),
        Each::ByBand { field, bands } => {
            let ends = bands.iter().skip(1).map(|(from, _)| Some(from.saturating_sub(1))).chain([None]);
            let within = |from: i64, end: Option<i64>| std::iter::once(Test::AtLeast(from)).chain(end.map(Test::AtMost)).collect();
            let met = bands.iter().zip(ends).filter(|((from, _), end)| can(Column::Field(*field), within(*from, *end)));
            met.map(|((_, points), _)| *points).collect()
        }
    }
}

/// Every grade is given by some points, or by what forces it; `places` are those of the grades. Of a scorecard that is at fault
/// itself, or of which something could not be read, nothing is said.
pub(super) fn grades(card: &Scorecard, places: &[At], pack: &Pack, report: &mut Report) {
    if report.faulted_here() || report.incomplete(Noun::Indicator) {
        return;
    }
    let spread = card.spread(&|indicator| worths(indicator, pack));
    let (least, most) = spread.range();
    let mut better: Option<Points> = None;
    for (position, (grade, at)) in card.grades.iter().zip(places).enumerate() {
        let Some(from) = grade.from else { continue };
        let above = from > most;
        let below = better.is_some_and(|better| least >= better);
        let until = better.map_or(card.max, |better| Points(better.0.saturating_sub(1)));
        let between = !spread.meets(from, until);
        let next = better.replace(from);
        if !(above || below || between) || card.overrides.iter().any(|rule| rule.grade == position) {
            continue;
        }
        let message = if above {
            format!("得分最高只能到 {most}，达不到等级 `{}` 的起点 {from}", grade.name)
        } else if below {
            format!("得分最低只能到 {least}，不会低到等级 `{}`", grade.name)
        } else {
            let until = next.map(|next| format!("至不足 {next} ")).unwrap_or_default();
            format!("各指标的分值怎样相加都不会落在 {from} {until}之间，达不到等级 `{}`", grade.name)
        };
        let help = "请调整等级的起点、`base` 或各指标、维度的分值、上下限和权重；由名单或记录直接定级的等级不受此限";
        report.fault(*at, "grade-unreachable", message, help);
    }
}
