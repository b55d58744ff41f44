//! 模型构建 in the office: from stored records to an evaluation, with a cache that a new fact about a subject outdates.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use xinzhi_core::journal::Position;
use xinzhi_core::record::RecordId;
use xinzhi_core::{Code, Day, Digest, SubjectId};
use xinzhi_evaluate::{Coverage, Evaluation, Question, Subject};
use xinzhi_rules::Pack;
use xinzhi_rules::fact::{Fact, rule_values};
use xinzhi_rules::model::{KindIx, ScorecardIx, SubjectKindIx};
use xinzhi_store::Connection;
use xinzhi_store::batch::CoverageMark;
use xinzhi_store::record::RecordRow;
use xinzhi_store::subject::SubjectRow;

use crate::Error;
use crate::coverage::CoverageCache;
use crate::react::describe;

/// Parts of the cache. Giving up all of it at once took 45 ms, in which the writer stood still.
const PARTS: u64 = 256;
/// Evaluations kept in each part; beyond it the part starts anew.
const ENTRIES_MAX: usize = 200;

/// What an evaluation depends on. Records never change: which of them are visible says what is known.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Pin {
    subject: SubjectId,
    kind: SubjectKindIx,
    records: Arc<[RecordId]>,
    area: Option<String>,
    coverage: CoverageMark,
    pack: Digest,
    card: ScorecardIx,
    as_of: Day,
}

/// Evaluations of today, by what they depend on, in parts by subject.
#[derive(Debug)]
pub struct Cache(Vec<Mutex<Part>>);

type Part = HashMap<Pin, Arc<Evaluation>>;

impl Default for Cache {
    fn default() -> Cache {
        Cache((0..PARTS).map(|_| Mutex::default()).collect())
    }
}

/// A subject with all that rules may know of it at a position.
#[derive(Clone, Debug)]
pub struct Known {
    /// The subject.
    pub subject: SubjectRow,
    /// Its kind in the pack.
    pub kind: SubjectKindIx,
    /// Its records, newest document first.
    pub records: Vec<RecordRow>,
    /// The same as rules see them.
    pub facts: Vec<Fact>,
    /// What has been reported for its area.
    pub coverage: Arc<Coverage>,
    /// What that coverage rests on: part of the cache's key.
    coverage_mark: CoverageMark,
}

/// Reads a subject as known at a position: its records, and of its row what the registration among them says. The row itself tells of the
/// present, and of registrations too that were staged only or taken back; before the first one nobody knew its area (W4, X6).
pub fn know(
    connection: &mut Connection,
    coverage: &CoverageCache,
    pack: &Pack,
    (mut subject, position): (SubjectRow, Position),
) -> Result<Known, Error> {
    let records = xinzhi_store::record::of_subject(connection, subject.subject, position)?;
    if !describe(pack, &records, &mut subject)? {
        (subject.area, subject.industry) = (None, None);
    }
    let facts = facts(pack, &records)?;
    let kind = kind_of(pack, &subject)?;
    let (coverage, coverage_mark) = coverage.of_area(connection, pack, subject.area.as_deref(), position)?;
    Ok(Known { subject, kind, records, facts, coverage, coverage_mark })
}

fn kind_of(pack: &Pack, subject: &SubjectRow) -> Result<SubjectKindIx, Error> {
    let position = pack.subject_kinds.iter().position(|kind| kind.id == subject.kind);
    position.map(SubjectKindIx).ok_or_else(|| Error::inconsistent(format!("subject kind {} is not in the pack", subject.kind)))
}

/// Stored records as rules see them. A record whose kind the pack no longer has is no fact to it.
pub fn facts(pack: &Pack, records: &[RecordRow]) -> Result<Vec<Fact>, Error> {
    let mut facts = Vec::with_capacity(records.len());
    for record in records {
        let Some(index) = pack.record_kinds.iter().position(|kind| kind.id == record.kind) else { continue };
        let Some(kind) = pack.record_kinds.get(index) else { continue };
        let fields: serde_json::Value =
            serde_json::from_str(&record.fields).map_err(|e| Error::inconsistent(format!("fields of record {}: {e}", record.record.0)))?;
        facts.push(Fact {
            record: record.record,
            kind: KindIx(index),
            day: record.document.date,
            class: record.class,
            values: rule_values(kind, &fields),
        });
    }
    Ok(facts)
}

impl Cache {
    /// How many evaluations are kept.
    pub(crate) fn len(&self) -> usize {
        self.0.iter().map(|part| entries(part).len()).sum()
    }

    /// Evaluates a subject by one scorecard, or returns what was found before from the same facts on the same day.
    ///
    /// # Errors
    /// [`Code::ScorecardUnknown`] where the scorecard does not evaluate this kind of subject, natural persons above all (C2).
    pub fn evaluate(&self, pack: &Pack, known: &Known, card: ScorecardIx, as_of: Day) -> Result<Arc<Evaluation>, Error> {
        let pin = Pin {
            subject: known.subject.subject,
            kind: known.kind,
            records: known.records.iter().map(|record| record.record).collect(),
            area: known.subject.area.clone(),
            coverage: known.coverage_mark,
            pack: pack.digest,
            card,
            as_of,
        };
        let Some(part) = self.part(pin.subject) else { return evaluate(pack, known, card, as_of).map(Arc::new) };
        if let Some(evaluation) = entries(part).get(&pin) {
            return Ok(Arc::clone(evaluation));
        }
        let evaluation = Arc::new(evaluate(pack, known, card, as_of)?);
        let mut entries = entries(part);
        if entries.len() >= ENTRIES_MAX {
            entries.clear();
        }
        entries.insert(pin, Arc::clone(&evaluation));
        Ok(evaluation)
    }

    fn part(&self, subject: SubjectId) -> Option<&Mutex<Part>> {
        let index = subject.0.unsigned_abs() % PARTS;
        usize::try_from(index).ok().and_then(|index| self.0.get(index))
    }
}

fn entries(part: &Mutex<Part>) -> MutexGuard<'_, Part> {
    part.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Evaluates without the cache: for another day or position than now.
pub fn evaluate(pack: &Pack, known: &Known, card: ScorecardIx, as_of: Day) -> Result<Evaluation, Error> {
    let subject = Subject { kind: known.kind, facts: &known.facts, coverage: &known.coverage };
    xinzhi_evaluate::evaluate(&Question { pack, card, as_of }, &subject).map_err(|fault| match fault {
        xinzhi_evaluate::Fault::Person | xinzhi_evaluate::Fault::NotApplicable { .. } => {
            xinzhi_core::Refusal::detail(Code::ScorecardUnknown, fault.to_string()).into()
        }
        xinzhi_evaluate::Fault::Plan(_) | xinzhi_evaluate::Fault::Columns(_) => Error::inconsistent(fault.to_string()),
    })
}

/// The scorecards that evaluate subjects of a kind.
pub fn scorecards_for(pack: &Pack, kind: SubjectKindIx) -> impl Iterator<Item = ScorecardIx> {
    pack.scorecards.iter().enumerate().filter(move |(_, card)| card.subjects.contains(&kind)).map(|(index, _)| ScorecardIx(index))
}
