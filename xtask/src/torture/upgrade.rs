//! An office that the program of an earlier schema left is brought up by this program, while it is killed or power goes. Afterwards all of
//! it is there: `doctor` is clean, every table of then has its rows, and whoever asked then is answered the same again.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::client::{again, sign_in};
use super::dice::Dice;
use super::disk::Disk;
use super::postgres::Cluster;
use super::server::{Station, freeze};
use super::{Torture, pause};
use crate::steps::read;

/// The schema of the stored office.
const SCHEMA: u32 = 5;
const DISK_MB: u64 = 64;
const POSTGRES_MB: u64 = 448;
/// Databases of a cluster: as stored, and at work.
const STORED: &str = "stored";
const WORK: &str = "work";

/// The stored office, unpacked, with what its people hold.
#[derive(Debug)]
struct Stored {
    database: PathBuf,
    held: Value,
}

impl Stored {
    fn unpack(torture: &Torture) -> Result<Stored> {
        let kind = if torture.on_postgres { "postgres" } else { "sqlite" };
        let data = crate::root()?.join("tests/data");
        let packed = data.join(format!("office-schema-{SCHEMA}.{kind}{}.gz", if torture.on_postgres { ".sql" } else { "" }));
        let database = torture.folder.join(format!("schema-{SCHEMA}.{kind}"));
        std::fs::write(&database, read(Command::new("gzip").arg("-dc").arg(packed))?)?;
        let held = std::fs::read_to_string(data.join(format!("office-schema-{SCHEMA}.{kind}.json")))?;
        Ok(Stored { database, held: serde_json::from_str(&held)? })
    }

    fn text(&self, name: &str) -> Result<&str> {
        self.held.get(name).and_then(Value::as_str).with_context(|| format!("the stored office has no {name}"))
    }
}

/// The stored office where it is brought up.
#[derive(Debug)]
struct Bench {
    /// Goes before the disk that it lies on.
    cluster: Option<Cluster>,
    disk: Option<Disk>,
    stored: Stored,
    station: Station,
    /// Rows of each table, before.
    rows: String,
    /// How long an undisturbed run takes, in microseconds.
    lasts: u64,
    /// Kills by the step they left behind.
    left: BTreeMap<String, u32>,
}

impl Bench {
    fn new(torture: &Torture, place: &Path, disk: Option<Disk>) -> Result<Bench> {
        let stored = Stored::unpack(torture)?;
        let cluster = torture.cluster(&place.join("postgres"), None)?;
        if let Some(cluster) = &cluster {
            cluster.run("template1", &format!("create database {STORED} template template0"))?;
            cluster.restore(STORED, &stored.database)?;
        }
        let station = Station { database: cluster.as_ref().map(|cluster| cluster.url_of(WORK)), ..torture.station(place.join("data")) };
        let mut bench = Bench { cluster, disk, stored, station, rows: String::new(), lasts: 0, left: BTreeMap::new() };
        bench.lay()?;
        bench.rows = bench.count()?;
        let begin = now();
        bench.station.doctor()?;
        bench.lasts = u64::try_from(begin.elapsed().as_micros())?;
        Ok(bench)
    }

    /// The office as its program left it.
    fn lay(&self) -> Result<()> {
        let data = &self.station.data;
        if data.exists() {
            std::fs::remove_dir_all(data)?;
        }
        std::fs::create_dir_all(data.join("keys"))?;
        std::fs::write(data.join("keys/office.key"), bytes(self.stored.text("office_key")?)?)?;
        match &self.cluster {
            None => std::fs::copy(&self.stored.database, data.join("office.db")).map(drop)?,
            Some(cluster) => {
                cluster.run("template1", &format!("drop database if exists {WORK} with (force)"))?;
                cluster.run("template1", &format!("create database {WORK} template {STORED}"))?;
            }
        }
        self.disk.as_ref().map_or(Ok(()), Disk::flush)
    }

    /// What a statement finds, in a copy: looking must not change what a kill left.
    fn found(&self, statement: &str) -> Result<String> {
        if let Some(cluster) = &self.cluster {
            return cluster.found(WORK, statement);
        }
        let copy = self.station.data.with_extension("looked-at");
        if copy.exists() {
            std::fs::remove_dir_all(&copy)?;
        }
        read(Command::new("cp").arg("-r").arg(&self.station.data).arg(&copy))?;
        let script = "import sqlite3, sys\nfor row in sqlite3.connect(sys.argv[1]).execute(sys.argv[2]): print(row[0])";
        Ok(String::from_utf8(read(Command::new("python3").args(["-c", script]).arg(copy.join("office.db")).arg(statement))?)?)
    }

    /// Rows of every table that the stored office had, but of the search index, which is joined by itself.
    fn count(&self) -> Result<String> {
        let names = if self.rows.is_empty() {
            let tables = if self.cluster.is_some() {
                "select tablename from pg_tables where schemaname = 'public' order by 1"
            } else {
                "select name from sqlite_master where type = 'table' order by 1"
            };
            self.found(tables)?.lines().map(str::to_owned).filter(|name| name != "migration" && !name.contains("search")).collect()
        } else {
            self.rows.split_whitespace().filter_map(|pair| pair.split_once('=')).map(|(name, _)| name.to_owned()).collect::<Vec<_>>()
        };
        let counts: Vec<String> = names.iter().map(|name| format!("select '{name}=' || count(*) from {name}")).collect();
        self.found(&counts.join(" union all "))
    }

