//! Relations: each says what its record says, between subjects that are there, of kinds that the rules let stand in it, and no person.

use std::collections::BTreeSet;

use xinzhi_core::record::RecordId;
use xinzhi_core::text::half_width;
use xinzhi_rules::Pack;
use xinzhi_rules::model::SubjectKindIx;
use xinzhi_rules::relation::Side;
use xinzhi_store::Connection;
use xinzhi_store::relation::Joined;

use super::{Finding, PAGE};
use crate::Error;
use crate::subject::relation::declared;

/// Looks at every relation, also of records that hold no more.
pub(super) fn as_recorded(connection: &mut Connection, pack: &Pack) -> Result<Finding, Error> {
    let (mut last, mut looked_at, mut faults) = ((RecordId(0), String::new()), 0, Vec::new());
    loop {
        let rows = xinzhi_store::relation::every(connection, (last.0, &last.1), PAGE)?;
        let Some(end) = rows.last() else { break };
        last = (end.record, end.relation.clone());
        for row in &rows {
            looked_at += 1;
            let found = wrong(connection, pack, row)?;
            faults.extend(found.map(|words| format!("记录 {} 的关系 `{}` {words}", row.record.0, row.relation)));
        }
    }
    Ok(Finding { invariant: "E12 L8 C1", title: "关系出自其记录，双方都在册且都不是自然人", looked_at, faults })
}

/// The first thing that is wrong with a relation.
fn wrong(connection: &mut Connection, pack: &Pack, row: &Joined) -> Result<Option<&'static str>, Error> {
    let (Some((subject, kind, document_day, fields)), Some(own)) = (&row.stated, &row.own) else {
        return Ok(Some("没有说明它的记录"));
    };
    let Some(side) = &row.side else { return Ok(Some("的对方不在册")) };
    if own.1 || side.1 {
        return Ok(Some("有一方是自然人"));
    }
    if *subject == row.other {
        return Ok(Some("的双方是同一主体"));
    }
    if !kinds_as_declared(pack, (kind, &row.relation), (&own.0, &side.0)) {
        return Ok(Some("的主体类型与规则包所定不符"));
    }
    let said = said(fields)?;
    let codes = xinzhi_store::subject::codes(connection, row.other)?;
    let (from, until) = &row.days;
    let is_said = codes.iter().any(|(_, code)| said.contains(code))
        && (from == document_day || said.contains(from))
        && until.as_ref().is_none_or(|until| said.contains(until));
    Ok((!is_said).then_some("与其记录的内容不符"))
}

/// Whether both stand where the rules in force let them; what these do not know any more is shown nowhere.
fn kinds_as_declared(pack: &Pack, (record_kind, relation): (&str, &str), (own, other): (&str, &str)) -> bool {
    let Some((declared, side)) = declared(pack, record_kind, relation) else { return true };
    let stands = |side: Side, kind: &str| declared.on(side).iter().any(|ix| is(pack, *ix, kind));
    stands(side, own) && stands(side.opposite(), other)
}

fn is(pack: &Pack, ix: SubjectKindIx, id: &str) -> bool {
    pack.subject_kind(ix).is_some_and(|kind| kind.id == id)
}

/// The texts that a record's open fields hold, as codes are kept.
fn said(fields: &str) -> Result<BTreeSet<String>, Error> {
    let fields: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(fields).map_err(|e| Error::inconsistent(format!("fields of a record: {e}")))?;
    let texts = fields.values().filter_map(serde_json::Value::as_str);
    Ok(texts.map(|text| half_width(text.trim()).to_ascii_uppercase()).collect())
}
