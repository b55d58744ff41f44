//! Pushes over real connections: hostile answers, the reference receiver behind a line that loses, repeats and delays, and kills.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde_json::{Value, json};
use xinzhi_core::AreaCode;
use xinzhi_core::actor::{Actor, Role};
use xinzhi_office::import::{self, Delivery, Encoding, Options};
use xinzhi_office::push::deliver::round;
use xinzhi_office::push::subscribe::{Form, HostForm, list_host, make};
use xinzhi_office::{Founding, Office, SystemClock, SystemEntropy, account};
use xinzhi_store::{Url, World};
use xinzhi_web::outbound::Client;

use crate::support::binary::{self, Server};
use crate::support::database::number;
use crate::support::files::{Company, company, registration, serious_list};
use crate::support::recipient::{MEASURES, allow};
use crate::support::town::{COUNTY, Caller, MARKET, PASSWORD, Town, each_database, word};

/// Waits without a clock: nobody ever sends.
fn pause(millis: u64) {
    let (_keep, never): (_, Receiver<()>) = channel();
    let _timed_out = never.recv_timeout(Duration::from_millis(millis));
}

/// A whole request from a connection; none where it broke off.
fn request(stream: &mut TcpStream) -> Option<Vec<u8>> {
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let head = bytes.windows(4).position(|window| window == b"\r\n\r\n");
        if let Some(head) = head {
            let text = String::from_utf8_lossy(&bytes[..head]).to_ascii_lowercase();
            let length = text.lines().find_map(|line| line.strip_prefix("content-length: ")?.trim().parse::<usize>().ok()).unwrap_or(0);
            if bytes.len() >= head + 4 + length {
                return Some(bytes);
            }
        }
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend(&buffer[..count]),
        }
    }
}

/// Serves connections on a thread until the test ends; returns where.
pub(super) fn serve(mut answer: impl FnMut(TcpStream) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || listener.incoming().flatten().for_each(&mut answer));
    address
}

pub(super) fn client(town: &Town) -> Client {
    Client::new(&town.url.directory().join("push-ca.pem")).unwrap()
}

fn subscribe_at(town: &Town, who: &Caller, address: SocketAddr) -> (i64, String) {
    allow(town, &address.to_string());
    let made = town.post(who, "/api/v1/subscriptions", &json!({"events": MEASURES, "url": format!("http://{address}/in")})).ok();
    (made["id"].as_i64().unwrap(), word(&made["secret"]))
}

pub(super) fn listed(town: &Town, company: &Company) -> Value {
    let centre = town.program(Role::Centre);
    town.import(&centre, "registration", &registration(&[company]));
    let document = format!("示税列〔2026〕{}号", company.code.get(10..17).unwrap());
    town.import(&centre, "serious-list", &serious_list(&[(company, &document, "2026-06-01", "2027-03-31")]))
}

fn decision() -> Value {
    let document = json!({"number": "示财采〔2026〕8号", "organ": "示范县财政局", "date": "2026-11-20"});
    json!({"measure": "procurement-limit", "outcome": "applied", "officer": "李芳", "document": document, "notice": "2026-11-23"})
}

fn asked(company: &Company) -> Value {
    json!({"subject": company.code, "matter": "procurement-bid", "purpose": "政府采购", "case": "CG2026-9"})
}

pub(super) fn decide(town: &Town, company: &Company) {
    let person = town.person(Role::Department);
    let check = town.post(&person, "/api/v1/checks", &asked(company)).ok();
    town.post(&person, &format!("/api/v1/checks/{}/feedback", check["id"]), &decision()).ok();
}

#[test]
fn x8_hostile_answers_cost_one_try_each_and_nothing_more() {
    let town = Town::on_sqlite();
    let person = town.program(Role::Department);
    let trap = serve(|_| panic!("a redirect was followed"));
    type Hostile = Box<dyn FnMut(TcpStream) + Send>;
    let say = |text: String| -> Hostile {
        Box::new(move |mut stream| {
            request(&mut stream);
            let _gone = stream.write_all(text.as_bytes());
        })
    };
    let cases: Vec<(&str, Hostile)> = vec![
        ("302", say(format!("HTTP/1.1 302 Found\r\nlocation: http://{trap}/\r\ncontent-length: 0\r\n\r\n"))),
        ("HTTP", say("SSH-2.0-OpenSSH_9.2\r\n".to_owned())),
        ("HTTP", Box::new(drop)),
        ("HTTP", say(format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "a".repeat(1 << 20)))),
        (
            "10 秒",
            Box::new(|mut stream| {
                request(&mut stream);
                pause(60_000);
            }),
        ),
        (
            "accepted",
            Box::new(|mut stream| {
                request(&mut stream);
                let _head = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1073741824\r\n\r\n");
                // An endless body: the office has gone long before.
                while stream.write_all(&[b'x'; 65_536]).is_ok() {}
            }),
        ),
    ];
    let company = company(3);
    listed(&town, &company);
    let subscriptions: Vec<(i64, &str)> =
        cases.into_iter().map(|(expected, answer)| (subscribe_at(&town, &person, serve(answer)).0, expected)).collect();
    decide(&town, &company);
    let tries = town.wait(round(&town.office, &client(&town))).unwrap();
    assert_eq!(tries, subscriptions.len());
    for (id, expected) in subscriptions {
        let event = town.get(&person, &format!("/api/v1/subscriptions/{id}/events/1")).ok();
        if expected == "accepted" {
            assert_eq!(event["state"], "accepted", "{event}");
        } else {
            assert_eq!((&event["state"], &event["tries"]), (&json!("waiting"), &json!(1)), "{event}");
            assert!(word(&event["error"]).contains(expected), "{expected}: {event}");
        }
    }
}

