//! A bundle over several days: what its indicators come to from one day to the next.

use super::{Bundle, Member, Over, at, pieces_of};
use crate::columns::Owner;
use crate::kernel::course::{Course, Turns, all_of};
use crate::kernel::rows::Scratch;
use crate::kernel::{Chunk, Totals};

impl<'p> Bundle<'p> {
    /// Evaluates the rows of a chunk over several days and adds by how much what they come to differs from the day before.
    pub(in crate::kernel) fn follow(&self, chunk: &Chunk<'_>, totals: &mut [Totals], scratch: &mut Scratch) {
        let Over::Days(course) = &self.over else { return };
        self.code(chunk, scratch);
        let Scratch { codes, turns, .. } = &mut *scratch;
        turns.begin(totals.len());
        let mut steps = Steps { members: &self.members, before: Vec::new(), weight: 0, totals };
        let rows = (chunk.columns.day, codes.as_slice());
        for owner in chunk.owners() {
            let set = chunk.lot.coverage_of.get(owner.subject as usize).copied().unwrap_or(0);
            steps.begin();
            if owner.crowded() {
                self.follow_crowded((course, rows), (owner, set), turns, &mut steps);
                continue;
            }
            self.turn(course, rows, owner, turns);
            if self.members.iter().any(|member| member.job.ever_open(Some(&set))) {
                turns.mark(course.covering(Some(&set)));
            }
            let mut lifted = self.lift;
            turns.drain(|day, change| {
                lifted = lifted.wrapping_add(change);
                let sums = |member: &Member<'_>| member.sums(lifted.cast_unsigned());
                steps.take((day, owner.subject, set), |_, member| sums(member));
            });
        }
    }

    /// The same for an owner with more rows than lanes have room for: so many at a time, and each indicator's sums by themselves.
    fn follow_crowded(
        &self,
        (course, rows): (&Course, (&[i32], &[u16])),
        (owner, set): (Owner, u32),
        turns: &mut Turns,
        steps: &mut Steps<'_, 'p>,
    ) {
        let days = steps.totals.len();
        let mut changes = vec![(0_i64, 0_i64); days * self.members.len()];
        for piece in pieces_of(owner) {
            self.turn(course, rows, piece, turns);
            let (mut lifted, mut before) = (self.lift, vec![(0, 0); self.members.len()]);
            turns.drain(|day, change| {
                lifted = lifted.wrapping_add(change);
                let of_day = changes.iter_mut().skip(day * self.members.len());
                for ((member, before), change) in self.members.iter().zip(&mut before).zip(of_day) {
                    let now = member.sums(lifted.cast_unsigned());
                    *change = (change.0.wrapping_add(now.0.wrapping_sub(before.0)), change.1.wrapping_add(now.1.wrapping_sub(before.1)));
                    *before = now;
                }
            });
        }
        let mut sums = vec![(0_i64, 0_i64); self.members.len()];
        for (day, changes) in changes.chunks(self.members.len()).enumerate() {
            for (sum, change) in sums.iter_mut().zip(changes) {
                *sum = (sum.0.wrapping_add(change.0), sum.1.wrapping_add(change.1));
            }
            steps.take((day, owner.subject, set), |place, _| sums.get(place).copied().unwrap_or((0, 0)));
        }
    }

    fn turn(&self, course: &Course, rows: (&[i32], &[u16]), owner: Owner, turns: &mut Turns) {
        let telling = all_of(rows, owner).filter(|(_, code)| self.telling.get(usize::from(*code)).is_some_and(|bits| *bits != 0));
        course.turn(telling, turns, |line, code| at(&self.points, (line as usize).wrapping_add(usize::from(code))));
    }
}

/// What indicators of a bundle come to from day to day, of one owner after another.
struct Steps<'t, 'p> {
    members: &'t [Member<'p>],
    /// By indicator, what its points were on the day before.
    before: Vec<i64>,
    /// The weight that rows made known on the day before.
    weight: i64,
    totals: &'t mut [Totals],
}

impl Steps<'_, '_> {
    /// Begins with another owner.
    fn begin(&mut self) {
        self.before.clear();
        self.before.resize(self.members.len(), 0);
        self.weight = 0;
    }

    /// Adds to a day by how much it differs from the day before: `sums` says of each indicator what its rows come to, and how many count.
    fn take(&mut self, (day, subject, set): (usize, u32, u32), sums: impl Fn(usize, &Member<'_>) -> (i64, i64)) {
        let Some(totals) = self.totals.get_mut(day) else { return };
        let mut known = 0_i64;
        for (place, (member, before)) in self.members.iter().zip(&mut self.before).enumerate() {
            let (points, counting) = sums(place, member);
            let now = member.job.plan.bounds.apply(points);
            if let Some(sum) = totals.dimensions.get_mut(member.job.plan.dimension).and_then(|sums| sums.get_mut(subject as usize)) {
                *sum = sum.wrapping_add(now.wrapping_sub(*before));
            }
            *before = now;
            let covered = || member.job.dated.get(day).is_some_and(|dated| dated.covers(Some(&set)));
            // A record that counts makes the indicator known whatever coverage says; where it covers, that is known beforehand.
            known = known.wrapping_add(if counting > 0 && !covered() { member.job.plan.share } else { 0 });
        }
        if let Some(weight) = totals.known_weight.get_mut(subject as usize) {
            *weight = weight.wrapping_add(known.wrapping_sub(self.weight));
        }
        self.weight = known;
    }
}

impl Member<'_> {
    /// What its rows come to, and how many count where that matters.
    fn sums(&self, lifted: u64) -> (i64, i64) {
        (self.points.of(lifted), self.counting.map_or(0, |lane| lane.of(lifted)))
    }
}
