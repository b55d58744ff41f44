//! Each border from both sides.

use xinzhi_core::day::Span;
use xinzhi_core::record::{Class, RecordId};
use xinzhi_core::{Day, Points};
use xinzhi_rules::fact::Fact;
use xinzhi_rules::model::{Each, Fade, Fading, FieldIx, Indicator, KindIx};
use xinzhi_rules::predicate::{Column, Predicate, Test};

use super::support::*;
use crate::{Coverage, Evaluation, Fault, Knowledge, Outcome, Question, Reason, Subject, evaluate, evaluate_many};

const ORDINARY: Option<Class> = Some(Class::Ordinary);
const SERIOUS: Option<Class> = Some(Class::Serious);

fn points(evaluation: &Evaluation) -> String {
    match evaluation.outcome {
        Outcome::Graded { points, .. } => points.to_string(),
        Outcome::NotEvaluable { .. } => "-".into(),
    }
}

fn line<'e>(evaluation: &'e Evaluation, id: &str) -> &'e crate::IndicatorLine {
    evaluation.indicators().find(|line| line.id == id).unwrap()
}

#[test]
fn w7_windows_and_fades_turn_on_their_day() {
    let rows = [
        // document's day | as of | total
        ("2023-06-01", "2026-06-01", "800"),
        ("2023-06-02", "2026-06-01", "793.34"),
        ("2024-06-01", "2026-06-01", "793.34"),
        ("2024-06-02", "2026-06-01", "790"),
        ("2025-06-01", "2026-06-01", "790"),
        ("2025-06-02", "2026-06-01", "780"),
        ("2026-06-01", "2026-06-01", "780"),
        ("2026-06-02", "2026-06-01", "800"),
        ("2024-02-29", "2025-02-27", "780"),
        ("2024-02-29", "2025-02-28", "790"),
        ("2024-02-29", "2027-02-28", "793.34"),
        ("2024-02-29", "2027-03-01", "800"),
    ];
    for (on, as_of, total) in rows {
        let evaluation = run(&[penalty(1, on, ORDINARY)], as_of);
        assert_eq!(points(&evaluation), total, "{on} seen on {as_of}");
    }
}

#[test]
fn w7_a_fade_reaches_a_clamped_month_end_and_the_explanation_foresees_it() {
    let mut card = scorecard();
    card.dimensions[0].indicators[0].fade = Fading::Steps(vec![Fade { after_months: 3, keep: 500 }]);
    card.dimensions[0].indicators[0].window_months = 6;
    let pack = pack_with(card);
    for (as_of, total) in [("2027-02-27", "780"), ("2027-02-28", "790"), ("2027-05-29", "790"), ("2027-05-30", "800")] {
        let facts = [penalty(1, "2026-11-30", ORDINARY)];
        assert_eq!(points(&run_on(&pack, &facts, &covered(&KINDS), as_of)), total, "{as_of}");
    }
    let facts = [penalty(1, "2026-11-30", ORDINARY)];
    let young = run_on(&pack, &facts, &covered(&KINDS), "2026-12-01");
    let contribution = line(&young, "penalty").contributions[0];
    assert_eq!(contribution.next_fade, Some(day("2027-02-28")));
    assert_eq!(contribution.leaves_on, day("2027-05-30"));
    assert_eq!(young.next_change, Some(day("2027-02-28")));
    let old = run_on(&pack, &facts, &covered(&KINDS), "2027-02-28");
    assert_eq!(old.next_change, Some(day("2027-05-30")));
}

#[test]
fn w7_a_window_that_ends_on_a_clamped_month_end_is_foreseen_to_the_day() {
    let mut card = scorecard();
    card.dimensions[0].indicators[0].fade = Fading::Steps(vec![]);
    card.dimensions[0].indicators[0].window_months = 3;
    let pack = pack_with(card);
    let facts = [penalty(1, "2026-11-30", ORDINARY)];
    let on = |as_of: &str| run_on(&pack, &facts, &covered(&KINDS), as_of);
    assert_eq!((points(&on("2027-02-28")).as_str(), points(&on("2027-03-01")).as_str()), ("780", "800"));
    assert_eq!(line(&on("2027-02-28"), "penalty").contributions[0].leaves_on, day("2027-03-01"));
    assert_eq!(on("2027-02-28").next_change, Some(day("2027-03-01")));
}