/// The reference receiver in a process of its own; killed when it goes out of scope.
struct Reference(Child);

impl Drop for Reference {
    fn drop(&mut self) {
        let _ended = self.0.kill();
        let _waited = self.0.wait();
    }
}

impl Reference {
    fn start(town: &Town, (id, secret, key): (i64, &str, &str), (inbox, port): (&Path, u16)) -> Reference {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/receiver/receiver.py");
        let mut command = Command::new("python3");
        command.arg(program).env("SECRET", format!("whsec_AAAA {secret}")).env("KEY", key).env("OFFICE", town.base());
        // The town's clock stands days away from the machine's.
        command.env("SUBSCRIPTION", id.to_string()).env("INBOX", inbox).env("PORT", port.to_string()).env("SKEW_SECONDS", "99999999");
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        for _ in 0..200 {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                break;
            }
            pause(50);
        }
        Reference(child)
    }
}

/// Hands a request on and returns the answer.
fn forward(port: u16, bytes: &[u8]) -> Vec<u8> {
    let mut answer = Vec::new();
    if let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) {
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        if stream.write_all(bytes).is_ok() {
            let _all_that_came = stream.read_to_end(&mut answer);
        }
    }
    answer
}

/// A line on which three of ten requests or answers are lost, one comes twice and one comes again later.
fn bad_line(port: u16) -> SocketAddr {
    let mut dice = ChaCha20Rng::from_seed([41; 32]);
    let mut late: Option<Vec<u8>> = None;
    serve(move |mut stream| {
        let Some(bytes) = request(&mut stream) else { return };
        let before = late.take();
        let answer = match dice.next_u32() % 10 {
            0 | 1 => None,
            2 => {
                forward(port, &bytes);
                None
            }
            3 => {
                forward(port, &bytes);
                Some(forward(port, &bytes))
            }
            4 => {
                late = Some(bytes.clone());
                Some(forward(port, &bytes))
            }
            _ => Some(forward(port, &bytes)),
        };
        if let Some(bytes) = before {
            forward(port, &bytes);
        }
        if let Some(answer) = answer {
            let _gone = stream.write_all(&answer);
        }
    })
}

