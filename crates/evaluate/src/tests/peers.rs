//! Grades by how peers do: which limits hold for whom on which day, and where a run puts them.

use xinzhi_core::Points;
use xinzhi_rules::fact::Fact;
use xinzhi_rules::model::{FieldIx, Pack, PeersBy};

use super::support::*;
use crate::peers::{Comparison, Tally};
use crate::{ColumnsFault, Coverage, Evaluation, Outcome, Plan, Question, Reason, Standing, Subject, evaluate_many, feed, run as run_plan};

const HONOURS: PeersBy = PeersBy::Choice { kind: HONOUR, field: FieldIx(0) };

/// Limits of half a year: everybody's, those of the first group, and the second too small.
fn half_a_year(by: PeersBy) -> Pack {
    let mut pack = by_peers(by);
    let groups = [Some([860, 830, 600]), None];
    pack.cutoffs = vec![cutoffs("2026-01-01", "2026-06-30", [820, 760, 700], &groups[..if by == PeersBy::Kind { 1 } else { 2 }])];
    pack
}

fn told(pack: &Pack, facts: &[Fact], on: &str) -> Evaluation {
    run_on(pack, facts, &covered(&KINDS), on)
}

#[test]
fn the_group_of_the_latest_document_counts_and_whoever_has_none_is_measured_by_everybody() {
    let pack = half_a_year(HONOURS);
    let group = |facts: &[Fact], on: &str| {
        let found = told(&pack, facts, on);
        let peers = found.peers.clone().unwrap();
        assert_eq!(found.standing().grade, found.grade);
        (peers.group, peers.own, peers.limits[0], found.grade)
    };
    let whole = Points::whole;
    // 840 points by the first value, 825 by the second.
    assert_eq!(group(&[], "2026-06-01"), (None, false, whole(820), Some(1)), "800 points");
    let first = [honour(1, "2026-02-01", Some(0))];
    assert_eq!(group(&first, "2026-06-01"), (Some("国家级".into()), true, whole(860), Some(1)));
    assert_eq!(group(&first, "2026-01-31"), (None, false, whole(820), Some(1)), "not before its day");
    let second = [honour(1, "2026-02-01", Some(1))];
    assert_eq!(group(&second, "2026-06-01"), (Some("省级".into()), false, whole(820), Some(0)), "a group too small takes everybody's");
    let later = [first[0].clone(), honour(2, "2026-03-01", Some(1)), honour(3, "2026-04-01", None)];
    assert_eq!(group(&later, "2026-06-01").0, Some("省级".into()), "a document that says nothing tells no group");
    let same_day = [honour(1, "2026-02-01", Some(1)), honour(2, "2026-02-01", Some(0))];
    assert_eq!(group(&same_day, "2026-06-01").0, Some("国家级".into()), "of one day the first in the catalogue");
    let reversed = [same_day[1].clone(), same_day[0].clone()];
    assert_eq!(group(&reversed, "2026-06-01"), group(&same_day, "2026-06-01"));
    // Records of this kind are used for five years.
    let old = [honour(1, "2021-06-02", Some(0))];
    assert_eq!([group(&old, "2026-06-01").0, group(&old, "2026-06-02").0], [Some("国家级".into()), None]);
}

#[test]
fn a_day_without_limits_gives_no_points_and_no_grade_and_says_so() {
    let pack = half_a_year(HONOURS);
    let listed = [listed(1, BLACKLIST, "2025-06-01", None)];
    for on in ["2025-12-31", "2026-07-01"] {
        let found = told(&pack, &listed, on);
        assert_eq!(found.outcome, Outcome::NotEvaluable { reason: Reason::NoCutoffsInForce });
        assert_eq!((found.grade, &found.forced, &found.peers, found.dimensions.len()), (None, &None, &None, 0), "{on}");
    }
    assert_eq!(told(&pack, &listed, "2025-12-31").next_change, Some(day("2026-01-01")));
    let last = told(&pack, &[], "2026-06-20");
    assert_eq!((last.next_change, last.valid_until), (Some(day("2026-07-01")), day("2026-06-30")), "no longer than its limits");
    assert_eq!(told(&pack, &listed, "2026-06-30").grade, Some(3), "a list forces a grade whatever the limits are");
    assert!(Reason::NoCutoffsInForce.sentence().contains("没有有效的同业界限"));
}

#[test]
fn equal_limits_leave_a_grade_to_nobody_and_the_better_one_to_both() {
    let mut pack = half_a_year(HONOURS);
    pack.cutoffs[0].everyone.limits = [800, 800, 700].map(Points::whole).to_vec();
    assert_eq!(told(&pack, &[], "2026-06-01").grade, Some(0), "800 points");
    let ordinary = penalty(1, "2026-05-01", Some(xinzhi_core::record::Class::Ordinary));
    assert_eq!(told(&pack, &[ordinary], "2026-06-01").grade, Some(2), "780 points");
}

#[test]
fn d17_within_the_limits_of_a_day_a_bad_record_more_never_raises_and_a_good_one_never_lowers() {
    // The group stands in a kind of its own, which no good or bad record touches.
    let mut pack = half_a_year(PeersBy::Kind);
    pack.scorecards[0].overrides.push(listed_as(REDLIST, 0));
    let mut moved = 0;
    for seed in 0..300 {
        let mut numbers = Numbers(seed);
        let count = numbers.signed(9);
        let mut facts = numbers.facts(count);
        let before = told(&pack, &facts, "2026-06-01");
        facts.push(numbers.adverse(100));
        let worse = told(&pack, &facts, "2026-06-01");
        assert!(worse.grade >= before.grade, "seed {seed}");
        facts.push(numbers.positive(101));
        let better = told(&pack, &facts, "2026-06-01");
        assert!(better.grade <= worse.grade, "seed {seed}");
        moved += usize::from(worse.grade != before.grade) + usize::from(better.grade != worse.grade);
    }
    assert!(moved > 50, "the generator must reach the rules, it moved {moved}");
}

