//! What would make a grade better, against trying everything on every day.

use std::collections::BTreeMap;

use xinzhi_core::day::Span;
use xinzhi_core::record::{Class, RecordId};
use xinzhi_core::{Day, Points};
use xinzhi_rules::fact::Fact;
use xinzhi_rules::model::{Becomes, Each, Fading, FieldIx, KindIx, Law, LawIx, Level, Number, Pack, PeersBy, Put, Remedy, Silence, Take};
use xinzhi_rules::predicate::{Column, Predicate, Test};

use super::support::*;
use crate::better::{Limit, Step, StepSet, Way};
use crate::{Better, Coverage, Fault, Outcome, Question, Standing, Subject, better, evaluate_many};

const AS_OF: &str = "2026-06-01";
/// Up to which day everything is tried.
const LAST: &str = "2027-12-31";

fn law(from: &str, until: Option<&str>) -> Law {
    Law {
        id: from.into(),
        title: "信用修复管理办法".into(),
        article: "第一条".into(),
        level: Level::DepartmentRule,
        issued_by: String::new(),
        in_force: Span { from: day(from), until: until.map(day) },
        to_confirm: None,
    }
}

fn test(field: usize, test: Test) -> Option<Predicate> {
    Some(Predicate::Test { column: Column::Field(FieldIx(field)), test })
}

fn remedy(when: Option<Predicate>, becomes: (usize, Becomes), after_months: i32, basis: usize) -> Remedy {
    let becomes = vec![(FieldIx(becomes.0), becomes.1)];
    let basis = vec![LawIx(basis)];
    Remedy { when, becomes, after_months, step: "改正".into(), at: "原机关".into(), basis, to_confirm: None }
}

/// A fine can be paid off, or be struck out after half a year; who was listed can leave after a year; an honour can be raised in 2027.
fn remedied(mut pack: Pack) -> Pack {
    pack.laws.push(law("2020-01-01", None));
    pack.laws.push(law("2027-01-01", Some("2027-12-31")));
    let fined = || test(0, Test::AnyBit(1));
    pack.record_kinds[PENALTY.0].remedies =
        vec![remedy(fined(), (1, Becomes::Value(0)), 0, 1), remedy(fined(), (0, Becomes::Value(2)), 6, 1)];
    pack.record_kinds[BLACKLIST.0].remedies = vec![remedy(None, (1, Becomes::DayDone), 12, 1)];
    pack.record_kinds[HONOUR.0].remedies = vec![remedy(test(0, Test::OneOf(vec![1])), (0, Becomes::Value(0)), 0, 2)];
    pack
}

fn look(pack: &Pack, facts: &[Fact], coverage: &Coverage) -> Better {
    let question = Question { pack, card: CARD, as_of: day(AS_OF) };
    better(&question, &Subject { kind: ENTERPRISE, facts, coverage }).unwrap()
}

/// Every set of remedies that is open on a day, no record twice.
fn every_set(pack: &Pack, facts: &[Fact], on: Day) -> Vec<(Vec<Step>, Vec<Fact>)> {
    let mut sets = vec![(Vec::new(), facts.to_vec())];
    for fact in facts {
        for (place, remedy) in pack.record_kinds[fact.kind.0].remedies.iter().enumerate() {
            let Some(after) = remedy.done(pack, fact, on) else { continue };
            let step = Step { record: fact.record, kind: fact.kind, remedy: place };
            let with: Vec<(Vec<Step>, Vec<Fact>)> = sets
                .iter()
                .filter(|(steps, _)| steps.iter().all(|other: &Step| other.record != step.record))
                .map(|(steps, facts)| {
                    let changed = facts.iter().map(|old| if old.record == fact.record { after.clone() } else { old.clone() });
                    (steps.iter().copied().chain([step]).collect(), changed.collect())
                })
                .collect();
            sets.extend(with);
        }
    }
    sets
}

/// A day on which fewer steps become enough than ever before, with every smallest set and what it comes to.
type Turn = (Day, Vec<(Vec<Step>, Standing)>);

