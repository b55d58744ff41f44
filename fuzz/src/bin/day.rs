//! Days as people and systems write them, and the arithmetic of terms.
#![no_main]

use libfuzzer_sys::fuzz_target;
use xinzhi_core::Day;

/// Years from which a term may reach the end of the calendar, where days are clamped.
const YEAR_MAX: i16 = 9_000;

fuzz_target!(|input: (&str, i8)| {
    let (text, months) = input;
    let Ok(day) = Day::parse(text) else { return };
    assert_eq!(Day::parse(&day.to_string()), Ok(day));
    assert_eq!(Day::from_number(day.number()), Some(day));
    if day.year() > YEAR_MAX {
        return;
    }
    let later = day.plus_months(i32::from(months));
    assert!(later.day_of_month() <= day.day_of_month(), "ends of months are clamped: {day} plus {months} months is {later}");
    assert_eq!((later > day, later < day), if later == day { (false, false) } else { (months > 0, months < 0) });
});
