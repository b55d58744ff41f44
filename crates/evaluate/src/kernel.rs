//! The one kernel: masks, windows, points, fades, sums and bounds over columns of integers.
//!
//! Subjects go through in chunks, so that every buffer of a chunk stays in the cache; the loops over a chunk's rows are plain and
//! without branches, and what a subject's rows come to is the difference of two running sums. Arithmetic wraps because
//! [`Plan::compile`] has proved that no subject's sums overflow. Rows are kept only for an explanation: a population of one and a
//! population of ten million run the same code.
//!
//! Conditions and what a row is worth when new do not depend on the day and are read once, also for many days; a day adds only how old each
//! row is then, and looks its points up in one table. Indicators of a kind are read, looked up and summed several at once
//! (`bundle`). Where rows are summed over several days, what turns from one day to the next is summed
//! instead (`course`).

use std::collections::BTreeMap;
use std::ops::Range;

use xinzhi_core::{Day, Points};
use xinzhi_rules::model::KindIx;

use crate::columns::{ColumnsFault, End, KindColumns, OwnedBy, Owner, Population};
use crate::peers;
use crate::plan::{OverridePlan, Plan};
use crate::result::{Outcome, Reason, Standing};

mod bundle;

mod codes;

mod course;

mod days;

mod divisor;

mod force;

mod mask;

mod number;

mod rows;

mod sums;

pub(crate) use days::{linear_keep, number};
pub(crate) use force::Hit;
pub(crate) use rows::{Kept, KeptRow};

use bundle::Bundle;
use days::{Ages, Turning};
use force::Forcing;
use rows::{Dated, Job, Scratch};

/// Subjects that go through together: their rows of one kind, some twenty thousand, fit the second-level cache of a processor with what is made of them.
const CHUNK: usize = 8192;

/// Totals of subjects and days that are kept together, where there are many days: they fit the second-level cache.
const TOTALS: usize = 16_384;

/// What a run leaves behind, by subject, of one day.
#[derive(Clone, Debug)]
pub struct Totals {
    /// Bounded and weighed sums of each dimension.
    dimensions: Vec<Vec<i64>>,
    /// Base and dimensions, before the range.
    total: Vec<i64>,
    /// Weight of the known indicators.
    known_weight: Vec<i64>,
    /// The place of the override that forces the worst grade, and one more; 0 where none does.
    forced: Vec<u16>,
    /// Why the scorecard may not be used on the day, if it may not.
    dormant: Option<Reason>,
    /// The day.
    as_of: Day,
    /// Where peers decide, which of the pack's limits hold on the day.
    limits: Option<usize>,
    /// Where peers decide, whose limits hold for the subject; empty where points alone do.
    ladders: Vec<u16>,
}

/// What a run keeps besides totals: of a population of one, everything.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    /// By indicator, in the plan's order.
    pub parts: BTreeMap<usize, Kept>,
    /// The entry that forces the grade.
    pub hit: Option<Hit>,
}

/// What is asked of each kind.
struct Work<'p> {
    kind: KindIx,
    bundles: Vec<Bundle<'p>>,
    /// Those in no bundle.
    jobs: Vec<Job<'p>>,
    forcing: Vec<Forcing<'p>>,
    /// By day of evaluation.
    ages: Vec<Ages>,
}

/// Some subjects with their rows of one kind.
struct Chunk<'c> {
    columns: KindColumns<'c>,
    owned: OwnedBy<'c>,
    lot: &'c Lot<'c>,
}

/// The subjects of a chunk, and where all their rows are.
struct Lot<'c> {
    population: &'c Population<'c>,
    subjects: Range<usize>,
    coverage_of: &'c [u32],
}

/// Points of every subject of a population on a day.
///
/// # Errors
/// [`ColumnsFault`] where a column that the plan reads is missing.
pub fn run(plan: &Plan, population: &Population<'_>, as_of: Day) -> Result<Totals, ColumnsFault> {
    let mut all = Totals::new(plan, as_of);
    over(plan, population, &[as_of], |_, totals| {
        totals.iter().try_for_each(|totals| {
            all.append(totals);
            Ok::<(), ColumnsFault>(())
        })
    })?;
    Ok(all)
}

