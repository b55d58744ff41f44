//! A database that does not serve: what is wrong with it and what to do is said in Chinese, the words of a PostgreSQL server stand in brackets
//! behind that and those of SQLite in the log, and whoever works with the office is told what it is.

use std::path::{Path, PathBuf};

use ::postgres::{Client, NoTls};
use xinzhi_core::actor::Role;

use crate::support::binary::{self, text, xinzhi};
use crate::support::database::force;
use crate::support::files::{company, registration};
use crate::support::postgres::{self, Own};
use crate::support::town::{Town, encoded};

/// An office on a server, and what the command line says once something else stands for its address.
struct Place {
    directory: tempfile::TempDir,
    url: String,
}

impl Place {
    fn at(url: String) -> Place {
        let place = Place { directory: tempfile::tempdir().unwrap(), url };
        binary::found(&place.data(), Some(&place.url));
        place
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// The same address with other user, password and database, each percent-encoded.
    fn other(&self, user: &str, database: &str) -> String {
        let (_, rest) = self.url.split_once('@').unwrap();
        let (host, own) = rest.rsplit_once('/').unwrap();
        format!("postgresql://{user}@{host}/{}", if database.is_empty() { own } else { database })
    }

    /// What `doctor` says at this address: a sentence, then in brackets the words of the driver, in which this occurs.
    #[track_caller]
    fn says(&self, url: &str, sentence: &str, driver: &str) {
        let output = xinzhi(&["doctor", "--data", self.data().to_str().unwrap(), "--database", url]);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        let last = said.trim_end();
        let (ours, theirs) = last.strip_suffix('）').and_then(|said| said.rsplit_once('（')).unwrap_or_else(|| panic!("{said}"));
        assert!(ours.starts_with(sentence) && ours.contains("请") && !ours.contains("error"), "{said}");
        assert!(theirs.contains(driver), "{said}");
        assert!(!said.contains("secret-word"), "{said}");
    }
}

fn connect(url: &str) -> Client {
    Client::connect(url, NoTls).unwrap()
}

#[test]
fn an_address_where_no_server_lets_us_in_is_told_by_what_is_wrong_with_it() {
    let place = Place::at(postgres::database());
    let name = place.url.rsplit('/').next().unwrap();
    // Nobody listens there, the socket or the host is not there.
    let nobody = "连不上 PostgreSQL 服务器：请核对 --database 中的地址和端口";
    place.says("postgresql://postgres@127.0.0.1:1/x", nobody, "Connection refused");
    place.says("postgresql://postgres@%2Fno%2Fsuch%2Ffolder/x", nobody, "error connecting to server");
    place.says("postgresql://postgres@no-such-host.invalid/x", nobody, "error connecting to server");

    let group = "do $$ begin create role department; exception when duplicate_object or unique_violation then null; end $$";
    let mut client = connect(&place.url);
    client.batch_execute(group).unwrap();
    let role = format!("create role clerk_{name} login password 'right' in role department");
    client.batch_execute(&role).unwrap();
    let refused = "PostgreSQL 服务器不接受这个用户：请核对 --database 中的用户名和口令";
    place.says(&place.other(&format!("clerk_{name}:secret-word"), ""), refused, "password authentication failed");
    place.says(&place.other(&format!("clerk_{name}"), ""), refused, "password missing");
    place.says(&place.other(&format!("nobody_{name}"), ""), refused, "does not exist");

    place.says(
        &place.other("postgres", "no_such_database"),
        "PostgreSQL 服务器上没有 --database 所写的数据库：请核对名称",
        "no_such_database",
    );

    client.batch_execute(&format!("alter role clerk_{name} connection limit 0")).unwrap();
    let full = "PostgreSQL 服务器的连接数已满：请稍后再试";
    place.says(&place.other(&format!("clerk_{name}:right"), ""), full, "too many connections");
    // The right password opens the door, but the house is somebody else's.
    client.batch_execute(&format!("alter role clerk_{name} connection limit -1")).unwrap();
    place.says(&place.other(&format!("clerk_{name}:right"), ""), "数据库用户的权限不够：请让", "permission denied");
}

#[test]
fn a_server_that_is_stopping_is_told_to_be() {
    let server = Own::start();
    let place = Place::at(server.database());
    // Somebody is still there, so that it stops but does not end.
    let _still = connect(&place.url);
    server.end_politely();
    let said = "PostgreSQL 服务器正在停止或启动，或者连接已经中断：请确认服务器恢复运行";
    let stopping = || Client::connect(&place.url, NoTls).err().and_then(|error| error.code().cloned());
    while stopping() != Some(::postgres::error::SqlState::CANNOT_CONNECT_NOW) {
        std::thread::yield_now();
    }
    place.says(&place.url, said, "shutting down");
}

/// Lets something fail with a code, as everything does that needs room on a server whose disk is full.
fn fail_with(code: &str, what: &str) -> String {
    format!(
        "create function ail() returns trigger language plpgsql as $$ begin raise exception 'could not extend file' using errcode = '{code}'; end $$;
        create trigger ails before {what} for each row execute function ail()"
    )
}

#[test]
fn a_full_disk_is_told_to_the_operator_and_to_whoever_works_with_the_office() {
    let town = Town::on_postgres();
    let company = company(1);
    let centre = town.program(Role::Centre);
    town.import(&centre, "registration", &registration(&[&company]));
    let (person, before) = (town.person(Role::Centre), town.head());
    force(&town, &fail_with("53100", "insert on access"));
    let answer = town.check(&centre, &company.code);
    assert_eq!(answer.refused(500, "internal"), "数据库服务器的磁盘已满，这一次没有办成；请稍后重试，仍不成功请把这句话告知系统管理员");
    assert!(!answer.text().contains("could not extend file"), "{}", answer.text());
    let page = town.get(&person, &format!("/desk/subjects/{}?purpose={}", company.code, encoded("日常监管"))).text();
    assert!(page.contains("数据库服务器的磁盘已满，这一次没有办成") && !page.contains("could not extend"), "{page}");
    // A code about which nothing is known says nothing of the server.
    force(&town, "drop trigger ails on access; drop function ail()");
    force(&town, &fail_with("22012", "insert on access"));
    assert!(!town.check(&centre, &company.code).refused(500, "internal").contains("数据库"));
    force(&town, "drop trigger ails on access; drop function ail()");
    assert_eq!(town.head(), before, "nothing of it was done");
    assert!(town.check(&centre, &company.code).ok()["id"].is_i64());
    assert_eq!(town.doctor(), []);

    // At the machine, with the server's own words behind the sentence.
    let place = Place::at(postgres::database());
    let mut client = connect(&place.url);
    client.batch_execute(&fail_with("53100", "update on journal_head")).unwrap();
    place.says(&place.url, "PostgreSQL 服务器的磁盘已满：请在服务器上腾出或扩充空间后再试", "could not extend file");
}

/// What `doctor` says of the embedded office in a directory: a sentence in Chinese; what the database says stands in the log alone.
#[track_caller]
fn says_of_file(data: &Path, sentence: &str, driver: &str) {
    let mut doctor = binary::program(&["doctor", "--data", data.to_str().unwrap()]);
    let output = doctor.env("XINZHI_LOG", "info").env("NO_COLOR", "1").output().unwrap();
    let (logged, said): (Vec<String>, Vec<String>) =
        text(&output.stderr).lines().map(str::to_owned).partition(|line| line.contains(" INFO ") || line.contains(" WARN "));
    let (logged, said) = (logged.concat(), said.concat());
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.starts_with(sentence) && said.contains('请') && !said.contains(driver), "{said}");
    assert!(logged.contains(driver), "{logged}");
}

