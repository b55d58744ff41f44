//! A subject's file: what is in force, the evaluation with its reasons, records, checks, accesses, history.

use std::sync::Arc;

use serde_json::Value;
use xinzhi_apply::Decision;
use xinzhi_core::actor::{Actor, Role};
use xinzhi_core::journal::{Act, Draft, Entry, Position};
use xinzhi_core::measure::{MeasureKind, MeasureState};
use xinzhi_core::record::{BatchId, Class, Document, RecordId};
use xinzhi_core::{Code, Day, Digest, Fen, Refusal, SubjectId, mask};
use xinzhi_evaluate::Evaluation;
use xinzhi_rules::Pack;
use xinzhi_rules::model::{FieldKind, MatterIx, RecordKind, ScorecardIx};
use xinzhi_store::access::AccessRow;
use xinzhi_store::record::RecordRow;
use xinzhi_store::subject::SubjectRow;
use xinzhi_store::{Connection, Tx};

use crate::area::AreaNames;
use crate::check::board::{CheckView, check_view};
use crate::check::run::{Facts, MeasureAnswer, access, decide, decisions, measure_answer, shorten};
use crate::evaluation::{Known, know, scorecards_for};
use crate::journal::position_within;
use crate::names::Names;
use crate::permission::{Action, Scope};
use crate::push::EventKind;
use crate::subject::better::{BetterView, better_view};
use crate::subject::find;
use crate::subject::relation::{self, Asked, Relations};
use crate::{Error, Office};

/// Checks, accesses and entries shown of each.
const SHOWN_MAX: i64 = 50;
/// The same where a subject looks at its own file (N1).
const OWN_SHOWN_MAX: i64 = 1_000;

/// Why a file is opened: the closed list of purposes that a reader may name (A1).
pub const PURPOSES: [&str; 7] = ["日常监管", "行政许可", "政府采购", "财政资金", "评先评优", "异议核查", "本人查询"];

/// Everything that this role may know of a subject.
#[derive(Clone, Debug)]
pub struct SubjectFile {
    /// Its number.
    pub subject: SubjectId,
    /// The code that the file was opened by; masked for persons.
    pub code: String,
    /// Its name; masked for persons.
    pub name: String,
    /// Title of its kind.
    pub kind: String,
    /// Whether it is a natural person.
    pub person: bool,
    /// Its area.
    pub area: Option<String>,
    /// What that area is called, where somebody named it.
    pub area_name: Option<String>,
    /// Code of its industry.
    pub industry: Option<String>,
    /// Names it was reported under beside its own.
    pub aliases: Vec<String>,
    /// The day on which all this holds.
    pub today: Day,
    /// What was known.
    pub known: Position,
    /// Measures that apply or wait, each with the matters at which.
    pub measures: Vec<(MeasureAnswer, Vec<String>)>,
    /// Evaluations by the scorecards that apply; none for persons.
    pub evaluations: Vec<EvaluationView>,
    /// Records, newest document first.
    pub records: Vec<RecordView>,
    /// Relations to others.
    pub relations: Relations,
    /// Decisions, ended ones too.
    pub decisions: Vec<Decision>,
    /// Checks with what became of them, newest first.
    pub checks: Vec<CheckView>,
    /// Who looked, newest first.
    pub accesses: Vec<AccessRow>,
    /// What those are called who stand in the journal.
    pub names: Names,
    /// What the journal says about it, newest first.
    pub history: Vec<Entry>,
    /// The next day on which something changes by itself.
    pub next_change: Option<Day>,
    /// What its evaluations rest on, for [`foresee`].
    pub ground: Option<Ground>,
}

/// The facts and the rules of an evaluation.
#[derive(Clone, Debug)]
pub struct Ground {
    pack: Arc<Pack>,
    known: Known,
}

/// An evaluation with the names of its rules.
#[derive(Clone, Debug)]
pub struct EvaluationView {
    /// Which scorecard of the pack.
    pub card: ScorecardIx,
    /// Its title.
    pub title: String,
    /// Name and title of the grade that counts.
    pub grade: Option<(String, String)>,
    /// The evaluation.
    pub evaluation: Arc<Evaluation>,
    /// Version and short digest of the pack.
    pub pack: String,
    /// What would make the grade better; none where nobody asked.
    pub better: Option<BetterView>,
}

/// One evaluation that was asked for, with what it rests on.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// The evaluation.
    pub view: EvaluationView,
    /// The records that were known.
    pub records: Vec<RecordView>,
    /// The rules in force then.
    pub pack: Arc<Pack>,
    /// What was known.
    pub known: Position,
}

