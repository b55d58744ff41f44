//! `xinzhi cutoffs`: limits of a scorecard's grades by how peers do, from everybody in a table set, as a file for the pack.

use std::io::Write;
use std::process::ExitCode;

use anyhow::Context;
use indicatif::ProgressBar;
use serde_json::json;
use xinzhi_columnar::{Asked, Tallies, fresh};
use xinzhi_core::Day;
use xinzhi_evaluate::{Comparison, Tally};
use xinzhi_rules::load::{Files, Standing};
use xinzhi_rules::model::groups;
use xinzhi_rules::{Pack, sentence};

use super::evaluate::{open, outside, scorecard, threads};
use super::pack;
use crate::arguments::Cutoffs;

pub fn run(arguments: &Cutoffs) -> anyhow::Result<ExitCode> {
    let standing = pack::of_tables(&arguments.pack, &arguments.tables)?;
    let pack = xinzhi_office::pack::load(&standing.id, &standing.files)?;
    let (ix, card) = scorecard(&pack, &arguments.scorecard)?;
    let peers = card.peers.as_ref().with_context(|| format!("评价模型 `{}` 的等级由分值决定，没有写 `peers`，不用同业界限", card.id))?;
    let (as_of, from, until) = days(arguments)?;
    let out = arguments.out.as_path();
    let id = out.file_stem().and_then(|stem| stem.to_str()).filter(|_| out.extension().is_some_and(|extension| extension == "yaml"));
    let id = id.with_context(|| format!("`{}` 不是 .yaml 文件名，请写成 cutoffs/{}-{from}.yaml 的形式", out.display(), card.id))?;
    let vacant = fresh::vacant(out).is_ok();
    anyhow::ensure!(vacant, "`{}` 已经存在；已公布的界限不得改写，请换一个文件名", out.display());
    let comparison = Comparison::compile(&pack, ix, as_of)?.context("评价模型没有同业分组")?;
    if let Some(reason) = comparison.plan().dormant(as_of) {
        anyhow::bail!("不能计算界限：{}", reason.sentence());
    }
    let set = open(&arguments.tables, &pack)?;
    outside(Some(out), &arguments.tables)?;
    let bar = ProgressBar::new(u64::try_from(set.partitions()).unwrap_or(0));
    let tallies = Tallies::over(&set, (&comparison, card), as_of, threads(arguments.threads), || bar.inc(1))?;
    bar.finish_and_clear();
    let size = tallies.everyone.size();
    let enough = i64::try_from(size).is_ok_and(|size| size >= peers.group_size);
    anyhow::ensure!(enough, "只有 {size} 个主体有分数，不足 `group_size` 的 {}，不能按同业比较定级", peers.group_size);
    // Limits name the set that they were made of; a projection has no digest, since its files come and go.
    let tables = set.digest().context("同业界限只能由表集计算")?;
    let asked = Asked { pack: &pack, card, peers, as_of, from, until, tables };
    let text = tallies.text(id, &asked);
    let place = standing.beside(card.text, &format!("cutoffs/{id}.yaml")).context("规则包中没有评价模型所在的文件")?;
    let with = taken(&standing, &place, &text)?;
    let made = with.cutoffs.iter().find(|set| set.id == id).context("规则包中没有刚算出的界限")?;
    fresh::write(out, text.as_bytes()).with_context(|| format!("无法写入 {}", out.display()))?;
    crate::say::of(Some(out), |said| {
        if arguments.json {
            return writeln!(said, "{}", told(&tallies, id, &asked));
        }
        writeln!(said, "{}：{}", card.title, out.display())?;
        sentence::cutoffs(&with, made).iter().try_for_each(|line| writeln!(said, "  {line}"))
    })?;
    Ok(ExitCode::SUCCESS)
}

/// The day of the points, and the days of the limits: from the day after on, for a year, where nothing else is asked.
fn days(arguments: &Cutoffs) -> anyhow::Result<(Day, Day, Day)> {
    let day = |name: &str, text: &str| Day::parse(text).map_err(|fault| anyhow::anyhow!("{name} `{text}` {fault}"));
    let as_of = day("--as-of", &arguments.as_of)?;
    let from = arguments.from.as_deref().map(|text| day("--from", text)).transpose()?;
    // The calendar ends, and a day after its last one is the same day.
    anyhow::ensure!(from.is_some() || as_of.plus_days(1) > as_of, "--as-of `{as_of}` 是日历的最后一天，此后没有界限可以有效的日期");
    let from = from.unwrap_or_else(|| as_of.plus_days(1));
    anyhow::ensure!(from > as_of, "--from `{from}` 不晚于 --as-of `{as_of}`：界限只能从计算所用之日的次日以后起有效");
    let until = arguments.until.as_deref().map(|text| day("--until", text)).transpose()?;
    let year = from.plus_months(12);
    anyhow::ensure!(until.is_some() || year.year() > from.year(), "从 `{from}` 起到日历的末日不足一年，请用 --until 写明界限的止日");
    let until = until.unwrap_or_else(|| year.plus_days(-1));
    anyhow::ensure!(until >= from, "--until `{until}` 早于起日 `{from}`，请核对起止日期");
    Ok((as_of, from, until))
}

/// The pack with the new file in it; what its checker says against that is why there is no file.
fn taken(standing: &Standing, place: &str, text: &str) -> anyhow::Result<Pack> {
    let files: Files = standing.files.with(place, text);
    let checked = xinzhi_rules::check(&standing.id, &files);
    let faults: Vec<String> = checked.faults.iter().map(|fault| fault.render(&files)).collect();
    checked.pack.with_context(|| format!("规则包不能接受算出的界限，没有写出文件：\n{}", faults.join("\n\n")))
}

fn told(tallies: &Tallies, id: &str, asked: &Asked<'_>) -> serde_json::Value {
    let ladder = |tally: &Tally| {
        let limits: Vec<i64> = tally.limits(&asked.peers.shares).iter().map(|points| points.0).collect();
        let own = i64::try_from(tally.size()).is_ok_and(|size| size >= asked.peers.group_size);
        json!({ "size": tally.size(), "limits": if own { Some(limits) } else { None } })
    };
    let groups: serde_json::Map<String, serde_json::Value> =
        groups(asked.pack, asked.card).into_iter().zip(&tallies.groups).map(|(name, tally)| (name.to_owned(), ladder(tally))).collect();
    json!({
        "cutoffs": id,
        "scorecard": asked.card.id,
        "as_of": asked.as_of.to_string(),
        "from": asked.from.to_string(),
        "until": asked.until.to_string(),
        "tables": asked.tables.to_string(),
        "pack_digest": asked.pack.digest.to_string(),
        "everyone": ladder(&tallies.everyone),
        "groups": groups,
    })
}
