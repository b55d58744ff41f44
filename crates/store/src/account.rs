//! Accounts and sign-ins, with the history of what was done to accounts and keys.

use xinzhi_core::actor::{Actor, Role};
use xinzhi_core::journal::Position;
use xinzhi_core::{AreaCode, Digest, Moment, SubjectId};

use crate::connection::Connection;
use crate::factor::TakenAway;
use crate::sql::statements;
use crate::tx::Tx;
use crate::value::Row;
use crate::{Fault, params};

statements! {
    /// An account.
    BY_NAME = "select a.name, a.title, a.role, a.organ, a.area, a.subject_id, a.password, a.failures, a.locked_until, a.entry, a.made_by,
        a.released_at, a.ended_at, a.must_change, f.entry as factor_entry, f.reset_at, f.reset_by
        from account a left join account_factor f on f.account = a.name where a.name = $1";
    /// Every account.
    EVERY = "select a.name, a.title, a.role, a.organ, a.area, a.subject_id, a.password, a.failures, a.locked_until, a.entry, a.made_by,
        a.released_at, a.ended_at, a.must_change, f.entry as factor_entry, f.reset_at, f.reset_by
        from account a left join account_factor f on f.account = a.name order by a.name";
    /// A new account.
    ADD = "insert into account (name, title, role, organ, area, subject_id, password, failures, locked_until, entry, made_by, released_at,
        ended_at, must_change) values ($1, $2, $3, $4, $5, $6, $7, 0, 0, $8, $9, null, null, $10)";
    /// What failed or succeeded sign-ins leave behind.
    SET_FAILURES = "update account set failures = $2, locked_until = $3 where name = $1";
    /// It has its effect.
    RELEASE = "update account set released_at = $2 where name = $1 and released_at is null";
    /// It is over.
    END = "update account set ended_at = $2 where name = $1 and ended_at is null";
    /// Other rights.
    SET_RIGHTS = "update account set role = $2, organ = $3, area = $4 where name = $1";
    /// Another password.
    SET_PASSWORD = "update account set password = $2, must_change = $3, failures = 0, locked_until = 0 where name = $1";
    /// How many accounts of a role are in use.
    IN_USE = "select cast(count(*) as bigint) as n from account
        where role = $1 and released_at is not null and ended_at is null and locked_until < $2";
    /// A new sign-in.
    BEGIN_SESSION = "insert into session (token, account, started_at, seen_at, ended_at) values ($1, $2, $3, $3, null)";
    /// The account behind a token.
    SESSION = "select s.started_at, s.seen_at, s.factor, a.name, a.title, a.role, a.organ, a.area, a.subject_id, a.password, a.failures, a.locked_until,
        a.entry, a.made_by, a.released_at, a.ended_at, a.must_change, f.entry as factor_entry, f.reset_at, f.reset_by
        from session s join account a on a.name = s.account left join account_factor f on f.account = a.name
        where s.token = $1 and s.ended_at is null";
    /// It was used.
    SEEN = "update session set seen_at = $2 where token = $1";
    /// It is over.
    END_SESSION = "update session set ended_at = $2 where token = $1 and ended_at is null";
    /// All of an account's are over.
    END_SESSIONS = "update session set ended_at = $2 where account = $1 and ended_at is null";
    /// Sign-ins that are neither ended, nor idle, nor too old, for whoever watches the program.
    OPEN_SESSIONS = "select count(*) as sessions from session s join account a on a.name = s.account where s.ended_at is null
        and s.started_at >= $3 and s.seen_at >= (case when a.role in ('system', 'security', 'audit') then cast($2 as bigint) else cast($1 as bigint) end)";
    /// Every session is over.
    END_EVERY_SESSION = "update session set ended_at = $1 where ended_at is null";
    /// Locks that pass by themselves: the clock was ahead when they were set. What somebody locked stays locked.
    SHORTEN_LOCKS = "update account set locked_until = $1 where locked_until > $1 and locked_until < 9223372036854775807";
    /// All of an account's but one are over.
    END_OTHER_SESSIONS = "update session set ended_at = $3 where account = $1 and token <> $2 and ended_at is null";
    /// What was done to an account or key.
    ADD_HISTORY = "insert into account_history (entry, is_key, number, what, role, organ, area, salt) values ($1, $2, $3, $4, $5, $6, $7, $8)";
    /// The same, read.
    HISTORY = "select h.entry, h.what, h.role, h.organ, h.area, j.at, j.actor from account_history h join journal j on j.entry = h.entry
        where h.number = $1 order by h.entry desc limit $2";
    /// One of them, for doctor.
    HISTORY_AT = "select is_key, number, what, role, organ, area, salt from account_history where entry = $1";
    /// Accounts and keys whose rights are not what was last done to them, for doctor.
    RIGHTS_ASTRAY = "select u.name from (
            select name, entry, role, coalesce(organ, '') as organ, coalesce(area, '') as area from account
            union all select name, entry, role, coalesce(organ, ''), coalesce(area, '') from api_key) u
        left join account_history h on h.number = u.entry and h.entry = (select max(m.entry) from account_history m where m.number = u.entry)
        where h.entry is null or h.role <> u.role or coalesce(h.organ, '') <> u.organ or coalesce(h.area, '') <> u.area
        order by u.name limit $1";
    /// Accounts in use that nobody released, and accounts or keys in use that were ended, for doctor.
    STATES_ASTRAY = "select a.name from account a
        where (a.released_at is not null and not exists (select 1 from account_history h where h.number = a.entry
                and (h.what = 'released' or h.salt is null)))
            or (a.ended_at is null and exists (select 1 from account_history h where h.number = a.entry and h.what = 'ended'))
        union all select k.name from api_key k
            where k.ended_at is null and exists (select 1 from account_history h where h.number = k.entry and h.what = 'ended')
        order by 1 limit $1";
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
    /// The entry by which it was made: its number.
    pub entry: Position,
    /// Who made it.
    pub made_by: String,
    /// When it was given its effect.
    pub released_at: Option<Moment>,
    /// When it was ended.
    pub ended_at: Option<Moment>,
    /// Whether somebody else chose the password.
    pub must_change: bool,
    /// The entry by which its owner confirmed a second factor, where it has one.
    pub factor: Option<Position>,
    /// Where somebody else took the second factor away and its owner was not told yet.
    pub taken_away: Option<TakenAway>,
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
    /// The entry by which its second factor was given.
    pub factor: Option<Position>,
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

