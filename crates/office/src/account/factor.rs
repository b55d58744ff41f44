//! The second factor of a sign-in: a code that the owner's device computes. The three administrators need one (A11); everybody else may
//! have one. It is shared once, when its owner sets it up; the office keeps it sealed and never tells it again.

pub mod code;

use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use xinzhi_core::actor::Actor;
use xinzhi_core::journal::Act;
use xinzhi_core::text::escaped;
use xinzhi_core::{Code, Digest, Moment, Refusal};
use xinzhi_store::Tx;
use xinzhi_store::account::{AccountRow, SessionRow};
use xinzhi_store::factor::FactorRow;

use super::grant::{not_own, stands};
use super::session::{count_failure, failed, standing, token_digest};
use super::wanted::invalid;
use super::{allow, append, is_operator, note, password};
use crate::keys::Keys;
use crate::permission::Action;
use crate::{Error, Office};

pub use code::Secret;

/// Recovery codes that are made at once.
const RECOVERY: usize = 10;
/// Longest thing that is taken for a code.
const TYPED_CHARS_MAX: usize = 40;

/// Whether a sign-in may do what its account may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// It may.
    Open,
    /// Its second factor is still to be given.
    Code,
    /// A second factor is still to be set up, which this account needs.
    Enrol,
}

/// How far a sign-in has come. A factor that was set up anew after it was given does not count.
pub(super) fn gate(row: &SessionRow) -> Gate {
    match (row.account.factor, row.factor) {
        (Some(set), Some(given)) if given >= set => Gate::Open,
        (Some(_), _) => Gate::Code,
        (None, _) if row.account.actor.role.is_administrator() => Gate::Enrol,
        (None, _) => Gate::Open,
    }
}

/// What an owner's device is given.
#[derive(Clone)]
pub struct Offer {
    /// The address that authenticators read from a picture.
    pub uri: String,
    /// The secret, to be typed by hand.
    pub secret: String,
    /// The same sealed for this sign-in: it comes back with the first code.
    pub sealed: String,
}

impl std::fmt::Debug for Offer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Offer(***)")
    }
}

/// What comes back of an offer.
#[derive(Clone, Copy)]
pub struct Taken<'a> {
    /// [`Offer::sealed`].
    pub sealed: &'a str,
    /// A code of the device.
    pub code: &'a str,
    /// The owner's password; asked of whoever has been signed in for a while.
    pub password: &'a str,
}

impl std::fmt::Debug for Taken<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Taken(***)")
    }
}

/// Offers a new secret to whoever is signed in behind `token`. Nothing is kept of it before it comes back with a code.
///
/// # Errors
/// [`Code::SignInRequired`]; [`Code::FactorRequired`] for a sign-in that has not given the factor its account has.
pub async fn offer(office: &Arc<Office>, token: &str) -> Result<Offer, Error> {
    let row = standing(office, token).await?;
    if gate(&row) == Gate::Code {
        return Err(Code::FactorRequired.into());
    }
    let secret = Secret::generate(office.entropy());
    let name = &row.account.actor.name;
    offer_of(office, &secret, (name, token))
}

/// The offer that a form carried, for the page it comes back on.
///
/// # Errors
/// [`Code::FieldInvalid`] for one that is none, or not of this sign-in.
pub async fn same_offer(office: &Arc<Office>, token: &str, sealed: &str) -> Result<Offer, Error> {
    let row = standing(office, token).await?;
    let name = &row.account.actor.name;
    let secret = unsealed(office, sealed, (name, token))?;
    Ok(Offer { sealed: sealed.to_owned(), ..offer_of(office, &secret, (name, token))? })
}

fn offer_of(office: &Office, secret: &Secret, (name, token): (&str, &str)) -> Result<Offer, Error> {
    let sealed = office.keys.office().seal(office.entropy(), offer_place(name, token).as_bytes(), secret.bytes())?;
    let issuer = escaped(&office.row().name);
    let text = secret.text();
    // The issuer stands once: in percent signs a Chinese name is long, and a short address makes a picture that is easy to read.
    let uri = format!("otpauth://totp/{}?secret={text}&issuer={issuer}", escaped(name));
    Ok(Offer { uri, secret: text, sealed: BASE64_URL_SAFE_NO_PAD.encode(sealed) })
}

