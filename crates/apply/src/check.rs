//! A check: for one subject at one matter, every measure that applies today or waits for a person.

use std::collections::{BTreeMap, BTreeSet};

use xinzhi_core::measure::{MeasureKind, MeasureState};
use xinzhi_core::record::{Class, Document, RecordId};
use xinzhi_core::{Code, Day, Refusal};
use xinzhi_rules::fact::Fact;
use xinzhi_rules::model::{KindIx, LawIx, MatterIx, Measure, MeasureIx, Pack, ScorecardIx, SubjectKindIx};
use xinzhi_rules::predicate::Truth;

use crate::force::bases_on;
use crate::trigger::{Found, Lens, Scene};

/// What a check looks at. One subject's facts only: there is no other subject whose record could reach the answer (L8).
#[derive(Clone, Copy, Debug)]
pub struct CheckInput<'a> {
    /// The pack, which the caller pins by its digest.
    pub pack: &'a Pack,
    /// The matter at hand.
    pub matter: MatterIx,
    /// What kind of subject.
    pub subject_kind: SubjectKindIx,
    /// Its usable records: none in dispute, none closed (D7).
    pub facts: &'a [Fact],
    /// Its grades. None, or no entry at all, means not evaluable: unknown, and never the worst.
    pub grades: &'a BTreeMap<ScorecardIx, Option<GradeKnown>>,
    /// Every decision ever made about this subject, ended ones too (D10).
    pub decisions: &'a [Decision],
    /// Whether the subject was found by a code with a check digit (D6).
    pub exact_identity: bool,
    /// The day of the check.
    pub today: Day,
}

/// A grade, as long as it may be quoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GradeKnown {
    /// Position among the scorecard's grades.
    pub grade: usize,
    /// The last day on which it may be quoted (C3).
    pub valid_until: Day,
}

/// A restriction that a named person decided on. Only [`crate::feedback()`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Id of the measure.
    pub measure: String,
    /// The records it rests on.
    pub causes: Vec<RecordId>,
    /// Its first day.
    pub from: Day,
    /// Its last day.
    pub until: Day,
    /// Who decided.
    pub officer: String,
    /// On which document.
    pub document: Document,
    /// The day on which the subject was served with it.
    pub notice: Day,
}

/// One measure that a check answers with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Which measure.
    pub measure: MeasureIx,
    /// Whether it holds or waits for a person.
    pub state: MeasureState,
    /// The last day on which it holds or may be proposed by today's facts; none where nothing sets an end yet.
    pub until: Option<Day>,
    /// Why.
    pub why: Why,
    /// The records behind it, in order.
    pub causes: Vec<RecordId>,
}

/// Why a measure is answered: facts, articles, and the decision where there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Why {
    /// What was found.
    pub reasons: Vec<Reason>,
    /// The articles in force today.
    pub basis: Vec<LawIx>,
    /// The decision of a restriction in force.
    pub decision: Option<Decision>,
}

/// One thing that was found. The same words serve a condition and its denial, as in "not graded D".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The grade it has.
    Graded {
        /// By which scorecard.
        scorecard: ScorecardIx,
        /// Position among its grades.
        grade: usize,
        /// The last day on which it may be quoted.
        valid_until: Day,
    },
    /// It is on a list today.
    Listed {
        /// Which list.
        list: KindIx,
        /// The entry.
        record: RecordId,
        /// The day of its document.
        day: Day,
        /// Its last day, where one is set.
        until: Option<Day>,
    },
    /// It has a record.
    Recorded {
        /// Of which kind.
        kind: KindIx,
        /// Which.
        record: RecordId,
        /// The day of its document.
        day: Day,
        /// Its class, where it is adverse.
        class: Option<Class>,
    },
    /// It is not on a list.
    NotListed {
        /// Which list.
        list: KindIx,
    },
    /// It has no such record.
    NotRecorded {
        /// Of which kind.
        kind: KindIx,
        /// In the last so many months.
        within_months: i32,
    },
}

impl Reason {
    /// The record it cites.
    pub fn record(&self) -> Option<RecordId> {
        match self {
            Reason::Listed { record, .. } | Reason::Recorded { record, .. } => Some(*record),
            Reason::Graded { .. } | Reason::NotListed { .. } | Reason::NotRecorded { .. } => None,
        }
    }
}

/// Answers a check, in the order of the matter's measures; each measure at most once.
///
/// # Errors
/// A matter that the pack does not have, or that does not concern this kind of subject.
pub fn check(input: &CheckInput<'_>) -> Result<Vec<Answer>, Refusal> {
    let matter = input.pack.matters.get(input.matter.0).ok_or(Code::MatterUnknown)?;
    if !matter.subjects.contains(&input.subject_kind) {
        return Err(Refusal::field(Code::SubjectKindWrong, "matter", format!("事项“{}”不适用于此类主体", matter.title)));
    }
    let mut answers = Vec::new();
    for ix in &matter.measures {
        let measure = input.pack.measures.get(ix.0).ok_or(Code::Internal)?;
        answers.extend(answer(input, *ix, measure));
    }
    Ok(answers)
}

