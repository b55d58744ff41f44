//! From the journal and the passing of days to numbered events.
//!
//! What a recipient should know by now is computed from facts, in a read; a recipient is told when that differs from what it was last
//! told. The write only adds the rows and moves the cursor, both or neither, and only if nobody moved it meanwhile: nothing is missed and
//! nothing gets two numbers, whenever the process dies.

use std::sync::Arc;

use serde_json::{Map, Value, json};
use xinzhi_apply::{CheckInput, Standing};
use xinzhi_core::check::CheckId;
use xinzhi_core::journal::Position;
use xinzhi_core::record::BatchId;
use xinzhi_core::{Day, SubjectId};
use xinzhi_rules::Pack;
use xinzhi_rules::model::{MatterIx, Measure};
use xinzhi_store::check::DecisionRow;
use xinzhi_store::push::{DueFilter, NewEvent, Telling};
use xinzhi_store::subscription::{HeadRow, SubscriptionRow};
use xinzhi_store::{Connection, Tx};

use super::{EventKind, sender};
use crate::check::run::{decision as decided, is_exact};
use crate::evaluation::know;
use crate::keys::Keys;
use crate::react::{Telling as Tells, tells};
use crate::{Error, Office};

/// Events written at once; what is left waits for the next round.
const EVENTS_MAX: usize = 500;
/// How long after the entry of a pack its rules are surely those that the office reads by.
const TAKE_OVER_MS: i64 = 5_000;
/// Entries looked at in one round.
const ENTRIES_MAX: i64 = 1_000;

/// What a subscription is to be told next.
#[derive(Debug)]
pub(crate) struct Plan {
    /// How far it was told when this was computed.
    before: HeadRow,
    /// How far it will have been told; the number is counted when the events are written.
    after: HeadRow,
    /// In order.
    pub(crate) events: Vec<Found>,
}

/// One look at what a subscription is to be told. What it is about is fixed when it begins, and it goes through its decisions once, however
/// many pieces it is written in; what happens meanwhile is for the next look.
#[derive(Debug)]
pub(crate) struct Look {
    /// How far the subscription had been told when this began.
    since: (Position, Option<Day>),
    /// Facts are read as known here.
    known: Position,
    /// Head of the journal.
    last: Position,
    today: Day,
    /// Whether what days alone bring about is looked at.
    turned: bool,
    tellings: Vec<Telling>,
    /// Decisions that were not gone through yet, in order.
    decisions: std::vec::IntoIter<Position>,
}

/// An event before it has a number.
#[derive(Debug)]
pub(crate) struct Found {
    kind: EventKind,
    pub(crate) cause: String,
    subject: Option<SubjectId>,
    decision: Option<Position>,
    /// The event that told the beginning, where this one tells the end.
    begun: Option<i64>,
    /// For an obligation: which.
    owed: Option<(CheckId, String)>,
    day: Day,
    data: Value,
}

/// Whom and how far: what a plan is computed for.
#[derive(Debug)]
pub(crate) struct Reading<'a> {
    pub(crate) office: &'a Office,
    pub(crate) pack: &'a Pack,
    pub(crate) row: &'a SubscriptionRow,
    /// Facts are read as known here.
    pub(crate) known: Position,
    pub(crate) today: Day,
    /// Obligations of checks up to here are looked at.
    pub(crate) owed: Position,
}

/// Derives what every subscription is to be told by now; returns how many events were written.
///
/// # Errors
/// A fault of the database; whatever was written until then stands.
pub async fn derive(office: &Arc<Office>) -> Result<usize, Error> {
    if !office.read(|connection| Ok(xinzhi_store::subscription::any(connection)?)).await? {
        return Ok(0);
    }
    office.follow_packs().await?;
    let rows = office.read(|connection| Ok(xinzhi_store::subscription::every(connection)?)).await?;
    let mut written = Ok(0);
    for row in rows.into_iter().filter(|row| !row.is_ended()) {
        // What goes wrong for one recipient keeps nothing from the others.
        let more = derive_for(office, Arc::new(row)).await;
        written = match (written, more) {
            (Ok(before), Ok(more)) => Ok(before + more),
            (Err(first), _) => Err(first),
            (_, Err(error)) => Err(error),
        };
    }
    written
}

