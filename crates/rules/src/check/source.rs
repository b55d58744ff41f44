//! How a department's file maps onto a record kind.

use std::collections::BTreeMap;

use xinzhi_core::identifier::{OrgCode, ResidentId, Uscc};
use xinzhi_core::{Day, Fen};

use super::field::{self, value};
use super::{duplicate, named_after};
use crate::forbidden::forbidden_field;
use crate::model::{FieldIx, FieldKind, KindIx, Nature, OwnSource, Pack, RecordKind, Reporting, Said, Source};
use crate::raw::At;
use crate::report::{Noun, Report};
use crate::shape::{Item, Map, entries, flag_of, id_of, map, months_of, scalar, text_of, whole_of, words};

/// The one act of the office that becomes a record again.
const FEEDBACK: &str = "feedback_given";

/// Most working days of grace after the period of a report: a quarter of a year.
const WITHIN_MAX: i64 = 60;

/// One file of `sources/`.
pub(super) fn read(item: Item<'_>, stem: &str, pack: &mut Pack, report: &mut Report) {
    let keys = ["source", "title", "record", "supplier", "headers", "defaults", "absent", "by_hand", "reporting", "act", "says"];
    let Some(map) = map(item, &keys, report) else { return report.unreadable(Noun::Source) };
    let id = map.need("source", report).and_then(|item| id_of(item, report));
    if let Some(id) = &id {
        named_after(id, stem, map.at_key("source"), report);
        if pack.sources.iter().any(|source| source.id == *id) || pack.own_sources.iter().any(|source| source.id == *id) {
            duplicate(Noun::Source, id, map.at_key("source"), report);
        }
    }
    let title = map.text("title", report);
    let kind = map.need("record", report).and_then(|item| record_kind(item, pack, report));
    let supplier = map.text_if("supplier", report);
    let Some((ix, kind)) = kind.and_then(|ix| Some((ix, pack.record_kinds.get(ix.0)?))) else {
        return id.into_iter().for_each(|id| report.doubt(Noun::Source, id));
    };
    if let Some(act) = map.get("act") {
        let own = own((map, act), (id.as_deref(), ix, kind), report);
        return pack.own_sources.extend(own);
    }
    let headers = headers(map, kind, report);
    let defaults = defaults(map, kind, report);
    let absent = absent(map, kind, (&headers, &defaults), report);
    let by_hand = map.get("by_hand").and_then(|item| flag_of(item, report)).unwrap_or(false);
    let reporting = map.get("reporting").and_then(|item| reporting(item, report));
    let source = (|| Some(Source { id: id.clone()?, title: title?, kind: ix, supplier, headers, defaults, absent, by_hand, reporting }))();
    match (source, id) {
        (Some(source), _) => pack.sources.push(source),
        (None, Some(id)) => report.doubt(Noun::Source, id),
        (None, None) => report.unreadable(Noun::Source),
    }
}

/// How often it must be reported.
fn reporting(item: Item<'_>, report: &mut Report) -> Option<Reporting> {
    let map = map(item, &["every", "within"], report)?;
    let every_months = map.need("every", report).and_then(|item| months_of(item, report));
    let within =
        map.need("within", report).and_then(|item| whole_of(item, (0, WITHIN_MAX), report)).and_then(|days| u32::try_from(days).ok());
    Some(Reporting { every_months: every_months?, within: within? })
}

/// A source that is the office's own journal.
fn own((map, act): (Map<'_>, Item<'_>), (id, ix, kind): (Option<&str>, KindIx, &RecordKind), report: &mut Report) -> Option<OwnSource> {
    let word = scalar(act, "行为", report)?;
    if word != FEEDBACK {
        let message = format!("没有可以成为记录的行为 `{word}`");
        report.fault(act.at(), "unknown-act", message, format!("目前只有 `{FEEDBACK}`（对核查推送的措施作出最终反馈）"));
    }
    for key in ["supplier", "headers", "defaults", "absent", "by_hand", "reporting"] {
        if map.get(key).is_some() {
            let message = format!("来自本系统行为的来源不读文件，不能写 `{key}`");
            report.fault(map.at_key(key), "own-source", message, "请删去这一项，用 `says` 写明各字段取什么");
        }
    }
    let mut says = Vec::new();
    for entry in map.need("says", report).and_then(|item| entries(item, report)).unwrap_or_default() {
        let item = Item { what: &entry.key, node: &entry.value };
        let Some(field) = field::named(entry.at, &entry.key, kind, report) else { continue };
        let Some(word) = scalar(item, "取值", report) else { continue };
        match Said::WORDS.iter().find(|(_, known)| *known == word) {
            Some((said, _)) => says.push((field, *said)),
            None => {
                let known: Vec<&str> = Said::WORDS.iter().map(|(_, word)| *word).collect();
                let help = format!("请从 {} 中选一个", known.join("、"));
                report.fault(item.at(), "unknown-said", format!("反馈中没有 `{word}` 这一项"), help);
            }
        }
    }
    Some(OwnSource { id: id?.to_owned(), kind: ix, says })
}

