//! An evaluation, opened down to the record, the rule, the article and the arithmetic (C3).

use xinzhi_core::money::Fen;
use xinzhi_core::{Day, Points};
use xinzhi_office::evaluate::result::{Contribution, DimensionLine, IndicatorLine};
use xinzhi_office::evaluate::{Evaluation, Knowledge, Outcome};
use xinzhi_office::rules::Pack;
use xinzhi_office::rules::model::{Dimension, Scorecard};
use xinzhi_office::rules::sentence;
use xinzhi_office::subject::file::{EvaluationView, RecordView};

use super::super::rules::{Basis, bases};
use super::super::text::{Bar, left, percent};
use super::better::BetterPart;
use super::record_words;

/// An evaluation by one scorecard.
#[derive(Debug)]
pub(in super::super) struct EvaluationPart {
    pub(in super::super) title: String,
    pub(in super::super) rule: String,
    pub(in super::super) purpose: String,
    pub(in super::super) grade: Option<(String, String)>,
    pub(in super::super) points: Option<Points>,
    /// What the grade is worth: the model's words for it and the amount.
    pub(in super::super) amount: Option<(String, String)>,
    /// Why there are no points; not known is not zero.
    pub(in super::super) reason: Option<String>,
    pub(in super::super) arithmetic: Option<String>,
    /// The list that forces the grade: its title and the record.
    pub(in super::super) forced: Option<(String, i64)>,
    /// By whose limits it is graded, where peers decide, and those limits.
    pub(in super::super) peers: Option<(String, String)>,
    pub(in super::super) as_of: Day,
    pub(in super::super) valid_until: Day,
    pub(in super::super) share: String,
    pub(in super::super) next_change: Option<(Day, String)>,
    pub(in super::super) pack: String,
    pub(in super::super) dimensions: Vec<DimensionPart>,
    pub(in super::super) better: Option<BetterPart>,
}

/// A dimension with its thin bar.
#[derive(Debug)]
pub(in super::super) struct DimensionPart {
    pub(in super::super) title: String,
    pub(in super::super) points: Option<String>,
    /// What bounds and weight of the dimension made of its indicators.
    pub(in super::super) arithmetic: Option<String>,
    pub(in super::super) bar: Bar,
    pub(in super::super) unknown: usize,
    pub(in super::super) open: bool,
    pub(in super::super) indicators: Vec<IndicatorPart>,
}

/// An indicator with its ledger.
#[derive(Debug)]
pub(in super::super) struct IndicatorPart {
    pub(in super::super) title: String,
    pub(in super::super) rule: String,
    pub(in super::super) known: bool,
    /// Why it is not; empty where it is.
    pub(in super::super) why: &'static str,
    pub(in super::super) arithmetic: String,
    pub(in super::super) points: String,
    pub(in super::super) basis: Vec<Basis>,
    pub(in super::super) lines: Vec<LedgerLine>,
    pub(in super::super) uncertain: Vec<(i64, String)>,
}

/// What one record contributes.
#[derive(Debug)]
pub(in super::super) struct LedgerLine {
    pub(in super::super) record: i64,
    pub(in super::super) words: String,
    pub(in super::super) day: Day,
    pub(in super::super) arithmetic: String,
    pub(in super::super) points: String,
    pub(in super::super) fades: Option<Day>,
    pub(in super::super) leaves: Day,
}

