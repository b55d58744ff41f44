//! Marks that somebody gives: who has none is not evaluated by them, whatever has been reported.

use xinzhi_core::Points;
use xinzhi_rules::model::{Each, FieldIx, Indicator, Pack, Put, Silence, Take};

use super::support::*;
use crate::{Coverage, Evaluation, IndicatorLine, Knowledge, Outcome, Plan, Reason, Standing, better};

const AS_OF: &str = "2026-06-01";
const ASKED: &str = "没有评分记录，不作评价";

/// Marks of visits, 40 or -40, from a middle of 800; and as many points of an indicator that silence tells about.
fn marked(put: Put, silence: Silence, assessed_share: i64) -> Pack {
    let whole = Points::whole;
    let each = Each::ByChoice { field: FieldIx(0), points: vec![whole(40), whole(-40)] };
    let mark = Indicator {
        take: Take::Each { each: each.clone(), put, silence },
        floor: Some(whole(-40)),
        cap: Some(whole(40)),
        window_months: 12,
        ..indicator("mark", VISIT, each)
    };
    let told = Indicator { floor: Some(whole(-40)), ..indicator("told", PENALTY, Each::Constant(whole(-40))) };
    let mut card = scorecard();
    card.dimensions = vec![dimension("全部", vec![mark, told])];
    (card.overrides, card.assessed_share) = (vec![], assessed_share);
    pack_with(card)
}

fn line(evaluation: &Evaluation) -> &IndicatorLine {
    evaluation.indicators().next().unwrap()
}

fn points(evaluation: &Evaluation) -> Option<Points> {
    match evaluation.outcome {
        Outcome::Graded { points, .. } => Some(points),
        Outcome::NotEvaluable { .. } => None,
    }
}

#[test]
fn d3_who_was_never_marked_has_no_grade_whatever_is_covered() {
    for put in [Put::Sum, Put::Best, Put::Worst, Put::Latest, Put::First, Put::Mean] {
        let (asks, takes) = (marked(put, Silence::Unknown, 1000), marked(put, Silence::Nothing, 1000));
        for coverage in [covered(&KINDS), covered(&[PENALTY])] {
            let silent = run_on(&asks, &[], &coverage, AS_OF);
            assert_eq!((line(&silent).state, line(&silent).unknown_because()), (Knowledge::Unknown, Some(ASKED)));
            let reason = Reason::TooLittleKnown { assessed_share: 500, needed: 1000 };
            assert_eq!((silent.outcome, silent.grade, silent.assessed_share), (Outcome::NotEvaluable { reason }, None, 500), "{put:?}");
            let told = run_on(&asks, &[visit(1, "2026-03-01", Some(0))], &coverage, AS_OF);
            assert_eq!((points(&told), told.assessed_share), (Some(Points::whole(840)), 1000), "a mark is known, reported or not");
            assert_eq!((line(&told).state, line(&told).unknown_because()), (Knowledge::Known, None));
        }
        let silent = run_on(&takes, &[], &covered(&KINDS), AS_OF);
        assert_eq!((points(&silent), silent.assessed_share), (Some(Points::whole(800)), 1000), "elsewhere silence means none");
        let blind = run_on(&takes, &[], &covered(&[PENALTY]), AS_OF);
        assert_eq!(line(&blind).unknown_because(), Some("没有归集"));
    }
}

#[test]
fn a_mark_counts_from_its_day_until_it_leaves_the_window_and_not_where_it_cannot_be_told() {
    let pack = marked(Put::Latest, Silence::Unknown, 1000);
    let on = |facts: &[_], day: &str| points(&run_on(&pack, facts, &covered(&KINDS), day));
    let mark = [visit(1, "2025-06-01", Some(1))];
    for (day, graded) in [("2025-05-31", false), ("2025-06-01", true), ("2026-05-31", true), ("2026-06-01", false)] {
        assert_eq!(on(&mark, day), graded.then(|| Points::whole(760)), "{day}");
    }
    assert_eq!(on(&[visit(1, "2026-03-01", None)], AS_OF), None, "nobody can tell which mark it is");
    let before = run_on(&pack, &mark, &covered(&KINDS), "2026-05-31");
    assert_eq!(before.next_change, Some(day("2026-06-01")), "the day on which the mark is too old is foreseen");
    // Coverage that ends changes nothing about it.
    let span = xinzhi_core::Span { from: day("2015-01-01"), until: Some(day("2026-05-01")) };
    let ending = Coverage::new([(VISIT, vec![span]), (PENALTY, covered(&KINDS).spans(PENALTY).to_vec())].into());
    assert_eq!(run_on(&pack, &[], &ending, AS_OF).next_change, Some(day("2029-01-01")), "the model's own end, and nothing before");
    let takes = marked(Put::Latest, Silence::Nothing, 1000);
    assert_eq!(run_on(&takes, &[], &ending, AS_OF).next_change, Some(day("2026-06-16")), "where silence means none, the end of coverage");
}

