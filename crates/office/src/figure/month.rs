//! Calendar months: what trends are made of.

use std::fmt;

use xinzhi_core::Day;

/// A calendar month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month(i32);

impl Month {
    /// The month of a day.
    pub fn of(day: Day) -> Month {
        Month(i32::from(day.year()) * 12 + i32::from(day.month()) - 1)
    }

    /// Reads `2026-11`.
    pub fn parse(text: &str) -> Option<Month> {
        Day::parse(&format!("{text}-01")).ok().filter(|_| text.len() == 7).map(Month::of)
    }

    /// Some months later, or earlier.
    #[must_use]
    pub fn plus(self, months: i32) -> Month {
        Month(self.0.saturating_add(months))
    }

    /// Year and month as people count.
    fn parts(self) -> (i32, i32) {
        (self.0.div_euclid(12), self.0.rem_euclid(12) + 1)
    }

    /// `11`, as below a chart.
    pub fn number(self) -> i32 {
        self.parts().1
    }

    /// Its last day.
    pub fn last_day(self) -> Day {
        let (year, month) = self.plus(1).parts();
        let first = i16::try_from(year).ok().zip(i8::try_from(month).ok()).and_then(|(year, month)| Day::new(year, month, 1));
        first.map_or(Day::LONG_TERM, |first| first.plus_days(-1))
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month) = self.parts();
        write!(f, "{year:04}-{month:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_go_round_the_year() {
        let day = |text: &str| Day::parse(text).unwrap();
        let november = Month::of(day("2026-11-23"));
        assert_eq!((november.to_string(), november.last_day()), ("2026-11".to_owned(), day("2026-11-30")));
        assert_eq!(november.plus(2).to_string(), "2027-01");
        assert_eq!(november.plus(-11).to_string(), "2025-12");
        assert_eq!(november.plus(-9).last_day(), day("2026-02-28"));
        assert_eq!(Month::parse("2026-11"), Some(november));
        for wrong in ["2026-13", "2026-1", "2026", "2026-11-01", ""] {
            assert_eq!(Month::parse(wrong), None, "{wrong}");
        }
    }
}
