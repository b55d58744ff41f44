//! One record as the rules see it: integers by field, nothing that could identify or describe a person.

use serde_json::Value;
use xinzhi_core::record::{Class, RecordId};
use xinzhi_core::{Day, Points};

use crate::model::{FieldIx, FieldKind, KindIx, RecordKind};
use crate::predicate::{Column, Predicate, Truth};

/// A record of a subject, reduced to what rules may read (D11, D12).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// Which record: contributions cite it.
    pub record: RecordId,
    /// Its kind.
    pub kind: KindIx,
    /// The date of its document: windows and fades count from here.
    pub day: Day,
    /// Its class, where it is adverse.
    pub class: Option<Class>,
    /// By position of the field; none where it is empty or no rule may read it.
    pub values: Vec<Option<i64>>,
}

impl Fact {
    /// The column as a predicate or a scorecard reads it.
    pub fn value(&self, column: Column) -> Option<i64> {
        match column {
            Column::Field(FieldIx(index)) => self.values.get(index).copied().flatten(),
            Column::Class => self.class.map(Class::number),
        }
    }

    /// Whether the condition holds for this record.
    pub fn truth(&self, predicate: &Predicate) -> Truth {
        predicate.truth(&|column| self.value(column))
    }

    /// Whether this record, as an entry of a list, holds on `day`.
    pub fn listed_on(&self, kind: &RecordKind, day: Day) -> bool {
        let Some(list) = kind.list else { return false };
        let number = day.number();
        let from = self.value(Column::Field(list.from)).unwrap_or(self.day.number());
        let until = list.until.and_then(|field| self.value(Column::Field(field)));
        from <= number && until.is_none_or(|until| number < until)
    }
}

/// Reads the stored JSON of a record into the integers that rules compare; the inverse of what `collect` wrote.
pub fn rule_values(kind: &RecordKind, fields: &Value) -> Vec<Option<i64>> {
    kind.fields.iter().map(|field| fields.get(&field.code).and_then(|value| rule_value(&field.kind, value))).collect()
}

fn rule_value(kind: &FieldKind, value: &Value) -> Option<i64> {
    match kind {
        FieldKind::Choice(choices) => choices.find(value.as_str()?).and_then(|p| i64::try_from(p).ok()),
        FieldKind::Choices(choices) => {
            let titles = value.as_array()?.iter().filter_map(Value::as_str);
            Some(titles.filter_map(|title| choices.find(title)).fold(0, |bits, position| bits | (1 << position)))
        }
        FieldKind::Integer { .. } | FieldKind::Money(_) => value.as_i64(),
        FieldKind::Day { .. } => Day::parse(value.as_str()?).ok().map(Day::number),
        FieldKind::Text | FieldKind::Uscc | FieldKind::OrgCode | FieldKind::PersonNumber => None,
    }
}

/// What is left of `points` after `keep` thousandths, truncated toward zero: the one rounding of the house.
pub fn faded(points: Points, keep: i64) -> Points {
    Points(points.0 * keep / 1000)
}

/// The first day of a window that reaches back `months` from `as_of`: a record exactly that old no longer counts.
pub fn window_start(as_of: Day, months: i32) -> Day {
    as_of.plus_months(-months).plus_days(1)
}

/// The first day on which a record of `day` has left such a window; the inverse of [`window_start`], month ends included.
pub fn leaves_window_on(day: Day, months: i32) -> Day {
    let mut out = day.plus_months(months);
    // A month end that was clamped needs at most three more days: 2026-11-30 leaves a window of 3 months on 2027-03-01.
    for _ in 0..3 {
        if window_start(out, months) > day {
            break;
        }
        out = out.plus_days(1);
    }
    out
}