#[test]
fn sums_stop_at_floor_and_cap_and_totals_at_the_range() {
    let serious = |count: i64| (1..=count).map(|id| penalty(id, "2026-05-01", SERIOUS)).collect::<Vec<_>>();
    let honours = |count: i64| (1..=count).map(|id| honour(id, "2026-05-01", Some(0))).collect::<Vec<_>>();
    for (facts, total, bounded) in [
        (serious(2), "640", false),
        (serious(3), "600", true),
        (honours(2), "880", false),
        (honours(3), "880", true),
        ([serious(1), honours(3)].concat(), "820", true),
    ] {
        let evaluation = run(&facts, "2026-06-01");
        assert_eq!(points(&evaluation), total);
        assert_eq!(evaluation.indicators().any(|line| line.bounded), bounded, "{total}");
    }
    let evaluation = run(&serious(3), "2026-06-01");
    assert_eq!(line(&evaluation, "penalty").arithmetic(), "-80 - 80 - 80 = -240，按下限计 -200");
    assert_eq!(evaluation.arithmetic().unwrap(), "800 - 200 = 600");
    assert_eq!(run(&honours(3), "2026-06-01").arithmetic().unwrap(), "800 + 100 = 900，按上限计 880");
    assert_eq!(run(&[], "2026-06-01").arithmetic().unwrap(), "800");
}

#[test]
fn a_contribution_says_how_it_was_computed() {
    let evaluation = run(&[penalty(1, "2025-03-01", ORDINARY), penalty(2, "2024-03-01", ORDINARY)], "2026-06-01");
    let lines: Vec<String> = line(&evaluation, "penalty").contributions.iter().map(crate::Contribution::arithmetic).collect();
    assert_eq!(lines, ["-20 × 33.3% = -6.66", "-20 × 50% = -10"]);
    assert_eq!(line(&evaluation, "penalty").arithmetic(), "-6.66 - 10 = -16.66");
    assert_eq!(run(&[penalty(1, "2026-03-01", ORDINARY)], "2026-06-01").dimensions[0].indicators[0].contributions[0].arithmetic(), "-20");
}

#[test]
fn bands_begin_at_their_start() {
    for (fen, total) in [(0, "795"), (1_999_999, "795"), (2_000_000, "780"), (9_000_000, "780")] {
        assert_eq!(points(&run(&[fine(1, "2026-05-01", Some(fen))], "2026-06-01")), total, "{fen}");
    }
}

#[test]
fn d3_what_is_not_known_of_a_record_contributes_nothing_and_is_listed() {
    let no_class = Fact { class: None, ..penalty(1, "2026-05-01", None) };
    let no_amount = fine(2, "2026-05-01", None);
    let no_level = honour(3, "2026-05-01", None);
    let no_filter = Fact { values: vec![None, Some(5_000_000)], ..fine(4, "2026-05-01", None) };
    let evaluation = run(&[no_class, no_amount, no_level, no_filter], "2026-06-01");
    assert_eq!(points(&evaluation), "800");
    let uncertain = |id: &str| line(&evaluation, id).uncertain.iter().map(|record| record.0).collect::<Vec<_>>();
    assert_eq!(uncertain("penalty"), [1]);
    assert_eq!(uncertain("fine"), [2, 4]);
    assert_eq!(uncertain("honour"), [3]);
    assert_eq!(line(&evaluation, "fine").contributions, []);
    // Outside the window nothing is uncertain: it does not matter any more.
    assert_eq!(line(&run(&[penalty(1, "2023-06-01", None)], "2026-06-01"), "penalty").uncertain, []);
}

fn reported(kind: KindIx, from: &str, until: Option<&str>) -> (KindIx, Span) {
    (kind, Span { from: day(from), until: until.map(day) })
}

#[test]
fn coverage_must_hold_the_first_day_of_the_window_and_reach_within_the_lag() {
    // As of 2026-06-01 the window starts on 2023-06-02, and 45 days before is 2026-04-17.
    for (from, until, known) in [
        ("2023-06-02", Some("2026-04-17"), true),
        ("2023-06-03", Some("2026-04-17"), false),
        ("2023-06-02", Some("2026-04-16"), false),
        ("2023-06-02", None, true),
    ] {
        let (kind, span) = reported(HONOUR, from, until);
        let coverage = Coverage::new([(kind, vec![span])].into());
        let evaluation = run_on(&pack(), &[], &coverage, "2026-06-01");
        let state = if known { Knowledge::Known } else { Knowledge::Unknown };
        assert_eq!(line(&evaluation, "honour").state, state, "{from} {until:?}");
    }
}

