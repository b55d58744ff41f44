//! One look at a department's table: what is new becomes a batch, staged and committed like any other.
//!
//! How far the table was read is written with the staged batch and counts from its commit on, so there is no moment in which rows have
//! effect and the place does not, or the other way round. A process that ends between the two finds its batch again and commits it.

use std::sync::Arc;

use xinzhi_core::actor::Actor;
use xinzhi_core::journal::{Act, Draft};
use xinzhi_core::record::{BatchId, Counts};
use xinzhi_core::{AreaCode, Code, Day, Moment, Refusal};
use xinzhi_store::Tx;
use xinzhi_store::connector::{ConnectorRow, PullRow, Standing};

use crate::connector::change::paused;
use crate::connector::register::invalid;
use crate::connector::spool::{Spool, Watch, sealed_place, spool};
use crate::connector::{actor_of, open_batch, pulled_payload};
use crate::import::stage::{stage_with, stand_back};
use crate::import::{self, Delivery, Encoding, Format, Options};
use crate::permission::{Action, Scope};
use crate::work::Working;
use crate::{Error, Office};

const MINUTE_MS: i64 = 60_000;
/// After failures the next look comes later and later, but within this time.
const PATIENCE_MS: i64 = 6 * 60 * MINUTE_MS;
/// Doublings beyond which the patience is reached in any case.
const DOUBLINGS_MAX: i64 = 9;

/// What a look came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// The batches that it made.
    pub batches: Vec<BatchId>,
    /// Their counts together.
    pub counts: Counts,
    /// The batch that waits for a person, if one does.
    pub waiting: Option<BatchId>,
    /// Whether rows without watermark or key were passed over.
    unreachable: bool,
    /// Through which day it now says that the table was complete.
    pub covered: Option<Day>,
    /// Why it does not say so although that was promised.
    uncovered: Option<&'static str>,
}

impl Look {
    /// The sentence of a look that went well.
    pub fn sentence(&self) -> String {
        let Counts { read, accepted, duplicate, refused, quarantined } = self.counts;
        let mut words = match self.waiting {
            Some(batch) if self.batches.is_empty() => format!("批次 {} 等待提交，提交之前不再取数", batch.0),
            _ if self.batches.is_empty() || read == 0 => "没有新的行".to_owned(),
            _ => format!("读入 {read} 行：接收 {accepted}，重复 {duplicate}，退回 {refused}，待核实 {quarantined}"),
        };
        if let Some(batch) = self.waiting.filter(|_| !self.batches.is_empty()) {
            words.push_str(&format!("；批次 {} 等待提交", batch.0));
        }
        if self.unreachable {
            words.push_str("；表中有水位列或次序列为空的行，这些行读不到，请对方补上");
        }
        if let Some(day) = self.covered {
            words.push_str(&format!("；完整覆盖至 {day}"));
        }
        if let Some(why) = self.uncovered {
            words.push_str(why);
        }
        words
    }

    fn add(&mut self, batch: BatchId, counts: Counts) {
        self.batches.push(batch);
        self.counts = self.counts.plus(counts);
    }
}

/// [`pull`] on a thread of its own, for whoever must not wait on theirs.
///
/// # Errors
/// As [`pull`].
pub async fn pull_aside(office: &Arc<Office>, actor: &Actor, id: &str) -> Result<Look, Error> {
    let (office, actor, id) = (Arc::clone(office), actor.clone(), id.to_owned());
    let (sender, receiver) = tokio::sync::oneshot::channel();
    let work = move || {
        stand_back();
        // Whoever asked may have gone; what was pulled stands all the same.
        drop(sender.send(pull(&office, &actor, &id, &|| false)));
    };
    let thread = std::thread::Builder::new().name("connector".to_owned()).spawn(work);
    thread.map_err(|cause| xinzhi_store::Fault::Io { what: "starting a look at a table".to_owned(), cause })?;
    receiver.await.unwrap_or_else(|_| Err(Error::inconsistent("a look ended without an answer")))
}

