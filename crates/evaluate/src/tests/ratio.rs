//! Records of one kind by the number of another: penalties for each visit.

use xinzhi_core::Points;
use xinzhi_core::record::RecordId;
use xinzhi_rules::fact::Fact;
use xinzhi_rules::model::{Divisor, Each, FieldIx, Indicator, KindIx, Number, Pack, Put, Silence, Take};
use xinzhi_rules::predicate::{Column, Predicate, Test};

use super::support::*;
use crate::{Evaluation, IndicatorLine, Knowledge, Question, Subject, better};

const AS_OF: &str = "2026-06-01";

/// Records of `kind` for each visit that found something wrong, or for each visit.
fn by_visits(kind: KindIx, wrong: bool, bands: &[(i64, i32)]) -> Indicator {
    let found = Predicate::Test { column: Column::Field(FieldIx(0)), test: Test::OneOf(vec![1]) };
    let number = Number::Ratio(Divisor { kind: VISIT, filter: wrong.then_some(found) });
    let bands = bands.iter().map(|(from, points)| (*from, Points::whole(*points))).collect();
    Indicator { take: Take::Number { number, bands }, ..indicator("ratio", kind, Each::Constant(Points::ZERO)) }
}

/// 50 points of something that is always known beside the ratio, so that there is a grade.
fn town(ratio: Indicator) -> Pack {
    let mut card = scorecard();
    let known = Indicator { cap: Some(Points::whole(40)), ..indicator("known", REDLIST, Each::Constant(Points::whole(40))) };
    card.dimensions = vec![dimension("全部", vec![ratio, known])];
    (card.overrides, card.assessed_share) = (vec![], 0);
    pack_with(card)
}

const FALLING: [(i64, i32); 4] = [(0, 0), (75, -30), (500, -60), (1500, -100)];

fn told(pack: &Pack, facts: &[Fact], kinds: &[KindIx]) -> IndicatorLine {
    run_on(pack, facts, &covered(kinds), AS_OF).indicators().next().unwrap().clone()
}

fn visits(from: i64, count: i64, found: Option<i64>) -> Vec<Fact> {
    (from..from + count).map(|id| visit(id, "2026-03-01", found)).collect()
}

fn said(line: &IndicatorLine) -> (Knowledge, String) {
    (line.state, line.arithmetic())
}

#[test]
fn records_are_divided_by_those_of_another_kind_of_the_same_window() {
    let pack = town(by_visits(PENALTY, false, &FALLING));
    let three = [penalty(1, "2026-01-01", None), fine(2, "2026-05-01", Some(7)), fine(3, "2026-06-01", None)];
    let outside =
        [penalty(4, "2026-06-02", None), penalty(5, "2023-06-01", None), visit(6, "2023-06-01", None), visit(7, "2026-06-02", None)];
    let facts = [three.to_vec(), outside.to_vec(), visits(100, 40, Some(0))].concat();
    let line = told(&pack, &facts, &KINDS);
    assert_eq!(said(&line), (Knowledge::Known, "3 条 ÷ 40 条 = 7.5%，计 -30".to_owned()));
    assert_eq!(line.contributions.len(), 43, "both kinds are listed, whatever is outside the window is not");
    assert!(line.contributions.is_sorted_by_key(|contribution| (contribution.day, contribution.record)));

    let none = told(&pack, &visits(100, 40, Some(0)), &KINDS);
    assert_eq!(said(&none), (Knowledge::Known, "0 条 ÷ 40 条 = 0%，计 0".to_owned()));
    let more = told(&pack, &[three.to_vec(), visits(100, 2, Some(0))].concat(), &KINDS);
    assert_eq!(said(&more), (Knowledge::Known, "3 条 ÷ 2 条 = 150%，计 -100".to_owned()));
    let unknown = (Knowledge::Unknown, "0".to_owned());
    assert_eq!(said(&told(&pack, &three, &KINDS)), unknown, "no visit");
    assert_eq!(said(&told(&pack, &[], &KINDS)), unknown, "nothing at all");
    for missing in [PENALTY, VISIT] {
        let reported: Vec<KindIx> = KINDS.into_iter().filter(|kind| *kind != missing).collect();
        assert_eq!(said(&told(&pack, &facts, &reported)), unknown, "{missing:?} is not reported");
    }
}

