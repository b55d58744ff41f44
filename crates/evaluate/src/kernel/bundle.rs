//! Indicators over one kind whose rows are summed, several at once. What a row has of each column they read (`pieces`) makes one place in a table whose
//! numbers hold the points of all of them side by side, in lanes of bits; one running sum adds them up together, and what a subject's rows come to falls
//! apart into the sums of each indicator.
//!
//! On a single day (`day`) lanes have the width that a processor clamps and weighs several at a time. Over several days (`steps`) the same
//! numbers are what a row turns by, as in `course`, and lanes are as narrow as they can be.
//!
//! That is exact: a lane is as wide as [`PIECE`] times the most points of one row at least, and whoever has more rows is added up in pieces of so
//! many.

use std::collections::BTreeSet;

use super::Chunk;
use super::course::{self, Course};
use super::days::{Ages, Table, common};
use super::rows::{Job, Scratch};
use crate::columns::{self, KindColumns, Owner};
use day::{Beside, Day};
use pieces::{Pieces, Reading, Samples};

mod day;

mod pieces;

mod steps;

/// Places in the table of a bundle: it stays in the first-level cache beside the rows.
const PLACES: usize = 2048;

/// Rows that lanes have room for.
const PIECE: u32 = columns::FEW;

/// Bits that count as many rows.
const COUNT: u32 = u32::BITS - PIECE.leading_zeros();

/// Indicators that are looked up and summed together.
pub(super) struct Bundle<'p> {
    members: Vec<Member<'p>>,
    /// What makes the places of most of them.
    readings: Vec<Reading>,
    /// By place within a line a bit for each indicator whose code there is more than 0.
    telling: Vec<u64>,
    /// By place, what a row adds to every lane.
    points: Box<[i64; PLACES]>,
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
    /// How far apart the places of its codes lie, if it is read by itself.
    stride: Option<u16>,
    /// By place within a line, what its code is there.
    codes: Vec<u16>,
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

/// How an indicator's codes come into places.
#[derive(Clone, Debug)]
enum Way {
    /// By pieces of the columns that it reads, which others read as well.
    Pieces(Pieces),
    /// By itself.
    Codes,
}

/// A bundle that may still grow.
struct Draft<'p> {
    jobs: Vec<(Job<'p>, Width, Way)>,
    /// By day and stretch, which line of each indicator's table it is.
    lines: Vec<Vec<u32>>,
    /// Of the columns that indicators read together.
    pieces: Pieces,
    /// Places that the codes of the others make.
    codes: usize,
    /// Bits that are taken.
    bits: u32,
}