/// The smallest sets of each day for every grade, found by trying all of them on all days.
fn by_hand(pack: &Pack, facts: &[Fact], coverage: &Coverage) -> Vec<Vec<Turn>> {
    let last = pack.scorecards[0].in_force.until.unwrap();
    let grades = pack.scorecards[0].grades.len();
    let mut borders: Vec<Vec<Turn>> = vec![Vec::new(); grades];
    let mut fewest = vec![usize::MAX; grades];
    let mut on = day(AS_OF);
    while on <= last && fewest[0] > 0 {
        let sets = every_set(pack, facts, on);
        let subjects: Vec<Subject<'_>> = sets.iter().map(|(_, facts)| Subject { kind: ENTERPRISE, facts, coverage }).collect();
        let question = Question { pack, card: CARD, as_of: on };
        let standings: Vec<Standing> = evaluate_many(&question, &subjects).unwrap().into_iter().map(Result::unwrap).collect();
        for goal in 0..grades {
            let reach = sets.iter().zip(&standings).filter(|(_, standing)| standing.grade.is_some_and(|grade| grade <= goal));
            let reached: Vec<(Vec<Step>, Standing)> = reach.map(|((steps, _), standing)| (steps.clone(), *standing)).collect();
            let least = reached.iter().map(|(steps, _)| steps.len()).min().unwrap_or(usize::MAX);
            if least < fewest[goal] {
                fewest[goal] = least;
                borders[goal].push((on, reached.into_iter().filter(|(steps, _)| steps.len() == least).collect()));
            }
        }
        on = on.plus_days(1);
    }
    borders
}

fn same(ways: &[Way], border: &[Turn], seed: u64) {
    let days: Vec<(Day, usize)> = ways.iter().map(|way| (way.day, way.steps())).collect();
    let expected: Vec<(Day, usize)> = border.iter().map(|(on, sets)| (*on, sets[0].0.len())).collect();
    assert_eq!(days, expected, "seed {seed}");
    for (way, (_, sets)) in ways.iter().zip(border) {
        assert_eq!(way.sets.len() + way.more, sets.len(), "seed {seed}, {}", way.day);
        for set in &way.sets {
            let sorted = |steps: &[Step]| {
                let mut steps = steps.to_vec();
                steps.sort_unstable();
                steps
            };
            let found = sets.iter().find(|(steps, _)| sorted(steps) == sorted(&set.steps));
            assert_eq!(found.map(|(_, standing)| *standing), Some(set.standing), "seed {seed}, {}", way.day);
        }
    }
}

#[test]
fn no_day_is_earlier_and_no_set_smaller_than_what_trying_everything_finds() {
    let mut card = scorecard();
    card.in_force.until = Some(day(LAST));
    card.grades[0].from = Some(Points::whole(800));
    let (ways, with_steps, best) = against_everything(&remedied(pack_with(card)), 0..16);
    assert!(ways > 15 && with_steps > 3 && best > 1, "the generator must reach the rules: {ways} {with_steps} {best}");
}

#[test]
fn limits_by_peers_are_what_they_are_on_each_day() {
    let mut pack = remedied(by_peers(PeersBy::Choice { kind: HONOUR, field: FieldIx(0) }));
    pack.scorecards[0].in_force.until = Some(day(LAST));
    // An honour that is raised in 2027 also changes the group; limits change in the middle of everything.
    pack.cutoffs = vec![
        cutoffs("2026-01-01", "2027-02-15", [820, 760, 700], &[Some([860, 830, 600]), None]),
        cutoffs("2027-02-16", LAST, [800, 790, 640], &[None, Some([840, 780, 500])]),
    ];
    let (ways, with_steps, best) = against_everything(&pack, 0..6);
    assert!(ways > 4 && with_steps > 0 && best > 0, "the generator must reach the rules: {ways} {with_steps} {best}");
}