fn offer_place(name: &str, token: &str) -> String {
    format!("factor offer {name} {}", token_digest(token))
}

fn unsealed(office: &Office, sealed: &str, (name, token): (&str, &str)) -> Result<Secret, Error> {
    let stale = || invalid("code", "这一页已失效，请重新打开设置页，扫描新的二维码");
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(sealed).map_err(|_| stale())?;
    let bytes = office.keys.office().open(offer_place(name, token).as_bytes(), &bytes).map_err(|_| stale())?;
    Ok(Secret::of(&bytes).ok_or_else(stale)?)
}

/// Where the secret of an account lies, bound into its seal.
fn place(name: &str) -> String {
    format!("account_factor {name}")
}

/// Sets up the second factor of whoever is signed in behind `token`, in place of one it may have, and lets this sign-in in; every other
/// sign-in of the account is over. Returns the recovery codes, which nobody keeps.
///
/// # Errors
/// [`Code::FieldInvalid`] for the code or the password, naming the field; [`Code::PasswordChangeRequired`] before a first password was
/// changed; [`Code::FactorRequired`] where the one there is was not given.
pub async fn enrol(office: &Arc<Office>, token: &str, taken: Taken<'_>) -> Result<Vec<String>, Error> {
    let row = standing(office, token).await?;
    let (account, gate) = (row.account.clone(), gate(&row));
    if gate == Gate::Code {
        return Err(Code::FactorRequired.into());
    }
    if account.must_change {
        return Err(Code::PasswordChangeRequired.into());
    }
    if gate == Gate::Open {
        prove(office, &account, taken.password).await?;
    }
    let secret = unsealed(office, taken.sealed, (&account.actor.name, token))?;
    let step = code::digits(taken.code).and_then(|digits| secret.accepts(&digits, (office.now(), 0)));
    let step = step.ok_or_else(|| invalid("code", "验证码不正确：请核对手机的时间，输入手机上此刻显示的 6 位数字"))?;
    let (codes, digests) = recovery(office, &account.actor.name);
    let sealed = office.keys.office().seal(office.entropy(), place(&account.actor.name).as_bytes(), secret.bytes())?;
    let digest = token_digest(token);
    office
        .write(&account.actor.clone(), move |tx| {
            let now = stands(tx, &account.actor.name)?;
            if now.factor != account.factor || now.locked_until > tx.moment() {
                return Err(Refusal::detail(Code::AccountState, "第二因素刚刚由别处变更，请重新登录").into());
            }
            let entry = note(tx, Act::FactorChanged, &now.actor, (Some(now.entry), "factor"))?;
            let name = &now.actor.name;
            xinzhi_store::factor::set(tx, name, &FactorRow { entry, sealed, last_step: step })?;
            xinzhi_store::factor::set_recovery(tx, name, &digests)?;
            xinzhi_store::factor::let_in(tx, &digest, entry)?;
            Ok(xinzhi_store::account::end_other_sessions(tx, name, &digest)?)
        })
        .await?;
    Ok(codes)
}

/// Fresh recovery codes with the digests under which they are stored.
fn recovery(office: &Office, name: &str) -> (Vec<String>, Vec<Digest>) {
    let codes: Vec<String> = (0..RECOVERY).map(|_| password::fresh(office)).collect();
    let digests = codes.iter().map(|code| recovery_digest(&office.keys, name, code)).collect();
    (codes, digests)
}

/// Without the office's key the digest of a code tells nothing.
fn recovery_digest(keys: &Keys, name: &str, typed: &str) -> Digest {
    let letters: String = typed.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    Digest(keys.keyed(&[b"recovery code", name.as_bytes(), letters.as_bytes()]))
}

