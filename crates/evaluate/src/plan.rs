//! A scorecard compiled for the kernel: names are gone, bounds are proved, nothing is left to refuse while running.

use std::collections::{BTreeMap, BTreeSet};

use xinzhi_core::Day;
use xinzhi_core::day::Span;
use xinzhi_rules::model::{Fading, FieldIx, KindIx, Pack, Put, ScorecardIx};
use xinzhi_rules::predicate::Column;

use crate::coverage::{Coverage, Wanted};
use crate::peers::{LimitSet, PeersPlan};
use crate::result::Reason;

/// Different values times fades of one indicator, at most: what a table of the kernel holds.
pub(crate) const TABLE_MAX: usize = 65_000;

mod compile;

mod prove;

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
    /// A ratio to records of its own kind, or to adverse or positive ones, of which one more would turn it the wrong way.
    #[error("指标 `{0}` 的分母须是另一种一般信息，请更正 `ratio_to`")]
    Divisor(String),
    /// A window of no length.
    #[error("指标 `{0}` 的时间窗口须为正，请更正窗口")]
    Window(String),
    /// Range, share or lag that cannot be.
    #[error("评价模型 `{0}` 的分值范围、可评价比例或归集滞后天数不合理，请更正模型")]
    Range(String),
    /// Grades that do not fall from best to worst, or do not reach down to the least points.
    #[error("评价模型 `{0}` 的等级须由高到低排列，且最后一级须从最低分起，请更正等级")]
    Grades(String),
    /// More values and fades than the kernel keeps a table for, of one indicator or of all over a kind.
    #[error("指标 `{0}` 的选项数与衰减级数之积，或同一信息各指标的衰减级数合计超过 65000，请减少衰减级数或另选字段")]
    Table(String),
    /// A weight below nothing or above the whole.
    #[error("`{0}` 的权重须在 0 到 100% 之间，请更正权重")]
    Weight(String),
    /// Amounts that are not one for each grade.
    #[error("评价模型 `{0}` 的金额须与等级一一对应，请更正金额")]
    Amounts(String),
    /// A list without a span, a window of no length, or a grade that does not exist.
    #[error("评价模型 `{0}` 的直接定级所用信息、时间窗口或等级不存在，请更正直接定级")]
    Override(String),
    /// Groups that cannot be told, or limits that are not those of its grades and groups, rise, or share a day.
    #[error("评价模型 `{0}` 的同业分组或界限不合理，请用 `xinzhi pack check` 核对")]
    Peers(String),
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
    /// Whole weight, over all indicators.
    pub(crate) weight: i64,
    pub(crate) dimensions: Vec<DimensionPlan>,
    pub(crate) indicators: Vec<IndicatorPlan>,
    pub(crate) overrides: Vec<OverridePlan>,
    /// Starts by grade, where points alone decide.
    pub(crate) grades: Vec<i64>,
    /// Where peers decide.
    pub(crate) peers: Option<PeersPlan>,
    /// 分 by grade.
    pub(crate) amounts: Option<Vec<i64>>,
    pub(crate) valid_days: i32,
    in_force: Span,
    review_by: Day,
    bases: Vec<Span>,
    reads: BTreeMap<KindIx, Reads>,
}

/// What a feeder must hand in of one kind: days always.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reads {
    /// Whether the class is read.
    pub class: bool,
    /// Which fields.
    pub fields: BTreeSet<FieldIx>,
}

/// One dimension of a plan.
#[derive(Clone, Debug)]
pub(crate) struct DimensionPlan {
    pub bounds: Bounds,
}

/// How a sum becomes what enters the next one: clamped, then weighed, truncated toward zero.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub floor: i64,
    pub cap: i64,
    /// Thousandths.
    pub weight: i64,
    /// Whether either bound can matter; else they are what sums reach at the most.
    pub binding: bool,
}

/// One indicator of a plan.
#[derive(Clone, Debug)]
pub(crate) struct IndicatorPlan {
    pub dimension: usize,
    pub kind: KindIx,
    pub filter: Option<Condition>,
    pub window_months: i32,
    pub take: TakePlan,
    pub bounds: Bounds,
    /// The most that it can move the total: its weight in the assessed share.
    pub share: i64,
    /// What must be reported for silence to mean "none", if it ever does: every kind that it counts.
    pub wanted: Vec<Wanted>,
}

/// What the rows that count amount to.
#[derive(Clone, Debug)]
pub(crate) enum TakePlan {
    Each { worth: Worth, fading: Fading, put: Put },
    Number { number: Counted, bands: Vec<(i64, i64)> },
}

/// A number that rows amount to.
#[derive(Clone, Debug)]
pub(crate) enum Counted {
    Rows,
    Distinct(Column),
    Total(Column),
    Rate(Condition),
    Ratio(DivisorPlan),
}

/// Rows of another kind, by whose number that of an indicator's own is divided.
#[derive(Clone, Debug)]
pub(crate) struct DivisorPlan {
    pub kind: KindIx,
    pub filter: Option<Condition>,
    /// Whether rows of which it cannot be told divide, too: as is better for the subject.
    pub in_doubt: bool,
}

/// What forces a grade.
#[derive(Clone, Debug)]
pub(crate) struct OverridePlan {
    pub kind: KindIx,
    pub when: ForcingPlan,
    pub grade: usize,
    /// Positive records can only lift, all others can only lower: another adverse entry never helps (D17).
    pub lifts: bool,
}

/// When a row forces a grade.
#[derive(Clone, Debug)]
pub(crate) enum ForcingPlan {
    Listed { from: Column, until: Option<Column> },
    Within { filter: Option<Condition>, window_months: i32 },
}

