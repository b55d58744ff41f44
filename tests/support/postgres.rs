//! One PostgreSQL for the whole test binary, in a folder of its own, reached through a socket in that folder.
//!
//! A shell keeps the server and reads from a pipe whose other end this process holds. Whatever ends the process, a passed test, a
//! failed one or a kill, closes the pipe; the shell then stops the server and removes the folder. Nothing is faster than in service:
//! `fsync` stays on. A machine without PostgreSQL fails the tests with a sentence, since a skipped test says nothing.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use postgres::{Client, NoTls};

static SERVER: OnceLock<Result<Server, String>> = OnceLock::new();

/// The URL of a fresh, empty database, made as the office wants it: UTF-8, sorted by code point.
#[expect(clippy::panic, reason = "the tests cannot go on, and their author must read why")]
pub fn database() -> String {
    let server = SERVER.get_or_init(Server::start).as_ref().map_err(Clone::clone);
    match server.and_then(Server::database) {
        Ok(url) => url,
        Err(sentence) => panic!("{sentence}"),
    }
}

/// A server for one test alone, which may end it.
pub struct Own(Server);

impl Own {
    pub fn start() -> Own {
        Own(Server::start().unwrap())
    }

    /// As [`database`].
    pub fn database(&self) -> String {
        self.0.database().unwrap()
    }

    /// Asks it to end once everybody has gone: from now on it lets nobody in.
    pub fn end_politely(&self) {
        let process = std::fs::read_to_string(format!("{}/data/postmaster.pid", self.0.folder)).unwrap();
        let asked = Command::new("kill").args(["-TERM", process.lines().next().unwrap()]).status();
        assert!(asked.unwrap().success());
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        // The shell tidies up once its pipe is closed.
        drop(self.0.keeper.stdin.take());
        let _waited = self.0.keeper.wait();
    }
}

struct Server {
    /// Holds the pipe; see the head of this file.
    keeper: Child,
    folder: String,
    databases: AtomicU32,
}

impl Server {
    fn start() -> Result<Server, String> {
        let mut command = Command::new("sh");
        command.args(["-c", KEEPER, "keep-postgres", &programs()?]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        // A group of its own: Ctrl-C on the terminal must reach the shell as a closed pipe, not as a signal.
        let mut keeper = command.process_group(0).spawn().map_err(|error| format!("sh cannot be started: {error}"))?;
        let mut said = BufReader::new(keeper.stdout.take().ok_or("the pipe from the shell is missing")?);
        let mut line = String::new();
        said.read_line(&mut line).map_err(|error| format!("PostgreSQL said nothing: {error}"))?;
        if let Some(folder) = line.trim_end().strip_prefix("ready ") {
            return Ok(Server { keeper, folder: folder.to_owned(), databases: AtomicU32::new(0) });
        }
        said.read_to_string(&mut line).map_err(|error| format!("PostgreSQL said no more: {error}"))?;
        Err(format!("PostgreSQL did not start:\n{line}"))
    }

    fn database(&self) -> Result<String, String> {
        let name = format!("xinzhi_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let sentence = |error: postgres::Error| format!("the database {name} could not be made: {error:?}");
        let mut client = Client::connect(&self.url("postgres"), NoTls).map_err(sentence)?;
        let statement = format!("create database {name} template template0 encoding 'UTF8' locale 'C'");
        client.batch_execute(&statement).map_err(sentence)?;
        Ok(self.url(&name))
    }

    fn url(&self, database: &str) -> String {
        format!("postgresql://postgres@{}/{database}", self.folder.replace('/', "%2F"))
    }
}

/// The folder with `initdb` and `postgres`.
fn programs() -> Result<String, String> {
    let told = Command::new("pg_config").arg("--bindir").output().map(|output| output.stdout).unwrap_or_default();
    let told = String::from_utf8_lossy(&told).trim().to_owned();
    let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut folders: Vec<String> = installed.map(|version| version.path().join("bin").display().to_string()).collect();
    folders.sort();
    folders.push(told);
    let found = folders.into_iter().rev().find(|folder| !folder.is_empty() && Path::new(folder).join("initdb").exists());
    found.ok_or_else(|| "PostgreSQL is missing and the tests need it: run `cargo xtask test`, or install the package postgresql".into())
}

/// `$1` is the folder with the programs. PostgreSQL refuses to run as root, so root hands it to the user of the package. The folder lies
/// in `/tmp` because the path of a socket may have 107 bytes only, and because that user must be able to enter it. A holder that is killed while
/// the server starts leaves a closed pipe to write to: that must not end the shell before it has tidied up.
const KEEPER: &str = r#"
set -u
folder=$(mktemp -d /tmp/xinzhi-postgres.XXXXXX) || { echo "no folder could be made in /tmp"; exit 1; }
server=
finish() {
    [ -n "$server" ] && kill -INT "$server" && wait "$server"
    rm -rf "$folder"
}
trap finish EXIT
trap '' PIPE
failed() { cat "$folder/log"; exit 1; }
cd "$folder" && : >log
as=
if [ "$(id -u)" = 0 ]; then
    as="setpriv --reuid=postgres --regid=postgres --init-groups"
    chown -R postgres "$folder"
fi
$as "$1/initdb" -D "$folder/data" -U postgres --auth=trust --locale=C --encoding=UTF8 --no-sync >>log 2>&1 || failed
# Members of one role have to know their password, as a department would ask of us.
echo "local all +department scram-sha-256" >hba && cat "$folder/data/pg_hba.conf" >>hba && cat hba >"$folder/data/pg_hba.conf"
$as "$1/postgres" -D "$folder/data" -k "$folder" -c listen_addresses= -c max_connections=200 </dev/null >>log 2>&1 &
server=$!
until "$1/pg_isready" -q -h "$folder"; do
    kill -0 "$server" || { server=; failed; }
    sleep 0.05
done
echo "ready $folder"
cat >/dev/null
"#;

#[test]
fn each_database_is_empty_and_sorts_by_code_point() {
    let [first, second] = [database(), database()];
    let mut one = Client::connect(&first, NoTls).unwrap();
    one.batch_execute("create table only_here (letter text); insert into only_here values ('信'), ('a'), ('B'), ('治')").unwrap();
    let sorted: Vec<String> =
        one.query("select letter from only_here order by letter", &[]).unwrap().iter().map(|row| row.get(0)).collect();
    assert_eq!(sorted, ["B", "a", "信", "治"]);
    let mut two = Client::connect(&second, NoTls).unwrap();
    assert_eq!(two.query_one("select count(*) from pg_tables where schemaname = 'public'", &[]).unwrap().get::<_, i64>(0), 0);
    assert_eq!(two.query_one("show fsync", &[]).unwrap().get::<_, String>(0), "on");
}

#[test]
fn the_server_goes_when_its_holder_goes() {
    let Server { mut keeper, folder, .. } = Server::start().unwrap();
    assert!(Path::new(&folder).join("data/postmaster.pid").exists());
    drop(keeper.stdin.take());
    keeper.wait().unwrap();
    assert!(!Path::new(&folder).exists(), "{folder} is still there");
}
