//! A bundle on a single day. Each lane of points takes slots of 16 bits: a subject's sum of up to four indicators is clamped, weighed and added up
//! as a vector, in as many steps as one of them would take.

use std::ops::Range;

use super::{Bundle, Member, Over, PLACES, at, most, places};
use crate::kernel::days::{Ages, ByDay};
use crate::kernel::rows::Scratch;
use crate::kernel::sums::running_sums;
use crate::kernel::{Aged, Chunk, End, Owner, Owners, Totals};

/// Bits of a slot.
pub(super) const SLOT: u32 = u16::BITS;

/// Slots of a sum, and so indicators of a bundle at most.
const SLOTS: usize = 4;

/// In every slot the number by which a lane is lifted.
const LIFTED: i16 = i16::MIN;

/// What a bundle knows of the only day.
pub(super) struct Day {
    /// Where the line of each document's day begins among the places; at 0, a line of nothing.
    lines: ByDay,
    groups: Vec<Group>,
    /// By place a bit for each indicator for which a row there counts.
    counting: [u8; PLACES],
    /// By coverage set, what such bits make known of the weight.
    tells: Vec<[i64; 1 << SLOTS]>,
    /// Whether anything can be told so.
    open: bool,
}

/// Indicators of one dimension.
struct Group {
    dimension: usize,
    members: Range<usize>,
    slots: Slots,
}

/// What is made of each slot: those of no indicator, and of one that does not fit, come to nothing.
#[derive(Clone, Copy, Debug, Default)]
struct Slots {
    floor: [i16; SLOTS],
    cap: [i16; SLOTS],
    unit: [i16; SLOTS],
}

impl Day {
    /// The day of a bundle whose rows of each stretch are in these lines, of which these are the different ones.
    pub(super) fn new<'m>(members: &[Member<'_>], (lines, ages): (&[u16], &Ages), different: impl Iterator<Item = &'m Vec<u32>>) -> Day {
        let bit = |(place, member): (u32, &Member<'_>), line: u32| member.counts(line).into_iter().map(|counts| counts << place).collect();
        let line = |line: &Vec<u32>| places((0..).zip(members).zip(line).map(|(member, line)| bit(member, *line)));
        let mut counting = [0; PLACES];
        counting.iter_mut().zip(different.flat_map(line)).for_each(|(cell, bits)| *cell = u8::try_from(bits).unwrap_or(0));
        let unknown: Vec<Vec<i64>> = members.iter().map(|member| member.job.unknown()).collect();
        let told = |set: usize, bits: usize| {
            let weights =
                unknown.iter().enumerate().filter(|(place, _)| bits >> place & 1 == 1).filter_map(|(_, weights)| weights.get(set));
            weights.fold(0_i64, |sum, weight| sum.wrapping_add(*weight))
        };
        let sets = unknown.first().map_or(0, Vec::len);
        let tells: Vec<[i64; 1 << SLOTS]> = (0..sets).map(|set| std::array::from_fn(|bits| told(set, bits))).collect();
        let mut first = 0;
        let groups = members.chunk_by(|one, other| one.job.plan.dimension == other.job.plan.dimension).map(|members| {
            let range = first..first + members.len();
            first = range.end;
            Group::new(range, members)
        });
        let groups = groups.collect();
        let open = tells.iter().flatten().any(|weight| *weight != 0);
        Day { lines: ages.by_day(|age| lines.get(usize::from(age)).copied().unwrap_or(0)), groups, counting, tells, open }
    }
}

impl Group {
    fn new(range: Range<usize>, members: &[Member<'_>]) -> Group {
        let mut slots = Slots::default();
        for member in members {
            slots.take(member);
        }
        Group { dimension: members.first().map_or(0, |member| member.job.plan.dimension), members: range, slots }
    }
}

impl Slots {
    /// Takes an indicator's lane, if it is one slot wide and weighs whole, and its points stay small when those of all slots are added.
    fn take(&mut self, member: &Member<'_>) -> Option<()> {
        let (lane, bounds, table) = (member.points, member.job.plan.bounds, member.job.summed()?);
        let small = i32::try_from(most(table)).is_ok_and(|most| most <= i32::MAX / 4);
        if lane.mask != u64::from(u16::MAX) || bounds.weight != 1000 || !small {
            return None;
        }
        // A bound beyond what there can be bounds nothing, and the others are whole in the lane's unit.
        let bound = |bound: i64, none| i16::try_from(bound / lane.unit).unwrap_or(none);
        let (floor, cap, unit) = (bound(bounds.floor, i16::MIN), bound(bounds.cap, i16::MAX), i16::try_from(lane.unit).ok()?);
        let slot = usize::try_from(lane.shift / SLOT).ok()?;
        (*self.floor.get_mut(slot)?, *self.cap.get_mut(slot)?, *self.unit.get_mut(slot)?) = (floor, cap, unit);
        Some(())
    }

    /// Whether an indicator's lane is taken.
    fn hold(&self, member: &Member<'_>) -> bool {
        let slot = usize::try_from(member.points.shift / SLOT).unwrap_or(SLOTS);
        self.unit.get(slot).is_some_and(|unit| *unit != 0)
    }

