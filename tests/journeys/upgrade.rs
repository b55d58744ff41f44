//! An office that an older program left is opened by this one, and the other way round a newer office is not touched. The older offices
//! are real ones, made by the program of their time: `tests/data/README.md`.

use std::path::Path;
use std::process::{Command, Output};

use postgres::{Client, NoTls};
use serde_json::{Value, json};
use xinzhi_core::actor::Role;
use xinzhi_store::Url;

use crate::support::binary::{found, text, told, xinzhi};
use crate::support::database::number;
use crate::support::postgres as server;
use crate::support::recipient::{MEASURES, World, subscribe};
use crate::support::town::{Caller, Town, word};

/// The step of the schema that the stored offices are at, and the last one.
const SCHEMA: i64 = 5;
const NEWEST: &str = "select cast(max(number) as bigint) from migration";

fn stored(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(format!("office-schema-{SCHEMA}.{name}"));
    if !name.ends_with(".gz") {
        return std::fs::read(path).unwrap();
    }
    let unpacked = Command::new("gzip").arg("-dc").arg(path).output().unwrap();
    assert!(unpacked.status.success());
    unpacked.stdout
}

/// What the people of a stored office hold.
fn held(kind: &str) -> Value {
    serde_json::from_slice(&stored(&format!("{kind}.json"))).unwrap()
}

/// Puts the key of a stored office into a folder.
fn put_key(directory: &Path, held: &Value) {
    let hex = word(&held["office_key"]);
    let pairs = hex.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
    let bytes: Vec<u8> = pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect();
    std::fs::create_dir_all(directory.join("keys")).unwrap();
    std::fs::write(directory.join("keys/office.key"), bytes).unwrap();
}

fn put_sqlite(directory: &Path) -> Url {
    put_key(directory, &held("sqlite"));
    std::fs::write(directory.join("office.db"), stored("sqlite.gz")).unwrap();
    Url::Sqlite(directory.to_owned())
}

fn put_postgres(directory: &Path) -> Url {
    put_key(directory, &held("postgres"));
    let url = server::database();
    let dump = String::from_utf8(stored("postgres.sql.gz")).unwrap();
    Client::connect(&url, NoTls).unwrap().batch_execute(&dump).unwrap();
    Url::Postgres { url, directory: directory.to_owned() }
}

/// Tells a journey on the stored office of either database.
fn each_stored(journey: impl Fn(&Town, &Value) + Sync) {
    std::thread::scope(|scope| {
        let journey = &journey;
        let both = [
            scope.spawn(move || journey(&Town::at(put_sqlite), &held("sqlite"))),
            scope.spawn(move || journey(&Town::at(put_postgres), &held("postgres"))),
        ];
        let failed = both.map(|thread| thread.join().is_err());
        assert_eq!(failed, [false, false], "failed on SQLite, on PostgreSQL; see above");
    });
}

#[test]
fn e1_e2_e12_d1_an_office_that_an_older_program_left_opens_whole() {
    each_stored(|town, held| {
        assert!(number(town, NEWEST) > SCHEMA, "the stored office is not an older one");
        assert_eq!(town.doctor(), [], "every digest, root and answer of then is computed again");
        let was = &held["doctor"];
        assert_eq!(json!(town.head()), was["E1 E12"], "no entry more or less");
        assert_eq!(json!(number(town, "select count(*) from record")), was["E12 L9"]);
        assert_eq!(json!(number(town, "select count(*) from check_event")), was["E3 E9"]);
        let acts: Vec<String> = town.told(0).into_iter().map(|(act, _)| act).collect();
        assert_eq!((acts[0].as_str(), acts.iter().filter(|act| *act == "restriction_decided").count()), ("office_founded", 3));

        // Keys, passwords and rights of then are those of now, and what was asked then is answered the same.
        let session = |name: &str| {
            let password = word(&held["password"]);
            Caller::with_session(&town.wait(xinzhi_office::account::sign_in(&town.office, name, &password)).unwrap())
        };
        let (program, lifang, wangming) = (Caller::with_key(&word(&held["program_key"])), session("lifang"), session("wangming"));
        for asked in held["asked"].as_array().unwrap() {
            let who = match word(&asked["by"]).as_str() {
                "program" => &program,
                "lifang" => &lifang,
                _ => &wangming,
            };
            let [key, kind, body] = ["key", "kind", "body"].map(|name| word(&asked[name]));
            let headers = [("content-type", kind.as_str()), ("idempotency-key", &key)];
            let answer = town.post_raw(who, &word(&asked["path"]), &headers, body.as_bytes());
            assert_eq!((answer.status, answer.text()), (200, word(&asked["answer"])), "{key}");
        }

        // Each measure stands as it stood, and is told to whoever subscribes now.
        for decision in held["decisions"].as_array().unwrap() {
            let measures = town.file(&wangming, &word(&decision["code"]), "measures");
            let decided = measures.as_array().unwrap().iter().any(|m| m["measure"] == "procurement-limit" && m["state"] == "in_force");
            assert_eq!(json!(!decided), decision["fallen"], "{measures}");
            let records = town.file(&wangming, &word(&decision["code"]), "records");
            assert!(!records.as_array().unwrap().is_empty(), "{decision}");
        }
        let world = World::new();
        let (_, secret) = subscribe(town, &town.program(Role::Centre), &MEASURES);
        let told = world.round(town);
        assert!(told.iter().all(|arrived| arrived.is_signed_with(&secret) && arrived.kind() == "measure.begins"), "{told:?}");
        let told: Vec<&Value> = told.iter().map(|arrived| &arrived.event["data"]["decision"]).collect();
        let stand = held["decisions"].as_array().unwrap().iter().filter(|decision| decision["fallen"] == false);
        assert_eq!(told, stand.map(|decision| &decision["decision"]).collect::<Vec<_>>());

        town.check(&program, &word(&held["codes"][0])).ok();
        assert_eq!(town.doctor(), []);
    });
}

