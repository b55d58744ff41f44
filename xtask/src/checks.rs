//! The checks in their order: the cheap ones first, the journeys last.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::steps::{Steps, read, run, run_watched, works};
use crate::torture::Torture;
use crate::{bench, contract, deny, fuzz, python, root, tools};

#[cfg(test)]
mod tests;

/// The integration binary that comes last; see `[[test]]` in the root manifest.
const JOURNEYS: &str = "journeys";

/// The longest journey, the walk through every page, takes two minutes beside the others.
const PATIENCE: Duration = Duration::from_secs(600);

/// `cargo xtask tools`
pub(crate) fn bring_tools() -> Result<()> {
    let root = root()?;
    tools::bring()?;
    deny::bring(&root).map(|_| ())
}

/// `cargo xtask test`. The table of times stands before the last step, so that the runner's summary closes the output; the
/// runner tells the time of the last step itself.
pub(crate) fn run_all() -> Result<()> {
    let mut steps = Steps::default();
    if let Err(error) = everything_before_the_journeys(&mut steps) {
        eprint!("{}", steps.table());
        return Err(error);
    }
    println!("{}", steps.table());
    println!("=== {JOURNEYS}");
    run_watched(&mut cargo(&root()?, &["test", "--workspace", "--locked", "--no-fail-fast", "--test", JOURNEYS]), PATIENCE)
}

fn everything_before_the_journeys(steps: &mut Steps) -> Result<()> {
    let root = root()?;
    steps.step("tools of the system", tools::bring)?;
    let mut checker = None;
    steps.step("cargo-deny", || {
        checker = Some(deny::bring(&root)?);
        Ok(())
    })?;
    let checker = checker.context("cargo-deny was brought")?;
    steps.step("lock file of the fuzz targets", || fuzz::locked(&root))?;
    steps.step("lock file of the wheel", || python::locked(&root))?;
    steps.step("format", || run(&mut cargo(&root, &["fmt", "--all", "--check"])))?;
    steps.step("clippy", || run(&mut cargo(&root, &["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"])))?;
    steps
        .step("documentation", || run(cargo(&root, &["doc", "--workspace", "--no-deps", "--locked"]).env("RUSTDOCFLAGS", "-D warnings")))?;
    steps.step("licences, sources, bans", || deny::check(&root, &checker))?;
    steps.step("browser packages", || browser_packages(&root))?;
    steps.step("build of the tests", || run(&mut cargo(&root, &["test", "--workspace", "--locked", "--no-run"])))?;
    steps.step("tests of the rooms", || tests_of_the_rooms(&root))?;
    steps.step("check for aarch64", || aarch64(&root))?;
    steps.step("examples in the documentation", || run(&mut cargo(&root, &["test", "--workspace", "--locked", "--doc"])))?;
    steps.step("contract of the API", || contract::check(&root))?;
    steps.step("wheel for Python", || python::test(&root))?;
    steps.step("oracle of evaluation", || bench::Oracle::short().run(&root))?;
    steps.step("fuzz targets, a minute each", || fuzz::Fuzz::short().run(&root))?;
    // What a minute allows; `docs/torture.md` tells what a release asks for.
    steps.step("torture", || Torture::parse(&root, &["--kills", "20", "--cuts", "6", "--faults", "2"])?.run())
}

/// The other processor that offices run on. The bundled SQLite and the allocator are C, so a compiler for it is needed as well.
fn aarch64(root: &Path) -> Result<()> {
    const TARGET: &str = "aarch64-unknown-linux-gnu";
    let targets = read(Command::new("rustup").args(["target", "list", "--installed"])).unwrap_or_default();
    if !String::from_utf8_lossy(&targets).lines().any(|line| line.trim() == TARGET) {
        println!("NOT RUN: the toolchain has no {TARGET} (rustup target add {TARGET})");
        return Ok(());
    }
    if !works("aarch64-linux-gnu-gcc", &["--version"]) {
        println!("NOT RUN: there is no C compiler for it (Debian: gcc-aarch64-linux-gnu libc6-dev-arm64-cross)");
        return Ok(());
    }
    run(&mut cargo(root, &["check", "--locked", "--target", TARGET]))
}

fn browser_packages(root: &Path) -> Result<()> {
    let mut npm = Command::new("npm");
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
    run(npm.current_dir(root.join("tests/browser")).env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1"))
}

/// Every unit test and every integration binary but the journeys. The whole workspace stays selected, so that cargo settles on the
/// same features as for the journeys and builds nothing twice.
fn tests_of_the_rooms(root: &Path) -> Result<()> {
    let described = read(&mut cargo(root, &["metadata", "--format-version", "1", "--no-deps", "--locked"]))?;
    let described: Value = serde_json::from_slice(&described).context("`cargo metadata` answers in JSON")?;
    let mut command = cargo(root, &["test", "--workspace", "--locked", "--no-fail-fast", "--lib", "--bins"]);
    for name in integration_binaries(&described) {
        command.args(["--test", &name]);
    }
    run(&mut command)
}

fn integration_binaries(described: &Value) -> BTreeSet<String> {
    let packages = described.get("packages").and_then(Value::as_array).into_iter().flatten();
    let targets = packages.filter_map(|package| package.get("targets").and_then(Value::as_array)).flatten();
    let tests = targets.filter(|target| target.pointer("/kind/0").and_then(Value::as_str) == Some("test"));
    tests.filter_map(|target| target.get("name").and_then(Value::as_str)).filter(|name| *name != JOURNEYS).map(str::to_owned).collect()
}

fn cargo(root: &Path, args: &[&str]) -> Command {
    let mut command = Command::new("cargo");
    command.args(args).current_dir(root);
    command
}
