//! Pushes: what each recipient is owed, numbered without gaps, and what became of it.

use xinzhi_core::check::CheckId;
use xinzhi_core::journal::{Act, Position};
use xinzhi_core::record::{BatchId, RecordId};
use xinzhi_core::{Day, Digest, Moment, SubjectId};

use crate::connection::Connection;
use crate::sql::statements;
use crate::tx::Tx;
use crate::value::{Param, Row};
use crate::{Fault, params};

statements! {
    /// Entries that may change what a recipient was told.
    TELLING = "select entry, at, act, refs from journal
        where act in ('restriction_decided', 'batch_recalled', 'row_ruled', 'pack_installed') and entry > $1 and entry <= $2
        order by entry limit $3";
    /// Decisions made after a position and up to another, or whose records were taken back or corrected between them.
    TOUCHED = "select d.decision_id from decision d where d.decision_id > $1 and d.decision_id <= $2
        union select c.decision_id from decision_cause c join record r on r.record_id = c.record_id
            join batch_recall x on x.batch_id = r.batch_id where x.entry > $1 and x.entry <= $2
        union select c.decision_id from decision_cause c join record_closing z on z.record_id = c.record_id
            where z.entry > $1 and z.entry <= $2
        order by decision_id";
    /// Decisions that run or will, and those of which a recipient was told the beginning and not yet the end.
    LIVE = "select d.decision_id from decision d where d.until_day >= $2
        union select p.decision_id from push_event p where p.subscription_id = $1 and p.kind = 'measure.begins' and p.decision_id is not null
            and not exists (select 1 from push_event q where q.subscription_id = p.subscription_id and q.decision_id = p.decision_id
                and q.sequence > p.sequence)
        order by decision_id";
    /// What a recipient was told of a decision, in order.
    TOLD = "select p.sequence, p.kind, d.state from push_event p
        join push_delivery d on d.subscription_id = p.subscription_id and d.sequence = p.sequence
        where p.subscription_id = $1 and p.decision_id = $2 order by p.sequence";
    /// The event that was derived from a cause.
    BY_CAUSE = "select sequence from push_event where subscription_id = $1 and cause = $2";
    /// Open obligations that are due by a day or overdue, and of which a recipient was not told so.
    DUE = "select o.check_id, o.measure, o.kind, o.due_day, e.subject_id, e.case_number
        from obligation o join check_event e on e.check_id = o.check_id
            left join obligation_closing z on z.check_id = o.check_id and z.measure = o.measure
        where o.due_day <= $2 and z.feedback_id is null and o.check_id <= $4 and (cast($5 as text) is null or e.organ = $5)
            and not exists (select 1 from push_event p where p.subscription_id = $1 and p.cause =
                'due:' || cast(o.check_id as text) || ':' || o.measure || case when o.due_day < $3 then ':overdue' else ':soon' end)
        order by o.due_day, o.check_id, o.measure limit $6";
    /// Whether an obligation was answered for good.
    IS_CLOSED = "select 1 as closed from obligation_closing where check_id = $1 and measure = $2";
    /// Whether a supplier reported any row of a batch.
    SUPPLIED = "select 1 as found from record where batch_id = $1 and supplier = $2 limit 1";
    /// A record that took the place of another by a ruling.
    REPLACED = "select n.record_id, n.subject_id, n.kind, n.supplier, o.record_id as old_record, o.supplier as old_supplier, b.organ
        from record_closing z join record o on o.record_id = z.record_id join row_ruling g on g.entry = z.entry
            join record n on n.record_id = g.record_id left join batch b on b.batch_id = g.batch_id
        where z.entry = $1";
    /// A new event.
    ADD = "insert into push_event (subscription_id, sequence, webhook_id, kind, cause, subject_id, decision_id, at, day, body)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    /// It waits to be sent.
    ADD_DELIVERY = "insert into push_delivery (subscription_id, sequence, state, tries, next_at, error) values ($1, $2, 'waiting', 0, $3, '')";
    /// An event that was never tried is not sent any more.
    CANCEL = "update push_delivery set state = 'cancelled' where subscription_id = $1 and sequence = $2 and state = 'waiting' and tries = 0";
    /// The first event that waits.
    FRONT = "select p.subscription_id, p.sequence, p.webhook_id, p.kind, p.subject_id, p.decision_id, p.at, p.day, p.body, d.state, d.tries,
            d.next_at, d.status, d.error, d.accepted_at, d.acknowledged_at
        from push_delivery d join push_event p on p.subscription_id = d.subscription_id and p.sequence = d.sequence
        where d.subscription_id = $1 and d.state = 'waiting' order by d.sequence limit 1";
    /// Takes it up: nobody else does before the lease is over.
    CLAIM = "update push_delivery set tries = tries + 1, next_at = $3 where subscription_id = $1 and sequence = $2";
    /// What became of a try. A late answer to an earlier try changes nothing.
    SETTLE = "update push_delivery set state = $4, next_at = $5, status = $6, error = $7, accepted_at = $8
        where subscription_id = $1 and sequence = $2 and tries = $3 and state = 'waiting'";
    /// Keeps a try.
    ADD_ATTEMPT = "insert into push_attempt (subscription_id, sequence, number, at, status, error) values ($1, $2, $3, $4, $5, $6)
        on conflict (subscription_id, sequence, number) do update set at = excluded.at, status = excluded.status, error = excluded.error";
    /// A recipient accepted something.
    WENT_WELL = "update subscription_head set well_at = $2 where subscription_id = $1";
    /// A recipient did not.
    WENT_BADLY = "update subscription_head set failed_at = $2, failure = $3 where subscription_id = $1";
    /// Forgets the older ones.
    TRIM_ATTEMPTS = "delete from push_attempt where subscription_id = $1 and sequence = $2 and number <= $3";
    /// The tries of an event, newest first.
    ATTEMPTS = "select number, at, status, error from push_attempt where subscription_id = $1 and sequence = $2 order by number desc";
    /// One event.
    BY_SEQUENCE = "select p.subscription_id, p.sequence, p.webhook_id, p.kind, p.subject_id, p.decision_id, p.at, p.day, p.body, d.state,
            d.tries, d.next_at, d.status, d.error, d.accepted_at, d.acknowledged_at
        from push_event p join push_delivery d on d.subscription_id = p.subscription_id and d.sequence = p.sequence
        where p.subscription_id = $1 and p.sequence = $2";
    /// Events after a number, in order.
    AFTER = "select p.subscription_id, p.sequence, p.webhook_id, p.kind, p.subject_id, p.decision_id, p.at, p.day, p.body, d.state, d.tries,
            d.next_at, d.status, d.error, d.accepted_at, d.acknowledged_at
        from push_event p join push_delivery d on d.subscription_id = p.subscription_id and d.sequence = p.sequence
        where p.subscription_id = $1 and p.sequence > $2 order by p.sequence limit $3";
    /// Events before a number, newest first, in one state of their delivery or in all.
    NEWEST = "select p.subscription_id, p.sequence, p.webhook_id, p.kind, p.subject_id, p.decision_id, p.at, p.day, p.body, d.state, d.tries,
            d.next_at, d.status, d.error, d.accepted_at, d.acknowledged_at
        from push_event p join push_delivery d on d.subscription_id = p.subscription_id and d.sequence = p.sequence
        where p.subscription_id = $1 and p.sequence < $2 and (cast($3 as text) is null or d.state = $3
            or ($3 = 'unacknowledged' and d.state = 'accepted' and d.acknowledged_at is null))
        order by p.sequence desc limit $4";
    /// Events written down in a stretch of time, after a number.
    WITHIN = "select p.subscription_id, p.sequence, p.webhook_id, p.kind, p.subject_id, p.decision_id, p.at, p.day, p.body, d.state, d.tries,
            d.next_at, d.status, d.error, d.accepted_at, d.acknowledged_at
        from push_event p join push_delivery d on d.subscription_id = p.subscription_id and d.sequence = p.sequence
        where p.subscription_id = $1 and p.at >= $2 and p.at < $3 and p.sequence > $4 order by p.sequence limit $5";
    /// Counts of a subscription, with what is late.
    COUNTS = "select cast(count(*) as bigint) as events,
            cast(coalesce(sum(case when d.state = 'waiting' then 1 else 0 end), 0) as bigint) as waiting,
            cast(coalesce(sum(case when d.state = 'dead' then 1 else 0 end), 0) as bigint) as dead,
            cast(coalesce(sum(case when d.state = 'cancelled' then 1 else 0 end), 0) as bigint) as cancelled,
            cast(coalesce(sum(case when d.state = 'accepted' and d.acknowledged_at is null then 1 else 0 end), 0) as bigint) as unacknowledged,
            cast(coalesce(sum(case when d.acknowledged_at is not null then 1 else 0 end), 0) as bigint) as acknowledged,
            cast(coalesce(sum(case when (d.state = 'waiting' and p.at <= $2) or (d.state = 'accepted' and d.acknowledged_at is null
                and d.accepted_at <= $3) then 1 else 0 end), 0) as bigint) as late,
            cast(max(d.accepted_at) as bigint) as accepted_at
        from push_event p join push_delivery d on d.subscription_id = p.subscription_id and d.sequence = p.sequence
        where p.subscription_id = $1";
    /// The recipient says that an event had its effect there.
    ACKNOWLEDGE = "update push_delivery set acknowledged_at = $3
        where subscription_id = $1 and sequence = $2 and state = 'accepted' and acknowledged_at is null";
    /// An event is sent again.
    REVIVE = "update push_delivery set state = 'waiting', tries = 0, next_at = $3, accepted_at = null where subscription_id = $1 and sequence = $2";
    /// Tries of before do not count any more.
    FORGET_ATTEMPTS = "delete from push_attempt where subscription_id = $1 and sequence = $2";
    /// Who had it sent again.
    ADD_RESEND = "insert into push_resend (entry, subscription_id, sequence, actor, at, salt) values ($1, $2, $3, $4, $5, $6)";
    /// What was sent again at an entry, for doctor.
    RESEND_AT = "select entry, subscription_id, sequence, actor, at, salt from push_resend where entry = $1";
    /// What waits is tried at once.
    REQUEUE = "update push_delivery set next_at = $2 where subscription_id = $1 and state = 'waiting' and next_at > $2";
    /// Keeps what a night's count found.
    ADD_RECONCILIATION = "insert into push_reconciliation (subscription_id, day, at, events, accepted, acknowledged, dead, cancelled, requeued,
            digest) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    /// The last nights.
    RECONCILIATIONS = "select day, at, events, accepted, acknowledged, dead, cancelled, requeued, digest from push_reconciliation
        where subscription_id = $1 order by day desc limit $2";
    /// Numbering of a subscription, for doctor: all four are equal.
    SHAPES = "select h.subscription_id, h.sequence,
            (select cast(count(*) as bigint) from push_event p where p.subscription_id = h.subscription_id) as events,
            (select coalesce(max(p.sequence), 0) from push_event p where p.subscription_id = h.subscription_id) as last,
            (select cast(count(*) as bigint) from push_event p join push_delivery d on d.subscription_id = p.subscription_id
                and d.sequence = p.sequence where p.subscription_id = h.subscription_id) as deliveries
        from subscription_head h order by h.subscription_id";
    /// Ends of measures whose beginning the recipient was not told before, for doctor.
    UNBEGUN = "select p.subscription_id, p.sequence from push_event p where p.kind in ('measure.ends', 'measure.withdrawn')
        and not exists (select 1 from push_event b where b.subscription_id = p.subscription_id and b.decision_id = p.decision_id
            and b.kind = 'measure.begins' and b.sequence < p.sequence) order by p.subscription_id, p.sequence limit $1";
    /// Events that were accepted before an earlier one that still waits, for doctor.
    OVERTAKEN = "select a.subscription_id, a.sequence from push_delivery w join push_delivery a on a.subscription_id = w.subscription_id
            and a.sequence > w.sequence and a.state = 'accepted'
        where w.state = 'waiting' and w.tries = 0
            and not exists (select 1 from push_resend r where r.subscription_id = w.subscription_id and r.sequence = w.sequence)
        order by a.subscription_id, a.sequence limit $1";
}

