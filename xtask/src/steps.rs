//! Commands that are run one after another, each with its wall time.

use std::fmt::Write as _;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

mod watched;
pub(crate) use watched::run_watched;

#[cfg(test)]
mod tests;

/// The steps that are done, in order, with the time each took.
#[derive(Debug, Default)]
pub(crate) struct Steps {
    done: Vec<(&'static str, Duration)>,
}

impl Steps {
    /// Does `work` under a heading and notes its time, also when it fails.
    pub(crate) fn step(&mut self, name: &'static str, work: impl FnOnce() -> Result<()>) -> Result<()> {
        println!("\n=== {name}");
        let begin = now();
        let outcome = work().with_context(|| format!("the step `{name}` failed"));
        self.done.push((name, begin.elapsed()));
        outcome
    }

    /// One line a step and the sum.
    pub(crate) fn table(&self) -> String {
        let mut out = String::from("\nseconds  step\n");
        let lines = self.done.iter().copied().chain([("together", self.done.iter().map(|(_, time)| *time).sum())]);
        for (name, time) in lines {
            // Writing to a String cannot fail.
            let _ = writeln!(out, "{:>7.1}  {name}", time.as_secs_f64());
        }
        out
    }
}

/// Runs a command on this terminal; anything but success is an error that shows the command.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let shown = show(command);
    let status = command.status().with_context(|| format!("`{shown}` could not be started"))?;
    if !status.success() {
        bail!("`{shown}` ended with {status}");
    }
    Ok(())
}

/// What a command writes to its standard output.
pub(crate) fn read(command: &mut Command) -> Result<Vec<u8>> {
    let shown = show(command);
    let output = command.output().with_context(|| format!("`{shown}` could not be started"))?;
    if !output.status.success() {
        bail!("`{shown}` ended with {}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(output.stdout)
}

/// Whether a command can be started and succeeds; it prints nothing.
pub(crate) fn works(program: &str, args: &[&str]) -> bool {
    Command::new(program).args(args).output().is_ok_and(|output| output.status.success())
}

fn show(command: &Command) -> String {
    let args = command.get_args().map(|arg| arg.to_string_lossy());
    std::iter::once(command.get_program().to_string_lossy()).chain(args).collect::<Vec<_>>().join(" ")
}

#[expect(clippy::disallowed_methods, reason = "here time is measured, not told")]
fn now() -> Instant {
    Instant::now()
}
