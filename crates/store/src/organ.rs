//! Organs and areas that accounts and keys choose from. Each is a row of versions, of which the newest holds.

use xinzhi_core::journal::Position;

use crate::connection::Connection;
use crate::sql::statements;
use crate::tx::Tx;
use crate::value::Row;
use crate::{Fault, params};

statements! {
    /// Every organ as it stands.
    ORGANS = "select o.name, o.entry, o.code, o.area, o.kind, o.ended, o.salt from organ_version o
        join (select name, max(entry) as entry from organ_version group by name) n on n.name = o.name and n.entry = o.entry order by o.name";
    /// One organ as it stands.
    ORGAN = "select name, entry, code, area, kind, ended, salt from organ_version where name = $1 order by entry desc limit 1";
    /// Everything that was recorded about an organ.
    ORGAN_HISTORY = "select name, entry, code, area, kind, ended, salt from organ_version where name = $1 order by entry desc limit $2";
    /// What was recorded at an entry.
    ORGANS_AT = "select name, entry, code, area, kind, ended, salt from organ_version where entry = $1 order by name";
    /// Records an organ.
    ADD_ORGAN = "insert into organ_version (name, entry, code, area, kind, ended, salt) values ($1, $2, $3, $4, $5, $6, $7)";
    /// Every area as it stands.
    AREAS = "select a.code, a.entry, a.name, a.ended, a.salt from area_version a
        join (select code, max(entry) as entry from area_version group by code) n on n.code = a.code and n.entry = a.entry order by a.code";
    /// What was recorded at an entry.
    AREAS_AT = "select code, entry, name, ended, salt from area_version where entry = $1 order by code";
    /// Records an area.
    ADD_AREA = "insert into area_version (code, entry, name, ended, salt) values ($1, $2, $3, $4, $5)";
}

/// An organ as recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrganRow {
    /// Its name, by which everything refers to it.
    pub name: String,
    /// Where it was recorded.
    pub entry: Position,
    /// Its own code.
    pub code: Option<String>,
    /// The area it is competent for.
    pub area: Option<String>,
    /// centre, department, township, service, other.
    pub kind: String,
    /// Whether it can no longer be chosen.
    pub ended: bool,
    /// Salt of its entry's payload; none for what was carried over from accounts.
    pub salt: Option<Vec<u8>>,
}

/// An area as recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AreaRow {
    /// Its code.
    pub code: String,
    /// Where it was recorded.
    pub entry: Position,
    /// Its name.
    pub name: String,
    /// Whether it can no longer be chosen.
    pub ended: bool,
    /// Salt of its entry's payload.
    pub salt: Option<Vec<u8>>,
}

fn organ(row: &Row) -> Result<OrganRow, Fault> {
    Ok(OrganRow {
        name: row.get("name")?,
        entry: Position(row.get("entry")?),
        code: row.get("code")?,
        area: row.get("area")?,
        kind: row.get("kind")?,
        ended: row.get::<i64>("ended")? != 0,
        salt: row.get("salt")?,
    })
}

fn area(row: &Row) -> Result<AreaRow, Fault> {
    Ok(AreaRow {
        code: row.get("code")?,
        entry: Position(row.get("entry")?),
        name: row.get("name")?,
        ended: row.get::<i64>("ended")? != 0,
        salt: row.get("salt")?,
    })
}

/// Every organ as it stands, the ended ones too.
pub fn organs(connection: &mut Connection) -> Result<Vec<OrganRow>, Fault> {
    connection.query(&ORGANS, &[])?.iter().map(organ).collect()
}

/// One organ as it stands.
pub fn organ_by_name(connection: &mut Connection, name: &str) -> Result<Option<OrganRow>, Fault> {
    connection.query_opt(&ORGAN, params![name])?.as_ref().map(organ).transpose()
}

/// What was recorded about an organ, newest first.
pub fn organ_history(connection: &mut Connection, name: &str, limit: i64) -> Result<Vec<OrganRow>, Fault> {
    connection.query(&ORGAN_HISTORY, params![name, limit])?.iter().map(organ).collect()
}

/// Organs recorded at an entry, for doctor.
pub fn organs_at(connection: &mut Connection, entry: Position) -> Result<Vec<OrganRow>, Fault> {
    connection.query(&ORGANS_AT, params![entry.0])?.iter().map(organ).collect()
}

/// Records an organ.
pub fn add_organ(tx: &mut Tx, row: &OrganRow) -> Result<(), Fault> {
    let OrganRow { name, entry, code, area, kind, ended, salt } = row;
    let parameters = params![name, entry.0, code.as_ref(), area.as_ref(), kind, i64::from(*ended), salt.as_deref()];
    tx.connection.execute(&ADD_ORGAN, parameters).map(drop)
}

/// Every area as it stands, the ended ones too.
pub fn areas(connection: &mut Connection) -> Result<Vec<AreaRow>, Fault> {
    connection.query(&AREAS, &[])?.iter().map(area).collect()
}

/// Areas recorded at an entry, for doctor.
pub fn areas_at(connection: &mut Connection, entry: Position) -> Result<Vec<AreaRow>, Fault> {
    connection.query(&AREAS_AT, params![entry.0])?.iter().map(area).collect()
}

/// Records an area.
pub fn add_area(tx: &mut Tx, row: &AreaRow) -> Result<(), Fault> {
    let AreaRow { code, entry, name, ended, salt } = row;
    tx.connection.execute(&ADD_AREA, params![code, entry.0, name, i64::from(*ended), salt.as_deref()]).map(drop)
}