/// An entry that may change what recipients were told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Telling {
    /// Where it stands.
    pub entry: Position,
    /// When it was written.
    pub at: Moment,
    /// What happened.
    pub act: Act,
    /// Numbers of the rows it covers.
    pub refs: String,
}

/// An obligation that is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueRow {
    /// Of which check.
    pub check: CheckId,
    /// Id of the measure.
    pub measure: String,
    /// incentive, supervision or restriction.
    pub kind: String,
    /// By when it is owed.
    pub due: Day,
    /// About whom.
    pub subject: SubjectId,
    /// 办件编号.
    pub case_number: String,
}

/// A record that took the place of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replaced {
    /// The new one.
    pub record: RecordId,
    /// The one that was closed.
    pub old: RecordId,
    /// About whom.
    pub subject: SubjectId,
    /// Id of the record kind.
    pub kind: String,
    /// Who reported either of them, and who delivered the file.
    pub suppliers: Vec<String>,
}

/// An event to be written.
#[derive(Clone, Debug)]
pub struct NewEvent {
    /// To whom.
    pub subscription: i64,
    /// Its number there.
    pub sequence: i64,
    /// Its id, under which the recipient knows it.
    pub webhook: String,
    /// Word of the kind.
    pub kind: &'static str,
    /// What it was derived from.
    pub cause: String,
    /// About whom.
    pub subject: Option<SubjectId>,
    /// About which decision.
    pub decision: Option<Position>,
    /// The day on which it became true.
    pub day: Day,
    /// As it is sent.
    pub body: String,
}

