//! Files of which some columns are encrypted: their footer can be read and says so, in a field that the Parquet library passes over. It is a
//! struct in the compact protocol of Thrift; here its fields are walked through and none is kept.

/// The field of the footer that says how columns are encrypted.
const ENCRYPTION: i64 = 8;
/// Structs in structs; a footer has six.
const DEPTH_MAX: usize = 16;

/// Whether a footer speaks of encryption.
pub(crate) fn in_part(footer: &[u8]) -> bool {
    let mut rest = footer;
    fields(&mut rest, 0, &mut |field| field == ENCRYPTION).unwrap_or(false)
}

/// Walks through a struct until a field is the one; none where the bytes are no struct.
fn fields(rest: &mut &[u8], depth: usize, wanted: &mut dyn FnMut(i64) -> bool) -> Option<bool> {
    let mut field = 0_i64;
    loop {
        let head = byte(rest)?;
        if head == 0 {
            return Some(false);
        }
        field = match head >> 4 {
            0 => zigzag(varint(rest)?),
            more => field.checked_add(i64::from(more))?,
        };
        if wanted(field) {
            return Some(true);
        }
        // A flag stands in the head itself.
        if !matches!(head & 0x0f, 1 | 2) {
            value(rest, head & 0x0f, depth)?;
        }
    }
}

/// Passes over a value.
fn value(rest: &mut &[u8], kind: u8, depth: usize) -> Option<()> {
    match kind {
        1..=3 => skip(rest, 1),
        4..=6 => varint(rest).map(drop),
        7 => skip(rest, 8),
        8 => {
            let length = usize::try_from(varint(rest)?).ok()?;
            skip(rest, length)
        }
        9 | 10 => {
            let head = byte(rest)?;
            let many = if head >> 4 == 15 { varint(rest)? } else { u64::from(head >> 4) };
            // Every element has a byte at least, so that a number out of nowhere ends with the bytes.
            (0..many).try_for_each(|_| value(rest, head & 0x0f, depth))
        }
        12 if depth < DEPTH_MAX => fields(rest, depth + 1, &mut |_| false).map(drop),
        // Maps, which no footer has, and nothing that is known.
        _ => None,
    }
}

fn byte(rest: &mut &[u8]) -> Option<u8> {
    let (byte, after) = rest.split_first()?;
    *rest = after;
    Some(*byte)
}

fn skip(rest: &mut &[u8], length: usize) -> Option<()> {
    *rest = rest.get(length..)?;
    Some(())
}

fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let byte = byte(rest)?;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

fn zigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
}

#[cfg(test)]
mod tests {
    use super::in_part;

    /// A number, a list of two structs with a text and a flag each, then a field of the number given.
    fn footer(last: u8) -> Vec<u8> {
        let mut bytes = vec![0x15, 0x04, 0x19, 0x2c];
        for _ in 0..2 {
            bytes.extend([0x48, 0x02, b'a', b'b', 0x11, 0x00]);
        }
        bytes.extend([0x05 | (last - 2) << 4, 0x02, 0x00]);
        bytes
    }

    #[test]
    fn a_footer_that_speaks_of_encryption_is_known_by_its_field() {
        assert!(in_part(&footer(8)));
        assert!(!in_part(&footer(7)) && !in_part(&footer(9)));
        // The same field far from the one before it, with its number written out.
        assert!(in_part(&[0x15, 0x04, 0x0c, 0x10, 0x00, 0x00]));
        // What ends too early, promises too much or is too deep says nothing.
        let whole = footer(9);
        assert!((0..whole.len()).all(|end| !in_part(&whole[..end])));
        assert!(!in_part(&[0x19, 0xfc, 0xff, 0xff, 0xff, 0xff, 0x0f]));
        assert!(!in_part(&[0x1c; 100_000]));
    }
}
