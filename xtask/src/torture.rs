//! `cargo xtask torture`: kills, power cuts, failing system calls and a full disk, while clients ask. What the clients wrote down judges what
//! is there afterwards: nothing acknowledged is lost, nothing happens twice, the same key is answered the same, `doctor` is clean.
//!
//! Each judge is tried on a case that it must condemn (negative controls). What this machine cannot do is printed as NOT RUN with the reason.

mod client;
mod dice;
mod disk;
mod postgres;
mod server;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use client::{Journal, World, client, settle};
use dice::Dice;
use disk::Disk;
use postgres::Cluster;
use server::{Health, Server, Station, freeze};

use crate::steps::{run, works};

const CLIENTS: u32 = 3;
/// Kills after which what was asked since is asked again; at the end everything is.
const JUDGED_EVERY: u64 = 25;
/// Cuts within which a system that flushes nothing must have been caught.
const CONTROL_CUTS: u64 = 30;
/// An ordinary office, and PostgreSQL's own files.
const DISK_MB: u64 = 192;
const POSTGRES_MB: u64 = 448;
/// A disk that is soon full.
const SMALL_MB: u64 = 24;

/// What is to be done.
#[derive(Clone, Debug)]
pub(crate) struct Torture {
    kills: u64,
    cuts: u64,
    faults: u64,
    on_postgres: bool,
    seed: u64,
    program: PathBuf,
    folder: PathBuf,
}

impl Torture {
    /// Reads `--kills N --cuts N --faults N --database sqlite|postgres --seed S --program FILE --folder DIR`.
    pub(crate) fn parse(root: &Path, arguments: &[&str]) -> Result<Torture> {
        let mut torture = Torture {
            kills: 40,
            cuts: 12,
            faults: 6,
            on_postgres: false,
            seed: 1,
            program: root.join("target/debug/xinzhi"),
            // Not below target: PostgreSQL's user must be able to enter it, and the path of a socket is short.
            folder: PathBuf::from(format!("/tmp/xinzhi-torture-{}", std::process::id())),
        };
        for pair in arguments.chunks(2) {
            let [name, value] = pair else { bail!("{} needs a value", pair.concat()) };
            let number = || value.parse().with_context(|| format!("{name} takes a number, not {value}"));
            match (*name, *value) {
                ("--kills", _) => torture.kills = number()?,
                ("--cuts", _) => torture.cuts = number()?,
                ("--faults", _) => torture.faults = number()?,
                ("--seed", _) => torture.seed = number()?,
                ("--database", "sqlite") => torture.on_postgres = false,
                ("--database", "postgres") => torture.on_postgres = true,
                ("--program", _) => torture.program = PathBuf::from(value),
                ("--folder", _) => torture.folder = PathBuf::from(value),
                _ => bail!("unknown option {name} {value}"),
            }
        }
        Ok(torture)
    }

    /// Does all of it. A folder with a finding is kept.
    pub(crate) fn run(&self) -> Result<()> {
        if !self.program.exists() {
            run(std::process::Command::new("cargo").args(["build", "--locked"]))?;
        }
        std::fs::create_dir_all(&self.folder)?;
        println!("torture of {} with seed {}, in {}", self.database(), self.seed, self.folder.display());
        let mut dice = Dice::of(self.seed);
        let outcome = (|| {
            let supplies = self.supplies()?;
            let root = if self.on_postgres && !is_root() { Some("PostgreSQL of its own needs root (setpriv)") } else { None };
            let can_cut = root.or_else(disk::missing);
            part("kills", self.kills, root, || self.kills(&supplies, &mut dice))?;
            part("kills while an office is founded and its schema brought up", self.kills.div_ceil(5), root, || self.foundings(&mut dice))?;
            part("power cuts", self.cuts, can_cut, || self.cuts(&supplies, &mut dice))?;
            part("negative control: a system that flushes nothing", self.cuts.min(1), can_cut, || self.control(&supplies, &mut dice))?;
            let traced = if self.on_postgres { Some("PostgreSQL's own calls are not ours") } else { None };
            let no_trace = (!works("strace", &["-o", "/dev/null", "true"])).then_some("strace is missing, or not allowed here");
            part("failing system calls", self.faults, traced.or(no_trace), || self.faults(&supplies, &mut dice))?;
            part("full disk", self.faults.min(1), traced.or(disk::missing()), || self.full_disk(&supplies, &mut dice))
        })();
        match outcome {
            Ok(()) => std::fs::remove_dir_all(&self.folder).context("the folder cannot be removed"),
            Err(error) => Err(error.context(format!("kept for looking at: {}", self.folder.display()))),
        }
    }

