//! Two runs compared, over records nobody chose.

use xinzhi_core::Points;
use xinzhi_core::record::RecordId;
use xinzhi_rules::fact::{Fact, faded};
use xinzhi_rules::model::{Each, Fading, FieldIx, Indicator, Pack, Take};
use xinzhi_rules::predicate::{Column, Predicate, Test, Truth};

use super::support::*;
use crate::{Coverage, Evaluation, Outcome, Question, Standing, Subject, evaluate_many};

const AS_OF: &str = "2026-06-01";

fn points(evaluation: &Evaluation) -> Points {
    match evaluation.outcome {
        Outcome::Graded { points, .. } => points,
        Outcome::NotEvaluable { reason } => panic!("{reason:?}"),
    }
}

fn with_redlist() -> Pack {
    let mut card = scorecard();
    card.overrides.push(listed_as(REDLIST, 0));
    pack_with(card)
}

#[test]
fn d17_a_bad_record_more_never_raises_and_a_good_one_never_lowers() {
    let (pack, coverage) = (with_redlist(), covered(&KINDS));
    let mut moved = 0;
    for seed in 0..400 {
        let mut numbers = Numbers(seed);
        let count = numbers.signed(9);
        let mut facts = numbers.facts(count);
        let before = run_on(&pack, &facts, &coverage, AS_OF);
        facts.push(numbers.adverse(100));
        let worse = run_on(&pack, &facts, &coverage, AS_OF);
        assert!(points(&worse) <= points(&before), "seed {seed}");
        assert!(worse.grade >= before.grade, "seed {seed}");
        facts.push(numbers.positive(101));
        let better = run_on(&pack, &facts, &coverage, AS_OF);
        assert!(points(&better) >= points(&worse), "seed {seed}");
        assert!(better.grade <= worse.grade, "seed {seed}");
        moved += usize::from(worse != before) + usize::from(better != worse);
    }
    assert!(moved > 300, "the generator must reach the rules, it moved {moved}");
}

#[test]
fn d1_the_order_of_facts_leaves_no_trace() {
    for seed in 0..100 {
        let mut numbers = Numbers(seed);
        let mut facts = numbers.facts(12);
        let straight = run(&facts, AS_OF);
        for place in (1..facts.len()).rev() {
            let other = usize::try_from(numbers.below(place as u64 + 1)).unwrap();
            facts.swap(place, other);
        }
        assert_eq!(run(&facts, AS_OF), straight, "seed {seed}");
    }
}

fn town() -> (Vec<Vec<Fact>>, [Coverage; 3]) {
    let mut numbers = Numbers(7);
    let facts = (0..1000).map(|_| numbers.below(40)).collect::<Vec<_>>();
    let facts = facts.into_iter().map(|count| numbers.facts(i64::try_from(count).unwrap())).collect();
    (facts, [covered(&KINDS), covered(&[HONOUR]), covered(&[])])
}

