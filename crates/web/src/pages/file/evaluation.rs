//! An evaluation, opened down to the record, the rule, the article and the arithmetic (C3).

use xinzhi_core::{Day, Points};
use xinzhi_office::evaluate::result::Contribution;
use xinzhi_office::rules::Pack;
use xinzhi_office::rules::model::{Dimension, Grade, Scorecard};
use xinzhi_office::rules::sentence;
use xinzhi_office::subject::Explained;
use xinzhi_office::subject::explained::{Decisive, DimensionExplained, IndicatorExplained};
use xinzhi_office::subject::file::{EvaluationView, RecordView};

use super::super::rules::{Basis, bases, plain};
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
    pub(in super::super) forced: Option<ForcedPart>,
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

/// What has a say about the grade beside the points.
#[derive(Debug)]
pub(in super::super) struct ForcedPart {
    pub(in super::super) says: &'static str,
    pub(in super::super) decides: bool,
    pub(in super::super) rule: String,
    pub(in super::super) basis: Vec<Basis>,
    /// The grade by points alone; none where there are no points.
    pub(in super::super) by_points: Option<String>,
    pub(in super::super) record: i64,
    pub(in super::super) words: String,
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
        let explained = Explained::of(view, pack, records);
        let (evaluation, card) = (explained.evaluation, explained.card);
        let scale = scale(card);
        let rules = (pack, format!("/rules/{}/{}", pack.id, evaluation.scorecard));
        let dimensions = explained.dimensions.iter().map(|part| dimension(part, &rules, scale, records));
        EvaluationPart {
            title: view.title.clone(),
            rule: rules.1.clone(),
            purpose: card.map_or_else(String::new, |card| card.purpose.clone()),
            grade: view.grade.clone(),
            points: explained.points,
            amount: explained.amount.map(|(title, amount)| (title.to_owned(), amount.to_string())),
            reason: explained.reason.clone(),
            arithmetic: evaluation.arithmetic(),
            forced: explained.forced.as_ref().map(|part| forced(part, pack, records)),
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

fn forced(part: &Decisive<'_>, pack: &Pack, records: &[RecordView]) -> ForcedPart {
    let named = |grade: &Grade| format!("{}（{}）", grade.name, grade.title);
    ForcedPart {
        says: part.says(),
        decides: part.decides,
        rule: plain(&part.rule, ""),
        basis: bases(pack, part.basis),
        by_points: part.by_points.map(named),
        record: part.record.0,
        words: record_words(records, part.record),
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

/// The pack, and the address of the scorecard's own page.
type Rules<'a> = (&'a Pack, String);

fn dimension(of: &DimensionExplained<'_>, rules: &Rules<'_>, (least, most): (i64, i64), records: &[RecordView]) -> DimensionPart {
    DimensionPart {
        title: of.line.title.clone(),
        // Not known is not zero: where nothing was collected for any of it there are no points to tell.
        points: of.known.then(|| of.line.points.signed()),
        arithmetic: of.arithmetic.clone(),
        bar: Bar::new(of.line.points.0, least, most),
        unknown: of.unknown,
        open: of.line.indicators.iter().any(|indicator| !indicator.contributions.is_empty() || !indicator.uncertain.is_empty()),
        indicators: of.indicators.iter().map(|indicator| part(indicator, rules, records)).collect(),
    }
}

fn part(of: &IndicatorExplained<'_>, (pack, card): &Rules<'_>, records: &[RecordView]) -> IndicatorPart {
    let line = of.line;
    IndicatorPart {
        title: line.title.clone(),
        rule: format!("{card}#{}", line.id),
        known: of.known,
        why: line.unknown_because().unwrap_or_default(),
        arithmetic: line.arithmetic(),
        points: line.points.signed(),
        basis: of.rule.map_or_else(Vec::new, |rule| bases(pack, &rule.basis)),
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
