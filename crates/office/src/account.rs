//! Accounts: argon2id passwords, lock-out, idle time-out, forced sign-out; keys for programs.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use argon2::{Algorithm, Argon2, Params, Version};
use xinzhi_core::actor::{Actor, Role};
use xinzhi_core::journal::{Act, Draft};
use xinzhi_core::{Code, Digest, Moment, Refusal, text};
use xinzhi_store::Tx;
use xinzhi_store::account::AccountRow;

use crate::permission::{Action, Scope};
use crate::{Error, Office};

/// Failures in a row that lock an account (A11).
const FAILURES_MAX: i64 = 5;
/// How long it stays locked unless somebody unlocks it.
const LOCK_MS: i64 = 30 * 60 * 1000;
/// Idle time after which a session is over: staff and subjects.
pub(crate) const IDLE_MS: i64 = 30 * 60 * 1000;
/// The same for administrators and auditors (A11).
pub(crate) const IDLE_ADMIN_MS: i64 = 15 * 60 * 1000;
/// A session is over after this, used or not.
pub(crate) const SESSION_MS: i64 = 12 * 60 * 60 * 1000;
/// A session's last use is written no more often than this.
const SEEN_EVERY_MS: i64 = 60 * 1000;
/// Longest password; argon2 is run on no more.
const PASSWORD_BYTES_MAX: usize = 200;
/// Keys remembered; beyond it the memory starts anew.
const PROGRAMS_MAX: usize = 1_000;
/// Shortest password.
const PASSWORD_CHARS_MIN: usize = 10;
/// argon2id: 19 MiB, two passes, one lane (OWASP's second choice), so that two sign-ins at once stay small.
const ARGON_KIB: u32 = 19 * 1024;

