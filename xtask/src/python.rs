//! The wheel of `python/`. `cargo xtask python` builds it and runs its tests; `cargo xtask spark` runs it on Spark with two executors
//! against the local command. Python packages lie below `target/tools` and touch nothing of the system.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::bench::number;
use crate::steps::{read, run, works};
use crate::tools;

const FOLDER: &str = "python";
/// The pack and the day of the benchmark, so that figures can be held against its own.
const PACK: &str = "bench/pack";
const SCORECARD: &str = "reference";
const AS_OF: &str = "2026-06-30";
const SEED: &str = "7";
/// Subjects and records of the set that is cut into the smallest batches.
const SMALL: (u32, u32) = (300, 4_000);

/// Builds the wheel and runs its tests.
pub(crate) fn test(root: &Path) -> Result<()> {
    let Some(python) = bring(root, "python", "requirements.txt", "import duckdb, maturin, polars, pyarrow, pytest")? else {
        return Ok(());
    };
    let house = |args: &[&str]| run(cargo(root).args(args));
    house(&["fmt", "--check"])?;
    house(&["clippy", "--locked", "--all-targets", "--", "-D", "warnings"])?;
    run(Command::new("cargo").args(["build", "--locked"]).current_dir(root))?;
    wheel(root, &python, &["--profile", "dev"])?;
    // Not as a module: that would find the sources beside the tests, which lack the compiled side.
    let mut asking = Command::new(python.with_file_name("pytest"));
    asking.args(["--quiet", "-p", "no:cacheprovider"]).current_dir(root.join(FOLDER));
    run(asking.env("XINZHI_BINARY", root.join("target/debug/xinzhi")))
}

/// Whether the lock file of the wheel, a workspace of its own, has followed what the product came to depend on.
pub(crate) fn locked(root: &Path) -> Result<()> {
    read(cargo(root).args(["metadata", "--locked", "--format-version", "1", "--quiet"]))
        .map(drop)
        .context("python/Cargo.lock is behind: run `cargo update --workspace` in python/ and commit it")
}

/// Cargo in the workspace of the wheel, which builds below `target` as well.
fn cargo(root: &Path) -> Command {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(root.join(FOLDER)).env("CARGO_TARGET_DIR", root.join("target/python"));
    cargo
}

/// The reference workload on Spark.
#[derive(Debug)]
pub(crate) struct Spark {
    subjects: u32,
    records: u32,
    repeat: u32,
}

impl Spark {
    /// Reads `[--subjects N] [--records N] [--repeat N]`.
    pub(crate) fn parse(arguments: &[&str]) -> Result<Spark> {
        let mut spark = Spark { subjects: 1_000_000, records: 20_000_000, repeat: 3 };
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            let slot = match *argument {
                "--subjects" => &mut spark.subjects,
                "--records" => &mut spark.records,
                "--repeat" => &mut spark.repeat,
                other => bail!("Spark knows no `{other}` here"),
            };
            *slot = number(argument, rest.next())?;
        }
        Ok(spark)
    }

    /// The command, then Spark in each way. Fails where a row differs or the usual way is too slow.
    pub(crate) fn run(&self, root: &Path) -> Result<()> {
        if !works("java", &["-version"]) {
            println!("NOT RUN: there is no Java, which Spark needs in version 17 or newer (Debian: openjdk-17-jre-headless)");
            return Ok(());
        }
        let Some(python) = bring(root, "spark", "requirements-spark.txt", "import maturin, pandas, pyarrow, pyspark")? else {
            return Ok(());
        };
        run(Command::new("cargo").args(["build", "--locked", "--release"]).current_dir(root))?;
        wheel(root, &python, &["--release"])?;
        let place = root.join("target/spark");
        fs::create_dir_all(&place).with_context(|| format!("`{}` cannot be made", place.display()))?;
        let timed = tables(root, &place, (self.subjects, self.records), &[])?;
        let small = tables(root, &place, SMALL, &["--partition-subjects", "70"])?;
        let mut asking = Command::new(python);
        asking.arg(root.join(FOLDER).join("tests/spark/run.py")).args(["--repeat", &self.repeat.to_string()]);
        asking.arg("--binary").arg(binary(root)).arg("--pack").arg(root.join(PACK)).args(["--scorecard", SCORECARD, "--as-of", AS_OF]);
        asking.arg("--tables").arg(timed).arg("--small").arg(small).arg("--work").arg(place.join("work"));
        run(asking.current_dir(&place))
    }
}

fn binary(root: &Path) -> PathBuf {
    root.join("target/release/xinzhi")
}

/// A made-up table set, made once for each size.
fn tables(root: &Path, place: &Path, (subjects, records): (u32, u32), more: &[&str]) -> Result<PathBuf> {
    let (subjects, records) = (subjects.to_string(), records.to_string());
    let tables = place.join(format!("tables-{subjects}-{records}-{SEED}"));
    if !tables.join("tables.json").is_file() {
        let mut making = Command::new(binary(root));
        making.args(["generate", "--only", "parquet", "--subjects", &subjects, "--records", &records, "--seed", SEED]);
        making.args(["--through", AS_OF]).args(more).arg("--pack").arg(root.join(PACK)).arg("--out").arg(&tables);
        run(&mut making)?;
    }
    Ok(tables)
}

/// A Python with what a file of `python/` names; none where there is no Python.
fn bring(root: &Path, home: &str, wanted: &str, imports: &str) -> Result<Option<PathBuf>> {
    if !works("python3", &["-c", "import venv, ensurepip"]) {
        println!("NOT RUN: there is no python3 with venv (Debian: python3-venv)");
        return Ok(None);
    }
    tools::python(&root.join("target/tools").join(home), &root.join(FOLDER).join(wanted), imports).map(Some)
}

/// Builds the wheel as a profile says and puts it into the Python.
fn wheel(root: &Path, python: &Path, profile: &[&str]) -> Result<()> {
    let out = root.join("target/wheels");
    if out.exists() {
        fs::remove_dir_all(&out).with_context(|| format!("`{}` cannot be removed", out.display()))?;
    }
    let mut making = Command::new(python);
    making.args(["-m", "maturin", "build", "--locked", "--quiet"]).args(profile).arg("--out").arg(&out);
    run(making.current_dir(root.join(FOLDER)).env("CARGO_TARGET_DIR", root.join("target/python")))?;
    let made = fs::read_dir(&out).with_context(|| format!("`{}` cannot be read", out.display()))?.next();
    let made = made.context("maturin made no wheel")??.path();
    let mut install = Command::new(python);
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--force-reinstall", "--no-deps"]).arg(made);
    run(&mut install)
}
