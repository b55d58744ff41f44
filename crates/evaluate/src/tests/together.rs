//! Every way in which records come together, against the plainest reading of the model's own words.

use xinzhi_core::day::Span;
use xinzhi_core::{Day, Points};
use xinzhi_rules::fact::Fact;
use xinzhi_rules::model::{Dimension, Divisor, Each, Fading, FieldIx, Forcing, Indicator, Number, Override, Put, Scorecard, Silence, Take};
use xinzhi_rules::predicate::{Column, Predicate, Test, Truth};

use super::support::*;
use crate::columns::{self, KindColumns, Population, Values};
use crate::{Coverage, Evaluation, Knowledge, Outcome, Plan, Subject};

const AS_OF: &str = "2026-06-01";

fn whole(points: i32) -> Points {
    Points::whole(points)
}

fn card(indicators: Vec<Indicator>) -> Scorecard {
    Scorecard { dimensions: vec![dimension("全部", indicators)], overrides: vec![], assessed_share: 0, ..scorecard() }
}

fn measured(number: Number, bands: &[(i64, i32)]) -> Indicator {
    let bands = bands.iter().map(|(from, points)| (*from, whole(*points))).collect();
    Indicator { take: Take::Number { number, bands }, ..indicator("number", PENALTY, Each::Constant(whole(0))) }
}

fn points(evaluation: &Evaluation) -> String {
    match evaluation.outcome {
        Outcome::Graded { points, .. } => points.to_string(),
        Outcome::NotEvaluable { .. } => "-".into(),
    }
}

fn with(indicator: Indicator, facts: &[Fact]) -> Evaluation {
    run_on(&pack_with(card(vec![indicator])), facts, &covered(&KINDS), AS_OF)
}

#[test]
fn points_of_several_records_come_together_as_the_model_says() {
    let facts = [
        penalty(1, "2025-01-01", xinzhi_core::record::Class::from_number(2)),
        penalty(2, "2026-01-01", xinzhi_core::record::Class::from_number(0)),
        penalty(3, "2026-01-01", xinzhi_core::record::Class::from_number(1)),
        penalty(4, "2026-03-01", None),
    ];
    let worth = Each::ByClass([whole(-1), whole(-20), whole(-80)]);
    for (put, total, words) in [
        (Put::Sum, "699", "-80 - 1 - 20 = -101"),
        (Put::Best, "799", "-80、-1、-20 取最高 -1"),
        (Put::Worst, "720", "-80、-1、-20 取最低 -80"),
        (Put::Latest, "799", "-80、-1、-20 取最近 -1"),
        (Put::First, "720", "-80、-1、-20 取最早 -80"),
        (Put::Mean, "766.334", "-80、-1、-20 取平均 -33.666"),
    ] {
        let take = Take::Each { each: worth.clone(), put, silence: Silence::Nothing };
        let indicator = Indicator { take, floor: Some(whole(-200)), ..indicator("put", PENALTY, worth.clone()) };
        let evaluation = with(indicator.clone(), &facts);
        let line = evaluation.indicators().next().unwrap();
        assert_eq!((points(&evaluation).as_str(), line.arithmetic().as_str()), (total, words));
        assert_eq!(points(&with(indicator, &[])), "800", "no record is nothing");
    }
}

#[test]
fn a_number_of_all_records_falls_into_a_band() {
    let facts = [
        fine(1, "2026-05-01", Some(100_000)),
        fine(2, "2026-05-02", Some(150_000)),
        fine(3, "2026-05-03", Some(100_000)),
        fine(4, "2026-05-04", None),
        fine(5, "2023-06-01", Some(900_000)),
    ];
    let amount = FieldIx(1);
    let large = Predicate::Test { column: Column::Field(amount), test: Test::AtLeast(150_000) };
    for (number, bands, total, words) in [
        (Number::Count, &[(0, 5), (4, -10), (5, -50)][..], "790", "4 条，计 -10"),
        (Number::Distinct(amount), &[(0, 5), (2, -7), (3, -50)], "793", "2 个不同值，计 -7"),
        (Number::Total(amount), &[(0, 0), (350_000, -3), (350_001, -50)], "797", "合计 3,500.00 元，计 -3"),
        (Number::Rate(large), &[(0, 0), (333, -4), (334, -50)], "796", "占 33.3%，计 -4"),
    ] {
        let evaluation = with(measured(number.clone(), bands), &facts);
        assert_eq!((points(&evaluation).as_str(), evaluation.indicators().next().unwrap().arithmetic().as_str()), (total, words));
        let nothing = with(measured(number.clone(), bands), &[]);
        let line = nothing.indicators().next().unwrap();
        let rate = matches!(number, Number::Rate(_));
        assert_eq!(line.state, if rate { Knowledge::Unknown } else { Knowledge::Known }, "nothing counted is a number, no share is none");
        assert_eq!(line.points, if rate { Points::ZERO } else { whole(bands[0].1) });
    }
}

