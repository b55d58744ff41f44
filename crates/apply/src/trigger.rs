//! Whether the facts bring a measure about, in three values: what is unknown brings nothing about (D3).

use std::collections::BTreeSet;

use xinzhi_core::Day;
use xinzhi_core::measure::MeasureKind;
use xinzhi_core::record::{Class, RecordId};
use xinzhi_rules::fact::{Fact, leaves_window_on, window_start};
use xinzhi_rules::model::{KindIx, Measure, ScorecardIx, Trigger};
use xinzhi_rules::predicate::{Column, Predicate, Truth};

use crate::check::{CheckInput, Reason};

/// A measure in front of a subject.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scene<'a> {
    pub input: &'a CheckInput<'a>,
    pub measure: &'a Measure,
}

/// Which records may bring the measure about.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Lens<'a> {
    /// For incentives and supervision: those in the window whose term has not ended.
    Derived,
    /// For a proposal: of these the ones not yet decided on.
    Proposal { spent: &'a BTreeSet<RecordId> },
    /// For a decision: its own causes, however old.
    Decision { causes: &'a [RecordId] },
    /// Inside a denial: any record in the window, so that an exception is never narrowed by the measure's own limits.
    Denied,
}

/// What was found, with the reasons for its truth, whichever it is.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub truth: Truth,
    pub reasons: Vec<Reason>,
    /// The last day on which it stays true by today's facts; none where nothing sets an end.
    pub until: Option<Day>,
}

impl Found {
    fn unknown() -> Found {
        Found { truth: Truth::Unknown, reasons: Vec::new(), until: None }
    }
}

impl Scene<'_> {
    /// Evaluates a trigger.
    pub(crate) fn find(&self, trigger: &Trigger, lens: Lens<'_>) -> Found {
        self.evaluate(trigger, lens, Lens::Denied)
    }

    /// `other` is the lens on the far side of the next denial; two denials lead back.
    fn evaluate(&self, trigger: &Trigger, lens: Lens<'_>, other: Lens<'_>) -> Found {
        match trigger {
            Trigger::Grade { scorecard, grades } => self.graded(*scorecard, grades),
            Trigger::OnList(list) => self.listed(*list, lens),
            Trigger::Record { kind, filter, within_months } => self.recorded(*kind, filter.as_ref(), *within_months, lens),
            Trigger::All(parts) => all(parts.iter().map(|part| self.evaluate(part, lens, other)).collect()),
            Trigger::Not(part) => denied(self.evaluate(part, other, lens)),
        }
    }

    /// No grade carries a restriction, and a person has none: both are unknown here, whatever the pack or the caller says.
    fn graded(&self, scorecard: ScorecardIx, grades: &[usize]) -> Found {
        let kind = self.input.pack.subject_kinds.get(self.input.subject_kind.0);
        if self.measure.kind == MeasureKind::Restriction || kind.is_none_or(|kind| kind.person) {
            return Found::unknown();
        }
        let known = self.input.grades.get(&scorecard).copied().flatten();
        let Some(known) = known.filter(|known| self.input.today <= known.valid_until) else { return Found::unknown() };
        let truth = if grades.contains(&known.grade) { Truth::True } else { Truth::False };
        let reason = Reason::Graded { scorecard, grade: known.grade, valid_until: known.valid_until };
        Found { truth, reasons: vec![reason], until: Some(known.valid_until) }
    }

    fn listed(&self, list: KindIx, lens: Lens<'_>) -> Found {
        let Some(kind) = self.input.pack.record_kinds.get(list.0) else { return Found::unknown() };
        let today = self.input.today;
        let entries = self.facts(list).filter(|fact| fact.listed_on(kind, today) && self.eligible(fact, lens));
        // An entry without a class is as grave as its list; one with a class below the floor is not (L7).
        let entries = entries.filter(|fact| fact.class.is_none() || self.above_floor(fact, lens) == Truth::True);
        let (mut reasons, mut until) = (Vec::new(), Some(Day::EARLIEST));
        for fact in entries {
            let removal = kind.list.and_then(|span| span.until).and_then(|field| fact.value(Column::Field(field)));
            let last = removal.and_then(Day::from_number).map(|day| day.plus_days(-1));
            let end = if matches!(lens, Lens::Proposal { .. }) { earlier(last, Some(self.natural_end(fact))) } else { last };
            until = later(until, end);
            reasons.push(Reason::Listed { list, record: fact.record, day: fact.day, until: last });
        }
        found(reasons, until, Reason::NotListed { list })
    }

    fn recorded(&self, kind: KindIx, filter: Option<&Predicate>, within_months: i32, lens: Lens<'_>) -> Found {
        let today = self.input.today;
        let (mut reasons, mut until, mut doubt) = (Vec::new(), Some(Day::EARLIEST), false);
        for fact in self.facts(kind).filter(|fact| self.eligible(fact, lens)) {
            let in_window = window_start(today, within_months) <= fact.day && fact.day <= today;
            if !in_window && !matches!(lens, Lens::Decision { .. }) {
                continue;
            }
            match and(filter.map_or(Truth::True, |filter| fact.truth(filter)), self.above_floor(fact, lens)) {
                Truth::True => {
                    let leaves = leaves_window_on(fact.day, within_months).plus_days(-1);
                    let end = match lens {
                        Lens::Derived => earlier(Some(leaves), Some(self.natural_end(fact))),
                        Lens::Denied => Some(leaves),
                        Lens::Proposal { .. } | Lens::Decision { .. } => Some(self.natural_end(fact)),
                    };
                    until = later(until, end);
                    reasons.push(Reason::Recorded { kind, record: fact.record, day: fact.day, class: fact.class });
                }
                Truth::Unknown => doubt = true,
                Truth::False => {}
            }
        }
        if reasons.is_empty() && doubt {
            return Found::unknown();
        }
        found(reasons, until, Reason::NotRecorded { kind, within_months })
    }

    /// Facts of a kind in the order of their documents, so that answers do not depend on the order they came in.
    fn facts(&self, kind: KindIx) -> impl Iterator<Item = &Fact> {
        let mut facts: Vec<&Fact> = self.input.facts.iter().filter(|fact| fact.kind == kind).collect();
        facts.sort_by_key(|fact| (fact.day, fact.record));
        facts.into_iter()
    }

    fn eligible(&self, fact: &Fact, lens: Lens<'_>) -> bool {
        let is_list = self.input.pack.record_kinds.get(fact.kind.0).is_some_and(|kind| kind.list.is_some());
        match lens {
            // Membership of a list renews itself every day; only a record wears out.
            Lens::Derived => is_list || self.input.today <= self.natural_end(fact),
            Lens::Proposal { spent } => self.input.today <= self.natural_end(fact) && !spent.contains(&fact.record),
            Lens::Decision { causes } => causes.contains(&fact.record),
            Lens::Denied => true,
        }
    }

    /// The last day on which a record could still carry the measure: its document's day and the longest term (L10).
    fn natural_end(&self, fact: &Fact) -> Day {
        fact.day.plus_months(self.measure.term_months)
    }

    /// Whether a record is grave enough. 轻微 never carries a restriction, whatever the pack says (L7).
    fn above_floor(&self, fact: &Fact, lens: Lens<'_>) -> Truth {
        let own = self.measure.class_floor;
        let floor = match self.measure.kind {
            MeasureKind::Restriction => Some(own.unwrap_or(Class::Ordinary).max(Class::Ordinary)),
            MeasureKind::Incentive | MeasureKind::Supervision => own,
        };
        match (floor.filter(|_| !matches!(lens, Lens::Denied)), fact.class) {
            (None, _) => Truth::True,
            (Some(_), None) => Truth::Unknown,
            (Some(floor), Some(class)) if class >= floor => Truth::True,
            (Some(_), Some(_)) => Truth::False,
        }
    }
}

