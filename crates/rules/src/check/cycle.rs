//! A grade that brings a measure about, the answer to which is a record that the same grade rests on: nobody could say any more
//! what a result follows from. Answers to measures of other causes may be read.

use std::collections::BTreeSet;

use super::contradiction::never;
use super::measure::Placed;
use super::subject::overlap;
use crate::model::{FieldKind, Forcing, Indicator, Measure, OwnSource, Pack, PeersBy, RecordKind, Said, Scorecard, Trigger};
use crate::predicate::{Column, Predicate, Test};
use crate::report::Report;

/// Finds measures whose answers come back to the grade that brings them about, through other scorecards as well.
pub(super) fn refused(pack: &Pack, places: &[Placed], report: &mut Report) {
    for (measure, place) in pack.measures.iter().zip(places) {
        let mut causes = BTreeSet::new();
        graded(&measure.trigger, &mut causes);
        let reached = reached(measure, pack);
        for card in causes.intersection(&reached).filter_map(|position| pack.scorecards.get(*position)) {
            report.enter(&place.file);
            let message =
                format!("措施 `{}` 由评价模型 `{}` 的等级触发，而它的反馈又是该模型所用的记录：评价成了自己的依据", measure.id, card.id);
            let help = "请在该模型中去掉由反馈生成的信息种类，或用 `where` 排除这一类措施的反馈";
            report.fault(place.at, "cycle", message, help);
        }
    }
}

fn graded(trigger: &Trigger, causes: &mut BTreeSet<usize>) {
    match trigger {
        Trigger::Grade { scorecard, .. } => drop(causes.insert(scorecard.0)),
        Trigger::All(parts) => parts.iter().for_each(|part| graded(part, causes)),
        Trigger::Not(part) => graded(part, causes),
        Trigger::OnList(_) | Trigger::Record { .. } => {}
    }
}

/// The scorecards that an answer to the measure can move, at once or through measures that their grades bring about.
fn reached(measure: &Measure, pack: &Pack) -> BTreeSet<usize> {
    let mut reached = BTreeSet::new();
    let mut answered = vec![measure];
    while let Some(measure) = answered.pop() {
        for (position, _) in pack.scorecards.iter().enumerate().filter(|(_, card)| reads_answers(card, measure, pack)) {
            if reached.insert(position) {
                answered.extend(pack.measures.iter().filter(|other| {
                    let mut causes = BTreeSet::new();
                    graded(&other.trigger, &mut causes);
                    causes.contains(&position)
                }));
            }
        }
    }
    reached
}

fn reads_answers(card: &Scorecard, measure: &Measure, pack: &Pack) -> bool {
    let indicators = card.dimensions.iter().flat_map(|dimension| &dimension.indicators);
    let read = indicators.flat_map(Indicator::counts);
    let forced = card.overrides.iter().map(|rule| match &rule.when {
        Forcing::Listed => (rule.kind, None),
        Forcing::Within { filter, .. } => (rule.kind, filter.as_ref()),
    });
    let grouped = card.peers.iter().filter_map(|peers| match peers.by {
        PeersBy::Choice { kind, .. } => Some((kind, None)),
        PeersBy::Kind => None,
    });
    let mut reads = read.chain(forced).chain(grouped);
    reads.any(|(ix, filter)| {
        let own = || pack.own_sources.iter().filter(|own| own.kind == ix);
        pack.record_kinds.get(ix.0).is_some_and(|kind| {
            let about = overlap(&kind.subjects, &card.subjects) && overlap(&measure.subjects, &card.subjects);
            about && own().any(|own| answers(own, kind, measure, filter))
        })
    })
}

/// Whether an answer to the measure can be among the records that a condition lets through.
fn answers(own: &OwnSource, kind: &RecordKind, measure: &Measure, filter: Option<&Predicate>) -> bool {
    let said = said(own, kind, measure);
    let conditions: Vec<&Predicate> = said.iter().chain(filter).collect();
    !never(&conditions, kind)
}

/// What is known of every answer to the measure.
fn said(own: &OwnSource, kind: &RecordKind, measure: &Measure) -> Vec<Predicate> {
    let word = |said| match said {
        Said::MeasureKind => Some(measure.kind.title()),
        Said::Measure => Some(measure.title.as_str()),
        _ => None,
    };
    let known = own.says.iter().filter_map(|(field, said)| {
        let FieldKind::Choice(choices) = &kind.at(*field)?.kind else { return None };
        let position = i64::try_from(choices.find(word(*said)?)?).ok()?;
        Some(Predicate::Test { column: Column::Field(*field), test: Test::OneOf(vec![position]) })
    });
    known.collect()
}
