//! Subscriptions: who is told of what, the keys that sign it, and the hosts that may be told at all.

use xinzhi_core::journal::Position;
use xinzhi_core::{Day, Moment};

use crate::connection::Connection;
use crate::sql::statements;
use crate::tx::Tx;
use crate::value::Row;
use crate::{Fault, params};

statements! {
    /// Every subscription as it is now, oldest first.
    EVERY = "select s.entry, s.subscription_id, s.what, s.organ, s.title, s.url, s.events, s.reason, s.actor, s.at, s.salt,
            m.at as made_at from subscription s join subscription m on m.entry = s.subscription_id
        where s.entry = (select max(n.entry) from subscription n where n.subscription_id = s.subscription_id) order by s.subscription_id";
    /// One subscription as it is now.
    BY_ID = "select s.entry, s.subscription_id, s.what, s.organ, s.title, s.url, s.events, s.reason, s.actor, s.at, s.salt,
            m.at as made_at from subscription s join subscription m on m.entry = s.subscription_id
        where s.subscription_id = $1 order by s.entry desc limit 1";
    /// What was written at an entry, for doctor.
    AT = "select s.entry, s.subscription_id, s.what, s.organ, s.title, s.url, s.events, s.reason, s.actor, s.at, s.salt,
            m.at as made_at from subscription s join subscription m on m.entry = s.subscription_id where s.entry = $1";
    /// Whether anybody is to be told of anything.
    ANY = "select 1 as found from subscription_head limit 1";
    /// Makes, changes or ends one.
    ADD = "insert into subscription (entry, subscription_id, what, organ, title, url, events, reason, actor, at, salt)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    /// A new one has been told nothing.
    ADD_HEAD = "insert into subscription_head (subscription_id, entry, day, day_entry, sequence, reconciled) values ($1, $1, '', 0, 0, '')";
    /// How far one has been told.
    HEAD = "select subscription_id, entry, day, day_entry, sequence, reconciled from subscription_head where subscription_id = $1";
    /// Takes note of how far it has been told.
    MOVE_HEAD = "update subscription_head set entry = $2, day = $3, day_entry = $4, sequence = $5 where subscription_id = $1";
    /// Takes note of a nightly reconciliation.
    MOVE_RECONCILED = "update subscription_head set reconciled = $2 where subscription_id = $1";
    /// Its keys that may sign at a moment, newest first.
    KEYS = "select entry, sealed, until from subscription_key where subscription_id = $1 and (until is null or until > $2) order by entry desc";
    /// A new key.
    ADD_KEY = "insert into subscription_key (subscription_id, entry, sealed, until) values ($1, $2, $3, null)";
    /// Keys that are being replaced.
    RETIRE_KEYS = "update subscription_key set until = $2 where subscription_id = $1 and until is null";
    /// Keys whose time is over.
    DESTROY_KEYS = "delete from subscription_key where subscription_id = $1 and until <= $2";
    /// The hosts that may be sent to.
    HOSTS = "select h.entry, h.host, h.allowed, h.note, h.actor, h.at, h.salt, h.authorities from outbound_host h
        where h.entry = (select max(n.entry) from outbound_host n where n.host = h.host) and h.allowed = 1 order by h.host";
    /// What was said of a host at an entry, for doctor.
    HOST_AT = "select entry, host, allowed, note, actor, at, salt, authorities from outbound_host where entry = $1";
    /// Allows a host, or no longer.
    ADD_HOST = "insert into outbound_host (entry, host, allowed, note, actor, at, salt, authorities) values ($1, $2, $3, $4, $5, $6, $7, $8)";
}

/// A subscription as one of its entries left it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriptionRow {
    /// The entry that left it so.
    pub entry: Position,
    /// Its number: the entry of its making.
    pub subscription: i64,
    /// made, changed, rotated, ended.
    pub what: String,
    /// Whose system; none for one that is told of the whole office.
    pub organ: Option<String>,
    /// What people call it.
    pub title: String,
    /// Where to.
    pub url: String,
    /// Words of the events, separated by spaces.
    pub events: String,
    /// Why it ended.
    pub reason: String,
    /// Who did so.
    pub actor: String,
    /// When.
    pub at: Moment,
    /// Salt of the journal's digest.
    pub salt: Vec<u8>,
    /// When it was made.
    pub made_at: Moment,
}

