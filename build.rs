//! Tells the program from which commit it was built. Outside a clone of git nothing is read and nothing changes from build to build.

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-env-changed=XINZHI_COMMIT");
    println!("cargo::rerun-if-changed=build.rs");
    let commit = told().or_else(cloned).unwrap_or_default();
    let version = env!("CARGO_PKG_VERSION");
    let shown = if commit.is_empty() { version.to_owned() } else { format!("{version} ({commit})") };
    println!("cargo::rustc-env=XINZHI_COMMIT={commit}");
    println!("cargo::rustc-env=XINZHI_VERSION={shown}");
}

/// Whoever packages a source without its history may say where it comes from.
#[expect(clippy::disallowed_methods, reason = "a setting of the build, not of the program")]
fn told() -> Option<String> {
    std::env::var("XINZHI_COMMIT").ok().filter(|commit| !commit.is_empty())
}

/// The commit that is checked out, where this folder itself is a clone: one that merely lies inside another clone says nothing.
fn cloned() -> Option<String> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let top = git(&["rev-parse", "--show-toplevel"])?;
    if Path::new(&top).canonicalize().ok()? != here.canonicalize().ok()? {
        return None;
    }
    // Moves with every commit and every checkout; without it the name below would go stale.
    let log = git(&["rev-parse", "--git-path", "logs/HEAD"])?;
    println!("cargo::rerun-if-changed={}", here.join(log).display());
    git(&["rev-parse", "--short=12", "HEAD"])
}

fn git(args: &[&str]) -> Option<String> {
    let output = Command::new("git").args(args).current_dir(env!("CARGO_MANIFEST_DIR")).output().ok()?;
    let said = String::from_utf8(output.stdout).ok().filter(|_| output.status.success())?;
    Some(said.trim().to_owned()).filter(|said| !said.is_empty())
}
