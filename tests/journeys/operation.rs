//! What goes wrong around the program is told at its start in a sentence that helps, and what it says of itself is true.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::sync::Arc;

use serde_json::json;
use xinzhi_core::actor::Role;
use xinzhi_core::record::BatchId;
use xinzhi_core::{AreaCode, Clock, Moment};
use xinzhi_office::import::{self, Ruling};
use xinzhi_office::{Founding, Office, SystemClock, SystemEntropy, account, pack};
use xinzhi_rules::load::Files;
use xinzhi_store::{Url, World};

use crate::support::binary::{self, Server, free_address, text, told, xinzhi};
use crate::support::files::{FINE, Penalty, company, penalties, registration};
use crate::support::postgres;
use crate::support::town::{COUNTY, PASSWORD, each_database, encoded, form};

struct Place {
    directory: tempfile::TempDir,
}

impl Place {
    fn new() -> Place {
        Place { directory: tempfile::tempdir().unwrap() }
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    fn word(&self) -> String {
        self.data().to_str().unwrap().to_owned()
    }

    fn file(&self, name: &str, content: &str) -> String {
        let path = self.directory.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

/// The sentence of a start that fails. It never advises to send a request again: there was none.
#[track_caller]
fn refused(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stdout));
    let said = text(&output.stderr);
    assert!(!said.contains("幂等键") && !said.contains("panicked"), "{said}");
    said
}

#[test]
fn a_forgotten_database_founds_no_second_office_beside_the_keys_of_the_first() {
    let (place, url) = (Place::new(), postgres::database());
    let data = place.word();
    binary::found(&place.data(), Some(&url));
    told(&["doctor", "--data", &data, "--database", &url]);
    for command in ["doctor", "serve", "demo"] {
        let said = refused(&xinzhi(&[command, "--data", &data]));
        assert!(said.contains("--database") && said.contains("office.db"), "{said}");
        assert!(!place.data().join("office.db").exists(), "nothing was founded");
    }
    told(&["doctor", "--data", &data, "--database", &url]);
    // The other way round: the keys of an embedded office are not given to a new one on a server.
    let other = Place::new();
    binary::found(&other.data(), None);
    told(&["doctor", "--data", &other.word()]);
    let said = refused(&xinzhi(&["doctor", "--data", &other.word(), "--database", &postgres::database()]));
    assert!(said.contains("office.db") && said.contains("--database"), "{said}");
    told(&["doctor", "--data", &other.word()]);
}

#[test]
fn a_database_that_takes_no_writes_is_told_at_the_start() {
    let place = Place::new();
    let data = place.word();
    binary::found(&place.data(), None);
    let file = place.data().join("office.db");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o444)).unwrap();
    let said = refused(&binary::program_as_user(&["serve", "--data", &data]).output().unwrap());
    assert!(said.contains("数据库不可写") && said.contains("所有者"), "{said}");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    told(&["doctor", "--data", &data]);

    let (place, url) = (Place::new(), postgres::database());
    binary::found(&place.data(), Some(&url));
    let name = url.rsplit('/').next().unwrap();
    let mut client = ::postgres::Client::connect(&url, ::postgres::NoTls).unwrap();
    client.batch_execute(&format!("alter database {name} set default_transaction_read_only = on")).unwrap();
    let said = refused(&xinzhi(&["doctor", "--data", &place.word(), "--database", &url]));
    assert!(said.contains("数据库不可写"), "{said}");
}

/// What lies in a directory, with the bytes of each file.
fn contents(directory: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).filter(|p| p.is_file()).collect();
    files.sort();
    files.into_iter().map(|file| (file.clone(), std::fs::read(file).unwrap())).collect()
}

