//! Cases: what a pack expects of itself, checked so that a misspelt case cannot pass by testing nothing.

use std::collections::BTreeMap;

use xinzhi_core::measure::MeasureState;

use super::catalog::class_of;
use super::field::{self, value};
use super::predicate::rules_may_read;
use super::source::record_kind;
use super::subject;
use crate::case::{Case, CaseRecord, ExpectedCheck, ExpectedEvaluation, ExpectedWay};
use crate::model::{Choices, Field, FieldKind, KindIx, MatterIx, Nature, Pack, RecordKind, Scorecard, SubjectKindIx};
use crate::names::listed;
use crate::raw::{At, Value};
use crate::report::{Noun, Report};
use crate::shape::{Item, day_of, entries, flag_of, list, map, money_of, one_or_list, points_of, scalar, text_of, whole_of, words};

/// One entry of `cases/*.yaml`.
pub(super) fn read(item: Item<'_>, pack: &mut Pack, report: &mut Report) {
    let Some(map) = map(item, &["case", "as_of", "subject", "covered", "records", "expect"], report) else { return };
    let title = map.text("case", report);
    if let Some(title) = title.as_ref().filter(|title| pack.cases.iter().any(|case| case.title == **title)) {
        report.fault(map.at_key("case"), "duplicate-id", format!("用例 `{title}` 重复"), "请改用另一个标题");
    }
    let as_of = map.need("as_of", report).and_then(|item| day_of(item, report));
    let subject = map.need("subject", report).and_then(|item| {
        let name = text_of(item, report)?;
        subject::subject(item.at(), &name, pack, report)
    });
    let covered = map.need("covered", report).map(|item| covered(item, pack, report)).unwrap_or_default();
    let records = map.need("records", report).map(|item| records(item, subject, pack, report)).unwrap_or_default();
    let expect = map.need("expect", report).and_then(|item| self::map(item, &["evaluation", "check"], report));
    let Some(expect) = expect else { return };
    let names: Vec<&str> = records.iter().map(|record| record.name.as_str()).collect();
    let evaluation = expect.get("evaluation").map(|item| evaluation(item, (&names, subject), pack, report));
    let check = expect.get("check").map(|item| check(item, subject, pack, report));
    if evaluation.is_none() && check.is_none() {
        report.fault(expect.at, "case-empty", "`expect` 没有写任何期望", "请写 `evaluation` 或 `check`，否则这个用例什么也不检验");
    }
    let case = (|| {
        Some(Case {
            file: report.file().to_owned(),
            line: map.at_key("case").line,
            title: title?,
            as_of: as_of?,
            subject: subject?,
            covered,
            records,
            evaluation: evaluation.map_or(Some(None), |read| read.map(Some))?,
            check: check.map_or(Some(None), |read| read.map(Some))?,
        })
    })();
    pack.cases.extend(case);
}

fn covered(item: Item<'_>, pack: &Pack, report: &mut Report) -> Vec<KindIx> {
    if matches!(&item.node.value, Value::Scalar(text) if text == "all") {
        return (0..pack.record_kinds.len()).map(KindIx).collect();
    }
    list(item, report).unwrap_or_default().into_iter().filter_map(|item| record_kind(item, pack, report)).collect()
}

fn records(item: Item<'_>, subject: Option<SubjectKindIx>, pack: &Pack, report: &mut Report) -> Vec<CaseRecord> {
    let mut records: Vec<CaseRecord> = Vec::new();
    for item in list(item, report).unwrap_or_default() {
        let Some(map) = map(item, &["id", "record", "day", "class", "fields"], report) else { continue };
        let name = map.text("id", report);
        if let Some(name) = name.as_ref().filter(|name| records.iter().any(|record| record.name == **name)) {
            report.fault(map.at_key("id"), "duplicate-id", format!("记录 `{name}` 重复"), "同一用例内的记录用不同的编号");
        }
        let ix = map.need("record", report).and_then(|item| record_kind(item, pack, report));
        let day = map.need("day", report).and_then(|item| day_of(item, report));
        let class = map.get("class").and_then(|item| class_of(item, report));
        let Some((ix, kind)) = ix.and_then(|ix| Some((ix, pack.record_kinds.get(ix.0)?))) else { continue };
        if let Some(item) = map.get("class").filter(|_| kind.nature != Nature::Adverse) {
            let message = format!("{} `{}` 没有失信程度", kind.nature.title(), kind.title);
            report.fault(item.at(), "class-not-adverse", message, "请删去 `class`");
        }
        if subject.is_some_and(|subject| !kind.subjects.is_empty() && !kind.subjects.contains(&subject)) {
            let message = format!("`{}` 不涉及本用例的主体类型", kind.title);
            report.fault(map.at_key("record"), "subjects-apart", message, "请核对用例的 `subject` 与该信息种类的 `subjects`");
        }
        let values = map.get("fields").map_or_else(|| vec![None; kind.fields.len()], |item| values(item, kind, report));
        if let (Some(name), Some(day)) = (name, day) {
            records.push(CaseRecord { name, kind: ix, day, class, values });
        }
    }
    records
}