/// The owner's password once more; a wrong one counts as one at the door.
async fn prove(office: &Arc<Office>, account: &AccountRow, typed: &str) -> Result<(), Error> {
    if account.locked_until > office.now() {
        return Err(Code::AccountLocked.into());
    }
    if password::fits(typed, Some(account)).await? {
        return Ok(());
    }
    if failed(office, account).await? == Code::AccountLocked {
        return Err(Code::AccountLocked.into());
    }
    Err(invalid("password", "密码不正确").into())
}

/// What was typed at the second step.
enum Given {
    Digits(String),
    Recovery(Digest),
}

/// Gives the second factor of the sign-in behind `token`: a code of the device, or a recovery code, each once. A sign-in that is let in
/// already stays so.
///
/// # Errors
/// [`Code::FactorWrong`]; [`Code::AccountLocked`] after five failures, wrong passwords counted with them; [`Code::SignInRequired`];
/// [`Code::FactorRequired`] for an account that has yet to set one up.
pub async fn pass(office: &Arc<Office>, token: &str, typed: &str) -> Result<(), Error> {
    let row = standing(office, token).await?;
    match gate(&row) {
        Gate::Open => return Ok(()),
        Gate::Enrol => return Err(Code::FactorRequired.into()),
        Gate::Code => {}
    }
    let (actor, digest, keys) = (row.account.actor, token_digest(token), office.keys.clone());
    let name = actor.name.clone();
    let short: String = typed.chars().take(TYPED_CHARS_MAX).collect();
    let given = code::digits(&short).map_or_else(|| Given::Recovery(recovery_digest(&keys, &name, &short)), Given::Digits);
    let refused = office
        .write(&actor, move |tx| {
            // Read inside the act: of two servers that are given the same code at once, the second finds it used.
            let account = xinzhi_store::account::by_name(tx.connection(), &name)?.filter(|now| now.ended_at.is_none());
            let account = account.ok_or(Code::SignInRequired)?;
            if account.locked_until > tx.moment() {
                return Ok(Some(Code::AccountLocked));
            }
            let factor = xinzhi_store::factor::find(tx.connection(), &name)?.ok_or(Code::SignInRequired)?;
            if !opens(tx, &keys, (&name, &factor), &given)? {
                return Ok(Some(count_failure(tx, &name, "code")?));
            }
            let what = if matches!(given, Given::Digits(_)) { "code" } else { "recovery" };
            let entry = append(tx, Act::FactorPassed, &name, what)?;
            xinzhi_store::account::set_failures(tx, &name, 0, Moment(0))?;
            xinzhi_store::factor::let_in(tx, &digest, entry)?;
            Ok(None)
        })
        .await?;
    match refused {
        None => Ok(()),
        Some(Code::SignInWrong) => Err(Code::FactorWrong.into()),
        Some(code) => Err(code.into()),
    }
}

/// Whether what was given opens, and takes care that it never does again.
fn opens(tx: &mut Tx, keys: &Keys, (name, factor): (&str, &FactorRow), given: &Given) -> Result<bool, Error> {
    match given {
        Given::Recovery(digest) => {
            let entry = tx.next_position();
            Ok(xinzhi_store::factor::use_recovery(tx, name, digest, entry)?)
        }
        Given::Digits(digits) => {
            let secret = keys.office().open(place(name).as_bytes(), &factor.sealed)?;
            let secret = Secret::of(&secret).ok_or_else(|| Error::inconsistent("a second factor has the wrong length"))?;
            let Some(step) = secret.accepts(digits, (tx.moment(), factor.last_step)) else { return Ok(false) };
            xinzhi_store::factor::accepted(tx, name, step)?;
            Ok(true)
        }
    }
}

