//! `cargo xtask torture`: kills, power cuts, failing system calls and a full disk, while clients ask and a recipient is told. What the
//! clients and the recipient wrote down judges what is there afterwards: nothing acknowledged is lost, nothing happens twice, the same key is
//! answered the same, every push arrives once and in order, `doctor` is clean.
//!
//! Each judge is tried on a case that it must condemn (negative controls). What this machine cannot do is printed as NOT RUN with the reason.

mod case;
mod client;
mod dice;
mod disk;
mod postgres;
mod pushes;
mod recipient;
mod server;
mod upgrade;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use case::{Case, Cutting, Pushes, Round};
use dice::Dice;
use disk::Disk;
use postgres::Cluster;
use server::{Server, Station};

use crate::steps::{run, works};

/// Kills after which what was asked since is asked again; at the end everything is.
const JUDGED_EVERY: u64 = 25;
/// Cuts within which a system that flushes nothing must have been caught.
const CONTROL_CUTS: u64 = 30;
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
            let upgrades = self.kills.div_ceil(5);
            part("kills while an older office is brought up", upgrades, root, || self.upgrades((upgrades, false), &mut dice))?;
            part("power cuts", self.cuts, can_cut, || self.cuts(&supplies, &mut dice))?;
            part("negative control: a system that flushes nothing", self.cuts.min(1), can_cut, || self.control(&supplies, &mut dice))?;
            let upgrades = self.cuts.div_ceil(4);
            part("power cuts while an older office is brought up", upgrades, can_cut, || self.upgrades((upgrades, true), &mut dice))?;
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
        let [county, penalties, elsewhere] = ["county", "penalties", "elsewhere"].map(|name| self.folder.join(name));
        let (seed, other) = (self.seed.to_string(), self.seed.wrapping_add(1).to_string());
        // Of another county every third has a penalty and is an organisation, and each of these can be listed once.
        let others = 2_000 + 20 * (self.kills + 4 * self.cuts + 4 * self.faults);
        let (others, named) = (others.to_string(), (2 * others).to_string());
        for (out, more) in [
            (&county, ["--subjects", "60", "--seed", &seed, "--records", "300"].as_slice()),
            (&penalties, &["--subjects", "60", "--seed", &seed, "--records", "20000", "--penalties-only", "--flawless"]),
            (&elsewhere, &["--subjects", &others, "--seed", &other, "--records", &named, "--penalties-only", "--flawless"]),
        ] {
            let mut generate = std::process::Command::new(&self.program);
            generate.args(["generate", "--out"]).arg(out).args(more);
            crate::steps::read(&mut generate)?;
        }
        let strangers = std::fs::read_to_string(elsewhere.join("cf-2018.csv"))?;
        let strangers = strangers.split([',', '\n']).filter(|cell| cell.len() == 18 && cell.starts_with("91"));
        let strangers: std::collections::BTreeSet<&str> = strangers.collect();
        let text = std::fs::read_to_string(penalties.join("cf-2018.csv"))?;
        let mut lines = text.lines().map(str::to_owned);
        let header = lines.next().context("a file without a header")?;
        let strangers = strangers.into_iter().map(str::to_owned).collect();
        Ok(Supplies { registration: county.join("01-registration.csv"), header, rows: lines.collect(), strangers })
    }

    /// SIGKILL at random moments, on SQLite to the server, on PostgreSQL to it, to the database, or to both.
    fn kills(&self, supplies: &Supplies, dice: &mut Dice) -> Result<String> {
        let place = self.folder.join("killed");
        let mut cluster = self.cluster(&place.join("postgres"), None)?;
        let station = Station { database: cluster.as_ref().map(Cluster::url), ..self.station(place.join("data")) };
        let case = Case::begin(self, (station, supplies), ("kills", dice.split()))?;
        let mut settled = 0;
        for cycle in 1..=self.kills {
            let (what, millis) = if cluster.is_some() { (dice.below(4), 600) } else { (0, 250) };
            let served = case.ask(dice, &Round { name: format!("k{cycle}"), millis, station: None }, |server| {
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
            if cycle == self.kills {
                settled = case.judge(0, Pushes::Arrived)?;
            } else if cycle % JUDGED_EVERY == 0 {
                settled = case.judge(settled, Pushes::Sent)?;
            }
        }
        let told = case.told(settled);
        let untried = case.must_condemn(cluster.as_ref())?;
        Ok(format!("{} kills, {told}{untried}", self.kills))
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
                // One of the commands that may found an office.
                let mut child = station.begin(&["serve", "--listen", "127.0.0.1:0"])?;
                pause(Duration::from_micros(dice.below(90_000)));
                struck += u64::from(child.try_wait()?.is_none());
                let _killed = child.kill();
                child.wait()?;
            }
            // Whatever was left half made is brought to an end by the next start.
            station.serve()?.with_context(|| format!("founding {cycle}: the server does not start"))?.kill()?;
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
        let mut cutting = Cutting::begin(self, supplies, (None, dice.split()))?;
        for cycle in 1..=self.cuts {
            cutting.cycle(dice, cycle)?;
            cutting.judge(cycle == self.cuts)?;
        }
        Ok(format!("{} cuts, {}", self.cuts, cutting.told()))
    }

    /// The same with a system that claims to flush: the judge must find a loss.
    fn control(&self, supplies: &Supplies, dice: &mut Dice) -> Result<String> {
        let library = disk::lying_flush(&self.folder)?;
        let mut cutting = Cutting::begin(self, supplies, (Some(library), dice.split()))?;
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
        let case = Case::begin(self, (self.station(self.folder.join("faulty/data")), supplies), ("faults", dice.split()))?;
        let (mut refused, mut settled) = (0, 0);
        for cycle in 1..=self.faults {
            let call = ["fsync", "pwrite64", "ftruncate", "openat"].get(usize::try_from(dice.below(4))?).copied().unwrap_or("fsync");
            let error = ["EIO", "ENOSPC", "EDQUOT"].get(usize::try_from(dice.below(3))?).copied().unwrap_or("EIO");
            let (first, calls) = (1 + dice.below(25), ["", "+"].get(usize::try_from(dice.below(2))?).copied().unwrap_or(""));
            let inject = format!("inject={call}:error={error}:when={first}{calls}");
            // With -D the program is our child and strace is not: a kill reaches it.
            let under = ["strace", "-D", "-f", "-qq", "-o", "/dev/null", "-e"].map(str::to_owned).into_iter();
            let under = under.chain([format!("trace={call}"), "-e".to_owned(), inject.clone()]).collect();
            let faulty = Station { under, ..case.station.clone() };
            let round = Round { name: format!("f{cycle}"), millis: 2_500, station: Some(&faulty) };
            let served = case.ask(dice, &round, Server::kill);
            refused += u64::from(!served.with_context(|| inject.clone())?);
            let (from, pushes) = if cycle == self.faults { (0, Pushes::Arrived) } else { (settled, Pushes::Sent) };
            settled = case.judge(from, pushes).with_context(|| format!("after {inject}"))?;
        }
        let log = std::fs::read_to_string(&case.station.log).unwrap_or_default();
        let stopped = log.lines().filter(|line| line.contains("writer stop")).count();
        // Of a few, chance may let none strike the writing.
        if self.faults >= 20 && stopped == 0 && refused == 0 {
            bail!("none of {} faults was felt", self.faults);
        }
        let told = case.told(settled);
        Ok(format!("{} faults, {stopped} writers stopped, {refused} servers did not start, {told}", self.faults))
    }

    /// The disk fills up: what cannot be written is refused, the server ends, and after room was made all that was acknowledged is there.
    fn full_disk(&self, supplies: &Supplies, dice: &mut Dice) -> Result<String> {
        let disk = Disk::new(&self.folder, SMALL_MB)?;
        let case = Case::begin(self, (self.station(disk.place.join("data")), supplies), ("full", dice.split()))?;
        let ballast = disk.place.join("ballast");
        let mut read_on = false;
        let mut ended = None;
        case.ask(dice, &Round { name: "d1".to_owned(), millis: 300, station: None }, |server| {
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
        let settled = case.judge(0, Pushes::Arrived)?;
        disk.unmount()?;
        Ok(format!("reads went on, the server ended with a failure; after room was made {}", case.told(settled)))
    }
}

#[derive(Clone, Debug)]
struct Supplies {
    registration: PathBuf,
    header: String,
    rows: Vec<String>,
    /// Codes of organisations of another county.
    strangers: Vec<String>,
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
