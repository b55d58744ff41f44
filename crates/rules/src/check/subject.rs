//! Kinds of subjects.

use super::{duplicate, relation};
use crate::model::{Pack, Scheme, SubjectKind, SubjectKindIx};
use crate::raw::At;
use crate::report::{Noun, Report};
use crate::shape::{Item, Map, flag_of, id_of, map, words};

/// One entry of `subjects/*.yaml`.
pub(super) fn read(item: Item<'_>, pack: &mut Pack, report: &mut Report) {
    if relation::is_one(item.node) {
        return;
    }
    let Some(map) = map(item, &["id", "title", "person", "uscc_prefixes", "code"], report) else { return };
    let id = map.need("id", report).and_then(|item| id_of(item, report));
    let title = map.text("title", report);
    let person = map.need("person", report).and_then(|item| flag_of(item, report));
    let prefixes = map.get("uscc_prefixes").map(|item| words(item, report)).unwrap_or_default();
    for kind in &pack.subject_kinds {
        for (name, key) in [(&id, "id"), (&title, "title")] {
            if let Some(name) = name.as_deref().filter(|name| *name == kind.id || *name == kind.title) {
                duplicate(Noun::SubjectKind, name, map.at_key(key), report);
            }
        }
    }
    for (at, prefix) in &prefixes {
        self::prefix(*at, prefix, pack, report);
    }
    if person == Some(true) && !prefixes.is_empty() {
        let message = "自然人没有统一社会信用代码，不能登记 `uscc_prefixes`";
        report.fault(map.at_key("uscc_prefixes"), "prefix", message, "请删去 `uscc_prefixes`，或把 `person` 改为 `false`");
    }
    let scheme = map.get("code").and_then(|item| scheme(item, pack, report));
    if person == Some(true) && map.get("code").is_some() {
        let message = "自然人只能以公民身份号码识别，不能另立编号";
        report.fault(map.at_key("code"), "person-code", message, "请删去 `code`，或把 `person` 改为 `false`");
    }
    let uscc_prefixes = prefixes.into_iter().map(|(_, prefix)| prefix).collect();
    let kind = (|| Some(SubjectKind { id: id.clone()?, title: title?, person: person?, scheme, uscc_prefixes }))();
    match (kind, id) {
        (Some(kind), _) => pack.subject_kinds.push(kind),
        (None, Some(id)) => report.doubt(Noun::SubjectKind, id),
        (None, None) => report.unreadable(Noun::SubjectKind),
    }
}

/// The pack's own numbering of a kind.
fn scheme(item: Item<'_>, pack: &Pack, report: &mut Report) -> Option<Scheme> {
    const RESERVED: [&str; 3] = ["uscc", "org_code", "resident_id"];
    let map = map(item, &["id", "title", "mask"], report)?;
    let id = map.need("id", report).and_then(|item| id_of(item, report));
    let title = map.text("title", report);
    let mask = map.text_if("mask", report);
    if let Some(id) = id.as_deref().filter(|id| RESERVED.contains(id)) {
        report.fault(map.at_key("id"), "reserved-scheme", format!("`{id}` 是国家标准代码的名称"), "请为本地编号另取一个编号");
    }
    let other = pack.subject_kinds.iter().filter_map(|kind| kind.scheme.as_ref()).find(|other| Some(&other.id) == id.as_ref());
    if let Some(other) = other.filter(|other| (Some(&other.title), &other.mask) != (title.as_ref(), &mask)) {
        let message = format!("编号 `{}` 在别处另有名称或格式", other.id);
        report.fault(map.at, "scheme-differs", message, "同一种编号在各主体类型中应写得一样");
    }
    Some(Scheme { id: id?, title: title?, mask })
}

fn prefix(at: At, prefix: &str, pack: &Pack, report: &mut Report) {
    let charset = |c: char| c.is_ascii_digit() || (c.is_ascii_uppercase() && !matches!(c, 'I' | 'O' | 'S' | 'V' | 'Z'));
    if !(1..=2).contains(&prefix.len()) || !prefix.chars().all(charset) {
        let help = "请写统一社会信用代码的前一位或前两位，如 `9` 或 `91`";
        report.fault(at, "prefix", format!("`{prefix}` 不能用作代码前缀"), help);
    }
    if let Some(kind) = pack.subject_kinds.iter().find(|kind| kind.uscc_prefixes.iter().any(|other| other == prefix)) {
        let message = format!("代码前缀 `{prefix}` 已属于 `{}`", kind.title);
        report.fault(at, "prefix", message, "一个前缀只能对应一种主体类型，请删去其中一处");
    }
}

/// Reads `subjects`: at least one, every name known.
pub(super) fn subjects(map: Map<'_>, pack: &Pack, report: &mut Report) -> Vec<(At, SubjectKindIx)> {
    subjects_of(map, "subjects", pack, report)
}

/// Reads the subject kinds under `key`: at least one, every name known.
pub(super) fn subjects_of<'a>(map: Map<'a>, key: &'a str, pack: &Pack, report: &mut Report) -> Vec<(At, SubjectKindIx)> {
    let Some(item) = map.need(key, report) else { return Vec::new() };
    if matches!(&item.node.value, crate::raw::Value::List(nodes) if nodes.is_empty()) {
        report.fault(item.at(), "no-subjects", format!("`{key}` 是空的"), "请至少列出一种主体类型");
    }
    let mut kinds: Vec<(At, SubjectKindIx)> = Vec::new();
    for (at, name) in words(item, report) {
        let Some(kind) = subject(at, &name, pack, report) else { continue };
        // By its id and by its title it is the same.
        if kinds.iter().any(|(_, earlier)| *earlier == kind) {
            report.fault(at, "duplicate-value", format!("`{key}` 中重复列出 `{name}`"), "请删去重复的一项");
        }
        kinds.push((at, kind));
    }
    kinds
}

/// Resolves one subject kind by id or title.
pub(super) fn subject(at: At, name: &str, pack: &Pack, report: &mut Report) -> Option<SubjectKindIx> {
    let position = pack.subject_kinds.iter().position(|kind| kind.id == name || kind.title == name);
    if position.is_none() {
        report.unknown(at, (Noun::SubjectKind, name), "", pack.subject_kinds.iter().map(|kind| kind.id.as_str()));
    }
    position.map(SubjectKindIx)
}

/// The positions alone.
pub(super) fn positions(subjects: &[(At, SubjectKindIx)]) -> Vec<SubjectKindIx> {
    subjects.iter().map(|(_, ix)| *ix).collect()
}

/// Whether two rules can concern the same subject.
pub(super) fn overlap(some: &[SubjectKindIx], others: &[SubjectKindIx]) -> bool {
    some.is_empty() || others.is_empty() || some.iter().any(|kind| others.contains(kind))
}