/// Points of every subject of a population on each of some days, in one pass over its rows: `take` gets the totals of some subjects at a
/// time, by day, and the first of these subjects, who is 0 there.
///
/// # Errors
/// [`ColumnsFault`] where a column that the plan reads is missing, and what `take` fails with.
pub fn over<E: From<ColumnsFault>>(
    plan: &Plan,
    population: &Population<'_>,
    days: &[Day],
    take: impl FnMut(usize, &[Totals]) -> Result<(), E>,
) -> Result<(), E> {
    evaluate(plan, population, days, None, take)
}

/// A run that keeps the rows of its only chunk.
pub(crate) fn watched(plan: &Plan, population: &Population<'_>, as_of: Day) -> Result<(Totals, Watch), ColumnsFault> {
    let (mut all, mut watch) = (Totals::new(plan, as_of), Watch::default());
    let take = |_, totals: &[Totals]| {
        totals.iter().for_each(|totals| all.append(totals));
        Ok::<(), ColumnsFault>(())
    };
    evaluate(plan, population, &[as_of], Some(&mut watch), take)?;
    Ok((all, watch))
}

fn evaluate<E: From<ColumnsFault>>(
    plan: &Plan,
    population: &Population<'_>,
    days: &[Day],
    mut watch: Option<&mut Watch>,
    mut take: impl FnMut(usize, &[Totals]) -> Result<(), E>,
) -> Result<(), E> {
    complete(plan, population)?;
    // A table for one subject alone takes longer to make than it saves, and an explanation looks at each indicator by itself.
    let work = work(plan, population, days, watch.is_none());
    let known: Vec<Vec<i64>> = (0..days.len()).map(|day| known_weight(&work, population, day)).collect();
    let mut totals: Vec<Totals> = days.iter().map(|day| Totals::new(plan, *day)).collect();
    let (mut scratch, mut ages) = (Scratch::default(), vec![Vec::new(); days.len()]);
    let many = (TOTALS / days.len().max(1)).clamp(1, CHUNK);
    for start in (0..population.subjects()).step_by(many) {
        let subjects = start..population.subjects().min(start + many);
        let coverage_of = population.coverage_of(subjects.clone());
        let lot = Lot { population, subjects: subjects.clone(), coverage_of };
        for totals in &mut totals {
            totals.begin(plan, subjects.len());
            totals.ladders = peers::ladders(plan, population, subjects.clone(), totals.as_of)?;
        }
        let chunk = |work: &Work<'_>| {
            let columns = population.kind(work.kind)?.of(subjects.clone());
            Some(Chunk { columns, owned: population.owned_by(work.kind, &subjects), lot: &lot })
        };
        // First what is added as a difference from the day before, then what is added to each day.
        for work in work.iter().filter(|work| work.follows()) {
            let Some(chunk) = chunk(work) else { continue };
            work.bundles.iter().for_each(|bundle| bundle.follow(&chunk, &mut totals, &mut scratch));
            work.jobs.iter().for_each(|job| job.follow(&chunk, &mut totals, &mut scratch));
        }
        Totals::follow(&mut totals);
        totals.iter_mut().zip(&known).for_each(|(totals, known)| totals.know(lot.coverage_of, known));
        for work in work.iter().filter(|work| work.reads()) {
            let jobs = || work.jobs.iter().filter(|job| job.course.is_none());
            let Some(chunk) = chunk(work) else {
                let jobs = jobs().chain(work.bundles.iter().flat_map(Bundle::jobs));
                jobs.for_each(|job| job.without_rows(&lot, &mut totals, watch.as_deref_mut()));
                continue;
            };
            if let [totals] = totals.as_mut_slice() {
                work.bundles.iter().for_each(|bundle| bundle.run(&chunk, totals, &mut scratch));
            }
            // Bundles read days themselves.
            if jobs().next().is_some() {
                work.ages.iter().zip(&mut ages).for_each(|(of, ages)| of.read(chunk.columns.day, ages));
            }
            jobs().for_each(|job| job.run((&chunk, &ages), &mut totals, (&mut scratch, watch.as_deref_mut())));
            work.forcing.iter().for_each(|rule| rule.run(&chunk, &mut totals, (&mut scratch, watch.as_deref_mut())));
        }
        totals.iter_mut().for_each(|totals| totals.close(plan));
        take(start, &totals)?;
    }
    Ok(())
}

