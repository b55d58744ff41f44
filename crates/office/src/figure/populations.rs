//! Each population read from the store: in groups for the numbers, one by one for the lists behind them. One function says of both what
//! they are, so that a list holds exactly what its number counted.

use std::collections::{BTreeMap, BTreeSet};

use xinzhi_apply::{Light, light};
use xinzhi_core::Day;
use xinzhi_core::check::FeedbackOutcome;
use xinzhi_core::record::{BatchId, RecordId};
use xinzhi_rules::Pack;
use xinzhi_rules::figure::State;
use xinzhi_store::Connection;
use xinzhi_store::figure::{Checked, Delivered, Moved, Owed, Recorded, Refused, Running, Told};

use super::item::{Item, Texts, changed, folded};
use super::kept::Counted;
use super::month::Month;
use super::reason;
use crate::Error;
use crate::check::CheckAnswer;

/// Rows read at once.
pub(crate) const PAGE: i64 = 5_000;

pub(crate) fn obligation(owed: &Owed, today: Day, texts: &mut Texts) -> Item {
    let mut given: Vec<FeedbackOutcome> = owed.closed.iter().map(|(outcome, ..)| *outcome).collect();
    if owed.acknowledged {
        given.push(FeedbackOutcome::Acknowledged);
    }
    let in_time = owed.closed.map(|(_, day, _)| if day <= owed.due { State::InTime } else { State::Late });
    let states = match light(owed.due, &given, today) {
        Light::Open | Light::DueSoon => [Some(State::Open), None, None],
        Light::Acknowledged => [Some(State::Acknowledged), None, None],
        Light::Overdue => [Some(State::Overdue), None, None],
        Light::Executed => [Some(State::Executed), Some(State::Closed), in_time],
        Light::NotExecuted => [Some(State::NotExecuted), Some(State::Closed), in_time],
    };
    Item {
        month: Some(Month::of(owed.due)),
        organ: texts.some(owed.organ.as_deref()),
        area: texts.some(owed.area.as_deref()),
        kind: Some(texts.one(&owed.kind)),
        matter: Some(texts.one(&owed.matter)),
        states,
        days: owed.closed.map(|(_, _, days)| days),
        many: owed.many,
        ..Item::default()
    }
}

pub(crate) fn obligations(connection: &mut Connection, today: Day) -> Result<Vec<Item>, Error> {
    let mut texts = Texts::default();
    let groups = xinzhi_store::figure::owed_groups(connection)?;
    Ok(folded(groups.iter().map(|owed| obligation(owed, today, &mut texts))))
}

/// The same from what was counted before, with what was asked and answered since: the board is looked at all day.
pub(crate) fn obligations_since(connection: &mut Connection, before: &[Item], known: (i64, i64), today: Day) -> Result<Vec<Item>, Error> {
    let mut texts = Texts::default();
    let mut changes = Vec::new();
    for (was, is) in xinzhi_store::figure::owed_since(connection, known)? {
        changes.extend(was.map(|was| Item { many: -1, ..obligation(&was, today, &mut texts) }));
        changes.push(obligation(&is, today, &mut texts));
    }
    Ok(changed(before, changes))
}

pub(crate) fn check(checked: &Checked, texts: &mut Texts) -> Item {
    Item {
        month: Some(Month::of(checked.day)),
        organ: texts.some(checked.organ.as_deref()),
        area: texts.some(checked.area.as_deref()),
        matter: Some(texts.one(&checked.matter)),
        subject: Some(texts.one(&checked.subject_kind)),
        many: checked.many,
        ..Item::default()
    }
}

pub(crate) fn checks(connection: &mut Connection) -> Result<Vec<Item>, Error> {
    let mut texts = Texts::default();
    let groups = xinzhi_store::figure::check_groups(connection)?;
    Ok(folded(groups.iter().map(|checked| check(checked, &mut texts))))
}

