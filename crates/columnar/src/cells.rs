//! Column chunks become plain columns here: the inner loop of reading. Cells go from the bytes of a page straight to the narrow
//! integers that the kernel compares; words are looked up once for each entry of a dictionary, never for each row.
//!
//! Decoded are the two encodings that every writer uses unless told otherwise: plain cells, and positions in a dictionary.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hasher};

use bytes::Bytes;
use parquet::basic::Encoding;
use parquet::column::page::{Page, PageReader};

use crate::fault::Trouble;
use crate::file::{Chunk, Levels};
use crate::hybrid;

/// A column: a cell is only read where it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cells<T> {
    /// One for each row; any value where nothing is known.
    pub values: Vec<T>,
    /// 1 where the cell is filled, else 0; none where every one is.
    pub known: Option<Vec<u8>>,
}

impl<T: Copy + Default> Cells<T> {
    /// One cell; none where it is empty.
    pub fn at(&self, row: usize) -> Option<T> {
        let known = self.known.as_ref().is_none_or(|known| known.get(row) == Some(&1));
        self.values.get(row).copied().filter(|_| known)
    }

    /// Appends a cell.
    pub fn push(&mut self, value: Option<T>) {
        if value.is_none() && self.known.is_none() {
            self.known = Some(vec![1; self.values.len()]);
        }
        if let Some(known) = &mut self.known {
            known.push(u8::from(value.is_some()));
        }
        self.values.push(value.unwrap_or_default());
    }

    /// After filled cells were appended.
    pub(crate) fn filled(&mut self) {
        if let Some(known) = &mut self.known {
            known.resize(self.values.len(), 1);
        }
    }
}

/// What the bytes of cells become.
pub(crate) trait Form {
    type Cell: Copy + Default;

    /// Appends the cells that are stored plainly in `bytes`, `count` of them.
    fn plain(&mut self, bytes: &Bytes, count: usize, out: &mut Vec<Self::Cell>) -> Result<(), Trouble>;

    /// How many bytes the cell at the head of `bytes` takes.
    fn length(bytes: &[u8]) -> Result<usize, Trouble>;
}

/// The different cells of a column, and what is wrong with some of them: it counts only where a row has one, since writers keep entries that
/// no row has any more.
pub(crate) struct Dictionary<T> {
    cells: Vec<T>,
    wrong: BTreeMap<usize, Trouble>,
}

impl<T: Copy + Default> Dictionary<T> {
    /// Reads the entries.
    pub(crate) fn read<F: Form<Cell = T>>(form: &mut F, bytes: &Bytes, count: usize) -> Result<Dictionary<T>, Trouble> {
        let mut cells = Vec::new();
        if form.plain(bytes, count, &mut cells).is_ok() {
            return Ok(Dictionary { cells, wrong: BTreeMap::new() });
        }
        let (mut rest, mut wrong) = (bytes.clone(), BTreeMap::new());
        cells.clear();
        for place in 0..count {
            let length = F::length(&rest)?;
            let cell = take(&mut rest, length)?;
            if let Err(trouble) = form.plain(&cell, 1, &mut cells) {
                wrong.insert(place, trouble);
            }
            cells.resize(place + 1, T::default());
        }
        if rest.is_empty() { Ok(Dictionary { cells, wrong }) } else { Err(Trouble::Damaged) }
    }

    /// Appends the cells at some positions.
    pub(crate) fn append(&self, positions: &[u32], out: &mut Vec<T>) -> Result<(), Trouble> {
        let place = |position: u32| usize::try_from(position).unwrap_or(usize::MAX);
        let most = positions.iter().max().copied().map(place);
        if most.is_some_and(|most| most >= self.cells.len()) {
            return Err(Trouble::Damaged);
        }
        self.sound(|| positions.iter().copied().map(place))?;
        out.extend(positions.iter().map(|position| self.cells.get(place(*position)).copied().unwrap_or_default()));
        Ok(())
    }

    /// Whether nothing is wrong with the entries at some positions.
    fn sound<I: Iterator<Item = usize>>(&self, positions: impl FnOnce() -> I) -> Result<(), Trouble> {
        if self.wrong.is_empty() {
            return Ok(());
        }
        positions().find_map(|place| self.wrong.get(&place)).map_or(Ok(()), |trouble| Err(trouble.clone()))
    }
}

