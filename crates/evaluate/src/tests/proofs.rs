//! What the compiler of plans refuses, and what columns must not be.

use std::collections::BTreeMap;

use xinzhi_core::Points;
use xinzhi_rules::model::{Each, Fade, FieldIx, Override, Scorecard};
use xinzhi_rules::predicate::{Column as Read, Predicate, Test};

use super::support::*;
use crate::{Column, ColumnsFault, KindColumns, Plan, PlanFault, Population, standings};

fn fault(change: impl FnOnce(&mut Scorecard)) -> PlanFault {
    let mut card = scorecard();
    change(&mut card);
    Plan::compile(&pack_with(card), CARD).expect_err("must not compile")
}

#[test]
fn e11_what_cannot_be_proved_does_not_compile() {
    let name = || "penalty".to_owned();
    let card = || "market".to_owned();
    let by_class = |points: i64| Each::ByClass([Points(0), Points(0), Points(points)]);
    assert_eq!(fault(|c| c.dimensions[0].indicators[0].each = by_class(i64::MIN)), PlanFault::PointsTooLarge(name()));
    assert_eq!(fault(|c| c.dimensions[0].indicators[0].each = by_class(i64::MAX / 1000)), PlanFault::PointsTooLarge(name()));
    assert_eq!(fault(|c| c.dimensions[0].indicators[0].each = by_class((1 << 31) + 1)), PlanFault::PointsTooLarge(name()));
    assert_eq!(fault(|c| c.base = Points(i64::MAX)), PlanFault::PointsTooLarge(card()));
    let fades = |fades: &[(i32, i64)]| fades.iter().map(|(after_months, keep)| Fade { after_months: *after_months, keep: *keep }).collect();
    for wrong in [&[(12, 1001)][..], &[(12, -1)], &[(24, 500), (12, 300)], &[(0, 500)]] {
        assert_eq!(fault(|c| c.dimensions[0].indicators[0].fade = fades(wrong)), PlanFault::Fade(name()), "{wrong:?}");
    }
    assert_eq!(fault(|c| c.dimensions[0].indicators[0].floor = Some(Points(1))), PlanFault::Bounds(name()));
    assert_eq!(fault(|c| c.dimensions[0].indicators[0].window_months = 0), PlanFault::Window(name()));
    let bands = Each::ByBand { field: FieldIx(1), bands: vec![(5, Points(0)), (5, Points(1))] };
    assert_eq!(fault(|c| c.dimensions[0].indicators[0].each = bands), PlanFault::Bands(name()));
    assert_eq!(fault(|c| c.min = Points::whole(2000)), PlanFault::Range(card()));
    assert_eq!(fault(|c| c.grades[3].from = Points(1)), PlanFault::Grades(card()));
    assert_eq!(fault(|c| c.grades.swap(0, 1)), PlanFault::Grades(card()));
    assert_eq!(fault(|c| (c.grades, c.overrides) = (vec![], vec![])), PlanFault::Grades(card()));
    assert_eq!(fault(|c| c.overrides.push(Override { list: PENALTY, grade: 0, basis: vec![] })), PlanFault::Override(card()));
    assert_eq!(fault(|c| c.overrides[0].grade = 4), PlanFault::Override(card()));
    assert_eq!(fault(|c| c.dimensions.clear()), PlanFault::Weightless(card()));
}

#[test]
fn d12_a_condition_over_a_missing_field_or_too_deep_does_not_compile() {
    let test = |index| Predicate::Test { column: Read::Field(FieldIx(index)), test: Test::AtLeast(0) };
    assert_eq!(fault(|c| c.dimensions[0].indicators[0].filter = Some(test(9))), PlanFault::Dangling("penalty".into()));
    let deep = (0..17).fold(test(1), |inner, _| Predicate::Not(Box::new(inner)));
    assert_eq!(fault(|c| c.dimensions[0].indicators[0].filter = Some(deep)), PlanFault::Depth("penalty".into()));
    let mut pack = pack();
    pack.record_kinds[PENALTY.0].fields[1].kind = xinzhi_rules::model::FieldKind::Text;
    assert_eq!(Plan::compile(&pack, CARD).err(), Some(PlanFault::Dangling("fine".into())));
}

#[test]
fn a_plan_reads_only_what_its_rules_name() {
    let plan = Plan::compile(&pack(), CARD).unwrap();
    let reads: Vec<_> = plan.reads().iter().map(|(kind, fields)| (*kind, fields.iter().map(|f| f.0).collect::<Vec<_>>())).collect();
    assert_eq!(reads, [(PENALTY, vec![0, 1]), (HONOUR, vec![0]), (BLACKLIST, vec![0, 1])]);
}

const ROWS: usize = 2;

fn columns<'a>(subject: &'a [u32], known: &'a [u8]) -> KindColumns<'a> {
    KindColumns {
        subject,
        day: &[20_000; ROWS],
        class: &[1; ROWS],
        class_known: &[1; ROWS],
        fields: vec![Some(Column { values: &[0; ROWS], known })],
    }
}

#[test]
fn columns_that_contradict_one_another_are_refused() {
    let coverage = covered(&KINDS);
    let population = |columns: KindColumns<'static>| {
        Population::new(BTreeMap::from([(HONOUR, columns)]), vec![&coverage], vec![0, 0]).map(|_| ()).unwrap_err()
    };
    assert_eq!(population(columns(&[0, 2], &[1, 1])), ColumnsFault::Subject(1));
    assert_eq!(population(columns(&[0, 1], &[1, 2])), ColumnsFault::Mask(1));
    assert_eq!(population(columns(&[0, 1], &[1])), ColumnsFault::Lengths(1));
    assert_eq!(population(columns(&[0], &[1, 1])), ColumnsFault::Lengths(1));
    assert_eq!(Population::new(BTreeMap::new(), vec![&coverage], vec![1]).err(), Some(ColumnsFault::Coverage));
}

#[test]
fn d3_a_column_that_was_not_handed_in_is_a_fault_and_not_unknown() {
    let (plan, coverage) = (Plan::compile(&pack(), CARD).unwrap(), covered(&KINDS));
    let mut honour = columns(&[0, 1], &[1, 1]);
    honour.fields = vec![None];
    let population = Population::new(BTreeMap::from([(HONOUR, honour)]), vec![&coverage], vec![0, 0]).unwrap();
    assert_eq!(standings(&plan, &population, day("2026-06-01")), Err(ColumnsFault::Absent(1, 0)));
}
