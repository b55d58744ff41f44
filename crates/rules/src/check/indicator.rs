//! Indicators: what a record is worth, for how long, within which bounds.

use xinzhi_core::Points;
use xinzhi_core::record::Class;

use super::field::{self, Scope};
use super::grade::no_common_subject;
use super::laws::{Rest, basis};
use super::predicate::{self, CLASS};
use super::source::record_kind;
use super::subject::overlap;
use crate::model::{Choices, Each, Fade, Fading, FieldIx, FieldKind, Indicator, Nature, Pack, Put, RecordKind, Scorecard, Take};
use crate::predicate::{Column, Predicate, Test};
use crate::raw::At;
use crate::report::{Noun, Report};
use crate::shape::{Item, Map, entries, id_of, list, map, months_of, points_of, scalar, share_of};

const KEYS: [&str; 10] = ["id", "title", "record", "where", "window", "each", "fade", "floor", "cap", "basis"];

/// More records of one kind than any subject will ever have: sums are proved to fit up to here.
const RECORDS_MAX: i64 = 10_000_000;

/// W1: the longest effect of anything adverse, counted from the day of its document.
pub(super) const ADVERSE_MONTHS_MAX: i32 = 36;

/// One indicator; `ids` are taken.
pub(super) fn read(item: Item<'_>, rule: (&Scorecard, Rest), (pack, ids): (&Pack, &[String]), report: &mut Report) -> Option<Indicator> {
    let Some(map) = map(item, &KEYS, report) else {
        report.unreadable(Noun::Indicator);
        return None;
    };
    let id = map.need("id", report).and_then(|item| id_of(item, report));
    if let Some(id) = id.as_ref().filter(|id| ids.contains(id)) {
        report.fault(map.at_key("id"), "duplicate-id", format!("指标 `{id}` 重复"), "指标编号在一个评价模型内只能使用一次");
    }
    let indicator = indicator(map, id.clone(), rule, pack, report);
    if indicator.is_none() {
        match id {
            Some(id) => report.doubt(Noun::Indicator, id),
            None => report.unreadable(Noun::Indicator),
        }
    }
    indicator
}

fn indicator(map: Map<'_>, id: Option<String>, (card, rest): (&Scorecard, Rest), pack: &Pack, report: &mut Report) -> Option<Indicator> {
    let title = map.text("title", report);
    let record = map.need("record", report);
    let ix = record.and_then(|item| record_kind(item, pack, report));
    let window = map.need("window", report).and_then(|item| months_of(item, report));
    let basis = basis(map, rest, pack, report);
    let fade = map.get("fade").map(|item| fades(item, window, report)).unwrap_or_default();
    let (ix, kind) = ix.and_then(|ix| Some((ix, pack.record_kinds.get(ix.0)?)))?;
    let at = map.at_key("record");
    if !overlap(&kind.subjects, &card.subjects) {
        no_common_subject(at, &kind.title, report);
    }
    dated(kind, at, report);
    if let Some(months) = window {
        retained(months, kind, map.at_key("window"), report);
    }
    let filter = map.get("where").map(|item| predicate::read(item, Scope { kind, class: true }, report));
    let each = map.need("each", report).and_then(|item| each(item, kind, report));
    let (each, points) = each?;
    let (floor, cap) = bounds(map, &points, report);
    let filter = match filter {
        Some(None) => return None,
        other => other.flatten(),
    };
    if let Some(months) = window {
        lasting(months, (kind, filter.as_ref()), map.at_key("window"), report);
    }
    let take = Take::Each { each, put: Put::Sum };
    let fade = Fading::Steps(fade);
    let indicator =
        Indicator { id: id?, title: title?, kind: ix, filter, window_months: window?, take, fade, floor, cap, weight: 1000, basis };
    let moves = points.iter().any(|(_, points)| *points != Points::ZERO);
    let bounded = indicator.floor.is_some() || indicator.cap.is_some();
    if indicator.reach() == Points::ZERO && (bounded || !moves) {
        let message = format!("指标 `{}` 不能影响得分", indicator.id);
        report.warn(map.at, "no-weight", message, "请核对 `points`、`floor` 和 `cap`，或删去这一指标");
    }
    Some(indicator)
}

