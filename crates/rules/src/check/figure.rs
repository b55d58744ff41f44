//! Figures: what is counted is one of the engine's populations, in words that it knows; nobody can define a figure that cannot be counted.

use xinzhi_core::measure::MeasureKind;

use super::field::named;
use super::laws::{Rest, basis};
use super::source::record_kind;
use super::subject::{overlap, subject};
use super::{duplicate, named_after};
use crate::figure::{Better, Dimension, Figure, FigureKind, MONTHS_MAX, Only, Population, State};
use crate::model::{FieldIx, FieldKind, KindIx, MatterIx, Pack, ScorecardIx, Seal};
use crate::names::{listed, nearest};
use crate::raw::At;
use crate::report::{Noun, Report};
use crate::shape::{Item, Map, entries, flag_of, id_of, map, one_or_list, text_of, whole_of, word_of, words};

const KEYS: [&str; 18] = [
    "figure",
    "title",
    "order",
    "counts",
    "scorecard",
    "place",
    "kind",
    "of",
    "among",
    "where",
    "by",
    "months",
    "whole_months",
    "unit",
    "better",
    "definition",
    "basis",
    "source",
];

/// Months of a trend unless the figure says otherwise.
const MONTHS: u32 = 12;
/// Characters of a unit.
const UNIT_CHARS_MAX: usize = 4;

/// One file of `figures/`.
pub(super) fn read(item: Item<'_>, stem: &str, pack: &mut Pack, report: &mut Report) {
    let Some(map) = map(item, &KEYS, report) else { return };
    let id = map.need("figure", report).and_then(|item| id_of(item, report));
    let title = map.text("title", report);
    if let Some(id) = &id {
        named_after(id, stem, map.at_key("figure"), report);
    }
    for figure in &pack.figures {
        for (name, key, known) in [(&id, "figure", &figure.id), (&title, "title", &figure.title)] {
            if let Some(name) = name.as_deref().filter(|name| name == known) {
                duplicate(Noun::Figure, name, map.at_key(key), report);
            }
        }
    }
    if let (Some(figure), Some(id), Some(title)) = (figure(map, pack, report), id, title) {
        pack.figures.push(Figure { id, title, ..figure });
    }
}

/// Everything but its names.
fn figure(map: Map<'_>, pack: &Pack, report: &mut Report) -> Option<Figure> {
    let order = map.need("order", report).and_then(|item| whole_of(item, (0, 9_999), report));
    let counts = map.need("counts", report).and_then(|item| counts(item, map, pack, report));
    let better = map.need("better", report).and_then(|item| word_of(item, "好坏方向", &Better::WORDS, report));
    let definition = map.text("definition", report);
    let months = map.get("months").map(|item| whole_of(item, (1, i64::from(MONTHS_MAX)), report));
    let whole_months = map.get("whole_months").and_then(|item| flag_of(item, report)).unwrap_or(false);
    let unit = map.get("unit").map(|item| unit(item, report));
    let source = map.text_if("source", report);
    let basis = match (map.get("basis"), map.get("source")) {
        (None, Some(_)) => Vec::new(),
        (None, None) => {
            let help = "请补写 `basis: [依据编号]`；没有依据的写 `source: 定义的出处`";
            report.fault(map.at, "no-basis", "缺少 `basis` 和 `source`：统计指标的定义须有依据或出处", help);
            Vec::new()
        }
        (Some(_), _) => basis(map, Rest { on: None, own_model: true }, pack, report),
    };
    // Without knowing what is counted nothing can be said of the rest.
    let counts = counts?;
    let kind = map.need("kind", report).and_then(|item| kind(item, (map, counts), pack, report));
    let by = map.need("by", report).map(|item| dimensions(item, counts, report));
    let filter = map.get("where").map(|item| filter(item, counts, pack, report)).unwrap_or_default();
    if let Some(item) = map.get("months").or(map.get("whole_months"))
        && !counts.dimensions().contains(&Dimension::Month)
    {
        let message = format!("{}只有现状，没有月份", counts.title());
        report.fault(item.at(), "no-months", message, "请删去 `months` 和 `whole_months`");
    }
    Some(Figure {
        id: String::new(),
        title: String::new(),
        order: order?,
        counts,
        kind: kind?,
        filter,
        by: by?,
        months: months.flatten().and_then(|months| u32::try_from(months).ok()).unwrap_or(MONTHS),
        whole_months,
        unit: unit.flatten().unwrap_or_else(|| counts.unit().to_owned()),
        better: better?,
        definition: definition?,
        basis,
        source: source.unwrap_or_default(),
        review_by: pack.review_by,
    })
}

fn counts(item: Item<'_>, map: Map<'_>, pack: &Pack, report: &mut Report) -> Option<Population> {
    let chosen = word_of(item, "统计的对象", &Population::WORDS.map(|(word, _)| (word, word)), report)?;
    let population = match chosen {
        "obligations" => Population::Obligations,
        "checks" => Population::Checks,
        "rows" => Population::Rows,
        "records" => Population::Records,
        "measures" => Population::Measures,
        _ => return evaluations(map, pack, report),
    };
    for key in ["scorecard", "place"] {
        if let Some(item) = map.get(key) {
            let message = format!("`{key}` 只用于 `counts: evaluations`");
            report.fault(item.at(), "unknown-key", message, "请删去这个键");
        }
    }
    Some(population)
}

