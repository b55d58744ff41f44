//! Two packs as one, so that a rule of the one can stand in a model of the other: the kinds and laws of the new pack follow those of the
//! old one, every record is a fact of both, and no name has to be translated.

use std::collections::BTreeMap;

use xinzhi_core::day::Span;
use xinzhi_evaluate::Coverage;
use xinzhi_rules::Pack;
use xinzhi_rules::calendar::Calendar;
use xinzhi_rules::fact::Fact;
use xinzhi_rules::model::{
    Dimension, Grade, Indicator, KindIx, LawIx, Number, Override, PeersBy, Scorecard, ScorecardIx, SubjectKindIx, Take,
};

use super::alteration::Part;

/// Both packs, with the variants of models that are asked for as its scorecards.
#[derive(Debug)]
pub(crate) struct Joint {
    pub(crate) pack: Pack,
    /// By how much kinds and laws of the new pack are moved.
    kinds: usize,
    laws: usize,
}

impl Joint {
    pub(crate) fn new(old: &Pack, new: &Pack) -> Joint {
        let (kinds, laws) = (old.record_kinds.len(), old.laws.len());
        let mut pack = old.clone();
        pack.record_kinds.extend(new.record_kinds.iter().cloned());
        pack.laws.extend(new.laws.iter().cloned());
        for kind in &new.subject_kinds {
            if pack.subject_kind_by_id(&kind.id).is_none() {
                pack.subject_kinds.push(kind.clone());
            }
        }
        (pack.scorecards, pack.matters, pack.measures) = (Vec::new(), Vec::new(), Vec::new());
        (pack.figures, pack.cases, pack.sources, pack.own_sources) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        pack.calendar = Calendar::default();
        Joint { pack, kinds, laws }
    }

    /// A scorecard of the new pack in the places of both.
    pub(crate) fn moved(&self, card: &Scorecard, new: &Pack) -> Scorecard {
        let laws = |basis: &[LawIx]| basis.iter().map(|law| LawIx(law.0 + self.laws)).collect();
        let kind = |kind: KindIx| KindIx(kind.0 + self.kinds);
        let subjects = card.subjects.iter().filter_map(|ix| self.pack.subject_kind_by_id(&new.subject_kind(*ix)?.id));
        let mut card = Scorecard { subjects: subjects.map(|(ix, _)| ix).collect(), basis: laws(&card.basis), ..card.clone() };
        for indicator in card.dimensions.iter_mut().flat_map(|dimension| &mut dimension.indicators) {
            (indicator.kind, indicator.basis) = (kind(indicator.kind), laws(&indicator.basis));
            if let Take::Number { number: Number::Ratio(divisor), .. } = &mut indicator.take {
                divisor.kind = kind(divisor.kind);
            }
        }
        if let Some(PeersBy::Choice { kind: of, .. }) = card.peers.as_mut().map(|peers| &mut peers.by) {
            *of = kind(*of);
        }
        for rule in &mut card.overrides {
            (rule.kind, rule.basis) = (kind(rule.kind), laws(&rule.basis));
        }
        card
    }

    /// Adds a model to be asked.
    pub(crate) fn add(&mut self, card: Scorecard) -> ScorecardIx {
        self.pack.scorecards.push(card);
        ScorecardIx(self.pack.scorecards.len() - 1)
    }

    /// What a subject of a kind is called here.
    pub(crate) fn subject_kind(&self, id: &str) -> Option<SubjectKindIx> {
        self.pack.subject_kind_by_id(id).map(|(ix, _)| ix)
    }

    /// The records of a subject as facts of both packs.
    pub(crate) fn facts(&self, old: &[Fact], new: &[Fact]) -> Vec<Fact> {
        let new = new.iter().map(|fact| Fact { kind: KindIx(fact.kind.0 + self.kinds), ..fact.clone() });
        old.iter().cloned().chain(new).collect()
    }

    /// What has been reported, told of the kinds of both packs.
    pub(crate) fn coverage(&self, old: &Coverage, new: &Coverage) -> Coverage {
        let of = |coverage: &Coverage, kind: usize| coverage.spans(KindIx(kind)).to_vec();
        let mut spans: BTreeMap<KindIx, Vec<Span>> = (0..self.kinds).map(|kind| (KindIx(kind), of(old, kind))).collect();
        for kind in 0..self.pack.record_kinds.len() - self.kinds {
            spans.insert(KindIx(kind + self.kinds), of(new, kind));
        }
        Coverage::new(spans)
    }
}

