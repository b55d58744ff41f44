//! What the compiler of plans refuses, and what columns must not be.

use std::collections::BTreeMap;

use xinzhi_core::Points;
use xinzhi_rules::model::{
    AmountByGrade, Cutoffs, Divisor, Each, Fade, Fading, FieldIx, Forcing, KindIx, Number, Override, PeersBy, Put, RECORDS_MAX, Scorecard,
    Silence, Take,
};
use xinzhi_rules::predicate::{Column as Read, Predicate, Test};

use super::support::*;
use crate::{Column, ColumnsFault, KindColumns, Plan, PlanFault, Population, Values, run};

fn fault(change: impl FnOnce(&mut Scorecard)) -> PlanFault {
    let mut card = scorecard();
    change(&mut card);
    Plan::compile(&pack_with(card), CARD).expect_err("must not compile")
}

#[test]
fn e11_what_cannot_be_proved_does_not_compile() {
    let name = || "penalty".to_owned();
    let card = || "market".to_owned();
    let each = |each| Take::Each { each, put: Put::Sum, silence: Silence::Nothing };
    let by_class = |points: i64| each(Each::ByClass([Points(0), Points(0), Points(points)]));
    assert_eq!(fault(|c| c.dimensions[0].indicators[0].take = by_class(i64::MIN)), PlanFault::PointsTooLarge(name()));
    assert_eq!(fault(|c| c.dimensions[0].indicators[0].take = by_class(i64::MAX / 1000)), PlanFault::PointsTooLarge(name()));
    assert_eq!(fault(|c| c.dimensions[0].indicators[0].take = by_class((1 << 39) + 1)), PlanFault::PointsTooLarge(name()));
    assert_eq!(fault(|c| c.base = Points(i64::MAX)), PlanFault::PointsTooLarge(card()));
    let step = |(after_months, keep): &(i32, i64)| Fade { after_months: *after_months, keep: *keep };
    let fades = |fades: &[(i32, i64)]| Fading::Steps(fades.iter().map(step).collect());
    for wrong in [&[(12, 1001)][..], &[(12, -1)], &[(24, 500), (12, 300)], &[(0, 500)]] {
        assert_eq!(fault(|c| c.dimensions[0].indicators[0].fade = fades(wrong)), PlanFault::Fade(name()), "{wrong:?}");
    }
    for after_months in [-1, 36] {
        assert_eq!(fault(|c| c.dimensions[0].indicators[0].fade = Fading::Linear { after_months }), PlanFault::Fade(name()));
    }
    assert_eq!(fault(|c| c.dimensions[0].indicators[0].weight = 1001), PlanFault::Weight(name()));
    assert_eq!(fault(|c| c.dimensions[0].weight = 0), PlanFault::Weight("遵纪守法".into()));
    assert_eq!(fault(|c| c.dimensions[0].cap = Some(Points(-1))), PlanFault::Bounds("遵纪守法".into()));
    assert_eq!(fault(|c| c.amount = Some(AmountByGrade { title: "授信".into(), amounts: vec![1] })), PlanFault::Amounts(card()));
    assert_eq!(fault(|c| c.dimensions[0].indicators[0].floor = Some(Points(1))), PlanFault::Bounds(name()));
    assert_eq!(fault(|c| c.dimensions[0].indicators[0].window_months = 0), PlanFault::Window(name()));
    let fading = |c: &mut Scorecard, place: usize| {
        c.dimensions[0].indicators[place].take = each(Each::Constant(Points(-1)));
        c.dimensions[0].indicators[place].fade = Fading::Steps((1..=40_000).map(|step| Fade { after_months: step, keep: 0 }).collect());
    };
    assert_eq!(fault(|c| [0, 1].into_iter().for_each(|place| fading(c, place))), PlanFault::Table("fine".into()), "of one kind together");
    let bands = Each::ByBand { field: FieldIx(1), bands: vec![(5, Points(0)), (5, Points(1))] };
    assert_eq!(fault(|c| c.dimensions[0].indicators[0].take = each(bands)), PlanFault::Bands(name()));
    assert_eq!(fault(|c| c.min = Points::whole(2000)), PlanFault::Range(card()));
    assert_eq!(fault(|c| c.grades[3].from = Some(Points(1))), PlanFault::Grades(card()));
    assert_eq!(fault(|c| c.grades.swap(0, 1)), PlanFault::Grades(card()));
    assert_eq!(fault(|c| (c.grades, c.overrides) = (vec![], vec![])), PlanFault::Grades(card()));
    assert_eq!(fault(|c| c.overrides.push(listed_as(PENALTY, 0))), PlanFault::Override(card()));
    assert_eq!(fault(|c| c.overrides[0].grade = 4), PlanFault::Override(card()));
    let within = Override { kind: PENALTY, when: Forcing::Within { filter: None, window_months: 0 }, grade: 3, basis: vec![] };
    assert_eq!(fault(|c| c.overrides.push(within)), PlanFault::Override(card()));
    let ratio = |kind| Take::Number { number: Number::Ratio(Divisor { kind, filter: None }), bands: vec![(0, Points::ZERO)] };
    for wrong in [PENALTY, HONOUR, BLACKLIST] {
        assert_eq!(fault(|c| c.dimensions[0].indicators[0].take = ratio(wrong)), PlanFault::Divisor(name()), "{wrong:?}");
    }
    assert_eq!(fault(|c| c.dimensions[0].indicators[0].take = ratio(KindIx(9))), PlanFault::Dangling(name()));
    assert_eq!(fault(|c| c.dimensions.clear()), PlanFault::Weightless(card()));
}