fn evaluations(map: Map<'_>, pack: &Pack, report: &mut Report) -> Option<Population> {
    let item = map.need("scorecard", report)?;
    let name = text_of(item, report)?;
    let Some((scorecard, _)) = pack.scorecard_by_id(&name) else {
        report.unknown(item.at(), (Noun::Scorecard, &name), "", pack.scorecards.iter().map(|card| card.id.as_str()));
        return None;
    };
    let place = match map.get("place") {
        None => None,
        Some(item) => Some(place(item, scorecard, pack, report)?),
    };
    Some(Population::Evaluations { scorecard, place })
}

/// A field of a registration by which subjects belong together: open, and told of the subjects that are evaluated.
fn place(item: Item<'_>, scorecard: ScorecardIx, pack: &Pack, report: &mut Report) -> Option<(KindIx, FieldIx)> {
    let map = map(item, &["record", "field"], report)?;
    let (record, field) = (map.need("record", report), map.need("field", report));
    let (record, field) = (record?, field?);
    let ix = record_kind(record, pack, report)?;
    let kind = pack.record_kinds.get(ix.0)?;
    let card = pack.scorecards.get(scorecard.0)?;
    if !overlap(&kind.subjects, &card.subjects) {
        super::grade::no_common_subject(record.at(), &kind.title, report);
    }
    let name = text_of(field, report)?;
    let found = named(field.at(), &name, kind, report)?;
    let fits = kind.at(found).is_some_and(|f| f.seal == Seal::Open && matches!(f.kind, FieldKind::Text | FieldKind::Choice(_)));
    if !fits {
        let message = format!("字段 `{name}` 不能用来划分场所");
        report.fault(field.at(), "place-field", message, "请改用不加密的文字或单选字段，如市场名称");
        return None;
    }
    Some((ix, found))
}

fn kind(item: Item<'_>, (map, counts): (Map<'_>, Population), pack: &Pack, report: &mut Report) -> Option<FigureKind> {
    let words = ["count", "share", "median"].map(|word| (word, word));
    let kind = word_of(item, "统计的方式", &words, report)?;
    let mut states = |key| map.get(key).map(|item| states(item, counts, pack, report));
    let (of, among) = (states("of"), states("among"));
    if let Some(item) = map.get("of").filter(|_| kind == "median").or_else(|| map.get("among").filter(|_| kind != "share")) {
        let message = format!("`{}` 不能与 `kind: {kind}` 同写", item.what);
        report.fault(item.at(), "unknown-key", message, "占比写 `of` 和 `among`，计数只写 `of`，中位数两个都不写");
    }
    match kind {
        "count" => Some(FigureKind::Count { of: of.unwrap_or_default() }),
        "median" => {
            if counts.lasts().is_none() {
                let help = "中位数按天数计算，只用于 `obligations` 和 `records`";
                report.fault(item.at(), "no-median", format!("{}没有可以取中位数的天数", counts.title()), help);
            }
            Some(FigureKind::Median)
        }
        _ => {
            let Some(of) = of else {
                report.fault(map.at, "missing-key", "缺少 `of`", "占比须写明分子：`of: [状态]`");
                return None;
            };
            let among = among.unwrap_or_default();
            if let Some(item) = map.get("of").filter(|_| !among.is_empty() && !of.iter().all(|state| within(*state, &among))) {
                let help = "分子须是分母的一部分，请核对 `of` 和 `among`";
                report.fault(item.at(), "share-parts", "`of` 里有 `among` 之外的状态", help);
            }
            Some(FigureKind::Share { of, among })
        }
    }
}

/// Whether whatever is in `state` is in one of `among` too.
fn within(state: State, among: &[State]) -> bool {
    let closed = matches!(state, State::Executed | State::NotExecuted | State::InTime | State::Late);
    among.contains(&state) || (closed && among.contains(&State::Closed))
}

fn states(item: Item<'_>, counts: Population, pack: &Pack, report: &mut Report) -> Vec<State> {
    let mut known: Vec<(&str, State)> = counts.states().iter().map(|state| (state.word(), *state)).collect();
    if let Population::Evaluations { scorecard, .. } = counts
        && let Some(card) = pack.scorecard(scorecard)
    {
        known.extend(card.grades.iter().enumerate().map(|(position, grade)| (grade.name.as_str(), State::Grade(position))));
        known.push((State::Ungraded.word(), State::Ungraded));
    }
    let names = words(item, report);
    if names.is_empty() && matches!(&item.node.value, crate::raw::Value::List(nodes) if nodes.is_empty()) {
        report.fault(item.at(), "no-states", format!("`{}` 是空的", item.what), "请至少写一个状态");
    }
    let mut states = Vec::new();
    for (at, name) in names {
        match known.iter().find(|(word, _)| *word == name) {
            Some((_, state)) => states.push(*state),
            None if known.is_empty() => {
                let message = format!("{}不分状态，没有 `{name}`", counts.title());
                report.fault(at, "unknown-state", message, format!("请删去 `{}`", item.what));
            }
            None => {
                let meant = nearest(&name, known.iter().map(|(word, _)| *word)).map(|meant| format!("是否想写 `{meant}`？"));
                let help = meant.unwrap_or_else(|| format!("可用的有：{}", listed(known.iter().map(|(word, _)| *word))));
                report.fault(at, "unknown-state", format!("{}没有 `{name}` 这一状态", counts.title()), help);
            }
        }
    }
    states
}

