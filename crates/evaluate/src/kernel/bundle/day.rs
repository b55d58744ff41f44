//! A bundle on a single day. Each lane of points takes slots of 16 bits: a subject's sum of up to four indicators is clamped, weighed and added up
//! as a vector, in as many steps as one of them would take.

use std::ops::Range;

use super::{Bundle, COUNT, Member, Over, at, most, pieces_of};
use crate::columns::Owner;
use crate::kernel::rows::Scratch;
use crate::kernel::sums::running_sums;
use crate::kernel::{Chunk, Owners, Totals};

/// Bits of a slot.
pub(super) const SLOT: u32 = u16::BITS;

/// Slots of a sum, and so indicators of a bundle at most.
const SLOTS: usize = 4;

/// In every slot the number by which a lane is lifted.
const LIFTED: i16 = i16::MIN;

/// What a bundle knows of the only day.
pub(super) struct Day {
    groups: Vec<Group>,
    /// By place a bit for each indicator for which a row there counts.
    counting: Vec<u8>,
    /// By coverage set, what such bits make known of the weight.
    tells: Vec<[i64; 1 << SLOTS]>,
    /// By coverage set, whether anything can be told so; empty where of none.
    open: Vec<bool>,
    /// Where rows that count are counted in the sums, if everybody's sets are open: of few, looking at their rows is less work.
    beside: Option<Beside>,
}

