//! Indicators over one kind whose rows are summed, several at once. A row's codes make one place in a table whose numbers hold the points of
//! all of them side by side, in lanes of bits; one running sum adds them up together, and what a subject's rows come to falls apart into the sums
//! of each indicator.
//!
//! Over several days the same numbers are what a row turns by, as in `course`.
//!
//! That is exact: a lane is as wide as [`PIECE`] times the most points of one row, and whoever has more rows is added up in pieces of so many.

use std::collections::BTreeSet;

use super::course::{self, Course, Turns};
use super::days::{Ages, Table};
use super::rows::{Job, Scratch};
use super::sums::running_sums;
use super::{Aged, Chunk, Owner, Totals, map_into};
use crate::plan::Bounds;

/// Places in the table of a bundle: it stays in the first-level cache beside the rows.
const PLACES: usize = 2048;

/// Rows that lanes have room for. Few subjects have more of one kind.
const PIECE: u32 = 31;

/// Stretches that a bundle tells apart.
const STRETCHES: usize = 256;

/// Indicators that are looked up and summed together.
pub(super) struct Bundle<'p> {
    members: Vec<Member<'p>>,
    /// On a single day by stretch, where its line begins among the places; at 0, a line of nothing.
    lines: [u16; STRETCHES],
    /// Over several days, when a row turns from one line to another.
    course: Option<Course>,
    /// By place, what a row adds to every lane.
    points: [i64; PLACES],
    /// What makes the sums in all lanes numbers from 0 on.
    lift: i64,
}

/// An indicator of a bundle.
struct Member<'p> {
    job: Job<'p>,
    /// How far apart the places of its codes lie.
    stride: u16,
    points: Lane,
    small: Option<SmallLane>,
    /// How many rows count, where silence does not mean "none" for everybody.
    counting: Option<Lane>,
    /// By coverage set, the weight that is not known without a record.
    unknown: Vec<i64>,
}

/// Some bits of a sum, and what they mean.
#[derive(Clone, Copy, Debug)]
struct Lane {
    shift: u32,
    /// As many ones as it is wide.
    mask: u64,
    /// How much too large it is: more than any sum in it falls below 0.
    lift: u64,
    /// What one is worth.
    unit: i64,
}

/// A lane of points with its bounds, where sums are small.
#[derive(Clone, Copy, Debug)]
struct SmallLane {
    shift: u32,
    mask: u32,
    lift: u32,
    unit: i32,
    floor: i32,
    cap: i32,
}

/// A bundle that may still grow.
struct Draft<'p> {
    jobs: Vec<Job<'p>>,
    /// By day and stretch, which line of each indicator's table it is.
    lines: Vec<Vec<u32>>,
    /// Places in a line.
    width: usize,
    /// Bits that are taken.
    bits: u32,
}

impl<'p> Bundle<'p> {
    /// Bundles the indicators of a kind, whose rows have these ages on each day; and those that fit into none.
    pub(super) fn of(jobs: Vec<Job<'p>>, ages: &[Ages]) -> (Vec<Bundle<'p>>, Vec<Job<'p>>) {
        let few = ages.iter().all(|ages| ages.stretches() <= STRETCHES);
        let (mut drafts, mut others) = (Vec::<Draft<'p>>::new(), Vec::new());
        for job in jobs {
            let Some(table) = job.summed().filter(|_| few) else {
                others.push(job);
                continue;
            };
            let bits = wide(&job, table);
            match drafts.iter_mut().find(|draft| draft.fits((&job, table), ages, bits)) {
                Some(draft) => draft.push(job, ages, bits),
                None if Draft::new(ages).fits((&job, table), ages, bits) => {
                    let mut draft = Draft::new(ages);
                    draft.push(job, ages, bits);
                    drafts.push(draft);
                }
                None => others.push(job),
            }
        }
        (drafts.into_iter().map(|draft| draft.bundle(ages)).collect(), others)
    }

    /// Its indicators.
    pub(super) fn jobs(&self) -> impl Iterator<Item = &Job<'p>> {
        self.members.iter().map(|member| &member.job)
    }