/// Looks at a table now, on this thread, and notes how it went.
///
/// # Errors
/// [`Code::ConnectorFailed`] with what to do, [`Code::NotFound`], [`Code::FieldInvalid`] for one that is paused or has ended.
pub fn pull(office: &Arc<Office>, actor: &Actor, id: &str, stopping: &dyn Fn() -> bool) -> Result<Look, Error> {
    Scope::of(Action::ManageConnectors, actor)?;
    let _alone = office.pulling.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let row = office.read_here(|connection| Ok(xinzhi_store::connector::by_id(connection, id)?))?.ok_or(Code::NotFound)?;
    match row.standing {
        Standing::Paused => return Err(paused(id)),
        Standing::Ended => return Err(invalid("id", format!("前置库 `{id}` 已停用"))),
        Standing::Running => {}
    }
    let working = office.works().begin_again(work_of(id), "前置库取数", &row.registered.title);
    let looked = rounds(office, &row, (stopping, &working));
    drop(working);
    // Cut off by the end of the server: the next one looks again at once.
    if looked.is_ok() || !stopping() {
        note(office, &row, &looked)?;
    }
    looked
}

/// The word by which the work of a connector is known.
pub(crate) fn work_of(id: &str) -> String {
    format!("connector {id}")
}

/// Batch after batch until nothing is left, or one waits for a person.
fn rounds(office: &Arc<Office>, row: &ConnectorRow, (stopping, working): (&dyn Fn() -> bool, &Working)) -> Result<Look, Error> {
    let (id, actor) = (row.registered.id.clone(), actor_of(&row.registered));
    let mut look = Look::default();
    loop {
        let newest = office.read_here(|connection| Ok(xinzhi_store::connector::newest_pull(connection, &id)?))?;
        if let Some(batch) = open_batch(row, newest.as_ref()) {
            if row.registered.previews {
                look.waiting = Some(batch);
                return Ok(look);
            }
            // Staged when the process ended.
            look.add(batch, commit(office, &actor, batch)?);
            continue;
        }
        let last = office.read_here(|connection| Ok(xinzhi_store::connector::newest_committed(connection, &id)?))?;
        let before = look.counts.read;
        let promise = promised(office, row)?;
        if let Promise::Broken = promise {
            look.uncovered = Some(BROKEN);
        }
        let so_far = |rows| working.so_far(before + rows);
        let watch = Watch { stopping, so_far: &so_far, tells_nothing: matches!(promise, Promise::Kept { due: true, .. }) };
        let Some(spooled) = spool(office, row, last.as_ref(), &watch)? else { return Ok(look) };
        look.unreachable |= spooled.unreachable;
        let covers = match promise {
            Promise::Kept { from, through, .. } if spooled.whole => Some((from, through)),
            Promise::Kept { .. } if !spooled.more => {
                look.uncovered = Some(NOT_WHOLE);
                None
            }
            _ => None,
        };
        if spooled.rows == 0 && covers.is_none() {
            return Ok(look);
        }
        let more = spooled.more;
        let batch = stage(office, (row, &actor), (last.map(|pull| pull.batch), covers), spooled)?;
        if row.registered.previews {
            let staged = office.read_here(|connection| Ok(xinzhi_store::batch::by_id(connection, batch)?))?;
            look.add(batch, staged.ok_or_else(|| Error::inconsistent("a staged batch is missing"))?.counts);
            look.waiting = Some(batch);
            return Ok(look);
        }
        look.add(batch, commit(office, &actor, batch)?);
        look.covered = covers.map(|(_, through)| through);
        if !more {
            return Ok(look);
        }
    }
}

fn commit(office: &Arc<Office>, actor: &Actor, batch: BatchId) -> Result<Counts, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let runtime = runtime.map_err(|cause| xinzhi_store::Fault::Io { what: "waiting for a commit".to_owned(), cause })?;
    runtime.block_on(import::commit(office, actor, batch, None))
}

/// What was promised about a table, and what may be said of it now.
enum Promise {
    /// Nothing.
    None,
    /// It holds everything since a day.
    Kept {
        /// Since when.
        from: Day,
        /// Through which day a look that reads all of it may say so: the last whole day before what may still become visible late.
        through: Day,
        /// Whether that was not said yet.
        due: bool,
    },
    /// A batch was taken back: its rows are missing here, whatever the table holds.
    Broken,
}

const BROKEN: &str = "；有批次被撤回，不再声明完整覆盖，如需恢复请停用后另行登记";
const NOT_WHOLE: &str = "；表中有读不到的行（水位列或次序列为空，或水位超前一天以上），本次不声明完整覆盖";