/// Resolves a record kind by title or id.
pub(super) fn record_kind(item: Item<'_>, pack: &Pack, report: &mut Report) -> Option<KindIx> {
    let name = text_of(item, report)?;
    let position = pack.record_kinds.iter().position(|kind| kind.title == name || kind.id == name);
    if position.is_none() {
        report.unknown(item.at(), (Noun::RecordKind, &name), "", pack.record_kinds.iter().map(|kind| kind.title.as_str()));
    }
    position.map(KindIx)
}

fn headers(map: Map<'_>, kind: &RecordKind, report: &mut Report) -> BTreeMap<String, FieldIx> {
    let mut headers = BTreeMap::new();
    for entry in map.get("headers").and_then(|item| entries(item, report)).unwrap_or_default() {
        if let Some(reason) = forbidden_field(&entry.key) {
            let message = format!("表头 `{}` 不得归集：{reason}", entry.key);
            report.fault(entry.at, "forbidden-field", message, "请删去这一表头");
        }
        let item = Item { what: &entry.key, node: &entry.value };
        let Some(name) = scalar(item, "字段名", report) else { continue };
        if let Some(ix) = field::named(item.at(), name, kind, report) {
            headers.insert(entry.key.clone(), ix);
        }
    }
    headers
}

fn defaults(map: Map<'_>, kind: &RecordKind, report: &mut Report) -> BTreeMap<FieldIx, String> {
    let mut defaults = BTreeMap::new();
    for entry in map.get("defaults").and_then(|item| entries(item, report)).unwrap_or_default() {
        let item = Item { what: &entry.key, node: &entry.value };
        let Some(ix) = field::named(entry.at, &entry.key, kind, report) else { continue };
        let Some(text) = text_of(item, report) else { continue };
        if let Some(field) = kind.at(ix) {
            valid(item.at(), &text, &field.kind, report);
        }
        if defaults.insert(ix, text).is_some() {
            let message = format!("字段 `{}` 的默认值写了两次", entry.key);
            report.fault(entry.at, "duplicate-value", message, "同一字段只写一个默认值");
        }
    }
    defaults
}

/// A default passes the same door as a cell of a file.
fn valid(at: At, text: &str, kind: &FieldKind, report: &mut Report) {
    let fault = match kind {
        FieldKind::Text => None,
        FieldKind::Uscc => Uscc::parse(text).err().map(|fault| fault.to_string()),
        FieldKind::OrgCode => OrgCode::parse(text).err().map(|fault| fault.to_string()),
        FieldKind::PersonNumber => ResidentId::parse(text).err().map(|fault| fault.to_string()),
        FieldKind::Choice(choices) | FieldKind::Choices(choices) => {
            value(at, text, choices, report);
            None
        }
        FieldKind::Integer { min, max } => match text.parse::<i64>() {
            Ok(number) if (*min..=*max).contains(&number) => None,
            _ => Some(format!("应是 {min} 到 {max} 之间的整数")),
        },
        FieldKind::Money(unit) => Fen::parse(text, *unit).err().map(|fault| fault.to_string()),
        FieldKind::Day { .. } => Day::parse(text).err().map(|fault| fault.to_string()),
    };
    if let Some(fault) = fault {
        report.fault(at, "invalid-default", format!("默认值 `{text}` {fault}"), "请按字段的类型改正，或删去这个默认值");
    }
}

type Mapped<'a> = (&'a BTreeMap<String, FieldIx>, &'a BTreeMap<FieldIx, String>);

fn absent(map: Map<'_>, kind: &RecordKind, (headers, defaults): Mapped<'_>, report: &mut Report) -> Vec<FieldIx> {
    let mut absent = Vec::new();
    let roles = [kind.roles.party_name, kind.roles.document_number, kind.roles.document_date, kind.roles.organ_name];
    for (at, name) in map.get("absent").map(|item| words(item, report)).unwrap_or_default() {
        let Some(ix) = field::named(at, &name, kind, report) else { continue };
        if headers.values().any(|mapped| *mapped == ix) {
            report.fault(at, "absent-mapped", format!("字段 `{name}` 既列为缺少，又有表头与之对应"), "请删去其中一处");
        }
        if kind.nature == Nature::Adverse && roles.contains(&Some(ix)) && !defaults.contains_key(&ix) {
            let message = format!("字段 `{name}` 说明相对人或文书，失信信息不能缺少");
            report.fault(at, "missing-role", message, "请补写表头，或用 `defaults` 给出固定的值");
        }
        absent.push(ix);
    }
    absent
}
