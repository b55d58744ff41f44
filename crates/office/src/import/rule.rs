//! Rows that wait for a person: corrections, conflicts, parties that cannot be told. A named officer rules, with a reason.

use std::sync::Arc;

use xinzhi_collect::Candidate;
use xinzhi_core::actor::Actor;
use xinzhi_core::identifier::{Identified, identify};
use xinzhi_core::journal::{Act, Draft, Position};
use xinzhi_core::record::{BatchId, Outcome, RecordId, Remark};
use xinzhi_core::subject::SubjectCode;
use xinzhi_core::{Code, Digest, Refusal, mask};
use xinzhi_rules::Pack;
use xinzhi_store::Tx;
use xinzhi_store::batch::{Ruling as RulingRow, WaitingRow};
use xinzhi_store::record::Origin;

use crate::import::recall::reason_text;
use crate::import::stage::{Parts, chain, content, new_record, open_waiting};
use crate::import::subjects::{House, Meant, Meeting, StoredCode, stored_code};
use crate::import::{Packs, Stored, Waiting, relation};
use crate::keys::Keys;
use crate::permission::{Action, Scope};
use crate::react::{Event, follow};
use crate::{Error, Office};

/// A waiting row as an officer sees it; identity numbers are masked.
#[derive(Clone, Debug)]
pub struct WaitingView {
    /// Its batch.
    pub batch: BatchId,
    /// The row as a person counts.
    pub row: i64,
    /// Name of the file.
    pub file_name: String,
    /// Title of the record kind.
    pub kind: String,
    /// Name of the party; masked for persons.
    pub party: String,
    /// Its code, where it has one; masked for persons.
    pub code: Option<String>,
    /// 文书号, organ and date.
    pub document: String,
    /// Why it waits.
    pub remarks: Vec<Remark>,
    /// What it says, by title of the field.
    pub fields: Vec<(String, String)>,
    /// What the standing record says, where it contradicts one.
    pub against: Option<(RecordId, Vec<(String, String)>)>,
}

/// What an officer rules.
#[derive(Clone, Debug)]
pub struct Ruling {
    /// Whether the row becomes a fact.
    pub accept: bool,
    /// Why.
    pub reason: String,
    /// The party's code, where the row had none: found by the officer from the document (D6).
    pub code: Option<String>,
}

/// Rows that wait, oldest first.
pub async fn waiting(office: &Arc<Office>, actor: &Actor, limit: i64) -> Result<Vec<WaitingView>, Error> {
    Scope::of(Action::RuleOnRow, actor)?;
    let (keys, pack) = (office.keys.clone(), office.pack());
    let known = office.read(move |connection| {
        let rows = xinzhi_store::batch::waiting(connection, limit)?;
        let head = xinzhi_store::journal::head(connection)?;
        rows.into_iter()
            .map(|row| {
                let against = row.against.map(|id| xinzhi_store::record::by_id(connection, id, head)).transpose()?.flatten();
                let own = match open_waiting(&keys, &row.candidate)? {
                    Waiting::Candidate(stored) => Ok(stored),
                    Waiting::Record(id) => Err(id),
                };
                Ok((row, own, against))
            })
            .collect::<Result<Vec<_>, Error>>()
    });
    let rows = known.await?;
    rows.into_iter().map(|(row, own, against)| view(&pack, &row, own.as_deref().ok(), against.as_ref())).collect()
}

