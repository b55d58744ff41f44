//! Checks, what they are owed, what was answered, what was decided.

use xinzhi_core::check::{CheckId, FeedbackOutcome};
use xinzhi_core::journal::Position;
use xinzhi_core::record::RecordId;
use xinzhi_core::{Day, Digest, Moment, SubjectId};

use crate::connection::Connection;
use crate::sql::statements;
use crate::tx::Tx;
use crate::value::{Param, Row};
use crate::{Fault, params};

statements! {
    /// A check.
    BY_ID = "select check_id, subject_id, matter, purpose, case_number, actor, organ, area, at, day, known, pack_digest, answer
        from check_event where check_id = $1";
    /// Checks of a subject, newest first.
    OF_SUBJECT = "select e.check_id, e.subject_id, e.matter, e.purpose, e.case_number, e.actor, e.organ, e.area, e.at, e.day, e.known,
            e.pack_digest, e.answer
        from journal j join check_event e on e.check_id = j.entry where j.subject_id = $1 order by j.entry desc limit $2";
    /// A new check.
    ADD = "insert into check_event (check_id, subject_id, matter, purpose, case_number, actor, organ, area, at, day, known, pack_digest,
            answer, salt) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
    /// What is owed for a measure of a check.
    OWE = "insert into obligation (check_id, measure, kind, state, body, due_day, until_day) values ($1, $2, $3, $4, $5, $6, $7)";
    /// Obligations in the order of their due days, with the state of their answers.
    OBLIGATIONS = "select o.check_id, o.measure, o.kind, o.state, o.body, o.due_day, o.until_day, e.subject_id, e.matter, e.organ, e.area,
            e.case_number, s.name as subject_name, f.outcome as final_outcome, f.at as final_at,
            (select count(*) from feedback a where a.check_id = o.check_id and a.measure = o.measure and a.outcome = 'acknowledged') as seen
        from obligation o join check_event e on e.check_id = o.check_id join subject s on s.subject_id = e.subject_id
            left join obligation_closing z on z.check_id = o.check_id and z.measure = o.measure
            left join feedback f on f.feedback_id = z.feedback_id
        where (cast($1 as text) is null
                or ($1 = 'overdue' and z.feedback_id is null and o.due_day < $2)
                or ($1 = 'open' and z.feedback_id is null)
                or ($1 = 'due' and z.feedback_id is null and o.due_day >= $2)
                or ($1 = 'closed' and z.feedback_id is not null))
            and (cast($3 as text) is null or e.organ = $3) and (cast($4 as text) is null or substr(e.area, 1, length($4)) = $4)
            and o.check_id > $5
        order by o.due_day, o.check_id, o.measure limit $6";
    /// Obligations of one check.
    OF_CHECK = "select o.check_id, o.measure, o.kind, o.state, o.body, o.due_day, o.until_day, e.subject_id, e.matter, e.organ, e.area,
            e.case_number, s.name as subject_name, f.outcome as final_outcome, f.at as final_at,
            (select count(*) from feedback a where a.check_id = o.check_id and a.measure = o.measure and a.outcome = 'acknowledged') as seen
        from obligation o join check_event e on e.check_id = o.check_id join subject s on s.subject_id = e.subject_id
            left join obligation_closing z on z.check_id = o.check_id and z.measure = o.measure
            left join feedback f on f.feedback_id = z.feedback_id
        where o.check_id = $1 order by o.measure";
    /// How many answers are overdue, for whoever watches the program.
    OVERDUE = "select count(*) as overdue from obligation o where o.due_day < $1
        and not exists (select 1 from obligation_closing z where z.check_id = o.check_id and z.measure = o.measure)";
    /// Answers to the measures of a check.
    FEEDBACKS = "select feedback_id, check_id, measure, outcome, officer, document, organ, document_day, reason, at, actor
        from feedback where check_id = $1 order by feedback_id";
    /// An answer with its salt, for doctor.
    FEEDBACK_AT = "select feedback_id, check_id, measure, outcome, officer, document, organ, document_day, reason, at, actor, salt
        from feedback where feedback_id = $1";
    /// A new answer.
    ADD_FEEDBACK = "insert into feedback (feedback_id, check_id, measure, outcome, officer, document, organ, document_day, reason, at, actor,
            salt) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    /// The final one.
    CLOSE = "insert into obligation_closing (check_id, measure, feedback_id) values ($1, $2, $3)";
    /// Decisions about a subject, as known at a position.
    DECISIONS = "select d.decision_id, d.subject_id, d.measure, d.from_day, d.until_day, d.officer, d.document, d.organ, d.document_day,
            d.notice_day, c.record_id
        from decision d join decision_cause c on c.decision_id = d.decision_id
        where d.subject_id = $1 and d.decision_id <= $2 order by d.decision_id, c.record_id";
    /// Every decision, as known at a position.
    EVERY_DECISION = "select d.decision_id, d.subject_id, d.measure, d.from_day, d.until_day, d.officer, d.document, d.organ, d.document_day,
            d.notice_day, c.record_id
        from decision d join decision_cause c on c.decision_id = d.decision_id
        where d.decision_id <= $1 order by d.decision_id, c.record_id";
    /// A new decision.
    DECIDE = "insert into decision (decision_id, subject_id, measure, from_day, until_day, officer, document, organ, document_day,
            notice_day, salt) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    /// The salt of a decision, for doctor.
    DECISION_SALT = "select subject_id, salt from decision where decision_id = $1";
    /// What it rests on.
    DECIDE_ON = "insert into decision_cause (decision_id, measure, record_id) values ($1, $2, $3)";
    /// A check with its salt, for doctor.
    AT = "select check_id, subject_id, matter, purpose, case_number, actor, organ, area, at, day, known, pack_digest, answer, salt
        from check_event where check_id = $1";
    /// Final answers that fit no obligation, or no answer that closes one, for doctor.
    UNOWED = "select z.check_id, z.measure from obligation_closing z
        left join obligation o on o.check_id = z.check_id and o.measure = z.measure
        left join feedback f on f.feedback_id = z.feedback_id and f.check_id = z.check_id and f.measure = z.measure and f.outcome <> 'acknowledged'
        where o.check_id is null or f.feedback_id is null order by z.check_id limit $1";
    /// Decisions without a named person behind them, or without a document, for doctor.
    DECIDED_BY_NOBODY = "select d.decision_id from decision d
        left join journal j on j.entry = d.decision_id left join account a on a.name = j.actor
        where a.name is null or trim(d.officer) = '' or trim(d.document) = '' or trim(d.organ) = '' order by d.decision_id limit $1";
    /// Decisions whose days are out of order: document, then notice, then effect, then end.
    DECIDED_OUT_OF_ORDER = "select d.decision_id from decision d
        where d.document_day > d.notice_day or d.notice_day > d.from_day or d.from_day > d.until_day order by d.decision_id limit $1";
    /// Decisions that rest on nothing, on a record of somebody else, or on one that is minor or not adverse.
    DECIDED_ON_NOTHING = "select distinct d.decision_id from decision d
        left join decision_cause c on c.decision_id = d.decision_id and c.measure = d.measure left join record r on r.record_id = c.record_id
        where r.record_id is null or r.subject_id <> d.subject_id or r.class is null or r.class = 0 order by d.decision_id limit $1";
    /// Decisions about a subject that no code with a check digit names.
    DECIDED_BY_NAME = "select d.decision_id from decision d where not exists (select 1 from subject_code c
        where c.subject_id = d.subject_id and c.scheme in ('uscc', 'org_code', 'resident_id')) order by d.decision_id limit $1";
    /// Decisions that last more than three years from the document of a record they rest on, for doctor. Days are ISO text; the end of
    /// February of a leap year needs no care, since no day follows it in a year without one before March.
    DECIDED_TOO_LONG = "select distinct d.decision_id from decision d
        join decision_cause c on c.decision_id = d.decision_id join record r on r.record_id = c.record_id
        where d.until_day > cast(cast(substr(r.document_day, 1, 4) as bigint) + 3 as text) || substr(r.document_day, 5)
        order by d.decision_id limit $1";
    /// Decisions on a record that brought the same measure about before, for doctor.
    DECIDED_TWICE = "select max(c.decision_id) as decision_id from decision_cause c
        group by c.measure, c.record_id having count(*) > 1 order by 1 limit $1";
    /// How many decisions there are.
    DECISION_COUNT = "select count(*) as decisions from decision";
    /// Final answers that closed nothing, for doctor.
    UNCLOSED = "select f.check_id, f.measure from feedback f
        left join obligation_closing z on z.check_id = f.check_id and z.measure = f.measure
        where f.outcome <> 'acknowledged' and z.feedback_id is null order by f.feedback_id limit $1";
}

