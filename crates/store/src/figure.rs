//! What figures count: everything of a sort in groups small enough to be broken down in memory, and one by one for the lists behind
//! the numbers. Both read the same columns, so that the same code says of a group and of one of it what it is.

use std::collections::BTreeMap;

use xinzhi_core::check::{CheckId, FeedbackOutcome};
use xinzhi_core::journal::{Act, Position};
use xinzhi_core::record::{BatchId, Class, RecordId};
use xinzhi_core::{Day, Moment, SubjectId};

use crate::connection::Connection;
use crate::sql::{Sql, statements};
use crate::value::{Param, Row};
use crate::{Fault, params};

/// Numbers of subjects that a statement takes at once.
const SOME: usize = 32;

/// Their places, which come before those of anything else that such a statement takes.
macro_rules! some {
    () => {
        "($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, \
         $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32)"
    };
}

/// What the last check of each subject at each matter told to be in force on a day: of the checks that `$of` leaves.
macro_rules! told {
    ($day:literal, $($of:tt)*) => {
        concat!("select o.check_id, o.measure, o.kind, o.until_day, e.subject_id, e.organ, e.area, e.day, e.answer, s.name as subject_name
        from obligation o join check_event e on e.check_id = o.check_id join subject s on s.subject_id = e.subject_id
        where o.state = 'in_force' and o.kind <> 'restriction' and (o.until_day is null or o.until_day >= ", $day, ")
            and o.check_id in (select max(n.check_id) from ", $($of)*, " group by n.subject_id, n.matter)
        order by o.check_id desc, o.measure")
    };
}

/// Restrictions that run on a day and whose records all stand: of the decisions that `$of` leaves.
macro_rules! running {
    ($day:literal, $($of:tt)*) => {
        concat!("select d.decision_id, d.measure, d.subject_id, d.organ, d.from_day, d.until_day, s.area, s.name as subject_name
        from decision d join subject s on s.subject_id = d.subject_id
        where ", $($of)*, "d.from_day <= ", $day, " and d.until_day >= ", $day, " and not exists (
            select 1 from decision_cause q join record r on r.record_id = q.record_id
                left join batch_commit c on c.batch_id = r.batch_id left join batch_recall x on x.batch_id = r.batch_id
                left join record_closing z on z.record_id = r.record_id
            where q.decision_id = d.decision_id
                and (coalesce(r.entry, c.entry) is null or x.entry is not null or z.record_id is not null))
        order by d.decision_id desc")
    };
}

/// Records as known at a position, what an evaluation of each subject is made of: of the subjects that `$of` leaves.
macro_rules! facts {
    ($known:literal, $kinds:literal, $($of:tt)*) => {
        concat!("select o.subject_id, r.record_id, r.kind, r.document_day, r.class, r.fields
        from record_of_subject o join record r on r.record_id = o.record_id
            left join batch_commit c on c.batch_id = r.batch_id left join batch_recall x on x.batch_id = r.batch_id
            left join record_closing z on z.record_id = r.record_id
        where ", $($of)*, " and coalesce(r.entry, c.entry) <= ", $known, " and (x.entry is null or x.entry > ", $known, ")
            and (z.entry is null or z.entry > ", $known, ") and cast(", $kinds, " as text) like '%,' || r.kind || ',%'
        order by o.subject_id, r.document_day, r.record_id")
    };
}

statements! {
    /// The newest entry of an act: while it stands, so does whatever follows from such acts alone.
    NEWEST = "select max(entry) as newest from journal where act = $1";
    /// Obligations by all that figures ask of them. The days are days of $1, which is what day it is in Shanghai at midnight in Greenwich.
    OWED_GROUPS = "select o.due_day, o.kind, e.matter, e.organ, e.area, f.outcome as final_outcome,
            (f.at + cast($1 as bigint)) / 86400000 as closed_number,
            (f.at + cast($1 as bigint)) / 86400000 - (e.at + cast($1 as bigint)) / 86400000 as days,
            case when z.feedback_id is null and exists (select 1 from feedback a where a.check_id = o.check_id and a.measure = o.measure)
                then 1 else 0 end as seen,
            count(*) as many
        from obligation o join check_event e on e.check_id = o.check_id
            left join obligation_closing z on z.check_id = o.check_id and z.measure = o.measure
            left join feedback f on f.feedback_id = z.feedback_id
        group by 1, 2, 3, 4, 5, 6, 7, 8, 9";
    /// The same one by one, newest first.
    OWED_LINES = "select o.check_id, o.measure, s.name as subject_name, e.case_number, o.due_day, o.kind, e.matter, e.organ, e.area,
            f.outcome as final_outcome, (f.at + cast($1 as bigint)) / 86400000 as closed_number,
            (f.at + cast($1 as bigint)) / 86400000 - (e.at + cast($1 as bigint)) / 86400000 as days,
            case when z.feedback_id is null and exists (select 1 from feedback a where a.check_id = o.check_id and a.measure = o.measure)
                then 1 else 0 end as seen,
            cast(1 as bigint) as many
        from obligation o join check_event e on e.check_id = o.check_id join subject s on s.subject_id = e.subject_id
            left join obligation_closing z on z.check_id = o.check_id and z.measure = o.measure
            left join feedback f on f.feedback_id = z.feedback_id
        where o.check_id < $2 or (o.check_id = $2 and o.measure > $3) order by o.check_id desc, o.measure limit $4";
    /// Obligations of checks after $2 and those answered after $3, some more than once, with what was known of them at these two positions.
    OWED_SINCE = "select o.check_id, o.measure, o.due_day, o.kind, e.matter, e.organ, e.area, f.outcome as final_outcome,
            (f.at + cast($1 as bigint)) / 86400000 as closed_number,
            (f.at + cast($1 as bigint)) / 86400000 - (e.at + cast($1 as bigint)) / 86400000 as days,
            case when z.feedback_id is null and exists (select 1 from feedback a where a.check_id = o.check_id and a.measure = o.measure)
                then 1 else 0 end as seen,
            cast(1 as bigint) as many, case when o.check_id > $2 then 1 else 0 end as fresh,
            case when exists (select 1 from feedback a where a.check_id = o.check_id and a.measure = o.measure and a.feedback_id <= $3)
                then 1 else 0 end as seen_before
        from (select n.check_id, n.measure from obligation n where n.check_id > $2
                union all select n.check_id, n.measure from feedback n where n.feedback_id > $3) k
            join obligation o on o.check_id = k.check_id and o.measure = k.measure join check_event e on e.check_id = o.check_id
            left join obligation_closing z on z.check_id = o.check_id and z.measure = o.measure
            left join feedback f on f.feedback_id = z.feedback_id";
    /// Checks after one up to another by all that figures ask of them.
    CHECK_GROUPS = "select substr(e.day, 1, 7) || '-01' as month_day, e.matter, e.organ, e.area, s.kind as subject_kind, count(*) as many
        from check_event e join subject s on s.subject_id = e.subject_id
        where e.check_id > $1 and e.check_id <= $2 group by 1, 2, 3, 4, 5";
    /// The same one by one, newest first.
    CHECK_LINES = "select e.check_id, e.day as month_day, e.matter, e.organ, e.area, e.case_number, s.kind as subject_kind, s.name as subject_name,
            cast(1 as bigint) as many
        from check_event e join subject s on s.subject_id = e.subject_id where e.check_id < $1 order by e.check_id desc limit $2";
    /// Batches in effect.
    BATCHES = "select b.batch_id, b.source, b.organ, b.area, b.file_name, j.at, b.rows_read, c.rows_accepted, c.rows_duplicate,
            b.rows_refused, c.rows_quarantined
        from batch b join batch_commit c on c.batch_id = b.batch_id join journal j on j.entry = c.entry
            left join batch_recall x on x.batch_id = b.batch_id
        where x.entry is null order by b.batch_id desc";
    /// Rows of batches in effect that were sent back, newest batch first.
    REFUSED = "select v.batch_id, v.row_number, v.remarks from verdict v join batch_commit c on c.batch_id = v.batch_id
            left join batch_recall x on x.batch_id = v.batch_id
        where v.outcome = 'refused' and v.row_number > 0 and x.entry is null
            and (v.batch_id < $1 or (v.batch_id = $1 and v.row_number > $2))
        order by v.batch_id desc, v.row_number limit $3";
    /// Kind and area of subjects after one, in order, as their rows tell them.
    PARTIES = "select subject_id, kind as subject_kind, area from subject where subject_id > $1 order by subject_id limit $2";
    /// Records after one up to another that stand at $3, without their subjects' rows; whether their batch is in effect is asked apart.
    RECORDS_BETWEEN = "select r.record_id, r.subject_id, r.batch_id, j.at as ruled_at, r.kind, r.supplier, r.document_day
        from record r left join journal j on j.entry = r.entry left join record_closing z on z.record_id = r.record_id
        where r.record_id > $1 and r.record_id <= $2 and (r.entry is null or r.entry <= $3) and (z.entry is null or z.entry > $3)";
    /// The same of some subjects.
    RECORDS_OF = concat!("select r.record_id, r.subject_id, r.batch_id, j.at as ruled_at, r.kind, r.supplier, r.document_day
        from record_of_subject o join record r on r.record_id = o.record_id
            left join journal j on j.entry = r.entry left join record_closing z on z.record_id = r.record_id
        where o.subject_id in ", some!(), " and (r.entry is null or r.entry <= $33) and (z.entry is null or z.entry > $33)");
    /// Kind and area of some subjects.
    PARTIES_OF = concat!("select subject_id, kind as subject_kind, area from subject where subject_id in ", some!());
    /// Number of the last record.
    LAST_RECORD = "select coalesce(max(record_id), 0) as last from record";
    /// Records that no correction has closed one by one, newest first.
    RECORD_LINES = "select r.record_id, r.batch_id, j.at as ruled_at, r.kind, r.supplier, r.document, r.document_day, r.class,
            s.kind as subject_kind, s.area, r.subject_id, s.name as subject_name
        from record r join subject s on s.subject_id = r.subject_id left join journal j on j.entry = r.entry
            left join record_closing z on z.record_id = r.record_id
        where z.record_id is null and r.record_id < $1 order by r.record_id desc limit $2";
    /// What the last check of each subject at each matter told to be in force, with the answer that names its records.
    TOLD = told!("$1", "check_event n");
    /// The same of some subjects.
    TOLD_OF = told!("$33", "journal y join check_event n on n.check_id = y.entry where y.subject_id in ", some!());
    /// Of whom there are checks after a position.
    CHECKED_SINCE = "select distinct subject_id from check_event where check_id > $1";
    /// Whom such checks told of something in force, and about whom something was decided after it.
    TOLD_SINCE = "select e.subject_id from obligation o join check_event e on e.check_id = o.check_id where o.check_id > $1 and o.state = 'in_force'
        union all select d.subject_id from decision d where d.decision_id > $1";
    /// Restrictions that run on a day and whose records all stand.
    RUNNING = running!("$1", "");
    /// The same of some subjects.
    RUNNING_OF = running!("$33", "d.subject_id in ", some!(), " and ");
    /// Organisations after a subject, in order.
    MEMBERS = "select subject_id, kind, area, industry from subject where person = 0 and subject_id > $1 order by subject_id limit $2";
    /// Organisations of some kinds after a subject up to another, in order. The kinds stand in $3 between commas.
    MEMBERS_OF = "select subject_id, kind, area, industry from subject
        where person = 0 and subject_id > $1 and subject_id <= $2 and cast($3 as text) like '%,' || kind || ',%'
        order by subject_id";
    /// Those of some subjects that are organisations of some kinds, which stand in $33 between commas.
    MEMBERS_AMONG = concat!("select subject_id, kind, area, industry from subject
        where person = 0 and subject_id in ", some!(), " and cast($33 as text) like '%,' || kind || ',%'
        order by subject_id");
    /// Those of some subjects of whom anything was known by a position, whatever became of it.
    EVER_KNOWN = concat!("select distinct o.subject_id from record_of_subject o join record r on r.record_id = o.record_id
            left join batch_commit c on c.batch_id = r.batch_id
        where coalesce(r.entry, c.entry) <= $33 and o.subject_id in ", some!());
    /// Subjects of which a record began or ceased to hold after a position.
    CHANGED = "select r.subject_id from batch_commit c join record r on r.batch_id = c.batch_id where c.entry > $1
        union select r.subject_id from batch_recall x join record r on r.batch_id = x.batch_id where x.entry > $1
        union select r.subject_id from record r where r.entry > $1
        union select r.subject_id from record_closing z join record r on r.record_id = z.record_id where z.entry > $1";
    /// The same records one by one, with when each became known by itself and when it was closed.
    RECORDS_MOVED = "select r.record_id, r.subject_id, r.batch_id, j.at as ruled_at, r.kind, r.supplier, r.document_day, r.entry as own_entry,
            z.entry as closed
        from record r left join journal j on j.entry = r.entry left join record_closing z on z.record_id = r.record_id
        where r.record_id in (select n.record_id from batch_commit c join record n on n.batch_id = c.batch_id where c.entry > $1
                union all select n.record_id from batch_recall x join record n on n.batch_id = x.batch_id where x.entry > $1
                union all select n.record_id from record n where n.entry > $1
                union all select n.record_id from record_closing n where n.entry > $1)
        limit $2";
    /// Subjects between two that have a code of the state, which has a check digit.
    EXACT = "select distinct subject_id from subject_code
        where subject_id > $1 and subject_id <= $2 and scheme in ('uscc', 'org_code') order by subject_id";
    /// Records of subjects between two as known at a position: what an evaluation of each is made of. The kinds stand in $4 between commas.
    FACTS = facts!("$3", "$4", "o.subject_id > $1 and o.subject_id <= $2");
    /// The same of some subjects.
    FACTS_OF = facts!("$33", "$34", "o.subject_id in ", some!());
}

/// What every group and every line of obligations says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owed {
    /// Until when the answer is owed.
    pub due: Day,
    /// incentive, supervision or restriction.
    pub kind: String,
    /// Id of the matter.
    pub matter: String,
    /// Organ of whoever asked.
    pub organ: Option<String>,
    /// Area of the check.
    pub area: Option<String>,
    /// The final answer with the day on which it was given and the days since the check.
    pub closed: Option<(FeedbackOutcome, Day, i64)>,
    /// Whether it was acknowledged and nothing more.
    pub acknowledged: bool,
    /// How many there are of it.
    pub many: i64,
}

/// One obligation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwedLine {
    /// Of which check.
    pub check: CheckId,
    /// Of which measure.
    pub measure: String,
    /// Name of the subject; masked for persons.
    pub subject_name: String,
    /// 办件编号.
    pub case_number: String,
    /// The rest.
    pub owed: Owed,
}

/// What every group and every line of checks says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// A day of the month in which it was made; of a line, the day itself.
    pub day: Day,
    /// Id of the matter.
    pub matter: String,
    /// Organ of whoever asked.
    pub organ: Option<String>,
    /// Area of the check.
    pub area: Option<String>,
    /// Id of the subject's kind.
    pub subject_kind: String,
    /// How many there are of it.
    pub many: i64,
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedLine {
    /// Its number.
    pub check: CheckId,
    /// Name of the subject; masked for persons.
    pub subject_name: String,
    /// 办件编号.
    pub case_number: String,
    /// The rest.
    pub checked: Checked,
}

/// A batch in effect with its counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivered {
    /// Its number.
    pub batch: BatchId,
    /// Id of its source.
    pub source: String,
    /// Organ of whoever delivered it.
    pub organ: Option<String>,
    /// For which area it reports.
    pub area: String,
    /// Name of the file.
    pub file_name: String,
    /// Since when it is in effect.
    pub at: Moment,
    /// Rows read.
    pub read: i64,
    /// Rows that became records.
    pub accepted: i64,
    /// Rows known already.
    pub duplicate: i64,
    /// Rows sent back.
    pub refused: i64,
    /// Rows that wait for a person.
    pub quarantined: i64,
}

/// A row that was sent back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Its batch.
    pub batch: BatchId,
    /// The row as a person counts.
    pub row: i64,
    /// JSON list of remarks.
    pub remarks: String,
}

/// A record as it was handed in, without what the row of its subject tells.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HandedIn {
    /// About whom.
    pub subject: SubjectId,
    /// The batch that brought it.
    pub batch: Option<BatchId>,
    /// When it became known by itself: by a ruling, or from our own journal.
    pub ruled_at: Option<Moment>,
    /// Id of its kind.
    pub kind: String,
    /// Who supplied it.
    pub supplier: String,
    /// Date of its document.
    pub document_day: Day,
}

/// Whom a record is about, as figures tell subjects apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party {
    /// Its number.
    pub subject: SubjectId,
    /// Id of its kind.
    pub kind: String,
    /// Its area.
    pub area: Option<String>,
}