/// Switches an own second factor off.
///
/// # Errors
/// [`Code::NotPermitted`] for the three administrators, who need one; [`Code::FieldInvalid`] for the password; [`Code::FactorRequired`].
pub async fn switch_off(office: &Arc<Office>, token: &str, typed: &str) -> Result<(), Error> {
    let row = standing(office, token).await?;
    if gate(&row) != Gate::Open {
        return Err(Code::FactorRequired.into());
    }
    if row.account.actor.role.is_administrator() {
        let words = "系统、安全、审计管理员必须使用第二因素，不能关闭；更换手机请用“更换”";
        return Err(Refusal::detail(Code::NotPermitted, words).into());
    }
    prove(office, &row.account, typed).await?;
    let name = row.account.actor.name.clone();
    office
        .write(&row.account.actor, move |tx| {
            let now = stands(tx, &name)?;
            if now.factor.is_some() {
                note(tx, Act::FactorChanged, &now.actor, (Some(now.entry), "factor_off"))?;
                xinzhi_store::factor::take_away(tx, &name, None)?;
            }
            Ok(())
        })
        .await
}

/// Notes that the owner behind `token` has read that the second factor was taken away.
///
/// # Errors
/// [`Code::SignInRequired`], [`Code::FactorRequired`].
pub async fn acknowledge(office: &Arc<Office>, token: &str) -> Result<(), Error> {
    let row = standing(office, token).await?;
    if gate(&row) != Gate::Open {
        return Err(Code::FactorRequired.into());
    }
    let name = row.account.actor.name.clone();
    office
        .write(&row.account.actor, move |tx| {
            let now = stands(tx, &name)?;
            if now.taken_away.is_some() {
                note(tx, Act::FactorChanged, &now.actor, (Some(now.entry), "factor_told"))?;
                xinzhi_store::factor::told(tx, &name)?;
            }
            Ok(())
        })
        .await
}

/// Takes the second factor of somebody else away and ends the account's sign-ins: its owner lost the device. An administrator sets up
/// another one at the next sign-in, with the password that nobody but the owner has; so no post is left without anybody by it.
///
/// # Errors
/// [`Code::NotPermitted`], also for one's own; [`Code::NotFound`]; [`Code::AccountState`] for an ended account, or one without a factor.
pub async fn reset(office: &Arc<Office>, by: &Actor, name: &str) -> Result<(), Error> {
    allow(Action::GrantRights, by)?;
    not_own(by, name)?;
    let (name, who) = (name.to_owned(), by.title.clone());
    office
        .write(by, move |tx| {
            let row = stands(tx, &name)?;
            if row.factor.is_none() {
                return Err(Refusal::detail(Code::AccountState, format!("账号 `{name}` 没有设置第二因素，无需重置")).into());
            }
            note(tx, Act::FactorChanged, &row.actor, (Some(row.entry), "factor_reset"))?;
            xinzhi_store::factor::take_away(tx, &name, Some(&who))?;
            xinzhi_store::account::end_sessions(tx, &name)?;
            Ok(())
        })
        .await
}

/// Gives an account a factor whose secret is known: for demonstrations, and for whoever builds an office by a program. It has no recovery
/// codes.
///
/// # Errors
/// [`Code::NotPermitted`] for anybody but the operator; [`Code::NotFound`]; [`Code::AccountState`].
pub async fn give(office: &Arc<Office>, by: &Actor, name: &str, secret: &Secret) -> Result<(), Error> {
    if !is_operator(by) {
        return Err(Code::NotPermitted.into());
    }
    let sealed = office.keys.office().seal(office.entropy(), place(name).as_bytes(), secret.bytes())?;
    let name = name.to_owned();
    office
        .write(by, move |tx| {
            let row = stands(tx, &name)?;
            let entry = note(tx, Act::FactorChanged, &row.actor, (Some(row.entry), "factor"))?;
            xinzhi_store::factor::set(tx, &name, &FactorRow { entry, sealed, last_step: 0 })?;
            Ok(xinzhi_store::factor::set_recovery(tx, &name, &[])?)
        })
        .await
}

/// How many recovery codes whoever is signed in behind `token` has left.
///
/// # Errors
/// [`Code::SignInRequired`].
pub async fn recovery_left(office: &Arc<Office>, actor: &Actor) -> Result<i64, Error> {
    let name = actor.name.clone();
    office.read(move |connection| Ok(xinzhi_store::factor::recovery_left(connection, &name)?)).await
}
