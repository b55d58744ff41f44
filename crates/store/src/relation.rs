//! Relations that records state between subjects. Each is known, holds and falls with its record: every statement here asks of the record
//! what those of `record` ask.

use xinzhi_core::journal::Position;
use xinzhi_core::record::RecordId;
use xinzhi_core::{Day, Span, SubjectId};

use crate::connection::Connection;
use crate::record::{RecordRow, record};
use crate::sql::statements;
use crate::subject::SubjectRow;
use crate::tx::Tx;
use crate::value::{Param, Row};
use crate::{Fault, params};

statements! {
    /// What a subject's own records say, at a position: what holds on a day first, then what ended, the newest first.
    STATED_BY = "select l.relation, l.from_day, l.until_day, s.subject_id as other_id, s.kind as other_kind, s.person as other_person,
            s.name as other_name, s.area as other_area, s.industry as other_industry, s.entry as other_entry,
            r.record_id, r.subject_id, r.kind, r.document, r.document_day, r.organ, r.organ_code, r.supplier, r.class, r.fields, r.batch_id,
            r.row_number, coalesce(r.entry, c.entry) as known
        from record_of_subject o join relation l on l.record_id = o.record_id join record r on r.record_id = o.record_id
            join subject s on s.subject_id = l.other_id
            left join batch_commit c on c.batch_id = r.batch_id left join batch_recall x on x.batch_id = r.batch_id
            left join record_closing z on z.record_id = r.record_id
        where o.subject_id = $1 and coalesce(r.entry, c.entry) <= $2 and (x.entry is null or x.entry > $2)
            and (z.entry is null or z.entry > $2)
        order by case when l.from_day <= $3 and (l.until_day is null or l.until_day >= $3) then 0 else 1 end, l.from_day desc,
            l.record_id desc, l.relation limit $4";
    /// What the records of others say of a subject, in the same order; of those in an area, where one is given.
    STATED_OF = "select l.relation, l.from_day, l.until_day, s.subject_id as other_id, s.kind as other_kind, s.person as other_person,
            s.name as other_name, s.area as other_area, s.industry as other_industry, s.entry as other_entry,
            r.record_id, r.subject_id, r.kind, r.document, r.document_day, r.organ, r.organ_code, r.supplier, r.class, r.fields, r.batch_id,
            r.row_number, coalesce(r.entry, c.entry) as known
        from relation l join record r on r.record_id = l.record_id join subject s on s.subject_id = r.subject_id
            left join batch_commit c on c.batch_id = r.batch_id left join batch_recall x on x.batch_id = r.batch_id
            left join record_closing z on z.record_id = r.record_id
        where l.other_id = $1 and coalesce(r.entry, c.entry) <= $2 and (x.entry is null or x.entry > $2)
            and (z.entry is null or z.entry > $2) and (cast($5 as text) is null or substr(s.area, 1, length($5)) = $5)
        order by case when l.from_day <= $3 and (l.until_day is null or l.until_day >= $3) then 0 else 1 end, l.from_day desc,
            l.record_id desc, l.relation limit $4";
    /// A copy of a record says what its original says.
    COPY = "insert into relation (record_id, relation, other_id, from_day, until_day)
        select $2, relation, other_id, from_day, until_day from relation where record_id = $1";
    /// How many hold on a day, by the id of the relation.
    IN_FORCE = "select l.relation, cast(count(*) as bigint) as n from relation l join record r on r.record_id = l.record_id
            left join batch_commit c on c.batch_id = r.batch_id left join batch_recall x on x.batch_id = r.batch_id
            left join record_closing z on z.record_id = r.record_id
        where coalesce(r.entry, c.entry) is not null and x.entry is null and z.entry is null
            and l.from_day <= $1 and (l.until_day is null or l.until_day >= $1)
        group by l.relation order by l.relation";
    /// Every one with what it must fit, for doctor.
    EVERY = "select l.record_id, l.relation, l.other_id, l.from_day, l.until_day, r.subject_id, r.kind, r.document_day, r.fields,
            s.kind as own_kind, s.person as own_person, o.kind as other_kind, o.person as other_person
        from relation l left join record r on r.record_id = l.record_id left join subject s on s.subject_id = r.subject_id
            left join subject o on o.subject_id = l.other_id
        where l.record_id > $1 or (l.record_id = $1 and l.relation > $2) order by l.record_id, l.relation limit $3";
}

/// A relation to be written; its record is written before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRelation {
    /// The record that states it.
    pub record: RecordId,
    /// Id of the relation.
    pub relation: String,
    /// To whom.
    pub other: SubjectId,
    /// On which days.
    pub span: Span,
}