#[test]
fn a_share_below_everything_lets_the_rest_decide() {
    let pack = marked(Put::Latest, Silence::Unknown, 500);
    let silent = run_on(&pack, &[], &covered(&KINDS), AS_OF);
    assert_eq!((points(&silent), silent.assessed_share, line(&silent).points), (Some(Points::whole(800)), 500, Points::ZERO));
    assert_eq!(points(&run_on(&marked(Put::Latest, Silence::Unknown, 501), &[], &covered(&KINDS), AS_OF)), None);
}

#[test]
fn what_is_said_beforehand_and_about_many_is_the_same() {
    let (pack, coverages) = (marked(Put::Mean, Silence::Unknown, 1000), [covered(&KINDS), covered(&[])]);
    let plan = Plan::compile(&pack, CARD).unwrap();
    assert_eq!(plan.silence(&coverages[0], day(AS_OF)), [false, true], "no coverage makes silence a mark");
    assert_eq!(plan.silence(&coverages[1], day(AS_OF)), [false, false]);
    let facts: Vec<_> = (0..3000_i64).map(|id| if id % 3 == 0 { vec![visit(id, "2026-03-01", Some(id % 2))] } else { vec![] }).collect();
    let question = crate::Question { pack: &pack, card: CARD, as_of: day(AS_OF) };
    let subjects: Vec<_> =
        facts.iter().map(|facts| crate::Subject { kind: ENTERPRISE, facts, coverage: &coverages[facts.len() % 2] }).collect();
    let together: Vec<Standing> = crate::evaluate_many(&question, &subjects).unwrap().into_iter().map(Result::unwrap).collect();
    for (subject, standing) in subjects.iter().zip(&together) {
        assert_eq!(run_on(&pack, subject.facts, subject.coverage, AS_OF).standing(), *standing);
    }
    assert!(together.iter().all(|standing| standing.grade.is_none()), "who is marked is not covered by the other half");
}

#[test]
fn nothing_is_promised_to_whom_no_mark_makes_evaluable() {
    let (pack, coverage) = (marked(Put::Latest, Silence::Unknown, 1000), covered(&KINDS));
    let found = |facts: &[_]| {
        let question = crate::Question { pack: &pack, card: CARD, as_of: day(AS_OF) };
        better(&question, &crate::Subject { kind: ENTERPRISE, facts, coverage: &coverage }).unwrap()
    };
    let silent = found(&[penalty(1, "2025-01-01", None)]);
    assert_eq!((silent.grade, silent.goals.len()), (None, 0));
    // The penalty leaves after the mark is too old: by then nobody says anything about the subject, which is no better grade.
    let both = found(&[visit(1, "2026-03-01", Some(1)), penalty(2, "2025-01-01", None)]);
    assert!(both.grade.is_some() && both.goals.is_empty(), "{both:?}");
    let takes = marked(Put::Latest, Silence::Nothing, 1000);
    let question = crate::Question { pack: &takes, card: CARD, as_of: day(AS_OF) };
    let facts = [visit(1, "2026-03-01", Some(1)), penalty(2, "2025-01-01", None)];
    let other = better(&question, &crate::Subject { kind: ENTERPRISE, facts: &facts, coverage: &coverage }).unwrap();
    assert_eq!(other.goals[0].ways[0].day, day("2027-03-01"), "where silence means none, a bad mark that leaves is enough");
}
