//! A scorecard compiled for the kernel: names are gone, bounds are proved, nothing is left to refuse while running.

use std::collections::{BTreeMap, BTreeSet};

use xinzhi_core::day::Span;
use xinzhi_core::{Day, Points};
use xinzhi_rules::model::{Each, FieldIx, Indicator, KindIx, Nature, Override, Pack, RecordKind, Scorecard, ScorecardIx};
use xinzhi_rules::predicate::{Column, Predicate, Test};

use crate::columns::ROWS_MAX;
use crate::coverage::Wanted;
use crate::result::Reason;

/// Conditions nest at most this deep; deeper ones are a fault of the pack, not a full stack at night.
const DEPTH_MAX: usize = 16;

/// Why a scorecard cannot be compiled. The loader finds most of it with line and column; here it is proved.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanFault {
    /// No such scorecard.
    #[error("规则包中没有第 {0} 个评价模型，请重新装载规则包")]
    Scorecard(usize),
    /// A kind or field that the pack does not have.
    #[error("指标 `{0}` 所用的信息种类或字段在规则包中不存在，请更正指标")]
    Dangling(String),
    /// A condition deeper than the limit.
    #[error("指标 `{0}` 的条件嵌套超过 16 层，请改写条件")]
    Depth(String),
    /// Points so large that a sum over a population might overflow.
    #[error("指标 `{0}` 的分值过大，无法保证合计不溢出，请减小分值")]
    PointsTooLarge(String),
    /// A fade that keeps less than nothing or more than all, or ages that do not rise.
    #[error("指标 `{0}` 的衰减须按月数递增排列，保留比例须在 0 到 100% 之间，请更正衰减")]
    Fade(String),
    /// Bands that do not rise, or none at all.
    #[error("指标 `{0}` 的分档须至少一档并按起点递增，请更正分档")]
    Bands(String),
    /// Floor above cap, or on the wrong side of zero, so that no record at all would already give points.
    #[error("指标 `{0}` 的下限须不高于 0、上限须不低于 0，请更正上下限")]
    Bounds(String),
    /// A window of no length.
    #[error("指标 `{0}` 的时间窗口须为正，请更正窗口")]
    Window(String),
    /// Range, share or lag that cannot be.
    #[error("评价模型 `{0}` 的分值范围、可评价比例或归集滞后天数不合理，请更正模型")]
    Range(String),
    /// Grades that do not fall from best to worst, or do not reach down to the least points.
    #[error("评价模型 `{0}` 的等级须由高到低排列，且最后一级须从最低分起，请更正等级")]
    Grades(String),
    /// A list without a span, or a grade that does not exist.
    #[error("评价模型 `{0}` 的名单定级所用名单或等级不存在，请更正名单定级")]
    Override(String),
    /// No indicator has a bound, so that nothing can be assessed.
    #[error("评价模型 `{0}` 的指标都没有上下限，无法计算可评价比例，请补充上下限")]
    Weightless(String),
}

/// A compiled scorecard.
#[derive(Clone, Debug)]
pub struct Plan {
    pub(crate) base: i64,
    pub(crate) min: i64,
    pub(crate) max: i64,
    pub(crate) assessed_share: i64,
    pub(crate) weight: i64,
    pub(crate) indicators: Vec<IndicatorPlan>,
    pub(crate) overrides: Vec<OverridePlan>,
    pub(crate) grades: Vec<i64>,
    pub(crate) valid_days: i32,
    in_force: Span,
    review_by: Day,
    bases: Vec<Span>,
    reads: BTreeMap<KindIx, BTreeSet<FieldIx>>,
}

/// One indicator of a plan.
#[derive(Clone, Debug)]
pub(crate) struct IndicatorPlan {
    pub kind: KindIx,
    pub filter: Option<Node>,
    pub window_months: i32,
    pub worth: Worth,
    pub fades: Vec<(i32, i64)>,
    pub floor: i64,
    pub cap: i64,
    pub weight: i64,
    pub wanted: Wanted,
}

/// A list that forces a grade.
#[derive(Clone, Debug)]
pub(crate) struct OverridePlan {
    pub list: KindIx,
    pub from: Column,
    pub until: Option<Column>,
    pub grade: usize,
    /// A list of honour can only lift, every other one can only lower: another adverse entry never helps (D17).
    pub lifts: bool,
}

/// What one row is worth.
#[derive(Clone, Debug)]
pub(crate) enum Worth {
    Constant(i64),
    /// By position: class or choice.
    Table(Column, Vec<i64>),
    /// Start of each band with its points, rising.
    Bands(Column, Vec<(i64, i64)>),
}

/// A condition over columns.
#[derive(Clone, Debug)]
pub(crate) enum Node {
    All(Vec<Node>),
    Any(Vec<Node>),
    Not(Box<Node>),
    Test(Column, Compare),
}

