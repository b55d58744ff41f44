//! An evaluation on the wire: everything that the subject's page tells of it, as fields.

use serde::Serialize;
use utoipa::ToSchema;
use xinzhi_core::Points;
use xinzhi_core::journal::Position;
use xinzhi_core::record::RecordId;
use xinzhi_office::evaluate::Measured;
use xinzhi_office::evaluate::result::Contribution;
use xinzhi_office::rules::model::{Law, LawIx, Scorecard};
use xinzhi_office::rules::{Pack, sentence};
use xinzhi_office::subject::Explained;
use xinzhi_office::subject::explained::{Decisive, DimensionExplained, IndicatorExplained};
use xinzhi_office::subject::file::{EvaluationView as Evaluated, RecordView as Record};

use crate::api::better::BetterView;

/// An evaluation.
#[derive(Debug, Serialize, ToSchema)]
pub struct EvaluationView {
    scorecard: String,
    title: String,
    /// What it is made for, and what nothing may be decided by.
    purpose: String,
    as_of: String,
    valid_until: String,
    /// Journal position of what was known.
    known: i64,
    pack: String,
    /// Points before any record.
    base: String,
    /// Points as written, `835` or `812.5`; none where not evaluable.
    points: Option<String>,
    /// How they come about: what everybody begins with, what each dimension adds, and bounds; `800 - 95 + 17.5 = 722.5`.
    arithmetic: Option<String>,
    grade: Option<String>,
    /// The same in words, as 较差.
    grade_title: Option<String>,
    /// The list or the record that has a say about the grade beside the points; none where points alone give it.
    forced: Option<ForcedView>,
    /// What the grade is worth, as the model's amount says: `1,000,000.00 元`; none where it gives no amounts.
    amount: Option<String>,
    /// What that amount is called.
    amount_title: Option<String>,
    /// Why there are no points.
    reason: Option<String>,
    /// By whose limits it is graded, where how peers do decides; none where points alone do.
    peers: Option<PeersView>,
    /// Share of the weight inside coverage, in thousandths.
    assessed_share: i64,
    /// The next day on which something changes though nothing new is reported.
    next_change: Option<String>,
    /// Dimensions in the scorecard's order; none on a day on which it may not be used.
    dimensions: Vec<DimensionView>,
    /// The indicators of all dimensions in order.
    indicators: Vec<IndicatorView>,
    /// What would make the grade better; only in the answer of `…/evaluations`.
    better: Option<BetterView>,
}

/// A list or a record that has a say about the grade beside the points.
#[derive(Debug, Serialize, ToSchema)]
pub struct ForcedView {
    /// A clause: whether the grade follows from it.
    says: String,
    /// Whether the grade is another one because of it.
    decides: bool,
    /// Grade by points alone; none where there are no points.
    by_points: Option<String>,
    /// That grade in words.
    by_points_title: Option<String>,
    /// The rule as a Chinese sentence with its articles.
    rule: String,
    /// Those articles.
    basis: Vec<String>,
    /// The record that it rests on.
    record: i64,
    /// Title of the list or of the kind of records.
    kind: String,
    /// 文书号, where the record can be shown.
    document: Option<String>,
    /// Day of that document, YYYY-MM-DD.
    day: Option<String>,
}

/// A dimension: the sum of its indicators, inside its bounds, by its weight.
#[derive(Debug, Serialize, ToSchema)]
pub struct DimensionView {
    title: String,
    /// Whether anything was collected for it.
    known: bool,
    /// How many of its indicators nothing was collected for: they neither add nor take anything.
    unknown: usize,
    /// Sum of its indicators.
    sum: String,
    /// Least sum that counts.
    floor: Option<String>,
    /// Most sum that counts.
    cap: Option<String>,
    /// The sum inside these bounds.
    within: String,
    /// Thousandths of it that enter the total.
    weight: i64,
    /// What enters the total.
    points: String,
    /// What bounds and weight made of the sum, `30 × 50% = 15`; none where they changed nothing.
    arithmetic: Option<String>,
    /// Ids of its indicators.
    indicators: Vec<String>,
}

