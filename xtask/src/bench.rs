//! The second opinion on evaluation, and its speed against that opinion. `cargo xtask oracle` lets DuckDB and a plain reading in Python answer
//! random scorecards beside the product; `cargo xtask bench` times the product and DuckDB over the same million subjects. Both bring their
//! Python packages below `target/tools` and touch nothing of the system.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::steps::{read, run, works};
use crate::tools;

mod aims;
use aims::Aim;

const FOLDER: &str = "bench";
const SCORECARD: &str = "reference";
/// The last day of the generated records and the day of evaluation: the pack's rules name days near it.
const AS_OF: &str = "2026-06-30";
const SEED: &str = "7";
/// Sixty ends of months, from the first on that the scorecard is in force.
const MONTHS: (&str, &str) = ("2022-01-01", "2026-12-31");

/// Random scorecards, answered three times.
#[derive(Debug)]
pub(crate) struct Oracle {
    cases: u32,
    seed: u32,
    release: bool,
}

impl Oracle {
    /// What the tests ask.
    pub(crate) fn short() -> Oracle {
        Oracle { cases: 300, seed: 1, release: false }
    }

    /// Reads `[--cases N] [--seed N] [--release]`.
    pub(crate) fn parse(arguments: &[&str]) -> Result<Oracle> {
        let mut oracle = Oracle::short();
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            match *argument {
                "--cases" => oracle.cases = number(argument, rest.next())?,
                "--seed" => oracle.seed = number(argument, rest.next())?,
                "--release" => oracle.release = true,
                other => bail!("the oracle knows no `{other}`"),
            }
        }
        Ok(oracle)
    }

    /// Builds the program and asks.
    pub(crate) fn run(&self, root: &Path) -> Result<()> {
        let Some(python) = bring(root)? else { return Ok(()) };
        let binary = build(root, self.release)?;
        let mut asking = Command::new(python);
        asking.arg(root.join(FOLDER).join("oracle/run.py")).arg("--binary").arg(binary);
        run(asking.args(["--cases", &self.cases.to_string(), "--seed", &self.seed.to_string()]))
    }
}

/// The reference workload, timed.
#[derive(Debug)]
pub(crate) struct Bench {
    subjects: u32,
    records: u32,
    threads: u32,
    repeat: u32,
    /// How many subjects are evaluated alone as well.
    alone: u32,
    /// Also a set ten times as large.
    large: bool,
}

/// What everything is measured with.
struct Workshop<'a> {
    root: &'a Path,
    python: PathBuf,
    binary: PathBuf,
    /// Where sets and results lie.
    place: PathBuf,
}