#[test]
fn coverage_in_pieces_is_one_when_the_pieces_touch() {
    let (first, second) = (reported(HONOUR, "2020-01-01", Some("2025-06-30")).1, reported(HONOUR, "2025-07-01", None).1);
    let gap = Span { from: day("2025-07-02"), until: None };
    for (spans, known) in [(vec![second, first], Knowledge::Known), (vec![first, gap], Knowledge::Unknown)] {
        let evaluation = run_on(&pack(), &[], &Coverage::new([(HONOUR, spans)].into()), "2026-06-01");
        assert_eq!(line(&evaluation, "honour").state, known);
    }
}

#[test]
fn too_little_known_is_no_grade_and_never_zero() {
    // Weights: penalty 200, fine 100, honour 100; 60 % is asked for.
    for (kinds, share, total) in [(&[PENALTY][..], 750, "800"), (&[HONOUR], 250, "-"), (&[], 0, "-"), (&KINDS, 1000, "800")] {
        let evaluation = run_on(&pack(), &[], &covered(kinds), "2026-06-01");
        assert_eq!((evaluation.assessed_share, points(&evaluation).as_str()), (share, total));
    }
    let none = run_on(&pack(), &[], &covered(&[]), "2026-06-01");
    assert_eq!(none.unknown().map(|line| line.id.as_str()).collect::<Vec<_>>(), ["penalty", "fine", "honour"]);
    assert_eq!(none.grade, None);
    let Outcome::NotEvaluable { reason } = none.outcome else { panic!("graded") };
    assert_eq!(reason.sentence(), "已知信息只占评价权重的 0%，低于 60%，不作评价；没有归集不等于没有记录");
    // A record that counts makes its indicator known without coverage; an uncertain one does not.
    let with_record = run_on(&pack(), &[penalty(1, "2026-05-01", ORDINARY)], &covered(&[HONOUR]), "2026-06-01");
    assert_eq!((with_record.assessed_share, points(&with_record).as_str()), (750, "780"));
    let uncertain = run_on(&pack(), &[penalty(1, "2026-05-01", None)], &covered(&[HONOUR]), "2026-06-01");
    assert_eq!(uncertain.assessed_share, 250);
}

#[test]
fn the_end_of_coverage_is_a_change_foreseen() {
    let coverage = Coverage::new([reported(HONOUR, "2015-01-01", Some("2026-05-01"))].map(|(k, s)| (k, vec![s])).into());
    let evaluation = run_on(&pack(), &[], &coverage, "2026-06-01");
    assert_eq!(evaluation.next_change, Some(day("2026-06-16")));
    let before = run_on(&pack(), &[], &coverage, "2026-06-15");
    let after = run_on(&pack(), &[], &coverage, "2026-06-16");
    assert_eq!((line(&before, "honour").state, line(&after, "honour").state), (Knowledge::Known, Knowledge::Unknown));
}

#[test]
fn a_list_forces_its_grade_from_its_first_day_to_the_day_before_removal() {
    for (as_of, forced) in [("2026-02-28", None), ("2026-03-01", Some(3)), ("2026-08-31", Some(3)), ("2026-09-01", None)] {
        let facts = [listed(7, BLACKLIST, "2026-03-01", Some("2026-09-01"))];
        let evaluation = run(&facts, as_of);
        assert_eq!(evaluation.forced.map(|forced| forced.grade), forced, "{as_of}");
        assert_eq!(evaluation.grade, Some(forced.unwrap_or(1)));
        assert_eq!(points(&evaluation), "800");
        let kind = &pack().record_kinds[BLACKLIST.0];
        assert_eq!(forced.is_some(), facts[0].listed_on(kind, day(as_of)), "kernel and rules read lists alike");
    }
    let evaluation = run(&[listed(7, BLACKLIST, "2026-03-01", Some("2026-09-01"))], "2026-06-01");
    assert_eq!(evaluation.forced.unwrap().record, RecordId(7));
    assert_eq!(evaluation.next_change, Some(day("2026-09-01")));
}

#[test]
fn a_list_forces_its_grade_even_where_points_are_not_evaluable() {
    let evaluation = run_on(&pack(), &[listed(7, BLACKLIST, "2026-03-01", None)], &covered(&[]), "2026-06-01");
    assert_eq!((points(&evaluation).as_str(), evaluation.grade), ("-", Some(3)));
}

