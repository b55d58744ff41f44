//! Relations between subjects: which there are, and which fields of a record kind state them.

use std::collections::BTreeSet;

use super::laws::{Rest, basis};
use super::subject::{overlap, positions, subjects_of};
use super::{duplicate, field};
use crate::forbidden::forbidden_relation;
use crate::model::{FieldIx, FieldKind, Pack, RecordKind, Seal, SubjectKindIx};
use crate::raw::{At, Node, Value};
use crate::relation::{RelationIx, RelationKind, Side, Statement};
use crate::report::{Noun, Report};
use crate::shape::{Item, Map, id_of, list, map, one_or_list, scalar};

/// The key by which a relation stands beside the subject kinds.
const KEY: &str = "relation";

/// Whether an entry of `subjects/*.yaml` is a relation, and not a subject kind.
pub(super) fn is_one(node: &Node) -> bool {
    matches!(&node.value, Value::Map(entries) if entries.iter().any(|entry| entry.key == KEY))
}

/// One relation of `subjects/*.yaml`.
pub(super) fn read(item: Item<'_>, part: &str, pack: &mut Pack, report: &mut Report) {
    let Some(map) = map(item, &[KEY, "title", "reverse", "of", "to", "basis"], report) else { return };
    let id = map.need(KEY, report).and_then(|item| id_of(item, report));
    let (title, reverse) = (map.text("title", report), map.text("reverse", report));
    for other in &pack.relations {
        for (name, key) in [(&id, KEY), (&title, "title")] {
            if let Some(name) = name.as_deref().filter(|name| *name == other.id || *name == other.title) {
                duplicate(Noun::Relation, name, map.at_key(key), report);
            }
        }
    }
    for (words, key) in [(&title, "title"), (&reverse, "reverse")] {
        if let Some((words, reason)) = words.as_deref().and_then(|words| Some((words, forbidden_relation(words)?))) {
            let message = format!("关系 `{words}` 不得登记：{reason}");
            report.fault(map.at_key(key), "forbidden-relation", message, "请删去这一关系");
        }
    }
    let (of, to) = (subjects_of(map, "of", pack, report), subjects_of(map, "to", pack, report));
    persons((&of, &to), pack, report);
    let basis = basis(map, Rest { on: Some(pack.review_by), own_model: false }, pack, report);
    let (of, to, part) = (positions(&of), positions(&to), part.to_owned());
    match (|| Some(RelationKind { id: id.clone()?, title: title?, reverse: reverse?, of, to, basis, part }))() {
        Some(relation) => pack.relations.push(relation),
        None => id.into_iter().for_each(|id| report.doubt(Noun::Relation, id)),
    }
}

/// A subject kind and where it is named.
type Named = (At, SubjectKindIx);

/// No side of a relation is a natural person: whoever could be found from a person would be a list of what is theirs.
fn persons((of, to): (&[Named], &[Named]), pack: &Pack, report: &mut Report) {
    let person = |side: &[Named]| {
        side.iter().copied().find(|(_, ix)| pack.subject_kinds.get(ix.0).is_some_and(|kind| kind.person)).map(|(at, _)| at)
    };
    let help = "请只写组织和经营场所的主体类型；自然人的信息只按其本人的记录归集";
    match (person(of), person(to)) {
        (Some(at), Some(_)) => {
            let message = "自然人与自然人之间的关系一律不得登记：亲属、家庭、邻里都不得牵连";
            report.fault(at, "relation-persons", message, help);
        }
        (Some(at), None) | (None, Some(at)) => {
            let message = "自然人不得作为关系的一方：不得由一个人查出与其有关的主体";
            report.fault(at, "relation-person", message, help);
        }
        (None, None) => {}
    }
}