/// A record as people see it.
#[derive(Clone, Debug)]
pub struct RecordView {
    /// Its number.
    pub record: RecordId,
    /// Title of its kind.
    pub kind: String,
    /// 失信信息, 一般信息, 守信信息.
    pub nature: &'static str,
    /// What it rests on.
    pub document: Document,
    /// Who reported it.
    pub supplier: String,
    /// Its class.
    pub class: Option<Class>,
    /// Fields by title.
    pub fields: Vec<(String, String)>,
    /// The batch and row that brought it.
    pub from: Option<(BatchId, i64)>,
    /// Since when it is known.
    pub known: Position,
}

/// Opens a file for a purpose. The read is recorded in the same transaction and shown to the subject (A1, A2).
///
/// # Errors
/// [`Code::NotPermitted`], [`Code::OutOfScope`], [`Code::SubjectUnknown`], [`Code::FieldInvalid`] for an unknown purpose.
pub async fn open_file(office: &Arc<Office>, actor: &Actor, code: &str, purpose: &str) -> Result<SubjectFile, Error> {
    let scope = Scope::of(Action::ReadSubject, actor)?;
    purpose_allowed(purpose)?;
    let (by, shared, code, purpose) = (actor.clone(), Arc::clone(office), code.to_owned(), purpose.to_owned());
    office
        .write(actor, move |tx| {
            let (row, shown, exact) = addressed(tx, &shared, &by, &code)?;
            if !scope.covers_subject(row.subject, row.area.as_deref()) {
                return Err(Code::OutOfScope.into());
            }
            record_access(tx, &by, row.subject, (&purpose, "", "file"))?;
            let most = if by.role == Role::Subject { OWN_SHOWN_MAX } else { SHOWN_MAX };
            assemble(tx, (&shared, &scope), row, (shown, exact, most))
        })
        .await
}

/// Whether a purpose is one of the closed list (A1).
pub(crate) fn purpose_allowed(purpose: &str) -> Result<(), Error> {
    if PURPOSES.contains(&purpose) {
        return Ok(());
    }
    let words = format!("查询用途 `{}` 不在规定的范围内，应为：{}", shorten(purpose), PURPOSES.join("、"));
    Err(Refusal::field(Code::FieldInvalid, "purpose", words).into())
}

/// Looks for what would make each evaluation of an opened file better. It reads nothing and stands outside the transaction: the search
/// takes longer than all the rest.
///
/// # Errors
/// [`Error`] where the rules contradict one another.
pub fn foresee(file: &mut SubjectFile) -> Result<(), Error> {
    let Some(ground) = &file.ground else { return Ok(()) };
    for view in &mut file.evaluations {
        view.better = Some(better_view(&ground.pack, &ground.known, &view.evaluation)?);
    }
    Ok(())
}

/// A subject opens its own file by who it is; everybody else names a code.
pub(crate) fn addressed(tx: &mut Tx, office: &Office, by: &Actor, code: &str) -> Result<(SubjectRow, String, bool), Error> {
    if by.role != Role::Subject {
        let found = find::by_code(tx.connection(), (&office.keys, &office.pack()), code)?;
        let shown = found.shown();
        return Ok((found.row, shown, found.exact));
    }
    let own = by.subject.ok_or(Code::NotPermitted)?;
    let row = xinzhi_store::subject::by_id(tx.connection(), own)?.ok_or(Code::SubjectUnknown)?;
    let codes = xinzhi_store::subject::codes(tx.connection(), own)?;
    let code = codes.into_iter().find(|(scheme, _)| scheme != "resident_id").map(|(_, code)| code);
    Ok((row, code.unwrap_or_else(|| mask::number("000000000000000000")), true))
}

/// Writes the entry and the access record of a read.
pub(crate) fn record_access(
    tx: &mut Tx,
    by: &Actor,
    subject: SubjectId,
    (purpose, case, what): (&str, &str, &str),
) -> Result<Position, Error> {
    let refs = format!("{{\"what\":\"{what}\"}}");
    let salt: [u8; 16] = tx.random();
    let row = access(tx, by, (subject, tx.next_position()), (purpose, case, what));
    let payload = access_payload(&row, &salt);
    let act = if what == "unmask" { Act::IdentityUnmasked } else { Act::SubjectRead };
    let entry = tx.append(&Draft { act, subject: Some(subject), refs, payload })?;
    xinzhi_store::access::add(tx, &row, &salt)?;
    Ok(entry)
}

/// What the journal keeps of a read: every column of it (E12).
pub(crate) fn access_payload(row: &AccessRow, salt: &[u8]) -> Digest {
    let AccessRow { access, subject, actor, title, role, organ, at, purpose, case_number, what } = row;
    xinzhi_proof::salted(
        salt,
        &[
            &access.to_be_bytes(),
            &subject.0.to_be_bytes(),
            actor.as_bytes(),
            title.as_bytes(),
            role.as_bytes(),
            organ.as_deref().unwrap_or("").as_bytes(),
            &at.0.to_be_bytes(),
            purpose.as_bytes(),
            case_number.as_bytes(),
            what.as_bytes(),
        ],
    )
}

