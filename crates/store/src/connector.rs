//! 前置库: the departments' tables that the office polls, what became of each, and how far it has been read.

use xinzhi_core::journal::Position;
use xinzhi_core::record::BatchId;
use xinzhi_core::{Day, Moment};

use crate::connection::Connection;
use crate::sql::statements;
use crate::tx::Tx;
use crate::value::Row;
use crate::{Fault, params};

statements! {
    /// A table to poll.
    ADD = "insert into connector (connector_id, entry, title, organ, area, source, host, port, database_name, user_name, secret, schema_name,
            table_name, watermark_column, key_column, overlap, every_minutes, previews, salt, covers)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)";
    /// Its state begins.
    BEGIN_STATE = "insert into connector_state (connector_id, due_at, looked_at, failures, sentence, rows_read, abandoned)
        values ($1, $2, 0, 0, '', 0, 0)";
    /// Every one, with the password and the word that hold now.
    EVERY = "select c.connector_id, c.entry, c.title, c.organ, c.area, c.source, c.host, c.port, c.database_name, c.user_name,
            coalesce((select s.secret from connector_change s where s.connector_id = c.connector_id and s.change = 'secret'
                order by s.entry desc limit 1), c.secret) as secret,
            (select w.change from connector_change w where w.connector_id = c.connector_id and w.change <> 'secret'
                order by w.entry desc limit 1) as change,
            (select max(r.entry) from connector_change r where r.connector_id = c.connector_id and r.change = 'resumed') as resumed,
            c.schema_name, c.table_name, c.watermark_column, c.key_column, c.overlap, c.every_minutes, c.previews, c.covers,
            t.due_at, t.looked_at, t.failures, t.sentence, t.rows_read, t.abandoned
        from connector c join connector_state t on t.connector_id = c.connector_id
        where cast($1 as text) is null or c.connector_id = $1 order by c.entry";
    /// What is done to it.
    CHANGE = "insert into connector_change (entry, connector_id, change, secret, salt) values ($1, $2, $3, $4, $5)";
    /// When it is looked at next.
    SET_DUE = "update connector_state set due_at = $2 where connector_id = $1";
    /// How a look ended.
    LOOKED = "update connector_state set due_at = $2, looked_at = $3, failures = $4, sentence = $5, rows_read = $6 where connector_id = $1";
    /// One that went well.
    WENT_WELL = "update connector_state set well_at = $2 where connector_id = $1";
    /// One that did not.
    WENT_BADLY = "update connector_state set failed_at = $2, failure = $3 where connector_id = $1";
    /// A staged batch is no longer waited for.
    ABANDON = "update connector_state set abandoned = $2 where connector_id = $1";
    /// Up to where a batch reaches.
    PULL = "insert into connector_pull (batch_id, entry, connector_id, watermark, place, columns, overlapping, salt)
        values ($1, $2, $3, $4, $5, $6, $7, $8)";
    /// The newest batch that was staged, whatever became of it.
    NEWEST_PULL = "select p.batch_id, p.watermark, p.place, p.columns, p.overlapping, c.entry as committed
        from connector_pull p left join batch_commit c on c.batch_id = p.batch_id
        where p.connector_id = $1 order by p.batch_id desc limit 1";
    /// The newest batch that took effect: from there the next one reads on.
    NEWEST_COMMITTED = "select p.batch_id, p.watermark, p.place, p.columns, p.overlapping, c.entry as committed
        from connector_pull p join batch_commit c on c.batch_id = p.batch_id
        where p.connector_id = $1 order by p.batch_id desc limit 1";
    /// What the entry of a registration covers, for doctor.
    ADDED_AT = "select connector_id, title, organ, area, source, host, port, database_name, user_name, secret, schema_name, table_name,
            watermark_column, key_column, overlap, every_minutes, previews, covers, salt from connector where entry = $1";
    /// Through which day the batches of a connector that are in effect say that it was complete.
    COVERED = "select max(b.covers_through) as through from connector_pull p join batch b on b.batch_id = p.batch_id
        join batch_commit c on c.batch_id = b.batch_id where p.connector_id = $1";
    /// Whether a batch of a connector was taken back.
    WAS_RECALLED = "select 1 as found from connector_pull p join batch_recall x on x.batch_id = p.batch_id where p.connector_id = $1 limit 1";
    /// What the entry of a change covers, for doctor.
    CHANGED_AT = "select connector_id, change, secret, salt from connector_change where entry = $1";
    /// What the entry of a pull covers, for doctor.
    PULLED_AT = "select batch_id, connector_id, watermark, place, columns, overlapping, salt from connector_pull where entry = $1";
}

