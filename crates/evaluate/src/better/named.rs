//! The days that conditions name. Where a remedy writes the day on which it is done, the day after such a day it may come to something else.

use std::collections::BTreeSet;

use xinzhi_core::Day;
use xinzhi_rules::Pack;
use xinzhi_rules::model::{Becomes, KindIx};
use xinzhi_rules::predicate::{Column, Predicate, Test};

use crate::plan::{Compare, Condition, Counted, ForcingPlan, Node, Plan, TakePlan};

/// Those that conditions of the plan, and of the classes of these kinds, compare with a day that a remedy writes, each with the day after it.
pub(super) fn days(pack: &Pack, plan: &Plan, kinds: &BTreeSet<KindIx>) -> Vec<Day> {
    let mut numbers = Vec::new();
    for (ix, kind) in kinds.iter().filter_map(|ix| Some((*ix, pack.record_kind(*ix)?))) {
        let becomes = kind.remedies.iter().flat_map(|remedy| &remedy.becomes).filter(|(_, becomes)| *becomes == Becomes::DayDone);
        let written: Vec<Column> = becomes.map(|(field, _)| Column::Field(*field)).collect();
        if written.is_empty() {
            continue;
        }
        let mut name = |column: Column, number: i64| {
            if written.contains(&column) {
                numbers.extend([number, number.saturating_add(1)]);
            }
        };
        conditions(plan, ix).for_each(|condition| in_node(&condition.holds, &mut name));
        kind.class_lines.iter().filter_map(|line| line.when.as_ref()).for_each(|when| in_predicate(when, &mut name));
    }
    numbers.into_iter().filter_map(Day::from_number).collect()
}

/// All conditions of a plan on records of a kind.
fn conditions(plan: &Plan, kind: KindIx) -> impl Iterator<Item = &Condition> {
    let own = plan.indicators.iter().filter(move |indicator| indicator.kind == kind);
    let counted = own.flat_map(|indicator| {
        let rate = match &indicator.take {
            TakePlan::Number { number: Counted::Rate(rate), .. } => Some(rate),
            TakePlan::Number { .. } | TakePlan::Each { .. } => None,
        };
        indicator.filter.iter().chain(rate)
    });
    let divisors = plan.indicators.iter().filter_map(|indicator| indicator.divisor()).filter(move |divisor| divisor.kind == kind);
    let forcing = plan.overrides.iter().filter(move |rule| rule.kind == kind).filter_map(|rule| match &rule.when {
        ForcingPlan::Within { filter, .. } => filter.as_ref(),
        ForcingPlan::Listed { .. } => None,
    });
    counted.chain(divisors.filter_map(|divisor| divisor.filter.as_ref())).chain(forcing)
}

fn in_node(node: &Node, name: &mut dyn FnMut(Column, i64)) {
    match node {
        Node::All(parts) | Node::Any(parts) => parts.iter().for_each(|part| in_node(part, name)),
        Node::Test { column, compare, .. } => match compare {
            Compare::AtLeast(number) | Compare::AtMost(number) => name(*column, *number),
            Compare::Among(_) | Compare::AnyBit(_) | Compare::Present => {}
        },
    }
}

fn in_predicate(predicate: &Predicate, name: &mut dyn FnMut(Column, i64)) {
    match predicate {
        Predicate::All(parts) | Predicate::Any(parts) => parts.iter().for_each(|part| in_predicate(part, name)),
        Predicate::Not(part) => in_predicate(part, name),
        Predicate::Test { column, test } => match test {
            Test::AtLeast(number) | Test::AtMost(number) => name(*column, *number),
            Test::OneOf(_) | Test::NoneOf(_) | Test::AnyBit(_) | Test::NoBit(_) | Test::Present(_) => {}
        },
    }
}