/// Values between two bounds, both included.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub low: i64,
    pub high: i64,
}

/// `int64` as it is.
pub(crate) struct Longs(pub Bounds);

/// `int64` whose bounds fit into 32 bits.
pub(crate) struct Shorts(pub Bounds);

/// `date32`.
pub(crate) struct Days(pub Bounds);

/// Words that the pack lists, as their positions.
pub(crate) struct Listed<F>(pub F);

/// Any words: positions in a list that grows.
#[derive(Debug, Default)]
pub(crate) struct Words {
    pub list: Vec<Bytes>,
}

/// Any words of which it matters only whether they are the same: eight bytes each, and nothing is kept of what they say.
pub(crate) struct Marks;

impl Marks {
    /// What stands for a word.
    pub(crate) fn of(word: &[u8]) -> u64 {
        let mut hasher = DefaultHasher::new();
        hasher.write(word);
        hasher.finish()
    }
}

impl Form for Longs {
    type Cell = i64;

    fn plain(&mut self, bytes: &Bytes, count: usize, out: &mut Vec<i64>) -> Result<(), Trouble> {
        let cells = fixed::<8>(bytes, count)?;
        self.0.hold(cells.iter().map(|cell| i64::from_le_bytes(*cell)))?;
        out.extend(cells.iter().map(|cell| i64::from_le_bytes(*cell)));
        Ok(())
    }

    fn length(_: &[u8]) -> Result<usize, Trouble> {
        Ok(8)
    }
}

impl Form for Shorts {
    type Cell = i32;

    fn plain(&mut self, bytes: &Bytes, count: usize, out: &mut Vec<i32>) -> Result<(), Trouble> {
        let cells = fixed::<8>(bytes, count)?;
        self.0.hold(cells.iter().map(|cell| i64::from_le_bytes(*cell)))?;
        out.extend(cells.iter().map(|cell| {
            let [a, b, c, d, ..] = *cell;
            i32::from_le_bytes([a, b, c, d])
        }));
        Ok(())
    }

    fn length(_: &[u8]) -> Result<usize, Trouble> {
        Ok(8)
    }
}

impl Form for Days {
    type Cell = i32;

    fn plain(&mut self, bytes: &Bytes, count: usize, out: &mut Vec<i32>) -> Result<(), Trouble> {
        let cells = fixed::<4>(bytes, count)?;
        let days = || cells.iter().map(|cell| i32::from_le_bytes(*cell));
        let (low, high) = days().fold((i32::MAX, i32::MIN), |(low, high), day| (low.min(day), high.max(day)));
        if count > 0 && (i64::from(low) < self.0.low || i64::from(high) > self.0.high) {
            let outside = if i64::from(low) < self.0.low { low } else { high };
            let shown = xinzhi_core::Day::from_number(i64::from(outside));
            return Err(Trouble::Outside(shown.map_or_else(|| outside.to_string(), |day| day.to_string())));
        }
        out.extend(days());
        Ok(())
    }

    fn length(_: &[u8]) -> Result<usize, Trouble> {
        Ok(4)
    }
}

impl<F: FnMut(&str) -> Option<u8>> Form for Listed<F> {
    type Cell = u8;

    fn plain(&mut self, bytes: &Bytes, count: usize, out: &mut Vec<u8>) -> Result<(), Trouble> {
        let mut rest: &[u8] = bytes;
        // Cells that follow one another are often the same word.
        let mut last: Option<(&[u8], u8)> = None;
        for _ in 0..count {
            let word = word(&mut rest)?;
            let code = match last {
                Some((same, code)) if same == word => code,
                _ => self.look_up(word)?,
            };
            last = Some((word, code));
            out.push(code);
        }
        Ok(())
    }

    fn length(bytes: &[u8]) -> Result<usize, Trouble> {
        word_length(bytes)
    }
}

impl<F: FnMut(&str) -> Option<u8>> Listed<F> {
    fn look_up(&mut self, word: &[u8]) -> Result<u8, Trouble> {
        let unlisted = || Trouble::Unlisted(String::from_utf8_lossy(word).into_owned());
        std::str::from_utf8(word).ok().and_then(|text| (self.0)(text)).ok_or_else(unlisted)
    }
}

