//! Indicators: what a record is worth, for how long, within which bounds.

use xinzhi_core::Points;

use super::field::Scope;
use super::grade::no_common_subject;
use super::laws::{Rest, basis};
use super::predicate;
use super::source::record_kind;
use super::subject::overlap;
use super::take;
use crate::fact::faded;
use crate::model::{Fade, Fading, FieldIx, Indicator, Nature, Pack, Put, RECORDS_MAX, RecordKind, Scorecard, Take};
use crate::predicate::{Column, Predicate, Test};
use crate::raw::{At, Value};
use crate::report::{Noun, Report};
use crate::shape::{Item, Map, age_of, id_of, list, map, months_of, points_of, share_of};

const KEYS: [&str; 15] =
    ["id", "title", "record", "where", "window", "each", "put", "number", "bands", "silence", "fade", "weight", "floor", "cap", "basis"];

/// Most steps of a fade: one for each month of ten years.
const FADES_MAX: usize = 120;

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
    let fade = map.get("fade").map_or(Fading::Steps(Vec::new()), |item| fading(item, window, report));
    let weight = weight(map, report);
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
    let known = filter.as_ref().and_then(Option::as_ref);
    let over = take::Over { pack, card, kind, filter: known, window };
    let (take, points) = take::read(map, &over, report)?;
    let (floor, cap) = bounds(map, "指标", report);
    bounded(map, &take, (floor, cap), report);
    let filter = match filter {
        Some(None) => return None,
        other => other.flatten(),
    };
    if let Some(months) = window {
        lasting(months, (kind, filter.as_ref()), map.at_key("window"), report);
    }
    let indicator = Indicator { id: id?, title: title?, kind: ix, filter, window_months: window?, take, fade, floor, cap, weight, basis };
    // Of a sum without bounds nothing more need be said: it is refused.
    let open = indicator.floor.is_none() && indicator.cap.is_none() && matches!(indicator.take, Take::Each { put: Put::Sum, .. });
    let still = points.iter().all(|(_, points)| *points == Points::ZERO);
    if still || (!open && faded(indicator.reach(), weight) == Points::ZERO) {
        let message = format!("指标 `{}` 不能影响得分", indicator.id);
        report.warn(map.at, "no-weight", message, "请核对 `points`、`floor`、`cap` 和 `weight`，或删去这一指标");
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

/// `50%`; everything where nothing is written.
pub(super) fn weight(map: Map<'_>, report: &mut Report) -> i64 {
    let weight = map.get("weight").and_then(|item| share_of(item, report));
    if weight == Some(0) {
        let help = "请写大于 0% 的权重，或删去整个指标、维度";
        report.fault(map.at_key("weight"), "out-of-range", "`weight` 不能是 0%", help);
    }
    weight.filter(|weight| *weight > 0).unwrap_or(1000)
}

/// Steps, or `{ linear_after: 1 year }`.
fn fading(item: Item<'_>, window: Option<i32>, report: &mut Report) -> Fading {
    if !matches!(item.node.value, Value::Map(_)) {
        return Fading::Steps(fades(item, window, report));
    }
    let after = map(item, &["linear_after"], report).and_then(|map| map.need("linear_after", report));
    let after_months = after.and_then(|item| age_of(item, 0, report)).unwrap_or(0);
    if let Some(item) = after.filter(|_| window.is_some_and(|window| after_months >= window)) {
        let help = "请缩短 `linear_after`，或删去 `fade`";
        report.fault(item.at(), "fade-unreachable", "`linear_after` 不短于 `window`，不会被用到", help);
    }
    Fading::Linear { after_months }
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
    let items = list(item, report).unwrap_or_default();
    if items.len() > FADES_MAX {
        let message = format!("`fade` 有 {} 级，超过 {FADES_MAX} 级", items.len());
        report.fault(item.at(), "too-many-fades", message, "请合并相近的级，或改用 `{ linear_after: … }`");
    }
    for item in items {
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

/// Points with the place where each stands.
pub(super) type Worth = Vec<(At, Points)>;

/// D17: more adverse records never help, more positive ones never harm.
pub(super) fn direction(points: Points, kind: &RecordKind, at: At, report: &mut Report) {
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

/// As many records as any subject will have add up to something that can be counted.
pub(super) fn fits(points: Points, at: At, report: &mut Report) {
    if points.0.checked_mul(RECORDS_MAX).is_none() {
        report.fault(at, "overflow", format!("分值 {points} 过大，一千六百万条记录相加会超出可计算的范围"), "请减小分值");
    }
}

/// `floor` and `cap`, on either side of nothing; `noun` is what they bound.
pub(super) fn bounds(map: Map<'_>, noun: &str, report: &mut Report) -> (Option<Points>, Option<Points>) {
    let mut read = |key| map.get(key).and_then(|item| points_of(item, report));
    let (floor, cap) = (read("floor"), read("cap"));
    if floor.is_some_and(|floor| floor > Points::ZERO) {
        let help = format!("没有计分时本{noun}为 0 分，下限应是 0 或负数");
        report.fault(map.at_key("floor"), "bound-sign", "`floor` 不能大于 0", help);
    }
    if cap.is_some_and(|cap| cap < Points::ZERO) {
        let help = format!("没有计分时本{noun}为 0 分，上限应是 0 或正数");
        report.fault(map.at_key("cap"), "bound-sign", "`cap` 不能小于 0", help);
    }
    (floor, cap)
}

/// A sum without a bound on a side to which records can move it is refused; everything else is bounded by what one record is worth.
fn bounded(map: Map<'_>, take: &Take, bounds: (Option<Points>, Option<Points>), report: &mut Report) {
    let (least, most) = take.range();
    for (key, word, open) in
        [("floor", "扣分", least.is_none() && bounds.0.is_none()), ("cap", "加分", most.is_none() && bounds.1.is_none())]
    {
        if open && map.get(key).is_none() {
            let message = format!("可以{word}的指标缺少 `{key}`");
            report.fault(map.at, "missing-bound", message, format!("请补写 `{key}: …`，限定本指标合计{word}的幅度"));
        }
    }
}
