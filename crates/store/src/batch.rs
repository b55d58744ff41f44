//! Batches: a file's way from staged to committed to, perhaps, recalled; the verdicts on its rows; coverage.

use xinzhi_core::journal::Position;
use xinzhi_core::record::{BatchId, Counts, Outcome, RecordId};
use xinzhi_core::{Day, Digest};

use crate::connection::Connection;
use crate::sql::statements;
use crate::tx::Tx;
use crate::value::{Param, Row};
use crate::{Fault, params};

statements! {
    /// A batch with its state.
    BY_ID = "select b.batch_id, b.entry, b.known, b.source, b.kind, b.organ, b.file_name, b.file_digest, b.pack_digest, b.area, b.covers_from,
            b.covers_through, b.rows_read, coalesce(c.rows_accepted, b.rows_accepted) as rows_accepted,
            coalesce(c.rows_duplicate, b.rows_duplicate) as rows_duplicate, b.rows_refused,
            coalesce(c.rows_quarantined, b.rows_quarantined) as rows_quarantined, b.root, b.note, c.entry as committed, x.entry as recalled,
            j.at as staged_at, j.actor as staged_by
        from batch b join journal j on j.entry = b.entry left join batch_commit c on c.batch_id = b.batch_id
            left join batch_recall x on x.batch_id = b.batch_id where b.batch_id = $1";
    /// A batch as it was staged, whatever became of it.
    AS_STAGED = "select b.batch_id, b.entry, b.known, b.source, b.kind, b.organ, b.file_name, b.file_digest, b.pack_digest, b.area,
            b.covers_from, b.covers_through, b.rows_read, b.rows_accepted, b.rows_duplicate, b.rows_refused, b.rows_quarantined, b.root, b.note,
            cast(null as bigint) as committed, cast(null as bigint) as recalled, j.at as staged_at, j.actor as staged_by
        from batch b join journal j on j.entry = b.entry where b.batch_id = $1";
    /// Batches before a number, newest first.
    NEWEST = "select b.batch_id, b.entry, b.known, b.source, b.kind, b.organ, b.file_name, b.file_digest, b.pack_digest, b.area, b.covers_from,
            b.covers_through, b.rows_read, coalesce(c.rows_accepted, b.rows_accepted) as rows_accepted,
            coalesce(c.rows_duplicate, b.rows_duplicate) as rows_duplicate, b.rows_refused,
            coalesce(c.rows_quarantined, b.rows_quarantined) as rows_quarantined, b.root, b.note, c.entry as committed, x.entry as recalled,
            j.at as staged_at, j.actor as staged_by
        from batch b join journal j on j.entry = b.entry left join batch_commit c on c.batch_id = b.batch_id
            left join batch_recall x on x.batch_id = b.batch_id
        where b.batch_id < $1 order by b.batch_id desc limit $2";
    /// A staged batch.
    STAGE = "insert into batch (batch_id, entry, known, source, kind, organ, file_name, file_digest, pack_digest, area, covers_from, covers_through,
            rows_read, rows_accepted, rows_duplicate, rows_refused, rows_quarantined, root, note)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)";
    /// It takes effect.
    COMMIT = "insert into batch_commit (batch_id, entry, rows_accepted, rows_duplicate, rows_quarantined, root) values ($1, $2, $3, $4, $5, $6)";
    /// It is taken back.
    RECALL = "insert into batch_recall (batch_id, entry, reason) values ($1, $2, $3)";
    /// Verdicts of a batch from a row on.
    VERDICTS = "select v.row_number, v.outcome, v.remarks, u.outcome as ruled from verdict v
        left join row_ruling u on u.batch_id = v.batch_id and u.row_number = v.row_number
        where v.batch_id = $1 and v.row_number > $2 and (cast($3 as text) is null or v.outcome = $3) order by v.row_number limit $4";
    /// Replaces nothing: a verdict given at commit stands beside the preview's, under the negative row number.
    COMMIT_VERDICT = "insert into verdict (batch_id, row_number, outcome, remarks) values ($1, $2, $3, $4)";
    /// Waiting rows of committed batches, oldest first.
    WAITING = "select w.batch_id, w.row_number, w.reason, w.against, w.candidate, v.remarks, b.source, b.kind, b.file_name, b.pack_digest
        from waiting_row w join batch_commit c on c.batch_id = w.batch_id join batch b on b.batch_id = w.batch_id
            left join batch_recall x on x.batch_id = w.batch_id
            left join row_ruling u on u.batch_id = w.batch_id and u.row_number = w.row_number
            left join verdict v on v.batch_id = w.batch_id and v.row_number = w.row_number
        where u.entry is null and x.entry is null order by w.batch_id, w.row_number limit $1";
    /// How many rows wait.
    WAITING_COUNT = "select count(*) as waiting from waiting_row w join batch_commit c on c.batch_id = w.batch_id
        left join batch_recall x on x.batch_id = w.batch_id
        left join row_ruling u on u.batch_id = w.batch_id and u.row_number = w.row_number where u.entry is null and x.entry is null";
    /// One waiting row, if nobody ruled on it.
    WAITING_ROW = "select w.batch_id, w.row_number, w.reason, w.against, w.candidate, v.remarks, b.source, b.kind, b.file_name, b.pack_digest
        from waiting_row w join batch_commit c on c.batch_id = w.batch_id join batch b on b.batch_id = w.batch_id
            left join batch_recall x on x.batch_id = w.batch_id
            left join row_ruling u on u.batch_id = w.batch_id and u.row_number = w.row_number
            left join verdict v on v.batch_id = w.batch_id and v.row_number = w.row_number
        where w.batch_id = $1 and w.row_number = $2 and u.entry is null and x.entry is null";
    /// The ruling.
    RULE = "insert into row_ruling (batch_id, row_number, entry, outcome, reason, record_id) values ($1, $2, $3, $4, $5, $6)";
    /// Spans of days for which a kind was reported completely, as known at a position. A table that is polled is complete by all its batches
    /// together: with one taken back it is not.
    COVERAGE = "select b.kind, b.covers_from, b.covers_through, b.area from batch b join batch_commit c on c.batch_id = b.batch_id
            left join batch_recall x on x.batch_id = b.batch_id
        where b.covers_from is not null and c.entry <= $1 and (x.entry is null or x.entry > $1)
            and not exists (select 1 from connector_pull p join connector_pull q on q.connector_id = p.connector_id
                join batch_recall y on y.batch_id = q.batch_id where p.batch_id = b.batch_id and y.entry <= $1)
        order by b.kind, b.covers_from";
    /// The entries of the newest commit and the newest recall: coverage changes with nothing else.
    COVERAGE_MARK = "select (select max(c.entry) from batch_commit c) as committed, (select max(x.entry) from batch_recall x) as recalled";
    /// Why a row was ruled on at an entry.
    RULED_AT = "select reason from row_ruling where entry = $1";
    /// Why a batch was recalled at an entry.
    RECALLED_AT = "select reason from batch_recall where entry = $1";
    /// Commits, for doctor.
    COMMITS = "select batch_id, entry, rows_accepted, root from batch_commit order by batch_id";
    /// Batches whose counts do not close, for doctor (E9).
    OPEN_COUNTS = "select batch_id from batch where rows_read <> rows_accepted + rows_duplicate + rows_refused + rows_quarantined";
}

