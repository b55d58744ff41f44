//! What must always hold, checked on stored data; every check is named after the invariants it guards.

mod by_rule;
mod rights;

use xinzhi_core::Digest;
use xinzhi_core::journal::{Act, Entry, Position};
use xinzhi_core::measure::MeasureKind;
use xinzhi_core::record::BatchId;
use xinzhi_proof::Tree;
use xinzhi_store::Connection;
use xinzhi_store::check::{CheckRow, NewObligation};

use crate::check::feedback::{decision_payload, feedback_payload};
use crate::check::replay::Replay;
use crate::check::run::{check_payload, owed};
use crate::check::{self, CheckAnswer};
use crate::evaluation::Cache;
use crate::import::commit::commit_payload;
use crate::import::recall::recall_payload;
use crate::import::rule::ruling_payload;
use crate::import::stage::{Digested, record_digest};
use crate::office::clock_payload;
use crate::push::derive;
use crate::push::receipt::resend_payload;
use crate::push::subscribe::{host_payload, subscription_payload};
use crate::subject::file::access_payload;
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
            entries_covered(connection)?,
            facts_entered(connection)?,
            obligations_balance(connection)?,
            decisions_founded(connection)?,
            by_rule::decided_by_rule(connection, office)?,
            pushes_numbered(connection)?,
            pushes_derived(connection, office)?,
            rights::as_granted(connection)?,
        ])
    })
}

/// Makes every check again that was ever answered, and compares the bytes (D1). Takes as long as making them did.
pub fn replay(office: &Office) -> Result<Finding, Error> {
    let cache = Cache::default();
    office.read_here(|connection| {
        let (mut looked_at, mut faults) = (0, Vec::new());
        each_check(connection, |connection, row| {
            looked_at += 1;
            match check::replay::replay(connection, office, &cache, row) {
                Ok(Replay::Same) => {}
                Ok(Replay::Other) => faults.push(format!("核查 {} 重新计算的结果与当时的答复不同", row.check.0)),
                Ok(Replay::OtherEdition) => faults.push(format!("核查 {} 由另一版计算程序作出，须用该版本核对", row.check.0)),
                Err(fault) => faults.push(format!("核查 {} 无法重新计算：{fault}", row.check.0)),
            }
            Ok(())
        })?;
        Ok(Finding { invariant: "D1", title: "核查的答复可以逐字重算", looked_at, faults })
    })
}

/// Every entry of an act, a page at a time.
fn each_entry(
    connection: &mut Connection,
    act: Act,
    mut look: impl FnMut(&mut Connection, &Entry) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut last = Position(0);
    loop {
        let entries = xinzhi_store::journal::of_act(connection, act, last, PAGE)?;
        let Some(end) = entries.last() else { return Ok(()) };
        last = end.position;
        for entry in &entries {
            look(connection, entry)?;
        }
    }
}