/// An event with what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventRow {
    /// To whom.
    pub subscription: i64,
    /// Its number there.
    pub sequence: i64,
    /// Its id.
    pub webhook: String,
    /// Word of the kind.
    pub kind: String,
    /// About whom.
    pub subject: Option<SubjectId>,
    /// About which decision.
    pub decision: Option<Position>,
    /// When it was written down.
    pub at: Moment,
    /// The day on which it became true.
    pub day: Day,
    /// As it is sent.
    pub body: String,
    /// waiting, accepted, dead, cancelled.
    pub state: String,
    /// How often it was tried.
    pub tries: i64,
    /// When it is tried next.
    pub next_at: Moment,
    /// HTTP status of the last answer.
    pub status: Option<i64>,
    /// What went wrong last.
    pub error: String,
    /// When it was accepted.
    pub accepted_at: Option<Moment>,
    /// When the recipient said that it had its effect.
    pub acknowledged_at: Option<Moment>,
}

/// What became of a try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled<'a> {
    /// waiting, accepted, dead.
    pub state: &'static str,
    /// When it is tried next, where it waits.
    pub next_at: Moment,
    /// HTTP status, where one came.
    pub status: Option<i64>,
    /// What went wrong.
    pub error: &'a str,
}

/// A try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptRow {
    /// From 1.
    pub number: i64,
    /// When it ended.
    pub at: Moment,
    /// HTTP status, where one came.
    pub status: Option<i64>,
    /// What went wrong.
    pub error: String,
}

