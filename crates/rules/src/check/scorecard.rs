//! Evaluation models: never over a person (C2), with a purpose and an expiry (C3), in sums that are proved to fit.

use xinzhi_core::day::Span;
use xinzhi_core::{Digest, Points};

use super::grade;
use super::grouping;
use super::indicator;
use super::laws::{Rest, basis};
use super::peers;
use super::reach;
use super::subject::{positions, subjects};
use super::{duplicate, named_after};
use crate::model::{Dimension, Pack, Peers, Scorecard};
use crate::raw::At;
use crate::report::{Noun, Report};
use crate::shape::{Item, Map, count_of, id_of, list, map, points_of, share_of, span_of};

const KEYS: [&str; 16] = [
    "scorecard",
    "title",
    "purpose",
    "subjects",
    "in_force",
    "basis",
    "range",
    "assessed_share",
    "coverage_lag_days",
    "valid_days",
    "dimensions",
    "overrides",
    "grades",
    "peers",
    "amount",
    "groups",
];

/// One file of `scorecards/`.
pub(super) fn read(item: Item<'_>, stem: &str, pack: &mut Pack, report: &mut Report) {
    let Some(map) = map(item, &KEYS, report) else { return report.unreadable(Noun::Scorecard) };
    let id = map.need("scorecard", report).and_then(|item| id_of(item, report));
    if let Some(id) = &id {
        named_after(id, stem, map.at_key("scorecard"), report);
        if pack.scorecards.iter().any(|card| card.id == *id) {
            duplicate(Noun::Scorecard, id, map.at_key("scorecard"), report);
        }
    }
    match (card(map, id.clone(), pack, report), id) {
        (Some(card), _) => pack.scorecards.push(card),
        (None, Some(id)) => report.doubt(Noun::Scorecard, id),
        (None, None) => report.unreadable(Noun::Scorecard),
    }
}

fn card(map: Map<'_>, id: Option<String>, pack: &Pack, report: &mut Report) -> Option<Scorecard> {
    let title = map.text("title", report);
    let purpose = map.text("purpose", report);
    let listed = subjects(map, pack, report);
    for (at, ix) in &listed {
        if let Some(kind) = pack.subject_kinds.get(ix.0).filter(|kind| kind.person) {
            let message = format!("评价模型不得评价自然人：`{}`", kind.title);
            report.fault(*at, "person-evaluated", message, "请从 `subjects` 中删去自然人；自然人只能有激励积分");
        }
    }
    let in_force = map.need("in_force", report).and_then(|item| span_of(item, report));
    if let Some(from) = in_force.map(|span| span.from).filter(|from| *from > pack.review_by) {
        let message = format!("评价模型自 {from} 起适用，而规则包须在 {} 前复核，届时已不能使用", pack.review_by);
        report.fault(map.at_key("in_force"), "force-after-review", message, "请提前适用日期，或在复核后推迟 `pack.yaml` 的 `review_by`");
    }
    let range = map.need("range", report).and_then(|item| range(item, report));
    let share = map.need("assessed_share", report).and_then(|item| share_of(item, report));
    if share == Some(0) {
        let help = "请写出评定等级至少要覆盖的权重，如 `60%`";
        report.fault(map.at_key("assessed_share"), "out-of-range", "`assessed_share` 不能是 0%", help);
    }
    let lag = map.need("coverage_lag_days", report).and_then(|item| count_of(item, 0, report));
    let valid = map.need("valid_days", report).and_then(|item| count_of(item, 1, report));
    let rest = Rest { on: in_force.map(|span| span.from), own_model: true };
    let (base, min, max) = range.unwrap_or((Points::ZERO, Points(i64::MIN), Points(i64::MAX)));
    let mut card = Scorecard {
        id: String::new(),
        title: String::new(),
        purpose: String::new(),
        subjects: positions(&listed),
        in_force: in_force.unwrap_or(Span { from: pack.review_by, until: None }),
        review_by: pack.review_by,
        basis: basis(map, rest, pack, report),
        base,
        min,
        max,
        assessed_share: share.unwrap_or(1000),
        coverage_lag_days: lag.unwrap_or(0),
        valid_days: valid.unwrap_or(1),
        dimensions: Vec::new(),
        overrides: Vec::new(),
        grades: Vec::new(),
        peers: None,
        text: Digest([0; 32]),
        amount: None,
        groups: Vec::new(),
    };
    card.dimensions = dimensions(map, (&card, rest), pack, report);
    let peers = map.get("peers").map(|item| peers::read(item, &card, pack, report));
    let graded = map.need("grades", report).map(|item| grade::grades(item, (&card, peers.is_some()), report)).unwrap_or_default();
    let places: Vec<At> = graded.iter().map(|(at, ..)| *at).collect();
    card.peers = peers.flatten().map(|peers| Peers { shares: graded.iter().map(|(_, _, share)| *share).collect(), ..peers });
    card.grades = graded.into_iter().map(|(_, grade, _)| grade).collect();
    let overrides = map.get("overrides").map(|item| grade::overrides(item, (&card, rest), pack, report));
    let (overrides, complete) = overrides.unwrap_or((Vec::new(), true));
    card.overrides = overrides;
    card.groups = map.get("groups").map(|item| grouping::read(item, &card, pack, report)).unwrap_or_default();
    card.amount = map.get("amount").and_then(|item| grade::amount(item, &card.grades, report));
    reach::sums(&card, map.at_key("dimensions"), report);
    if complete && card.peers.is_none() {
        reach::grades(&card, &places, pack, report);
    }
    (card.id, card.title, card.purpose) = (id?, title?, purpose?);
    Some(card)
}

