//! Sign-ins: lock-out, idle time-out, and rights that are read anew with every request.

use std::sync::Arc;

use xinzhi_core::actor::Actor;
use xinzhi_core::journal::Act;
use xinzhi_core::{Code, Digest, Moment};
use xinzhi_store::Tx;
use xinzhi_store::account::{AccountRow, SessionRow};
use xinzhi_store::factor::TakenAway;

use super::factor::{Gate, gate};
use super::{append, password};
use crate::{Error, Office};

/// Failures in a row that lock an account (A11).
const FAILURES_MAX: i64 = 5;
/// How long it stays locked unless somebody unlocks it.
const LOCK_MS: i64 = 30 * 60 * 1000;
/// Idle time after which a session is over: staff and subjects.
pub(crate) const IDLE_MS: i64 = 30 * 60 * 1000;
/// The same for the three administrators (A11).
pub(crate) const IDLE_ADMIN_MS: i64 = 15 * 60 * 1000;
/// A session is over after this, used or not.
pub(crate) const SESSION_MS: i64 = 12 * 60 * 60 * 1000;
/// A session's last use is written no more often than this.
const SEEN_EVERY_MS: i64 = 60 * 1000;

/// Sign-ins examined at once: each takes 19 MB while it lasts.
pub(super) static AT_THE_DOOR: tokio::sync::Semaphore = tokio::sync::Semaphore::const_new(4);

/// A token for a cookie or a key, with the digest under which it is stored.
pub(super) fn token(office: &Office) -> (String, Digest) {
    let mut bytes = [0; 32];
    office.entropy().fill(&mut bytes);
    let text = xinzhi_core::text::hex(&bytes);
    let digest = token_digest(&text);
    (text, digest)
}

pub(super) fn token_digest(text: &str) -> Digest {
    xinzhi_proof::salted(b"token", &[text.as_bytes()])
}

/// Who is signed in.
#[derive(Clone, Debug)]
pub struct Session {
    /// The account with its rights of this moment.
    pub actor: Actor,
    /// Somebody else chose the password: nothing else may be done before it is changed.
    pub must_change: bool,
    /// Whether it may do what its account may.
    pub gate: Gate,
    /// Whether the account has a second factor.
    pub has_factor: bool,
    /// Where somebody else took the second factor away and its owner was not told yet.
    pub taken_away: Option<TakenAway>,
}

/// Signs in with a password and returns the token for the cookie. Where the account has a second factor or needs one, nothing is open to
/// the token before that is given or set up: [`Session::gate`] tells.
///
/// # Errors
/// [`Code::SignInWrong`], the same for an unknown name and for an ended account; [`Code::AccountLocked`] after five failures;
/// [`Code::AccountNotReleased`] for the right password of an account that waits.
pub async fn sign_in(office: &Arc<Office>, name: &str, password: &str) -> Result<String, Error> {
    let wanted = name.to_owned();
    let row = office.read(move |connection| Ok(xinzhi_store::account::by_name(connection, &wanted)?)).await?;
    let row = row.filter(|row| row.ended_at.is_none());
    let now = office.now();
    if row.as_ref().is_some_and(|row| row.locked_until > now) {
        return Err(Code::AccountLocked.into());
    }
    let fits = password::fits(password, row.as_ref()).await?;
    let Some(row) = row else { return Err(Code::SignInWrong.into()) };
    if !fits {
        return Err(failed(office, &row).await?.into());
    }
    let (token, digest) = token(office);
    let by = row.actor.clone();
    let let_in = office
        .write(&by, move |tx| {
            // Read again inside the act: it may have been ended, locked or given another password while the password was examined.
            let now = xinzhi_store::account::by_name(tx.connection(), &row.actor.name)?.filter(|now| now.ended_at.is_none());
            let Some(now) = now.filter(|now| now.password == row.password) else { return Err(Code::SignInWrong.into()) };
            if now.locked_until > tx.moment() {
                return Err(Code::AccountLocked.into());
            }
            if now.released_at.is_none() {
                append(tx, Act::SignInFailed, &row.actor.name, "not_released")?;
                return Ok(false);
            }
            let is_half = now.factor.is_some() || now.actor.role.is_administrator();
            append(tx, Act::SignedIn, &row.actor.name, if is_half { "password" } else { "session" })?;
            // Failures at the second step count on: whoever knows the password does not get five codes each time it is given.
            if now.factor.is_none() {
                xinzhi_store::account::set_failures(tx, &row.actor.name, 0, Moment(0))?;
            }
            xinzhi_store::account::begin_session(tx, &digest, &row.actor.name)?;
            Ok(true)
        })
        .await?;
    if let_in { Ok(token) } else { Err(Code::AccountNotReleased.into()) }
}

