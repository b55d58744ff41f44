//! The office row and the packs installed in it.

use xinzhi_core::journal::Position;
use xinzhi_core::{AreaCode, Digest, Moment};

use crate::connection::Connection;
use crate::sql::statements;
use crate::tx::Tx;
use crate::{Fault, params};

statements! {
    /// The one row.
    OFFICE = "select name, area, founded_at from office where office_id = 1";
    /// Founds the office.
    FOUND = "insert into office (office_id, name, area, founded_at) values (1, $1, $2, $3)";
    /// Installs a pack.
    INSTALL = "insert into pack (entry, pack, version, digest, files) values ($1, $2, $3, $4, $5)";
    /// The packs in force, each as last installed, in the order in which they first were.
    PACKS_IN_FORCE = "select p.entry, p.pack, p.version, p.digest, p.files from pack p
        join (select pack, min(entry) as first, max(entry) as last from pack group by pack) n on n.last = p.entry order by n.first";
    /// The packs that were in force at a position, likewise.
    PACKS_AT = "select p.entry, p.pack, p.version, p.digest, p.files from pack p
        join (select pack, min(entry) as first, max(entry) as last from pack where entry <= $1 group by pack) n on n.last = p.entry
        order by n.first";
    /// Where the packs in force changed last.
    LAST_INSTALLATION = "select coalesce(max(entry), 0) as entry from pack";
    /// Where the packs in force changed, newest first.
    INSTALLATIONS = "select entry from pack order by entry desc";
    /// The last moment that a clock must not be before; a correction of the clock begins anew.
    LAST_CHECKPOINT = "select coalesce(max(at), 0) as at from journal
        where entry >= (select coalesce(max(c.entry), 0) from journal c where c.act = 'clock_corrected')";
}

/// The office.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfficeRow {
    /// 单位名称.
    pub name: String,
    /// Its area.
    pub area: AreaCode,
    /// When it was founded.
    pub founded_at: Moment,
}

/// A pack as installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstalledPack {
    /// Its journal position.
    pub entry: Position,
    /// Folder name.
    pub pack: String,
    /// Version.
    pub version: String,
    /// Digest over its files.
    pub digest: Digest,
    /// Canonical JSON: path → text.
    pub files: String,
}

/// The office row, unless the database is new.
pub fn find(connection: &mut Connection) -> Result<Option<OfficeRow>, Fault> {
    let Some(row) = connection.query_opt(&OFFICE, &[])? else { return Ok(None) };
    let area: String = row.get("area")?;
    let area = AreaCode::parse(&area).ok_or_else(|| Fault::Inconsistent(format!("area of the office: {area}")))?;
    Ok(Some(OfficeRow { name: row.get("name")?, area, founded_at: Moment(row.get("founded_at")?) }))
}

/// Whether an office was founded, in a database that may hold nothing at all, or the schema of an earlier program.
pub fn is_founded(connection: &mut Connection) -> Result<bool, Fault> {
    Ok(connection.has_table("office")? && find(connection)?.is_some())
}

/// Writes the office row.
pub fn found(tx: &mut Tx, name: &str, area: &AreaCode) -> Result<(), Fault> {
    let at = tx.moment().0;
    tx.connection.execute(&FOUND, params![name, area.as_str(), at]).map(drop)
}

/// Installs a pack at the position of its entry.
pub fn install(tx: &mut Tx, pack: &InstalledPack) -> Result<(), Fault> {
    let InstalledPack { entry, pack, version, digest, files } = pack;
    tx.connection.execute(&INSTALL, params![entry.0, pack, version, digest, files]).map(drop)
}

/// The packs in force, each as last installed; the one that the others stand on comes first.
pub fn packs_in_force(connection: &mut Connection) -> Result<Vec<InstalledPack>, Fault> {
    connection.query(&PACKS_IN_FORCE, &[])?.iter().map(installed).collect()
}

/// The packs that were in force at a position, in the same order.
pub fn packs_at(connection: &mut Connection, position: Position) -> Result<Vec<InstalledPack>, Fault> {
    connection.query(&PACKS_AT, params![position.0])?.iter().map(installed).collect()
}

/// The position at which the packs in force changed last: one look into an index.
pub fn last_installation(connection: &mut Connection) -> Result<Position, Fault> {
    connection.query_one(&LAST_INSTALLATION, &[])?.get("entry").map(Position)
}

/// The positions at which the packs in force changed, newest first.
pub fn installations(connection: &mut Connection) -> Result<Vec<Position>, Fault> {
    connection.query(&INSTALLATIONS, &[])?.iter().map(|row| row.get("entry").map(Position)).collect()
}

/// The moment of the last entry: a clock before it is wrong, and the office does not start (W5).
pub fn last_moment(connection: &mut Connection) -> Result<Moment, Fault> {
    connection.query_one(&LAST_CHECKPOINT, &[])?.get("at").map(Moment)
}

fn installed(row: &crate::value::Row) -> Result<InstalledPack, Fault> {
    Ok(InstalledPack {
        entry: Position(row.get("entry")?),
        pack: row.get("pack")?,
        version: row.get("version")?,
        digest: row.get("digest")?,
        files: row.get("files")?,
    })
}
