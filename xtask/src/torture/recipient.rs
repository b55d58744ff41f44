//! A department's system that is told: it checks signatures, writes down what it takes before it answers, and answers as the world does.
//! What it holds lies in this process and in a file, outside whatever is being tortured.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::dice::Dice;

/// Longest envelope.
const BODY_BYTES_MAX: usize = 1 << 20;
/// How long a sender may take to say what it has to say.
const PATIENCE: Duration = Duration::from_secs(10);

/// An event as it came first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Taken {
    /// Id of the envelope, and of the header.
    pub(super) id: String,
    body: String,
    /// The envelope.
    pub(super) event: Value,
    /// Whether 204 was ever said to it.
    pub(super) acknowledged: bool,
}

/// What one subscription brought, by number.
pub(super) type Inbox = BTreeMap<i64, Taken>;

#[derive(Debug)]
struct Held {
    inboxes: Vec<Inbox>,
    file: File,
    /// What must never happen.
    wrong: Vec<String>,
    copies: u64,
    failures: u64,
}

#[derive(Debug)]
struct Shared {
    /// Keys that sign, by subscription.
    keys: Mutex<Vec<Vec<u8>>>,
    held: Mutex<Held>,
    dice: Mutex<Dice>,
    /// From now on everything is answered well and at once.
    polite: AtomicBool,
    over: AtomicBool,
}

/// Ends when it goes out of scope.
#[derive(Debug)]
pub(super) struct Recipient {
    address: SocketAddr,
    shared: Arc<Shared>,
}

/// What a recipient does with one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    Takes,
    TakesLate,
    TakesAndHangsUp,
    TakesAndFails,
    Fails,
    HangsUp,
}

impl Manner {
    fn thrown(dice: &mut Dice) -> Manner {
        match dice.below(100) {
            0..2 => Manner::Fails,
            2..4 => Manner::HangsUp,
            4..6 => Manner::TakesAndHangsUp,
            6..7 => Manner::TakesAndFails,
            7..17 => Manner::TakesLate,
            _ => Manner::Takes,
        }
    }
}

impl Recipient {
    /// Listens on this machine; what arrives is written to `file`.
    pub(super) fn start(file: &Path, dice: Dice) -> Result<Recipient> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let file = File::create(file).with_context(|| format!("`{}` cannot be made", file.display()))?;
        let held = Held { inboxes: Vec::new(), file, wrong: Vec::new(), copies: 0, failures: 0 };
        let shared = Arc::new(Shared {
            keys: Mutex::default(),
            held: Mutex::new(held),
            dice: Mutex::new(dice),
            polite: AtomicBool::new(false),
            over: AtomicBool::new(false),
        });
        let serving = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if serving.over.load(Ordering::Relaxed) {
                    return;
                }
                let shared = Arc::clone(&serving);
                // A sender that broke off has gone: it sends again.
                std::thread::spawn(move || shared.serve(&stream).is_ok());
            }
        });
        Ok(Recipient { address, shared })
    }

    /// Where it listens.
    pub(super) fn host(&self) -> String {
        self.address.to_string()
    }

    /// Where the subscription with this place in the list sends to.
    pub(super) fn url(&self, channel: usize) -> String {
        format!("http://{}/in/{channel}", self.address)
    }

    /// The next subscription signs with this key.
    pub(super) fn expect(&self, secret: &str) -> Result<()> {
        let key = STANDARD.decode(secret.strip_prefix("whsec_").context("a secret of another kind")?)?;
        lock(&self.shared.held).inboxes.push(Inbox::new());
        lock(&self.shared.keys).push(key);
        Ok(())
    }

    pub(super) fn be_polite(&self, polite: bool) {
        self.shared.polite.store(polite, Ordering::Relaxed);
    }

    /// What a subscription brought so far.
    ///
    /// # Errors
    /// What must never happen and did.
    pub(super) fn inbox(&self, channel: usize) -> Result<Inbox> {
        let held = lock(&self.shared.held);
        if !held.wrong.is_empty() {
            bail!("the recipient was told wrong: {}", held.wrong.join("; "));
        }
        held.inboxes.get(channel).cloned().context("no such subscription")
    }

    /// Forgets what it holds under a number and returns it, or puts it back: for showing that this does not pass.
    pub(super) fn swap(&self, (channel, number): (usize, i64), taken: Option<Taken>) -> Option<Taken> {
        let mut held = lock(&self.shared.held);
        let inbox = held.inboxes.get_mut(channel)?;
        match taken {
            Some(taken) => inbox.insert(number, taken),
            None => inbox.remove(&number),
        }
    }

    /// Events taken, copies of them that came again, tries that it failed on purpose.
    pub(super) fn counts(&self) -> (usize, u64, u64) {
        let held = lock(&self.shared.held);
        (held.inboxes.iter().map(Inbox::len).sum(), held.copies, held.failures)
    }
}

impl Drop for Recipient {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::Relaxed);
        // Wakes whoever waits for the next one; where nobody does, it has ended already.
        let _woken = TcpStream::connect(self.address);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A push as it came.
struct Arrived {
    channel: usize,
    headers: BTreeMap<String, String>,
    body: String,
}

