//! Fields of a record kind: what they hold, what they may be called, who may see them.

use std::collections::BTreeMap;

use xinzhi_core::money::Unit;

use super::catalog;
use super::predicate;
use super::subject;
use crate::forbidden::forbidden_field;
use crate::model::{ChoiceValue, Choices, Field, FieldIx, FieldKind, Nature, Need, Pack, RecordKind, Seal};
use crate::names::{listed, nearest};
use crate::raw::{At, Value};
use crate::report::{Noun, Report, doubtful_name};
use crate::shape::{Item, Map, count_of, flag_of, list, map, scalar, text_of, whole_of, words};

/// The kernel keeps a bit for each value of a choice.
const VALUES_MAX: usize = 62;

const KEYS: [&str; 13] = ["code", "title", "aliases", "type", "need", "width", "seal", "values", "other", "unit", "min", "max", "future"];

/// What a condition is about: the kind, and whether 失信程度 is known by then.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scope<'a> {
    pub kind: &'a RecordKind,
    pub class: bool,
}

/// How faults name a record kind in which something was looked for.
pub(super) fn scope_of(kind: &RecordKind) -> String {
    format!("`{}`", kind.title)
}

/// Resolves a field of `kind` by title or code.
pub(super) fn named(at: At, name: &str, kind: &RecordKind, report: &mut Report) -> Option<FieldIx> {
    let ix = kind.field(name);
    if ix.is_none() {
        report.unknown(at, (Noun::Field, name), &scope_of(kind), kind.fields.iter().map(|field| field.title.as_str()));
    }
    ix
}

/// Resolves the field of days that a key names; none where it names nothing.
pub(super) fn of_days(map: Map<'_>, key: &str, kind: &RecordKind, report: &mut Report) -> Option<FieldIx> {
    let item = map.get(key)?;
    let name = scalar(item, "字段名", report)?;
    let ix = named(item.at(), name, kind, report)?;
    if !matches!(kind.at(ix)?.kind, FieldKind::Day { .. }) {
        let message = format!("`{key}` 指向的 `{name}` 不是日期字段");
        report.fault(item.at(), "role-type", message, "请改为类型是 `day` 的字段");
        return None;
    }
    Some(ix)
}

/// Reads the fields into `kind`; conditions on them are read once all are known.
pub(super) fn read(item: Item<'_>, kind: &mut RecordKind, pack: &Pack, report: &mut Report) {
    let mut conditions = Vec::new();
    let mut taken = BTreeMap::new();
    let items = list(item, report).unwrap_or_default();
    if items.is_empty() {
        report.fault(item.at(), "no-fields", "`fields` 没有任何字段", "请至少登记一个字段");
    }
    for item in items {
        let Some(map) = map(item, &KEYS, report) else { continue };
        let (code, title) = (map.text("code", report), map.text("title", report));
        if let Some(field) = field(map, (code.clone(), title.clone()), pack, report) {
            distinct(map, &field, &mut taken, report);
            if let Some(need) = map.get("need").filter(|need| matches!(need.node.value, Value::Map(_))) {
                conditions.push((kind.fields.len(), need));
            }
            kind.fields.push(field);
        } else {
            let scope = scope_of(kind);
            [code, title].into_iter().flatten().for_each(|name| report.doubt(Noun::Field, doubtful_name(&scope, &name)));
        }
    }
    for (position, need) in conditions {
        let when = self::map(need, &["when"], report)
            .and_then(|map| map.need("when", report))
            .and_then(|item| predicate::read(item, Scope { kind, class: false }, report));
        if let (Some(field), Some(when)) = (kind.fields.get_mut(position), when) {
            field.need = Need::When(when);
        }
    }
}