/// A comparison of one column.
#[derive(Clone, Debug)]
pub(crate) enum Compare {
    /// Positions below 64, as a bit each: nearly every comparison with choices.
    InSet(u64),
    Among(Vec<i64>),
    AnyBit(i64),
    AtLeast(i64),
    AtMost(i64),
    Present,
}

impl Plan {
    /// Compiles and proves.
    ///
    /// # Errors
    /// [`PlanFault`], naming the indicator.
    pub fn compile(pack: &Pack, card: ScorecardIx) -> Result<Plan, PlanFault> {
        let scorecard = pack.scorecards.get(card.0).ok_or(PlanFault::Scorecard(card.0))?;
        let indicators = compile_indicators(pack, scorecard)?;
        let overrides = scorecard.overrides.iter().map(|o| compile_override(pack, scorecard, o)).collect::<Result<Vec<_>, _>>()?;
        let weight = prove_total(scorecard, &indicators)?;
        let bases = scorecard.basis.iter().filter_map(|law| pack.laws.get(law.0)).map(|law| law.in_force).collect();
        let reads = reads(&indicators, &overrides);
        Ok(Plan {
            base: scorecard.base.0,
            min: scorecard.min.0,
            max: scorecard.max.0,
            assessed_share: scorecard.assessed_share,
            weight,
            indicators,
            overrides,
            grades: compile_grades(scorecard)?,
            valid_days: scorecard.valid_days,
            in_force: scorecard.in_force,
            review_by: scorecard.review_by,
            bases,
            reads,
        })
    }

    /// The fields that a feeder must hand in, by kind; a kind without fields is read for its days and classes.
    pub fn reads(&self) -> &BTreeMap<KindIx, BTreeSet<FieldIx>> {
        &self.reads
    }

    /// Why the scorecard may not be used on a day, if it may not.
    pub fn dormant(&self, as_of: Day) -> Option<Reason> {
        if as_of < self.in_force.from {
            return Some(Reason::NotYetInForce { from: self.in_force.from });
        }
        if let Some(until) = self.in_force.until.filter(|until| as_of > *until) {
            return Some(Reason::NoLongerInForce { until });
        }
        if as_of > self.review_by {
            return Some(Reason::ReviewOverdue { review_by: self.review_by });
        }
        (!self.bases.iter().any(|basis| basis.contains(as_of))).then_some(Reason::NoBasisInForce)
    }

    /// The first day after `as_of` on which [`Plan::dormant`] answers differently.
    pub(crate) fn turns_on(&self, as_of: Day) -> Option<Day> {
        let now = self.dormant(as_of);
        let spans = self.bases.iter().chain(std::iter::once(&self.in_force));
        let borders = spans.flat_map(|span| [Some(span.from), span.until.map(|until| until.plus_days(1))]).flatten();
        let borders = borders.chain(std::iter::once(self.review_by.plus_days(1)));
        borders.filter(|day| *day > as_of && self.dormant(*day) != now).min()
    }

    /// The last day for which a result of `as_of` may be quoted.
    pub(crate) fn valid_until(&self, as_of: Day) -> Day {
        let end = as_of.plus_days(self.valid_days).min(self.review_by);
        self.in_force.until.map_or(end, |until| end.min(until)).max(as_of)
    }

    /// The grade that points reach; the last one starts at the least points, so there always is one.
    pub(crate) fn grade(&self, points: i64) -> usize {
        let last = self.grades.len().saturating_sub(1);
        self.grades.iter().position(|from| *from <= points).unwrap_or(last)
    }
}

fn compile_indicators(pack: &Pack, scorecard: &Scorecard) -> Result<Vec<IndicatorPlan>, PlanFault> {
    let all = scorecard.dimensions.iter().flat_map(|dimension| &dimension.indicators);
    all.map(|indicator| compile_indicator(pack, scorecard, indicator)).collect()
}

fn compile_indicator(pack: &Pack, scorecard: &Scorecard, indicator: &Indicator) -> Result<IndicatorPlan, PlanFault> {
    let name = || indicator.id.clone();
    let kind = pack.record_kinds.get(indicator.kind.0).ok_or_else(|| PlanFault::Dangling(name()))?;
    if indicator.window_months <= 0 {
        return Err(PlanFault::Window(name()));
    }
    let filter = indicator.filter.as_ref().map(|p| compile_node(p, kind, 0)).transpose().map_err(|fault| fault.named(name()))?;
    let worth = compile_worth(kind, indicator)?;
    let reach = prove_row(indicator, &worth)?;
    Ok(IndicatorPlan {
        kind: indicator.kind,
        filter,
        window_months: indicator.window_months,
        worth,
        fades: compile_fades(indicator)?,
        floor: indicator.floor.map_or(-reach, |p| p.0),
        cap: indicator.cap.map_or(reach, |p| p.0),
        weight: indicator.weight().0,
        wanted: Wanted { kind: indicator.kind, window_months: indicator.window_months, lag_days: scorecard.coverage_lag_days },
    })
}