/// A check as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckRow {
    /// Its number: its journal position.
    pub check: CheckId,
    /// About whom.
    pub subject: SubjectId,
    /// Id of the matter.
    pub matter: String,
    /// Purpose of the access.
    pub purpose: String,
    /// 办件编号.
    pub case_number: String,
    /// Who asked.
    pub actor: String,
    /// For which organ.
    pub organ: Option<String>,
    /// For which area.
    pub area: Option<String>,
    /// When.
    pub at: Moment,
    /// On which day the rules were read.
    pub day: Day,
    /// What was known.
    pub known: Position,
    /// By which pack.
    pub pack_digest: Digest,
    /// Canonical JSON of the answer as given.
    pub answer: String,
}

/// What is owed for one measure of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewObligation<'a> {
    /// Id of the measure.
    pub measure: &'a str,
    /// incentive, supervision or restriction.
    pub kind: &'a str,
    /// in_force or proposed.
    pub state: &'a str,
    /// Executing body.
    pub body: &'a str,
    /// Until when the answer is owed.
    pub due: Day,
    /// Until when the measure lasts.
    pub until: Option<Day>,
}

/// An obligation with the state of its answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObligationRow {
    /// Of which check.
    pub check: CheckId,
    /// Of which measure.
    pub measure: String,
    /// incentive, supervision or restriction.
    pub kind: String,
    /// in_force or proposed.
    pub state: String,
    /// Executing body.
    pub body: String,
    /// Until when the answer is owed.
    pub due: Day,
    /// Until when the measure lasts.
    pub until: Option<Day>,
    /// About whom.
    pub subject: SubjectId,
    /// Their name; masked for persons.
    pub subject_name: String,
    /// Id of the matter.
    pub matter: String,
    /// Which organ asked.
    pub organ: Option<String>,
    /// In which area.
    pub area: Option<String>,
    /// 办件编号.
    pub case_number: String,
    /// The final answer.
    pub outcome: Option<FeedbackOutcome>,
    /// When it was given.
    pub closed_at: Option<Moment>,
    /// Whether it was acknowledged before.
    pub acknowledged: bool,
}