impl Form for Words {
    type Cell = u32;

    fn plain(&mut self, bytes: &Bytes, count: usize, out: &mut Vec<u32>) -> Result<(), Trouble> {
        let mut rest: &[u8] = bytes;
        for _ in 0..count {
            let word = word(&mut rest)?;
            std::str::from_utf8(word).map_err(|_| Trouble::Damaged)?;
            out.push(u32::try_from(self.list.len()).map_err(|_| Trouble::Damaged)?);
            self.list.push(bytes.slice_ref(word));
        }
        Ok(())
    }

    fn length(bytes: &[u8]) -> Result<usize, Trouble> {
        word_length(bytes)
    }
}

impl Form for Marks {
    type Cell = u64;

    fn plain(&mut self, bytes: &Bytes, count: usize, out: &mut Vec<u64>) -> Result<(), Trouble> {
        let mut rest: &[u8] = bytes;
        for _ in 0..count {
            out.push(Marks::of(word(&mut rest)?));
        }
        if rest.is_empty() { Ok(()) } else { Err(Trouble::Damaged) }
    }

    fn length(bytes: &[u8]) -> Result<usize, Trouble> {
        word_length(bytes)
    }
}

impl Bounds {
    fn hold(self, values: impl Iterator<Item = i64>) -> Result<(), Trouble> {
        let (low, high) = values.fold((i64::MAX, i64::MIN), |(low, high), value| (low.min(value), high.max(value)));
        match (low <= high, low < self.low, high > self.high) {
            (true, true, _) => Err(Trouble::Outside(low.to_string())),
            (true, _, true) => Err(Trouble::Outside(high.to_string())),
            _ => Ok(()),
        }
    }
}

/// Exactly `count` cells of `WIDTH` bytes.
fn fixed<const WIDTH: usize>(bytes: &[u8], count: usize) -> Result<&[[u8; WIDTH]], Trouble> {
    let (cells, rest) = bytes.as_chunks::<WIDTH>();
    if cells.len() == count && rest.is_empty() { Ok(cells) } else { Err(Trouble::Damaged) }
}

/// The next word of plain cells: four bytes of length, then the bytes.
fn word<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], Trouble> {
    let (length, after) = rest.split_first_chunk::<4>().ok_or(Trouble::Damaged)?;
    let length = usize::try_from(u32::from_le_bytes(*length)).map_err(|_| Trouble::Damaged)?;
    let (word, after) = after.split_at_checked(length).ok_or(Trouble::Damaged)?;
    *rest = after;
    Ok(word)
}

/// Bytes of the word at the head of plain cells, with its length.
fn word_length(mut bytes: &[u8]) -> Result<usize, Trouble> {
    word(&mut bytes).map(|word| word.len() + 4)
}

/// Appends a chunk of a flat column.
pub(crate) fn flat<F: Form>(chunk: Chunk, form: &mut F, into: &mut Cells<F::Cell>) -> Result<(), Trouble> {
    let start = into.values.len();
    let Chunk { mut pages, rows, levels } = chunk;
    let mut dictionary = None;
    while let Some(page) = pages.get_next_page().map_err(|_| Trouble::Damaged)? {
        let Some(body) = Body::of(page, levels, form, &mut dictionary)? else { continue };
        if into.values.len() - start + body.count > rows {
            return Err(Trouble::Damaged);
        }
        match body.known(levels.defined)? {
            None => {
                body.cells(body.count, form, dictionary.as_ref(), &mut into.values)?;
                into.filled();
            }
            Some(known) => {
                let filled = known.iter().map(|known| usize::from(*known)).sum();
                let mut dense = Vec::with_capacity(filled);
                body.cells(filled, form, dictionary.as_ref(), &mut dense)?;
                scatter(&dense, &known, into);
            }
        }
    }
    if into.values.len() - start == rows { Ok(()) } else { Err(Trouble::Damaged) }
}

/// Appends rows of which some are filled.
pub(crate) fn scatter<T: Copy + Default>(dense: &[T], known: &[u8], into: &mut Cells<T>) {
    let (before, room) = (into.values.len(), into.values.capacity());
    spread(dense, known, &mut into.values);
    let mask = into.known.get_or_insert_with(|| Vec::with_capacity(room));
    mask.resize(before, 1);
    mask.extend_from_slice(known);
}