fn standings(pack: &Pack, subjects: &[Subject<'_>]) -> Vec<Standing> {
    let question = Question { pack, card: CARD, as_of: day("2026-06-01") };
    evaluate_many(&question, subjects).unwrap().into_iter().map(Result::unwrap).collect()
}

#[test]
fn d18_alone_among_a_thousand_and_under_another_name_is_the_same() {
    let mut numbers = Numbers(5);
    let facts: Vec<Vec<Fact>> = (0..1100).map(|_| numbers.signed(12)).collect::<Vec<_>>().into_iter().map(|n| numbers.facts(n)).collect();
    let coverages: [Coverage; 2] = [covered(&KINDS), covered(&[HONOUR])];
    for by in [HONOURS, PeersBy::Kind] {
        let pack = half_a_year(by);
        let subject = |(index, facts)| Subject { kind: ENTERPRISE, facts, coverage: &coverages[index % 2] };
        let mut subjects: Vec<Subject<'_>> = facts.iter().map(Vec::as_slice).enumerate().map(subject).collect();
        let mut together = standings(&pack, &subjects);
        for (subject, standing) in subjects.iter().zip(&together) {
            assert_eq!(run_on(&pack, subject.facts, subject.coverage, "2026-06-01").standing(), *standing);
        }
        let grades: std::collections::BTreeSet<_> = together.iter().map(|standing| standing.grade).collect();
        assert!(grades.len() >= 4, "{grades:?}");
        for (a, b) in [(0, 1098), (17, 501), (1023, 1025)] {
            subjects.swap(a, b);
            together.swap(a, b);
        }
        assert_eq!(standings(&pack, &subjects), together);
        // Whatever others have done, nobody's grade depends on it.
        assert_eq!(standings(&pack, &subjects[..40]), together[..40]);
    }
}

#[test]
fn a_feeder_that_does_not_say_the_kinds_gives_no_grades_by_kind() {
    let plan = Plan::compile(&half_a_year(PeersBy::Kind), CARD).unwrap();
    let (coverage, nothing): (Coverage, [&[Fact]; 1]) = (covered(&KINDS), [&[]]);
    let feed = feed::Feed::new(&plan, nothing);
    let population = feed.population(&[&coverage]).unwrap();
    assert_eq!(run_plan(&plan, &population, day("2026-06-01")).unwrap_err(), ColumnsFault::Kinds);
    assert_eq!(population.with_kinds(vec![ENTERPRISE; 2]).unwrap_err(), ColumnsFault::Kinds);
}

fn tally(points: &[i32]) -> Tally {
    let mut tally = Tally::default();
    points.iter().for_each(|points| tally.add(Points::whole(*points)));
    tally
}

#[test]
fn a_limit_is_the_points_of_the_last_place_of_a_share_and_equal_points_are_not_parted() {
    let limits =
        |points: &[i32], shares: &[i64]| -> Vec<i64> { tally(points).limits(shares).into_iter().map(|points| points.0 / 1000).collect() };
    let ten = [100, 90, 80, 70, 60, 50, 40, 30, 20, 10];
    assert_eq!(limits(&ten, &[100, 300, 600]), [100, 70], "the first, the first four");
    assert_eq!(limits(&ten, &[101, 299, 600]), [90, 70], "a tenth and a bit is two of ten");
    assert_eq!(limits(&ten, &[1, 998, 1]), [100, 10], "at least one");
    assert_eq!(limits(&ten, &[1000]), Vec::<i64>::new(), "one grade has no limit");
    let tied = [100, 100, 100, 70, 60, 60, 60, 60, 60, 10];
    assert_eq!(limits(&tied, &[100, 300, 400, 200]), [100, 70, 60]);
    assert_eq!(limits(&[50; 10], &[100, 300, 600]), [50, 50], "all alike");
    assert_eq!(limits(&[], &[100, 900]), Vec::<i64>::new());
    // In whatever order and in however many parts they are counted.
    let (mut joined, other) = (tally(&tied[5..]), tally(&tied[..5]));
    joined.join(&other);
    assert_eq!(joined, tally(&tied));
    assert_eq!(joined.size(), 10);
}

#[test]
fn limits_can_be_made_before_the_first_day_and_never_after_the_last() {
    let dormant = |pack: &Pack, on: &str| Comparison::compile(pack, CARD, day(on)).unwrap().unwrap().plan().dormant(day(on));
    let mut pack = by_peers(HONOURS);
    assert_eq!(dormant(&pack, "2026-06-01"), None, "no limits are needed to make some");
    assert_eq!(dormant(&pack, "2019-12-31"), None, "its first day is 2020-01-01");
    assert_eq!(dormant(&pack, "2029-01-01"), Some(Reason::NoLongerInForce { until: day("2028-12-31") }));
    pack.laws[0].in_force.until = Some(day("2019-12-31"));
    assert_eq!(dormant(&pack, "2019-06-01"), Some(Reason::NoBasisInForce), "nothing carries it on its first day");
    assert!(Comparison::compile(&super::support::pack(), CARD, day("2026-06-01")).unwrap().is_none(), "it compares nobody");
}