fn dimensions(item: Item<'_>, counts: Population, report: &mut Report) -> Vec<Dimension> {
    let names = words(item, report);
    if names.is_empty() && matches!(&item.node.value, crate::raw::Value::List(nodes) if nodes.is_empty()) {
        report.fault(item.at(), "no-dimensions", "`by` 是空的", "请至少写一种划分，如 `month`");
    }
    let known = || counts.dimensions().iter().map(|dimension| dimension.word());
    let mut by = Vec::new();
    for (at, name) in names {
        match Dimension::from_word(&name).filter(|dimension| counts.dimensions().contains(dimension)) {
            Some(dimension) => by.push(dimension),
            None => {
                let help = format!("可用的有：{}", listed(known()));
                report.fault(at, "unknown-dimension", format!("{}不能按 `{name}` 划分", counts.title()), help);
            }
        }
    }
    by
}

fn filter(item: Item<'_>, counts: Population, pack: &Pack, report: &mut Report) -> Vec<Only> {
    let mut only = Vec::new();
    for entry in entries(item, report).unwrap_or_default() {
        let values = Item { what: &entry.key, node: &entry.value };
        let dimension = Dimension::from_word(&entry.key).filter(|dimension| counts.dimensions().contains(dimension));
        match (dimension, counts) {
            (Some(Dimension::Kind), Population::Records) => {
                let kinds = one_or_list(values, report).unwrap_or_default();
                only.push(Only::RecordKinds(kinds.into_iter().filter_map(|kind| record_kind(kind, pack, report)).collect()));
            }
            (Some(Dimension::Kind), _) => {
                let kinds = one_or_list(values, report).unwrap_or_default();
                only.push(Only::MeasureKinds(kinds.into_iter().filter_map(|kind| measure_kind(kind, report)).collect()));
            }
            (Some(Dimension::Subject), _) => only.push(Only::Subjects(
                named_values(values, report).into_iter().filter_map(|(at, name)| subject(at, &name, pack, report)).collect(),
            )),
            (Some(Dimension::Matter), _) => only.push(Only::Matters(
                named_values(values, report).into_iter().filter_map(|(at, name)| matter(at, &name, pack, report)).collect(),
            )),
            (Some(Dimension::Source), _) => only.push(Only::Sources(
                named_values(values, report).into_iter().filter_map(|(at, name)| source(at, &name, pack, report)).collect(),
            )),
            _ => {
                let known = counts
                    .dimensions()
                    .iter()
                    .filter(|dimension| matches!(dimension, Dimension::Kind | Dimension::Subject | Dimension::Matter | Dimension::Source));
                let help = format!("可用的有：{}", listed(known.map(|dimension| dimension.word())));
                report.fault(entry.at, "unknown-dimension", format!("{}不能用 `{}` 筛选", counts.title(), entry.key), help);
            }
        }
    }
    only
}

fn named_values(item: Item<'_>, report: &mut Report) -> Vec<(At, String)> {
    let parts = one_or_list(item, report).unwrap_or_default();
    parts.into_iter().filter_map(|part| Some((part.at(), text_of(part, report)?))).collect()
}

fn measure_kind(item: Item<'_>, report: &mut Report) -> Option<MeasureKind> {
    let known =
        [("incentive", MeasureKind::Incentive), ("supervision", MeasureKind::Supervision), ("restriction", MeasureKind::Restriction)];
    word_of(item, "措施种类", &known, report)
}

fn matter(at: At, name: &str, pack: &Pack, report: &mut Report) -> Option<MatterIx> {
    let position = pack.matters.iter().position(|matter| matter.id == name);
    if position.is_none() {
        report.unknown(at, (Noun::Matter, name), "", pack.matters.iter().map(|matter| matter.id.as_str()));
    }
    position.map(MatterIx)
}

fn source(at: At, name: &str, pack: &Pack, report: &mut Report) -> Option<String> {
    let found = pack.sources.iter().find(|source| source.id == name);
    if found.is_none() {
        report.unknown(at, (Noun::Source, name), "", pack.sources.iter().map(|source| source.id.as_str()));
    }
    found.map(|source| source.id.clone())
}

fn unit(item: Item<'_>, report: &mut Report) -> Option<String> {
    let unit = text_of(item, report)?;
    if unit.chars().count() > UNIT_CHARS_MAX {
        report.fault(
            item.at(),
            "unit-length",
            format!("`unit` 太长：`{unit}`"),
            format!("请写不超过 {UNIT_CHARS_MAX} 个字的量词，如 `户`"),
        );
        return None;
    }
    Some(unit)
}