#[test]
fn e6_e7_the_reference_receiver_applies_each_event_once_and_in_order_over_a_bad_line() {
    each_database(|town| {
        let folder = tempfile::tempdir().unwrap();
        let inbox = folder.path().join("inbox.db");
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let program = Actor { is_person: false, ..town.actor(Role::Department) };
        let key = town.wait(account::create_key(&town.office, &Office::operator(), program)).unwrap();
        let (id, secret) = subscribe_at(town, &town.program(Role::Department), bad_line(port));
        let mut receiver = Reference::start(town, (id, &secret, &key), (&inbox, port));
        let client = client(town);
        let companies: Vec<Company> = (1..=12).map(company).collect();
        let batches: Vec<Value> = companies.iter().map(|company| listed(town, company)).collect();
        for company in &companies {
            decide(town, company);
            town.wait(round(&town.office, &client)).unwrap();
            town.advance_minutes(61);
        }
        // The receiver's own machine fails as well.
        drop(receiver);
        let centre = town.program(Role::Centre);
        for batch in &batches[..6] {
            town.post(&centre, &format!("/api/v1/batches/{}/recall", batch["id"]), &json!({"reason": "撤销"})).ok();
        }
        town.wait(round(&town.office, &client)).unwrap();
        receiver = Reference::start(town, (id, &secret, &key), (&inbox, port));
        let view = || town.get(&centre, &format!("/api/v1/subscriptions/{id}")).ok();
        for _ in 0..120 {
            if view()["acknowledged"] == 18 {
                break;
            }
            town.advance_minutes(61);
            town.wait(round(&town.office, &client)).unwrap();
            pause(100);
        }
        let seen = view();
        assert_eq!((&seen["acknowledged"], &seen["dead"], &seen["sequence"]), (&json!(18), &json!(0), &json!(18)), "{seen}");
        drop(receiver);

        let tried = number(town, "select cast(sum(tries) as bigint) from push_delivery");
        assert!(tried > 18, "nothing was lost on the way: {tried}");
        let database = rusqlite::Connection::open(&inbox).unwrap();
        let mut rows = database.prepare("select sequence, id from inbox order by rowid").unwrap();
        let taken: Vec<(i64, String)> = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect();
        assert_eq!(taken.iter().map(|(sequence, _)| *sequence).collect::<Vec<_>>(), (1..=18).collect::<Vec<_>>(), "once, and in order");
        let count =
            |state: &str| database.query_row("select count(*) from measure where state = ?1", [state], |row| row.get::<_, i64>(0)).unwrap();
        assert_eq!((count("measure.begins"), count("measure.withdrawn")), (6, 6));
        // Both sides come to the same digest, day by day.
        let days = town.get(&centre, &format!("/api/v1/subscriptions/{id}/reconciliation?from=2026-11-23&to=2026-12-22")).ok();
        let known = town.get(&centre, &format!("/api/v1/subscriptions/{id}/events")).ok();
        let mut own = String::new();
        for day in days.as_array().unwrap() {
            let of_day = known.as_array().unwrap().iter().filter(|event| word(&event["event"]["time"]).starts_with(&word(&day["day"])));
            let sequences: Vec<i64> = of_day.map(|event| event["sequence"].as_i64().unwrap()).collect();
            let lines: String =
                taken.iter().filter(|(sequence, _)| sequences.contains(sequence)).map(|(n, id)| format!("{n} {id}\n")).collect();
            let digest: String = <sha2::Sha256 as sha2::Digest>::digest(lines.as_bytes()).iter().map(|b| format!("{b:02x}")).collect();
            assert_eq!(day["digest"], digest.as_str(), "{day}");
            own += &lines;
        }
        assert_eq!(own.lines().count(), 18, "every event stands in one day");
        assert_eq!(town.doctor(), []);
    });
}

// ---------- kills ----------

/// Kills of an ordinary run; `XINZHI_KILLS` asks for more.
const ROUNDS: u32 = 8;

