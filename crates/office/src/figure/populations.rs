//! Each population read from the store: in groups for the numbers, one by one for the lists behind them. One function says of both what
//! they are, so that a list holds exactly what its number counted.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use xinzhi_apply::{Light, light};
use xinzhi_core::check::FeedbackOutcome;
use xinzhi_core::journal::Position;
use xinzhi_core::record::{BatchId, RecordId};
use xinzhi_core::{Day, SubjectId};
use xinzhi_rules::Pack;
use xinzhi_rules::figure::{FigureKind, Population, State};
use xinzhi_store::Connection;
use xinzhi_store::figure::{Checked, Delivered, HandedIn, Moved, Owed, Party, Refused, Running, Told};

use super::census::Census;
use super::item::{Item, Shared, Texts, changed, folded};
use super::month::Month;
use super::reason;
use crate::check::CheckAnswer;
use crate::everybody::share::share;
use crate::{Error, Office};

/// Rows read at once.
pub(crate) const PAGE: i64 = 5_000;
/// Numbers of checks or records that are counted at once.
const SPAN: i64 = 5_000;
/// Records that moved, beyond which all are counted anew: they are held in memory at once.
const MOVED_MAX: i64 = 50_000;
/// Entries of the journal, beyond which all measures are asked anew instead of those of whoever was checked meanwhile.
const CHECKED_MAX: i64 = 100_000;

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

/// Checks until a position; where they were counted before, those since.
pub(crate) fn checks(
    (office, connection): (&Office, &mut Connection),
    known: Position,
    earlier: Option<(&[Item], Position)>,
) -> Result<Vec<Item>, Error> {
    let (before, then) = earlier.unwrap_or((&[], Position(0)));
    let steps = (then.0..known.0).step_by(usize::try_from(SPAN).unwrap_or(1));
    let pieces: Vec<(Position, Position)> = steps.map(|after| (Position(after), Position(known.0.min(after + SPAN)))).collect();
    let mut groups = Vec::new();
    let work = |connection: &mut Connection, piece: &(Position, Position)| Ok(xinzhi_store::figure::check_groups(connection, *piece)?);
    share((office, connection), &pieces, work, |found| groups.extend(found))?;
    let mut texts = Texts::default();
    Ok(changed(before, groups.iter().map(|checked| check(checked, &mut texts))))
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
pub(crate) fn record(pack: &Pack, batches: &InEffect, (handed_in, about): (&HandedIn, &About), texts: &mut Texts) -> Option<Item> {
    let batch = match handed_in.batch {
        Some(id) => Some(batches.get(&id)?),
        None => None,
    };
    let known = handed_in.ruled_at.or(batch.map(|batch| batch.at))?.day();
    let term = pack.record_kind_by_name(&handed_in.kind).and_then(|(_, kind)| kind.report_within).filter(|_| batch.is_some());
    let state = match term {
        None => State::Untimed,
        Some(days) if known <= pack.calendar.working_days_after(handed_in.document_day, days).day => State::InTime,
        Some(_) => State::Late,
    };
    Some(Item {
        month: Some(Month::of(known)),
        organ: texts.some(Some(&handed_in.supplier)),
        area: about.area.clone(),
        kind: Some(texts.one(&handed_in.kind)),
        source: texts.some(batch.map(|batch| batch.source.as_str())),
        subject: Some(Arc::clone(&about.kind)),
        states: [Some(state), None, None],
        // What arose here was never on its way.
        days: batch.map(|_| known.number() - handed_in.document_day.number()).filter(|_| lasts(pack)),
        many: 1,
        ..Item::default()
    })
}

/// Whether a figure asks how long records were on their way: otherwise that would only keep apart what is counted together.
fn lasts(pack: &Pack) -> bool {
    pack.figures.iter().any(|figure| figure.counts == Population::Records && figure.kind == FigureKind::Median)
}

/// What records are counted by of their subject, as its row tells it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct About {
    kind: Arc<str>,
    area: Shared,
}

impl About {
    pub(crate) fn of(party: &Party, texts: &mut Texts) -> About {
        About { kind: texts.one(&party.kind), area: texts.some(party.area.as_deref()) }
    }
}

