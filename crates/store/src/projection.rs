//! What was known from which position until which: by ranges of subjects, so that it streams, and by stretches of the journal, so that it
//! can be followed. Natural persons are in none of it.

use xinzhi_core::journal::Position;
use xinzhi_core::record::{BatchId, RecordId};
use xinzhi_core::{Day, SubjectId};

use crate::connection::Connection;
use crate::figure::FactRow;
use crate::sql::statements;
use crate::value::Row;
use crate::{Fault, params};

statements! {
    /// The highest number of a subject.
    LAST_SUBJECT = "select coalesce(max(subject_id), 0) as last from subject";
    /// Organisations after one number up to another.
    ORGANISATIONS = "select subject_id, kind from subject where person = 0 and subject_id > $1 and subject_id <= $2 order by subject_id";
    /// What they are called outside, the state's own code last.
    THEIR_CODES = "select c.subject_id, c.code from subject_code c join subject s on s.subject_id = c.subject_id
        where s.person = 0 and c.scheme <> 'resident_id' and c.subject_id > $1 and c.subject_id <= $2
        order by c.subject_id, case c.scheme when 'uscc' then 2 when 'org_code' then 1 else 0 end, c.code desc";
    /// Every record about them that was ever known up to a position, with what ended it.
    HELD = "select o.subject_id, r.record_id, r.kind, r.document_day, r.class, r.fields, coalesce(r.entry, c.entry) as known,
            z.entry as closed, x.entry as recalled
        from record_of_subject o join subject s on s.subject_id = o.subject_id join record r on r.record_id = o.record_id
            left join batch_commit c on c.batch_id = r.batch_id left join batch_recall x on x.batch_id = r.batch_id
            left join record_closing z on z.record_id = r.record_id
        where s.person = 0 and o.subject_id > $1 and o.subject_id <= $2 and coalesce(r.entry, c.entry) <= $3
        order by o.subject_id, r.document_day, r.record_id";
    /// Batches that took effect between two positions.
    COMMITTED = "select batch_id from batch_commit where entry > $1 and entry <= $2 order by entry";
    /// Batches that were taken back between two positions.
    RECALLED = "select batch_id, entry from batch_recall where entry > $1 and entry <= $2 order by entry";
    /// About how many records became known or ended between two positions, without looking at them.
    EXTENT = "select (select cast(coalesce(sum(c.rows_accepted), 0) as bigint) from batch_commit c where c.entry > $1 and c.entry <= $2)
            + (select count(*) from record r where r.entry > $1 and r.entry <= $2)
            + (select count(*) from record_closing z where z.entry > $1 and z.entry <= $2)
            + (select cast(coalesce(sum(c.rows_accepted), 0) as bigint) from batch_recall x join batch_commit c on c.batch_id = x.batch_id
                where x.entry > $1 and x.entry <= $2) as many";
    /// Records that a batch brought, a page at a time.
    OF_BATCH = "select r.subject_id, r.record_id, r.kind, r.document_day, r.class, r.fields, c.entry as known,
            z.entry as closed, x.entry as recalled
        from record r join subject s on s.subject_id = r.subject_id join batch_commit c on c.batch_id = r.batch_id
            left join batch_recall x on x.batch_id = r.batch_id left join record_closing z on z.record_id = r.record_id
        where s.person = 0 and r.batch_id = $1 and r.entry is null and r.record_id > $2 order by r.record_id limit $3";
    /// Records that entries of their own brought, a page at a time.
    OF_ENTRIES = "select r.subject_id, r.record_id, r.kind, r.document_day, r.class, r.fields, r.entry as known,
            z.entry as closed, x.entry as recalled
        from record r join subject s on s.subject_id = r.subject_id
            left join batch_recall x on x.batch_id = r.batch_id left join record_closing z on z.record_id = r.record_id
        where s.person = 0 and r.entry > $1 and r.entry <= $2 and r.record_id > $3 order by r.record_id limit $4";
    /// Records known at the first position that were closed up to the second, a page at a time.
    CLOSED = "select r.subject_id, r.record_id, r.kind, z.entry as ended
        from record_closing z join record r on r.record_id = z.record_id join subject s on s.subject_id = r.subject_id
            left join batch_commit c on c.batch_id = r.batch_id
        where s.person = 0 and z.entry > $1 and z.entry <= $2 and coalesce(r.entry, c.entry) <= $1 and z.record_id > $3
        order by z.record_id limit $4";
    /// Records of a batch that were known at a position, a page at a time.
    OF_RECALLED = "select r.subject_id, r.record_id, r.kind, x.entry as ended
        from record r join batch_recall x on x.batch_id = r.batch_id join subject s on s.subject_id = r.subject_id
            left join batch_commit c on c.batch_id = r.batch_id
        where s.person = 0 and r.batch_id = $1 and coalesce(r.entry, c.entry) <= $2 and r.record_id > $3
        order by r.record_id limit $4";
    /// Spans of days for which a kind was reported completely, each from its commit on and until itself or, where a table is polled, any of
    /// that table's batches was taken back: what `batch::coverage` says at each position.
    COVERED = "select b.kind, b.covers_from, b.covers_through, b.area, c.entry as known, x.entry as recalled,
            (select min(y.entry) from connector_pull p join connector_pull q on q.connector_id = p.connector_id
                join batch_recall y on y.batch_id = q.batch_id where p.batch_id = b.batch_id) as spoilt
        from batch b join batch_commit c on c.batch_id = b.batch_id left join batch_recall x on x.batch_id = b.batch_id
        where b.covers_from is not null and c.entry <= $1 order by c.entry, b.batch_id";
}

