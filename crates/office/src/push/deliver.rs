//! Sending: one event at a time to each recipient, in order, until it is accepted or given up.
//!
//! A try is written down before it is made. When the process dies in between, the lease runs out and the event is tried again under the
//! same id: at least once on the wire, once in effect for a recipient that remembers ids.

use std::collections::BTreeSet;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use xinzhi_core::Moment;
use xinzhi_store::Tx;
use xinzhi_store::push::{EventRow, Settled};

use super::address::{Host, Target, may_reach};
use super::{derive, reconcile, sender, subscribe};
use crate::{Error, Office};

/// The first wait after a failure; it doubles from try to try.
const WAIT_MS_MIN: i64 = 5_000;
/// The longest wait.
const WAIT_MS_MAX: i64 = 60 * 60 * 1000;
/// Tries before an event is given up: ten doublings and then hourly, about a day.
pub const TRIES_MAX: i64 = 33;
/// How long a try may take: resolving, connecting, and the head of the answer.
const TRY: Duration = Duration::from_secs(10);
/// How long an event is nobody else's once it was taken up: longer than a try can take.
const LEASE_MS: i64 = 15_000;
/// A recipient that says this is told nothing more.
const GONE: u16 = 410;
/// How often the office looks whether there is something to derive or to send.
const LOOK: Duration = Duration::from_secs(1);
/// Longest words kept about a failure, in characters.
const WORDS_MAX: usize = 200;

/// What comes later.
pub type Later<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A signed event on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parcel {
    /// Where to.
    pub target: Target,
    /// Header names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// CloudEvents, as JSON.
    pub body: String,
    /// Certificates of the authorities by which alone the recipient is known, as PEM; none: those of everybody.
    pub authorities: Option<Arc<str>>,
}

/// The way out of the house. The office says where to; whoever implements this neither follows a redirect nor asks a proxy.
pub trait Outbound: Send + Sync {
    /// The addresses that a host has just now.
    fn resolve<'a>(&'a self, host: &'a str, port: u16) -> Later<'a, Result<Vec<SocketAddr>, String>>;

    /// Posts to exactly this address and returns the status of the answer, or what went wrong, as a Chinese clause.
    fn post<'a>(&'a self, to: SocketAddr, parcel: &'a Parcel) -> Later<'a, Result<u16, String>>;
}

/// An event taken up, with all that a try needs.
struct Job {
    event: EventRow,
    /// Number of this try.
    number: i64,
    url: String,
    /// What people call the recipient.
    title: String,
    keys: Vec<Vec<u8>>,
    hosts: Vec<Host>,
    now: Moment,
}

/// How a try ended.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Tried {
    subscription: i64,
    sequence: i64,
    number: i64,
    outcome: Result<u16, String>,
}

/// One round: derive, count at night, send what is due. Returns how many tries were made.
///
/// # Errors
/// A fault of the database. What goes wrong at a recipient is no error here.
pub async fn round(office: &Arc<Office>, outbound: &dyn Outbound) -> Result<usize, Error> {
    derive::derive(office).await?;
    reconcile::nightly(office).await?;
    let mut tries = 0;
    for id in due(office).await? {
        tries += drain(office, outbound, id).await?;
    }
    Ok(tries)
}

/// Rounds for as long as the process runs. What many decisions bring about takes long to derive: that keeps nothing from being sent that is
/// written down already. Nor does a slow recipient keep anybody else waiting: each has a task of its own while it is told.
pub async fn run(office: Arc<Office>, outbound: Arc<dyn Outbound>) {
    tokio::join!(derive_again_and_again(&office), send_again_and_again(&office, &outbound));
}

async fn derive_again_and_again(office: &Arc<Office>) {
    loop {
        if let Err(error) = derive::derive(office).await {
            tracing::error!(%error, "events could not be derived");
        }
        if let Err(error) = reconcile::nightly(office).await {
            tracing::error!(%error, "pushes could not be reconciled");
        }
        tokio::time::sleep(LOOK).await;
    }
}

