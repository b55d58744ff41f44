//! What one record is worth: the same for all, by its class, by a choice, or by the band of a number.

use xinzhi_core::Points;
use xinzhi_core::record::Class;

use super::contradiction::never;
use super::field;
use super::indicator::{Worth, direction, fits};
use super::predicate::{self, CLASS};
use super::take::misplaced;
use crate::model::{Becomes, Choices, Each, FieldIx, FieldKind, Nature, RecordKind};
use crate::predicate::{Column, Predicate, Test};
use crate::raw::At;
use crate::report::Report;
use crate::shape::{Item, Map, entries, list, map, points_of, scalar};

/// With the most steps of a fade this still is a table that the kernel keeps.
const BANDS_MAX: usize = 500;

/// Reads `each`: every value worth points in the direction of the kind.
pub(super) fn read(item: Item<'_>, kind: &RecordKind, report: &mut Report) -> Option<(Each, Worth)> {
    let map = map(item, &["by", "points", "bands"], report)?;
    let each = match map.get("by") {
        None => {
            let item = map.need("points", report)?;
            let points = points_of(item, report)?;
            misplaced(map, "bands", "没有 `by` 时", report);
            (Each::Constant(points), vec![(item.at(), points)])
        }
        Some(by) => {
            let name = scalar(by, "字段名", report)?;
            if name == CLASS { by_class(map, kind, by.at(), report)? } else { by_field(map, kind, (by.at(), name), report)? }
        }
    };
    for (at, points) in &each.1 {
        direction(*points, kind, *at, report);
        fits(*points, *at, report);
    }
    Some(each)
}

fn by_class(map: Map<'_>, kind: &RecordKind, at: At, report: &mut Report) -> Option<(Each, Worth)> {
    if kind.nature != Nature::Adverse {
        let message = format!("{} `{}` 没有失信程度", kind.nature.title(), kind.title);
        report.fault(at, "class-not-adverse", message, "请改用选项或金额字段，或直接写 `points`");
        return None;
    }
    misplaced(map, "bands", "`by: 失信程度` 时", report);
    let item = map.need("points", report)?;
    let titles = Class::ALL.map(Class::title);
    let points = named_points(item, &titles, &|name| titles.iter().position(|title| *title == name), report)?;
    let [minor, ordinary, serious] = points.as_slice() else { return None };
    for ((milder, (_, better)), (graver, (at, worse))) in titles.iter().zip(&points).zip(titles.iter().zip(&points).skip(1)) {
        if worse > better && *worse <= Points::ZERO {
            let message = format!("失信程度 `{graver}` 的分值 {worse} 高于较轻的 `{milder}` 的 {better}");
            report.fault(*at, "points-direction", message, "失信越重分值不能越高，请改正分值");
        }
    }
    Some((Each::ByClass([minor.1, ordinary.1, serious.1]), points))
}

fn by_field(map: Map<'_>, kind: &RecordKind, (at, name): (At, &str), report: &mut Report) -> Option<(Each, Worth)> {
    let ix = field::named(at, name, kind, report)?;
    let field = kind.at(ix)?;
    if !predicate::rules_may_read(field, name, at, report) {
        return None;
    }
    match &field.kind {
        FieldKind::Choice(choices) => {
            misplaced(map, "bands", "按选项计分时", report);
            by_choice(map, ix, choices, report).inspect(|(_, worth)| {
                valued(worth, choices, report);
                remedied(worth, (kind, ix), choices, report);
            })
        }
        FieldKind::Integer { min, .. } => by_band(map, ix, (&field.kind, *min), report).inspect(|(_, worth)| turning(worth, kind, report)),
        FieldKind::Money(_) => by_band(map, ix, (&field.kind, 0), report).inspect(|(_, worth)| turning(worth, kind, report)),
        _ => {
            report.fault(
                at,
                "by-type",
                format!("不能按字段 `{name}` 计分"),
                "计分只能按失信程度、单选、整数或金额字段；多选和日期请写进 `where`",
            );
            None
        }
    }
}

/// More of an adverse amount usually costs more, more of a positive one usually lifts more; that an amount means the opposite can be.
fn turning(worth: &Worth, kind: &RecordKind, report: &mut Report) {
    for ((_, earlier), (at, points)) in worth.iter().zip(worth.iter().skip(1)) {
        let turned = match kind.nature {
            Nature::Adverse => points > earlier,
            Nature::Positive => points < earlier,
            Nature::Neutral => false,
        };
        if turned {
            let message = format!("{} `{}` 的数额越大，分值从 {earlier} 变为 {points}", kind.nature.title(), kind.title);
            report.warn(*at, "bands-direction", message, "通常失信的数额越大扣分越多、守信的数额越大加分越多，请核对各档分值");
        }
    }
}

fn by_choice(map: Map<'_>, field: FieldIx, choices: &Choices, report: &mut Report) -> Option<(Each, Worth)> {
    let item = map.need("points", report)?;
    let titles: Vec<&str> = choices.values.iter().map(|value| value.title.as_str()).collect();
    let points = named_points(item, &titles, &|name| choices.find(name), report)?;
    Some((Each::ByChoice { field, points: points.iter().map(|(_, points)| *points).collect() }, points))
}

