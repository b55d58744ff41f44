//! What comes back from recipients and officers: acknowledgements, resendings, and who a reference means.

use std::sync::Arc;

use xinzhi_core::actor::Actor;
use xinzhi_core::journal::{Act, Draft};
use xinzhi_core::{Code, Digest, Moment, Refusal, mask};
use xinzhi_store::Tx;
use xinzhi_store::push::{EventRow, ResendRow};

use super::subscribe::{running, visible};
use super::{EventKind, scope};
use crate::check::run::shorten;
use crate::idempotent::Once;
use crate::permission::Scope;
use crate::subject::file::{PURPOSES, record_access};
use crate::{Error, Office};

/// Takes the recipient's word that an event had its effect there; returns when that was first said.
///
/// # Errors
/// [`Code::NotFound`], or [`Code::EventState`] where the event was not accepted yet.
pub async fn acknowledge(office: &Arc<Office>, actor: &Actor, (id, sequence): (i64, i64), once: Option<Once>) -> Result<Moment, Error> {
    let scope = scope(actor)?;
    office
        .write(actor, move |tx| {
            if let Some(given) = once.as_ref().map(|once| once.given(tx)).transpose()?.flatten() {
                return given.parse().map(Moment).map_err(|_| Error::inconsistent(format!("a kept answer: {given}")));
            }
            let event = visible_event(tx, &scope, (id, sequence))?;
            if event.accepted_at.is_none() {
                let words = format!("第 {sequence} 号推送还没有送达，不能签收");
                return Err(Refusal::detail(Code::EventState, words).into());
            }
            xinzhi_store::push::acknowledge(tx, id, sequence)?;
            let at = event.acknowledged_at.unwrap_or(tx.moment());
            once.map_or(Ok(()), |once| once.keep(tx, &at.0.to_string()))?;
            Ok(at)
        })
        .await
}

fn visible_event(tx: &mut Tx, scope: &Scope, (id, sequence): (i64, i64)) -> Result<EventRow, Error> {
    visible(tx.connection(), scope, id)?;
    xinzhi_store::push::by_sequence(tx.connection(), id, sequence)?.ok_or_else(|| Code::NotFound.into())
}

/// Has an event sent again, under its number and id. It goes before all that waits; whoever remembers ids is not harmed by a second copy.
///
/// # Errors
/// [`Code::NotFound`], [`Code::SubscriptionState`], [`Code::EventState`] for one that waits or was undone, or that later events contradict.
pub async fn resend(office: &Arc<Office>, actor: &Actor, (id, sequence): (i64, i64), once: Option<Once>) -> Result<(), Error> {
    let scope = scope(actor)?;
    let by = actor.clone();
    office
        .write(actor, move |tx| {
            if once.as_ref().map(|once| once.given(tx)).transpose()?.flatten().is_some() {
                return Ok(());
            }
            running(tx, &scope, id)?;
            let event = visible_event(tx, &scope, (id, sequence))?;
            refuse_unsendable(tx, &event)?;
            let (entry, at, salt) = (tx.next_position(), tx.moment(), tx.random::<16>().to_vec());
            let row = ResendRow { entry, subscription: id, sequence, actor: by.name, at, salt };
            let refs = format!("{{\"sequence\":{sequence},\"subscription\":{id}}}");
            tx.append(&Draft { act: Act::EventResent, subject: event.subject, refs, payload: resend_payload(&row) })?;
            xinzhi_store::push::resend(tx, &row)?;
            once.map_or(Ok(()), |once| once.keep(tx, "{}"))
        })
        .await
}

fn refuse_unsendable(tx: &mut Tx, event: &EventRow) -> Result<(), Error> {
    let no = |words: String| Err(Error::from(Refusal::detail(Code::EventState, words)));
    let sequence = event.sequence;
    match event.state.as_str() {
        "waiting" => return no(format!("第 {sequence} 号推送正在排队，会自动重试，不必补发")),
        "cancelled" => return no(format!("第 {sequence} 号推送在发出前已经撤销，不再发送")),
        _ => {}
    }
    let Some(decision) = event.decision else { return Ok(()) };
    let told = xinzhi_store::push::told(tx.connection(), event.subscription, decision)?;
    // A beginning after its end would bring a measure back that is lifted (E6).
    let begins = event.kind == EventKind::MeasureBegins.word();
    match told.iter().find(|(later, _, state)| begins && *later > sequence && state != "cancelled") {
        Some((later, _, _)) => no(format!("该措施已由第 {later} 号推送告知终止，补发第 {sequence} 号会使它重新执行，不予补发")),
        None => Ok(()),
    }
}

/// What the journal keeps of a resending (E12).
pub(crate) fn resend_payload(row: &ResendRow) -> Digest {
    xinzhi_proof::salted(&row.salt, &[&row.subscription.to_be_bytes(), &row.sequence.to_be_bytes()])
}

/// Whom an event is about, as far as a department may know: never a person's full number or name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// Masked for persons.
    pub name: String,
    /// Masked for persons.
    pub code: String,
    /// Title of the kind.
    pub kind: String,
}

/// Resolves the subject of an event for a purpose. The look is recorded in the same transaction and shown to the subject (A1, A2).
///
/// # Errors
/// [`Code::NotFound`], [`Code::FieldInvalid`] for an unknown purpose, [`Code::SubjectUnknown`] for an event about no subject.
pub async fn about(office: &Arc<Office>, actor: &Actor, (id, sequence): (i64, i64), purpose: &str) -> Result<About, Error> {
    let scope = scope(actor)?;
    if !PURPOSES.contains(&purpose) {
        let words = format!("查询用途 `{}` 不在规定的范围内，应为：{}", shorten(purpose), PURPOSES.join("、"));
        return Err(super::invalid("purpose", words));
    }
    let (by, pack, purpose) = (actor.clone(), office.pack(), purpose.to_owned());
    office
        .write(actor, move |tx| {
            let event = visible_event(tx, &scope, (id, sequence))?;
            let subject = event.subject.ok_or(Code::SubjectUnknown)?;
            let row = xinzhi_store::subject::by_id(tx.connection(), subject)?.ok_or(Code::SubjectUnknown)?;
            record_access(tx, &by, subject, (&purpose, "", "file"))?;
            let codes = xinzhi_store::subject::codes(tx.connection(), subject)?;
            let code = codes.into_iter().find(|(scheme, _)| scheme != "resident_id").map(|(_, code)| code);
            let kind = pack.subject_kinds.iter().find(|kind| kind.id == row.kind).map_or_else(String::new, |kind| kind.title.clone());
            let code = code.unwrap_or_else(|| mask::number("000000000000000000"));
            Ok(About { name: row.name, code, kind })
        })
        .await
}