/// Counts of a subscription.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CountsRow {
    /// Every event.
    pub events: i64,
    /// Not accepted yet.
    pub waiting: i64,
    /// Given up.
    pub dead: i64,
    /// Undone before they were tried.
    pub cancelled: i64,
    /// Accepted, without a word that they had their effect.
    pub unacknowledged: i64,
    /// Accepted and acknowledged.
    pub acknowledged: i64,
    /// Waiting or unacknowledged for too long.
    pub late: i64,
    /// When one was last accepted.
    pub accepted_at: Option<Moment>,
}

/// What a night's count found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReconciliationRow {
    /// The day that was counted.
    pub day: Day,
    /// When.
    pub at: Moment,
    /// Events of that day.
    pub events: i64,
    /// Of these accepted.
    pub accepted: i64,
    /// Of these acknowledged.
    pub acknowledged: i64,
    /// Given up.
    pub dead: i64,
    /// Undone before they were tried.
    pub cancelled: i64,
    /// Events of any day that were set to be tried at once.
    pub requeued: i64,
    /// Digest over numbers and ids of the accepted ones.
    pub digest: Digest,
}

/// Entries in `(after, until]` that may change what recipients were told.
pub fn telling(connection: &mut Connection, (after, until): (Position, Position), limit: i64) -> Result<Vec<Telling>, Fault> {
    let rows = connection.query(&TELLING, params![after.0, until.0, limit])?;
    let telling = |row: &Row| {
        let act: String = row.get("act")?;
        let act = Act::from_word(&act).ok_or_else(|| Fault::Inconsistent(format!("act {act}")))?;
        Ok(Telling { entry: Position(row.get("entry")?), at: Moment(row.get("at")?), act, refs: row.get("refs")? })
    };
    rows.iter().map(telling).collect()
}