    fn database(&self) -> &'static str {
        if self.on_postgres { "PostgreSQL" } else { "SQLite" }
    }

    fn station(&self, data: PathBuf) -> Station {
        let log = self.folder.join("server.log");
        Station { program: self.program.clone(), data, database: None, broken: None, under: Vec::new(), log }
    }

    /// Files of a county that does not exist.
    fn supplies(&self) -> Result<Supplies> {
        let [county, penalties] = ["county", "penalties"].map(|name| self.folder.join(name));
        let seed = self.seed.to_string();
        for (out, more) in
            [(&county, ["--records", "300"].as_slice()), (&penalties, &["--records", "20000", "--penalties-only", "--flawless"])]
        {
            let mut generate = std::process::Command::new(&self.program);
            generate.args(["generate", "--subjects", "60", "--seed", &seed, "--out"]).arg(out).args(more);
            crate::steps::read(&mut generate)?;
        }
        let text = std::fs::read_to_string(penalties.join("cf-2018.csv"))?;
        let mut lines = text.lines().map(str::to_owned);
        let header = lines.next().context("a file without a header")?;
        Ok(Supplies { registration: county.join("01-registration.csv"), header, rows: lines.collect() })
    }

    /// An office with subjects and a program that may ask; what it holds at first.
    fn furnish(&self, station: &Station, supplies: &Supplies) -> Result<(World, i64)> {
        let file = supplies.registration.display().to_string();
        station.told(&["import", &file, "--source", "registration", "--covers", "2020-01-01..2026-10-31"])?;
        let account = ["account", "key", "torture", "--title", "试验程序", "--role", "department", "--organ", "示范县市场监督管理局"];
        let key = station.told(&account)?.trim().to_owned();
        let codes = std::fs::read_to_string(&supplies.registration)?;
        let codes = codes.lines().flat_map(|line| line.split(',').take(2)).filter(|code| code.len() == 18 && code.starts_with("91"));
        let world = World { key, codes: codes.map(str::to_owned).collect(), header: supplies.header.clone(), rows: supplies.rows.clone() };
        if world.codes.is_empty() {
            bail!("no organisations in {file}");
        }
        Ok((world, station.doctor()?.entries))
    }

    /// SIGKILL at random moments, on SQLite to the server, on PostgreSQL to it, to the database, or to both.
    fn kills(&self, supplies: &Supplies, dice: &mut Dice) -> Result<String> {
        let place = self.folder.join("killed");
        let mut cluster = self.cluster(&place.join("postgres"), None)?;
        let station = Station { database: cluster.as_ref().map(Cluster::url), ..self.station(place.join("data")) };
        let (world, base) = self.furnish(&station, supplies)?;
        let case = Case {
            station: &station,
            world: &world,
            base,
            journal: Arc::new(Journal::new(&self.folder.join("kills.journal"))?),
            unheard: Arc::default(),
        };
        let mut settled = 0;
        for cycle in 1..=self.kills {
            let what = if cluster.is_some() { dice.below(4) } else { 0 };
            let served = case.ask(dice, &format!("k{cycle}"), 250, |server| {
                // Which of the two goes first is chance; the other learns of it, or is killed as well.
                if let Some(cluster) = cluster.as_mut().filter(|_| what == 1 || what == 2) {
                    cluster.kill()?;
                    cluster.start()?;
                }
                server.kill()
            })?;
            if !served {
                bail!("the server did not start in cycle {cycle}");
            }
            if cycle % JUDGED_EVERY == 0 || cycle == self.kills {
                settled = case.judge(if cycle == self.kills { 0 } else { settled })?;
            }
        }
        let unheard = case.unheard.load(Ordering::Relaxed);
        case.must_condemn()?;
        Ok(format!("{} kills, {settled} requests stand, {unheard} of them had no answer when the server died", self.kills))
    }

    fn cluster(&self, data: &Path, broken: Option<PathBuf>) -> Result<Option<Cluster>> {
        if !self.on_postgres {
            return Ok(None);
        }
        let outside = self.folder.join(format!("socket{}", if broken.is_some() { "-broken" } else { "" }));
        // The user of PostgreSQL must reach its folder through ours.
        crate::steps::read(std::process::Command::new("chmod").arg("755").arg(&self.folder))?;
        let mut cluster = Cluster::new(data, &outside, broken)?;
        cluster.start()?;
        Ok(Some(cluster))
    }

    /// A new office is killed while it is made: its schema comes up step by step, its keys are written, its first pack is installed.
    fn foundings(&self, dice: &mut Dice) -> Result<String> {
        let mut struck = 0;
        let kills = self.kills.div_ceil(5);
        for cycle in 1..=kills {
            let place = self.folder.join(format!("founded-{cycle}"));
            let mut cluster = self.cluster(&place.join("postgres"), None)?;
            let station = Station { database: cluster.as_ref().map(Cluster::url), ..self.station(place.join("data")) };
            for _ in 0..=dice.below(4) {
                let mut child = station.begin(&["doctor"])?;
                pause(Duration::from_micros(dice.below(90_000)));
                struck += u64::from(child.try_wait()?.is_none());
                let _killed = child.kill();
                child.wait()?;
            }
            let health = station.doctor().with_context(|| format!("founding {cycle}"))?;
            if !health.faults.is_empty() || health.entries != 2 {
                bail!("founding {cycle} left {health:?}");
            }
            if let Some(cluster) = cluster.as_mut() {
                cluster.kill()?;
            }
            std::fs::remove_dir_all(&place)?;
            let _none = std::fs::remove_dir_all(self.folder.join("socket"));
        }
        if struck == 0 {
            bail!("every founding had ended before it was killed");
        }
        Ok(format!("{kills} offices, {struck} kills while they were being made"))
    }

    /// Power is cut while clients ask.
    fn cuts(&self, supplies: &Supplies, dice: &mut Dice) -> Result<String> {
        let mut cutting = Cutting::begin(self, supplies, None)?;
        for cycle in 1..=self.cuts {
            cutting.cycle(dice, cycle)?;
            cutting.judge(cycle == self.cuts)?;
        }
        let unheard = cutting.unheard.load(Ordering::Relaxed);
        Ok(format!("{} cuts, {} requests stand, {unheard} of them had no answer when power went", self.cuts, cutting.judged))
    }

    /// The same with a system that claims to flush: the judge must find a loss.
    fn control(&self, supplies: &Supplies, dice: &mut Dice) -> Result<String> {
        let library = disk::lying_flush(&self.folder)?;
        let mut cutting = Cutting::begin(self, supplies, Some(library))?;
        for cycle in 1..=CONTROL_CUTS {
            let found = cutting.cycle(dice, cycle).and_then(|()| cutting.judge(false));
            if let Err(found) = found {
                let words: String = format!("{found:#}").chars().take(200).collect();
                return Ok(format!("caught at cut {cycle}: {words}"));
            }
        }
        bail!("a system that flushes nothing passed {CONTROL_CUTS} cuts: the cuts cut nothing")
    }

    /// Single system calls fail at random places of the writing.
    fn faults(&self, supplies: &Supplies, dice: &mut Dice) -> Result<String> {
        let station = self.station(self.folder.join("faulty/data"));
        let (world, base) = self.furnish(&station, supplies)?;
        let journal = Arc::new(Journal::new(&self.folder.join("faults.journal"))?);
        let case = Case { station: &station, world: &world, base, journal, unheard: Arc::default() };
        let (mut refused, mut settled) = (0, 0);
        for cycle in 1..=self.faults {
            let call = ["fsync", "pwrite64", "ftruncate", "openat"].get(usize::try_from(dice.below(4))?).copied().unwrap_or("fsync");
            let error = ["EIO", "ENOSPC", "EDQUOT"].get(usize::try_from(dice.below(3))?).copied().unwrap_or("EIO");
            let (first, calls) = (1 + dice.below(25), ["", "+"].get(usize::try_from(dice.below(2))?).copied().unwrap_or(""));
            let inject = format!("inject={call}:error={error}:when={first}{calls}");
            // With -D the program is our child and strace is not: a kill reaches it.
            let under = ["strace", "-D", "-f", "-qq", "-o", "/dev/null", "-e"].map(str::to_owned).into_iter();
            let under = under.chain([format!("trace={call}"), "-e".to_owned(), inject.clone()]).collect();
            let faulty = Case {
                station: &Station { under, ..station.clone() },
                journal: Arc::clone(&case.journal),
                unheard: Arc::clone(&case.unheard),
                ..case
            };
            let served = faulty.ask(dice, &format!("f{cycle}"), 2_500, Server::kill);
            refused += u64::from(!served.with_context(|| inject.clone())?);
            settled = case.judge(if cycle == self.faults { 0 } else { settled }).with_context(|| format!("after {inject}"))?;
        }
        let log = std::fs::read_to_string(&station.log).unwrap_or_default();
        let stopped = log.lines().filter(|line| line.contains("writer stop")).count();
        // Of a few, chance may let none strike the writing.
        if self.faults >= 20 && stopped == 0 && refused == 0 {
            bail!("none of {} faults was felt", self.faults);
        }
        Ok(format!("{} faults, {stopped} writers stopped, {refused} servers did not start, {settled} requests stand", self.faults))
    }

    /// The disk fills up: what cannot be written is refused, the server ends, and after room was made all that was acknowledged is there.
    fn full_disk(&self, supplies: &Supplies, dice: &mut Dice) -> Result<String> {
        let disk = Disk::new(&self.folder, SMALL_MB)?;
        let station = self.station(disk.place.join("data"));
        let (world, base) = self.furnish(&station, supplies)?;
        let case = Case {
            station: &station,
            world: &world,
            base,
            journal: Arc::new(Journal::new(&self.folder.join("full.journal"))?),
            unheard: Arc::default(),
        };
        let ballast = disk.place.join("ballast");
        let mut read_on = false;
        let mut ended = None;
        case.ask(dice, "d1", 300, |server| {
            let mut file = std::fs::File::create(&ballast)?;
            // Until nothing more goes on the disk.
            let _full = std::io::copy(&mut std::io::repeat(0), &mut file);
            pause(Duration::from_secs(2));
            read_on = client::reads(&server.address);
            ended = server.ends(Duration::from_secs(15))?;
            server.kill()
        })?;
        if !read_on || ended != Some(false) {
            bail!("on a full disk pages were answered: {read_on}; the server ended with success: {ended:?}");
        }
        std::fs::remove_file(&ballast)?;
        let settled = case.judge(0)?;
        disk.unmount()?;
        Ok(format!("reads went on, the server ended with a failure, {settled} requests stand after room was made"))
    }
}

