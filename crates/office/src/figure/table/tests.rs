//! Tables from items made by hand: what is broken down adds up, what could point to a person is hidden, months are compared.

use std::sync::Arc;

use xinzhi_core::{AreaCode, Day};
use xinzhi_rules::Pack;
use xinzhi_rules::figure::{Dimension, Figure, FigureKind, Only, Population, State};
use xinzhi_rules::model::ScorecardIx;

use super::super::item::Item;
use super::super::month::Month;
use super::{Ask, Months, Part, Table, Value, View, table};
use crate::permission::Scope;

fn pack() -> Pack {
    crate::pack::load("national", &crate::pack::own_files()).unwrap()
}

fn figure(pack: &Pack, id: &str) -> Figure {
    pack.figure_by_id(id).unwrap().clone()
}

fn month(text: &str) -> Month {
    Month::parse(text).unwrap()
}

fn shared(text: &str) -> Option<Arc<str>> {
    Some(Arc::from(text))
}

fn record(at: &str, subject: &str, many: i64) -> Item {
    Item { month: Some(month(at)), subject: shared(subject), states: [Some(State::InTime), None, None], many, ..Item::default() }
}

fn look(pack: &Pack, figure: &Figure, view: (Dimension, Months), items: &[Item]) -> Table {
    let base = AreaCode::parse("330899").unwrap();
    let (by, months) = view;
    let today = Day::parse("2026-11-23").unwrap();
    let (view, names) = (View { by, months, month: None }, [("330899101".to_owned(), "青溪镇".to_owned())].into());
    let ask = Ask { figure, pack, view, scope: &Scope::Office, base: &base, names: &names, today };
    table(&ask, items)
}

fn counts(table: &Table) -> Vec<(String, Value)> {
    table.groups.iter().map(|group| (group.key.clone().unwrap_or_default(), group.cells[0].value)).collect()
}

#[test]
fn few_persons_are_hidden_and_cannot_be_found_by_subtraction() {
    let pack = pack();
    let figure = figure(&pack, "accepted-records");
    let by_subject = |items: &[Item]| look(&pack, &figure, (Dimension::Subject, Months::Usual), items);
    let many = [record("2026-10", "enterprise", 40), record("2026-10", "sole_trader", 12), record("2026-10", "resident", 10)];
    let shown = by_subject(&many);
    assert!(shown.groups.iter().all(|group| group.cells[0].value != Value::Hidden), "ten are enough");
    let few = [record("2026-10", "enterprise", 40), record("2026-10", "sole_trader", 12), record("2026-10", "resident", 9)];
    let hidden = by_subject(&few);
    let expected = [("enterprise", Value::Count(40)), ("sole_trader", Value::Hidden), ("resident", Value::Hidden)];
    let expected: Vec<(String, Value)> = expected.map(|(key, value)| (key.to_owned(), value)).into();
    assert_eq!(counts(&hidden), expected, "the smallest of the others goes with them: the total less the rest would tell nine");
    assert_eq!(hidden.total.unwrap()[0].value, Value::Count(61));
    // With nobody else to go with them the total goes.
    let alone = by_subject(&[record("2026-10", "resident", 9)]);
    assert_eq!((counts(&alone)[0].1, alone.total.unwrap()[0].value), (Value::Hidden, Value::Hidden));
}

#[test]
fn a_span_cannot_be_chosen_where_persons_are_counted() {
    let pack = pack();
    let mut figure = figure(&pack, "accepted-records");
    let items = [record("2026-10", "resident", 20), record("2026-11", "resident", 3), record("2026-11", "enterprise", 5)];
    let all = look(&pack, &figure, (Dimension::Subject, Months::Usual), &items);
    let last = look(&pack, &figure, (Dimension::Subject, Months::Last(1)), &items);
    assert_eq!(counts(&all), counts(&last), "the difference of two spans would tell three persons");
    let (resident, _) = pack.subject_kind_by_id("resident").unwrap();
    figure.filter = vec![Only::Subjects(vec![resident])];
    let trend = look(&pack, &figure, (Dimension::Month, Months::Usual), &items);
    let november = trend.groups.last().unwrap();
    assert_eq!((november.title.as_str(), november.cells[0].value), ("2026-11", Value::Hidden), "every line counts persons alone");
    let shown: Vec<Value> = trend.groups.iter().map(|group| group.cells[0].value).filter(|value| *value != Value::Count(0)).collect();
    assert_eq!(shown, [Value::Hidden, Value::Hidden], "and the other month goes with it");
}

#[test]
fn few_persons_of_a_share_hide_their_line() {
    let pack = pack();
    let mut figure = figure(&pack, "timely-delivery");
    figure.by.push(Dimension::Subject);
    let late = |subject: &str, many| Item { states: [Some(State::Late), None, None], ..record("2026-10", subject, many) };
    let items = [record("2026-10", "enterprise", 90), late("enterprise", 10), record("2026-10", "resident", 30), late("resident", 2)];
    let table = look(&pack, &figure, (Dimension::Subject, Months::Usual), &items);
    let resident = table.groups.iter().find(|group| group.key.as_deref() == Some("resident")).unwrap();
    assert!(resident.cells.iter().all(|cell| cell.value == Value::Hidden), "two persons were late: {resident:?}");
}

