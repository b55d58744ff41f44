//! The program under torture: started, asked, ended from outside.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::postgres::Cluster;
use crate::steps::read;

/// How a program is started on an office.
#[derive(Clone, Debug)]
pub(super) struct Station {
    pub(super) program: PathBuf,
    pub(super) data: PathBuf,
    /// Address of the office on PostgreSQL.
    pub(super) database: Option<String>,
    /// A library that breaks a promise of the system, for negative controls.
    pub(super) broken: Option<PathBuf>,
    /// What stands before the program on its command line, such as strace.
    pub(super) under: Vec<String>,
    /// Where what it says of faults goes.
    pub(super) log: PathBuf,
}

/// What doctor found.
#[derive(Debug)]
pub(super) struct Health {
    /// Sentences of what is wrong.
    pub(super) faults: Vec<String>,
    /// Entries of the journal.
    pub(super) entries: i64,
}

impl Station {
    fn command(&self, args: &[&str]) -> Result<Command> {
        let words: Vec<String> = self.under.iter().cloned().chain([self.program.display().to_string()]).collect();
        let (first, rest) = words.split_first().context("no program")?;
        let mut command = Command::new(first);
        command.args(rest).args(args).arg("--data").arg(&self.data).stdin(Stdio::null());
        if let Some(url) = &self.database {
            command.args(["--database", url]);
        }
        if let Some(library) = &self.broken {
            command.env("LD_PRELOAD", library);
        }
        Ok(command)
    }

    /// What a command writes; it must succeed.
    pub(super) fn told(&self, args: &[&str]) -> Result<String> {
        Ok(String::from_utf8(read(&mut self.command(args)?)?)?)
    }

    /// The same with a line to read on its standard input.
    pub(super) fn told_with(&self, args: &[&str], line: &str) -> Result<()> {
        let mut child = self.command(args)?.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().context("the program does not start")?;
        writeln!(child.stdin.take().context("no standard input")?, "{line}")?;
        let status = child.wait()?;
        if status.success() { Ok(()) } else { bail!("{} ended with {status}", args.join(" ")) }
    }

    /// A copy of the office, which must not be running, after statements that go past it: fact tables have no guards there.
    pub(super) fn tampered(&self, at: Option<(&Cluster, &str)>, statements: &str) -> Result<Station> {
        const GUARDS: [&str; 1] = ["push_event"];
        let data = self.data.with_extension("tampered");
        if data.exists() {
            std::fs::remove_dir_all(&data)?;
        }
        read(Command::new("cp").arg("-r").arg(&self.data).arg(&data))?;
        let Some((cluster, database)) = at else {
            let guards =
                GUARDS.map(|table| format!("drop trigger if exists {table}_no_update; drop trigger if exists {table}_no_delete;")).concat();
            let script = "import sqlite3, sys\nd = sqlite3.connect(sys.argv[1])\nd.executescript(sys.argv[2])\nd.close()";
            read(Command::new("python3").args(["-c", script]).arg(data.join("office.db")).arg(guards + statements))?;
            return Ok(Station { data, ..self.clone() });
        };
        let guards = GUARDS.map(|table| format!("drop trigger if exists {table}_append_only on {table};")).concat();
        Ok(Station { data, database: Some(cluster.copied(database, &(guards + statements))?), ..self.clone() })
    }

    /// A command that may be killed at any moment.
    pub(super) fn begin(&self, args: &[&str]) -> Result<Child> {
        let mut command = self.command(args)?;
        command.stdout(Stdio::null()).stderr(self.log()?);
        command.spawn().context("the program does not start")
    }

    fn log(&self) -> Result<std::fs::File> {
        Ok(std::fs::File::options().create(true).append(true).open(&self.log)?)
    }

    /// Starts a server. `None` where it ended before it was ready, as it may under a fault.
    pub(super) fn serve(&self) -> Result<Option<Server>> {
        let address = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
        let mut command = self.command(&["serve", "--listen", &address])?;
        let mut child = command.stdout(Stdio::piped()).stderr(self.log()?).spawn().context("the server does not start")?;
        let mut line = String::new();
        if let Some(said) = child.stdout.take() {
            BufReader::new(said).read_line(&mut line)?;
        }
        let server = Server { child, address };
        Ok(line.contains("信治已启动").then_some(server))
    }

    /// Examines the office.
    pub(super) fn doctor(&self) -> Result<Health> {
        let output = self.command(&["doctor", "--json"])?.output().context("doctor does not start")?;
        let said = String::from_utf8_lossy(&output.stdout);
        let Ok(report) = serde_json::from_str::<Value>(&said) else {
            bail!("doctor said no result: {said}{}", String::from_utf8_lossy(&output.stderr));
        };
        let findings: Vec<&Value> = report.get("findings").and_then(Value::as_array).into_iter().flatten().collect();
        let faults = findings.iter().filter_map(|finding| finding.get("faults").and_then(Value::as_array)).flatten();
        let first = findings.iter().find(|finding| finding.get("invariant").and_then(Value::as_str) == Some("E1 E12"));
        let entries = first.and_then(|finding| finding.get("looked_at")).and_then(Value::as_i64).context("doctor counts no entries")?;
        Ok(Health { faults: faults.map(Value::to_string).collect(), entries })
    }
}

/// A server; killed when it goes out of scope.
#[derive(Debug)]
pub(super) struct Server {
    child: Child,
    pub(super) address: String,
}

impl Server {
    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// SIGKILL, and waits until nothing is left of it.
    pub(super) fn kill(&mut self) -> Result<()> {
        // It may have ended by itself.
        let _killed = self.child.kill();
        self.child.wait().context("a killed server does not end")?;
        Ok(())
    }

    /// Whether it ends by itself within `patience`; how it ended.
    pub(super) fn ends(&mut self, patience: Duration) -> Result<Option<bool>> {
        const STEP: Duration = Duration::from_millis(50);
        let mut waited = Duration::ZERO;
        while waited < patience {
            if let Some(status) = self.child.try_wait()? {
                return Ok(Some(status.success()));
            }
            super::pause(STEP);
            waited += STEP;
        }
        Ok(None)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ended = self.kill();
    }
}

/// Stops processes where they are and waits until each stands still, so that nothing more is acknowledged.
pub(super) fn freeze(processes: &[u32]) -> Result<()> {
    let ids: Vec<String> = processes.iter().map(u32::to_string).collect();
    read(Command::new("kill").arg("-STOP").args(&ids))?;
    for id in ids {
        let status = Path::new("/proc").join(id).join("status");
        let stands = || {
            std::fs::read_to_string(&status)
                .map_or(true, |text| text.lines().any(|line| line.starts_with("State:\tT") || line.starts_with("State:\tZ")))
        };
        for _ in 0..1_000 {
            if stands() {
                break;
            }
            super::pause(Duration::from_millis(1));
        }
        if !stands() {
            bail!("a process does not stop");
        }
    }
    Ok(())
}
