//! Civil days in Asia/Shanghai: the only date arithmetic in the house (W7).

use std::fmt;

use jiff::{ToSpan, Unit, civil::Date};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// A civil day. Law, deadlines and expiry speak of days; [`crate::Moment`] says when we learned of something.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(Date);

/// Why a text is not a day, as a clause that continues a Chinese sentence naming the field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("不是有效日期，应写成 YYYY-MM-DD")]
pub struct NotADay;

const EPOCH: Date = Date::constant(1970, 1, 1);

impl Day {
    /// The first day that a record may carry; anything older is a typing error.
    pub const EARLIEST: Day = Day(Date::constant(1949, 10, 1));
    /// 2099-12-31, which department files use for "no end" (长期).
    pub const LONG_TERM: Day = Day(Date::constant(2099, 12, 31));

    /// The day `year-month-day`, or `None` where the calendar has no such day.
    pub fn new(year: i16, month: i8, day: i8) -> Option<Day> {
        Date::new(year, month, day).ok().map(Day)
    }

    /// Reads the shapes met in department files: `2026-03-01`, `2026/3/1`, `2026.3.1`, `20260301`, `2026年3月1日`, each
    /// also followed by a time of day, which is dropped.
    ///
    /// # Errors
    /// [`NotADay`] for anything else, and for days that no calendar has.
    pub fn parse(text: &str) -> Result<Day, NotADay> {
        let text = text.trim();
        let date = text.split([' ', 'T']).next().unwrap_or(text);
        if date.len() == 8 && date.bytes().all(|b| b.is_ascii_digit()) {
            let number: i32 = date.parse().map_err(|_| NotADay)?;
            return Day::from_parts(number / 10_000, number / 100 % 100, number % 100);
        }
        let date = date.strip_suffix('日').unwrap_or(date);
        let mut parts = date.split(['-', '/', '.', '年', '月']);
        let mut next = || -> Result<i32, NotADay> {
            let part = parts.next().ok_or(NotADay)?;
            let plain = !part.is_empty() && part.len() <= 4 && part.bytes().all(|b| b.is_ascii_digit());
            if plain { part.parse().map_err(|_| NotADay) } else { Err(NotADay) }
        };
        let (year, month, day) = (next()?, next()?, next()?);
        if parts.next().is_some() {
            return Err(NotADay);
        }
        Day::from_parts(year, month, day)
    }

    fn from_parts(year: i32, month: i32, day: i32) -> Result<Day, NotADay> {
        if year < 1000 {
            return Err(NotADay);
        }
        let year = i16::try_from(year).map_err(|_| NotADay)?;
        let month = i8::try_from(month).map_err(|_| NotADay)?;
        let day = i8::try_from(day).map_err(|_| NotADay)?;
        Day::new(year, month, day).ok_or(NotADay)
    }

    /// Days since 1970-01-01: the form in which the kernel and the database compare days.
    pub fn number(self) -> i64 {
        EPOCH.until((Unit::Day, self.0)).map_or(0, |span| i64::from(span.get_days()))
    }

    /// The inverse of [`Day::number`]; `None` outside the years −9999 to 9999.
    pub fn from_number(number: i64) -> Option<Day> {
        // Numbers beyond any calendar are no span at all; building one from them would panic.
        let span = jiff::Span::new().try_days(number).ok()?;
        EPOCH.checked_add(span).ok().map(Day)
    }

    /// This day moved by whole days; clamped at the ends of the calendar.
    pub fn plus_days(self, days: i32) -> Day {
        Day(self.0.saturating_add(days.days()))
    }

    /// This day moved by whole months, clamped to the month's last day: 2026-11-30 plus 3 months is 2027-02-28.
    pub fn plus_months(self, months: i32) -> Day {
        Day(self.0.saturating_add(months.months()))
    }

    /// The calendar year.
    pub fn year(self) -> i16 {
        self.0.year()
    }

    /// Month of the year, 1 to 12.
    pub fn month(self) -> i8 {
        self.0.month()
    }

    /// Day of the month, 1 to 31.
    pub fn day_of_month(self) -> i8 {
        self.0.day()
    }

    /// Whether the day is a Saturday or a Sunday; which of them are worked is the calendar's to say.
    pub fn is_weekend(self) -> bool {
        self.0.weekday().to_monday_one_offset() >= 6
    }

    /// Whole years from `birth` to this day, as age counts: the birthday itself completes the year.
    pub fn years_since(self, birth: Day) -> i32 {
        let years = i32::from(self.0.year()) - i32::from(birth.0.year());
        let before_birthday = (self.0.month(), self.0.day()) < (birth.0.month(), birth.0.day());
        if before_birthday { years - 1 } else { years }
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.0.year(), self.0.month(), self.0.day())
    }
}

impl fmt::Debug for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Day, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Day::parse(&text).map_err(|fault| D::Error::custom(format!("`{text}` {fault}")))
    }
}

/// A stretch of days with both ends included; no end means still running.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Span {
    /// First day.
    pub from: Day,
    /// Last day, included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Day>,
}

impl Span {
    /// Whether `day` lies inside, both ends included.
    pub fn contains(self, day: Day) -> bool {
        self.from <= day && self.until.is_none_or(|until| day <= until)
    }
}

#[cfg(test)]
mod tests;
