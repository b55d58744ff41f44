//! The binary as an operator runs it.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use xinzhi_core::AreaCode;
use xinzhi_office::{Founding, Office, SystemClock, SystemEntropy};
use xinzhi_store::{Url, World};

use super::town::COUNTY;

const PROGRAM: &str = env!("CARGO_BIN_EXE_xinzhi");

/// The program with arguments, not started yet.
pub fn program(args: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command.args(args).stdin(Stdio::null());
    command
}

/// The same by whoever respects the permissions of files: root does not, unless the right to override them is taken away.
pub fn program_as_user(args: &[&str]) -> Command {
    if !Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout.trim_ascii() == b"0") {
        return program(args);
    }
    let mut command = Command::new("setpriv");
    command.args(["--inh-caps=-dac_override", "--bounding-set=-dac_override", PROGRAM]).args(args).stdin(Stdio::null());
    command
}

/// Founds an office, on PostgreSQL where an address is given: commands other than `serve`, `demo` and `account add` want one to be there.
pub fn found(data: &Path, database: Option<&str>) {
    let directory = data.to_owned();
    let url = match database {
        None => Url::Sqlite(directory),
        Some(url) => Url::Postgres { url: url.to_owned(), directory },
    };
    let world = World { clock: Arc::new(SystemClock), entropy: Arc::new(SystemEntropy::new().unwrap()) };
    let founding = Founding { name: "示范县公共信用中心".to_owned(), area: AreaCode::parse(COUNTY).unwrap() };
    drop(Office::open(&url, world, &founding).unwrap());
}

/// Runs one command to its end.
pub fn xinzhi(args: &[&str]) -> Output {
    program(args).output().unwrap()
}

/// An address of this machine that nobody listens on. It is free when asked and very likely a moment later: ports are handed out in turn.
pub fn free_address() -> String {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

/// The same with something to read on its standard input.
pub fn fed(args: &[&str], input: &str) -> Output {
    let mut command = Command::new(PROGRAM);
    let mut child = command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A command that refuses before it reads closes the pipe: that is no fault of the test.
    let _written = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

/// Standard output of a command that must succeed.
#[track_caller]
pub fn told(args: &[&str]) -> String {
    let output = xinzhi(args);
    assert!(output.status.success(), "{args:?}: {}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

/// The line of JSON of a command that must succeed.
#[track_caller]
pub fn json(args: &[&str]) -> Value {
    let told = told(args);
    serde_json::from_str(&told).unwrap_or_else(|error| panic!("{args:?}: {error}: {told}"))
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A server on a data directory; killed when it goes out of scope.
pub struct Server {
    child: Child,
    pub address: String,
}

impl Server {
    /// Starts and waits until it says that it is there.
    pub fn start(directory: &Path) -> Server {
        Server::start_with(directory, &[])
    }

    /// The same with more arguments.
    pub fn start_with(directory: &Path, more: &[&str]) -> Server {
        let address = free_address();
        let mut command = program(&["serve", "--listen", &address, "--data"]);
        command.arg(directory).args(more).stderr(Stdio::inherit());
        Server::launch(command, address)
    }

    /// Starts a server that was made ready otherwise, and waits likewise.
    pub fn launch(mut command: Command, address: String) -> Server {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        if !line.contains("信治已启动") {
            child.wait().unwrap();
            panic!("the server did not start: {line}");
        }
        Server { child, address }
    }

    /// SIGKILL: nothing is finished, nothing is said.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// The same while others still hold its address.
    pub fn kill_now(&self) {
        assert!(Command::new("kill").args(["-KILL", &self.child.id().to_string()]).status().unwrap().success());
    }

    /// SIGTERM, as from a service manager; returns whether it ended well.
    pub fn stop(mut self) -> bool {
        assert!(Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap().success());
        self.child.wait().unwrap().success()
    }
}

impl Server {
    /// Waits for it to end by itself, for a minute at most; returns whether it ended well.
    pub fn ended(mut self) -> bool {
        let (_keep, never) = std::sync::mpsc::channel::<()>();
        for _ in 0..1_200 {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.success();
            }
            let _timed_out = never.recv_timeout(Duration::from_millis(50));
        }
        panic!("the server goes on");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended long ago.
        let _ended = self.child.kill();
        let _waited = self.child.wait();
    }
}
