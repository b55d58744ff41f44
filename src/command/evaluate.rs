//! `xinzhi evaluate`: one subject, or everybody: of an office, out of its projection, or in a table set.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use indicatif::ProgressBar;
use xinzhi_columnar::fresh::vacant;
use xinzhi_columnar::{Earlier, Pin, Run, StandingsWriter, Summary, TableSet};
use xinzhi_core::journal::Position;
use xinzhi_core::text::shown;
use xinzhi_core::{Clock, Day};
use xinzhi_office::{Office, SystemClock};
use xinzhi_rules::Pack;
use xinzhi_rules::model::{Scorecard, ScorecardIx};

use super::{backtest, explain, pack, projection::sentence};
use crate::arguments::{Evaluate, Explain};
use crate::{door, projection};

/// Folder of the last results, inside that of the projection.
const RESULTS: &str = "results";

/// Who is evaluated, by which packs, what their areas are called where that is known, and where the result of one day is kept for the next run.
#[derive(Clone, Copy)]
struct Everybody<'a> {
    set: &'a TableSet<'a>,
    pack: &'a Pack,
    names: &'a BTreeMap<String, String>,
    kept: Option<&'a Path>,
}

pub fn run(arguments: Evaluate) -> anyhow::Result<ExitCode> {
    match &arguments.tables {
        Some(tables) => tabled(&arguments, tables),
        None if arguments.out.is_some() || arguments.every.is_some() => office_wide(&arguments),
        None => {
            let Evaluate { place, code, subject, scorecard, as_of, known, json, .. } = arguments;
            explain::run(&Explain { place, code, subject, scorecard, as_of, known, json })
        }
    }
}

/// Everybody in a table set.
fn tabled(arguments: &Evaluate, tables: &Path) -> anyhow::Result<ExitCode> {
    let standing = pack::of_tables(&arguments.pack, tables)?;
    let pack = xinzhi_office::pack::load(&standing.id, &standing.files)?;
    let set = open(tables, &pack)?;
    outside(arguments.out.as_deref(), tables)?;
    let (_, card) = scorecard(&pack, &arguments.scorecard)?;
    let earlier = arguments.against.as_deref().map(|path| Earlier::read(path, card)).transpose()?;
    let names = BTreeMap::new();
    answer(arguments, Everybody { set: &set, pack: &pack, names: &names, kept: None }, earlier.as_ref())
}

/// Everybody of an office, now or as known at a position.
fn office_wide(arguments: &Evaluate) -> anyhow::Result<ExitCode> {
    // Told before an hour was spent.
    let root = projection::folder(&arguments.place, arguments.projection.as_ref());
    if let Some(out) = arguments.out.as_deref() {
        vacant(out)?;
        outside(Some(out), &root)?;
    }
    let office = door::open_to_read(&arguments.place)?;
    let names = office.read_here(|connection| Ok(xinzhi_store::organ::areas(connection)?))?;
    let names: BTreeMap<String, String> = names.into_iter().map(|area| (area.code, area.name)).collect();
    let ready = projection::follow(&office, &root, &ProgressBar::new(0))?;
    eprintln!("{}", sentence(&ready));
    let Some(known) = arguments.known else {
        let pack = &ready.ground.pack;
        let set = TableSet::as_known(&root, &ready.head, pack, ready.head.position)?;
        return present(arguments, Everybody { set: &set, pack, names: &names, kept: None }, &root.join(RESULTS));
    };
    let ground = xinzhi_office::projection::ground(&office, &Office::operator(), Some(Position(known)))?;
    let pack = std::sync::Arc::clone(&ground.pack);
    let (_, card) = scorecard(&pack, &arguments.scorecard)?;
    let earlier = arguments.against.as_deref().map(|path| Earlier::read(path, card)).transpose()?;
    if pack.digest.to_string() == ready.head.pack_digest {
        let set = TableSet::as_known(&root, &ready.head, &pack, known)?;
        return answer(arguments, Everybody { set: &set, pack: &pack, names: &names, kept: None }, earlier.as_ref());
    }
    eprintln!("提示：到第 {known} 笔为止施行的规则包与现在不同，按当时的规则包另作一份临时的投影");
    let (past, _folder) = projection::aside(&office, &ready.projection, ground, &ProgressBar::new(0))?;
    let set = TableSet::as_known(past.projection.root(), &past.head, &pack, known)?;
    answer(arguments, Everybody { set: &set, pack: &pack, names: &names, kept: None }, earlier.as_ref())
}

/// Everybody as known now: a result of one day is compared with the last one, and kept for the next.
fn present(arguments: &Evaluate, of: Everybody<'_>, results: &Path) -> anyhow::Result<ExitCode> {
    let (_, card) = scorecard(of.pack, &arguments.scorecard)?;
    let kept = results.join(format!("{}.parquet", card.id));
    let of_one_day = arguments.every.is_none();
    let earlier = if of_one_day { earlier(arguments.against.as_deref(), &kept, card)? } else { None };
    answer(arguments, Everybody { kept: Some(&kept), ..of }, earlier.as_ref())
}

