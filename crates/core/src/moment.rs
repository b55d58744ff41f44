//! When we learned of something: an instant in UTC milliseconds, and the clock that tells it.

use std::fmt;

use jiff::{Timestamp, tz};
use serde::{Deserialize, Serialize};

use crate::Day;

/// Milliseconds since 1970-01-01T00:00:00Z. The office assigns moments; callers never do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Moment(pub i64);

/// China has had one zone without summer time since 1991, and no record here is older than its day.
const SHANGHAI_HOURS: i8 = 8;

impl Moment {
    /// How far Shanghai is ahead of the zone in which moments are counted. A database that has to count days adds it to a moment and
    /// divides by the length of a day, which gives the number of [`Moment::day`].
    pub const SHANGHAI_MS: i64 = SHANGHAI_HOURS as i64 * 60 * 60 * 1000;

    fn civil(self) -> jiff::civil::DateTime {
        let instant = Timestamp::from_millisecond(self.0).unwrap_or(Timestamp::UNIX_EPOCH);
        tz::offset(SHANGHAI_HOURS).to_datetime(instant)
    }

    /// The civil day in Asia/Shanghai.
    pub fn day(self) -> Day {
        let date = self.civil().date();
        Day::new(date.year(), date.month(), date.day()).unwrap_or(Day::EARLIEST)
    }

    /// The first moment of a civil day.
    pub fn start_of(day: Day) -> Moment {
        const HOUR_MS: i64 = 3_600_000;
        Moment(day.number() * 24 * HOUR_MS - i64::from(SHANGHAI_HOURS) * HOUR_MS)
    }

    /// This moment moved by `ms` milliseconds.
    pub fn plus_ms(self, ms: i64) -> Moment {
        Moment(self.0.saturating_add(ms))
    }

    /// `2026-11-23T14:05:00.123+08:00`, for programs.
    pub fn to_rfc3339(self) -> String {
        let civil = self.civil();
        let milli = civil.subsec_nanosecond() / 1_000_000;
        format!("{}T{:02}:{:02}:{:02}.{milli:03}+08:00", self.day(), civil.hour(), civil.minute(), civil.second())
    }

    /// Hour of the day in Asia/Shanghai, 0 to 23.
    pub fn hour(self) -> i8 {
        self.civil().hour()
    }

    /// `2026-11-23 14:05`, in Asia/Shanghai.
    pub fn to_minute(self) -> String {
        let civil = self.civil();
        format!("{} {:02}:{:02}", self.day(), civil.hour(), civil.minute())
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{:02}", self.to_minute(), self.civil().second())
    }
}

/// Where time comes from. The binary passes the system's clock, tests pass one that they move.
pub trait Clock: Send + Sync + fmt::Debug {
    /// The present moment.
    fn now(&self) -> Moment;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_turns_at_midnight_in_shanghai() {
        let before = Moment(1_795_363_199_999);
        assert_eq!(before.to_string(), "2026-11-22 23:59:59");
        assert_eq!(before.plus_ms(1).to_string(), "2026-11-23 00:00:00");
        assert_eq!(before.plus_ms(1).day().to_string(), "2026-11-23");
        assert_eq!(Moment::start_of(before.plus_ms(1).day()), before.plus_ms(1));
        assert_eq!((before.to_rfc3339().as_str(), before.hour()), ("2026-11-22T23:59:59.999+08:00", 23));
    }

    #[test]
    fn a_database_counts_the_same_days() {
        for at in [0, 57_599_999, 57_600_000, 1_795_363_199_999, 1_795_363_200_000] {
            assert_eq!((at + Moment::SHANGHAI_MS) / (24 * 60 * 60 * 1000), Moment(at).day().number(), "{at}");
        }
    }
}