fn range(item: Item<'_>, report: &mut Report) -> Option<(Points, Points, Points)> {
    let map = map(item, &["base", "min", "max"], report)?;
    let mut points = |key| map.need(key, report).and_then(|item| points_of(item, report));
    let (base, min, max) = (points("base"), points("min"), points("max"));
    let (base, min, max) = (base?, min?, max?);
    if min >= max {
        report.fault(map.at_key("max"), "range", format!("`max` {max} 不大于 `min` {min}"), "请核对分值范围");
        return None;
    }
    if !(min..=max).contains(&base) {
        report.fault(map.at_key("base"), "range", format!("`base` {base} 不在 {min} 到 {max} 之间"), "请把基础分写在分值范围之内");
    }
    Some((base, min, max))
}

fn dimensions(map: Map<'_>, rule: (&Scorecard, Rest), pack: &Pack, report: &mut Report) -> Vec<Dimension> {
    let Some(item) = map.need("dimensions", report) else { return Vec::new() };
    let items = list(item, report).unwrap_or_default();
    if items.is_empty() {
        report.fault(item.at(), "no-indicators", "`dimensions` 没有任何维度", "请至少写一个维度和一个指标");
    }
    let mut dimensions: Vec<Dimension> = Vec::new();
    for item in items {
        let Some(map) = self::map(item, &["title", "weight", "floor", "cap", "indicators"], report) else { continue };
        let title = grade::name_of(map, "title", report).unwrap_or_default();
        if dimensions.iter().any(|dimension| dimension.title == title) {
            report.fault(map.at_key("title"), "duplicate-id", format!("维度 `{title}` 重复"), "请合并同名维度，或改用另一个名称");
        }
        let weight = indicator::weight(map, report);
        let (floor, cap) = indicator::bounds(map, "维度", report);
        let mut dimension = Dimension { title, indicators: Vec::new(), weight, floor, cap };
        let Some(item) = map.need("indicators", report) else { continue };
        let items = list(item, report).unwrap_or_default();
        if items.is_empty() {
            report.fault(item.at(), "no-indicators", format!("维度 `{}` 没有任何指标", dimension.title), "请至少写一个指标");
        }
        for item in items {
            let earlier = dimensions.iter().chain([&dimension]).flat_map(|dimension| &dimension.indicators);
            let ids: Vec<String> = earlier.map(|indicator| indicator.id.clone()).collect();
            dimension.indicators.extend(indicator::read(item, rule, (pack, &ids), report));
        }
        let still = (Points::ZERO, Points::ZERO);
        if dimension.range() == still && dimension.indicators.iter().any(|indicator| indicator.range() != still) {
            let message = format!("维度 `{}` 不能影响得分", dimension.title);
            report.warn(map.at, "no-weight", message, "请核对本维度的 `floor`、`cap` 和 `weight`，或删去这一维度");
        }
        dimensions.push(dimension);
    }
    dimensions
}
