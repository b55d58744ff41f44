//! Passwords: argon2id, one set of rules, and first passwords that nobody keeps.

use std::sync::Arc;

use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use argon2::{Algorithm, Argon2, Params, Version};
use xinzhi_core::actor::Actor;
use xinzhi_core::journal::Act;
use xinzhi_core::{Code, Refusal};
use xinzhi_store::account::AccountRow;

use super::grant::{not_own, stands};
use super::session::{AT_THE_DOOR, token_digest};
use super::wanted::invalid;
use super::{allow, is_operator, note};
use crate::permission::Action;
use crate::{Error, Office};

/// Longest password; argon2 is run on no more.
pub(super) const PASSWORD_BYTES_MAX: usize = 200;
/// Shortest password.
const PASSWORD_CHARS_MIN: usize = 12;
/// Fewer different characters than this are no password.
const PASSWORD_KINDS_MIN: usize = 5;
/// argon2id: 19 MiB, two passes, one lane (OWASP's second choice), so that two sign-ins at once stay small.
const ARGON_KIB: u32 = 19 * 1024;
/// Letters of first passwords: none that is taken for another when read from paper.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

fn argon() -> Result<Argon2<'static>, Error> {
    let params = Params::new(ARGON_KIB, 2, 1, None).map_err(|e| Error::inconsistent(e.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash(password: &str, salt: &[u8; 16]) -> Result<String, Error> {
    let hash = argon()?.hash_password_with_salt(password.as_bytes(), salt).map_err(|e| Error::inconsistent(e.to_string()))?;
    Ok(hash.to_string())
}

/// A password as it is stored.
pub(super) fn hashed(office: &Office, password: &str) -> Result<String, Error> {
    let mut salt = [0; 16];
    office.entropy().fill(&mut salt);
    hash(password, &salt)
}

fn verify(password: &str, stored: &str) -> bool {
    let (Ok(argon), Ok(stored)) = (argon(), PasswordHash::new(stored)) else { return false };
    argon.verify_password(password.as_bytes(), &stored).is_ok()
}

/// An unknown name costs as much time as a wrong password.
fn verify_or_pretend(password: &str, stored: Option<&str>) -> bool {
    static NOBODY: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    let nobody = || NOBODY.get_or_init(|| hash("nobody", &[0; 16]).unwrap_or_default());
    let fits = verify(password, stored.unwrap_or_else(|| nobody()));
    fits && stored.is_some()
}

/// Whether a password is the one of an account, off the async threads and only a few at once.
pub(super) async fn fits(password: &str, row: Option<&AccountRow>) -> Result<bool, Error> {
    if password.len() > PASSWORD_BYTES_MAX {
        return Ok(false);
    }
    let (password, stored) = (password.to_owned(), row.map(|row| row.password.clone()));
    let _turn = AT_THE_DOOR.acquire().await.map_err(|_| Error::inconsistent("the door is closed"))?;
    let task = tokio::task::spawn_blocking(move || verify_or_pretend(&password, stored.as_deref()));
    task.await.map_err(|_| Error::inconsistent("a sign-in ended without an answer"))
}

/// What a new password must be.
///
/// # Errors
/// [`Code::FieldInvalid`] that says what is wrong.
pub(super) fn judge(name: &str, password: &str) -> Result<(), Refusal> {
    let chars = password.chars().count();
    if chars < PASSWORD_CHARS_MIN || password.len() > PASSWORD_BYTES_MAX {
        return Err(invalid("password", format!("密码应为 {PASSWORD_CHARS_MIN} 至 {PASSWORD_BYTES_MAX} 位")));
    }
    if password.to_lowercase().contains(name) && chars < name.chars().count() + PASSWORD_CHARS_MIN {
        return Err(invalid("password", "密码不能由用户名凑成，请换一个"));
    }
    let kinds: std::collections::BTreeSet<char> = password.chars().collect();
    if kinds.len() < PASSWORD_KINDS_MIN {
        return Err(invalid("password", format!("密码中不同的字符少于 {PASSWORD_KINDS_MIN} 个，请换一个")));
    }
    Ok(())
}

/// A first password: eighty random bits in four groups.
pub(super) fn fresh(office: &Office) -> String {
    let mut bytes = [0; 16];
    office.entropy().fill(&mut bytes);
    let letter = |byte: &u8| LETTERS.get(usize::from(byte % 32)).copied().map_or('x', char::from);
    let groups: Vec<String> = bytes.chunks(4).map(|group| group.iter().map(letter).collect()).collect();
    groups.join("-")
}

/// Changes the password of whoever is signed in behind `token`; every other session of the account is over.
///
/// # Errors
/// [`Code::FieldInvalid`] for the old one or the new one, naming the field.
pub async fn change_own(office: &Arc<Office>, actor: &Actor, token: &str, (old, new): (&str, &str)) -> Result<(), Error> {
    let name = actor.name.clone();
    let row = office.read(move |connection| Ok(xinzhi_store::account::by_name(connection, &name)?)).await?.ok_or(Code::SignInRequired)?;
    if row.locked_until > office.now() {
        return Err(Code::AccountLocked.into());
    }
    if !fits(old, Some(&row)).await? {
        // A guess at the old password counts as one at the door: whoever finds a session open gets no more of them.
        if super::session::failed(office, &row).await? == Code::AccountLocked {
            return Err(Code::AccountLocked.into());
        }
        return Err(invalid("old", "原密码不正确").into());
    }
    judge(&actor.name, new)?;
    if old == new {
        return Err(invalid("password", "新密码不能与原密码相同").into());
    }
    let (hashed, digest) = (hashed(office, new)?, token_digest(token));
    let seen = row.password.clone();
    office
        .write(actor, move |tx| {
            let row = xinzhi_store::account::by_name(tx.connection(), &row.actor.name)?.ok_or(Code::SignInRequired)?;
            if row.password != seen || row.ended_at.is_some() {
                return Err(Refusal::detail(Code::AccountState, "密码刚刚由别处修改，请重新登录").into());
            }
            note(tx, Act::PasswordSet, &row.actor, (Some(row.entry), "password"))?;
            xinzhi_store::account::set_password(tx, &row.actor.name, &hashed, false)?;
            Ok(xinzhi_store::account::end_other_sessions(tx, &row.actor.name, &digest)?)
        })
        .await
}

/// Gives an account a first password again, which its owner must change, and ends its sessions. Returns the password; nobody keeps it.
/// The passwords of the three administrators are reset at the machine alone: who resets one could act as that administrator.
///
/// # Errors
/// [`Code::NotPermitted`], also for one's own account; [`Code::NotFound`]; [`Code::AccountState`] for an ended one.
pub async fn reset(office: &Arc<Office>, by: &Actor, name: &str) -> Result<String, Error> {
    allow(Action::GrantRights, by)?;
    not_own(by, name)?;
    let password = fresh(office);
    set(office, by, (name, &password)).await?;
    Ok(password)
}

/// Gives an account the password that somebody typed at the machine.
///
/// # Errors
/// [`Code::NotPermitted`] for anybody else; [`Code::FieldInvalid`], [`Code::NotFound`], [`Code::AccountState`].
pub async fn set_at_machine(office: &Arc<Office>, by: &Actor, name: &str, password: &str) -> Result<(), Error> {
    if !is_operator(by) {
        return Err(Code::NotPermitted.into());
    }
    judge(name, password)?;
    set(office, by, (name, password)).await
}

async fn set(office: &Arc<Office>, by: &Actor, (name, password): (&str, &str)) -> Result<(), Error> {
    let (name, hashed, at_machine) = (name.to_owned(), hashed(office, password)?, is_operator(by));
    office
        .write(by, move |tx| {
            let row = stands(tx, &name)?;
            if row.actor.role.is_administrator() && !at_machine {
                let words = "系统、安全、审计管理员的密码只能在服务器上重设：xinzhi account password";
                return Err(Refusal::detail(Code::NotPermitted, words).into());
            }
            note(tx, Act::PasswordSet, &row.actor, (Some(row.entry), "reset"))?;
            xinzhi_store::account::set_password(tx, &name, &hashed, true)?;
            xinzhi_store::account::end_sessions(tx, &name)?;
            Ok(())
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_long_enough_and_not_the_name() {
        let wrong = |name: &str, password: &str| judge(name, password).err().and_then(|refusal| refusal.detail);
        assert!(wrong("lifang", "short-short").is_some_and(|words| words.contains("12")), "eleven are too few");
        assert_eq!(wrong("lifang", "short-short1"), None, "twelve are enough");
        assert!(wrong("lifang", "lifang123456").is_some_and(|words| words.contains("用户名")));
        assert!(wrong("lifang", "LiFang123456").is_some_and(|words| words.contains("用户名")));
        assert_eq!(wrong("li", "a-long-line-of-words"), None, "a short name may occur in a long password");
        assert!(wrong("lifang", "aaaaaaaaaaaa").is_some_and(|words| words.contains("不同的字符")));
        assert!(wrong("lifang", &"长".repeat(67)).is_some_and(|words| words.contains("200")), "two hundred bytes are the most");
    }
}