/// A record that began or ceased to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// What it is.
    pub handed_in: HandedIn,
    /// Since when it is known by itself, not through its batch.
    pub own: Option<Position>,
    /// Since when it is closed.
    pub closed: Option<Position>,
}

/// One record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedLine {
    /// Its number.
    pub record: RecordId,
    /// Name of the subject; masked for persons.
    pub subject_name: String,
    /// 文书号.
    pub document: String,
    /// Its class.
    pub class: Option<Class>,
    /// What it is.
    pub handed_in: HandedIn,
    /// Whom it is about.
    pub party: Party,
}

/// An incentive or a supervision that a check told to be in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// By which check.
    pub check: CheckId,
    /// Id of the measure.
    pub measure: String,
    /// incentive or supervision.
    pub kind: String,
    /// Until when it lasts.
    pub until: Option<Day>,
    /// About whom.
    pub subject: SubjectId,
    /// Their name; masked for persons.
    pub subject_name: String,
    /// Organ of whoever asked.
    pub organ: Option<String>,
    /// Area of the check.
    pub area: Option<String>,
    /// On which day it was told.
    pub day: Day,
    /// The answer as canonical JSON.
    pub answer: String,
}

/// A restriction that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Running {
    /// Number of the decision.
    pub decision: Position,
    /// Id of the measure.
    pub measure: String,
    /// About whom.
    pub subject: SubjectId,
    /// Their name; masked for persons.
    pub subject_name: String,
    /// Who decided.
    pub organ: String,
    /// Area of the subject.
    pub area: Option<String>,
    /// First and last day.
    pub days: (Day, Day),
}

