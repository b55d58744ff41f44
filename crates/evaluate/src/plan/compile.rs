//! From a scorecard of a pack to a plan: every name becomes a place, every doubt a fault.

use std::collections::BTreeMap;

use xinzhi_core::Points;
use xinzhi_rules::model::{
    Dimension, Divisor, Each, Fading, FieldIx, Forcing, Indicator, KindIx, Nature, Number, Override, Pack, RecordKind, Scorecard,
    ScorecardIx, Take,
};
use xinzhi_rules::predicate::{Column, Predicate, Test};

use super::{
    Compare, Condition, Counted, DimensionPlan, DivisorPlan, ForcingPlan, IndicatorPlan, Node, OverridePlan, Plan, PlanFault, Reads,
    TakePlan, Worth,
};
use super::{TABLE_MAX, prove};
use crate::coverage::Wanted;
use crate::peers::{Grouping, PeersPlan};

/// Conditions nest at most this deep; deeper ones are a fault of the pack, not a full stack at night.
const DEPTH_MAX: usize = 16;

/// The plan of one scorecard.
pub(super) fn plan(pack: &Pack, card: ScorecardIx) -> Result<Plan, PlanFault> {
    let scorecard = pack.scorecards.get(card.0).ok_or(PlanFault::Scorecard(card.0))?;
    let (mut indicators, mut dimensions) = (Vec::new(), Vec::new());
    for (place, dimension) in scorecard.dimensions.iter().enumerate() {
        let start = indicators.len();
        for indicator in &dimension.indicators {
            indicators.push(self::indicator(pack, scorecard, (place, dimension), indicator)?);
        }
        dimensions.push(self::dimension(dimension, start, &indicators)?);
    }
    let overrides = scorecard.overrides.iter().map(|o| forcing(pack, scorecard, o)).collect::<Result<Vec<_>, _>>()?;
    let weight = prove::total(scorecard, &dimensions, &indicators)?;
    prove::borders(scorecard)?;
    let peers = PeersPlan::compile(pack, card, scorecard)?;
    let mut reads = reads(&indicators, &overrides);
    if let Some(Grouping::Choice { kind, field, .. }) = peers.as_ref().map(|peers| &peers.grouping) {
        reads.entry(*kind).or_default().add(Column::Field(*field));
    }
    Ok(Plan {
        base: scorecard.base.0,
        min: scorecard.min.0,
        max: scorecard.max.0,
        assessed_share: scorecard.assessed_share,
        weight,
        dimensions,
        indicators,
        overrides,
        grades: grades(scorecard)?,
        peers,
        amounts: amounts(scorecard)?,
        valid_days: scorecard.valid_days,
        in_force: scorecard.in_force,
        review_by: scorecard.review_by,
        bases: scorecard.basis.iter().filter_map(|law| pack.laws.get(law.0)).map(|law| law.in_force).collect(),
        reads,
    })
}

fn dimension(dimension: &Dimension, start: usize, indicators: &[IndicatorPlan]) -> Result<DimensionPlan, PlanFault> {
    let reach = prove::dimension(&dimension.title, indicators.get(start..).unwrap_or(&[]))?;
    let bounds = prove::bounds(&dimension.title, (dimension.floor, dimension.cap, dimension.weight), reach)?;
    Ok(DimensionPlan { bounds })
}