/// An answer as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedbackRow {
    /// Its number: its journal position.
    pub feedback: Position,
    /// Of which check.
    pub check: CheckId,
    /// Of which measure.
    pub measure: String,
    /// What was done.
    pub outcome: FeedbackOutcome,
    /// By whom.
    pub officer: String,
    /// On which document.
    pub document: String,
    /// Of which organ.
    pub organ: String,
    /// Of which day.
    pub document_day: Option<Day>,
    /// Why not, where it was not.
    pub reason: String,
    /// When it was told.
    pub at: Moment,
    /// Who told.
    pub actor: String,
}

/// A decision as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionRow {
    /// Its number: its journal position.
    pub decision: Position,
    /// About whom.
    pub subject: SubjectId,
    /// Id of the measure.
    pub measure: String,
    /// The records that brought it about.
    pub causes: Vec<RecordId>,
    /// First day.
    pub from: Day,
    /// Last day.
    pub until: Day,
    /// Who decided.
    pub officer: String,
    /// On which document.
    pub document: String,
    /// Of which organ.
    pub organ: String,
    /// Of which day.
    pub document_day: Day,
    /// When it was served.
    pub notice_day: Day,
}

fn check(row: &Row) -> Result<CheckRow, Fault> {
    Ok(CheckRow {
        check: CheckId(row.get("check_id")?),
        subject: row.get("subject_id")?,
        matter: row.get("matter")?,
        purpose: row.get("purpose")?,
        case_number: row.get("case_number")?,
        actor: row.get("actor")?,
        organ: row.get("organ")?,
        area: row.get("area")?,
        at: Moment(row.get("at")?),
        day: row.get("day")?,
        known: Position(row.get("known")?),
        pack_digest: row.get("pack_digest")?,
        answer: row.get("answer")?,
    })
}