/// What one row is worth, before it fades.
#[derive(Clone, Debug)]
pub(crate) enum Worth {
    Constant(i64),
    /// By position: class or choice.
    Table(Column, Vec<i64>),
    /// Start of each band with its points, rising.
    Bands(Column, Vec<(i64, i64)>),
}

/// A condition over columns and its opposite: both are for certain, and neither holds where it cannot be told.
#[derive(Clone, Debug)]
pub(crate) struct Condition {
    pub holds: Node,
    pub fails: Node,
}

/// One side of a condition. Negations have sunk into the tests, which Kleene's logic allows as Boole's does, so that a mask needs no
/// second one beside it.
#[derive(Clone, Debug)]
pub(crate) enum Node {
    All(Vec<Node>),
    Any(Vec<Node>),
    Test { column: Column, compare: Compare, opposite: bool },
}

/// A comparison of one column.
#[derive(Clone, Debug)]
pub(crate) enum Compare {
    Among(Vec<i64>),
    AnyBit(i64),
    AtLeast(i64),
    AtMost(i64),
    Present,
}

impl Bounds {
    /// Whether every sum stays as it is.
    pub(crate) fn lets_through(self) -> bool {
        !self.binding && self.weight == 1000
    }

    /// A sum, clamped and weighed.
    pub(crate) fn apply(self, sum: i64) -> i64 {
        let bounded = sum.clamp(self.floor, self.cap);
        if self.weight == 1000 { bounded } else { bounded.wrapping_mul(self.weight) / 1000 }
    }
}

impl IndicatorPlan {
    /// The rows by whose number that of its own is divided, where it takes a ratio.
    pub(crate) fn divisor(&self) -> Option<&DivisorPlan> {
        match &self.take {
            TakePlan::Number { number: Counted::Ratio(divisor), .. } => Some(divisor),
            _ => None,
        }
    }
}

impl Plan {
    /// Compiles and proves.
    ///
    /// # Errors
    /// [`PlanFault`], naming the indicator.
    pub fn compile(pack: &Pack, card: ScorecardIx) -> Result<Plan, PlanFault> {
        compile::plan(pack, card)
    }

    /// What a feeder must hand in, by kind.
    pub fn reads(&self) -> &BTreeMap<KindIx, Reads> {
        &self.reads
    }

    /// Of each indicator, whether silence means "none" to it on a day: all that an evaluation takes from coverage. Never to one whose
    /// scorecard says that silence is no mark.
    pub fn silence(&self, coverage: &Coverage, as_of: Day) -> Vec<bool> {
        self.indicators.iter().map(|indicator| coverage.covers(&indicator.wanted, as_of)).collect()
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
        if !self.bases.iter().any(|basis| basis.contains(as_of)) {
            return Some(Reason::NoBasisInForce);
        }
        self.peers.as_ref().filter(|peers| peers.on(as_of).is_none()).map(|_| Reason::NoCutoffsInForce)
    }

    /// The first day after `as_of` on which [`Plan::dormant`] answers differently.
    pub(crate) fn turns_on(&self, as_of: Day) -> Option<Day> {
        let now = self.dormant(as_of);
        let spans = self.bases.iter().chain(std::iter::once(&self.in_force));
        let borders = spans.flat_map(|span| [Some(span.from), span.until.map(|until| until.plus_days(1))]).flatten();
        let borders = borders.chain(std::iter::once(self.review_by.plus_days(1)));
        let borders = borders.chain(self.peers.iter().flat_map(PeersPlan::borders));
        borders.filter(|day| *day > as_of && self.dormant(*day) != now).min()
    }

    /// Days by which coverage may lag, the same for every indicator.
    pub(crate) fn lag_days(&self) -> i32 {
        self.indicators.iter().flat_map(|indicator| &indicator.wanted).next().map_or(0, |wanted| wanted.lag_days)
    }

    /// The last day for which a result of `as_of` may be quoted.
    pub(crate) fn valid_until(&self, as_of: Day) -> Day {
        let end = as_of.plus_days(self.valid_days).min(self.review_by);
        let end = self.limits(as_of).map_or(end, |limits| end.min(limits.until));
        self.in_force.until.map_or(end, |until| end.min(until)).max(as_of)
    }

    /// The same plan without limits by peers, and those. On a day before its first it is taken as it is on that: limits must be there by then.
    pub(crate) fn without_peers(mut self, as_of: Day) -> (Plan, Option<PeersPlan>) {
        let peers = self.peers.take();
        self.grades = vec![self.min];
        if as_of < self.in_force.from {
            let founded = self.bases.iter().any(|basis| basis.contains(self.in_force.from));
            self.bases = if founded { vec![Span { from: as_of, until: None }] } else { Vec::new() };
            self.in_force.from = as_of;
        }
        (self, peers)
    }

    /// The limits that hold on a day, where peers decide.
    pub(crate) fn limits(&self, as_of: Day) -> Option<&LimitSet> {
        self.peers.as_ref()?.on(as_of)
    }

    /// The grade that points reach, by the limits of some days where peers decide; the last one starts at the least points, so there always is one.
    pub(crate) fn grade(&self, points: i64, limits: Option<&[i64]>) -> usize {
        let starts = limits.unwrap_or(&self.grades);
        let last = starts.len().saturating_sub(1);
        // They fall: those above the points are the first ones. Counting them needs no branch, which could be guessed wrong.
        starts.iter().filter(|from| **from > points).count().min(last)
    }
}
