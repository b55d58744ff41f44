//! Which measures begin, end or change, by the one implementation of checks.

use std::collections::BTreeMap;

use xinzhi_apply::{CheckInput, Decision, GradeKnown};
use xinzhi_core::Day;
use xinzhi_core::measure::{MeasureKind, MeasureState};
use xinzhi_rules::Pack;
use xinzhi_rules::fact::Fact;
use xinzhi_rules::model::{Matter, MatterIx, Measure, MeasureIx, ScorecardIx, SubjectKindIx};

use super::alteration::How;
use super::ratio::Befalls;
use super::shift::{MeasureShift, Stand};
use super::side::every_measure;
use super::{MeasureImpact, States};
use crate::Error;

/// A measure at a matter, where each pack has it.
#[derive(Debug)]
pub(crate) struct Pair {
    old: Option<(MatterIx, MeasureIx)>,
    new: Option<(MatterIx, MeasureIx)>,
}

/// Every measure of every matter of either pack, by the matters of the old one first.
pub(crate) fn pairs(old: &Pack, new: &Pack) -> Vec<Pair> {
    let mut pairs: Vec<Pair> = placed(old).map(|at| Pair { old: Some(at), new: twin((old, at), new) }).collect();
    let fresh = placed(new).filter(|at| twin((new, *at), old).is_none());
    pairs.extend(fresh.map(|at| Pair { old: None, new: Some(at) }));
    pairs
}

fn placed(pack: &Pack) -> impl Iterator<Item = (MatterIx, MeasureIx)> {
    let matters = pack.matters.iter().enumerate();
    matters.flat_map(|(place, matter)| matter.measures.iter().map(move |measure| (MatterIx(place), *measure)))
}

fn named(pack: &Pack, (matter, measure): (MatterIx, MeasureIx)) -> Option<(&Matter, &Measure)> {
    pack.matters.get(matter.0).zip(pack.measure(measure))
}

fn twin((pack, at): (&Pack, (MatterIx, MeasureIx)), other: &Pack) -> Option<(MatterIx, MeasureIx)> {
    let (matter, measure) = named(pack, at)?;
    let same = |at: &(MatterIx, MeasureIx)| named(other, *at).is_some_and(|(m, of)| m.id == matter.id && of.id == measure.id);
    placed(other).find(same)
}

/// What a check of one subject rests on, in one pack made by [`super::side::as_if`].
pub(crate) struct Known<'a> {
    pub(crate) pack: &'a Pack,
    /// None where the pack has no such kind.
    pub(crate) kind: Option<SubjectKindIx>,
    pub(crate) facts: &'a [Fact],
    pub(crate) stands: Vec<(ScorecardIx, Stand)>,
    pub(crate) decisions: &'a [Decision],
    pub(crate) exact: bool,
}

/// The state of every measure that applies or is proposed, by its place in the pack.
pub(crate) fn states(known: &Known<'_>, today: Day) -> Result<BTreeMap<MeasureIx, MeasureState>, Error> {
    let Some(kind) = known.kind else { return Ok(BTreeMap::new()) };
    // Grades of the day itself may always be quoted on it.
    let quoted = |stand: &Stand| stand.grade.map(|grade| GradeKnown { grade, valid_until: today });
    let grades = known.stands.iter().map(|(card, stand)| (*card, quoted(stand))).collect();
    let input = CheckInput {
        pack: known.pack,
        matter: every_measure(known.pack),
        subject_kind: kind,
        facts: known.facts,
        grades: &grades,
        decisions: known.decisions,
        exact_identity: known.exact,
        today,
    };
    Ok(xinzhi_apply::check(&input)?.into_iter().map(|answer| (answer.measure, answer.state)).collect())
}

/// A subject's kind and the states of its measures, in one pack.
pub(crate) type Stood<'a> = (&'a Pack, Option<SubjectKindIx>, &'a BTreeMap<MeasureIx, MeasureState>);

/// Where the measures of one subject differ or stand, by the place of the pair.
pub(crate) fn moves(pairs: &[Pair], old: Stood<'_>, new: Stood<'_>) -> Vec<(usize, Option<MeasureState>, Option<MeasureState>)> {
    let state = |(pack, kind, states): Stood<'_>, at: Option<(MatterIx, MeasureIx)>| {
        let (matter, measure) = at?;
        let concerned = pack.matters.get(matter.0).zip(kind).is_some_and(|(matter, kind)| matter.subjects.contains(&kind));
        states.get(&measure).copied().filter(|_| concerned)
    };
    let moved = pairs.iter().enumerate().map(|(place, pair)| (place, state(old, pair.old), state(new, pair.new)));
    moved.filter(|(_, before, after)| before.is_some() || after.is_some()).collect()
}

/// What a change of a measure is to whom it befalls: unfavourable or favourable; none where it is neither.
pub(crate) fn befalls(kind: MeasureKind, before: Option<MeasureState>, after: Option<MeasureState>) -> Option<Befalls> {
    let begins = match (before, after) {
        (None, Some(_)) => true,
        (Some(_), None) => false,
        _ => return None,
    };
    match kind {
        MeasureKind::Incentive => Some(if begins { Befalls::Relieved } else { Befalls::Burdened }),
        MeasureKind::Restriction => Some(if begins { Befalls::Burdened } else { Befalls::Relieved }),
        MeasureKind::Supervision => None,
    }
}

/// The kind of a measure at a matter.
pub(crate) fn kind_of((old, new): (&Pack, &Pack), pair: &Pair) -> Option<MeasureKind> {
    let at = pair.new.and_then(|at| named(new, at)).or_else(|| pair.old.and_then(|at| named(old, at)));
    at.map(|(_, measure)| measure.kind)
}

/// The table of measures.
pub(crate) fn table((old, new): (&Pack, &Pack), pairs: &[Pair], shifts: &[MeasureShift]) -> Vec<MeasureImpact> {
    let mut rows: Vec<MeasureImpact> = pairs.iter().filter_map(|pair| row((old, new), pair)).collect();
    for (place, before, after) in shifts.iter().flat_map(|shift| &shift.moves) {
        let Some(row) = rows.get_mut(*place) else { continue };
        match (before, after) {
            (None, Some(state)) => row.begins.add(*state),
            (Some(state), None) => row.ends.add(*state),
            (Some(before), Some(after)) if before == after => row.stays.add(*after),
            (Some(_), Some(after)) => row.changes.add(*after),
            (None, None) => {}
        }
    }
    rows
}

fn row((old, new): (&Pack, &Pack), pair: &Pair) -> Option<MeasureImpact> {
    let at = pair.new.and_then(|at| named(new, at)).or_else(|| pair.old.and_then(|at| named(old, at)));
    let (matter, measure) = at?;
    Some(MeasureImpact {
        matter: matter.id.clone(),
        matter_title: matter.title.clone(),
        measure: measure.id.clone(),
        measure_title: measure.title.clone(),
        kind: measure.kind,
        how: match (pair.old, pair.new) {
            (None, _) => Some(How::Added),
            (_, None) => Some(How::Removed),
            _ => None,
        },
        begins: States::default(),
        ends: States::default(),
        changes: States::default(),
        stays: States::default(),
    })
}

impl States {
    fn add(&mut self, state: MeasureState) {
        match state {
            MeasureState::InForce => self.in_force += 1,
            MeasureState::Proposed => self.proposed += 1,
        }
    }
}
