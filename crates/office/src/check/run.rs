//! 业务触发 → 自动信用核查: one act that reads, decides, owes and records who asked.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use xinzhi_apply::{Answer, CheckInput, Decision, GradeKnown};
use xinzhi_core::actor::Actor;
use xinzhi_core::check::CheckId;
use xinzhi_core::journal::{Act, Draft, Position};
use xinzhi_core::measure::{MeasureKind, MeasureState};
use xinzhi_core::record::Document;
use xinzhi_core::{Code, Day, Digest, Refusal, text};
use xinzhi_rules::Pack;
use xinzhi_rules::model::{Matter, MatterIx, ScorecardIx};
use xinzhi_store::access::AccessRow;
use xinzhi_store::check::{CheckRow, DecisionRow, NewObligation};
use xinzhi_store::{Connection, Tx};

use crate::evaluation::{Cache, Known, know, scorecards_for};
use crate::idempotent::Once;
use crate::pack::known_grade;
use crate::permission::{Action, Scope};
use crate::subject::file::access_payload;
use crate::subject::find;
use crate::{Error, Office};

/// Edition of everything that computes results; it moves only with an entry in `DECISIONS.md`.
pub const ENGINE_EDITION: i64 = 1;
/// Longest 办件编号, in characters.
const CASE_CHARS_MAX: usize = 100;

/// What a business system asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckRequest {
    /// Code of the subject.
    pub subject: String,
    /// Id of the matter.
    pub matter: String,
    /// Purpose of the access; must be the matter's.
    pub purpose: String,
    /// 办件编号.
    pub case: String,
}

/// What it is told; stored as given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckAnswer {
    /// Number of the check.
    pub id: i64,
    /// Code of the subject; masked for persons.
    pub subject: String,
    /// Its name; masked for persons.
    pub name: String,
    /// Id of the matter.
    pub matter: String,
    /// Title of the matter.
    pub matter_title: String,
    /// The measures that apply or wait for a person.
    pub measures: Vec<MeasureAnswer>,
    /// Commitments the applicant may make.
    pub commitments: Vec<String>,
    /// Until when each measure is owed an answer.
    pub feedback_due: Day,
    /// Whether that day rests on weekends alone, because the year's holidays are not published.
    pub feedback_due_provisional: bool,
    /// What the answer is a function of.
    pub pin: Pin,
}

/// One measure of an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeasureAnswer {
    /// Id of the measure.
    pub measure: String,
    /// Its title.
    pub title: String,
    /// What the executing body does.
    pub content: String,
    /// incentive, supervision or restriction.
    pub kind: MeasureKind,
    /// in_force or proposed.
    pub state: MeasureState,
    /// Its articles in force.
    pub basis: Vec<String>,
    /// Executing body.
    pub body: String,
    /// Last day, where one is set.
    pub until: Option<Day>,
    /// Why, as a sentence.
    pub why: String,
    /// The records behind it.
    pub records: Vec<i64>,
    /// How the subject gets out of it.
    pub way_out: String,
}

/// What an answer is a pure function of: it replays bit for bit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin {
    /// Journal position of what was known.
    pub position: i64,
    /// The day on which rules were read.
    pub day: Day,
    /// Digest of the pack.
    pub pack: String,
    /// Edition of the engine.
    pub edition: i64,
}

/// Runs a check. The access record, the obligations and the journal entry are in the same transaction as the read (A2).
///
/// # Errors
/// [`Code::NotPermitted`], [`Code::OutOfScope`], [`Code::SubjectUnknown`], [`Code::MatterUnknown`], [`Code::SubjectKindWrong`],
/// [`Code::FieldInvalid`], [`Code::KeyReused`].
pub async fn run_check(office: &Arc<Office>, actor: &Actor, request: CheckRequest, once: Option<Once>) -> Result<CheckAnswer, Error> {
    let scope = Scope::of(Action::RunCheck, actor)?;
    let pack = office.pack();
    let matter = matter(&pack, &request)?;
    let case = case_number(&request.case)?;
    let (by, shared) = (actor.clone(), Arc::clone(office));
    office
        .write(actor, move |tx| {
            if let Some(given) = once.as_ref().map(|once| once.given(tx)).transpose()?.flatten() {
                return serde_json::from_str(&given).map_err(|e| Error::inconsistent(format!("a kept answer: {e}")));
            }
            let subject = find::by_code(tx.connection(), (&shared.keys, &pack), &request.subject)?;
            if !scope.covers_subject(subject.row.subject, subject.row.area.as_deref()) {
                return Err(Code::OutOfScope.into());
            }
            let head = tx.head();
            let today = tx.today();
            let known = know(tx.connection(), &shared.coverage, &pack, (subject.row.clone(), head))?;
            let decisions = decisions(tx.connection(), &known, head)?;

            let answers =
                decide(&pack, &shared.cache, &Facts { matter, known: &known, decisions: &decisions, exact: subject.exact, today })?;
            let answer = answer(&pack, &Asked { matter, head, today, name: &subject.row.name, code: subject.shown() }, &answers)?;

            let json = xinzhi_proof::canonical::to_string(&answer).map_err(|e| Error::inconsistent(e.to_string()))?;
            store(tx, &by, &Storing { request: &request, case: &case, known: &known, answer: &answer, json: &json })?;
            once.map_or(Ok(()), |once| once.keep_check(tx, CheckId(answer.id)))?;
            Ok(answer)
        })
        .await
}

