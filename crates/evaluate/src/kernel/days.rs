//! The days of one day of evaluation, as numbers: which window a document's day lies in, how old it is, and what is left of its points.

use xinzhi_core::Day;
use xinzhi_rules::fact::window_start;
use xinzhi_rules::model::Fading;

use super::map_into;
use crate::plan::{IndicatorPlan, TakePlan, Worth};

/// First and last document day that count.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    pub first: i32,
    pub last: i32,
}

impl Window {
    pub(super) fn new(as_of: Day, months: i32) -> Window {
        Window { first: number(window_start(as_of, months)), last: number(as_of) }
    }

    /// 1 where a document's day counts, as the masks have it.
    pub(super) fn holds(self, day: i32) -> u8 {
        u8::from(self.first <= day) & u8::from(day <= self.last)
    }
}

/// More days than the longest windows of nearly all scorecards have: five years and a half.
const YEARS: usize = 2048;

/// The days of documents cut at every border of any window or fade of a kind: within a stretch nothing turns for any of its indicators.
/// A row's stretch is looked up once and serves them all.
#[derive(Clone, Debug)]
pub(super) struct Ages {
    /// The first day of each stretch but 0, in which there is no window: it is all that lies before the others and behind them.
    borders: Vec<i32>,
    /// The day after the last of them.
    end: Option<i32>,
    stretch: ByDay,
}

/// A number for each day of a document.
#[derive(Clone, Debug)]
pub(super) struct ByDay {
    first: i32,
    /// From the first day on; the last cell is that of all days outside. At least [`YEARS`] of them.
    cells: Vec<u16>,
}

/// The same, of few days.
#[derive(Clone, Copy)]
struct ByFewDays<'b> {
    first: i32,
    cells: &'b [u16; YEARS],
}

impl ByDay {
    /// Itself, if it is of few days: then the compiler leaves a check out.
    fn few(&self) -> Option<ByFewDays<'_>> {
        let cells = self.cells.first_chunk::<YEARS>().filter(|_| self.cells.len() == YEARS)?;
        Some(ByFewDays { first: self.first, cells })
    }

    /// The number of each of some days.
    pub(super) fn read(&self, days: &[i32], numbers: &mut Vec<u16>) {
        match self.few() {
            Some(few) => map_into(days.iter(), numbers, move |day| few.at(*day)),
            None => map_into(days.iter(), numbers, move |day| self.at(*day)),
        }
    }

    /// The number of a day.
    fn at(&self, day: i32) -> u16 {
        self.cells.get(place(day, self.first, self.cells.len())).copied().unwrap_or(0)
    }
}

impl ByFewDays<'_> {
    /// The number of a day. The remainder changes nothing.
    fn at(self, day: i32) -> u16 {
        self.cells.get(place(day, self.first, YEARS) % YEARS).copied().unwrap_or(0)
    }
}

/// The place of a day among so many cells from a first day on: a day before it becomes the largest of numbers, so that there is no branch to guess
/// wrong.
fn place(day: i32, first: i32, many: usize) -> usize {
    (day.wrapping_sub(first).cast_unsigned() as usize).min(many.saturating_sub(1))
}

impl Ages {
    /// Borders in any order, the last of them where every window has ended.
    pub(super) fn new(mut borders: Vec<i32>) -> Ages {
        borders.sort_unstable();
        borders.dedup();
        let mut stretch = Vec::new();
        // `Plan::compile` keeps the borders of a kind below 65 000.
        for (pair, place) in borders.windows(2).zip(1_u16..) {
            let [from, until] = *pair else { continue };
            let days = usize::try_from(i64::from(until) - i64::from(from)).unwrap_or(0);
            stretch.resize(stretch.len() + days, place);
        }
        stretch.push(0);
        stretch.resize(stretch.len().max(YEARS), 0);
        let end = borders.pop();
        let first = borders.first().copied().unwrap_or(0);
        Ages { borders, end, stretch: ByDay { first, cells: stretch } }
    }

    /// The stretch of each row.
    pub(super) fn read(&self, days: &[i32], ages: &mut Vec<u16>) {
        self.stretch.read(days, ages);
    }

    /// The stretch of one day.
    pub(super) fn of(&self, day: i32) -> u16 {
        self.stretch.at(day)
    }

    /// What each day's stretch says.
    pub(super) fn by_day(&self, of: impl Fn(u16) -> u16) -> ByDay {
        ByDay { first: self.stretch.first, cells: self.stretch.cells.iter().map(|age| of(*age)).collect() }
    }

