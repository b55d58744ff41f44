//! Conditions that no record can ever meet: what stands under such a condition looks like a rule and is none.

use xinzhi_core::record::Class;
use xinzhi_core::{Day, Fen};

use crate::model::{FieldKind, RecordKind};
use crate::predicate::{Column, Predicate, Test};

/// Claims that are looked at before a condition gets the benefit of the doubt.
const STEPS_MAX: u32 = 10_000;

/// Whether no record of the kind can meet all of the conditions. Where that cannot be told, some record can.
pub(super) fn never(conditions: &[&Predicate], kind: &RecordKind) -> bool {
    cannot_meet(conditions, kind, classes(kind))
}

/// The same, were records of the kind found to be of any 失信程度.
pub(super) fn never_whatever_class(conditions: &[&Predicate], kind: &RecordKind) -> bool {
    cannot_meet(conditions, kind, EVERY_CLASS)
}

/// A bit for each number of a class.
const EVERY_CLASS: u64 = (1 << Class::ALL.len()) - 1;

/// The classes that the kind's rule can find; where it leaves one to a person, or says nothing, every one.
fn classes(kind: &RecordKind) -> u64 {
    let found = kind.class_lines.iter().map(|line| line.class.map_or(EVERY_CLASS, |class| 1 << class.number()));
    if kind.class_lines.is_empty() { EVERY_CLASS } else { found.fold(0, |all, class| all | class) }
}

fn cannot_meet(conditions: &[&Predicate], kind: &RecordKind, classes: u64) -> bool {
    let mut search = Search { kind, classes, steps: STEPS_MAX };
    let claims = conditions.iter().map(|condition| Claim { of: condition, holds: true }).collect();
    !search.possible(claims, &mut Vec::new(), Vec::new())
}

/// That a condition holds, or that it does not. Either can be told only where the value is there.
#[derive(Clone, Copy)]
struct Claim<'a> {
    of: &'a Predicate,
    holds: bool,
}

/// One of these parts makes the claim; which one is tried last.
type Choice<'a> = (&'a [Predicate], bool);

struct Search<'k> {
    kind: &'k RecordKind,
    /// A bit for each class that records can be of.
    classes: u64,
    steps: u32,
}

impl Search<'_> {
    /// Whether all claims can be made at once; leaves `choices` as they were.
    fn possible<'a>(&mut self, claims: Vec<Claim<'a>>, choices: &mut Vec<Choice<'a>>, mut left: Vec<(Column, Values)>) -> bool {
        let before = choices.len();
        let possible = self.claimed(claims, choices, &mut left)
            && match choices.pop() {
                None => true,
                Some((parts, holds)) => {
                    let possible = parts.iter().any(|of| self.possible(vec![Claim { of, holds }], choices, left.clone()));
                    choices.push((parts, holds));
                    possible
                }
            };
        choices.truncate(before);
        possible
    }

    /// Makes all claims that leave no choice; false where one of them cannot be made. Choices wait.
    fn claimed<'a>(&mut self, mut claims: Vec<Claim<'a>>, choices: &mut Vec<Choice<'a>>, left: &mut Vec<(Column, Values)>) -> bool {
        while let Some(Claim { of, holds }) = claims.pop() {
            let Some(steps) = self.steps.checked_sub(1) else { return true };
            self.steps = steps;
            match (of, holds) {
                (Predicate::Not(part), _) => claims.push(Claim { of: part, holds: !holds }),
                (Predicate::All(parts), true) | (Predicate::Any(parts), false) => {
                    claims.extend(parts.iter().map(|of| Claim { of, holds }));
                }
                (Predicate::Any(parts), true) | (Predicate::All(parts), false) => choices.push((parts, holds)),
                (Predicate::Test { column, test }, _) => {
                    if !self.narrowed(left, *column, (test, holds)) {
                        return false;
                    }
                }
            }
        }
        true
    }

    /// Whether the column can still have a value, or be empty, after one claim more.
    fn narrowed(&self, left: &mut Vec<(Column, Values)>, column: Column, claim: (&Test, bool)) -> bool {
        let position = left.iter().position(|(known, _)| *known == column);
        let position = position.unwrap_or_else(|| {
            left.push((column, Values { filled: None, among: self.domain(column) }));
            left.len().saturating_sub(1)
        });
        left.get_mut(position).is_none_or(|(_, values)| values.narrow(claim))
    }

    fn domain(&self, column: Column) -> Among {
        let positions = |count: usize| u32::try_from(count).ok().and_then(|count| 1_u64.checked_shl(count)).map_or(u64::MAX, |bit| bit - 1);
        let field = match column {
            Column::Class => return Among::Positions(self.classes),
            Column::Field(ix) => self.kind.at(ix).map(|field| &field.kind),
        };
        match field {
            Some(FieldKind::Choice(choices)) => Among::Positions(positions(choices.values.len())),
            Some(FieldKind::Choices(_)) => Among::Several { some_of: Vec::new(), none_of: 0 },
            Some(FieldKind::Integer { min, max }) => Among::Span(*min, *max),
            Some(FieldKind::Money(_)) => Among::Span(0, Fen::MAX.0),
            // No earlier and no later day is ever collected.
            Some(FieldKind::Day { .. }) => Among::Span(Day::EARLIEST.number(), Day::LONG_TERM.number()),
            _ => Among::Span(i64::MIN, i64::MAX),
        }
    }
}