async fn send_again_and_again(office: &Arc<Office>, outbound: &Arc<dyn Outbound>) {
    let busy = Arc::new(Mutex::new(BTreeSet::new()));
    loop {
        if let Err(error) = send(office, outbound, &busy).await {
            tracing::error!(%error, "pushes could not be sent");
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Begins to tell every recipient that is due and is not being told.
async fn send(office: &Arc<Office>, outbound: &Arc<dyn Outbound>, busy: &Arc<Mutex<BTreeSet<i64>>>) -> Result<(), Error> {
    for id in due(office).await? {
        if !busy.lock().unwrap_or_else(PoisonError::into_inner).insert(id) {
            continue;
        }
        let (office, outbound, busy) = (Arc::clone(office), Arc::clone(outbound), Arc::clone(busy));
        tokio::spawn(async move {
            if let Err(error) = drain(&office, outbound.as_ref(), id).await {
                tracing::error!(%error, subscription = id, "pushes could not be sent");
            }
            busy.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
        });
    }
    Ok(())
}

/// Subscriptions whose first waiting event may be tried now.
async fn due(office: &Arc<Office>) -> Result<Vec<i64>, Error> {
    let now = office.now();
    office
        .read(move |connection| {
            let mut due = Vec::new();
            if !xinzhi_store::subscription::any(connection)? {
                return Ok(due);
            }
            for row in xinzhi_store::subscription::every(connection)?.into_iter().filter(|row| !row.is_ended()) {
                let front = xinzhi_store::push::front(connection, row.subscription)?;
                if front.is_some_and(|front| front.next_at <= now) {
                    due.push(row.subscription);
                }
            }
            Ok(due)
        })
        .await
}

/// The word by which the work of a subscription is known.
pub(crate) fn work_of(subscription: &str) -> String {
    format!("push {subscription}")
}

/// Sends to one recipient until nothing is due; returns how many tries were made.
async fn drain(office: &Arc<Office>, outbound: &dyn Outbound, id: i64) -> Result<usize, Error> {
    let (mut tried, mut tries, mut working) = (None, 0, None);
    loop {
        let Some(job) = step(office, id, tried.take()).await? else { return Ok(tries) };
        let working = working.get_or_insert_with(|| office.works().begin_again(work_of(&id.to_string()), "推送", &job.title));
        working.so_far(i64::try_from(tries).unwrap_or(i64::MAX));
        tries += 1;
        let outcome = tokio::time::timeout(TRY, attempt(outbound, &job)).await;
        let outcome = outcome.unwrap_or_else(|_| Err(format!("{} 秒内没有答复", TRY.as_secs())));
        tried = Some(Tried { subscription: id, sequence: job.event.sequence, number: job.number, outcome });
    }
}

/// Writes down how the last try ended and takes up the next event, in one transaction.
async fn step(office: &Arc<Office>, id: i64, tried: Option<Tried>) -> Result<Option<Job>, Error> {
    let shared = Arc::clone(office);
    office
        .write(&sender(), move |tx| {
            if let Some(tried) = &tried {
                settle(tx, tried)?;
            }
            let row = xinzhi_store::subscription::by_id(tx.connection(), id)?;
            let Some(row) = row.filter(|row| !row.is_ended()) else { return Ok(None) };
            let now = tx.moment();
            let front = xinzhi_store::push::front(tx.connection(), id)?;
            let Some(event) = front.filter(|event| event.next_at <= now) else { return Ok(None) };
            xinzhi_store::push::claim(tx, id, event.sequence, now.plus_ms(LEASE_MS))?;
            let keys = subscribe::open_keys(tx.connection(), &shared.keys, (id, now))?;
            let hosts = subscribe::list(tx.connection())?;
            Ok(Some(Job { number: event.tries + 1, event, url: row.url, title: row.title, keys, hosts, now }))
        })
        .await
}

fn settle(tx: &mut Tx, tried: &Tried) -> Result<(), Error> {
    let Tried { subscription, sequence, number, outcome } = tried;
    let place = (*subscription, *sequence, *number);
    let status = outcome.as_ref().ok().map(|status| i64::from(*status));
    let words = match outcome {
        Ok(status) if is_accepted(*status) => String::new(),
        Ok(status) => said(*status),
        Err(words) => words.chars().take(WORDS_MAX).collect(),
    };
    let gone = *outcome == Ok(GONE);
    let (state, wait) = match outcome {
        Ok(status) if is_accepted(*status) => ("accepted", 0),
        _ if gone || *number >= TRIES_MAX => ("dead", 0),
        _ => ("waiting", wait_ms(*number, u64::from_be_bytes(tx.random()))),
    };
    let settled = Settled { state, next_at: tx.moment().plus_ms(wait), status, error: &words };
    let present = xinzhi_store::push::settle(tx, place, &settled)?;
    if !(present && gone) {
        return Ok(());
    }
    let row = xinzhi_store::subscription::by_id(tx.connection(), *subscription)?;
    row.filter(|row| !row.is_ended()).map_or(Ok(()), |row| subscribe::end_now(tx, row, "接收方答复 410，不再接收推送"))
}

fn is_accepted(status: u16) -> bool {
    (200..300).contains(&status)
}

fn said(status: u16) -> String {
    match status {
        300..400 => format!("接收方答复 {status} 要求转到别处；推送不跟随转向，请改正推送地址"),
        _ => format!("接收方答复 {status}"),
    }
}

/// How long to wait after a failed try: doubled each time, and up to a quarter more, so that recipients that failed together do not
/// come back together.
fn wait_ms(number: i64, dice: u64) -> i64 {
    let doublings = u32::try_from(number.saturating_sub(1)).unwrap_or(u32::MAX).min(20);
    let base = WAIT_MS_MIN.saturating_mul(1 << doublings).min(WAIT_MS_MAX);
    let more = i64::try_from(dice % 1_000).unwrap_or(0) * base / 4_000;
    (base + more).min(WAIT_MS_MAX)
}

/// Resolves, checks, pins the address, posts. Every answer of the name server is held against the list anew.
async fn attempt(outbound: &dyn Outbound, job: &Job) -> Result<u16, String> {
    let target = Target::parse(&job.url)?;
    let literal = target.host.parse::<IpAddr>().ok().map(|address| vec![SocketAddr::new(address, target.port)]);
    if !super::address::is_listed(&job.hosts, &target) {
        return Err("推送地址不在允许的名单内".to_owned());
    }
    let addresses = match literal {
        Some(addresses) => addresses,
        None => outbound.resolve(&target.host, target.port).await?,
    };
    let mut refused = "主机名没有解析到地址".to_owned();
    for address in addresses {
        match may_reach(&job.hosts, &target, address.ip()) {
            Ok(()) => {
                let authorities = super::address::authorities(&job.hosts, &target, address.ip());
                let parcel = Parcel { authorities, ..parcel(job, target) };
                return outbound.post(SocketAddr::new(address.ip(), parcel.target.port), &parcel).await;
            }
            Err(words) => refused = words,
        }
    }
    Err(refused)
}

/// The event with the headers of Standard Webhooks, signed by every key that is valid now.
fn parcel(job: &Job, target: Target) -> Parcel {
    let timestamp = (job.now.0 / 1000).to_string();
    let signatures: Vec<String> =
        job.keys.iter().map(|key| format!("v1,{}", sign(key, (&job.event.webhook, &timestamp, &job.event.body)))).collect();
    let headers = vec![
        ("content-type", "application/cloudevents+json; charset=utf-8".to_owned()),
        ("webhook-id", job.event.webhook.clone()),
        ("webhook-timestamp", timestamp),
        ("webhook-signature", signatures.join(" ")),
        ("webhook-attempt", job.number.to_string()),
    ];
    Parcel { target, headers, body: job.event.body.clone(), authorities: None }
}

/// HMAC-SHA256 over `id.timestamp.body`, in Base64 (Standard Webhooks). The key belongs to one subscription and serves for nothing else,
/// so that no other digest of the house can pass for a push, nor a push for another digest.
fn sign(key: &[u8], (id, timestamp, body): (&str, &str, &str)) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return String::new() };
    for part in [id, ".", timestamp, ".", body] {
        mac.update(part.as_bytes());
    }
    STANDARD.encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the Standard Webhooks specification.
    #[test]
    fn a_signature_is_the_one_of_standard_webhooks() {
        let key = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let body = r#"{"test": 2432232314}"#;
        let signature = sign(&key, ("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", body));
        assert_eq!(signature, "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn waits_double_from_five_seconds_to_an_hour_and_fill_about_a_day() {
        assert_eq!(wait_ms(1, 0), 5_000);
        assert_eq!(wait_ms(2, 0), 10_000);
        assert_eq!(wait_ms(11, 0), WAIT_MS_MAX);
        assert_eq!(wait_ms(i64::MAX, u64::MAX), WAIT_MS_MAX);
        for number in 1..TRIES_MAX {
            for dice in [0, 1, 499, 999, u64::MAX] {
                let wait = wait_ms(number, dice);
                assert!((WAIT_MS_MIN..=WAIT_MS_MAX).contains(&wait) && wait >= wait_ms(number, 0), "{number} {dice}: {wait}");
            }
        }
        let hours = (1..TRIES_MAX).map(|number| wait_ms(number, 0)).sum::<i64>() / 3_600_000;
        assert!((22..=26).contains(&hours), "{hours}");
    }
}
