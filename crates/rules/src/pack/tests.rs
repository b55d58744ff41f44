use std::path::Path;

use super::*;
use crate::load::{Files, load};

fn good() -> Pack {
    let files = Files::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/good")).unwrap();
    load("example", &files).unwrap()
}

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

#[test]
fn things_are_found_by_name_and_by_position() {
    let pack = good();
    let (ix, kind) = pack.record_kind_by_name("行政处罚").unwrap();
    assert_eq!(pack.record_kind(ix).unwrap().id, kind.id);
    assert_eq!(pack.record_kind_by_name("administrative-penalty").unwrap().0, ix);
    let (ix, subject) = pack.subject_kind_by_id("village").unwrap();
    assert_eq!(pack.subject_kind(ix).unwrap().title, subject.title);
    assert!(pack.scorecard_by_id("market").is_some() && pack.scorecard_by_id("markt").is_none());
    assert!(pack.matter_by_id("food-licence").is_some() && pack.source_by_id("cf-legacy").is_some());
    assert_eq!(pack.citations(&kind.basis), "《中华人民共和国行政处罚法》第四十八条");
    assert_eq!(pack.citations(&pack.scorecard_by_id("market").unwrap().1.basis), "《示例评价模型说明》");
}

#[test]
fn l1_a_measure_applies_only_on_a_basis_in_force_of_a_level_that_carries_it() {
    let mut pack = good();
    let measure = pack.measure_by_id("no-subsidy").unwrap().clone();
    let law = measure.basis[0].0;
    assert!(pack.in_force_on(&measure, day("2026-06-01")));
    assert!(!pack.in_force_on(&measure, day("2020-12-06")), "before the basis");
    assert!(pack.in_force_on(&measure, day("2020-12-07")));
    pack.laws[law].in_force.until = Some(day("2026-05-31"));
    assert!(pack.in_force_on(&measure, day("2026-05-31")));
    assert!(!pack.in_force_on(&measure, day("2026-06-01")), "after the basis ended");
    pack.laws[law].in_force.until = None;
    for (level, restriction, supervision) in [
        (Level::LocalRegulation, true, true),
        (Level::CentralPolicy, true, true),
        (Level::DepartmentRule, false, true),
        (Level::Standard, false, true),
        (Level::OwnModel, false, false),
    ] {
        pack.laws[law].level = level;
        assert_eq!(pack.in_force_on(&measure, day("2026-06-01")), restriction, "{level:?}");
        let supervised = Measure { kind: MeasureKind::Supervision, ..measure.clone() };
        assert_eq!(pack.in_force_on(&supervised, day("2026-06-01")), supervision, "{level:?}");
    }
}

#[test]
fn w6_a_measure_ends_with_its_own_review_day_and_with_that_of_the_pack() {
    let pack = good();
    let measure = pack.measure_by_id("no-subsidy").unwrap();
    assert!(pack.in_force_on(measure, day("2027-06-30")));
    assert!(!pack.in_force_on(measure, day("2027-07-01")));

    let files = Files::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/good")).unwrap();
    let head = files.text("pack.yaml").unwrap().replace("review_by: 2027-12-31", "review_by: 2026-12-31");
    let earlier = files.iter().map(|(path, text)| (path.to_owned(), if path == "pack.yaml" { head.clone() } else { text.to_owned() }));
    let pack = load("example", &earlier.collect()).unwrap();
    let measure = pack.measure_by_id("no-subsidy").unwrap();
    assert!(pack.in_force_on(measure, day("2026-12-31")));
    assert!(!pack.in_force_on(measure, day("2027-01-01")));
}

#[test]
fn d3_a_class_is_given_by_the_first_line_that_holds_and_by_none_past_the_unknown() {
    let pack = good();
    let (_, kind) = pack.record_kind_by_name("行政处罚").unwrap();
    let position = |name: &str| kind.field(name).unwrap().0;
    // 警告、通报批评 is bit 0, 罚款 bit 1, 吊销许可证件 bit 2, 其他 bit 3.
    let class = |measures: Option<i64>, fine: Option<i64>| {
        let mut values = vec![None; kind.fields.len()];
        values[position("处罚类别")] = measures;
        values[position("罚款金额（万元）")] = fine;
        class_of(kind, &values)
    };
    assert_eq!(class(Some(0b100), None), Some(Class::Serious));
    assert_eq!(class(Some(0b010), Some(10_000_000)), Some(Class::Serious));
    assert_eq!(class(Some(0b010), Some(9_999_999)), Some(Class::Ordinary));
    assert_eq!(class(Some(0b001), None), Some(Class::Minor));
    assert_eq!(class(Some(0b1000), None), Some(Class::Ordinary));
    assert_eq!(class(Some(0b010), None), None, "a fine of unknown amount");
    assert_eq!(class(None, Some(1)), None, "nothing known of the kind of penalty");
    let (_, list) = pack.record_kind_by_name("serious-list").unwrap();
    assert_eq!(class_of(list, &[]), Some(Class::Serious));
    let (_, honour) = pack.record_kind_by_name("honour").unwrap();
    assert_eq!(class_of(honour, &[]), None);
}
