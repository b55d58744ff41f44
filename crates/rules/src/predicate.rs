//! Conditions over a record: a closed, structured language, evaluated in three values.

use crate::model::FieldIx;

/// A condition that has been typed against a record kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Predicate {
    /// Every part holds.
    All(Vec<Predicate>),
    /// At least one part holds.
    Any(Vec<Predicate>),
    /// The part does not hold.
    Not(Box<Predicate>),
    /// A comparison of one column.
    Test {
        /// What is looked at.
        column: Column,
        /// How.
        test: Test,
    },
}

/// What a comparison looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Column {
    /// A field of the record.
    Field(FieldIx),
    /// 失信程度 of the record.
    Class,
}

/// A comparison with integers: positions of choices, bit sets, 分, day numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Test {
    /// Equal to one of these.
    OneOf(Vec<i64>),
    /// Equal to none of these.
    NoneOf(Vec<i64>),
    /// A bit set that shares a bit with this one.
    AnyBit(i64),
    /// A bit set that shares no bit with this one.
    NoBit(i64),
    /// Not below.
    AtLeast(i64),
    /// Not above.
    AtMost(i64),
    /// Filled, or not: the one test that is never unknown.
    Present(bool),
}

/// The third value is what missing data gives: it never becomes true or false by itself (D3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    /// Holds.
    True,
    /// Does not hold.
    False,
    /// Cannot be told.
    Unknown,
}

impl Predicate {
    /// Evaluates against one record, whose columns `value` gives.
    pub fn truth(&self, value: &dyn Fn(Column) -> Option<i64>) -> Truth {
        match self {
            Predicate::All(parts) => fold(parts, value, Truth::False, Truth::True),
            Predicate::Any(parts) => fold(parts, value, Truth::True, Truth::False),
            Predicate::Not(part) => match part.truth(value) {
                Truth::True => Truth::False,
                Truth::False => Truth::True,
                Truth::Unknown => Truth::Unknown,
            },
            Predicate::Test { column, test } => test.truth(value(*column)),
        }
    }
}

/// `decisive` ends the fold at once; without it, one unknown makes the whole unknown.
fn fold(parts: &[Predicate], value: &dyn Fn(Column) -> Option<i64>, decisive: Truth, otherwise: Truth) -> Truth {
    let mut result = otherwise;
    for part in parts {
        let truth = part.truth(value);
        if truth == decisive {
            return decisive;
        }
        if truth == Truth::Unknown {
            result = Truth::Unknown;
        }
    }
    result
}

impl Test {
    /// Compares one value; a missing one is unknown, except to [`Test::Present`].
    pub fn truth(&self, value: Option<i64>) -> Truth {
        if let Test::Present(wanted) = self {
            return if value.is_some() == *wanted { Truth::True } else { Truth::False };
        }
        let Some(value) = value else { return Truth::Unknown };
        let holds = match self {
            Test::OneOf(values) => values.contains(&value),
            Test::NoneOf(values) => !values.contains(&value),
            Test::AnyBit(bits) => value & bits != 0,
            Test::NoBit(bits) => value & bits == 0,
            Test::AtLeast(least) => value >= *least,
            Test::AtMost(most) => value <= *most,
            Test::Present(_) => false,
        };
        if holds { Truth::True } else { Truth::False }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn test(least: i64) -> Predicate {
        Predicate::Test { column: Column::Class, test: Test::AtLeast(least) }
    }

    #[test]
    fn d3_unknown_never_turns_into_true_or_false() {
        let missing = |_: Column| None;
        let two = |_: Column| Some(2);
        assert_eq!(test(1).truth(&missing), Truth::Unknown);
        assert_eq!(Predicate::Not(Box::new(test(1))).truth(&missing), Truth::Unknown);
        assert_eq!(Predicate::All(vec![test(1), test(2)]).truth(&two), Truth::True);
        assert_eq!(Predicate::All(vec![test(1), test(3)]).truth(&two), Truth::False);
        assert_eq!(Predicate::Any(vec![]).truth(&missing), Truth::False);
        let absent = Predicate::Test { column: Column::Class, test: Test::Present(false) };
        assert_eq!(absent.truth(&missing), Truth::True);
        assert_eq!(Predicate::Any(vec![test(1), absent]).truth(&missing), Truth::True);
    }
}
