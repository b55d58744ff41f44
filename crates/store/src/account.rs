//! Accounts, sign-ins and keys of programs.

use xinzhi_core::actor::{Actor, Role};
use xinzhi_core::{AreaCode, Digest, Moment, SubjectId};

use crate::connection::Connection;
use crate::sql::statements;
use crate::tx::Tx;
use crate::value::Row;
use crate::{Fault, params};

statements! {
    /// An account.
    BY_NAME = "select name, title, role, organ, area, subject_id, password, failures, locked_until from account where name = $1";
    /// Every account.
    EVERY = "select name, title, role, organ, area, subject_id, password, failures, locked_until from account order by name";
    /// A new account.
    ADD = "insert into account (name, title, role, organ, area, subject_id, password, failures, locked_until, entry)
        values ($1, $2, $3, $4, $5, $6, $7, 0, 0, $8)";
    /// What failed or succeeded sign-ins leave behind.
    SET_FAILURES = "update account set failures = $2, locked_until = $3 where name = $1";
    /// A new sign-in.
    BEGIN_SESSION = "insert into session (token, account, started_at, seen_at, ended_at) values ($1, $2, $3, $3, null)";
    /// The account behind a token.
    SESSION = "select s.started_at, s.seen_at, a.name, a.title, a.role, a.organ, a.area, a.subject_id, a.password, a.failures, a.locked_until
        from session s join account a on a.name = s.account where s.token = $1 and s.ended_at is null";
    /// It was used.
    SEEN = "update session set seen_at = $2 where token = $1";
    /// It is over.
    END_SESSION = "update session set ended_at = $2 where token = $1 and ended_at is null";
    /// All of an account's are over.
    END_SESSIONS = "update session set ended_at = $2 where account = $1 and ended_at is null";
    /// Sign-ins that are neither ended, nor idle, nor too old, for whoever watches the program.
    OPEN_SESSIONS = "select count(*) as sessions from session s join account a on a.name = s.account where s.ended_at is null
        and s.started_at >= $3 and s.seen_at >= (case when a.role in ('system', 'audit') then cast($2 as bigint) else cast($1 as bigint) end)";
    /// Every session is over.
    END_EVERY_SESSION = "update session set ended_at = $1 where ended_at is null";
    /// Locks that reach beyond what any lock can: the clock was ahead when they were set.
    SHORTEN_LOCKS = "update account set locked_until = $1 where locked_until > $1";
    /// A new key.
    ADD_KEY = "insert into api_key (digest, name, title, role, organ, area, entry, ended_at) values ($1, $2, $3, $4, $5, $6, $7, null)";
    /// The program behind a key.
    KEY = "select name, title, role, organ, area from api_key where digest = $1 and ended_at is null";
}

/// An account as stored.
#[derive(Clone, PartialEq, Eq)]
pub struct AccountRow {
    /// Who it is.
    pub actor: Actor,
    /// argon2id string.
    pub password: String,
    /// Failed sign-ins in a row.
    pub failures: i64,
    /// Until when it is locked.
    pub locked_until: Moment,
}

impl std::fmt::Debug for AccountRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AccountRow").field("actor", &self.actor).field("failures", &self.failures).finish_non_exhaustive()
    }
}

/// A sign-in as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRow {
    /// Whose.
    pub account: AccountRow,
    /// Since when.
    pub started_at: Moment,
    /// Last used.
    pub seen_at: Moment,
}

/// Since when a sign-in must have been used, or begun, to be open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeenSince {
    /// Used by staff and subjects.
    pub staff: Moment,
    /// Used by administrators and auditors.
    pub administrators: Moment,
    /// Begun, by whomever.
    pub begun: Moment,
}

/// How many sign-ins are open.
pub fn open_sessions(connection: &mut Connection, since: &SeenSince) -> Result<i64, Fault> {
    connection.query_one(&OPEN_SESSIONS, params![since.staff.0, since.administrators.0, since.begun.0])?.get("sessions")
}

fn actor(row: &Row, subject: Option<SubjectId>, is_person: bool) -> Result<Actor, Fault> {
    let role: String = row.get("role")?;
    let area: Option<String> = row.get("area")?;
    Ok(Actor {
        name: row.get("name")?,
        title: row.get("title")?,
        role: Role::from_word(&role).ok_or_else(|| Fault::Inconsistent(format!("role {role}")))?,
        organ: row.get("organ")?,
        area: area.map(|a| AreaCode::parse(&a).ok_or_else(|| Fault::Inconsistent(format!("area {a}")))).transpose()?,
        subject,
        is_person,
    })
}

