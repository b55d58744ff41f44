//! What waits for the writer, in two lanes: requests first, since somebody waits for each; a piece of an import when no request waits, or
//! when it has waited long enough.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use xinzhi_core::{Clock, Moment};

/// Requests that may wait; beyond it callers are told to come back (503).
const REQUESTS_MAX: usize = 1024;
/// Pieces of imports that may wait; beyond it an import waits itself.
const IMPORTS_MAX: usize = 8;
/// How long a piece of an import stands aside for requests.
const ASIDE_MS_MAX: i64 = 20;

/// Which line an act stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Somebody waits for the answer: never waits for a place, and is refused where there is none.
    Request,
    /// A piece of a longer work, which has time: waits for a place.
    Import,
}

/// The queue is closed or, for requests, full.
#[derive(Debug)]
pub(crate) struct NoPlace;

/// The two lanes. `T` is dropped unrun when the writer stops, so whoever waits for its answer learns that none will come.
#[derive(Debug)]
pub(crate) struct Queue<T> {
    lanes: Mutex<Lanes<T>>,
    /// Something arrived, or the queue was closed.
    arrived: Condvar,
    /// A place in the import lane became free, or the queue was closed.
    left: Condvar,
}

#[derive(Debug)]
struct Lanes<T> {
    requests: VecDeque<T>,
    imports: VecDeque<(Moment, T)>,
    closed: bool,
}

impl<T> Queue<T> {
    pub(crate) fn new() -> Queue<T> {
        let lanes = Lanes { requests: VecDeque::new(), imports: VecDeque::new(), closed: false };
        Queue { lanes: Mutex::new(lanes), arrived: Condvar::new(), left: Condvar::new() }
    }

    fn lanes(&self) -> MutexGuard<'_, Lanes<T>> {
        // Only pushes and pops happen under the lock; neither leaves it half-changed.
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts an item into its lane; an import waits here for a place.
    pub(crate) fn push(&self, lane: Lane, item: T, now: Moment) -> Result<(), NoPlace> {
        let mut lanes = self.lanes();
        match lane {
            Lane::Request if lanes.requests.len() >= REQUESTS_MAX => return Err(NoPlace),
            Lane::Request => {}
            Lane::Import => {
                let full = |lanes: &mut Lanes<T>| lanes.imports.len() >= IMPORTS_MAX && !lanes.closed;
                lanes = self.left.wait_while(lanes, full).unwrap_or_else(PoisonError::into_inner);
            }
        }
        if lanes.closed {
            return Err(NoPlace);
        }
        match lane {
            Lane::Request => lanes.requests.push_back(item),
            Lane::Import => lanes.imports.push_back((now, item)),
        }
        drop(lanes);
        self.arrived.notify_one();
        Ok(())
    }

    /// Puts an item before all others, whatever waits.
    pub(crate) fn push_first(&self, item: T) -> Result<(), NoPlace> {
        let mut lanes = self.lanes();
        if lanes.closed {
            return Err(NoPlace);
        }
        lanes.requests.push_front(item);
        drop(lanes);
        self.arrived.notify_one();
        Ok(())
    }

    /// The next item, and its lane. Waits for one; none once the queue is closed and empty.
    pub(crate) fn next(&self, clock: &dyn Clock) -> Option<(Lane, T)> {
        let empty = |lanes: &mut Lanes<T>| lanes.requests.is_empty() && lanes.imports.is_empty() && !lanes.closed;
        let mut lanes = self.arrived.wait_while(self.lanes(), empty).unwrap_or_else(PoisonError::into_inner);
        let overdue = lanes.imports.front().is_some_and(|(since, _)| since.plus_ms(ASIDE_MS_MAX) <= clock.now());
        if !overdue && let Some(item) = lanes.requests.pop_front() {
            return Some((Lane::Request, item));
        }
        let (_, item) = lanes.imports.pop_front()?;
        drop(lanes);
        self.left.notify_one();
        Some((Lane::Import, item))
    }

    /// The next request, if one waits already.
    pub(crate) fn another_request(&self) -> Option<T> {
        self.lanes().requests.pop_front()
    }

    /// How many requests and pieces of imports wait.
    pub(crate) fn lengths(&self) -> (usize, usize) {
        let lanes = self.lanes();
        (lanes.requests.len(), lanes.imports.len())
    }

    /// Takes nothing more; what waits is still handed out.
    pub(crate) fn close(&self) {
        self.lanes().closed = true;
        self.arrived.notify_all();
        self.left.notify_all();
    }

    /// Whether nothing more is taken.
    pub(crate) fn is_closed(&self) -> bool {
        self.lanes().closed
    }

    /// Takes nothing more and drops what waits.
    pub(crate) fn abandon(&self) {
        let mut lanes = self.lanes();
        let dropped = (std::mem::take(&mut lanes.requests), std::mem::take(&mut lanes.imports));
        drop(lanes);
        self.close();
        // Outside the lock: dropping an act wakes whoever waits for its answer.
        drop(dropped);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;

    #[derive(Debug)]
    struct Hand(AtomicI64);

    impl Clock for Hand {
        fn now(&self) -> Moment {
            Moment(self.0.load(Ordering::SeqCst))
        }
    }

    #[test]
    fn requests_go_first_until_an_import_has_waited_long_enough() {
        let (queue, clock) = (Queue::new(), Hand(AtomicI64::new(0)));
        queue.push(Lane::Import, "chunk", clock.now()).unwrap();
        queue.push(Lane::Request, "check", clock.now()).unwrap();
        assert_eq!(queue.next(&clock), Some((Lane::Request, "check")));
        queue.push(Lane::Request, "check", clock.now()).unwrap();
        clock.0.store(ASIDE_MS_MAX, Ordering::SeqCst);
        assert_eq!(queue.next(&clock), Some((Lane::Import, "chunk")));
        assert_eq!(queue.another_request(), Some("check"));
    }

    #[test]
    fn x1_a_full_lane_refuses_requests_and_a_closed_queue_everybody() {
        let queue = Queue::new();
        for n in 0..REQUESTS_MAX {
            queue.push(Lane::Request, n, Moment(0)).unwrap();
        }
        assert!(queue.push(Lane::Request, 0, Moment(0)).is_err());
        queue.close();
        assert!(queue.push(Lane::Import, 0, Moment(0)).is_err());
        assert_eq!(queue.next(&Hand(AtomicI64::new(0))), Some((Lane::Request, 0)), "what waited is still handed out");
        queue.abandon();
        assert_eq!(queue.next(&Hand(AtomicI64::new(0))), None);
    }
}