fn assemble(
    tx: &mut Tx,
    (office, scope): (&Office, &Scope),
    row: SubjectRow,
    (code, exact, most): (String, bool, i64),
) -> Result<SubjectFile, Error> {
    let pack = office.pack();
    let (head, today) = (tx.head(), tx.today());
    let connection = tx.connection();
    let known = know(connection, &office.coverage, &pack, (row, head))?;
    let decisions = decisions(connection, &known, head)?;
    let measures = measures(&pack, office, (&known, &decisions), (exact, today))?;
    let evaluations = evaluations(&pack, office, &known, today)?;
    let next_change = evaluations.iter().filter_map(|e| e.evaluation.next_change).min();
    let id = known.subject.subject;
    let asked = Asked { pack: &pack, scope, subject: &known.subject, known: head, day: today };
    let relations = relation::of_subject(connection, &asked)?;
    let checks = xinzhi_store::check::of_subject(connection, id, most)?;
    let checks = checks.into_iter().map(|check| check_view(connection, &pack, check, today)).collect::<Result<_, Error>>()?;
    let history = xinzhi_store::journal::touching(connection, id, head, most)?;
    Ok(SubjectFile {
        names: Names::of(connection, history.iter().map(|entry| entry.actor.as_str()))?,
        subject: id,
        code,
        kind: pack.subject_kinds.get(known.kind.0).map_or_else(String::new, |kind| kind.title.clone()),
        aliases: xinzhi_store::subject::aliases(connection, id)?,
        accesses: accesses(connection, id, most)?,
        history,
        records: known.records.iter().map(|record| record_view(&pack, record)).collect(),
        name: known.subject.name.clone(),
        person: known.subject.person,
        area_name: AreaNames::read(connection)?.name(known.subject.area.as_deref()),
        area: known.subject.area.clone(),
        industry: known.subject.industry.clone(),
        today,
        known: head,
        measures,
        evaluations,
        relations,
        decisions,
        checks,
        next_change,
        ground: Some(Ground { pack, known }),
    })
}

/// Who looked, and what department's systems were told; a push says in words what it was about.
fn accesses(connection: &mut xinzhi_store::Connection, id: SubjectId, most: i64) -> Result<Vec<AccessRow>, Error> {
    let mut rows = xinzhi_store::access::of_subject(connection, id, most)?;
    for row in rows.iter_mut().filter(|row| row.what == "push") {
        if let Some(kind) = EventKind::from_word(&row.purpose) {
            kind.title().clone_into(&mut row.purpose);
        }
    }
    Ok(rows)
}

/// Every measure of every matter, each once, with the matters at which it would be answered.
fn measures(
    pack: &Pack,
    office: &Office,
    (known, decisions): (&Known, &[Decision]),
    (exact, today): (bool, Day),
) -> Result<Vec<(MeasureAnswer, Vec<String>)>, Error> {
    let mut measures: Vec<(MeasureAnswer, Vec<String>)> = Vec::new();
    for (index, matter) in pack.matters.iter().enumerate().filter(|(_, matter)| matter.subjects.contains(&known.kind)) {
        let facts = Facts { matter: MatterIx(index), known, decisions, exact, today };
        for answer in decide(pack, &office.cache, &facts)? {
            let answer = measure_answer(pack, &answer)?;
            match measures.iter_mut().find(|(seen, _)| seen.measure == answer.measure) {
                Some((_, matters)) => matters.push(matter.title.clone()),
                None => measures.push((answer, vec![matter.title.clone()])),
            }
        }
    }
    measures
        .sort_by_key(|(measure, _)| std::cmp::Reverse((measure.kind == MeasureKind::Restriction, measure.state == MeasureState::InForce)));
    Ok(measures)
}

pub(crate) fn evaluations(pack: &Arc<Pack>, office: &Office, known: &Known, today: Day) -> Result<Vec<EvaluationView>, Error> {
    scorecards_for(pack, known.kind).map(|card| Ok(evaluation_view(pack, card, office.cache.evaluate(pack, known, card, today)?))).collect()
}

pub(crate) fn evaluation_view(pack: &Pack, card: ScorecardIx, evaluation: Arc<Evaluation>) -> EvaluationView {
    let scorecard = pack.scorecards.get(card.0);
    let grade = evaluation.grade.and_then(|grade| scorecard.and_then(|card| card.grades.get(grade)));
    EvaluationView {
        card,
        title: scorecard.map_or_else(String::new, |card| card.title.clone()),
        grade: grade.map(|grade| (grade.name.clone(), grade.title.clone())),
        evaluation,
        pack: format!("{}（{}）", crate::pack::titled(pack), pack.digest.short()),
        better: None,
    }
}

