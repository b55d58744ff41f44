//! 应用结果自动反馈: what the officer did comes back, closes the obligation and becomes a record; a restriction becomes a decision.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use xinzhi_apply::{Asked, DocumentForm, FeedbackInput, Form};
use xinzhi_core::actor::Actor;
use xinzhi_core::check::{CheckId, FeedbackOutcome};
use xinzhi_core::journal::{Act, Draft, Position};
use xinzhi_core::measure::MeasureState;
use xinzhi_core::record::{Document, RecordId};
use xinzhi_core::{Code, Day, Digest, Refusal};
use xinzhi_rules::Pack;
use xinzhi_rules::model::{FieldKind, Measure, OwnSource, Said};
use xinzhi_store::Tx;
use xinzhi_store::check::{CheckRow, DecisionRow, FeedbackRow};
use xinzhi_store::record::{NewRecord, Origin};

use crate::check::run::{Facts, decide, decisions, matter_by_id};
use crate::evaluation::know;
use crate::idempotent::Once;
use crate::import::stage::{Digested, record_digest};
use crate::import::subjects::House;
use crate::keys::Keys;
use crate::permission::{Action, Scope};
use crate::react::{self, Event};
use crate::{Error, Office};

/// What is filled in. Days are ISO texts; blank is none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeedbackForm {
    /// Id of the measure.
    pub measure: String,
    /// acknowledged, applied, not_applied.
    pub outcome: String,
    /// 承办人.
    #[serde(default)]
    pub officer: String,
    /// Reason or remark.
    #[serde(default)]
    pub reason: String,
    /// The document of a decision.
    #[serde(default)]
    pub document: DocumentText,
    /// 送达日期.
    #[serde(default)]
    pub notice: String,
    /// Last day of a restriction, where shorter than the longest.
    #[serde(default)]
    pub until: String,
}

/// The document of a decision, as filled in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DocumentText {
    /// 文书号.
    #[serde(default)]
    pub number: String,
    /// 决定机关.
    #[serde(default)]
    pub organ: String,
    /// 决定日期.
    #[serde(default)]
    pub date: String,
}

/// The receipt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedbackReceipt {
    /// Number of the feedback.
    pub id: i64,
    /// Of which check.
    pub check: i64,
    /// Of which measure.
    pub measure: String,
    /// What was done.
    pub outcome: String,
    /// Whether nothing more is owed.
    pub closed: bool,
    /// The decision that it made, where it made one.
    pub decision: Option<i64>,
    /// Last day of the restriction decided on.
    pub until: Option<Day>,
}

/// Takes feedback on one measure of a check.
///
/// # Errors
/// [`Code::NotFound`], [`Code::OutOfScope`], [`Code::MeasureUnknown`], [`Code::FeedbackFinal`], [`Code::DecisionIncomplete`],
/// [`Code::HumanRequired`], [`Code::FieldInvalid`], [`Code::KeyReused`].
pub async fn give_feedback(
    office: &Arc<Office>,
    actor: &Actor,
    check: CheckId,
    form: FeedbackForm,
    once: Option<Once>,
) -> Result<FeedbackReceipt, Error> {
    let scope = Scope::of(Action::GiveFeedback, actor)?;
    let parsed = Parsed::of(&form)?;
    let pack = office.pack();
    let (by, shared) = (actor.clone(), Arc::clone(office));
    office
        .write(actor, move |tx| {
            if let Some(given) = once.as_ref().map(|once| once.given(tx)).transpose()?.flatten() {
                return serde_json::from_str(&given).map_err(|e| Error::inconsistent(format!("a kept receipt: {e}")));
            }
            let event = xinzhi_store::check::by_id(tx.connection(), check)?.ok_or(Code::NotFound)?;
            if !scope.covers_work(event.organ.as_deref(), event.area.as_deref()) {
                return Err(Code::OutOfScope.into());
            }
            let standing = standing(tx, &shared, &pack, (&event, &form.measure))?;

            let input = FeedbackInput { pack: &pack, asked: standing.asked(), form: parsed.form(&form), actor: &by, today: tx.today() };
            let feedback = xinzhi_apply::feedback(&input)?;

            let house = House { keys: &shared.keys, entropy: shared.entropy(), pack: &pack };
            let receipt = store(tx, &house, &Given { event: &event, measure: standing.measure, feedback, by: &by })?;
            let json = serde_json::to_string(&receipt).map_err(|e| Error::inconsistent(e.to_string()))?;
            once.map_or(Ok(()), |once| once.keep(tx, &json))?;
            Ok(receipt)
        })
        .await
}