/// Limits by peers: data of the pack, made by one run and the same for everybody of a group.
#[derive(Debug, Serialize, ToSchema)]
pub struct PeersView {
    /// A sentence: which group, made of how many, when, for which days.
    says: String,
    /// The group; none where nothing says one.
    group: Option<String>,
    /// Whether the limits are the group's own; else everybody's.
    own: bool,
    /// Of how many subjects they were made.
    size: i64,
    /// The day for which the run computed everybody's points.
    made: String,
    /// First day of the limits.
    from: String,
    /// Last day of them.
    until: Option<String>,
    /// Least points by grade, without the last grade.
    limits: Vec<LimitView>,
}

/// From how many points a grade holds.
#[derive(Debug, Serialize, ToSchema)]
pub struct LimitView {
    grade: String,
    from: String,
}

/// An indicator.
#[derive(Debug, Serialize, ToSchema)]
pub struct IndicatorView {
    id: String,
    title: String,
    known: bool,
    /// Why it is not known, where it is not.
    unknown_because: Option<&'static str>,
    /// What its records come to.
    sum: String,
    /// Least points that count.
    floor: Option<String>,
    /// Most points that count.
    cap: Option<String>,
    /// The sum inside these bounds.
    within: String,
    /// Thousandths of it that enter the dimension.
    weight: i64,
    /// What enters the dimension.
    points: String,
    arithmetic: String,
    /// The rule as a Chinese sentence with its articles.
    rule: String,
    contributions: Vec<ContributionView>,
    /// Records that do not count because something about them is not known.
    uncertain: Vec<UncertainView>,
}

/// A record's share in an indicator.
#[derive(Debug, Serialize, ToSchema)]
pub struct ContributionView {
    record: i64,
    day: String,
    /// 文书号, where the record can be shown.
    document: Option<String>,
    points: String,
    arithmetic: String,
    next_fade: Option<String>,
    leaves_on: String,
}

/// A record that does not count because something about it is not known.
#[derive(Debug, Serialize, ToSchema)]
pub struct UncertainView {
    record: i64,
    /// 文书号, where the record can be shown.
    document: Option<String>,
}

impl EvaluationView {
    /// By the pack that made it, of the records known at a position.
    pub(super) fn of(pack: &Pack, view: &Evaluated, (records, known): (&[Record], Position)) -> EvaluationView {
        let explained = Explained::of(view, pack, records);
        let evaluation = explained.evaluation;
        let grade = |part: fn(&(String, String)) -> &String| view.grade.as_ref().map(|grade| part(grade).clone());
        let indicators = explained.dimensions.iter().flat_map(|dimension| &dimension.indicators);
        EvaluationView {
            scorecard: evaluation.scorecard.clone(),
            title: view.title.clone(),
            purpose: explained.card.map_or_else(String::new, |card| card.purpose.clone()),
            as_of: evaluation.as_of.to_string(),
            valid_until: evaluation.valid_until.to_string(),
            known: known.0,
            pack: view.pack.clone(),
            base: evaluation.base.to_string(),
            points: explained.points.map(|points| points.to_string()),
            arithmetic: evaluation.arithmetic(),
            grade: grade(|(name, _)| name),
            grade_title: grade(|(_, title)| title),
            forced: explained.forced.as_ref().map(|forced| ForcedView::of(pack, forced)),
            amount: explained.amount.map(|(_, amount)| amount.to_string()),
            amount_title: explained.amount.map(|(title, _)| title.to_owned()),
            reason: explained.reason.clone(),
            peers: evaluation.peers.as_ref().map(|peers| measured(peers, explained.card)),
            assessed_share: evaluation.assessed_share,
            next_change: evaluation.next_change.map(|day| day.to_string()),
            dimensions: explained.dimensions.iter().map(DimensionView::of).collect(),
            indicators: indicators.map(|indicator| IndicatorView::of((pack, explained.card), indicator, records)).collect(),
            better: view.better.as_ref().map(|better| BetterView::of(pack, better)),
        }
    }
}