/// A table to poll, as the operator registers it.
#[derive(Clone, PartialEq, Eq)]
pub struct Registered {
    /// The operator's word for it.
    pub id: String,
    /// What people call it.
    pub title: String,
    /// Whose batches they are.
    pub organ: String,
    /// For which area they report.
    pub area: String,
    /// Id of the pack's source.
    pub source: String,
    /// Host name, address, or folder of a socket.
    pub host: String,
    /// Port.
    pub port: i64,
    /// Name of the department's database.
    pub database: String,
    /// Who reads there.
    pub user: String,
    /// The password, sealed under the office's key.
    pub secret: Vec<u8>,
    /// Schema of the table.
    pub schema: String,
    /// Table or view.
    pub table: String,
    /// Column that grows.
    pub watermark: String,
    /// Column that puts rows with one watermark in order.
    pub key: String,
    /// Seconds, or numbers, that are read again.
    pub overlap: i64,
    /// Minutes between two looks.
    pub every_minutes: i64,
    /// Whether batches wait for a person.
    pub previews: bool,
    /// Since which day the table holds everything of its kind, where the operator was promised that.
    pub covers: Option<Day>,
}

impl std::fmt::Debug for Registered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Registered").field("id", &self.id).field("source", &self.source).finish_non_exhaustive()
    }
}

/// What was last done to a connector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is polled.
    Running,
    /// It is not, until it is resumed.
    Paused,
    /// It never will be again.
    Ended,
}

/// A connector with how it stands.
#[derive(Clone, Debug)]
pub struct ConnectorRow {
    /// As registered, with the password that holds now.
    pub registered: Registered,
    /// The entry of its registration.
    pub entry: Position,
    /// What was last done to it.
    pub standing: Standing,
    /// When it was last resumed.
    pub resumed: Option<Position>,
    /// When it is looked at next.
    pub due_at: Moment,
    /// When it was last looked at; none before the first time.
    pub looked_at: Option<Moment>,
    /// Failures in a row.
    pub failures: i64,
    /// What people read of the last look.
    pub sentence: String,
    /// Rows of the last look.
    pub rows_read: i64,
    /// A staged batch that is no longer waited for.
    pub abandoned: Option<BatchId>,
}

/// How a look ended.
#[derive(Clone, Debug)]
pub struct Look<'a> {
    /// When the next one is due.
    pub due_at: Moment,
    /// Failures in a row, this one included.
    pub failures: i64,
    /// What people read.
    pub sentence: &'a str,
    /// Rows read.
    pub rows_read: i64,
}

/// Up to where a batch reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullRow {
    /// The batch.
    pub batch: BatchId,
    /// Watermark of its last row, for people.
    pub watermark: String,
    /// Watermark and key of its last row, sealed.
    pub place: Vec<u8>,
    /// JSON: columns and what they held.
    pub columns: String,
    /// Digests of the rows inside the overlap.
    pub overlapping: Vec<u8>,
    /// Since when it counts.
    pub committed: Option<Position>,
}

