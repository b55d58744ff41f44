//! Numbers about the running program for whoever watches it: counted with atomics beside the work, read by nothing that decides.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::Lane;
use crate::checkpoint::Log;

/// Upper bounds of durations, in microseconds: from a cached answer to a request that somebody gave up on.
const DURATION_US: &[u64] =
    &[250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 10_000_000];
/// Upper bounds of the number of acts that share a transaction.
const GROUP_ACTS: &[u64] = &[1, 2, 4, 8, 16, 32, 64];

/// How long something takes. Measures, and tells no time of day.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts now.
    #[expect(clippy::disallowed_methods, reason = "a duration for whoever watches; nothing is decided or stored by it")]
    pub fn start() -> Stopwatch {
        Stopwatch(Instant::now())
    }

    /// Since its start.
    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

/// Counts of values below fixed bounds.
#[derive(Debug)]
pub struct Histogram {
    bounds: &'static [u64],
    /// One for each bound and one for what lies above all of them.
    counts: Box<[AtomicU64]>,
    sum: AtomicU64,
}

/// A histogram at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// Each bound with the number of values at or below it.
    pub buckets: Vec<(u64, u64)>,
    /// All values.
    pub count: u64,
    /// Their sum, in the unit of the bounds.
    pub sum: u64,
}

impl Histogram {
    fn new(bounds: &'static [u64]) -> Histogram {
        Histogram { bounds, counts: (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect(), sum: AtomicU64::new(0) }
    }

    /// For durations, in microseconds.
    pub fn of_durations() -> Histogram {
        Histogram::new(DURATION_US)
    }

    /// Counts a duration.
    pub fn took(&self, duration: Duration) {
        self.count(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX));
    }

    fn count(&self, value: u64) {
        if let Some(bucket) = self.counts.get(self.bounds.partition_point(|bound| *bound < value)) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
        self.sum.fetch_add(value, Ordering::Relaxed);
    }

    /// What was counted so far. The number of all values is that of its own buckets, whatever is counted meanwhile.
    pub fn counted(&self) -> Counted {
        let mut count = 0;
        let mut buckets = Vec::with_capacity(self.bounds.len());
        for (index, bucket) in self.counts.iter().enumerate() {
            count += bucket.load(Ordering::Relaxed);
            buckets.extend(self.bounds.get(index).map(|bound| (*bound, count)));
        }
        Counted { buckets, count, sum: self.sum.load(Ordering::Relaxed) }
    }
}

/// What the Writer did since it was started.
#[derive(Debug)]
pub struct Tally {
    requests: AtomicU64,
    imports: AtomicU64,
    /// Acts of requests that shared a transaction.
    pub group_acts: Histogram,
    /// Running the acts of a group, in microseconds.
    pub group_run: Histogram,
    /// Its commit, in microseconds: the disk.
    pub group_commit: Histogram,
    log_pages: AtomicI64,
    log_moved: AtomicI64,
}

impl Tally {
    pub(crate) fn new() -> Tally {
        Tally {
            requests: AtomicU64::new(0),
            imports: AtomicU64::new(0),
            group_acts: Histogram::new(GROUP_ACTS),
            group_run: Histogram::of_durations(),
            group_commit: Histogram::of_durations(),
            log_pages: AtomicI64::new(0),
            log_moved: AtomicI64::new(0),
        }
    }

    pub(crate) fn group(&self, (lane, acts): (Lane, usize), (run, commit): (Duration, Duration)) {
        let acts = u64::try_from(acts).unwrap_or(u64::MAX);
        match lane {
            Lane::Request => {
                self.requests.fetch_add(acts, Ordering::Relaxed);
                self.group_acts.count(acts);
            }
            Lane::Import => drop(self.imports.fetch_add(acts, Ordering::Relaxed)),
        }
        self.group_run.took(run);
        self.group_commit.took(commit);
    }

    pub(crate) fn log(&self, log: Log) {
        self.log_pages.store(log.pages, Ordering::Relaxed);
        self.log_moved.store(log.moved, Ordering::Relaxed);
    }

    /// Acts made durable, by lane.
    pub fn acts(&self, lane: Lane) -> u64 {
        match lane {
            Lane::Request => &self.requests,
            Lane::Import => &self.imports,
        }
        .load(Ordering::Relaxed)
    }

    /// Pages of the write-ahead log when it was last looked at, and how many of them are in the database already.
    pub fn log_pages(&self) -> (i64, i64) {
        (self.log_pages.load(Ordering::Relaxed), self.log_moved.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_on_a_bound_counts_below_it_and_one_above_all_counts_in_none() {
        let acts = Histogram::new(GROUP_ACTS);
        for value in [1, 1, 3, 64, 65] {
            acts.count(value);
        }
        let counted = acts.counted();
        assert_eq!(counted.buckets, [(1, 2), (2, 2), (4, 3), (8, 3), (16, 3), (32, 3), (64, 4)]);
        assert_eq!((counted.count, counted.sum), (5, 134));
    }
}
