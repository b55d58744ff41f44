//! The contract test of the API: thousands of requests drawn from its own description (schemathesis), against a demonstration that is thrown
//! away afterwards. The tool lies below `target/tools` and touches nothing of the system.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::steps::run;
use crate::tools;

const FOLDER: &str = "tests/contract";
/// Enough of a county to have something of everything.
const SUBJECTS: &str = "300";

/// Brings the tool, starts an office, asks.
pub(crate) fn check(root: &Path) -> Result<()> {
    let wanted = root.join(FOLDER).join("requirements.txt");
    let python = tools::python(&root.join("target/tools/contract"), &wanted, "import schemathesis")?;
    let place = root.join("target/contract");
    if place.exists() {
        fs::remove_dir_all(&place).with_context(|| format!("`{}` cannot be removed", place.display()))?;
    }
    fs::create_dir_all(&place).with_context(|| format!("`{}` cannot be made", place.display()))?;
    let office = Office::start(root, &place)?;
    let mut asking = Command::new(python);
    asking.arg(root.join(FOLDER).join("run.py")).args(["--url", &office.url, "--key", &office.key]);
    run(asking.current_dir(&place))
}

/// A demonstration on a free port; killed when it goes out of scope.
struct Office {
    child: Child,
    url: String,
    key: String,
}

impl Office {
    fn start(root: &Path, place: &Path) -> Result<Office> {
        // The port is free when asked and very likely a moment later: ports are handed out in turn.
        let listen = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
        let mut demo = Command::new(root.join("target/debug/xinzhi"));
        demo.args(["demo", "--subjects", SUBJECTS, "--seed", "7", "--listen", &listen, "--data"]).arg(place.join("county"));
        let mut child = demo.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().context("the demonstration does not start")?;
        let said = child.stdout.take().context("the demonstration says nothing")?;
        let mut office = Office { child, url: format!("http://{listen}"), key: String::new() };
        let mut said = BufReader::new(said);
        let mut line = String::new();
        while office.key.is_empty() {
            line.clear();
            if said.read_line(&mut line)? == 0 {
                bail!("the demonstration ended without printing a key");
            }
            let words = line.split_whitespace();
            office.key =
                words.filter_map(|word| word.find("xz_").map(|start| word.split_at(start).1)).next().unwrap_or_default().to_owned();
        }
        // What it says from now on is of no interest, but somebody must listen.
        std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        Ok(office)
    }
}

impl Drop for Office {
    fn drop(&mut self) {
        // It may have ended long ago.
        let _ended = self.child.kill();
        let _waited = self.child.wait();
    }
}