impl Shared {
    fn serve(&self, stream: &TcpStream) -> Result<()> {
        stream.set_read_timeout(Some(PATIENCE))?;
        let arrived = read(stream)?;
        let manner = if self.polite.load(Ordering::Relaxed) { Manner::Takes } else { Manner::thrown(&mut lock(&self.dice)) };
        match manner {
            Manner::Fails => return self.fail(stream),
            Manner::HangsUp => {
                lock(&self.held).failures += 1;
                return Ok(());
            }
            Manner::Takes | Manner::TakesLate | Manner::TakesAndHangsUp | Manner::TakesAndFails => {}
        }
        let acknowledges = matches!(manner, Manner::Takes | Manner::TakesLate);
        if !self.take(&arrived, acknowledges)? {
            return answer(stream, "401 Unauthorized");
        }
        match manner {
            Manner::TakesAndFails => self.fail(stream),
            Manner::TakesLate => {
                let lasts = Duration::from_millis(lock(&self.dice).below(400));
                super::pause(lasts);
                answer(stream, "204 No Content")
            }
            Manner::TakesAndHangsUp => {
                lock(&self.held).failures += 1;
                Ok(())
            }
            Manner::Takes | Manner::Fails | Manner::HangsUp => answer(stream, "204 No Content"),
        }
    }

    fn fail(&self, stream: &TcpStream) -> Result<()> {
        lock(&self.held).failures += 1;
        answer(stream, "500 Internal Server Error")
    }

    /// Writes an event down, once; returns whether it is genuine. That it is acknowledged is written down before it is said.
    fn take(&self, arrived: &Arrived, acknowledges: bool) -> Result<bool> {
        let key = lock(&self.keys).get(arrived.channel).cloned();
        let mut held = lock(&self.held);
        if !key.is_some_and(|key| is_genuine(&key, arrived)) {
            held.wrong.push(format!("a push that its key did not sign: {}", arrived.body));
            return Ok(false);
        }
        let event: Value = serde_json::from_str(&arrived.body).context("an envelope that is no JSON")?;
        let text = |name: &str| event.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (id, number) = (text("id"), text("sequence").parse::<i64>().context("an envelope without a number")?);
        if arrived.headers.get("webhook-id") != Some(&id) {
            held.wrong.push(format!("the header calls {id} by another id"));
        }
        let line = json!({ "channel": arrived.channel, "number": number, "id": id, "acknowledged": acknowledges, "body": arrived.body });
        writeln!(held.file, "{line}")?;
        held.take((arrived.channel, number), Taken { id, body: arrived.body.clone(), event, acknowledged: acknowledges });
        Ok(true)
    }
}

impl Held {
    fn take(&mut self, (channel, number): (usize, i64), taken: Taken) {
        let Some(inbox) = self.inboxes.get_mut(channel) else { return };
        let last = inbox.last_key_value().map_or(0, |(last, _)| *last);
        if let Some(known) = inbox.get_mut(&number) {
            self.copies += 1;
            if (&known.id, &known.body) != (&taken.id, &taken.body) {
                self.wrong.push(format!("number {number} of {channel} came first as {} and then as {}", known.body, taken.body));
            }
            known.acknowledged |= taken.acknowledged;
            return;
        }
        if number < last {
            self.wrong.push(format!("number {number} of {channel} came first after {last} had come"));
        }
        if let Some((other, _)) = inbox.iter().find(|(_, known)| known.id == taken.id) {
            self.wrong.push(format!("{} came as number {other} and as number {number} of {channel}", taken.id));
        }
        inbox.insert(number, taken);
    }
}

/// One request, whole.
fn read(stream: &TcpStream) -> Result<Arrived> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let path = line.split(' ').nth(1).context("no path")?;
    let channel = path.strip_prefix("/in/").and_then(|number| number.parse().ok()).with_context(|| format!("a push to {path}"))?;
    let mut headers = BTreeMap::new();
    loop {
        line.clear();
        if reader.read_line(&mut line)? == 0 {
            bail!("the head broke off");
        }
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').context("a line of the head without a name")?;
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length: usize = headers.get("content-length").context("no length")?.parse()?;
    let mut body = vec![0; length.min(BODY_BYTES_MAX)];
    reader.read_exact(&mut body)?;
    Ok(Arrived { channel, headers, body: String::from_utf8(body)? })
}

fn answer(mut stream: &TcpStream, status: &str) -> Result<()> {
    Ok(stream.write_all(format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").as_bytes())?)
}

/// Standard Webhooks: HMAC-SHA256 over `id.timestamp.body`, the moment within five minutes.
fn is_genuine(key: &[u8], arrived: &Arrived) -> bool {
    const SKEW_SECONDS: u64 = 300;
    let header = |name: &str| arrived.headers.get(name).map_or("", String::as_str);
    let timestamp = header("webhook-timestamp");
    let fresh = timestamp.parse::<u64>().is_ok_and(|moment| moment.abs_diff(seconds()) <= SKEW_SECONDS);
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return false };
    mac.update(format!("{}.{timestamp}.{}", header("webhook-id"), arrived.body).as_bytes());
    let made = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    fresh && header("webhook-signature").split(' ').any(|signature| signature == made)
}

#[expect(clippy::disallowed_methods, reason = "a recipient looks at its own clock")]
fn seconds() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
