//! The catalogue: one kind of record a file, with the guardrails that stand before any rule may read it.

use xinzhi_core::record::Class;

use super::field::{self, Scope};
use super::laws::{Rest, basis};
use super::subject::{positions, subjects};
use super::{duplicate, named_after, predicate, relation, remedy};
use crate::forbidden::forbidden_field;
use crate::model::{ClassLine, FieldIx, FieldKind, ListSpan, Nature, Need, Pack, RecordKind, RepeatedAmount, Roles};
use crate::raw::At;
use crate::report::{Noun, Report};
use crate::shape::{Item, Map, count_of, entries, id_of, list, map, scalar, text_of, words};

const KEYS: [&str; 18] = [
    "kind",
    "title",
    "category",
    "basis",
    "supplier",
    "nature",
    "subjects",
    "roles",
    "industry_names",
    "key",
    "class",
    "report_within",
    "retention_months",
    "fields",
    "list",
    "relations",
    "repeated_amount",
    "remedies",
];

/// 征信业管理条例 lets adverse information about a person be kept for five years.
const PERSON_RETENTION_MONTHS_MAX: i32 = 60;

/// One file of `catalog/`.
pub(super) fn read(item: Item<'_>, stem: &str, pack: &mut Pack, report: &mut Report) {
    let Some(map) = map(item, &KEYS, report) else { return report.unreadable(Noun::RecordKind) };
    let id = map.need("kind", report).and_then(|item| id_of(item, report));
    let title = map.text("title", report);
    names(map, (id.as_deref(), title.as_deref()), stem, pack, report);
    let nature = map.need("nature", report).and_then(|item| nature(item, report));
    let rest = Rest { on: None, own_model: false };
    let listed = subjects(map, pack, report);
    let fields = map.need("fields", report);
    let mut kind = RecordKind {
        id: id.clone().or_else(|| title.clone()).unwrap_or_default(),
        title: title.clone().or_else(|| id.clone()).unwrap_or_default(),
        category: map.text("category", report).unwrap_or_default(),
        basis: basis(map, rest, pack, report),
        supplier: map.text("supplier", report).unwrap_or_default(),
        nature: nature.unwrap_or(Nature::Neutral),
        subjects: positions(&listed),
        fields: Vec::new(),
        roles: Roles::default(),
        key: Vec::new(),
        class_lines: Vec::new(),
        list: None,
        repeated_amount: None,
        relations: Vec::new(),
        remedies: Vec::new(),
        report_within: map.get("report_within").and_then(|item| count_of(item, 1, report)).and_then(|days| u32::try_from(days).ok()),
        retention_months: map.need("retention_months", report).and_then(|item| count_of(item, 1, report)).unwrap_or(i32::MAX),
    };
    if let Some(item) = fields {
        field::read(item, &mut kind, pack, report);
    }
    if let Some(item) = map.get("roles") {
        roles(item, &mut kind, pack, report);
    }
    if let Some(item) = map.get("industry_names") {
        kind.roles.industry_names = industry_names(item, &kind, report);
    }
    kind.key = key(map, &kind, report);
    kind.list = map.get("list").and_then(|item| list_span(item, &kind, report));
    kind.relations = map.get("relations").map(|item| relation::statements(item, (&kind, pack), report)).unwrap_or_default();
    kind.repeated_amount = map.get("repeated_amount").and_then(|item| repeated_amount(item, &kind, report));
    if nature.is_some() {
        kind.class_lines = class_lines(map, &kind, report);
        adverse(map, &kind, pack, report);
        kind.remedies = map.get("remedies").map(|item| remedy::read(item, &kind, pack, report)).unwrap_or_default();
        pack.record_kinds.push(kind);
    } else {
        [id, title].into_iter().flatten().for_each(|name| report.doubt(Noun::RecordKind, name));
    }
}

fn names(map: Map<'_>, (id, title): (Option<&str>, Option<&str>), stem: &str, pack: &Pack, report: &mut Report) {
    if let Some(id) = id {
        named_after(id, stem, map.at_key("kind"), report);
    }
    for (name, key) in [(id, "kind"), (title, "title")] {
        if let Some(name) = name.filter(|name| pack.record_kinds.iter().any(|kind| kind.id == *name || kind.title == *name)) {
            duplicate(Noun::RecordKind, name, map.at_key(key), report);
        }
    }
    if let Some((title, reason)) = title.and_then(|title| Some((title, forbidden_field(title)?))) {
        let message = format!("信息种类 `{title}` 不得归集：{reason}");
        report.fault(map.at_key("title"), "forbidden-kind", message, "请删去这一信息种类");
    }
}