fn account(row: &Row) -> Result<AccountRow, Fault> {
    let subject: Option<SubjectId> = row.get("subject_id")?;
    Ok(AccountRow {
        actor: actor(row, subject, true)?,
        password: row.get("password")?,
        failures: row.get("failures")?,
        locked_until: Moment(row.get("locked_until")?),
    })
}

/// An account by its name.
pub fn by_name(connection: &mut Connection, name: &str) -> Result<Option<AccountRow>, Fault> {
    connection.query_opt(&BY_NAME, params![name])?.as_ref().map(account).transpose()
}

/// Every account.
pub fn every(connection: &mut Connection) -> Result<Vec<AccountRow>, Fault> {
    connection.query(&EVERY, &[])?.iter().map(account).collect()
}

/// Writes an account.
pub fn add(tx: &mut Tx, actor: &Actor, password: &str, entry: i64) -> Result<(), Fault> {
    let Actor { name, title, role, organ, area, subject, .. } = actor;
    let area = area.as_ref().map(AreaCode::as_str);
    let parameters = params![name, title, role.word(), organ.as_ref(), area, *subject, password, entry];
    tx.connection.execute(&ADD, parameters).map(drop)
}

/// Counts failures and locks.
pub fn set_failures(tx: &mut Tx, name: &str, failures: i64, locked_until: Moment) -> Result<(), Fault> {
    tx.connection.execute(&SET_FAILURES, params![name, failures, locked_until.0]).map(drop)
}

/// Begins a session.
pub fn begin_session(tx: &mut Tx, token: &Digest, name: &str) -> Result<(), Fault> {
    let at = tx.moment().0;
    tx.connection.execute(&BEGIN_SESSION, params![token, name, at]).map(drop)
}

/// The session behind the digest of a token, unless it was ended.
pub fn session(connection: &mut Connection, token: &Digest) -> Result<Option<SessionRow>, Fault> {
    let Some(row) = connection.query_opt(&SESSION, params![token])? else { return Ok(None) };
    let session = SessionRow { account: account(&row)?, started_at: Moment(row.get("started_at")?), seen_at: Moment(row.get("seen_at")?) };
    Ok(Some(session))
}

/// Notes that a session was used.
pub fn seen(tx: &mut Tx, token: &Digest) -> Result<(), Fault> {
    let at = tx.moment().0;
    tx.connection.execute(&SEEN, params![token, at]).map(drop)
}

/// Ends a session.
pub fn end_session(tx: &mut Tx, token: &Digest) -> Result<(), Fault> {
    let at = tx.moment().0;
    tx.connection.execute(&END_SESSION, params![token, at]).map(drop)
}

/// Ends every session of an account; returns how many.
pub fn end_sessions(tx: &mut Tx, name: &str) -> Result<u64, Fault> {
    let at = tx.moment().0;
    tx.connection.execute(&END_SESSIONS, params![name, at])
}

/// After the clock was put right: moments that lie ahead would keep sessions open and accounts locked, so both end now.
pub fn forget_the_future(tx: &mut Tx) -> Result<(), Fault> {
    let at = tx.moment().0;
    tx.connection.execute(&END_EVERY_SESSION, params![at])?;
    tx.connection.execute(&SHORTEN_LOCKS, params![at]).map(drop)
}

/// Writes the key of a program.
pub fn add_key(tx: &mut Tx, digest: &Digest, actor: &Actor, entry: i64) -> Result<(), Fault> {
    let Actor { name, title, role, organ, area, .. } = actor;
    let area = area.as_ref().map(AreaCode::as_str);
    tx.connection.execute(&ADD_KEY, params![digest, name, title, role.word(), organ.as_ref(), area, entry]).map(drop)
}

/// The program behind the digest of a key.
pub fn by_key(connection: &mut Connection, digest: &Digest) -> Result<Option<Actor>, Fault> {
    connection.query_opt(&KEY, params![digest])?.map(|row| actor(&row, None, false)).transpose()
}
