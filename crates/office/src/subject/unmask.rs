//! Seeing what is sealed: an act of its own, with a reason, shown to the subject (A6).

use std::sync::Arc;

use xinzhi_core::Code;
use xinzhi_core::actor::Actor;
use xinzhi_core::record::RecordId;

use crate::import::rule::open_sealed;
use crate::permission::{Action, Scope};
use crate::subject::file::{fields_shown, record_access};
use crate::{Error, Office};

/// The sealed fields of a record by title, for a stated reason.
///
/// # Errors
/// [`Code::NotPermitted`], [`Code::HumanRequired`] for a program, [`Code::NotFound`] where the record has nothing sealed.
pub async fn unmask(office: &Arc<Office>, actor: &Actor, record: RecordId, reason: &str) -> Result<Vec<(String, String)>, Error> {
    let scope = Scope::of(Action::UnmaskIdentity, actor)?;
    if !actor.is_person {
        return Err(Code::HumanRequired.into());
    }
    let reason = crate::import::recall::reason_text(reason)?;
    let (by, shared, pack) = (actor.clone(), Arc::clone(office), office.pack());
    office
        .write(actor, move |tx| {
            let head = tx.head();
            let row = xinzhi_store::record::by_id(tx.connection(), record, head)?.ok_or(Code::NotFound)?;
            let subject = xinzhi_store::subject::by_id(tx.connection(), row.subject)?.ok_or(Code::NotFound)?;
            if !scope.covers_subject(subject.subject, subject.area.as_deref()) {
                return Err(Code::OutOfScope.into());
            }
            let fields = open_sealed(tx.connection(), &shared.keys, record)?.ok_or(Code::NotFound)?;
            record_access(tx, &by, row.subject, (&reason, "", "unmask"))?;
            let kind = pack.record_kinds.iter().find(|kind| kind.id == row.kind).ok_or(Code::NotFound)?;
            Ok(fields_shown(kind, &fields.to_string()))
        })
        .await
}
