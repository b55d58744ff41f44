//! What is read of a row as a small number: which of an indicator's values it has, or into which piece of a column it falls. Such numbers are added to
//! those of other columns, each times a stride, so that several make one place in a table.

use super::map_into;
use super::mask::Lane;
use super::rows::{Narrow, Scratch};
use crate::columns::{Column, KindColumns, Values};
use crate::plan::Worth;

/// Codes of rows, to which something is added.
pub(super) struct To<'c> {
    pub codes: &'c mut [u16],
    /// By how much it is multiplied.
    pub stride: u16,
    /// Whether they are those of other rows still, and what is added takes their place.
    pub stale: bool,
}

/// Adds the code of each row that is `sure`, and of no other.
pub(super) fn worth(worth: &Worth, columns: &KindColumns<'_>, stride: u16, scratch: &mut Scratch) {
    let Scratch { sure, codes, narrow, .. } = scratch;
    let mut to = To { codes, stride, stale: false };
    let column = match worth {
        Worth::Constant(_) => return to.add::<u8>((sure, Some(sure)), 1, |_| 0),
        Worth::Table(column, _) | Worth::Bands(column, _) => columns.column(*column),
    };
    // `complete` has seen that the column is there.
    let Some(Column { values, known }) = column else { return };
    if let Some(known) = known {
        sure.iter_mut().zip(known).for_each(|(sure, known)| *sure &= known);
    }
    match worth {
        Worth::Constant(_) => {}
        Worth::Table(_, points) => match values {
            Values::Byte(values) => positions(points.len(), values, (stride, sure), to.codes),
            Values::Short(values) => positions(points.len(), values, (stride, sure), to.codes),
            Values::Long(values) => positions(points.len(), values, (stride, sure), to.codes),
        },
        Worth::Bands(_, bands) => to.reached((0, bands.iter().map(|(from, _)| *from)), (values, Some(sure)), narrow),
    }
}

/// The nearest number that is a quarter as wide as the widest.
fn quartered(value: i32) -> i16 {
    i16::try_from(value.clamp(i16::MIN.into(), i16::MAX.into())).unwrap_or(0)
}

/// The nearest number that is half as wide. By its halves a processor looks at four at a time; of the whole the compiler makes it look at one.
fn halved(halves: [i32; 2]) -> i32 {
    let [first, second] = halves;
    let [low, high] = if cfg!(target_endian = "big") { [second, first] } else { [first, second] };
    if high == low >> 31 { low } else { (high >> 31) ^ i32::MAX }
}

/// One more than the position of each value among `many`.
fn positions<T: Lane + TryInto<u16>>(many: usize, values: &[T], (stride, sure): (u16, &[u8]), codes: &mut [u16]) {
    let many = u16::try_from(many).unwrap_or(u16::MAX);
    for ((place, value), sure) in codes.iter_mut().zip(values).zip(sure) {
        let code: u16 = (*value).try_into().unwrap_or(u16::MAX);
        let told = u16::from(*sure) & u16::from(code < many);
        *place = place.wrapping_add(stride.wrapping_mul(code.wrapping_add(1) & told.wrapping_neg()));
    }
}