fn registered(row: &Row) -> Result<Registered, Fault> {
    Ok(Registered {
        id: row.get("connector_id")?,
        title: row.get("title")?,
        organ: row.get("organ")?,
        area: row.get("area")?,
        source: row.get("source")?,
        host: row.get("host")?,
        port: row.get("port")?,
        database: row.get("database_name")?,
        user: row.get("user_name")?,
        secret: row.get("secret")?,
        schema: row.get("schema_name")?,
        table: row.get("table_name")?,
        watermark: row.get("watermark_column")?,
        key: row.get("key_column")?,
        overlap: row.get("overlap")?,
        every_minutes: row.get("every_minutes")?,
        previews: row.get::<i64>("previews")? != 0,
        covers: row.get("covers")?,
    })
}

fn connector(row: &Row) -> Result<ConnectorRow, Fault> {
    let change: Option<String> = row.get("change")?;
    let resumed: Option<i64> = row.get("resumed")?;
    let standing = match change.as_deref() {
        None | Some("resumed") => Standing::Running,
        Some("paused") => Standing::Paused,
        Some("ended") => Standing::Ended,
        Some(other) => return Err(Fault::Inconsistent(format!("a connector is {other}"))),
    };
    Ok(ConnectorRow {
        registered: registered(row)?,
        entry: Position(row.get("entry")?),
        standing,
        resumed: resumed.map(Position),
        due_at: Moment(row.get("due_at")?),
        looked_at: Some(Moment(row.get("looked_at")?)).filter(|at| at.0 > 0),
        failures: row.get("failures")?,
        sentence: row.get("sentence")?,
        rows_read: row.get("rows_read")?,
        abandoned: Some(BatchId(row.get("abandoned")?)).filter(|batch| batch.0 > 0),
    })
}

fn pull_row(row: &Row) -> Result<PullRow, Fault> {
    let committed: Option<i64> = row.get("committed")?;
    Ok(PullRow {
        batch: BatchId(row.get("batch_id")?),
        watermark: row.get("watermark")?,
        place: row.get("place")?,
        columns: row.get("columns")?,
        overlapping: row.get("overlapping")?,
        committed: committed.map(Position),
    })
}

/// Every connector, in the order of registration.
pub fn every(connection: &mut Connection) -> Result<Vec<ConnectorRow>, Fault> {
    connection.query(&EVERY, params![None::<&str>])?.iter().map(connector).collect()
}

/// A connector by its word.
pub fn by_id(connection: &mut Connection, id: &str) -> Result<Option<ConnectorRow>, Fault> {
    connection.query_opt(&EVERY, params![id])?.as_ref().map(connector).transpose()
}

/// Writes a registration at `entry`; the first look is due at once.
pub fn add(tx: &mut Tx, new: &Registered, entry: Position, salt: &[u8]) -> Result<(), Fault> {
    let covers = new.covers.map(|day| day.to_string());
    let parameters = params![
        &new.id,
        entry.0,
        &new.title,
        &new.organ,
        &new.area,
        &new.source,
        &new.host,
        new.port,
        &new.database,
        &new.user,
        new.secret.as_slice(),
        &new.schema,
        &new.table,
        &new.watermark,
        &new.key,
        new.overlap,
        new.every_minutes,
        i64::from(new.previews),
        salt,
        covers.as_ref()
    ];
    tx.connection.execute(&ADD, parameters)?;
    let now = tx.moment().0;
    tx.connection.execute(&BEGIN_STATE, params![&new.id, now]).map(drop)
}

/// Writes a change at `entry`.
pub fn change(tx: &mut Tx, entry: Position, id: &str, word: &str, (secret, salt): (Option<&[u8]>, &[u8])) -> Result<(), Fault> {
    tx.connection.execute(&CHANGE, params![entry.0, id, word, secret, salt]).map(drop)
}

/// Sets when a connector is looked at next.
pub fn set_due(tx: &mut Tx, id: &str, due_at: Moment) -> Result<(), Fault> {
    tx.connection.execute(&SET_DUE, params![id, due_at.0]).map(drop)
}

