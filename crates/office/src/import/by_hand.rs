//! One record filled in by hand, as an inspector does on a phone: judged by the same rules as a row of a file, and a batch of its own.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::sync::Arc;

use xinzhi_collect::{Judge, Mapping, Row};
use xinzhi_core::actor::Actor;
use xinzhi_core::record::{BatchId, Outcome, Remark};
use xinzhi_core::{Code, Refusal};
use xinzhi_rules::Pack;
use xinzhi_rules::model::{FieldIx, Source};

use crate::idempotent::Once;
use crate::import::{Delivery, Format, Options, commit, stage_aside};
use crate::permission::{Action, Scope};
use crate::{Error, Office};

/// What became of a form.
#[derive(Clone, Debug)]
pub enum Entered {
    /// It is in the books.
    Done {
        /// As this batch.
        batch: BatchId,
        /// Accepted, a repetition, or waiting for a person.
        outcome: Outcome,
        /// What is said about it.
        remarks: Vec<Remark>,
    },
    /// It has to be corrected; nothing was written.
    Refused(Vec<Remark>),
}

/// The source of an id, where its records may be filled in by hand.
///
/// # Errors
/// [`Code::SourceUnknown`].
pub fn source<'p>(pack: &'p Pack, id: &str) -> Result<&'p Source, Error> {
    let found = pack.sources.iter().find(|source| source.id == id && source.by_hand);
    found.ok_or_else(|| Refusal::field(Code::SourceUnknown, "source", "没有这一种现场填报").into())
}

/// Files a form: `fields` are texts by the code of their field, `key` makes a second press harmless.
///
/// # Errors
/// [`Code::NotPermitted`], [`Code::SourceUnknown`], [`Code::KeyReused`].
pub async fn enter(
    office: &Arc<Office>,
    actor: &Actor,
    (id, key): (&str, &str),
    fields: &BTreeMap<String, String>,
) -> Result<Entered, Error> {
    Scope::of(Action::ImportBatch, actor)?;
    let pack = office.pack();
    let source = source(&pack, id)?;
    let line = line(&pack, source, fields)?;
    let options = Options { format: Some(Format::Ndjson), ..Options::undeclared() };
    let (outcome, remarks) = judged(office, &pack, source, (&line, &options))?;
    if outcome == Outcome::Refused {
        return Ok(Entered::Refused(remarks));
    }
    let said: [&[u8]; 2] = [id.as_bytes(), line.as_bytes()];
    let file_name = format!("现场填报 {}", actor.title);
    let once = Some(Once::new(key, &said)?);
    let delivery = Delivery { source: id.to_owned(), file_name, area: None, covers: None, options, once };
    let batch = stage_aside(office, actor, delivery, Cursor::new(line.clone().into_bytes())).await?;
    let counts = commit(office, actor, batch, Some(Once::new(&format!("{key}-commit"), &said)?)).await?;
    let outcome = match (counts.accepted, counts.duplicate) {
        (1.., _) => Outcome::Accepted,
        (_, 1..) => Outcome::Duplicate,
        _ => Outcome::Quarantined,
    };
    Ok(Entered::Done { batch, outcome, remarks })
}

/// The form as a line of NDJSON: every field that is asked for, so that what is left empty is empty and not missing.
fn line(pack: &Pack, source: &Source, fields: &BTreeMap<String, String>) -> Result<String, Error> {
    let kind = pack.record_kind(source.kind).ok_or_else(|| Error::inconsistent(format!("source {} has no record kind", source.id)))?;
    let asked = kind.fields.iter().enumerate().filter(|(index, _)| is_asked(source, FieldIx(*index)));
    let members: serde_json::Map<String, serde_json::Value> =
        asked.map(|(_, field)| (field.code.clone(), fields.get(&field.code).cloned().unwrap_or_default().into())).collect();
    serde_json::to_string(&members).map_err(|e| Error::inconsistent(e.to_string()))
}

/// Whether a form asks for a field: not where the source knows its value or never has one.
pub fn is_asked(source: &Source, field: FieldIx) -> bool {
    !source.defaults.contains_key(&field) && !source.absent.contains(&field)
}

fn judged(office: &Office, pack: &Pack, source: &Source, (line, options): (&str, &Options)) -> Result<(Outcome, Vec<Remark>), Error> {
    let unreadable = |words: String| Error::from(Refusal::field(Code::FieldInvalid, "", words));
    let mut table = xinzhi_collect::table::open(Cursor::new(line.to_owned()), options).map_err(|e| unreadable(e.to_string()))?;
    let mapping = Mapping::of(pack, source, &table.header).map_err(|e| unreadable(e.to_string()))?;
    let judge = Judge::new(pack, source, mapping, office.today()).map_err(|e| unreadable(e.to_string()))?;
    let mut row = Row::default();
    table.next(&mut row).map_err(|e| unreadable(e.to_string()))?;
    let judged = judge.judge(&row);
    Ok((judged.outcome, judged.remarks))
}