/// Filled cells put to the rows that have one. What an unknown row holds does not matter.
fn spread<T: Copy + Default>(dense: &[T], known: &[u8], out: &mut Vec<T>) {
    let mut next = 0_usize;
    out.extend(known.iter().map(|known| {
        let cell = dense.get(next).copied().unwrap_or_default();
        next += usize::from(*known);
        cell
    }));
}

/// Appends a chunk of lists of listed words, each list as a set of bits.
pub(crate) fn sets<F: FnMut(&str) -> Option<u8>>(chunk: Chunk, form: &mut Listed<F>, into: &mut Cells<i64>) -> Result<(), Trouble> {
    let start = into.values.len();
    let Chunk { mut pages, rows, levels } = chunk;
    let mut dictionary = None;
    let mut mask = into.known.take().unwrap_or_else(|| vec![1; start]);
    while let Some(page) = pages.get_next_page().map_err(|_| Trouble::Damaged)? {
        let Some(body) = Body::of(page, levels, form, &mut dictionary)? else { continue };
        if body.count > rows.saturating_mul(ELEMENTS_MAX) {
            return Err(Trouble::Damaged);
        }
        let (mut defined, mut repeated) = (Vec::new(), Vec::new());
        body.levels(&body.defined, levels.defined, &mut defined)?;
        body.levels(&body.repeated, levels.repeated, &mut repeated)?;
        let (full, element) = (level(levels.defined), level(levels.element));
        let mut codes = Vec::new();
        body.cells(defined.iter().filter(|level| **level == full).count(), form, dictionary.as_ref(), &mut codes)?;
        let mut codes = codes.into_iter();
        for (defined, repeated) in defined.into_iter().zip(repeated) {
            if repeated == 0 {
                into.values.push(0);
                // One below an element is the empty list, further below none at all.
                mask.push(u8::from(defined + 1 >= element));
            }
            if defined == full {
                let code = codes.next().filter(|code| *code < 63).ok_or(Trouble::Damaged)?;
                *into.values.last_mut().ok_or(Trouble::Damaged)? |= 1 << code;
            } else if defined >= element {
                return Err(Trouble::Hollow);
            }
        }
    }
    into.known = Some(mask).filter(|mask| mask.contains(&0));
    if into.values.len() - start == rows { Ok(()) } else { Err(Trouble::Damaged) }
}

/// A list names each of at most 62 values once.
const ELEMENTS_MAX: usize = 64;

fn level(level: i16) -> u8 {
    u8::try_from(level).unwrap_or(u8::MAX)
}

/// A data page taken apart.
struct Body {
    /// Rows, or elements of lists.
    count: usize,
    encoding: Encoding,
    defined: Bytes,
    repeated: Bytes,
    values: Bytes,
}

impl Body {
    /// The parts of a data page; a dictionary is decoded and kept instead.
    fn of<F: Form>(
        page: Page,
        levels: Levels,
        form: &mut F,
        dictionary: &mut Option<Dictionary<F::Cell>>,
    ) -> Result<Option<Body>, Trouble> {
        let many = |count: u32| usize::try_from(count).map_err(|_| Trouble::Damaged);
        match page {
            Page::DictionaryPage { buf, num_values, encoding, .. } => {
                if !matches!(encoding, Encoding::PLAIN | Encoding::PLAIN_DICTIONARY) || dictionary.is_some() {
                    return Err(Trouble::Encoding(format!("{encoding:?}")));
                }
                *dictionary = Some(Dictionary::read(form, &buf, many(num_values)?)?);
                Ok(None)
            }
            Page::DataPage { mut buf, num_values, encoding, def_level_encoding, rep_level_encoding, .. } => {
                let mut part = |max: i16, encoding: Encoding| {
                    if max == 0 {
                        return Ok(Bytes::new());
                    }
                    if encoding != Encoding::RLE {
                        return Err(Trouble::Encoding(format!("{encoding:?}")));
                    }
                    let length = take(&mut buf, 4)?;
                    let [length] = fixed::<4>(&length, 1)? else { return Err(Trouble::Damaged) };
                    take(&mut buf, many(u32::from_le_bytes(*length))?)
                };
                let repeated = part(levels.repeated, rep_level_encoding)?;
                let defined = part(levels.defined, def_level_encoding)?;
                Ok(Some(Body { count: many(num_values)?, encoding, defined, repeated, values: buf }))
            }
            Page::DataPageV2 { mut buf, num_values, encoding, def_levels_byte_len, rep_levels_byte_len, .. } => {
                let repeated = take(&mut buf, many(rep_levels_byte_len)?)?;
                let defined = take(&mut buf, many(def_levels_byte_len)?)?;
                Ok(Some(Body { count: many(num_values)?, encoding, defined, repeated, values: buf }))
            }
        }
    }