/// An organisation that may be evaluated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its number.
    pub subject: SubjectId,
    /// Id of its kind.
    pub kind: String,
    /// Its area.
    pub area: Option<String>,
    /// Its industry.
    pub industry: Option<String>,
}

/// A record as an evaluation reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactRow {
    /// About whom.
    pub subject: SubjectId,
    /// Its number.
    pub record: RecordId,
    /// Id of its kind.
    pub kind: String,
    /// Date of its document.
    pub day: Day,
    /// Its class.
    pub class: Option<Class>,
    /// Canonical JSON of its open fields.
    pub fields: String,
}

/// The newest entry of each act.
pub fn newest(connection: &mut Connection, acts: &[Act]) -> Result<Vec<Option<i64>>, Fault> {
    acts.iter().map(|act| connection.query_one(&NEWEST, params![act.word()])?.get("newest")).collect()
}

fn owed(row: &Row) -> Result<Owed, Fault> {
    let (outcome, number, days): (Option<String>, Option<i64>, Option<i64>) =
        (row.get("final_outcome")?, row.get("closed_number")?, row.get("days")?);
    let closed = match (outcome, number, days) {
        (Some(word), Some(number), Some(days)) => {
            let wrong = || Fault::Inconsistent(format!("a final answer {word} on day {number}"));
            let outcome = FeedbackOutcome::from_word(&word).ok_or_else(wrong)?;
            Some((outcome, Day::from_number(number).ok_or_else(wrong)?, days))
        }
        _ => None,
    };
    Ok(Owed {
        due: row.get("due_day")?,
        kind: row.get("kind")?,
        matter: row.get("matter")?,
        organ: row.get("organ")?,
        area: row.get("area")?,
        closed,
        acknowledged: row.get::<i64>("seen")? > 0,
        many: row.get("many")?,
    })
}

