//! What the machine must have besides the Rust toolchain. As root it is installed from Debian's packages; otherwise it is named and the
//! run stops, since a test that is skipped because its tool is missing says nothing.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::steps::{read, run, works};

/// One thing the checks call, and the Debian packages that bring it.
struct Need {
    what: &'static str,
    packages: &'static [&'static str],
    present: fn() -> bool,
    /// Without it the run is only slower.
    optional: bool,
}

const NEEDS: [Need; 8] = [
    Need { what: "a C compiler", packages: &["gcc", "libc6-dev", "pkg-config"], present: || works("cc", &["--version"]), optional: false },
    Need { what: "a C++ compiler", packages: &["g++"], present: || works("c++", &["--version"]), optional: false },
    Need { what: "git", packages: &["git"], present: || works("git", &["--version"]), optional: false },
    Need { what: "PostgreSQL 15 or newer", packages: &["postgresql"], present: has_postgres, optional: false },
    Need { what: "Chromium", packages: &["chromium"], present: || Path::new("/usr/bin/chromium").exists(), optional: false },
    Need { what: "a Chinese font", packages: &["fonts-noto-cjk", "fontconfig"], present: has_chinese_font, optional: false },
    Need { what: "Node.js 18 or newer with npm", packages: &["nodejs", "npm"], present: has_node, optional: false },
    Need {
        what: "Python with venv",
        packages: &["python3", "python3-venv"],
        present: || works("python3", &["-c", "import ensurepip, venv"]),
        optional: false,
    },
];

/// Makes sure that everything is there, and says what was missing.
pub(crate) fn bring() -> Result<()> {
    bring_components()?;
    let missing: Vec<&Need> = NEEDS.iter().filter(|need| !(need.present)()).collect();
    if missing.is_empty() {
        println!("everything is there");
        return Ok(());
    }
    for need in &missing {
        println!("missing: {} (Debian: {})", need.what, need.packages.join(" "));
    }
    let packages: Vec<&str> = missing.iter().flat_map(|need| need.packages.iter().copied()).collect();
    if is_root() && works("apt-get", &["--version"]) {
        install(&packages)?;
    }
    let still: Vec<&str> = missing.iter().filter(|need| !need.optional && !(need.present)()).map(|need| need.what).collect();
    if !still.is_empty() {
        bail!("still missing: {}. As root: apt-get update && apt-get install {}", still.join(", "), packages.join(" "));
    }
    Ok(())
}

/// A Python of its own at `home` with what the file `wanted` names, made anew where that changed or `imports` do not work.
pub(crate) fn python(home: &Path, wanted: &Path, imports: &str) -> Result<PathBuf> {
    let (python, stamp) = (home.join("bin/python"), home.join("requirements.txt"));
    let same = fs::read(&stamp).ok() == fs::read(wanted).ok();
    if !(same && works(&python.to_string_lossy(), &["-c", imports])) {
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(home))?;
        run(Command::new(home.join("bin/pip")).args(["install", "--quiet", "--disable-pip-version-check", "-r"]).arg(wanted))?;
        fs::copy(wanted, &stamp).with_context(|| format!("`{}` cannot be written", stamp.display()))?;
    }
    Ok(python)
}

fn install(packages: &[&str]) -> Result<()> {
    let patient = ["-o", "DPkg::Lock::Timeout=300"];
    let quiet = ("DEBIAN_FRONTEND", "noninteractive");
    run(Command::new("apt-get").args(patient).args(["-qq", "update"]).env(quiet.0, quiet.1))?;
    let mut apt = Command::new("apt-get");
    apt.args(patient).args(["-qq", "install", "--yes", "--no-install-recommends"]).args(packages).env(quiet.0, quiet.1);
    run(&mut apt)
}

/// rustfmt and clippy belong to the toolchain, not to Debian.
fn bring_components() -> Result<()> {
    if works("cargo", &["fmt", "--version"]) && works("cargo", &["clippy", "--version"]) {
        return Ok(());
    }
    run(Command::new("rustup").args(["component", "add", "rustfmt", "clippy"]))
}

fn is_root() -> bool {
    read(Command::new("id").arg("-u")).is_ok_and(|id| id.trim_ascii() == b"0")
}

/// The server, not only the client: `initdb` lies beside it, in a folder that is seldom on the path.
fn has_postgres() -> bool {
    let told = read(Command::new("pg_config").arg("--bindir")).unwrap_or_default();
    let told = String::from_utf8_lossy(&told).trim().to_owned();
    if !told.is_empty() && Path::new(&told).join("initdb").exists() {
        return true;
    }
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    versions.into_iter().any(|version| version.path().join("bin/initdb").exists())
}

fn has_chinese_font() -> bool {
    read(Command::new("fc-list").args([":lang=zh-cn", "family"])).is_ok_and(|families| !families.trim_ascii().is_empty())
}

fn has_node() -> bool {
    works("npm", &["--version"]) && works("node", &["-e", "process.exit(+process.versions.node.split('.')[0] >= 18 ? 0 : 1)"])
}