    /// Adds what the slots of each owner's sum come to. Written out, slot by slot, the compiler makes one vector of them.
    fn add(&self, (ends, lifted): (&[End], &[u64]), to: &mut [i64]) {
        let Slots { floor: [floor0, floor1, floor2, floor3], cap: [cap0, cap1, cap2, cap3], unit: [unit0, unit1, unit2, unit3] } = *self;
        let points = |slot: [u8; 2], floor: i16, cap: i16, unit: i16| {
            let sum = i16::from_le_bytes(slot).wrapping_sub(LIFTED);
            i32::from(sum.max(floor).min(cap)).wrapping_mul(i32::from(unit))
        };
        for (owner, lifted) in ends.iter().zip(lifted) {
            let [a, b, c, d, e, f, g, h] = lifted.to_le_bytes();
            let first = points([a, b], floor0, cap0, unit0).wrapping_add(points([c, d], floor1, cap1, unit1));
            let second = points([e, f], floor2, cap2, unit2).wrapping_add(points([g, h], floor3, cap3, unit3));
            add(to, owner.subject, i64::from(first.wrapping_add(second)));
        }
    }
}

impl Bundle<'_> {
    /// Evaluates the rows of a chunk on the only day and adds what they come to.
    pub(in crate::kernel) fn run(&self, (chunk, aged): (&Chunk<'_>, &Aged), totals: &mut Totals, scratch: &mut Scratch) {
        let Over::Day(day) = &self.over else { return };
        self.code(chunk, scratch);
        let Scratch { codes, sums, lifted, .. } = &mut *scratch;
        self.add_up(day, (chunk.columns.day, codes), sums);
        self.lift(chunk.owners(), sums, lifted);
        for group in &day.groups {
            let to = totals.part(group.dimension).dimension;
            group.slots.add((chunk.ends, lifted), to);
            let members = self.members.get(group.members.clone()).unwrap_or_default();
            for member in members.iter().filter(|member| !group.slots.hold(member)) {
                for (owner, lifted) in chunk.ends.iter().zip(&*lifted) {
                    add(to, owner.subject, member.job.plan.bounds.apply(member.points.of(*lifted)));
                }
            }
            for (member, owner) in members.iter().flat_map(|member| chunk.crowded.iter().map(move |owner| (member, *owner))) {
                add(to, owner.subject, member.job.plan.bounds.apply(self.whole(member, owner, sums)));
            }
        }
        if day.open {
            self.know(day, (chunk, aged), codes, &mut totals.known_weight);
        }
    }

    /// Running sums of what rows add. What a row needs its closure owns: behind a reference it would be loaded row by row.
    fn add_up(&self, day: &Day, (days, codes): (&[i32], &[u16]), sums: &mut Vec<i64>) {
        let (rows, points) = (days.iter().zip(codes), &self.points);
        match day.lines.few() {
            Some(lines) => running_sums(rows.map(move |(day, code)| at(points, usize::from(lines.at(*day).wrapping_add(*code)))), sums),
            None => running_sums(rows.map(|(row, code)| at(points, usize::from(day.lines.at(*row).wrapping_add(*code)))), sums),
        }
    }

    /// What each owner's rows add up to in all lanes; nothing of those with more rows than lanes have room for.
    fn lift(&self, owners: Owners<'_>, sums: &[i64], lifted: &mut Vec<u64>) {
        lifted.resize(owners.len(), 0);
        let mut before = 0_i64;
        for (cell, owner) in lifted.iter_mut().zip(owners) {
            let sum = sums.get(owner.end as usize).copied().unwrap_or(0);
            let all = if owner.crowded() { 0 } else { sum.wrapping_sub(before) };
            (*cell, before) = (self.lift.wrapping_add(all).cast_unsigned(), sum);
        }
    }

    /// What all rows of an owner come to for an indicator, however many they are.
    fn whole(&self, member: &Member<'_>, owner: Owner, sums: &[i64]) -> i64 {
        let pieces = owner.pieces().map(|piece| self.lift.wrapping_add(difference(piece, sums)).cast_unsigned());
        pieces.fold(0, |sum, piece| sum.wrapping_add(member.points.of(piece)))
    }

    /// A record that counts makes an indicator known whatever coverage says.
    fn know(&self, day: &Day, (chunk, aged): (&Chunk<'_>, &Aged), codes: &[u16], known_weight: &mut [i64]) {
        let few = day.lines.few();
        for owner in &aged.open {
            let days = chunk.columns.day.get(owner.rows()).unwrap_or(&[]);
            let rows = days.iter().zip(codes.get(owner.rows()).unwrap_or(&[]));
            let counting = |place: u16| at(&day.counting, usize::from(place));
            let bits = match few {
                Some(lines) => rows.fold(0, |bits, (row, code)| bits | counting(lines.at(*row).wrapping_add(*code))),
                None => rows.fold(0, |bits, (row, code)| bits | counting(day.lines.at(*row).wrapping_add(*code))),
            };
            let set = chunk.lot.coverage_of.get(owner.subject as usize).copied().unwrap_or(0);
            let told = day.tells.get(set as usize).and_then(|tells| tells.get(usize::from(bits)));
            add(known_weight, owner.subject, told.copied().unwrap_or(0));
        }
    }
}

fn difference(owner: Owner, sums: &[i64]) -> i64 {
    let sum = |place: u32| sums.get(place as usize).copied().unwrap_or(0);
    sum(owner.end).wrapping_sub(sum(owner.start))
}

fn add(to: &mut [i64], subject: u32, points: i64) {
    if let Some(to) = to.get_mut(subject as usize) {
        *to = to.wrapping_add(points);
    }
}