#[expect(clippy::disallowed_methods, reason = "how long to try is a setting of the tests")]
fn rounds() -> u32 {
    std::env::var("XINZHI_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(ROUNDS)
}

/// An office with companies on the list and a subscription; returns the session of a person, the key of a program and the number.
fn prepare(directory: &Path, companies: &[Company], recipient: SocketAddr) -> (String, String, i64) {
    let world = World { clock: Arc::new(SystemClock), entropy: Arc::new(SystemEntropy::new().unwrap()) };
    let founding = Founding { name: "示范县公共信用中心".to_owned(), area: AreaCode::parse(COUNTY).unwrap() };
    let office = Arc::new(Office::open(&Url::Sqlite(directory.to_owned()), world, &founding).unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let operator = Office::operator();
    let all: Vec<&Company> = companies.iter().collect();
    let documents: Vec<String> = (1..=companies.len()).map(|n| format!("示税列〔2026〕{n}号")).collect();
    let rows: Vec<_> = companies.iter().zip(&documents).map(|(c, number)| (c, number.as_str(), "2026-06-01", "2099-03-31")).collect();
    for (source, file) in [("registration", registration(&all)), ("serious-list", serious_list(&rows))] {
        let options = Options { encoding: Encoding::parse("utf-8"), ..Options::undeclared() };
        let delivery = Delivery { source: source.to_owned(), file_name: "t.csv".to_owned(), area: None, covers: None, options, once: None };
        let batch = import::stage(&office, &operator, &delivery, std::io::Cursor::new(file), &mut |_| ()).unwrap();
        runtime.block_on(import::commit(&office, &operator, batch, None)).unwrap();
    }
    let person = Actor {
        name: "lifang".to_owned(),
        title: "李芳".to_owned(),
        role: Role::Department,
        organ: Some(MARKET.to_owned()),
        area: None,
        subject: None,
        is_person: true,
    };
    let program = Actor { name: "approval".to_owned(), is_person: false, ..person.clone() };
    let allowed = HostForm { host: recipient.to_string(), allowed: true, note: "测试".to_owned(), authorities: None };
    let form = Form { title: String::new(), url: format!("http://{recipient}/in"), events: MEASURES.map(str::to_owned).to_vec() };
    runtime.block_on(async {
        account::create(&office, &operator, person, PASSWORD).await.unwrap();
        let session = account::sign_in(&office, "lifang", PASSWORD).await.unwrap();
        let key = account::create_key(&office, &operator, program.clone()).await.unwrap();
        list_host(&office, &operator, &allowed, None).await.unwrap();
        let made = make(&office, &program, form, None).await.unwrap();
        (session, key, made.subscription)
    })
}

/// One request; none where the connection broke.
fn ask(address: &str, path: &str, (name, value): (&str, &str), body: Option<&Value>) -> Option<Value> {
    let agent: ureq::Agent =
        ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(Duration::from_secs(20))).build().into();
    let url = format!("http://{address}{path}");
    let sent = match body {
        None => agent.get(url).header(name, value).call(),
        Some(body) => {
            let key = format!("{path} {}", body["subject"].as_str().unwrap_or("")).replace(' ', "-");
            let request = agent.post(url).header(name, value).header("content-type", "application/json");
            request.header("idempotency-key", key).send(body.to_string().as_bytes())
        }
    };
    let mut answer = sent.ok()?;
    let (status, text) = (answer.status().as_u16(), answer.body_mut().read_to_string().ok()?);
    assert!([200, 503].contains(&status), "{path}: {status} {text}");
    (status == 200).then(|| serde_json::from_str(&text).unwrap())
}

#[test]
fn e6_e7_kills_lose_no_event_and_give_none_two_numbers() {
    let arrived: Arc<Mutex<Vec<Value>>> = Arc::default();
    let taking = Arc::clone(&arrived);
    let recipient = serve(move |mut stream| {
        let Some(bytes) = request(&mut stream) else { return };
        let body = bytes.windows(4).position(|window| window == b"\r\n\r\n").map(|head| bytes[head + 4..].to_vec()).unwrap();
        taking.lock().unwrap().push(serde_json::from_slice(&body).unwrap());
        let _gone = stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n");
    });
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let companies: Vec<Company> = (1..=rounds() * 5).map(company).collect();
    let (session, key, id) = prepare(&data, &companies, recipient);
    let cookie = format!("xinzhi={session}");
    let mut dice = ChaCha20Rng::from_seed([29; 32]);
    for of_round in companies.chunks(5) {
        let server = Server::start(&data);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for company in of_round {
                    let Some(check) = ask(&server.address, "/api/v1/checks", ("cookie", &cookie), Some(&asked(company))) else { return };
                    let path = format!("/api/v1/checks/{}/feedback", check["id"]);
                    if ask(&server.address, &path, ("cookie", &cookie), Some(&decision())).is_none() {
                        return;
                    }
                }
            });
            pause(u64::from(dice.next_u32() % 1_500));
            server.kill_now();
        });
        drop(server);
    }

    let server = Server::start(&data);
    let bearer = format!("Bearer {key}");
    let path = format!("/api/v1/subscriptions/{id}");
    let mut last = Value::Null;
    for _ in 0..300 {
        pause(200);
        last = ask(&server.address, &path, ("authorization", &bearer), None).unwrap();
        if last["sequence"].as_i64().unwrap() > 0 && last["waiting"] == 0 {
            break;
        }
    }
    assert_eq!(last["waiting"], 0, "{last}");
    pause(1_500);
    assert!(server.stop());

    let database = rusqlite::Connection::open(data.join("office.db")).unwrap();
    let decisions: i64 = database.query_row("select count(*) from decision", [], |row| row.get(0)).unwrap();
    assert!(decisions > i64::from(rounds()), "only {decisions} decisions were made between the kills");
    assert_eq!(last["sequence"], decisions, "an event for each decision");
    // What came more than once came under one number and one id, and the first arrivals stand in order.
    let mut first: BTreeMap<i64, Value> = BTreeMap::new();
    let mut order = Vec::new();
    for event in arrived.lock().unwrap().iter() {
        let sequence: i64 = word(&event["sequence"]).parse().unwrap();
        match first.get(&sequence) {
            Some(known) => assert_eq!(known, event, "number {sequence} was given twice"),
            None => {
                order.push(sequence);
                first.insert(sequence, event.clone());
            }
        }
    }
    assert_eq!(order, (1..=decisions).collect::<Vec<_>>());
    let told: std::collections::BTreeSet<i64> = first.values().map(|event| event["data"]["decision"].as_i64().unwrap()).collect();
    assert_eq!(i64::try_from(told.len()).unwrap(), decisions, "each decision once");
    drop(database);
    let doctor = binary::json(&["doctor", "--json", "--data", data.to_str().unwrap()]);
    assert_eq!(doctor["sound"], true, "{doctor}");
}