#[test]
fn d17_the_worst_list_wins_and_no_list_turns_against_its_meaning() {
    let with = |grades: [(KindIx, usize); 2]| {
        let mut card = scorecard();
        card.overrides = grades.map(|(list, grade)| listed_as(list, grade)).into();
        pack_with(card)
    };
    let on = |list| listed(i64::try_from(list).unwrap(), KindIx(list), "2026-03-01", None);
    // 800 points are a B, which is position 1.
    for (grades, lists, grade) in [
        ([(BLACKLIST, 3), (REDLIST, 0)], vec![2, 3], 3),
        ([(BLACKLIST, 3), (REDLIST, 0)], vec![3], 0),
        ([(BLACKLIST, 3), (REDLIST, 2)], vec![3], 1),
        ([(BLACKLIST, 0), (REDLIST, 0)], vec![2], 1),
    ] {
        let facts: Vec<Fact> = lists.iter().map(|list| on(*list)).collect();
        assert_eq!(run_on(&with(grades), &facts, &covered(&KINDS), "2026-06-01").grade, Some(grade), "{grades:?} {lists:?}");
    }
}

#[test]
fn w6_a_scorecard_is_used_only_while_it_is_in_force_reviewed_and_founded() {
    let mut pack = pack();
    let outcome = |pack: &xinzhi_rules::Pack, as_of: &str| run_on(pack, &[penalty(1, as_of, SERIOUS)], &covered(&KINDS), as_of);
    for (as_of, awake) in [("2019-12-31", false), ("2020-01-01", true), ("2028-12-31", true), ("2029-01-01", false)] {
        let evaluation = outcome(&pack, as_of);
        assert_eq!(matches!(evaluation.outcome, Outcome::Graded { .. }), awake, "{as_of}");
        assert_eq!(evaluation.dimensions.is_empty(), !awake);
    }
    assert_eq!(outcome(&pack, "2019-12-31").next_change, Some(day("2020-01-01")));
    assert_eq!(outcome(&pack, "2028-12-20").valid_until, day("2028-12-31"));
    assert_eq!(outcome(&pack, "2026-06-01").valid_until, day("2026-07-02"));
    pack.scorecards[0].review_by = day("2026-06-01");
    assert_eq!(points(&outcome(&pack, "2026-06-01")), "720");
    let overdue = outcome(&pack, "2026-06-02").outcome;
    assert_eq!(overdue, Outcome::NotEvaluable { reason: Reason::ReviewOverdue { review_by: day("2026-06-01") } });
    pack.laws[0].in_force.until = Some(day("2025-12-31"));
    assert_eq!(outcome(&pack, "2026-01-01").outcome, Outcome::NotEvaluable { reason: Reason::NoBasisInForce });
}

#[test]
fn c2_a_person_is_never_evaluated_and_other_kinds_only_by_their_scorecard() {
    let mut pack = pack();
    let coverage = covered(&KINDS);
    let subject = |kind| Subject { kind, facts: &[], coverage: &coverage };
    pack.scorecards[0].subjects = vec![RESIDENT];
    let question = Question { pack: &pack, card: CARD, as_of: day("2026-06-01") };
    assert_eq!(evaluate(&question, &subject(RESIDENT)), Err(Fault::Person));
    assert_eq!(evaluate(&question, &subject(ENTERPRISE)), Err(Fault::NotApplicable { scorecard: "market".into() }));
    let many = evaluate_many(&question, &[subject(RESIDENT), subject(ENTERPRISE)]).unwrap();
    assert_eq!(many, [Err(Fault::Person), Err(Fault::NotApplicable { scorecard: "market".into() })]);
}

#[test]
fn a_filter_narrows_and_a_later_document_waits() {
    let mut card = scorecard();
    card.dimensions[0].indicators = vec![Indicator {
        filter: Some(Predicate::Not(Box::new(Predicate::Test { column: Column::Field(FieldIx(0)), test: Test::AnyBit(1) }))),
        floor: Some(Points::whole(-50)),
        ..indicator("plain", PENALTY, Each::Constant(Points::whole(-3)))
    }];
    let facts = [fine(1, "2026-05-01", None), penalty(2, "2026-05-01", None), penalty(3, "2026-06-20", None), fine(4, "2026-06-10", None)];
    let evaluation = run_on(&pack_with(card), &facts, &covered(&KINDS), "2026-06-01");
    assert_eq!(points(&evaluation), "797");
    let next: Option<Day> = evaluation.next_change;
    assert_eq!(next, Some(day("2026-06-20")), "the fine of 10 June never counts here");
}
