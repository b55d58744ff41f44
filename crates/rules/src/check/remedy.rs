//! Remedies of a record kind: each with a basis, each of them changing something that rules can read.

use super::case::written;
use super::field::{self, Scope};
use super::laws::{Rest, basis};
use super::predicate::{self, rules_may_read};
use crate::model::{Becomes, FieldIx, FieldKind, Nature, Pack, RecordKind, Remedy};
use crate::predicate::{Column, Predicate, Test};
use crate::raw::Value;
use crate::report::Report;
use crate::shape::{Item, entries, list, map, months_of, scalar};

const KEYS: [&str; 7] = ["when", "becomes", "after", "step", "at", "basis", "to_confirm"];

/// Reads `remedies`.
pub(super) fn read(item: Item<'_>, kind: &RecordKind, pack: &Pack, report: &mut Report) -> Vec<Remedy> {
    if kind.nature == Nature::Positive {
        let message = format!("{} `{}` 没有什么需要改正", kind.nature.title(), kind.title);
        report.fault(item.at(), "remedy-positive", message, "请删去 `remedies`：改正途径只为失信信息和一般信息而设");
        return Vec::new();
    }
    list(item, report).unwrap_or_default().into_iter().filter_map(|item| remedy(item, kind, pack, report)).collect()
}

fn remedy(item: Item<'_>, kind: &RecordKind, pack: &Pack, report: &mut Report) -> Option<Remedy> {
    let map = map(item, &KEYS, report)?;
    let when = map.get("when").map(|item| predicate::read(item, Scope { kind, class: true }, report));
    let becomes = map.need("becomes", report).map(|item| becomes(item, kind, report));
    let after = map.get("after").map(|item| months_of(item, report));
    let (step, at) = (map.text("step", report), map.text("at", report));
    let to_confirm = map.text_if("to_confirm", report);
    let basis = basis(map, Rest { on: None, own_model: false }, pack, report);
    let remedy = Remedy {
        when: when.map_or(Some(None), |read| read.map(Some))?,
        becomes: becomes??,
        after_months: after.map_or(Some(0), |read| read)?,
        step: step?,
        at: at?,
        basis,
        to_confirm,
    };
    if idle(&remedy) {
        let help = "请核对 `when` 和 `becomes`：办结以后，至少有一个字段要与原来不同";
        report.fault(map.at_key("becomes"), "remedy-idle", "这一改正途径什么也不改变：符合 `when` 的记录已经如此", help);
    }
    Some(remedy)
}

fn becomes(item: Item<'_>, kind: &RecordKind, report: &mut Report) -> Option<Vec<(FieldIx, Becomes)>> {
    let entries = entries(item, report)?;
    if entries.is_empty() {
        report.fault(item.at(), "remedy-idle", "`becomes` 没有写明任何字段", "请写明办结以后记录的哪个字段变成什么");
        return None;
    }
    let one = |entry: &crate::raw::Entry, report: &mut Report| {
        let ix = field::named(entry.at, &entry.key, kind, report)?;
        let field = kind.at(ix)?;
        if !rules_may_read(field, &entry.key, entry.at, report) {
            return None;
        }
        let item = Item { what: &entry.key, node: &entry.value };
        let becomes = match &field.kind {
            FieldKind::Day { .. } => day_done(item, report)?,
            _ => Becomes::Value(written(item, field, report)?),
        };
        Some((ix, becomes))
    };
    // Every entry is read before any of them ends the reading: each has its own fault.
    let read: Vec<_> = entries.iter().map(|entry| one(entry, report)).collect();
    read.into_iter().collect()
}

/// `{ on: day }`: a day that nobody knows yet can only be the one on which the step is done.
fn day_done(item: Item<'_>, report: &mut Report) -> Option<Becomes> {
    let wrong = |report: &mut Report| {
        let message = format!("日期字段 `{}` 只能变成办结之日", item.what);
        report.fault(item.at(), "remedy-day", message, "请写成 `{ on: day }`");
        None
    };
    if !matches!(item.node.value, Value::Map(_)) {
        return wrong(report);
    }
    let on = map(item, &["on"], report)?.need("on", report)?;
    if scalar(on, "`day`", report)? == "day" { Some(Becomes::DayDone) } else { wrong(report) }
}

/// Whether the condition itself says that every field already is what it would become.
fn idle(remedy: &Remedy) -> bool {
    let parts = match &remedy.when {
        Some(Predicate::All(parts)) => parts.as_slice(),
        Some(part) => std::slice::from_ref(part),
        None => &[],
    };
    let already = |(field, becomes): &(FieldIx, Becomes)| {
        let Becomes::Value(value) = becomes else { return false };
        let wanted = Predicate::Test { column: Column::Field(*field), test: Test::OneOf(vec![*value]) };
        parts.contains(&wanted)
    };
    remedy.becomes.iter().all(already)
}
