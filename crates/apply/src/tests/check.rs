//! Which measures a check answers with.

use std::collections::BTreeMap;

use xinzhi_core::Code;
use xinzhi_core::measure::MeasureKind;
use xinzhi_core::record::{Class, RecordId};
use xinzhi_rules::fact::Fact;
use xinzhi_rules::model::{Level, MatterIx, MeasureIx, Trigger};

use super::support::*;
use crate::{CheckInput, GradeKnown, check, sentence};

const MINOR: Option<Class> = Some(Class::Minor);
const ORDINARY: Option<Class> = Some(Class::Ordinary);
const NOTHING: [&str; 0] = [];

fn barred() -> Case {
    case(vec![penalty(1, "2026-03-01", ORDINARY)])
}

#[test]
fn grades_bring_about_incentives_and_supervision_as_long_as_they_may_be_quoted() {
    assert_eq!(case(vec![]).grade(0).said(), ["green until 2026-07-02", "praised until 2026-07-02"]);
    assert_eq!(case(vec![]).grade(1).said(), ["watch until 2026-07-02"]);
    assert_eq!(case(vec![]).grade(1).on("2026-07-02").said(), ["watch until 2026-07-02"]);
    assert_eq!(case(vec![]).grade(1).on("2026-07-03").said(), NOTHING);
}

#[test]
fn d3_an_unknown_grade_is_not_the_worst_one() {
    assert_eq!(case(vec![]).said(), NOTHING);
    // Not even denied: unknown stays unknown.
    let denied = |case: &mut Case| case.pack.measures[1].trigger = Trigger::Not(Box::new(graded(&[0])));
    assert_eq!(case(vec![]).with(denied).said(), NOTHING);
    assert_eq!(case(vec![]).with(denied).grade(1).said(), ["watch until 2026-07-02"]);
    let pack = pack();
    let grades = BTreeMap::new();
    let input = CheckInput {
        pack: &pack,
        matter: MatterIx(0),
        subject_kind: ENTERPRISE,
        facts: &[],
        grades: &grades,
        decisions: &[],
        exact_identity: true,
        today: day("2026-06-01"),
    };
    assert_eq!(check(&input).unwrap(), []);
}

#[test]
fn a_denied_list_stands_in_the_way_only_while_it_holds() {
    let on = |today: &str| case(vec![listed(5, "2026-05-01", Some("2026-06-10"))]).grade(0).on(today).said();
    assert_eq!(on("2026-06-09"), ["green until 2026-07-02", "blacklisted? until 2026-06-09 for 5"]);
    assert_eq!(on("2026-06-10"), ["green until 2026-07-02", "praised until 2026-07-02"]);
}

#[test]
fn d2_a_restriction_waits_for_a_person_and_then_runs_its_days() {
    assert_eq!(barred().said(), ["bar? until 2027-03-01 for 1"]);
    let decided = || barred().decided(decision("bar", 1, "2026-06-01", "2026-12-01"));
    assert_eq!(decided().said(), ["bar until 2026-12-01 for 1"]);
    assert_eq!(decided().on("2026-12-01").said(), ["bar until 2026-12-01 for 1"]);
    assert_eq!(decided().on("2026-05-31").said(), NOTHING, "decided, so nothing is left to propose");
}

#[test]
fn w2_a_decision_is_invisible_the_day_after_its_last_and_d10_its_record_is_spent() {
    let decided = barred().decided(decision("bar", 1, "2026-06-01", "2026-12-01")).on("2026-12-02");
    assert_eq!(decided.said(), NOTHING);
    let again = decided.with(|case| case.facts.push(penalty(2, "2026-10-01", ORDINARY)));
    assert_eq!(again.said(), ["bar? until 2027-10-01 for 2"], "another record is another cause");
    let other = again.with(|case| case.decisions[0].measure = "blacklisted".into());
    assert_eq!(other.said(), ["bar? until 2027-10-01 for 1,2"], "another measure's decision spends nothing");
}

#[test]
fn l10_nothing_is_proposed_after_the_records_natural_end() {
    let term = |case: &mut Case| {
        case.pack.measures[2].term_months = 6;
        case.pack.measures[2].trigger = Trigger::Record { kind: PENALTY, filter: None, within_months: 12 };
    };
    assert_eq!(barred().with(term).on("2026-09-01").said(), ["bar? until 2026-09-01 for 1"]);
    assert_eq!(barred().with(term).on("2026-09-02").said(), NOTHING);
    let supervised = |case: &mut Case| {
        term(case);
        case.pack.measures[2].kind = MeasureKind::Supervision;
    };
    assert_eq!(barred().with(supervised).on("2026-09-01").said(), ["bar until 2026-09-01 for 1"]);
    assert_eq!(barred().with(supervised).on("2026-09-02").said(), NOTHING);
}

