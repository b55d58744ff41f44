//! The one packing of small numbers that Parquet uses for levels and dictionary positions: runs of one number, and groups of eight
//! numbers in as many bytes as a number has bits.

/// A stretch of numbers.
enum Run<'a> {
    Same { value: u32, count: usize },
    Packed { bytes: &'a [u8], count: usize },
}

/// Takes the next run off the head of `bytes`; none where they end too early or say nothing.
fn next<'a>(bytes: &mut &'a [u8], width: u8) -> Option<Run<'a>> {
    let header = varint(bytes)?;
    let many = usize::try_from(header >> 1).ok().filter(|many| *many > 0)?;
    if header & 1 == 1 {
        let (packed, rest) = bytes.split_at_checked(many.checked_mul(usize::from(width))?)?;
        *bytes = rest;
        return Some(Run::Packed { bytes: packed, count: many.checked_mul(8)? });
    }
    let (value, rest) = bytes.split_at_checked(usize::from(width).div_ceil(8))?;
    *bytes = rest;
    let value = value.iter().rev().fold(0, |value, byte| value << 8 | u32::from(*byte));
    Some(Run::Same { value, count: many })
}

fn varint(bytes: &mut &[u8]) -> Option<u32> {
    let mut value = 0_u64;
    for shift in [0, 7, 14, 21, 28] {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return u32::try_from(value).ok();
        }
    }
    None
}

/// Appends `count` numbers of at most eight bits each; none where the bytes do not hold as many.
pub(crate) fn narrow(mut bytes: &[u8], width: u8, count: usize, out: &mut Vec<u8>) -> Option<()> {
    let end = out.len().checked_add(count)?;
    while out.len() < end {
        let left = end - out.len();
        match next(&mut bytes, width)? {
            Run::Same { value, count } => out.resize(out.len() + count.min(left), u8::try_from(value).ok()?),
            Run::Packed { bytes, count } => {
                match width {
                    0 => out.resize(out.len() + count.min(left), 0),
                    1 => unpack::<1>(bytes, out),
                    2 => unpack::<2>(bytes, out),
                    3 => unpack::<3>(bytes, out),
                    4 => unpack::<4>(bytes, out),
                    5 => unpack::<5>(bytes, out),
                    6 => unpack::<6>(bytes, out),
                    7 => unpack::<7>(bytes, out),
                    8 => out.extend_from_slice(bytes),
                    _ => return None,
                }
                out.truncate(end);
            }
        }
    }
    Some(())
}

/// Groups of eight numbers in `WIDTH` bytes: one word each, so that eight shifts take it apart.
fn unpack<const WIDTH: usize>(bytes: &[u8], out: &mut Vec<u8>) {
    let (groups, _) = bytes.as_chunks::<WIDTH>();
    out.reserve(groups.len() * 8);
    for group in groups {
        let mut padded = [0_u8; 8];
        padded.iter_mut().zip(group).for_each(|(to, from)| *to = *from);
        let word = u64::from_le_bytes(padded);
        let numbers: [u8; 8] = std::array::from_fn(|place| {
            let [low, ..] = (word >> (place * WIDTH)).to_le_bytes();
            low & ((1 << WIDTH) - 1)
        });
        out.extend_from_slice(&numbers);
    }
}

/// Appends `count` numbers of at most 32 bits each; none where the bytes do not hold as many.
pub(crate) fn wide(mut bytes: &[u8], width: u8, count: usize, out: &mut Vec<u32>) -> Option<()> {
    let end = out.len().checked_add(count)?;
    let mask = u64::from(u32::MAX) >> 32_u32.checked_sub(u32::from(width))?;
    while out.len() < end {
        let left = end - out.len();
        match next(&mut bytes, width)? {
            Run::Same { value, count } => out.resize(out.len() + count.min(left), value),
            Run::Packed { count, .. } if width == 0 => out.resize(out.len() + count.min(left), 0),
            Run::Packed { bytes, count } => {
                match width {
                    9 => unpack_wide::<9>(bytes, out),
                    10 => unpack_wide::<10>(bytes, out),
                    11 => unpack_wide::<11>(bytes, out),
                    12 => unpack_wide::<12>(bytes, out),
                    13 => unpack_wide::<13>(bytes, out),
                    14 => unpack_wide::<14>(bytes, out),
                    15 => unpack_wide::<15>(bytes, out),
                    16 => unpack_wide::<16>(bytes, out),
                    _ => trickle(bytes, (width, mask), count.min(left), out),
                }
                out.truncate(end);
            }
        }
    }
    Some(())
}

