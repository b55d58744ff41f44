//! An evaluation beside the rules that it follows. Wherever somebody asks why, on the subject's page, in the API or at the command line, what
//! is said is what stands here.

use xinzhi_core::record::RecordId;
use xinzhi_core::{Fen, Points};
use xinzhi_evaluate::{DimensionLine, Evaluation, IndicatorLine, Knowledge, Outcome};
use xinzhi_rules::model::{Dimension, Grade, Indicator, LawIx, Scorecard};
use xinzhi_rules::{Pack, sentence};

use crate::subject::file::{EvaluationView, RecordView};

/// An evaluation as it is explained.
#[derive(Clone, Debug)]
pub struct Explained<'a> {
    /// What the kernel found.
    pub evaluation: &'a Evaluation,
    /// The scorecard; none only where the evaluation is not of the pack.
    pub card: Option<&'a Scorecard>,
    /// Points, where there are any.
    pub points: Option<Points>,
    /// Why there are none; not known is not zero.
    pub reason: Option<String>,
    /// What the grade is worth: the model's words for it and the amount.
    pub amount: Option<(&'a str, Fen)>,
    /// The list or the record that says the grade.
    pub forced: Option<Decisive<'a>>,
    /// Dimensions in the scorecard's order.
    pub dimensions: Vec<DimensionExplained<'a>>,
}

/// A list or a record that has a say about the grade beside the points.
#[derive(Clone, Debug)]
pub struct Decisive<'a> {
    /// Whether the grade is another one because of it. A record of honour never lowers, any other never raises: then it changes nothing.
    pub decides: bool,
    /// The rule as a sentence with its articles.
    pub rule: String,
    /// Those articles.
    pub basis: &'a [LawIx],
    /// The grade by points alone; none where there are no points.
    pub by_points: Option<&'a Grade>,
    /// Title of the list or of the kind of records.
    pub kind: &'a str,
    /// The entry.
    pub record: RecordId,
    /// The same with its document; none where it is not among the records shown.
    pub entry: Option<&'a RecordView>,
}

/// A dimension: what its indicators come to, and what bounds and weight make of that.
#[derive(Clone, Debug)]
pub struct DimensionExplained<'a> {
    /// What the kernel found.
    pub line: &'a DimensionLine,
    /// Its rule.
    pub rule: Option<&'a Dimension>,
    /// Whether anything was collected for it: where nothing was there are no points to tell.
    pub known: bool,
    /// How many of its indicators nothing was collected for.
    pub unknown: usize,
    /// What bounds and weight made of the sum; none where they changed nothing or nothing is known.
    pub arithmetic: Option<String>,
    /// Its indicators in order.
    pub indicators: Vec<IndicatorExplained<'a>>,
}

/// An indicator beside its rule.
#[derive(Clone, Copy, Debug)]
pub struct IndicatorExplained<'a> {
    /// What the kernel found.
    pub line: &'a IndicatorLine,
    /// Its rule.
    pub rule: Option<&'a Indicator>,
    /// Whether silence about it means "none".
    pub known: bool,
}

impl<'a> Explained<'a> {
    /// Of an evaluation by the pack that it was made by, and of the records that were known.
    pub fn of(view: &'a EvaluationView, pack: &'a Pack, records: &'a [RecordView]) -> Explained<'a> {
        let evaluation: &Evaluation = &view.evaluation;
        let card = pack.scorecard(view.card);
        let (points, reason) = match &evaluation.outcome {
            Outcome::Graded { points, .. } => (Some(*points), None),
            Outcome::NotEvaluable { reason } => (None, Some(reason.sentence())),
        };
        let amount = card.and_then(|card| card.amount.as_ref());
        let dimensions = evaluation.dimensions.iter().enumerate();
        Explained {
            evaluation,
            card,
            points,
            reason,
            amount: amount.zip(evaluation.amount).map(|(amount, fen)| (amount.title.as_str(), Fen(fen))),
            forced: card.and_then(|card| decisive(evaluation, (pack, card), records)),
            dimensions: dimensions.map(|(place, line)| dimension(line, card.and_then(|card| card.dimensions.get(place)))).collect(),
        }
    }
}

impl Decisive<'_> {
    /// What it does to the grade.
    pub fn says(&self) -> &'static str {
        if self.decides {
            "等级由记录直接确定，不按分值"
        } else {
            "另有信息直接定级，没有改变按分值所定的等级"
        }
    }
}

fn decisive<'a>(evaluation: &Evaluation, (pack, card): (&'a Pack, &'a Scorecard), records: &'a [RecordView]) -> Option<Decisive<'a>> {
    let forced = evaluation.forced?;
    let rule = card.overrides.get(forced.rule)?;
    let by_points = match evaluation.outcome {
        Outcome::Graded { grade, .. } => Some(grade),
        Outcome::NotEvaluable { .. } => None,
    };
    Some(Decisive {
        decides: evaluation.grade != by_points,
        rule: sentence::override_rule(pack, card, rule),
        basis: &rule.basis,
        by_points: by_points.and_then(|grade| card.grades.get(grade)),
        kind: pack.record_kind(forced.list).map_or("", |kind| kind.title.as_str()),
        record: forced.record,
        entry: records.iter().find(|record| record.record == forced.record),
    })
}

fn dimension<'a>(line: &'a DimensionLine, rule: Option<&'a Dimension>) -> DimensionExplained<'a> {
    let explained = |indicator: &'a IndicatorLine| IndicatorExplained {
        line: indicator,
        rule: rule.and_then(|dimension| dimension.indicators.iter().find(|rule| rule.id == indicator.id)),
        known: indicator.state == Knowledge::Known,
    };
    let indicators: Vec<IndicatorExplained<'a>> = line.indicators.iter().map(explained).collect();
    let unknown = indicators.iter().filter(|indicator| !indicator.known).count();
    let known = unknown < indicators.len();
    DimensionExplained { line, rule, known, unknown, arithmetic: line.arithmetic().filter(|_| known), indicators }
}
