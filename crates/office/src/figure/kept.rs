//! What was counted, kept until something is known that changes it: the newest entries of the acts that it rests on, the pack, the day.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use xinzhi_apply::LoopFigures;
use xinzhi_core::journal::{Act, Position};
use xinzhi_core::{Day, Digest};
use xinzhi_rules::Pack;
use xinzhi_rules::figure::{Figure, Population, State};
use xinzhi_rules::model::Indicator;
use xinzhi_store::Connection;

use super::census::Census;
use super::item::Item;
use super::populations::{self, Records};
use super::standings::{Standings, standings};
use crate::permission::Scope;
use crate::{Error, Office};

/// Populations kept; beyond it everything is counted anew.
const KEPT_MAX: usize = 64;

/// How many times as long as it worked a count rests that nobody waits for.
const REST: u32 = 3;
/// A clock that jumped does not keep it longer.
const REST_MAX: Duration = Duration::from_secs(1);

/// What a count rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Mark {
    entries: Vec<Option<i64>>,
    pack: Digest,
    today: Day,
}

/// What was counted: items to break down, and what it takes to count on from there.
#[derive(Debug)]
pub(crate) struct Counted {
    pub(crate) items: Vec<Item>,
    pub(crate) behind: Behind,
    /// The head of the journal when it was counted.
    pub(crate) known: Position,
}

/// Who or what is behind the items.
#[derive(Debug)]
pub(crate) enum Behind {
    /// Nothing that is kept.
    Nothing,
    Records(Records),
    /// Of whom which measures are in force.
    Measures(Census<Vec<Item>>),
    Standings(Standings),
}

impl Counted {
    /// Items alone.
    pub(crate) fn of(items: Vec<Item>, known: Position) -> Counted {
        Counted { items, behind: Behind::Nothing, known }
    }

    /// Who stands how, of evaluations.
    pub(crate) fn standings(&self) -> Option<&Standings> {
        if let Behind::Standings(standings) = &self.behind { Some(standings) } else { None }
    }
}

/// A population by what tells it from another; of evaluations the figure, since its months are evaluated with it.
type Key = String;

/// Counts that still hold.
#[derive(Debug, Default)]
pub struct FigureCache {
    kept: Mutex<BTreeMap<Key, (Mark, Arc<Counted>)>>,
    /// Whoever counts a population holds its lock: the others wait for the answer instead of counting too.
    busy: Mutex<BTreeMap<Key, Arc<tokio::sync::Mutex<()>>>>,
    haste: Mutex<Haste>,
    hurried: Condvar,
}

/// How fast counts go on.
#[derive(Debug, Default)]
struct Haste {
    /// How many wait for a count. What nobody waits for is counted in no haste.
    waiting: usize,
    /// The office is about to close: no count goes on.
    is_closing: bool,
}

/// Somebody waits for a count.
#[derive(Debug)]
pub(crate) struct Waiting<'a>(&'a FigureCache);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.haste().waiting -= 1;
    }
}

impl FigureCache {
    fn kept(&self) -> MutexGuard<'_, BTreeMap<Key, (Mark, Arc<Counted>)>> {
        // A panic cannot leave a map half-changed: it is locked to look up and to insert.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn haste(&self) -> MutexGuard<'_, Haste> {
        // Nothing panics while it is held.
        self.haste.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the counts that are under way.
    pub(crate) fn close(&self) {
        self.haste().is_closing = true;
        self.hurried.notify_all();
    }

    pub(crate) fn is_awaited(&self) -> bool {
        self.haste().waiting > 0
    }

    pub(crate) fn is_closing(&self) -> bool {
        self.haste().is_closing
    }

