//! `xinzhi evaluate --every …`: everybody of an office or in a table set on the last day of each month, quarter or year, in one pass.

use std::io::Write;
use std::process::ExitCode;

use anyhow::{Context, bail, ensure};
use indicatif::ProgressBar;
use serde_json::json;
use xinzhi_columnar::backtest::DAYS_MAX;
use xinzhi_columnar::{Backtest, History, Pin, StandingsWriter, TableSet, standings};
use xinzhi_core::Day;
use xinzhi_evaluate::Reason;
use xinzhi_rules::Pack;

use super::evaluate;
use crate::arguments::{Evaluate, Every};

/// How a draft is tried on the past: by its own text, never by a switch that makes a rule hold before its day.
const DRAFT: &str = "要以草案回测施行以前的日期，请在规则包的副本中改写施行日期和依据后再试";

pub(super) fn run(arguments: &Evaluate, every: Every, (set, pack): (&TableSet<'_>, &Pack)) -> anyhow::Result<ExitCode> {
    let asked = days(arguments, every)?;
    let (ix, card) = evaluate::scorecard(pack, &arguments.scorecard)?;
    let backtest = Backtest::compile(set, ix, &asked)?;
    let Some(last) = backtest.days().last() else { bail!("{}", nothing_left(&backtest)) };
    if let Some(said) = left_out(&backtest) {
        eprintln!("提示：{said}");
    }
    let pin = Pin { pack, card, as_of: *last, position: set.manifest().position, tables: set.digest() };
    let history = over(arguments, set, &backtest, &pin)?;
    crate::say::of(arguments.out.as_deref(), |said| {
        if arguments.json {
            let reason = |(day, reason): &(Day, Reason)| json!({ "as_of": day.to_string(), "reason": standings::word(reason) });
            let mut object = history.json(&pin);
            if let Some(fields) = object.as_object_mut() {
                fields.insert("left_out".to_owned(), backtest.dormant().iter().map(reason).collect());
            }
            return writeln!(said, "{object}");
        }
        let many = backtest.days().len();
        let known = evaluate::as_known(&pin);
        writeln!(said, "{}，{many} 个评价日{known}，规则包 {} {}，{} 个主体\n", card.title, pack.id, pack.version, history.subjects)?;
        write!(said, "{}", history.text())
    })?;
    Ok(ExitCode::SUCCESS)
}

fn over(arguments: &Evaluate, set: &TableSet<'_>, backtest: &Backtest<'_>, pin: &Pin<'_>) -> anyhow::Result<History> {
    let mut writer = arguments.out.as_deref().map(|out| StandingsWriter::begin_series(out, pin, backtest.days())).transpose()?;
    let mut history = History::new(pin.card, backtest.days());
    let bar = ProgressBar::new(u64::try_from(set.partitions()).unwrap_or(0));
    backtest.over(set, evaluate::threads(arguments.threads), writer.is_some().then_some(pin), |section| {
        if let Some(writer) = &mut writer {
            section.rows.iter().try_for_each(|rows| writer.take(rows))?;
        }
        history.append(&section.history);
        bar.inc(1);
        Ok(())
    })?;
    writer.map(StandingsWriter::finish).transpose()?;
    bar.finish_and_clear();
    Ok(history)
}

/// The days that are asked for.
fn days(arguments: &Evaluate, every: Every) -> anyhow::Result<Vec<Day>> {
    let day = |name: &str, text: &Option<String>| -> anyhow::Result<Day> {
        let text = text.as_deref().with_context(|| format!("请用 {name} 给出日期"))?;
        Day::parse(text).map_err(|fault| anyhow::anyhow!("{name} `{text}` {fault}"))
    };
    let (from, until) = (day("--from", &arguments.from)?, day("--until", &arguments.until)?);
    ensure!(from <= until, "--from {from} 晚于 --until {until}，请对调或更正");
    let (every, title) = match every {
        Every::Month => (xinzhi_columnar::Every::Month, "月末"),
        Every::Quarter => (xinzhi_columnar::Every::Quarter, "季末"),
        Every::Year => (xinzhi_columnar::Every::Year, "年末"),
    };
    let days = every.last_days(from, until);
    ensure!(!days.is_empty(), "{from} 至 {until} 之间没有{title}，请放宽 --from 和 --until");
    ensure!(days.len() <= DAYS_MAX, "{from} 至 {until} 之间的{title}超过 {DAYS_MAX} 个，请缩短期间或改用更长的周期");
    Ok(days)
}

/// What was asked for and cannot be answered: on such a day nobody would have a grade.
fn left_out(backtest: &Backtest<'_>) -> Option<String> {
    let (day, reason) = backtest.dormant().first()?;
    let many = backtest.dormant().len();
    Some(format!("有 {many} 个评价日未列入，最早的是 {day}：{}。{DRAFT}", reason.sentence()))
}

fn nothing_left(backtest: &Backtest<'_>) -> String {
    let first = backtest.dormant().first().map(|(day, reason)| format!("{day}：{}", reason.sentence())).unwrap_or_default();
    format!("没有可以回测的评价日（{first}）。{DRAFT}")
}
