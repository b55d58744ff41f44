//! What must always hold, checked on stored data; every check is named after the invariants it guards.

use xinzhi_core::Digest;
use xinzhi_core::journal::{Act, Entry, Position};
use xinzhi_core::record::BatchId;
use xinzhi_proof::Tree;
use xinzhi_store::Connection;

use crate::check::feedback::{decision_payload, feedback_payload};
use crate::import::commit::commit_payload;
use crate::import::recall::recall_payload;
use crate::import::rule::ruling_payload;
use crate::import::stage::{Digested, record_digest};
use crate::{Error, Office};

const PAGE: i64 = 2_000;

/// One check with what it found.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Invariants that it guards, as `E12`.
    pub invariant: &'static str,
    /// What is checked, in Chinese.
    pub title: &'static str,
    /// How much was looked at.
    pub looked_at: i64,
    /// What is wrong; empty is sound.
    pub faults: Vec<String>,
}

/// Runs every check in one consistent state.
pub fn examine(office: &Office) -> Result<Vec<Finding>, Error> {
    office.read_here(|connection| {
        Ok(vec![
            journal_without_gaps(connection)?,
            counts_close(connection)?,
            record_digests(connection)?,
            batch_roots(connection)?,
            checks_covered(connection)?,
            own_facts_covered(connection)?,
        ])
    })
}

fn journal_without_gaps(connection: &mut Connection) -> Result<Finding, Error> {
    let (last, entries, head) = xinzhi_store::journal::shape(connection)?;
    let mut faults = Vec::new();
    if last != entries || last != head {
        faults.push(format!("账簿末位 {last}、笔数 {entries}、登记的末位 {head} 不一致"));
    }
    Ok(Finding { invariant: "E1 E12", title: "账簿连续无缺号", looked_at: entries, faults })
}

fn counts_close(connection: &mut Connection) -> Result<Finding, Error> {
    let open = xinzhi_store::batch::open_counts(connection)?;
    let faults = open.iter().map(|batch| format!("批次 {} 的行数不闭合", batch.0)).collect();
    Ok(Finding { invariant: "E9", title: "批次行数闭合", looked_at: 1, faults })
}

fn record_digests(connection: &mut Connection) -> Result<Finding, Error> {
    let (mut last, mut looked_at, mut faults) = (0, 0, Vec::new());
    loop {
        let rows = xinzhi_store::record::contents(connection, last, PAGE)?;
        let Some(end) = rows.last() else { break };
        last = end.record.0;
        for row in &rows {
            looked_at += 1;
            let digested = Digested {
                subject: row.subject.0,
                kind: &row.kind,
                chain: &row.chain,
                content: &row.content,
                document: &row.document,
                class: row.class,
                fields: &row.fields,
                sealed: row.sealed.as_deref(),
                salt: &row.salt,
            };
            if record_digest(&digested) != row.digest {
                faults.push(format!("记录 {} 的内容与其摘要不符", row.record.0));
            }
        }
    }
    Ok(Finding { invariant: "E12 L9", title: "记录内容与摘要一致", looked_at, faults })
}

fn batch_roots(connection: &mut Connection) -> Result<Finding, Error> {
    let commits = xinzhi_store::batch::commits(connection)?;
    let mut faults = Vec::new();
    for commit in &commits {
        let mut tree = Tree::new();
        xinzhi_store::record::walk_digests(connection, commit.0, commit.1, |digest| tree.push(digest.as_bytes()))?;
        if tree.root() != commit.3 {
            faults.push(format!("批次 {} 的默克尔根与其记录不符", commit.0.0));
        }
        if !payload_holds(connection, commit.0, commit.1, &commit.3)? {
            faults.push(format!("批次 {} 的提交与账簿不符", commit.0.0));
        }
    }
    Ok(Finding {
        invariant: "E12", title: "批次的默克尔根与账簿一致", looked_at: i64::try_from(commits.len()).unwrap_or(i64::MAX), faults
    })
}

fn payload_holds(
    connection: &mut Connection,
    batch: BatchId,
    entry: xinzhi_core::journal::Position,
    root: &xinzhi_core::Digest,
) -> Result<bool, Error> {
    let before = xinzhi_core::journal::Position(entry.0 - 1);
    let entries = xinzhi_store::journal::after(connection, before, 1)?;
    let named = format!("\"batch\":{},", batch.0);
    Ok(entries.first().is_some_and(|e| e.draft.refs.contains(&named) && commit_payload(root, &e.draft.refs) == e.draft.payload))
}

fn checks_covered(connection: &mut Connection) -> Result<Finding, Error> {
    let (mut last, mut looked_at, mut faults) = (0, 0, Vec::new());
    loop {
        let rows = xinzhi_store::check::payloads(connection, last, PAGE)?;
        let Some(end) = rows.last() else { break };
        last = end.check.0;
        for row in &rows {
            looked_at += 1;
            if xinzhi_proof::salted(&row.salt, &[row.answer.as_bytes()]) != row.payload {
                faults.push(format!("核查 {} 的结果与账簿不符", row.check.0));
            }
        }
    }
    Ok(Finding { invariant: "D8 E12", title: "核查结果与账簿一致", looked_at, faults })
}

/// Rulings, recalls, answers and decisions: what an officer brought about, with the records it became.
fn own_facts_covered(connection: &mut Connection) -> Result<Finding, Error> {
    let (mut looked_at, mut faults) = (0, Vec::new());
    for act in [Act::RowRuled, Act::BatchRecalled, Act::FeedbackGiven, Act::RestrictionDecided] {
        let mut last = Position(0);
        loop {
            let entries = xinzhi_store::journal::of_act(connection, act, last, PAGE)?;
            let Some(end) = entries.last() else { break };
            last = end.position;
            for entry in &entries {
                looked_at += 1;
                if payload_of(connection, entry)? != Some(entry.draft.payload) {
                    faults.push(format!("账簿第 {} 笔（{}）与其事实不符", entry.position.0, act.word()));
                }
            }
        }
    }
    Ok(Finding { invariant: "E12 D8", title: "核实、撤回、反馈与决定与账簿一致", looked_at, faults })
}

/// The payload that an entry must have by the facts stored for it; none where they are missing.
fn payload_of(connection: &mut Connection, entry: &Entry) -> Result<Option<Digest>, Error> {
    let refs = &entry.draft.refs;
    let records = xinzhi_store::record::digests_at(connection, entry.position)?;
    Ok(match entry.draft.act {
        Act::RowRuled => {
            let reason = xinzhi_store::batch::reason_at(connection, entry.position)?;
            reason.map(|reason| ruling_payload(records.first(), refs, &reason))
        }
        Act::BatchRecalled => {
            let reason = xinzhi_store::batch::reason_at(connection, entry.position)?;
            reason.map(|reason| recall_payload(&records, refs, &reason))
        }
        Act::FeedbackGiven => {
            let row = xinzhi_store::check::feedback_at(connection, entry.position)?;
            row.map(|(row, salt)| feedback_payload(&row, &salt, records.first()))
        }
        Act::RestrictionDecided => {
            let row = xinzhi_store::check::decision_at(connection, entry.position)?;
            row.map(|(row, salt)| decision_payload(&row, &salt))
        }
        _ => None,
    })
}