#[test]
fn d17_a_number_over_a_window_that_was_not_reported_is_unknown_whatever_there_is() {
    let card = card(vec![measured(Number::Count, &[(0, 5), (1, 3)]), indicator("plain", HONOUR, Each::Constant(whole(1)))]);
    let pack = pack_with(card);
    for facts in [vec![], vec![fine(1, "2026-05-01", Some(1))]] {
        let evaluation = run_on(&pack, &facts, &covered(&[HONOUR]), AS_OF);
        let line = evaluation.indicators().next().unwrap();
        assert_eq!((line.state, line.points), (Knowledge::Unknown, Points::ZERO));
        assert_eq!(points(&evaluation), "800");
    }
}

#[test]
fn w7_points_fade_evenly_from_an_age_to_the_end_of_the_window() {
    let fading = |after_months| Indicator {
        fade: Fading::Linear { after_months },
        window_months: 12,
        floor: Some(whole(-200)),
        ..indicator("linear", PENALTY, Each::Constant(whole(-100)))
    };
    // As of 2026-06-01 the window of a year begins on 2025-06-02: 365 days, of which the last half year is 2025-12-02 and later.
    for (after, on, kept) in [
        (6, "2025-12-02", 1000),
        (6, "2025-12-01", 1000 * 183 / 184),
        (6, "2025-06-02", 1000 / 184),
        (6, "2025-06-01", 0),
        (0, "2026-06-01", 1000),
        (0, "2026-05-31", 1000 * 364 / 365),
        (0, "2025-06-02", 2),
    ] {
        let evaluation = with(fading(after), &[penalty(1, on, None)]);
        let expected = Points::whole(800).0 - 100 * kept;
        assert_eq!(points(&evaluation), Points(expected).to_string(), "{on} after {after} months");
    }
    let evaluation = with(fading(6), &[penalty(1, "2025-12-05", None)]);
    let contribution = evaluation.indicators().next().unwrap().contributions[0];
    assert_eq!((contribution.keep, contribution.next_fade, contribution.leaves_on), (1000, Some(day("2026-06-05")), day("2026-12-05")));
    assert_eq!(evaluation.next_change, Some(day("2026-06-05")));
}

#[test]
fn indicators_and_dimensions_are_bounded_and_then_weighed() {
    let honours = |count: i64| (1..=count).map(|id| honour(id, "2026-05-01", Some(0))).collect::<Vec<_>>();
    let rated = Indicator { cap: Some(whole(100)), weight: 333, ..indicator("rated", HONOUR, Each::Constant(whole(40))) };
    let mut card = card(vec![rated.clone(), Indicator { id: "again".into(), ..rated }]);
    card.dimensions[0] = Dimension { weight: 500, cap: Some(whole(50)), ..card.dimensions[0].clone() };
    // 40 × 33.3% = 13.32 twice is 26.64, half of it 13.32; bounded at 100: 33.3 twice is 66.6, bounded at 50, half of it 25.
    for (count, total, line, dimension) in [
        (0, "800", "0 × 33.3% = 0", "0 × 50% = 0"),
        (1, "813.32", "40 × 33.3% = 13.32", "26.64 × 50% = 13.32"),
        (3, "825", "40 + 40 + 40 = 120，按上限计 100；100 × 33.3% = 33.3", "66.6，按上限计 50；50 × 50% = 25"),
    ] {
        let evaluation = run_on(&pack_with(card.clone()), &honours(count), &covered(&KINDS), AS_OF);
        let found = &evaluation.dimensions[0];
        assert_eq!((points(&evaluation).as_str(), found.indicators[0].arithmetic().as_str()), (total, line));
        assert_eq!(found.arithmetic().as_deref(), Some(dimension));
    }
}

#[test]
fn a_record_that_forces_a_grade_does_so_inside_its_window_alone() {
    let serious = Predicate::Test { column: Column::Class, test: Test::OneOf(vec![2]) };
    let when = Forcing::Within { filter: Some(serious), window_months: 12 };
    let mut card = scorecard();
    card.overrides = vec![Override { kind: PENALTY, when, grade: 3, basis: vec![] }];
    let pack = pack_with(card);
    for (on, class, forced) in
        [("2025-06-02", 2, true), ("2025-06-01", 2, false), ("2026-06-01", 2, true), ("2026-06-02", 2, false), ("2026-01-01", 1, false)]
    {
        let facts = [penalty(1, on, xinzhi_core::record::Class::from_number(class))];
        let evaluation = run_on(&pack, &facts, &covered(&KINDS), AS_OF);
        assert_eq!(evaluation.forced.is_some(), forced, "{on}");
        if forced {
            assert_eq!((evaluation.grade, evaluation.forced.unwrap().record.0), (Some(3), 1));
        }
    }
    let evaluation = run_on(&pack, &[penalty(1, "2026-06-20", xinzhi_core::record::Class::from_number(2))], &covered(&KINDS), AS_OF);
    assert_eq!(evaluation.next_change, Some(day("2026-06-20")));
}

#[test]
fn of_rules_that_force_the_same_grade_the_first_counts_whatever_kinds_they_read() {
    // 880 points are an A, which the honour's rule would leave and the penalty's would lower to C.
    let within = |kind| Override { kind, when: Forcing::Within { filter: None, window_months: 12 }, grade: 2, basis: vec![] };
    let facts = [
        penalty(1, "2026-05-01", xinzhi_core::record::Class::from_number(0)),
        honour(2, "2026-05-01", Some(0)),
        honour(3, "2026-05-02", Some(0)),
    ];
    for (rules, grade) in [([within(HONOUR), within(PENALTY)], 0), ([within(PENALTY), within(HONOUR)], 2)] {
        let mut card = scorecard();
        card.overrides = rules.into();
        let evaluation = run_on(&pack_with(card), &facts, &covered(&KINDS), AS_OF);
        assert_eq!((points(&evaluation).as_str(), evaluation.grade), ("880", Some(grade)));
        assert_eq!(evaluation.forced.map(|forced| forced.record.0), Some(if grade == 0 { 2 } else { 1 }));
    }
}

