//! Partitions are made by several threads and taken in their order, a few at a time: memory holds a few of them, never all.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use crate::fault::Fault;

/// What the threads agree on.
struct Desk<T> {
    /// The next to be begun.
    next: usize,
    /// The next to be taken.
    taken: usize,
    done: BTreeMap<usize, Result<T, Fault>>,
    stopped: bool,
}

/// Makes `0..many` on `threads` threads and takes each on this one, in order. The first fault ends everything.
///
/// # Errors
/// The fault of the lowest index that has one, or of `take`.
pub(crate) fn each<T: Send>(
    many: usize,
    threads: usize,
    make: impl Fn(usize) -> Result<T, Fault> + Sync,
    mut take: impl FnMut(T) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let threads = threads.clamp(1, many.max(1));
    let desk = Mutex::new(Desk { next: 0, taken: 0, done: BTreeMap::new(), stopped: false });
    let moved = Condvar::new();
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| work(&desk, &moved, (many, threads), &make));
        }
        let outcome = (0..many).try_for_each(|index| {
            let mut found = lock(&desk);
            let made = loop {
                match found.done.remove(&index) {
                    Some(made) => break made,
                    None => found = moved.wait(found).unwrap_or_else(PoisonError::into_inner),
                }
            };
            found.taken = index + 1;
            drop(found);
            moved.notify_all();
            take(made?)
        });
        lock(&desk).stopped = true;
        moved.notify_all();
        outcome
    })
}

fn work<T>(desk: &Mutex<Desk<T>>, moved: &Condvar, (many, threads): (usize, usize), make: &impl Fn(usize) -> Result<T, Fault>) {
    loop {
        let mut found = lock(desk);
        // Whoever is far ahead waits for those before.
        while !found.stopped && found.next < many && found.next >= found.taken + 2 * threads {
            found = moved.wait(found).unwrap_or_else(PoisonError::into_inner);
        }
        if found.stopped || found.next >= many {
            return;
        }
        let index = found.next;
        found.next += 1;
        drop(found);
        // A decoder that gives up on hostile bytes by panicking must not look like a success, nor leave the others waiting.
        let made = catch_unwind(AssertUnwindSafe(|| make(index)));
        let made = made.unwrap_or(Err(Fault::Undecodable(index)));
        lock(desk).done.insert(index, made);
        moved.notify_all();
    }
}

fn lock<T>(desk: &Mutex<Desk<T>>) -> MutexGuard<'_, Desk<T>> {
    desk.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::{Fault, each};

    fn fault() -> Fault {
        Fault::NotASet("x".into())
    }

    #[test]
    fn everything_is_taken_once_and_in_order() {
        for threads in [1, 2, 7, 100] {
            let mut taken = Vec::new();
            each(50, threads, Ok, |index| {
                taken.push(index);
                Ok(())
            })
            .unwrap();
            assert_eq!(taken, (0..50).collect::<Vec<_>>(), "{threads}");
        }
        each(0, 4, Ok, |_: usize| Err(fault())).unwrap();
    }

    #[test]
    fn a_fault_or_a_panic_ends_it_and_nothing_after_it_is_taken() {
        for threads in [1, 3] {
            let mut taken = 0;
            let made = |index| if index == 7 { Err(fault()) } else { Ok(index) };
            let outcome = each(50, threads, made, |_| {
                taken += 1;
                Ok(())
            });
            assert!(outcome.is_err() && taken == 7, "{threads}: {taken}");
            let outcome = each(50, threads, |index| if index == 7 { panic!("a test") } else { Ok(index) }, |_| Ok(()));
            assert!(outcome.unwrap_err().to_string().contains("第 7 个分区"), "{threads}");
            let outcome = each(50, threads, Ok, |index| if index == 3 { Err(fault()) } else { Ok(()) });
            assert!(outcome.is_err(), "{threads}");
        }
    }
}
