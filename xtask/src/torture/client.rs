//! Clients that ask while the server is being killed. They write down what they are about to ask before they ask it, and the answer once it
//! is there, outside the disk under test: what they hold afterwards judges the server.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::dice::Dice;

/// Rows of one delivery at most.
const ROWS_MAX: u64 = 60;
/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(30);
const BOUNDARY: &str = "torture-7f2c";

/// One request: sent any number of times under its key, of one effect.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) key: String,
    path: String,
    kind: &'static str,
    body: Vec<u8>,
    /// The answer, once one arrived.
    pub(super) answer: Option<String>,
}

/// What all clients asked, in memory and in a file.
#[derive(Debug)]
pub(super) struct Journal {
    asked: Mutex<(Vec<Asked>, File)>,
    /// The next row of the file that deliveries are cut from.
    row: AtomicU64,
}

impl Journal {
    pub(super) fn new(file: &Path) -> Result<Journal> {
        let file = File::create(file).with_context(|| format!("`{}` cannot be made", file.display()))?;
        Ok(Journal { asked: Mutex::new((Vec::new(), file)), row: AtomicU64::new(0) })
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, (Vec<Asked>, File)> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, asked: Asked) -> Result<usize> {
        let mut all = self.lock();
        writeln!(all.1, "{}", json!({ "sent": asked.key, "path": asked.path }))?;
        all.0.push(asked);
        Ok(all.0.len() - 1)
    }

    /// Notes an answer; another one than before under the same key is what must never happen.
    pub(super) fn answered(&self, index: usize, answer: &str) -> Result<()> {
        let mut all = self.lock();
        let (asked, file) = &mut *all;
        let asked = asked.get_mut(index).context("an answer to nothing")?;
        match &asked.answer {
            Some(before) if before != answer => bail!("{} was answered `{before}` before and is answered `{answer}` now", asked.key),
            Some(_) => {}
            None => {
                writeln!(file, "{}", json!({ "answered": asked.key, "answer": answer }))?;
                asked.answer = Some(answer.to_owned());
            }
        }
        Ok(())
    }

    /// How many requests there are, and how many of them have an answer.
    pub(super) fn counts(&self) -> (usize, usize) {
        let all = self.lock();
        (all.0.len(), all.0.iter().filter(|asked| asked.answer.is_some()).count())
    }
}

/// Where to ask, and what about.
#[derive(Debug)]
pub(super) struct World {
    pub(super) key: String,
    /// Codes of organisations.
    pub(super) codes: Vec<String>,
    /// A file of penalties: its header and its rows.
    pub(super) header: String,
    pub(super) rows: Vec<String>,
}

/// One client until `over`, or until the server is gone. `name` sets its keys apart.
pub(super) fn client(world: &World, journal: &Journal, (address, name): (&str, &str), dice: &mut Dice, over: &AtomicBool) -> Result<()> {
    let ask = |path: String, kind: &'static str, body: Vec<u8>, number: u64| -> Result<Option<Value>> {
        let asked = Asked { key: format!("{name}-{number}"), path, kind, body, answer: None };
        let index = journal.write(asked.clone())?;
        match settle(address, &world.key, &asked)? {
            Some(text) => {
                journal.answered(index, &text)?;
                serde_json::from_str(&text).map(Some).with_context(|| format!("an answer that is no JSON: {text}"))
            }
            None => Ok(None),
        }
    };
    let mut number = 0;
    while !over.load(Ordering::Relaxed) {
        number += 10;
        let went_on = if dice.below(4) == 0 { deliver(world, journal, dice, &ask, number)? } else { check(world, dice, &ask, number)? };
        if !went_on {
            return Ok(());
        }
        // Storms: what was asked before is asked again, answered or not.
        if dice.below(3) == 0 {
            let again = {
                let all = journal.lock();
                let index = usize::try_from(dice.below(u64::try_from(all.0.len())?))?;
                all.0.get(index).cloned().map(|asked| (index, asked))
            };
            let Some((index, asked)) = again else { continue };
            match settle(address, &world.key, &asked)? {
                Some(text) => journal.answered(index, &text)?,
                None => return Ok(()),
            }
        }
    }
    Ok(())
}

type Ask<'a> = dyn Fn(String, &'static str, Vec<u8>, u64) -> Result<Option<Value>> + 'a;

