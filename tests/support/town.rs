//! A town for a test: an office on either database with a clock that the test moves and a seeded source of randomness, served over a
//! real socket. What a journey does goes in by HTTP, as from a department.

use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde_json::Value;
use xinzhi_core::actor::{Actor, Role};
use xinzhi_core::journal::{Entry, Position};
use xinzhi_core::{AreaCode, Clock, Moment, SubjectId};
use xinzhi_office::account::factor::{self, Gate, Secret};
use xinzhi_office::{Founding, Office, account};
use xinzhi_store::{Entropy, Url, World};
use xinzhi_web::Site;

use super::postgres;

/// Monday 2026-11-23 10:00 in Shanghai.
const START: Moment = Moment(1_795_399_200_000);
const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;
/// The county of every town.
pub const COUNTY: &str = "330899";
/// The area of accounts of townships.
pub const TOWNSHIP: &str = "330899101";
/// The organ of accounts of departments.
pub const MARKET: &str = "示范县市场监督管理局";
/// The password of every account.
pub const PASSWORD: &str = "parole-de-test-1";

/// The device of every administrator of a town.
pub fn device() -> Secret {
    Secret::from_text("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ").unwrap()
}

/// Runs a journey on both databases at once; the thread's name tells which of them failed.
pub fn each_database(journey: impl Fn(&Town) + Sync) {
    std::thread::scope(|scope| {
        let run = |name: &str, town: fn() -> Town| {
            let journey = &journey;
            let thread = std::thread::Builder::new().name(name.to_owned());
            thread.spawn_scoped(scope, move || journey(&town())).unwrap()
        };
        let both = [run("on SQLite", Town::on_sqlite), run("on PostgreSQL", Town::on_postgres)];
        let failed = both.map(|thread| thread.join().is_err());
        assert_eq!(failed, [false, false], "failed on SQLite, on PostgreSQL; see above");
    });
}

/// A clock that stands until it is moved.
#[derive(Debug)]
pub struct TestClock(AtomicI64);

impl Clock for TestClock {
    fn now(&self) -> Moment {
        Moment(self.0.load(Ordering::SeqCst))
    }
}

struct Seeded(Mutex<ChaCha20Rng>);

impl fmt::Debug for Seeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seeded")
    }
}

impl Entropy for Seeded {
    fn fill(&self, bytes: &mut [u8]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(bytes);
    }
}

/// Who asks: the one header that says so.
#[derive(Clone, Debug)]
pub struct Caller(&'static str, String);

impl Caller {
    /// Nobody.
    pub fn nobody() -> Caller {
        Caller("x-nobody", "1".to_owned())
    }

    /// The program that holds this key.
    pub fn with_key(key: &str) -> Caller {
        Caller("authorization", format!("Bearer {key}"))
    }

    /// Whoever holds this session.
    pub fn with_session(token: &str) -> Caller {
        Caller("cookie", format!("xinzhi={token}"))
    }
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub kind: String,
    pub bytes: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|_| panic!("{} is not JSON: {}", self.status, self.text()))
    }

    /// The body of a success.
    #[track_caller]
    pub fn ok(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text());
        self.json()
    }

    /// A refusal must be a problem with this status and code; returns its Chinese sentence (X9).
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) -> String {
        assert_eq!((self.status, self.code().as_str()), (status, code), "{}", self.text());
        self.sentence()
    }

    /// The code of a problem.
    #[track_caller]
    pub fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or("").to_owned()
    }

    /// The sentence of a problem, which must be told as one.
    #[track_caller]
    pub fn sentence(&self) -> String {
        assert_eq!(self.kind, "application/problem+json", "{}", self.text());
        let problem = self.json();
        assert_eq!(problem["status"], self.status, "{problem}");
        let sentence = problem["detail"].as_str().unwrap().to_owned();
        assert!(sentence.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)), "{problem}");
        sentence
    }
}

/// An office with its server.
pub struct Town {
    /// Ends first: PostgreSQL's connections do not like to be closed by a thread of a runtime.
    service: Option<Service>,
    pub office: Arc<Office>,
    pub clock: Arc<TestClock>,
    pub url: Url,
    agent: ureq::Agent,
    next: AtomicU32,
    _directory: tempfile::TempDir,
}

/// The server of an office.
struct Service {
    _runtime: tokio::runtime::Runtime,
    address: std::net::SocketAddr,
}