/// A batch with its state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchRow {
    /// Its number.
    pub batch: BatchId,
    /// When it was staged.
    pub staged: Position,
    /// What its rows were judged against.
    pub known: Position,
    /// Id of its source.
    pub source: String,
    /// Id of the record kind its rows become.
    pub kind: String,
    /// Organ of whoever staged it.
    pub organ: Option<String>,
    /// Name of the file as uploaded.
    pub file_name: String,
    /// SHA-256 of the file.
    pub file_digest: Digest,
    /// The pack under which it was judged.
    pub pack_digest: Digest,
    /// For which area it reports.
    pub area: String,
    /// Days for which it is complete.
    pub covers: Option<(Day, Day)>,
    /// Its counts.
    pub counts: Counts,
    /// Merkle root of the accepted rows' digests, as staged.
    pub root: Digest,
    /// Remarks about the whole file, as JSON.
    pub note: String,
    /// Since when it counts.
    pub committed: Option<Position>,
    /// Since when it no longer counts.
    pub recalled: Option<Position>,
    /// Moment of staging; 0 for a batch that is being staged.
    pub staged_at: i64,
    /// Who staged it.
    pub staged_by: String,
}

/// What is said about a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerdictRow {
    /// The row as a person counts.
    pub row: i64,
    /// What happened to it.
    pub outcome: Outcome,
    /// JSON list of remarks.
    pub remarks: String,
    /// What a person ruled later.
    pub ruled: Option<String>,
}