fn field(map: Map<'_>, (code, title): (Option<String>, Option<String>), pack: &Pack, report: &mut Report) -> Option<Field> {
    let aliases = map.get("aliases").map(|item| words(item, report)).unwrap_or_default();
    let titles = title.iter().map(|title| (map.at_key("title"), title)).chain(aliases.iter().map(|(at, alias)| (*at, alias)));
    for (at, name) in titles {
        if let Some(reason) = forbidden_field(name) {
            let message = format!("字段 `{name}` 不得归集：{reason}");
            report.fault(at, "forbidden-field", message, "请删去这一字段");
        }
    }
    let kind = map.need("type", report).and_then(|item| kind(item, map, pack, report));
    let need = map.need("need", report).and_then(|item| need(item, report));
    let seal = map.get("seal").map_or(Some(Seal::Open), |item| seal(item, report));
    let width = map.get("width").and_then(|item| count_of(item, 1, report)).and_then(|width| usize::try_from(width).ok());
    if matches!(kind, Some(FieldKind::PersonNumber)) && seal == Some(Seal::Open) {
        let help = "请写 `seal: always`，或仅当相对人是自然人时写 `seal: when_person`";
        report.fault(map.at, "open-person-number", "个人证件号码必须加密保存", help);
    }
    let aliases = aliases.into_iter().map(|(_, alias)| alias).collect();
    Some(Field { code: code?, title: title?, aliases, kind: kind?, need: need?, width, seal: seal? })
}

/// Every word that means a field means no other one of the same kind.
fn distinct(map: Map<'_>, field: &Field, taken: &mut BTreeMap<String, String>, report: &mut Report) {
    let code = (map.at_key("code"), field.code.clone());
    let title = (map.at_key("title"), field.title.clone());
    let aliases = field.aliases.iter().map(|alias| (map.at_key("aliases"), alias.clone()));
    for (at, name) in [code, title].into_iter().chain(aliases) {
        if let Some(owner) = taken.insert(name.clone(), field.title.clone()) {
            let message = format!("`{name}` 已是字段 `{owner}` 的代码、名称或别名");
            report.fault(at, "duplicate-field", message, "同一信息种类内代码、名称和别名都不能重复，请改用另一个");
        }
    }
}

fn need(item: Item<'_>, report: &mut Report) -> Option<Need> {
    if matches!(item.node.value, Value::Map(_)) {
        return Some(Need::Optional);
    }
    match scalar(item, "填写要求", report)? {
        "required" => Some(Need::Required),
        "expected" => Some(Need::Expected),
        "optional" => Some(Need::Optional),
        other => {
            let help = "请从 `required`、`expected`、`optional` 中选，或写 `{ when: 条件 }`";
            report.fault(item.at(), "unknown-need", format!("没有 `{other}` 这一填写要求"), help);
            None
        }
    }
}

fn seal(item: Item<'_>, report: &mut Report) -> Option<Seal> {
    match scalar(item, "加密要求", report)? {
        "open" => Some(Seal::Open),
        "when_person" => Some(Seal::WhenPerson),
        "always" => Some(Seal::Always),
        other => {
            report.fault(item.at(), "unknown-seal", format!("没有 `{other}` 这一加密要求"), "请从 `open`、`when_person`、`always` 中选");
            None
        }
    }
}

/// The type with the keys that belong to it; a key of another type is a fault.
fn kind(item: Item<'_>, map: Map<'_>, pack: &Pack, report: &mut Report) -> Option<FieldKind> {
    const TYPES: [&str; 9] = ["text", "uscc", "org_code", "person_number", "choice", "choices", "integer", "money", "day"];
    let word = scalar(item, "字段类型", report)?;
    let own: &[&str] = match word {
        "text" => &["width"],
        "choice" | "choices" => &["values", "other"],
        "integer" => &["min", "max"],
        "money" => &["unit"],
        "day" => &["future"],
        _ => &[],
    };
    for key in ["width", "values", "other", "min", "max", "unit", "future"] {
        if let Some(item) = map.get(key).filter(|_| TYPES.contains(&word) && !own.contains(&key)) {
            report.fault(item.at(), "key-not-for-type", format!("`{key}` 不适用于类型 `{word}`"), "请删去这个键，或改正 `type`");
        }
    }
    match word {
        "text" => Some(FieldKind::Text),
        "uscc" => Some(FieldKind::Uscc),
        "org_code" => Some(FieldKind::OrgCode),
        "person_number" => Some(FieldKind::PersonNumber),
        "choice" => choices(map, pack, report).map(FieldKind::Choice),
        "choices" => choices(map, pack, report).map(FieldKind::Choices),
        "integer" => integer(map, report),
        "money" => map.need("unit", report).and_then(|item| unit(item, report)).map(FieldKind::Money),
        "day" => Some(FieldKind::Day { future: map.get("future").map_or(Some(false), |item| flag_of(item, report))? }),
        other => {
            let help =
                nearest(other, TYPES).map_or_else(|| format!("可用的有：{}", listed(TYPES)), |meant| format!("是否想写 `{meant}`？"));
            report.fault(item.at(), "unknown-type", format!("没有 `{other}` 这一字段类型"), help);
            None
        }
    }
}

