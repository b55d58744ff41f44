//! Many pieces of reading done by several threads, each through a connection of its own.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use xinzhi_store::Connection;

use crate::import::stage::stand_back_by;
use crate::{Error, Office};

/// Pieces, below which nobody is asked for help: a thread that stands back might keep one longer than the others take for all.
const HELPED_FROM: usize = 12;
/// Threads that help.
const HELPERS_MAX: usize = 3;
/// How far those who count without being waited for stand back from requests when both want the processor (`nice`). Not as far as an
/// import: while they read, the database keeps what they see, so that its log grows.
pub(crate) const STANDS_BACK: i32 = 5;

/// Does `work` for every piece, on this connection and beside it on such as are to spare, and hands each result to `take`, in any order.
/// The others may see what happened after this connection's state: work has to ask for what was known at a position, or for what never
/// changes. They stand back while others want the processor.
pub(crate) fn share<P: Sync, T>(
    (office, connection): (&Office, &mut Connection),
    pieces: &[P],
    work: impl Fn(&mut Connection, &P) -> Result<T, Error> + Sync,
    take: impl FnMut(T) + Send,
) -> Result<(), Error> {
    let (next, take) = (AtomicUsize::new(0), Mutex::new(take));
    let run = |connection: &mut Connection| -> Result<(), Error> {
        while let Some(piece) = pieces.get(next.fetch_add(1, Ordering::Relaxed)) {
            office.figures.go_on().inspect_err(|_| next.store(pieces.len(), Ordering::Relaxed))?;
            let found = work(connection, piece).inspect_err(|_| next.store(pieces.len(), Ordering::Relaxed))?;
            (take.lock().unwrap_or_else(PoisonError::into_inner))(found);
        }
        Ok(())
    };
    let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
    let helpers = if pieces.len() < HELPED_FROM { 0 } else { (processors - 1).min(HELPERS_MAX) };
    std::thread::scope(|scope| {
        let help = || {
            stand_back_by(STANDS_BACK);
            office.read_beside(run).map(Option::unwrap_or_default)
        };
        // Without help it takes longer, that is all.
        let helping: Vec<_> =
            (0..helpers).filter_map(|_| std::thread::Builder::new().name("count".to_owned()).spawn_scoped(scope, help).ok()).collect();
        let own = run(connection);
        let helped = helping.into_iter().map(|thread| {
            let lost = |_| Err(Error::inconsistent("a count ended without an answer"));
            thread.join().unwrap_or_else(lost)
        });
        helped.fold(own, |all, one| all.and(one))
    })
}
