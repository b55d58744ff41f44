//! 对账: per day, how many events there are, and one digest over those that were accepted, so that both sides can compare what they have.

use std::sync::Arc;

use xinzhi_core::actor::Actor;
use xinzhi_core::{Day, Digest, Moment};
use xinzhi_store::push::ReconciliationRow;
use xinzhi_store::{Connection, Tx};

use super::subscribe::visible;
use super::{invalid, scope, sender};
use crate::{Error, Office};

/// Days of one reconciliation.
const DAYS_MAX: i64 = 31;
/// The hour from which the day before is counted: all its events had their first tries.
const NIGHT_HOUR: i8 = 2;
/// Numbers listed of a day.
const LISTED_MAX: usize = 1_000;
const PAGE: i64 = 2_000;

/// One day of a subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayCount {
    /// The day on which the events were written down.
    pub day: Day,
    /// All of them.
    pub events: i64,
    /// Accepted by the recipient.
    pub accepted: i64,
    /// Of these acknowledged.
    pub acknowledged: i64,
    /// Numbers that still wait.
    pub waiting: Vec<i64>,
    /// Numbers that were given up.
    pub dead: Vec<i64>,
    /// Numbers that were undone before they were sent.
    pub cancelled: Vec<i64>,
    /// SHA-256 over a line `number id` of each accepted event, in order.
    pub digest: Digest,
}

/// The days of a stretch, both ends included, that have events.
///
/// # Errors
/// [`xinzhi_core::Code::NotFound`], [`xinzhi_core::Code::FieldInvalid`] for days that are none, in the wrong order or too many.
pub async fn days(office: &Arc<Office>, actor: &Actor, id: i64, (from, to): (&str, &str)) -> Result<Vec<DayCount>, Error> {
    let scope = scope(actor)?;
    let read = |field: &str, text: &str| {
        let wrong = |fault| invalid(field, format!("日期 `{}` {fault}", crate::check::run::shorten(text)));
        Day::parse(text).map_err(wrong)
    };
    let (from, to) = (read("from", from)?, read("to", to)?);
    if to < from {
        return Err(invalid("to", "止日不能早于起日"));
    }
    if to.number() - from.number() >= DAYS_MAX {
        return Err(invalid("to", format!("一次对账最多 {DAYS_MAX} 天，请分段查询")));
    }
    office
        .read(move |connection| {
            visible(connection, &scope, id)?;
            let days = (from.number()..=to.number()).filter_map(Day::from_number);
            let counted: Vec<DayCount> = days.map(|day| count(connection, id, day)).collect::<Result<_, _>>()?;
            Ok(counted.into_iter().filter(|day| day.events > 0).collect())
        })
        .await
}

fn count(connection: &mut Connection, id: i64, day: Day) -> Result<DayCount, Error> {
    let stretch = (Moment::start_of(day), Moment::start_of(day.plus_days(1)));
    let (mut last, mut lines) = (0, String::new());
    let mut found = DayCount {
        day,
        events: 0,
        accepted: 0,
        acknowledged: 0,
        waiting: Vec::new(),
        dead: Vec::new(),
        cancelled: Vec::new(),
        digest: Digest([0; 32]),
    };
    loop {
        let rows = xinzhi_store::push::within(connection, id, stretch, (last, PAGE))?;
        let Some(end) = rows.last() else { break };
        last = end.sequence;
        for row in &rows {
            found.events += 1;
            found.acknowledged += i64::from(row.acknowledged_at.is_some());
            let listed = match row.state.as_str() {
                "accepted" => {
                    found.accepted += 1;
                    lines.push_str(&format!("{} {}\n", row.sequence, row.webhook));
                    continue;
                }
                "dead" => &mut found.dead,
                "cancelled" => &mut found.cancelled,
                _ => &mut found.waiting,
            };
            if listed.len() < LISTED_MAX {
                listed.push(row.sequence);
            }
        }
    }
    found.digest = plain_digest(&lines);
    Ok(found)
}

/// Not salted: the other side has to come to the same.
fn plain_digest(lines: &str) -> Digest {
    use sha2::{Digest as _, Sha256};
    Digest(Sha256::digest(lines.as_bytes()).into())
}

/// At night: counts every day that is over and was not counted, and has tried at once whatever still waits.
///
/// # Errors
/// A fault of the database.
pub async fn nightly(office: &Arc<Office>) -> Result<(), Error> {
    if office.now().hour() < NIGHT_HOUR {
        return Ok(());
    }
    let yesterday = office.today().plus_days(-1);
    let due = office.read(move |connection| {
        let mut due = Vec::new();
        if !xinzhi_store::subscription::any(connection)? {
            return Ok(due);
        }
        for row in xinzhi_store::subscription::every(connection)?.into_iter().filter(|row| !row.is_ended()) {
            let head = xinzhi_store::subscription::head(connection, row.subscription)?;
            let first = head.reconciled.map_or(row.made_at.day(), |day| day.plus_days(1));
            let first = first.max(yesterday.plus_days(1 - i32::try_from(DAYS_MAX).unwrap_or(0)));
            let days = (first.number()..=yesterday.number()).filter_map(Day::from_number);
            let counted: Vec<DayCount> = days.map(|day| count(connection, row.subscription, day)).collect::<Result<_, _>>()?;
            if !counted.is_empty() {
                due.push((row.subscription, head.reconciled, counted));
            }
        }
        Ok(due)
    });
    for (id, before, counted) in due.await? {
        let keep = move |tx: &mut Tx| {
            if xinzhi_store::subscription::head(tx.connection(), id)?.reconciled != before {
                return Ok(());
            }
            let requeued = i64::try_from(xinzhi_store::push::requeue(tx, id)?).unwrap_or(i64::MAX);
            for day in &counted {
                keep_count(tx, id, (day, if day.day == yesterday { requeued } else { 0 }))?;
            }
            Ok(xinzhi_store::subscription::reconciled(tx, id, yesterday)?)
        };
        office.write(&sender(), keep).await?;
    }
    Ok(())
}

fn keep_count(tx: &mut Tx, id: i64, (counted, requeued): (&DayCount, i64)) -> Result<(), Error> {
    let many = |list: &[i64]| i64::try_from(list.len()).unwrap_or(i64::MAX);
    let row = ReconciliationRow {
        day: counted.day,
        at: tx.moment(),
        events: counted.events,
        accepted: counted.accepted,
        acknowledged: counted.acknowledged,
        dead: many(&counted.dead),
        cancelled: many(&counted.cancelled),
        requeued,
        digest: counted.digest,
    };
    Ok(xinzhi_store::push::add_reconciliation(tx, id, &row)?)
}
