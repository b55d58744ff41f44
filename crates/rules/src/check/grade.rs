//! Grades of a scorecard, what forces one, and what one is worth.

use xinzhi_core::Points;

use super::field::Scope;
use super::indicator::{dated, lasting, retained};
use super::laws::{Rest, basis};
use super::predicate;
use super::source::record_kind;
use super::subject::overlap;
use super::take::misplaced;
use crate::model::{AmountByGrade, Forcing, Grade, KindIx, Nature, Override, Pack, RecordKind, Scorecard};
use crate::names::listed;
use crate::raw::{At, Value};
use crate::report::Report;
use crate::shape::{Item, Map, entries, list, map, money_of, months_of, points_of, share_of, text_of};

/// Most grades: of ten times as many nobody knows what the next one means.
const GRADES_MAX: usize = 100;

/// Most characters of what a grade or a dimension is called: it heads columns.
pub(super) const NAME_MAX: usize = 60;

/// A name that stands in tables and headings: one line, not too long.
pub(super) fn name_of(map: Map<'_>, key: &str, report: &mut Report) -> Option<String> {
    let name = map.text(key, report)?;
    if name.contains(char::is_control) || name.chars().count() > NAME_MAX {
        let message = format!("`{key}` 不能换行，且不超过 {NAME_MAX} 个字");
        report.fault(map.at_key(key), "long-name", message, "请改成简短的一行；说明可以写在 `purpose` 或注释里");
    }
    Some(name)
}

/// Grades from best to worst, each with its place and, where peers decide, its share in thousandths. By points they fall, all are
/// reachable, and the last one is from the range's minimum; by peers their shares are the whole.
pub(super) fn grades(item: Item<'_>, (card, peers): (&Scorecard, bool), report: &mut Report) -> Vec<(At, Grade, i64)> {
    let items = list(item, report).unwrap_or_default();
    if items.is_empty() {
        report.fault(item.at(), "no-grades", "`grades` 没有任何等级", "请至少写一个等级");
    }
    if items.len() > GRADES_MAX {
        let message = format!("`grades` 有 {} 个等级，超过 {GRADES_MAX} 个", items.len());
        report.fault(item.at(), "too-many-grades", message, "请合并相近的等级");
    }
    let mut grades: Vec<(At, Grade, i64)> = Vec::new();
    let count = items.len();
    let key = if peers { "share" } else { "from" };
    for (position, item) in items.into_iter().enumerate() {
        let Some(map) = map(item, &["grade", "title", key], report) else { continue };
        let (name, title) = (name_of(map, "grade", report), name_of(map, "title", report));
        let limit = map.need(key, report);
        let from = limit.filter(|_| !peers).and_then(|item| points_of(item, report));
        let share = limit.filter(|_| peers).and_then(|item| share_of(item, report));
        for (text, key) in [(&name, "grade"), (&title, "title")] {
            let same = |(_, grade, _): &(At, Grade, i64), text: &str| grade.name == text || grade.title == text;
            if let Some(text) = text.as_deref().filter(|text| grades.iter().any(|earlier| same(earlier, text))) {
                report.fault(map.at_key(key), "duplicate-id", format!("等级 `{text}` 重复"), "等级的简称和名称都不能重复");
            }
        }
        let (Some(name), Some(title)) = (name, title) else { continue };
        let at = map.at_key(key);
        match (from, share) {
            (Some(points), _) => {
                let grade = Grade { name, title, from };
                falling(&grade, points, (at, grades.last()), report);
                reachable(&grade, (points, position + 1 == count), (at, card), report);
                grades.push((at, grade, 0));
            }
            (None, Some(share)) => {
                if share == 0 {
                    let message = format!("等级 `{name}` 的份额是 0%，没有主体能达到");
                    report.fault(at, "grade-unreachable", message, "请写出大于 0% 的份额，或删去这一等级");
                }
                grades.push((at, Grade { name, title, from: None }, share));
            }
            (None, None) => {}
        }
    }
    let sum = grades.iter().fold(0_i64, |sum, (_, _, share)| sum.saturating_add(*share));
    if peers && grades.len() == count && sum != 1000 && count > 0 {
        let message = format!("各等级的份额合计是 {}，不是 100%", Points::percent(sum));
        report.fault(item.at(), "shares-sum", message, "请把包括最后一个等级在内的份额写成合计 100%");
    }
    grades
}