impl ForcedView {
    fn of(pack: &Pack, forced: &Decisive<'_>) -> ForcedView {
        ForcedView {
            says: forced.says().to_owned(),
            decides: forced.decides,
            by_points: forced.by_points.map(|grade| grade.name.clone()),
            by_points_title: forced.by_points.map(|grade| grade.title.clone()),
            rule: forced.rule.clone(),
            basis: cited(pack, forced.basis),
            record: forced.record.0,
            kind: forced.kind.to_owned(),
            document: forced.entry.map(|record| record.document.number.clone()),
            day: forced.entry.map(|record| record.document.date.to_string()),
        }
    }
}

fn cited(pack: &Pack, basis: &[LawIx]) -> Vec<String> {
    basis.iter().filter_map(|law| pack.law(*law)).map(Law::citation).collect()
}

impl DimensionView {
    fn of(of: &DimensionExplained<'_>) -> DimensionView {
        let bound = |points: Option<Points>| points.map(|points| points.to_string());
        DimensionView {
            title: of.line.title.clone(),
            known: of.known,
            unknown: of.unknown,
            sum: of.line.raw.to_string(),
            floor: bound(of.rule.and_then(|rule| rule.floor)),
            cap: bound(of.rule.and_then(|rule| rule.cap)),
            within: of.line.within.to_string(),
            weight: of.line.weight,
            points: of.line.points.to_string(),
            arithmetic: of.arithmetic.clone(),
            indicators: of.indicators.iter().map(|indicator| indicator.line.id.clone()).collect(),
        }
    }
}

fn measured(peers: &Measured, card: Option<&Scorecard>) -> PeersView {
    let grades = card.into_iter().flat_map(|card| &card.grades);
    PeersView {
        says: peers.sentence(),
        group: peers.group.clone(),
        own: peers.own,
        size: peers.size,
        made: peers.made.to_string(),
        from: peers.in_force.from.to_string(),
        until: peers.in_force.until.map(|day| day.to_string()),
        limits: grades.zip(&peers.limits).map(|(grade, from)| LimitView { grade: grade.name.clone(), from: from.to_string() }).collect(),
    }
}

impl IndicatorView {
    fn of((pack, card): (&Pack, Option<&Scorecard>), of: &IndicatorExplained<'_>, records: &[Record]) -> IndicatorView {
        let bound = |points: Option<Points>| points.map(|points| points.to_string());
        let rule = card.zip(of.rule).map(|(card, rule)| sentence::indicator(pack, card, rule));
        let uncertain = |record: &RecordId| UncertainView { record: record.0, document: document(records, *record) };
        IndicatorView {
            id: of.line.id.clone(),
            title: of.line.title.clone(),
            known: of.known,
            unknown_because: of.line.unknown_because(),
            sum: of.line.raw.to_string(),
            floor: bound(of.rule.and_then(|rule| rule.floor)),
            cap: bound(of.rule.and_then(|rule| rule.cap)),
            within: of.line.within.to_string(),
            weight: of.line.weight,
            points: of.line.points.to_string(),
            arithmetic: of.line.arithmetic(),
            rule: rule.unwrap_or_default(),
            contributions: of.line.contributions.iter().map(|contribution| ContributionView::of(contribution, records)).collect(),
            uncertain: of.line.uncertain.iter().map(uncertain).collect(),
        }
    }
}

impl ContributionView {
    fn of(contribution: &Contribution, records: &[Record]) -> ContributionView {
        ContributionView {
            record: contribution.record.0,
            day: contribution.day.to_string(),
            document: document(records, contribution.record),
            points: contribution.points.to_string(),
            arithmetic: contribution.arithmetic(),
            next_fade: contribution.next_fade.map(|day| day.to_string()),
            leaves_on: contribution.leaves_on.to_string(),
        }
    }
}

fn document(records: &[Record], record: RecordId) -> Option<String> {
    records.iter().find(|shown| shown.record == record).map(|shown| shown.document.number.clone())
}
