//! `xinzhi evaluate`: one subject, or everybody in a table set.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use indicatif::ProgressBar;
use xinzhi_columnar::{Earlier, Pin, Run, StandingsWriter, Summary, TableSet};
use xinzhi_core::{Clock, Day};
use xinzhi_office::SystemClock;
use xinzhi_rules::Pack;
use xinzhi_rules::model::{Scorecard, ScorecardIx};

use super::{backtest, explain, pack};
use crate::arguments::{Evaluate, Explain};

pub fn run(arguments: Evaluate) -> anyhow::Result<ExitCode> {
    match (&arguments.tables, arguments.every) {
        (Some(tables), Some(every)) => backtest::run(&arguments, tables, every),
        (Some(tables), None) => everybody(&arguments, tables),
        (None, _) => {
            let Evaluate { place, code, subject, scorecard, as_of, known, json, .. } = arguments;
            explain::run(&Explain { place, code, subject, scorecard, as_of, known, json })
        }
    }
}

fn everybody(arguments: &Evaluate, tables: &Path) -> anyhow::Result<ExitCode> {
    let pack = pack::load(arguments.pack.as_deref().context("请用 --pack 给出规则包目录")?)?;
    let out = arguments.out.as_deref().context("请用 --out 给出结果文件")?;
    let as_of = match &arguments.as_of {
        Some(text) => Day::parse(text).map_err(|fault| anyhow::anyhow!("--as-of `{text}` {fault}"))?,
        None => SystemClock.now().day(),
    };
    let (ix, card) = scorecard(&pack, &arguments.scorecard)?;
    let set = open(tables, &pack)?;
    let run = Run::compile(&set, ix, as_of)?;
    let earlier = arguments.against.as_deref().map(|path| Earlier::read(path, card)).transpose()?;
    let pin = Pin { pack: &pack, card, as_of, position: set.manifest().position, tables: set.digest() };
    let mut writer = StandingsWriter::begin(out, &pin)?;
    let mut summary = Summary::new(&pack, card, earlier.as_ref());
    let bar = ProgressBar::new(u64::try_from(set.partitions()).unwrap_or(0));
    run.over(&set, threads(arguments.threads), |standings| {
        writer.append(&standings)?;
        summary.add(&standings);
        bar.inc(1);
        Ok(())
    })?;
    writer.finish()?;
    summary.finish();
    bar.finish_and_clear();
    let mut said = crate::say::out();
    if arguments.json {
        writeln!(said, "{}", summary.json(&pin))?;
    } else {
        writeln!(said, "{}，评价日 {as_of}，规则包 {} {}，{} 个主体\n", card.title, pack.id, pack.version, summary.subjects)?;
        write!(said, "{}", summary.text())?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Opens a set, and says so where another version of the pack made it.
pub(super) fn open<'p>(tables: &Path, pack: &'p Pack) -> anyhow::Result<TableSet<'p>> {
    let set = TableSet::open(tables, pack)?;
    if !set.same_pack() {
        eprintln!("提示：表集按规则包 {} 的另一版本制作；将逐列核对本次要读的列和取值，不符即停止", set.manifest().pack);
    }
    Ok(set)
}

/// As many threads as were asked for, or else as the machine has.
pub(super) fn threads(asked: Option<u16>) -> usize {
    asked.map_or_else(|| std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get), usize::from)
}

/// The scorecard of an id.
pub(super) fn scorecard<'p>(pack: &'p Pack, id: &str) -> anyhow::Result<(ScorecardIx, &'p Scorecard)> {
    let ids = || pack.scorecards.iter().map(|card| card.id.as_str()).collect::<Vec<_>>().join("、");
    pack.scorecard_by_id(id).with_context(|| format!("规则包中没有评价模型 `{id}`，可用的有：{}", ids()))
}
