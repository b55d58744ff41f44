//! What was aimed at, line by line, and whether it was met. A machine that is busy misses aims: that is told in words and fails nothing.

use std::fmt::Write as _;

use anyhow::{Context, Result};
use serde_json::Value;

/// Something that was aimed at.
#[derive(Debug)]
pub(super) struct Aim {
    what: String,
    seen: String,
    aim: String,
    met: bool,
}

/// A number that a command said.
pub(super) fn number_of(of: &Value, key: &str) -> Result<f64> {
    of.get(key).and_then(Value::as_f64).with_context(|| format!("no `{key}` was measured"))
}

/// What follows from the table itself.
pub(super) fn of_table(from_files: f64, measured: &Value, theirs: &Value) -> Result<Vec<Aim>> {
    let (memory, limit) = (number_of(measured, "memory")?, number_of(measured, "limit")?);
    let at_least = |what: &str, times: f64, aim: f64| Aim {
        what: what.to_owned(),
        seen: format!("{times:.1} times as fast"),
        aim: format!("at least {aim}"),
        met: times >= aim,
    };
    let touched = memory / limit;
    Ok(vec![
        at_least("from memory, against DuckDB", number_of(theirs, "memory")? / memory, 8.0),
        at_least("from Parquet, against DuckDB", number_of(theirs, "parquet")? / from_files, 3.0),
        Aim {
            what: "from memory, against reading once".to_owned(),
            seen: format!("{touched:.1} times as long"),
            aim: "at most 4".to_owned(),
            met: touched <= 4.0,
        },
    ])
}

/// A backtest against one day, both from the start of the command to its end.
pub(super) fn backtest(days: usize, seconds: f64, one_day: f64) -> Aim {
    let times = seconds / one_day;
    Aim {
        what: format!("{days} month-ends, against one day"),
        seen: format!("{seconds:.3} s, {times:.1} times as long"),
        aim: "60 days, at most 6".to_owned(),
        met: days == 60 && times <= 6.0,
    }
}

/// An explanation, by what it takes on average.
pub(super) fn explained(said: &Value) -> Result<Aim> {
    let (records, mean, best) = (number_of(said, "records")?, number_of(said, "mean_us")?, number_of(said, "best_us")?);
    Ok(Aim {
        what: format!("a subject of {records} records explained"),
        seen: format!("{mean:.0} µs on average, {best:.0} at best"),
        aim: "below 100 µs".to_owned(),
        met: mean < 100.0,
    })
}

/// Subjects alone against the same among all.
pub(super) fn alone(said: &Value) -> Result<Aim> {
    let number = |key| number_of(said, key);
    let (subjects, partitions, graded) = (number("subjects")?, number("partitions")?, number("graded")?);
    let equal = said.get("equal").and_then(Value::as_bool) == Some(true);
    Ok(Aim {
        what: format!("{subjects} subjects of {partitions} partitions, alone"),
        seen: format!("{graded} with points, {}", if equal { "every column equal" } else { "SOME DIFFER" }),
        aim: "as among all".to_owned(),
        met: equal,
    })
}

/// Ten times the set: time against that of the set, and memory.
pub(super) fn large((subjects, records): (u32, u32), (seconds, most): (f64, u64), from_files: f64) -> [Aim; 2] {
    let times = seconds / from_files;
    let megabytes = most / 1_000_000;
    [
        Aim {
            what: format!("{subjects} subjects, {records} records"),
            seen: format!("{seconds:.3} s, {times:.1} times as long"),
            aim: "at most 10.5".to_owned(),
            met: times <= 10.5,
        },
        Aim {
            what: "its memory".to_owned(),
            seen: format!("{megabytes} MB at most"),
            aim: "at most 24 GB".to_owned(),
            met: megabytes <= 24_000,
        },
    ]
}

/// One line each.
pub(super) fn table(aims: &[Aim]) -> String {
    let mut out = String::from("\n");
    for Aim { what, seen, aim, met } in aims {
        let verdict = if *met { "met" } else { "MISSED" };
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{what:<46} {seen:<36} aim: {aim:<20} {verdict}");
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_missed_aim_is_told_in_words() {
        let verdicts = |aims: &[Aim]| table(aims).lines().skip(1).map(|line| line.ends_with("met")).collect::<Vec<_>>();
        let theirs = json!({"memory": 8.0, "parquet": 2.9});
        let table_aims = of_table(1.0, &json!({"memory": 1.0, "limit": 0.2}), &theirs).unwrap();
        assert_eq!(verdicts(&table_aims), [true, false, false]);
        assert_eq!(verdicts(&[backtest(60, 6.0, 1.0), backtest(59, 1.0, 1.0), backtest(60, 6.1, 1.0)]), [true, false, false]);
        let told = |mean: f64| explained(&json!({"records": 50, "mean_us": mean, "best_us": 80.0})).unwrap();
        assert_eq!(verdicts(&[told(99.9), told(100.0)]), [true, false]);
        let one = |equal: bool| alone(&json!({"subjects": 200, "partitions": 16, "graded": 180, "equal": equal})).unwrap();
        assert_eq!(verdicts(&[one(true), one(false)]), [true, false]);
        assert_eq!(verdicts(&large((10, 200), (10.5, 1_000_000), 1.0)), [true, true]);
        assert_eq!(verdicts(&large((10, 200), (10.6, 25_000_000_000), 1.0)), [false, false]);
        assert!(table(&table_aims).contains("MISSED"));
    }
}