#[test]
fn w1_nothing_adverse_outlives_three_years_from_its_document() {
    let longest = |case: &mut Case| {
        case.pack.laws[0].in_force.until = None;
        for measure in &mut case.pack.measures {
            (measure.term_months, measure.review_by) = (36, day("2035-12-31"));
        }
        case.pack.review_by = day("2035-12-31");
        case.pack.measures[2].trigger = Trigger::Record { kind: PENALTY, filter: None, within_months: 36 };
    };
    let ends = [
        ("2023-02-28", "2026-02-28"),
        ("2024-02-28", "2027-02-28"),
        ("2024-02-29", "2027-02-28"),
        ("2023-04-30", "2026-04-30"),
        ("2023-08-31", "2026-08-31"),
        ("2023-12-31", "2026-12-31"),
        ("2024-01-01", "2027-01-01"),
    ];
    for (document, end) in ends {
        for class in [None, MINOR, ORDINARY, Some(Class::Serious)] {
            let on = |days: i32| {
                let today = day(end).plus_days(days).to_string();
                let (record, entry) = (penalty(1, document, class), Fact { class, ..listed(2, document, None) });
                case(vec![record, entry]).with(longest).on(&today).said()
            };
            let carried = |id: &str, record: i64| format!("{id}? until {end} for {record}");
            let (bar, list) = (carried("bar", 1), carried("blacklisted", 2));
            match class {
                // An entry without a class is as grave as its list; a record without one restricts nobody.
                None => assert_eq!([on(-2), on(0), on(1)], [vec![list.clone()], vec![list], vec![]], "{document}"),
                Some(Class::Minor) => assert_eq!([on(-2), on(0), on(1)], [NOTHING; 3], "{document}"),
                Some(_) => {
                    assert_eq!(on(-2), [bar, list], "{document} {class:?}");
                    assert!(on(0).iter().all(|said| said.contains(end)), "{document} {class:?}: {:?}", on(0));
                    assert_eq!(on(1), NOTHING, "{document} {class:?}");
                }
            }
        }
    }
}

#[test]
fn w7_a_record_brings_a_measure_about_inside_its_window_only() {
    let long = |case: &mut Case| case.pack.measures[2].term_months = 36;
    for (today, said) in [
        ("2026-02-28", vec![]),
        ("2026-03-01", vec!["bar? until 2029-03-01 for 1"]),
        ("2027-02-28", vec!["bar? until 2029-03-01 for 1"]),
        ("2027-03-01", vec![]),
    ] {
        assert_eq!(barred().with(long).on(today).said(), said, "{today}");
    }
    // A decision made in time outlives the window.
    let decided = barred().with(long).decided(decision("bar", 1, "2027-02-01", "2028-02-01")).on("2027-12-01");
    let lasting = decided.with(|case| case.pack.laws[0].in_force.until = None);
    assert_eq!(lasting.said(), ["bar until 2028-02-01 for 1"]);
}

#[test]
fn l1_a_measure_needs_a_basis_of_its_level() {
    for (level, restricts, supervises) in [
        (Level::Law, true, true),
        (Level::AdministrativeRegulation, true, true),
        (Level::LocalRegulation, true, true),
        (Level::CentralPolicy, true, true),
        (Level::DepartmentRule, false, true),
        (Level::NormativeDocument, false, true),
        (Level::Standard, false, true),
        (Level::OwnModel, false, false),
    ] {
        let change = |case: &mut Case| case.pack.laws.iter_mut().for_each(|law| law.level = level);
        let said = barred().grade(1).with(change).said();
        assert_eq!(said.iter().any(|word| word.starts_with("bar")), restricts, "{level:?}");
        assert_eq!(said.iter().any(|word| word.starts_with("watch")), supervises, "{level:?}");
    }
    let none = |case: &mut Case| case.pack.measures[2].basis.clear();
    assert_eq!(barred().with(none).said(), NOTHING);
}

#[test]
fn l2_a_measure_stops_with_its_basis_decided_or_not() {
    let law_ends = |until: &'static str| move |case: &mut Case| case.pack.laws[0].in_force.until = Some(day(until));
    for decided in [false, true] {
        let case = || if decided { barred().decided(decision("bar", 1, "2026-05-01", "2026-12-01")) } else { barred() };
        assert_eq!(case().with(law_ends("2026-06-01")).said().len(), 1);
        assert_eq!(case().with(law_ends("2026-05-31")).said(), NOTHING);
        let later = |case: &mut Case| case.pack.laws[0].in_force.from = day("2026-06-02");
        assert_eq!(case().with(later).said(), NOTHING);
    }
}

