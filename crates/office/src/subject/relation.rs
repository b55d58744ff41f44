//! The relations of a subject: what its own records say of others, and what the records of others say of it. They are shown and nothing else:
//! no check, no measure and no evaluation looks from one side to the other (L8).

use std::sync::Arc;

use xinzhi_core::actor::Actor;
use xinzhi_core::journal::Position;
use xinzhi_core::record::{BatchId, Document, RecordId};
use xinzhi_core::{Code, Day, Span};
use xinzhi_rules::Pack;
use xinzhi_rules::model::LawIx;
use xinzhi_rules::relation::{RelationKind, Side};
use xinzhi_store::Connection;
use xinzhi_store::relation::{RelationRow, Seen};
use xinzhi_store::subject::SubjectRow;

use crate::journal::position_within;
use crate::permission::{Action, Scope};
use crate::subject::file::{addressed, purpose_allowed, record_access};
use crate::{Error, Office};

/// Relations shown of a subject; with itself no answer names more than twenty (A4).
const SHOWN_MAX: usize = 19;

/// What is known of a subject's relations.
#[derive(Clone, Debug, Default)]
pub struct Relations {
    /// What holds on the day first, then what has ended or not begun.
    pub lines: Vec<RelationView>,
    /// Whether there are more than are shown.
    pub more: bool,
    /// Whether the rules know relations of such subjects at all.
    pub foreseen: bool,
}

/// One relation, seen from one side.
#[derive(Clone, Debug)]
pub struct RelationView {
    /// Id of the relation.
    pub relation: String,
    /// What the other side is to the subject.
    pub title: String,
    /// Code of the other side.
    pub code: String,
    /// Its name; none where its file may not be opened by whoever asks.
    pub name: Option<String>,
    /// Title of its kind.
    pub kind: String,
    /// On which days.
    pub span: Span,
    /// Whether it holds on the day that was asked about.
    pub in_force: bool,
    /// Why it may be known.
    pub basis: Vec<LawIx>,
    /// The record that states it.
    pub record: RecordId,
    /// Title of that record's kind.
    pub record_kind: String,
    /// Whether that record is the subject's own.
    pub own_record: bool,
    /// What that record rests on.
    pub document: Document,
    /// Who reported it.
    pub supplier: String,
    /// The batch and row that brought it.
    pub from: Option<(BatchId, i64)>,
}

/// Whose relations are asked for, when, and by whom.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'a> {
    pub(crate) pack: &'a Pack,
    pub(crate) scope: &'a Scope,
    pub(crate) subject: &'a SubjectRow,
    pub(crate) known: Position,
    pub(crate) day: Day,
}

/// The relations of a subject on a day, as known at a position. The read is recorded as one of its file.
///
/// # Errors
/// As opening the file.
pub async fn relations(
    office: &Arc<Office>,
    actor: &Actor,
    (code, purpose): (&str, &str),
    (as_of, known): (Option<Day>, Option<Position>),
) -> Result<(Relations, Arc<Pack>), Error> {
    let scope = Scope::of(Action::ReadSubject, actor)?;
    purpose_allowed(purpose)?;
    let pack = match known {
        None => office.pack(),
        Some(position) => {
            let shared = Arc::clone(office);
            let pack = move |connection: &mut Connection| {
                let position = position_within(connection, position)?;
                shared.pack_at(connection, position)
            };
            office.read(pack).await?
        }
    };
    let (by, shared, code, purpose) = (actor.clone(), Arc::clone(office), code.to_owned(), purpose.to_owned());
    office
        .write(actor, move |tx| {
            let (row, _, _) = addressed(tx, &shared, &by, &code)?;
            if !scope.covers_subject(row.subject, row.area.as_deref()) {
                return Err(Code::OutOfScope.into());
            }
            let known = known.unwrap_or(tx.head());
            let day = as_of.unwrap_or(tx.today());
            record_access(tx, &by, row.subject, (&purpose, "", "file"))?;
            let asked = Asked { pack: &pack, scope: &scope, subject: &row, known, day };
            let found = of_subject(tx.connection(), &asked)?;
            Ok((found, Arc::clone(&pack)))
        })
        .await
}

/// Reads both directions. Of others' records those are left out whose files may not be opened; a subject sees all that name it.
pub(crate) fn of_subject(connection: &mut Connection, asked: &Asked<'_>) -> Result<Relations, Error> {
    let Asked { pack, scope, subject, known, day } = *asked;
    let stands = |relation: &RelationKind| {
        relation.of.iter().chain(&relation.to).any(|ix| pack.subject_kind(*ix).is_some_and(|k| k.id == subject.kind))
    };
    if subject.person || !pack.relations.iter().any(stands) {
        return Ok(Relations::default());
    }
    let seen = Seen { subject: subject.subject, known, day, area: scope.area() };
    let limit = i64::try_from(SHOWN_MAX + 1).unwrap_or(i64::MAX);
    let mut lines = Vec::new();
    for row in xinzhi_store::relation::stated_by(connection, &seen, limit)? {
        lines.extend(view(connection, asked, row, true)?);
    }
    for row in xinzhi_store::relation::stated_of(connection, &seen, limit)? {
        lines.extend(view(connection, asked, row, false)?);
    }
    lines.sort_by_key(|line| !line.in_force);
    let more = lines.len() > SHOWN_MAX;
    lines.truncate(SHOWN_MAX);
    Ok(Relations { lines, more, foreseen: true })
}

/// One line; none where the rules do not know such a relation any more, since it then has no basis.
fn view(connection: &mut Connection, asked: &Asked<'_>, row: RelationRow, own: bool) -> Result<Option<RelationView>, Error> {
    let pack = asked.pack;
    let Some((relation, side)) = declared(pack, &row.record.kind, &row.relation) else { return Ok(None) };
    let side = if own { side } else { side.opposite() };
    let codes = xinzhi_store::subject::codes(connection, row.other.subject)?;
    let code = codes.into_iter().next().map(|(_, code)| code).unwrap_or_default();
    let open = asked.scope.covers_subject(row.other.subject, row.other.area.as_deref());
    Ok(Some(RelationView {
        relation: relation.id.clone(),
        title: relation.seen_from(side).to_owned(),
        code,
        name: open.then(|| row.other.name.clone()),
        kind: pack.subject_kinds.iter().find(|kind| kind.id == row.other.kind).map_or_else(String::new, |kind| kind.title.clone()),
        span: row.span,
        in_force: row.span.contains(asked.day),
        basis: relation.basis.clone(),
        record: row.record.record,
        record_kind: pack.record_kinds.iter().find(|kind| kind.id == row.record.kind).map_or_else(String::new, |kind| kind.title.clone()),
        own_record: own,
        document: row.record.document,
        supplier: row.record.supplier,
        from: row.record.from,
    }))
}

/// A relation by the ids of the record kind that states it and its own, with the side on which the record's subject stands.
pub(crate) fn declared<'p>(pack: &'p Pack, record_kind: &str, relation: &str) -> Option<(&'p RelationKind, Side)> {
    let kind = pack.record_kinds.iter().find(|kind| kind.id == record_kind)?;
    let found = |side: Side, declared: &'p RelationKind| (declared.id == relation).then_some((declared, side));
    kind.relations.iter().find_map(|statement| found(statement.side, pack.relations.get(statement.relation.0)?))
}