    /// Evaluates the rows of a chunk on a single day and adds what they come to.
    pub(super) fn run(&self, (chunk, aged): (&Chunk<'_>, &Aged), totals: &mut Totals, scratch: &mut Scratch) {
        if self.course.is_some() {
            return;
        }
        self.code(chunk, scratch);
        let Scratch { codes, sums, lifted, small, .. } = &mut *scratch;
        running_sums(aged.ages.iter().zip(&*codes).map(|(age, place)| self.at(*age, *place)), sums);
        self.lift(chunk.owners, sums, lifted);
        for members in self.members.chunk_by(|one, other| one.job.plan.dimension == other.job.plan.dimension) {
            let Some(dimension) = members.first().map(|member| member.job.plan.dimension) else { continue };
            let to = totals.part(dimension).dimension;
            add(members, (chunk.owners, lifted), (to, small));
            for (member, owner) in members.iter().flat_map(|member| chunk.crowded.iter().map(move |owner| (member, owner))) {
                if let Some(to) = to.get_mut(owner.subject as usize) {
                    *to = to.wrapping_add(member.job.plan.bounds.apply(self.whole(member.points, *owner, sums)));
                }
            }
        }
        self.know((chunk, aged), (sums, lifted), &mut totals.known_weight);
    }

    /// Evaluates the rows of a chunk over several days and adds by how much what they come to differs from the day before.
    pub(super) fn follow(&self, chunk: &Chunk<'_>, totals: &mut [Totals], scratch: &mut Scratch) {
        let Some(course) = &self.course else { return };
        self.code(chunk, scratch);
        let Scratch { codes, turns, .. } = &mut *scratch;
        turns.begin(totals.len());
        let mut steps = Steps { members: &self.members, before: Vec::new(), weight: 0, totals };
        let rows = (chunk.columns.day, codes.as_slice());
        for owner in chunk.owners {
            let set = chunk.lot.coverage_of.get(owner.subject as usize).copied().unwrap_or(0);
            steps.begin();
            if owner.crowded() {
                self.follow_crowded((course, rows), (*owner, set), turns, &mut steps);
                continue;
            }
            self.turn(course, rows, *owner, turns);
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
        for start in (owner.start..owner.end).step_by(PIECE as usize) {
            self.turn(course, rows, Owner { start, end: start.saturating_add(PIECE).min(owner.end), ..owner }, turns);
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
        course.turn(rows, owner, turns, |line, code| self.place((line as usize).wrapping_add(usize::from(code))));
    }

    /// The places of a chunk's rows within a line.
    fn code(&self, chunk: &Chunk<'_>, scratch: &mut Scratch) {
        scratch.codes.clear();
        scratch.codes.resize(chunk.columns.rows(), 0);
        for member in &self.members {
            member.job.code(&chunk.columns, member.stride, scratch);
        }
    }

    /// What a place adds. The remainder changes nothing, and with it the compiler leaves the check out.
    fn place(&self, place: usize) -> i64 {
        self.points.get(place % PLACES).copied().unwrap_or(0)
    }

    /// What a row adds on a single day; the remainder as there.
    fn at(&self, age: u16, place: u16) -> i64 {
        let line = self.lines.get(usize::from(age) % STRETCHES).copied().unwrap_or(0);
        self.place(usize::from(line.wrapping_add(place)))
    }

    /// A record that counts makes an indicator known whatever coverage says.
    fn know(&self, (chunk, aged): (&Chunk<'_>, &Aged), (sums, lifted): (&[i64], &mut Vec<u64>), known_weight: &mut [i64]) {
        if aged.open.is_empty() || self.members.iter().all(|member| member.counting.is_none()) {
            return;
        }
        let set = |owner: &Owner| chunk.lot.coverage_of.get(owner.subject as usize).copied().unwrap_or(0);
        self.lift(&aged.open, sums, lifted);
        for member in &self.members {
            let Some(counting) = member.counting else { continue };
            for (owner, lifted) in aged.open.iter().zip(&*lifted) {
                if let Some(weight) = known_weight.get_mut(owner.subject as usize) {
                    *weight = weight.wrapping_add(member.tells(counting.of(*lifted), set(owner)));
                }
            }
            for owner in aged.open.iter().filter(|owner| owner.crowded()) {
                if let Some(weight) = known_weight.get_mut(owner.subject as usize) {
                    *weight = weight.wrapping_add(member.tells(self.whole(counting, *owner, sums), set(owner)));
                }
            }
        }
    }

    /// What each owner's rows add up to in all lanes; nothing of those with more rows than lanes have room for.
    fn lift(&self, owners: &[Owner], sums: &[i64], lifted: &mut Vec<u64>) {
        let lift = self.lift;
        map_into(owners.iter(), lifted, move |owner| {
            let sum = |place: u32| sums.get(place as usize).copied().unwrap_or(0);
            let all = sum(owner.end).wrapping_sub(sum(owner.start));
            lift.wrapping_add(if owner.crowded() { 0 } else { all }).cast_unsigned()
        });
    }

    fn piece(&self, start: u32, end: u32, sums: &[i64]) -> i64 {
        let sum = |place: u32| sums.get(place as usize).copied().unwrap_or(0);
        sum(end).wrapping_sub(sum(start)).wrapping_add(self.lift)
    }

    /// What all rows of an owner add up to in a lane, however many they are.
    fn whole(&self, lane: Lane, owner: Owner, sums: &[i64]) -> i64 {
        let starts = (owner.start..owner.end).step_by(PIECE as usize);
        let pieces = starts.map(|start| self.piece(start, start.saturating_add(PIECE).min(owner.end), sums));
        pieces.fold(0, |sum, piece| sum.wrapping_add(lane.of(piece.cast_unsigned())))
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

    /// The weight that so many rows make known, where the coverage set does not.
    fn tells(&self, counting: i64, set: u32) -> i64 {
        self.unknown.get(set as usize).copied().unwrap_or(0) & i64::from(counting > 0).wrapping_neg()
    }

    /// What its lane of an owner's sum says, bounded and weighed.
    fn bounded(&self, lifted: u64) -> i64 {
        self.job.plan.bounds.apply(self.points.of(lifted))
    }
}

/// Adds what the lanes of indicators of one dimension say of each owner.
fn add(members: &[Member<'_>], (owners, lifted): (&[Owner], &[u64]), (to, small): (&mut [i64], &mut Vec<i32>)) {
    // First what small numbers can hold, which a processor adds several at a time.
    map_into(owners.iter(), small, |_| 0);
    members.iter().filter_map(|member| member.small).for_each(|lane| lane.add(lifted, small));
    for (owner, small) in owners.iter().zip(small) {
        if let Some(to) = to.get_mut(owner.subject as usize) {
            *to = to.wrapping_add(i64::from(*small));
        }
    }
    for member in members.iter().filter(|member| member.small.is_none()) {
        for (owner, lifted) in owners.iter().zip(lifted) {
            if let Some(to) = to.get_mut(owner.subject as usize) {
                *to = to.wrapping_add(member.bounded(*lifted));
            }
        }
    }
}

impl SmallLane {
    /// The lane of an indicator whose sums are small, weigh whole, and so stay when those of a whole bundle are added.
    fn new(lane: Lane, most: u64, bounds: Bounds) -> Option<SmallLane> {
        // Each indicator has two codes at least, so that a bundle cannot have more of them than its places can be halved.
        let lasting = i32::MAX / i32::try_from(PLACES.ilog2()).ok()?;
        i32::try_from(most).ok().filter(|most| *most <= lasting && bounds.weight == 1000)?;
        let (mask, lift) = (u32::try_from(lane.mask).ok()?, u32::try_from(lane.lift).ok()?);
        // A bound beyond what there can be bounds nothing.
        let (floor, cap) = (i32::try_from(bounds.floor).unwrap_or(i32::MIN), i32::try_from(bounds.cap).unwrap_or(i32::MAX));
        Some(SmallLane { shift: lane.shift, mask, lift, unit: i32::try_from(lane.unit).ok()?, floor, cap })
    }

    fn add(self, lifted: &[u64], sums: &mut [i32]) {
        for (sum, lifted) in sums.iter_mut().zip(lifted) {
            let low = u32::try_from(lifted.wrapping_shr(self.shift) & u64::from(u32::MAX)).unwrap_or(0);
            let points = (low & self.mask).wrapping_sub(self.lift).cast_signed().wrapping_mul(self.unit);
            *sum = sum.wrapping_add(points.max(self.floor).min(self.cap));
        }
    }
}

impl Owner {
    /// Whether it has more rows than lanes have room for.
    pub(super) fn crowded(self) -> bool {
        self.end.wrapping_sub(self.start) > PIECE
    }
}

impl Lane {
    /// What the lane of a lifted sum says.
    fn of(self, lifted: u64) -> i64 {
        (lifted.wrapping_shr(self.shift) & self.mask).wrapping_sub(self.lift).cast_signed().wrapping_mul(self.unit)
    }

    /// A lane from a bit on, `bits` wide.
    fn new(shift: u32, bits: u32, lift: u64, unit: i64) -> Lane {
        Lane { shift, mask: u64::MAX.checked_shr(64 - bits).unwrap_or(0), lift, unit }
    }
}

/// Bits of the points' lane of an indicator, and of the lane that counts its rows; 0 for the second where there is none.
fn wide(job: &Job<'_>, table: &Table) -> (u32, u32) {
    let most = u64::from(PIECE).saturating_mul(table.largest() / unit(table));
    // One more bit for the sign.
    (65 - most.leading_zeros(), if job.opens() { u32::BITS - PIECE.leading_zeros() } else { 0 })
}

/// What divides all points of a table.
fn unit(table: &Table) -> u64 {
    table.divisor().max(1)
}

/// By day and stretch, which line of its table an indicator's rows are in.
fn lines<'j>(job: &'j Job<'_>, ages: &'j [Ages]) -> impl Iterator<Item = u32> + use<'j> {
    job.dated.iter().zip(ages).flat_map(|(dated, ages)| ages.all().map(|age| dated.table.line_of(age)))
}

impl<'p> Draft<'p> {
    fn new(ages: &[Ages]) -> Draft<'p> {
        let stretches = ages.iter().map(Ages::stretches).sum();
        Draft { jobs: Vec::new(), lines: vec![Vec::new(); stretches], width: 1, bits: 0 }
    }

    fn fits(&self, (job, table): (&Job<'_>, &Table), ages: &[Ages], (points, counting): (u32, u32)) -> bool {
        let different: BTreeSet<(&[u32], u32)> = self.lines.iter().map(Vec::as_slice).zip(lines(job, ages)).collect();
        let places = different.len().checked_mul(self.width).and_then(|places| places.checked_mul(table.width()));
        self.bits + points + counting <= u64::BITS && places.is_some_and(|places| places <= PLACES)
    }

    fn push(&mut self, job: Job<'p>, ages: &[Ages], (points, counting): (u32, u32)) {
        self.lines.iter_mut().zip(lines(&job, ages)).for_each(|(parts, line)| parts.push(line));
        self.width *= job.summed().map_or(1, Table::width);
        self.bits += points + counting;
        self.jobs.push(job);
    }

    fn bundle(self, ages: &[Ages]) -> Bundle<'p> {
        let (mut members, mut stride, mut shift, mut lift) = (Vec::new(), 1_usize, 0, 0_i64);
        for job in self.jobs {
            let Some(table) = job.summed() else { continue };
            let (wide, counted) = wide(&job, table);
            let (unit, width) = (unit(table), table.width());
            let points = Lane::new(shift, wide, 1 << (wide - 1), unit.cast_signed());
            lift = lift.wrapping_add((points.lift << shift).cast_signed());
            let counting = (counted > 0).then(|| Lane::new(shift + wide, counted, 0, 1));
            // `fits` has seen that all places are below `PLACES`.
            let small = SmallLane::new(points, table.largest().saturating_mul(u64::from(PIECE)), job.plan.bounds);
            let (stride_of, unknown) = (u16::try_from(stride).unwrap_or(0), job.unknown());
            members.push(Member { job, stride: stride_of, points, small, counting, unknown });
            (stride, shift) = (stride * width, shift + wide + counted);
        }
        let (mut lines, mut points) = (vec![0_u16; self.lines.len()], [0; PLACES]);
        let different: BTreeSet<&Vec<u32>> = self.lines.iter().collect();
        // The line of nothing, all of whose parts are 0, is the first.
        for (begin, line) in (0..).step_by(self.width).zip(different) {
            let of_line = self.lines.iter().zip(&mut lines).filter(|(other, _)| *other == line);
            of_line.for_each(|(_, place)| *place = u16::try_from(begin).unwrap_or(0));
            let places = points.iter_mut().skip(begin).zip(places(&members, line));
            places.for_each(|(place, points)| *place = points);
        }
        let course = (ages.len() > 1).then(|| course(&members, &lines, ages));
        let mut first = [0; STRETCHES];
        first.iter_mut().zip(lines).for_each(|(place, line)| *place = line);
        Bundle { members, lines: first, course, points, lift }
    }
}

/// When a row turns from one of the lines, by day and stretch, to another.
fn course(members: &[Member<'_>], lines: &[u16], ages: &[Ages]) -> Course {
    let begins: Vec<usize> = ages.iter().scan(0, |begin, ages| Some(std::mem::replace(begin, *begin + ages.stretches()))).collect();
    let line = |day: u32, document| {
        let of_day = ages.get(day as usize).zip(begins.get(day as usize));
        let place = of_day.map(|(ages, begin)| begin + usize::from(ages.of(document)));
        place.and_then(|place| lines.get(place)).map_or(0, |line| u32::from(*line))
    };
    let spans = || members.iter().map(|member| course::span(&member.job.dated));
    let span = (spans().map(|(first, _)| first).min().unwrap_or(0), spans().map(|(_, last)| last).max().unwrap_or(0));
    let mut covering: Vec<Vec<u64>> = Vec::new();
    for of_member in members.iter().map(|member| course::covering(&member.job.dated)) {
        covering.resize(of_member.len(), Vec::new());
        for (days, others) in covering.iter_mut().zip(of_member) {
            days.resize(others.len(), 0);
            days.iter_mut().zip(others).for_each(|(days, others)| *days |= others);
        }
    }
    Course::new(span, u32::try_from(ages.len()).unwrap_or(0), line, covering)
}

/// What a row adds to all lanes, by its place in a line of the bundle, where each member's table has a line of its own.
fn places(members: &[Member<'_>], lines: &[u32]) -> Vec<i64> {
    let mut places = vec![0_i64];
    for (member, line) in members.iter().zip(lines) {
        let codes = member.lanes(*line);
        places = codes.iter().flat_map(|code| places.iter().map(move |place| place.wrapping_add(*code))).collect();
    }
    places
}

impl Member<'_> {
    /// By code, what a row of a line of its table adds to its lanes.
    fn lanes(&self, line: u32) -> Vec<i64> {
        let Some(table) = self.job.summed() else { return Vec::new() };
        let codes = (0..=u16::MAX).take(table.width()).map(|code| {
            let points = (table.worth(line, code) / self.points.unit).wrapping_shl(self.points.shift);
            let counts = i64::from(line != 0 && code != 0);
            points.wrapping_add(self.counting.map_or(0, |lane| counts.wrapping_shl(lane.shift)))
        });
        codes.collect()
    }
}
