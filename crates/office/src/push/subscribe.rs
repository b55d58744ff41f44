//! Making, changing and ending a subscription, its key, and the list of hosts that may be sent to at all.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use xinzhi_core::actor::Actor;
use xinzhi_core::journal::{Act, Draft, Position};
use xinzhi_core::{Code, Digest, Moment, Refusal, text};
use xinzhi_store::subscription::{HostRow, SubscriptionRow};
use xinzhi_store::{Connection, Tx};

use super::address::{Host, Target, is_listed};
use super::{EventKind, covers, invalid, scope};
use crate::idempotent::Once;
use crate::keys::Keys;
use crate::permission::{Action, Scope};
use crate::{Error, Office};

/// Longest title, reason or note, in characters.
const TEXT_CHARS_MAX: usize = 100;
/// Subscriptions of one organ that are not ended.
const SUBSCRIPTIONS_MAX: usize = 20;
/// How long a key that was replaced still signs beside the new one.
pub const OVERLAP_MS: i64 = 24 * 60 * 60 * 1000;
/// What a key looks like to a recipient (Standard Webhooks).
const KEY_PREFIX: &str = "whsec_";

/// What is filled in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form {
    /// What people call the system.
    pub title: String,
    /// Where to.
    pub url: String,
    /// Words of the events.
    pub events: Vec<String>,
}

/// A subscription whose key was just made: the one time it is shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Made {
    /// Number of the subscription.
    pub subscription: i64,
    /// The key, as `whsec_…`; blank where the same request is answered again after the key was destroyed.
    pub secret: String,
}

impl std::fmt::Debug for Made {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Made").field("subscription", &self.subscription).finish_non_exhaustive()
    }
}

/// Makes a subscription for the actor's organ, for the credit centre one over the whole office.
///
/// # Errors
/// [`Code::NotPermitted`], [`Code::FieldInvalid`], [`Code::HostNotListed`], [`Code::KeyReused`].
pub async fn make(office: &Arc<Office>, actor: &Actor, form: Form, once: Option<Once>) -> Result<Made, Error> {
    let organ = scope(actor)?.organ().map(str::to_owned);
    let parsed = Parsed::of(&form)?;
    let (by, keys, shared) = (actor.clone(), office.keys.clone(), Arc::clone(office));
    office
        .write(actor, move |tx| {
            if let Some(given) = once.as_ref().map(|once| once.given(tx)).transpose()?.flatten() {
                return made_before(tx, &keys, &given);
            }
            listed(tx.connection(), &parsed.target)?;
            let every = xinzhi_store::subscription::every(tx.connection())?;
            if every.iter().filter(|row| row.organ == organ && !row.is_ended()).count() >= SUBSCRIPTIONS_MAX {
                return Err(invalid("title", format!("一个单位最多 {SUBSCRIPTIONS_MAX} 个订阅，请先终止不用的订阅")));
            }
            let entry = tx.next_position();
            let row = SubscriptionRow { organ, ..parsed.row(tx, &by, (entry, "made")) };
            append(tx, Act::SubscriptionMade, &row)?;
            let made = put_key(tx, &shared, (entry.0, entry))?;
            once.map_or(Ok(()), |once| once.keep(tx, &json!([entry.0, entry.0]).to_string()))?;
            Ok(made)
        })
        .await
}

/// Changes title, address or events. What is newly asked for is told from now on; of measures also what runs already.
///
/// # Errors
/// As for [`make`], and [`Code::NotFound`], [`Code::SubscriptionState`].
pub async fn change(office: &Arc<Office>, actor: &Actor, id: i64, form: Form, once: Option<Once>) -> Result<(), Error> {
    let scope = scope(actor)?;
    let parsed = Parsed::of(&form)?;
    let by = actor.clone();
    office
        .write(actor, move |tx| {
            if once.as_ref().map(|once| once.given(tx)).transpose()?.flatten().is_some() {
                return Ok(());
            }
            let now = running(tx, &scope, id)?;
            listed(tx.connection(), &parsed.target)?;
            let entry = tx.next_position();
            let row = SubscriptionRow { organ: now.organ, subscription: id, ..parsed.row(tx, &by, (entry, "changed")) };
            append(tx, Act::SubscriptionChanged, &row)?;
            let mut head = xinzhi_store::subscription::head(tx.connection(), id)?;
            head.day = None;
            xinzhi_store::subscription::move_head(tx, &head)?;
            once.map_or(Ok(()), |once| once.keep(tx, "{}"))
        })
        .await
}

