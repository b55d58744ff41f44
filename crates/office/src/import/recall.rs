//! Recall: a committed batch is taken back as one entry; it is then as if it had never been, and the journal says so.

use xinzhi_core::actor::Actor;
use xinzhi_core::journal::{Act, Draft};
use xinzhi_core::record::BatchId;
use xinzhi_core::text;
use xinzhi_core::{Code, Digest, Refusal};
use xinzhi_proof::Tree;

use crate::idempotent::Once;
use crate::import::subjects::House;
use crate::permission::{Action, Scope};
use crate::react::{self, Event};
use crate::{Error, Office};

/// Longest reason, in characters.
const REASON_CHARS_MAX: usize = 500;

/// Takes a committed batch back; rows of other batches that only repeated its records stand in for them. Returns how many did.
///
/// # Errors
/// [`Code::NotFound`], [`Code::OutOfScope`], [`Code::BatchState`] unless it is in effect, [`Code::FieldInvalid`] without a reason.
pub async fn recall(office: &Office, actor: &Actor, id: BatchId, (reason, once): (&str, Option<Once>)) -> Result<i64, Error> {
    let scope = Scope::of(Action::RecallBatch, actor)?;
    let reason = reason_text(reason)?;
    let (keys, world, pack) = (office.keys.clone(), office.world.clone(), office.pack());
    let revived: i64 = office
        .write(actor, move |tx| {
            if let Some(given) = once.as_ref().map(|once| once.given(tx)).transpose()?.flatten() {
                return given.parse().map_err(|_| Error::inconsistent(format!("a kept answer: {given}")));
            }
            let batch = xinzhi_store::batch::by_id(tx.connection(), id)?.ok_or(Code::NotFound)?;
            if !scope.covers_work(batch.organ.as_deref(), Some(&batch.area)) {
                return Err(Code::OutOfScope.into());
            }
            if batch.committed.is_none() || batch.recalled.is_some() {
                return Err(Refusal::detail(Code::BatchState, format!("批次 {} 未生效或已撤回，不能撤回", id.0)).into());
            }

            let entry = tx.next_position();
            let revived = xinzhi_store::record::revive(tx, id, entry)?;
            let refs = format!("{{\"batch\":{}}}", id.0);
            let payload = recall_payload(&revived, &refs, &reason);
            tx.append(&Draft { act: Act::BatchRecalled, subject: None, refs, payload })?;
            xinzhi_store::batch::recall(tx, id, entry, &reason)?;
            let revived = i64::try_from(revived.len()).unwrap_or(i64::MAX);
            let house = House { keys: &keys, entropy: world.entropy.as_ref(), pack: &pack };
            react::follow(tx, &house, &Event::BatchRecalled { batch: id, kind: batch.kind })?;
            once.map_or(Ok(()), |once| once.keep(tx, &revived.to_string()))?;
            Ok(revived)
        })
        .await?;
    tracing::info!(batch = id.0, revived, "import recalled");
    Ok(revived)
}

/// What the journal keeps of a recall: the digests of the records that stand in, and the reason.
pub(crate) fn recall_payload(revived: &[Digest], refs: &str, reason: &str) -> Digest {
    let mut tree = Tree::new();
    revived.iter().for_each(|digest| tree.push(digest.as_bytes()));
    xinzhi_proof::salted(tree.root().as_bytes(), &[refs.as_bytes(), reason.as_bytes()])
}

pub(crate) fn reason_text(reason: &str) -> Result<String, Error> {
    let invalid = |words: String| Error::from(Refusal::field(Code::FieldInvalid, "reason", words));
    let reason = text::clean(reason).map_err(|fault| invalid(format!("理由{fault}")))?;
    match reason.chars().count() {
        0 => Err(invalid("请填写理由".to_owned())),
        count if count > REASON_CHARS_MAX => Err(invalid(format!("理由不能超过 {REASON_CHARS_MAX} 字"))),
        _ => Ok(reason.into_owned()),
    }
}