#[test]
fn limits_that_do_not_fit_the_scorecard_do_not_compile() {
    let honours = PeersBy::Choice { kind: HONOUR, field: FieldIx(0) };
    let ok = || vec![cutoffs("2026-01-01", "2026-06-30", [820, 760, 700], &[None, None])];
    let compiled = |by, sets: Vec<Cutoffs>| {
        let mut pack = by_peers(by);
        pack.cutoffs = sets;
        Plan::compile(&pack, CARD).map(drop)
    };
    assert_eq!(compiled(honours, ok()), Ok(()));
    assert_eq!(compiled(PeersBy::Kind, vec![cutoffs("2026-01-01", "2026-06-30", [820, 820, 700], &[None])]), Ok(()), "equal points");
    let wrong = Err(PlanFault::Peers("market".into()));
    assert_eq!(compiled(PeersBy::Choice { kind: PENALTY, field: FieldIx(0) }, ok()), wrong, "no choice");
    assert_eq!(compiled(PeersBy::Choice { kind: HONOUR, field: FieldIx(9) }, ok()), wrong, "no such field");
    assert_eq!(compiled(honours, vec![cutoffs("2026-01-01", "2026-06-30", [820, 760, 761], &[None, None])]), wrong, "rising");
    assert_eq!(compiled(honours, vec![cutoffs("2026-01-01", "2026-06-30", [820, 760, 700], &[None])]), wrong, "a group less");
    assert_eq!(compiled(honours, vec![cutoffs("2026-07-01", "2026-06-30", [820, 760, 700], &[None, None])]), wrong, "no day");
    let twice = [ok(), vec![cutoffs("2026-06-30", "2026-12-31", [820, 760, 700], &[None, None])]].concat();
    assert_eq!(compiled(honours, twice), wrong, "a day twice");
    let mut short = ok();
    short[0].everyone.limits.pop();
    assert_eq!(compiled(honours, short), wrong, "a grade without a limit");
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
    let fields = |reads: &crate::Reads| reads.fields.iter().map(|field| field.0).collect::<Vec<_>>();
    let reads: Vec<_> = plan.reads().iter().map(|(kind, reads)| (*kind, reads.class, fields(reads))).collect();
    assert_eq!(reads, [(PENALTY, true, vec![0, 1]), (HONOUR, false, vec![0]), (BLACKLIST, false, vec![0, 1])]);
}

const ROWS: usize = 2;

fn columns<'a>(starts: &'a [u32], known: &'a [u8]) -> KindColumns<'a> {
    let fields = vec![Some(Column { values: Values::Long(&[0; ROWS]), known: Some(known) })];
    KindColumns { starts, day: &[20_000; ROWS], class: Some(Column { values: Values::Byte(&[1; ROWS]), known: None }), fields }
}

#[test]
fn columns_that_contradict_one_another_are_refused() {
    let coverage = covered(&KINDS);
    let population = |columns: KindColumns<'_>| {
        Population::new(BTreeMap::from([(HONOUR, columns)]), vec![&coverage], vec![0, 0]).map(|_| ()).unwrap_err()
    };
    for wrong in [&[0, 1, 3][..], &[0, 2], &[0, 1, 2, 2], &[1, 1, 2], &[0, 2, 1], &[]] {
        assert_eq!(population(columns(wrong, &[1, 1])), ColumnsFault::Starts(1), "{wrong:?}");
    }
    assert_eq!(population(columns(&[0, 1, 2], &[1, 2])), ColumnsFault::Mask(1));
    assert_eq!(population(columns(&[0, 1, 2], &[1])), ColumnsFault::Lengths(1));
    assert_eq!(Population::new(BTreeMap::new(), vec![&coverage], vec![1]).err(), Some(ColumnsFault::Coverage));
}

#[test]
fn e11_a_subject_with_more_rows_than_the_proof_counts_on_is_refused() {
    let coverage = covered(&KINDS);
    let rows = usize::try_from(RECORDS_MAX).unwrap() + 1;
    let (day, starts) = (vec![20_000; rows], [0, u32::try_from(rows).unwrap()]);
    let columns = KindColumns { starts: &starts, day: &day, class: None, fields: vec![] };
    let fault = Population::new(BTreeMap::from([(HONOUR, columns)]), vec![&coverage], vec![0]).map(|_| ()).unwrap_err();
    assert_eq!(fault, ColumnsFault::TooMany(1));
}

#[test]
fn d3_a_column_that_was_not_handed_in_is_a_fault_and_not_unknown() {
    let (plan, coverage) = (Plan::compile(&pack(), CARD).unwrap(), covered(&KINDS));
    let fault = |kind, change: &dyn Fn(&mut KindColumns<'_>)| {
        let mut handed = columns(&[0, 1, 2], &[1, 1]);
        handed.fields.push(handed.fields[0]);
        change(&mut handed);
        let population = Population::new(BTreeMap::from([(kind, handed)]), vec![&coverage], vec![0, 0]).unwrap();
        run(&plan, &population, day("2026-06-01")).map(|_| ())
    };
    assert_eq!(fault(HONOUR, &|columns| columns.fields = vec![None]), Err(ColumnsFault::Absent(1, 0)));
    assert_eq!(fault(PENALTY, &|columns| columns.class = None), Err(ColumnsFault::ClassAbsent(0)));
    assert_eq!(fault(HONOUR, &|columns| columns.class = None), Ok(()));
}