/// Ends a subscription: nothing is derived or sent any more, its keys are destroyed.
///
/// # Errors
/// [`Code::NotFound`], [`Code::SubscriptionState`] where it has ended, [`Code::FieldInvalid`] without a reason.
pub async fn end(office: &Arc<Office>, actor: &Actor, id: i64, reason: &str, once: Option<Once>) -> Result<(), Error> {
    let scope = scope(actor)?;
    let reason = plain("reason", "理由", reason)?;
    office
        .write(actor, move |tx| {
            if once.as_ref().map(|once| once.given(tx)).transpose()?.flatten().is_some() {
                return Ok(());
            }
            let now = running(tx, &scope, id)?;
            end_now(tx, now, &reason)?;
            once.map_or(Ok(()), |once| once.keep(tx, "{}"))
        })
        .await
}

pub(crate) fn end_now(tx: &mut Tx, now: SubscriptionRow, reason: &str) -> Result<(), Error> {
    let id = now.subscription;
    let row = following(tx, now, ("ended", reason));
    append(tx, Act::SubscriptionEnded, &row)?;
    Ok(xinzhi_store::subscription::destroy_keys(tx, id)?)
}

/// Gives a subscription a new key; the old one signs beside it for [`OVERLAP_MS`], so that the recipient can change over.
///
/// # Errors
/// [`Code::NotFound`], [`Code::SubscriptionState`].
pub async fn rotate(office: &Arc<Office>, actor: &Actor, id: i64, once: Option<Once>) -> Result<Made, Error> {
    let scope = scope(actor)?;
    let (keys, shared) = (office.keys.clone(), Arc::clone(office));
    office
        .write(actor, move |tx| {
            if let Some(given) = once.as_ref().map(|once| once.given(tx)).transpose()?.flatten() {
                return made_before(tx, &keys, &given);
            }
            let now = running(tx, &scope, id)?;
            let row = following(tx, now, ("rotated", ""));
            append(tx, Act::SubscriptionChanged, &row)?;
            let made = put_key(tx, &shared, (id, row.entry))?;
            once.map_or(Ok(()), |once| once.keep(tx, &json!([id, row.entry.0]).to_string()))?;
            Ok(made)
        })
        .await
}

/// The form, read once.
struct Parsed {
    title: String,
    url: String,
    target: Target,
    events: String,
}

impl Parsed {
    fn of(form: &Form) -> Result<Parsed, Error> {
        let url = form.url.trim().to_owned();
        let target = Target::parse(&url).map_err(|words| invalid("url", words))?;
        let title = if form.title.trim().is_empty() {
            target.host.chars().take(TEXT_CHARS_MAX).collect()
        } else {
            plain("title", "系统名称", &form.title)?
        };
        let mut events = Vec::new();
        if form.events.len() > EventKind::ALL.len() {
            return Err(invalid("events", format!("事件最多 {} 项，每种一次", EventKind::ALL.len())));
        }
        for word in &form.events {
            let known = || format!("事件 `{}` 应为：{}", crate::check::run::shorten(word), EventKind::ALL.map(EventKind::word).join("、"));
            events.push(EventKind::from_word(word).ok_or_else(|| invalid("events", known()))?);
        }
        events.sort_unstable();
        events.dedup();
        if events.is_empty() {
            return Err(invalid("events", "请至少选择一种事件"));
        }
        let measures = events.iter().filter(|kind| EventKind::MEASURES.contains(kind)).count();
        if measures != 0 && measures != EventKind::MEASURES.len() {
            let words = "措施的开始、到期和撤回须一并订阅：只知道开始而不知道撤回，会使已经解除的措施继续执行";
            return Err(invalid("events", words));
        }
        let events = events.iter().map(|kind| kind.word()).collect::<Vec<_>>().join(" ");
        Ok(Parsed { title, url, target, events })
    }

    fn row(&self, tx: &Tx, by: &Actor, (entry, what): (Position, &str)) -> SubscriptionRow {
        SubscriptionRow {
            entry,
            subscription: entry.0,
            what: what.to_owned(),
            organ: None,
            title: self.title.clone(),
            url: self.url.clone(),
            events: self.events.clone(),
            reason: String::new(),
            actor: by.name.clone(),
            at: tx.moment(),
            salt: tx.random::<16>().to_vec(),
            made_at: tx.moment(),
        }
    }
}

/// The next row of a subscription that otherwise stays as it is.
fn following(tx: &Tx, now: SubscriptionRow, (what, reason): (&str, &str)) -> SubscriptionRow {
    SubscriptionRow {
        entry: tx.next_position(),
        what: what.to_owned(),
        reason: reason.to_owned(),
        actor: tx.actor().name.clone(),
        at: tx.moment(),
        salt: tx.random::<16>().to_vec(),
        ..now
    }
}