#[track_caller]
fn refused(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stdout));
    text(&output.stderr)
}

#[test]
fn a_database_that_a_newer_program_brought_up_is_refused_and_not_touched() {
    // A schema of the future, and one of a program from elsewhere that numbered its steps otherwise.
    for (sqlite, step) in [(true, 9_999), (true, -1), (false, 9_999), (false, -1)] {
        let place = tempfile::tempdir().unwrap();
        let data = place.path().to_str().unwrap().to_owned();
        let url = if sqlite { String::new() } else { server::database() };
        let at: Vec<&str> = if sqlite { vec!["--data", &data] } else { vec!["--data", &data, "--database", &url] };
        let sql = |statement: &str| {
            if sqlite {
                rusqlite::Connection::open(place.path().join("office.db")).unwrap().execute_batch(statement).unwrap();
            } else {
                Client::connect(&url, NoTls).unwrap().batch_execute(statement).unwrap();
            }
        };
        found(place.path(), (!sqlite).then_some(url.as_str()));
        sql(&format!("insert into migration (number, at) values ({step}, 0)"));
        for command in [["doctor"].as_slice(), &["serve", "--listen", "127.0.0.1:0"], &["account", "list"]] {
            let said = refused(&xinzhi(&[command, &at].concat()));
            assert!(
                said.contains("更新版本的信治") && said.contains(&format!("第 {step} 步")) && said.contains("备份"),
                "{command:?}: {said}"
            );
        }
        sql(&format!("delete from migration where number = {step}"));
        told(&[["doctor"].as_slice(), &at].concat());
    }
}

#[test]
fn half_a_step_by_somebody_else_is_not_taken_for_a_step() {
    for sqlite in [true, false] {
        let place = tempfile::tempdir().unwrap();
        let url = if sqlite { put_sqlite(place.path()) } else { put_postgres(place.path()) };
        let data = place.path().to_str().unwrap().to_owned();
        let at: Vec<&str> = match &url {
            Url::Sqlite(_) => vec!["doctor", "--data", &data],
            Url::Postgres { url, .. } => vec!["doctor", "--data", &data, "--database", url],
        };
        let sql = |statement: &str| -> Result<i64, String> {
            match &url {
                Url::Sqlite(directory) => {
                    let database = rusqlite::Connection::open(directory.join("office.db")).unwrap();
                    database.query_row(statement, [], |row| row.get(0)).map_err(|error| error.to_string())
                }
                Url::Postgres { url, .. } => {
                    let row = Client::connect(url, NoTls).unwrap().query_one(statement, &[]);
                    row.map(|row| row.get(0)).map_err(|error| error.to_string())
                }
            }
        };
        // The last table of the next step but two: what stands before it in that step must not stay.
        let _no_rows = sql("create table push_attempt (number bigint)");
        refused(&xinzhi(&at));
        assert_eq!(sql(NEWEST), Ok(SCHEMA));
        sql("select count(*) from push_event").unwrap_err();
        let _no_rows = sql("drop table push_attempt");
        told(&at);
        assert_eq!(sql("select count(*) from push_event"), Ok(0));
        assert!(sql(NEWEST).unwrap() > SCHEMA);
    }
}