fn falling(grade: &Grade, from: Points, (at, better): (At, Option<&(At, Grade, i64)>), report: &mut Report) {
    let better = better.and_then(|(_, better, _)| Some((better, better.from?)));
    if let Some((better, points)) = better.filter(|(_, points)| *points <= from) {
        let message = format!("等级 `{}` 的起点 {from} 不低于前一等级 `{}` 的 {points}", grade.name, better.name);
        report.fault(at, "grades-order", message, "等级从好到差书写，起点依次降低");
    }
}

fn reachable(grade: &Grade, (from, last): (Points, bool), (at, card): (At, &Scorecard), report: &mut Report) {
    // Without a readable range there is nothing to compare with.
    if card.min.0 == i64::MIN {
        return;
    }
    if from > card.max {
        let message = format!("等级 `{}` 的起点 {from} 高于最高分 {}，永远达不到", grade.name, card.max);
        report.fault(at, "grade-unreachable", message, "请降低起点，或提高 `range` 的 `max`");
    }
    if last && from != card.min {
        let message = format!("最后一个等级 `{}` 从 {from} 起，而最低分是 {}", grade.name, card.min);
        report.fault(at, "grades-end", message, "最后一个等级须从 `range` 的 `min` 起，使任何得分都有等级");
    }
}

/// Lists and records that force a grade; whether all that is written was read.
pub(super) fn overrides(item: Item<'_>, (card, rest): (&Scorecard, Rest), pack: &Pack, report: &mut Report) -> (Vec<Override>, bool) {
    let rest = Rest { own_model: false, ..rest };
    let mut overrides = Vec::new();
    let items = list(item, report).unwrap_or_default();
    let written = items.len();
    for item in items {
        let Some(map) = map(item, &["when", "grade", "basis"], report) else { continue };
        let when = map.need("when", report).and_then(|item| when(item, card, pack, report));
        let named = map.need("grade", report);
        let grade = named.and_then(|item| grade(item, card, report));
        let basis = basis(map, rest, pack, report);
        let (Some((kind, when)), Some(grade), Some(named)) = (when, grade, named) else { continue };
        if let Some(kind) = pack.record_kinds.get(kind.0) {
            moves(kind, (grade, card), named.at(), report);
        }
        if overrides.iter().any(|earlier: &Override| (earlier.kind, &earlier.when) == (kind, &when)) {
            let help = "同样的名单或记录只定一个等级，请删去其中一条";
            report.fault(map.at_key("when"), "duplicate-override", "前面已有同样条件的直接定级", help);
        }
        overrides.push(Override { kind, when, grade, basis });
    }
    let complete = overrides.len() == written;
    (overrides, complete)
}

/// `{ on_list: … }` or `{ record: …, where: …, window: … }`.
fn when(item: Item<'_>, card: &Scorecard, pack: &Pack, report: &mut Report) -> Option<(KindIx, Forcing)> {
    let map = map(item, &["on_list", "record", "where", "window"], report)?;
    let (listed, record) = (map.get("on_list"), map.get("record"));
    let (Some(named), false) = (listed.or(record), listed.is_some() && record.is_some()) else {
        let help = "请写 `{ on_list: 名单 }`，或 `{ record: 信息种类, where: 条件, window: 时限 }`";
        report.fault(item.at(), "when-shape", "直接定级的情形须写 `on_list` 或 `record`，且只写一个", help);
        return None;
    };
    let ix = if listed.is_some() { on_list(named, pack, report) } else { record_kind(named, pack, report) }?;
    let kind = pack.record_kinds.get(ix.0)?;
    if !overlap(&kind.subjects, &card.subjects) {
        no_common_subject(named.at(), &kind.title, report);
    }
    if listed.is_some() {
        for key in ["where", "window"] {
            misplaced(map, key, "名单定级时", report);
        }
        return Some((ix, Forcing::Listed));
    }
    dated(kind, named.at(), report);
    let window = map.need("window", report).and_then(|item| months_of(item, report));
    if let Some(months) = window {
        retained(months, kind, map.at_key("window"), report);
    }
    let filter = map.get("where").map(|item| predicate::read(item, Scope { kind, class: true }, report));
    let filter = match filter {
        Some(None) => return None,
        other => other.flatten(),
    };
    if let Some(months) = window {
        lasting(months, (kind, filter.as_ref()), map.at_key("window"), report);
    }
    Some((ix, Forcing::Within { filter, window_months: window? }))
}

