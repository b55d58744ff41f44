//! What an office holds, in numbers: for whoever runs it and must not see it.

use xinzhi_core::Moment;

use crate::connection::Connection;
use crate::sql::statements;
use crate::value::Row;
use crate::{Fault, params};

statements! {
    /// Subjects by kind.
    SUBJECTS_BY_KIND = "select kind as what, cast(count(*) as bigint) as n from subject group by kind order by kind";
    /// Subjects by area.
    SUBJECTS_BY_AREA = "select coalesce(area, '') as what, cast(count(*) as bigint) as n from subject group by area order by 1";
    /// Accepted rows of batches in effect, by kind of record.
    RECORDS_BY_KIND = "select b.kind as what, cast(sum(c.rows_accepted) as bigint) as n from batch b
        join batch_commit c on c.batch_id = b.batch_id left join batch_recall x on x.batch_id = b.batch_id
        where x.entry is null group by b.kind order by b.kind";
    /// Batches that were previewed and wait to take effect.
    STAGED = "select b.batch_id, b.source, b.rows_read, j.at from batch b join journal j on j.entry = b.entry
        left join batch_commit c on c.batch_id = b.batch_id where c.entry is null order by b.batch_id desc limit $1";
    /// Packs as installed, newest first.
    INSTALLED = "select p.pack, p.version, p.digest, p.entry, j.at, j.actor from pack p join journal j on j.entry = p.entry
        order by p.entry desc limit $1";
}

/// A word with a number.
pub type Count = (String, i64);

/// What an office holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Subjects by the id of their kind.
    pub subjects: Vec<Count>,
    /// Subjects by area; the empty code is for those whose area is not known.
    pub areas: Vec<Count>,
    /// Accepted rows of batches in effect by the id of their kind.
    pub records: Vec<Count>,
}

/// A batch that waits to take effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StagedRow {
    /// Its number.
    pub batch: i64,
    /// Id of its source.
    pub source: String,
    /// Rows read.
    pub rows: i64,
    /// Since when it waits.
    pub at: Moment,
}

/// A pack as it was installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstalledRow {
    /// Folder name.
    pub pack: String,
    /// Version.
    pub version: String,
    /// Digest over its files.
    pub digest: xinzhi_core::Digest,
    /// Its journal position.
    pub entry: i64,
    /// When.
    pub at: Moment,
    /// By whom.
    pub by: String,
}

fn counts(connection: &mut Connection, sql: &crate::sql::Sql) -> Result<Vec<Count>, Fault> {
    connection.query(sql, &[])?.iter().map(|row| Ok((row.get("what")?, row.get("n")?))).collect()
}

/// Counts what an office holds. Reads every subject once.
pub fn held(connection: &mut Connection) -> Result<Held, Fault> {
    Ok(Held {
        subjects: counts(connection, &SUBJECTS_BY_KIND)?,
        areas: counts(connection, &SUBJECTS_BY_AREA)?,
        records: counts(connection, &RECORDS_BY_KIND)?,
    })
}

/// The newest batches that wait to take effect.
pub fn staged(connection: &mut Connection, limit: i64) -> Result<Vec<StagedRow>, Fault> {
    let read = |row: &Row| {
        Ok(StagedRow { batch: row.get("batch_id")?, source: row.get("source")?, rows: row.get("rows_read")?, at: Moment(row.get("at")?) })
    };
    connection.query(&STAGED, params![limit])?.iter().map(read).collect()
}

/// The newest installations of packs.
pub fn installed(connection: &mut Connection, limit: i64) -> Result<Vec<InstalledRow>, Fault> {
    let read = |row: &Row| {
        Ok(InstalledRow {
            pack: row.get("pack")?,
            version: row.get("version")?,
            digest: row.get("digest")?,
            entry: row.get("entry")?,
            at: Moment(row.get("at")?),
            by: row.get("actor")?,
        })
    };
    connection.query(&INSTALLED, params![limit])?.iter().map(read).collect()
}