#[test]
fn doctor_examines_a_copy_that_cannot_be_written() {
    let place = Place::new();
    let (data, company) = (place.word(), company(1));
    binary::found(&place.data(), None);
    for (source, file) in [("registration", registration(&[&company])), ("cf-2018", penalties(&[(&company, FINE)]))] {
        told(&["import", &place.file(&format!("{source}.csv"), &file), "--source", source, "--encoding", "utf-8", "--data", &data]);
    }
    told(&["check", &company.code, "--matter", "food-licence", "--data", &data]);
    let copy = place.data().with_file_name("copy");
    let word = copy.to_str().unwrap();
    told(&["backup", word, "--data", &data]);
    let modes = |of_files: u32, of_directories: u32| {
        for folder in [copy.join("keys"), copy.clone()] {
            for (file, _) in contents(&folder) {
                std::fs::set_permissions(file, std::fs::Permissions::from_mode(of_files)).unwrap();
            }
            std::fs::set_permissions(folder, std::fs::Permissions::from_mode(of_directories)).unwrap();
        }
    };
    let examine = || binary::program_as_user(&["doctor", "--replay", "--json", "--data", word]).output().unwrap();
    modes(0o444, 0o555);
    let before = contents(&copy);
    let output = examine();
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
    let told = serde_json::from_str::<serde_json::Value>(&text(&output.stdout)).unwrap();
    let looked: i64 = told["findings"].as_array().unwrap().iter().map(|finding| finding["looked_at"].as_i64().unwrap()).sum();
    assert!(told["sound"] == true && looked > 8, "{told}");
    assert_eq!(contents(&copy), before, "nothing was written into it or beside it");
    // What somebody edited in it is named there as anywhere.
    modes(0o600, 0o700);
    let edit = "drop trigger record_no_update; update record set fields = replace(fields, '罚款五千元', '罚款五万元')";
    rusqlite::Connection::open(copy.join("office.db")).unwrap().execute_batch(edit).unwrap();
    modes(0o444, 0o555);
    let output = examine();
    assert!(output.status.code() == Some(1) && text(&output.stdout).contains("的内容与其摘要不符"), "{}", text(&output.stderr));
    // Nothing but looking is done there.
    let said = refused(&binary::program_as_user(&["check", &company.code, "--matter", "food-licence", "--data", word]).output().unwrap());
    assert!(!said.is_empty());
    modes(0o600, 0o700);
}

#[derive(Debug)]
struct Ahead;

impl Clock for Ahead {
    fn now(&self) -> Moment {
        SystemClock.now().plus_ms(400 * 24 * 60 * 60 * 1000)
    }
}

/// An office that was used while the clock was more than a year ahead; returns the token of somebody who had signed in.
fn used_ahead_of_time(url: &Url) -> String {
    let world = World { clock: Arc::new(Ahead), entropy: Arc::new(SystemEntropy::new().unwrap()) };
    let founding = Founding { name: "示范县公共信用中心".to_owned(), area: AreaCode::parse(COUNTY).unwrap() };
    let office = Arc::new(Office::open(url, world, &founding).unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let actor = xinzhi_core::actor::Actor { name: "zhongxin".to_owned(), ..Office::operator() };
    runtime.block_on(account::create(&office, &Office::operator(), actor, PASSWORD)).unwrap();
    let token = runtime.block_on(account::sign_in(&office, "zhongxin", PASSWORD)).unwrap();
    for _ in 0..5 {
        runtime.block_on(account::sign_in(&office, "zhongxin", "wrong-password")).unwrap_err();
    }
    token
}

#[test]
fn w5_a_clock_before_the_journal_refuses_the_start_until_a_correction_is_written() {
    for url in [None, Some(postgres::database())] {
        let place = Place::new();
        let data = place.word();
        let more: Vec<&str> = url.as_deref().map_or(vec![], |url| vec!["--database", url]);
        let with = |command: &str| xinzhi(&[&[command, "--data", &data], more.as_slice()].concat());
        assert!(refused(&with("correct-clock")).contains("没有信治的数据"));
        let here = match &url {
            None => Url::Sqlite(place.data()),
            Some(url) => Url::Postgres { url: url.clone(), directory: place.data() },
        };
        let token = used_ahead_of_time(&here);

        for command in ["serve", "doctor"] {
            let said = refused(&with(command));
            assert!(said.contains("校准系统时钟") && said.contains("xinzhi correct-clock"), "{said}");
        }
        let corrected = with("correct-clock");
        assert!(corrected.status.success(), "{}", text(&corrected.stderr));
        assert!(text(&corrected.stdout).contains("已登记时钟更正"), "{}", text(&corrected.stdout));
        assert!(refused(&with("correct-clock")).contains("无需更正"));
        let doctor = binary::json(&[&["doctor", "--json", "--data", &data], more.as_slice()].concat());
        assert_eq!(doctor["sound"], true, "{doctor}");

        let server = Server::start_with(&place.data(), &more);
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).build().into();
        let desk = agent.get(format!("http://{}/desk", server.address)).header("cookie", format!("xinzhi={token}")).call().unwrap();
        assert_eq!(desk.status(), 303, "a session of the future would last for a year");
        let signed = agent
            .post(format!("http://{}/sign-in", server.address))
            .header("content-type", "application/x-www-form-urlencoded")
            .send(format!("name=zhongxin&password={PASSWORD}").as_bytes())
            .unwrap();
        assert_eq!(signed.status(), 303, "a lock of the future would last for a year");
        assert!(signed.headers().contains_key("set-cookie"));
        assert!(server.stop());
    }
}

