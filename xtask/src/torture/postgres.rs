//! A PostgreSQL of its own, whose every process can be stopped and killed.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::steps::{read, works};

/// A cluster below `data`, its socket and log in a folder that stays when power goes.
#[derive(Debug)]
pub(super) struct Cluster {
    programs: PathBuf,
    data: PathBuf,
    outside: PathBuf,
    broken: Option<PathBuf>,
    child: Option<Child>,
}

impl Cluster {
    /// Makes a cluster with one empty database; it does not run yet.
    pub(super) fn new(data: &Path, outside: &Path, broken: Option<PathBuf>) -> Result<Cluster> {
        let cluster = Cluster { programs: programs()?, data: data.to_owned(), outside: outside.to_owned(), broken, child: None };
        for folder in [data, outside] {
            std::fs::create_dir_all(folder)?;
            read(Command::new("chown").arg("postgres").arg(folder))?;
        }
        let mut init = cluster.as_user("initdb");
        init.args(["-U", "postgres", "--auth=trust", "--locale=C", "--encoding=UTF8", "-D"]).arg(data);
        read(&mut init)?;
        Ok(cluster)
    }

    fn as_user(&self, program: &str) -> Command {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=postgres", "--regid=postgres", "--init-groups"]).arg(self.programs.join(program));
        command.current_dir("/").stdin(Stdio::null());
        command
    }

    /// The address of the database.
    pub(super) fn url(&self) -> String {
        self.url_of("postgres")
    }

    /// The address of another database of the cluster.
    pub(super) fn url_of(&self, database: &str) -> String {
        format!("postgresql://postgres@{}/{database}", self.outside.display().to_string().replace('/', "%2F"))
    }

    fn psql(&self, database: &str) -> Command {
        let mut psql = Command::new(self.programs.join("psql"));
        psql.args(["-qXtA", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-h"]).arg(&self.outside).args(["-d", database]);
        psql
    }

    /// Runs statements in a database.
    pub(super) fn run(&self, database: &str, statements: &str) -> Result<()> {
        read(self.psql(database).args(["-c", statements])).map(drop)
    }

    /// Runs a file of statements, such as a dump.
    pub(super) fn restore(&self, database: &str, file: &Path) -> Result<()> {
        read(self.psql(database).arg("-f").arg(file)).map(drop)
    }

    /// What a statement finds, a row a line.
    pub(super) fn found(&self, database: &str, statement: &str) -> Result<String> {
        Ok(String::from_utf8(read(self.psql(database).args(["-c", statement]))?)?)
    }

    /// The address of a copy of a database after some statements; nobody may be using it.
    pub(super) fn copied(&self, database: &str, statements: &str) -> Result<String> {
        const COPY: &str = "copied";
        self.run("template1", &format!("drop database if exists {COPY} with (force)"))?;
        self.run("template1", &format!("create database {COPY} template {database}"))?;
        self.run(COPY, statements)?;
        Ok(self.url_of(COPY))
    }

    /// Starts, and recovers where it has to.
    pub(super) fn start(&mut self) -> Result<()> {
        // What a killed server left says that it lives.
        for stale in [self.data.join("postmaster.pid"), self.outside.join(".s.PGSQL.5432"), self.outside.join(".s.PGSQL.5432.lock")] {
            if stale.exists() {
                std::fs::remove_file(stale)?;
            }
        }
        let log = std::fs::File::options().create(true).append(true).open(self.outside.join("log"))?;
        let mut command = self.as_user("postgres");
        command.arg("-D").arg(&self.data).arg("-k").arg(&self.outside).args(["-c", "listen_addresses="]);
        if let Some(library) = &self.broken {
            command.env("LD_PRELOAD", library);
        }
        self.child = Some(command.stdout(log.try_clone()?).stderr(log).spawn().context("PostgreSQL does not start")?);
        let (ready, outside) = (self.programs.join("pg_isready"), self.outside.display().to_string());
        for _ in 0..1_200 {
            if works(&ready.display().to_string(), &["-q", "-h", &outside]) {
                return Ok(());
            }
            super::pause(Duration::from_millis(50));
        }
        bail!("PostgreSQL is not ready after a minute; see {outside}/log")
    }

    /// The postmaster and all that it started.
    pub(super) fn processes(&self) -> Result<Vec<u32>> {
        let master = self.child.as_ref().context("PostgreSQL does not run")?.id();
        let mut all = vec![master];
        for entry in std::fs::read_dir("/proc")?.flatten() {
            let Some(id) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
            // It may have ended meanwhile.
            let status = std::fs::read_to_string(entry.path().join("status")).unwrap_or_default();
            if status.lines().any(|line| line.strip_prefix("PPid:").is_some_and(|parent| parent.trim() == master.to_string())) {
                all.push(id);
            }
        }
        Ok(all)
    }

    /// SIGKILL to all of them.
    pub(super) fn kill(&mut self) -> Result<()> {
        let ids: Vec<String> = self.processes()?.iter().map(u32::to_string).collect();
        // Some may have gone with the first.
        let _killed = Command::new("kill").arg("-KILL").args(ids).stderr(Stdio::null()).status()?;
        if let Some(mut child) = self.child.take() {
            child.wait()?;
        }
        Ok(())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if self.child.is_some() {
            let _killed = self.kill();
        }
    }
}

fn programs() -> Result<PathBuf> {
    let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> =
        installed.map(|version| version.path().join("bin")).filter(|folder| folder.join("initdb").exists()).collect();
    folders.sort();
    folders.pop().context("PostgreSQL is missing below /usr/lib/postgresql")
}