#[test]
fn an_amount_follows_the_grade_that_counts() {
    let mut card = scorecard();
    card.amount = Some(xinzhi_rules::model::AmountByGrade { title: "参考授信".into(), amounts: vec![400, 300, 200, 0] });
    let pack = pack_with(card);
    assert_eq!(run_on(&pack, &[], &covered(&KINDS), AS_OF).amount, Some(300));
    assert_eq!(run_on(&pack, &[listed(7, BLACKLIST, "2026-03-01", None)], &covered(&KINDS), AS_OF).amount, Some(0));
    assert_eq!(run_on(&pack, &[], &covered(&[]), AS_OF).amount, None, "no grade, no amount");
}

/// What the words of the model say, read record by record.
fn by_hand(indicator: &Indicator, facts: &[Fact], (coverage, as_of): (&Coverage, Day)) -> i64 {
    let first = as_of.plus_months(-indicator.window_months).plus_days(1);
    let holds = |fact: &Fact| indicator.filter.as_ref().is_none_or(|filter| fact.truth(filter) == Truth::True);
    let within = |fact: &&Fact| fact.kind == indicator.kind && first <= fact.day && fact.day <= as_of && holds(fact);
    let rows: Vec<&Fact> = facts.iter().filter(within).collect();
    let bounded = |raw: i64| {
        let raw = indicator.floor.map_or(raw, |floor| raw.max(floor.0));
        indicator.cap.map_or(raw, |cap| raw.min(cap.0)) * indicator.weight / 1000
    };
    match &indicator.take {
        Take::Each { each, put, .. } => {
            let valued = rows.iter().filter_map(|fact| Some((fact.day, kept(indicator, worth(each, fact)?, (fact.day, as_of)))));
            bounded(put_together(*put, valued.collect()))
        }
        Take::Number { number, bands } => {
            let span = Span { from: first, until: Some(as_of.plus_days(-45)) };
            let covered =
                coverage.spans(indicator.kind).iter().any(|s| s.contains(span.from) && s.until.is_none_or(|u| u >= span.until.unwrap()));
            let number = match number {
                Number::Ratio(divisor) => {
                    ratio_of(rows.len(), divisor, &facts.iter().filter(|fact| first <= fact.day && fact.day <= as_of).collect::<Vec<_>>())
                }
                number => number_of(number, &rows),
            };
            let Some(number) = number.filter(|_| covered) else { return 0 };
            bounded(bands.iter().rfind(|(from, _)| *from <= number).map_or(0, |(_, points)| points.0))
        }
    }
}

fn worth(each: &Each, fact: &Fact) -> Option<i64> {
    match each {
        Each::Constant(points) => Some(points.0),
        Each::ByClass(points) => Some(points[usize::try_from(fact.class?.number()).unwrap()].0),
        Each::ByChoice { field, points } => points.get(usize::try_from(fact.values[field.0]?).ok()?).map(|points| points.0),
        Each::ByBand { field, bands } => {
            let value = fact.values[field.0]?;
            bands.iter().rfind(|(from, _)| *from <= value).map(|(_, points)| points.0)
        }
    }
}

fn kept(indicator: &Indicator, points: i64, (on, as_of): (Day, Day)) -> i64 {
    let keep = match &indicator.fade {
        Fading::Steps(steps) => steps.iter().rfind(|step| on.plus_months(step.after_months) <= as_of).map_or(1000, |step| step.keep),
        Fading::Linear { after_months } => {
            let first = as_of.plus_months(-indicator.window_months).plus_days(1);
            let whole = as_of.plus_months(-after_months).plus_days(1).min(as_of);
            ((on.number() - first.number() + 1) * 1000 / (whole.number() - first.number() + 1)).min(1000)
        }
    };
    points * keep / 1000
}

fn put_together(put: Put, rows: Vec<(Day, i64)>) -> i64 {
    let points = || rows.iter().map(|(_, points)| *points);
    let on = |day: Option<Day>| rows.iter().filter(|(on, _)| Some(*on) == day).map(|(_, points)| *points).max();
    let days = || rows.iter().map(|(day, _)| *day);
    match put {
        Put::Sum => Some(points().sum()),
        Put::Best => points().max(),
        Put::Worst => points().min(),
        Put::Latest => on(days().max()),
        Put::First => on(days().min()),
        Put::Mean => points().sum::<i64>().checked_div(i64::try_from(rows.len()).unwrap()),
    }
    .unwrap_or(0)
}