    /// On which days another stretch begins, and which: from the end on the one of nothing.
    pub(super) fn turns(&self) -> impl Iterator<Item = (i32, u16)> {
        let end = self.end.map(|end| (end, 0));
        self.borders.iter().copied().zip(1..).chain(end)
    }

    /// How many stretches there are.
    pub(super) fn stretches(&self) -> usize {
        self.borders.len() + 1
    }

    /// Each stretch. `Plan::compile` keeps them below 65 000.
    pub(super) fn all(&self) -> impl Iterator<Item = u16> {
        (0..=u16::MAX).take(self.stretches())
    }

    /// A day of each stretch, one for all of it; none for 0.
    fn days(&self) -> impl Iterator<Item = Option<i32>> {
        std::iter::once(None).chain(self.borders.iter().copied().map(Some))
    }
}

/// The days of documents on which a row turns for an indicator.
#[derive(Clone, Debug)]
pub(super) struct Turning {
    pub window: Window,
    /// The latest document day that each step fades.
    cuts: Vec<i32>,
}

impl Turning {
    pub(super) fn new(plan: &IndicatorPlan, as_of: Day) -> Turning {
        let cuts = match &plan.take {
            TakePlan::Each { fading: Fading::Steps(steps), .. } => {
                steps.iter().map(|step| number(latest_aged(as_of, step.after_months))).collect()
            }
            TakePlan::Each { fading: Fading::Linear { .. }, .. } | TakePlan::Number { .. } => Vec::new(),
        };
        Turning { window: Window::new(as_of, plan.window_months), cuts }
    }

    /// From when on a row is in the window, is younger than a step, is still to come.
    pub(super) fn borders(&self) -> impl Iterator<Item = i32> {
        let ends = self.cuts.iter().chain(std::iter::once(&self.window.last)).map(|day| day.saturating_add(1));
        std::iter::once(self.window.first).chain(ends)
    }

    /// How often a document of a day has faded, and one more; 0 outside the window.
    fn stage(&self, day: i32) -> usize {
        if self.window.holds(day) == 1 { 1 + self.cuts.iter().filter(|cut| day <= **cut).count() } else { 0 }
    }
}

/// Points of every combination of worth and age: the only place where points fade.
#[derive(Clone, Debug)]
pub(super) struct Table {
    /// By stretch, where its line begins among the points: at 0, a line of nothing, outside the window.
    lines: Vec<u32>,
    /// Line by line: 0 for a row that does not count, then what each code is worth.
    points: Vec<i64>,
    /// Thousandths that are left in each line.
    keeps: Vec<i64>,
    /// How long a line is.
    width: usize,
    /// Where points fade evenly, what is left by days since the first of the window, and that first day.
    even: Option<(Vec<i64>, i32)>,
}

impl Table {
    pub(super) fn of(plan: &IndicatorPlan, (turning, as_of): (&Turning, Day), ages: &Ages) -> Table {
        match &plan.take {
            TakePlan::Each { worth, fading, .. } => Table::new(worth, fading, (turning, as_of), ages),
            // Its rows are only counted.
            TakePlan::Number { .. } => Table::new(&Worth::Constant(0), &Fading::Steps(Vec::new()), (turning, as_of), ages),
        }
    }

    fn new(worth: &Worth, fading: &Fading, (turning, as_of): (&Turning, Day), ages: &Ages) -> Table {
        let full = match worth {
            Worth::Constant(points) => vec![*points],
            Worth::Table(_, points) => points.clone(),
            Worth::Bands(_, bands) => bands.iter().map(|(_, points)| *points).collect(),
        };
        let (window, width) = (turning.window, full.len() + 1);
        let steps = match fading {
            Fading::Steps(steps) => steps.as_slice(),
            Fading::Linear { .. } => &[],
        };
        let keeps: Vec<i64> = [0, 1000].into_iter().chain(steps.iter().map(|step| step.keep)).collect();
        let line = |keep: &i64| std::iter::once(0).chain(full.iter().map(|points| faded(*points, *keep))).collect::<Vec<_>>();
        // `Plan::compile` keeps codes times fades below 65 000.
        let begin = |day: Option<i32>| u32::try_from(day.map_or(0, |day| turning.stage(day)) * width).unwrap_or(0);
        let (lines, points) = (ages.days().map(begin).collect(), keeps.iter().flat_map(line).collect());
        let even = match fading {
            Fading::Steps(_) => None,
            Fading::Linear { after_months } => {
                let whole = whole_from(*after_months, as_of);
                Some(((window.first..=window.last).map(|day| evenly(day, window.first, whole)).collect(), window.first))
            }
        };
        Table { lines, points, keeps, width, even }
    }