#[test]
fn months_without_anything_are_shown_and_lines_add_up() {
    let pack = pack();
    let figure = figure(&pack, "accepted-records");
    let items = [record("2025-11", "enterprise", 7), record("2025-12", "enterprise", 1), record("2026-11", "enterprise", 4)];
    let table = look(&pack, &figure, (Dimension::Month, Months::Usual), &items);
    assert_eq!((table.groups.len(), table.span), (12, (Some(month("2025-12")), Some(month("2026-11")))));
    assert_eq!(table.groups[1].cells[0].value, Value::Count(0), "2026-01");
    assert_eq!(table.total.unwrap()[0].value, Value::Count(5), "the thirteenth month back is outside");
    assert_eq!(table.overall[0].value, Value::Count(12), "the number of today has no span");
}

#[test]
fn a_share_is_truncated_and_none_where_there_is_no_whole() {
    let pack = pack();
    let figure = figure(&pack, "closed-share");
    let owed = |organ: &str, state, many| Item {
        month: Some(month("2026-10")),
        organ: shared(organ),
        states: [Some(state), (state == State::Executed).then_some(State::Closed), None],
        many,
        ..Item::default()
    };
    let items = [owed("甲", State::Executed, 2), owed("甲", State::Overdue, 1), owed("乙", State::Open, 5)];
    let table = look(&pack, &figure, (Dimension::Organ, Months::Usual), &items);
    let row = |at: usize| table.groups[at].cells.iter().map(|cell| cell.value).collect::<Vec<_>>();
    assert_eq!(row(0), [Value::Count(2), Value::Count(3), Value::Share(666)]);
    assert_eq!(row(1), [Value::Count(0), Value::Count(0), Value::Nothing], "what is not due neither helps nor harms");
}

#[test]
fn a_median_is_the_fewer_of_the_two_in_the_middle() {
    let pack = pack();
    let figure = figure(&pack, "feedback-days");
    let took = |days, many| Item { month: Some(month("2026-10")), organ: shared("甲"), days: Some(days), many, ..Item::default() };
    let middle = |items: &[Item]| look(&pack, &figure, (Dimension::Organ, Months::Usual), items).groups[0].cells[1].value;
    assert_eq!(middle(&[took(1, 1), took(9, 1)]), Value::Days(1));
    assert_eq!(middle(&[took(1, 1), took(4, 1), took(9, 1)]), Value::Days(4));
    assert_eq!(middle(&[took(1, 5), took(30, 4)]), Value::Days(1));
}

#[test]
fn grades_are_compared_with_the_month_before() {
    let pack = pack();
    let mut figure = figure(&pack, "market-grades");
    figure.counts = Population::Evaluations { scorecard: ScorecardIx(0), place: None };
    figure.kind = FigureKind::Count { of: Vec::new() };
    let graded = |at: &str, state, many| Item { states: [Some(state), None, None], ..record(at, "enterprise", many) };
    let items = [
        graded("2026-10", State::Grade(0), 3),
        graded("2026-10", State::Ungraded, 2),
        graded("2026-11", State::Grade(0), 5),
        graded("2026-11", State::Grade(1), 1),
    ];
    let table = look(&pack, &figure, (Dimension::Subject, Months::Usual), &items);
    let of = |state: State| {
        let at = table.columns.iter().position(|column| column.part == Some(Part::State(state))).unwrap();
        (table.groups[0].cells[at].value, table.groups[0].cells[at].change)
    };
    assert_eq!(of(State::Grade(0)), (Value::Count(5), Some(2)));
    assert_eq!(of(State::Grade(1)), (Value::Count(1), Some(1)));
    assert_eq!(of(State::Ungraded), (Value::Count(0), Some(-2)));
    let trend = look(&pack, &figure, (Dimension::Month, Months::Usual), &items);
    assert_eq!(trend.groups.iter().map(|group| group.title.as_str()).collect::<Vec<_>>(), ["2026-10", "2026-11"]);
    assert_eq!((trend.groups[0].cells[0].change, trend.groups[1].cells[0].change), (None, Some(2)));
    assert_eq!(trend.total, None, "months of the same subjects do not add up");
}

#[test]
fn an_area_is_shown_one_level_below_the_reader() {
    let pack = pack();
    let figure = figure(&pack, "accepted-records");
    let lies = |area: &str, many| Item { area: shared(area), ..record("2026-10", "enterprise", many) };
    let items = [lies("330899101001", 2), lies("330899101002", 3), lies("330899102001", 1), Item { area: None, ..lies("", 1) }];
    let county = look(&pack, &figure, (Dimension::Area, Months::Usual), &items);
    let expected = [("330899101", 5), ("330899102", 1), ("", 1)].map(|(area, many)| (area.to_owned(), Value::Count(many)));
    assert_eq!(counts(&county), expected, "what is not known comes last");
}