/// `relations` of a record kind.
pub(super) fn statements(item: Item<'_>, (kind, pack): (&RecordKind, &Pack), report: &mut Report) -> Vec<Statement> {
    let mut seen = BTreeSet::new();
    let mut statements = Vec::new();
    for item in list(item, report).unwrap_or_default() {
        let Some(map) = map(item, &[KEY, "side", "other", "from", "until"], report) else { continue };
        let Some(ix) = map.need(KEY, report).and_then(|item| relation(item, pack, report)) else { continue };
        if !seen.insert(ix) {
            let message = format!("`{}` 已经写明了这一关系", kind.title);
            report.fault(
                map.at_key(KEY),
                "duplicate-relation",
                message,
                "同一信息种类对同一关系只能写一处；几个字段都可能有对方代码的，写在 `other` 的列表里",
            );
        }
        statements.extend(statement(map, ix, (kind, pack), report));
    }
    statements
}

fn relation(item: Item<'_>, pack: &Pack, report: &mut Report) -> Option<RelationIx> {
    let name = scalar(item, "关系的编号", report)?;
    let position = pack.relations.iter().position(|relation| relation.id == name || relation.title == name);
    if position.is_none() {
        report.unknown(item.at(), (Noun::Relation, name), "", pack.relations.iter().map(|relation| relation.id.as_str()));
    }
    position.map(RelationIx)
}

fn statement(map: Map<'_>, ix: RelationIx, (kind, pack): (&RecordKind, &Pack), report: &mut Report) -> Option<Statement> {
    let relation = pack.relations.get(ix.0)?;
    let side = match map.get("side") {
        None => Side::Of,
        Some(item) => side(item, report)?,
    };
    if !overlap(&kind.subjects, relation.on(side)) {
        let message = format!("`{}` 的主体类型都不在关系 `{}` 的这一方", kind.title, relation.title);
        report.fault(map.at_key(KEY), "relation-side", message, "请核对关系的 `of`、`to`；本类记录的主体在 `to` 一方的，写 `side: to`");
    }
    let item = map.need("other", report)?;
    let others = one_or_list(item, report).unwrap_or_default();
    if others.is_empty() && matches!(item.node.value, Value::List(_)) {
        report.fault(item.at(), "missing-key", "`other` 是空的", "请写明哪个字段是对方的代码");
    }
    let other = others.into_iter().filter_map(|item| code(item, relation.on(side.opposite()), (kind, pack), report)).collect();
    let (from, until) = (field::of_days(map, "from", kind, report), field::of_days(map, "until", kind, report));
    Some(Statement { relation: ix, side, other, from, until })
}

fn side(item: Item<'_>, report: &mut Report) -> Option<Side> {
    match scalar(item, "`of` 或 `to`", report)? {
        "of" => Some(Side::Of),
        "to" => Some(Side::To),
        other => {
            report.fault(
                item.at(),
                "unknown-side",
                format!("没有 `{other}` 这一方"),
                "请写 `of`（默认）或 `to`：本类记录的主体在关系的哪一方",
            );
            None
        }
    }
}

/// A field with the code of the other side: open, and of a form in which some subject there has its code.
fn code(item: Item<'_>, others: &[SubjectKindIx], (kind, pack): (&RecordKind, &Pack), report: &mut Report) -> Option<FieldIx> {
    let name = scalar(item, "字段名", report)?;
    let ix = field::named(item.at(), name, kind, report)?;
    let field = kind.at(ix)?;
    if field.seal != Seal::Open {
        let message = format!("字段 `{name}` 加密保存，不能用来认定关系的对方");
        report.fault(item.at(), "relation-sealed", message, "关系公开登记在双方档案里；请改用不加密的代码字段，或删去这一关系");
        return None;
    }
    let mut kinds = others.iter().filter_map(|ix| pack.subject_kinds.get(ix.0));
    let told = match field.kind {
        FieldKind::Uscc => kinds.any(|kind| !kind.uscc_prefixes.is_empty()),
        FieldKind::Text => kinds.any(|kind| kind.scheme.is_some()),
        _ => false,
    };
    if !told && !others.is_empty() {
        let message = format!("由字段 `{name}` 认不出关系的对方");
        let help = "对方有统一社会信用代码的，用 `uscc` 字段；对方有本包编号（`code`）的，用 `text` 字段";
        report.fault(item.at(), "relation-code", message, help);
        return None;
    }
    Some(ix)
}
