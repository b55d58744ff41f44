//! Conditions as masks: 1 where a row meets it, 1 where it does not, and neither where it cannot be told (Kleene's logic, D3).

use crate::columns::{Column, KindColumns, Values};
use crate::plan::{Compare, Node};

/// Truth of a condition by row.
#[derive(Clone, Debug, Default)]
pub(super) struct Mask {
    pub yes: Vec<u8>,
    pub no: Vec<u8>,
}

/// Masks that were used and may be used again.
pub(super) type Pool = Vec<Mask>;

impl Mask {
    /// The same everywhere: 1 where it is true, 0 where it is false.
    pub(super) fn fill(&mut self, rows: usize, truth: u8) {
        self.yes.clear();
        self.yes.resize(rows, truth);
        self.no.clear();
        self.no.resize(rows, truth ^ 1);
    }

    /// The truth of a condition over the rows of a chunk.
    pub(super) fn read(&mut self, node: &Node, columns: &KindColumns<'_>, pool: &mut Pool) {
        match node {
            Node::All(parts) => {
                self.fill(columns.rows(), 1);
                self.join(parts, columns, pool, |mask, part| {
                    mask.yes.iter_mut().zip(&part.yes).for_each(|(yes, part)| *yes &= part);
                    mask.no.iter_mut().zip(&part.no).for_each(|(no, part)| *no |= part);
                });
            }
            Node::Any(parts) => {
                self.fill(columns.rows(), 0);
                self.join(parts, columns, pool, |mask, part| {
                    mask.yes.iter_mut().zip(&part.yes).for_each(|(yes, part)| *yes |= part);
                    mask.no.iter_mut().zip(&part.no).for_each(|(no, part)| *no &= part);
                });
            }
            Node::Not(part) => {
                self.read(part, columns, pool);
                std::mem::swap(&mut self.yes, &mut self.no);
            }
            Node::Test(column, compare) => match columns.column(*column) {
                Some(column) => self.test(column, compare),
                // `complete` has seen that every column the plan reads is there; an absent one would read as unknown.
                None => {
                    self.fill(columns.rows(), 0);
                    self.no.fill(0);
                }
            },
        }
    }

    fn join(&mut self, parts: &[Node], columns: &KindColumns<'_>, pool: &mut Pool, rule: impl Fn(&mut Mask, &Mask)) {
        let mut part = pool.pop().unwrap_or_default();
        for node in parts {
            part.read(node, columns, pool);
            rule(self, &part);
        }
        pool.push(part);
    }

    fn test(&mut self, column: Column<'_>, compare: &Compare) {
        if matches!(compare, Compare::Present) {
            self.fill(column.values.len(), 1);
            if let Some(known) = column.known {
                self.yes.copy_from_slice(known);
                self.no.iter_mut().zip(known).for_each(|(no, known)| *no = known ^ 1);
            }
            return;
        }
        match column.values {
            Values::Byte(values) => self.compare(values, column.known, compare),
            Values::Short(values) => self.compare(values, column.known, compare),
            Values::Long(values) => self.compare(values, column.known, compare),
        }
    }

    fn compare<T: Lane>(&mut self, values: &[T], known: Option<&[u8]>, compare: &Compare) {
        match compare {
            Compare::Among(among) => {
                // A value that the column's integers cannot hold is met by none.
                let among: Vec<T> = among.iter().filter_map(|value| T::try_from(*value).ok()).collect();
                match *among.as_slice() {
                    [] => self.each(values, known, |_| false),
                    [a] => self.each(values, known, |value| value == a),
                    [a, b] => self.each(values, known, |value| (value == a) | (value == b)),
                    [a, b, c] => self.each(values, known, |value| (value == a) | (value == b) | (value == c)),
                    _ => self.each(values, known, |value| among.contains(&value)),
                }
            }
            Compare::AnyBit(bits) => self.each(values, known, |value| value.into() & bits != 0),
            Compare::AtLeast(least) => match T::try_from(*least) {
                Ok(least) => self.each(values, known, |value| value >= least),
                Err(_) => self.each(values, known, |_| *least < 0),
            },
            Compare::AtMost(most) => match T::try_from(*most) {
                Ok(most) => self.each(values, known, |value| value <= most),
                Err(_) => self.each(values, known, |_| *most > 0),
            },
            Compare::Present => {}
        }
    }

    fn each<T: Lane>(&mut self, values: &[T], known: Option<&[u8]>, holds: impl Fn(T) -> bool) {
        self.yes.clear();
        self.no.clear();
        match known {
            None => {
                self.yes.extend(values.iter().map(|value| u8::from(holds(*value))));
                self.no.extend(self.yes.iter().map(|yes| yes ^ 1));
            }
            Some(known) => {
                self.yes.extend(values.iter().zip(known).map(|(value, known)| u8::from(holds(*value)) & known));
                self.no.extend(self.yes.iter().zip(known).map(|(yes, known)| yes ^ known));
            }
        }
    }
}

/// The integers of a column.
pub(super) trait Lane: Copy + Ord + TryFrom<i64> + Into<i64> {}

impl Lane for u8 {}
impl Lane for i32 {}
impl Lane for i64 {}