fn complete(plan: &Plan, population: &Population<'_>) -> Result<(), ColumnsFault> {
    for (kind, reads) in plan.reads() {
        let Some(columns) = population.kind(*kind) else { continue };
        if reads.class && columns.class.is_none() {
            return Err(ColumnsFault::ClassAbsent(kind.0));
        }
        if let Some(field) = reads.fields.iter().find(|field| columns.fields.get(field.0).is_none_or(Option::is_none)) {
            return Err(ColumnsFault::Absent(kind.0, field.0));
        }
    }
    Ok(())
}

/// By coverage set the weight that is known on a day without looking at any row.
fn known_weight(work: &[Work<'_>], population: &Population<'_>, day: usize) -> Vec<i64> {
    let jobs = || work.iter().flat_map(Work::all);
    let weight = |set: u32| jobs().fold(0_i64, |sum, job| sum.wrapping_add(job.known_weight(day, set)));
    (0_u32..).take(population.coverages()).map(weight).collect()
}

fn work<'p>(plan: &'p Plan, population: &Population<'_>, days: &'p [Day], together: bool) -> Vec<Work<'p>> {
    let kinds = plan.reads().keys().map(|kind| {
        let indicators: Vec<_> = plan.indicators.iter().enumerate().filter(|(_, indicator)| indicator.kind == *kind).collect();
        // Of each indicator on each day.
        let turning: Vec<Vec<Turning>> =
            indicators.iter().map(|(_, plan)| days.iter().map(|day| Turning::new(plan, *day)).collect()).collect();
        let borders = |day: usize| turning.iter().filter_map(|days| days.get(day)).flat_map(Turning::borders).collect();
        let ages: Vec<Ages> = (0..days.len()).map(|day| Ages::new(borders(day))).collect();
        let jobs = indicators.iter().zip(&turning).map(|((place, plan), turning)| {
            let days = days.iter().zip(turning).zip(&ages);
            let dated = days.map(|((day, turning), ages)| Dated::new(plan, population, (turning, *day), ages)).collect();
            Job::new(*place, plan, dated)
        });
        let jobs: Vec<Job<'p>> = jobs.collect();
        let rules = plan.overrides.iter().enumerate().filter(|(_, rule)| rule.kind == *kind);
        let forcing = rules.filter_map(|(place, _)| Forcing::new(plan, place, days)).collect();
        let (bundles, jobs) = if together { Bundle::of(jobs, population.kind(*kind), &ages) } else { (Vec::new(), jobs) };
        let jobs = jobs.into_iter().map(|job| job.following(&ages)).collect();
        Work { kind: *kind, bundles, jobs, forcing, ages }
    });
    kinds.collect()
}

impl<'p> Work<'p> {
    /// All its indicators.
    fn all(&self) -> impl Iterator<Item = &Job<'p>> {
        self.jobs.iter().chain(self.bundles.iter().flat_map(Bundle::jobs))
    }

    /// Whether it follows rows from day to day.
    fn follows(&self) -> bool {
        self.ages.len() > 1 && (!self.bundles.is_empty() || self.jobs.iter().any(|job| job.course.is_some()))
    }

    /// Whether it reads rows otherwise than to follow them from day to day.
    fn reads(&self) -> bool {
        !self.forcing.is_empty() || self.ages.len() == 1 || self.jobs.iter().any(|job| job.course.is_none())
    }
}

/// Where an indicator of a chunk adds: one dimension, and the known weight.
struct Sink<'t> {
    dimension: &'t mut [i64],
    known_weight: &'t mut [i64],
}

impl Totals {
    /// How many subjects.
    pub fn subjects(&self) -> usize {
        self.total.len()
    }

    /// Points of one dimension of one subject; none where there is no such subject or dimension.
    pub fn dimension(&self, dimension: usize, subject: usize) -> Option<Points> {
        Some(Points(*self.dimensions.get(dimension)?.get(subject)?))
    }

    /// Whose limits hold for a subject, where peers decide: of the plan's limits of the day, 0 for everybody's.
    pub(crate) fn ladder(&self, subject: usize) -> Option<u16> {
        self.ladders.get(subject).copied()
    }

