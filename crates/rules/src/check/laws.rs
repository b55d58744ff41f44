//! Legal bases, and what it takes to rest on one (L1, L2).

use xinzhi_core::Day;

use super::duplicate;
use crate::model::{Law, LawIx, Level, Pack};
use crate::names::{listed, nearest};
use crate::raw::At;
use crate::report::{Noun, Report};
use crate::shape::{Item, Map, id_of, map, scalar, span_of, words};

/// One entry of `laws.yaml`.
pub(super) fn read(item: Item<'_>, pack: &mut Pack, report: &mut Report) {
    let keys = ["id", "title", "article", "level", "issued_by", "in_force", "to_confirm"];
    let Some(map) = map(item, &keys, report) else { return };
    let id = map.need("id", report).and_then(|item| id_of(item, report));
    if let Some(id) = &id
        && pack.laws.iter().any(|law| law.id == *id)
    {
        duplicate(Noun::Law, id, map.at_key("id"), report);
    }
    let title = map.text("title", report);
    if title.as_deref().is_some_and(|title| title.starts_with('《')) {
        report.fault(map.at_key("title"), "law-title", "`title` 不写书名号", "引用时会自动加上书名号，请删去外层的 `《》`");
    }
    let article = map.text_if("article", report).unwrap_or_default();
    let level = map.need("level", report).and_then(|item| level(item, report));
    let issued_by = map.text("issued_by", report);
    let in_force = map.need("in_force", report).and_then(|item| span_of(item, report));
    let to_confirm = map.text_if("to_confirm", report);
    let law =
        (|| Some(Law { id: id.clone()?, title: title?, article, level: level?, issued_by: issued_by?, in_force: in_force?, to_confirm }))();
    match (law, id) {
        (Some(law), _) => pack.laws.push(law),
        (None, Some(id)) => report.doubt(Noun::Law, id),
        (None, None) => report.unreadable(Noun::Law),
    }
}

fn level(item: Item<'_>, report: &mut Report) -> Option<Level> {
    let word = scalar(item, "效力级别", report)?;
    let level = Level::ALL.into_iter().find(|level| level.title() == word);
    if level.is_none() {
        let titles = Level::ALL.map(Level::title);
        let help = nearest(word, titles).map_or_else(|| format!("可用的有：{}", listed(titles)), |meant| format!("是否想写 `{meant}`？"));
        report.fault(item.at(), "unknown-level", format!("没有 `{word}` 这一效力级别"), help);
    }
    level
}

/// What a rule asks of its bases.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rest {
    /// A day on which each basis must be in force; none asks only that it begins before the pack ends.
    pub on: Option<Day>,
    /// Whether a description of our own model is enough, as for a scorecard.
    pub own_model: bool,
}

/// Reads `basis`: never empty, every name known, every document in force when the rule is.
pub(super) fn basis(map: Map<'_>, rest: Rest, pack: &Pack, report: &mut Report) -> Vec<LawIx> {
    let Some(item) = map.get("basis") else {
        report.fault(map.at, "no-basis", "缺少 `basis`：每条规则都须有依据", "请补写 `basis: [依据编号]`，依据在 laws.yaml 中登记");
        return Vec::new();
    };
    let mut basis = Vec::new();
    let names = words(item, report);
    for (at, name) in &names {
        match pack.laws.iter().position(|law| law.id == *name) {
            Some(position) => basis.push(LawIx(position)),
            None => report.unknown(*at, (Noun::Law, name), "", pack.laws.iter().map(|law| law.id.as_str())),
        }
    }
    if names.is_empty() && matches!(&item.node.value, crate::raw::Value::List(nodes) if nodes.is_empty()) {
        report.fault(item.at(), "no-basis", "`basis` 是空的：每条规则都须有依据", "请填写依据编号，依据在 laws.yaml 中登记");
    }
    for ((at, _), ix) in names.iter().filter(|(_, name)| pack.laws.iter().any(|law| law.id == *name)).zip(&basis) {
        if let Some(law) = pack.laws.get(ix.0) {
            in_force(law, *at, rest.on, pack.review_by, report);
        }
    }
    let only_own = !basis.is_empty() && basis.iter().all(|ix| pack.laws.get(ix.0).is_some_and(|law| law.level == Level::OwnModel));
    if only_own && !rest.own_model && basis.len() == names.len() {
        let help = "自定模型说明只能解释评价模型，请另引法律、法规、规章、文件或标准";
        report.fault(item.at(), "own-model-basis", "`basis` 只有自定模型说明", help);
    }
    basis
}

fn in_force(law: &Law, at: At, on: Option<Day>, review_by: Day, report: &mut Report) {
    let (id, citation, from) = (&law.id, law.citation(), law.in_force.from);
    if from > on.unwrap_or(review_by) {
        let day = on.unwrap_or(review_by);
        let message = format!("依据 `{id}`（{citation}）自 {from} 起施行，{day} 尚未生效");
        report.fault(at, "basis-not-in-force", message, "请改引当时有效的依据，或推迟规则的适用日期");
    }
    if let (Some(until), Some(day)) = (law.in_force.until, on)
        && until < day
    {
        let message = format!("依据 `{id}`（{citation}）于 {until} 失效，不能支持到 {day}");
        report.fault(at, "basis-not-in-force", message, "请改引现行有效的依据，或提前规则的截止日期");
    }
}