fn positions(rows: &[Row]) -> Result<Vec<Position>, Fault> {
    rows.iter().map(|row| row.get("decision_id").map(Position)).collect()
}

/// Decisions made in `(after, until]`, or whose records were taken back or corrected there.
pub fn touched(connection: &mut Connection, (after, until): (Position, Position)) -> Result<Vec<Position>, Fault> {
    positions(&connection.query(&TOUCHED, params![after.0, until.0])?)
}

/// Decisions that run on `today` or will, and those of which the recipient was told the beginning and not yet the end.
pub fn live(connection: &mut Connection, id: i64, today: Day) -> Result<Vec<Position>, Fault> {
    positions(&connection.query(&LIVE, params![id, &today.to_string()])?)
}

/// What a recipient was told of a decision, in order: number, kind, state of the delivery.
pub fn told(connection: &mut Connection, id: i64, decision: Position) -> Result<Vec<(i64, String, String)>, Fault> {
    let rows = connection.query(&TOLD, params![id, decision.0])?;
    rows.iter().map(|row| Ok((row.get("sequence")?, row.get("kind")?, row.get("state")?))).collect()
}

/// Whether an event was derived from a cause.
pub fn has_cause(connection: &mut Connection, id: i64, cause: &str) -> Result<bool, Fault> {
    Ok(connection.query_opt(&BY_CAUSE, params![id, cause])?.is_some())
}

/// Which obligations are looked for.
#[derive(Clone, Debug)]
pub struct DueFilter<'a> {
    /// Those that this subscription was not told of.
    pub subscription: i64,
    /// Due by this day.
    pub by: Day,
    /// Overdue when due before this day.
    pub today: Day,
    /// Of checks up to this position.
    pub known: Position,
    /// Of checks by this organ.
    pub organ: Option<&'a str>,
    /// At most so many.
    pub limit: i64,
}

/// Open obligations that are due soon or overdue and of which the recipient was not told so.
pub fn due(connection: &mut Connection, filter: &DueFilter<'_>) -> Result<Vec<DueRow>, Fault> {
    let DueFilter { subscription, by, today, known, organ, limit } = filter;
    let rows = connection.query(&DUE, params![*subscription, &by.to_string(), &today.to_string(), known.0, *organ, *limit])?;
    let due = |row: &Row| {
        Ok(DueRow {
            check: CheckId(row.get("check_id")?),
            measure: row.get("measure")?,
            kind: row.get("kind")?,
            due: row.get("due_day")?,
            subject: row.get("subject_id")?,
            case_number: row.get("case_number")?,
        })
    };
    rows.iter().map(due).collect()
}