fn number_of(number: &Number, rows: &[&Fact]) -> Option<i64> {
    let length = |count: usize| i64::try_from(count).unwrap();
    match number {
        Number::Count => Some(length(rows.len())),
        Number::Distinct(field) => {
            let values: std::collections::BTreeSet<i64> = rows.iter().filter_map(|fact| fact.values[field.0]).collect();
            Some(length(values.len()))
        }
        Number::Total(field) => Some(rows.iter().filter_map(|fact| fact.values[field.0]).sum()),
        Number::Rate(of) => {
            let told: Vec<Truth> = rows.iter().map(|fact| fact.truth(of)).filter(|truth| *truth != Truth::Unknown).collect();
            (length(told.iter().filter(|truth| **truth == Truth::True).count()) * 1000).checked_div(length(told.len()))
        }
        Number::Ratio(_) => panic!("not of one kind"),
    }
}

/// Of adverse records: divided by whatever visit may meet the condition, as long as one does.
fn ratio_of(count: usize, divisor: &Divisor, rows: &[&Fact]) -> Option<i64> {
    let truth = |fact: &&&Fact| divisor.filter.as_ref().map_or(Truth::True, |filter| fact.truth(filter));
    let others = || rows.iter().filter(|fact| fact.kind == divisor.kind);
    let (sure, by) = (others().any(|fact| truth(&fact) == Truth::True), others().filter(|fact| truth(fact) != Truth::False).count());
    sure.then(|| i64::try_from(count * 1000 / by).unwrap())
}

fn random_indicator(numbers: &mut Numbers, id: usize) -> Indicator {
    let amount = FieldIx(1);
    let bands = |numbers: &mut Numbers, step: u64| {
        let mut from = 0;
        (0..1 + numbers.below(4))
            .map(|_| {
                let band = (from, Points(numbers.signed(90_000) - 45_000));
                from += 1 + numbers.signed(step);
                band
            })
            .collect::<Vec<_>>()
    };
    let test = |numbers: &mut Numbers| match numbers.below(3) {
        0 => Predicate::Test { column: Column::Class, test: Test::OneOf(vec![numbers.signed(3)]) },
        1 => Predicate::Test { column: Column::Field(amount), test: Test::AtLeast(numbers.signed(3_000_000)) },
        _ => Predicate::Not(Box::new(Predicate::Test { column: Column::Field(FieldIx(0)), test: Test::AnyBit(1 + numbers.signed(6)) })),
    };
    let take = match numbers.below(4) {
        0 => {
            let number = match numbers.below(6) {
                0 => Number::Count,
                1 => Number::Distinct(FieldIx(0)),
                2 => Number::Total(amount),
                3 => Number::Rate(test(numbers)),
                _ => {
                    let found = Predicate::Test { column: Column::Field(FieldIx(0)), test: Test::OneOf(vec![numbers.signed(2)]) };
                    Number::Ratio(Divisor { kind: VISIT, filter: (numbers.below(2) == 0).then_some(found) })
                }
            };
            let step = match number {
                Number::Total(_) => 4_000_000,
                Number::Rate(_) | Number::Ratio(_) => 400,
                Number::Count | Number::Distinct(_) => 3,
            };
            Take::Number { number, bands: bands(numbers, step) }
        }
        _ => {
            let put = [Put::Sum, Put::Best, Put::Worst, Put::Latest, Put::First, Put::Mean][usize::try_from(numbers.below(6)).unwrap()];
            let each = match numbers.below(3) {
                0 => Each::ByClass([Points(-numbers.signed(9_999)), Points(-numbers.signed(99_999)), Points(7)]),
                1 => Each::ByBand { field: amount, bands: bands(numbers, 2_000_000) },
                _ => Each::ByChoice { field: FieldIx(0), points: (0..5).map(|_| Points(numbers.signed(20_000) - 9_000)).collect() },
            };
            let silence = if numbers.below(3) == 0 { Silence::Unknown } else { Silence::Nothing };
            Take::Each { each, put, silence }
        }
    };
    let window_months = 1 + i32::try_from(numbers.below(48)).unwrap();
    let fade = if window_months > 1 && numbers.below(2) == 0 {
        Fading::Linear { after_months: i32::try_from(numbers.below(window_months.unsigned_abs().into())).unwrap() }
    } else {
        Fading::Steps(
            (1..=numbers.below(4))
                .map(|step| xinzhi_rules::model::Fade {
                    after_months: i32::try_from(step * 5).unwrap(),
                    keep: 999 - 300 * i64::try_from(step).unwrap(),
                })
                .collect(),
        )
    };
    Indicator {
        id: format!("i{id}"),
        filter: (numbers.below(2) == 0).then(|| test(numbers)),
        window_months,
        take,
        fade,
        floor: (numbers.below(2) == 0).then(|| Points(-numbers.signed(200_000))),
        cap: (numbers.below(2) == 0).then(|| Points(numbers.signed(200_000))),
        weight: 1 + numbers.signed(1000),
        ..indicator("i", PENALTY, Each::Constant(whole(0)))
    }
}