/// Rows of one state of a batch.
pub(crate) fn delivered(batch: &Delivered, (state, many): (State, i64), reason: Option<&str>, texts: &mut Texts) -> Item {
    Item {
        month: Some(Month::of(batch.at.day())),
        organ: texts.some(batch.organ.as_deref()),
        area: Some(texts.one(&batch.area)),
        source: Some(texts.one(&batch.source)),
        reason: texts.some(reason),
        states: [Some(state), None, None],
        many,
        ..Item::default()
    }
}

/// Why a row was sent back, from what was said about it.
pub(crate) fn why(row: &Refused) -> Result<String, Error> {
    let remarks: Vec<_> = serde_json::from_str(&row.remarks).map_err(|e| Error::inconsistent(format!("remarks of a verdict: {e}")))?;
    Ok(reason::of(&remarks))
}

pub(crate) fn rows(connection: &mut Connection) -> Result<Vec<Item>, Error> {
    let mut texts = Texts::default();
    let mut items = Vec::new();
    let batches = xinzhi_store::figure::batches(connection)?;
    for batch in &batches {
        let states = [(State::Accepted, batch.accepted), (State::Duplicate, batch.duplicate), (State::Quarantined, batch.quarantined)];
        items.extend(states.into_iter().filter(|(_, many)| *many > 0).map(|state| delivered(batch, state, None, &mut texts)));
    }
    let by_id: BTreeMap<BatchId, &Delivered> = batches.iter().map(|batch| (batch.batch, batch)).collect();
    let mut after = (BatchId(i64::MAX), 0);
    loop {
        let refused = xinzhi_store::figure::refused(connection, after, PAGE)?;
        let Some(last) = refused.last() else { break };
        after = (last.batch, last.row);
        for row in &refused {
            if let Some(batch) = by_id.get(&row.batch) {
                items.push(delivered(batch, (State::Refused, 1), Some(&why(row)?), &mut texts));
            }
        }
    }
    Ok(folded(items))
}

/// Batches in effect, to tell whether and since when a record is known.
pub(crate) type InEffect = BTreeMap<BatchId, Delivered>;

pub(crate) fn in_effect(connection: &mut Connection) -> Result<InEffect, Error> {
    Ok(xinzhi_store::figure::batches(connection)?.into_iter().map(|batch| (batch.batch, batch)).collect())
}

/// None where the record is not in effect.
pub(crate) fn record(pack: &Pack, batches: &InEffect, recorded: &Recorded, texts: &mut Texts) -> Option<Item> {
    let batch = match recorded.batch {
        Some(id) => Some(batches.get(&id)?),
        None => None,
    };
    let known = recorded.ruled_at.or(batch.map(|batch| batch.at))?.day();
    let term = pack.record_kind_by_name(&recorded.kind).and_then(|(_, kind)| kind.report_within).filter(|_| batch.is_some());
    let state = match term {
        None => State::Untimed,
        Some(days) if known <= pack.calendar.working_days_after(recorded.document_day, days).day => State::InTime,
        Some(_) => State::Late,
    };
    Some(Item {
        month: Some(Month::of(known)),
        organ: texts.some(Some(&recorded.supplier)),
        area: texts.some(recorded.area.as_deref()),
        kind: Some(texts.one(&recorded.kind)),
        source: texts.some(batch.map(|batch| batch.source.as_str())),
        subject: Some(texts.one(&recorded.subject_kind)),
        states: [Some(state), None, None],
        // What arose here was never on its way.
        days: batch.map(|_| known.number() - recorded.document_day.number()),
        many: recorded.many,
        ..Item::default()
    })
}