/// From which position a row holds, and until which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stay {
    /// The first position at which it holds.
    pub known: Position,
    /// The first at which it no longer does; none where nothing has ended it.
    pub until: Option<Position>,
}

impl Stay {
    /// The stay as it was known at a position; none where it had not begun, or ended in the entry that began it.
    fn seen(known: i64, ends: [Option<i64>; 2], at: Position) -> Option<Stay> {
        let until = ends.into_iter().flatten().min();
        let until = until.filter(|until| *until <= at.0);
        (known <= at.0 && until.is_none_or(|until| until > known)).then_some(Stay { known: Position(known), until: until.map(Position) })
    }
}

/// A record as an evaluation reads it, and when it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldRow {
    /// What it says.
    pub fact: FactRow,
    /// When it holds.
    pub stay: Stay,
}

/// A record that ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// About whom.
    pub subject: SubjectId,
    /// Its number.
    pub record: RecordId,
    /// Id of its kind.
    pub kind: String,
    /// Since when it no longer holds.
    pub until: Position,
}

/// A stretch of days for which a kind was reported, and since when and until when that is so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoveredRow {
    /// Id of the record kind.
    pub kind: String,
    /// First day.
    pub from: Day,
    /// Last day.
    pub through: Day,
    /// For which area.
    pub area: String,
    /// When it holds.
    pub stay: Stay,
}

/// Subjects after the first number up to the second.
pub type Range = (SubjectId, SubjectId);

/// Between two positions: after the first, up to the second.
pub type Stretch = (Position, Position);

/// Rows after a record, at most so many.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    /// The last record of the page before; 0 at first.
    pub after: RecordId,
    /// At most so many rows.
    pub limit: i64,
}

fn held_row(row: &Row, at: Position) -> Result<Option<HeldRow>, Fault> {
    let Some(stay) = Stay::seen(row.get("known")?, [row.get("closed")?, row.get("recalled")?], at) else { return Ok(None) };
    Ok(Some(HeldRow { fact: FactRow::read(row)?, stay }))
}

fn held_rows(rows: &[Row], at: Position) -> Result<Vec<HeldRow>, Fault> {
    rows.iter().filter_map(|row| held_row(row, at).transpose()).collect()
}

fn ended(row: &Row) -> Result<Ended, Fault> {
    Ok(Ended {
        subject: row.get("subject_id")?,
        record: RecordId(row.get("record_id")?),
        kind: row.get("kind")?,
        until: Position(row.get("ended")?),
    })
}

/// The last record of a page; none where the page was the last.
fn next(rows: &[Row]) -> Result<Option<RecordId>, Fault> {
    rows.last().map(|row| row.get("record_id").map(RecordId)).transpose()
}

/// The highest number of a subject; 0 where there is none.
pub fn last_subject(connection: &mut Connection) -> Result<SubjectId, Fault> {
    connection.query_one(&LAST_SUBJECT, &[])?.get("last")
}