/// Compares what is found with trying everything, over records that nobody chose; how many ways, with more than one step, to the best grade.
fn against_everything(pack: &Pack, seeds: std::ops::Range<u64>) -> (usize, usize, usize) {
    let (mut ways, mut with_steps, mut best) = (0, 0, 0);
    for seed in seeds {
        let found = compared(pack, &chosen(seed), seed);
        best += usize::from(found.goals.len() > 1);
        ways += found.goals.iter().map(|goal| goal.ways.len()).sum::<usize>();
        with_steps += found.goals.iter().flat_map(|goal| &goal.ways).filter(|way| way.steps() > 1).count();
    }
    (ways, with_steps, best)
}

/// Records of all kinds.
fn chosen(seed: u64) -> Vec<Fact> {
    let mut numbers = Numbers(seed);
    let mut facts = numbers.facts(2);
    for id in 10..13 {
        let on = Day::from_number(day("2025-03-01").number() + numbers.signed(450)).unwrap().to_string();
        let class = if numbers.below(2) == 0 { Class::Serious } else { Class::Ordinary };
        facts.push(Fact { class: Some(class), ..fine(id, &on, Some(numbers.signed(4_000_000))) });
    }
    facts.extend((30..32).map(|id| honour(id, "2026-05-01", Some(numbers.signed(2)))));
    if numbers.below(4) == 0 {
        facts.push(listed(20, BLACKLIST, "2026-01-10", None));
    }
    facts
}

/// What is found, which must be what trying everything finds.
fn compared(pack: &Pack, facts: &[Fact], seed: u64) -> Better {
    let coverage = covered(&KINDS);
    let found = look(pack, facts, &coverage);
    let border = by_hand(pack, facts, &coverage);
    assert_eq!(found.limit, None, "seed {seed}");
    let Some(grade) = found.grade.filter(|grade| *grade > 0) else {
        assert_eq!(found.goals, [], "seed {seed}");
        return found;
    };
    match found.goals.first() {
        Some(goal) => same(&goal.ways, &border[grade - 1], seed),
        None => assert!(border[grade - 1].is_empty(), "seed {seed}"),
    }
    let reachable = (0..grade).find(|goal| !border[*goal].is_empty());
    let told = found.goals.last().map(|goal| goal.grade);
    assert_eq!(told, reachable, "seed {seed}");
    if let [_, last] = found.goals.as_slice() {
        same(&last.ways, &border[last.grade], seed);
    }
    found
}

/// Fines of three sizes on a few days, which together lie below the floor: putting a few of them right changes nothing.
#[test]
fn more_than_four_steps_are_found_where_fewer_are_not_enough() {
    let (mut large, mut alike) = (0, 0);
    for seed in 0..36 {
        let mut numbers = Numbers(seed);
        let mut card = scorecard();
        card.in_force.until = Some(day(AS_OF).plus_days(2));
        card.grades[1].from = Some(Points::whole(740 + 5 * i32::try_from(numbers.below(6)).unwrap()));
        if let Take::Each { each, .. } = &mut card.dimensions[0].indicators[1].take {
            let whole = Points::whole;
            *each = Each::ByBand { field: FieldIx(1), bands: vec![(0, whole(-5)), (1_000_000, whole(-12)), (2_000_000, whole(-20))] };
        }
        // A weight or a bound on the whole of them makes the last steps worth less than the first ones.
        match numbers.below(3) {
            0 => card.dimensions[0].floor = Some(Points::whole(-90)),
            1 => card.dimensions[0].weight = 900,
            _ => {}
        }
        let mut facts: Vec<Fact> = Vec::new();
        for id in 1..=6 + numbers.signed(3) {
            let on = ["2026-04-02", "2026-04-03", "2026-05-10"][usize::try_from(numbers.below(3)).unwrap()];
            facts.push(fine(id, on, Some(500_000 + 1_000_000 * numbers.signed(3))));
        }
        // Of this one both remedies are open.
        facts.push(fine(20, "2025-11-01", Some(2_500_000)));
        let found = compared(&remedied(pack_with(card)), &facts, seed);
        for way in found.goals.iter().flat_map(|goal| &goal.ways).filter(|way| way.steps() > 4) {
            large += 1;
            alike += usize::from(way.more > 0);
        }
    }
    assert!(large > 5 && alike > 2, "the generator must reach sets of more than four: {large} {alike}");
}