/// D17: what is positive lifts to its grade and everything else lowers to it, so neither may name the grade that it cannot move to.
fn moves(kind: &RecordKind, (grade, card): (usize, &Scorecard), at: At, report: &mut Report) {
    let end = if kind.nature == Nature::Positive { card.grades.len().checked_sub(1) } else { Some(0) };
    if end != Some(grade) {
        return;
    }
    let name = card.grades.get(grade).map_or("", |grade| grade.name.as_str());
    let (words, help) = if kind.nature == Nature::Positive {
        ("最差", "守信信息只能把等级提高到所写的等级，请改写较好的等级")
    } else {
        ("最好", "失信信息和一般信息只能把等级降低到所写的等级，请改写较差的等级")
    };
    let message = format!("{} `{}` 不能直接定为{words}的等级 `{name}`", kind.nature.title(), kind.title);
    report.fault(at, "override-direction", message, help);
}

/// What each grade is worth in money: every grade once, a better one never less.
pub(super) fn amount(item: Item<'_>, grades: &[Grade], report: &mut Report) -> Option<AmountByGrade> {
    let map = map(item, &["title", "by_grade"], report)?;
    let title = map.text("title", report);
    let item = map.need("by_grade", report)?;
    let mut amounts: Vec<Option<(At, i64)>> = vec![None; grades.len()];
    for entry in entries(item, report)? {
        let amount = money_of(Item { what: &entry.key, node: &entry.value }, report);
        match grades.iter().position(|grade| grade.name == entry.key).and_then(|position| amounts.get_mut(position)) {
            Some(slot) => *slot = amount.map(|amount| (entry.value.at, amount)),
            None if grades.is_empty() => {}
            None => {
                let help = format!("可用的有：{}", listed(grades.iter().map(|grade| grade.name.as_str())));
                report.fault(entry.at, "unknown-grade", format!("没有名为 `{}` 的等级", entry.key), help);
            }
        }
    }
    let written = |grade: &Grade| matches!(&item.node.value, Value::Map(entries) if entries.iter().any(|entry| entry.key == grade.name));
    let missing: Vec<String> = grades.iter().filter(|grade| !written(grade)).map(|grade| format!("`{}`", grade.name)).collect();
    if !missing.is_empty() {
        let message = format!("没有写明等级 {} 的金额", missing.join("、"));
        report.fault(item.at(), "amount-incomplete", message, "每个等级都须有金额，没有的写 `0`");
    }
    let amounts = amounts.into_iter().collect::<Option<Vec<_>>>()?;
    for ((_, better), (at, worse)) in amounts.iter().zip(amounts.iter().skip(1)) {
        if worse > better {
            report.fault(*at, "amount-order", "较差等级的金额高于较好等级", "等级越好金额越大，请核对各等级的金额");
        }
    }
    Some(AmountByGrade { title: title?, amounts: amounts.into_iter().map(|(_, amount)| amount).collect() })
}

/// Resolves a record kind that is a list.
pub(super) fn on_list(item: Item<'_>, pack: &Pack, report: &mut Report) -> Option<KindIx> {
    let ix = record_kind(item, pack, report)?;
    let kind = pack.record_kinds.get(ix.0)?;
    if kind.list.is_none() {
        let message = format!("`{}` 不是名单", kind.title);
        let help = "请改为写有 `list: { from: …, until: … }` 的信息种类，或改用 `record` 条件";
        report.fault(item.at(), "not-a-list", message, help);
        return None;
    }
    Some(ix)
}

/// Resolves a grade by its short name.
pub(super) fn grade(item: Item<'_>, card: &Scorecard, report: &mut Report) -> Option<usize> {
    let name = text_of(item, report)?;
    let position = card.grades.iter().position(|grade| grade.name == name);
    if position.is_none() && !card.grades.is_empty() {
        let help = format!("可用的有：{}", listed(card.grades.iter().map(|grade| grade.name.as_str())));
        report.fault(item.at(), "unknown-grade", format!("没有名为 `{name}` 的等级"), help);
    }
    position
}

/// A rule that reads records which none of its subjects can have.
pub(super) fn no_common_subject(at: At, title: &str, report: &mut Report) {
    let message = format!("`{title}` 所涉主体与本规则的主体没有交集");
    report.fault(at, "subjects-apart", message, "请核对两处的 `subjects`");
}