/// A value that its catalogue calls good or bad gives points in that direction, whatever the kind is (D17).
fn valued(worth: &Worth, choices: &Choices, report: &mut Report) {
    for ((at, points), value) in worth.iter().zip(&choices.values) {
        let (wrong, word) = match value.nature {
            Nature::Adverse => (*points > Points::ZERO, "加分"),
            Nature::Positive => (*points < Points::ZERO, "扣分"),
            Nature::Neutral => (false, ""),
        };
        if wrong {
            let message = format!("选项 `{}` 在信息目录中写明是{}，不能{word}：{points}", value.title, value.nature.title());
            report.fault(*at, "points-direction", message, "请改正分值，或核对信息目录中该选项的 `nature`");
        }
    }
}

/// A remedy says which of two values is the better one: putting a record right is not to cost points.
fn remedied(worth: &Worth, (kind, ix): (&RecordKind, FieldIx), choices: &Choices, report: &mut Report) {
    for remedy in &kind.remedies {
        let better = remedy.becomes.iter().find_map(|(field, becomes)| match becomes {
            Becomes::Value(value) if *field == ix => usize::try_from(*value).ok(),
            _ => None,
        });
        let Some((better, (_, after))) = better.and_then(|better| Some((better, worth.get(better)?))) else { continue };
        let applies = |value: usize| {
            let is = i64::try_from(value).ok().map(|value| Predicate::Test { column: Column::Field(ix), test: Test::OneOf(vec![value]) });
            is.is_some_and(|is| !never(&remedy.when.iter().chain([&is]).collect::<Vec<_>>(), kind))
        };
        for (value, (at, before)) in
            worth.iter().enumerate().filter(|(value, (_, before))| *value != better && before > after && applies(*value))
        {
            let title = |place: usize| choices.values.get(place).map_or("", |value| value.title.as_str());
            let message = format!("`{}` 计 {before} 分，按改正途径改为 `{}` 后只计 {after} 分", title(value), title(better));
            report.warn(*at, "remedy-direction", message, "改正以后得分反而更低，请核对两个选项的分值");
        }
    }
}

/// Points for every one of `titles`, none left out, in their order.
fn named_points(item: Item<'_>, titles: &[&str], find: &dyn Fn(&str) -> Option<usize>, report: &mut Report) -> Option<Worth> {
    let mut points: Vec<Option<(At, Points)>> = vec![None; titles.len()];
    let mut complete = true;
    for entry in entries(item, report)? {
        let read = points_of(Item { what: &entry.key, node: &entry.value }, report);
        complete &= read.is_some();
        match find(&entry.key).and_then(|position| points.get_mut(position)) {
            Some(slot) if slot.is_some() => {
                report.fault(entry.at, "duplicate-value", format!("`{}` 的分值写了两次", entry.key), "同一选项只写一个分值");
            }
            Some(slot) => *slot = Some((entry.value.at, read.unwrap_or_default())),
            None => {
                let help = format!("可用的有：{}", crate::names::listed(titles.iter().copied()));
                report.fault(entry.at, "unknown-value", format!("没有 `{}` 这一选项", entry.key), help);
                complete = false;
            }
        }
    }
    let missing: Vec<&str> = titles.iter().zip(&points).filter(|(_, slot)| slot.is_none()).map(|(title, _)| *title).collect();
    if !missing.is_empty() {
        let names = missing.iter().map(|title| format!("`{title}`")).collect::<Vec<_>>().join("、");
        report.fault(item.at(), "points-incomplete", format!("没有写明 {names} 的分值"), "每个选项都须有分值，不计分的写 0");
    }
    points.into_iter().collect::<Option<Vec<_>>>().filter(|_| complete)
}

fn by_band(map: Map<'_>, field: FieldIx, (kind, least): (&FieldKind, i64), report: &mut Report) -> Option<(Each, Worth)> {
    misplaced(map, "points", "按区间计分时", report);
    let item = map.need("bands", report)?;
    let from = |item: Item<'_>, report: &mut Report| predicate::number(item, Some(kind), report);
    let (bands, worth) = bands(item, (least, "第一个区间没有从字段的最小值起"), &from, report)?;
    Some((Each::ByBand { field, bands }, worth))
}

type From<'a> = &'a dyn Fn(Item<'_>, &mut Report) -> Option<i64>;

/// Bands rise from the least possible value on, so that every value falls into exactly one; `start` says that the first does not.
pub(super) fn bands(
    item: Item<'_>,
    (least, start): (i64, &str),
    from: From<'_>,
    report: &mut Report,
) -> Option<(Vec<(i64, Points)>, Worth)> {
    let items = list(item, report)?;
    if items.is_empty() {
        report.fault(item.at(), "no-bands", "`bands` 没有任何区间", "请至少写一个区间");
        return None;
    }
    if items.len() > BANDS_MAX {
        let message = format!("`bands` 有 {} 个区间，超过 {BANDS_MAX} 个", items.len());
        report.fault(item.at(), "too-many-bands", message, "请合并相近的区间");
    }
    let mut bands: Vec<(i64, Points)> = Vec::new();
    let mut worth = Vec::new();
    for item in items {
        let map = self::map(item, &["from", "points"], report)?;
        let begins = map.need("from", report).and_then(|item| from(item, report));
        let points = map.need("points", report).and_then(|item| points_of(item, report));
        let (begins, points) = (begins?, points?);
        let at = map.at_key("from");
        match bands.last() {
            None if begins != least => {
                report.fault(at, "bands-start", start, "请从最小值起写，金额、数目从 `0` 起，占比从 `0%` 起，使任何取值都有分值");
            }
            Some((earlier, _)) if begins <= *earlier => {
                report.fault(at, "bands-order", "区间的起点没有依次增大", "请按起点从小到大书写，不要重叠");
            }
            _ => {}
        }
        bands.push((begins, points));
        worth.push((map.at_key("points"), points));
    }
    Some((bands, worth))
}