/// Whether an obligation was answered for good.
pub fn is_closed(connection: &mut Connection, check: CheckId, measure: &str) -> Result<bool, Fault> {
    Ok(connection.query_opt(&IS_CLOSED, params![check.0, measure])?.is_some())
}

/// Whether a supplier reported any row of a batch.
pub fn supplied(connection: &mut Connection, batch: BatchId, supplier: &str) -> Result<bool, Fault> {
    Ok(connection.query_opt(&SUPPLIED, params![batch.0, supplier])?.is_some())
}

/// The record that took the place of another by the ruling at an entry; none where it only let a row in, or sent it back.
pub fn replaced(connection: &mut Connection, entry: Position) -> Result<Option<Replaced>, Fault> {
    let Some(row) = connection.query_opt(&REPLACED, params![entry.0])? else { return Ok(None) };
    let organ: Option<String> = row.get("organ")?;
    let suppliers = [row.get("supplier")?, row.get("old_supplier")?].into_iter().chain(organ).collect();
    let (record, old) = (RecordId(row.get("record_id")?), RecordId(row.get("old_record")?));
    Ok(Some(Replaced { record, old, subject: row.get("subject_id")?, kind: row.get("kind")?, suppliers }))
}

/// Writes an event, to be sent from now on.
pub fn add(tx: &mut Tx, event: &NewEvent) -> Result<(), Fault> {
    let NewEvent { subscription, sequence, webhook, kind, cause, subject, decision, day, body } = event;
    let (at, day, decision) = (tx.moment().0, day.to_string(), decision.map(|decision| decision.0));
    let parameters: &[Param] = params![*subscription, *sequence, webhook, *kind, cause, *subject, decision, at, &day, body];
    tx.connection.execute(&ADD, parameters)?;
    tx.connection.execute(&ADD_DELIVERY, params![*subscription, *sequence, at]).map(drop)
}

/// Takes an event back that was never tried; tells whether it could.
pub fn cancel(tx: &mut Tx, id: i64, sequence: i64) -> Result<bool, Fault> {
    Ok(tx.connection.execute(&CANCEL, params![id, sequence])? == 1)
}

fn event(row: &Row) -> Result<EventRow, Fault> {
    let decision: Option<i64> = row.get("decision_id")?;
    let (accepted, acknowledged): (Option<i64>, Option<i64>) = (row.get("accepted_at")?, row.get("acknowledged_at")?);
    Ok(EventRow {
        subscription: row.get("subscription_id")?,
        sequence: row.get("sequence")?,
        webhook: row.get("webhook_id")?,
        kind: row.get("kind")?,
        subject: row.get("subject_id")?,
        decision: decision.map(Position),
        at: Moment(row.get("at")?),
        day: row.get("day")?,
        body: row.get("body")?,
        state: row.get("state")?,
        tries: row.get("tries")?,
        next_at: Moment(row.get("next_at")?),
        status: row.get("status")?,
        error: row.get("error")?,
        accepted_at: accepted.map(Moment),
        acknowledged_at: acknowledged.map(Moment),
    })
}

/// The first event that waits to be sent.
pub fn front(connection: &mut Connection, id: i64) -> Result<Option<EventRow>, Fault> {
    connection.query_opt(&FRONT, params![id])?.as_ref().map(event).transpose()
}

/// Takes an event up until `lease`: should this process die, it is tried again then.
pub fn claim(tx: &mut Tx, id: i64, sequence: i64, lease: Moment) -> Result<(), Fault> {
    tx.connection.execute(&CLAIM, params![id, sequence, lease.0]).map(drop)
}

/// How many tries of an event are kept.
const ATTEMPTS_MAX: i64 = 10;