#[derive(Debug)]
struct Supplies {
    registration: PathBuf,
    header: String,
    rows: Vec<String>,
}

/// An office under torture with what its clients hold.
struct Case<'a> {
    station: &'a Station,
    world: &'a World,
    /// Entries that its journal had at first.
    base: i64,
    journal: Arc<Journal>,
    /// Requests without an answer when they were judged.
    unheard: Arc<AtomicU64>,
}

impl Case<'_> {
    /// Clients ask for up to `millis`, then `end` ends the server. Returns whether there was one.
    fn ask(&self, dice: &mut Dice, name: &str, millis: u64, end: impl FnOnce(&mut Server) -> Result<()>) -> Result<bool> {
        let Some(mut server) = self.station.serve()? else { return Ok(false) };
        let (over, address) = (AtomicBool::new(false), server.address.clone());
        let lasts = Duration::from_millis(dice.below(millis));
        std::thread::scope(|scope| {
            let clients: Vec<_> = (0..CLIENTS)
                .map(|number| {
                    let (mut dice, name, over, address) = (dice.split(), format!("{name}-{number}"), &over, &address);
                    scope.spawn(move || client(self.world, &self.journal, (address, &name), &mut dice, over))
                })
                .collect();
            pause(lasts);
            let ended = end(&mut server);
            over.store(true, Ordering::Relaxed);
            for client in clients {
                client.join().unwrap_or_else(|_| bail!("a client panicked"))?;
            }
            ended
        })?;
        Ok(true)
    }

    /// Asks everything from the `from`th request on again, compares, and has the office examined. Returns how many requests stand.
    fn judge(&self, from: usize) -> Result<usize> {
        let mut server = self.station.serve()?.context("the server does not start any more")?;
        let asked: Vec<_> = self.journal.lock().0.iter().cloned().enumerate().skip(from).collect();
        for (index, asked) in asked {
            self.unheard.fetch_add(u64::from(asked.answer.is_none()), Ordering::Relaxed);
            let answer = settle(&server.address, &self.world.key, &asked)?;
            let answer = answer.with_context(|| format!("{} is not answered any more", asked.key))?;
            self.journal.answered(index, &answer)?;
        }
        server.kill()?;
        let (asked, _) = self.journal.counts();
        self.health(self.station.doctor()?, asked)?;
        Ok(asked)
    }

    fn health(&self, health: Health, asked: usize) -> Result<()> {
        if !health.faults.is_empty() {
            bail!("doctor found: {}", health.faults.join("; "));
        }
        // Each request is one entry: fewer were lost, more happened twice.
        let expected = self.base + i64::try_from(asked)?;
        if health.entries != expected {
            bail!("the journal has {} entries; {} requests on {} make {expected}", health.entries, asked, self.base);
        }
        Ok(())
    }

    /// The judge on two cases that it must condemn: an answer that was never given, and an effect that nobody holds.
    fn must_condemn(&self) -> Result<()> {
        {
            let mut all = self.journal.lock();
            let first = all.0.first_mut().context("nothing was asked")?;
            first.answer = first.answer.as_ref().map(|answer| format!("{answer} "));
        }
        if self.judge(0).is_ok() {
            bail!("the judge did not notice an answer that was never given");
        }
        {
            let mut all = self.journal.lock();
            let first = all.0.first_mut().context("nothing was asked")?;
            first.answer = first.answer.as_ref().map(|answer| answer.trim_end().to_owned());
            all.0.pop();
        }
        if self.judge(0).is_ok() {
            bail!("the judge did not notice an effect that nobody asked for");
        }
        Ok(())
    }
}