/// All obligations in groups.
pub fn owed_groups(connection: &mut Connection) -> Result<Vec<Owed>, Fault> {
    connection.query(&OWED_GROUPS, params![Moment::SHANGHAI_MS])?.iter().map(owed).collect()
}

/// What changed about obligations after two positions: each as it was, unless it is new, and as it is.
pub fn owed_since(connection: &mut Connection, (checks, feedbacks): (i64, i64)) -> Result<Vec<(Option<Owed>, Owed)>, Fault> {
    let rows = connection.query(&OWED_SINCE, params![Moment::SHANGHAI_MS, checks, feedbacks])?;
    let mut once: BTreeMap<(i64, String), &Row> = BTreeMap::new();
    for row in &rows {
        once.insert((row.get("check_id")?, row.get("measure")?), row);
    }
    once.into_values()
        .map(|row| {
            let now = owed(row)?;
            // What was answered for good before is answered by nobody again: whatever changed was open.
            let acknowledged = row.get::<i64>("seen_before")? > 0;
            let before = (row.get::<i64>("fresh")? == 0).then(|| Owed { closed: None, acknowledged, ..now.clone() });
            Ok((before, now))
        })
        .collect()
}

/// At most `limit` obligations after one, newest check first.
pub fn owed_lines(connection: &mut Connection, (check, measure): (CheckId, &str), limit: i64) -> Result<Vec<OwedLine>, Fault> {
    let rows = connection.query(&OWED_LINES, params![Moment::SHANGHAI_MS, check.0, measure, limit])?;
    rows.iter()
        .map(|row| {
            Ok(OwedLine {
                check: CheckId(row.get("check_id")?),
                measure: row.get("measure")?,
                subject_name: row.get("subject_name")?,
                case_number: row.get("case_number")?,
                owed: owed(row)?,
            })
        })
        .collect()
}