fn argon() -> Result<Argon2<'static>, Error> {
    let params = Params::new(ARGON_KIB, 2, 1, None).map_err(|e| Error::inconsistent(e.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash(password: &str, salt: &[u8; 16]) -> Result<String, Error> {
    let hash = argon()?.hash_password_with_salt(password.as_bytes(), salt).map_err(|e| Error::inconsistent(e.to_string()))?;
    Ok(hash.to_string())
}

fn verify(password: &str, stored: &str) -> bool {
    let (Ok(argon), Ok(stored)) = (argon(), PasswordHash::new(stored)) else { return false };
    argon.verify_password(password.as_bytes(), &stored).is_ok()
}

/// A token for a cookie, with the digest under which the session is stored.
fn token(office: &Office) -> (String, Digest) {
    let mut bytes = [0; 32];
    office.entropy().fill(&mut bytes);
    let text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let digest = token_digest(&text);
    (text, digest)
}

fn token_digest(text: &str) -> Digest {
    xinzhi_proof::salted(b"token", &[text.as_bytes()])
}

/// Makes an account. The first ones are made by whoever sits at the machine.
///
/// # Errors
/// [`Code::NotPermitted`], or [`Code::FieldInvalid`] for a name, password or role that cannot be.
pub async fn create(office: &Arc<Office>, by: &Actor, account: Actor, password: &str) -> Result<(), Error> {
    if by.name != "cli" {
        Scope::of(Action::ManageAccounts, by)?;
    }
    let invalid = |field: &str, words: &str| Error::from(Refusal::field(Code::FieldInvalid, field, words));
    let plain_name = account.name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.' | b'_'));
    if account.name.is_empty() || account.name.len() > 40 || !plain_name || account.name == "cli" {
        return Err(invalid("name", "用户名应为 1 至 40 位小写字母、数字、点、横线或下划线"));
    }
    text::clean(&account.title).map_err(|fault| invalid("title", &format!("姓名{fault}")))?;
    if password.chars().count() < PASSWORD_CHARS_MIN || password.len() > PASSWORD_BYTES_MAX {
        return Err(invalid("password", &format!("密码应为 {PASSWORD_CHARS_MIN} 至 {PASSWORD_BYTES_MAX} 位")));
    }
    match account.role {
        Role::Department if account.organ.is_none() => return Err(invalid("organ", "部门账号须指明单位")),
        Role::Township | Role::Counter if account.area.is_none() => return Err(invalid("area", "乡镇和窗口账号须指明辖区")),
        Role::Subject if account.subject.is_none() => return Err(invalid("subject", "主体账号须指明主体")),
        _ => {}
    }
    let mut salt = [0; 16];
    office.entropy().fill(&mut salt);
    let hashed = hash(password, &salt)?;
    office
        .write(by, move |tx| {
            if xinzhi_store::account::by_name(tx.connection(), &account.name)?.is_some() {
                return Err(Refusal::field(Code::FieldInvalid, "name", format!("用户名 `{}` 已被使用", account.name)).into());
            }
            let entry = append(tx, Act::AccountCreated, &account.name, account.role.word())?;
            Ok(xinzhi_store::account::add(tx, &account, &hashed, entry)?)
        })
        .await
}

fn append(tx: &mut Tx, act: Act, account: &str, what: &str) -> Result<i64, Error> {
    let refs = serde_json::json!({ "account": account, "what": what }).to_string();
    let payload = xinzhi_proof::salted(&tx.random::<16>(), &[refs.as_bytes()]);
    Ok(tx.append(&Draft { act, subject: None, refs, payload })?.0)
}

/// Signs in and returns the token for the cookie.
///
/// # Errors
/// [`Code::SignInWrong`], the same for an unknown name; [`Code::AccountLocked`] after five failures.
pub async fn sign_in(office: &Arc<Office>, name: &str, password: &str) -> Result<String, Error> {
    let (name, password) = (name.to_owned(), password.to_owned());
    let wanted = name.clone();
    let row = office.read(move |connection| Ok(xinzhi_store::account::by_name(connection, &wanted)?)).await?;
    let now = office.now();
    if row.as_ref().is_some_and(|row| row.locked_until > now) {
        return Err(Code::AccountLocked.into());
    }
    let stored = row.as_ref().map(|row| row.password.clone());
    let fits = password.len() <= PASSWORD_BYTES_MAX && {
        let _turn = AT_THE_DOOR.acquire().await.map_err(|_| Error::inconsistent("the door is closed"))?;
        let task = tokio::task::spawn_blocking(move || verify_or_pretend(&password, stored.as_deref()));
        task.await.map_err(|_| Error::inconsistent("a sign-in ended without an answer"))?
    };
    let Some(row) = row else { return Err(Code::SignInWrong.into()) };
    if !fits {
        return Err(failed(office, &row).await?.into());
    }
    let (token, digest) = token(office);
    let by = row.actor.clone();
    office
        .write(&by, move |tx| {
            append(tx, Act::SignedIn, &row.actor.name, "session")?;
            xinzhi_store::account::set_failures(tx, &row.actor.name, 0, Moment(0))?;
            Ok(xinzhi_store::account::begin_session(tx, &digest, &row.actor.name)?)
        })
        .await?;
    Ok(token)
}

/// Sign-ins examined at once: each takes 19 MB while it lasts.
static AT_THE_DOOR: tokio::sync::Semaphore = tokio::sync::Semaphore::const_new(4);

/// An unknown name costs as much time as a wrong password.
fn verify_or_pretend(password: &str, stored: Option<&str>) -> bool {
    static NOBODY: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    let nobody = || NOBODY.get_or_init(|| hash("nobody", &[0; 16]).unwrap_or_default());
    let fits = verify(password, stored.unwrap_or_else(|| nobody()));
    fits && stored.is_some()
}

async fn failed(office: &Arc<Office>, row: &AccountRow) -> Result<Code, Error> {
    let name = row.actor.name.clone();
    office
        .write(&row.actor, move |tx| {
            // Read again inside the act: failures that arrive together each count.
            let failures = xinzhi_store::account::by_name(tx.connection(), &name)?.map_or(0, |row| row.failures) + 1;
            append(tx, Act::SignInFailed, &name, "password")?;
            let locks = failures >= FAILURES_MAX;
            let until = if locks { tx.moment().plus_ms(LOCK_MS) } else { Moment(0) };
            xinzhi_store::account::set_failures(tx, &name, if locks { 0 } else { failures }, until)?;
            Ok(if locks { Code::AccountLocked } else { Code::SignInWrong })
        })
        .await
}

/// Who is behind a session token. Rights are read anew each time, so a change acts at once (A11).
///
/// # Errors
/// [`Code::SignInRequired`] for a token that is unknown, ended, idle too long or too old.
pub async fn session(office: &Arc<Office>, token: &str) -> Result<Actor, Error> {
    let digest = token_digest(token);
    let row = office.read(move |connection| Ok(xinzhi_store::account::session(connection, &digest)?)).await?;
    let row = row.ok_or(Code::SignInRequired)?;
    let now = office.now();
    let idle_max = if matches!(row.account.actor.role, Role::System | Role::Audit) { IDLE_ADMIN_MS } else { IDLE_MS };
    let over = now > row.seen_at.plus_ms(idle_max) || now > row.started_at.plus_ms(SESSION_MS) || row.account.locked_until > now;
    if over {
        return Err(Code::SignInRequired.into());
    }
    if now > row.seen_at.plus_ms(SEEN_EVERY_MS) {
        office.write(&row.account.actor, move |tx| Ok(xinzhi_store::account::seen(tx, &digest)?)).await?;
    }
    Ok(row.account.actor)
}

/// Ends a session.
pub async fn sign_out(office: &Arc<Office>, actor: &Actor, token: &str) -> Result<(), Error> {
    let digest = token_digest(token);
    office.write(actor, move |tx| Ok(xinzhi_store::account::end_session(tx, &digest)?)).await
}

/// What an administrator may do to an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Locks it until unlocked, and ends its sessions.
    Lock,
    /// Unlocks it.
    Unlock,
    /// Ends its sessions.
    SignOut,
}

/// Changes an account.
///
/// # Errors
/// [`Code::NotPermitted`], [`Code::NotFound`].
pub async fn change(office: &Arc<Office>, by: &Actor, name: &str, change: Change) -> Result<(), Error> {
    Scope::of(Action::ManageAccounts, by)?;
    let name = name.to_owned();
    office
        .write(by, move |tx| {
            xinzhi_store::account::by_name(tx.connection(), &name)?.ok_or(Code::NotFound)?;
            let what = match change {
                Change::Lock => "lock",
                Change::Unlock => "unlock",
                Change::SignOut => "sign_out",
            };
            append(tx, Act::AccountChanged, &name, what)?;
            match change {
                Change::Lock => xinzhi_store::account::set_failures(tx, &name, 0, Moment(i64::MAX))?,
                Change::Unlock => xinzhi_store::account::set_failures(tx, &name, 0, Moment(0))?,
                Change::SignOut => {}
            }
            if change != Change::Unlock {
                xinzhi_store::account::end_sessions(tx, &name)?;
            }
            Ok(())
        })
        .await
}

/// Every account, without what guards it.
pub async fn every(office: &Arc<Office>, by: &Actor) -> Result<Vec<(Actor, bool)>, Error> {
    Scope::of(Action::ManageAccounts, by)?;
    let now = office.now();
    let rows = office.read(|connection| Ok(xinzhi_store::account::every(connection)?)).await?;
    Ok(rows.into_iter().map(|row| (row.actor, row.locked_until > now)).collect())
}

/// Makes the key of a program and returns it; only its digest is kept.
///
/// # Errors
/// [`Code::NotPermitted`]; [`Code::FieldInvalid`] for a role that programs may not have.
pub async fn create_key(office: &Arc<Office>, by: &Actor, program: Actor) -> Result<String, Error> {
    if by.name != "cli" {
        Scope::of(Action::ManageAccounts, by)?;
    }
    if !matches!(program.role, Role::Centre | Role::Department | Role::Township | Role::Counter) {
        return Err(Refusal::field(Code::FieldInvalid, "role", "接口密钥只能用于业务岗位").into());
    }
    let (text, _) = token(office);
    let key = format!("xz_{text}");
    let digest = token_digest(&key);
    office
        .write(by, move |tx| {
            let entry = append(tx, Act::KeyCreated, &program.name, program.role.word())?;
            Ok(xinzhi_store::account::add_key(tx, &digest, &program, entry)?)
        })
        .await?;
    Ok(key)
}

/// The program behind a key. Programs ask thousands of times a second with the same key, so what is found is remembered: nothing
/// ends a key today, and whatever will must make this forget it.
///
/// # Errors
/// [`Code::SignInRequired`] for an unknown key.
pub async fn by_key(office: &Arc<Office>, key: &str) -> Result<Actor, Error> {
    let digest = token_digest(key);
    if let Some(known) = office.programs.find(&digest) {
        return Ok(known);
    }
    let program = office.read(move |connection| Ok(xinzhi_store::account::by_key(connection, &digest)?)).await?;
    let program = program.ok_or(Code::SignInRequired)?;
    office.programs.remember(digest, program.clone());
    Ok(program)
}

/// Keys found lately, by digest.
#[derive(Debug, Default)]
pub struct Programs(Mutex<HashMap<Digest, Actor>>);

impl Programs {
    fn map(&self) -> MutexGuard<'_, HashMap<Digest, Actor>> {
        // Nothing panics while it is held: it is only read, written whole, or cleared.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, digest: &Digest) -> Option<Actor> {
        self.map().get(digest).cloned()
    }

    fn remember(&self, digest: Digest, program: Actor) {
        let mut map = self.map();
        if map.len() >= PROGRAMS_MAX {
            map.clear();
        }
        map.insert(digest, program);
    }
}