fn plain(field: &str, title: &str, typed: &str) -> Result<String, Error> {
    let cleaned = text::clean(typed).map_err(|fault| invalid(field, format!("{title}{fault}")))?;
    match cleaned.chars().count() {
        0 => Err(invalid(field, format!("请填写{title}"))),
        count if count > TEXT_CHARS_MAX => Err(invalid(field, format!("{title}不能超过 {TEXT_CHARS_MAX} 字"))),
        _ => Ok(cleaned.into_owned()),
    }
}

/// The list as it is now.
pub(crate) fn list(connection: &mut Connection) -> Result<Vec<Host>, Error> {
    let rows = xinzhi_store::subscription::hosts(connection)?;
    let host = |row: &HostRow| Some(Host::parse(&row.host)?.known_by(row.authorities.as_deref()));
    Ok(rows.iter().filter_map(host).collect())
}

fn listed(connection: &mut Connection, target: &Target) -> Result<(), Error> {
    if is_listed(&list(connection)?, target) {
        return Ok(());
    }
    let words = format!("推送地址 `{}` 不在本单位允许的名单内", target.host_header());
    Err(Refusal::field(Code::HostNotListed, "url", words).into())
}

/// A subscription inside the scope that has not ended.
pub(crate) fn running(tx: &mut Tx, scope: &Scope, id: i64) -> Result<SubscriptionRow, Error> {
    let row = visible(tx.connection(), scope, id)?;
    if row.is_ended() { Err(Code::SubscriptionState.into()) } else { Ok(row) }
}

/// A subscription inside the scope; whoever may not see it is told that it is not there.
pub(crate) fn visible(connection: &mut Connection, scope: &Scope, id: i64) -> Result<SubscriptionRow, Error> {
    let row = xinzhi_store::subscription::by_id(connection, id)?.ok_or(Code::NotFound)?;
    if covers(scope, row.organ.as_deref()) { Ok(row) } else { Err(Code::NotFound.into()) }
}

fn append(tx: &mut Tx, act: Act, row: &SubscriptionRow) -> Result<(), Error> {
    let refs = format!("{{\"subscription\":{},\"what\":\"{}\"}}", row.subscription, row.what);
    tx.append(&Draft { act, subject: None, refs, payload: subscription_payload(row) })?;
    Ok(xinzhi_store::subscription::add(tx, row)?)
}

/// What the journal keeps of a subscription: every column of the row (E12).
pub(crate) fn subscription_payload(row: &SubscriptionRow) -> Digest {
    let SubscriptionRow { subscription, what, organ, title, url, events, reason, .. } = row;
    let number = subscription.to_be_bytes();
    let organ = organ.as_deref().unwrap_or("");
    let parts = [what.as_str(), organ, title, url, events, reason].map(str::as_bytes);
    xinzhi_proof::salted(&row.salt, &[&[number.as_slice()], parts.as_slice()].concat())
}

/// A key of its own for each subscription, which never leaves the house but to the recipient, and serves for nothing but its pushes.
fn put_key(tx: &mut Tx, office: &Office, (id, entry): (i64, Position)) -> Result<Made, Error> {
    let key: [u8; 32] = tx.random();
    let sealed = office.keys.office().seal(office.entropy(), &place(id, entry), &key)?;
    let overlap = tx.moment().plus_ms(OVERLAP_MS);
    xinzhi_store::subscription::put_key(tx, id, (entry, &sealed), overlap)?;
    Ok(Made { subscription: id, secret: format!("{KEY_PREFIX}{}", STANDARD.encode(key)) })
}

fn place(id: i64, entry: Position) -> Vec<u8> {
    format!("subscription_key {id} {}", entry.0).into_bytes()
}

/// The keys that sign for a subscription at a moment, the present one first.
pub(crate) fn open_keys(connection: &mut Connection, keys: &Keys, (id, now): (i64, Moment)) -> Result<Vec<Vec<u8>>, Error> {
    let rows = xinzhi_store::subscription::keys(connection, id, now)?;
    rows.iter().map(|row| Ok(keys.office().open(&place(id, row.entry), &row.sealed)?)).collect()
}

/// The first answer again. The key is not kept beside it: it is opened where it lies.
fn made_before(tx: &mut Tx, keys: &Keys, given: &str) -> Result<Made, Error> {
    let (id, entry): (i64, i64) = serde_json::from_str(given).map_err(|e| Error::inconsistent(format!("a kept answer: {e}")))?;
    let rows = xinzhi_store::subscription::keys(tx.connection(), id, Moment(0))?;
    let row = rows.iter().find(|row| row.entry.0 == entry);
    let key = row.map(|row| keys.office().open(&place(id, row.entry), &row.sealed)).transpose()?;
    let secret = key.map_or_else(String::new, |key| format!("{KEY_PREFIX}{}", STANDARD.encode(key)));
    Ok(Made { subscription: id, secret })
}