/// What is to be written about something done to an account or key.
#[derive(Clone, Copy, Debug)]
pub struct NewHistory<'a> {
    /// Whether it is the key of a program.
    pub is_key: bool,
    /// The entry by which it was made.
    pub number: Position,
    /// What was done.
    pub what: &'a str,
    /// Its role from then on.
    pub role: Role,
    /// Its organ from then on.
    pub organ: Option<&'a str>,
    /// Its area from then on.
    pub area: Option<&'a str>,
}

/// The same as read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryRow {
    /// Where it stands.
    pub entry: Position,
    /// When.
    pub at: Moment,
    /// By whom.
    pub by: String,
    /// What was done.
    pub what: String,
    /// Role from then on.
    pub role: Role,
    /// Organ from then on.
    pub organ: Option<String>,
    /// Area from then on.
    pub area: Option<String>,
}

/// The same with its salt, for doctor; none where it stands for what was before there was a history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SaltedHistory {
    /// Whether it is the key of a program.
    pub is_key: bool,
    /// The entry by which it was made.
    pub number: Position,
    /// What was done.
    pub what: String,
    /// Role.
    pub role: Role,
    /// Organ.
    pub organ: Option<String>,
    /// Area.
    pub area: Option<String>,
    /// Salt of the entry's payload.
    pub salt: Option<Vec<u8>>,
}

/// Reads who acts from a row of an account or key.
pub(crate) fn actor(row: &Row, subject: Option<SubjectId>, is_person: bool) -> Result<Actor, Fault> {
    let area: Option<String> = row.get("area")?;
    Ok(Actor {
        name: row.get("name")?,
        title: row.get("title")?,
        role: role(row)?,
        organ: row.get("organ")?,
        area: area.map(|a| AreaCode::parse(&a).ok_or_else(|| Fault::Inconsistent(format!("area {a}")))).transpose()?,
        subject,
        is_person,
    })
}

fn role(row: &Row) -> Result<Role, Fault> {
    let role: String = row.get("role")?;
    Role::from_word(&role).ok_or_else(|| Fault::Inconsistent(format!("role {role}")))
}