    /// Begins to bring the office up and kills whoever does, at any moment. Returns whether anybody was killed.
    fn strike(&mut self, dice: &mut Dice) -> Result<bool> {
        let mut child = self.station.begin(&["doctor"])?;
        // Rather early than late: the schema comes first, and the examination after it takes longer.
        pause(Duration::from_micros(dice.below(self.lasts) * dice.below(1_000) / 1_000));
        let struck = child.try_wait()?.is_none();
        let what = dice.below(3);
        let cluster = self.cluster.as_mut();
        match (&self.disk, cluster) {
            (Some(disk), cluster) => {
                if struck {
                    freeze(&[child.id()])?;
                }
                if let Some(cluster) = &cluster {
                    freeze(&cluster.processes()?)?;
                }
                disk.cut(1 + dice.below(2))?;
                let _killed = child.kill();
                child.wait()?;
                let cluster = cluster.map(|cluster| cluster.kill().map(|()| cluster)).transpose()?;
                disk.unmount()?;
                disk.mount().context("the disk does not come back")?;
                cluster.map_or(Ok(()), Cluster::start)?;
            }
            (None, Some(cluster)) if what == 0 => {
                cluster.kill()?;
                cluster.start()?;
                let _killed = child.kill();
                child.wait()?;
            }
            (None, _) => {
                let _killed = child.kill();
                child.wait()?;
            }
        }
        if struck {
            let step = self.found("select max(number) from migration")?.trim().to_owned();
            *self.left.entry(step).or_default() += 1;
        }
        Ok(struck)
    }

    /// All of the office is there. `whole` also has its people sign in, which takes a while.
    fn judge(&self, whole: bool) -> Result<()> {
        let health = self.station.doctor()?;
        let entries = self.stored.held.get("doctor").and_then(|doctor| doctor.get("E1 E12")).and_then(Value::as_i64);
        if !health.faults.is_empty() || Some(health.entries) != entries {
            bail!("the office had {entries:?} entries and is {health:?}");
        }
        let rows = self.count()?;
        if rows != self.rows {
            bail!("the tables had {} and have {rows}", self.rows);
        }
        self.asks_again(&self.station, whole)
    }

    /// Whoever asked then asks again.
    fn asks_again(&self, station: &Station, whole: bool) -> Result<()> {
        let mut server = station.serve()?.context("the server does not start")?;
        let [lifang, wangming] = if whole {
            let password = self.stored.text("password")?;
            ["lifang", "wangming"].map(|name| sign_in(&server.address, name, password).map(Some))
        } else {
            [Ok(None), Ok(None)]
        };
        let (program, lifang, wangming) = (format!("authorization: Bearer {}", self.stored.text("program_key")?), lifang?, wangming?);
        let asked = self.stored.held.get("asked").and_then(Value::as_array).context("nobody asked anything")?;
        for asked in asked {
            let text = |name: &str| asked.get(name).and_then(Value::as_str).unwrap_or_default();
            let who = match text("by") {
                "program" => Some(&program),
                "lifang" => lifang.as_ref(),
                _ => wangming.as_ref(),
            };
            let Some(who) = who else { continue };
            let answer = again(&server.address, who, [text("path"), text("key"), text("kind"), text("body")])?;
            if answer != text("answer") {
                bail!("{} was answered `{}` then and is answered `{answer}` now", text("key"), text("answer"));
            }
        }
        server.kill()
    }

    /// The judge on an office that lost the answers it had given, and the program on one half brought up by somebody else.
    fn must_condemn(&self) -> Result<()> {
        self.lay()?;
        let cluster = self.cluster.as_ref().map(|cluster| (cluster, WORK));
        let half = self.station.tampered(cluster, "create table push_attempt (number bigint)")?;
        if half.doctor().is_ok() {
            bail!("half a step was taken for none");
        }
        let lost = self.station.tampered(cluster, "delete from idempotency")?;
        if self.asks_again(&lost, false).is_ok() {
            bail!("the judge did not notice that answers were lost");
        }
        Ok(())
    }
}

impl Torture {
    /// Kills, or with a disk power cuts, while a stored office is brought up.
    pub(super) fn upgrades(&self, (cycles, on_disk): (u64, bool), dice: &mut Dice) -> Result<String> {
        let disk = on_disk.then(|| Disk::new(&self.folder, if self.on_postgres { POSTGRES_MB } else { DISK_MB })).transpose()?;
        let place = disk.as_ref().map_or_else(|| self.folder.join("upgraded"), |disk| disk.place.clone());
        std::fs::create_dir_all(&place)?;
        let mut bench = Bench::new(self, &place, disk)?;
        let mut struck = 0;
        for cycle in 1..=cycles {
            bench.lay()?;
            for _ in 0..=dice.below(4) {
                struck += u64::from(bench.strike(dice)?);
            }
            bench.judge(cycle == cycles).with_context(|| format!("upgrade {cycle}, kills by the step they left: {:?}", bench.left))?;
        }
        if struck == 0 {
            bail!("every upgrade had ended before it was struck");
        }
        bench.must_condemn()?;
        Ok(format!("{cycles} offices of schema {SCHEMA}, struck {struck} times; kills by the step they left: {:?}", bench.left))
    }
}

fn bytes(hex: &str) -> Result<Vec<u8>> {
    let digits: Vec<char> = hex.chars().collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(&pair.iter().collect::<String>(), 16).context("a key that is not hexadecimal")).collect()
}

#[expect(clippy::disallowed_methods, reason = "here time is measured, not told")]
fn now() -> std::time::Instant {
    std::time::Instant::now()
}
