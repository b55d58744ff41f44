//! How long the explanation of one subject takes, its plan included: one line of JSON.
//!
//!     explain --pack DIR --scorecard ID --as-of DATE [--records 50] [--repeat 2000]

use std::collections::BTreeMap;
use std::error::Error;
use std::path::PathBuf;
use std::time::Instant;

use xinzhi_core::Day;
use xinzhi_core::day::Span;
use xinzhi_core::record::{Class, RecordId};
use xinzhi_evaluate::{Coverage, Evaluation, Plan, Question, Subject, evaluate};
use xinzhi_rules::Files;
use xinzhi_rules::fact::Fact;
use xinzhi_rules::model::{FieldKind, KindIx, Pack};

/// The program's own: an explanation is many small pieces of memory.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let word = |name: &str| words.iter().skip_while(|word| *word != name).nth(1).cloned().ok_or_else(|| format!("{name} is missing"));
    let number = |name: &str, usual: i64| word(name).map_or(Ok(usual), |text| text.parse::<i64>());
    let (place, scorecard, as_of) = (PathBuf::from(word("--pack")?), word("--scorecard")?, Day::parse(&word("--as-of")?)?);
    let (records, repeat) = (number("--records", 50)?, number("--repeat", 2000)?);
    let id = place.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let pack = xinzhi_rules::load(&id, &Files::read(&place)?).map_err(|faults| format!("{faults:?}"))?;
    let (card, scorecard) = pack.scorecard_by_id(&scorecard).ok_or("no such scorecard")?;
    let kind = *scorecard.subjects.first().ok_or("a scorecard for nobody")?;
    let kinds: Vec<KindIx> = Plan::compile(&pack, card)?.reads().keys().copied().collect();
    let facts: Vec<Fact> = (0..records).filter_map(|place| fact(&pack, &kinds, (place, as_of))).collect();
    let span = Span { from: as_of.plus_months(-120), until: None };
    let coverage = Coverage::new(kinds.iter().map(|kind| (*kind, vec![span])).collect::<BTreeMap<_, _>>());
    let question = Question { pack: &pack, card, as_of };

    let (mut best, mut all, mut contributions) = (f64::INFINITY, 0.0, 0);
    for _ in 0..repeat {
        let begin = now();
        let evaluation = evaluate(&question, &Subject { kind, facts: &facts, coverage: &coverage })?;
        let took = begin.elapsed().as_secs_f64() * 1e6;
        (best, all) = (best.min(took), all + took);
        contributions = counted(&evaluation);
    }
    let mean = all / f64::from(i32::try_from(repeat)?);
    println!("{{\"records\": {}, \"contributions\": {contributions}, \"best_us\": {best:.1}, \"mean_us\": {mean:.1}}}", facts.len());
    Ok(())
}

fn counted(evaluation: &Evaluation) -> usize {
    evaluation.indicators().map(|line| line.contributions.len()).sum()
}

/// A record within the catalogue: kinds in turn, days over three years, each value from the record's number alone.
fn fact(pack: &Pack, kinds: &[KindIx], (place, as_of): (i64, Day)) -> Option<Fact> {
    let at = |many: usize, salt: i64| {
        let drawn = (place + salt).wrapping_mul(2_654_435_761).rem_euclid(1 << 31);
        i64::try_from(many).ok().and_then(|many| drawn.checked_rem(many)).unwrap_or(0)
    };
    let kind = *kinds.get(usize::try_from(place).ok()? % kinds.len())?;
    let value = |(salt, field): (i64, &FieldKind)| match field {
        FieldKind::Choice(choices) => Some(at(choices.values.len(), salt)),
        FieldKind::Choices(choices) => Some(1 << at(choices.values.len(), salt)),
        FieldKind::Integer { min, .. } => Some(min + at(100, salt)),
        FieldKind::Money(_) => Some(at(50_000_000, salt)),
        FieldKind::Day { .. } => Some(as_of.number() + at(700, salt) - 350),
        _ => None,
    };
    let record = pack.record_kind(kind)?;
    let values = (1..).zip(&record.fields).map(|(salt, field)| value((salt, &field.kind))).collect();
    let day = as_of.plus_days(-i32::try_from(at(1095, 0)).ok()?);
    Some(Fact { record: RecordId(place), kind, day, class: Class::from_number(at(3, 77)), values })
}

#[expect(clippy::disallowed_methods, reason = "here time is measured, not told")]
fn now() -> Instant {
    Instant::now()
}