enum NodeFault {
    Dangling,
    Depth,
}

impl NodeFault {
    fn named(self, indicator: String) -> PlanFault {
        match self {
            NodeFault::Dangling => PlanFault::Dangling(indicator),
            NodeFault::Depth => PlanFault::Depth(indicator),
        }
    }
}

fn compile_node(predicate: &Predicate, kind: &RecordKind, depth: usize) -> Result<Node, NodeFault> {
    if depth > DEPTH_MAX {
        return Err(NodeFault::Depth);
    }
    let parts = |parts: &[Predicate]| parts.iter().map(|part| compile_node(part, kind, depth + 1)).collect::<Result<Vec<_>, _>>();
    Ok(match predicate {
        Predicate::All(all) => Node::All(parts(all)?),
        Predicate::Any(any) => Node::Any(parts(any)?),
        Predicate::Not(part) => Node::Not(Box::new(compile_node(part, kind, depth + 1)?)),
        Predicate::Test { column, test } => {
            if !readable(kind, *column) {
                return Err(NodeFault::Dangling);
            }
            compile_test(*column, test)
        }
    })
}

fn compile_test(column: Column, test: &Test) -> Node {
    let among = |values: &[i64]| {
        let bit = |value: &i64| u32::try_from(*value).ok().and_then(|shift| 1_u64.checked_shl(shift));
        let bits: Option<Vec<u64>> = values.iter().map(bit).collect();
        bits.map_or_else(|| Compare::Among(values.to_vec()), |bits| Compare::InSet(bits.iter().fold(0, |set, bit| set | bit)))
    };
    let not = |compare| Node::Not(Box::new(Node::Test(column, compare)));
    match test {
        Test::OneOf(values) => Node::Test(column, among(values)),
        Test::NoneOf(values) => not(among(values)),
        Test::AnyBit(bits) => Node::Test(column, Compare::AnyBit(*bits)),
        Test::NoBit(bits) => not(Compare::AnyBit(*bits)),
        Test::AtLeast(least) => Node::Test(column, Compare::AtLeast(*least)),
        Test::AtMost(most) => Node::Test(column, Compare::AtMost(*most)),
        Test::Present(true) => Node::Test(column, Compare::Present),
        Test::Present(false) => not(Compare::Present),
    }
}

fn readable(kind: &RecordKind, column: Column) -> bool {
    match column {
        Column::Class => true,
        Column::Field(field) => kind.at(field).is_some_and(|field| field.kind.rules_may_read()),
    }
}

fn compile_worth(kind: &RecordKind, indicator: &Indicator) -> Result<Worth, PlanFault> {
    let field = |field: FieldIx| {
        let column = Column::Field(field);
        if readable(kind, column) { Ok(column) } else { Err(PlanFault::Dangling(indicator.id.clone())) }
    };
    let raw = |points: &[Points]| points.iter().map(|p| p.0).collect();
    Ok(match &indicator.each {
        Each::Constant(points) => Worth::Constant(points.0),
        Each::ByClass(points) => Worth::Table(Column::Class, raw(points)),
        Each::ByChoice { field: choice, points } => Worth::Table(field(*choice)?, raw(points)),
        Each::ByBand { field: number, bands } => {
            if bands.is_empty() || !bands.is_sorted_by(|a, b| a.0 < b.0) {
                return Err(PlanFault::Bands(indicator.id.clone()));
            }
            Worth::Bands(field(*number)?, bands.iter().map(|(from, points)| (*from, points.0)).collect())
        }
    })
}

fn compile_fades(indicator: &Indicator) -> Result<Vec<(i32, i64)>, PlanFault> {
    let sound = indicator.fade.iter().all(|fade| fade.after_months > 0 && (0..=1000).contains(&fade.keep));
    if !sound || !indicator.fade.is_sorted_by(|a, b| a.after_months < b.after_months) {
        return Err(PlanFault::Fade(indicator.id.clone()));
    }
    Ok(indicator.fade.iter().map(|fade| (fade.after_months, fade.keep)).collect())
}

