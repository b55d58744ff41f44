//! Grades of a scorecard, and the lists that force one.

use super::laws::{Rest, basis};
use super::source::record_kind;
use super::subject::overlap;
use crate::model::{Forcing, Grade, Override, Pack, Scorecard};
use crate::names::listed;
use crate::raw::At;
use crate::report::Report;
use crate::shape::{Item, list, map, points_of, text_of};

/// Grades from best to worst: falling, all reachable, the last from the range's minimum.
pub(super) fn grades(item: Item<'_>, card: &Scorecard, report: &mut Report) -> Vec<Grade> {
    let items = list(item, report).unwrap_or_default();
    if items.is_empty() {
        report.fault(item.at(), "no-grades", "`grades` 没有任何等级", "请至少写一个等级");
    }
    let mut grades: Vec<Grade> = Vec::new();
    let count = items.len();
    for (position, item) in items.into_iter().enumerate() {
        let Some(map) = map(item, &["grade", "title", "from"], report) else { continue };
        let (name, title) = (map.text("grade", report), map.text("title", report));
        let from = map.need("from", report).and_then(|item| points_of(item, report));
        for (text, key) in [(&name, "grade"), (&title, "title")] {
            if let Some(text) = text.as_deref().filter(|text| grades.iter().any(|grade| grade.name == *text || grade.title == *text)) {
                report.fault(map.at_key(key), "duplicate-id", format!("等级 `{text}` 重复"), "等级的简称和名称都不能重复");
            }
        }
        let (Some(name), Some(title), Some(from)) = (name, title, from) else { continue };
        let grade = Grade { name, title, from };
        let at = map.at_key("from");
        if let Some(better) = grades.last().filter(|better| better.from <= grade.from) {
            let message = format!("等级 `{}` 的起点 {} 不低于前一等级 `{}` 的 {}", grade.name, grade.from, better.name, better.from);
            report.fault(at, "grades-order", message, "等级从好到差书写，起点依次降低");
        }
        reachable(&grade, position + 1 == count, (at, card), report);
        grades.push(grade);
    }
    grades
}

fn reachable(grade: &Grade, last: bool, (at, card): (At, &Scorecard), report: &mut Report) {
    // Without a readable range there is nothing to compare with.
    if card.min.0 == i64::MIN {
        return;
    }
    if grade.from > card.max {
        let message = format!("等级 `{}` 的起点 {} 高于最高分 {}，永远达不到", grade.name, grade.from, card.max);
        report.fault(at, "grade-unreachable", message, "请降低起点，或提高 `range` 的 `max`");
    }
    if last && grade.from != card.min {
        let message = format!("最后一个等级 `{}` 从 {} 起，而最低分是 {}", grade.name, grade.from, card.min);
        report.fault(at, "grades-end", message, "最后一个等级须从 `range` 的 `min` 起，使任何得分都有等级");
    }
}

/// Lists that force a grade.
pub(super) fn overrides(item: Item<'_>, (card, rest): (&Scorecard, Rest), pack: &Pack, report: &mut Report) -> Vec<Override> {
    let rest = Rest { own_model: false, ..rest };
    let mut overrides = Vec::new();
    for item in list(item, report).unwrap_or_default() {
        let Some(map) = map(item, &["when", "grade", "basis"], report) else { continue };
        let list =
            map.need("when", report).and_then(|item| self::map(item, &["on_list"], report)).and_then(|map| map.need("on_list", report));
        let kind = list.and_then(|item| on_list(item, pack, report));
        if let Some((item, kind)) = list.zip(kind.and_then(|ix| pack.record_kinds.get(ix.0)))
            && !overlap(&kind.subjects, &card.subjects)
        {
            no_common_subject(item.at(), &kind.title, report);
        }
        let grade = map.need("grade", report).and_then(|item| grade(item, card, report));
        let basis = basis(map, rest, pack, report);
        overrides.extend(kind.zip(grade).map(|(kind, grade)| Override { kind, when: Forcing::Listed, grade, basis }));
    }
    overrides
}

/// Resolves a record kind that is a list.
pub(super) fn on_list(item: Item<'_>, pack: &Pack, report: &mut Report) -> Option<crate::model::KindIx> {
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