    /// Levels of one kind, one for each row or element.
    fn levels(&self, bytes: &[u8], max: i16, out: &mut Vec<u8>) -> Result<(), Trouble> {
        if max == 0 {
            out.resize(self.count, 0);
            return Ok(());
        }
        let width = u8::try_from(i16::BITS - max.leading_zeros()).map_err(|_| Trouble::Damaged)?;
        hybrid::narrow(bytes, width, self.count, out).ok_or(Trouble::Damaged)
    }

    /// Which rows are filled; none where all are.
    fn known(&self, max: i16) -> Result<Option<Vec<u8>>, Trouble> {
        if max == 0 {
            return Ok(None);
        }
        let mut known = Vec::with_capacity(self.count);
        self.levels(&self.defined, max, &mut known)?;
        Ok(Some(known).filter(|known| known.contains(&0)))
    }

    /// Appends the filled cells, `count` of them.
    fn cells<F: Form>(
        &self,
        count: usize,
        form: &mut F,
        dictionary: Option<&Dictionary<F::Cell>>,
        out: &mut Vec<F::Cell>,
    ) -> Result<(), Trouble> {
        match self.encoding {
            Encoding::PLAIN => form.plain(&self.values, count, out),
            _ if count == 0 => Ok(()),
            Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY => {
                let dictionary = dictionary.ok_or(Trouble::Damaged)?;
                let (width, packed) = self.values.split_first().ok_or(Trouble::Damaged)?;
                if *width <= 8 {
                    through_narrow((packed, *width), count, dictionary, out)
                } else {
                    through_wide((packed, *width), count, dictionary, out)
                }
            }
            other => Err(Trouble::Encoding(format!("{other:?}"))),
        }
    }
}

/// Cells by positions of one byte: a table of all 256 needs no look at its end.
fn through_narrow<T: Copy + Default>(
    (packed, width): (&[u8], u8),
    count: usize,
    dictionary: &Dictionary<T>,
    out: &mut Vec<T>,
) -> Result<(), Trouble> {
    let mut positions = Vec::new();
    hybrid::narrow(packed, width, count, &mut positions).ok_or(Trouble::Damaged)?;
    if positions.iter().max().is_some_and(|most| usize::from(*most) >= dictionary.cells.len()) {
        return Err(Trouble::Damaged);
    }
    dictionary.sound(|| positions.iter().copied().map(usize::from))?;
    let mut table = [T::default(); 256];
    table.iter_mut().zip(&dictionary.cells).for_each(|(to, from)| *to = *from);
    out.extend(positions.iter().map(|position| table.get(usize::from(*position)).copied().unwrap_or_default()));
    Ok(())
}

fn through_wide<T: Copy + Default>(
    (packed, width): (&[u8], u8),
    count: usize,
    dictionary: &Dictionary<T>,
    out: &mut Vec<T>,
) -> Result<(), Trouble> {
    let mut positions = Vec::new();
    hybrid::wide(packed, width, count, &mut positions).ok_or(Trouble::Damaged)?;
    dictionary.append(&positions, out)
}

/// Takes bytes off the head.
fn take(bytes: &mut Bytes, length: usize) -> Result<Bytes, Trouble> {
    if length > bytes.len() { Err(Trouble::Damaged) } else { Ok(bytes.split_to(length)) }
}

#[cfg(test)]
mod tests {
    use super::spread;

    #[test]
    fn filled_cells_find_their_rows() {
        let mut out = vec![9];
        spread(&[1, 2, 3], &[1, 0, 1, 1, 0], &mut out);
        assert_eq!([out[1], out[3], out[4]], [1, 2, 3]);
        assert_eq!(out.len(), 6);
    }
}