/// A row that waits for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitingRow {
    /// Its batch.
    pub batch: BatchId,
    /// The row as a person counts.
    pub row: i64,
    /// Why it waits.
    pub reason: String,
    /// The record it corrects or contradicts.
    pub against: Option<RecordId>,
    /// What it would become, sealed under the office's key.
    pub candidate: Vec<u8>,
    /// JSON list of remarks.
    pub remarks: String,
    /// Id of the source.
    pub source: String,
    /// Id of the record kind.
    pub kind: String,
    /// Name of the file.
    pub file_name: String,
    /// The pack under which it was judged.
    pub pack_digest: Digest,
}

/// Rows to be written with a chunk of a batch.
#[derive(Clone, Debug, Default)]
pub struct Chunk {
    /// Verdicts: row, outcome, remarks as JSON.
    pub verdicts: Vec<(i64, Outcome, String)>,
    /// Repetitions: row, record.
    pub confirmations: Vec<(i64, RecordId)>,
    /// Rows that wait for a person.
    pub waiting: Vec<NewWaiting>,
}

/// A row that is to wait for a person.
#[derive(Clone, Debug)]
pub struct NewWaiting {
    /// The row as a person counts.
    pub row: i64,
    /// Code of the remark that says why.
    pub reason: String,
    /// The record it corrects or contradicts.
    pub against: Option<RecordId>,
    /// What it would become, sealed under the office's key.
    pub candidate: Vec<u8>,
}

fn batch(row: &Row) -> Result<BatchRow, Fault> {
    let from: Option<Day> = row.get("covers_from")?;
    let through: Option<Day> = row.get("covers_through")?;
    let committed: Option<i64> = row.get("committed")?;
    let recalled: Option<i64> = row.get("recalled")?;
    Ok(BatchRow {
        batch: BatchId(row.get("batch_id")?),
        staged: Position(row.get("entry")?),
        known: Position(row.get("known")?),
        source: row.get("source")?,
        kind: row.get("kind")?,
        organ: row.get("organ")?,
        file_name: row.get("file_name")?,
        file_digest: row.get("file_digest")?,
        pack_digest: row.get("pack_digest")?,
        area: row.get("area")?,
        covers: from.zip(through),
        counts: Counts {
            read: row.get("rows_read")?,
            accepted: row.get("rows_accepted")?,
            duplicate: row.get("rows_duplicate")?,
            refused: row.get("rows_refused")?,
            quarantined: row.get("rows_quarantined")?,
        },
        root: row.get("root")?,
        note: row.get("note")?,
        committed: committed.map(Position),
        recalled: recalled.map(Position),
        staged_at: row.get("staged_at")?,
        staged_by: row.get("staged_by")?,
    })
}

/// A batch by its number.
pub fn by_id(connection: &mut Connection, id: BatchId) -> Result<Option<BatchRow>, Fault> {
    connection.query_opt(&BY_ID, params![id.0])?.as_ref().map(batch).transpose()
}

/// A batch as it was staged: what its delivery is answered with, however late that is asked again (E2).
pub fn as_staged(connection: &mut Connection, id: BatchId) -> Result<Option<BatchRow>, Fault> {
    connection.query_opt(&AS_STAGED, params![id.0])?.as_ref().map(batch).transpose()
}

/// At most `limit` batches before `before`, newest first.
pub fn newest(connection: &mut Connection, before: i64, limit: i64) -> Result<Vec<BatchRow>, Fault> {
    connection.query(&NEWEST, params![before, limit])?.iter().map(batch).collect()
}

