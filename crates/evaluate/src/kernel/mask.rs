//! Conditions as masks: 1 where a row meets it for certain. What cannot be told is met neither by a condition nor by its opposite
//! (Kleene's logic, D3), so that the two of a [`Condition`](crate::plan::Condition) are read apart, and the opposite only where somebody asks for it.

use super::map_into;
use crate::columns::{Column, KindColumns, Values};
use crate::plan::{Compare, Node};

/// One byte for each row, 0 or 1.
pub(super) type Mask = Vec<u8>;

/// Masks that were used and may be used again.
pub(super) type Pool = Vec<Mask>;

/// The same for every row.
pub(super) fn fill(mask: &mut Mask, rows: usize, truth: u8) {
    mask.clear();
    mask.resize(rows, truth);
}

/// The rows of a chunk for which a condition holds.
pub(super) fn read(node: &Node, columns: &KindColumns<'_>, mask: &mut Mask, pool: &mut Pool) {
    match node {
        Node::All(parts) => {
            join(parts, (columns, 1), (mask, pool), |mask, part| mask.iter_mut().zip(part).for_each(|(mask, part)| *mask &= part));
        }
        Node::Any(parts) => {
            join(parts, (columns, 0), (mask, pool), |mask, part| mask.iter_mut().zip(part).for_each(|(mask, part)| *mask |= part));
        }
        Node::Test { column, compare, opposite } => match columns.column(*column) {
            Some(column) => test(column, compare, u8::from(*opposite), mask),
            // `complete` has seen that every column the plan reads is there; an absent one would read as unknown.
            None => fill(mask, columns.rows(), 0),
        },
    }
}

/// Joins parts; without any, `none` everywhere.
fn join(parts: &[Node], (columns, none): (&KindColumns<'_>, u8), (mask, pool): (&mut Mask, &mut Pool), rule: impl Fn(&mut Mask, &Mask)) {
    let Some((first, others)) = parts.split_first() else { return fill(mask, columns.rows(), none) };
    read(first, columns, mask, pool);
    let mut part = pool.pop().unwrap_or_default();
    for node in others {
        read(node, columns, &mut part, pool);
        rule(mask, &part);
    }
    pool.push(part);
}

fn test(column: Column<'_>, compare: &Compare, opposite: u8, mask: &mut Mask) {
    if matches!(compare, Compare::Present) {
        // Whether a cell is filled is always known.
        fill(mask, column.values.len(), 1 ^ opposite);
        if let Some(known) = column.known {
            mask.iter_mut().zip(known).for_each(|(mask, known)| *mask = known ^ opposite);
        }
        return;
    }
    match column.values {
        Values::Byte(values) => against(values, compare, opposite, mask),
        Values::Short(values) => against(values, compare, opposite, mask),
        Values::Long(values) => against(values, compare, opposite, mask),
    }
    if let Some(known) = column.known {
        mask.iter_mut().zip(known).for_each(|(mask, known)| *mask &= known);
    }
}

fn against<T: Lane>(values: &[T], compare: &Compare, opposite: u8, mask: &mut Mask) {
    match compare {
        Compare::Among(among) => {
            // A value that the column's integers cannot hold is met by none.
            let among: Vec<T> = among.iter().filter_map(|value| T::try_from(*value).ok()).collect();
            match *among.as_slice() {
                [] => each(values, opposite, mask, |_| false),
                [a] => each(values, opposite, mask, move |value| value == a),
                [a, b] => each(values, opposite, mask, move |value| (value == a) | (value == b)),
                [a, b, c] => each(values, opposite, mask, move |value| (value == a) | (value == b) | (value == c)),
                _ => each(values, opposite, mask, |value| among.contains(&value)),
            }
        }
        Compare::AnyBit(bits) => {
            let bits = *bits;
            each(values, opposite, mask, move |value| value.into() & bits != 0);
        }
        Compare::AtLeast(least) => match T::try_from(*least) {
            Ok(least) => each(values, opposite, mask, move |value| value >= least),
            Err(_) => each(values, opposite, mask, |_| *least < 0),
        },
        Compare::AtMost(most) => match T::try_from(*most) {
            Ok(most) => each(values, opposite, mask, move |value| value <= most),
            Err(_) => each(values, opposite, mask, |_| *most > 0),
        },
        Compare::Present => {}
    }
}

fn each<T: Lane>(values: &[T], opposite: u8, mask: &mut Mask, holds: impl Fn(T) -> bool) {
    map_into(values.iter(), mask, move |value| u8::from(holds(*value)) ^ opposite);
}

/// The integers of a column.
pub(super) trait Lane: Copy + Ord + TryFrom<i64> + Into<i64> {
    /// A small number in a lane as wide as theirs.
    type Count: Copy + From<bool> + std::ops::Add<Output = Self::Count>;

    /// What such a number is.
    fn low(count: Self::Count) -> u16;
}

impl Lane for u8 {
    type Count = u8;

    fn low(count: u8) -> u16 {
        u16::from(count)
    }
}

impl Lane for i16 {
    type Count = u16;

    fn low(count: u16) -> u16 {
        count
    }
}

impl Lane for i32 {
    type Count = i32;

    fn low(count: i32) -> u16 {
        let [low, high, ..] = count.to_le_bytes();
        u16::from_le_bytes([low, high])
    }
}

impl Lane for i64 {
    type Count = i64;

    fn low(count: i64) -> u16 {
        let [low, high, ..] = count.to_le_bytes();
        u16::from_le_bytes([low, high])
    }
}