/// The same as [`unpack`] for positions in dictionaries of up to 65 536 entries.
fn unpack_wide<const WIDTH: usize>(bytes: &[u8], out: &mut Vec<u32>) {
    let (groups, _) = bytes.as_chunks::<WIDTH>();
    out.reserve(groups.len() * 8);
    for group in groups {
        let mut padded = [0_u8; 16];
        padded.iter_mut().zip(group).for_each(|(to, from)| *to = *from);
        let word = u128::from_le_bytes(padded);
        let numbers: [u32; 8] = std::array::from_fn(|place| {
            let [low, high, ..] = (word >> (place * WIDTH)).to_le_bytes();
            u32::from(u16::from_le_bytes([low, high])) & ((1 << WIDTH) - 1)
        });
        out.extend_from_slice(&numbers);
    }
}

/// Any other width, byte by byte.
fn trickle(bytes: &[u8], (width, mask): (u8, u64), count: usize, out: &mut Vec<u32>) {
    let (mut held, mut bits, mut left) = (0_u64, 0_u32, count);
    for byte in bytes {
        // What fills up the last group is no number, and would run over the end of the word.
        if left == 0 {
            return;
        }
        held |= u64::from(*byte) << bits;
        bits += 8;
        while bits >= u32::from(width) && left > 0 {
            out.push(u32::try_from(held & mask).unwrap_or(u32::MAX));
            held >>= width;
            bits -= u32::from(width);
            left -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{narrow, wide};

    /// Packs as Parquet does: a header, then the bits of groups of eight, lowest first.
    fn packed(numbers: &[u32], width: u8) -> Vec<u8> {
        let groups = numbers.len().div_ceil(8);
        let mut out = vec![u8::try_from(groups << 1 | 1).unwrap()];
        let bit = |at: usize| {
            let number = numbers.get(at / usize::from(width)).copied().unwrap_or(0);
            number >> (at % usize::from(width)) & 1
        };
        let byte = |at: usize| (0..8).map(|low| bit(at * 8 + low) << low).sum::<u32>();
        out.extend((0..groups * usize::from(width)).map(|at| u8::try_from(byte(at)).unwrap()));
        out
    }

    #[test]
    fn every_width_comes_back_as_it_was() {
        for width in 1..=20_u8 {
            let numbers: Vec<u32> = (0..100_u32).map(|n| n.wrapping_mul(2_654_435_761) >> (32 - width)).collect();
            let mut bytes = packed(&numbers[..48], width);
            bytes.extend([11 << 1]);
            bytes.extend(&1_u32.to_le_bytes()[..usize::from(width).div_ceil(8)]);
            bytes.extend(packed(&numbers[48..], width));
            let all: Vec<u32> = numbers[..48].iter().copied().chain([1; 11]).chain(numbers[48..].iter().copied()).collect();
            let mut out = Vec::new();
            wide(&bytes, width, all.len(), &mut out).unwrap();
            assert_eq!(out, all, "{width}");
            if width <= 8 {
                let mut out = Vec::new();
                narrow(&bytes, width, all.len(), &mut out).unwrap();
                assert_eq!(out.into_iter().map(u32::from).collect::<Vec<_>>(), all, "{width}");
            }
        }
    }

    #[test]
    fn too_few_bytes_are_no_numbers() {
        let bytes = packed(&[1, 2, 3, 4, 5, 6, 7, 0], 3);
        for end in 0..bytes.len() {
            assert_eq!(narrow(&bytes[..end], 3, 8, &mut Vec::new()), None, "{end}");
            assert_eq!(wide(&bytes[..end], 3, 8, &mut Vec::new()), None, "{end}");
        }
        // A run of nothing would never end.
        assert_eq!(narrow(&[0, 0, 0, 0], 3, 8, &mut Vec::new()), None);
        assert_eq!(wide(&[1, 1, 1], 33, 8, &mut Vec::new()), None);
        let (mut narrowed, mut widened) = (Vec::new(), Vec::new());
        // A header that promises two thousand million numbers is not believed.
        narrow(&[0xfe, 0xff, 0xff, 0xff, 0x0f, 1], 1, 3, &mut narrowed).unwrap();
        wide(&[0xff, 0xff, 0xff, 0xff, 0x0f], 0, 3, &mut widened).unwrap();
        assert_eq!((narrowed, widened), (vec![1, 1, 1], vec![0, 0, 0]));
    }
}