#[test]
fn time_alone_and_the_day_before() {
    let pack = remedied(pack());
    let facts = [penalty(1, "2026-03-01", Some(Class::Serious))];
    let found = look(&pack, &facts, &covered(&KINDS));
    assert_eq!((found.grade, found.open, found.later, found.cut, found.goals.len()), (Some(2), 0, 0, false, 1));
    let [way] = found.goals[0].ways.as_slice() else { panic!("{found:?}") };
    assert_eq!((way.day, way.steps(), way.sets[0].points()), (day("2027-03-01"), 0, Some(Points::whole(760))));
    let grade = |on: &str| run_on(&pack, &facts, &covered(&KINDS), on).grade;
    assert_eq!([grade("2027-02-28"), grade("2027-03-01")], [Some(2), Some(1)]);
}

#[test]
fn the_best_grade_has_nothing_better() {
    let pack = remedied(pack());
    let found = look(&pack, &[honour(1, "2026-03-01", Some(0)), honour(2, "2026-03-01", Some(0))], &covered(&KINDS));
    assert_eq!((found.grade, found.goals.len()), (Some(0), 0));
}

#[test]
fn a_list_is_left_when_the_law_lets_it_and_not_a_day_earlier() {
    let pack = remedied(pack());
    let found = look(&pack, &[listed(1, BLACKLIST, "2026-01-10", None)], &covered(&KINDS));
    let [way] = found.goals[0].ways.as_slice() else { panic!("{found:?}") };
    assert_eq!((found.grade, way.day, way.steps()), (Some(3), day("2027-01-10"), 1));
    // Whoever is on it until a day leaves on that day, or by application before.
    let found = look(&pack, &[listed(1, BLACKLIST, "2026-01-10", Some("2027-05-01"))], &covered(&KINDS));
    let days: Vec<(Day, usize)> = found.goals[0].ways.iter().map(|way| (way.day, way.steps())).collect();
    assert_eq!(days, [(day("2027-01-10"), 1), (day("2027-05-01"), 0)]);
}

#[test]
fn what_opens_later_and_does_not_help_is_counted() {
    let mut pack = remedied(pack());
    // Whoever is left out of the list is still D by the other one.
    let facts = [listed(1, BLACKLIST, "2026-01-10", None), listed(2, BLACKLIST, "2026-01-10", Some("2030-01-01"))];
    pack.record_kinds[BLACKLIST.0].remedies[0].when = test(1, Test::Present(false));
    let found = look(&pack, &facts, &covered(&KINDS));
    assert_eq!((found.grade, found.open, found.later, found.goals.len()), (Some(3), 0, 1, 0), "{found:?}");
}

/// Whoever leaves the list before a day that the model names counts as still on it.
#[test]
fn a_day_that_a_condition_names_is_looked_at() {
    let mut card = scorecard();
    card.overrides.clear();
    let mut indicator = card.dimensions[0].indicators[0].clone();
    indicator.kind = BLACKLIST;
    indicator.window_months = 60;
    indicator.fade = Fading::Steps(vec![]);
    let early = test(1, Test::AtLeast(day("2027-08-17").number())).map(|late| Predicate::Not(Box::new(late)));
    indicator.filter = Some(Predicate::Any(test(1, Test::Present(false)).into_iter().chain(early).collect()));
    indicator.take = Take::Each { each: Each::Constant(Points::whole(-120)), put: Put::Sum, silence: Silence::Nothing };
    card.dimensions[0].indicators.push(indicator);
    let pack = remedied(pack_with(card));
    let found = compared(&pack, &[listed(1, BLACKLIST, "2026-01-10", None)], 0);
    let days: Vec<(Day, usize)> = found.goals[0].ways.iter().map(|way| (way.day, way.steps())).collect();
    assert_eq!((found.grade, days), (Some(2), vec![(day("2027-08-17"), 1)]));
}