    /// The result of one subject.
    pub fn standing(&self, plan: &Plan, subject: usize) -> Option<Standing> {
        let (total, known) = (*self.total.get(subject)?, *self.known_weight.get(subject)?);
        if let Some(reason) = self.dormant {
            let outcome = Outcome::NotEvaluable { reason };
            return Some(Standing { outcome, forced: None, grade: None, assessed_share: 0, amount: None });
        }
        let assessed_share = if known == plan.weight { 1000 } else { known.wrapping_mul(1000) / plan.weight };
        let enough = known.wrapping_mul(1000) >= plan.assessed_share.wrapping_mul(plan.weight);
        let outcome = if enough {
            let points = total.clamp(plan.min, plan.max);
            let limits = plan.limits(self.as_of).zip(self.ladder(subject)).map(|(limits, ladder)| limits.ladder(ladder));
            Outcome::Graded { points: Points(points), grade: plan.grade(points, limits) }
        } else {
            Outcome::NotEvaluable { reason: Reason::TooLittleKnown { assessed_share, needed: plan.assessed_share } }
        };
        let rule = self.forced.get(subject)?.checked_sub(1).and_then(|place| plan.overrides.get(usize::from(place)));
        let grade = settle(outcome, rule);
        let amount = plan.amounts.as_ref().zip(grade).and_then(|(amounts, grade)| amounts.get(grade).copied());
        Some(Standing { outcome, forced: rule.map(|rule| rule.grade), grade, assessed_share, amount })
    }

    /// Whether a subject has the same sums here as on another day, so that [`Totals::standing`] says the same.
    pub fn stands_as(&self, other: &Totals, subject: usize) -> bool {
        let sums = |totals: &Totals| (totals.total.get(subject).copied(), totals.known_weight.get(subject).copied());
        let rules = |totals: &Totals| (totals.forced.get(subject).copied(), totals.dormant, totals.limits, totals.ladder(subject));
        sums(self) == sums(other) && rules(self) == rules(other)
    }

    fn new(plan: &Plan, as_of: Day) -> Totals {
        Totals {
            dimensions: vec![Vec::new(); plan.dimensions.len()],
            total: Vec::new(),
            known_weight: Vec::new(),
            forced: Vec::new(),
            dormant: plan.dormant(as_of),
            as_of,
            limits: plan.limits(as_of).map(|limits| limits.place),
            ladders: Vec::new(),
        }
    }

    /// Makes room for some subjects, of whom nothing is known yet.
    fn begin(&mut self, plan: &Plan, subjects: usize) {
        let columns = self.dimensions.iter_mut().chain([&mut self.known_weight]).map(|column| (column, 0));
        for (column, value) in columns.chain([(&mut self.total, plan.base)]) {
            column.clear();
            column.resize(subjects, value);
        }
        self.forced.clear();
        self.forced.resize(subjects, 0);
    }

    /// Of differences from the day before makes what each day has.
    fn follow(days: &mut [Totals]) {
        let mut days = days.iter_mut();
        let Some(mut before) = days.next() else { return };
        for day in days {
            let columns = day.dimensions.iter_mut().chain([&mut day.known_weight]);
            for (column, before) in columns.zip(before.dimensions.iter().chain([&before.known_weight])) {
                column.iter_mut().zip(before).for_each(|(sum, before)| *sum = sum.wrapping_add(*before));
            }
            before = day;
        }
    }

    /// Adds the weight that is known where silence means "none".
    fn know(&mut self, coverage_of: &[u32], known_weight: &[i64]) {
        for (weight, set) in self.known_weight.iter_mut().zip(coverage_of) {
            *weight = weight.wrapping_add(known_weight.get(*set as usize).copied().unwrap_or(0));
        }
    }

    fn append(&mut self, others: &Totals) {
        self.dimensions.iter_mut().zip(&others.dimensions).for_each(|(sums, others)| sums.extend_from_slice(others));
        self.total.extend_from_slice(&others.total);
        self.known_weight.extend_from_slice(&others.known_weight);
        self.forced.extend_from_slice(&others.forced);
        self.ladders.extend_from_slice(&others.ladders);
    }

