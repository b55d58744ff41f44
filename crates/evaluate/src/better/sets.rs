//! Sets of places, by size: every one once, no record twice in one.

use xinzhi_core::record::RecordId;

use super::{SETS_MAX, STEPS_MAX};

/// Sets that become one population at a time.
pub(super) const CHUNK: usize = 1_024;

/// How many sets of a size there are, at most: sets that name a record twice are counted too.
pub(super) fn count(of: usize, size: usize) -> usize {
    let mut count = 1_usize;
    for taken in 0..size {
        // A product of `taken + 1` consecutive numbers is divisible by every number up to that.
        count = count.saturating_mul(of.saturating_sub(taken)) / (taken + 1);
    }
    count
}

/// Up to which size all sets may be tried.
pub(super) fn size_max(of: usize) -> usize {
    let mut all = 0_usize;
    for size in 1..=STEPS_MAX.min(of) {
        all = all.saturating_add(count(of, size));
        if all > SETS_MAX {
            return size - 1;
        }
    }
    STEPS_MAX.min(of)
}

/// The sets of one size, in the order of their places.
pub(super) struct Sets<'r> {
    records: &'r [RecordId],
    next: Option<Vec<usize>>,
}

impl<'r> Sets<'r> {
    /// Sets of places of `records`, which is sorted: those of one record stand together.
    pub(super) fn new(records: &'r [RecordId], size: usize) -> Sets<'r> {
        let first = (size <= records.len()).then(|| (0..size).collect());
        Sets { records, next: first }
    }

    fn twice(&self, set: &[usize]) -> bool {
        let record = |place: &usize| self.records.get(*place);
        set.iter().zip(set.iter().skip(1)).any(|(a, b)| record(a) == record(b))
    }
}

impl Iterator for Sets<'_> {
    type Item = Vec<usize>;

    fn next(&mut self) -> Option<Vec<usize>> {
        loop {
            let set = self.next.take()?;
            self.next = following(&set, self.records.len());
            if !self.twice(&set) {
                return Some(set);
            }
        }
    }
}

/// The set after this one: the last place that can move moves on, those behind it follow.
fn following(set: &[usize], of: usize) -> Option<Vec<usize>> {
    let last = |behind: usize| of.checked_sub(behind + 1);
    let moves = set.iter().rev().enumerate().find(|(behind, place)| last(*behind).is_some_and(|last| **place < last));
    let (behind, place) = moves?;
    let head = set.iter().take(set.len() - behind - 1).copied();
    Some(head.chain((0..=behind).map(|step| place + 1 + step)).collect())
}
