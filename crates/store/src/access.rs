//! Who looked at whom: written in the transaction of the read, shown to the subject (A2).

use xinzhi_core::journal::Position;
use xinzhi_core::{Moment, SubjectId};

use crate::connection::Connection;
use crate::sql::statements;
use crate::tx::Tx;
use crate::value::Row;
use crate::{Fault, params};

statements! {
    /// A read.
    ADD = "insert into access (access_id, subject_id, actor, title, role, organ, at, purpose, case_number, what, salt)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    /// A read with its salt, for doctor.
    AT = "select access_id, subject_id, actor, title, role, organ, at, purpose, case_number, what, salt from access where access_id = $1";
    /// Reads of a subject's file, and pushes about it that left the house, newest first.
    OF_SUBJECT = "select a.access_id as access_id, a.subject_id as subject_id, a.actor as actor, a.title as title, a.role as role,
            a.organ as organ, a.at as at, a.purpose as purpose, a.case_number as case_number, a.what as what
        from journal j join access a on a.access_id = j.entry where j.subject_id = $1
        union all select p.subscription_id, p.subject_id, 'push', s.title, 'department', s.organ, p.at, p.kind, '', 'push'
            from push_event p join push_delivery d on d.subscription_id = p.subscription_id and d.sequence = p.sequence
                join subscription s on s.entry = p.subscription_id
            where p.subject_id = $1 and (d.tries > 0 or d.accepted_at is not null)
        order by at desc, access_id desc limit $2";
}

/// A read as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessRow {
    /// Its journal position.
    pub access: i64,
    /// Whose file.
    pub subject: SubjectId,
    /// Account or key.
    pub actor: String,
    /// What people call them.
    pub title: String,
    /// In which role.
    pub role: String,
    /// For which organ.
    pub organ: Option<String>,
    /// When.
    pub at: Moment,
    /// What for.
    pub purpose: String,
    /// 办件编号.
    pub case_number: String,
    /// file, check, explain, unmask.
    pub what: String,
}

/// Writes a read, with the salt of its digest in the journal.
pub fn add(tx: &mut Tx, row: &AccessRow, salt: &[u8]) -> Result<(), Fault> {
    let AccessRow { access, subject, actor, title, role, organ, at, purpose, case_number, what } = row;
    let parameters = params![*access, *subject, actor, title, role, organ.as_ref(), at.0, purpose, case_number, what, salt];
    tx.connection.execute(&ADD, parameters).map(drop)
}

/// The last `limit` reads of a subject's file.
pub fn of_subject(connection: &mut Connection, subject: SubjectId, limit: i64) -> Result<Vec<AccessRow>, Fault> {
    let rows = connection.query(&OF_SUBJECT, params![subject, limit])?;
    rows.iter().map(access).collect()
}

/// The read at an entry, with its salt; none where there was none.
pub fn at(connection: &mut Connection, entry: Position) -> Result<Option<(AccessRow, Vec<u8>)>, Fault> {
    let row = connection.query_opt(&AT, params![entry.0])?;
    row.map(|row| Ok((access(&row)?, row.get("salt")?))).transpose()
}

fn access(row: &Row) -> Result<AccessRow, Fault> {
    Ok(AccessRow {
        access: row.get("access_id")?,
        subject: row.get("subject_id")?,
        actor: row.get("actor")?,
        title: row.get("title")?,
        role: row.get("role")?,
        organ: row.get("organ")?,
        at: Moment(row.get("at")?),
        purpose: row.get("purpose")?,
        case_number: row.get("case_number")?,
        what: row.get("what")?,
    })
}