/// Bits beside the lanes of a sum, in which the rows that count for each indicator are counted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Beside {
    shift: u32,
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
    /// The day of a bundle whose table has these lines, with a bit by place within each for each indicator whose code there is more than 0.
    pub(super) fn new((members, beside): (&[Member<'_>], Option<Beside>), lines: &[&Vec<u32>], telling: &[u64]) -> Day {
        let counting = lines.iter().flat_map(|line| {
            let within = line.iter().zip(0..).fold(0, |bits, (line, bit)| bits | u64::from(*line != 0) << bit);
            // There are no more indicators than slots.
            telling.iter().map(move |bits| u8::try_from(bits & within).unwrap_or(0))
        });
        let counting = counting.collect();
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
        let open: Vec<bool> = tells.iter().map(|tells| tells.iter().any(|weight| *weight != 0)).collect();
        let open = if open.contains(&true) { open } else { Vec::new() };
        Day { groups, counting, tells, beside: beside.filter(|_| !open.contains(&false)), open }
    }
}

impl Beside {
    /// The lowest bit of each count.
    const LOWEST: u64 = 1 | 1 << COUNT | 1 << (2 * COUNT) | 1 << (3 * COUNT);

    /// From a bit on, if there is room for all indicators and one of them has to look whether a record counts.
    pub(super) fn of(members: &[Member<'_>], shift: u32) -> Option<Beside> {
        let wide = members.iter().fold(shift, |end, _| end + COUNT);
        (wide <= u64::BITS && members.iter().any(|member| member.job.opens())).then_some(Beside { shift })
    }

    /// What a row adds that counts for the indicator at a place.
    pub(super) fn one(self, place: u32) -> i64 {
        1_i64.wrapping_shl(self.shift + place * COUNT)
    }

    /// A bit for each indicator for which a row counts.
    fn bits(self, lifted: u64) -> usize {
        let counts = lifted.wrapping_shr(self.shift);
        // Whether any bit of a count is set, told by its lowest one; and these moved together.
        let any = (0..COUNT).fold(0, |any, bit| any | counts >> bit) & Self::LOWEST;
        let bits = (0..4).fold(0, |bits, place| bits | any >> (place * (COUNT - 1)));
        (bits & 0b1111) as usize
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

    /// Its indicators.
    fn of<'m, 'p>(&self, members: &'m [Member<'p>]) -> &'m [Member<'p>] {
        members.get(self.members.clone()).unwrap_or_default()
    }

    /// Those whose lanes its slots do not hold.
    fn wide<'m, 'p>(&self, members: &'m [Member<'p>]) -> impl Iterator<Item = &'m Member<'p>> {
        let slots = self.slots;
        self.of(members).iter().filter(move |member| !slots.hold(member))
    }

    /// Adds what the sums of owners come to.
    fn add(&self, members: &[Member<'_>], (owners, lifted): (Owners<'_>, &[u64]), to: &mut [i64]) {
        let slots = self.slots;
        for (owner, lifted) in owners.clone().zip(lifted) {
            add(to, owner.subject, slots.points(*lifted));
        }
        for member in self.wide(members) {
            let (lane, bounds) = (member.points, member.job.plan.bounds);
            for (owner, lifted) in owners.clone().zip(lifted) {
                add(to, owner.subject, bounds.apply(lane.of(*lifted)));
            }
        }
    }

    /// What one sum comes to.
    fn points(&self, members: &[Member<'_>], lifted: u64) -> i64 {
        let wide = self.wide(members).map(|member| member.job.plan.bounds.apply(member.points.of(lifted)));
        wide.fold(self.slots.points(lifted), i64::wrapping_add)
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

    /// What the slots of a subject's sum come to. Written out, slot by slot, the compiler makes one vector of them.
    fn points(&self, lifted: u64) -> i64 {
        let Slots { floor: [floor0, floor1, floor2, floor3], cap: [cap0, cap1, cap2, cap3], unit: [unit0, unit1, unit2, unit3] } = *self;
        let points = |slot: [u8; 2], floor: i16, cap: i16, unit: i16| {
            let sum = i16::from_le_bytes(slot).wrapping_sub(LIFTED);
            i32::from(sum.max(floor).min(cap)).wrapping_mul(i32::from(unit))
        };
        let [a, b, c, d, e, f, g, h] = lifted.to_le_bytes();
        let first = points([a, b], floor0, cap0, unit0).wrapping_add(points([c, d], floor1, cap1, unit1));
        let second = points([e, f], floor2, cap2, unit2).wrapping_add(points([g, h], floor3, cap3, unit3));
        i64::from(first.wrapping_add(second))
    }
}

impl Bundle<'_> {
    /// Evaluates the rows of a chunk on the only day and adds what they come to.
    pub(in crate::kernel) fn run(&self, chunk: &Chunk<'_>, totals: &mut Totals, scratch: &mut Scratch) {
        let Over::Day(day) = &self.over else { return };
        self.code(chunk, scratch);
        let Scratch { codes, sums, lifted, open, .. } = &mut *scratch;
        let points = &*self.points;
        running_sums(codes.iter().map(|place| at(points, usize::from(*place))), sums);
        if let (Some(group), None) = (day.alone(&self.members), day.beside) {
            let (to, slots) = (totals.part(group.dimension).dimension, group.slots);
            self.each_lifted(chunk.owners(), sums, |owner, lifted| add(to, owner.subject, slots.points(lifted)));
        } else {
            lifted.resize(chunk.owned.ends.len(), 0);
            let mut cells = lifted.iter_mut();
            self.each_lifted(chunk.owners(), sums, |_, sum| cells.next().into_iter().for_each(|cell| *cell = sum));
            for group in &day.groups {
                group.add(&self.members, (chunk.owners(), lifted), totals.part(group.dimension).dimension);
            }
        }
        day.know(chunk, (codes, lifted), open, &mut totals.known_weight);
        for owner in chunk.crowded() {
            self.tell_crowded(day, (owner, chunk.set(owner)), (codes, sums), totals);
        }
    }

    /// Tells an owner with more rows than lanes have room for what they come to, and takes back the nonsense that was told before.
    fn tell_crowded(&self, day: &Day, (owner, set): (Owner, u32), (codes, sums): (&[u16], &[i64]), totals: &mut Totals) {
        let nonsense = self.lift.wrapping_add(difference(owner, sums)).cast_unsigned();
        for group in &day.groups {
            let whole = |member: &Member<'_>| member.job.plan.bounds.apply(self.whole(member, owner, sums));
            let points = group.of(&self.members).iter().fold(0_i64, |sum, member| sum.wrapping_add(whole(member)));
            let back = group.points(&self.members, nonsense);
            add(totals.part(group.dimension).dimension, owner.subject, points.wrapping_sub(back));
        }
        if let Some(beside) = day.beside {
            let told = day.tell(set, day.bits(owner, codes)).wrapping_sub(day.tell(set, beside.bits(nonsense)));
            add(&mut totals.known_weight, owner.subject, told);
        }
    }

    /// Takes what each owner's rows add up to in all lanes: nonsense of those with more rows than lanes have room for.
    fn each_lifted(&self, owners: Owners<'_>, sums: &[i64], mut take: impl FnMut(Owner, u64)) {
        let (lift, mut before) = (self.lift, 0_i64);
        for owner in owners {
            let sum = sums.get(owner.end as usize).copied().unwrap_or(0);
            take(owner, lift.wrapping_add(sum.wrapping_sub(std::mem::replace(&mut before, sum))).cast_unsigned());
        }
    }

    /// What all rows of an owner come to for an indicator, however many they are.
    fn whole(&self, member: &Member<'_>, owner: Owner, sums: &[i64]) -> i64 {
        let pieces = pieces_of(owner).map(|piece| self.lift.wrapping_add(difference(piece, sums)).cast_unsigned());
        pieces.fold(0, |sum, piece| sum.wrapping_add(member.points.of(piece)))
    }
}

impl Day {
    /// The only group, where its slots hold the lanes of all.
    fn alone(&self, members: &[Member<'_>]) -> Option<&Group> {
        let [group] = self.groups.as_slice() else { return None };
        group.wide(members).next().is_none().then_some(group)
    }

    /// Adds the weight that rows make known: a record that counts does so whatever coverage says.
    fn know(&self, chunk: &Chunk<'_>, (codes, lifted): (&[u16], &[u64]), open: &mut Vec<u32>, known_weight: &mut [i64]) {
        if let Some(beside) = self.beside {
            for (owner, lifted) in chunk.owners().zip(lifted) {
                add(known_weight, owner.subject, self.tell(chunk.set(owner), beside.bits(*lifted)));
            }
            return;
        }
        self.pick(chunk, open);
        for owner in open.iter().filter_map(|place| chunk.owner(*place)) {
            add(known_weight, owner.subject, self.tell(chunk.set(owner), self.bits(owner, codes)));
        }
    }

    /// Takes over the places of those owners whose rows have to be looked at.
    fn pick(&self, chunk: &Chunk<'_>, picked: &mut Vec<u32>) {
        picked.clear();
        if self.open.is_empty() {
            return;
        }
        let (first, sets) = (chunk.first(), chunk.lot.coverage_of);
        picked.resize(chunk.owned.ends.len(), 0);
        let mut many = 0_usize;
        // There is no branch to guess wrong: each is put down where the next one belongs and is written over unless it is open.
        for (place, end) in (0..).zip(chunk.owned.ends) {
            let set = sets.get(end.subject.wrapping_sub(first) as usize).copied().unwrap_or(0);
            picked.get_mut(many).into_iter().for_each(|cell| *cell = place);
            many = many.wrapping_add(usize::from(self.open.get(set as usize).copied().unwrap_or(false)));
        }
        picked.truncate(many);
    }

    /// The weight that rows make known to a coverage set which count for the indicators of these bits.
    fn tell(&self, set: u32, bits: usize) -> i64 {
        self.tells.get(set as usize).and_then(|tells| tells.get(bits)).copied().unwrap_or(0)
    }

    /// A bit for each indicator for which a row of an owner counts.
    fn bits(&self, owner: Owner, codes: &[u16]) -> usize {
        let rows = codes.get(owner.rows()).unwrap_or(&[]);
        usize::from(rows.iter().fold(0, |bits, place| bits | self.counting.get(usize::from(*place)).copied().unwrap_or(0)))
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