#[test]
fn too_many_days_are_cut_off_and_the_cut_is_told() {
    let mut card = scorecard();
    card.in_force.until = None;
    card.dimensions[0].indicators[0].window_months = 120;
    card.dimensions[0].indicators[0].fade = Fading::Linear { after_months: 0 };
    let mut pack = remedied(pack_with(card));
    (pack.review_by, pack.scorecards[0].review_by) = (day("2036-12-31"), day("2036-12-31"));
    let facts: Vec<Fact> = (1..=4).map(|id| penalty(id, "2026-03-01", Some(Class::Serious))).collect();
    let found = look(&pack, &facts, &covered(&KINDS));
    assert_eq!((found.cut, found.through), (true, day(AS_OF).plus_days(1_499)), "{found:?}");
}

#[test]
fn l1_a_remedy_is_open_only_while_its_basis_is_in_force() {
    let pack = remedied(pack());
    let (lower, higher) = (honour(1, "2026-03-01", Some(1)), honour(2, "2026-03-02", Some(0)));
    // 800 + 25 + 40 − 20 = 845: raising the lower honour gives 860, but only in 2027; in May of that year the penalty halves, 855.
    let found = look(&pack, &[lower, higher, penalty(3, "2026-05-01", Some(Class::Ordinary))], &covered(&KINDS));
    let days: Vec<(Day, usize)> = found.goals[0].ways.iter().map(|way| (way.day, way.steps())).collect();
    assert_eq!((found.grade, found.open), (Some(1), 0));
    assert_eq!(days, [(day("2027-01-01"), 1), (day("2027-05-01"), 0)]);
}

#[test]
fn c2_nothing_is_looked_for_about_a_person() {
    let pack = remedied(pack());
    let question = Question { pack: &pack, card: CARD, as_of: day(AS_OF) };
    let found = better(&question, &Subject { kind: RESIDENT, facts: &[], coverage: &covered(&KINDS) });
    assert_eq!(found, Err(Fault::Person));
}

/// Everything is covered up to the day of evaluation and no further.
fn covered_until_today() -> Coverage {
    let span = Span { from: day("2015-01-01"), until: Some(day(AS_OF)) };
    Coverage::new(KINDS.iter().map(|kind| (*kind, vec![span])).collect::<BTreeMap<KindIx, _>>())
}

#[test]
fn d3_coverage_that_ends_is_no_improvement_and_hides_none() {
    let facts = [penalty(1, "2026-03-01", Some(Class::Serious))];
    let pack = remedied(pack());
    assert_eq!(look(&pack, &facts, &covered_until_today()).goals, look(&pack, &facts, &covered(&KINDS)).goals);
    // Nobody has an honour: −60. Were the honours no longer reported, the number would be unknown and cost nothing.
    let mut card = scorecard();
    let honour = &mut card.dimensions[1].indicators[0];
    honour.fade = Fading::Steps(vec![]);
    honour.floor = Some(Points::whole(-60));
    honour.take = Take::Number { number: Number::Count, bands: vec![(0, Points::whole(-60)), (1, Points::ZERO)] };
    let found = look(&remedied(pack_with(card)), &[], &covered_until_today());
    assert_eq!((found.grade, found.goals.len()), (Some(2), 0), "{found:?}");
}

#[test]
fn nothing_is_told_beyond_the_end_of_the_scorecard() {
    let mut card = scorecard();
    card.in_force.until = Some(day("2027-02-28"));
    let facts = [penalty(1, "2026-03-01", Some(Class::Serious))];
    let found = look(&remedied(pack_with(card)), &facts, &covered(&KINDS));
    assert_eq!(found.goals, []);
    assert_eq!(found.ends.map(|(day, _)| day), Some(day("2027-03-01")));
    let not_evaluable = look(&remedied(pack()), &facts, &covered(&[]));
    assert_eq!((not_evaluable.grade, not_evaluable.goals.len()), (None, 0));
}