async fn derive_for(office: &Arc<Office>, row: Arc<SubscriptionRow>) -> Result<usize, Error> {
    let (mut written, mut look) = (0, None);
    loop {
        let (shared, of) = (Arc::clone(office), Arc::clone(&row));
        let next = office.read(move |connection| next(connection, &shared, (&of, look))).await?;
        let Some((plan, rest)) = next else { return Ok(written) };
        let full = plan.events.len() >= EVENTS_MAX;
        let more = write(office, plan).await?;
        written += more;
        if !full || more == 0 {
            return Ok(written);
        }
        look = Some(rest);
    }
}

/// The next piece of a look at a subscription, or the first of a new one; none where nothing happened that could concern it.
fn next(
    connection: &mut Connection,
    office: &Office,
    (row, look): (&SubscriptionRow, Option<Look>),
) -> Result<Option<(Plan, Look)>, Error> {
    let head = xinzhi_store::subscription::head(connection, row.subscription)?;
    // Another server may have finished what this one was in the middle of.
    let look = match look.filter(|look| look.since == (head.entry, head.day)) {
        Some(look) => Some(look),
        None => begin(connection, office, (row, &head))?,
    };
    let Some(mut look) = look else { return Ok(None) };
    let pack = office.pack();
    let reading = Reading { office, pack: &pack, row, known: look.known, today: look.today, owed: look.last };
    let events = found(connection, &reading, (&head, &mut look))?;
    let mut after = head.clone();
    if events.len() < EVENTS_MAX {
        after.entry = look.known;
        if look.turned {
            (after.day, after.day_entry) = (Some(look.today), look.last);
        }
    }
    Ok(Some((Plan { before: head, after, events }, look)))
}

fn begin(connection: &mut Connection, office: &Office, (row, head): (&SubscriptionRow, &HeadRow)) -> Result<Option<Look>, Error> {
    let last = xinzhi_store::journal::head(connection)?;
    let today = office.today();
    let tellings = xinzhi_store::push::telling(connection, (head.entry, last), ENTRIES_MAX)?;
    // A pack is taken over a moment after its entry: until then the rules read here may be those of before.
    if tellings.iter().any(|telling| tells(telling.act) == Tells::Everything && telling.at.plus_ms(TAKE_OVER_MS) > office.now()) {
        return Ok(None);
    }
    let turned = head.day.is_none_or(|day| day < today);
    if tellings.is_empty() && !turned {
        return Ok(None);
    }
    let whole = i64::try_from(tellings.len()).is_ok_and(|count| count < ENTRIES_MAX);
    let known = tellings.last().filter(|_| !whole).map_or(last, |telling| telling.entry);
    let everything = turned || tellings.iter().any(|telling| tells(telling.act) == Tells::Everything);
    let decisions = decisions(connection, (row, head.entry), (known, everything.then_some(today)))?;
    Ok(Some(Look { since: (head.entry, head.day), known, last, today, turned, tellings, decisions }))
}

/// Decisions that were touched after one position and up to another, and where a day is given also those that run on it.
fn decisions(
    connection: &mut Connection,
    (row, since): (&SubscriptionRow, Position),
    (known, running): (Position, Option<Day>),
) -> Result<std::vec::IntoIter<Position>, Error> {
    if !wants(row, EventKind::MeasureBegins) {
        return Ok(Vec::new().into_iter());
    }
    let mut decisions = xinzhi_store::push::touched(connection, (since, known))?;
    if let Some(day) = running {
        decisions.extend(xinzhi_store::push::live(connection, row.subscription, day)?);
        decisions.sort_unstable();
        decisions.dedup();
    }
    decisions.retain(|decision| *decision <= known);
    Ok(decisions.into_iter())
}

fn wants(row: &SubscriptionRow, kind: EventKind) -> bool {
    row.events.split(' ').any(|word| EventKind::from_word(word) == Some(kind))
}