    /// Where the line of a stretch begins; 0 outside the window.
    pub(super) fn line_of(&self, age: u16) -> u32 {
        self.lines.get(usize::from(age)).copied().unwrap_or(0)
    }

    /// Points of a code in a line. They are the same on every day; only which line a row is in is not.
    pub(super) fn worth(&self, line: u32, code: u16) -> i64 {
        self.points.get((line as usize).wrapping_add(usize::from(code))).copied().unwrap_or(0)
    }

    /// Points of a row by its age and code, where they do not fade evenly.
    pub(super) fn at(&self, age: u16, code: u16) -> i64 {
        self.worth(self.line_of(age), code)
    }

    /// Points of a row by its age, code and day.
    pub(super) fn points(&self, (age, code): (u16, u16), day: i32) -> i64 {
        match &self.even {
            None => self.at(age, code),
            Some(even) => faded(self.at(age, code), left(even, day)),
        }
    }

    /// 1 where a row counts: it is worth something that is stated, and in the window.
    pub(super) fn counts(&self, age: u16, code: u16) -> u8 {
        u8::from(code != 0) & u8::from(self.line_of(age) != 0)
    }

    /// What a row is worth when new.
    pub(super) fn full(&self, code: u16) -> i64 {
        self.points.get(self.width + usize::from(code)).copied().unwrap_or(0)
    }

    /// Thousandths that are left of a row.
    pub(super) fn keep(&self, age: u16, day: i32) -> i64 {
        match &self.even {
            None => (self.line_of(age) as usize).checked_div(self.width).and_then(|line| self.keeps.get(line)).copied().unwrap_or(0),
            Some(even) => left(even, day),
        }
    }

    /// How long a line is.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// The most that a row is worth, whichever way.
    pub(super) fn largest(&self) -> u64 {
        self.points.iter().map(|points| points.unsigned_abs()).max().unwrap_or(0)
    }

    /// What divides the points of every row; 0 where all are 0.
    pub(super) fn divisor(&self) -> u64 {
        self.points.iter().map(|points| points.unsigned_abs()).fold(0, common)
    }

    /// Whether points fade day by day, so that the age of a row does not say it all.
    pub(super) fn evenly(&self) -> bool {
        self.even.is_some()
    }
}

/// The greatest common divisor.
pub(super) fn common(mut one: u64, mut other: u64) -> u64 {
    while let Some(rest) = one.checked_rem(other) {
        (one, other) = (other, rest);
    }
    one
}

/// Thousandths by day.
fn left((keep, first): &(Vec<i64>, i32), day: i32) -> i64 {
    usize::try_from(i64::from(day) - i64::from(*first)).ok().and_then(|age| keep.get(age).copied()).unwrap_or(0)
}

/// Thousandths that are left of a document of `day`, on whichever day the window of `months` and the age are counted back from.
pub(crate) fn linear_keep(day: Day, (months, after_months): (i32, i32), as_of: Day) -> i64 {
    evenly(number(day), Window::new(as_of, months).first, whole_from(after_months, as_of))
}

/// The first document day of which everything is kept.
fn whole_from(after_months: i32, as_of: Day) -> i32 {
    number(window_start(as_of, after_months).min(as_of))
}

/// Thousandths that rise evenly from the first day of the window to the first of which everything is kept.
fn evenly(day: i32, first: i32, whole: i32) -> i64 {
    let since = |until: i32| i64::from(until) - i64::from(first) + 1;
    (since(day) * 1000).checked_div(since(whole)).map_or(0, |keep| keep.clamp(0, 1000))
}

/// The rounding of `rules::fact::faded`, without its overflow check: the product is proved to fit.
pub(super) fn faded(points: i64, keep: i64) -> i64 {
    points.wrapping_mul(keep) / 1000
}

/// The latest day that is `months` old on `as_of`, that is `day.plus_months(months) <= as_of`, with its clamped month ends.
fn latest_aged(as_of: Day, months: i32) -> Day {
    let mut day = as_of.plus_months(-months);
    for _ in 0..3 {
        let next = day.plus_days(1);
        if next.plus_months(months) > as_of {
            break;
        }
        day = next;
    }
    day
}

/// A day as the columns hold it: days of the calendar fit by far.
pub(crate) fn number(day: Day) -> i32 {
    i32::try_from(day.number()).unwrap_or(if day.number() < 0 { i32::MIN } else { i32::MAX })
}