fn outcome(word: &str) -> Result<FeedbackOutcome, Fault> {
    FeedbackOutcome::from_word(word).ok_or_else(|| Fault::Inconsistent(format!("feedback outcome {word}")))
}

fn obligation(row: &Row) -> Result<ObligationRow, Fault> {
    let final_outcome: Option<String> = row.get("final_outcome")?;
    let closed_at: Option<i64> = row.get("final_at")?;
    Ok(ObligationRow {
        check: CheckId(row.get("check_id")?),
        measure: row.get("measure")?,
        kind: row.get("kind")?,
        state: row.get("state")?,
        body: row.get("body")?,
        due: row.get("due_day")?,
        until: row.get("until_day")?,
        subject: row.get("subject_id")?,
        subject_name: row.get("subject_name")?,
        matter: row.get("matter")?,
        organ: row.get("organ")?,
        area: row.get("area")?,
        case_number: row.get("case_number")?,
        outcome: final_outcome.as_deref().map(outcome).transpose()?,
        closed_at: closed_at.map(Moment),
        acknowledged: row.get::<i64>("seen")? > 0,
    })
}

/// A check by its number.
pub fn by_id(connection: &mut Connection, id: CheckId) -> Result<Option<CheckRow>, Fault> {
    connection.query_opt(&BY_ID, params![id.0])?.as_ref().map(check).transpose()
}

/// The last `limit` checks of a subject.
pub fn of_subject(connection: &mut Connection, subject: SubjectId, limit: i64) -> Result<Vec<CheckRow>, Fault> {
    connection.query(&OF_SUBJECT, params![subject, limit])?.iter().map(check).collect()
}

/// Writes a check with what it is owed.
pub fn add(tx: &mut Tx, row: &CheckRow, salt: &[u8], obligations: &[NewObligation]) -> Result<(), Fault> {
    let day = row.day.to_string();
    let parameters = params![
        row.check.0,
        row.subject,
        &row.matter,
        &row.purpose,
        &row.case_number,
        &row.actor,
        row.organ.as_ref(),
        row.area.as_ref(),
        row.at.0,
        &day,
        row.known.0,
        &row.pack_digest,
        &row.answer,
        salt
    ];
    tx.connection.execute(&ADD, parameters)?;
    for owed in obligations {
        let (due, until) = (owed.due.to_string(), owed.until.map(|day| day.to_string()));
        let parameters = params![row.check.0, owed.measure, owed.kind, owed.state, owed.body, &due, until.as_ref()];
        tx.connection.execute(&OWE, parameters)?;
    }
    Ok(())
}

/// Which obligations are wanted.
#[derive(Clone, Debug)]
pub struct ObligationFilter<'a> {
    /// `open`, `overdue`, `due` (open and not overdue), `closed`, or all.
    pub state: Option<&'a str>,
    /// The day on which overdue is judged.
    pub today: Day,
    /// Of checks by one organ.
    pub organ: Option<&'a str>,
    /// Of checks in one area.
    pub area: Option<&'a str>,
    /// Of checks after this number.
    pub after: i64,
    /// At most so many.
    pub limit: i64,
}

/// Obligations in the order of their due days.
pub fn obligations(connection: &mut Connection, filter: &ObligationFilter) -> Result<Vec<ObligationRow>, Fault> {
    let today = filter.today.to_string();
    let parameters = params![filter.state, &today, filter.organ, filter.area, filter.after, filter.limit];
    connection.query(&OBLIGATIONS, parameters)?.iter().map(obligation).collect()
}