/// 失信信息, 一般信息 or 守信信息.
pub(super) fn nature(item: Item<'_>, report: &mut Report) -> Option<Nature> {
    let word = scalar(item, "信息性质", report)?;
    let nature = [Nature::Adverse, Nature::Neutral, Nature::Positive].into_iter().find(|nature| nature.title() == word);
    if nature.is_none() {
        report.fault(
            item.at(),
            "unknown-nature",
            format!("没有 `{word}` 这一信息性质"),
            "请从 `失信信息`、`一般信息`、`守信信息` 中选一个",
        );
    }
    nature
}

fn key(map: Map<'_>, kind: &RecordKind, report: &mut Report) -> Vec<FieldIx> {
    let Some(item) = map.need("key", report) else { return Vec::new() };
    let names = words(item, report);
    if names.is_empty() && kind.nature == Nature::Adverse && matches!(&item.node.value, crate::raw::Value::List(_)) {
        let help = "请列出能认定同一份文书的字段，如机关代码和文书号；否则同一主体的第二份文书会被当成对第一份的更正";
        report.fault(item.at(), "empty-key", "失信信息的 `key` 是空的", help);
    }
    names.into_iter().filter_map(|(at, name)| field::named(at, &name, kind, report)).collect()
}

fn list_span(item: Item<'_>, kind: &RecordKind, report: &mut Report) -> Option<ListSpan> {
    let map = map(item, &["from", "until"], report)?;
    let (from, until) = (field::of_days(map, "from", kind, report), field::of_days(map, "until", kind, report));
    if map.get("from").is_none() {
        map.need("from", report);
    }
    Some(ListSpan { from: from?, until })
}

fn repeated_amount(item: Item<'_>, kind: &RecordKind, report: &mut Report) -> Option<RepeatedAmount> {
    let map = map(item, &["amount", "text", "after"], report)?;
    let after = map.text("after", report);
    let mut typed = |key, wanted: &str, fits: fn(&FieldKind) -> bool| {
        let item = map.need(key, report)?;
        let name = scalar(item, "字段名", report)?;
        let ix = field::named(item.at(), name, kind, report)?;
        if !fits(&kind.at(ix)?.kind) {
            let message = format!("`{key}` 指向的 `{name}` 类型不符");
            report.fault(item.at(), "role-type", message, format!("请改为类型是 `{wanted}` 的字段"));
            return None;
        }
        Some(ix)
    };
    let amount = typed("amount", "money", |kind| matches!(kind, FieldKind::Money(_)));
    let text = typed("text", "text", |kind| matches!(kind, FieldKind::Text));
    Some(RepeatedAmount { amount: amount?, text: text?, after: after? })
}

/// Names of industries by their codes; only a kind that tells an industry has them.
fn industry_names(item: Item<'_>, kind: &RecordKind, report: &mut Report) -> Vec<(String, String)> {
    if kind.roles.industry.is_none() {
        let help = "请在 `roles` 中写明 `industry` 是哪个字段，或删去 `industry_names`";
        report.fault(item.at(), "industry-names-role", "有行业名称，却没有哪个字段是行业代码", help);
    }
    let mut names = Vec::new();
    for entry in entries(item, report).unwrap_or_default() {
        let name = Item { what: &entry.key, node: &entry.value };
        if entry.key.is_empty() || !entry.key.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            let message = format!("`{}` 不是行业代码", entry.key);
            report.fault(entry.at, "industry-code", message, "行业代码只含字母和数字，如 `'52'`、`F`");
        } else if let Some(name) = text_of(name, report) {
            names.push((entry.key.clone(), name));
        }
    }
    names.sort();
    names
}

/// Which types may play a part.
fn plays(role: &str, kind: &FieldKind) -> bool {
    match role {
        "party_kind" => matches!(kind, FieldKind::Choice(_)),
        "party_uscc" | "organ_code" => matches!(kind, FieldKind::Uscc),
        "party_org_code" => matches!(kind, FieldKind::OrgCode),
        "party_resident_id" => matches!(kind, FieldKind::PersonNumber),
        "document_date" => matches!(kind, FieldKind::Day { .. }),
        "area" | "industry" => matches!(kind, FieldKind::Text | FieldKind::Choice(_)),
        _ => matches!(kind, FieldKind::Text),
    }
}