fn checked(row: &Row) -> Result<Checked, Fault> {
    Ok(Checked {
        day: row.get("month_day")?,
        matter: row.get("matter")?,
        organ: row.get("organ")?,
        area: row.get("area")?,
        subject_kind: row.get("subject_kind")?,
        many: row.get("many")?,
    })
}

/// Checks after one up to another in groups.
pub fn check_groups(connection: &mut Connection, (after, until): (Position, Position)) -> Result<Vec<Checked>, Fault> {
    connection.query(&CHECK_GROUPS, params![after.0, until.0])?.iter().map(checked).collect()
}

/// At most `limit` checks before one, newest first.
pub fn check_lines(connection: &mut Connection, before: CheckId, limit: i64) -> Result<Vec<CheckedLine>, Fault> {
    let rows = connection.query(&CHECK_LINES, params![before.0, limit])?;
    rows.iter()
        .map(|row| {
            Ok(CheckedLine {
                check: CheckId(row.get("check_id")?),
                subject_name: row.get("subject_name")?,
                case_number: row.get("case_number")?,
                checked: checked(row)?,
            })
        })
        .collect()
}

/// Batches in effect, newest first.
pub fn batches(connection: &mut Connection) -> Result<Vec<Delivered>, Fault> {
    let rows = connection.query(&BATCHES, &[])?;
    rows.iter()
        .map(|row| {
            Ok(Delivered {
                batch: BatchId(row.get("batch_id")?),
                source: row.get("source")?,
                organ: row.get("organ")?,
                area: row.get("area")?,
                file_name: row.get("file_name")?,
                at: Moment(row.get("at")?),
                read: row.get("rows_read")?,
                accepted: row.get("rows_accepted")?,
                duplicate: row.get("rows_duplicate")?,
                refused: row.get("rows_refused")?,
                quarantined: row.get("rows_quarantined")?,
            })
        })
        .collect()
}

