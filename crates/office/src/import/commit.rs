//! Commit: a staged batch becomes facts at one position, all or nothing (X6).

use xinzhi_core::actor::Actor;
use xinzhi_core::journal::{Act, Draft, Position};
use xinzhi_core::record::{BatchId, Counts, Outcome, Remark};
use xinzhi_core::{Code, Digest, Refusal};
use xinzhi_proof::Tree;
use xinzhi_store::Tx;
use xinzhi_store::batch::{BatchRow, NewWaiting};
use xinzhi_store::record::Overtaken;

use crate::idempotent::Once;
use crate::import::Waiting;
use crate::import::stage::seal_waiting;
use crate::import::subjects::House;
use crate::permission::{Action, Scope};
use crate::react::{self, Event};
use crate::{Error, Office};

/// Lets a staged batch take effect.
///
/// # Errors
/// [`Code::NotFound`], [`Code::OutOfScope`], or [`Code::BatchState`] where it took effect before.
pub async fn commit(office: &Office, actor: &Actor, id: BatchId, once: Option<Once>) -> Result<Counts, Error> {
    let scope = Scope::of(Action::ImportBatch, actor)?;
    let (keys, world, pack) = (office.keys.clone(), office.world.clone(), office.pack());
    let working = office.works().begin("批次生效", format!("批次 {}", id.0));
    let counts: Counts = office
        .write(actor, move |tx| {
            if let Some(given) = once.as_ref().map(|once| once.given(tx)).transpose()?.flatten() {
                return serde_json::from_str(&given).map_err(|e| Error::inconsistent(format!("a kept answer: {e}")));
            }
            let batch = staged(tx, &scope, id)?;
            let entry = Position(tx.head().0 + 1);
            let overtaken = xinzhi_store::record::overtaken(tx.connection(), id, &batch.kind, batch.known)?;

            let house = House { keys: &keys, entropy: world.entropy.as_ref(), pack: &pack };
            let mut counts = judge_again(tx, &house, &batch, &overtaken, entry)?;
            let root = if overtaken.is_empty() { batch.root } else { root_without(tx, id, entry)? };
            let revived = stand_in(tx, &batch, (&mut counts, entry))?;

            append(tx, (&batch, &counts), &root, &revived)?;
            xinzhi_store::batch::commit(tx, id, entry, &counts, &root)?;
            react::follow(tx, &house, &Event::BatchCommitted { batch: id, kind: batch.kind.clone() })?;
            let json = serde_json::to_string(&counts).map_err(|e| Error::inconsistent(e.to_string()))?;
            once.map_or(Ok(()), |once| once.keep(tx, &json))?;
            Ok(counts)
        })
        .await?;
    tracing::info!(batch = id.0, accepted = counts.accepted, quarantined = counts.quarantined, "import committed");
    working.finish();
    Ok(counts)
}

fn staged(tx: &mut Tx, scope: &Scope, id: BatchId) -> Result<BatchRow, Error> {
    let batch = xinzhi_store::batch::by_id(tx.connection(), id)?.ok_or(Code::NotFound)?;
    if !scope.covers_work(batch.organ.as_deref(), Some(&batch.area)) {
        return Err(Code::OutOfScope.into());
    }
    match batch.committed {
        None => Ok(batch),
        Some(_) => Err(Refusal::detail(Code::BatchState, format!("批次 {} 已经提交生效，不能重复提交", id.0)).into()),
    }
}

/// Rows whose natural key somebody else filled since the preview are judged again: duplicates stand aside, others wait.
fn judge_again(tx: &mut Tx, house: &House<'_>, batch: &BatchRow, overtaken: &[Overtaken], entry: Position) -> Result<Counts, Error> {
    let mut counts = batch.counts;
    for row in overtaken {
        let (outcome, reason, sentence) = if row.same_content {
            (Outcome::Duplicate, "row.duplicate", "预览之后已有相同内容的记录生效，本行不再重复登记")
        } else if row.same_supplier {
            (Outcome::Quarantined, "row.correction", "预览之后同一文书已有不同内容的记录生效，本行视为更正申请，待核实")
        } else {
            (Outcome::Quarantined, "row.conflict", "预览之后另一单位报送的同一文书已经生效且内容不同，本行待核实")
        };
        xinzhi_store::record::close(tx, row.record, entry, reason)?;
        let remark = Remark { code: reason.to_owned(), field: None, sentence: sentence.to_owned() };
        let remarks = serde_json::to_string(&[remark]).map_err(|e| Error::inconsistent(e.to_string()))?;
        xinzhi_store::batch::add_commit_verdict(tx, batch.batch, row.row, outcome, &remarks)?;
        counts.accepted -= 1;
        if outcome == Outcome::Duplicate {
            counts.duplicate += 1;
        } else {
            counts.quarantined += 1;
            let candidate = seal_waiting(house, &Waiting::Record(row.record))?;
            let waiting = NewWaiting { row: row.row, reason: reason.to_owned(), against: Some(row.other), candidate };
            xinzhi_store::batch::add_waiting(tx, batch.batch, &waiting)?;
        }
    }
    Ok(counts)
}

fn root_without(tx: &mut Tx, id: BatchId, entry: Position) -> Result<Digest, Error> {
    let mut tree = Tree::new();
    xinzhi_store::record::walk_digests(tx.connection(), id, entry, |digest| tree.push(digest.as_bytes()))?;
    Ok(tree.root())
}

/// Rows that repeated records which were recalled since the preview: nothing else says now what they say, so they become records.
fn stand_in(tx: &mut Tx, batch: &BatchRow, (counts, entry): (&mut Counts, Position)) -> Result<Vec<Digest>, Error> {
    let revived = xinzhi_store::record::revive_own(tx, batch.batch, batch.known, entry)?;
    for row in &revived {
        let sentence = "预览时与之重复的记录已被撤回，本行改为登记".to_owned();
        let remark = Remark { code: "row.stands_in".to_owned(), field: None, sentence };
        let remarks = serde_json::to_string(&[remark]).map_err(|e| Error::inconsistent(e.to_string()))?;
        xinzhi_store::batch::add_commit_verdict(tx, batch.batch, row.row, Outcome::Accepted, &remarks)?;
        counts.duplicate -= 1;
        counts.accepted += 1;
    }
    Ok(revived.into_iter().map(|row| row.digest).collect())
}

fn append(tx: &mut Tx, (batch, counts): (&BatchRow, &Counts), root: &Digest, revived: &[Digest]) -> Result<Position, Error> {
    let refs = format!(
        "{{\"accepted\":{},\"batch\":{},\"duplicate\":{},\"quarantined\":{}}}",
        counts.accepted, batch.batch.0, counts.duplicate, counts.quarantined
    );
    let payload = commit_payload(root, revived, &refs);
    Ok(tx.append(&Draft { act: Act::BatchCommitted, subject: None, refs, payload })?)
}

/// What the journal keeps of a commit: the root, which hides every row behind its salt, and the digests of the rows that stood in.
pub(crate) fn commit_payload(root: &Digest, revived: &[Digest], refs: &str) -> Digest {
    let mut tree = Tree::new();
    revived.iter().for_each(|digest| tree.push(digest.as_bytes()));
    xinzhi_proof::salted(root.as_bytes(), &[refs.as_bytes(), tree.root().as_bytes()])
}