fn roles(item: Item<'_>, kind: &mut RecordKind, pack: &Pack, report: &mut Report) {
    let mut roles = Roles::default();
    let parts: [(&str, &mut Option<FieldIx>); 12] = [
        ("party_name", &mut roles.party_name),
        ("party_kind", &mut roles.party_kind),
        ("party_uscc", &mut roles.party_uscc),
        ("party_org_code", &mut roles.party_org_code),
        ("party_resident_id", &mut roles.party_resident_id),
        ("document_number", &mut roles.document_number),
        ("document_date", &mut roles.document_date),
        ("organ_name", &mut roles.organ_name),
        ("organ_code", &mut roles.organ_code),
        ("supplier_name", &mut roles.supplier_name),
        ("area", &mut roles.area),
        ("industry", &mut roles.industry),
    ];
    let keys: Vec<&str> = parts.iter().map(|(key, _)| *key).chain(["party_code"]).collect();
    let Some(map) = map(item, &keys, report) else { return };
    for (role, slot) in parts {
        let Some(item) = map.get(role) else { continue };
        let Some(name) = scalar(item, "字段名", report) else { continue };
        let Some(ix) = field::named(item.at(), name, kind, report) else { continue };
        let Some(field) = kind.at(ix) else { continue };
        if !plays(role, &field.kind) {
            let message = format!("字段 `{name}` 的类型不能充当 `{role}`");
            report.fault(
                item.at(),
                "role-type",
                message,
                "请核对字段类型：名称、文号用 `text`，代码用 `uscc` 等，日期用 `day`，类别用 `choice`",
            );
        }
        *slot = Some(ix);
    }
    if let Some(ix) = roles.party_kind {
        field::party_kind(ix, kind, item.at(), report);
    }
    roles.party_code = map.get("party_code").map(|item| party_code(item, (kind, pack), report)).unwrap_or_default();
    kind.roles = roles;
}

/// `[摊位编号]` is one way to a code; `[[许可类别, 许可编号], [设施编号]]` are two, the first that is filled counts.
fn party_code(item: Item<'_>, (kind, pack): (&RecordKind, &Pack), report: &mut Report) -> Vec<Vec<FieldIx>> {
    let numbered = kind.subjects.iter().filter_map(|ix| pack.subject_kinds.get(ix.0)).any(|subject| subject.scheme.is_some());
    if !numbered {
        let message = format!("`{}` 的主体类型都没有自己的编号（`code`）", kind.title);
        report.fault(item.at(), "no-scheme", message, "请在 `subjects/` 中为主体类型写明 `code`，或删去 `party_code`");
    }
    let Some(items) = list(item, report) else { return Vec::new() };
    let nested = items.iter().any(|item| matches!(&item.node.value, crate::raw::Value::List(_)));
    let ways: Vec<Vec<(At, String)>> =
        if nested { items.iter().map(|item| words(*item, report)).collect() } else { vec![words(item, report)] };
    let mut resolved = Vec::new();
    for way in ways {
        let mut fields = Vec::new();
        for (at, name) in way {
            let Some(ix) = field::named(at, &name, kind, report) else { continue };
            let readable =
                kind.at(ix).is_some_and(|field| matches!(field.kind, FieldKind::Text | FieldKind::Choice(_) | FieldKind::Integer { .. }));
            if !readable {
                let message = format!("字段 `{name}` 的类型不能组成编号");
                report.fault(at, "role-type", message, "编号由 `text`、`choice` 或 `integer` 字段组成");
            }
            fields.push(ix);
        }
        resolved.push(fields);
    }
    resolved
}

/// Guardrails 2 and 13: an adverse record names its document, is classed, and about a person is not kept for ever.
fn adverse(map: Map<'_>, kind: &RecordKind, pack: &Pack, report: &mut Report) {
    if kind.nature != Nature::Adverse {
        return;
    }
    let at = map.at_key("roles");
    let asked = [
        ("party_name", kind.roles.party_name),
        ("document_number", kind.roles.document_number),
        ("document_date", kind.roles.document_date),
        ("organ_name", kind.roles.organ_name),
    ];
    for (role, field) in asked {
        let named = map.get("roles").is_some_and(
            |roles| matches!(&roles.node.value, crate::raw::Value::Map(entries) if entries.iter().any(|entry| entry.key == role)),
        );
        if !named {
            let message = format!("失信信息缺少 `roles` 中的 `{role}`：没有相对人和文书的记录不得作为失信信息");
            report.fault(at, "missing-role", message, format!("请补写 `{role}: 字段名`"));
        } else if let Some(field) = field.and_then(|ix| kind.at(ix)).filter(|field| matches!(field.need, Need::Optional | Need::Expected)) {
            let message = format!("字段 `{}` 充当 `{role}`，却可以不填", field.title);
            report.fault(at, "optional-document", message, "请把该字段的 `need` 改为 `required`");
        }
    }
    let person = kind.subjects.iter().filter_map(|ix| pack.subject_kinds.get(ix.0)).any(|subject| subject.person);
    if person && kind.retention_months > PERSON_RETENTION_MONTHS_MAX && kind.retention_months != i32::MAX {
        let message = format!("涉及自然人的失信信息保存 {} 个月，超过 5 年", kind.retention_months);
        report.fault(map.at_key("retention_months"), "retention-too-long", message, "请改为不超过 60（征信业管理条例第十六条）");
    }
}

