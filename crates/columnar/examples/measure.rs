//! How long evaluation takes once the columns are in memory, and how long merely reading them takes: one line of JSON for `cargo xtask bench`.
//!
//!     measure --tables DIR --pack DIR --scorecard ID --as-of DATE [--threads 2] [--repeat 5]

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Instant;

use xinzhi_columnar::{Loaded, Run, TableSet, Touched};
use xinzhi_core::Day;
use xinzhi_rules::Files;

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
    let run = Run::compile(&set, card, Day::parse(&word("--as-of")?)?)?;

    let begin = now();
    let loaded = Loaded::open(&set, &run, threads)?;
    let load = begin.elapsed().as_secs_f64();
    let (mut memory, mut points) = (f64::INFINITY, 0);
    for _ in 0..=repeat {
        let begin = now();
        points = loaded.run(&run, threads)?;
        memory = memory.min(begin.elapsed().as_secs_f64());
    }
    let populations = loaded.populations()?;
    let (mut limit, mut touched) = (f64::INFINITY, Touched::default());
    for _ in 0..=repeat {
        let begin = now();
        touched = Touched::by(&run, &populations, threads)?;
        limit = limit.min(begin.elapsed().as_secs_f64());
    }
    let said = serde_json::json!({
        "records": loaded.records(), "load": load, "memory": memory, "limit": limit,
        "bytes": touched.bytes, "points": points, "sum": touched.sum,
    });
    println!("{said}");
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "here time is measured, not told")]
fn now() -> Instant {
    Instant::now()
}
