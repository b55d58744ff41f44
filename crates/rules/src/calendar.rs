//! Working days: weekends unless the year's notice says otherwise.

use std::collections::{BTreeMap, BTreeSet};

use xinzhi_core::Day;

/// The holiday notices known to a pack, by year.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calendar {
    /// Years with a published notice.
    pub years: BTreeMap<i16, Year>,
}

/// One year's notice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Year {
    /// Its document number.
    pub notice: String,
    /// Days off that are not ordinary weekends, or that repeat them.
    pub holidays: BTreeSet<Day>,
    /// Weekend days that are worked (调休).
    pub workdays: BTreeSet<Day>,
}

/// A deadline, with whether a year on the way had no published notice (暂按周末推算).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline {
    /// The day.
    pub day: Day,
    /// Whether it rests on weekends alone somewhere.
    pub provisional: bool,
}

impl Calendar {
    /// Whether `day` is worked, as far as is published.
    pub fn is_working(&self, day: Day) -> bool {
        match self.years.get(&day.year()) {
            Some(year) if year.workdays.contains(&day) => true,
            Some(year) if year.holidays.contains(&day) => false,
            _ => !day.is_weekend(),
        }
    }

    /// The `count`-th working day after `start`; the day itself does not count.
    pub fn working_days_after(&self, start: Day, count: u32) -> Deadline {
        let mut day = start;
        let mut left = count;
        let mut provisional = false;
        while left > 0 {
            day = day.plus_days(1);
            provisional |= !self.years.contains_key(&day.year());
            if self.is_working(day) {
                left -= 1;
            }
        }
        Deadline { day, provisional }
    }

    /// Working days after `from` up to and including `to`; zero when `to` is not later.
    pub fn working_days_between(&self, from: Day, to: Day) -> u32 {
        let mut day = from;
        let mut count = 0;
        while day < to {
            day = day.plus_days(1);
            count += u32::from(self.is_working(day));
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    #[test]
    fn w7_holidays_are_skipped_and_worked_weekends_count() {
        let year = Year {
            notice: "示例".into(),
            holidays: ["2026-10-01", "2026-10-02", "2026-10-05"].map(day).into(),
            workdays: [day("2026-10-10")].into(),
        };
        let calendar = Calendar { years: [(2026, year)].into() };
        assert_eq!(calendar.working_days_after(day("2026-09-30"), 1).day, day("2026-10-06"));
        assert_eq!(calendar.working_days_after(day("2026-10-09"), 1).day, day("2026-10-10"));
        assert!(!calendar.working_days_after(day("2026-10-09"), 1).provisional);
        assert!(calendar.working_days_after(day("2026-12-31"), 1).provisional);
        assert_eq!(calendar.working_days_between(day("2026-10-09"), day("2026-10-12")), 2);
    }
}
