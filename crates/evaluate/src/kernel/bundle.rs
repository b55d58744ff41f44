//! Indicators over one kind whose rows are summed, several at once. A row's codes make one place in a table whose numbers hold the points of
//! all of them side by side, in lanes of bits; one running sum adds them up together, and what a subject's rows come to falls apart into the sums
//! of each indicator.
//!
//! On a single day (`day`) lanes have the width that a processor clamps and weighs several at a time. Over several days (`steps`) the same
//! numbers are what a row turns by, as in `course`, and lanes are as narrow as they can be.
//!
//! That is exact: a lane is as wide as [`PIECE`] times the most points of one row at least, and whoever has more rows is added up in pieces of so
//! many.

use std::collections::BTreeSet;

use super::course::{self, Course};
use super::days::{Ages, Table, common};
use super::rows::{Job, Scratch};
use super::{Chunk, End, Owner, Owners};
use day::Day;

mod day;

mod steps;

/// Places in the table of a bundle: it stays in the first-level cache beside the rows.
const PLACES: usize = 2048;

/// Rows that lanes have room for. Few subjects have more of one kind.
const PIECE: u32 = 31;

/// Indicators that are looked up and summed together.
pub(super) struct Bundle<'p> {
    members: Vec<Member<'p>>,
    /// By place, what a row adds to every lane.
    points: [i64; PLACES],
    /// What makes the sums in all lanes numbers from 0 on.
    lift: i64,
    over: Over,
}

/// When a row is in which line of the places.
enum Over {
    Day(Box<Day>),
    Days(Course),
}

/// An indicator of a bundle.
struct Member<'p> {
    job: Job<'p>,
    /// How far apart the places of its codes lie.
    stride: u16,
    points: Lane,
    /// How many rows count: over several days, where silence does not mean "none" for everybody.
    counting: Option<Lane>,
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

/// How wide the lanes of an indicator are.
#[derive(Clone, Copy, Debug)]
struct Width {
    points: u32,
    /// 0 where rows that count need no lane.
    counting: u32,
    /// What one of the points' lane is worth.
    unit: u64,
}