/// A host of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostForm {
    /// Name, address or range, with a port where it is not the scheme's own.
    pub host: String,
    /// Whether it may be sent to.
    pub allowed: bool,
    /// What for.
    pub note: String,
    /// Certificates of the authorities by which alone it is to be known, as PEM: a department behind an authority of its own. None: the
    /// public ones, and those of the office.
    pub authorities: Option<String>,
}

/// Longest PEM of authorities.
const AUTHORITIES_BYTES_MAX: usize = 64 * 1024;

/// The PEM as it is kept: certificates and nothing else. Whether they can be used is asked of whoever sends.
fn authorities(form: &HostForm) -> Result<Option<String>, Error> {
    const BEGIN: &str = "-----BEGIN ";
    const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----";
    let Some(pem) = form.authorities.as_deref() else { return Ok(None) };
    let wrong = |words: &str| invalid("authorities", words);
    if !form.allowed {
        return Err(wrong("不再允许推送的地址无需 CA 证书"));
    }
    if pem.len() > AUTHORITIES_BYTES_MAX || !pem.is_ascii() {
        return Err(wrong("CA 证书应为不超过 64 KB 的 PEM 文本，请核对是否选错了文件"));
    }
    if pem.contains("PRIVATE KEY") {
        return Err(wrong("文件中有私钥；请只给出 CA 证书，私钥不得离开签发它的机器"));
    }
    let (blocks, certificates) = (pem.matches(BEGIN).count(), pem.matches(CERTIFICATE).count());
    if certificates == 0 || blocks != certificates {
        return Err(wrong("文件中应有且只有 PEM 格式的 CA 证书（-----BEGIN CERTIFICATE-----）"));
    }
    Ok(Some(pem.to_owned()))
}

/// Puts a host on the list or takes it off. The operator of the machine may, and the system administrator.
///
/// # Errors
/// [`Code::NotPermitted`], [`Code::FieldInvalid`].
pub async fn list_host(office: &Arc<Office>, actor: &Actor, form: &HostForm, once: Option<Once>) -> Result<(), Error> {
    if actor.name != "cli" {
        Scope::of(Action::ListHosts, actor)?;
    }
    let words = "应为主机名、地址或网段，可加端口，如 push.example.gov.cn、10.1.2.3:8443、10.1.0.0/16:8443";
    let wrong = || invalid("host", format!("`{}` {words}", crate::check::run::shorten(&form.host)));
    let host = Host::parse(form.host.trim()).ok_or_else(wrong)?.text();
    let note = plain("note", "用途", &form.note)?;
    let (allowed, by, authorities) = (form.allowed, actor.clone(), authorities(form)?);
    office
        .write(actor, move |tx| {
            if once.as_ref().map(|once| once.given(tx)).transpose()?.flatten().is_some() {
                return Ok(());
            }
            let (entry, at, salt) = (tx.next_position(), tx.moment(), tx.random::<16>().to_vec());
            let row = HostRow { entry, host, allowed, note, actor: by.name, at, salt, authorities };
            let refs = format!("{{\"allowed\":{}}}", i32::from(allowed));
            tx.append(&Draft { act: Act::HostListed, subject: None, refs, payload: host_payload(&row) })?;
            xinzhi_store::subscription::add_host(tx, &row)?;
            once.map_or(Ok(()), |once| once.keep(tx, "{}"))
        })
        .await
}

/// What the journal keeps of a line of the list: every column of it (E12).
pub(crate) fn host_payload(row: &HostRow) -> Digest {
    let allowed = [u8::from(row.allowed)];
    let parts = [row.host.as_bytes(), &allowed, row.note.as_bytes()].into_iter();
    // Before hosts had authorities of their own an entry covered none.
    let parts: Vec<&[u8]> = parts.chain(row.authorities.as_ref().map(String::as_bytes)).collect();
    xinzhi_proof::salted(&row.salt, &parts)
}

/// The hosts that may be sent to.
///
/// # Errors
/// A role that neither subscribes nor keeps the list.
pub async fn hosts(office: &Arc<Office>, actor: &Actor) -> Result<Vec<HostRow>, Error> {
    if actor.name != "cli" && Scope::of(Action::ListHosts, actor).is_err() {
        scope(actor)?;
    }
    office.read(|connection| Ok(xinzhi_store::subscription::hosts(connection)?)).await
}