    /// Says that somebody waits from now on, until what is returned is dropped: counts make haste.
    pub(crate) fn wait(&self) -> Waiting<'_> {
        self.haste().waiting += 1;
        self.hurried.notify_all();
        Waiting(self)
    }

    /// Called after each piece of a long count, with how many milliseconds it took: while nobody waits, others have the processor for
    /// longer than that. A lower priority instead would keep whoever comes to wait as slow as the count was when it began.
    pub(crate) fn rest(&self, spent: i64) -> Result<(), Error> {
        let time = Duration::from_millis(u64::try_from(spent).unwrap_or(0)).saturating_mul(REST).min(REST_MAX);
        let rested = self.hurried.wait_timeout_while(self.haste(), time, |haste| haste.waiting == 0 && !haste.is_closing);
        let (haste, _) = rested.unwrap_or_else(PoisonError::into_inner);
        if haste.is_closing { Err(xinzhi_store::Fault::Closed.into()) } else { Ok(()) }
    }

    /// The lock of a population; taken before a connection is, so that nobody waits with one in hand.
    pub(crate) fn turn(&self, figure: &Figure) -> Arc<tokio::sync::Mutex<()>> {
        let mut busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(busy.entry(key(figure)).or_default())
    }
}

fn key(figure: &Figure) -> Key {
    match figure.counts {
        Population::Evaluations { .. } => format!("evaluations {}", figure.id),
        other => other.word().to_owned(),
    }
}

/// The acts that change what a population is.
fn rests_on(counts: Population, pack: &Pack) -> &'static [Act] {
    match counts {
        // In this order: `obligations` counts on from both.
        Population::Obligations => &[Act::CheckMade, Act::FeedbackGiven],
        Population::Checks => &[Act::CheckMade],
        Population::Rows => &[Act::BatchCommitted, Act::BatchRecalled],
        Population::Records => &[Act::BatchCommitted, Act::BatchRecalled, Act::RowRuled, Act::FeedbackGiven],
        Population::Measures => &[Act::CheckMade, Act::RestrictionDecided, Act::BatchCommitted, Act::BatchRecalled, Act::RowRuled],
        Population::Evaluations { scorecard, .. } if reads_own(pack, scorecard) => {
            &[Act::BatchCommitted, Act::BatchRecalled, Act::RowRuled, Act::FeedbackGiven]
        }
        Population::Evaluations { .. } => &[Act::BatchCommitted, Act::BatchRecalled, Act::RowRuled],
    }
}

/// Whether a scorecard reads records that our own journal brings.
fn reads_own(pack: &Pack, scorecard: xinzhi_rules::model::ScorecardIx) -> bool {
    let own = |kind| pack.own_sources.iter().any(|source| source.kind == kind);
    pack.scorecard(scorecard).is_some_and(|card| {
        card.dimensions.iter().flat_map(|dimension| &dimension.indicators).flat_map(Indicator::counts).any(|(kind, _)| own(kind))
            || card.overrides.iter().any(|rule| own(rule.kind))
    })
}

/// What was counted of a figure, where nothing has happened since that changes it.
pub(crate) fn still(connection: &mut Connection, office: &Office, pack: &Pack, figure: &Figure) -> Result<Option<Arc<Counted>>, Error> {
    let mark = mark(connection, office, pack, figure.counts)?;
    Ok(office.figures.kept().get(&key(figure)).filter(|(kept, _)| *kept == mark).map(|(_, counted)| Arc::clone(counted)))
}

/// Everything of the population of a figure, whoever asks; scope and filter are applied to it later.
pub(crate) fn counted(connection: &mut Connection, office: &Office, pack: &Pack, figure: &Figure) -> Result<Arc<Counted>, Error> {
    kept(connection, office, pack, (key(figure), figure.counts), |connection, now, earlier| {
        let known = xinzhi_store::journal::head(connection)?;
        let before = earlier.map(|(_, counted)| counted);
        let (items, behind) = match figure.counts {
            Population::Obligations => (obligations(connection, now, earlier)?, Behind::Nothing),
            Population::Checks => {
                let before = before.map(|before| (before.items.as_slice(), before.known));
                (populations::checks((office, connection), known, before)?, Behind::Nothing)
            }
            Population::Rows => (populations::rows(connection)?, Behind::Nothing),
            Population::Records => {
                let before = before.and_then(|before| match &before.behind {
                    Behind::Records(records) => Some((records, before.items.as_slice(), before.known)),
                    _ => None,
                });
                let (records, items) = populations::records((office, connection), pack, known, before)?;
                (items, Behind::Records(records))
            }
            Population::Measures => {
                let before = before.and_then(|before| match &before.behind {
                    Behind::Measures(census) => Some((census, before.known)),
                    _ => None,
                });
                let census = populations::measures(connection, (pack, now.today), known, before)?;
                (populations::all_measures(&census), Behind::Measures(census))
            }
            Population::Evaluations { .. } => {
                let before = before.and_then(|before| Some((before.standings()?, before.known)));
                return standings(connection, office, (pack, figure, now.today), known, before);
            }
        };
        Ok(Counted { items, behind, known })
    })
}