/// Writes what became of try `number`; tells whether it was the present one.
pub fn settle(tx: &mut Tx, (id, sequence, number): (i64, i64, i64), settled: &Settled<'_>) -> Result<bool, Fault> {
    let Settled { state, next_at, status, error } = settled;
    let now = tx.moment().0;
    let accepted = Some(now).filter(|_| *state == "accepted");
    let parameters = params![id, sequence, number, *state, next_at.0, *status, *error, accepted];
    if tx.connection.execute(&SETTLE, parameters)? == 0 {
        return Ok(false);
    }
    tx.connection.execute(&ADD_ATTEMPT, params![id, sequence, number, now, *status, *error])?;
    tx.connection.execute(&TRIM_ATTEMPTS, params![id, sequence, number - ATTEMPTS_MAX])?;
    match accepted {
        Some(_) => tx.connection.execute(&WENT_WELL, params![id, now])?,
        None => tx.connection.execute(&WENT_BADLY, params![id, now, *error])?,
    };
    Ok(true)
}

/// The last tries of an event, newest first.
pub fn attempts(connection: &mut Connection, id: i64, sequence: i64) -> Result<Vec<AttemptRow>, Fault> {
    let rows = connection.query(&ATTEMPTS, params![id, sequence])?;
    let attempt = |row: &Row| {
        Ok(AttemptRow { number: row.get("number")?, at: Moment(row.get("at")?), status: row.get("status")?, error: row.get("error")? })
    };
    rows.iter().map(attempt).collect()
}

/// One event.
pub fn by_sequence(connection: &mut Connection, id: i64, sequence: i64) -> Result<Option<EventRow>, Fault> {
    connection.query_opt(&BY_SEQUENCE, params![id, sequence])?.as_ref().map(event).transpose()
}

/// At most `limit` events after a number, in order.
pub fn after(connection: &mut Connection, id: i64, sequence: i64, limit: i64) -> Result<Vec<EventRow>, Fault> {
    connection.query(&AFTER, params![id, sequence, limit])?.iter().map(event).collect()
}

/// At most `limit` events written down from `from` on and before `until`, after a number.
pub fn within(
    connection: &mut Connection,
    id: i64,
    (from, until): (Moment, Moment),
    (sequence, limit): (i64, i64),
) -> Result<Vec<EventRow>, Fault> {
    connection.query(&WITHIN, params![id, from.0, until.0, sequence, limit])?.iter().map(event).collect()
}

/// At most `limit` events before a number, newest first, in one state or in all; `unacknowledged` is a state here.
pub fn newest(connection: &mut Connection, id: i64, (before, state, limit): (i64, Option<&str>, i64)) -> Result<Vec<EventRow>, Fault> {
    connection.query(&NEWEST, params![id, before, state, limit])?.iter().map(event).collect()
}

/// Counts of a subscription. What waits since `sent` or was accepted by `heard` without an acknowledgement is late.
pub fn counts(connection: &mut Connection, id: i64, (sent, heard): (Moment, Moment)) -> Result<CountsRow, Fault> {
    let row = connection.query_one(&COUNTS, params![id, sent.0, heard.0])?;
    let accepted_at: Option<i64> = row.get("accepted_at")?;
    Ok(CountsRow {
        events: row.get("events")?,
        waiting: row.get("waiting")?,
        dead: row.get("dead")?,
        cancelled: row.get("cancelled")?,
        unacknowledged: row.get("unacknowledged")?,
        acknowledged: row.get("acknowledged")?,
        late: row.get("late")?,
        accepted_at: accepted_at.map(Moment),
    })
}

/// The recipient says that an event had its effect; tells whether that was new.
pub fn acknowledge(tx: &mut Tx, id: i64, sequence: i64) -> Result<bool, Fault> {
    let now = tx.moment().0;
    Ok(tx.connection.execute(&ACKNOWLEDGE, params![id, sequence, now])? == 1)
}

/// A resending as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResendRow {
    /// At which entry.
    pub entry: Position,
    /// To whom.
    pub subscription: i64,
    /// Which event.
    pub sequence: i64,
    /// By whom.
    pub actor: String,
    /// When.
    pub at: Moment,
    /// Salt of the journal's digest.
    pub salt: Vec<u8>,
}