/// Writes the rows that accompany a chunk of records.
pub fn insert_chunk(tx: &mut Tx, id: BatchId, chunk: &Chunk) -> Result<(), Fault> {
    let verdicts: Vec<Vec<Param>> =
        chunk.verdicts.iter().map(|(row, outcome, remarks)| params![id.0, *row, outcome.word(), remarks].to_vec()).collect();
    tx.connection.insert_many("verdict", &["batch_id", "row_number", "outcome", "remarks"], &verdicts)?;
    let repeated: Vec<Vec<Param>> = chunk.confirmations.iter().map(|(row, record)| params![id.0, *row, record.0].to_vec()).collect();
    tx.connection.insert_many("confirmation", &["batch_id", "row_number", "record_id"], &repeated)?;
    let waiting: Vec<Vec<Param>> =
        chunk.waiting.iter().map(|w| params![id.0, w.row, &w.reason, w.against.map(|r| r.0), w.candidate.as_slice()].to_vec()).collect();
    tx.connection.insert_many("waiting_row", &["batch_id", "row_number", "reason", "against", "candidate"], &waiting)
}

/// Writes the row of a staged batch.
pub fn stage(tx: &mut Tx, row: &BatchRow) -> Result<(), Fault> {
    let covers = row.covers.map(|(from, through)| (from.to_string(), through.to_string()));
    let parameters = params![
        row.batch.0,
        row.staged.0,
        row.known.0,
        &row.source,
        &row.kind,
        row.organ.as_ref(),
        &row.file_name,
        &row.file_digest,
        &row.pack_digest,
        &row.area,
        covers.as_ref().map(|(from, _)| from),
        covers.as_ref().map(|(_, through)| through),
        row.counts.read,
        row.counts.accepted,
        row.counts.duplicate,
        row.counts.refused,
        row.counts.quarantined,
        &row.root,
        &row.note
    ];
    tx.connection.execute(&STAGE, parameters).map(drop)
}

/// Lets a batch take effect at `entry`.
pub fn commit(tx: &mut Tx, id: BatchId, entry: Position, counts: &Counts, root: &Digest) -> Result<(), Fault> {
    let parameters = params![id.0, entry.0, counts.accepted, counts.duplicate, counts.quarantined, root];
    tx.connection.execute(&COMMIT, parameters).map(drop)
}

/// Takes a batch back at `entry`.
pub fn recall(tx: &mut Tx, id: BatchId, entry: Position, reason: &str) -> Result<(), Fault> {
    tx.connection.execute(&RECALL, params![id.0, entry.0, reason]).map(drop)
}

/// Verdicts of a batch after row `after`, of one outcome or of all.
pub fn verdicts(
    connection: &mut Connection,
    id: BatchId,
    after: i64,
    outcome: Option<Outcome>,
    limit: i64,
) -> Result<Vec<VerdictRow>, Fault> {
    let rows = connection.query(&VERDICTS, params![id.0, after, outcome.map(Outcome::word), limit])?;
    rows.iter()
        .map(|row| {
            let word: String = row.get("outcome")?;
            let outcome = Outcome::from_word(&word).ok_or_else(|| Fault::Inconsistent(format!("outcome {word}")))?;
            Ok(VerdictRow { row: row.get("row_number")?, outcome, remarks: row.get("remarks")?, ruled: row.get("ruled")? })
        })
        .collect()
}

/// Adds what the commit found about a row beside what the preview said.
pub fn add_commit_verdict(tx: &mut Tx, id: BatchId, row: i64, outcome: Outcome, remarks: &str) -> Result<(), Fault> {
    tx.connection.execute(&COMMIT_VERDICT, params![id.0, -row, outcome.word(), remarks]).map(drop)
}

fn waiting_row(row: &Row) -> Result<WaitingRow, Fault> {
    let against: Option<i64> = row.get("against")?;
    let remarks: Option<String> = row.get("remarks")?;
    Ok(WaitingRow {
        batch: BatchId(row.get("batch_id")?),
        row: row.get("row_number")?,
        reason: row.get("reason")?,
        against: against.map(RecordId),
        candidate: row.get("candidate")?,
        remarks: remarks.unwrap_or_else(|| "[]".to_owned()),
        source: row.get("source")?,
        kind: row.get("kind")?,
        file_name: row.get("file_name")?,
        pack_digest: row.get("pack_digest")?,
    })
}

/// Rows of committed batches that wait for a person, oldest first.
pub fn waiting(connection: &mut Connection, limit: i64) -> Result<Vec<WaitingRow>, Fault> {
    connection.query(&WAITING, params![limit])?.iter().map(waiting_row).collect()
}