/// Every check that is there; one that is missing altogether is told by the check of entries.
fn each_check(connection: &mut Connection, mut look: impl FnMut(&mut Connection, &CheckRow) -> Result<(), Error>) -> Result<(), Error> {
    each_entry(connection, Act::CheckMade, |connection, entry| match xinzhi_store::check::check_at(connection, entry.position)? {
        Some((row, _)) => look(connection, &row),
        None => Ok(()),
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
            // What has no class is not held against anybody, and registers without a document of their own have none.
            let adverse = row.class.is_some();
            if adverse && (row.document.number.trim().is_empty() || row.document.organ.trim().is_empty()) {
                faults.push(format!("记录 {} 没有文书号或作出机关", row.record.0));
            }
            if record_digest(&digested) != row.digest {
                faults.push(format!("记录 {} 的内容与其摘要不符", row.record.0));
            }
        }
    }
    Ok(Finding { invariant: "E12 L5 L9", title: "记录有据，内容与摘要一致", looked_at, faults })
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

fn payload_holds(connection: &mut Connection, batch: BatchId, entry: Position, root: &Digest) -> Result<bool, Error> {
    let revived = xinzhi_store::record::digests_at(connection, entry)?;
    let entries = xinzhi_store::journal::after(connection, Position(entry.0 - 1), 1)?;
    let named = format!("\"batch\":{},", batch.0);
    Ok(entries.first().is_some_and(|e| e.draft.refs.contains(&named) && is_sealed(e, commit_payload(root, &revived, &e.draft.refs))))
}

/// Whether an entry as stored is the seal over `payload`, its place, moment, actor and act.
fn is_sealed(entry: &Entry, payload: Digest) -> bool {
    let mut expected = entry.clone();
    expected.draft.payload = payload;
    xinzhi_proof::sealed_entry(&expected) == entry.draft.payload
}

fn unsealed(entry: &Entry) -> String {
    format!("账簿第 {} 笔（{}）与其事实不符", entry.position.0, entry.draft.act.word())
}

/// Checks, reads, rulings, recalls, answers and decisions: what somebody brought about, with the records it became.
fn entries_covered(connection: &mut Connection) -> Result<Finding, Error> {
    const ACTS: [Act; 16] = [
        Act::CheckMade,
        Act::SubjectRead,
        Act::IdentityUnmasked,
        Act::RowRuled,
        Act::BatchRecalled,
        Act::FeedbackGiven,
        Act::RestrictionDecided,
        Act::ClockCorrected,
        Act::ConnectorRegistered,
        Act::ConnectorChanged,
        Act::ConnectorPulled,
        Act::SubscriptionMade,
        Act::SubscriptionChanged,
        Act::SubscriptionEnded,
        Act::EventResent,
        Act::HostListed,
    ];
    let (mut looked_at, mut faults) = (0, Vec::new());
    for act in ACTS {
        each_entry(connection, act, |connection, entry| {
            looked_at += 1;
            if !payload_of(connection, entry)?.is_some_and(|payload| is_sealed(entry, payload)) {
                faults.push(unsealed(entry));
            }
            Ok(())
        })?;
    }
    Ok(Finding {
        invariant: "E12 D8 A2", title: "核查、查阅、核实、撤回、反馈、决定、前置库与订阅同账簿一致", looked_at, faults
    })
}

/// The other way round: what was brought about stands in the journal.
fn facts_entered(connection: &mut Connection) -> Result<Finding, Error> {
    let faults = xinzhi_store::journal::unentered(connection, PAGE)?;
    let faults = faults.iter().map(|(table, entry)| format!("`{table}` 中第 {} 笔的事实在账簿中没有对应的一笔", entry.0)).collect();
    let (_, looked_at, _) = xinzhi_store::journal::shape(connection)?;
    Ok(Finding { invariant: "E12 A2", title: "核查、反馈、决定、查阅、批次和规则包都在账簿中", looked_at, faults })
}

/// Restrictions: decided by a person on a document, in order, on adverse records of that very subject.
fn decisions_founded(connection: &mut Connection) -> Result<Finding, Error> {
    let unfounded = xinzhi_store::check::unfounded(connection, PAGE)?;
    let kinds = [
        (&unfounded.by_nobody, "没有具名的决定人、文书或机关"),
        (&unfounded.out_of_order, "的文书、送达、生效、截止日期次序颠倒"),
        (&unfounded.on_nothing, "所依据的不是该主体一般以上的失信记录"),
        (&unfounded.by_name, "针对的主体没有带校验位的代码"),
        (&unfounded.too_long, "的截止日期晚于所依据文书满三年之日"),
        (&unfounded.twice, "所依据的记录已引发过同一措施"),
    ];
    let faults = kinds.iter().flat_map(|(found, words)| found.iter().map(move |decision| format!("惩戒决定 {}{words}", decision.0)));
    let faults = faults.collect();
    Ok(Finding {
        invariant: "D2 D4 D6 D9 D10 L7 L8 W1 W8",
        title: "惩戒决定有人、有据、有序，只针对本主体的失信记录，自文书起不超过三年",
        looked_at: unfounded.looked_at,
        faults,
    })
}

/// The ledger of what is owed: each measure of an answer once, closed by one final feedback and by nothing else.
fn obligations_balance(connection: &mut Connection) -> Result<Finding, Error> {
    let unbalanced = xinzhi_store::check::unbalanced(connection, PAGE)?;
    let mut faults: Vec<String> =
        unbalanced.iter().map(|(check, measure)| format!("核查 {} 的措施 `{measure}` 的反馈账不平", check.0)).collect();
    let mut looked_at = 0;
    each_check(connection, |connection, row| {
        looked_at += 1;
        let answer = serde_json::from_str::<CheckAnswer>(&row.answer).ok();
        if !answer.as_ref().map(|answer| is_owed_as_answered(connection, row, answer)).transpose()?.unwrap_or(false) {
            faults.push(format!("核查 {} 应反馈的措施与其结果不一致", row.check.0));
        }
        if !answer.as_ref().is_some_and(is_complete) {
            faults.push(format!("核查 {} 的答复缺少依据、理由、记录或退出途径", row.check.0));
        }
        Ok(())
    })?;
    Ok(Finding { invariant: "E3 E9 D8 L1 L10", title: "应反馈与已反馈的账平衡，答复齐全", looked_at, faults })
}

/// Whether an answer tells of each measure its articles, why, and the way out, and of each restriction its records (D8, L1, L10).
fn is_complete(answer: &CheckAnswer) -> bool {
    answer.measures.iter().all(|measure| {
        let told = !measure.basis.is_empty() && !measure.why.is_empty() && !measure.way_out.is_empty() && !measure.body.is_empty();
        told && (measure.kind != MeasureKind::Restriction || !measure.records.is_empty())
    })
}

fn is_owed_as_answered(connection: &mut Connection, row: &CheckRow, answer: &CheckAnswer) -> Result<bool, Error> {
    let stored = xinzhi_store::check::obligations_of(connection, row.check)?;
    let stored = stored.iter().map(|o| NewObligation {
        measure: &o.measure,
        kind: &o.kind,
        state: &o.state,
        body: &o.body,
        due: o.due,
        until: o.until,
    });
    let mut owed = owed(answer);
    owed.sort_by_key(|obligation| obligation.measure);
    Ok(stored.eq(owed))
}

/// The payload that an entry must have by the facts stored for it; none where they are missing.
fn payload_of(connection: &mut Connection, entry: &Entry) -> Result<Option<Digest>, Error> {
    let refs = &entry.draft.refs;
    let records = xinzhi_store::record::digests_at(connection, entry.position)?;
    Ok(match entry.draft.act {
        Act::CheckMade => {
            let check = xinzhi_store::check::check_at(connection, entry.position)?;
            let access = xinzhi_store::access::at(connection, entry.position)?;
            check.zip(access).map(|((check, salt), (access, _))| check_payload(&check, &access, &salt))
        }
        Act::SubjectRead | Act::IdentityUnmasked => {
            let access = xinzhi_store::access::at(connection, entry.position)?;
            access.map(|(access, salt)| access_payload(&access, &salt))
        }
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
        Act::ClockCorrected => Some(clock_payload(refs)),
        Act::ConnectorRegistered | Act::ConnectorChanged | Act::ConnectorPulled => crate::connector::payload_at(connection, entry)?,
        Act::SubscriptionMade | Act::SubscriptionChanged | Act::SubscriptionEnded => {
            xinzhi_store::subscription::at(connection, entry.position)?.map(|row| subscription_payload(&row))
        }
        Act::EventResent => xinzhi_store::push::resend_at(connection, entry.position)?.map(|row| resend_payload(&row)),
        Act::HostListed => xinzhi_store::subscription::host_at(connection, entry.position)?.map(|row| host_payload(&row)),
        _ => None,
    })
}

/// Numbers of each recipient without a gap, an event for each, a beginning before each end, nothing sent past what waits.
fn pushes_numbered(connection: &mut Connection) -> Result<Finding, Error> {
    let (mut looked_at, mut faults) = (0, Vec::new());
    for (id, [given, events, last, deliveries]) in xinzhi_store::push::shapes(connection)? {
        looked_at += events;
        if given != events || given != last || given != deliveries {
            faults.push(format!("订阅 {id} 的推送编号有缺口：已编号 {given}、实有 {events}、末号 {last}、投递 {deliveries}"));
        }
    }
    for (id, sequence) in xinzhi_store::push::unbegun(connection, PAGE)? {
        faults.push(format!("订阅 {id} 第 {sequence} 号推送告知措施终止，此前没有告知其开始"));
    }
    for (id, sequence) in xinzhi_store::push::overtaken(connection, PAGE)? {
        faults.push(format!("订阅 {id} 第 {sequence} 号推送先于更早的编号送达"));
    }
    Ok(Finding { invariant: "E6", title: "推送编号连续、先始后终、依次送达", looked_at, faults })
}

/// What facts and days say a recipient had to be told by now is there.
fn pushes_derived(connection: &mut Connection, office: &Office) -> Result<Finding, Error> {
    let (mut looked_at, mut faults) = (0, Vec::new());
    for row in xinzhi_store::subscription::every(connection)?.iter().filter(|row| !row.is_ended()) {
        looked_at += 1;
        let missing = derive::missing(connection, office, row)?;
        faults.extend(missing.iter().map(|cause| format!("订阅 {} 缺少应有的推送（{cause}）", row.subscription)));
    }
    Ok(Finding { invariant: "E7 L2", title: "应推送的事项都已编号", looked_at, faults })
}