/// Obligations of one check.
pub fn obligations_of(connection: &mut Connection, id: CheckId) -> Result<Vec<ObligationRow>, Fault> {
    connection.query(&OF_CHECK, params![id.0])?.iter().map(obligation).collect()
}

/// How many answers are overdue on a day.
pub fn overdue(connection: &mut Connection, today: Day) -> Result<i64, Fault> {
    connection.query_one(&OVERDUE, params![&today.to_string()])?.get("overdue")
}

/// Answers to the measures of a check, in order.
pub fn feedbacks(connection: &mut Connection, id: CheckId) -> Result<Vec<FeedbackRow>, Fault> {
    connection.query(&FEEDBACKS, params![id.0])?.iter().map(feedback).collect()
}

fn feedback(row: &Row) -> Result<FeedbackRow, Fault> {
    Ok(FeedbackRow {
        feedback: Position(row.get("feedback_id")?),
        check: CheckId(row.get("check_id")?),
        measure: row.get("measure")?,
        outcome: outcome(&row.get::<String>("outcome")?)?,
        officer: row.get("officer")?,
        document: row.get("document")?,
        organ: row.get("organ")?,
        document_day: row.get("document_day")?,
        reason: row.get("reason")?,
        at: Moment(row.get("at")?),
        actor: row.get("actor")?,
    })
}

/// The answer given at an entry, with its salt; none where none was.
pub fn feedback_at(connection: &mut Connection, entry: Position) -> Result<Option<(FeedbackRow, Vec<u8>)>, Fault> {
    let row = connection.query_opt(&FEEDBACK_AT, params![entry.0])?;
    row.map(|row| Ok((feedback(&row)?, row.get("salt")?))).transpose()
}

/// Writes an answer, and closes the obligation where it is final.
pub fn add_feedback(tx: &mut Tx, row: &FeedbackRow, salt: &[u8]) -> Result<(), Fault> {
    let day = row.document_day.map(|day| day.to_string());
    let parameters = params![
        row.feedback.0,
        row.check.0,
        &row.measure,
        row.outcome.word(),
        &row.officer,
        &row.document,
        &row.organ,
        day.as_ref(),
        &row.reason,
        row.at.0,
        &row.actor,
        salt
    ];
    tx.connection.execute(&ADD_FEEDBACK, parameters)?;
    if row.outcome.closes() {
        tx.connection.execute(&CLOSE, params![row.check.0, &row.measure, row.feedback.0])?;
    }
    Ok(())
}

/// Decisions about a subject, as known at a position.
pub fn decisions(connection: &mut Connection, subject: SubjectId, known: Position) -> Result<Vec<DecisionRow>, Fault> {
    decided(&connection.query(&DECISIONS, params![subject, known.0])?)
}

/// Every decision, as known at a position: few, since a person makes each.
pub fn every_decision(connection: &mut Connection, known: Position) -> Result<Vec<DecisionRow>, Fault> {
    decided(&connection.query(&EVERY_DECISION, params![known.0])?)
}

/// One row for each cause of a decision, those of one together.
fn decided(rows: &[Row]) -> Result<Vec<DecisionRow>, Fault> {
    let mut decisions: Vec<DecisionRow> = Vec::new();
    for row in rows {
        let (number, cause) = (Position(row.get("decision_id")?), RecordId(row.get("record_id")?));
        if let Some(last) = decisions.last_mut().filter(|last| last.decision == number) {
            last.causes.push(cause);
            continue;
        }
        decisions.push(DecisionRow {
            decision: number,
            subject: row.get("subject_id")?,
            measure: row.get("measure")?,
            causes: vec![cause],
            from: row.get("from_day")?,
            until: row.get("until_day")?,
            officer: row.get("officer")?,
            document: row.get("document")?,
            organ: row.get("organ")?,
            document_day: row.get("document_day")?,
            notice_day: row.get("notice_day")?,
        });
    }
    Ok(decisions)
}