/// Words and days of the form, read once.
struct Parsed {
    outcome: FeedbackOutcome,
    date: Option<Day>,
    notice: Option<Day>,
    until: Option<Day>,
}

impl Parsed {
    fn of(form: &FeedbackForm) -> Result<Parsed, Error> {
        let unknown = || Refusal::field(Code::FieldInvalid, "outcome", "应用结果应为 acknowledged、applied 或 not_applied");
        Ok(Parsed {
            outcome: FeedbackOutcome::from_word(&form.outcome).ok_or_else(unknown)?,
            date: day("document.date", "决定日期", &form.document.date)?,
            notice: day("notice", "送达日期", &form.notice)?,
            until: day("until", "截止日期", &form.until)?,
        })
    }

    fn form<'a>(&self, form: &'a FeedbackForm) -> Form<'a> {
        let given = |text: &'a str| Some(text).filter(|text| !text.trim().is_empty());
        Form {
            outcome: self.outcome,
            officer: given(&form.officer),
            reason: given(&form.reason),
            document: DocumentForm { number: given(&form.document.number), organ: given(&form.document.organ), date: self.date },
            notice: self.notice,
            until: self.until,
        }
    }
}

fn day(field: &str, title: &str, text: &str) -> Result<Option<Day>, Error> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let invalid = |fault| Refusal::field(Code::FieldInvalid, field, format!("{title} `{}` {fault}", crate::check::run::shorten(text)));
    Ok(Some(Day::parse(text).map_err(invalid)?))
}

/// The measure as it stands today: a record closed since the check is no longer decided on.
struct Standing<'a> {
    measure: &'a Measure,
    index: xinzhi_rules::model::MeasureIx,
    state: MeasureState,
    causes: Vec<RecordId>,
    until: Option<Day>,
    earlier: Vec<FeedbackOutcome>,
}

impl Standing<'_> {
    fn asked(&self) -> Asked<'_> {
        Asked { measure: self.index, state: self.state, causes: &self.causes, until: self.until, earlier: &self.earlier }
    }
}

fn standing<'a>(tx: &mut Tx, office: &Office, pack: &'a Pack, (event, measure): (&CheckRow, &str)) -> Result<Standing<'a>, Error> {
    let unknown = || Refusal::field(Code::MeasureUnknown, "measure", format!("核查 {} 的结果中没有措施 `{measure}`", event.check.0));
    let owed = xinzhi_store::check::obligations_of(tx.connection(), event.check)?;
    let owed = owed.iter().find(|owed| owed.measure == measure).ok_or_else(unknown)?;
    let position = pack.measures.iter().position(|m| m.id == measure).ok_or_else(unknown)?;
    let index = xinzhi_rules::model::MeasureIx(position);
    let feedbacks = xinzhi_store::check::feedbacks(tx.connection(), event.check)?;
    let earlier = feedbacks.iter().filter(|f| f.measure == measure).map(|f| f.outcome).collect();
    let subject =
        xinzhi_store::subject::by_id(tx.connection(), event.subject)?.ok_or_else(|| Error::inconsistent("a check without a subject"))?;
    let (head, today) = (tx.head(), tx.today());
    let exact = exact(tx, &subject)?;
    let known = know(tx.connection(), &office.coverage, pack, (subject, head))?;
    let decided = decisions(tx.connection(), &known, head)?;
    let matter = matter_by_id(pack, &event.matter).ok_or(Code::MatterUnknown)?;
    let answers = decide(pack, &office.cache, &Facts { matter, known: &known, decisions: &decided, exact, today })?;
    let answer = answers.into_iter().find(|answer| answer.measure == index);
    let was_proposed = owed.state == "proposed";
    let measure = pack.measures.get(position).ok_or_else(unknown)?;
    Ok(match answer {
        Some(answer) => Standing { measure, index, state: answer.state, causes: answer.causes, until: answer.until, earlier },
        // Nothing supports it any more: whatever was proposed stays undecidable, the rest may still be answered.
        None if was_proposed => Standing { measure, index, state: MeasureState::Proposed, causes: Vec::new(), until: None, earlier },
        None => Standing { measure, index, state: MeasureState::InForce, causes: Vec::new(), until: None, earlier },
    })
}