#[test]
fn w6_a_measure_stops_when_its_review_is_overdue() {
    for (review_by, count) in [("2026-06-01", 1), ("2026-05-31", 0)] {
        assert_eq!(barred().with(|case| case.pack.measures[2].review_by = day(review_by)).said().len(), count, "{review_by}");
    }
}

#[test]
fn l7_minor_never_restricts_whatever_the_pack_says() {
    for (class, count) in [(None, 0), (MINOR, 0), (ORDINARY, 1), (Some(Class::Serious), 1)] {
        for floor in [None, MINOR, ORDINARY] {
            let case = case(vec![penalty(1, "2026-03-01", class)]).with(|case| case.pack.measures[2].class_floor = floor);
            assert_eq!(case.said().len(), count, "{class:?} {floor:?}");
        }
    }
    assert_eq!(barred().with(|case| case.pack.measures[2].class_floor = Some(Class::Serious)).said(), NOTHING);
    let entry = Fact { class: MINOR, ..listed(5, "2026-05-01", None) };
    assert_eq!(case(vec![entry]).said(), NOTHING);
}

#[test]
fn l7_two_denials_do_not_smuggle_a_minor_record_in() {
    let twice = Trigger::Not(Box::new(Trigger::Not(Box::new(penalised(None)))));
    let case = |class| case(vec![penalty(1, "2026-03-01", class)]).with(|case| case.pack.measures[2].trigger = twice.clone());
    assert_eq!(case(MINOR).said(), NOTHING);
    assert_eq!(case(ORDINARY).said(), ["bar? until 2027-03-01 for 1"]);
}

#[test]
fn l7_a_record_lowered_to_minor_takes_its_decision_with_it() {
    let lowered = barred().decided(decision("bar", 1, "2026-05-01", "2026-12-01")).with(|case| case.facts[0].class = MINOR);
    assert_eq!(lowered.said(), NOTHING);
}

#[test]
fn l8_a_measure_concerns_its_own_subjects_and_rests_on_records_handed_in() {
    let only_persons = |case: &mut Case| case.pack.measures[2].subjects = vec![RESIDENT];
    assert_eq!(barred().with(only_persons).said(), NOTHING);
    let elsewhere = case(vec![]).decided(decision("bar", 1, "2026-05-01", "2026-12-01"));
    assert_eq!(elsewhere.said(), NOTHING, "a decision without its record: disputed, closed, or somebody else's");
}

#[test]
fn w3_a_decision_ends_when_any_of_its_causes_does() {
    let two = || {
        let mut both = decision("bar", 1, "2026-05-01", "2026-12-01");
        both.causes.push(RecordId(2));
        case(vec![penalty(1, "2026-03-01", ORDINARY), penalty(2, "2026-04-01", ORDINARY)]).decided(both)
    };
    assert_eq!(two().said(), ["bar until 2026-12-01 for 1,2"]);
    let halved = two().with(|case| drop(case.facts.remove(0)));
    assert_eq!(halved.said(), NOTHING, "the record left over has brought the measure about once already (D10)");
    let delisted = case(vec![listed(5, "2026-01-01", Some("2026-06-01"))]).decided(decision("blacklisted", 5, "2026-02-01", "2026-12-01"));
    assert_eq!(delisted.said(), NOTHING);
}

#[test]
fn d3_a_record_of_which_something_is_unknown_restricts_nobody() {
    let filtered = |case: &mut Case| case.pack.measures[2].trigger = penalised(Some(fined()));
    assert_eq!(barred().with(filtered).said(), ["bar? until 2027-03-01 for 1"]);
    assert_eq!(barred().with(filtered).with(|case| case.facts[0].values[0] = None).said(), NOTHING);
    assert_eq!(barred().with(filtered).with(|case| case.facts[0].values[0] = Some(99)).said(), NOTHING);
}

#[test]
fn d4_c3_a_grade_never_restricts_alone_or_in_company() {
    for trigger in [graded(&[1]), Trigger::All(vec![graded(&[1]), penalised(None)]), Trigger::Not(Box::new(graded(&[0])))] {
        let case = barred().grade(1).with(|case| case.pack.measures[2].trigger = trigger.clone());
        assert!(!case.said().iter().any(|word| word.starts_with("bar")), "{trigger:?}");
    }
    // A restriction that holds without any record to cite is not proposed either.
    let empty = case(vec![]).with(|case| case.pack.measures[2].trigger = Trigger::Not(Box::new(penalised(None))));
    assert_eq!(empty.said(), NOTHING);
}