impl<'p> Bundle<'p> {
    /// Bundles the indicators of a kind, whose rows are these and have these ages on each day; and those that fit into none.
    pub(super) fn of(jobs: Vec<Job<'p>>, columns: Option<&KindColumns<'_>>, ages: &[Ages]) -> (Vec<Bundle<'p>>, Vec<Job<'p>>) {
        let (mut drafts, mut others) = (Vec::<Draft<'p>>::new(), Vec::new());
        for job in jobs {
            let Some(table) = job.summed() else {
                others.push(job);
                continue;
            };
            let width = if ages.len() == 1 { Width::of_a_day(&job, table) } else { Width::of_days(&job, table) };
            let pieces = columns.and_then(|columns| Pieces::of(job.plan, columns));
            let ways = || pieces.iter().cloned().map(Way::Pieces).chain(std::iter::once(Way::Codes));
            let fitting = |draft: &Draft<'p>| ways().find(|way| draft.fits((&job, table), ages, (width, way)));
            let begun = drafts.iter_mut().find_map(|draft| fitting(draft).map(|way| (draft, way)));
            match begun {
                Some((draft, way)) => draft.push(job, ages, (width, way)),
                None => match fitting(&Draft::new(ages)) {
                    Some(way) => {
                        let mut draft = Draft::new(ages);
                        draft.push(job, ages, (width, way));
                        drafts.push(draft);
                    }
                    None => others.push(job),
                },
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
        scratch.codes.resize(chunk.columns.rows(), 0);
        match self.readings.split_first() {
            Some((first, others)) => {
                first.read(&chunk.columns, true, scratch);
                others.iter().for_each(|reading| reading.read(&chunk.columns, false, scratch));
            }
            None => scratch.codes.fill(0),
        }
        for (member, stride) in self.members.iter().filter_map(|member| Some((member, member.stride?))) {
            member.job.code(&chunk.columns, stride, scratch);
        }
    }
}

/// What a place says. The remainder changes nothing, and with it the compiler leaves the check out.
fn at(places: &[i64; PLACES], place: usize) -> i64 {
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

    /// By code, whether a row of a line of its table counts, times a number.
    fn counts(&self, line: u32, one: i64) -> Vec<i64> {
        let many = self.job.summed().map_or(0, Table::width);
        (0..=u16::MAX).take(many).map(|code| counts(line, code).wrapping_mul(one)).collect()
    }
}

/// 1 where a row counts: it is in the window, and worth something that is stated.
fn counts(line: u32, code: u16) -> i64 {
    i64::from(line != 0 && code != 0)
}

/// An owner's rows, so many at a time as lanes have room for.
fn pieces_of(owner: Owner) -> impl Iterator<Item = Owner> {
    let starts = (owner.start..owner.end).step_by(PIECE as usize);
    starts.map(move |start| Owner { start, end: start.saturating_add(PIECE).min(owner.end), ..owner })
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
        let counting = if job.opens() { COUNT } else { 0 };
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

/// From which day of a document on another of some lines, told by stretch, is that of a row; the first at all times before.
fn turns<'l, T: PartialEq>(lines: &'l [T], ages: &Ages) -> Vec<(i32, &'l T)> {
    let stretches = std::iter::once((i32::MIN, 0)).chain(ages.turns());
    let mut turns: Vec<(i32, &T)> = stretches.filter_map(|(day, stretch)| Some((day, lines.get(usize::from(stretch))?))).collect();
    turns.dedup_by(|next, line| next.1 == line.1);
    turns
}

/// By day and stretch, which line of its table an indicator's rows are in.
fn lines<'j>(job: &'j Job<'_>, ages: &'j [Ages]) -> impl Iterator<Item = u32> + use<'j> {
    job.dated.iter().zip(ages).flat_map(|(dated, ages)| ages.all().map(|age| dated.table.line_of(age)))
}

impl<'p> Draft<'p> {
    fn new(ages: &[Ages]) -> Draft<'p> {
        let stretches = ages.iter().map(Ages::stretches).sum();
        Draft { jobs: Vec::new(), lines: vec![Vec::new(); stretches], pieces: Pieces::default(), codes: 1, bits: 0 }
    }

    /// Places in a line, with an indicator's.
    fn width(&self, table: &Table, way: &Way) -> usize {
        match way {
            Way::Pieces(pieces) => self.pieces.and(pieces).places().saturating_mul(self.codes),
            Way::Codes => self.pieces.places().saturating_mul(self.codes).saturating_mul(table.width()),
        }
    }