fn view(
    pack: &xinzhi_rules::Pack,
    row: &WaitingRow,
    stored: Option<&Stored>,
    against: Option<&xinzhi_store::record::RecordRow>,
) -> Result<WaitingView, Error> {
    let kind = pack.record_kinds.iter().find(|kind| kind.id == row.kind);
    let shown = |fields: &str| kind.map_or_else(Vec::new, |kind| crate::subject::file::fields_shown(kind, fields));
    let (party, code, document, fields) = match stored {
        None => ("（预览后被其他批次抢先生效）".to_owned(), None, String::new(), Vec::new()),
        Some(stored) => {
            let person = stored.is_person;
            let name = if person { mask::name(&stored.name) } else { stored.name.clone() };
            let code = stored.code.as_ref().map(|(_, code)| if person { mask::number(code) } else { code.clone() });
            let d = &stored.document;
            (name, code, format!("{} {} {}", d.organ, d.number, d.date), shown(&stored.open))
        }
    };
    let remarks = serde_json::from_str(&row.remarks).map_err(|e| Error::inconsistent(format!("remarks of a waiting row: {e}")))?;
    Ok(WaitingView {
        batch: row.batch,
        row: row.row,
        file_name: row.file_name.clone(),
        kind: kind.map_or_else(|| row.kind.clone(), |kind| kind.title.clone()),
        party,
        code,
        document,
        remarks,
        fields,
        against: against.map(|record| (record.record, shown(&record.fields))),
    })
}

/// Rules on a waiting row. Accepting closes the record it corrects or contradicts, in the same transaction.
///
/// # Errors
/// [`Code::HumanRequired`] for a program, [`Code::RowState`] where somebody ruled before, [`Code::FieldInvalid`] for a missing
/// reason or an invalid code.
pub async fn rule(office: &Arc<Office>, actor: &Actor, (batch, row): (BatchId, i64), ruling: &Ruling) -> Result<(), Error> {
    Scope::of(Action::RuleOnRow, actor)?;
    if !actor.is_person {
        return Err(Code::HumanRequired.into());
    }
    let reason = reason_text(&ruling.reason)?;
    let (keys, world, pack) = (office.keys.clone(), office.world.clone(), office.pack());
    let code = ruling.code.as_deref().filter(|code| !code.trim().is_empty()).map(|code| stated_code(&pack, code)).transpose()?;
    let (accept, shared) = (ruling.accept, Arc::clone(office));
    office
        .write(actor, move |tx| {
            let waiting = xinzhi_store::batch::waiting_by_row(tx.connection(), batch, row)?.ok_or(Code::RowState)?;
            let entry = tx.next_position();
            let house = House { keys: &keys, entropy: world.entropy.as_ref(), pack: &pack };
            let taken = if accept { Some(take_in(tx, &house, (&shared, &waiting), code, entry)?) } else { None };
            let refs = format!("{{\"accepted\":{},\"batch\":{},\"row\":{row}}}", i32::from(accept), batch.0);
            let payload = ruling_payload(taken.as_ref().map(|(_, digest)| digest), &refs, &reason);
            tx.append(&Draft { act: Act::RowRuled, subject: None, refs, payload })?;
            let record = taken.map(|(record, _)| record);
            if let Some(record) = record {
                follow(tx, &house, &Event::RowTaken { record })?;
            }
            let outcome = if accept { Outcome::Accepted } else { Outcome::Refused };
            let ruling = RulingRow { batch, row, entry, outcome, reason: &reason, record };
            Ok(xinzhi_store::batch::rule(tx, &ruling)?)
        })
        .await
}

/// What the journal keeps of a ruling: the digest of the record that the row became, and the reason.
pub(crate) fn ruling_payload(record: Option<&Digest>, refs: &str, reason: &str) -> Digest {
    let record = record.map_or(&[][..], Digest::as_bytes);
    xinzhi_proof::salted(record, &[refs.as_bytes(), reason.as_bytes()])
}

/// The code that an officer states from the document: one of the state's, or of the pack's own numbering.
fn stated_code(pack: &Pack, code: &str) -> Result<SubjectCode, Error> {
    let schemes = pack.subject_kinds.iter().filter_map(|kind| kind.scheme.as_ref());
    let local = || schemes.into_iter().find_map(|scheme| Some((scheme.id.clone(), scheme.parse(code)?)));
    match identify(code) {
        Ok(Identified::Uscc(code)) => Ok(SubjectCode::Uscc(code)),
        Ok(Identified::ResidentId(id)) => Ok(SubjectCode::ResidentId(id)),
        Ok(Identified::OrgCode(code)) => Ok(SubjectCode::OrgCode(code)),
        Err((kind, fault)) => match local() {
            Some((scheme, code)) => Ok(SubjectCode::Local { scheme, code }),
            None => Err(Refusal::field(Code::FieldInvalid, "code", format!("{kind}{fault}")).into()),
        },
    }
}

