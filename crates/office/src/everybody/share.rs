//! Many pieces of reading done by several threads, each through a connection of its own.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use xinzhi_store::Connection;

use crate::import::stage::stand_back_by;
use crate::{Error, Office};

/// Pieces, below which nobody is asked for help: a thread that stands back might keep one longer than the others take for all.
const HELPED_FROM: usize = 48;
/// Threads that help.
const HELPERS_MAX: usize = 3;
/// How far they stand back from requests when both want the processor (`nice`). Not as far as an import: somebody may wait for them.
const STANDS_BACK: i32 = 5;

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
        let end = || next.store(pieces.len(), Ordering::Relaxed);
        while let Some(piece) = pieces.get(next.fetch_add(1, Ordering::Relaxed)) {
            let began = office.now();
            let found = work(connection, piece).inspect_err(|_| end())?;
            (take.lock().unwrap_or_else(PoisonError::into_inner))(found);
            office.figures.rest(office.now().0 - began.0).inspect_err(|_| end())?;
        }
        Ok(())
    };
    let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
    // What nobody waits for needs no help: each who helps holds memory and a connection.
    let is_helped = pieces.len() >= HELPED_FROM && office.figures.is_awaited();
    let helpers = if is_helped { (processors - 1).min(HELPERS_MAX) } else { 0 };
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use xinzhi_core::{AreaCode, Clock, Moment};
    use xinzhi_store::{Entropy, Url, World};

    use super::*;
    use crate::Founding;

    #[derive(Debug)]
    struct Fixed;

    impl Clock for Fixed {
        fn now(&self) -> Moment {
            Moment(1_790_000_000_000)
        }
    }

    impl Entropy for Fixed {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(7);
        }
    }

    #[test]
    fn every_piece_is_done_once_and_a_fault_of_one_is_the_fault_of_all() {
        let directory = tempfile::tempdir().unwrap();
        let founding = Founding { name: "示范县公共信用中心".to_owned(), area: AreaCode::parse("330899").unwrap() };
        let world = World { clock: Arc::new(Fixed), entropy: Arc::new(Fixed) };
        let office = Office::open(&Url::Sqlite(directory.path().to_owned()), world, &founding).unwrap();
        let (pieces, _waiting) = ((0..200).collect::<Vec<i64>>(), office.figures.wait());
        let slow = |connection: &mut Connection, piece: &i64| {
            let (_stays, never) = std::sync::mpsc::channel::<()>();
            assert!(never.recv_timeout(std::time::Duration::from_millis(1)).is_err());
            Ok((*piece, xinzhi_store::journal::head(connection)?))
        };
        let mut done: BTreeMap<i64, u32> = BTreeMap::new();
        let all = office.read_here(|connection| {
            let head = xinzhi_store::journal::head(connection)?;
            share((&office, connection), &pieces, slow, |(piece, seen)| {
                assert_eq!(seen, head);
                *done.entry(piece).or_default() += 1;
            })
        });
        all.unwrap();
        assert_eq!(done, pieces.iter().map(|piece| (*piece, 1)).collect());

        let mut many = 0;
        let fault = office.read_here(|connection| {
            let one_fails = |connection: &mut Connection, piece: &i64| {
                if *piece == 20 { Err(Error::inconsistent("the twentieth")) } else { slow(connection, piece) }
            };
            share((&office, connection), &pieces, one_fails, |_| many += 1)
        });
        assert!(fault.unwrap_err().to_string().contains("the twentieth"));
        assert!((10..40).contains(&many), "nobody goes on for long: {many}");

        office.figures.close();
        let closed = office.read_here(|connection| share((&office, connection), &pieces, slow, |_| ()));
        assert!(closed.is_err(), "an office that closes waits for no count");
    }
}