fn values(item: Item<'_>, kind: &RecordKind, report: &mut Report) -> Vec<Option<i64>> {
    let mut values = vec![None; kind.fields.len()];
    for entry in entries(item, report).unwrap_or_default() {
        let item = Item { what: &entry.key, node: &entry.value };
        let Some(ix) = field::named(entry.at, &entry.key, kind, report) else { continue };
        let Some(field) = kind.at(ix) else { continue };
        if !rules_may_read(field, &entry.key, entry.at, report) {
            continue;
        }
        let value = written(item, field, report);
        if let Some(slot) = values.get_mut(ix.0) {
            *slot = value;
        }
    }
    values
}

/// A value of a field as rules compare it; none for what no rule may read.
pub(super) fn written(item: Item<'_>, field: &Field, report: &mut Report) -> Option<i64> {
    match &field.kind {
        FieldKind::Choice(choices) => text_of(item, report).and_then(|name| chosen(item.at(), &name, choices, report)),
        FieldKind::Choices(choices) => several(item, choices, report),
        FieldKind::Integer { min, max } => whole_of(item, (*min, *max), report),
        FieldKind::Money(_) => money_of(item, report),
        FieldKind::Day { .. } => day_of(item, report).map(|day| day.number()),
        FieldKind::Text | FieldKind::Uscc | FieldKind::OrgCode | FieldKind::PersonNumber => None,
    }
}

fn chosen(at: At, name: &str, choices: &Choices, report: &mut Report) -> Option<i64> {
    value(at, name, choices, report).and_then(|position| i64::try_from(position).ok())
}

fn several(item: Item<'_>, choices: &Choices, report: &mut Report) -> Option<i64> {
    let mut bits = 0;
    for item in one_or_list(item, report)? {
        let name = text_of(item, report)?;
        let position = value(item.at(), &name, choices, report)?;
        bits |= u32::try_from(position).ok().and_then(|position| 1_i64.checked_shl(position))?;
    }
    Some(bits)
}