/// The row becomes a record known from `entry`; the one it stands against is closed there.
fn take_in(
    tx: &mut Tx,
    house: &House<'_>,
    (office, waiting): (&Office, &WaitingRow),
    code: Option<SubjectCode>,
    entry: Position,
) -> Result<(RecordId, Digest), Error> {
    let place = (waiting.batch, waiting.row);
    if let Some(against) = waiting.against {
        xinzhi_store::record::close(tx, against, entry, "corrected")?;
    }
    let mut candidate = match open_waiting(house.keys, &waiting.candidate)? {
        Waiting::Record(original) => return Ok(xinzhi_store::record::copy(tx, original, place, entry)?),
        Waiting::Candidate(stored) => {
            let judged = &mut || office.pack_by_digest(tx.connection(), waiting.pack_digest);
            stored.candidate(&mut Packs { now: house.pack, judged })?
        }
    };
    let words = "主体无法唯一确定，请依据决定文书填写统一社会信用代码或身份证号码";
    let code = code.or(candidate.party.code.take()).ok_or_else(|| Refusal::field(Code::FieldInvalid, "code", words))?;
    let stored = stored_code(house.keys, &code);
    candidate.party.code = Some(code);
    let adverse = house.pack.record_kinds.iter().find(|kind| kind.id == waiting.kind).is_some_and(|kind| !kind.class_lines.is_empty());
    if adverse && candidate.class.is_none() {
        let words = "失信程度无法确定，不能作为失信信息登记；请退回报送单位补充后重新报送";
        return Err(Refusal::field(Code::FieldInvalid, "class", words).into());
    }
    let others = relation::codes(house.keys, &candidate);
    let mut meeting = Meeting::default();
    meeting.meet(tx, house, std::iter::once(Meant::party(&stored, &candidate)).chain(relation::meant(&candidate, &others)))?;
    let met = meeting.find(&stored).ok_or_else(|| Error::inconsistent("a ruled row without a subject"))?;
    let chain = chain(house.keys, &waiting.kind, &candidate, met.subject.0);
    let content = content(house.keys, &candidate);
    let sealed = seal(tx, house, (&mut meeting, &stored), &candidate, &chain)?;
    let record = RecordId(tx.take_numbers("record", 1)?);
    let origin = Origin::Ruling(entry, place.0, place.1);
    let new = new_record(tx, &waiting.kind, &candidate, Parts { record, subject: met.subject, chain, content, origin, sealed });
    xinzhi_store::record::insert_one(tx, &new)?;
    xinzhi_store::relation::insert(tx, &relation::of_record(&meeting, (&candidate, &others), (record, met.subject))?)?;
    xinzhi_store::subject::index_pending(tx, i64::MAX)?;
    Ok((record, new.digest))
}

fn seal(
    tx: &mut Tx,
    house: &House<'_>,
    (meeting, code): (&mut Meeting, &StoredCode),
    candidate: &Candidate,
    place: &[u8],
) -> Result<Option<Vec<u8>>, Error> {
    let Some(plain) = &candidate.sealed else { return Ok(None) };
    let key = meeting.key(tx, house, code)?;
    Ok(key.map(|key| key.seal(house.entropy, place, plain.as_bytes())).transpose()?)
}

/// Opens the sealed fields of a record; none where it has none or its subject's key was destroyed.
pub(crate) fn open_sealed(
    connection: &mut xinzhi_store::Connection,
    keys: &Keys,
    record: RecordId,
) -> Result<Option<serde_json::Value>, Error> {
    let Some(row) = xinzhi_store::record::sealed(connection, record)? else { return Ok(None) };
    let Some(wrapped) = xinzhi_store::subject::wrapped_key(connection, row.subject)? else { return Ok(None) };
    let plain = keys.unwrap(&wrapped)?.open(&row.chain, &row.sealed)?;
    serde_json::from_slice(&plain).map(Some).map_err(|e| Error::inconsistent(format!("sealed fields of record {}: {e}", record.0)))
}