/// As most models are: points, bounds and what is left of them are round, sums weigh whole.
fn rounded(numbers: &mut Numbers, indicator: Indicator) -> Indicator {
    let unit = [1000, 500, 250, 100_000][usize::try_from(numbers.below(4)).unwrap()];
    let round = |points: Points| Points(points.0 / unit * unit);
    let take = match indicator.take {
        Take::Each { each, silence, .. } => {
            let each = match each {
                Each::Constant(points) => Each::Constant(round(points)),
                Each::ByClass(points) => Each::ByClass(points.map(round)),
                Each::ByChoice { field, points } => Each::ByChoice { field, points: points.into_iter().map(round).collect() },
                Each::ByBand { field, bands } => {
                    Each::ByBand { field, bands: bands.into_iter().map(|(from, points)| (from, round(points))).collect() }
                }
            };
            Take::Each { each, put: Put::Sum, silence }
        }
        number => number,
    };
    let fade = match indicator.fade {
        Fading::Linear { .. } => Fading::Steps(Vec::new()),
        Fading::Steps(steps) => {
            let halved = |(place, step)| xinzhi_rules::model::Fade { keep: 1000_i64 >> (place + 1_u32), ..step };
            Fading::Steps((0..).zip(steps).map(halved).collect())
        }
    };
    // Bounds that are not: they do not go into the points, which then are told in smaller units.
    let bound = |bound: Option<Points>, numbers: &mut Numbers| bound.map(|bound| if numbers.below(4) == 0 { bound } else { round(bound) });
    let (floor, cap) = (bound(indicator.floor, numbers), bound(indicator.cap, numbers));
    Indicator { take, fade, floor, cap, weight: 1000, ..indicator }
}

/// The sum of as many records as go together is as large as what holds it, or larger by one; and there are one more of them.
#[test]
fn sums_at_the_border_of_what_holds_them_are_whole() {
    for (points, many, bound) in [
        (1057, 31, 40_000),
        (1057, 31, 32_766),
        (1058, 31, 40_000),
        (1057, 32, 40_000),
        (-1057, 31, 32_766),
        (-1057, 31, 40_000),
        (-1058, 31, 32_797),
        (-1058, 32, 33_856),
        (-1057, 310, 400_000),
    ] {
        // One other choice is worth one point, so that points are told in no larger unit.
        let worth = Each::ByChoice { field: FieldIx(0), points: vec![whole(points), whole(1)] };
        let (floor, cap) = (Some(whole(-bound)), Some(whole(bound)));
        let each = Indicator { floor, cap, ..indicator("border", HONOUR, worth) };
        let facts: Vec<Fact> = (1..=many).map(|id| honour(id, "2026-05-01", Some(0))).collect();
        let other = |id: &str, points| Indicator { floor, cap, ..indicator(id, HONOUR, Each::Constant(whole(points))) };
        let mut card = card(vec![other("before", -1), each.clone(), other("after", 1)]);
        (card.min, card.max) = (whole(-1_000_000), whole(1_000_000));
        card.grades.last_mut().unwrap().from = Some(card.min);
        let pack = pack_with(card);
        let coverage = covered(&KINDS);
        let subject = Subject { kind: ENTERPRISE, facts: &facts, coverage: &coverage };
        let question = crate::Question { pack: &pack, card: CARD, as_of: day(AS_OF) };
        let together = crate::evaluate_many(&question, &[subject, subject]).unwrap();
        let expected = by_hand(&each, &facts, (&coverage, day(AS_OF)));
        for standing in together {
            let Outcome::Graded { points: sum, .. } = standing.unwrap().outcome else { panic!("it is known") };
            assert_eq!(sum.0, Points::whole(800).0 + expected, "{many} of {points}");
        }
    }
}

#[test]
fn the_kernel_reads_a_model_as_its_words_say_alone_and_among_thousands() {
    let mut moved = 0;
    for seed in 0..150 {
        let mut numbers = Numbers(seed);
        let mut indicators: Vec<Indicator> = (0..6).map(|id| random_indicator(&mut numbers, id)).collect();
        if seed % 3 > 0 {
            indicators = indicators.into_iter().map(|indicator| rounded(&mut numbers, indicator)).collect();
        }
        let pack = pack_with(card(indicators.clone()));
        let coverages = [covered(&KINDS), covered(&[HONOUR])];
        let town: Vec<Vec<Fact>> = (0..20)
            .map(|_| {
                let most = if numbers.below(6) == 0 { 200 } else { 30 };
                let (count, visits) = (numbers.signed(most), numbers.signed(20));
                [numbers.facts(count), (0..visits).map(|id| numbers.visit(1000 + id)).collect()].concat()
            })
            .collect();
        let subjects: Vec<Subject<'_>> =
            town.iter().enumerate().map(|(place, facts)| Subject { kind: ENTERPRISE, facts, coverage: &coverages[place % 2] }).collect();
        let question = crate::Question { pack: &pack, card: CARD, as_of: day(AS_OF) };
        let together = crate::evaluate_many(&question, &subjects).unwrap();
        for (subject, standing) in subjects.iter().zip(together) {
            let alone = run_on(&pack, subject.facts, subject.coverage, AS_OF);
            assert_eq!(standing.unwrap(), alone.standing(), "seed {seed}");
            for (line, indicator) in alone.indicators().zip(&indicators) {
                let expected = by_hand(indicator, subject.facts, (subject.coverage, day(AS_OF)));
                assert_eq!(line.points.0, expected, "seed {seed}: {indicator:?}");
                moved += usize::from(expected != 0);
            }
        }
    }
    assert!(moved > 3000, "the records must reach the rules, they did so {moved} times");
}

