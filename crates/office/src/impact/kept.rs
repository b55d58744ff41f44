//! Outcomes under their pins: the same packs, day and position give the same outcome, so nothing kept here can be out of date.

use std::sync::{Arc, Mutex, PoisonError};

use super::finding::{Areas, outcome};
use super::measure::Pair;
use super::run::{Ask, CardRun, Outcomes, run};
use super::shift::MeasureShift;
use super::show::position;
use super::{Impact, ImpactPin};
use crate::check::run::ENGINE_EDITION;
use crate::{Error, Office};
use xinzhi_store::Connection;

/// Outcomes kept.
const KEPT_MAX: usize = 4;

/// An outcome with who is behind its numbers.
#[derive(Debug)]
pub(crate) struct Assessed {
    pub(crate) impact: Arc<Impact>,
    pub(crate) ask: Ask,
    pub(crate) cards: Vec<CardRun>,
    pub(crate) pairs: Vec<Pair>,
    pub(crate) measures: Vec<MeasureShift>,
}

/// Outcomes that were asked for lately, the latest last.
#[derive(Debug, Default)]
pub(crate) struct ImpactCache {
    kept: Mutex<Vec<Arc<Assessed>>>,
    /// Held by whoever assesses: it takes all of a processor, and the next one often wants the same.
    turn: tokio::sync::Mutex<()>,
}

fn pin(ask: &Ask) -> ImpactPin {
    ImpactPin {
        old: ask.old.digest.to_string(),
        new: ask.new.digest.to_string(),
        scorecard: ask.scorecard.clone(),
        day: ask.day,
        position: ask.position.0,
        edition: ENGINE_EDITION,
    }
}

impl ImpactCache {
    fn find(&self, pin: &ImpactPin) -> Option<Arc<Assessed>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).iter().find(|kept| kept.impact.pin == *pin).cloned()
    }

    fn keep(&self, assessed: &Arc<Assessed>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT_MAX {
            kept.remove(0);
        }
        kept.push(Arc::clone(assessed));
    }
}

/// The outcome of what is asked: found, or made now.
///
/// # Errors
/// A fault of the store.
pub(crate) async fn assessed(office: &Arc<Office>, ask: Ask) -> Result<Arc<Assessed>, Error> {
    // Whoever waits here holds no connection.
    let _turn = office.impacts.turn.lock().await;
    if let Some(found) = office.impacts.find(&pin(&ask)) {
        return Ok(found);
    }
    let made = office.read(move |connection| assess(connection, ask)).await?;
    office.impacts.keep(&made);
    Ok(made)
}

fn assess(connection: &mut Connection, ask: Ask) -> Result<Arc<Assessed>, Error> {
    // Something may have happened since it was asked: position and facts are of one state.
    let ask = Ask { position: position(connection)?, ..ask };
    let areas: Areas = xinzhi_store::organ::areas(connection)?.into_iter().map(|row| (row.code, row.name)).collect();
    let outcomes = run(connection, &ask)?;
    let impact = Arc::new(outcome(&ask, &outcomes, &areas)?);
    let Outcomes { cards, pairs, measures, .. } = outcomes;
    Ok(Arc::new(Assessed { impact, ask, cards, pairs, measures }))
}