impl Bench {
    /// Reads `[--subjects N] [--records N] [--threads N] [--repeat N] [--alone N] [--large]`.
    pub(crate) fn parse(arguments: &[&str]) -> Result<Bench> {
        let mut bench = Bench { subjects: 1_000_000, records: 20_000_000, threads: 2, repeat: 5, alone: 200, large: false };
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            let slot = match *argument {
                "--subjects" => &mut bench.subjects,
                "--records" => &mut bench.records,
                "--threads" => &mut bench.threads,
                "--repeat" => &mut bench.repeat,
                "--alone" => &mut bench.alone,
                "--large" => {
                    bench.large = true;
                    continue;
                }
                other => bail!("the benchmark knows no `{other}`"),
            };
            *slot = number(argument, rest.next())?;
        }
        if bench.alone == 0 {
            bail!("--alone takes a number from 1 on: of no subject nothing would be shown");
        }
        Ok(bench)
    }

    /// Ours, then theirs, then the tables. Fails where a result differs; an aim that is missed is only told.
    pub(crate) fn run(&self, root: &Path) -> Result<()> {
        let Some(python) = bring(root)? else { return Ok(()) };
        let binary = build(root, true)?;
        let place = root.join("target/bench");
        fs::create_dir_all(&place).with_context(|| format!("`{}` cannot be made", place.display()))?;
        let shop = Workshop { root, python, binary, place };
        let tables = self.tables(&shop, (self.subjects, self.records))?;
        let ours = shop.place.join("ours.parquet");
        let from_files = self.over_files(&shop, (&tables, &ours))?;
        let measured = self.measured(&shop, &tables)?;
        let alone = self.alone(&shop, (&tables, &ours))?;
        let mut aims = vec![self.backtest(&shop, &tables, from_files)?, explained(&shop)?, aims::alone(&alone)?];
        if self.large {
            aims.extend(self.large(&shop, from_files)?);
        }
        let theirs = self.theirs(&shop, (&tables, &ours))?;
        print!("{}", self.table(from_files, &measured, &theirs)?);
        let mut told = aims::of_table(from_files, &measured, &theirs)?;
        told.extend(aims);
        print!("{}", aims::table(&told));
        let equal = |said: &Value| said.get("equal").and_then(Value::as_bool) == Some(true);
        if !equal(&theirs) {
            bail!("results differ: no time above means anything");
        }
        if !equal(&alone) {
            bail!("alone a subject is told something else than among all: no time above means anything");
        }
        Ok(())
    }

    /// A table set, made once for each size.
    fn tables(&self, shop: &Workshop<'_>, (subjects, records): (u32, u32)) -> Result<PathBuf> {
        let (subjects, records) = (subjects.to_string(), records.to_string());
        let tables = shop.place.join(format!("tables-{subjects}-{records}-{SEED}"));
        if !tables.join("tables.json").is_file() {
            let mut making = Command::new(&shop.binary);
            making.args(["generate", "--only", "parquet", "--subjects", &subjects, "--records", &records]);
            making.args(["--seed", SEED, "--through", AS_OF]);
            run(making.arg("--pack").arg(pack(shop.root)).arg("--out").arg(&tables))?;
        }
        Ok(tables)
    }

    /// Seconds of the whole command, from its start to the result file, at best.
    fn over_files(&self, shop: &Workshop<'_>, (tables, ours): (&Path, &Path)) -> Result<f64> {
        let mut best = Duration::MAX;
        for _ in 0..=self.repeat {
            absent(ours)?;
            let mut asking = Command::new(&shop.binary);
            asking.args(["evaluate", "--json", "--as-of", AS_OF]).arg("--out").arg(ours);
            let begin = now();
            read(self.asked(&mut asking, shop, tables))?;
            best = best.min(begin.elapsed());
        }
        Ok(best.as_secs_f64())
    }

    /// What the columns take from memory, and merely reading them.
    fn measured(&self, shop: &Workshop<'_>, tables: &Path) -> Result<Value> {
        let mut asking = Command::new(shop.root.join("target/release/examples/measure"));
        asking.args(["--as-of", AS_OF, "--repeat", &self.repeat.to_string()]);
        json(&read(self.asked(&mut asking, shop, tables))?)
    }

    /// The whole command over sixty month-ends, against that over one day.
    fn backtest(&self, shop: &Workshop<'_>, tables: &Path, one_day: f64) -> Result<Aim> {
        let (mut best, mut days) = (Duration::MAX, 0);
        for _ in 0..=self.repeat {
            let mut asking = Command::new(&shop.binary);
            asking.args(["evaluate", "--json", "--every", "month", "--from", MONTHS.0, "--until", MONTHS.1]);
            let begin = now();
            let said = read(self.asked(&mut asking, shop, tables))?;
            best = best.min(begin.elapsed());
            days = json(&said)?.get("days").and_then(Value::as_array).map_or(0, Vec::len);
        }
        Ok(aims::backtest(days, best.as_secs_f64(), one_day))
    }

    /// Some subjects, each as a set of its own.
    fn alone(&self, shop: &Workshop<'_>, (tables, ours): (&Path, &Path)) -> Result<Value> {
        let mut asking = Command::new(&shop.python);
        asking.arg(shop.root.join(FOLDER).join("alone.py")).args(["--as-of", AS_OF, "--subjects", &self.alone.to_string()]);
        self.told(asking.arg("--binary").arg(&shop.binary).arg("--ours").arg(ours), shop, tables)
    }

    /// Ten times as many subjects and records: how much longer, and how much memory at most.
    fn large(&self, shop: &Workshop<'_>, from_files: f64) -> Result<[Aim; 2]> {
        let times_ten = |many: u32| many.checked_mul(10).context("ten times as many are too many to count");
        let (subjects, records) = (times_ten(self.subjects)?, times_ten(self.records)?);
        let tables = self.tables(shop, (subjects, records))?;
        let out = shop.place.join("large.parquet");
        let (mut best, mut most) = (f64::INFINITY, 0);
        for _ in 0..=self.repeat {
            absent(&out)?;
            let mut asking = Command::new(&shop.python);
            asking.arg(shop.root.join(FOLDER).join("peak.py")).arg(&shop.binary);
            asking.args(["evaluate", "--json", "--as-of", AS_OF]).arg("--out").arg(&out);
            let said = json(&read(self.asked(&mut asking, shop, &tables))?)?;
            best = best.min(aims::number_of(&said, "seconds")?);
            most = most.max(said.get("bytes").and_then(Value::as_u64).context("no memory was measured")?);
        }
        absent(&out)?;
        Ok(aims::large((subjects, records), (best, most), from_files))
    }

    fn theirs(&self, shop: &Workshop<'_>, (tables, ours): (&Path, &Path)) -> Result<Value> {
        let mut asking = Command::new(&shop.python);
        asking.arg(shop.root.join(FOLDER).join("duck.py")).args(["--as-of", AS_OF, "--repeat", &self.repeat.to_string()]);
        self.told(asking.arg("--ours").arg(ours), shop, tables)
    }

    /// What a command says that ends with a fault where results differ: it is wanted all the same.
    fn told(&self, command: &mut Command, shop: &Workshop<'_>, tables: &Path) -> Result<Value> {
        let output = self.asked(command, shop, tables).stderr(std::process::Stdio::inherit()).output();
        json(&output.context("Python could not be started")?.stdout)
    }

    fn asked<'c>(&self, command: &'c mut Command, shop: &Workshop<'_>, tables: &Path) -> &'c mut Command {
        command.arg("--tables").arg(tables).arg("--pack").arg(pack(shop.root));
        command.args(["--scorecard", SCORECARD, "--threads", &self.threads.to_string()])
    }

    fn table(&self, from_files: f64, measured: &Value, theirs: &Value) -> Result<String> {
        let seconds = aims::number_of;
        let word = |of: &Value, key: &str| of.get(key).and_then(Value::as_str).unwrap_or("?").to_owned();
        let (memory, limit) = (seconds(measured, "memory")?, seconds(measured, "limit")?);
        let (their_memory, their_files) = (seconds(theirs, "memory")?, seconds(theirs, "parquet")?);
        let megabytes = measured.get("bytes").and_then(Value::as_u64).unwrap_or(0) / 1_000_000;
        Ok(format!(
            "\n{} subjects, {} records, 40 indicators, {} threads; seconds, best of {}\n\n\
             {:<14} {:>9} {:>9} {:>8}   DuckDB {}, its best formulation\n\
             {:<14} {memory:>9.3} {their_memory:>9.3} {:>7.1}x   {}\n\
             {:<14} {from_files:>9.3} {their_files:>9.3} {:>7.1}x   {}\n\n\
             Reading the columns once from memory: {limit:.3} s ({megabytes} MB); evaluation takes {:.1} times that.\n",
            self.subjects,
            self.records,
            self.threads,
            self.repeat + 1,
            "",
            "ours",
            "theirs",
            "ratio",
            word(theirs, "duckdb"),
            "from memory",
            their_memory / memory,
            word(theirs, "memory_how"),
            "from Parquet",
            their_files / from_files,
            word(theirs, "parquet_how"),
            memory / limit,
        ))
    }
}

