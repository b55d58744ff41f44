//! Second factors of accounts: what a device shares with the office, the codes that open once without it, and the sign-ins let in.

use xinzhi_core::journal::Position;
use xinzhi_core::{Digest, Moment};

use crate::connection::Connection;
use crate::sql::statements;
use crate::tx::Tx;
use crate::{Fault, params};

statements! {
    /// The factor of an account.
    FIND = "select entry, sealed, last_step from account_factor where account = $1 and entry is not null";
    /// A new one, in place of the old.
    SET = "insert into account_factor (account, entry, sealed, last_step, reset_at, reset_by) values ($1, $2, $3, $4, null, null)
        on conflict (account) do update set entry = excluded.entry, sealed = excluded.sealed, last_step = excluded.last_step,
            reset_at = null, reset_by = null";
    /// None any more.
    TAKE_AWAY = "update account_factor set entry = null, sealed = null, reset_at = $2, reset_by = $3 where account = $1";
    /// Its owner knows that it was taken away.
    TOLD = "update account_factor set reset_at = null, reset_by = null where account = $1";
    /// A code was accepted.
    ACCEPTED = "update account_factor set last_step = $2 where account = $1";
    /// Recovery codes of before open nothing any more.
    FORGET_RECOVERY = "delete from account_recovery where account = $1";
    /// A recovery code.
    ADD_RECOVERY = "insert into account_recovery (account, digest, used) values ($1, $2, null)";
    /// It opens once.
    USE_RECOVERY = "update account_recovery set used = $3 where account = $1 and digest = $2 and used is null";
    /// Recovery codes that were not used.
    RECOVERY_LEFT = "select cast(count(*) as bigint) as n from account_recovery where account = $1 and used is null";
    /// A sign-in is let in.
    LET_IN = "update session set factor = $2 where token = $1 and ended_at is null";
    /// Accounts whose factor is not what was last done to it, for doctor.
    FACTORS_ASTRAY = "select a.name from account a
        left join account_factor f on f.account = a.name
        left join account_history h on h.number = a.entry and h.entry = (select max(m.entry) from account_history m
            where m.number = a.entry and m.what in ('factor', 'factor_off', 'factor_reset'))
        where coalesce(f.entry, 0) <> coalesce(case when h.what = 'factor' then h.entry end, 0)
        order by a.name limit $1";
    /// Sign-ins of administrators used without a second factor, and sign-ins said to have one that was never given, for doctor.
    SESSIONS_ASTRAY = "select s.account, cast(count(*) as bigint) as n from session s join account a on a.name = s.account
        where s.ended_at is null and (
            (s.factor is null and s.seen_at > s.started_at and a.role in ('system', 'security', 'audit'))
            or (s.factor is not null and not exists (select 1 from journal j where j.entry = s.factor and j.actor = s.account
                and j.act in ('factor_passed', 'factor_changed'))))
        group by s.account order by s.account limit $1";
    /// How many accounts have one.
    COUNT = "select cast(count(*) as bigint) as n from account_factor where entry is not null";
}

/// A second factor as stored.
#[derive(Clone, PartialEq, Eq)]
pub struct FactorRow {
    /// The entry by which its owner confirmed it.
    pub entry: Position,
    /// What the owner's device shares, sealed under the office's key.
    pub sealed: Vec<u8>,
    /// Newest step whose code was accepted.
    pub last_step: i64,
}

impl std::fmt::Debug for FactorRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FactorRow").field("entry", &self.entry).finish_non_exhaustive()
    }
}

/// The factor of an account, where it has one.
pub fn find(connection: &mut Connection, account: &str) -> Result<Option<FactorRow>, Fault> {
    let Some(row) = connection.query_opt(&FIND, params![account])? else { return Ok(None) };
    Ok(Some(FactorRow { entry: Position(row.get("entry")?), sealed: row.get("sealed")?, last_step: row.get("last_step")? }))
}

/// Gives an account a factor, in place of the one it had.
pub fn set(tx: &mut Tx, account: &str, factor: &FactorRow) -> Result<(), Fault> {
    tx.connection.execute(&SET, params![account, factor.entry.0, factor.sealed.as_slice(), factor.last_step]).map(drop)
}

/// Takes the factor of an account away with its recovery codes. Where somebody else does it, its owner is to be told of `by`.
pub fn take_away(tx: &mut Tx, account: &str, by: Option<&str>) -> Result<(), Fault> {
    let at = by.map(|_| tx.moment().0);
    tx.connection.execute(&TAKE_AWAY, params![account, at, by])?;
    set_recovery(tx, account, &[])
}

/// The owner of an account knows that its factor was taken away.
pub fn told(tx: &mut Tx, account: &str) -> Result<(), Fault> {
    tx.connection.execute(&TOLD, params![account]).map(drop)
}

/// Notes the step whose code was accepted.
pub fn accepted(tx: &mut Tx, account: &str, step: i64) -> Result<(), Fault> {
    tx.connection.execute(&ACCEPTED, params![account, step]).map(drop)
}

/// Gives an account these recovery codes, by digest, and no others.
pub fn set_recovery(tx: &mut Tx, account: &str, digests: &[Digest]) -> Result<(), Fault> {
    tx.connection.execute(&FORGET_RECOVERY, params![account])?;
    for digest in digests {
        tx.connection.execute(&ADD_RECOVERY, params![account, digest])?;
    }
    Ok(())
}

/// Uses a recovery code at `entry`; tells whether there was one that was not used.
pub fn use_recovery(tx: &mut Tx, account: &str, digest: &Digest, entry: Position) -> Result<bool, Fault> {
    Ok(tx.connection.execute(&USE_RECOVERY, params![account, digest, entry.0])? > 0)
}

/// How many recovery codes of an account were not used.
pub fn recovery_left(connection: &mut Connection, account: &str) -> Result<i64, Fault> {
    connection.query_one(&RECOVERY_LEFT, params![account])?.get("n")
}

/// Lets a sign-in in: its second factor was given at `entry`.
pub fn let_in(tx: &mut Tx, token: &Digest, entry: Position) -> Result<(), Fault> {
    tx.connection.execute(&LET_IN, params![token, entry.0]).map(drop)
}

/// Accounts whose factor is not what its history says.
pub fn astray(connection: &mut Connection, limit: i64) -> Result<Vec<String>, Fault> {
    connection.query(&FACTORS_ASTRAY, params![limit])?.iter().map(|row| row.get("name")).collect()
}

/// Accounts with sign-ins that had to give a second factor and did not, with how many.
pub fn sessions_astray(connection: &mut Connection, limit: i64) -> Result<Vec<(String, i64)>, Fault> {
    connection.query(&SESSIONS_ASTRAY, params![limit])?.iter().map(|row| Ok((row.get("account")?, row.get("n")?))).collect()
}

/// How many accounts have a second factor.
pub fn count(connection: &mut Connection) -> Result<i64, Fault> {
    connection.query_one(&COUNT, &[])?.get("n")
}

/// That the factor of an account was taken away, and its owner was not told yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenAway {
    /// When.
    pub at: Moment,
    /// By whom.
    pub by: String,
}