fn found(reasons: Vec<Reason>, until: Option<Day>, otherwise: Reason) -> Found {
    if reasons.is_empty() {
        return Found { truth: Truth::False, reasons: vec![otherwise], until: None };
    }
    Found { truth: Truth::True, reasons, until }
}

fn all(parts: Vec<Found>) -> Found {
    let truth = parts.iter().fold(Truth::True, |truth, part| and(truth, part.truth));
    let deciding = parts.into_iter().filter(|part| part.truth == truth);
    let merge = |mut whole: Found, part: Found| {
        whole.reasons.extend(part.reasons);
        whole.until = earlier(whole.until, part.until);
        whole
    };
    deciding.fold(Found { truth, reasons: Vec::new(), until: None }, merge)
}

fn denied(part: Found) -> Found {
    let truth = match part.truth {
        Truth::True => Truth::False,
        Truth::False => Truth::True,
        Truth::Unknown => Truth::Unknown,
    };
    Found { truth, ..part }
}

fn and(a: Truth, b: Truth) -> Truth {
    match (a, b) {
        (Truth::False, _) | (_, Truth::False) => Truth::False,
        (Truth::Unknown, _) | (_, Truth::Unknown) => Truth::Unknown,
        (Truth::True, Truth::True) => Truth::True,
    }
}

/// The earlier of two ends, none being never.
fn earlier(a: Option<Day>, b: Option<Day>) -> Option<Day> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

/// The later of two ends, none being never.
fn later(a: Option<Day>, b: Option<Day>) -> Option<Day> {
    a.zip(b).map(|(a, b)| a.max(b))
}