/// What is left of a column.
#[derive(Clone)]
struct Values {
    /// Whether it must be filled, or must be empty.
    filled: Option<bool>,
    /// Its values where it is filled.
    among: Among,
}

#[derive(Clone)]
enum Among {
    /// A bit for each position of a choice or number of a class.
    Positions(u64),
    /// From the first to the second.
    Span(i64, i64),
    /// A set of positions that shares one with each of the first and none with the second.
    Several { some_of: Vec<i64>, none_of: i64 },
}

impl Values {
    fn narrow(&mut self, (test, holds): (&Test, bool)) -> bool {
        let filled = match test {
            Test::Present(wanted) => *wanted == holds,
            _ => true,
        };
        if self.filled.is_some_and(|known| known != filled) {
            return false;
        }
        self.filled = Some(filled);
        self.among.narrow(test, holds);
        !filled || self.among.any()
    }
}

impl Among {
    fn narrow(&mut self, test: &Test, holds: bool) {
        match self {
            Among::Positions(bits) => {
                let meets = |position: &u32| test.truth(Some(i64::from(*position))) == crate::predicate::Truth::True;
                let met = (0..u64::BITS).filter(meets).fold(0, |met, position| met | (1 << position));
                if !matches!(test, Test::Present(_)) {
                    *bits &= if holds { met } else { !met };
                }
            }
            Among::Span(least, most) => match (test, holds) {
                (Test::AtLeast(bound), true) => *least = (*least).max(*bound),
                (Test::AtMost(bound), true) => *most = (*most).min(*bound),
                (Test::AtLeast(bound), false) => *most = (*most).min(bound.saturating_sub(1)),
                (Test::AtMost(bound), false) => *least = (*least).max(bound.saturating_add(1)),
                _ => {}
            },
            Among::Several { some_of, none_of } => match (test, holds) {
                (Test::AnyBit(bits), true) | (Test::NoBit(bits), false) => some_of.push(*bits),
                (Test::AnyBit(bits), false) | (Test::NoBit(bits), true) => *none_of |= bits,
                _ => {}
            },
        }
    }

    fn any(&self) -> bool {
        match self {
            Among::Positions(bits) => *bits != 0,
            Among::Span(least, most) => least <= most,
            Among::Several { some_of, none_of } => some_of.iter().all(|bits| bits & !none_of != 0),
        }
    }
}