#[test]
fn d3_what_cannot_be_told_of_a_divisor_is_taken_as_is_better_for_the_subject() {
    let penalties = [penalty(1, "2026-01-01", None)];
    let facts =
        |sure, doubtful| [penalties.to_vec(), visits(100, sure, Some(1)), visits(200, doubtful, None), visits(300, 9, Some(0))].concat();
    let adverse = town(by_visits(PENALTY, true, &FALLING));
    assert_eq!(told(&adverse, &facts(2, 0), &KINDS).arithmetic(), "1 条 ÷ 2 条 = 50%，计 -60");
    let doubted = told(&adverse, &facts(2, 3), &KINDS);
    assert_eq!((doubted.arithmetic().as_str(), doubted.uncertain.len()), ("1 条 ÷ 5 条 = 20%，计 -30", 0));
    assert_eq!(told(&adverse, &facts(0, 3), &KINDS).state, Knowledge::Unknown, "not one is certain");

    let honours = [honour(1, "2026-01-01", Some(0))];
    let positive = town(by_visits(HONOUR, true, &[(0, 0), (250, 20), (500, 40)]));
    let facts = [honours.to_vec(), visits(100, 2, Some(1)), visits(200, 3, None)].concat();
    let line = told(&positive, &facts, &KINDS);
    assert_eq!(line.arithmetic(), "1 条 ÷ 2 条 = 50%，计 40");
    assert_eq!(line.uncertain, (200..203).map(RecordId).collect::<Vec<_>>());
}

fn points(evaluation: &Evaluation) -> Points {
    evaluation.indicators().next().unwrap().points
}

#[test]
fn d17_a_bad_record_more_never_raises_a_good_one_never_lowers_and_missing_never_harms() {
    let bad = town(by_visits(PENALTY, true, &FALLING));
    let good = town(by_visits(HONOUR, true, &[(0, -20), (250, 20), (2000, 40)]));
    let coverage = covered(&KINDS);
    let mut moved = 0;
    for seed in 0..400 {
        let mut numbers = Numbers(seed);
        let (count, seen) = (numbers.signed(5), numbers.signed(9));
        let facts = [numbers.facts(count), (0..seen).map(|id| numbers.visit(50 + id)).collect()].concat();
        let with = |fact: Fact| [facts.clone(), vec![fact]].concat();
        let (worse, better) = (with(numbers.adverse(100)), with(numbers.positive(101)));
        let of = |pack: &Pack, facts: &[Fact]| points(&run_on(pack, facts, &coverage, AS_OF));
        let (before, lifted) = (of(&bad, &facts), of(&good, &facts));
        assert!(of(&bad, &worse) <= before && of(&bad, &better) >= before, "seed {seed}");
        assert!(of(&good, &better) >= lifted && of(&good, &worse) <= lifted, "seed {seed}");
        for place in 0..facts.len() {
            let mut less = facts.clone();
            less[place].values[0] = less[place].values[0].filter(|_| less[place].kind != VISIT);
            assert!(of(&bad, &less) >= before, "seed {seed}: the result of visit {place} is missing");
        }
        moved += usize::from(of(&bad, &worse) != before) + usize::from(of(&good, &better) != lifted);
    }
    assert!(moved > 150, "the generator must reach the rules, it moved {moved}");
}

#[test]
fn what_will_change_a_ratio_is_foreseen_to_the_day() {
    let (pack, coverage) = (town(by_visits(PENALTY, true, &FALLING)), covered(&KINDS));
    let mut foreseen = 0;
    for seed in 0..80 {
        let mut numbers = Numbers(seed);
        let facts = [numbers.facts(4), (0..5).map(|id| numbers.visit(50 + id)).collect()].concat();
        let first = run_on(&pack, &facts, &coverage, AS_OF);
        let Some(next) = first.next_change else { continue };
        let frozen = |date: xinzhi_core::Day| {
            let mut same = run_on(&pack, &facts, &coverage, &date.to_string());
            (same.as_of, same.valid_until) = (first.as_of, first.valid_until);
            same
        };
        assert_eq!(frozen(next.plus_days(-1)), first, "seed {seed}, until the day before {next}");
        assert_ne!(frozen(next), first, "seed {seed}, on {next}");
        foreseen += 1;
    }
    assert!(foreseen > 60, "{foreseen}");
}