impl EvaluationPart {
    pub(super) fn of(view: &EvaluationView, pack: &Pack, records: &[RecordView]) -> EvaluationPart {
        let evaluation: &Evaluation = &view.evaluation;
        let card = pack.scorecard(view.card);
        let (points, reason) = match &evaluation.outcome {
            Outcome::Graded { points, .. } => (Some(*points), None),
            Outcome::NotEvaluable { reason } => (None, Some(reason.sentence())),
        };
        let forced = evaluation.forced.map(|forced| {
            let list = pack.record_kind(forced.list).map_or_else(String::new, |kind| kind.title.clone());
            (list, forced.record.0)
        });
        let scale = scale(card);
        let dimensions = evaluation.dimensions.iter().enumerate();
        let dimensions = dimensions.map(|(place, line)| {
            let rule = card.and_then(|card| Some((card, card.dimensions.get(place)?)));
            dimension(line, (pack, rule), scale, records)
        });
        EvaluationPart {
            title: view.title.clone(),
            rule: format!("/rules/{}/{}", pack.id, evaluation.scorecard),
            purpose: card.map_or_else(String::new, |card| card.purpose.clone()),
            grade: view.grade.clone(),
            points,
            amount: evaluation
                .amount
                .zip(card.and_then(|card| card.amount.as_ref()))
                .map(|(fen, amount)| (amount.title.clone(), Fen(fen).to_string())),
            reason,
            arithmetic: evaluation.arithmetic(),
            forced,
            peers: evaluation.peers.as_ref().zip(card).map(|(by, card)| (by.sentence(), sentence::limits(card, &by.limits))),
            as_of: evaluation.as_of,
            valid_until: evaluation.valid_until,
            share: percent(evaluation.assessed_share),
            next_change: evaluation.next_change.map(|day| (day, left(evaluation.as_of, day))),
            pack: view.pack.clone(),
            dimensions: dimensions.collect(),
            better: view.better.as_ref().map(|better| BetterPart::of(better, pack)),
        }
    }
}

/// One scale for all dimensions, so that bars can be compared: the furthest that any of them may fall or rise.
fn scale(card: Option<&Scorecard>) -> (i64, i64) {
    let bounds = |dimension: &Dimension| {
        let sum = |bound: fn(&xinzhi_office::rules::model::Indicator) -> Option<Points>| {
            dimension.indicators.iter().filter_map(bound).fold(0_i64, |sum, points| sum.saturating_add(points.0))
        };
        (sum(|indicator| indicator.floor), sum(|indicator| indicator.cap))
    };
    let all: Vec<(i64, i64)> = card.into_iter().flat_map(|card| &card.dimensions).map(bounds).collect();
    let least = all.iter().map(|(least, _)| *least).min().unwrap_or(0);
    let most = all.iter().map(|(_, most)| *most).max().unwrap_or(0);
    (least, most)
}

type RuleOf<'a> = (&'a Pack, Option<(&'a Scorecard, &'a Dimension)>);

fn dimension(line: &DimensionLine, rule: RuleOf<'_>, (least, most): (i64, i64), records: &[RecordView]) -> DimensionPart {
    DimensionPart {
        title: line.title.clone(),
        // Not known is not zero: where nothing was collected for any of it there are no points to tell.
        points: line.indicators.iter().any(|indicator| indicator.state == Knowledge::Known).then(|| line.points.signed()),
        arithmetic: line.arithmetic(),
        bar: Bar::new(line.points.0, least, most),
        unknown: line.indicators.iter().filter(|indicator| indicator.state == Knowledge::Unknown).count(),
        open: line.indicators.iter().any(|indicator| !indicator.contributions.is_empty() || !indicator.uncertain.is_empty()),
        indicators: line.indicators.iter().map(|indicator| part(indicator, rule, records)).collect(),
    }
}

fn part(line: &IndicatorLine, (pack, rule): RuleOf<'_>, records: &[RecordView]) -> IndicatorPart {
    let indicator = rule.and_then(|(_, dimension)| dimension.indicators.iter().find(|indicator| indicator.id == line.id));
    let card = rule.map_or("", |(card, _)| card.id.as_str());
    IndicatorPart {
        title: line.title.clone(),
        rule: format!("/rules/{}/{card}#{}", pack.id, line.id),
        known: line.state == Knowledge::Known,
        why: line.unknown_because().unwrap_or_default(),
        arithmetic: line.arithmetic(),
        points: line.points.signed(),
        basis: indicator.map_or_else(Vec::new, |indicator| bases(pack, &indicator.basis)),
        lines: line.contributions.iter().map(|contribution| ledger(contribution, records)).collect(),
        uncertain: line.uncertain.iter().map(|record| (record.0, record_words(records, *record))).collect(),
    }
}

fn ledger(contribution: &Contribution, records: &[RecordView]) -> LedgerLine {
    LedgerLine {
        record: contribution.record.0,
        words: record_words(records, contribution.record),
        day: contribution.day,
        arithmetic: contribution.arithmetic(),
        points: contribution.points.signed(),
        fades: contribution.next_fade,
        leaves: contribution.leaves_on,
    }
}