fn matter(pack: &Pack, request: &CheckRequest) -> Result<MatterIx, Error> {
    let unknown = || Refusal::field(Code::MatterUnknown, "matter", format!("没有办理事项 `{}`", shorten(&request.matter)));
    let index = pack.matters.iter().position(|matter| matter.id == request.matter).ok_or_else(unknown)?;
    let purpose = pack.matters.get(index).map_or("", |matter| matter.purpose.as_str());
    if purpose != request.purpose {
        let words = format!("查询用途 `{}` 与该事项规定的用途“{purpose}”不符", shorten(&request.purpose));
        return Err(Refusal::field(Code::FieldInvalid, "purpose", words).into());
    }
    Ok(MatterIx(index))
}

/// A text of the caller's in a sentence of ours: bounded.
pub(crate) fn shorten(text: &str) -> String {
    text.chars().take(40).collect()
}

fn case_number(case: &str) -> Result<String, Error> {
    let invalid = |words: String| Error::from(Refusal::field(Code::FieldInvalid, "case", words));
    let case = text::clean(case).map_err(|fault| invalid(format!("办件编号{fault}")))?;
    match case.chars().count() {
        0 => Err(invalid("请填写办件编号".to_owned())),
        count if count > CASE_CHARS_MAX => Err(invalid(format!("办件编号不能超过 {CASE_CHARS_MAX} 字"))),
        _ => Ok(case.into_owned()),
    }
}

/// Decisions as `apply` reads them.
pub(crate) fn decisions(connection: &mut Connection, known: &Known, head: Position) -> Result<Vec<Decision>, Error> {
    let rows = xinzhi_store::check::decisions(connection, known.subject.subject, head)?;
    Ok(rows.into_iter().map(decision).collect())
}

pub(crate) fn decision(row: DecisionRow) -> Decision {
    Decision {
        measure: row.measure,
        causes: row.causes,
        from: row.from,
        until: row.until,
        officer: row.officer,
        document: Document { number: row.document, organ: row.organ, organ_code: None, date: row.document_day },
        notice: row.notice_day,
    }
}

/// What a check is decided on.
pub(crate) struct Facts<'a> {
    pub(crate) matter: MatterIx,
    pub(crate) known: &'a Known,
    pub(crate) decisions: &'a [Decision],
    pub(crate) exact: bool,
    pub(crate) today: Day,
}

/// Grades where the scorecards apply, then the measures: pure, given the facts.
pub(crate) fn decide(pack: &Pack, cache: &Cache, facts: &Facts<'_>) -> Result<Vec<Answer>, Error> {
    let grades = grades(pack, cache, facts.known, facts.today)?;
    let input = CheckInput {
        pack,
        matter: facts.matter,
        subject_kind: facts.known.kind,
        facts: &facts.known.facts,
        grades: &grades,
        decisions: facts.decisions,
        exact_identity: facts.exact,
        today: facts.today,
    };
    Ok(xinzhi_apply::check(&input)?)
}

fn grades(pack: &Pack, cache: &Cache, known: &Known, today: Day) -> Result<BTreeMap<ScorecardIx, Option<GradeKnown>>, Error> {
    scorecards_for(pack, known.kind).map(|card| Ok((card, known_grade(&*cache.evaluate(pack, known, card, today)?)))).collect()
}

/// Who was asked about, on what, when.
pub(crate) struct Asked<'a> {
    pub(crate) matter: MatterIx,
    pub(crate) head: Position,
    pub(crate) today: Day,
    pub(crate) name: &'a str,
    pub(crate) code: String,
}

/// The answer as it is given and stored.
pub(crate) fn answer(pack: &Pack, asked: &Asked<'_>, answers: &[Answer]) -> Result<CheckAnswer, Error> {
    let matter: &Matter = pack.matters.get(asked.matter.0).ok_or(Code::MatterUnknown)?;
    let due = xinzhi_apply::due(pack, asked.matter, asked.today)?;
    Ok(CheckAnswer {
        id: asked.head.0 + 1,
        subject: asked.code.clone(),
        name: asked.name.to_owned(),
        matter: matter.id.clone(),
        matter_title: matter.title.clone(),
        measures: answers.iter().map(|answer| measure_answer(pack, answer)).collect::<Result<_, _>>()?,
        commitments: matter.commitments.clone(),
        feedback_due: due.day,
        feedback_due_provisional: due.provisional,
        pin: Pin { position: asked.head.0, day: asked.today, pack: pack.digest.to_string(), edition: ENGINE_EDITION },
    })
}