fn promised(office: &Office, row: &ConnectorRow) -> Result<Promise, Error> {
    let of = &row.registered;
    let Some(from) = of.covers else { return Ok(Promise::None) };
    let through = office.now().plus_ms(-of.overlap.saturating_mul(1_000)).day().plus_days(-1);
    let id = of.id.clone();
    office.read_here(move |connection| {
        if xinzhi_store::connector::was_recalled(connection, &id)? {
            return Ok(Promise::Broken);
        }
        let covered = xinzhi_store::connector::covered(connection, &id)?;
        Ok(if through < from { Promise::None } else { Promise::Kept { from, through, due: covered.is_none_or(|day| day < through) } })
    })
}

/// Stages the lines, and with them up to where they reach and for which days that is everything.
fn stage(
    office: &Arc<Office>,
    (row, actor): (&ConnectorRow, &Actor),
    (based_on, covers): (Option<BatchId>, Option<(Day, Day)>),
    spooled: Spool,
) -> Result<BatchId, Error> {
    let of = &row.registered;
    let Spool { file, rows, last, columns, overlapping, .. } = spooled;
    tracing::info!(connector = %of.id, rows, "rows were read from a department's table");
    let encoding = Some(Encoding::Utf8);
    let options = match rows {
        0 => Options { format: Some(Format::Nothing), encoding, ..Options::undeclared() },
        _ => Options { format: Some(Format::Ndjson), ..Options::undeclared() },
    };
    let delivery = Delivery {
        source: of.source.clone(),
        file_name: format!("前置库 {}，至 {}", of.title, last.watermark),
        area: AreaCode::parse(&of.area),
        covers,
        options,
        once: None,
    };
    let place = sealed_place(office, &of.id, &last)?;
    let id = of.id.clone();
    let beside = move |tx: &mut Tx, batch: BatchId| {
        let newest = xinzhi_store::connector::newest_committed(tx.connection(), &id)?;
        if newest.map(|pull| pull.batch) != based_on {
            // Another server on the same database was quicker.
            return Err(Refusal::detail(Code::ConnectorFailed, "另一台服务器同时读了这张表，本次作罢").into());
        }
        let pull = PullRow { batch, watermark: last.watermark, place, columns, overlapping, committed: None };
        let salt: [u8; 16] = tx.random();
        let refs = format!("{{\"batch\":{},\"connector\":\"{id}\"}}", batch.0);
        let payload = pulled_payload(&id, &pull, &salt);
        let entry = tx.append(&Draft { act: Act::ConnectorPulled, subject: None, refs, payload })?;
        Ok(xinzhi_store::connector::pull(tx, &id, (entry, &salt), &pull)?)
    };
    stage_with(office, actor, &delivery, (file, beside), &mut |_| ())
}

/// Writes down how a look went and when the next one is due.
fn note(office: &Arc<Office>, row: &ConnectorRow, looked: &Result<Look, Error>) -> Result<(), Error> {
    let id = row.registered.id.clone();
    let failures = if looked.is_ok() { 0 } else { row.failures + 1 };
    let (sentence, rows_read) = match looked {
        Ok(look) => (look.sentence(), look.counts.read),
        Err(Error::Refusal(refusal)) => {
            tracing::warn!(connector = %id, code = refusal.code.word(), "a department's table was not read");
            (refusal.sentence(), 0)
        }
        Err(fault @ (Error::Fault(_) | Error::Obstacle(_))) => {
            tracing::error!(connector = %id, %fault, "a department's table was not read");
            (Refusal::from(Code::Internal).sentence(), 0)
        }
    };
    let due_at = due(office.now(), row.registered.every_minutes, failures);
    office.write_here(&actor_of(&row.registered), move |tx| {
        let look = xinzhi_store::connector::Look { due_at, failures, sentence: &sentence, rows_read };
        Ok(xinzhi_store::connector::looked(tx, &id, &look)?)
    })
}

/// The next look: after the interval, or after failures later and later.
fn due(now: Moment, every_minutes: i64, failures: i64) -> Moment {
    let interval = every_minutes * MINUTE_MS;
    let doublings = (failures - 1).clamp(0, DOUBLINGS_MAX);
    now.plus_ms((interval << doublings).min(PATIENCE_MS.max(interval)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_wait_longer_and_longer_but_not_for_ever() {
        let minutes = |every, failures| due(Moment(0), every, failures).0 / MINUTE_MS;
        assert_eq!([0, 1, 2, 3, 6, 60].map(|failures| minutes(15, failures)), [15, 15, 30, 60, 360, 360]);
        assert_eq!([0, 1, 5].map(|failures| minutes(10_080, failures)), [10_080; 3], "never sooner than asked for");
    }
}