/// Has an event sent again, as if for the first time.
pub fn resend(tx: &mut Tx, row: &ResendRow) -> Result<(), Fault> {
    let ResendRow { entry, subscription, sequence, actor, at, salt } = row;
    tx.connection.execute(&ADD_RESEND, params![entry.0, *subscription, *sequence, actor, at.0, salt.as_slice()])?;
    tx.connection.execute(&FORGET_ATTEMPTS, params![*subscription, *sequence])?;
    tx.connection.execute(&REVIVE, params![*subscription, *sequence, at.0]).map(drop)
}

/// What was sent again at an entry.
pub fn resend_at(connection: &mut Connection, entry: Position) -> Result<Option<ResendRow>, Fault> {
    let Some(row) = connection.query_opt(&RESEND_AT, params![entry.0])? else { return Ok(None) };
    Ok(Some(ResendRow {
        entry: Position(row.get("entry")?),
        subscription: row.get("subscription_id")?,
        sequence: row.get("sequence")?,
        actor: row.get("actor")?,
        at: Moment(row.get("at")?),
        salt: row.get("salt")?,
    }))
}

/// Has everything that waits tried at once; returns how much that concerns.
pub fn requeue(tx: &mut Tx, id: i64) -> Result<u64, Fault> {
    let now = tx.moment().0;
    tx.connection.execute(&REQUEUE, params![id, now])
}

/// Keeps what a night's count found.
pub fn add_reconciliation(tx: &mut Tx, id: i64, row: &ReconciliationRow) -> Result<(), Fault> {
    let ReconciliationRow { day, at, events, accepted, acknowledged, dead, cancelled, requeued, digest } = row;
    let day = day.to_string();
    let parameters = params![id, &day, at.0, *events, *accepted, *acknowledged, *dead, *cancelled, *requeued, digest];
    tx.connection.execute(&ADD_RECONCILIATION, parameters).map(drop)
}

/// What the last nights' counts found, newest first.
pub fn reconciliations(connection: &mut Connection, id: i64, limit: i64) -> Result<Vec<ReconciliationRow>, Fault> {
    let rows = connection.query(&RECONCILIATIONS, params![id, limit])?;
    let found = |row: &Row| {
        Ok(ReconciliationRow {
            day: row.get("day")?,
            at: Moment(row.get("at")?),
            events: row.get("events")?,
            accepted: row.get("accepted")?,
            acknowledged: row.get("acknowledged")?,
            dead: row.get("dead")?,
            cancelled: row.get("cancelled")?,
            requeued: row.get("requeued")?,
            digest: row.get("digest")?,
        })
    };
    rows.iter().map(found).collect()
}

/// Subscriptions whose numbering has a gap, or an event without a delivery: number, given, events, last, deliveries.
pub fn shapes(connection: &mut Connection) -> Result<Vec<(i64, [i64; 4])>, Fault> {
    let rows = connection.query(&SHAPES, &[])?;
    let shape = |row: &Row| {
        let numbers = [row.get("sequence")?, row.get("events")?, row.get("last")?, row.get("deliveries")?];
        Ok((row.get("subscription_id")?, numbers))
    };
    rows.iter().map(shape).collect()
}

fn places(rows: &[Row]) -> Result<Vec<(i64, i64)>, Fault> {
    rows.iter().map(|row| Ok((row.get("subscription_id")?, row.get("sequence")?))).collect()
}

/// Ends of measures whose beginning the recipient was not told before.
pub fn unbegun(connection: &mut Connection, limit: i64) -> Result<Vec<(i64, i64)>, Fault> {
    places(&connection.query(&UNBEGUN, params![limit])?)
}

/// Events that were accepted while an earlier one was never tried.
pub fn overtaken(connection: &mut Connection, limit: i64) -> Result<Vec<(i64, i64)>, Fault> {
    places(&connection.query(&OVERTAKEN, params![limit])?)
}