/// Records that were counted, with what it takes to count on from there.
#[derive(Clone, Debug, Default)]
pub(crate) struct Records {
    batches: InEffect,
    parties: Census<About>,
}

/// All records known at a position; where they were counted before, by what began or ceased to hold since and by whose subject moved.
pub(crate) fn records(
    (office, connection): (&Office, &mut Connection),
    pack: &Pack,
    known: Position,
    earlier: Option<(&Records, &[Item], Position)>,
) -> Result<(Records, Vec<Item>), Error> {
    let batches = in_effect(connection)?;
    if let Some((before, items, then)) = earlier {
        let moved = xinzhi_store::figure::records_moved(connection, then, MOVED_MAX + 1)?;
        if i64::try_from(moved.len()).is_ok_and(|many| many <= MOVED_MAX) {
            let mut now = Records { batches, parties: before.parties.clone() };
            let changes = records_since((connection, pack), (before, then), (&mut now, known), &moved)?;
            return Ok((now, changed(items, changes)));
        }
    }
    let mut texts = Texts::default();
    let mut now = Records { batches, parties: Census::default() };
    let mut after = SubjectId(0);
    loop {
        let began = office.now();
        let parties = xinzhi_store::figure::parties(connection, after, PAGE)?;
        let Some(last) = parties.last() else { break };
        after = last.subject;
        parties.iter().for_each(|party| now.parties.put(party.subject, Some(About::of(party, &mut texts))));
        office.figures.rest(office.now().0 - began.0)?;
    }
    let last = xinzhi_store::figure::last_record(connection)?;
    let steps = (0..last.0).step_by(usize::try_from(SPAN).unwrap_or(1));
    let pieces: Vec<(RecordId, RecordId)> = steps.map(|after| (RecordId(after), RecordId(last.0.min(after + SPAN)))).collect();
    let work = |connection: &mut Connection, piece: &(RecordId, RecordId)| counted(connection, pack, (&now, *piece, known));
    let mut items = Vec::new();
    share((office, connection), &pieces, work, |found: Vec<Item>| items = changed(&items, found))?;
    Ok((now, items))
}

/// Some records added up.
fn counted(
    connection: &mut Connection,
    pack: &Pack,
    (records, piece, known): (&Records, (RecordId, RecordId), Position),
) -> Result<Vec<Item>, Error> {
    let mut sums: HashMap<(HandedIn, Option<Arc<About>>), i64> = HashMap::new();
    for handed_in in xinzhi_store::figure::records_between(connection, piece, known)? {
        if handed_in.batch.is_some_and(|batch| !records.batches.contains_key(&batch)) {
            continue;
        }
        let about = records.parties.way(handed_in.subject).map(Arc::clone);
        *sums.entry((HandedIn { subject: SubjectId(0), ..handed_in }, about)).or_insert(0) += 1;
    }
    let mut texts = Texts::default();
    let items = sums.into_iter().filter_map(|((handed_in, about), many)| {
        let item = record(pack, &records.batches, (&handed_in, &*about?), &mut texts)?;
        Some(Item { many, ..item })
    });
    Ok(folded(items))
}

/// What there is more and less of records than before: each one that moved, and all of a subject that counts otherwise now.
fn records_since(
    (connection, pack): (&mut Connection, &Pack),
    (before, then): (&Records, Position),
    (now, known): (&mut Records, Position),
    moved: &[Moved],
) -> Result<Vec<Item>, Error> {
    let (mut texts, mut changes) = (Texts::default(), Vec::new());
    let subjects: BTreeSet<SubjectId> = moved.iter().map(|moved| moved.handed_in.subject).collect();
    let subjects: Vec<SubjectId> = subjects.into_iter().collect();
    let mut otherwise = BTreeSet::new();
    for party in xinzhi_store::figure::parties_of(connection, &subjects)? {
        let about = About::of(&party, &mut texts);
        if before.parties.way(party.subject).is_none_or(|before| **before != about) {
            otherwise.insert(party.subject);
            now.parties.put(party.subject, Some(about));
        }
    }
    let mut count = |(records, handed_in, sign): (&Records, &HandedIn, i64)| {
        let item = records.parties.way(handed_in.subject).and_then(|about| record(pack, &records.batches, (handed_in, about), &mut texts));
        changes.extend(item.map(|item| Item { many: sign, ..item }));
    };
    for moved in moved.iter().filter(|moved| !otherwise.contains(&moved.handed_in.subject)) {
        if moved.own.is_none_or(|own| own <= then) && moved.closed.is_none_or(|closed| closed > then) {
            count((before, &moved.handed_in, -1));
        }
        if moved.closed.is_none() {
            count((now, &moved.handed_in, 1));
        }
    }
    let otherwise: Vec<SubjectId> = otherwise.into_iter().collect();
    for handed_in in xinzhi_store::figure::records_of(connection, &otherwise, then)? {
        count((before, &handed_in, -1));
    }
    for handed_in in xinzhi_store::figure::records_of(connection, &otherwise, known)? {
        count((now, &handed_in, 1));
    }
    Ok(changes)
}

