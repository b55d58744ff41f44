//! `xinzhi generate`: a synthetic county as department files, or a table set for any pack, for trials and benchmarks.

use std::io::Write;
use std::process::ExitCode;

use anyhow::Context;
use indicatif::ProgressBar;
use xinzhi_core::{AreaCode, Clock, Day};
use xinzhi_office::SystemClock;

use super::evaluate::scorecard;
use super::pack;
use crate::arguments::{Generate, Only};
use crate::county::{self, Defects, Size};
use crate::say::say;

pub fn run(arguments: &Generate) -> anyhow::Result<ExitCode> {
    if arguments.only == Only::Parquet {
        return tables(arguments);
    }
    std::fs::create_dir_all(&arguments.out).with_context(|| format!("无法建立 {}", arguments.out.display()))?;
    let through = SystemClock.now().day().plus_days(-1);
    let size = Size { subjects: arguments.subjects, records: arguments.records, seed: arguments.seed, through, years: 3 };
    if arguments.penalties_only {
        let path = arguments.out.join("cf-2018.csv");
        let defects = if arguments.flawless { Defects::None } else { Defects::Usual };
        county::write_cf(&size, defects, &path)?;
        say!("{}", path.display())?;
        return Ok(ExitCode::SUCCESS);
    }
    let bar = ProgressBar::new(0);
    let files = county::write(&size, &arguments.out, &mut |done, total| {
        bar.set_length(total);
        bar.set_position(done);
    })?;
    bar.finish_and_clear();
    for file in files {
        let covers = file.covers.and_then(|span| span.until.map(|until| format!(" --covers {}..{until}", span.from)));
        say!("{}\t--source {}{}\t{} 行", file.path.display(), file.source, covers.unwrap_or_default(), file.rows)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A table set. It repeats with its seed and its last day, on any number of threads.
fn tables(arguments: &Generate) -> anyhow::Result<ExitCode> {
    let pack = pack::load(arguments.pack.as_deref().context("请用 --pack 给出规则包目录")?)?;
    let through = match &arguments.through {
        Some(text) => Day::parse(text).map_err(|fault| anyhow::anyhow!("--through `{text}` {fault}"))?,
        None => SystemClock.now().day().plus_days(-1),
    };
    let code = &arguments.area;
    let area = AreaCode::parse(code)
        .filter(|area| area.as_str().len() == 6)
        .with_context(|| format!("`{code}` 不是县级行政区划代码（6 位数字）"))?;
    let size = xinzhi_columnar::Size {
        subjects: u64::try_from(arguments.subjects)?,
        records: u64::try_from(arguments.records)?,
        seed: arguments.seed,
        partition_subjects: arguments.partition_subjects,
        through,
        area,
        scorecard: arguments.scorecard.as_deref().map(|id| scorecard(&pack, id)).transpose()?.map(|(card, _)| card),
        threads: std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get),
    };
    let bar = ProgressBar::new(0);
    let digest = xinzhi_columnar::generate(&pack, &size, &arguments.out, |done, total| {
        bar.set_length(u64::try_from(total).unwrap_or(0));
        bar.set_position(u64::try_from(done).unwrap_or(0));
    })?;
    bar.finish_and_clear();
    crate::say::of(Some(&arguments.out), |said| {
        let out = arguments.out.display();
        writeln!(said, "{out}\t{} 个主体，{} 条记录，截至 {through}，摘要 {digest}", size.subjects, size.records)
    })?;
    Ok(ExitCode::SUCCESS)
}
