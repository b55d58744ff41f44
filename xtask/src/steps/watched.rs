//! A test runner that must not wait for ever: a journey starts servers, browsers and databases, and one that never answers would keep
//! the whole run until somebody ends it without having learnt which test it was.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::{now, show};

/// How often the end of the runner is looked for; what it says arrives at once.
const LOOK: Duration = Duration::from_millis(500);

/// Runs a test runner on this terminal, like [`super::run`]. When it says nothing for as long as `patience`, the tests that are
/// known to run and all processes below it are told, then it is ended with them, which is an error.
pub(crate) fn run_watched(command: &mut Command, patience: Duration) -> Result<()> {
    let shown = show(command);
    let mut child = command.stdout(Stdio::piped()).spawn().with_context(|| format!("`{shown}` could not be started"))?;
    let lines = lines(&mut child)?;
    let mut running = BTreeSet::new();
    let mut heard = now();
    let status = loop {
        match lines.recv_timeout(LOOK) {
            Ok(line) => {
                println!("{line}");
                note(&mut running, &line);
                heard = now();
                continue;
            }
            // A server that was left behind may hold the pipe open: the runner's own end is what counts.
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break child.wait()?,
        }
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if heard.elapsed() >= patience {
            let below = below(child.id())?;
            end(&mut child, &below)?;
            let running = Vec::from_iter(running).join(", ");
            let below = below.values().map(String::as_str).collect::<Vec<_>>().join("\n  ");
            bail!("`{shown}` said nothing for {} s and was ended. Known to run: {running}. Below it ran:\n  {below}", patience.as_secs());
        }
    };
    if !status.success() {
        bail!("`{shown}` ended with {status}");
    }
    Ok(())
}

fn lines(child: &mut Child) -> Result<Receiver<String>> {
    let out = BufReader::new(child.stdout.take().context("the pipe from the runner is missing")?);
    let (told, lines) = channel();
    std::thread::spawn(move || {
        for line in out.split(b'\n').map_while(Result::ok) {
            // Nobody listens any more once the runner was ended.
            if told.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                break;
            }
        }
    });
    Ok(lines)
}

/// The runner names a test when it has run for a minute, and again when it ends.
fn note(running: &mut BTreeSet<String>, line: &str) {
    let Some(rest) = line.strip_prefix("test ") else { return };
    if let Some(name) = rest.strip_suffix(" has been running for over 60 seconds") {
        running.insert(name.to_owned());
    } else if let Some((name, _)) = rest.split_once(" ... ") {
        running.remove(name);
    }
}

/// Every process below another with its number, the one that started it and its command line, as `/proc` tells them.
fn below(top: u32) -> Result<BTreeMap<u32, String>> {
    let mut parents = BTreeMap::new();
    for entry in std::fs::read_dir("/proc")? {
        let Some(id) = entry?.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        // It may have ended since the folder was read.
        let Ok(stat) = std::fs::read_to_string(format!("/proc/{id}/stat")) else { continue };
        // The name of a program stands in brackets and may hold anything, brackets too.
        let fields = stat.rsplit_once(") ").map(|(_, rest)| rest.split(' ').collect::<Vec<_>>()).unwrap_or_default();
        if let [state, parent, ..] = fields.as_slice()
            && let Ok(parent) = parent.parse::<u32>()
        {
            let words = std::fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
            let words = String::from_utf8_lossy(&words).replace('\0', " ");
            parents.insert(id, (parent, format!("{id} below {parent}, {state}: {}", words.trim_end())));
        }
    }
    let is_below = |id: &u32| {
        let mut at = *id;
        // Bounded, since the numbers were not read in one moment.
        (0..parents.len()).any(|_| match parents.get(&at) {
            Some((parent, _)) => {
                at = *parent;
                at == top
            }
            None => false,
        })
    };
    Ok(parents.iter().filter(|(id, _)| is_below(id)).map(|(id, (_, line))| (*id, line.clone())).collect())
}

fn end(child: &mut Child, below: &BTreeMap<u32, String>) -> Result<()> {
    child.kill()?;
    let ids = below.keys().map(u32::to_string);
    // Whoever has ended meanwhile cannot be killed, which is no fault.
    let _ended = Command::new("kill").arg("-KILL").args(ids).stderr(Stdio::null()).status()?;
    child.wait()?;
    Ok(())
}