/// A pass over many days says of each what a pass over that day alone says: to the share of weight, in every dimension.
#[test]
fn d1_many_days_in_one_pass_say_of_each_what_it_says_alone() {
    let listed = Override { kind: BLACKLIST, when: Forcing::Listed, grade: 3, basis: vec![] };
    let within = Override { kind: PENALTY, when: Forcing::Within { filter: None, window_months: 7 }, grade: 2, basis: vec![] };
    let mut answers = std::collections::BTreeSet::new();
    for seed in 0..25 {
        let mut numbers = Numbers(1000 + seed);
        let mut card = card((0..6).map(|id| random_indicator(&mut numbers, id)).collect());
        card.overrides = vec![listed.clone(), within.clone()];
        let pack = pack_with(card);
        let plan = Plan::compile(&pack, CARD).unwrap();
        let town: Vec<Vec<Fact>> = (0..1100)
            .map(|_| {
                let (count, visits) = (numbers.signed(6), numbers.signed(4));
                [numbers.facts(count), (0..visits).map(|id| numbers.visit(100 + id)).collect()].concat()
            })
            .collect();
        let coverages = [covered(&KINDS), covered(&[HONOUR])];
        let coverage_of: Vec<&Coverage> = (0..town.len()).map(|place| &coverages[usize::from(place % 3 == 0)]).collect();
        let feed = crate::feed::Feed::new(&plan, &town);
        let population = feed.population(&coverage_of).unwrap();
        // Out of order, twice, with clamped month ends, before and after every record.
        let days = ["2025-01-31", "2024-02-29", "2024-02-29", "2026-06-30", "2021-12-31", "2028-02-28"].map(day);
        let mut first = 0;
        let alone: Vec<crate::Totals> = days.iter().map(|day| crate::run(&plan, &population, *day).unwrap()).collect();
        crate::kernel::over(&plan, &population, &days, |start, totals| {
            assert_eq!(start, first);
            assert_eq!(totals.len(), days.len());
            for (totals, alone) in totals.iter().zip(&alone) {
                for place in 0..totals.subjects() {
                    let said = totals.standing(&plan, place);
                    assert_eq!(said, alone.standing(&plan, start + place), "seed {seed}");
                    assert_eq!(totals.dimension(0, place), alone.dimension(0, start + place), "seed {seed}");
                    answers.insert(format!("{said:?}"));
                }
            }
            first += totals[0].subjects();
            Ok::<(), crate::ColumnsFault>(())
        })
        .unwrap();
        assert_eq!(first, town.len(), "everybody, in pieces");
    }
    assert!(answers.len() > 1000, "the days must differ: {} answers", answers.len());
}

/// Sums of several indicators go through one number in lanes that have room for so many rows: both sides of that border and of its multiples,
/// with points that are as large as they can be and points of which nothing is a common part.
#[test]
fn d18_however_many_records_there_are_each_indicator_has_its_own_sum() {
    let worth = |minor: i32, general: i64| Each::ByClass([whole(minor), Points(general), whole(-80)]);
    let floor = |points| Some(whole(points));
    let fade = |keep| Fading::Steps(vec![xinzhi_rules::model::Fade { after_months: 12, keep }]);
    let indicators = [
        Indicator { floor: floor(-1_000_000), ..indicator("a", PENALTY, worth(0, -20_000)) },
        Indicator { floor: floor(-300), fade: fade(333), ..indicator("b", PENALTY, worth(-1, -19_999)) },
        Indicator { floor: floor(-2_000_000), cap: Some(whole(0)), ..indicator("c", PENALTY, Each::Constant(whole(-100_000))) },
        Indicator { floor: floor(-7), weight: 333, ..indicator("d", PENALTY, Each::Constant(Points(-1))) },
        Indicator { floor: floor(-900), window_months: 6, ..indicator("e", PENALTY, worth(-5, -10_000)) },
        Indicator { floor: floor(-10), ..indicator("f", PENALTY, Each::Constant(Points(0))) },
    ];
    // As wide as nothing is cut off.
    let mut card = Scorecard { min: whole(i32::MIN), ..card(indicators.to_vec()) };
    card.grades.last_mut().unwrap().from = Some(whole(i32::MIN));
    let pack = pack_with(card);
    let mut numbers = Numbers(31);
    let severe = |many: i64| (0..many).map(|id| penalty(id, "2026-01-01", xinzhi_core::record::Class::from_number(2))).collect();
    let many = [0, 1, 30, 31, 32, 33, 48, 61, 62, 63, 64, 93, 400, 5000];
    let town: Vec<Vec<Fact>> = many.iter().flat_map(|many| [numbers.facts(*many), severe(*many), numbers.facts(2)]).collect();
    let coverages = [covered(&KINDS), covered(&[HONOUR])];
    let subject = |(place, facts)| Subject { kind: ENTERPRISE, facts, coverage: &coverages[place % 2] };
    let subjects: Vec<Subject<'_>> = town.iter().map(Vec::as_slice).enumerate().map(subject).collect();
    let question = crate::Question { pack: &pack, card: CARD, as_of: day(AS_OF) };
    let mut sums = std::collections::BTreeSet::new();
    for (subject, standing) in subjects.iter().zip(crate::evaluate_many(&question, &subjects).unwrap()) {
        let alone = run_on(&pack, subject.facts, subject.coverage, AS_OF);
        assert_eq!(standing.unwrap(), alone.standing());
        let mut total = 800_000;
        for (line, indicator) in alone.indicators().zip(&indicators) {
            assert_eq!(line.points.0, by_hand(indicator, subject.facts, (subject.coverage, day(AS_OF))), "{indicator:?}");
            sums.insert(line.points);
            total += line.points.0;
        }
        assert_eq!(points(&alone), Points(total).to_string(), "{} records", subject.facts.len());
    }
    assert!(sums.len() > 30, "{sums:?}");
}

