//! The one kernel: masks, windows, points, fades, sums and bounds over columns of integers.
//!
//! Subjects go through in chunks, so that every buffer of a chunk stays in the cache; the loops over a chunk's rows are plain and
//! without branches, and what a subject's rows come to is the difference of two running sums. Arithmetic wraps because
//! [`Plan::compile`] has proved that no subject's sums overflow. Rows are kept only for an explanation: a population of one and a
//! population of ten million run the same code.

use std::collections::BTreeMap;
use std::ops::Range;

use xinzhi_core::{Day, Points};
use xinzhi_rules::model::KindIx;

use crate::columns::{ColumnsFault, KindColumns, Population};
use crate::peers;
use crate::plan::{OverridePlan, Plan};
use crate::result::{Outcome, Reason, Standing};

mod days;

mod force;

mod mask;

mod number;

mod rows;

mod sums;

pub(crate) use days::{linear_keep, number};
pub(crate) use force::Hit;
pub(crate) use rows::{Kept, KeptRow};

use rows::{Job, Scratch};

/// Subjects that go through together: their rows of one kind, some thousands, fit the first-level cache with what is made of them.
const CHUNK: usize = 1024;

/// What a run leaves behind, by subject.
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
    jobs: Vec<Job<'p>>,
    /// Places in the plan.
    overrides: Vec<usize>,
}

/// Points of every subject of a population on a day.
///
/// # Errors
/// [`ColumnsFault`] where a column that the plan reads is missing.
pub fn run(plan: &Plan, population: &Population<'_>, as_of: Day) -> Result<Totals, ColumnsFault> {
    evaluate(plan, population, as_of, None)
}

/// A run that keeps the rows of its only chunk.
pub(crate) fn watched(plan: &Plan, population: &Population<'_>, as_of: Day) -> Result<(Totals, Watch), ColumnsFault> {
    let mut watch = Watch::default();
    let totals = evaluate(plan, population, as_of, Some(&mut watch))?;
    Ok((totals, watch))
}

fn evaluate(plan: &Plan, population: &Population<'_>, as_of: Day, mut watch: Option<&mut Watch>) -> Result<Totals, ColumnsFault> {
    complete(plan, population)?;
    let subjects = population.subjects();
    let mut totals = Totals {
        dimensions: vec![vec![0; subjects]; plan.dimensions.len()],
        total: vec![plan.base; subjects],
        known_weight: vec![0; subjects],
        forced: vec![0; subjects],
        dormant: plan.dormant(as_of),
        as_of,
        ladders: peers::ladders(plan, population, 0..subjects, as_of)?,
    };
    let work = work(plan, population, as_of);
    let mut scratch = Scratch::default();
    for start in (0..subjects).step_by(CHUNK) {
        let chunk = start..subjects.min(start + CHUNK);
        for work in &work {
            let columns = population.kind(work.kind).map(|columns| columns.of(chunk.clone()));
            for job in &work.jobs {
                let part = totals.part(job.plan.dimension, chunk.clone());
                match &columns {
                    Some(columns) => job.run(columns, population.coverage_of(chunk.clone()), part, (&mut scratch, watch.as_deref_mut())),
                    None => job.without_rows(population.coverage_of(chunk.clone()), part, watch.as_deref_mut()),
                }
            }
            for place in columns.iter().flat_map(|_| &work.overrides) {
                let Some((columns, forced)) = columns.as_ref().zip(totals.forced.get_mut(chunk.clone())) else { continue };
                force::force(plan, *place, columns, as_of, (forced, &mut scratch, watch.as_deref_mut()));
            }
        }
        totals.close(plan, chunk);
    }
    Ok(totals)
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

fn work<'p>(plan: &'p Plan, population: &Population<'_>, as_of: Day) -> Vec<Work<'p>> {
    let mut work: BTreeMap<KindIx, Work<'p>> = BTreeMap::new();
    let empty = |kind| Work { kind, jobs: Vec::new(), overrides: Vec::new() };
    for (place, indicator) in plan.indicators.iter().enumerate() {
        let covered = population.covered(|coverage| coverage.covers(indicator.wanted, as_of));
        work.entry(indicator.kind).or_insert_with(|| empty(indicator.kind)).jobs.push(Job::new(place, indicator, covered, as_of));
    }
    for (place, rule) in plan.overrides.iter().enumerate() {
        work.entry(rule.kind).or_insert_with(|| empty(rule.kind)).overrides.push(place);
    }
    work.into_values().collect()
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

    fn part(&mut self, dimension: usize, chunk: Range<usize>) -> Sink<'_> {
        let dimension = self.dimensions.get_mut(dimension).and_then(|sums| sums.get_mut(chunk.clone())).unwrap_or_default();
        Sink { dimension, known_weight: self.known_weight.get_mut(chunk).unwrap_or_default() }
    }

    /// Bounds and weighs the dimensions of a chunk and adds them up.
    fn close(&mut self, plan: &Plan, chunk: Range<usize>) {
        let Some(total) = self.total.get_mut(chunk.clone()) else { return };
        for (dimension, sums) in plan.dimensions.iter().zip(&mut self.dimensions) {
            let bounds = dimension.bounds;
            for (total, sum) in total.iter_mut().zip(sums.get_mut(chunk.clone()).unwrap_or_default()) {
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

/// The rows of each of a chunk's subjects, as ranges among the chunk's rows.
pub(crate) fn ranges<'c>(columns: &KindColumns<'c>) -> impl Iterator<Item = (usize, usize)> + use<'c> {
    let starts = columns.starts;
    let base = starts.first().copied().unwrap_or(0);
    let place = move |start: &u32| start.wrapping_sub(base) as usize;
    starts.iter().map(place).zip(starts.iter().skip(1).map(place))
}