/// What follows for one subscription from a look, as far as one piece goes.
pub(crate) fn found(connection: &mut Connection, reading: &Reading<'_>, (head, look): (&HeadRow, &mut Look)) -> Result<Vec<Found>, Error> {
    let mut out = Vec::new();
    measures(connection, reading, (head, &mut look.decisions), &mut out)?;
    if wants(reading.row, EventKind::RecordCorrected) {
        for telling in &look.tellings {
            if out.len() >= EVENTS_MAX {
                return Ok(out);
            }
            out.extend(corrected(connection, reading, telling)?);
        }
    }
    if look.turned && wants(reading.row, EventKind::ObligationDue) {
        due(connection, reading, &mut out)?;
    }
    Ok(out)
}

/// Compares what each decision is by now with what was told of it.
fn measures(
    connection: &mut Connection,
    reading: &Reading<'_>,
    (head, decisions): (&HeadRow, &mut std::vec::IntoIter<Position>),
    out: &mut Vec<Found>,
) -> Result<(), Error> {
    let id = reading.row.subscription;
    while out.len() < EVENTS_MAX {
        let Some(decision) = decisions.next() else { break };
        let Some((row, _)) = xinzhi_store::check::decision_at(connection, decision)? else { continue };
        let measure = reading.pack.measures.iter().find(|measure| measure.id == row.measure);
        let check = check_of(connection, decision)?;
        let told = xinzhi_store::push::told(connection, id, decision)?;
        // Whoever was told of a beginning is told of its end, whatever the pack says of bodies by then.
        if told.is_empty() && !concerns(connection, reading.row, (&row, measure, check))? {
            continue;
        }
        out.extend(compared(connection, reading, (&row, measure, check), (&told, head.day))?);
    }
    Ok(())
}

/// The check on which a decision was made.
fn check_of(connection: &mut Connection, decision: Position) -> Result<Option<CheckId>, Error> {
    let entries = xinzhi_store::journal::after(connection, Position(decision.0 - 1), 1)?;
    let refs = entries.first().and_then(|entry| serde_json::from_str::<Value>(&entry.draft.refs).ok());
    Ok(refs.and_then(|refs| refs.get("check")?.as_i64()).map(CheckId))
}

/// Whether a recipient carries the measure out: the pack names its organ as a body, it made the decision, or its own check led to it.
fn concerns(
    connection: &mut Connection,
    row: &SubscriptionRow,
    (decision, measure, check): (&DecisionRow, Option<&Measure>, Option<CheckId>),
) -> Result<bool, Error> {
    let Some(organ) = row.organ.as_deref() else { return Ok(true) };
    let is_body = measure.is_some_and(|measure| measure.body.split(['、', '，']).any(|body| body == organ));
    if is_body || decision.organ == organ {
        return Ok(true);
    }
    let Some(check) = check else { return Ok(false) };
    let event = xinzhi_store::check::by_id(connection, check)?;
    Ok(event.is_some_and(|event| event.organ.as_deref() == Some(organ)))
}

fn compared(
    connection: &mut Connection,
    reading: &Reading<'_>,
    (row, measure, check): (&DecisionRow, Option<&Measure>, Option<CheckId>),
    (told, since): (&[(i64, String, String)], Option<Day>),
) -> Result<Option<Found>, Error> {
    let last = told.last().filter(|(_, _, state)| state != "cancelled");
    let open = last.filter(|(_, kind, _)| kind == EventKind::MeasureBegins.word()).map(|(sequence, _, _)| *sequence);
    let standing = standing(connection, reading, row)?;
    let (kind, day, why) = match (standing, open) {
        (Standing::Ahead | Standing::InForce, None) => (EventKind::MeasureBegins, row.from, "decided"),
        (Standing::Over, Some(_)) => (EventKind::MeasureEnds, row.until.plus_days(1), "term"),
        (Standing::WithoutBasis, Some(_)) => (EventKind::MeasureWithdrawn, unfounded(reading, measure, since), "basis"),
        (Standing::WithoutCause, Some(_)) => (EventKind::MeasureWithdrawn, reading.today, "record"),
        (Standing::Ahead | Standing::InForce, Some(_)) => return Ok(None),
        (Standing::Over | Standing::WithoutBasis | Standing::WithoutCause, None) => return Ok(None),
    };
    let mut data = json!({
        "decision": row.decision.0,
        "measure": row.measure,
        "title": measure.map_or(row.measure.as_str(), |measure| measure.title.as_str()),
        "from": row.from.to_string(),
        "until": row.until.to_string(),
        "why": why,
    });
    merge(&mut data, named(connection, reading, row.subject)?);
    if let (Some(data), Some(check)) = (data.as_object_mut(), check) {
        data.insert("check".to_owned(), json!(check.0));
    }
    Ok(Some(Found {
        kind,
        cause: format!("measure:{}:{}", row.decision.0, told.len() + 1),
        subject: Some(row.subject),
        decision: Some(row.decision),
        begun: open,
        owed: None,
        day,
        data,
    }))
}