fn exact(tx: &mut Tx, subject: &xinzhi_store::subject::SubjectRow) -> Result<bool, Error> {
    let codes = xinzhi_store::subject::codes(tx.connection(), subject.subject)?;
    Ok(codes.iter().any(|(scheme, _)| crate::check::run::is_exact(scheme)))
}

struct Given<'a> {
    event: &'a CheckRow,
    measure: &'a Measure,
    feedback: xinzhi_apply::Feedback,
    by: &'a Actor,
}

fn store(tx: &mut Tx, house: &House<'_>, given: &Given<'_>) -> Result<FeedbackReceipt, Error> {
    let Given { event, measure, feedback, .. } = given;
    let entry = tx.next_position();
    let row = feedback_row(tx, given, entry);
    // A pack without such a source simply gets no such record.
    let source = house.pack.own_sources.first().filter(|_| feedback.outcome.closes());
    let record = source.map(|source| feedback_record(tx, house, (source, entry), (given, &row))).transpose()?;
    let salt: [u8; 16] = tx.random();
    let refs = format!("{{\"check\":{},\"measure\":\"{}\"}}", event.check.0, measure.id);
    let payload = feedback_payload(&row, &salt, record.as_ref().map(|record| &record.digest));

    tx.append(&Draft { act: Act::FeedbackGiven, subject: Some(event.subject), refs, payload })?;
    xinzhi_store::check::add_feedback(tx, &row, &salt)?;
    let decision = feedback.decision.as_ref().map(|decision| restrict(tx, event, decision)).transpose()?;
    if let Some(record) = record {
        react::follow(tx, house, &Event::FeedbackGiven { record: Box::new(record) })?;
    }
    Ok(FeedbackReceipt {
        id: entry.0,
        check: event.check.0,
        measure: measure.id.clone(),
        outcome: feedback.outcome.word().to_owned(),
        closed: feedback.outcome.closes(),
        decision: decision.map(|position| position.0),
        until: feedback.decision.as_ref().map(|d| d.until),
    })
}

fn feedback_row(tx: &Tx, given: &Given<'_>, entry: Position) -> FeedbackRow {
    let Given { event, measure, feedback, by } = given;
    let document = feedback.decision.as_ref().map(|d| &d.document);
    FeedbackRow {
        feedback: entry,
        check: event.check,
        measure: measure.id.clone(),
        outcome: feedback.outcome,
        officer: feedback.officer.clone().unwrap_or_default(),
        document: document.map_or_else(String::new, |d| d.number.clone()),
        organ: document.map(|d| d.organ.clone()).or_else(|| by.organ.clone()).unwrap_or_else(|| measure.body.clone()),
        document_day: document.map(|d| d.date),
        reason: feedback.reason.clone().unwrap_or_default(),
        at: tx.moment(),
        actor: by.name.clone(),
    }
}

/// What the journal keeps of an answer: every column of it, and the digest of the record that it became (E12).
pub(crate) fn feedback_payload(row: &FeedbackRow, salt: &[u8], record: Option<&Digest>) -> Digest {
    xinzhi_proof::salted(
        salt,
        &[
            &row.check.0.to_be_bytes(),
            row.measure.as_bytes(),
            row.outcome.word().as_bytes(),
            row.officer.as_bytes(),
            row.document.as_bytes(),
            row.organ.as_bytes(),
            row.document_day.map_or_else(String::new, |day| day.to_string()).as_bytes(),
            row.reason.as_bytes(),
            &row.at.0.to_be_bytes(),
            row.actor.as_bytes(),
            record.map_or(&[][..], Digest::as_bytes),
        ],
    )
}

/// Writes the decision at a position of its own.
fn restrict(tx: &mut Tx, event: &CheckRow, decision: &xinzhi_apply::Decision) -> Result<Position, Error> {
    let row = DecisionRow {
        decision: tx.next_position(),
        subject: event.subject,
        measure: decision.measure.clone(),
        causes: decision.causes.clone(),
        from: decision.from,
        until: decision.until,
        officer: decision.officer.clone(),
        document: decision.document.number.clone(),
        organ: decision.document.organ.clone(),
        document_day: decision.document.date,
        notice_day: decision.notice,
    };
    let salt: [u8; 16] = tx.random();
    let refs = format!("{{\"check\":{},\"measure\":\"{}\"}}", event.check.0, decision.measure);
    let payload = decision_payload(&row, &salt);
    let entry = tx.append(&Draft { act: Act::RestrictionDecided, subject: Some(event.subject), refs, payload })?;
    xinzhi_store::check::decide(tx, &row, &salt)?;
    Ok(entry)
}