#[test]
fn c2_a_person_has_no_grade_even_if_one_is_handed_in() {
    assert_eq!(case(vec![]).grade(0).with(|case| case.kind = RESIDENT).said(), NOTHING);
}

#[test]
fn d6_no_restriction_without_an_exact_identity_decided_or_not() {
    for kind in [ENTERPRISE, RESIDENT] {
        let person = |case: &mut Case| case.kind = kind;
        assert_eq!(barred().with(person).said().len(), 1);
        assert_eq!(barred().with(person).with(|case| case.exact = false).said(), NOTHING);
        let decided = barred().with(person).decided(decision("bar", 1, "2026-05-01", "2026-12-01"));
        assert_eq!(decided.with(|case| case.exact = false).said(), NOTHING);
    }
    assert_eq!(case(vec![]).grade(0).with(|case| case.exact = false).said().len(), 2, "incentives rest on no adverse record");
}

#[test]
fn d1_the_order_of_facts_and_decisions_leaves_no_trace() {
    let facts = vec![penalty(1, "2026-03-01", ORDINARY), penalty(2, "2026-04-01", ORDINARY), listed(3, "2026-01-01", None)];
    let straight = case(facts.clone()).decided(decision("blacklisted", 3, "2026-02-01", "2026-07-01"));
    let turned = case(facts.into_iter().rev().collect()).decided(decision("blacklisted", 3, "2026-02-01", "2026-07-01"));
    assert_eq!(straight.answers(), turned.answers());
}

#[test]
fn the_matter_must_exist_concern_the_subject_and_bounds_what_is_answered() {
    let (pack, grades) = (pack(), BTreeMap::from([(CARD, Some(GradeKnown { grade: 0, valid_until: day("2026-07-02") }))]));
    let ask = |pack: &xinzhi_rules::Pack, matter| {
        let (facts, decisions, today) = (&[][..], &[][..], day("2026-06-01"));
        let input = CheckInput { pack, matter, subject_kind: ENTERPRISE, facts, grades: &grades, decisions, exact_identity: true, today };
        check(&input).map(|answers| answers.iter().map(|answer| answer.measure).collect::<Vec<_>>())
    };
    assert_eq!(ask(&pack, MatterIx(1)).unwrap_err().code, Code::MatterUnknown);
    assert_eq!(ask(&pack, MatterIx(0)).unwrap(), [MeasureIx(0), MeasureIx(4)]);
    let mut narrow = pack.clone();
    narrow.matters[0].measures = vec![MeasureIx(4)];
    assert_eq!(ask(&narrow, MatterIx(0)).unwrap(), [MeasureIx(4)]);
    narrow.matters[0].subjects = vec![RESIDENT];
    assert_eq!(ask(&narrow, MatterIx(0)).unwrap_err().code, Code::SubjectKindWrong);
}

#[test]
fn d8_the_sentence_names_facts_articles_and_ends() {
    let said = |case: &Case| case.answers().iter().map(|answer| sentence::why(&case.pack, answer)).collect::<Vec<_>>();
    assert_eq!(
        said(&case(vec![]).grade(0)),
        [
            "市场主体评价结果为 A 级A档（有效至 2026-07-02）；依据《乙文件》第一条适用激励措施，至 2026-07-02",
            "市场主体评价结果为 A 级A档（有效至 2026-07-02），未列入失信名单；依据《乙文件》第一条适用激励措施，至 2026-07-02",
        ]
    );
    assert_eq!(
        said(&barred()),
        [
            "有 2026-03-01 的行政处罚记录（失信程度一般）；依据《甲法》第一条可以实施，须由承办人作出决定并送达后方可生效，2027-03-01 之后不再提出"
        ]
    );
    let listed = case(vec![listed(5, "2026-01-01", None)]).decided(decision("blacklisted", 5, "2026-02-01", "2026-12-01"));
    assert_eq!(
        said(&listed),
        ["某局于 2026-02-01 以 某字〔2026〕1号 作出决定，承办人张三，2026-02-01 送达，自 2026-02-01 至 2026-12-01 实施；\
          起因是依 2026-01-01 的文书列入失信名单；依据《甲法》第一条"]
    );
    let clean = case(vec![]).with(|case| case.pack.measures[0].trigger = Trigger::Not(Box::new(penalised(None))));
    assert_eq!(said(&clean), ["近 12 个月没有符合条件的行政处罚记录；依据《乙文件》第一条适用激励措施"]);
}