/// A model that consists of one indicator: its points are what the indicator adds to its dimension.
pub(crate) fn alone(card: &Scorecard, indicator: &Indicator, subjects: Vec<SubjectKindIx>) -> Scorecard {
    let dimension = Dimension { title: String::new(), indicators: vec![indicator.clone()], weight: 1000, floor: None, cap: None };
    let (least, most) = dimension.range();
    let (min, max) = (xinzhi_core::Points(least.0.min(0) - 1), xinzhi_core::Points(most.0.max(0) + 1));
    Scorecard {
        subjects,
        base: xinzhi_core::Points::ZERO,
        min,
        max,
        assessed_share: 0,
        dimensions: vec![dimension],
        overrides: Vec::new(),
        grades: vec![Grade { name: String::new(), title: String::new(), from: Some(min) }],
        peers: None,
        amount: None,
        groups: Vec::new(),
        ..card.clone()
    }
}

/// The old model with one part of it as in the new one; both in the places of a [`Joint`].
pub(crate) fn with(part: &Part, old: &Scorecard, new: &Scorecard) -> Scorecard {
    let mut card = Scorecard { amount: None, groups: Vec::new(), ..old.clone() };
    match part {
        Part::Subjects => card.subjects.clone_from(&new.subjects),
        Part::Force => (card.in_force, card.review_by, card.basis) = (new.in_force, new.review_by, new.basis.clone()),
        Part::Range => (card.base, card.min, card.max) = (new.base, new.min, new.max),
        Part::Share => (card.assessed_share, card.coverage_lag_days) = (new.assessed_share, new.coverage_lag_days),
        Part::Dimension(title) => {
            let other = new.dimensions.iter().find(|dimension| dimension.title == *title);
            for (dimension, other) in card.dimensions.iter_mut().filter(|dimension| dimension.title == *title).zip(other) {
                (dimension.weight, dimension.floor, dimension.cap) = (other.weight, other.floor, other.cap);
            }
        }
        Part::Indicator(id) => replace(&mut card, id, new),
        Part::Overrides => card.overrides = regraded(&new.overrides, &new.grades, &old.grades),
        Part::Grades => {
            card.overrides = regraded(&old.overrides, &old.grades, &new.grades);
            card.grades.clone_from(&new.grades);
        }
    }
    if matches!(part, Part::Range | Part::Grades) {
        // The last grade starts at the least points, whatever they are.
        if let Some(last) = card.grades.last_mut() {
            last.from = Some(card.min);
        }
    }
    card
}

/// Puts the indicator as the new model has it into the dimension in which it has it, which is made where it is missing.
fn replace(card: &mut Scorecard, id: &str, new: &Scorecard) {
    let found = new.dimensions.iter().find_map(|d| d.indicators.iter().find(|i| i.id == id).map(|i| (d, i)));
    let title = found.map(|(dimension, _)| dimension.title.as_str());
    let mut fresh = found.map(|(_, indicator)| indicator.clone());
    for dimension in &mut card.dimensions {
        let place = dimension.indicators.iter().position(|indicator| indicator.id == id);
        match (place, Some(dimension.title.as_str()) == title) {
            (Some(place), true) => {
                dimension.indicators.splice(place..=place, fresh.take());
            }
            (Some(place), false) => drop(dimension.indicators.remove(place)),
            (None, true) => dimension.indicators.extend(fresh.take()),
            (None, false) => {}
        }
    }
    if let Some((dimension, indicator)) = found.zip(fresh).map(|((dimension, _), fresh)| (dimension, fresh)) {
        card.dimensions.push(Dimension { indicators: vec![indicator], ..dimension.clone() });
    }
    card.dimensions.retain(|dimension| !dimension.indicators.is_empty());
}

/// Overrides whose grades are meant by name; one that the other scale does not have is the nearest below.
fn regraded(rules: &[Override], from: &[Grade], to: &[Grade]) -> Vec<Override> {
    let last = to.len().saturating_sub(1);
    let place = |grade: usize| {
        let name = from.get(grade).map(|grade| grade.name.as_str());
        to.iter().position(|grade| Some(grade.name.as_str()) == name).unwrap_or(grade.min(last))
    };
    rules.iter().map(|rule| Override { grade: place(rule.grade), ..rule.clone() }).collect()
}