/// At most `limit` rows that were sent back, after one, newest batch first.
pub fn refused(connection: &mut Connection, (batch, row): (BatchId, i64), limit: i64) -> Result<Vec<Refused>, Fault> {
    let rows = connection.query(&REFUSED, params![batch.0, row, limit])?;
    rows.iter()
        .map(|row| Ok(Refused { batch: BatchId(row.get("batch_id")?), row: row.get("row_number")?, remarks: row.get("remarks")? }))
        .collect()
}

fn handed_in(mut row: Row) -> Result<HandedIn, Fault> {
    let (batch, ruled): (Option<i64>, Option<i64>) = (row.get("batch_id")?, row.get("ruled_at")?);
    Ok(HandedIn {
        subject: row.get("subject_id")?,
        batch: batch.map(BatchId),
        ruled_at: ruled.map(Moment),
        document_day: row.get("document_day")?,
        kind: row.take("kind")?,
        supplier: row.take("supplier")?,
    })
}

fn party(row: &Row) -> Result<Party, Fault> {
    Ok(Party { subject: row.get("subject_id")?, kind: row.get("subject_kind")?, area: row.get("area")? })
}

/// At most `limit` subjects after one, in order, as their rows tell them now.
pub fn parties(connection: &mut Connection, after: SubjectId, limit: i64) -> Result<Vec<Party>, Fault> {
    connection.query(&PARTIES, params![after, limit])?.iter().map(party).collect()
}

/// The same of some subjects.
pub fn parties_of(connection: &mut Connection, subjects: &[SubjectId]) -> Result<Vec<Party>, Fault> {
    of_some(connection, &PARTIES_OF, (&[], subjects), |row| party(&row))
}

/// Number of the last record.
pub fn last_record(connection: &mut Connection) -> Result<RecordId, Fault> {
    Ok(RecordId(connection.query_one(&LAST_RECORD, &[])?.get("last")?))
}

/// Records after `first` up to `last` that nothing has closed at `known`; those of batches that are not in effect are among them.
pub fn records_between(connection: &mut Connection, (first, last): (RecordId, RecordId), known: Position) -> Result<Vec<HandedIn>, Fault> {
    connection.query(&RECORDS_BETWEEN, params![first.0, last.0, known.0])?.into_iter().map(handed_in).collect()
}