/// Windows count from the date of the document; a kind without one cannot be counted.
pub(super) fn dated(kind: &RecordKind, at: At, report: &mut Report) {
    if kind.roles.document_date.is_none() {
        let message = format!("`{}` 没有登记 `document_date`，无法计算时限", kind.title);
        report.fault(at, "no-document-date", message, "请在该信息种类的 `roles` 中补写 `document_date`");
    }
}

/// A window may not look further back than records are used.
pub(super) fn retained(months: i32, kind: &RecordKind, at: At, report: &mut Report) {
    if months > kind.retention_months {
        let message = format!("时限 {months} 个月超过 `{}` 的保存期限 {} 个月", kind.title, kind.retention_months);
        report.fault(at, "window-beyond-retention", message, "请缩短时限；超过保存期限的记录不再使用");
    }
}

/// W1: an adverse record has no effect after three years, however late it was filed. Whoever still stands on a list is read as listed, not
/// as having been listed once: such an indicator says so by asking for entries without a day of removal.
pub(super) fn lasting(months: i32, (kind, filter): (&RecordKind, Option<&Predicate>), at: At, report: &mut Report) {
    let removal = kind.list.and_then(|span| span.until);
    let still_listed = removal.is_some_and(|field| filter.is_some_and(|filter| asks_absence(filter, field)));
    if kind.nature == Nature::Adverse && months > ADVERSE_MONTHS_MAX && !still_listed {
        let message = format!("失信信息 `{}` 自文书之日起影响 {months} 个月，超过 {ADVERSE_MONTHS_MAX} 个月", kind.title);
        report.fault(at, "adverse-window", message, "请改为不超过 `36 months`；仍在名单上的，请用 `where` 写明移出日期为空");
    }
}

/// Whether a condition holds only where `field` is empty.
fn asks_absence(filter: &Predicate, field: FieldIx) -> bool {
    match filter {
        Predicate::All(parts) => parts.iter().any(|part| asks_absence(part, field)),
        Predicate::Any(parts) => !parts.is_empty() && parts.iter().all(|part| asks_absence(part, field)),
        Predicate::Not(_) => false,
        Predicate::Test { column, test } => *column == Column::Field(field) && *test == Test::Present(false),
    }
}

fn fades(item: Item<'_>, window: Option<i32>, report: &mut Report) -> Vec<Fade> {
    let mut fades: Vec<Fade> = Vec::new();
    for item in list(item, report).unwrap_or_default() {
        let Some(map) = map(item, &["after", "keep"], report) else { continue };
        let after = map.need("after", report).and_then(|item| months_of(item, report));
        let keep = map.need("keep", report).and_then(|item| share_of(item, report));
        let (Some(after_months), Some(keep)) = (after, keep) else { continue };
        if let Some(earlier) = fades.last() {
            if after_months <= earlier.after_months {
                report.fault(map.at_key("after"), "fade-order", "`after` 没有依次变长", "请按时间从短到长书写");
            }
            if keep > earlier.keep {
                report.fault(map.at_key("keep"), "fade-order", "`keep` 随时间变大", "保留的比例只能随时间减小");
            }
        }
        if window.is_some_and(|window| after_months >= window) {
            report.fault(map.at_key("after"), "fade-unreachable", "`after` 不短于 `window`，不会被用到", "请缩短 `after`，或删去这一行");
        }
        fades.push(Fade { after_months, keep });
    }
    fades
}

type Worth = Vec<(At, Points)>;

