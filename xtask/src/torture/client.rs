//! Clients that ask while the server is being killed. They write down what they are about to ask before they ask it, and the answer once it
//! is there, outside the disk under test: what they hold afterwards judges the server.

use std::collections::{BTreeMap, BTreeSet};
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
const FORM: &str = "content-type: application/x-www-form-urlencoded";
const BOUNDARY: &str = "torture-7f2c";

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    /// The program, with its key.
    Program,
    /// A person who signed in: only people decide on restrictions.
    Person,
}

/// What a request brings about, as far as recipients of pushes are told of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Brings {
    Nothing,
    /// A decision that rests on a batch.
    Decision {
        batch: i64,
    },
    /// A batch is taken back.
    Recall {
        batch: i64,
    },
}

/// One request: sent any number of times under its key, of one effect.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) key: String,
    path: String,
    kind: &'static str,
    body: Vec<u8>,
    by: By,
    brings: Brings,
    /// The answer, once one arrived.
    pub(super) answer: Option<String>,
}

impl Asked {
    fn form(path: String, body: Vec<u8>) -> Asked {
        let kind = "multipart/form-data; boundary=torture-7f2c";
        Asked { key: String::new(), path, kind, body, by: By::Program, brings: Brings::Nothing, answer: None }
    }

    fn json(path: String, body: &Value) -> Asked {
        Asked { kind: "application/json", ..Asked::form(path, body.to_string().into_bytes()) }
    }

    /// The decision that it made, by its answer.
    fn decision(&self) -> Option<i64> {
        let answer: Value = serde_json::from_str(self.answer.as_deref()?).ok()?;
        answer.get("decision")?.as_i64().filter(|_| matches!(self.brings, Brings::Decision { .. }))
    }
}

/// What recipients have to have been told of by now.
#[derive(Debug, Default)]
pub(super) struct Due {
    /// Decisions, each with whether the batch that it rests on was taken back since.
    pub(super) decisions: BTreeMap<i64, bool>,
    /// Batches that were taken back.
    pub(super) recalls: BTreeSet<i64>,
}

/// What all clients asked, in memory and in a file.
#[derive(Debug)]
pub(super) struct Journal {
    asked: Mutex<(Vec<Asked>, File)>,
    /// The next row of the file that deliveries are cut from.
    row: AtomicU64,
    /// The next company that nobody knows yet.
    fresh: AtomicU64,
}

impl Journal {
    pub(super) fn new(file: &Path) -> Result<Journal> {
        let file = File::create(file).with_context(|| format!("`{}` cannot be made", file.display()))?;
        Ok(Journal { asked: Mutex::new((Vec::new(), file)), row: AtomicU64::new(0), fresh: AtomicU64::new(0) })
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

    /// How many requests there are.
    pub(super) fn count(&self) -> usize {
        self.lock().0.len()
    }

    /// How many entries of the journal they are, all having an answer: one each, and one more for a decision.
    pub(super) fn entries(&self) -> usize {
        let all = self.lock();
        all.0.len() + all.0.iter().filter(|asked| asked.decision().is_some()).count()
    }

    /// What recipients are to be told of, all requests having an answer.
    pub(super) fn due(&self) -> Due {
        let all = self.lock();
        let recalled = all.0.iter().filter_map(|asked| match asked.brings {
            Brings::Recall { batch } => Some(batch),
            Brings::Nothing | Brings::Decision { .. } => None,
        });
        let recalls: BTreeSet<i64> = recalled.collect();
        let decided = all.0.iter().filter_map(|asked| match asked.brings {
            Brings::Decision { batch } => asked.decision().map(|decision| (decision, recalls.contains(&batch))),
            Brings::Nothing | Brings::Recall { .. } => None,
        });
        Due { decisions: decided.collect(), recalls }
    }
}

/// Where to ask, and what about.
#[derive(Debug)]
pub(super) struct World {
    /// Of the program.
    pub(super) key: String,
    /// The header that tells that the person asks.
    pub(super) session: String,
    /// Codes of organisations.
    pub(super) codes: Vec<String>,
    /// A file of penalties: its header and its rows.
    pub(super) header: String,
    pub(super) rows: Vec<String>,
    /// Codes of organisations that the office does not know yet.
    pub(super) strangers: Vec<String>,
}

/// One client on its way to a server; its name sets its keys apart.
#[derive(Debug)]
pub(super) struct Client<'a> {
    pub(super) world: &'a World,
    pub(super) journal: &'a Journal,
    pub(super) address: &'a str,
    pub(super) name: String,
}

