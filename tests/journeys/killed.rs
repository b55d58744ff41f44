//! A server is killed at random moments while programs ask: what was acknowledged is there, once, and is answered the same again.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde_json::json;
use xinzhi_core::AreaCode;
use xinzhi_core::actor::{Actor, Role};
use xinzhi_office::import::{self, Delivery, Encoding, Options};
use xinzhi_office::{Founding, Office, SystemClock, SystemEntropy, account};
use xinzhi_store::{Url, World};

use crate::support::binary::{self, Server};
use crate::support::files::{Company, REVOKED, company, penalties, registration};
use crate::support::town::{COUNTY, MARKET};

/// Kills of an ordinary run; `XINZHI_KILLS` asks for more.
const ROUNDS: u32 = 12;
const CLIENTS: u32 = 3;

/// What a client knows of one of its requests: the company asked about, and the answer where one came.
type Known = BTreeMap<String, (String, Option<String>)>;

fn open(directory: &Path) -> Arc<Office> {
    let world = World { clock: Arc::new(SystemClock), entropy: Arc::new(SystemEntropy::new().unwrap()) };
    let founding = Founding { name: "示范县公共信用中心".to_owned(), area: AreaCode::parse(COUNTY).unwrap() };
    Arc::new(Office::open(&Url::Sqlite(directory.to_owned()), world, &founding).unwrap())
}

/// An office with a few companies; returns the key of a program.
fn prepare(directory: &Path, companies: &[Company]) -> String {
    let office = open(directory);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let all: Vec<&Company> = companies.iter().collect();
    let severe: Vec<_> = companies.iter().map(|company| (company, REVOKED)).collect();
    for (source, file) in [("registration", registration(&all)), ("cf-2018", penalties(&severe))] {
        let options = Options { encoding: Encoding::parse("utf-8"), ..Options::undeclared() };
        let delivery = Delivery { source: source.to_owned(), file_name: "t.csv".to_owned(), area: None, covers: None, options, once: None };
        let batch = import::stage(&office, &Office::operator(), &delivery, std::io::Cursor::new(file), &mut |_| ()).unwrap();
        runtime.block_on(import::commit(&office, &Office::operator(), batch, None)).unwrap();
    }
    let program = Actor {
        name: "approval".to_owned(),
        role: Role::Department,
        organ: Some(MARKET.to_owned()),
        is_person: false,
        ..Office::operator()
    };
    runtime.block_on(account::create_key(&office, &Office::operator(), program)).unwrap()
}

/// Sends one request; none where the connection broke.
fn ask(address: &str, token: &str, (key, code): (&str, &str)) -> Option<(u16, String)> {
    let agent: ureq::Agent =
        ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(Duration::from_secs(20))).build().into();
    let body = json!({"subject": code, "matter": "food-licence", "purpose": "行政许可", "case": key}).to_string();
    let request = agent.post(format!("http://{address}/api/v1/checks")).header("authorization", format!("Bearer {token}"));
    let sent = request.header("content-type", "application/json").header("idempotency-key", key).send(body.as_bytes());
    let mut answer = sent.ok()?;
    let text = answer.body_mut().read_to_string().ok()?;
    Some((answer.status().as_u16(), text))
}

/// One client: writes down what it is about to ask before it asks, and what it was told. Ends when the server is gone.
fn client(
    address: &str,
    token: &str,
    (round, number): (u32, u32),
    (companies, known, acknowledged): (&[Company], &Mutex<(Known, std::fs::File)>, &Sender<()>),
) {
    for turn in 0.. {
        let key = format!("r{round}-c{number}-{turn}");
        let code = companies[turn % companies.len()].code.clone();
        let note = |answer: Option<&str>| {
            let mut known = known.lock().unwrap();
            writeln!(known.1, "{key} {code} {}", answer.unwrap_or("?")).unwrap();
            known.0.insert(key.clone(), (code.clone(), answer.map(str::to_owned)));
        };
        note(None);
        match ask(address, token, (&key, &code)) {
            Some((200, text)) => note(Some(&text)),
            Some((503, _)) => {}
            Some((status, text)) => panic!("{status}: {text}"),
            None => return,
        }
        if acknowledged.send(()).is_err() {
            return;
        }
    }
}

/// Waits without a clock: nobody ever sends.
fn pause(never: &Receiver<()>, millis: u64) {
    let _timed_out = never.recv_timeout(Duration::from_millis(millis));
}

#[expect(clippy::disallowed_methods, reason = "how long to try is a setting of the tests")]
fn rounds() -> u32 {
    std::env::var("XINZHI_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(ROUNDS)
}

#[test]
fn e1_e2_what_was_acknowledged_survives_kills_exactly_once() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let companies: Vec<Company> = (1..=5).map(company).collect();
    let token = prepare(&data, &companies);
    let log = std::fs::File::create(folder.path().join("clients.log")).unwrap();
    let known = Mutex::new((Known::new(), log));
    let mut dice = ChaCha20Rng::from_seed([23; 32]);
    let (_keep, never) = channel::<()>();

    for round in 0..rounds() {
        let server = Server::start(&data);
        let address = server.address.clone();
        let (sender, acknowledged) = channel();
        std::thread::scope(|scope| {
            for number in 0..CLIENTS {
                let (sender, address, token, companies, known) = (sender.clone(), &address, &token, &companies, &known);
                scope.spawn(move || client(address, token, (round, number), (companies, known, &sender)));
            }
            for _ in 0..=dice.next_u32() % 25 {
                acknowledged.recv().unwrap();
            }
            pause(&never, u64::from(dice.next_u32() % 12));
            server.kill();
        });
    }

    let server = Server::start(&data);
    let known = known.into_inner().unwrap().0;
    let answered = known.values().filter(|(_, answer)| answer.is_some()).count();
    assert!(answered >= ROUNDS as usize, "the clients were heard {answered} times only");
    for (key, (code, before)) in &known {
        let (status, now) = ask(&server.address, &token, (key, code)).unwrap();
        assert_eq!(status, 200, "{key}: {now}");
        if let Some(before) = before {
            assert_eq!(before, &now, "{key} was answered otherwise before the kill");
        }
        assert_eq!(ask(&server.address, &token, (key, code)).unwrap().1, now, "{key} is answered the same again");
    }
    assert!(server.stop());

    let database = rusqlite::Connection::open(data.join("office.db")).unwrap();
    let count = |sql: &str| database.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    let keys = i64::try_from(known.len()).unwrap();
    assert_eq!(count("select count(*) from check_event"), keys, "each key has one check");
    assert_eq!(count("select count(distinct case_number) from check_event"), keys);
    assert_eq!(count("select count(*) from access where what = 'check'"), keys, "each check is one access");
    drop(database);
    let doctor = binary::json(&["doctor", "--json", "--data", data.to_str().unwrap()]);
    assert_eq!(doctor["sound"], true, "{doctor}");
}