/// One subject with fifty records and all its reasons, by the kernel alone.
fn explained(shop: &Workshop<'_>) -> Result<Aim> {
    let mut asking = Command::new(shop.root.join("target/release/examples/explain"));
    asking.arg("--pack").arg(pack(shop.root)).args(["--scorecard", SCORECARD, "--as-of", AS_OF, "--records", "50"]);
    aims::explained(&json(&read(&mut asking)?)?)
}

fn absent(file: &Path) -> Result<()> {
    match fs::remove_file(file) {
        Err(fault) if fault.kind() != std::io::ErrorKind::NotFound => {
            Err(fault).with_context(|| format!("`{}` cannot be removed", file.display()))
        }
        _ => Ok(()),
    }
}

/// The number after an argument.
pub(crate) fn number(name: &str, value: Option<&&str>) -> Result<u32> {
    let value = value.with_context(|| format!("{name} needs a number"))?;
    value.parse().with_context(|| format!("{name} takes a number, not {value}"))
}

fn json(said: &[u8]) -> Result<Value> {
    serde_json::from_slice(said).with_context(|| format!("this is no JSON: {}", String::from_utf8_lossy(said)))
}

fn pack(root: &Path) -> PathBuf {
    root.join(FOLDER).join("pack")
}

/// The product, and for measuring what times its kernel and an explanation.
fn build(root: &Path, release: bool) -> Result<PathBuf> {
    let cargo = |args: &[&str]| run(Command::new("cargo").args(args).current_dir(root));
    if release {
        cargo(&["build", "--locked", "--release"])?;
        for (package, example) in [("xinzhi-columnar", "measure"), ("xinzhi-evaluate", "explain")] {
            cargo(&["build", "--locked", "--release", "--package", package, "--example", example])?;
        }
        return Ok(root.join("target/release/xinzhi"));
    }
    cargo(&["build", "--locked"])?;
    Ok(root.join("target/debug/xinzhi"))
}

/// A Python with what `bench/requirements.txt` names; none where there is no Python.
fn bring(root: &Path) -> Result<Option<PathBuf>> {
    if !works("python3", &["-c", "import venv, ensurepip"]) {
        println!("NOT RUN: there is no python3 with venv (Debian: python3-venv)");
        return Ok(None);
    }
    let wanted = root.join(FOLDER).join("requirements.txt");
    tools::python(&root.join("target/tools/oracle"), &wanted, "import duckdb, pyarrow, yaml").map(Some)
}

#[expect(clippy::disallowed_methods, reason = "here time is measured, not told")]
fn now() -> Instant {
    Instant::now()
}