impl To<'_> {
    /// Adds how many of some bounds each value that is `sure` reaches, as all are where nothing says so, and `base`.
    pub(super) fn reached(
        &mut self,
        (base, bounds): (u8, impl Iterator<Item = i64> + Clone),
        (values, sure): (Values<'_>, Option<&[u8]>),
        narrow: &mut Narrow,
    ) {
        // Comparing narrower numbers takes a fraction of the time, and what lies beyond them does not matter to bounds within.
        let within = |least: i64, most: i64| bounds.clone().all(|bound| least < bound && bound <= most);
        match values {
            Values::Byte(values) => self.reach((base, bounds), (values, sure)),
            Values::Short(values) if within(i16::MIN.into(), i16::MAX.into()) => {
                map_into(values.iter(), &mut narrow.quarter, |value| quartered(*value));
                self.reach((base, bounds), (&narrow.quarter, sure));
            }
            Values::Short(values) => self.reach((base, bounds), (values, sure)),
            Values::Long(values) if within(i32::MIN.into(), i32::MAX.into()) => {
                let halves: &[[i32; 2]] = zerocopy::transmute_ref!(values);
                map_into(halves.iter(), &mut narrow.half, |halves| halved(*halves));
                self.reach((base, bounds), (&narrow.half, sure));
            }
            Values::Long(values) => self.reach((base, bounds), (values, sure)),
        }
    }

    /// Adds each value that is `sure`, but no more than the last, and `base`.
    pub(super) fn nearest(&mut self, rows: (&[u8], Option<&[u8]>), (base, last): (u8, u8)) {
        self.add(rows, base, move |value: u8| value.min(last));
    }

    fn reach<T: Lane>(&mut self, (mut base, bounds): (u8, impl Iterator<Item = i64>), rows: (&[T], Option<&[u8]>)) {
        let (mut below, mut within) = (0_u16, Vec::new());
        for bound in bounds {
            // A bound that a column cannot hold lies above all its values, or below them.
            match T::try_from(bound) {
                Ok(bound) => within.push(bound),
                Err(_) => below = below.wrapping_add(u16::from(bound < 0)),
            }
        }
        if within.is_empty() {
            self.add(rows, base, |_| T::Count::from(false));
        }
        if below > 0 {
            let stride = self.stride;
            self.stride = stride.wrapping_mul(below);
            self.add(rows, 1, |_| T::Count::from(false));
            self.stride = stride;
        }
        for bounds in within.chunks(8) {
            match bounds.len() {
                1 => self.reach_of::<T, 1>(bounds, rows, base),
                2 => self.reach_of::<T, 2>(bounds, rows, base),
                3 => self.reach_of::<T, 3>(bounds, rows, base),
                4 => self.reach_of::<T, 4>(bounds, rows, base),
                5 => self.reach_of::<T, 5>(bounds, rows, base),
                6 => self.reach_of::<T, 6>(bounds, rows, base),
                7 => self.reach_of::<T, 7>(bounds, rows, base),
                _ => self.reach_of::<T, 8>(bounds, rows, base),
            }
            base = 0;
        }
    }

    /// Adds how many of so many bounds each value reaches. Their number is the compiler's, which then keeps them in registers.
    fn reach_of<T: Lane, const MANY: usize>(&mut self, bounds: &[T], rows: (&[T], Option<&[u8]>), base: u8) {
        let Some(bounds) = bounds.first_chunk::<MANY>().copied() else { return };
        self.add(rows, base, move |value| bounds.iter().fold(T::Count::from(false), |count, bound| count + above(value, *bound)));
    }

    fn add<T: Lane>(&mut self, (values, sure): (&[T], Option<&[u8]>), base: u8, many: impl Fn(T) -> T::Count) {
        let stride = self.stride;
        let part = |value: T| stride.wrapping_mul(u16::from(base).wrapping_add(T::low(many(value))));
        let rows = self.codes.iter_mut().zip(values);
        match (sure, std::mem::replace(&mut self.stale, false)) {
            (None, true) => rows.for_each(|(code, value)| *code = part(*value)),
            (None, false) => rows.for_each(|(code, value)| *code = code.wrapping_add(part(*value))),
            (Some(sure), stale) => {
                let keep = u16::from(!stale).wrapping_neg();
                let rows = rows.zip(sure);
                rows.for_each(|((code, value), sure)| {
                    *code = (*code & keep).wrapping_add(part(*value) & u16::from(*sure).wrapping_neg());
                });
            }
        }
    }
}

fn above<T: Lane>(value: T, bound: T) -> T::Count {
    T::Count::from(value >= bound)
}
