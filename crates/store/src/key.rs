//! Keys of programs. A key's number is the entry by which it was made.

use xinzhi_core::actor::Actor;
use xinzhi_core::journal::Position;
use xinzhi_core::{AreaCode, Day, Digest, Moment};

use crate::account::actor;
use crate::connection::Connection;
use crate::sql::statements;
use crate::tx::Tx;
use crate::value::Row;
use crate::{Fault, params};

statements! {
    /// A new key.
    ADD = "insert into api_key (digest, name, title, role, organ, area, entry, ended_at, made_by, used_on)
        values ($1, $2, $3, $4, $5, $6, $7, null, $8, null)";
    /// The program behind a key.
    BY_DIGEST = "select name, title, role, organ, area, entry, ended_at, made_by, used_on from api_key where digest = $1 and ended_at is null";
    /// Every key.
    EVERY = "select name, title, role, organ, area, entry, ended_at, made_by, used_on from api_key order by name, entry";
    /// A key by its number.
    BY_NUMBER = "select name, title, role, organ, area, entry, ended_at, made_by, used_on from api_key where entry = $1";
    /// A key that is not ended, by its name.
    IN_USE = "select name, title, role, organ, area, entry, ended_at, made_by, used_on from api_key where name = $1 and ended_at is null";
    /// It was used on a day.
    USED = "update api_key set used_on = $2 where entry = $1 and (used_on is null or used_on < $2)";
    /// It is over.
    END = "update api_key set ended_at = $2 where entry = $1 and ended_at is null";
}

/// A key as stored, without its digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRow {
    /// The program.
    pub actor: Actor,
    /// Its number.
    pub number: Position,
    /// Who made it.
    pub made_by: String,
    /// Day of its last use.
    pub used_on: Option<Day>,
    /// When it was ended.
    pub ended_at: Option<Moment>,
}

fn key(row: &Row) -> Result<KeyRow, Fault> {
    Ok(KeyRow {
        actor: actor(row, None, false)?,
        number: Position(row.get("entry")?),
        made_by: row.get::<Option<String>>("made_by")?.unwrap_or_default(),
        used_on: row.get("used_on")?,
        ended_at: row.get::<Option<i64>>("ended_at")?.map(Moment),
    })
}

/// Writes a key made at `entry` by whoever acts.
pub fn add(tx: &mut Tx, digest: &Digest, actor: &Actor, entry: Position) -> Result<(), Fault> {
    let Actor { name, title, role, organ, area, .. } = actor;
    let area = area.as_ref().map(AreaCode::as_str);
    let by = &tx.actor.name;
    tx.connection.execute(&ADD, params![digest, name, title, role.word(), organ.as_ref(), area, entry.0, by]).map(drop)
}

/// The program behind the digest of a key, unless the key was ended.
pub fn by_digest(connection: &mut Connection, digest: &Digest) -> Result<Option<KeyRow>, Fault> {
    connection.query_opt(&BY_DIGEST, params![digest])?.as_ref().map(key).transpose()
}

/// Every key, the ended ones too.
pub fn every(connection: &mut Connection) -> Result<Vec<KeyRow>, Fault> {
    connection.query(&EVERY, &[])?.iter().map(key).collect()
}

/// A key by its number.
pub fn by_number(connection: &mut Connection, number: Position) -> Result<Option<KeyRow>, Fault> {
    connection.query_opt(&BY_NUMBER, params![number.0])?.as_ref().map(key).transpose()
}

/// Keys in use under a name: one, or several where an office made them before names were unique.
pub fn in_use(connection: &mut Connection, name: &str) -> Result<Vec<KeyRow>, Fault> {
    connection.query(&IN_USE, params![name])?.iter().map(key).collect()
}

/// Notes that a key was used on a day.
pub fn used(tx: &mut Tx, number: Position, day: Day) -> Result<(), Fault> {
    tx.connection.execute(&USED, params![number.0, &day.to_string()]).map(drop)
}

/// Ends a key.
pub fn end(tx: &mut Tx, number: Position) -> Result<(), Fault> {
    let at = tx.moment().0;
    tx.connection.execute(&END, params![number.0, at]).map(drop)
}