fn record_view(pack: &Pack, record: &RecordRow) -> RecordView {
    let kind = pack.record_kinds.iter().find(|kind| kind.id == record.kind);
    RecordView {
        record: record.record,
        kind: kind.map_or_else(|| record.kind.clone(), |kind| kind.title.clone()),
        nature: kind.map_or("一般信息", |kind| kind.nature.title()),
        document: record.document.clone(),
        supplier: record.supplier.clone(),
        class: record.class,
        fields: kind.map_or_else(Vec::new, |kind| fields_shown(kind, &record.fields)),
        from: record.from,
        known: record.known,
    }
}

/// The stored fields as people read them, in catalogue order; unknown columns of the file last.
pub(crate) fn fields_shown(kind: &RecordKind, json: &str) -> Vec<(String, String)> {
    let Ok(Value::Object(fields)) = serde_json::from_str::<Value>(json) else { return Vec::new() };
    let known = kind.fields.iter().filter_map(|field| Some((field.title.clone(), shown(&field.kind, fields.get(&field.code)?))));
    let others = fields.get("_").and_then(Value::as_object).into_iter().flatten();
    known.chain(others.map(|(header, value)| (header.clone(), value.as_str().unwrap_or_default().to_owned()))).collect()
}

fn shown(kind: &FieldKind, value: &Value) -> String {
    match (kind, value) {
        (FieldKind::Money(_), Value::Number(fen)) => fen.as_i64().map_or_else(String::new, |fen| Fen(fen).to_string()),
        (_, Value::Array(values)) => values.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("、"),
        (_, Value::String(text)) => text.clone(),
        (_, other) => other.to_string(),
    }
}

/// One evaluation of a subject on any day, as known at any position, with the records and rules of that position: for `explain` and for replay.
pub async fn explain(
    office: &Arc<Office>,
    actor: &Actor,
    (code, scorecard, purpose): (&str, &str, &str),
    (as_of, known): (Option<Day>, Option<Position>),
) -> Result<Explanation, Error> {
    let scope = Scope::of(Action::ReadSubject, actor)?;
    let pack = match known {
        None => office.pack(),
        Some(position) => {
            let shared = Arc::clone(office);
            let pack = move |connection: &mut Connection| {
                let position = position_within(connection, position)?;
                shared.pack_at(connection, position)
            };
            office.read(pack).await?
        }
    };
    let unknown = || Refusal::field(Code::ScorecardUnknown, "scorecard", format!("没有评价模型 `{}`", shorten(scorecard)));
    let (card, _) = pack.scorecard_by_id(scorecard).ok_or_else(unknown)?;
    let (by, shared, code, purpose) = (actor.clone(), Arc::clone(office), code.to_owned(), purpose.to_owned());
    let rules = Arc::clone(&pack);
    let (mut view, records, ground, known) = office
        .write(actor, move |tx| {
            let (row, _, _) = addressed(tx, &shared, &by, &code)?;
            if !scope.covers_subject(row.subject, row.area.as_deref()) {
                return Err(Code::OutOfScope.into());
            }
            let (head, today) = (tx.head(), tx.today());
            if !pack.subject_kinds.iter().any(|kind| kind.id == row.kind) {
                let words = "按当时的规则包，没有这一类主体，也就没有对它的评价";
                return Err(Refusal::field(Code::ScorecardUnknown, "known", words).into());
            }
            let position = known.unwrap_or(head);
            if let Some(first) = xinzhi_store::record::first_of_subject(tx.connection(), row.subject)?.filter(|first| position < *first) {
                return Err(not_yet_known(position, first));
            }
            record_access(tx, &by, row.subject, (&purpose, "", "explain"))?;
            let subject = know(tx.connection(), &shared.coverage, &pack, (row, position))?;
            let evaluation = crate::evaluation::evaluate(&pack, &subject, card, as_of.unwrap_or(today))?;
            let records = subject.records.iter().map(|record| record_view(&pack, record)).collect();
            Ok((evaluation_view(&pack, card, Arc::new(evaluation)), records, subject, position))
        })
        .await?;
    view.better = Some(better_view(&rules, &ground, &view.evaluation)?);
    Ok(Explanation { view, records, pack: rules, known })
}

/// Nothing known is not the same as known to have nothing.
fn not_yet_known(position: Position, first: Position) -> Error {
    let words = format!(
        "账簿到第 {} 笔为止，本单位还不知道该主体：它的第一条记录自第 {first} 笔起为所知，请改用第 {first} 笔以后的位置",
        position.0,
        first = first.0
    );
    Refusal::field(Code::SubjectUnknown, "known", words).into()
}

/// Records that an evaluation cites, for showing them beside it.
pub fn cited(connection: &mut Connection, record: RecordId, known: Position) -> Result<Option<RecordRow>, Error> {
    Ok(xinzhi_store::record::by_id(connection, record, known)?)
}