/// What the journal keeps of a decision: every column of it, and the records it rests on in order (E12).
pub(crate) fn decision_payload(row: &DecisionRow, salt: &[u8]) -> Digest {
    let days = [row.from, row.until, row.document_day, row.notice_day].map(|day| day.to_string()).join(" ");
    let mut causes: Vec<i64> = row.causes.iter().map(|cause| cause.0).collect();
    causes.sort_unstable();
    let causes: Vec<u8> = causes.into_iter().flat_map(i64::to_be_bytes).collect();
    xinzhi_proof::salted(
        salt,
        &[
            &row.subject.0.to_be_bytes(),
            row.measure.as_bytes(),
            days.as_bytes(),
            row.officer.as_bytes(),
            row.document.as_bytes(),
            row.organ.as_bytes(),
            &causes,
        ],
    )
}

/// The record that a closed measure becomes: the loop of data closes here.
fn feedback_record(
    tx: &mut Tx,
    house: &House<'_>,
    (source, entry): (&OwnSource, Position),
    (given, row): (&Given<'_>, &FeedbackRow),
) -> Result<NewRecord, Error> {
    let unknown = || Error::inconsistent(format!("source {} has no record kind", source.id));
    let kind = house.pack.record_kind(source.kind).ok_or_else(unknown)?;
    let matter = house.pack.matters.iter().find(|m| m.id == given.event.matter).map_or("", |m| m.title.as_str());
    let today = tx.today();
    let (number, check, day) = (row.feedback.0.to_string(), given.event.check.0.to_string(), today.to_string());
    let document = if row.document.is_empty() { &number } else { &row.document };
    let text = |said: Said| match said {
        Said::Check => check.as_str(),
        Said::Matter => matter,
        Said::Measure => given.measure.title.as_str(),
        Said::MeasureKind => given.measure.kind.title(),
        Said::Outcome => row.outcome.title(),
        Said::Officer => row.officer.as_str(),
        Said::Document => document.as_str(),
        Said::Day => day.as_str(),
        Said::Organ => row.organ.as_str(),
    };
    let mut fields = serde_json::Map::new();
    for (ix, said) in &source.says {
        let Some(field) = kind.at(*ix) else { continue };
        let text = text(*said);
        let fits = match &field.kind {
            FieldKind::Choice(choices) => choices.find(text).is_some(),
            _ => !text.is_empty(),
        };
        if fits {
            fields.insert(field.code.clone(), serde_json::Value::String(text.to_owned()));
        }
    }
    let fields = serde_json::to_string(&fields).map_err(|e| Error::inconsistent(e.to_string()))?;
    let document = Document { number: format!("应用反馈 {number}"), organ: row.organ.clone(), organ_code: None, date: today };
    let record = RecordId(tx.take_numbers("record", 1)?);
    Ok(own_record(tx, house.keys, OwnRecord { record, kind: kind.id.clone(), subject: given.event.subject, entry, document, fields }))
}

struct OwnRecord {
    record: RecordId,
    kind: String,
    subject: xinzhi_core::SubjectId,
    entry: Position,
    document: Document,
    fields: String,
}

fn own_record(tx: &Tx, keys: &Keys, own: OwnRecord) -> NewRecord {
    let OwnRecord { record, kind, subject, entry, document, fields } = own;
    let chain = keys.keyed_short(&[b"chain", kind.as_bytes(), document.number.as_bytes(), &subject.0.to_be_bytes()]);
    let content = keys.keyed_short(&[b"content", b"", fields.as_bytes(), b""]);
    let supplier = document.organ.clone();
    let mut new = NewRecord {
        record,
        subject,
        kind,
        chain,
        content,
        origin: Origin::Entry(entry),
        document,
        supplier,
        class: None,
        fields,
        sealed: None,
        salt: tx.random(),
        digest: Digest([0; 32]),
    };
    new.digest = record_digest(&Digested::of(&new));
    new
}