fn integer(map: Map<'_>, report: &mut Report) -> Option<FieldKind> {
    let bounds = (-1_000_000_000_000, 1_000_000_000_000);
    let min = map.need("min", report).and_then(|item| whole_of(item, bounds, report));
    let max = map.need("max", report).and_then(|item| whole_of(item, bounds, report));
    let (min, max) = (min?, max?);
    if min > max {
        report.fault(map.at_key("max"), "bounds-reversed", format!("`max` {max} 小于 `min` {min}"), "请核对取值范围");
    }
    Some(FieldKind::Integer { min, max })
}

fn unit(item: Item<'_>, report: &mut Report) -> Option<Unit> {
    match scalar(item, "金额单位", report)? {
        "元" => Some(Unit::Yuan),
        "万元" => Some(Unit::TenThousandYuan),
        other => {
            report.fault(item.at(), "unknown-unit", format!("没有 `{other}` 这一金额单位"), "请从 `元`、`万元` 中选");
            None
        }
    }
}

fn choices(map: Map<'_>, pack: &Pack, report: &mut Report) -> Option<Choices> {
    let item = map.need("values", report)?;
    let items = list(item, report)?;
    if items.is_empty() {
        report.fault(item.at(), "no-values", "`values` 没有任何选项", "请列出可选的值");
    }
    if items.len() > VALUES_MAX {
        let message = format!("`values` 有 {} 个选项，超过 {VALUES_MAX} 个", items.len());
        report.fault(item.at(), "too-many-values", message, "请合并相近的选项，或改用 `text`");
    }
    let mut values = Vec::new();
    let mut taken = BTreeMap::new();
    for item in items {
        let Some(value) = self::map(item, &["title", "aliases", "subject_kinds", "nature"], report) else { continue };
        let Some(title) = value.text("title", report) else { continue };
        let aliases = value.get("aliases").map(|item| words(item, report)).unwrap_or_default();
        let own = (value.at_key("title"), title.clone());
        for (at, name) in [own].into_iter().chain(aliases.iter().cloned()) {
            if let Some(owner) = taken.insert(name.clone(), title.clone()) {
                let message = format!("`{name}` 已是选项 `{owner}` 的名称或别名");
                report.fault(at, "duplicate-choice", message, "同一字段内选项的名称和别名都不能重复，请改用另一个");
            }
        }
        let kinds = value.get("subject_kinds").map(|item| words(item, report)).unwrap_or_default();
        let subject_kinds = kinds.into_iter().filter_map(|(at, name)| subject::subject(at, &name, pack, report)).collect();
        let nature = value.get("nature").and_then(|item| catalog::nature(item, report)).unwrap_or(Nature::Neutral);
        values.push(ChoiceValue { title, aliases: aliases.into_iter().map(|(_, alias)| alias).collect(), subject_kinds, nature });
    }
    let mut choices = Choices { values, other: None };
    if let Some(item) = map.get("other") {
        let name = text_of(item, report)?;
        choices.other = value(item.at(), &name, &choices, report);
    }
    Some(choices)
}

/// Resolves a value of a choice by title or alias.
pub(super) fn value(at: At, name: &str, choices: &Choices, report: &mut Report) -> Option<usize> {
    let position = choices.find(name);
    if position.is_none() {
        let titles = || choices.values.iter().map(|value| value.title.as_str());
        let help =
            nearest(name, titles()).map_or_else(|| format!("可用的有：{}", listed(titles())), |meant| format!("是否想写 `{meant}`？"));
        report.fault(at, "unknown-value", format!("没有 `{name}` 这一选项"), help);
    }
    position
}

/// The values of the party kind say which subject kinds they stand for; those are the kinds the record may be about.
pub(super) fn party_kind(ix: FieldIx, kind: &RecordKind, at: At, report: &mut Report) {
    let Some(FieldKind::Choice(choices)) = kind.at(ix).map(|field| &field.kind) else { return };
    if choices.values.iter().all(|value| value.subject_kinds.is_empty()) && !report.incomplete(Noun::SubjectKind) {
        let help = "请给各选项补写 `subject_kinds: [主体类型]`";
        report.fault(at, "party-kind", "充当 `party_kind` 的字段没有写明各选项对应的主体类型", help);
    }
}