/// Organisations with the ids of their kinds, in order.
pub fn organisations(connection: &mut Connection, (after, last): Range) -> Result<Vec<(SubjectId, String)>, Fault> {
    let rows = connection.query(&ORGANISATIONS, params![after, last])?;
    rows.iter().map(|row| Ok((row.get("subject_id")?, row.get("kind")?))).collect()
}

/// Codes of organisations by which they may be called; of several of one subject the one to show comes last.
pub fn codes(connection: &mut Connection, (after, last): Range) -> Result<Vec<(SubjectId, String)>, Fault> {
    let rows = connection.query(&THEIR_CODES, params![after, last])?;
    rows.iter().map(|row| Ok((row.get("subject_id")?, row.get("code")?))).collect()
}

/// Every record that was known at some position up to `at`, by subject, oldest document first; what ended later is not ended yet.
pub fn held(connection: &mut Connection, (after, last): Range, at: Position) -> Result<Vec<HeldRow>, Fault> {
    held_rows(&connection.query(&HELD, params![after, last, at.0])?, at)
}

/// About how many records a stretch of the journal touches.
pub fn extent(connection: &mut Connection, (since, to): Stretch) -> Result<i64, Fault> {
    connection.query_one(&EXTENT, params![since.0, to.0])?.get("many")
}

/// Batches that took effect in a stretch.
pub fn committed(connection: &mut Connection, (since, to): Stretch) -> Result<Vec<BatchId>, Fault> {
    connection.query(&COMMITTED, params![since.0, to.0])?.iter().map(|row| row.get("batch_id").map(BatchId)).collect()
}

/// Batches that were taken back in a stretch.
pub fn recalled(connection: &mut Connection, (since, to): Stretch) -> Result<Vec<BatchId>, Fault> {
    connection.query(&RECALLED, params![since.0, to.0])?.iter().map(|row| row.get("batch_id").map(BatchId)).collect()
}

/// A page of the records that a batch brought, as known at a position, and after which the next page begins.
pub fn of_batch(connection: &mut Connection, batch: BatchId, at: Position, page: Page) -> Result<(Vec<HeldRow>, Option<RecordId>), Fault> {
    let rows = connection.query(&OF_BATCH, params![batch.0, page.after.0, page.limit])?;
    Ok((held_rows(&rows, at)?, next(&rows)?))
}

/// A page of the records that entries of a stretch brought by themselves, as known at its end.
pub fn of_entries(connection: &mut Connection, (since, to): Stretch, page: Page) -> Result<(Vec<HeldRow>, Option<RecordId>), Fault> {
    let rows = connection.query(&OF_ENTRIES, params![since.0, to.0, page.after.0, page.limit])?;
    Ok((held_rows(&rows, to)?, next(&rows)?))
}

/// A page of the records known before a stretch that were closed in it.
pub fn closed(connection: &mut Connection, (since, to): Stretch, page: Page) -> Result<(Vec<Ended>, Option<RecordId>), Fault> {
    let rows = connection.query(&CLOSED, params![since.0, to.0, page.after.0, page.limit])?;
    Ok((rows.iter().map(ended).collect::<Result<_, Fault>>()?, next(&rows)?))
}

/// A page of the records of a recalled batch that were known at a position.
pub fn of_recalled(
    connection: &mut Connection,
    batch: BatchId,
    known: Position,
    page: Page,
) -> Result<(Vec<Ended>, Option<RecordId>), Fault> {
    let rows = connection.query(&OF_RECALLED, params![batch.0, known.0, page.after.0, page.limit])?;
    Ok((rows.iter().map(ended).collect::<Result<_, Fault>>()?, next(&rows)?))
}

/// Coverage as known at every position up to `at`.
pub fn covered(connection: &mut Connection, at: Position) -> Result<Vec<CoveredRow>, Fault> {
    let rows = connection.query(&COVERED, params![at.0])?;
    let row = |row: &Row| {
        let Some(stay) = Stay::seen(row.get("known")?, [row.get("recalled")?, row.get("spoilt")?], at) else { return Ok(None) };
        Ok(Some(CoveredRow {
            kind: row.get("kind")?,
            from: row.get("covers_from")?,
            through: row.get("covers_through")?,
            area: row.get("area")?,
            stay,
        }))
    };
    rows.iter().filter_map(|found| row(found).transpose()).collect()
}
