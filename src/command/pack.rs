//! `xinzhi pack`: the rule compiler at the command line.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use xinzhi_office::pack as office_pack;
use xinzhi_rules::load::Files;
use xinzhi_rules::{Pack, sentence};

use crate::arguments::PackCommand;
use crate::door;
use crate::say::say;

pub fn run(command: &PackCommand) -> anyhow::Result<ExitCode> {
    match command {
        PackCommand::Check { directory } => check(directory),
        PackCommand::Test { directory } => test(directory),
        PackCommand::Show { directory } => show(directory.as_deref()),
        PackCommand::Diff(arguments) => super::impact::run(arguments),
        PackCommand::Install { place, directory } => {
            let office = door::open(place)?;
            let (id, files) = read(directory)?;
            door::runtime()?.block_on(office.install_pack(&id, files.clone()))?;
            say!("已装入规则包 {id}，摘要 {}；现行规则包：{}", files.digest(), office.pack().version)?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

pub fn read(directory: &Path) -> anyhow::Result<(String, Files)> {
    let files = Files::read(directory)?;
    let full = directory.canonicalize().with_context(|| format!("无法读取 {}", directory.display()))?;
    let id = full.file_name().map(|name| name.to_string_lossy().into_owned()).context("规则包目录没有名称")?;
    Ok((id, files))
}

/// The checked pack in a folder, together with those that it stands on.
pub fn load(directory: &Path) -> anyhow::Result<Pack> {
    let (id, files) = standing(directory)?;
    Ok(office_pack::load(&id, &files)?)
}

/// A pack after those that it stands on: they lie beside it, or in the binary.
fn standing(directory: &Path) -> anyhow::Result<(String, Files)> {
    let mut parts = Vec::new();
    let (id, files) = read(directory)?;
    add_after_bases((id, files), &directory.canonicalize()?, &mut parts)?;
    let first = parts.first().map(|(id, _)| id.clone()).unwrap_or_default();
    Ok((first, Files::union(&parts)))
}

/// Every base before what stands on it. A circle ends where it began, and the checker tells that a base is missing.
fn add_after_bases((id, files): (String, Files), place: &Path, parts: &mut Vec<(String, Files)>) -> anyhow::Result<()> {
    for base in files.extends() {
        if base == id || parts.iter().any(|(other, _)| *other == base) {
            continue;
        }
        let beside = place.with_file_name(&base);
        let found = match office_pack::carried(&base) {
            _ if beside.is_dir() => read(&beside)?,
            Some(files) => (base, files),
            None => anyhow::bail!("规则包所依据的 `{base}` 不在同一目录下，请把它放在旁边"),
        };
        add_after_bases(found, &beside, parts)?;
    }
    if !parts.iter().any(|(other, _)| *other == id) {
        parts.push((id, files));
    }
    Ok(())
}

fn check(directory: &Path) -> anyhow::Result<ExitCode> {
    let (id, files) = standing(directory)?;
    let checked = xinzhi_rules::check(&id, &files);
    let mut out = crate::say::out();
    for finding in checked.faults.iter().chain(&checked.warnings) {
        writeln!(out, "{}\n", finding.render(&files))?;
    }
    writeln!(out, "{}：{} 处错误，{} 处提醒", read(directory)?.0, checked.faults.len(), checked.warnings.len())?;
    Ok(if checked.faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn test(directory: &Path) -> anyhow::Result<ExitCode> {
    let pack = load(directory)?;
    let failures = office_pack::run_cases(&pack)?;
    let mut out = crate::say::out();
    for failure in &failures {
        writeln!(out, "{failure}")?;
    }
    writeln!(out, "{}：{} 个案例，{} 个不符", read(directory)?.0, pack.cases.len(), failures.len())?;
    Ok(if failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn show(directory: Option<&Path>) -> anyhow::Result<ExitCode> {
    let pack: Pack = match directory {
        Some(directory) => load(directory)?,
        None => office_pack::load("national", &office_pack::own_files())?,
    };
    write!(crate::say::out(), "{}", sentence::show(&pack))?;
    Ok(ExitCode::SUCCESS)
}