/// All records; where they were counted before, by what began or ceased to hold since.
pub(crate) fn records(connection: &mut Connection, pack: &Pack, batches: &InEffect, earlier: Option<&Counted>) -> Result<Vec<Item>, Error> {
    let mut texts = Texts::default();
    if let Some(earlier) = earlier {
        let moved = xinzhi_store::figure::records_moved(connection, earlier.known)?;
        // A registration may move all that there is about its subject to another area.
        let registers = |moved: &Moved| pack.record_kind_by_name(&moved.recorded.kind).is_none_or(|(_, kind)| kind.roles.area.is_some());
        if !moved.iter().any(registers) {
            let (then, now): (Vec<_>, Vec<_>) =
                moved.iter().map(|moved| (held(pack, (moved, earlier), &mut texts), holds(pack, (moved, batches), &mut texts))).unzip();
            let gone = then.into_iter().flatten().map(|item| Item { many: -item.many, ..item });
            return Ok(changed(&earlier.items, gone.chain(now.into_iter().flatten())));
        }
    }
    let groups = xinzhi_store::figure::record_groups(connection)?;
    Ok(folded(groups.iter().filter_map(|recorded| record(pack, batches, recorded, &mut texts))))
}

/// What a record was when it was counted before.
fn held(pack: &Pack, (moved, earlier): (&Moved, &Counted), texts: &mut Texts) -> Option<Item> {
    let known = moved.own.is_none_or(|own| own <= earlier.known) && moved.closed.is_none_or(|closed| closed > earlier.known);
    record(pack, &earlier.batches, &moved.recorded, texts).filter(|_| known)
}

/// What it is now.
fn holds(pack: &Pack, (moved, batches): (&Moved, &InEffect), texts: &mut Texts) -> Option<Item> {
    record(pack, batches, &moved.recorded, texts).filter(|_| moved.closed.is_none())
}

/// A measure in force: told by a check, or decided.
#[derive(Clone, Debug)]
pub(crate) enum InForce {
    Told(Told),
    Running(Running),
}

impl InForce {
    pub(crate) fn item(&self, texts: &mut Texts) -> Item {
        let (organ, area, kind) = match self {
            InForce::Told(told) => (told.organ.as_deref(), told.area.as_deref(), told.kind.as_str()),
            InForce::Running(running) => (Some(running.organ.as_str()), running.area.as_deref(), "restriction"),
        };
        Item { organ: texts.some(organ), area: texts.some(area), kind: Some(texts.one(kind)), many: 1, ..Item::default() }
    }
}

/// Measures in force on `today`, one for each subject and measure: its basis holds and its records stand.
pub(crate) fn in_force(connection: &mut Connection, pack: &Pack, today: Day) -> Result<Vec<InForce>, Error> {
    let founded = |id: &str| pack.measure_by_id(id).is_some_and(|measure| pack.in_force_on(measure, today));
    let head = xinzhi_store::journal::head(connection)?;
    let mut seen = BTreeSet::new();
    let mut measures = Vec::new();
    for running in xinzhi_store::figure::running(connection, today)? {
        if founded(&running.measure) && seen.insert((running.subject.0, running.measure.clone())) {
            measures.push(InForce::Running(running));
        }
    }
    for told in xinzhi_store::figure::told(connection, today)? {
        if !founded(&told.measure) || seen.contains(&(told.subject.0, told.measure.clone())) {
            continue;
        }
        let answer: CheckAnswer =
            serde_json::from_str(&told.answer).map_err(|e| Error::inconsistent(format!("answer of check {}: {e}", told.check.0)))?;
        let causes = answer.measures.iter().filter(|measure| measure.measure == told.measure).flat_map(|measure| &measure.records);
        let mut stand = true;
        for cause in causes {
            stand &= xinzhi_store::record::by_id(connection, RecordId(*cause), head)?.is_some();
        }
        if stand {
            seen.insert((told.subject.0, told.measure.clone()));
            measures.push(InForce::Told(told));
        }
    }
    Ok(measures)
}

pub(crate) fn measures(connection: &mut Connection, pack: &Pack, today: Day) -> Result<Vec<Item>, Error> {
    let mut texts = Texts::default();
    Ok(folded(in_force(connection, pack, today)?.iter().map(|measure| measure.item(&mut texts))))
}