/// A check, and feedback on one of its measures. Returns whether the server is still there.
fn check(world: &World, dice: &mut Dice, ask: &Ask<'_>, number: u64) -> Result<bool> {
    let index = usize::try_from(dice.below(u64::try_from(world.codes.len())?))?;
    let code = world.codes.get(index).context("no code")?;
    let body = json!({ "subject": code, "matter": "food-licence", "purpose": "行政许可", "case": format!("c{number}") });
    let Some(answer) = ask("/api/v1/checks".to_owned(), "application/json", body.to_string().into_bytes(), number)? else {
        return Ok(false);
    };
    let measures = answer.get("measures").and_then(Value::as_array).into_iter().flatten();
    let mut plain = measures.filter(|measure| measure.get("kind").and_then(Value::as_str) != Some("restriction"));
    let Some(measure) = plain.next().and_then(|measure| measure.get("measure")) else { return Ok(true) };
    let body = json!({ "measure": measure, "outcome": "applied", "officer": "陈静" });
    let path = format!("/api/v1/checks/{}/feedback", answer.get("id").context("a check without a number")?);
    Ok(ask(path, "application/json", body.to_string().into_bytes(), number + 1)?.is_some())
}

/// A delivery, its commit, and sometimes its recall.
fn deliver(world: &World, journal: &Journal, dice: &mut Dice, ask: &Ask<'_>, number: u64) -> Result<bool> {
    let count = 1 + dice.below(ROWS_MAX);
    let from = usize::try_from(journal.row.fetch_add(count, Ordering::Relaxed))? % world.rows.len();
    let rows = world.rows.iter().skip(from).take(usize::try_from(count)?);
    let file = rows.fold(world.header.clone(), |file, row| file + "\n" + row);
    let mut body = Vec::new();
    for (name, text) in [("source", "cf-2018"), ("encoding", "utf-8")] {
        write!(body, "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n")?;
    }
    write!(body, "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"cf.csv\"\r\n\r\n{file}\r\n--{BOUNDARY}--\r\n")?;
    let Some(staged) = ask("/api/v1/batches".to_owned(), "multipart/form-data; boundary=torture-7f2c", body, number)? else {
        return Ok(false);
    };
    let path = format!("/api/v1/batches/{}", staged.get("id").context("a batch without a number")?);
    if ask(format!("{path}/commit"), "application/json", b"null".to_vec(), number + 1)?.is_none() {
        return Ok(false);
    }
    if dice.below(4) > 0 {
        return Ok(true);
    }
    let body = json!({ "reason": "报送有误" }).to_string().into_bytes();
    Ok(ask(format!("{path}/recall"), "application/json", body, number + 2)?.is_some())
}

/// Sends one request until it is answered with success; none where the server is gone. A refusal is a fault of the server: all that is asked
/// here is lawful.
pub(super) fn settle(address: &str, key: &str, asked: &Asked) -> Result<Option<String>> {
    const TRIES: u32 = 40;
    for _ in 0..TRIES {
        match send(address, key, asked) {
            Some((200, text)) => return Ok(Some(text)),
            // Full, stopping, or of unknown outcome: the same key tells later.
            Some((503 | 500, _)) => super::pause(Duration::from_millis(25)),
            Some((status, text)) => bail!("{} {} was answered {status}: {text}", asked.key, asked.path),
            None => return Ok(None),
        }
    }
    Ok(None)
}

/// Status and body of one answer; none where the connection broke before all of it had arrived.
pub(super) fn send(address: &str, key: &str, asked: &Asked) -> Option<(u16, String)> {
    let head = format!(
        "POST {} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {key}\r\nidempotency-key: {}\r\ncontent-type: {}\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n",
        asked.path,
        asked.key,
        asked.kind,
        asked.body.len()
    );
    exchange(address, head.as_bytes(), &asked.body).ok()
}

/// Whether a page is answered.
pub(super) fn reads(address: &str) -> bool {
    let head = format!("GET / HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    exchange(address, head.as_bytes(), &[]).is_ok_and(|(status, _)| status == 200)
}

fn exchange(address: &str, head: &[u8], body: &[u8]) -> Result<(u16, String)> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(head)?;
    stream.write_all(body)?;
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let status = line.split(' ').nth(1).and_then(|word| word.parse().ok()).context("no status")?;
    let mut length: Option<usize> = None;
    loop {
        line.clear();
        if reader.read_line(&mut line)? == 0 {
            bail!("the head of the answer broke off");
        }
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = Some(value.trim().parse()?);
        }
    }
    let mut text = Vec::new();
    reader.read_to_end(&mut text)?;
    if length.is_some_and(|length| length != text.len()) {
        bail!("the answer broke off");
    }
    Ok((status, String::from_utf8(text)?))
}