/// Counts a wrong password; tells what is to be said about it.
pub(super) async fn failed(office: &Arc<Office>, row: &AccountRow) -> Result<Code, Error> {
    let name = row.actor.name.clone();
    office.write(&row.actor, move |tx| count_failure(tx, &name, "password")).await
}

/// Counts a failure, of whichever factor; tells what is to be said about it.
pub(super) fn count_failure(tx: &mut Tx, name: &str, what: &str) -> Result<Code, Error> {
    // Read inside the act: failures that arrive together each count.
    let now = xinzhi_store::account::by_name(tx.connection(), name)?;
    if now.as_ref().is_some_and(|now| now.locked_until > tx.moment()) {
        return Ok(Code::AccountLocked);
    }
    let failures = now.map_or(0, |row| row.failures) + 1;
    append(tx, Act::SignInFailed, name, what)?;
    let locks = failures >= FAILURES_MAX;
    let until = if locks { tx.moment().plus_ms(LOCK_MS) } else { Moment(0) };
    xinzhi_store::account::set_failures(tx, name, if locks { 0 } else { failures }, until)?;
    Ok(if locks { Code::AccountLocked } else { Code::SignInWrong })
}

/// Who is behind a session token. Rights are read anew each time, so a change acts at once (A11).
///
/// # Errors
/// [`Code::SignInRequired`] for a token that is unknown, ended, idle too long or too old, or whose account is locked or ended.
pub async fn session(office: &Arc<Office>, token: &str) -> Result<Session, Error> {
    let row = standing(office, token).await?;
    let (gate, now) = (gate(&row), office.now());
    // One that is not let in ends that long after it began, whatever is tried.
    if gate == Gate::Open && now > row.seen_at.plus_ms(SEEN_EVERY_MS) {
        let digest = token_digest(token);
        office.write(&row.account.actor, move |tx| Ok(xinzhi_store::account::seen(tx, &digest)?)).await?;
    }
    let AccountRow { actor, must_change, factor, taken_away, .. } = row.account;
    Ok(Session { actor, must_change, gate, has_factor: factor.is_some(), taken_away })
}

/// The session behind a token, however far it has come.
pub(super) async fn standing(office: &Arc<Office>, token: &str) -> Result<SessionRow, Error> {
    let digest = token_digest(token);
    let row = office.read(move |connection| Ok(xinzhi_store::account::session(connection, &digest)?)).await?;
    let row = row.ok_or(Code::SignInRequired)?;
    let account = &row.account;
    let now = office.now();
    let idle_max = if account.actor.role.is_administrator() { IDLE_ADMIN_MS } else { IDLE_MS };
    let idle = now > row.seen_at.plus_ms(idle_max) || now > row.started_at.plus_ms(SESSION_MS);
    if idle || account.locked_until > now || account.released_at.is_none() || account.ended_at.is_some() {
        return Err(Code::SignInRequired.into());
    }
    Ok(row)
}

/// Ends a session.
pub async fn sign_out(office: &Arc<Office>, actor: &Actor, token: &str) -> Result<(), Error> {
    let digest = token_digest(token);
    office.write(actor, move |tx| Ok(xinzhi_store::account::end_session(tx, &digest)?)).await
}