type Given<'a> = (&'a [&'a str], Option<SubjectKindIx>);

fn evaluation(item: Item<'_>, (records, subject): Given<'_>, pack: &Pack, report: &mut Report) -> Option<ExpectedEvaluation> {
    let keys = ["scorecard", "points", "grade", "amount", "not_evaluable", "contributions", "unknown", "better"];
    let map = map(item, &keys, report)?;
    let named = map.need("scorecard", report)?;
    let name = text_of(named, report)?;
    let Some((scorecard, card)) = pack.scorecard_by_id(&name) else {
        report.unknown(named.at(), (Noun::Scorecard, &name), "", pack.scorecards.iter().map(|card| card.id.as_str()));
        return None;
    };
    if subject.is_some_and(|subject| !card.subjects.is_empty() && !card.subjects.contains(&subject)) {
        let message = format!("评价模型 `{name}` 不评价本用例的主体类型");
        report.fault(named.at(), "subjects-apart", message, "请核对用例的 `subject` 与评价模型的 `subjects`");
    }
    let points = map.get("points").map(|item| points_of(item, report));
    let grade = map.get("grade").map(|item| super::grade::grade(item, card, report));
    let amount = map.get("amount").and_then(|item| money_of(item, report));
    if let Some(item) = map.get("amount").filter(|_| card.amount.is_none()) {
        let message = format!("评价模型 `{name}` 没有金额");
        report.fault(item.at(), "case-expectation", message, "请删去 `amount`，或在评价模型中写明各等级的金额");
    }
    let not_evaluable = map.get("not_evaluable").and_then(|item| flag_of(item, report)).unwrap_or(false);
    if not_evaluable == (points.is_some() || grade.is_some()) {
        let message = "须写明得分和等级，或写 `not_evaluable: true`，二者取一";
        report.fault(map.at, "case-expectation", message, "请补写 `points` 和 `grade`，或删去与 `not_evaluable` 矛盾的键");
    }
    let contributions = map.get("contributions").map(|item| contributions(item, card, records, report)).unwrap_or_default();
    let unknown = map.get("unknown").map(|item| {
        let names = words(item, report);
        names.iter().for_each(|(at, name)| indicator(*at, name, card, report));
        names.into_iter().map(|(_, name)| name).collect()
    });
    let better = map.get("better").map(|item| better(item, card, records, report));
    let grade = grade.flatten().and_then(|grade| card.grades.get(grade)).map(|grade| grade.name.clone());
    let points = points.flatten();
    Some(ExpectedEvaluation { scorecard, points, grade, amount, contributions, unknown, better })
}

fn contributions(item: Item<'_>, card: &Scorecard, records: &[&str], report: &mut Report) -> BTreeMap<String, Vec<String>> {
    let mut contributions = BTreeMap::new();
    for entry in entries(item, report).unwrap_or_default() {
        indicator(entry.at, &entry.key, card, report);
        contributions.insert(entry.key.clone(), named_records(Item { what: &entry.key, node: &entry.value }, records, report));
    }
    contributions
}

fn named_records(item: Item<'_>, records: &[&str], report: &mut Report) -> Vec<String> {
    let names = words(item, report);
    for (at, name) in names.iter().filter(|(_, name)| !records.contains(&name.as_str())) {
        let help = if records.is_empty() {
            "本用例没有记录".to_owned()
        } else {
            format!("可用的有：{}", listed(records.iter().copied()))
        };
        report.fault(*at, "unknown-record", format!("本用例没有编号为 `{name}` 的记录"), help);
    }
    names.into_iter().map(|(_, name)| name).collect()
}

/// `[{ on: 2026-06-01, grade: B, steps: [r1] }]`: every way to the next better grade, the earliest first.
fn better(item: Item<'_>, card: &Scorecard, records: &[&str], report: &mut Report) -> Vec<ExpectedWay> {
    let mut ways = Vec::new();
    for item in list(item, report).unwrap_or_default() {
        let Some(map) = map(item, &["on", "grade", "steps"], report) else { continue };
        let on = map.need("on", report).and_then(|item| day_of(item, report));
        let grade = map.need("grade", report).and_then(|item| super::grade::grade(item, card, report));
        let mut steps = map.need("steps", report).map(|item| named_records(item, records, report)).unwrap_or_default();
        steps.sort_unstable();
        let grade = grade.and_then(|grade| card.grades.get(grade)).map(|grade| grade.name.clone());
        ways.extend(on.zip(grade).map(|(on, grade)| ExpectedWay { on, grade, steps }));
    }
    ways
}

fn indicator(at: At, name: &str, card: &Scorecard, report: &mut Report) {
    let ids = || card.dimensions.iter().flat_map(|dimension| &dimension.indicators).map(|indicator| indicator.id.as_str());
    if !ids().any(|id| id == name) {
        report.unknown(at, (Noun::Indicator, name), "", ids());
    }
}

fn check(item: Item<'_>, subject: Option<SubjectKindIx>, pack: &Pack, report: &mut Report) -> Option<ExpectedCheck> {
    let map = map(item, &["matter", "measures"], report)?;
    let named = map.need("matter", report)?;
    let name = text_of(named, report)?;
    let Some((position, matter)) = pack.matters.iter().enumerate().find(|(_, matter)| matter.id == name) else {
        report.unknown(named.at(), (Noun::Matter, &name), "", pack.matters.iter().map(|matter| matter.id.as_str()));
        return None;
    };
    if subject.is_some_and(|subject| !matter.subjects.is_empty() && !matter.subjects.contains(&subject)) {
        let message = format!("事项 `{name}` 不涉及本用例的主体类型");
        report.fault(named.at(), "subjects-apart", message, "请核对用例的 `subject` 与事项的 `subjects`");
    }
    let ids = || matter.measures.iter().filter_map(|ix| pack.measures.get(ix.0)).map(|measure| measure.id.as_str());
    let mut measures = BTreeMap::new();
    for entry in map.need("measures", report).and_then(|item| entries(item, report)).unwrap_or_default() {
        if !ids().any(|id| id == entry.key) {
            report.unknown(entry.at, (Noun::Measure, &entry.key), "本事项", ids());
        }
        if let Some(state) = state(Item { what: &entry.key, node: &entry.value }, report) {
            measures.insert(entry.key.clone(), state);
        }
    }
    Some(ExpectedCheck { matter: MatterIx(position), measures })
}

fn state(item: Item<'_>, report: &mut Report) -> Option<MeasureState> {
    match scalar(item, "措施状态", report)? {
        "in_force" => Some(MeasureState::InForce),
        "proposed" => Some(MeasureState::Proposed),
        other => {
            report.fault(item.at(), "unknown-state", format!("没有 `{other}` 这一措施状态"), "请从 `in_force`、`proposed` 中选");
            None
        }
    }
}
