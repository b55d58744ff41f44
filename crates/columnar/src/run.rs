//! A scorecard over a whole set. Partitions know nothing of one another: several threads take the next one, read it and run the kernel
//! over it; what comes out is handed on in order.

use xinzhi_core::Day;
use xinzhi_evaluate::columns::Values;
use xinzhi_evaluate::{ColumnsFault, KindColumns, Outcome, Plan, PlanFault, Population, kernel};
use xinzhi_rules::Pack;
use xinzhi_rules::model::{Scorecard, ScorecardIx};

use crate::coverage::Reported;
use crate::fault::Fault;
use crate::held::HeldPart;
use crate::ordered;
use crate::partition::{Partition, Wanted};
use crate::schema::{self, Shape};
use crate::set::TableSet;
use crate::standings::Standings;

/// A scorecard compiled to run over sets.
#[derive(Debug)]
pub struct Run<'p> {
    pack: &'p Pack,
    plan: Plan,
    card: &'p Scorecard,
    as_of: Day,
}

impl<'p> Run<'p> {
    /// Compiles a scorecard of the pack that a set is read by, and makes sure that the set speaks of what it reads.
    ///
    /// # Errors
    /// [`Fault`] where it does not compile or the set lacks a kind.
    pub fn compile(set: &TableSet<'p>, card: ScorecardIx, as_of: Day) -> Result<Run<'p>, Fault> {
        let run = Run::alone(set.pack(), card, as_of)?;
        set.fits(run.plan.reads())?;
        Ok(run)
    }

    /// Compiles a scorecard to run over tables in memory.
    ///
    /// # Errors
    /// [`Fault`] where it does not compile.
    pub fn alone(pack: &'p Pack, card: ScorecardIx, as_of: Day) -> Result<Run<'p>, Fault> {
        let plan = Plan::compile(pack, card)?;
        let card = pack.scorecard(card).ok_or(PlanFault::Scorecard(card.0))?;
        Ok(Run { pack, plan, card, as_of })
    }

    /// By id of the record kind the columns that are read, no others.
    pub fn needs(&self) -> Vec<(&'p str, Vec<Shape>)> {
        let reads = self.plan.reads().iter().filter_map(|(ix, reads)| Some((self.pack.record_kind(*ix)?, reads)));
        reads.map(|(kind, reads)| (kind.id.as_str(), schema::needed(kind, reads))).collect()
    }

    /// Reads and evaluates every partition on `threads` threads and hands its standings on, in order.
    ///
    /// # Errors
    /// The first [`Fault`]; what was handed on before it must not be used.
    pub fn over(&self, set: &TableSet<'_>, threads: usize, take: impl FnMut(Standings) -> Result<(), Fault>) -> Result<(), Fault> {
        ordered::each(set.partitions(), threads, |index| self.evaluate(set.partition(index, self.plan.reads())?), take)
    }

    /// Reads and evaluates one partition of a set.
    ///
    /// # Errors
    /// [`Fault`] where it cannot be read.
    pub fn partition(&self, set: &TableSet<'_>, index: usize) -> Result<Standings, Fault> {
        self.evaluate(set.partition(index, self.plan.reads())?)
    }

    /// Evaluates tables in memory, `many` of them, which `make` brings: as [`Run::over`] does it with partitions.
    ///
    /// # Errors
    /// The first [`Fault`]; what was handed on before it must not be used.
    pub fn over_held(
        &self,
        (many, threads): (usize, usize),
        reported: &Reported,
        make: impl Fn(usize) -> Result<HeldPart, Fault> + Sync,
        take: impl FnMut(Standings) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let wanted = Wanted { pack: self.pack, needs: self.plan.reads(), reported };
        ordered::each(many, threads, |index| self.evaluate(Partition::held(&make(index)?, wanted)?), take)
    }

    /// Evaluates everybody in memory and keeps nothing but the sum of all points, in thousandths, so that no part of the work is left out.
    ///
    /// # Errors
    /// [`Fault`] where the columns lack something.
    pub fn sum(&self, populations: &[Population<'_>], threads: usize) -> Result<i64, Fault> {
        let population = |index: usize| populations.get(index).map_or(Ok(0), |population| self.sum_of(population));
        let mut all = 0_i64;
        ordered::each(populations.len(), threads, population, |sum| {
            all = all.wrapping_add(sum);
            Ok(())
        })?;
        Ok(all)
    }

    fn sum_of(&self, population: &Population<'_>) -> Result<i64, Fault> {
        let mut sum = 0_i64;
        kernel::over(&self.plan, population, &[self.as_of], |_, totals| {
            let subjects = totals.iter().flat_map(|totals| (0..totals.subjects()).filter_map(|place| totals.standing(&self.plan, place)));
            for standing in subjects {
                if let Outcome::Graded { points, .. } = standing.outcome {
                    sum = sum.wrapping_add(points.0);
                }
            }
            Ok::<(), Fault>(())
        })?;
        Ok(sum)
    }

    fn evaluate(&self, mut partition: Partition) -> Result<Standings, Fault> {
        let mut standings = Standings::of(&mut partition, self.card.dimensions.len());
        let population = partition.population()?;
        kernel::over(&self.plan, &population, &[self.as_of], |first, totals| {
            let subjects = totals.iter().flat_map(|totals| (0..totals.subjects()).map(move |place| (totals, place)));
            for (totals, place) in subjects {
                let row = first + place;
                // A set may hold kinds of subjects that this scorecard is not meant for.
                if partition.subjects.kinds.get(row).is_some_and(|kind| self.card.subjects.contains(kind)) {
                    let standing = totals.standing(&self.plan, place).ok_or(ColumnsFault::Coverage)?;
                    let dimension = |dimension| totals.dimension(dimension, place).map(|points| points.0);
                    standings.push((&partition, row), &standing, dimension).ok_or(ColumnsFault::Coverage)?;
                }
            }
            Ok::<(), Fault>(())
        })?;
        Ok(standings)
    }
}

/// All partitions of a set in memory, so that reading and evaluating can be timed apart.
#[derive(Debug)]
pub struct Loaded {
    partitions: Vec<Partition>,
}

impl Loaded {
    /// Reads what a run needs.
    ///
    /// # Errors
    /// [`Fault`] where the set cannot be read.
    pub fn open(set: &TableSet<'_>, run: &Run<'_>, threads: usize) -> Result<Loaded, Fault> {
        let mut partitions = Vec::with_capacity(set.partitions());
        ordered::each(
            set.partitions(),
            threads,
            |index| set.partition(index, run.plan.reads()),
            |partition| {
                partitions.push(partition);
                Ok(())
            },
        )?;
        Ok(Loaded { partitions })
    }

    /// How many records are in memory.
    pub fn records(&self) -> usize {
        self.partitions.iter().map(Partition::records).sum()
    }

    /// The partitions as the kernel sees them.
    ///
    /// # Errors
    /// [`Fault`] where the columns contradict one another.
    pub fn populations(&self) -> Result<Vec<Population<'_>>, Fault> {
        self.partitions.iter().map(Partition::population).collect()
    }
}

/// What merely reading the columns comes to: how many bytes, and their sum, so that every one is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Touched {
    /// How many.
    pub bytes: u64,
    /// Of all cells, wrapping.
    pub sum: u64,
}

impl Touched {
    /// Reads every cell that a run reads once and does nothing with it: no evaluation can be faster.
    ///
    /// # Errors
    /// None of its own: what threads share can fail.
    pub fn by(run: &Run<'_>, populations: &[Population<'_>], threads: usize) -> Result<Touched, Fault> {
        let population = |index: usize| {
            let mut touched = Touched::default();
            let kinds = run.plan.reads().keys().filter_map(|kind| populations.get(index)?.kind(*kind));
            kinds.for_each(|columns| touched.kind(columns));
            Ok(touched)
        };
        let mut all = Touched::default();
        ordered::each(populations.len(), threads, population, |touched| {
            all = Touched { bytes: all.bytes + touched.bytes, sum: all.sum.wrapping_add(touched.sum) };
            Ok(())
        })?;
        Ok(all)
    }

    fn kind(&mut self, columns: &KindColumns<'_>) {
        self.cells(columns.starts, |start| u64::from(*start));
        self.cells(columns.day, |day| u64::from(day.cast_unsigned()));
        for column in columns.class.iter().chain(columns.fields.iter().flatten()) {
            match column.values {
                Values::Byte(values) => self.cells(values, |value| u64::from(*value)),
                Values::Short(values) => self.cells(values, |value| u64::from(value.cast_unsigned())),
                Values::Long(values) => self.cells(values, |value| value.cast_unsigned()),
            }
            self.cells(column.known.unwrap_or(&[]), |known| u64::from(*known));
        }
    }

    fn cells<T>(&mut self, cells: &[T], number: impl Fn(&T) -> u64) {
        self.bytes += u64::try_from(size_of_val(cells)).unwrap_or(0);
        self.sum = cells.iter().fold(self.sum, |sum, cell| sum.wrapping_add(number(cell)));
    }
}