fn standing(connection: &mut Connection, reading: &Reading<'_>, row: &DecisionRow) -> Result<Standing, Error> {
    let Reading { office, pack, known, today, .. } = reading;
    let gone = || Error::inconsistent(format!("decision {} without a subject", row.decision.0));
    let subject = xinzhi_store::subject::by_id(connection, row.subject)?.ok_or_else(gone)?;
    if !pack.subject_kinds.iter().any(|kind| kind.id == subject.kind) {
        // The packs of today know no such subjects, so nothing of theirs holds for it.
        return Ok(if *today > row.until { Standing::Over } else { Standing::WithoutBasis });
    }
    let exact = xinzhi_store::subject::codes(connection, row.subject)?.iter().any(|(scheme, _)| is_exact(scheme));
    let known = know(connection, &office.coverage, pack, (subject, *known))?;
    let grades = std::collections::BTreeMap::new();
    let input = CheckInput {
        pack,
        matter: MatterIx(0),
        subject_kind: known.kind,
        facts: &known.facts,
        grades: &grades,
        decisions: &[],
        exact_identity: exact,
        today: *today,
    };
    Ok(xinzhi_apply::standing(&input, &decided(row.clone())))
}

/// The first day since the last look on which a measure had no basis: the day that counts, however late somebody looks.
fn unfounded(reading: &Reading<'_>, measure: Option<&Measure>, since: Option<Day>) -> Day {
    const LOOK_BACK_DAYS: i32 = 400;
    let Some(measure) = measure else { return reading.today };
    let first = since.unwrap_or(reading.today).max(reading.today.plus_days(-LOOK_BACK_DAYS));
    let days = (0..=LOOK_BACK_DAYS).map(|days| first.plus_days(days)).take_while(|day| *day < reading.today);
    days.into_iter().find(|day| xinzhi_apply::force::bases_on(reading.pack, measure, *day).is_empty()).unwrap_or(reading.today)
}

/// How a subject is named to a recipient: by the public code of an organisation. Of a person no number leaves the house: a reference that
/// means something to this recipient alone, to be resolved through the API, for a purpose.
fn named(connection: &mut Connection, reading: &Reading<'_>, id: SubjectId) -> Result<Value, Error> {
    let subject = xinzhi_store::subject::by_id(connection, id)?;
    let reference = || json!({ "subject_reference": reference(&reading.office.keys, reading.row.subscription, id) });
    if subject.is_none_or(|subject| subject.person) {
        return Ok(reference());
    }
    let codes = xinzhi_store::subject::codes(connection, id)?;
    let public = |(scheme, code): &(String, String)| (scheme != "resident_id").then(|| json!({ "subject": code }));
    let state = codes.iter().find(|(scheme, _)| scheme == "uscc").and_then(public);
    Ok(state.or_else(|| codes.iter().find_map(public)).unwrap_or_else(reference))
}

/// A recipient's name for a person: two recipients cannot compare theirs.
pub(crate) fn reference(keys: &Keys, subscription: i64, subject: SubjectId) -> String {
    let digest = keys.keyed_short(&[b"push subject", &subscription.to_be_bytes(), &subject.0.to_be_bytes()]);
    format!("ref_{}", xinzhi_core::text::hex(&digest))
}