fn each(item: Item<'_>, kind: &RecordKind, report: &mut Report) -> Option<(Each, Worth)> {
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

fn misplaced(map: Map<'_>, key: &str, when: &str, report: &mut Report) {
    if map.get(key).is_some() {
        report.fault(map.at_key(key), "unknown-key", format!("{when}不能写 `{key}`"), "请删去这个键");
    }
}

/// D17: more adverse records never help, more positive ones never harm.
fn direction(points: Points, kind: &RecordKind, at: At, report: &mut Report) {
    let wrong = match kind.nature {
        Nature::Adverse => points > Points::ZERO,
        Nature::Positive => points < Points::ZERO,
        Nature::Neutral => false,
    };
    if wrong {
        let (word, help) = if points > Points::ZERO {
            ("加分", "失信信息只能扣分或记 0 分")
        } else {
            ("扣分", "守信信息只能加分或记 0 分")
        };
        report.fault(at, "points-direction", format!("{} `{}` 不能{word}：{points}", kind.nature.title(), kind.title), help);
    }
}

fn fits(points: Points, at: At, report: &mut Report) {
    if points.0.checked_mul(RECORDS_MAX).is_none() {
        report.fault(at, "overflow", format!("分值 {points} 过大，一千万条记录相加会超出可计算的范围"), "请减小分值");
    }
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
            by_choice(map, ix, choices, report)
        }
        FieldKind::Integer { min, .. } => by_band(map, ix, (&field.kind, *min), report),
        FieldKind::Money(_) => by_band(map, ix, (&field.kind, 0), report),
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

fn by_choice(map: Map<'_>, field: FieldIx, choices: &Choices, report: &mut Report) -> Option<(Each, Worth)> {
    let item = map.need("points", report)?;
    let titles: Vec<&str> = choices.values.iter().map(|value| value.title.as_str()).collect();
    let points = named_points(item, &titles, &|name| choices.find(name), report)?;
    Some((Each::ByChoice { field, points: points.iter().map(|(_, points)| *points).collect() }, points))
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

/// Bands rise from the least possible value on, so that every value falls into exactly one.
fn by_band(map: Map<'_>, field: FieldIx, (kind, least): (&FieldKind, i64), report: &mut Report) -> Option<(Each, Worth)> {
    misplaced(map, "points", "按区间计分时", report);
    let item = map.need("bands", report)?;
    let items = list(item, report)?;
    if items.is_empty() {
        report.fault(item.at(), "no-bands", "`bands` 没有任何区间", "请至少写一个区间");
        return None;
    }
    let mut bands: Vec<(i64, Points)> = Vec::new();
    let mut worth = Vec::new();
    for item in items {
        let map = self::map(item, &["from", "points"], report)?;
        let from = map.need("from", report).and_then(|item| predicate::number(item, Some(kind), report));
        let points = map.need("points", report).and_then(|item| points_of(item, report));
        let (from, points) = (from?, points?);
        let at = map.at_key("from");
        match bands.last() {
            None if from != least => {
                report.fault(at, "bands-start", "第一个区间没有从字段的最小值起", "请从最小值起写，金额从 `0` 起，使任何取值都有分值");
            }
            Some((earlier, _)) if from <= *earlier => {
                report.fault(at, "bands-order", "区间的起点没有依次增大", "请按起点从小到大书写，不要重叠");
            }
            _ => {}
        }
        bands.push((from, points));
        worth.push((map.at_key("points"), points));
    }
    Some((Each::ByBand { field, bands }, worth))
}

fn bounds(map: Map<'_>, points: &[(At, Points)], report: &mut Report) -> (Option<Points>, Option<Points>) {
    let mut read = |key| map.get(key).and_then(|item| points_of(item, report));
    let (floor, cap) = (read("floor"), read("cap"));
    if floor.is_some_and(|floor| floor > Points::ZERO) {
        report.fault(map.at_key("floor"), "bound-sign", "`floor` 不能大于 0", "没有记录时本指标为 0 分，下限应是 0 或负数");
    }
    if cap.is_some_and(|cap| cap < Points::ZERO) {
        report.fault(map.at_key("cap"), "bound-sign", "`cap` 不能小于 0", "没有记录时本指标为 0 分，上限应是 0 或正数");
    }
    let asked =
        [("floor", "扣分", points.iter().any(|(_, p)| *p < Points::ZERO)), ("cap", "加分", points.iter().any(|(_, p)| *p > Points::ZERO))];
    for (key, word, needed) in asked {
        if needed && map.get(key).is_none() {
            let message = format!("可以{word}的指标缺少 `{key}`");
            report.fault(map.at, "missing-bound", message, format!("请补写 `{key}: …`，限定本指标合计{word}的幅度"));
        }
    }
    (floor, cap)
}