fn account(row: &Row) -> Result<AccountRow, Fault> {
    let subject: Option<SubjectId> = row.get("subject_id")?;
    let moment = |column: &str| Ok::<_, Fault>(row.get::<Option<i64>>(column)?.map(Moment));
    let taken_away = moment("reset_at")?.zip(row.get("reset_by")?).map(|(at, by)| TakenAway { at, by });
    Ok(AccountRow {
        actor: actor(row, subject, true)?,
        password: row.get("password")?,
        failures: row.get("failures")?,
        locked_until: Moment(row.get("locked_until")?),
        entry: Position(row.get("entry")?),
        made_by: row.get::<Option<String>>("made_by")?.unwrap_or_default(),
        released_at: moment("released_at")?,
        ended_at: moment("ended_at")?,
        must_change: row.get::<i64>("must_change")? != 0,
        factor: row.get::<Option<i64>>("factor_entry")?.map(Position),
        taken_away,
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

/// Writes an account made at `entry` by whoever acts, without effect until it is released.
pub fn add(tx: &mut Tx, actor: &Actor, (password, must_change): (&str, bool), entry: Position) -> Result<(), Fault> {
    let Actor { name, title, role, organ, area, subject, .. } = actor;
    let area = area.as_ref().map(AreaCode::as_str);
    let by = &tx.actor.name;
    let parameters = params![name, title, role.word(), organ.as_ref(), area, *subject, password, entry.0, by, i64::from(must_change)];
    tx.connection.execute(&ADD, parameters).map(drop)
}

/// Counts failures and locks.
pub fn set_failures(tx: &mut Tx, name: &str, failures: i64, locked_until: Moment) -> Result<(), Fault> {
    tx.connection.execute(&SET_FAILURES, params![name, failures, locked_until.0]).map(drop)
}

/// Gives an account its effect.
pub fn release(tx: &mut Tx, name: &str) -> Result<(), Fault> {
    let at = tx.moment().0;
    tx.connection.execute(&RELEASE, params![name, at]).map(drop)
}

/// Ends an account.
pub fn end(tx: &mut Tx, name: &str) -> Result<(), Fault> {
    let at = tx.moment().0;
    tx.connection.execute(&END, params![name, at]).map(drop)
}

/// Sets what an account may do and where.
pub fn set_rights(tx: &mut Tx, name: &str, (role, organ, area): (Role, Option<&str>, Option<&str>)) -> Result<(), Fault> {
    tx.connection.execute(&SET_RIGHTS, params![name, role.word(), organ, area]).map(drop)
}

/// Sets a password and takes failures and locks away.
pub fn set_password(tx: &mut Tx, name: &str, password: &str, must_change: bool) -> Result<(), Fault> {
    tx.connection.execute(&SET_PASSWORD, params![name, password, i64::from(must_change)]).map(drop)
}

/// How many accounts of a role were released, not ended, and not locked until later than a moment.
pub fn in_use(tx: &mut Tx, role: Role, locked_until: Moment) -> Result<i64, Fault> {
    tx.connection.query_one(&IN_USE, params![role.word(), locked_until.0])?.get("n")
}

/// Begins a session.
pub fn begin_session(tx: &mut Tx, token: &Digest, name: &str) -> Result<(), Fault> {
    let at = tx.moment().0;
    tx.connection.execute(&BEGIN_SESSION, params![token, name, at]).map(drop)
}

/// The session behind the digest of a token, unless it was ended.
pub fn session(connection: &mut Connection, token: &Digest) -> Result<Option<SessionRow>, Fault> {
    let Some(row) = connection.query_opt(&SESSION, params![token])? else { return Ok(None) };
    Ok(Some(SessionRow {
        account: account(&row)?,
        started_at: Moment(row.get("started_at")?),
        seen_at: Moment(row.get("seen_at")?),
        factor: row.get::<Option<i64>>("factor")?.map(Position),
    }))
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

/// Ends every session of an account but the one behind `token`.
pub fn end_other_sessions(tx: &mut Tx, name: &str, token: &Digest) -> Result<(), Fault> {
    let at = tx.moment().0;
    tx.connection.execute(&END_OTHER_SESSIONS, params![name, token, at]).map(drop)
}

/// Writes what was done to an account or key at `entry`.
pub fn add_history(tx: &mut Tx, entry: Position, new: &NewHistory<'_>, salt: &[u8]) -> Result<(), Fault> {
    let NewHistory { is_key, number, what, role, organ, area } = *new;
    let parameters = params![entry.0, i64::from(is_key), number.0, what, role.word(), organ, area, salt];
    tx.connection.execute(&ADD_HISTORY, parameters).map(drop)
}

/// The newest things that were done to an account or key.
pub fn history(connection: &mut Connection, number: Position, limit: i64) -> Result<Vec<HistoryRow>, Fault> {
    let rows = connection.query(&HISTORY, params![number.0, limit])?;
    let read = |row: &Row| {
        Ok(HistoryRow {
            entry: Position(row.get("entry")?),
            at: Moment(row.get("at")?),
            by: row.get("actor")?,
            what: row.get("what")?,
            role: role(row)?,
            organ: row.get("organ")?,
            area: row.get("area")?,
        })
    };
    rows.iter().map(read).collect()
}

/// What was done at an entry, for doctor.
pub fn history_at(connection: &mut Connection, entry: Position) -> Result<Option<SaltedHistory>, Fault> {
    let Some(row) = connection.query_opt(&HISTORY_AT, params![entry.0])? else { return Ok(None) };
    Ok(Some(SaltedHistory {
        is_key: row.get::<i64>("is_key")? != 0,
        number: Position(row.get("number")?),
        what: row.get("what")?,
        role: role(&row)?,
        organ: row.get("organ")?,
        area: row.get("area")?,
        salt: row.get("salt")?,
    }))
}

/// Accounts and keys whose rights or state are not what their history says.
pub fn astray(connection: &mut Connection, limit: i64) -> Result<Vec<String>, Fault> {
    let mut rows = connection.query(&RIGHTS_ASTRAY, params![limit])?;
    rows.extend(connection.query(&STATES_ASTRAY, params![limit])?);
    rows.iter().map(|row| row.get("name")).collect()
}