#[test]
fn evenly_fading_points_are_looked_at_day_by_day() {
    let mut card = scorecard();
    card.dimensions[0].indicators[0].fade = Fading::Linear { after_months: 0 };
    let pack = remedied(pack_with(card));
    let facts = [penalty(1, "2026-03-01", Some(Class::Serious))];
    let found = look(&pack, &facts, &covered(&KINDS));
    let way = &found.goals[0].ways[0];
    let grade = |on: Day| run_on(&pack, &facts, &covered(&KINDS), &on.to_string()).grade;
    assert_eq!((way.steps(), grade(way.day.plus_days(-1)), grade(way.day)), (0, Some(2), Some(1)));
}

#[test]
fn alike_records_are_counted_however_many_they_are() {
    let mut card = scorecard();
    card.dimensions[0].indicators[1].floor = Some(Points::whole(-180));
    let pack = remedied(pack_with(card));
    // 800 − 180 = 620: for 750, at most two of 40 fines of 20 points may stay, and only after half a year can the others be struck out.
    let facts: Vec<Fact> = (1..=40).map(|id| fine(id, "2026-05-01", Some(3_000_000))).collect();
    let found = look(&pack, &facts, &covered(&KINDS));
    assert_eq!((found.grade, found.open, found.limit), (Some(2), 40, None));
    // Two stay; of the others none, one or two may only be paid off.
    let way = &found.goals[0].ways[0];
    assert_eq!((way.day, way.steps(), way.sets.len() + way.more), (day("2026-11-01"), 38, 780 * (1 + 38 + 703)));
}

#[test]
fn too_many_sets_are_bounded_and_the_bound_is_told() {
    let mut card = scorecard();
    let Take::Each { each, .. } = &mut card.dimensions[0].indicators[1].take else { panic!() };
    // Every fine is worth something else, so no two are alike.
    *each = Each::ByBand { field: FieldIx(1), bands: (0..60).map(|band| (band * 100_000, Points(-10_000 - band))).collect() };
    card.dimensions[0].indicators[1].floor = Some(Points::whole(-190));
    let pack = remedied(pack_with(card));
    let facts: Vec<Fact> = (1..=60).map(|id| fine(id, "2025-06-01", Some((id - 1) * 100_000))).collect();
    let found = look(&pack, &facts, &covered(&KINDS));
    assert_eq!((found.grade, found.open), (Some(2), 59 + 60));
    let Some(Limit { from, steps }) = found.limit else { panic!("{found:?}") };
    // As is known without trying: at most four of them may stay.
    assert_eq!((from, steps), (day(AS_OF), 55));
    // What is not exact is only what more steps would give: time alone is.
    let last = found.goals[0].ways.last().unwrap();
    let grade = |on: Day| run_on(&pack, &facts, &covered(&KINDS), &on.to_string()).grade;
    assert_eq!((last.steps(), grade(last.day.plus_days(-1)), grade(last.day)), (0, Some(2), Some(1)));
}

#[test]
fn a_set_names_no_record_twice_and_the_best_come_first() {
    let pack = remedied(pack());
    // Since half a year both remedies of a fine are open: struck out gives more than paid off.
    let facts: Vec<Fact> = (1..=3).map(|id| Fact { class: Some(Class::Ordinary), ..fine(id, "2025-10-01", Some(3_000_000)) }).collect();
    let found = look(&pack, &facts, &covered(&KINDS));
    assert_eq!((found.grade, found.open), (Some(2), 6), "800 − 60 − 60 = 680");
    let way: &Way = &found.goals[0].ways[0];
    let points: Vec<Option<Points>> = way.sets.iter().map(StepSet::points).collect();
    assert!(points.is_sorted_by(|a, b| a >= b), "{points:?}");
    for set in &way.sets {
        let mut records: Vec<RecordId> = set.steps.iter().map(|step| step.record).collect();
        records.dedup();
        assert_eq!(records.len(), set.steps.len());
        assert!(matches!(set.standing.outcome, Outcome::Graded { .. }));
    }
}