#[test]
fn the_first_better_day_is_found_though_visits_leave_the_window_too() {
    let mut pack = town(by_visits(PENALTY, false, &[(0, 0), (75, -30), (250, -60), (400, -190)]));
    pack.scorecards[0].dimensions[0].indicators[0].window_months = 12;
    let coverage = covered(&KINDS);
    let mut found = 0;
    for seed in 0..60 {
        let mut numbers = Numbers(seed);
        let near = |mut fact: Fact, numbers: &mut Numbers| {
            fact.day = day(AS_OF).plus_days(-i32::try_from(numbers.below(360)).unwrap());
            fact
        };
        let mut facts: Vec<Fact> = (0..3).map(|id| near(penalty(id, AS_OF, None), &mut numbers)).collect();
        facts.extend((0..7).map(|id| near(visit(50 + id, AS_OF, None), &mut numbers)));
        let grade = |on| run_on(&pack, &facts, &coverage, &xinzhi_core::Day::to_string(&on)).grade;
        let now = grade(day(AS_OF));
        let days = (0..400).map(|ahead| day(AS_OF).plus_days(ahead));
        let first = days.into_iter().find(|day| grade(*day) < now && grade(*day).is_some());
        let question = Question { pack: &pack, card: CARD, as_of: day(AS_OF) };
        let told = better(&question, &Subject { kind: ENTERPRISE, facts: &facts, coverage: &coverage }).unwrap();
        let way = told.goals.first().and_then(|goal| goal.ways.first()).map(|way| way.day);
        assert_eq!(way, first, "seed {seed}");
        found += usize::from(first.is_some());
    }
    assert!(found > 20, "{found}");
}

#[test]
fn of_everybody_at_once_as_of_each_alone_also_where_nobody_has_a_record_of_one_of_the_kinds() {
    let pack = town(by_visits(PENALTY, true, &FALLING));
    let plan = crate::Plan::compile(&pack, CARD).unwrap();
    let coverage = covered(&KINDS);
    let mut numbers = Numbers(5);
    let mixed: Vec<Vec<Fact>> = (0..2500)
        .map(|_| {
            let (count, seen) = (numbers.signed(5), numbers.signed(6));
            [numbers.facts(count), (0..seen).map(|id| numbers.visit(50 + id)).collect()].concat()
        })
        .collect();
    let only = |kind: KindIx| mixed.iter().map(|facts| facts.iter().filter(|fact| fact.kind == kind).cloned().collect()).collect();
    for town in [mixed.clone(), only(PENALTY), only(VISIT)] {
        let feed = crate::feed::Feed::new(&plan, &town);
        let population = feed.population(&vec![&coverage; town.len()]).unwrap();
        let days = ["2024-02-29", AS_OF, "2027-01-31"].map(day);
        crate::kernel::over(&plan, &population, &days, |start, totals| {
            for (totals, on) in totals.iter().zip(days) {
                for place in (0..totals.subjects()).step_by(37) {
                    let alone = run_on(&pack, &town[start + place], &coverage, &on.to_string());
                    assert_eq!(totals.standing(&plan, place), Some(alone.standing()));
                }
            }
            Ok::<(), crate::ColumnsFault>(())
        })
        .unwrap();
    }
}

#[test]
fn a_put_is_no_ratio() {
    let take = Take::Each { each: Each::Constant(Points::ZERO), put: Put::Sum, silence: Silence::Nothing };
    assert!(Indicator { take, ..by_visits(PENALTY, false, &FALLING) }.divisor().is_none());
    assert_eq!(by_visits(PENALTY, false, &FALLING).counts().map(|(kind, _)| kind).collect::<Vec<_>>(), [PENALTY, VISIT]);
}
