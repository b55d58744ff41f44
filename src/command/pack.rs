//! `xinzhi pack`: the rule compiler at the command line.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use xinzhi_columnar::Manifest;
use xinzhi_office::pack as office_pack;
use xinzhi_rules::load::{self, Standing, named};
use xinzhi_rules::{Pack, sentence};

use crate::arguments::PackCommand;
use crate::door;
use crate::say::say;

/// Findings that are shown: who mends a pack begins at the first.
const FINDINGS_MAX: usize = 500;

pub fn run(command: &PackCommand) -> anyhow::Result<ExitCode> {
    match command {
        PackCommand::Check { directory } => check(directory),
        PackCommand::Test { directory } => test(directory),
        PackCommand::Show { directory } => show(directory.as_deref()),
        PackCommand::Diff(arguments) => super::impact::run(arguments),
        PackCommand::Install { place, directory } => {
            let office = door::open(place)?;
            let (id, files) = named(directory)?;
            door::runtime()?.block_on(office.install_pack(&id, files.clone()))?;
            say!("已装入规则包 {id}，摘要 {}；现行规则包：{}", files.digest(), office_pack::titled(&office.pack()))?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// The checked pack in a folder, together with those that it stands on.
pub fn load(directory: &Path) -> anyhow::Result<Pack> {
    let Standing { id, files, .. } = standing(directory)?;
    Ok(office_pack::load(&id, &files)?)
}

/// A pack after those that it stands on: they lie beside it, or in the binary.
pub fn standing(directory: &Path) -> anyhow::Result<Standing> {
    Ok(load::standing(directory, office_pack::carried)?)
}

/// The packs that a table set is read by, in any order, put together as its maker had them.
pub fn of_tables(directories: &[PathBuf], tables: &Path) -> anyhow::Result<Standing> {
    let (manifest, _) = Manifest::read(tables)?;
    let directories: Vec<&Path> = directories.iter().map(PathBuf::as_path).collect();
    Ok(load::together(&directories, Some(&manifest.pack), office_pack::carried)?)
}

fn check(directory: &Path) -> anyhow::Result<ExitCode> {
    let Standing { id, files, .. } = standing(directory)?;
    let checked = xinzhi_rules::check(&id, &files);
    let mut out = crate::say::out();
    for finding in checked.faults.iter().chain(&checked.warnings).take(FINDINGS_MAX) {
        writeln!(out, "{}\n", finding.render(&files))?;
    }
    if let Some(more) = (checked.faults.len() + checked.warnings.len()).checked_sub(FINDINGS_MAX).filter(|more| *more > 0) {
        writeln!(out, "另有 {more} 处没有列出，请先改正以上各处\n")?;
    }
    writeln!(out, "{}：{} 处错误，{} 处提醒", named(directory)?.0, checked.faults.len(), checked.warnings.len())?;
    Ok(if checked.faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn test(directory: &Path) -> anyhow::Result<ExitCode> {
    let pack = load(directory)?;
    let failures = office_pack::run_cases(&pack)?;
    let mut out = crate::say::out();
    for failure in &failures {
        writeln!(out, "{failure}")?;
    }
    writeln!(out, "{}：{} 个案例，{} 个不符", named(directory)?.0, pack.cases.len(), failures.len())?;
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