/// Proves that one row's points times 1000 thousandths, and times as many rows as a population may have, stay inside `i64`.
/// Returns the most that the rows of one subject can sum to.
fn prove_row(indicator: &Indicator, worth: &Worth) -> Result<i64, PlanFault> {
    let name = || indicator.id.clone();
    let most = match worth {
        Worth::Constant(points) => points.checked_abs(),
        Worth::Table(_, points) => points.iter().try_fold(0, |most: i64, p| Some(most.max(p.checked_abs()?))),
        Worth::Bands(_, bands) => bands.iter().try_fold(0, |most: i64, (_, p)| Some(most.max(p.checked_abs()?))),
    };
    let most = most.ok_or_else(|| PlanFault::PointsTooLarge(name()))?;
    if most.checked_mul(1000).is_none() {
        return Err(PlanFault::PointsTooLarge(name()));
    }
    let sound = indicator.floor.is_none_or(|floor| floor <= Points::ZERO) && indicator.cap.is_none_or(|cap| cap >= Points::ZERO);
    if !sound {
        return Err(PlanFault::Bounds(name()));
    }
    most.checked_mul(ROWS_MAX).ok_or_else(|| PlanFault::PointsTooLarge(name()))
}

/// Proves that base and bounded sums together, in any order, stay inside `i64`, and the weights in thousandths too. Returns the
/// whole weight.
fn prove_total(scorecard: &Scorecard, indicators: &[IndicatorPlan]) -> Result<i64, PlanFault> {
    let name = || scorecard.id.clone();
    let large = || PlanFault::PointsTooLarge(name());
    if scorecard.min > scorecard.max || !(0..=1000).contains(&scorecard.assessed_share) || scorecard.coverage_lag_days < 0 {
        return Err(PlanFault::Range(name()));
    }
    let (mut reach, mut weight) = (scorecard.base.0.checked_abs().ok_or_else(large)?, 0_i64);
    for indicator in indicators {
        let bound = indicator.floor.checked_abs().zip(indicator.cap.checked_abs()).map(|(floor, cap)| floor.max(cap));
        reach = bound.and_then(|bound| reach.checked_add(bound)).ok_or_else(large)?;
        weight = weight.checked_add(indicator.weight).ok_or_else(large)?;
    }
    if weight == 0 {
        return Err(PlanFault::Weightless(name()));
    }
    weight.checked_mul(1000).map(|_| weight).ok_or_else(large)
}

fn compile_grades(scorecard: &Scorecard) -> Result<Vec<i64>, PlanFault> {
    let reaches_down = scorecard.grades.last().is_some_and(|grade| grade.from <= scorecard.min);
    if !reaches_down || !scorecard.grades.is_sorted_by(|a, b| a.from > b.from) {
        return Err(PlanFault::Grades(scorecard.id.clone()));
    }
    Ok(scorecard.grades.iter().map(|grade| grade.from.0).collect())
}

fn compile_override(pack: &Pack, scorecard: &Scorecard, rule: &Override) -> Result<OverridePlan, PlanFault> {
    let fault = || PlanFault::Override(scorecard.id.clone());
    let kind = pack.record_kinds.get(rule.list.0).ok_or_else(fault)?;
    let span = kind.list.ok_or_else(fault)?;
    let known = rule.grade < scorecard.grades.len();
    let columns = std::iter::once(span.from).chain(span.until).all(|field| readable(kind, Column::Field(field)));
    if !known || !columns {
        return Err(fault());
    }
    Ok(OverridePlan {
        list: rule.list,
        from: Column::Field(span.from),
        until: span.until.map(Column::Field),
        grade: rule.grade,
        lifts: kind.nature == Nature::Positive,
    })
}

fn reads(indicators: &[IndicatorPlan], overrides: &[OverridePlan]) -> BTreeMap<KindIx, BTreeSet<FieldIx>> {
    let mut reads: BTreeMap<KindIx, BTreeSet<FieldIx>> = BTreeMap::new();
    for indicator in indicators {
        let fields = reads.entry(indicator.kind).or_default();
        let worth = match &indicator.worth {
            Worth::Constant(_) => None,
            Worth::Table(column, _) | Worth::Bands(column, _) => Some(*column),
        };
        fields.extend(worth.and_then(field_of));
        if let Some(filter) = &indicator.filter {
            filter.collect_fields(fields);
        }
    }
    for rule in overrides {
        let fields = reads.entry(rule.list).or_default();
        fields.extend(field_of(rule.from));
        fields.extend(rule.until.and_then(field_of));
    }
    reads
}

impl Node {
    fn collect_fields(&self, fields: &mut BTreeSet<FieldIx>) {
        match self {
            Node::All(parts) | Node::Any(parts) => parts.iter().for_each(|part| part.collect_fields(fields)),
            Node::Not(part) => part.collect_fields(fields),
            Node::Test(column, _) => fields.extend(field_of(*column)),
        }
    }
}

fn field_of(column: Column) -> Option<FieldIx> {
    match column {
        Column::Field(field) => Some(field),
        Column::Class => None,
    }
}