fn class_lines(map: Map<'_>, kind: &RecordKind, report: &mut Report) -> Vec<ClassLine> {
    let Some(item) = map.get("class") else {
        if kind.nature == Nature::Adverse {
            let help = "请补写 `class`，逐行写明条件和失信程度，最后一行写 `otherwise`";
            report.fault(map.at, "missing-class", "失信信息缺少 `class`：须有失信程度的认定规则", help);
        }
        return Vec::new();
    };
    if kind.nature != Nature::Adverse {
        let message = format!("{} `{}` 不分失信程度", kind.nature.title(), kind.title);
        report.fault(item.at(), "class-not-adverse", message, "请删去 `class`，或把 `nature` 改为 `失信信息`");
        return Vec::new();
    }
    let Some(items) = list(item, report) else { return Vec::new() };
    let mut lines = Vec::new();
    let mut ended = false;
    for item in &items {
        if ended {
            report.fault(item.at(), "unreachable-line", "`otherwise` 之后的行不会被用到", "请把 `otherwise` 移到最后，或删去其后的行");
            break;
        }
        let Some((when, class)) = class_line(*item, kind, report) else { continue };
        ended |= when.is_none();
        if when.is_some() && lines.iter().any(|line: &ClassLine| line.when == when) {
            report.fault(item.at(), "unreachable-line", "条件与前面一行相同，不会被用到", "请删去或改正这一行");
        }
        lines.push(ClassLine { when, class });
    }
    let mentions = |item: &Item<'_>| matches!(&item.node.value, crate::raw::Value::Map(entries) if entries.iter().any(|entry| entry.key == "otherwise"));
    if !items.iter().any(mentions) {
        report.fault(
            item.at(),
            "no-otherwise",
            "`class` 没有以 `otherwise` 结束",
            "请在最后补一行 `- { otherwise: 一般 }`，写明其余情形的失信程度",
        );
    }
    lines
}

type Line = (Option<crate::predicate::Predicate>, Option<Class>);

fn class_line(item: Item<'_>, kind: &RecordKind, report: &mut Report) -> Option<Line> {
    let map = map(item, &["when", "class", "otherwise"], report)?;
    if let Some(otherwise) = map.get("otherwise") {
        if map.get("when").is_some() || map.get("class").is_some() {
            report.fault(
                otherwise.at(),
                "otherwise-alone",
                "`otherwise` 不能与 `when`、`class` 写在一行",
                "请拆成两行，`otherwise` 放在最后",
            );
        }
        return Some((None, class_or_none(otherwise, report)?));
    }
    let when = map.need("when", report).and_then(|item| predicate::read(item, Scope { kind, class: false }, report));
    let class = map.need("class", report).and_then(|item| class_or_none(item, report));
    Some((Some(when?), class?))
}

/// A class, or 待核实: the row waits for a person, since unknown never turns into adverse (D3).
fn class_or_none(item: Item<'_>, report: &mut Report) -> Option<Option<Class>> {
    if matches!(&item.node.value, crate::raw::Value::Scalar(word) if word == "待核实") {
        return Some(None);
    }
    class_of(item, report).map(Some)
}

/// 轻微, 一般 or 严重.
pub(super) fn class_of(item: Item<'_>, report: &mut Report) -> Option<Class> {
    let word = scalar(item, "失信程度", report)?;
    let class = Class::from_title(word);
    if class.is_none() {
        unknown_class(item.at(), word, report);
    }
    class
}

/// `word` is no 失信程度.
pub(super) fn unknown_class(at: At, word: &str, report: &mut Report) {
    report.fault(at, "unknown-class", format!("没有 `{word}` 这一失信程度"), "请从 `轻微`、`一般`、`严重` 中选");
}