/// Notes how a look ended.
pub fn looked(tx: &mut Tx, id: &str, look: &Look<'_>) -> Result<(), Fault> {
    let Look { due_at, failures, sentence, rows_read } = look;
    let now = tx.moment().0;
    tx.connection.execute(&LOOKED, params![id, due_at.0, now, *failures, *sentence, *rows_read])?;
    match *failures {
        0 => tx.connection.execute(&WENT_WELL, params![id, now]),
        _ => tx.connection.execute(&WENT_BADLY, params![id, now, *sentence]),
    }
    .map(drop)
}

/// Waits no longer for a staged batch.
pub fn abandon(tx: &mut Tx, id: &str, batch: BatchId) -> Result<(), Fault> {
    tx.connection.execute(&ABANDON, params![id, batch.0]).map(drop)
}

/// Writes up to where a batch reaches, at `entry`.
pub fn pull(tx: &mut Tx, id: &str, (entry, salt): (Position, &[u8]), row: &PullRow) -> Result<(), Fault> {
    let PullRow { batch, watermark, place, columns, overlapping, .. } = row;
    let parameters = params![batch.0, entry.0, id, watermark, place.as_slice(), columns, overlapping.as_slice(), salt];
    tx.connection.execute(&PULL, parameters).map(drop)
}

/// The newest batch of a connector that was staged.
pub fn newest_pull(connection: &mut Connection, id: &str) -> Result<Option<PullRow>, Fault> {
    connection.query_opt(&NEWEST_PULL, params![id])?.as_ref().map(pull_row).transpose()
}

/// The newest batch of a connector that took effect.
pub fn newest_committed(connection: &mut Connection, id: &str) -> Result<Option<PullRow>, Fault> {
    connection.query_opt(&NEWEST_COMMITTED, params![id])?.as_ref().map(pull_row).transpose()
}

/// Through which day a connector's batches in effect say that it was complete; none while a batch of it is taken back, since its rows are
/// missing then.
pub fn covered(connection: &mut Connection, id: &str) -> Result<Option<Day>, Fault> {
    if was_recalled(connection, id)? { Ok(None) } else { connection.query_one(&COVERED, params![id])?.get("through") }
}

/// Whether a batch of a connector was taken back.
pub fn was_recalled(connection: &mut Connection, id: &str) -> Result<bool, Fault> {
    Ok(connection.query_opt(&WAS_RECALLED, params![id])?.is_some())
}

/// The registration at an entry, with its salt.
pub fn added_at(connection: &mut Connection, entry: Position) -> Result<Option<(Registered, Vec<u8>)>, Fault> {
    let row = connection.query_opt(&ADDED_AT, params![entry.0])?;
    row.map(|row| Ok((registered(&row)?, row.get("salt")?))).transpose()
}

/// A change as stored: connector, word, sealed password, salt.
pub type ChangeRow = (String, String, Option<Vec<u8>>, Vec<u8>);

/// The change at an entry.
pub fn changed_at(connection: &mut Connection, entry: Position) -> Result<Option<ChangeRow>, Fault> {
    let row = connection.query_opt(&CHANGED_AT, params![entry.0])?;
    row.map(|row| Ok((row.get("connector_id")?, row.get("change")?, row.get("secret")?, row.get("salt")?))).transpose()
}

/// The pull at an entry, with its connector and salt.
pub fn pulled_at(connection: &mut Connection, entry: Position) -> Result<Option<(String, PullRow, Vec<u8>)>, Fault> {
    let Some(row) = connection.query_opt(&PULLED_AT, params![entry.0])? else { return Ok(None) };
    let pull = PullRow {
        batch: BatchId(row.get("batch_id")?),
        watermark: row.get("watermark")?,
        place: row.get("place")?,
        columns: row.get("columns")?,
        overlapping: row.get("overlapping")?,
        committed: None,
    };
    Ok(Some((row.get("connector_id")?, pull, row.get("salt")?)))
}