/// A relation as it is read from one side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelationRow {
    /// Id of the relation.
    pub relation: String,
    /// On which days.
    pub span: Span,
    /// Who stands on the other side.
    pub other: SubjectRow,
    /// The record that states it.
    pub record: RecordRow,
}

/// From where relations are looked at.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// Whose relations.
    pub subject: SubjectId,
    /// As known at this position.
    pub known: Position,
    /// What holds on this day comes first.
    pub day: Day,
    /// Of others' records, only of those who lie in this area.
    pub area: Option<&'a str>,
}

fn relation(row: &Row) -> Result<RelationRow, Fault> {
    Ok(RelationRow {
        relation: row.get("relation")?,
        span: Span { from: row.get("from_day")?, until: row.get("until_day")? },
        other: SubjectRow {
            subject: row.get("other_id")?,
            kind: row.get("other_kind")?,
            person: row.get::<i64>("other_person")? != 0,
            name: row.get("other_name")?,
            area: row.get("other_area")?,
            industry: row.get("other_industry")?,
            entry: row.get("other_entry")?,
        },
        record: record(row)?,
    })
}

/// At most `limit` relations that a subject's own records state.
pub fn stated_by(connection: &mut Connection, seen: &Seen<'_>, limit: i64) -> Result<Vec<RelationRow>, Fault> {
    let day = seen.day.to_string();
    connection.query(&STATED_BY, params![seen.subject, seen.known.0, &day, limit])?.iter().map(relation).collect()
}

/// At most `limit` relations that the records of others state of a subject.
pub fn stated_of(connection: &mut Connection, seen: &Seen<'_>, limit: i64) -> Result<Vec<RelationRow>, Fault> {
    let day = seen.day.to_string();
    connection.query(&STATED_OF, params![seen.subject, seen.known.0, &day, limit, seen.area])?.iter().map(relation).collect()
}

/// Writes relations.
pub fn insert(tx: &mut Tx, relations: &[NewRelation]) -> Result<(), Fault> {
    let days: Vec<(String, Option<String>)> =
        relations.iter().map(|one| (one.span.from.to_string(), one.span.until.map(|until| until.to_string()))).collect();
    let rows: Vec<Vec<Param>> = relations
        .iter()
        .zip(&days)
        .map(|(one, (from, until))| params![one.record.0, &one.relation, one.other, from, until.as_ref()].to_vec())
        .collect();
    tx.connection.insert_many("relation", &["record_id", "relation", "other_id", "from_day", "until_day"], &rows)
}

/// Lets a copy of a record say what its original says.
pub(crate) fn copy(tx: &mut Tx, original: RecordId, copy: i64) -> Result<(), Fault> {
    tx.connection.execute(&COPY, params![original.0, copy]).map(drop)
}

/// How many relations hold on a day, as known now, by id.
pub fn in_force(connection: &mut Connection, day: Day) -> Result<Vec<(String, i64)>, Fault> {
    let day = day.to_string();
    connection.query(&IN_FORCE, params![&day])?.iter().map(|row| Ok((row.get("relation")?, row.get("n")?))).collect()
}

/// A relation with what it must fit. What is none is not there.
#[derive(Clone, Debug)]
pub struct Joined {
    /// The record that states it.
    pub record: RecordId,
    /// Id of the relation.
    pub relation: String,
    /// To whom.
    pub other: SubjectId,
    /// On which days, as written.
    pub days: (String, Option<String>),
    /// Of the record: whom it is about, its kind, its day, its open fields.
    pub stated: Option<(SubjectId, String, String, String)>,
    /// Kind of the record's subject, and whether it is a person.
    pub own: Option<(String, bool)>,
    /// The same of the other side.
    pub side: Option<(String, bool)>,
}

fn joined(row: &Row) -> Result<Joined, Fault> {
    let side = |kind: &str, person: &str| {
        Ok::<_, Fault>(row.get::<Option<String>>(kind)?.zip(row.get::<Option<i64>>(person)?.map(|person| person != 0)))
    };
    let subject: Option<i64> = row.get("subject_id")?;
    let stated = match subject {
        Some(subject) => Some((SubjectId(subject), row.get("kind")?, row.get("document_day")?, row.get("fields")?)),
        None => None,
    };
    Ok(Joined {
        record: RecordId(row.get("record_id")?),
        relation: row.get("relation")?,
        other: row.get("other_id")?,
        days: (row.get("from_day")?, row.get("until_day")?),
        stated,
        own: side("own_kind", "own_person")?,
        side: side("other_kind", "other_person")?,
    })
}

/// Every relation after one, with what it must fit.
pub fn every(connection: &mut Connection, (record, relation): (RecordId, &str), limit: i64) -> Result<Vec<Joined>, Fault> {
    connection.query(&EVERY, params![record.0, relation, limit])?.iter().map(joined).collect()
}