impl SubscriptionRow {
    /// Whether nothing is sent any more.
    pub fn is_ended(&self) -> bool {
        self.what == "ended"
    }
}

/// How far a subscription has been told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeadRow {
    /// Which.
    pub subscription: i64,
    /// The journal has been read up to here.
    pub entry: Position,
    /// What days alone bring about has been told through this one.
    pub day: Option<Day>,
    /// Head of the journal when that was done.
    pub day_entry: Position,
    /// Number of the last event.
    pub sequence: i64,
    /// Day of the last nightly reconciliation.
    pub reconciled: Option<Day>,
}

/// A sealed key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRow {
    /// The entry that made it.
    pub entry: Position,
    /// Sealed under the office's key.
    pub sealed: Vec<u8>,
    /// Until when it signs; none for the present one.
    pub until: Option<Moment>,
}

/// What was said of a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostRow {
    /// At which entry.
    pub entry: Position,
    /// Name, address or range, with a port.
    pub host: String,
    /// Whether it may be sent to.
    pub allowed: bool,
    /// What for.
    pub note: String,
    /// By whom.
    pub actor: String,
    /// When.
    pub at: Moment,
    /// Salt of the journal's digest.
    pub salt: Vec<u8>,
    /// Certificates of the authorities by which alone it is known, as PEM.
    pub authorities: Option<String>,
}

fn subscription(row: &Row) -> Result<SubscriptionRow, Fault> {
    Ok(SubscriptionRow {
        entry: Position(row.get("entry")?),
        subscription: row.get("subscription_id")?,
        what: row.get("what")?,
        organ: row.get("organ")?,
        title: row.get("title")?,
        url: row.get("url")?,
        events: row.get("events")?,
        reason: row.get("reason")?,
        actor: row.get("actor")?,
        at: Moment(row.get("at")?),
        salt: row.get("salt")?,
        made_at: Moment(row.get("made_at")?),
    })
}

/// A stored day; blank is none.
pub(crate) fn day(row: &Row, column: &str) -> Result<Option<Day>, Fault> {
    let text: String = row.get(column)?;
    if text.is_empty() { Ok(None) } else { row.get(column).map(Some) }
}

/// Every subscription as it is now, ended ones too, oldest first.
pub fn every(connection: &mut Connection) -> Result<Vec<SubscriptionRow>, Fault> {
    connection.query(&EVERY, &[])?.iter().map(subscription).collect()
}

/// Whether anybody was ever to be told of anything: the cheap question before all others.
pub fn any(connection: &mut Connection) -> Result<bool, Fault> {
    Ok(connection.query_opt(&ANY, &[])?.is_some())
}

/// One subscription as it is now.
pub fn by_id(connection: &mut Connection, id: i64) -> Result<Option<SubscriptionRow>, Fault> {
    connection.query_opt(&BY_ID, params![id])?.as_ref().map(subscription).transpose()
}

/// What was written of a subscription at an entry.
pub fn at(connection: &mut Connection, entry: Position) -> Result<Option<SubscriptionRow>, Fault> {
    connection.query_opt(&AT, params![entry.0])?.as_ref().map(subscription).transpose()
}

/// Writes a row of a subscription; the first one also begins its numbering.
pub fn add(tx: &mut Tx, row: &SubscriptionRow) -> Result<(), Fault> {
    let SubscriptionRow { entry, subscription, what, organ, title, url, events, reason, actor, at, salt, .. } = row;
    let parameters = params![entry.0, *subscription, what, organ.as_ref(), title, url, events, reason, actor, at.0, salt.as_slice()];
    tx.connection.execute(&ADD, parameters)?;
    if entry.0 == *subscription {
        tx.connection.execute(&ADD_HEAD, params![*subscription])?;
    }
    Ok(())
}

