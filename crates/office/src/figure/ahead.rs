//! Figures counted ahead, so that whoever opens the page need not wait until everybody is evaluated: after a start, after midnight, after
//! another pack came into force, and now and then what happened since. Nobody has to: a figure that is asked for is counted where it is
//! not, and never shown as it was.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Weak};
use std::time::Duration;

use super::kept::{counted, still};
use crate::{Error, Office};

/// How long after a start it begins: the first requests come first.
const FIRST: Duration = Duration::from_secs(2);
/// How often it looks what there is to count, where there is little.
const TICK: Duration = Duration::from_secs(60);
/// How often it does in any case.
const TICK_MAX: Duration = Duration::from_secs(600);
/// How many times as long as it counted it then waits: one request in so many may have had to share a processor with it.
const WAIT: u32 = 100;
/// How long the end of a server waits for a count to end. One that takes longer is cut off, which loses nothing.
const PARTING: Duration = Duration::from_secs(5);

/// The running thread; ends with it.
#[derive(Debug)]
pub struct Ahead {
    office: Weak<Office>,
    /// Dropped to tell the thread to end.
    stay: Option<Sender<()>>,
    ended: Receiver<()>,
}

/// Starts the thread. It holds the office only while it counts, and makes no haste while nobody waits for what it counts.
///
/// # Errors
/// Where the system gives no thread.
pub fn count_ahead(office: &Arc<Office>) -> Result<Ahead, Error> {
    let ((stay, stays), (ending, ended)) = (channel::<()>(), channel::<()>());
    let seen = Arc::downgrade(office);
    let work = move || {
        let mut wait = FIRST;
        while stays.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
            let Some(office) = seen.upgrade().filter(|office| !office.is_stopped()) else { break };
            let began = office.now();
            // A count that ends with the office is not missed.
            if let Err(error) = count_all(&office)
                && !office.figures.is_closing()
            {
                tracing::warn!(%error, "figures were not counted ahead");
            }
            let took = Duration::from_millis(u64::try_from(office.now().0 - began.0).unwrap_or(0));
            wait = took.saturating_mul(WAIT).clamp(TICK, TICK_MAX);
        }
        drop(ending);
    };
    let thread = std::thread::Builder::new().name("figures".to_owned()).spawn(work);
    thread.map_err(|cause| xinzhi_store::Fault::Io { what: "starting the thread of figures".to_owned(), cause })?;
    Ok(Ahead { office: Arc::downgrade(office), stay: Some(stay), ended })
}

impl Drop for Ahead {
    fn drop(&mut self) {
        if let Some(office) = self.office.upgrade() {
            office.figures.close();
        }
        self.stay = None;
        // Nothing is ever sent: it waits until the other side is dropped, or long enough.
        let _ended = self.ended.recv_timeout(PARTING);
    }
}

/// Counts every figure that was not counted since something changed it.
fn count_all(office: &Arc<Office>) -> Result<(), Error> {
    office.follow_packs_here()?;
    let (pack, today) = (office.pack(), office.today());
    for figure in pack.figures.iter().filter(|figure| today <= figure.review_by) {
        if office.read_here(|connection| still(connection, office, &pack, figure))?.is_some() {
            continue;
        }
        let turn = office.figures.turn(figure);
        let _counting = turn.blocking_lock();
        office.read_here(|connection| counted(connection, office, &pack, figure))?;
    }
    Ok(())
}

/// Whether every figure is counted as of now: whoever opens the page waits for none.
///
/// # Errors
/// A fault of the store.
pub fn is_ahead(office: &Arc<Office>) -> Result<bool, Error> {
    let (pack, today) = (office.pack(), office.today());
    let mut figures = pack.figures.iter().filter(|figure| today <= figure.review_by);
    figures.try_fold(true, |all, figure| Ok(all && office.read_here(|connection| still(connection, office, &pack, figure))?.is_some()))
}