/// Bounds and amounts on both sides of what half as wide numbers can hold.
#[test]
fn an_amount_of_any_size_falls_into_its_band() {
    let amount = FieldIx(1);
    let border = i64::from(i32::MAX);
    let amounts = [i64::MIN, -border - 2, -border - 1, -1, 0, 1, border - 1, border, border + 1, 5_000_000_000, i64::MAX];
    for bounds in [&[0, 1][..], &[-border, 0, border], &[-border - 1, border], &[0, border + 1, 5_000_000_000], &[i64::MIN, 0, i64::MAX]] {
        let bands = bounds.iter().zip(1..).map(|(from, place)| (*from, whole(-place))).collect();
        let indicator = Indicator { floor: Some(whole(-100)), ..indicator("amount", PENALTY, Each::ByBand { field: amount, bands }) };
        for value in amounts {
            let facts = [fine(1, "2026-05-01", Some(value))];
            let expected = by_hand(&indicator, &facts, (&covered(&KINDS), day(AS_OF)));
            assert_eq!(alone_and_among(&indicator, &facts), (expected, expected), "{bounds:?} {value}");
        }
    }
}

/// Small tables of several indicators are looked up together, large ones by themselves: both sides of that border, in codes and in stretches.
#[test]
fn a_table_of_any_size_says_what_each_row_is_worth() {
    let amount = FieldIx(1);
    let facts: Vec<Fact> = (0..60)
        .map(|id| fine(id, &day(AS_OF).plus_days(-i32::try_from(id).unwrap() * 150).to_string(), Some(id * 77_777 % 3_100_000)))
        .collect();
    for (bands, steps) in [(1022, 0), (1023, 0), (1024, 0), (3000, 0), (3, 252), (2, 253), (1, 254), (1, 255), (1, 300), (7, 254), (8, 254)]
    {
        let bands = (0..bands).map(|band| (band * 1000, Points(-1000 - band))).collect();
        let steps = (1..=steps).map(|months| xinzhi_rules::model::Fade { after_months: months, keep: 1000 - 3 * i64::from(months) });
        let indicator = Indicator {
            window_months: 301,
            floor: Some(whole(-1000)),
            fade: Fading::Steps(steps.collect()),
            ..indicator("bands", PENALTY, Each::ByBand { field: amount, bands })
        };
        let expected = by_hand(&indicator, &facts, (&covered(&KINDS), day(AS_OF)));
        assert_eq!(alone_and_among(&indicator, &facts), (expected, expected), "{indicator:?}");
    }
}

/// A column is cut where a condition or a worth turns: every value on both sides of each cut, for few cuts and for many, with empty cells, alone and
/// beside an indicator that cuts the same column elsewhere.
#[test]
fn a_row_is_read_by_the_pieces_of_its_columns() {
    let (level, amount) = (FieldIx(0), FieldIx(1));
    let holds = |column, test| Some(Predicate::Test { column: Column::Field(column), test });
    let not = |condition: Option<Predicate>| condition.map(|condition| Predicate::Not(Box::new(condition)));
    let conditions = [
        holds(level, Test::OneOf(vec![2])),
        holds(level, Test::NoneOf(vec![0, 2, 4, 6, 8, 10, 12])),
        holds(level, Test::Present(false)),
        not(holds(level, Test::AtLeast(3))),
        holds(level, Test::AtMost(-1)),
        holds(level, Test::AnyBit(6)),
        holds(amount, Test::AtLeast(i64::MIN)),
        holds(amount, Test::AtMost(i64::MAX)),
        not(holds(amount, Test::OneOf(vec![i64::MAX, i64::MIN, 7]))),
        holds(amount, Test::OneOf((0..40).map(|value| value * 100).collect())),
        Some(Predicate::Any(holds(level, Test::OneOf(vec![1])).into_iter().chain(holds(amount, Test::Present(true))).collect())),
        None,
    ];
    let worths = [
        Each::Constant(whole(-3)),
        Each::ByChoice { field: level, points: (1..=12).map(|points| whole(-points)).collect() },
        Each::ByChoice { field: level, points: vec![whole(-5); 3] },
        Each::ByBand { field: amount, bands: vec![(-100, whole(-1)), (0, whole(-4)), (5_000_000_000, whole(-9))] },
        Each::ByBand { field: amount, bands: (0..60).map(|band| (band * 70, Points(-band))).collect() },
    ];
    let levels = || (0..=13).map(Some).chain([None]);
    let (short, quarter) = (i64::from(i32::MAX), i64::from(i16::MAX));
    let large = [i64::MIN, -short - 1, -quarter - 2, -quarter - 1, quarter, quarter + 1, short, 4_999_999_999, 5_000_000_000, i64::MAX];
    let amounts = [[-101, -100, -1, 0, 6, 7, 8, 100, 3900, 3901], large].concat().into_iter().map(Some).collect::<Vec<_>>();
    let cells: Vec<(Option<i64>, Option<i64>)> =
        levels().flat_map(|level| amounts.iter().copied().chain([None]).map(move |amount| (level, amount))).collect();
    for (filter, worth) in conditions.iter().flat_map(|filter| worths.iter().map(move |worth| (filter, worth))) {
        let indicator = Indicator { filter: filter.clone(), floor: Some(whole(-9)), ..indicator("pieces", PENALTY, worth.clone()) };
        let plain: Vec<Vec<Fact>> = cells.iter().map(|(level, amount)| vec![row(1, *level, *amount)]).collect();
        let expected: Vec<i64> = plain.iter().map(|facts| by_hand(&indicator, facts, (&covered(&KINDS), day(AS_OF)))).collect();
        assert_eq!(among(&indicator, &plain), expected, "{indicator:?}");
        let narrow: Vec<Vec<Fact>> = plain.into_iter().filter(|facts| narrow(facts).is_some()).collect();
        let expected: Vec<i64> = narrow.iter().map(|facts| by_hand(&indicator, facts, (&covered(&KINDS), day(AS_OF)))).collect();
        assert_eq!(among_narrow(&indicator, &narrow), expected, "{indicator:?}");
    }
}