impl Client<'_> {
    /// Asks until `over`, or until the server is gone.
    pub(super) fn run(&self, dice: &mut Dice, over: &AtomicBool) -> Result<()> {
        let mut number = 0;
        while !over.load(Ordering::Relaxed) {
            number += 10;
            let went_on = match dice.below(8) {
                0 | 1 => self.deliver(dice, number)?,
                2 | 3 => self.decide(dice, number)?,
                _ => self.check(dice, number)?,
            };
            if !went_on || !self.again(dice)? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Writes down what is asked, asks, and writes down the answer; none where the server is gone.
    fn ask(&self, number: u64, asked: Asked) -> Result<Option<Value>> {
        let asked = Asked { key: format!("{}-{number}", self.name), ..asked };
        let index = self.journal.write(asked.clone())?;
        let Some(text) = settle(self.address, self.world, &asked)? else { return Ok(None) };
        self.journal.answered(index, &text)?;
        serde_json::from_str(&text).map(Some).with_context(|| format!("an answer that is no JSON: {text}"))
    }

    /// Storms: a third of the time what was asked before is asked again, answered or not.
    fn again(&self, dice: &mut Dice) -> Result<bool> {
        if dice.below(3) > 0 {
            return Ok(true);
        }
        let again = {
            let all = self.journal.lock();
            let index = usize::try_from(dice.below(u64::try_from(all.0.len())?))?;
            all.0.get(index).cloned().map(|asked| (index, asked))
        };
        let Some((index, asked)) = again else { return Ok(true) };
        let Some(text) = settle(self.address, self.world, &asked)? else { return Ok(false) };
        self.journal.answered(index, &text)?;
        Ok(true)
    }

    /// A check, and feedback on one of its measures. Returns whether the server is still there.
    fn check(&self, dice: &mut Dice, number: u64) -> Result<bool> {
        let index = usize::try_from(dice.below(u64::try_from(self.world.codes.len())?))?;
        let code = self.world.codes.get(index).context("no code")?;
        let body = json!({ "subject": code, "matter": "food-licence", "purpose": "行政许可", "case": format!("c{number}") });
        let Some(answer) = self.ask(number, Asked::json("/api/v1/checks".to_owned(), &body))? else { return Ok(false) };
        let measures = answer.get("measures").and_then(Value::as_array).into_iter().flatten();
        let mut plain = measures.filter(|measure| measure.get("kind").and_then(Value::as_str) != Some("restriction"));
        let Some(measure) = plain.next().and_then(|measure| measure.get("measure")) else { return Ok(true) };
        let body = json!({ "measure": measure, "outcome": "applied", "officer": "陈静" });
        let path = format!("/api/v1/checks/{}/feedback", answer.get("id").context("a check without a number")?);
        Ok(self.ask(number + 1, Asked::json(path, &body))?.is_some())
    }

    /// A delivery, its commit, and sometimes its recall.
    fn deliver(&self, dice: &mut Dice, number: u64) -> Result<bool> {
        let (count, rows) = (1 + dice.below(ROWS_MAX), &self.world.rows);
        let from = usize::try_from(self.journal.row.fetch_add(count, Ordering::Relaxed))? % rows.len();
        let rows = rows.iter().skip(from).take(usize::try_from(count)?);
        let file = rows.fold(self.world.header.clone(), |file, row| file + "\n" + row);
        let Some(batch) = self.commit(number, ("cf-2018", &file))? else { return Ok(false) };
        if dice.below(4) > 0 {
            return Ok(true);
        }
        self.recall(number + 2, batch)
    }

    /// A restriction from its beginning: a company comes on the list, a check proposes the measure, a person decides on it, and sometimes
    /// the list is taken back.
    fn decide(&self, dice: &mut Dice, number: u64) -> Result<bool> {
        let fresh = self.journal.fresh.fetch_add(1, Ordering::Relaxed);
        let Some(code) = self.world.strangers.get(usize::try_from(fresh)?) else { return self.check(dice, number) };
        let header = "主体名称,统一社会信用代码,名单类型,认定文书号,列入事由,认定单位,列入日期,移出日期";
        let row =
            format!("试验{fresh}号公司,{code},重大税收违法失信主体,示税列〔2026〕{fresh}号,虚开发票,示范县税务局,2026-06-01,2099-03-31");
        let Some(batch) = self.commit(number, ("serious-list", &format!("{header}\n{row}\n")))? else { return Ok(false) };
        let body = json!({ "subject": code, "matter": "procurement-bid", "purpose": "政府采购", "case": format!("r{fresh}") });
        let check = Asked { by: By::Person, ..Asked::json("/api/v1/checks".to_owned(), &body) };
        let Some(answer) = self.ask(number + 2, check)? else { return Ok(false) };
        let document = json!({ "number": format!("示财采〔2026〕{fresh}号"), "organ": "示范县财政局", "date": "2026-11-20" });
        let body = json!({ "measure": "procurement-limit", "outcome": "applied", "officer": "李芳", "document": document, "notice": "2026-11-23" });
        let path = format!("/api/v1/checks/{}/feedback", answer.get("id").context("a check without a number")?);
        let decision = Asked { by: By::Person, brings: Brings::Decision { batch }, ..Asked::json(path, &body) };
        let Some(answer) = self.ask(number + 3, decision)? else { return Ok(false) };
        if answer.get("decision").and_then(Value::as_i64).is_none() {
            bail!("nothing was decided: {answer}");
        }
        if dice.below(2) > 0 {
            return Ok(true);
        }
        self.recall(number + 4, batch)
    }

    /// Stages a file and lets it take effect; the number of the batch.
    fn commit(&self, number: u64, (source, file): (&str, &str)) -> Result<Option<i64>> {
        let mut body = Vec::new();
        for (name, text) in [("source", source), ("encoding", "utf-8")] {
            write!(body, "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n")?;
        }
        write!(
            body,
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"cf.csv\"\r\n\r\n{file}\r\n--{BOUNDARY}--\r\n"
        )?;
        let Some(staged) = self.ask(number, Asked::form("/api/v1/batches".to_owned(), body))? else { return Ok(None) };
        let batch = staged.get("id").and_then(Value::as_i64).context("a batch without a number")?;
        let commit = Asked::json(format!("/api/v1/batches/{batch}/commit"), &Value::Null);
        Ok(self.ask(number + 1, commit)?.map(|_| batch))
    }

    fn recall(&self, number: u64, batch: i64) -> Result<bool> {
        let asked = Asked::json(format!("/api/v1/batches/{batch}/recall"), &json!({ "reason": "报送有误" }));
        Ok(self.ask(number, Asked { brings: Brings::Recall { batch }, ..asked })?.is_some())
    }
}

/// Sends one request until it is answered with success; none where the server is gone. A refusal is a fault of the server: all that is asked
/// here is lawful.
pub(super) fn settle(address: &str, world: &World, asked: &Asked) -> Result<Option<String>> {
    const TRIES: u32 = 40;
    for _ in 0..TRIES {
        match send(address, world, asked) {
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
fn send(address: &str, world: &World, asked: &Asked) -> Option<(u16, String)> {
    let who = match asked.by {
        By::Program => format!("authorization: Bearer {}", world.key),
        By::Person => world.session.clone(),
    };
    let head = format!("POST {} HTTP/1.1\r\n{who}\r\nidempotency-key: {}\r\ncontent-type: {}", asked.path, asked.key, asked.kind);
    exchange(address, &head, &asked.body).map(|answer| (answer.status, answer.text)).ok()
}

/// What a program with a key is told at a path.
pub(super) fn told(address: &str, key: &str, path: &str) -> Result<Value> {
    let answer = exchange(address, &format!("GET {path} HTTP/1.1\r\nauthorization: Bearer {key}"), &[])?;
    if answer.status != 200 {
        bail!("{path} was answered {}: {}", answer.status, answer.text);
    }
    serde_json::from_str(&answer.text).with_context(|| format!("an answer that is no JSON: {}", answer.text))
}

/// Asks once, before anything is tortured; must succeed.
pub(super) fn post(address: &str, key: &str, (path, once, body): (&str, &str, &Value)) -> Result<Value> {
    let text = again(address, &format!("authorization: Bearer {key}"), [path, once, "application/json", &body.to_string()])?;
    serde_json::from_str(&text).with_context(|| format!("an answer that is no JSON: {text}"))
}

/// Signs somebody in; returns the header that tells who asks.
pub(super) fn sign_in(address: &str, name: &str, password: &str) -> Result<String> {
    let body = format!("name={name}&password={password}");
    let signed = exchange(address, &format!("POST /sign-in HTTP/1.1\r\n{FORM}"), body.as_bytes())?;
    let cookie = signed.cookie.with_context(|| format!("{name} cannot sign in: {} {}", signed.status, signed.text))?;
    Ok(format!("cookie: {cookie}"))
}

/// The same for somebody who has a first password and must choose another one.
pub(super) fn sign_in_first(address: &str, name: &str, password: &str) -> Result<String> {
    let who = sign_in(address, name, password)?;
    let body = format!("old={password}&password={password}-2&again={password}-2");
    let changed = exchange(address, &format!("POST /account HTTP/1.1\r\n{who}\r\n{FORM}"), body.as_bytes())?;
    if changed.status != 303 {
        bail!("the first password of {name} cannot be changed: {} {}", changed.status, changed.text);
    }
    Ok(who)
}

/// Asks what somebody asked before, under their key; the answer must be a success.
pub(super) fn again(address: &str, who: &str, [path, once, kind, body]: [&str; 4]) -> Result<String> {
    let head = format!("POST {path} HTTP/1.1\r\n{who}\r\nidempotency-key: {once}\r\ncontent-type: {kind}");
    let answer = exchange(address, &head, body.as_bytes())?;
    if answer.status == 200 { Ok(answer.text) } else { bail!("{once} {path} was answered {}: {}", answer.status, answer.text) }
}

/// Whether a page is answered.
pub(super) fn reads(address: &str) -> bool {
    exchange(address, "GET / HTTP/1.1", &[]).is_ok_and(|answer| answer.status == 200)
}

struct Answer {
    status: u16,
    cookie: Option<String>,
    text: String,
}

/// One request, its first lines given, and the whole of its answer.
fn exchange(address: &str, head: &str, body: &[u8]) -> Result<Answer> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let head = format!("{head}\r\nhost: {address}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
    stream.write_all(&[head.as_bytes(), body].concat())?;
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let status = line.split(' ').nth(1).and_then(|word| word.parse().ok()).context("no status")?;
    let (mut length, mut cookie) = (None, None);
    loop {
        line.clear();
        if reader.read_line(&mut line)? == 0 {
            bail!("the head of the answer broke off");
        }
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').context("a line of the head without a name")?;
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = Some(value.trim().parse::<usize>()?),
            "set-cookie" => cookie = value.trim().split(';').next().map(str::to_owned),
            _ => {}
        }
    }
    let mut text = Vec::new();
    reader.read_to_end(&mut text)?;
    if length.is_some_and(|length| length != text.len()) {
        bail!("the answer broke off");
    }
    Ok(Answer { status, cookie, text: String::from_utf8(text)? })
}
