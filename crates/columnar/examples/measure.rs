//! How long evaluation takes once the columns are in memory, and how long merely reading them takes: one line of JSON for `cargo xtask bench`.
//!
//! With `--days N` also a backtest of N month-ends, from the files and without one to write.
//!
//!     measure --tables DIR --pack DIR --scorecard ID --as-of DATE [--threads 2] [--repeat 5] [--days N]

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Instant;

use xinzhi_columnar::{Backtest, Every, Loaded, Run, TableSet, Touched};
use xinzhi_core::Day;
use xinzhi_rules::Files;

/// The program's own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let word = |name: &str| words.iter().skip_while(|word| *word != name).nth(1).cloned().ok_or_else(|| format!("{name} is missing"));
    let number = |name: &str, usual: usize| word(name).map_or(Ok(usual), |text| text.parse::<usize>());
    let (place, scorecard) = (PathBuf::from(word("--pack")?), word("--scorecard")?);
    let (threads, repeat) = (number("--threads", 2)?, number("--repeat", 5)?);
    let id = place.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let pack = xinzhi_rules::load(&id, &Files::read(&place)?).map_err(|faults| format!("{faults:?}"))?;
    let (card, _) = pack.scorecard_by_id(&scorecard).ok_or("no such scorecard")?;
    let set = TableSet::open(Path::new(&word("--tables")?), &pack)?;
    let as_of = Day::parse(&word("--as-of")?)?;
    let run = Run::compile(&set, card, as_of)?;
    let months = number("--days", 0)?;

    let begin = now();
    let loaded = Loaded::open(&set, &run, threads)?;
    let load = begin.elapsed().as_secs_f64();
    let populations = loaded.populations()?;
    let (mut memory, mut points) = (f64::INFINITY, 0);
    for _ in 0..=repeat {
        let begin = now();
        points = run.sum(&populations, threads)?;
        memory = memory.min(begin.elapsed().as_secs_f64());
    }
    let (mut limit, mut touched) = (f64::INFINITY, Touched::default());
    for _ in 0..=repeat {
        let begin = now();
        touched = Touched::by(&run, &populations, threads)?;
        limit = limit.min(begin.elapsed().as_secs_f64());
    }
    // The same way for one day and for all, so that what they share counts once in each.
    let all = Every::Month.last_days(as_of.plus_months(-i32::try_from(months)?), as_of);
    let mut backtests = [0.0; 2];
    for (took, days) in backtests.iter_mut().zip([&[as_of][..], &all]).filter(|_| months > 0) {
        let backtest = Backtest::compile(&set, card, days)?;
        let begin = now();
        backtest.over(&set, threads, None, |_| Ok(()))?;
        *took = begin.elapsed().as_secs_f64();
    }
    let [one_day, many_days] = backtests;
    let said = serde_json::json!({
        "records": loaded.records(), "load": load, "memory": memory, "limit": limit,
        "bytes": touched.bytes, "points": points, "sum": touched.sum,
        "one_day": one_day, "many_days": many_days, "days": all.len(),
    });
    println!("{said}");
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "here time is measured, not told")]
fn now() -> Instant {
    Instant::now()
}