impl Service {
    fn start(office: &Arc<Office>) -> Service {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let site = Site { name: office.row().name.clone(), ..Site::default() };
        let router = xinzhi_web::router(Arc::clone(office), site, &Arc::default());
        runtime.spawn(async move { xinzhi_web::serve(listener, router).await });
        Service { _runtime: runtime, address }
    }
}

fn open(url: &Url, clock: &Arc<TestClock>, seed: u8) -> Arc<Office> {
    let entropy = Seeded(Mutex::new(ChaCha20Rng::from_seed([seed; 32])));
    let world = World { clock: Arc::clone(clock) as Arc<dyn Clock>, entropy: Arc::new(entropy) };
    let founding = Founding { name: "示范县公共信用中心".to_owned(), area: AreaCode::parse(COUNTY).unwrap() };
    Arc::new(Office::open(url, world, &founding).unwrap())
}

impl Town {
    pub fn on_sqlite() -> Town {
        Town::at(|directory| Url::Sqlite(directory.to_owned()))
    }

    pub fn on_postgres() -> Town {
        Town::at(|directory| Url::Postgres { url: postgres::database(), directory: directory.to_owned() })
    }

    /// An office at an address below a folder of the town's own: founded there, or opened where something was put first.
    pub fn at(url: impl FnOnce(&Path) -> Url) -> Town {
        let directory = tempfile::tempdir().unwrap();
        let url = url(directory.path());
        let clock = Arc::new(TestClock(AtomicI64::new(START.0)));
        let office = open(&url, &clock, 7);
        let service = Some(Service::start(&office));
        // A connection for each request: the server ends those whose body it did not want. An answer that never comes fails its test.
        let agent = ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).max_idle_connections(0);
        let agent = agent.timeout_global(Some(Duration::from_secs(300))).build().into();
        Town { service, office, clock, url, agent, next: AtomicU32::new(0), _directory: directory }
    }

    /// Another server on the same PostgreSQL database, with a directory of its own and the same keys.
    pub fn beside(&self) -> Town {
        let Url::Postgres { url, directory: first } = &self.url else { panic!("an embedded database has one server") };
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir(directory.path().join("keys")).unwrap();
        for key in std::fs::read_dir(first.join("keys")).unwrap() {
            let key = key.unwrap();
            std::fs::copy(key.path(), directory.path().join("keys").join(key.file_name())).unwrap();
        }
        let url = Url::Postgres { url: url.clone(), directory: directory.path().to_owned() };
        let (clock, next) = (Arc::clone(&self.clock), AtomicU32::new(1_000));
        let office = open(&url, &clock, 9);
        let service = Some(Service::start(&office));
        Town { service, office, clock, url, agent: self.agent.clone(), next, _directory: directory }
    }

    /// Stops the server and the office and opens both anew.
    pub fn reopen(&mut self) {
        self.put_aside(|_| ());
    }

    /// The same, with the directory left to somebody else meanwhile.
    pub fn put_aside<T>(&mut self, meanwhile: impl FnOnce(&Url) -> T) -> T {
        self.service = None;
        let parting = std::mem::replace(&mut self.office, Town::on_sqlite().office.clone());
        assert_eq!(Arc::strong_count(&parting), 1, "somebody still holds the office");
        drop(parting);
        let told = meanwhile(&self.url);
        self.office = open(&self.url, &self.clock, 8);
        self.service = Some(Service::start(&self.office));
        told
    }

    pub fn is_sqlite(&self) -> bool {
        matches!(self.url, Url::Sqlite(_))
    }

    pub fn advance_days(&self, days: i64) {
        self.clock.0.fetch_add(days * DAY_MS, Ordering::SeqCst);
    }

    pub fn advance_seconds(&self, seconds: i64) {
        self.clock.0.fetch_add(seconds * 1000, Ordering::SeqCst);
    }

    pub fn advance_minutes(&self, minutes: i64) {
        self.clock.0.fetch_add(minutes * MINUTE_MS, Ordering::SeqCst);
    }

    /// Waits for a future of the office on this thread.
    pub fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
    }

    /// Somebody with a role: the organ and area that the role needs.
    pub fn actor(&self, role: Role) -> Actor {
        let number = self.next.fetch_add(1, Ordering::SeqCst);
        let organ = match role {
            Role::Department => Some(MARKET.to_owned()),
            Role::Township => Some("青溪镇人民政府".to_owned()),
            Role::Counter => Some("示范县政务服务中心".to_owned()),
            _ => None,
        };
        let area = match role {
            Role::Township => AreaCode::parse(TOWNSHIP),
            Role::Counter => AreaCode::parse(COUNTY),
            _ => None,
        };
        let name = format!("{}-{number}", role.word());
        Actor { name, title: "李芳".to_owned(), role, organ, area, subject: None, is_person: true }
    }

    /// A program with a key.
    pub fn program(&self, role: Role) -> Caller {
        self.program_as(Actor { is_person: false, ..self.actor(role) })
    }

    pub fn program_as(&self, actor: Actor) -> Caller {
        let key = self.wait(account::create_key(&self.office, &Office::operator(), actor)).unwrap();
        Caller("authorization", format!("Bearer {key}"))
    }

    /// A person who has signed in.
    pub fn person(&self, role: Role) -> Caller {
        self.person_as(self.actor(role))
    }

    pub fn person_as(&self, actor: Actor) -> Caller {
        let (name, needs_factor) = (actor.name.clone(), actor.role.is_administrator());
        self.wait(account::create(&self.office, &Office::operator(), actor, PASSWORD)).unwrap();
        if needs_factor {
            self.wait(factor::give(&self.office, &Office::operator(), &name, &device())).unwrap();
        }
        self.sign_in(&name)
    }

    /// Signs in an account of this town again, with the code of [`device`] where it has a second factor.
    pub fn sign_in(&self, name: &str) -> Caller {
        let token = self.wait(account::sign_in(&self.office, name, PASSWORD)).unwrap();
        if self.wait(account::session(&self.office, &token)).unwrap().gate == Gate::Code {
            // The clock stands and each code opens once: the one of the step before, or the next that was not used yet.
            let opens = |seconds: i64| {
                let code = device().code_at(self.office.now().plus_ms(seconds * 1000));
                self.wait(factor::pass(&self.office, &token, &code)).is_ok()
            };
            assert!([-30, 0, 30].into_iter().any(opens), "no code opens for {name}");
        }
        Caller::with_session(&token)
    }

    /// Another server on the same PostgreSQL, with the same keys; none for an embedded database, which has one.
    pub fn server_beside(&self) -> Option<(Arc<Office>, tempfile::TempDir)> {
        let Url::Postgres { url, directory } = &self.url else { return None };
        let other = tempfile::tempdir().unwrap();
        std::fs::create_dir(other.path().join("keys")).unwrap();
        std::fs::copy(directory.join("keys/office.key"), other.path().join("keys/office.key")).unwrap();
        let url = Url::Postgres { url: url.clone(), directory: other.path().to_owned() };
        Some((open(&url, &self.clock, 9), other))
    }

    /// The same office read beside its server, by somebody who counted nothing before.
    pub fn reader(&self) -> Arc<Office> {
        let entropy = Seeded(Mutex::new(ChaCha20Rng::from_seed([10; 32])));
        let world = World { clock: Arc::clone(&self.clock) as Arc<dyn Clock>, entropy: Arc::new(entropy) };
        Arc::new(Office::open_beside(&self.url, world).unwrap())
    }

    /// The office's number of a subject.
    pub fn subject(&self, code: &str) -> SubjectId {
        let row = self.office.read_here(|connection| Ok(xinzhi_store::subject::by_code(connection, "uscc", code)?)).unwrap();
        row.unwrap_or_else(|| panic!("nobody has the code {code}")).subject
    }

    /// A key that was not used before.
    pub fn fresh_key(&self) -> String {
        format!("key-{}", self.next.fetch_add(1, Ordering::SeqCst))
    }

    pub fn get(&self, who: &Caller, path: &str) -> Answer {
        let request = self.agent.get(self.at_path(path)).header(who.0, &who.1);
        received(request.call())
    }

    /// Posts JSON under a fresh key.
    pub fn post(&self, who: &Caller, path: &str, body: &Value) -> Answer {
        self.post_once(who, path, (&self.fresh_key(), body))
    }

    pub fn post_once(&self, who: &Caller, path: &str, (key, body): (&str, &Value)) -> Answer {
        let headers = [("content-type", "application/json"), ("idempotency-key", key)];
        self.post_raw(who, path, &headers, body.to_string().as_bytes())
    }

    pub fn post_raw(&self, who: &Caller, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut request = self.agent.post(self.at_path(path)).header(who.0, &who.1);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        received(request.send(body))
    }

    /// Stages a file that is declared as UTF-8, with nothing said about coverage.
    pub fn upload(&self, who: &Caller, source: &str, file: &str) -> Answer {
        self.upload_form(who, &self.fresh_key(), &form(&[("source", source), ("encoding", "utf-8")], file.as_bytes()))
    }

    pub fn upload_form(&self, who: &Caller, key: &str, body: &[u8]) -> Answer {
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        self.post_raw(who, "/api/v1/batches", &[("content-type", &kind), ("idempotency-key", key)], body)
    }

    /// Stages a file that is complete for three years, lets it take effect and returns the batch.
    pub fn import(&self, who: &Caller, source: &str, file: &str) -> Value {
        let texts = [("source", source), ("encoding", "utf-8"), ("covers_from", "2023-11-01"), ("covers_through", "2026-11-22")];
        let staged = self.upload_form(who, &self.fresh_key(), &form(&texts, file.as_bytes())).ok();
        let path = format!("/api/v1/batches/{}", staged["id"]);
        self.post(who, &format!("{path}/commit"), &Value::Null).ok();
        self.get(who, &path).ok()
    }

    /// The verdicts of a batch: row, outcome and codes of the remarks.
    pub fn verdicts(&self, who: &Caller, batch: &Value) -> Vec<(i64, String, Vec<String>)> {
        let verdicts = self.get(who, &format!("/api/v1/batches/{}/verdicts", batch["id"])).ok();
        let codes = |verdict: &Value| verdict["remarks"].as_array().unwrap().iter().map(|r| word(&r["code"])).collect();
        verdicts.as_array().unwrap().iter().map(|v| (v["row"].as_i64().unwrap(), word(&v["outcome"]), codes(v))).collect()
    }

    /// Asks at the food-licence counter.
    pub fn check(&self, who: &Caller, code: &str) -> Answer {
        let body = serde_json::json!({ "subject": code, "matter": "food-licence", "purpose": "行政许可", "case": "SP2026-00017" });
        self.post(who, "/api/v1/checks", &body)
    }

    /// The one evaluation of a subject.
    pub fn evaluation(&self, who: &Caller, code: &str) -> Value {
        let path = format!("/api/v1/subjects/{code}/evaluations?purpose={}", encoded("日常监管"));
        self.get(who, &path).ok()[0].clone()
    }

    /// A part of a subject's file: `records`, `measures`, `accesses`.
    pub fn file(&self, who: &Caller, code: &str, part: &str) -> Value {
        self.get(who, &format!("/api/v1/subjects/{code}/{part}?purpose={}", encoded("日常监管"))).ok()
    }

    /// The journal after a position.
    pub fn journal(&self, after: i64) -> Vec<Entry> {
        self.office.read_here(|connection| Ok(xinzhi_store::journal::after(connection, Position(after), 10_000)?)).unwrap()
    }

    /// What happened after a position: act and references.
    pub fn told(&self, after: i64) -> Vec<(String, Value)> {
        let entries = self.journal(after).into_iter();
        entries.map(|entry| (entry.draft.act.word().to_owned(), serde_json::from_str(&entry.draft.refs).unwrap())).collect()
    }

    /// The last position.
    pub fn head(&self) -> i64 {
        self.office.read_here(|connection| Ok(xinzhi_store::journal::head(connection)?)).unwrap().0
    }

    /// What doctor finds: invariant and fault.
    pub fn doctor(&self) -> Vec<(String, String)> {
        let mut findings = xinzhi_office::doctor::examine(&self.office).unwrap();
        findings.push(xinzhi_office::doctor::replay(&self.office).unwrap());
        findings.iter().flat_map(|f| f.faults.iter().map(|fault| (f.invariant.to_owned(), fault.clone()))).collect()
    }

    /// Where the office listens, as `http://host:port`.
    pub fn base(&self) -> String {
        self.at_path("")
    }

    fn at_path(&self, path: &str) -> String {
        format!("http://{}{path}", self.service.as_ref().unwrap().address)
    }
}

/// A JSON string.
#[track_caller]
pub fn word(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

fn received(answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Answer {
    let mut answer = answer.unwrap();
    let kind = answer.headers().get("content-type").and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    Answer { status: answer.status().as_u16(), kind, bytes: answer.body_mut().read_to_vec().unwrap() }
}

const BOUNDARY: &str = "boundary-2d6a0b";

/// A form with texts and one file.
pub fn form(texts: &[(&str, &str)], file: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, text) in texts {
        out.extend(format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n").bytes());
    }
    out.extend(format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"t.csv\"\r\n\r\n").bytes());
    out.extend(file);
    out.extend(format!("\r\n--{BOUNDARY}--\r\n").bytes());
    out
}

/// Percent-encodes a text for an address.
pub fn encoded(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}
