//! What departments reported in a span of days and what became of it. Batches that were recalled do not count.

use xinzhi_core::record::{BatchId, Counts, Outcome};
use xinzhi_core::{Day, Moment};

use crate::connection::Connection;
use crate::sql::statements;
use crate::value::Row;
use crate::{Fault, params};

statements! {
    /// Batches that took effect in a span of moments and still hold, with the rows of each that nobody has ruled on yet.
    BATCHES = "select b.batch_id, b.organ, b.source, b.kind, b.area, b.file_name, b.rows_read, c.rows_accepted, c.rows_duplicate, b.rows_refused,
            c.rows_quarantined, j.at,
            (select count(*) from waiting_row w left join row_ruling u on u.batch_id = w.batch_id and u.row_number = w.row_number
                where w.batch_id = b.batch_id and u.entry is null) as unruled
        from batch_commit c join journal j on j.entry = c.entry join batch b on b.batch_id = c.batch_id
            left join batch_recall x on x.batch_id = b.batch_id
        where x.entry is null and j.at >= $1 and j.at < $2 order by b.batch_id";
    /// The days of the documents of a batch, as they were when it took effect.
    DAYS = "select r.document_day, count(*) as records from record r join batch_commit c on c.batch_id = r.batch_id
            left join record_closing z on z.record_id = r.record_id and z.entry = c.entry
        where r.batch_id = $1 and z.record_id is null and (r.entry is null or r.entry = c.entry)
        group by r.document_day order by r.document_day";
    /// Rows of a batch that did not get through, with what a person ruled later. What was found at commit stands below zero.
    FLAWED = "select v.row_number, v.outcome, v.remarks, u.outcome as ruled, u.reason from verdict v
            left join row_ruling u on u.batch_id = v.batch_id and u.row_number = abs(v.row_number)
        where v.batch_id = $1 and v.row_number > $2 and v.outcome in ('refused', 'quarantined') order by v.row_number limit $3";
    /// When each organ last reported by each source.
    LAST = "select b.organ, b.source, b.area, max(j.at) as at from batch_commit c join journal j on j.entry = c.entry
            join batch b on b.batch_id = c.batch_id left join batch_recall x on x.batch_id = b.batch_id
        where x.entry is null group by b.organ, b.source, b.area order by b.organ, b.source, b.area";
}

/// A batch that took effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportedBatch {
    /// Its number.
    pub batch: BatchId,
    /// Organ of whoever staged it.
    pub organ: Option<String>,
    /// Id of its source.
    pub source: String,
    /// Id of its record kind.
    pub kind: String,
    /// For which area it reports.
    pub area: String,
    /// Name of the file.
    pub file_name: String,
    /// Its counts as of the commit.
    pub counts: Counts,
    /// Waiting rows that nobody has ruled on yet.
    pub unruled: i64,
    /// When it took effect.
    pub at: Moment,
}

/// A row that did not get through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flawed {
    /// The row as a person counts; below zero where it was found at commit.
    pub row: i64,
    /// Refused, or waiting.
    pub outcome: Outcome,
    /// JSON list of remarks.
    pub remarks: String,
    /// What a person ruled, and why.
    pub ruled: Option<(Outcome, String)>,
}

/// When an organ last reported by a source for an area.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastReport {
    /// Organ.
    pub organ: Option<String>,
    /// Id of the source.
    pub source: String,
    /// Area.
    pub area: String,
    /// When its batch took effect.
    pub at: Moment,
}

fn reported(row: &Row) -> Result<ReportedBatch, Fault> {
    Ok(ReportedBatch {
        batch: BatchId(row.get("batch_id")?),
        organ: row.get("organ")?,
        source: row.get("source")?,
        kind: row.get("kind")?,
        area: row.get("area")?,
        file_name: row.get("file_name")?,
        counts: Counts {
            read: row.get("rows_read")?,
            accepted: row.get("rows_accepted")?,
            duplicate: row.get("rows_duplicate")?,
            refused: row.get("rows_refused")?,
            quarantined: row.get("rows_quarantined")?,
        },
        unruled: row.get("unruled")?,
        at: Moment(row.get("at")?),
    })
}

/// Batches that took effect at or after `from` and before `until`, in the order of their numbers.
pub fn batches(connection: &mut Connection, from: Moment, until: Moment) -> Result<Vec<ReportedBatch>, Fault> {
    connection.query(&BATCHES, params![from.0, until.0])?.iter().map(reported).collect()
}

/// The days of the documents that a batch brought, with their records.
pub fn days(connection: &mut Connection, batch: BatchId) -> Result<Vec<(Day, i64)>, Fault> {
    let rows = connection.query(&DAYS, params![batch.0])?;
    rows.iter().map(|row| Ok((row.get("document_day")?, row.get("records")?))).collect()
}

/// Rows of a batch after `after` that did not get through.
pub fn flawed(connection: &mut Connection, batch: BatchId, after: i64, limit: i64) -> Result<Vec<Flawed>, Fault> {
    let rows = connection.query(&FLAWED, params![batch.0, after, limit])?;
    let outcome = |word: &str| Outcome::from_word(word).ok_or_else(|| Fault::Inconsistent(format!("outcome {word}")));
    let flawed = |row: &Row| {
        let ruled: Option<String> = row.get("ruled")?;
        let reason: Option<String> = row.get("reason")?;
        let ruled = ruled.map(|word| Ok::<_, Fault>((outcome(&word)?, reason.unwrap_or_default()))).transpose()?;
        let word: String = row.get("outcome")?;
        Ok(Flawed { row: row.get("row_number")?, outcome: outcome(&word)?, remarks: row.get("remarks")?, ruled })
    };
    rows.iter().map(flawed).collect()
}

/// When each organ last reported by each source.
pub fn last(connection: &mut Connection) -> Result<Vec<LastReport>, Fault> {
    let rows = connection.query(&LAST, &[])?;
    let report = |row: &Row| {
        Ok(LastReport { organ: row.get("organ")?, source: row.get("source")?, area: row.get("area")?, at: Moment(row.get("at")?) })
    };
    rows.iter().map(report).collect()
}
