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

pub fn run(command: &PackCommand) -> anyhow::Result<ExitCode> {
    match command {
        PackCommand::Check { directory } => check(directory),
        PackCommand::Test { directory } => test(directory),
        PackCommand::Show { directory } => show(directory.as_deref()),
        PackCommand::Install { place, directory } => {
            let office = door::open(place)?;
            let (id, files) = read(directory)?;
            let pack = door::runtime()?.block_on(office.install_pack(&id, files))?;
            println!("已装入规则包 {} {}，摘要 {}", pack.id, pack.version, pack.digest);
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn read(directory: &Path) -> anyhow::Result<(String, Files)> {
    let files = Files::read(directory)?;
    let full = directory.canonicalize().with_context(|| format!("无法读取 {}", directory.display()))?;
    let id = full.file_name().map(|name| name.to_string_lossy().into_owned()).context("规则包目录没有名称")?;
    Ok((id, files))
}

fn check(directory: &Path) -> anyhow::Result<ExitCode> {
    let (id, files) = read(directory)?;
    let checked = xinzhi_rules::check(&id, &files);
    let mut out = std::io::stdout().lock();
    for finding in checked.faults.iter().chain(&checked.warnings) {
        writeln!(out, "{}\n", finding.render(&files))?;
    }
    writeln!(out, "{id}：{} 处错误，{} 处提醒", checked.faults.len(), checked.warnings.len())?;
    Ok(if checked.faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn test(directory: &Path) -> anyhow::Result<ExitCode> {
    let (id, files) = read(directory)?;
    let pack = office_pack::load(&id, &files)?;
    let failures = office_pack::run_cases(&pack)?;
    let mut out = std::io::stdout().lock();
    for failure in &failures {
        writeln!(out, "{failure}")?;
    }
    writeln!(out, "{id}：{} 个案例，{} 个不符", pack.cases.len(), failures.len())?;
    Ok(if failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn show(directory: Option<&Path>) -> anyhow::Result<ExitCode> {
    let pack: Pack = match directory {
        Some(directory) => {
            let (id, files) = read(directory)?;
            office_pack::load(&id, &files)?
        }
        None => office_pack::load("national", &office_pack::own_files())?,
    };
    write!(std::io::stdout().lock(), "{}", sentence::show(&pack))?;
    Ok(ExitCode::SUCCESS)
}