fn merge(into: &mut Value, from: Value) {
    if let (Some(into), Value::Object(from)) = (into.as_object_mut(), from) {
        into.extend(from);
    }
}

/// A batch that was taken back, or a record that took the place of another: for whoever supplied them.
fn corrected(connection: &mut Connection, reading: &Reading<'_>, telling: &Telling) -> Result<Option<Found>, Error> {
    let organ = reading.row.organ.as_deref();
    let cause = format!("entry:{}", telling.entry.0);
    let (subject, data) = match tells(telling.act) {
        Tells::Batch => {
            let refs: Value = serde_json::from_str(&telling.refs).unwrap_or_default();
            let Some(batch) = refs.get("batch").and_then(Value::as_i64).map(BatchId) else { return Ok(None) };
            let Some(row) = xinzhi_store::batch::by_id(connection, batch)? else { return Ok(None) };
            let theirs = match organ {
                Some(organ) => row.organ.as_deref() == Some(organ) || xinzhi_store::push::supplied(connection, batch, organ)?,
                None => true,
            };
            if !theirs {
                return Ok(None);
            }
            (None, json!({ "change": "recalled", "batch": batch.0, "kind": row.kind, "source": row.source }))
        }
        Tells::Row => {
            let Some(found) = xinzhi_store::push::replaced(connection, telling.entry)? else { return Ok(None) };
            if organ.is_some_and(|organ| !found.suppliers.iter().any(|supplier| supplier == organ)) {
                return Ok(None);
            }
            let mut data = json!({ "change": "replaced", "record": found.record.0, "replaces": found.old.0, "kind": found.kind });
            merge(&mut data, named(connection, reading, found.subject)?);
            (Some(found.subject), data)
        }
        Tells::Decision | Tells::Everything | Tells::Nothing => return Ok(None),
    };
    if xinzhi_store::push::has_cause(connection, reading.row.subscription, &cause)? {
        return Ok(None);
    }
    let day = telling.at.day();
    Ok(Some(Found { kind: EventKind::RecordCorrected, cause, subject, decision: None, begun: None, owed: None, day, data }))
}

/// Obligations that are due soon or overdue, for whoever owes the answer.
fn due(connection: &mut Connection, reading: &Reading<'_>, out: &mut Vec<Found>) -> Result<(), Error> {
    let today = reading.today;
    let room = EVENTS_MAX.saturating_sub(out.len());
    let soon = xinzhi_apply::obligation::DUE_SOON_DAYS;
    let filter = DueFilter {
        subscription: reading.row.subscription,
        by: today.plus_days(soon),
        today,
        known: reading.owed,
        organ: reading.row.organ.as_deref(),
        limit: i64::try_from(room).unwrap_or(0),
    };
    for owed in xinzhi_store::push::due(connection, &filter)? {
        let late = owed.due < today;
        let (word, day) = if late { ("overdue", owed.due.plus_days(1)) } else { ("soon", owed.due.plus_days(-soon)) };
        let title = reading.pack.measures.iter().find(|measure| measure.id == owed.measure).map(|measure| measure.title.clone());
        let mut data = json!({
            "check": owed.check.0,
            "measure": owed.measure,
            "title": title.as_deref().unwrap_or(&owed.measure),
            "due": owed.due.to_string(),
            "state": if late { "overdue" } else { "due_soon" },
        });
        merge(&mut data, named(connection, reading, owed.subject)?);
        out.push(Found {
            kind: EventKind::ObligationDue,
            cause: format!("due:{}:{}:{word}", owed.check.0, owed.measure),
            subject: Some(owed.subject),
            decision: None,
            begun: None,
            owed: Some((owed.check, owed.measure)),
            day,
            data,
        });
    }
    Ok(())
}