/// A bundle that may still grow.
struct Draft<'p> {
    jobs: Vec<(Job<'p>, Width)>,
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
        let (mut drafts, mut others) = (Vec::<Draft<'p>>::new(), Vec::new());
        for job in jobs {
            let Some(table) = job.summed() else {
                others.push(job);
                continue;
            };
            let width = if ages.len() == 1 { Width::of_a_day(&job, table) } else { Width::of_days(&job, table) };
            match drafts.iter_mut().find(|draft| draft.fits((&job, table), ages, width)) {
                Some(draft) => draft.push(job, ages, width),
                None if Draft::new(ages).fits((&job, table), ages, width) => {
                    let mut draft = Draft::new(ages);
                    draft.push(job, ages, width);
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

    /// The places of a chunk's rows within a line.
    fn code(&self, chunk: &Chunk<'_>, scratch: &mut Scratch) {
        scratch.codes.clear();
        scratch.codes.resize(chunk.columns.rows(), 0);
        for member in &self.members {
            member.job.code(&chunk.columns, member.stride, scratch);
        }
    }
}

/// What a place says. The remainder changes nothing, and with it the compiler leaves the check out.
fn at<T: Copy + Default>(places: &[T; PLACES], place: usize) -> T {
    places.get(place % PLACES).copied().unwrap_or_default()
}

impl Member<'_> {
    /// By code, what a row of a line of its table adds to its lanes.
    fn lanes(&self, line: u32) -> Vec<i64> {
        let Some(table) = self.job.summed() else { return Vec::new() };
        let codes = (0..=u16::MAX).take(table.width()).map(|code| {
            let points = (table.worth(line, code) / self.points.unit).wrapping_shl(self.points.shift);
            points.wrapping_add(self.counting.map_or(0, |lane| counts(line, code).wrapping_shl(lane.shift)))
        });
        codes.collect()
    }

    /// By code, whether a row of a line of its table counts.
    fn counts(&self, line: u32) -> Vec<i64> {
        let many = self.job.summed().map_or(0, Table::width);
        (0..=u16::MAX).take(many).map(|code| counts(line, code)).collect()
    }
}

/// 1 where a row counts: it is in the window, and worth something that is stated.
fn counts(line: u32, code: u16) -> i64 {
    i64::from(line != 0 && code != 0)
}

/// Those owners who have more rows than lanes have room for. They are few, and looked for where one of eight is one.
pub(super) fn crowded(ends: &[End]) -> Vec<Owner> {
    let (mut crowded, mut start) = (Vec::new(), 0);
    for few in ends.chunks(8) {
        let owners = Owners { ends: few.iter(), start };
        if owners.clone().fold(false, |any, owner| any | owner.crowded()) {
            crowded.extend(owners.filter(|owner| owner.crowded()));
        }
        start = few.last().map_or(start, |last| last.end);
    }
    crowded
}

impl Owner {
    /// Whether it has more rows than lanes have room for.
    pub(super) fn crowded(self) -> bool {
        self.end.wrapping_sub(self.start) > PIECE
    }

    /// Its rows, so many at a time as lanes have room for.
    fn pieces(self) -> impl Iterator<Item = Owner> {
        let starts = (self.start..self.end).step_by(PIECE as usize);
        starts.map(move |start| Owner { start, end: start.saturating_add(PIECE).min(self.end), ..self })
    }
}

impl Lane {
    /// What the lane of a lifted sum says.
    fn of(self, lifted: u64) -> i64 {
        (lifted.wrapping_shr(self.shift) & self.mask).wrapping_sub(self.lift).cast_signed().wrapping_mul(self.unit)
    }

    /// A lane from a bit on, `bits` wide.
    fn new(shift: u32, bits: u32, lift: u64, unit: u64) -> Lane {
        Lane { shift, mask: u64::MAX.checked_shr(64 - bits).unwrap_or(0), lift, unit: unit.cast_signed() }
    }
}

impl Width {
    /// As narrow as the points of so many rows can be, with room to count them where that matters.
    fn of_days(job: &Job<'_>, table: &Table) -> Width {
        let counting = if job.opens() { u32::BITS - PIECE.leading_zeros() } else { 0 };
        Width { points: signed(table, divisor(table)), counting, unit: divisor(table) }
    }

    /// Slots of 16 bits; bounds are told in the same unit, so that they can be applied to a slot as it is.
    fn of_a_day(job: &Job<'_>, table: &Table) -> Width {
        let bounds = [job.plan.bounds.floor, job.plan.bounds.cap].map(i64::unsigned_abs);
        let binding = bounds.into_iter().filter(|bound| *bound < most(table));
        let unit = binding.fold(divisor(table), common);
        // A slot weighs numbers of its own width: large points are told as whole ones.
        let unit = if i16::try_from(unit).is_ok() { unit } else { common(unit, 1000) };
        Width { points: signed(table, unit).next_multiple_of(day::SLOT), counting: 0, unit }
    }
}

/// What divides all points of a table.
fn divisor(table: &Table) -> u64 {
    table.divisor().max(1)
}

/// The most points that rows come to, as many as lanes have room for, whichever way.
fn most(table: &Table) -> u64 {
    table.largest().saturating_mul(u64::from(PIECE))
}

/// Bits for sums of points in units, and for their sign.
fn signed(table: &Table, unit: u64) -> u32 {
    u64::BITS + 1 - most(table).checked_div(unit).unwrap_or(0).leading_zeros()
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

    fn fits(&self, (job, table): (&Job<'_>, &Table), ages: &[Ages], width: Width) -> bool {
        let different: BTreeSet<(&[u32], u32)> = self.lines.iter().map(Vec::as_slice).zip(lines(job, ages)).collect();
        let places = different.len().checked_mul(self.width).and_then(|places| places.checked_mul(table.width()));
        self.bits + width.points + width.counting <= u64::BITS && places.is_some_and(|places| places <= PLACES)
    }

    fn push(&mut self, job: Job<'p>, ages: &[Ages], width: Width) {
        self.lines.iter_mut().zip(lines(&job, ages)).for_each(|(parts, line)| parts.push(line));
        self.width *= job.summed().map_or(1, Table::width);
        self.bits += width.points + width.counting;
        self.jobs.push((job, width));
    }

    fn bundle(self, ages: &[Ages]) -> Bundle<'p> {
        let (mut members, mut stride, mut shift, mut lift) = (Vec::new(), 1_usize, 0, 0_i64);
        for (job, width) in self.jobs {
            let points = Lane::new(shift, width.points, 1 << (width.points - 1), width.unit);
            lift = lift.wrapping_add((points.lift << shift).cast_signed());
            let counting = (width.counting > 0).then(|| Lane::new(shift + width.points, width.counting, 0, 1));
            let many = job.summed().map_or(1, Table::width);
            // `fits` has seen that all places are below `PLACES`.
            members.push(Member { job, stride: u16::try_from(stride).unwrap_or(0), points, counting });
            (stride, shift) = (stride * many, shift + width.points + width.counting);
        }
        let different: BTreeSet<&Vec<u32>> = self.lines.iter().collect();
        // The line of nothing, all of whose parts are 0, is the first.
        let begins = || (0_u16..).step_by(self.width).zip(&different);
        let mut lines = vec![0_u16; self.lines.len()];
        for (begin, line) in begins() {
            self.lines.iter().zip(&mut lines).filter(|(other, _)| other == line).for_each(|(_, place)| *place = begin);
        }
        let mut points = [0; PLACES];
        points.iter_mut().zip(points_of(&members, different.iter().copied())).for_each(|(place, points)| *place = points);
        let over = match ages {
            [ages] => Over::Day(Box::new(Day::new(&members, (&lines, ages), different.iter().copied()))),
            _ => Over::Days(course(&members, &lines, ages)),
        };
        Bundle { members, points, lift, over }
    }
}

/// Place by place of some lines, what a row adds to all lanes.
fn points_of<'m>(members: &'m [Member<'_>], lines: impl Iterator<Item = &'m Vec<u32>>) -> impl Iterator<Item = i64> {
    lines.flat_map(move |line| places(members.iter().zip(line).map(|(member, line)| member.lanes(*line))))
}

/// What each place of a line says, which is the sum of what each indicator's code there does.
fn places(codes: impl Iterator<Item = Vec<i64>>) -> Vec<i64> {
    let join = |places: Vec<i64>, codes: Vec<i64>| {
        codes.iter().flat_map(|code| places.iter().map(move |place| place.wrapping_add(*code))).collect()
    };
    codes.fold(vec![0], join)
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