pub(crate) fn measure_answer(pack: &Pack, answer: &Answer) -> Result<MeasureAnswer, Error> {
    let measure = pack.measures.get(answer.measure.0).ok_or(Code::MeasureUnknown)?;
    let basis = answer.why.basis.iter().filter_map(|law| pack.laws.get(law.0)).map(xinzhi_rules::model::Law::citation).collect();
    Ok(MeasureAnswer {
        measure: measure.id.clone(),
        title: measure.title.clone(),
        content: measure.content.clone(),
        kind: measure.kind,
        state: answer.state,
        basis,
        body: measure.body.clone(),
        until: answer.until,
        why: xinzhi_apply::sentence::why(pack, answer),
        records: answer.causes.iter().map(|record| record.0).collect(),
        way_out: measure.way_out.clone(),
    })
}

struct Storing<'a> {
    request: &'a CheckRequest,
    case: &'a str,
    known: &'a Known,
    answer: &'a CheckAnswer,
    /// The same as canonical JSON: what is stored, digested and kept under the key.
    json: &'a str,
}

fn store(tx: &mut Tx, by: &Actor, storing: &Storing<'_>) -> Result<(), Error> {
    let Storing { request, case, known, answer, json } = storing;
    let salt: [u8; 16] = tx.random();
    let subject = known.subject.subject;
    let row = CheckRow {
        check: CheckId(answer.id),
        subject,
        matter: request.matter.clone(),
        purpose: request.purpose.clone(),
        case_number: (*case).to_owned(),
        actor: by.name.clone(),
        organ: by.organ.clone(),
        area: by.area.as_ref().map(ToString::to_string).or_else(|| known.subject.area.clone()),
        at: tx.moment(),
        day: answer.pin.day,
        known: Position(answer.pin.position),
        pack_digest: hex_digest(&answer.pin.pack)?,
        answer: (*json).to_owned(),
    };
    let access = access(tx, by, (subject, Position(answer.id)), (&request.purpose, case, "check"));
    let payload = check_payload(&row, &access, &salt);
    tx.append(&Draft { act: Act::CheckMade, subject: Some(subject), refs: format!("{{\"check\":{}}}", answer.id), payload })?;
    xinzhi_store::check::add(tx, &row, &salt, &owed(answer))?;
    Ok(xinzhi_store::access::add(tx, &access, &salt)?)
}

/// What an answer makes owed: an answer to each of its measures.
pub(crate) fn owed(answer: &CheckAnswer) -> Vec<NewObligation<'_>> {
    let due = answer.feedback_due;
    let measures = answer.measures.iter().map(|m| NewObligation {
        measure: &m.measure,
        kind: kind_word(m.kind),
        state: state_word(m.state),
        body: &m.body,
        due,
        until: m.until,
    });
    measures.collect()
}

/// What the journal keeps of a check: its answer, every column that the answer does not hold, and the record of the read (E12).
pub(crate) fn check_payload(row: &CheckRow, access: &AccessRow, salt: &[u8]) -> Digest {
    let CheckRow { matter, purpose, case_number, organ, area, answer, .. } = row;
    xinzhi_proof::salted(
        salt,
        &[
            answer.as_bytes(),
            access_payload(access, salt).as_bytes(),
            matter.as_bytes(),
            purpose.as_bytes(),
            case_number.as_bytes(),
            organ.as_deref().unwrap_or("").as_bytes(),
            area.as_deref().unwrap_or("").as_bytes(),
        ],
    )
}

/// The record of a read, for the subject to see.
pub(crate) fn access(
    tx: &Tx,
    by: &Actor,
    (subject, entry): (xinzhi_core::SubjectId, Position),
    (purpose, case, what): (&str, &str, &str),
) -> AccessRow {
    AccessRow {
        access: entry.0,
        subject,
        actor: by.name.clone(),
        title: by.title.clone(),
        role: by.role.word().to_owned(),
        organ: by.organ.clone(),
        at: tx.moment(),
        purpose: purpose.to_owned(),
        case_number: case.to_owned(),
        what: what.to_owned(),
    }
}

pub(crate) fn hex_digest(text: &str) -> Result<Digest, Error> {
    Digest::from_hex(text).ok_or_else(|| Error::inconsistent("a digest that is not hex"))
}

fn kind_word(kind: MeasureKind) -> &'static str {
    match kind {
        MeasureKind::Incentive => "incentive",
        MeasureKind::Supervision => "supervision",
        MeasureKind::Restriction => "restriction",
    }
}

fn state_word(state: MeasureState) -> &'static str {
    match state {
        MeasureState::InForce => "in_force",
        MeasureState::Proposed => "proposed",
    }
}

/// The matter of a stored check in the pack of today; none where the pack dropped it.
pub(crate) fn matter_by_id(pack: &Pack, id: &str) -> Option<MatterIx> {
    pack.matters.iter().position(|matter| matter.id == id).map(MatterIx)
}

/// Whether a check digit guards the codes of a scheme (D6): those of the state do, those of a pack do not.
pub(crate) fn is_exact(scheme: &str) -> bool {
    matches!(scheme, "uscc" | "org_code" | "resident_id")
}
