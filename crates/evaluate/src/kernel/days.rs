//! The days of one indicator on one day of evaluation, as numbers that rows are compared with.

use xinzhi_core::Day;
use xinzhi_rules::fact::window_start;
use xinzhi_rules::model::Fading;

use crate::plan::Worth;

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

/// Points of every combination of worth and age: the only place where points fade.
#[derive(Clone, Debug)]
pub(super) enum Table {
    /// Entry `1 + step × codes + code`, the row's step being how many of `cuts` its day does not come after; entry 0 is a row that
    /// does not count.
    Steps { codes: u16, cuts: Vec<i32>, points: Vec<i64>, keeps: Vec<i64> },
    /// Entry `1 + code` is what is worth when new; `keep` has thousandths by days since the window's first.
    Linear { points: Vec<i64>, keep: Vec<i64>, first: i32 },
}

impl Table {
    pub(super) fn new(worth: &Worth, fading: &Fading, (window, as_of): (Window, Day)) -> Table {
        let full = match worth {
            Worth::Constant(points) => vec![*points],
            Worth::Table(_, points) => points.clone(),
            Worth::Bands(_, bands) => bands.iter().map(|(_, points)| *points).collect(),
        };
        match fading {
            Fading::Steps(steps) => {
                let cuts = steps.iter().map(|step| number(latest_aged(as_of, step.after_months))).collect();
                let keeps: Vec<i64> = std::iter::once(1000).chain(steps.iter().map(|step| step.keep)).collect();
                let faded = keeps.iter().flat_map(|keep| full.iter().map(move |points| faded(*points, *keep)));
                let points = std::iter::once(0).chain(faded).collect();
                // `Plan::compile` keeps codes times fades below 65 000.
                Table::Steps { codes: u16::try_from(full.len()).unwrap_or(u16::MAX), cuts, points, keeps }
            }
            Fading::Linear { after_months } => {
                let whole = whole_from(*after_months, as_of);
                let keep = (window.first..=window.last).map(|day| evenly(day, window.first, whole));
                Table::Linear { points: std::iter::once(0).chain(full).collect(), keep: keep.collect(), first: window.first }
            }
        }
    }

    /// The table of an indicator whose rows are only counted.
    pub(super) fn one() -> Table {
        Table::Steps { codes: 1, cuts: Vec::new(), points: vec![0, 0], keeps: vec![1000] }
    }

    /// Points of a row by its entry and day.
    pub(super) fn points(&self, entry: u16, day: i32) -> i64 {
        match self {
            Table::Steps { points, .. } => at(points, entry),
            Table::Linear { points, .. } => faded(at(points, entry), self.keep(entry, day)),
        }
    }

    /// What a row is worth when new.
    pub(super) fn full(&self, entry: u16) -> i64 {
        match self {
            Table::Steps { points, codes, .. } => {
                let code = entry.checked_sub(1).and_then(|entry| entry.checked_rem(*codes));
                code.map_or(0, |code| at(points, 1 + code))
            }
            Table::Linear { points, .. } => at(points, entry),
        }
    }

    /// Thousandths that are left of a row.
    pub(super) fn keep(&self, entry: u16, day: i32) -> i64 {
        match self {
            Table::Steps { keeps, codes, .. } => {
                let step = entry.checked_sub(1).and_then(|entry| entry.checked_div(*codes));
                step.and_then(|step| keeps.get(usize::from(step)).copied()).unwrap_or(0)
            }
            Table::Linear { keep, first, .. } => {
                usize::try_from(i64::from(day) - i64::from(*first)).ok().and_then(|age| keep.get(age).copied()).unwrap_or(0)
            }
        }
    }
}

/// One entry of a table.
pub(super) fn at(points: &[i64], entry: u16) -> i64 {
    points.get(usize::from(entry)).copied().unwrap_or(0)
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