/// The decision made at an entry, with its salt; none where none was.
pub fn decision_at(connection: &mut Connection, entry: Position) -> Result<Option<(DecisionRow, Vec<u8>)>, Fault> {
    let Some(row) = connection.query_opt(&DECISION_SALT, params![entry.0])? else { return Ok(None) };
    let decisions = decisions(connection, row.get("subject_id")?, entry)?;
    let salt = row.get("salt")?;
    Ok(decisions.into_iter().find(|decision| decision.decision == entry).map(|decision| (decision, salt)))
}

/// Writes a decision. A cause that brought this measure about before is a fault of the constraint (D10); ask `decisions` first.
pub fn decide(tx: &mut Tx, row: &DecisionRow, salt: &[u8]) -> Result<(), Fault> {
    let days = [row.from, row.until, row.document_day, row.notice_day].map(|day| day.to_string());
    let [from, until, document_day, notice_day] = &days;
    let parameters: &[Param] = params![
        row.decision.0,
        row.subject,
        &row.measure,
        from,
        until,
        &row.officer,
        &row.document,
        &row.organ,
        document_day,
        notice_day,
        salt
    ];
    tx.connection.execute(&DECIDE, parameters)?;
    for cause in &row.causes {
        tx.connection.execute(&DECIDE_ON, params![row.decision.0, &row.measure, cause.0])?;
    }
    Ok(())
}

/// The check made at an entry, with its salt; none where none was.
pub fn check_at(connection: &mut Connection, entry: Position) -> Result<Option<(CheckRow, Vec<u8>)>, Fault> {
    let row = connection.query_opt(&AT, params![entry.0])?;
    row.map(|row| Ok((check(&row)?, row.get("salt")?))).transpose()
}

/// What doctor finds wrong with decisions: each kind of fault with the numbers of those that have it.
#[derive(Clone, Debug)]
pub struct Unfounded {
    /// How many decisions there are.
    pub looked_at: i64,
    /// No named person, document or organ (D2).
    pub by_nobody: Vec<Position>,
    /// Document, notice, effect and end out of order (D9).
    pub out_of_order: Vec<Position>,
    /// On no record, on somebody else's, or on a minor one (D4, L7, L8).
    pub on_nothing: Vec<Position>,
    /// About a subject without an exact code (D6).
    pub by_name: Vec<Position>,
    /// Longer than three years from the document of a record (W1, W8).
    pub too_long: Vec<Position>,
    /// On a record that had brought the same measure about (D10).
    pub twice: Vec<Position>,
}

/// Decisions that could never have been made, at most `limit` of each kind.
pub fn unfounded(connection: &mut Connection, limit: i64) -> Result<Unfounded, Fault> {
    let mut found = |statement| -> Result<Vec<Position>, Fault> {
        connection.query(statement, params![limit])?.iter().map(|row| row.get("decision_id").map(Position)).collect()
    };
    let (by_nobody, out_of_order) = (found(&DECIDED_BY_NOBODY)?, found(&DECIDED_OUT_OF_ORDER)?);
    let (on_nothing, by_name) = (found(&DECIDED_ON_NOTHING)?, found(&DECIDED_BY_NAME)?);
    let (too_long, twice) = (found(&DECIDED_TOO_LONG)?, found(&DECIDED_TWICE)?);
    let looked_at = connection.query_one(&DECISION_COUNT, &[])?.get("decisions")?;
    Ok(Unfounded { looked_at, by_nobody, out_of_order, on_nothing, by_name, too_long, twice })
}

/// Measures of checks whose books do not balance: closed without a debt or without an answer, or answered for good and left open.
pub fn unbalanced(connection: &mut Connection, limit: i64) -> Result<Vec<(CheckId, String)>, Fault> {
    let mut rows = connection.query(&UNOWED, params![limit])?;
    rows.extend(connection.query(&UNCLOSED, params![limit])?);
    rows.iter().map(|row| Ok((CheckId(row.get("check_id")?), row.get("measure")?))).collect()
}