#[test]
fn a_file_that_cannot_serve_is_told_by_what_is_wrong_with_it() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    binary::found(&data, None);
    let file = data.join("office.db");
    let whole = std::fs::read(&file).unwrap();

    std::fs::write(&file, "这不是数据库。".repeat(1000)).unwrap();
    says_of_file(&data, "数据目录中的 office.db 不是数据库文件，或者已经损坏：请核对 --data", "file is not a database");

    let mut damaged = whole.clone();
    damaged.iter_mut().skip(4096).for_each(|byte| *byte = 0xff);
    std::fs::write(&file, damaged).unwrap();
    says_of_file(&data, "数据库文件 office.db 已损坏：请停止服务，保留这份文件，从最近的备份恢复", "malformed");

    std::fs::remove_file(&file).unwrap();
    std::fs::create_dir(&file).unwrap();
    says_of_file(&data, "数据库文件 office.db 打不开：请核对 --data", "unable to open database file");

    std::fs::remove_dir(&file).unwrap();
    std::fs::write(&file, whole).unwrap();
    let doctor = || xinzhi(&["doctor", "--data", data.to_str().unwrap()]);
    assert!(doctor().status.success());
    // Another program writes, for longer than anybody waits for it.
    let other = rusqlite::Connection::open(&file).unwrap();
    other.execute_batch("begin immediate").unwrap();
    says_of_file(&data, "数据库文件 office.db 正被别的程序占用：请结束打开它的程序后再试", "database is locked");
    drop(other);

    std::fs::write(data.join("keys/office.key"), "short").unwrap();
    let said = text(&doctor().stderr);
    assert!(said.starts_with("密钥文件 keys/office.key 已损坏") && said.contains("请从备份放回"), "{said}");
}

#[test]
fn a_setting_that_loses_data_is_told_by_its_name() {
    let place = Place::at(postgres::database());
    let name = place.url.rsplit('/').next().unwrap();
    connect(&place.url).batch_execute(&format!("alter database {name} set synchronous_commit = off")).unwrap();
    let output = xinzhi(&["doctor", "--data", place.data().to_str().unwrap(), "--database", &place.url]);
    let said = text(&output.stderr);
    assert!(said.starts_with("数据库的设置 synchronous_commit 是 off，应为 on 或 remote_apply") && said.contains("请改正"), "{said}");
}