fn standings(pack: &Pack, subjects: &[Subject<'_>]) -> Vec<Standing> {
    let question = Question { pack, card: CARD, as_of: day(AS_OF) };
    evaluate_many(&question, subjects).unwrap().into_iter().map(Result::unwrap).collect()
}

#[test]
fn d18_alone_and_inside_a_population_of_a_thousand_is_the_same() {
    let (pack, (facts, coverages)) = (with_redlist(), town());
    assert!(facts.iter().flatten().filter(|fact| fact.kind == PENALTY).count() > 3 * 4096, "several blocks");
    let coverage = |index: usize| &coverages[index % 3];
    let subjects: Vec<_> =
        facts.iter().enumerate().map(|(index, facts)| Subject { kind: ENTERPRISE, facts, coverage: coverage(index) }).collect();
    let together = standings(&pack, &subjects);
    for (index, (subject, standing)) in subjects.iter().zip(&together).enumerate() {
        let alone = run_on(&pack, subject.facts, subject.coverage, AS_OF);
        assert_eq!(alone.standing(), *standing, "subject {index}");
    }
    let distinct: std::collections::BTreeSet<String> = together.iter().map(|standing| format!("{standing:?}")).collect();
    assert!(distinct.len() > 100, "a town of equals proves nothing");
}

#[test]
fn d18_swapping_two_identities_swaps_their_results_only() {
    let (pack, (facts, coverages)) = (pack(), town());
    let mut subjects: Vec<_> = facts.iter().map(|facts| Subject { kind: ENTERPRISE, facts, coverage: &coverages[0] }).collect();
    let mut before = standings(&pack, &subjects);
    for (a, b) in [(0, 999), (17, 500), (3, 4)] {
        subjects.swap(a, b);
        before.swap(a, b);
        assert_eq!(standings(&pack, &subjects), before);
    }
}

#[test]
fn d3_missing_never_harms() {
    let (pack, coverage) = (pack(), covered(&KINDS));
    for seed in 0..300 {
        let mut numbers = Numbers(seed);
        let facts: Vec<Fact> = (0..6).map(|id| numbers.adverse(id)).collect();
        let whole = run_on(&pack, &facts, &coverage, AS_OF);
        for place in 0..facts.len() {
            let less = |change: &dyn Fn(&mut Fact)| {
                let mut facts = facts.clone();
                change(&mut facts[place]);
                run_on(&pack, &facts, &coverage, AS_OF)
            };
            // Without a day of removal an entry still holds, by the catalogue's own word, so that one is left alone.
            let amount = |fact: &mut Fact| fact.values[1] = fact.values[1].filter(|_| fact.kind != PENALTY);
            let changes: [&dyn Fn(&mut Fact); 3] = [&|fact| fact.class = None, &|fact| fact.values[0] = None, &amount];
            for change in changes {
                let less = less(change);
                assert!(points(&less) >= points(&whole), "seed {seed}");
                assert!(less.grade <= whole.grade, "seed {seed}");
            }
        }
        let blind = run_on(&pack, &facts, &covered(&[]), AS_OF);
        assert!(blind.grade.is_none() || blind.forced.is_some() || blind.grade == whole.grade, "seed {seed}");
    }
}

/// The plainest reading of an indicator, record by record, with the rules' own predicate: the kernel must agree.
fn by_hand(indicator: &Indicator, facts: &[Fact]) -> (i64, Vec<RecordId>, Vec<RecordId>) {
    let (mut sum, mut counting, mut uncertain) = (0, vec![], vec![]);
    let as_of = day(AS_OF);
    let mut facts: Vec<&Fact> = facts.iter().filter(|fact| fact.kind == indicator.kind).collect();
    facts.sort_by_key(|fact| (fact.day, fact.record));
    for fact in facts {
        if fact.day <= as_of.plus_months(-indicator.window_months) || fact.day > as_of {
            continue;
        }
        let (Take::Each { each: Each::ByClass(table), .. }, Fading::Steps(fades)) = (&indicator.take, &indicator.fade) else {
            panic!("by class")
        };
        let points = fact.class.map(|class| table[usize::try_from(class.number()).unwrap()]);
        let truth = indicator.filter.as_ref().map_or(Truth::True, |filter| fact.truth(filter));
        match (truth, points) {
            (Truth::True, Some(points)) => {
                let fade = fades.iter().rfind(|fade| fact.day.plus_months(fade.after_months) <= as_of);
                sum += faded(points, fade.map_or(1000, |fade| fade.keep)).0;
                counting.push(fact.record);
            }
            (Truth::False, _) => {}
            _ => uncertain.push(fact.record),
        }
    }
    (sum, counting, uncertain)
}

fn predicate(numbers: &mut Numbers, depth: u64) -> Predicate {
    if depth > 0 && numbers.below(3) > 0 {
        let parts = (0..numbers.below(3)).map(|_| predicate(numbers, depth - 1)).collect();
        return match numbers.below(3) {
            0 => Predicate::All(parts),
            1 => Predicate::Any(parts),
            _ => Predicate::Not(Box::new(predicate(numbers, depth - 1))),
        };
    }
    let column = [Column::Class, Column::Field(FieldIx(0)), Column::Field(FieldIx(1))][usize::try_from(numbers.below(3)).unwrap()];
    let value = if column == Column::Field(FieldIx(1)) { numbers.signed(4_000_000) } else { numbers.signed(8) };
    let test = match numbers.below(8) {
        0 => Test::OneOf(vec![value, numbers.signed(4), -1]),
        1 => Test::NoneOf(vec![value % 64, numbers.signed(4)]),
        2 => Test::AnyBit(value),
        3 => Test::NoBit(value),
        4 => Test::AtLeast(value),
        5 => Test::AtMost(value),
        6 => Test::OneOf(vec![value % 64, 1]),
        _ => Test::Present(numbers.below(2) == 0),
    };
    Predicate::Test { column, test }
}

#[test]
fn the_kernel_reads_conditions_as_the_rules_do() {
    let mut counted = 0;
    for seed in 0..500 {
        let mut numbers = Numbers(seed);
        let mut card = scorecard();
        card.dimensions[0].indicators[0].filter = Some(predicate(&mut numbers, 4));
        let facts = numbers.facts(30);
        let (sum, counting, uncertain) = by_hand(&card.dimensions[0].indicators[0], &facts);
        let evaluation = run_on(&pack_with(card), &facts, &covered(&KINDS), AS_OF);
        let line = &evaluation.dimensions[0].indicators[0];
        let contributions: Vec<RecordId> = line.contributions.iter().map(|c| c.record).collect();
        assert_eq!((line.raw.0, contributions, line.uncertain.clone()), (sum, counting.clone(), uncertain), "seed {seed}");
        counted += counting.len();
    }
    assert!(counted > 1000, "the conditions must hold for some, they held for {counted}");
}

#[test]
fn nothing_changes_before_the_day_that_was_foreseen() {
    let frozen = |evaluation: &Evaluation| {
        let mut same = evaluation.clone();
        (same.as_of, same.valid_until) = (day(AS_OF), day(AS_OF));
        same
    };
    let (pack, coverage) = (with_redlist(), covered(&KINDS));
    for seed in 0..60 {
        let facts = Numbers(seed).facts(5);
        let first = run_on(&pack, &facts, &coverage, AS_OF);
        let Some(next) = first.next_change else { continue };
        let on = |date: xinzhi_core::Day| run_on(&pack, &facts, &coverage, &date.to_string());
        assert_eq!(frozen(&on(next.plus_days(-1))), frozen(&first), "seed {seed}, until the day before {next}");
        assert_ne!(frozen(&on(next)), frozen(&first), "seed {seed}, on {next}");
    }
}