/// An office on a disk whose power is cut.
struct Cutting {
    /// Goes before the disk that it lies on.
    cluster: Option<Cluster>,
    disk: Disk,
    station: Station,
    world: World,
    base: i64,
    journal: Arc<Journal>,
    unheard: Arc<AtomicU64>,
    judged: usize,
}

impl Cutting {
    fn begin(torture: &Torture, supplies: &Supplies, broken: Option<PathBuf>) -> Result<Cutting> {
        let disk = Disk::new(&torture.folder, if torture.on_postgres { POSTGRES_MB } else { DISK_MB })?;
        let cluster = torture.cluster(&disk.place.join("postgres"), broken.clone())?;
        let plain = Station { database: cluster.as_ref().map(Cluster::url), ..torture.station(disk.place.join("data")) };
        let (world, base) = torture.furnish(&plain, supplies)?;
        disk.flush()?;
        let journal = Arc::new(Journal::new(&torture.folder.join(if broken.is_some() { "control.journal" } else { "cuts.journal" }))?);
        Ok(Cutting { cluster, disk, station: Station { broken, ..plain }, world, base, journal, unheard: Arc::default(), judged: 0 })
    }

    fn case(&self) -> Case<'_> {
        Case {
            station: &self.station,
            world: &self.world,
            base: self.base,
            journal: Arc::clone(&self.journal),
            unheard: Arc::clone(&self.unheard),
        }
    }

    /// Clients ask, everything stands still, power goes, everything is killed, power comes back.
    fn cycle(&mut self, dice: &mut Dice, cycle: u64) -> Result<()> {
        // Some cycles last past the five seconds after which ext4 writes of its own accord.
        let (flag, lasts) = (1 + dice.below(2), if dice.below(12) == 0 { 7_000 } else { 600 });
        let Cutting { disk, cluster, station, world, base, journal, unheard, .. } = self;
        let case = Case { station, world, base: *base, journal: Arc::clone(journal), unheard: Arc::clone(unheard) };
        let served = case.ask(dice, &format!("c{cycle}"), lasts, |server| {
            freeze(&[server.id()])?;
            if let Some(cluster) = cluster.as_ref() {
                freeze(&cluster.processes()?)?;
            }
            disk.cut(flag)?;
            server.kill()?;
            cluster.as_mut().map_or(Ok(()), Cluster::kill)
        })?;
        if !served {
            bail!("the server does not start in cycle {cycle}");
        }
        disk.unmount()?;
        disk.mount().context("the disk does not come back")?;
        cluster.as_mut().map_or(Ok(()), Cluster::start)
    }

    fn judge(&mut self, whole: bool) -> Result<()> {
        let from = if whole { 0 } else { self.judged };
        self.judged = self.case().judge(from)?;
        Ok(())
    }
}

/// One part of the run, with its outcome on a line; what cannot be done here is said and is no success.
fn part(name: &str, wanted: u64, missing: Option<&str>, work: impl FnOnce() -> Result<String>) -> Result<()> {
    match (wanted, missing) {
        (0, _) => println!("NOT RUN  {name}: none wanted"),
        (_, Some(reason)) => println!("NOT RUN  {name}: {reason}"),
        (_, None) => println!("ok       {name}: {}", work().with_context(|| name.to_owned())?),
    }
    Ok(())
}

fn is_root() -> bool {
    crate::steps::read(std::process::Command::new("id").arg("-u")).is_ok_and(|id| id.trim_ascii() == b"0")
}

#[expect(clippy::disallowed_methods, reason = "torture waits for the wrong moment")]
fn pause(time: Duration) {
    std::thread::sleep(time);
}
