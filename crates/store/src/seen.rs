//! What an office holds, in numbers: for whoever runs it and must not see it.

use std::collections::BTreeMap;

use xinzhi_core::Moment;

use crate::connection::Connection;
use crate::sql::statements;
use crate::value::Row;
use crate::{Fault, params};

statements! {
    /// Subjects of which a record holds now, by kind and area: whom only a batch that waits or was recalled names, or only the other side of a
    /// relation, is none of them.
    SUBJECTS = "select s.kind, coalesce(s.area, '') as area, cast(count(*) as bigint) as n from subject s
        where exists (select 1 from record_of_subject o join record r on r.record_id = o.record_id
                left join batch_commit c on c.batch_id = r.batch_id left join batch_recall x on x.batch_id = r.batch_id
                left join record_closing z on z.record_id = r.record_id
            where o.subject_id = s.subject_id and coalesce(r.entry, c.entry) is not null and x.entry is null and z.entry is null)
        group by 1, 2 order by 1, 2";
    /// Accepted rows of batches in effect, by kind of record.
    RECORDS_BY_KIND = "select b.kind as what, cast(sum(c.rows_accepted) as bigint) as n from batch b
        join batch_commit c on c.batch_id = b.batch_id left join batch_recall x on x.batch_id = b.batch_id
        where x.entry is null group by b.kind order by b.kind";
    /// Batches that were previewed and wait to take effect.
    STAGED = "select b.batch_id, b.source, b.rows_read, j.at from batch b join journal j on j.entry = b.entry
        left join batch_commit c on c.batch_id = b.batch_id where c.entry is null order by b.batch_id desc limit $1";
    /// Tables that are polled, how that went, and when it is done next.
    CONNECTORS = "select c.connector_id as id, c.title, cast(0 as bigint) as waiting, t.failures as failures, t.well_at, t.failed_at, t.failure,
            (select w.change from connector_change w where w.connector_id = c.connector_id and w.change <> 'secret'
                order by w.entry desc limit 1) as change, t.due_at as next_at
        from connector c join connector_state t on t.connector_id = c.connector_id order by c.entry";
    /// Recipients of pushes, likewise.
    SUBSCRIPTIONS = "select cast(h.subscription_id as text) as id, s.title, s.what as change, h.well_at, h.failed_at, h.failure,
            (select cast(count(*) as bigint) from push_delivery n where n.subscription_id = h.subscription_id and n.state = 'waiting') as waiting,
            coalesce((select f.tries from push_delivery f where f.subscription_id = h.subscription_id and f.state = 'waiting'
                order by f.sequence limit 1), 0) as failures,
            (select f.next_at from push_delivery f where f.subscription_id = h.subscription_id and f.state = 'waiting'
                order by f.sequence limit 1) as next_at
        from subscription_head h join subscription s on s.subscription_id = h.subscription_id
        where s.entry = (select max(n.entry) from subscription n where n.subscription_id = h.subscription_id) order by h.subscription_id";
    /// Packs as installed, newest first.
    INSTALLED = "select p.pack, p.version, p.digest, p.entry, j.at, j.actor from pack p join journal j on j.entry = p.entry
        order by p.entry desc limit $1";
}

/// A word with a number.
pub type Count = (String, i64);

/// What an office holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Subjects of which a record holds, by the id of their kind.
    pub subjects: Vec<Count>,
    /// The same by area; the empty code is for those whose area is not known.
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

/// Counts what an office holds. Reads every subject and one of its records.
pub fn held(connection: &mut Connection) -> Result<Held, Fault> {
    let (mut kinds, mut areas) = (BTreeMap::new(), BTreeMap::new());
    for row in connection.query(&SUBJECTS, &[])? {
        let many: i64 = row.get("n")?;
        *kinds.entry(row.get::<String>("kind")?).or_default() += many;
        *areas.entry(row.get::<String>("area")?).or_default() += many;
    }
    let records = counts(connection, &RECORDS_BY_KIND)?;
    Ok(Held { subjects: kinds.into_iter().collect(), areas: areas.into_iter().collect(), records })
}

/// The newest batches that wait to take effect.
pub fn staged(connection: &mut Connection, limit: i64) -> Result<Vec<StagedRow>, Fault> {
    let read = |row: &Row| {
        Ok(StagedRow { batch: row.get("batch_id")?, source: row.get("source")?, rows: row.get("rows_read")?, at: Moment(row.get("at")?) })
    };
    connection.query(&STAGED, params![limit])?.iter().map(read).collect()
}

/// Work that is done again and again, and how it went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StandingRow {
    /// Id of the connector, or number of the subscription.
    pub id: String,
    /// What people call it.
    pub title: String,
    /// Whether somebody paused it.
    pub is_paused: bool,
    /// How much waits to be done.
    pub waiting: i64,
    /// Failures in a row.
    pub failures: i64,
    /// When it last went well.
    pub well_at: Option<Moment>,
    /// When it last did not, and what was said of that.
    pub failed: Option<(Moment, String)>,
    /// When it is done next; none where nothing waits.
    pub next_at: Option<Moment>,
}

/// Tables that are polled, without those that ended.
pub fn connectors(connection: &mut Connection) -> Result<Vec<StandingRow>, Fault> {
    standing(connection, &CONNECTORS)
}

/// Recipients of pushes, without those that ended.
pub fn subscriptions(connection: &mut Connection) -> Result<Vec<StandingRow>, Fault> {
    standing(connection, &SUBSCRIPTIONS)
}

fn standing(connection: &mut Connection, sql: &crate::sql::Sql) -> Result<Vec<StandingRow>, Fault> {
    let mut rows = Vec::new();
    for row in connection.query(sql, &[])? {
        let change: Option<String> = row.get("change")?;
        if change.as_deref() == Some("ended") {
            continue;
        }
        let moment = |column: &str| Ok::<_, Fault>(Some(Moment(row.get(column)?)).filter(|at| at.0 > 0));
        let failure: String = row.get("failure")?;
        let is_paused = change.as_deref() == Some("paused");
        rows.push(StandingRow {
            id: row.get("id")?,
            title: row.get("title")?,
            is_paused,
            waiting: row.get("waiting")?,
            failures: row.get("failures")?,
            well_at: moment("well_at")?,
            failed: moment("failed_at")?.map(|at| (at, failure)),
            next_at: row.get::<Option<i64>>("next_at")?.map(Moment).filter(|_| !is_paused),
        });
    }
    Ok(rows)
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
