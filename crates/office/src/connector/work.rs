//! The thread that looks at tables when they are due, by the office's clock.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak};
use std::time::Duration;

use xinzhi_store::connector::Standing;

use crate::connector::pull::pull;
use crate::import::stage::stand_back;
use crate::{Error, Office};

/// How often it is asked what is due.
const TICK: Duration = Duration::from_secs(1);
/// How long the end of a server waits for a look that is under way. One that takes longer is cut off, which loses nothing.
const PARTING: Duration = Duration::from_secs(5);

/// The running thread; ends with it.
#[derive(Debug)]
pub struct Work(Arc<Signal>);

#[derive(Debug, Default)]
struct Signal {
    stopping: AtomicBool,
    ended: Mutex<bool>,
    changed: Condvar,
}

impl Signal {
    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    /// Waits for some time, or until something changes.
    fn wait(&self, time: Duration, until: impl Fn(bool) -> bool) {
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        // Whether the time ran out does not matter: whoever waited looks again.
        drop(self.changed.wait_timeout_while(ended, time, |ended| !until(*ended)));
    }
}

/// Starts the thread. It holds the office only while it works.
///
/// # Errors
/// Where the system gives no thread.
pub fn start(office: &Arc<Office>) -> Result<Work, Error> {
    let signal = Arc::new(Signal::default());
    let (office, seen) = (Arc::downgrade(office), Arc::clone(&signal));
    let work = move || {
        stand_back();
        run(&office, &seen);
        *seen.ended.lock().unwrap_or_else(PoisonError::into_inner) = true;
        seen.changed.notify_all();
    };
    let thread = std::thread::Builder::new().name("connectors".to_owned()).spawn(work);
    thread.map_err(|cause| xinzhi_store::Fault::Io { what: "starting the thread of connectors".to_owned(), cause })?;
    Ok(Work(signal))
}

impl Drop for Work {
    fn drop(&mut self) {
        self.0.stopping.store(true, Ordering::SeqCst);
        self.0.changed.notify_all();
        self.0.wait(PARTING, |ended| ended);
    }
}

fn run(office: &Weak<Office>, signal: &Signal) {
    while !signal.is_stopping() {
        let Some(office) = office.upgrade().filter(|office| !office.is_stopped()) else { return };
        if let Err(error) = work_due(&office, &|| signal.is_stopping()) {
            tracing::error!(%error, "connectors could not be looked through");
        }
        drop(office);
        signal.wait(TICK, |_| signal.is_stopping());
    }
}

/// Looks at every table that is due. How each look went is noted with its connector.
///
/// # Errors
/// Where the connectors themselves cannot be read.
pub fn work_due(office: &Arc<Office>, stopping: &dyn Fn() -> bool) -> Result<(), Error> {
    let every = office.read_here(|connection| Ok(xinzhi_store::connector::every(connection)?))?;
    office.follow_packs_here()?;
    let now = office.now();
    for row in every.into_iter().filter(|row| row.standing == Standing::Running && row.due_at <= now) {
        if stopping() {
            break;
        }
        // What went wrong is told where people look for it.
        drop(pull(office, &Office::operator(), &row.registered.id, stopping));
    }
    Ok(())
}