/// Writes a plan, unless somebody else moved the subscription meanwhile; returns how many events it became.
async fn write(office: &Arc<Office>, plan: Plan) -> Result<usize, Error> {
    let source = format!("urn:xinzhi:{}", office.row().area);
    office
        .write(&sender(), move |tx| {
            let Plan { before, after, events } = plan;
            let id = before.subscription;
            let row = xinzhi_store::subscription::by_id(tx.connection(), id)?;
            if row.is_none_or(|row| row.is_ended()) || xinzhi_store::subscription::head(tx.connection(), id)? != before {
                return Ok(0);
            }
            let mut head = after;
            for found in events {
                if is_moot(tx, id, &found)? {
                    continue;
                }
                head.sequence += 1;
                let webhook = webhook_id(tx);
                let body = envelope(tx, &found, (&source, &webhook, head.sequence))?;
                let Found { kind, cause, subject, decision, day, .. } = found;
                let event =
                    NewEvent { subscription: id, sequence: head.sequence, webhook, kind: kind.word(), cause, subject, decision, day, body };
                xinzhi_store::push::add(tx, &event)?;
            }
            xinzhi_store::subscription::move_head(tx, &head)?;
            Ok(usize::try_from(head.sequence - before.sequence).unwrap_or(0))
        })
        .await
}

/// An end takes back a beginning that was never sent (L2); an obligation that was answered meanwhile is due no more.
fn is_moot(tx: &mut Tx, id: i64, found: &Found) -> Result<bool, Error> {
    if let Some(begun) = found.begun
        && xinzhi_store::push::cancel(tx, id, begun)?
    {
        return Ok(true);
    }
    match &found.owed {
        Some((check, measure)) => Ok(xinzhi_store::push::is_closed(tx.connection(), *check, measure)?),
        None => Ok(false),
    }
}

fn webhook_id(tx: &Tx) -> String {
    format!("msg_{}", xinzhi_core::text::hex(&tx.random::<16>()))
}

/// CloudEvents 1.0, structured, with the extension `sequence`. Kept and sent byte for byte: what was signed once is never written anew.
fn envelope(tx: &Tx, found: &Found, (source, webhook, sequence): (&str, &str, i64)) -> Result<String, Error> {
    let mut data = found.data.clone();
    merge(&mut data, json!({ "day": found.day.to_string() }));
    let mut envelope = Map::new();
    for (name, value) in [
        ("specversion", json!("1.0")),
        ("id", json!(webhook)),
        ("source", json!(source)),
        ("type", json!(found.kind.word())),
        ("time", json!(tx.moment().to_rfc3339())),
        ("datacontenttype", json!("application/json")),
        ("sequence", json!(sequence.to_string())),
        ("sequencetype", json!("Integer")),
        ("data", data),
    ] {
        envelope.insert(name.to_owned(), value);
    }
    let subject = found.data.get("subject").or_else(|| found.data.get("subject_reference"));
    if let Some(subject) = subject {
        envelope.insert("subject".to_owned(), subject.clone());
    }
    xinzhi_proof::canonical::to_string(&Value::Object(envelope)).map_err(|e| Error::inconsistent(e.to_string()))
}

/// Events that should have been written by now and were not, by their causes: for doctor. A pack installed since is no fault.
pub(crate) fn missing(connection: &mut Connection, office: &Office, row: &SubscriptionRow) -> Result<Vec<String>, Error> {
    let head = xinzhi_store::subscription::head(connection, row.subscription)?;
    let Some(day) = head.day else { return Ok(Vec::new()) };
    let last = xinzhi_store::journal::head(connection)?;
    let since = xinzhi_store::push::telling(connection, (head.entry, last), ENTRIES_MAX)?;
    if since.iter().any(|telling| tells(telling.act) == Tells::Everything) {
        return Ok(Vec::new());
    }
    let tellings = xinzhi_store::push::telling(connection, (row.entry, head.entry), i64::MAX)?;
    let decisions = decisions(connection, (row, head.entry), (head.entry, Some(day)))?;
    let pack = office.pack();
    let reading = Reading { office, pack: &pack, row, known: head.entry, today: day, owed: head.day_entry };
    let since = (head.entry, head.day);
    let mut look = Look { since, known: head.entry, last: head.day_entry, today: day, turned: true, tellings, decisions };
    let found = found(connection, &reading, (&head, &mut look))?;
    Ok(found.into_iter().map(|found| found.cause).collect())
}
