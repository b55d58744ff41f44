//! `cargo xtask load`: asks a running server for checks, searches, files or pages at a constant rate, or as fast as it answers, and tells how
//! long they took. Several at once make a mixed load, each with figures of its own.
//!
//! At a constant rate a request's time begins when it was due, not when a free connection sent it: a server that stalls for a second is
//! charged for every request of that second.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// What files are opened for, as a URL writes it: 行政许可.
const PURPOSE: &str = "%E8%A1%8C%E6%94%BF%E8%AE%B8%E5%8F%AF";
/// Longest answer read.
const ANSWER_BYTES_MAX: usize = 1 << 20;

/// What is to be asked, how often and for how long.
#[derive(Debug)]
pub struct Load {
    address: String,
    /// The one header that says who asks.
    caller: String,
    organisations: Vec<Organisation>,
    ask: Ask,
    clients: u64,
    /// Requests a second; 0 means that every client asks again as soon as it was answered.
    rate: u64,
    seconds: u64,
    /// Where checks go: another path than the product's for the ratio to a handler that does nothing.
    path: String,
}

/// What is asked.
#[derive(Clone, Copy, Debug)]
enum Ask {
    /// A check: an act that is written.
    Check,
    /// A search by two characters of a name, or by the beginning of a code.
    Search,
    /// A subject's file over the API: a read that is recorded.
    File,
    /// The same as a page.
    Page,
}

#[derive(Debug)]
struct Organisation {
    code: String,
    /// Two characters of its name, as a URL writes them.
    word: String,
}

impl Load {
    /// Reads `--address A (--key K | --session TOKEN) --codes FILE [--ask check|search|file|page] [--clients N] [--rate N] [--seconds N] [--path P]`.
    pub fn parse(arguments: &[&str]) -> Result<Load> {
        let mut load = Load {
            address: "127.0.0.1:8080".to_owned(),
            caller: String::new(),
            organisations: Vec::new(),
            ask: Ask::Check,
            clients: 64,
            rate: 0,
            seconds: 10,
            path: "/api/v1/checks".to_owned(),
        };
        for pair in arguments.chunks(2) {
            let [name, value] = pair else { bail!("{} needs a value", pair.concat()) };
            let number = || value.parse().with_context(|| format!("{name} takes a number, not {value}"));
            match *name {
                "--address" => load.address = (*value).to_owned(),
                "--key" => load.caller = format!("authorization: Bearer {value}"),
                "--session" => load.caller = format!("cookie: xinzhi={value}"),
                "--codes" => load.organisations = organisations(Path::new(value))?,
                "--ask" => load.ask = Ask::parse(value)?,
                "--clients" => load.clients = number()?,
                "--rate" => load.rate = number()?,
                "--seconds" => load.seconds = number()?,
                "--path" => load.path = (*value).to_owned(),
                _ => bail!("unknown option {name}"),
            }
        }
        if load.organisations.is_empty() || load.clients == 0 {
            bail!("--codes FILE (a file of registrations: codes and names of organisations) and at least one client are needed");
        }
        Ok(load)
    }

    /// Asks, and prints what was seen.
    pub fn run(&self) -> Result<()> {
        let run = started()?;
        let (tickets, seen) = (AtomicU64::new(0), Mutex::new(Seen::default()));
        let began = now();
        std::thread::scope(|scope| {
            let clients: Vec<_> = (0..self.clients).map(|_| scope.spawn(|| self.client(began, &run, &tickets))).collect();
            for client in clients {
                let one = client.join().unwrap_or_else(|_| bail!("a client panicked"))?;
                seen.lock().map_err(|_| anyhow::anyhow!("a client panicked"))?.add(one);
            }
            anyhow::Ok(())
        })?;
        let took = now().duration_since(began);
        seen.into_inner().map_err(|_| anyhow::anyhow!("a client panicked"))?.print(took);
        Ok(())
    }

    /// One connection: takes the next ticket, waits until it is due, asks, notes how long the answer took.
    fn client(&self, began: Instant, run: &str, tickets: &AtomicU64) -> Result<Seen> {
        let mut stream = TcpStream::connect(&self.address).with_context(|| format!("connecting to {}", self.address))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        let mut reader = BufReader::new(stream.try_clone()?);
        let mut seen = Seen::default();
        let end = began + Duration::from_secs(self.seconds);
        loop {
            let ticket = tickets.fetch_add(1, Ordering::Relaxed);
            let due = match self.rate {
                0 => now(),
                rate => began + Duration::from_nanos(ticket.saturating_mul(1_000_000_000) / rate),
            };
            if due >= end {
                return Ok(seen);
            }
            wait_until(due);
            stream.write_all(self.request(run, ticket).as_bytes())?;
            let status = answer(&mut reader)?;
            seen.note(status, now().duration_since(due));
        }
    }