/// What was counted before, with the mark that it rested on.
type Earlier<'a> = Option<(&'a Mark, &'a Counted)>;

/// All obligations: what was counted before on the same day, and what happened since.
fn obligations(connection: &mut Connection, now: &Mark, earlier: Earlier<'_>) -> Result<Vec<Item>, Error> {
    let Some((mark, before)) = earlier else { return populations::obligations(connection, now.today) };
    let entry = |index: usize| mark.entries.get(index).copied().flatten().unwrap_or(0);
    populations::obligations_since(connection, &before.items, (entry(0), entry(1)), now.today)
}

fn mark(connection: &mut Connection, office: &Office, pack: &Pack, counts: Population) -> Result<Mark, Error> {
    let entries = xinzhi_store::figure::newest(connection, rests_on(counts, pack))?;
    Ok(Mark { entries, pack: pack.digest, today: office.today() })
}

/// What was counted before, or what `count` finds now: it is told what was counted earlier on the same day by the same pack, to count on
/// from there.
fn kept(
    connection: &mut Connection,
    office: &Office,
    pack: &Pack,
    (key, counts): (Key, Population),
    count: impl FnOnce(&mut Connection, &Mark, Earlier<'_>) -> Result<Counted, Error>,
) -> Result<Arc<Counted>, Error> {
    let mark = mark(connection, office, pack, counts)?;
    let earlier = office.figures.kept().get(&key).cloned();
    if let Some((_, counted)) = earlier.as_ref().filter(|(kept, _)| *kept == mark) {
        return Ok(Arc::clone(counted));
    }
    // Somebody who reads a later state may have kept theirs first: nothing is counted backwards.
    let precedes = |kept: &Mark| kept.entries.iter().zip(&mark.entries).all(|(then, now)| then <= now);
    let same = |kept: &Mark| kept.today == mark.today && kept.pack == mark.pack;
    let earlier = earlier.as_ref().filter(|(kept, _)| same(kept) && precedes(kept));
    let counted = Arc::new(count(connection, &mark, earlier.map(|(mark, counted)| (mark, &**counted)))?);
    let mut kept = office.figures.kept();
    if kept.len() >= KEPT_MAX {
        kept.clear();
    }
    kept.insert(key, (mark, Arc::clone(&counted)));
    Ok(counted)
}

/// The counts of the loop board within a scope: the same items that 闭环率 is made of.
pub(crate) fn loop_figures(connection: &mut Connection, office: &Office, pack: &Pack, scope: &Scope) -> Result<LoopFigures, Error> {
    let counts = Population::Obligations;
    let counted = kept(connection, office, pack, (counts.word().to_owned(), counts), |connection, now, earlier| {
        Ok(Counted::of(obligations(connection, now, earlier)?, xinzhi_store::journal::head(connection)?))
    })?;
    let many = |state| -> i64 {
        let mine = counted.items.iter().filter(|item| item.is(state) && item.within(scope, Population::Obligations));
        mine.map(|item| item.many).sum()
    };
    let (open, acknowledged) = (many(State::Open), many(State::Acknowledged));
    let (executed, not_executed, overdue) = (many(State::Executed), many(State::NotExecuted), many(State::Overdue));
    let owed = open + acknowledged + executed + not_executed + overdue;
    Ok(LoopFigures { owed, open, acknowledged, executed, not_executed, overdue })
}
