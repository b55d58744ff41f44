//! A scorecard over a whole set on each of many days, in one pass: a partition is read once, what does not depend on the day is read off
//! its rows once, and each day is what a run of that day alone gives.

use xinzhi_core::Day;
use xinzhi_evaluate::{ColumnsFault, Plan, PlanFault, Reason, Standing, Totals, kernel};
use xinzhi_rules::model::{Scorecard, ScorecardIx};

use crate::fault::Fault;
use crate::history::History;
use crate::ordered;
use crate::partition::Partition;
use crate::set::TableSet;
use crate::standings::{Encoded, Pin, Rows, Standings};
use crate::write::GROUP_ROWS;

/// Days of one backtest, at most: a hundred years of months.
pub const DAYS_MAX: usize = 1_200;

/// How far one day of a backtest is from the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Every {
    /// Months.
    Month,
    /// Quarters.
    Quarter,
    /// Years.
    Year,
}

impl Every {
    /// The last days of the periods that end between two days, both included; one more than [`DAYS_MAX`] where they are too many.
    pub fn last_days(self, from: Day, until: Day) -> Vec<Day> {
        let (months, first_month) = match self {
            Every::Month => (1, from.month()),
            Every::Quarter => (3, from.month() - (from.month() - 1) % 3),
            Every::Year => (12, 1),
        };
        let Some(begin) = Day::new(from.year(), first_month, 1) else { return Vec::new() };
        // The calendar ends with a month of its own, after which no other begins.
        let last_months = (1..).map(|period| begin.plus_months(months * period - 1)).take_while(|month| month.day_of_month() == 1);
        let ends = last_months.filter_map(|month| (28..=31).rev().find_map(|day| Day::new(month.year(), month.month(), day)));
        ends.take_while(|day| *day <= until).filter(|day| *day >= from).take(DAYS_MAX + 1).collect()
    }
}

/// A scorecard compiled to run over sets on some days.
#[derive(Debug)]
pub struct Backtest<'p> {
    plan: Plan,
    card: &'p Scorecard,
    days: Vec<Day>,
    /// Days that were asked for and on which the scorecard may not be used.
    dormant: Vec<(Day, Reason)>,
}

/// What a partition comes to.
#[derive(Debug)]
pub struct Section {
    /// Counts by day.
    pub history: History,
    /// Its rows, by subject and then by day, where a file is wanted.
    pub rows: Vec<Encoded>,
}

impl<'p> Backtest<'p> {
    /// Compiles a scorecard of the pack that a set is read by. Days on which it may not be used are set aside: nobody would have a grade.
    ///
    /// # Errors
    /// [`Fault`] where it does not compile or the set lacks a kind.
    pub fn compile(set: &TableSet<'p>, card: ScorecardIx, days: &[Day]) -> Result<Backtest<'p>, Fault> {
        let plan = Plan::compile(set.pack(), card)?;
        let card = set.pack().scorecard(card).ok_or(PlanFault::Scorecard(card.0))?;
        set.fits(plan.reads())?;
        let dormant: Vec<(Day, Reason)> = days.iter().filter_map(|day| Some((*day, plan.dormant(*day)?))).collect();
        let days = days.iter().copied().filter(|day| plan.dormant(*day).is_none()).collect();
        Ok(Backtest { plan, card, days, dormant })
    }

    /// The days that are evaluated.
    pub fn days(&self) -> &[Day] {
        &self.days
    }

    /// The days that are not, and why.
    pub fn dormant(&self) -> &[(Day, Reason)] {
        &self.dormant
    }

    /// Reads and evaluates every partition on `threads` threads and hands on what it comes to, in order; its rows only for a file, which
    /// is pinned by `pin`.
    ///
    /// # Errors
    /// The first [`Fault`]; what was handed on before it must not be used.
    pub fn over(
        &self,
        set: &TableSet<'_>,
        threads: usize,
        pin: Option<&Pin<'_>>,
        take: impl FnMut(Section) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let rows = pin.map(|pin| Rows::of_series(pin));
        let partition = |index| self.evaluate(set.partition(index, self.plan.reads())?, rows.as_ref());
        ordered::each(set.partitions(), threads, partition, take)
    }

    fn evaluate(&self, mut partition: Partition, file: Option<&Rows>) -> Result<Section, Fault> {
        let mut section = Section { history: History::new(self.card, &self.days), rows: Vec::new() };
        let mut rows = Standings::of(&mut partition, self.card.dimensions.len());
        let population = partition.population()?;
        kernel::over(&self.plan, &population, &self.days, |first, days| {
            for place in 0..days.first().map_or(0, Totals::subjects) {
                let row = first + place;
                // A set may hold kinds of subjects that this scorecard is not meant for.
                if partition.subjects.kinds.get(row).is_some_and(|kind| self.card.subjects.contains(kind)) {
                    let rows = file.is_some().then_some(&mut rows);
                    self.course((days, place), &mut section.history, (&partition, row), rows).ok_or(ColumnsFault::Coverage)?;
                }
            }
            if let Some(file) = file.filter(|_| rows.len() >= GROUP_ROWS) {
                section.rows.push(file.encode(&rows)?);
                rows.clear();
            }
            Ok::<(), Fault>(())
        })?;
        if let Some(file) = file.filter(|_| !rows.is_empty()) {
            section.rows.push(file.encode(&rows)?);
        }
        Ok(section)
    }
    /// Counts a subject on every day, and puts down its rows where they are asked for.
    fn course(
        &self,
        (days, place): (&[Totals], usize),
        history: &mut History,
        subject: (&Partition, usize),
        mut rows: Option<&mut Standings>,
    ) -> Option<()> {
        let mut before: Option<(&Totals, Standing, usize)> = None;
        for (day, (totals, as_of)) in days.iter().zip(&self.days).enumerate() {
            // From one day to the next most subjects stand as they did.
            let same = before.filter(|(before, ..)| totals.stands_as(before, place)).map(|(_, standing, _)| standing);
            let standing = same.or_else(|| totals.standing(&self.plan, place))?;
            let grade = history.add(day, &standing, before.map(|(.., grade)| grade));
            before = Some((totals, standing, grade));
            if let Some(rows) = rows.as_deref_mut() {
                let dimension = |dimension| totals.dimension(dimension, place).map(|points| points.0);
                rows.push_on(*as_of, subject, &standing, dimension)?;
            }
        }
        history.subjects += 1;
        Some(())
    }
}