    fn request(&self, run: &str, ticket: u64) -> String {
        // A step that shares no factor with most sizes walks through the subjects without repeating one soon.
        let index = usize::try_from(ticket.wrapping_mul(7919)).unwrap_or(0) % self.organisations.len();
        let Some(Organisation { code, word }) = self.organisations.get(index) else { return String::new() };
        match self.ask {
            Ask::Check => self.check(run, ticket, code),
            Ask::Search => self.get(&format!("/api/v1/subjects?q={word}")),
            Ask::File => self.get(&format!("/api/v1/subjects/{code}?purpose={PURPOSE}")),
            Ask::Page => self.get(&format!("/desk/subjects/{code}?purpose={PURPOSE}")),
        }
    }

    fn check(&self, run: &str, ticket: u64, code: &str) -> String {
        let body = format!(r#"{{"subject":"{code}","matter":"food-licence","purpose":"行政许可","case":"压测{run}-{ticket}"}}"#);
        let Load { address, caller, path, .. } = self;
        format!(
            "POST {path} HTTP/1.1\r\nhost: {address}\r\n{caller}\r\nidempotency-key: {run}-{ticket}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
    }

    fn get(&self, path: &str) -> String {
        format!("GET {path} HTTP/1.1\r\nhost: {}\r\n{}\r\n\r\n", self.address, self.caller)
    }
}

impl Ask {
    fn parse(word: &str) -> Result<Ask> {
        Ok(match word {
            "check" => Ask::Check,
            "search" => Ask::Search,
            "file" => Ask::File,
            "page" => Ask::Page,
            _ => bail!("--ask takes check, search, file or page, not {word}"),
        })
    }
}

/// How long answers took, and how many were not 200.
#[derive(Debug, Default)]
struct Seen {
    micros: Vec<u64>,
    refused: u64,
    status: u16,
}

impl Seen {
    fn note(&mut self, status: u16, took: Duration) {
        self.micros.push(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
        if status != 200 {
            self.refused += 1;
            self.status = status;
        }
    }

    fn add(&mut self, other: Seen) {
        self.micros.extend(other.micros);
        self.refused += other.refused;
        self.status = self.status.max(other.status);
    }

    fn print(mut self, took: Duration) {
        self.micros.sort_unstable();
        let count = self.micros.len();
        let at = |thousandths: usize| {
            let index = (count * thousandths / 1000).min(count.saturating_sub(1));
            let micros = self.micros.get(index).copied().unwrap_or(0);
            format!("{}.{:02} ms", micros / 1000, micros % 1000 / 10)
        };
        let per_second = u128::try_from(count).unwrap_or(0) * 1000 / took.as_millis().max(1);
        println!(
            "{count} answers in {} ms, {per_second} a second; not 200: {} (last status {})",
            took.as_millis(),
            self.refused,
            self.status
        );
        println!("median {}, p90 {}, p99 {}, p99.9 {}, longest {}", at(500), at(900), at(990), at(999), at(1000));
    }
}

/// Sets this run's keys apart from those of earlier runs.
fn started() -> Result<String> {
    #[expect(clippy::disallowed_methods, reason = "a tool for measuring; nothing of the product depends on it")]
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
    Ok(format!("{:x}", since.as_millis()))
}

#[expect(clippy::disallowed_methods, reason = "measuring is done here")]
fn now() -> Instant {
    Instant::now()
}

fn wait_until(due: Instant) {
    let left = due.saturating_duration_since(now());
    if !left.is_zero() {
        #[expect(clippy::disallowed_methods, reason = "a request is sent when it is due")]
        std::thread::sleep(left);
    }
}

/// Reads one answer whole; returns its status.
fn answer(reader: &mut BufReader<TcpStream>) -> Result<u16> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let status = line.split(' ').nth(1).and_then(|word| word.parse().ok()).with_context(|| format!("not an answer: {line:?}"))?;
    let mut length = 0;
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().context("content-length")?;
        }
    }
    if length > ANSWER_BYTES_MAX {
        bail!("an answer of {length} bytes");
    }
    std::io::copy(&mut reader.take(u64::try_from(length)?), &mut std::io::sink())?;
    Ok(status)
}

/// Codes and names of a file of registrations by the generator.
fn organisations(path: &Path) -> Result<Vec<Organisation>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    let named = text.lines().filter_map(|line| {
        let mut cells = line.split(',');
        let (code, name) = (cells.next()?, cells.next().unwrap_or(""));
        let organisation = code.len() == 18 && (code.starts_with("91") || code.starts_with("92"));
        organisation.then(|| Organisation { code: code.to_owned(), word: word(code, name) })
    });
    Ok(named.collect())
}

/// What a clerk types: the fourth and fifth character of most names are a shop's own, after the county's; every other one knows a code.
fn word(code: &str, name: &str) -> String {
    let own: String = name.chars().skip(3).take(2).collect();
    let by_code = own.is_empty() || code.ends_with(['0', '2', '4', '6', '8']);
    let typed = if by_code { code.chars().take(12).collect() } else { own };
    typed.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