#[test]
fn the_log_tells_of_the_work_and_of_nobody_in_it() {
    let place = Place::new();
    let (company, address) = (company(1), free_address());
    let mut serve = binary::program(&["serve", "--data", &place.word(), "--listen", &address]);
    serve.env("XINZHI_LOG", "info").env("NO_COLOR", "1").stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = serve.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let file = place.file("李芳的文件.csv", &registration(&[&company]));
    told(&["import", &file, "--source", "registration", "--encoding", "utf-8", "--data", &place.word()]);
    told(&["check", &company.code, "--matter", "food-licence", "--case", "SP-SECRET", "--data", &place.word()]);
    assert!(std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    let mut log = String::new();
    child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    assert!(child.wait().unwrap().success());
    let said = [
        "schema step done step=1",
        "office opened head=2",
        &format!("serving listen=\"{address}\""),
        "import staged batch=1 source=\"registration\" read=1 accepted=1",
        "import committed batch=1 accepted=1",
        "stopping orderly=true",
        "stopped",
    ];
    let mut rest = log.as_str();
    for words in said {
        rest = rest.split_once(words).unwrap_or_else(|| panic!("`{words}` is not there, or not in its order:\n{log}")).1;
    }
    for secret in ["李芳", &company.code, &company.name, "SP-SECRET", "欧阳"] {
        assert!(!log.contains(secret), "{secret}: {log}");
    }
}

#[test]
fn the_version_names_the_commit_it_was_built_from() {
    let said = told(&["--version"]);
    let git = |args: &[&str]| {
        let output = std::process::Command::new("git").args(args).current_dir(env!("CARGO_MANIFEST_DIR")).output().ok()?;
        output.status.success().then(|| text(&output.stdout).trim().to_owned())
    };
    let cloned = git(&["rev-parse", "--show-toplevel"]).is_some_and(|top| Path::new(&top) == Path::new(env!("CARGO_MANIFEST_DIR")));
    match git(&["rev-parse", "--short=12", "HEAD"]).filter(|_| cloned) {
        Some(commit) => assert_eq!(said, format!("xinzhi {} ({commit})\n", env!("CARGO_PKG_VERSION"))),
        None => assert_eq!(said, format!("xinzhi {}\n", env!("CARGO_PKG_VERSION"))),
    }
}

#[test]
fn a_reader_that_has_gone_is_no_failure() {
    let place = Place::new();
    let data = place.word();
    binary::found(&place.data(), None);
    let codes = place.file("codes", &"91330100799655058B\n".repeat(50_000));
    for (args, input) in [(vec!["identify", "-"], Some(codes)), (vec!["pack", "show"], None), (vec!["doctor", "--data", &data], None)] {
        let mut command = binary::program(&args);
        if let Some(input) = input {
            command.stdin(std::fs::File::open(input).unwrap());
        }
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", text(&output.stderr));
        assert_eq!(text(&output.stderr), "", "{args:?}");
    }
    // A full disk behind standard output is another thing.
    let mut full = binary::program(&["identify", "91330100799655058B"]);
    full.stdout(std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap());
    assert!(!full.output().unwrap().status.success());
    // A server goes on serving.
    let address = free_address();
    let mut serve = binary::program(&["serve", "--data", &data, "--listen", &address]);
    let mut child = serve.stdout(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let (_keep, never) = std::sync::mpsc::channel::<()>();
    let answered = (0..200).any(|_| {
        let _timed_out = never.recv_timeout(std::time::Duration::from_millis(50));
        let asked = std::net::TcpStream::connect(&address).and_then(|mut stream| {
            stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer)?;
            Ok(answer)
        });
        asked.is_ok_and(|answer| answer.starts_with("HTTP/1.1 200"))
    });
    let ended = child.try_wait().unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(answered && ended.is_none(), "{ended:?}");
}

/// The own pack with one of its files changed, under another version.
fn changed(path: &str, change: impl Fn(&str) -> String) -> Files {
    let own = pack::own_files();
    let files = own.iter().map(|(own, text)| {
        let text = if own == "pack.yaml" { text.replace("2026.1", "2026.2") } else { text.to_owned() };
        (own.to_owned(), if own == path { change(&text) } else { text })
    });
    files.collect()
}

#[test]
fn w4_what_was_known_under_an_earlier_pack_replays_by_that_pack() {
    each_database(|town| {
        let company = company(1);
        let centre = town.program(Role::Centre);
        town.import(&centre, "registration", &registration(&[&company]));
        town.import(&centre, "cf-2018", &penalties(&[(&company, FINE)]));
        let known = town.head();
        let explained = |known: &str| {
            let purpose = encoded("日常监管");
            let path = format!("/api/v1/subjects/{}/evaluations?purpose={purpose}&scorecard=market-entity", company.code);
            town.get(&centre, &format!("{path}&as_of=2026-11-23{known}")).text()
        };
        let before = explained(&format!("&known={known}"));
        assert!(before.contains("2026.1"), "{before}");
        let retitled = changed("scorecards/market-entity.yaml", |text| text.replacen("title: ", "title: 新", 1));
        assert!(retitled.text("scorecards/market-entity.yaml").is_some());
        town.wait(town.office.install_pack("national", retitled)).unwrap();
        assert_eq!(explained(&format!("&known={known}")), before, "byte for byte, by the pack of that time");
        let now = explained("");
        assert!(now.contains("2026.2") && !now.contains("2026.1"), "{now}");
        let position = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap()[0]["known"].as_i64().unwrap();
        let head = town.head();
        let again = explained(&format!("&known={head}"));
        assert_eq!((position(&before), position(&again)), (known, head), "it says as of which position");
        assert_eq!(again.replace(&format!("\"known\":{head}"), &format!("\"known\":{}", position(&now))), now);
    });
}

#[test]
fn a_row_that_waits_keeps_its_kind_when_the_kinds_of_the_pack_move() {
    each_database(|town| {
        let centre = town.program(Role::Centre);
        let officer = town.actor(Role::Centre);
        let unknown = company(9);
        // Without a code the party cannot be told: an officer finds it in the document.
        let file = penalties(&[(&unknown, FINE), (&company(8), Penalty { number: "示市监罚〔2026〕8号", ..FINE })]);
        let staged = town.import(&centre, "cf-2018", &file.replace(&unknown.code, "").replace(&company(8).code, ""));
        assert_eq!(staged["counts"]["quarantined"], 2, "{staged}");
        let moved = changed("subjects/organisations.yaml", |text| {
            let first =
                "- { id: another_kind, title: 另一类主体, person: false, code: { id: another, title: 另一编号, mask: \"AA-999-999\" } }\n";
            format!("{first}{text}")
        });
        town.wait(town.office.install_pack("national", moved)).unwrap();
        assert_eq!(town.wait(import::waiting(&town.office, &officer, 10)).unwrap().len(), 2);
        let batch = BatchId(staged["id"].as_i64().unwrap());
        let ruling = Ruling { accept: true, reason: "已核对决定书原件".to_owned(), code: Some(unknown.code.clone()) };
        town.wait(import::rule(&town.office, &officer, (batch, 2), &ruling)).unwrap();
        let row = town.office.read_here(|connection| Ok(xinzhi_store::subject::by_code(connection, "uscc", &unknown.code)?)).unwrap();
        assert_eq!(row.unwrap().kind, "enterprise");
        assert_eq!(town.doctor(), []);
    });
}

#[test]
fn coverage_is_booked_for_the_area_that_the_file_reports() {
    let place = Place::new();
    binary::found(&place.data(), None);
    let [here, there] = [company(1), company(2)];
    let elsewhere = registration(&[&here, &there]).replacen(here.area, "330899102001", 1);
    let import = |source: &str, file: &str, more: &[&str]| {
        let data = place.word();
        binary::json(&[&["import", file, "--source", source, "--encoding", "utf-8", "--json", "--data", &data], more].concat())
    };
    import("registration", &place.file("dj.csv", &elsewhere), &[]);
    // Somebody else's penalty: for the others it is the coverage that makes silence mean none.
    let file = place.file("cf.csv", &penalties(&[(&company(3), FINE)]));
    let covers = ["--covers", "2023-11-01..2026-11-22"];
    let known = |code: &str| {
        let args = ["explain", code, "--scorecard", "market-entity", "--as-of", "2026-11-23", "--json", "--data", &place.word()];
        let evaluation = binary::json(&args);
        let indicators = evaluation["indicators"].as_array().unwrap().clone();
        indicators.iter().any(|indicator| indicator["known"] == true)
    };
    let bad = xinzhi(&["import", &file, "--source", "cf-2018", "--area", "3308", "--area", "x", "--data", &place.word()]);
    assert!(!bad.status.success());
    let said = refused(&xinzhi(&["import", &file, "--source", "cf-2018", "--area", "33080", "--data", &place.word()]));
    assert!(said.contains("行政区划代码"), "{said}");
    assert!(!known(&there.code));
    import("cf-2018", &file, &[covers.as_slice(), &["--area", "330899101"]].concat());
    assert_eq!((known(&here.code), known(&there.code)), (false, true), "the township that reported, not the one beside it");
    // The same through the server that holds the office.
    let server = Server::start(&place.data());
    let file = place.file("cf-2.csv", &penalties(&[(&company(4), FINE)]));
    import("cf-2018", &file, &[covers.as_slice(), &["--area", "330899102"]].concat());
    assert!(known(&here.code));
    assert!(server.stop());
}

#[test]
fn coverage_over_http_is_booked_for_the_area_and_stays_within_that_of_the_account() {
    each_database(|town| {
        let [here, other] = [company(1), company(3)];
        let centre = town.program(Role::Centre);
        town.import(&centre, "registration", &registration(&[&here]));
        let mut bureau = town.actor(Role::Department);
        bureau.area = AreaCode::parse("330899102");
        let bureau = town.program_as(xinzhi_core::actor::Actor { is_person: false, ..bureau });
        let send = |who, area: &str| {
            let texts = [("source", "cf-2018"), ("encoding", "utf-8"), ("covers_from", "2023-11-01"), ("covers_through", "2026-11-22")];
            let texts: Vec<_> = texts.into_iter().chain([("area", area)]).collect();
            town.upload_form(who, &town.fresh_key(), &form(&texts, penalties(&[(&other, FINE)]).as_bytes()))
        };
        let sentence = send(&centre, "33o8").refused(422, "field_invalid");
        assert!(sentence.contains("行政区划代码"), "{sentence}");
        let sentence = send(&bureau, "330899").refused(403, "out_of_scope");
        assert!(sentence.contains("330899102"), "{sentence}");
        let known = || town.evaluation(&centre, &here.code)["indicators"].as_array().unwrap().iter().any(|i| i["known"] == json!(true));
        let commit = |staged: serde_json::Value, who| {
            town.post(who, &format!("/api/v1/batches/{}/commit", staged["id"]), &serde_json::Value::Null).ok()
        };
        commit(send(&bureau, "").ok(), &bureau);
        assert!(!known(), "an account of one township speaks for no other");
        commit(send(&centre, "330899101").ok(), &centre);
        assert!(known());
    });
}
