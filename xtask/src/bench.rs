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

const FOLDER: &str = "bench";
const SCORECARD: &str = "reference";
/// The last day of the generated records and the day of evaluation: the pack's rules name days near it.
const AS_OF: &str = "2026-06-30";
const SEED: &str = "7";

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
}

impl Bench {
    /// Reads `[--subjects N] [--records N] [--threads N] [--repeat N]`.
    pub(crate) fn parse(arguments: &[&str]) -> Result<Bench> {
        let mut bench = Bench { subjects: 1_000_000, records: 20_000_000, threads: 2, repeat: 5 };
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            let slot = match *argument {
                "--subjects" => &mut bench.subjects,
                "--records" => &mut bench.records,
                "--threads" => &mut bench.threads,
                "--repeat" => &mut bench.repeat,
                other => bail!("the benchmark knows no `{other}`"),
            };
            *slot = number(argument, rest.next())?;
        }
        Ok(bench)
    }

    /// Ours, then theirs, then the table. Fails where a result differs.
    pub(crate) fn run(&self, root: &Path) -> Result<()> {
        let Some(python) = bring(root)? else { return Ok(()) };
        let binary = build(root, true)?;
        let place = root.join("target/bench");
        fs::create_dir_all(&place).with_context(|| format!("`{}` cannot be made", place.display()))?;
        let tables = self.tables(root, &binary, &place)?;
        let ours = place.join("ours.parquet");
        let from_files = self.over_files(root, &binary, (&tables, &ours))?;
        let measured = self.measured(root, &tables)?;
        let theirs = self.theirs(root, &python, (&tables, &ours))?;
        print!("{}", self.table(from_files, &measured, &theirs)?);
        if theirs.get("equal").and_then(Value::as_bool) != Some(true) {
            bail!("results differ: no time above means anything");
        }
        Ok(())
    }

    /// The table set, made once for each size.
    fn tables(&self, root: &Path, binary: &Path, place: &Path) -> Result<PathBuf> {
        let (subjects, records) = (self.subjects.to_string(), self.records.to_string());
        let tables = place.join(format!("tables-{subjects}-{records}-{SEED}"));
        if !tables.join("tables.json").is_file() {
            let mut making = Command::new(binary);
            making.args([
                "generate",
                "--only",
                "parquet",
                "--subjects",
                &subjects,
                "--records",
                &records,
                "--seed",
                SEED,
                "--through",
                AS_OF,
            ]);
            run(making.arg("--pack").arg(pack(root)).arg("--out").arg(&tables))?;
        }
        Ok(tables)
    }

    /// Seconds of the whole command, from its start to the result file, at best.
    fn over_files(&self, root: &Path, binary: &Path, (tables, ours): (&Path, &Path)) -> Result<f64> {
        let mut best = Duration::MAX;
        for _ in 0..=self.repeat {
            if ours.exists() {
                fs::remove_file(ours).with_context(|| format!("`{}` cannot be removed", ours.display()))?;
            }
            let mut asking = Command::new(binary);
            asking.args(["evaluate", "--json"]).arg("--out").arg(ours);
            let begin = now();
            read(self.asked(&mut asking, root, tables))?;
            best = best.min(begin.elapsed());
        }
        Ok(best.as_secs_f64())
    }

    /// What the columns take from memory, and merely reading them.
    fn measured(&self, root: &Path, tables: &Path) -> Result<Value> {
        let mut asking = Command::new(root.join("target/release/examples/measure"));
        asking.args(["--repeat", &self.repeat.to_string()]);
        json(&read(self.asked(&mut asking, root, tables))?)
    }

    fn theirs(&self, root: &Path, python: &Path, (tables, ours): (&Path, &Path)) -> Result<Value> {
        let mut asking = Command::new(python);
        asking.arg(root.join(FOLDER).join("duck.py")).args(["--repeat", &self.repeat.to_string()]).arg("--ours").arg(ours);
        // It ends with a fault where results differ; what it says is wanted all the same.
        let output = self.asked(&mut asking, root, tables).stderr(std::process::Stdio::inherit()).output().context("duck.py")?;
        json(&output.stdout)
    }

    fn asked<'c>(&self, command: &'c mut Command, root: &Path, tables: &Path) -> &'c mut Command {
        command.arg("--tables").arg(tables).arg("--pack").arg(pack(root));
        command.args(["--scorecard", SCORECARD, "--as-of", AS_OF, "--threads", &self.threads.to_string()])
    }

    fn table(&self, from_files: f64, measured: &Value, theirs: &Value) -> Result<String> {
        let seconds = |of: &Value, key: &str| of.get(key).and_then(Value::as_f64).with_context(|| format!("no `{key}` was measured"));
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

/// The product, and for measuring what times its kernel.
fn build(root: &Path, release: bool) -> Result<PathBuf> {
    let cargo = |args: &[&str]| run(Command::new("cargo").args(args).current_dir(root));
    if release {
        cargo(&["build", "--locked", "--release"])?;
        cargo(&["build", "--locked", "--release", "--package", "xinzhi-columnar", "--example", "measure"])?;
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