/// Level and amount of the only record, if they are short.
fn narrow(facts: &[Fact]) -> Option<(Option<u8>, Option<i32>)> {
    let short = |value: Option<i64>| value.map_or(Ok(None), |value| i32::try_from(value).map(Some)).ok();
    let [fact] = facts else { return None };
    Some((fact.values[0].map(|level| u8::try_from(level).unwrap()), short(fact.values[1])?))
}

/// As `among`, over columns as narrow as files are read into.
fn among_narrow(indicator: &Indicator, town: &[Vec<Fact>]) -> Vec<i64> {
    let rows: Vec<_> = town.iter().map(|facts| narrow(facts).unwrap()).collect();
    let (levels, amounts): (Vec<u8>, Vec<i32>) = rows.iter().map(|(level, amount)| (level.unwrap_or(9), amount.unwrap_or(99))).unzip();
    let known = rows.iter().map(|(level, amount)| (u8::from(level.is_some()), u8::from(amount.is_some())));
    let (levels_known, amounts_known): (Vec<u8>, Vec<u8>) = known.unzip();
    let days: Vec<i32> = town.iter().map(|facts| i32::try_from(facts[0].day.number()).unwrap()).collect();
    let starts: Vec<u32> = (0..=u32::try_from(town.len()).unwrap()).collect();
    let level = columns::Column { values: Values::Byte(&levels), known: Some(&levels_known) };
    let amount = columns::Column { values: Values::Short(&amounts), known: Some(&amounts_known) };
    let kind = KindColumns { starts: &starts, day: &days, class: None, fields: vec![Some(level), Some(amount)] };
    let coverage = covered(&KINDS);
    let population = Population::new([(PENALTY, kind)].into(), vec![&coverage], vec![0; town.len()]).unwrap();
    let totals = crate::run(&plan_beside(indicator), &population, day(AS_OF)).unwrap();
    (0..town.len()).map(|subject| totals.dimension(0, subject).unwrap().0).collect()
}

fn row(id: i64, level: Option<i64>, amount: Option<i64>) -> Fact {
    Fact { values: vec![level, amount], ..fine(id, "2026-05-01", None) }
}

/// What an indicator comes to for a subject alone, and for one of several beside others over the same records.
fn alone_and_among(indicator: &Indicator, facts: &[Fact]) -> (i64, i64) {
    let alone = with(indicator.clone(), facts).indicators().next().unwrap().points.0;
    let among = among(indicator, &[facts.to_vec(), facts.to_vec(), Vec::new()]);
    assert_eq!(among[0], among[1]);
    (alone, among[0])
}

/// What an indicator comes to for each of several subjects, beside one of another dimension over the same records.
fn among(indicator: &Indicator, town: &[Vec<Fact>]) -> Vec<i64> {
    let (plan, coverage) = (plan_beside(indicator), covered(&KINDS));
    let feed = crate::feed::Feed::new(&plan, town);
    let totals = crate::run(&plan, &feed.population(&vec![&coverage; town.len()]).unwrap(), day(AS_OF)).unwrap();
    (0..town.len()).map(|subject| totals.dimension(0, subject).unwrap().0).collect()
}

fn plan_beside(indicator: &Indicator) -> Plan {
    let level = Each::ByChoice { field: FieldIx(0), points: vec![whole(-1), whole(0), whole(-2)] };
    let beside = Indicator { floor: Some(whole(-6)), ..self::indicator("beside", PENALTY, level) };
    let dimensions = vec![dimension("其一", vec![indicator.clone()]), dimension("其二", vec![beside])];
    let mut card = Scorecard { dimensions, min: whole(-1_000_000), ..card(Vec::new()) };
    card.grades.last_mut().unwrap().from = Some(card.min);
    Plan::compile(&pack_with(card), CARD).unwrap()
}