/// The same of some subjects.
pub fn records_of(connection: &mut Connection, subjects: &[SubjectId], known: Position) -> Result<Vec<HandedIn>, Fault> {
    of_some(connection, &RECORDS_OF, (params![known.0], subjects), handed_in)
}

/// Records that began or ceased to hold after a position: by a commit, a recall, a ruling or an answer. At most `limit` of them.
pub fn records_moved(connection: &mut Connection, since: Position, limit: i64) -> Result<Vec<Moved>, Fault> {
    let rows = connection.query(&RECORDS_MOVED, params![since.0, limit])?;
    rows.into_iter()
        .map(|row| {
            let (own, closed): (Option<i64>, Option<i64>) = (row.get("own_entry")?, row.get("closed")?);
            Ok(Moved { handed_in: handed_in(row)?, own: own.map(Position), closed: closed.map(Position) })
        })
        .collect()
}

/// At most `limit` records that nothing has closed before one, newest first.
pub fn record_lines(connection: &mut Connection, before: RecordId, limit: i64) -> Result<Vec<RecordedLine>, Fault> {
    let rows = connection.query(&RECORD_LINES, params![before.0, limit])?;
    rows.into_iter()
        .map(|row| {
            let class: Option<i64> = row.get("class")?;
            Ok(RecordedLine {
                record: RecordId(row.get("record_id")?),
                subject_name: row.get("subject_name")?,
                document: row.get("document")?,
                class: class.and_then(Class::from_number),
                party: party(&row)?,
                handed_in: handed_in(row)?,
            })
        })
        .collect()
}