/// How many rows wait for a person.
pub fn waiting_count(connection: &mut Connection) -> Result<i64, Fault> {
    connection.query_one(&WAITING_COUNT, &[])?.get("waiting")
}

/// One waiting row, unless somebody ruled on it or its batch was recalled.
pub fn waiting_by_row(connection: &mut Connection, id: BatchId, row: i64) -> Result<Option<WaitingRow>, Fault> {
    connection.query_opt(&WAITING_ROW, params![id.0, row])?.as_ref().map(waiting_row).transpose()
}

/// Lets a row of a batch wait after its commit found it overtaken.
pub fn add_waiting(tx: &mut Tx, id: BatchId, waiting: &NewWaiting) -> Result<(), Fault> {
    let chunk = Chunk { waiting: vec![waiting.clone()], ..Chunk::default() };
    insert_chunk(tx, id, &chunk)
}

/// A person's ruling on a waiting row.
#[derive(Clone, Debug)]
pub struct Ruling<'a> {
    /// The batch.
    pub batch: BatchId,
    /// The row.
    pub row: i64,
    /// When.
    pub entry: Position,
    /// Accepted or refused.
    pub outcome: Outcome,
    /// Why.
    pub reason: &'a str,
    /// What it became.
    pub record: Option<RecordId>,
}

/// Writes a ruling.
pub fn rule(tx: &mut Tx, ruling: &Ruling) -> Result<(), Fault> {
    let Ruling { batch, row, entry, outcome, reason, record } = ruling;
    let parameters = params![batch.0, *row, entry.0, outcome.word(), *reason, record.map(|r| r.0)];
    tx.connection.execute(&RULE, parameters).map(drop)
}

/// A stretch of days for which a kind was reported completely.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoverageRow {
    /// Id of the record kind.
    pub kind: String,
    /// First day.
    pub from: Day,
    /// Last day.
    pub through: Day,
    /// For which area.
    pub area: String,
}

/// What coverage rests on: while this stands, so does coverage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CoverageMark {
    committed: Option<i64>,
    recalled: Option<i64>,
}

impl CoverageMark {
    /// The position since which coverage is what it is.
    pub fn newest(self) -> Position {
        Position(self.committed.max(self.recalled).unwrap_or(0))
    }
}

/// What coverage rests on now.
pub fn coverage_mark(connection: &mut Connection) -> Result<CoverageMark, Fault> {
    let row = connection.query_one(&COVERAGE_MARK, &[])?;
    Ok(CoverageMark { committed: row.get("committed")?, recalled: row.get("recalled")? })
}

/// Coverage as known at a position.
pub fn coverage(connection: &mut Connection, known: Position) -> Result<Vec<CoverageRow>, Fault> {
    let rows = connection.query(&COVERAGE, params![known.0])?;
    rows.iter()
        .map(|row| {
            Ok(CoverageRow {
                kind: row.get("kind")?,
                from: row.get("covers_from")?,
                through: row.get("covers_through")?,
                area: row.get("area")?,
            })
        })
        .collect()
}

/// Why a row was ruled on, or a batch recalled, at an entry; none where nothing was.
pub fn reason_at(connection: &mut Connection, entry: Position) -> Result<Option<String>, Fault> {
    let ruled = connection.query_opt(&RULED_AT, params![entry.0])?;
    let row = if ruled.is_some() { ruled } else { connection.query_opt(&RECALLED_AT, params![entry.0])? };
    row.map(|row| row.get("reason")).transpose()
}

/// Commits with their accepted rows and root, for doctor.
pub fn commits(connection: &mut Connection) -> Result<Vec<(BatchId, Position, i64, Digest)>, Fault> {
    let rows = connection.query(&COMMITS, &[])?;
    rows.iter()
        .map(|row| Ok((BatchId(row.get("batch_id")?), Position(row.get("entry")?), row.get("rows_accepted")?, row.get("root")?)))
        .collect()
}

/// Batches whose counts do not close, for doctor.
pub fn open_counts(connection: &mut Connection) -> Result<Vec<BatchId>, Fault> {
    connection.query(&OPEN_COUNTS, &[])?.iter().map(|row| row.get("batch_id").map(BatchId)).collect()
}