/// A measure in force: told by a check, or decided.
#[derive(Clone, Debug)]
pub(crate) enum InForce {
    Told(Told),
    Running(Running),
}

impl InForce {
    fn subject(&self) -> SubjectId {
        match self {
            InForce::Told(told) => told.subject,
            InForce::Running(running) => running.subject,
        }
    }

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
    let running = xinzhi_store::figure::running(connection, today)?;
    let told = xinzhi_store::figure::told(connection, today)?;
    standing(connection, (pack, today), running, told)
}

/// Of what runs and what was told that which is in force.
fn standing(
    connection: &mut Connection,
    (pack, today): (&Pack, Day),
    running: Vec<Running>,
    told: Vec<Told>,
) -> Result<Vec<InForce>, Error> {
    let founded = |id: &str| pack.measure_by_id(id).is_some_and(|measure| pack.in_force_on(measure, today));
    let head = xinzhi_store::journal::head(connection)?;
    let mut seen = BTreeSet::new();
    let mut measures = Vec::new();
    for running in running {
        if founded(&running.measure) && seen.insert((running.subject.0, running.measure.clone())) {
            measures.push(InForce::Running(running));
        }
    }
    for told in told {
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

/// Of whom which measures are in force, added up; where they were counted before, only those are asked again who may have others now: who
/// was told of something since, about whom something was decided, and of those who had any who was checked again or whose records moved.
/// A record that fell does not stand up again, so that of others none can come into force by itself.
pub(crate) fn measures(
    connection: &mut Connection,
    (pack, today): (&Pack, Day),
    known: Position,
    earlier: Option<(&Census<Vec<Item>>, Position)>,
) -> Result<Census<Vec<Item>>, Error> {
    let (mut census, found) = match earlier.filter(|(_, then)| known.0 - then.0 <= CHECKED_MAX) {
        None => (Census::default(), in_force(connection, pack, today)?),
        Some((before, then)) => {
            let mut again: BTreeSet<SubjectId> = xinzhi_store::figure::checked_since(connection, then)?.into_iter().collect();
            again.extend(xinzhi_store::figure::changed(connection, then)?);
            again.retain(|subject| before.way(*subject).is_some());
            again.extend(xinzhi_store::figure::told_since(connection, then)?);
            let again: Vec<SubjectId> = again.into_iter().collect();
            let running = xinzhi_store::figure::running_of(connection, &again, today)?;
            let told = xinzhi_store::figure::told_of(connection, &again, today)?;
            let mut census = before.clone();
            again.iter().for_each(|subject| census.put(*subject, None));
            (census, standing(connection, (pack, today), running, told)?)
        }
    };
    let (mut texts, mut of) = (Texts::default(), BTreeMap::<SubjectId, Vec<Item>>::new());
    found.iter().for_each(|measure| of.entry(measure.subject()).or_default().push(measure.item(&mut texts)));
    of.into_iter().for_each(|(subject, items)| census.put(subject, Some(folded(items))));
    Ok(census)
}

/// Everybody's measures added up.
pub(crate) fn all_measures(census: &Census<Vec<Item>>) -> Vec<Item> {
    folded(census.ways().flat_map(|(items, many)| items.iter().map(move |item| Item { many: item.many * many, ..item.clone() })))
}