/// How far a subscription has been told.
pub fn head(connection: &mut Connection, id: i64) -> Result<HeadRow, Fault> {
    let row = connection.query_one(&HEAD, params![id])?;
    Ok(HeadRow {
        subscription: row.get("subscription_id")?,
        entry: Position(row.get("entry")?),
        day: day(&row, "day")?,
        day_entry: Position(row.get("day_entry")?),
        sequence: row.get("sequence")?,
        reconciled: day(&row, "reconciled")?,
    })
}

/// Takes note of how far it has been told.
pub fn move_head(tx: &mut Tx, head: &HeadRow) -> Result<(), Fault> {
    let day = head.day.map_or_else(String::new, |day| day.to_string());
    let parameters = params![head.subscription, head.entry.0, &day, head.day_entry.0, head.sequence];
    tx.connection.execute(&MOVE_HEAD, parameters).map(drop)
}

/// Takes note of a nightly reconciliation.
pub fn reconciled(tx: &mut Tx, id: i64, day: Day) -> Result<(), Fault> {
    tx.connection.execute(&MOVE_RECONCILED, params![id, &day.to_string()]).map(drop)
}

/// The keys that may sign at `now`, newest first.
pub fn keys(connection: &mut Connection, id: i64, now: Moment) -> Result<Vec<KeyRow>, Fault> {
    let rows = connection.query(&KEYS, params![id, now.0])?;
    let key = |row: &Row| {
        let until: Option<i64> = row.get("until")?;
        Ok(KeyRow { entry: Position(row.get("entry")?), sealed: row.get("sealed")?, until: until.map(Moment) })
    };
    rows.iter().map(key).collect()
}

/// Puts a key in place of the present one, which signs on until `overlap`; what is over by now is destroyed.
pub fn put_key(tx: &mut Tx, id: i64, (entry, sealed): (Position, &[u8]), overlap: Moment) -> Result<(), Fault> {
    let now = tx.moment().0;
    tx.connection.execute(&DESTROY_KEYS, params![id, now])?;
    tx.connection.execute(&RETIRE_KEYS, params![id, overlap.0])?;
    tx.connection.execute(&ADD_KEY, params![id, entry.0, sealed]).map(drop)
}

/// Destroys every key of a subscription that ended.
pub fn destroy_keys(tx: &mut Tx, id: i64) -> Result<(), Fault> {
    let now = tx.moment().0;
    tx.connection.execute(&RETIRE_KEYS, params![id, now])?;
    tx.connection.execute(&DESTROY_KEYS, params![id, i64::MAX]).map(drop)
}

fn host(row: &Row) -> Result<HostRow, Fault> {
    Ok(HostRow {
        entry: Position(row.get("entry")?),
        host: row.get("host")?,
        allowed: row.get::<i64>("allowed")? == 1,
        note: row.get("note")?,
        actor: row.get("actor")?,
        at: Moment(row.get("at")?),
        salt: row.get("salt")?,
        authorities: row.get("authorities")?,
    })
}

/// The hosts that may be sent to.
pub fn hosts(connection: &mut Connection) -> Result<Vec<HostRow>, Fault> {
    connection.query(&HOSTS, &[])?.iter().map(host).collect()
}

/// What was said of a host at an entry.
pub fn host_at(connection: &mut Connection, entry: Position) -> Result<Option<HostRow>, Fault> {
    connection.query_opt(&HOST_AT, params![entry.0])?.as_ref().map(host).transpose()
}

/// Allows a host, or no longer.
pub fn add_host(tx: &mut Tx, row: &HostRow) -> Result<(), Fault> {
    let HostRow { entry, host, allowed, note, actor, at, salt, authorities } = row;
    let parameters = params![entry.0, host, i64::from(*allowed), note, actor, at.0, salt.as_slice(), authorities.as_ref()];
    tx.connection.execute(&ADD_HOST, parameters).map(drop)
}
