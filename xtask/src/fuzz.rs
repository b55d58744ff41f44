//! `cargo xtask fuzz`: every parser of outside bytes under libFuzzer, some seconds each; what is found lies under `target/fuzz/found`.
//!
//! The targets are built with the compiler of the product. What libFuzzer needs of it, counters at every edge and every comparison, are
//! passes of LLVM that a stable compiler offers too, so no other toolchain is asked for.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::steps::{read, run};

/// The targets, by the binaries of `fuzz/src/bin`.
const TARGETS: [&str; 8] = ["identifier", "day", "money", "pack", "table", "workbook", "lines", "body"];
/// How long each runs where nothing else is said.
const SECONDS: u64 = 60;
/// Targets that run side by side: one a core.
const BESIDE: usize = 2;
/// Longest input; larger ones find nothing more in parsers that work row by row, and find it more slowly.
const INPUT_BYTES_MAX: usize = 8_192;
const MACHINE: &str = "x86_64-unknown-linux-gnu";

/// What is to be run, and for how long.
#[derive(Debug)]
pub(crate) struct Fuzz {
    seconds: u64,
    targets: Vec<String>,
}

impl Fuzz {
    /// Every target for a minute: what the tests run.
    pub(crate) fn short() -> Fuzz {
        Fuzz { seconds: SECONDS, targets: TARGETS.map(str::to_owned).to_vec() }
    }

    /// Reads `[--seconds N] [TARGET…]`.
    pub(crate) fn parse(arguments: &[&str]) -> Result<Fuzz> {
        let mut fuzz = Fuzz { seconds: SECONDS, targets: Vec::new() };
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            if *argument == "--seconds" {
                let value = rest.next().context("--seconds needs a number")?;
                fuzz.seconds = value.parse().with_context(|| format!("--seconds takes a number, not {value}"))?;
            } else if TARGETS.contains(argument) {
                fuzz.targets.push((*argument).to_owned());
            } else {
                bail!("no such target: {argument}. There are {}", TARGETS.join(", "));
            }
        }
        if fuzz.targets.is_empty() {
            fuzz.targets = TARGETS.map(str::to_owned).to_vec();
        }
        Ok(fuzz)
    }

    /// Builds the targets and runs them, two at a time.
    pub(crate) fn run(&self, root: &Path) -> Result<()> {
        if !cfg!(all(target_arch = "x86_64", target_os = "linux")) {
            println!("NOT RUN: the targets are built for {MACHINE} alone");
            return Ok(());
        }
        build(root)?;
        for pair in self.targets.chunks(BESIDE) {
            let running: Vec<_> = pair.iter().map(|target| self.start(root, target).map(|child| (target, child))).collect::<Result<_>>()?;
            for (target, child) in running {
                let ended = child.wait_with_output().with_context(|| format!("waiting for `{target}`"))?;
                tell(root, target, &ended)?;
            }
        }
        Ok(())
    }

    fn start(&self, root: &Path, target: &str) -> Result<std::process::Child> {
        let (corpus, found) = (root.join("target/fuzz/corpus").join(target), root.join("target/fuzz/found").join(target));
        for folder in [&corpus, &found] {
            fs::create_dir_all(folder).with_context(|| format!("`{}` cannot be made", folder.display()))?;
        }
        let mut command = Command::new(root.join("target/fuzz").join(MACHINE).join("release").join(target));
        command.arg(corpus).arg(root.join("fuzz/seeds").join(target));
        command.arg(format!("-artifact_prefix={}/", found.display()));
        command.arg(format!("-max_total_time={}", self.seconds)).arg(format!("-max_len={INPUT_BYTES_MAX}"));
        command.args(["-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1", "-verbosity=0"]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().with_context(|| format!("`{target}` does not start"))
    }
}

/// How many inputs were tried, or what was found.
fn tell(root: &Path, target: &str, ended: &std::process::Output) -> Result<()> {
    let said = String::from_utf8_lossy(&ended.stderr);
    if !ended.status.success() {
        eprintln!("{said}");
        bail!("`{target}` found something: see {}", root.join("target/fuzz/found").join(target).display());
    }
    let figure = |name: &str| said.lines().find_map(|line| line.strip_prefix(name)).map_or("?", str::trim);
    let (tried, kept) = (figure("stat::number_of_executed_units:"), figure("stat::new_units_added:"));
    println!("{target:>10}: {tried} inputs tried, {kept} of them reached something new, nothing found");
    Ok(())
}

/// Whether the lock file of the targets, a workspace of their own, has followed what the product came to depend on: seen in a second, while
/// the build that would fail comes late.
pub(crate) fn locked(root: &Path) -> Result<()> {
    let mut cargo = Command::new("cargo");
    cargo.args(["metadata", "--locked", "--format-version", "1", "--quiet"]).current_dir(root.join("fuzz"));
    read(&mut cargo).map(drop).context("fuzz/Cargo.lock is behind: run `cargo update --workspace` in fuzz/ and commit it")
}

fn build(root: &Path) -> Result<()> {
    const FLAGS: &str = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
        -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
        -Cllvm-args=-sanitizer-coverage-trace-compares";
    let mut cargo = Command::new("cargo");
    // A target that is named keeps the flags from build scripts and macros, which run on their own.
    cargo.args(["build", "--release", "--locked", "--target", MACHINE, "--target-dir"]).arg(root.join("target/fuzz"));
    run(cargo.current_dir(root.join("fuzz")).env("RUSTFLAGS", FLAGS))
}
