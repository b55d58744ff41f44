//! The files of the tree: what git tracks or would track, so that a fault shows before it is committed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// One text file with its path below the root, written with `/`.
pub struct File {
    pub path: String,
    pub text: String,
}

impl File {
    pub fn has_ending(&self, endings: &[&str]) -> bool {
        Path::new(&self.path).extension().is_some_and(|found| endings.iter().any(|ending| found == *ending))
    }
}

pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every text file.
pub fn files() -> Vec<File> {
    let listed = git(&["ls-files", "-z", "--cached", "--others", "--exclude-standard"]).expect("git lists the files of the tree");
    let paths = listed.split('\0').filter(|path| !path.is_empty());
    // A file that was deleted and not yet committed, and one that is not text, have nothing to read.
    paths.filter_map(|path| Some(File { path: path.to_owned(), text: fs::read_to_string(root().join(path)).ok()? })).collect()
}

/// Every Rust file.
pub fn rust() -> Vec<File> {
    let mut found = files();
    found.retain(|file| file.has_ending(&["rs"]));
    assert!(!found.is_empty(), "no Rust file was found");
    found
}

/// A file that a rule needs to be there.
pub fn read(path: &str) -> Result<String, String> {
    fs::read_to_string(root().join(path)).map_err(|error| format!("`{path}` cannot be read, and a rule needs it: {error}"))
}

pub fn git(args: &[&str]) -> Result<String, String> {
    let output = Command::new("git").args(args).current_dir(root()).output().map_err(|error| format!("git cannot be started: {error}"))?;
    if !output.status.success() {
        return Err(format!("git {} failed: {}", args.join(" "), String::from_utf8_lossy(&output.stderr)));
    }
    String::from_utf8(output.stdout).map_err(|error| format!("git answered with something that is no text: {error}"))
}