/// Asks for some subjects, as many at once as a statement takes: `params` come behind their numbers, of which those that are not needed are
/// filled with the last.
fn of_some<T>(
    connection: &mut Connection,
    sql: &Sql,
    (params, subjects): (&[Param<'_>], &[SubjectId]),
    read: impl Fn(Row) -> Result<T, Fault>,
) -> Result<Vec<T>, Fault> {
    let mut found = Vec::new();
    for some in subjects.chunks(SOME) {
        let Some(last) = some.last().copied() else { continue };
        let numbers = some.iter().copied().chain(std::iter::repeat(last)).take(SOME);
        let all: Vec<Param<'_>> = numbers.map(Param::from).chain(params.iter().copied()).collect();
        for row in connection.query(sql, &all)? {
            found.push(read(row)?);
        }
    }
    Ok(found)
}

fn told_by(row: &Row) -> Result<Told, Fault> {
    Ok(Told {
        check: CheckId(row.get("check_id")?),
        measure: row.get("measure")?,
        kind: row.get("kind")?,
        until: row.get("until_day")?,
        subject: row.get("subject_id")?,
        subject_name: row.get("subject_name")?,
        organ: row.get("organ")?,
        area: row.get("area")?,
        day: row.get("day")?,
        answer: row.get("answer")?,
    })
}

/// What the last check of each subject at each matter told to be in force on `today`, restrictions apart; newest check first.
pub fn told(connection: &mut Connection, today: Day) -> Result<Vec<Told>, Fault> {
    connection.query(&TOLD, params![&today.to_string()])?.iter().map(told_by).collect()
}

/// The same of some subjects, each one's newest check first.
pub fn told_of(connection: &mut Connection, subjects: &[SubjectId], today: Day) -> Result<Vec<Told>, Fault> {
    of_some(connection, &TOLD_OF, (params![&today.to_string()], subjects), |row| told_by(&row))
}

fn runs(row: &Row) -> Result<Running, Fault> {
    Ok(Running {
        decision: Position(row.get("decision_id")?),
        measure: row.get("measure")?,
        subject: row.get("subject_id")?,
        subject_name: row.get("subject_name")?,
        organ: row.get("organ")?,
        area: row.get("area")?,
        days: (row.get("from_day")?, row.get("until_day")?),
    })
}

/// Decisions that run on `today` and whose records all stand, newest first.
pub fn running(connection: &mut Connection, today: Day) -> Result<Vec<Running>, Fault> {
    connection.query(&RUNNING, params![&today.to_string()])?.iter().map(runs).collect()
}

/// The same of some subjects, each one's newest first.
pub fn running_of(connection: &mut Connection, subjects: &[SubjectId], today: Day) -> Result<Vec<Running>, Fault> {
    of_some(connection, &RUNNING_OF, (params![&today.to_string()], subjects), |row| runs(&row))
}

/// Of whom there are checks after a position.
pub fn checked_since(connection: &mut Connection, since: Position) -> Result<Vec<SubjectId>, Fault> {
    connection.query(&CHECKED_SINCE, params![since.0])?.iter().map(|row| row.get("subject_id")).collect()
}

/// Whom such checks told of something in force, and about whom something was decided after it.
pub fn told_since(connection: &mut Connection, since: Position) -> Result<Vec<SubjectId>, Fault> {
    connection.query(&TOLD_SINCE, params![since.0])?.iter().map(|row| row.get("subject_id")).collect()
}

/// At most `limit` organisations after one, in order.
pub fn members(connection: &mut Connection, after: SubjectId, limit: i64) -> Result<Vec<Member>, Fault> {
    connection.query(&MEMBERS, params![after, limit])?.iter().map(member).collect()
}

/// Organisations of some kinds after `first` up to `last`, in order.
pub fn members_of(connection: &mut Connection, (first, last): (SubjectId, SubjectId), kinds: &[&str]) -> Result<Vec<Member>, Fault> {
    connection.query(&MEMBERS_OF, params![first, last, &between_commas(kinds)])?.iter().map(member).collect()
}

/// Those of some subjects, given in order, that are organisations of some kinds.
pub fn members_among(connection: &mut Connection, subjects: &[SubjectId], kinds: &[&str]) -> Result<Vec<Member>, Fault> {
    of_some(connection, &MEMBERS_AMONG, (params![&between_commas(kinds)], subjects), |row| member(&row))
}

fn between_commas(kinds: &[&str]) -> String {
    format!(",{},", kinds.join(","))
}

fn member(row: &Row) -> Result<Member, Fault> {
    let (subject, kind) = (row.get("subject_id")?, row.get("kind")?);
    Ok(Member { subject, kind, area: row.get("area")?, industry: row.get("industry")? })
}

/// Those of some subjects of whom anything was known by `known`, whatever became of it: of others rows were staged at most.
pub fn ever_known(connection: &mut Connection, subjects: &[SubjectId], known: Position) -> Result<Vec<SubjectId>, Fault> {
    of_some(connection, &EVER_KNOWN, (params![known.0], subjects), |row| row.get("subject_id"))
}

/// Subjects of which a record began or ceased to hold after a position.
pub fn changed(connection: &mut Connection, since: Position) -> Result<Vec<SubjectId>, Fault> {
    connection.query(&CHANGED, params![since.0])?.iter().map(|row| row.get("subject_id")).collect()
}

/// Subjects after `first` up to `last` that have a code with a check digit.
pub fn exact(connection: &mut Connection, (first, last): (SubjectId, SubjectId)) -> Result<Vec<SubjectId>, Fault> {
    connection.query(&EXACT, params![first, last])?.iter().map(|row| row.get("subject_id")).collect()
}

/// Records of some kinds of subjects after `first` up to `last` as known at `known`, each subject's together, oldest document first.
pub fn facts(
    connection: &mut Connection,
    (first, last): (SubjectId, SubjectId),
    kinds: &[&str],
    known: Position,
) -> Result<Vec<FactRow>, Fault> {
    let rows = connection.query(&FACTS, params![first, last, known.0, &between_commas(kinds)])?;
    rows.into_iter().map(FactRow::take).collect()
}

/// The same of some subjects, given in order.
pub fn facts_of(connection: &mut Connection, subjects: &[SubjectId], kinds: &[&str], known: Position) -> Result<Vec<FactRow>, Fault> {
    of_some(connection, &FACTS_OF, (params![known.0, &between_commas(kinds)], subjects), FactRow::take)
}

impl FactRow {
    pub(crate) fn read(row: &Row) -> Result<FactRow, Fault> {
        FactRow::of(row, row.get("kind")?, row.get("fields")?)
    }

    fn take(mut row: Row) -> Result<FactRow, Fault> {
        let (kind, fields) = (row.take("kind")?, row.take("fields")?);
        FactRow::of(&row, kind, fields)
    }

    fn of(row: &Row, kind: String, fields: String) -> Result<FactRow, Fault> {
        let class: Option<i64> = row.get("class")?;
        Ok(FactRow {
            subject: row.get("subject_id")?,
            record: RecordId(row.get("record_id")?),
            kind,
            day: row.get("document_day")?,
            class: class.and_then(Class::from_number),
            fields,
        })
    }
}