fn answer(input: &CheckInput<'_>, ix: MeasureIx, measure: &Measure) -> Option<Answer> {
    let basis = bases_on(input.pack, measure, input.today);
    if basis.is_empty() || !measure.subjects.contains(&input.subject_kind) {
        return None;
    }
    let scene = Scene { input, measure };
    match measure.kind {
        MeasureKind::Incentive | MeasureKind::Supervision => {
            let found = scene.find(&measure.trigger, Lens::Derived);
            (found.truth == Truth::True).then(|| found.answer(ix, MeasureState::InForce, basis))
        }
        MeasureKind::Restriction => in_force(&scene, ix, &basis).or_else(|| proposed(&scene, ix, basis)),
    }
}

/// A restriction that was decided: inside its days, and resting on records that all still stand.
fn in_force(scene: &Scene<'_>, ix: MeasureIx, basis: &[LawIx]) -> Option<Answer> {
    let today = scene.input.today;
    let running = scene.decisions().filter(|decision| decision.from <= today && today <= decision.until);
    let standing = running.filter_map(|decision| Some((decision, scene.stands(decision)?)));
    let (decision, found) = standing.max_by_key(|(decision, _)| decision.until)?;
    let mut answer = found.answer(ix, MeasureState::InForce, basis.to_vec());
    answer.until = Some(decision.until);
    answer.causes.clone_from(&decision.causes);
    answer.why.decision = Some(decision.clone());
    Some(answer)
}

/// A restriction that the facts would allow. What has been decided on once is not proposed again (D10).
fn proposed(scene: &Scene<'_>, ix: MeasureIx, basis: Vec<LawIx>) -> Option<Answer> {
    if !scene.input.exact_identity {
        return None;
    }
    let spent: BTreeSet<RecordId> = scene.decisions().flat_map(|decision| decision.causes.iter().copied()).collect();
    let found = scene.find(&scene.measure.trigger, Lens::Proposal { spent: &spent });
    if found.truth != Truth::True {
        return None;
    }
    let answer = found.answer(ix, MeasureState::Proposed, basis);
    // Nothing is proposed without a record to rest on (D4).
    (!answer.causes.is_empty()).then_some(answer)
}

/// How a decision stands on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Its first day has not come.
    Ahead,
    /// It is in force.
    InForce,
    /// Its last day is over.
    Over,
    /// Its days run, and its basis is not in force, or the measure is no longer in the pack (L2).
    WithoutBasis,
    /// Its days run, and a record that it rests on does not stand any more, or no longer carries it (W3).
    WithoutCause,
}

/// How `decision` stands on the day of `input`, by the same rules by which a check answers. The matter and the grades of `input` play no
/// part: no restriction rests on a grade.
pub fn standing(input: &CheckInput<'_>, decision: &Decision) -> Standing {
    if input.today > decision.until {
        return Standing::Over;
    }
    let Some(measure) = input.pack.measures.iter().find(|measure| measure.id == decision.measure) else { return Standing::WithoutBasis };
    if bases_on(input.pack, measure, input.today).is_empty() {
        return Standing::WithoutBasis;
    }
    let scene = Scene { input, measure };
    match scene.stands(decision) {
        None => Standing::WithoutCause,
        Some(_) if input.today < decision.from => Standing::Ahead,
        Some(_) => Standing::InForce,
    }
}

impl<'a> Scene<'a> {
    fn decisions(&self) -> impl Iterator<Item = &'a Decision> {
        let id = &self.measure.id;
        self.input.decisions.iter().filter(move |decision| decision.measure == *id)
    }

    /// What a decision rests on today, if every one of its causes still carries it; a record that was closed, disputed or
    /// lowered to 轻微 takes the decision with it, and an identity in doubt lends it to nobody (D6).
    fn stands(&self, decision: &Decision) -> Option<Found> {
        let present = |cause: &RecordId| self.input.facts.iter().any(|fact| fact.record == *cause);
        if !self.input.exact_identity || decision.causes.is_empty() || !decision.causes.iter().all(present) {
            return None;
        }
        let found = self.find(&self.measure.trigger, Lens::Decision { causes: &decision.causes });
        let carried = found.records();
        let whole = found.truth == Truth::True && decision.causes.iter().all(|cause| carried.contains(cause));
        whole.then_some(found)
    }
}

impl Found {
    fn records(&self) -> BTreeSet<RecordId> {
        self.reasons.iter().filter_map(Reason::record).collect()
    }

    fn answer(self, measure: MeasureIx, state: MeasureState, basis: Vec<LawIx>) -> Answer {
        let causes = self.records().into_iter().collect();
        Answer { measure, state, until: self.until, why: Why { reasons: self.reasons, basis, decision: None }, causes }
    }
}