    fn fits(&self, (job, table): (&Job<'_>, &Table), ages: &[Ages], (width, way): (Width, &Way)) -> bool {
        if self.bits + width.points + width.counting > u64::BITS {
            return false;
        }
        let lines: Vec<(&[u32], u32)> = self.lines.iter().map(Vec::as_slice).zip(lines(job, ages)).collect();
        let many = match ages {
            [ages] => turns(&lines, ages).len(),
            _ => lines.iter().collect::<BTreeSet<_>>().len(),
        };
        many.saturating_mul(self.width(table, way)) <= PLACES
    }

    fn push(&mut self, job: Job<'p>, ages: &[Ages], (width, way): (Width, Way)) {
        self.lines.iter_mut().zip(lines(&job, ages)).for_each(|(parts, line)| parts.push(line));
        match &way {
            Way::Pieces(pieces) => self.pieces = self.pieces.and(pieces),
            Way::Codes => self.codes *= job.summed().map_or(1, Table::width),
        }
        self.bits += width.points + width.counting;
        self.jobs.push((job, width, way));
    }

    fn bundle(self, ages: &[Ages]) -> Bundle<'p> {
        let (mut readings, samples) = self.pieces.read();
        let width = self.pieces.places().saturating_mul(self.codes);
        let (mut members, mut stride, mut shift, mut lift) = (Vec::new(), self.pieces.places(), 0, 0_i64);
        for (job, width_of, way) in self.jobs {
            let points = Lane::new(shift, width_of.points, 1 << (width_of.points - 1), width_of.unit);
            lift = lift.wrapping_add((points.lift << shift).cast_signed());
            let counting = (width_of.counting > 0).then(|| Lane::new(shift + width_of.points, width_of.counting, 0, 1));
            shift += width_of.points + width_of.counting;
            let (apart, codes) = match way {
                Way::Pieces(_) => (None, of_samples(&job, &samples)),
                Way::Codes => {
                    let many = job.summed().map_or(1, Table::width);
                    let codes = (0..=u16::MAX).take(many).flat_map(|code| std::iter::repeat_n(code, stride)).collect();
                    // `fits` has seen that all places are below `PLACES`.
                    let apart = u16::try_from(stride).unwrap_or(0);
                    stride = stride.saturating_mul(many);
                    (Some(apart), codes)
                }
            };
            let codes: Vec<u16> = codes.into_iter().cycle().take(width).collect();
            members.push(Member { job, stride: apart, codes, points, counting });
        }
        let telling = telling(&members, width);
        let (points, over) = match ages {
            [ages] => {
                let (cuts, lines): (Vec<i32>, Vec<&Vec<u32>>) = turns(&self.lines, ages).into_iter().unzip();
                readings.insert(0, days(&self.lines, ages, (&cuts, &lines), width));
                let beside = Beside::of(&members, shift);
                let points = table(&members, &lines, |member, place, line| {
                    let counts = member.counts(line, beside.map_or(0, |beside| beside.one(place)));
                    member.lanes(line).iter().zip(counts).map(|(points, counts)| points.wrapping_add(counts)).collect()
                });
                (points, Over::Day(Box::new(Day::new((&members, beside), &lines, &telling))))
            }
            _ => {
                let different: Vec<&Vec<u32>> = self.lines.iter().collect::<BTreeSet<_>>().into_iter().collect();
                // The line of nothing, all of whose parts are 0, is the first.
                let begins = || (0_u16..).step_by(width).zip(&different);
                let mut lines = vec![0_u16; self.lines.len()];
                for (begin, line) in begins() {
                    self.lines.iter().zip(&mut lines).filter(|(other, _)| other == line).for_each(|(_, place)| *place = begin);
                }
                (table(&members, &different, |member, _, line| member.lanes(line)), Over::Days(course(&members, &lines, ages)))
            }
        };
        Bundle { members, readings, telling, points, lift, over }
    }
}

/// How the days of documents are read that are cut so, with these lines between, each of so many places; `all` are the lines by stretch.
fn days(all: &[Vec<u32>], ages: &Ages, (cuts, lines): (&[i32], &[&Vec<u32>]), width: usize) -> Reading {
    if cuts.len() <= pieces::CUTS {
        return Reading::of_days(cuts.iter().copied().skip(1), width);
    }
    let begin = |line: &Vec<u32>| lines.iter().position(|other| *other == line).map_or(0, |place| place.saturating_mul(width));
    // A bundle keeps places few.
    let begins: Vec<u16> = all.iter().map(|line| u16::try_from(begin(line)).unwrap_or(0)).collect();
    Reading::by_day(ages.by_day(|stretch| begins.get(usize::from(stretch)).copied().unwrap_or(0)))
}

/// By place of samples, an indicator's code.
fn of_samples(job: &Job<'_>, samples: &Samples) -> Vec<u16> {
    let columns = samples.columns();
    let mut scratch = Scratch { codes: vec![0; columns.rows()], ..Scratch::default() };
    job.code(&columns, 1, &mut scratch);
    scratch.codes
}

/// By place within a line a bit for each indicator whose code there is more than 0.
fn telling(members: &[Member<'_>], width: usize) -> Vec<u64> {
    let mut telling = vec![0; width];
    for (member, bit) in members.iter().zip(0..) {
        telling.iter_mut().zip(&member.codes).for_each(|(bits, code)| *bits |= u64::from(*code != 0) << bit);
    }
    telling
}

/// Line by line and place by place, what all indicators' numbers add up to: `of` tells them of an indicator, its place and its line, by code.
fn table(members: &[Member<'_>], lines: &[&Vec<u32>], of: impl Fn(&Member<'_>, u32, u32) -> Vec<i64>) -> Box<[i64; PLACES]> {
    let width = members.first().map_or(1, |member| member.codes.len());
    let mut table = Box::new([0_i64; PLACES]);
    for (cells, line) in table.chunks_mut(width).zip(lines) {
        // In a line of nothing all numbers are 0.
        for ((member, place), line) in members.iter().zip(0..).zip(*line).filter(|(_, line)| **line != 0) {
            let numbers = of(member, place, *line);
            for (cell, code) in cells.iter_mut().zip(&member.codes) {
                *cell = cell.wrapping_add(numbers.get(usize::from(*code)).copied().unwrap_or(0));
            }
        }
    }
    table
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