fn indicator(
    pack: &Pack,
    scorecard: &Scorecard,
    (place, dimension): (usize, &Dimension),
    indicator: &Indicator,
) -> Result<IndicatorPlan, PlanFault> {
    let name = || indicator.id.clone();
    let kind = pack.record_kinds.get(indicator.kind.0).ok_or_else(|| PlanFault::Dangling(name()))?;
    if indicator.window_months <= 0 {
        return Err(PlanFault::Window(name()));
    }
    let filter = indicator.filter.as_ref().map(|p| condition(p, kind)).transpose().map_err(|fault| fault.named(name()))?;
    let take = take((pack, kind), indicator)?;
    let reach = prove::take(indicator)?;
    let (window_months, lag_days, silence) = (indicator.window_months, scorecard.coverage_lag_days, indicator.take.silence());
    let wanted = |kind| Wanted { kind, window_months, lag_days, silence };
    Ok(IndicatorPlan {
        dimension: place,
        kind: indicator.kind,
        filter,
        window_months: indicator.window_months,
        take,
        bounds: prove::bounds(&indicator.id, (indicator.floor, indicator.cap, indicator.weight), reach)?,
        share: dimension.weight_of(indicator).0,
        wanted: indicator.counts().map(|(kind, _)| wanted(kind)).collect(),
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

fn condition(predicate: &Predicate, kind: &RecordKind) -> Result<Condition, NodeFault> {
    Ok(Condition { holds: node(predicate, kind, (0, false))?, fails: node(predicate, kind, (0, true))? })
}

/// A predicate, or its opposite.
fn node(predicate: &Predicate, kind: &RecordKind, (depth, opposite): (usize, bool)) -> Result<Node, NodeFault> {
    if depth > DEPTH_MAX {
        return Err(NodeFault::Depth);
    }
    let parts = |parts: &[Predicate]| parts.iter().map(|part| node(part, kind, (depth + 1, opposite))).collect::<Result<Vec<_>, _>>();
    Ok(match (predicate, opposite) {
        (Predicate::All(all), false) | (Predicate::Any(all), true) => Node::All(parts(all)?),
        (Predicate::Any(any), false) | (Predicate::All(any), true) => Node::Any(parts(any)?),
        (Predicate::Not(part), _) => node(part, kind, (depth + 1, !opposite))?,
        (Predicate::Test { column, test }, _) => {
            if !readable(kind, *column) {
                return Err(NodeFault::Dangling);
            }
            let (compare, none) = compare(test);
            Node::Test { column: *column, compare, opposite: none != opposite }
        }
    })
}

/// A comparison, and whether the opposite of it is asked for.
fn compare(test: &Test) -> (Compare, bool) {
    match test {
        Test::OneOf(values) => (Compare::Among(values.clone()), false),
        Test::NoneOf(values) => (Compare::Among(values.clone()), true),
        Test::AnyBit(bits) => (Compare::AnyBit(*bits), false),
        Test::NoBit(bits) => (Compare::AnyBit(*bits), true),
        Test::AtLeast(least) => (Compare::AtLeast(*least), false),
        Test::AtMost(most) => (Compare::AtMost(*most), false),
        Test::Present(present) => (Compare::Present, !present),
    }
}

fn readable(kind: &RecordKind, column: Column) -> bool {
    match column {
        Column::Class => true,
        Column::Field(field) => kind.at(field).is_some_and(|field| field.kind.rules_may_read()),
    }
}

/// The column of a field, where rules may read it.
fn readable_field(kind: &RecordKind, field: FieldIx, indicator: &Indicator) -> Result<Column, PlanFault> {
    let column = Column::Field(field);
    if readable(kind, column) { Ok(column) } else { Err(PlanFault::Dangling(indicator.id.clone())) }
}

fn take((pack, kind): (&Pack, &RecordKind), indicator: &Indicator) -> Result<TakePlan, PlanFault> {
    match &indicator.take {
        Take::Each { each, put, .. } => {
            let worth = worth(kind, indicator, each)?;
            fading(indicator)?;
            let fades = match &indicator.fade {
                Fading::Steps(steps) => steps.len() + 1,
                Fading::Linear { .. } => 1,
            };
            if worth.codes().saturating_mul(fades) > TABLE_MAX {
                return Err(PlanFault::Table(indicator.id.clone()));
            }
            Ok(TakePlan::Each { worth, fading: indicator.fade.clone(), put: *put })
        }
        Take::Number { number, bands } => {
            let bands: Vec<(i64, i64)> = bands.iter().map(|(from, points)| (*from, points.0)).collect();
            prove::bands(indicator, &bands)?;
            let number = match number {
                Number::Count => Counted::Rows,
                Number::Distinct(field) => Counted::Distinct(readable_field(kind, *field, indicator)?),
                Number::Total(field) => Counted::Total(readable_field(kind, *field, indicator)?),
                Number::Rate(of) => Counted::Rate(condition(of, kind).map_err(|fault| fault.named(indicator.id.clone()))?),
                Number::Ratio(of) => Counted::Ratio(divisor((pack, kind), indicator, of)?),
            };
            Ok(TakePlan::Number { number, bands })
        }
    }
}

fn divisor((pack, kind): (&Pack, &RecordKind), indicator: &Indicator, of: &Divisor) -> Result<DivisorPlan, PlanFault> {
    let other = pack.record_kinds.get(of.kind.0).ok_or_else(|| PlanFault::Dangling(indicator.id.clone()))?;
    if of.kind == indicator.kind || other.nature != Nature::Neutral {
        return Err(PlanFault::Divisor(indicator.id.clone()));
    }
    let filter = of.filter.as_ref().map(|p| condition(p, other)).transpose().map_err(|fault| fault.named(indicator.id.clone()))?;
    Ok(DivisorPlan { kind: of.kind, filter, in_doubt: kind.nature == Nature::Adverse })
}

fn worth(kind: &RecordKind, indicator: &Indicator, each: &Each) -> Result<Worth, PlanFault> {
    let raw = |points: &[Points]| points.iter().map(|p| p.0).collect();
    Ok(match each {
        Each::Constant(points) => Worth::Constant(points.0),
        Each::ByClass(points) => Worth::Table(Column::Class, raw(points)),
        Each::ByChoice { field, points } => Worth::Table(readable_field(kind, *field, indicator)?, raw(points)),
        Each::ByBand { field, bands } => {
            let bands: Vec<(i64, i64)> = bands.iter().map(|(from, points)| (*from, points.0)).collect();
            prove::bands(indicator, &bands)?;
            Worth::Bands(readable_field(kind, *field, indicator)?, bands)
        }
    })
}

fn fading(indicator: &Indicator) -> Result<(), PlanFault> {
    let sound = match &indicator.fade {
        Fading::Steps(steps) => {
            steps.iter().all(|fade| fade.after_months > 0 && (0..=1000).contains(&fade.keep))
                && steps.is_sorted_by(|a, b| a.after_months < b.after_months)
        }
        Fading::Linear { after_months } => (0..indicator.window_months).contains(after_months),
    };
    if sound { Ok(()) } else { Err(PlanFault::Fade(indicator.id.clone())) }
}

/// Starts of the grades; none of them where peers decide.
fn grades(scorecard: &Scorecard) -> Result<Vec<i64>, PlanFault> {
    let fault = || PlanFault::Grades(scorecard.id.clone());
    if scorecard.peers.is_some() {
        return if scorecard.grades.is_empty() { Err(fault()) } else { Ok(Vec::new()) };
    }
    let starts: Vec<i64> = scorecard.grades.iter().map(|grade| grade.from.map(|from| from.0)).collect::<Option<_>>().ok_or_else(fault)?;
    let reaches_down = starts.last().is_some_and(|from| *from <= scorecard.min.0);
    if reaches_down && starts.is_sorted_by(|a, b| a > b) { Ok(starts) } else { Err(fault()) }
}

fn amounts(scorecard: &Scorecard) -> Result<Option<Vec<i64>>, PlanFault> {
    let Some(amount) = &scorecard.amount else { return Ok(None) };
    if amount.amounts.len() != scorecard.grades.len() {
        return Err(PlanFault::Amounts(scorecard.id.clone()));
    }
    Ok(Some(amount.amounts.clone()))
}

fn forcing(pack: &Pack, scorecard: &Scorecard, rule: &Override) -> Result<OverridePlan, PlanFault> {
    let fault = || PlanFault::Override(scorecard.id.clone());
    let kind = pack.record_kinds.get(rule.kind.0).ok_or_else(fault)?;
    let when = match &rule.when {
        Forcing::Listed => {
            let span = kind.list.ok_or_else(fault)?;
            if !std::iter::once(span.from).chain(span.until).all(|field| readable(kind, Column::Field(field))) {
                return Err(fault());
            }
            ForcingPlan::Listed { from: Column::Field(span.from), until: span.until.map(Column::Field) }
        }
        Forcing::Within { filter, window_months } => {
            let filter = filter.as_ref().map(|p| condition(p, kind)).transpose().map_err(|_| fault())?;
            if *window_months <= 0 {
                return Err(fault());
            }
            ForcingPlan::Within { filter, window_months: *window_months }
        }
    };
    if rule.grade >= scorecard.grades.len() {
        return Err(fault());
    }
    Ok(OverridePlan { kind: rule.kind, when, grade: rule.grade, lifts: kind.nature == Nature::Positive })
}

fn reads(indicators: &[IndicatorPlan], overrides: &[OverridePlan]) -> BTreeMap<KindIx, Reads> {
    let mut reads: BTreeMap<KindIx, Reads> = BTreeMap::new();
    for indicator in indicators {
        let reads = reads.entry(indicator.kind).or_default();
        indicator.filter.iter().for_each(|filter| filter.holds.collect(reads));
        match &indicator.take {
            TakePlan::Each { worth: Worth::Table(column, _) | Worth::Bands(column, _), .. } => reads.add(*column),
            TakePlan::Number { number: Counted::Distinct(column) | Counted::Total(column), .. } => reads.add(*column),
            TakePlan::Number { number: Counted::Rate(of), .. } => of.holds.collect(reads),
            TakePlan::Each { worth: Worth::Constant(_), .. } | TakePlan::Number { number: Counted::Rows | Counted::Ratio(_), .. } => {}
        }
    }
    for divisor in indicators.iter().filter_map(IndicatorPlan::divisor) {
        let reads = reads.entry(divisor.kind).or_default();
        divisor.filter.iter().for_each(|filter| filter.holds.collect(reads));
    }
    for rule in overrides {
        let reads = reads.entry(rule.kind).or_default();
        match &rule.when {
            ForcingPlan::Listed { from, until } => std::iter::once(from).chain(until).for_each(|column| reads.add(*column)),
            ForcingPlan::Within { filter, .. } => filter.iter().for_each(|filter| filter.holds.collect(reads)),
        }
    }
    reads
}

impl Reads {
    fn add(&mut self, column: Column) {
        match column {
            Column::Class => self.class = true,
            Column::Field(field) => {
                self.fields.insert(field);
            }
        }
    }
}

impl Node {
    fn collect(&self, reads: &mut Reads) {
        match self {
            Node::All(parts) | Node::Any(parts) => parts.iter().for_each(|part| part.collect(reads)),
            Node::Test { column, .. } => reads.add(*column),
        }
    }
}

impl Worth {
    /// How many different worths a row may have.
    pub(crate) fn codes(&self) -> usize {
        match self {
            Worth::Constant(_) => 1,
            Worth::Table(_, points) => points.len(),
            Worth::Bands(_, bands) => bands.len(),
        }
    }
}