    fn part(&mut self, dimension: usize) -> Sink<'_> {
        let dimension = self.dimensions.get_mut(dimension).map(Vec::as_mut_slice).unwrap_or_default();
        Sink { dimension, known_weight: &mut self.known_weight }
    }

    /// Bounds and weighs the dimensions and adds them up.
    fn close(&mut self, plan: &Plan) {
        for (dimension, sums) in plan.dimensions.iter().zip(&mut self.dimensions) {
            let bounds = dimension.bounds;
            if bounds.lets_through() {
                self.total.iter_mut().zip(&*sums).for_each(|(total, sum)| *total = total.wrapping_add(*sum));
                continue;
            }
            for (total, sum) in self.total.iter_mut().zip(sums) {
                *sum = bounds.apply(*sum);
                *total = total.wrapping_add(*sum);
            }
        }
    }
}

/// The grade that counts. A list of honour never lowers what points give, and no other list ever raises it (D17).
fn settle(outcome: Outcome, rule: Option<&OverridePlan>) -> Option<usize> {
    match (outcome, rule) {
        (Outcome::Graded { grade, .. }, None) => Some(grade),
        (Outcome::Graded { grade, .. }, Some(rule)) if rule.lifts => Some(grade.min(rule.grade)),
        (Outcome::Graded { grade, .. }, Some(rule)) => Some(grade.max(rule.grade)),
        (Outcome::NotEvaluable { .. }, rule) => rule.map(|rule| rule.grade),
    }
}

/// Where each of a chunk's subjects' rows end among those of the chunk.
pub(crate) fn ends(starts: &[u32]) -> Vec<u32> {
    let base = starts.first().copied().unwrap_or(0);
    starts.iter().skip(1).map(|start| start.wrapping_sub(base)).collect()
}

impl<'c> Chunk<'c> {
    /// How many rows there are before those of the chunk.
    fn base(&self) -> u32 {
        self.columns.starts.first().copied().unwrap_or(0)
    }

    /// How many subjects there are before those of the chunk.
    fn first(&self) -> u32 {
        u32::try_from(self.lot.subjects.start).unwrap_or(0)
    }

    /// Those subjects who have rows.
    fn owners(&self) -> Owners<'c> {
        Owners { ends: self.owned.ends.iter(), first: self.first(), base: self.base(), start: 0 }
    }

    /// Those of them who have very many.
    fn crowded(&self) -> impl Iterator<Item = Owner> + use<'c> {
        let (first, base) = (self.first(), self.base());
        self.owned.crowded.iter().map(move |owner| owner.among(first, base))
    }

    /// The owner at a place among those who have rows.
    fn owner(&self, place: u32) -> Option<Owner> {
        let (place, base) = (place as usize, self.base());
        let End { subject, end } = *self.owned.ends.get(place)?;
        let start = place.checked_sub(1).and_then(|before| self.owned.ends.get(before)).map_or(base, |before| before.end);
        Some(Owner { subject, start, end }.among(self.first(), base))
    }

    /// The coverage set of an owner.
    fn set(&self, owner: Owner) -> u32 {
        self.lot.coverage_of.get(owner.subject as usize).copied().unwrap_or(0)
    }

    /// Where each subject's rows end among those of the chunk.
    fn ends(&self) -> Vec<u32> {
        ends(self.columns.starts)
    }
}

/// The owners of rows, one after another.
#[derive(Clone, Debug)]
struct Owners<'e> {
    ends: std::slice::Iter<'e, End>,
    /// How many subjects and rows there are before them.
    first: u32,
    base: u32,
    start: u32,
}

impl Iterator for Owners<'_> {
    type Item = Owner;

    fn next(&mut self) -> Option<Owner> {
        let End { subject, end } = *self.ends.next()?;
        let end = end.wrapping_sub(self.base);
        Some(Owner { subject: subject.wrapping_sub(self.first), start: std::mem::replace(&mut self.start, end), end })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.ends.size_hint()
    }
}

impl ExactSizeIterator for Owners<'_> {}

/// Makes a cell of each item. What `make` needs it should own: behind a reference the compiler would have to look again after every cell.
fn map_into<T, U: Copy + Default>(items: impl ExactSizeIterator<Item = T>, cells: &mut Vec<U>, make: impl Fn(T) -> U) {
    cells.resize(items.len(), U::default());
    for (cell, item) in cells.iter_mut().zip(items) {
        *cell = make(item);
    }
}

/// The rows of each subject, by where each one's end.
pub(crate) fn ranges(ends: &[u32]) -> impl Iterator<Item = (usize, usize)> {
    let starts = std::iter::once(0).chain(ends.iter().map(|end| *end as usize));
    starts.zip(ends.iter().map(|end| *end as usize))
}