/// What was asked of everybody: one day, or many.
fn answer(arguments: &Evaluate, of: Everybody<'_>, earlier: Option<&Earlier>) -> anyhow::Result<ExitCode> {
    match arguments.every {
        Some(every) => backtest::run(arguments, every, (of.set, of.pack)),
        None => everybody(arguments, of, earlier),
    }
}

/// The result to compare with: the one that was named, else the last one that was kept.
fn earlier(named: Option<&Path>, kept: &Path, card: &Scorecard) -> anyhow::Result<Option<Earlier>> {
    match named {
        Some(path) => Ok(Some(Earlier::read(path, card)?)),
        None if !kept.exists() => Ok(None),
        None => match Earlier::read(kept, card) {
            Ok(earlier) => Ok(Some(earlier)),
            // Nobody asked for it by name: the run stands without it.
            Err(fault) => {
                eprintln!("提示：无法与上次的结果比较：{fault}");
                Ok(None)
            }
        },
    }
}

/// Keeps a result for the next run to be compared with.
fn keep(out: &Path, kept: &Path) -> anyhow::Result<()> {
    let failed = || format!("结果已写出，但没有留下供下次比较的副本 {}", kept.display());
    let fresh = kept.with_extension("new");
    if let Some(folder) = kept.parent() {
        fs::create_dir_all(folder).with_context(failed)?;
    }
    fs::copy(out, &fresh).and_then(|_| fs::File::open(&fresh)?.sync_all()).and_then(|()| fs::rename(&fresh, kept)).with_context(failed)
}

fn everybody(arguments: &Evaluate, of: Everybody<'_>, earlier: Option<&Earlier>) -> anyhow::Result<ExitCode> {
    let Everybody { set, pack, names, kept } = of;
    let out = arguments.out.as_deref().context("请用 --out 给出结果文件")?;
    let as_of = match &arguments.as_of {
        Some(text) => Day::parse(text).map_err(|fault| anyhow::anyhow!("--as-of `{text}` {fault}"))?,
        None => SystemClock.now().day(),
    };
    let (ix, card) = scorecard(pack, &arguments.scorecard)?;
    let run = Run::compile(set, ix, as_of)?;
    let pin = Pin { pack, card, as_of, position: set.manifest().position, tables: set.digest() };
    let mut writer = StandingsWriter::begin(out, &pin)?;
    let mut summary = Summary::new(pack, card, earlier).naming(names).reading(pin.tables);
    // What was named is compared with or refused; what was kept by itself is no reason to refuse anything.
    let named = arguments.against.is_some();
    let strangers = |summary: &Summary<'_>| if named { summary.strangers().map_or(Ok(()), Err) } else { Ok(()) };
    let bar = ProgressBar::new(u64::try_from(set.partitions()).unwrap_or(0));
    run.over(set, threads(arguments.threads), |standings| {
        summary.add(&standings);
        strangers(&summary)?;
        writer.append(&standings)?;
        bar.inc(1);
        Ok(())
    })?;
    summary.finish();
    strangers(&summary)?;
    writer.finish()?;
    bar.finish_and_clear();
    if let Some(fault) = summary.strangers() {
        eprintln!("提示：无法与上次的结果比较：{fault}");
    }
    // Before anything is said: whether somebody hears it changes nothing of what is there afterwards. Where it fails, the summary is said all the same.
    let kept = kept.map_or(Ok(()), |kept| keep(out, kept));
    let told = crate::say::of(Some(out), |said| {
        if arguments.json {
            return writeln!(said, "{}", summary.json(&pin));
        }
        let known = as_known(&pin);
        writeln!(said, "{}，评价日 {as_of}{known}，规则包 {} {}，{} 个主体\n", card.title, pack.id, pack.version, summary.subjects)?;
        write!(said, "{}", summary.text())
    });
    match (kept, told) {
        (Err(kept), Err(told)) => Err(kept.context(format!("{told:#}"))),
        (kept, told) => kept.and(told).map(|()| ExitCode::SUCCESS),
    }
}

/// As of which position of the journal the subjects are known; empty where no office stands behind a set.
pub(super) fn as_known(pin: &Pin<'_>) -> String {
    pin.position.map(|position| format!("，按账簿到第 {position} 笔为止所知")).unwrap_or_default()
}

/// A result that lay in the folder that it is made of would be a file that nobody listed.
pub(super) fn outside(out: Option<&Path>, root: &Path) -> anyhow::Result<()> {
    let Some(out) = out else { return Ok(()) };
    let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // What cannot be found is told where it is opened.
    let inside = folder.canonicalize().is_ok_and(|folder| root.canonicalize().is_ok_and(|root| folder.starts_with(root)));
    anyhow::ensure!(!inside, "`{}` 在数据所在的目录 `{}` 之内，请写到别处", out.display(), root.display());
    Ok(())
}

/// Opens a set, and says so where another version of the pack made it.
pub(super) fn open<'p>(tables: &Path, pack: &'p Pack) -> anyhow::Result<TableSet<'p>> {
    let set = TableSet::open(tables, pack)?;
    if !set.same_pack() {
        let made = shown(&set.manifest().pack);
        eprintln!(
            "提示：表集按规则包 {made} 的另一版本制作；将逐列核对本次要读的列和取值，不符即停止；表集按几个规则包制作的，请用 --pack 逐个写出"
        );
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
