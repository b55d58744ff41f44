//! Columns become a Parquet file: the one place that decides on row groups, encodings and compression.

use std::io::Write;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use parquet::basic::Compression;
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, Int32Type, Int64Type};
use parquet::errors::Result;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder};
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::ColumnPath;

use crate::fault::Fault;
use crate::file::place;
use crate::manifest::FileNote;
use crate::schema::{self, Content, Shape};

/// Rows of a row group.
pub(crate) const GROUP_ROWS: usize = 131_072;
/// Cells that are handed to the library at once: they stay in the cache.
const STRETCH: usize = 8_192;

/// A column to be written: the cells, and which of them are filled; none where all are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Put<'a> {
    pub cells: Load<'a>,
    pub known: Option<&'a [u8]>,
}

/// Cells to be written, one for each row.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Load<'a> {
    Longs(&'a [i64]),
    Shorts(&'a [i32]),
    /// Positions in a list of words.
    Codes(&'a [u8], &'a [Bytes]),
    /// The same where the list is long.
    Words(&'a [u32], &'a [Bytes]),
    /// Bit sets over a list of words.
    Sets(&'a [i64], &'a [Bytes]),
    Flags(&'a [bool]),
}

/// How files of these columns are written. What every run reads lies plainly, so that reading it is copying it; numbers that nobody reads in
/// a run are only made small; everything else goes through a dictionary as long as there are few values. Where a subject has a row for each
/// of many days, all of its cells repeat, and all go through one.
fn properties(shapes: &[Shape], words: Vec<KeyValue>) -> WriterProperties {
    let mut builder = WriterProperties::builder()
        .set_created_by(concat!("xinzhi ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_compression(Compression::SNAPPY)
        .set_statistics_enabled(EnabledStatistics::None)
        .set_offset_index_disabled(true)
        .set_max_row_group_row_count(Some(GROUP_ROWS))
        .set_data_page_row_count_limit(GROUP_ROWS)
        .set_key_value_metadata(Some(words));
    let repeated = shapes.iter().any(|shape| shape.name == schema::AS_OF);
    for shape in shapes.iter().filter(|_| !repeated) {
        let path = ColumnPath::from(shape.name.as_str());
        builder = match shape.content {
            Content::Day | Content::Small | Content::Flag => plain(builder, path),
            Content::Number if shape.name == schema::SUBJECT => plain(builder, path),
            Content::Number if shape.name == schema::RECORD => builder.set_column_dictionary_enabled(path, false),
            Content::Number | Content::Word | Content::Words => builder,
        };
    }
    builder.set_column_statistics_enabled(ColumnPath::from(schema::SUBJECT), EnabledStatistics::Chunk).build()
}

fn plain(builder: WriterPropertiesBuilder, path: ColumnPath) -> WriterPropertiesBuilder {
    builder.set_column_dictionary_enabled(path.clone(), false).set_column_compression(path, Compression::UNCOMPRESSED)
}

/// Begins a file.
pub(crate) fn begin<W: Write + Send>(out: W, shapes: &[Shape], words: Vec<KeyValue>) -> Result<SerializedFileWriter<W>> {
    SerializedFileWriter::new(out, schema::schema(shapes)?, Arc::new(properties(shapes, words)))
}

/// Appends rows, as many row groups as they need.
pub(crate) fn append<W: Write + Send>(writer: &mut SerializedFileWriter<W>, columns: &[Put<'_>], rows: usize) -> Result<()> {
    let mut from = 0;
    while from < rows {
        let to = rows.min(from + GROUP_ROWS);
        let mut group = writer.next_row_group()?;
        for put in columns {
            let Some(mut column) = group.next_column()? else { break };
            let mut start = from;
            while start < to {
                let end = to.min(start + STRETCH);
                put.write(&mut column, start..end)?;
                start = end;
            }
            column.close()?;
        }
        group.close()?;
        from = to;
    }
    Ok(())
}

/// A whole file in memory, and what the manifest says of it.
pub(crate) fn file(path: &Path, shapes: &[Shape], columns: &[Put<'_>], rows: usize) -> std::result::Result<(Vec<u8>, FileNote), Fault> {
    let written = || {
        let mut bytes = Vec::new();
        let mut writer = begin(&mut bytes, shapes, Vec::new())?;
        append(&mut writer, columns, rows)?;
        Ok((writer.close()?, bytes))
    };
    let (metadata, bytes) = written().map_err(Fault::unwritten(path))?;
    let chunks = metadata.row_groups().iter().flat_map(|group| group.columns());
    let bytes_of = |chunk| {
        let (from, length) = place(chunk)?;
        bytes.get(usize::try_from(from).ok()?..usize::try_from(from.checked_add(length)?).ok()?)
    };
    let mut checks: Vec<u32> = chunks.map(|chunk| crc32fast::hash(bytes_of(chunk).unwrap_or(&[]))).collect();
    checks.push(crc32fast::hash(tail(&bytes)));
    let note = FileNote { rows: wide(rows), bytes: wide(bytes.len()), checks: Some(checks) };
    Ok((bytes, note))
}

/// The footer with its length and mark.
fn tail(bytes: &[u8]) -> &[u8] {
    let Some([a, b, c, d, ..]) = bytes.last_chunk::<8>() else { return bytes };
    let footer = usize::try_from(u32::from_le_bytes([*a, *b, *c, *d])).unwrap_or(usize::MAX);
    bytes.get(bytes.len().saturating_sub(footer.saturating_add(8))..).unwrap_or(bytes)
}

fn wide(many: usize) -> u64 {
    u64::try_from(many).unwrap_or(u64::MAX)
}

impl Put<'_> {
    fn write(&self, column: &mut SerializedColumnWriter<'_>, rows: Range<usize>) -> Result<()> {
        let known = self.known.and_then(|known| known.get(rows.clone()));
        let levels = Levels { many: rows.len(), known };
        match self.cells {
            Load::Longs(cells) => flat::<Int64Type>(column, &filled(cells, &rows, known).copied().collect::<Vec<_>>(), levels),
            Load::Shorts(cells) => flat::<Int32Type>(column, &filled(cells, &rows, known).copied().collect::<Vec<_>>(), levels),
            Load::Flags(cells) => flat::<BoolType>(column, &filled(cells, &rows, known).copied().collect::<Vec<_>>(), levels),
            Load::Codes(cells, list) => {
                let words: Vec<ByteArray> = filled(cells, &rows, known).map(|code| word(list, usize::from(*code))).collect();
                flat::<ByteArrayType>(column, &words, levels)
            }
            Load::Words(cells, list) => {
                let place = |code: &u32| usize::try_from(*code).unwrap_or(usize::MAX);
                let words: Vec<ByteArray> = filled(cells, &rows, known).map(|code| word(list, place(code))).collect();
                flat::<ByteArrayType>(column, &words, levels)
            }
            Load::Sets(cells, list) => sets(column, (cells.get(rows).unwrap_or(&[]), list), known),
        }
    }
}

/// Which of some rows are filled.
#[derive(Clone, Copy)]
struct Levels<'a> {
    many: usize,
    known: Option<&'a [u8]>,
}

fn flat<T: DataType>(column: &mut SerializedColumnWriter<'_>, cells: &[T::T], levels: Levels<'_>) -> Result<()> {
    let writer = column.typed::<T>();
    let open = writer.get_descriptor().max_def_level() > 0;
    let levels: Option<Vec<i16>> = open.then(|| match levels.known {
        Some(known) => known.iter().map(|known| i16::from(*known)).collect(),
        None => vec![1; levels.many],
    });
    writer.write_batch(cells, levels.as_deref(), None).map(|_| ())
}

/// Definition levels of a list: nothing, an empty list, an element. Repetition: whether the element continues a list.
fn sets(column: &mut SerializedColumnWriter<'_>, (sets, list): (&[i64], &[Bytes]), known: Option<&[u8]>) -> Result<()> {
    const NOTHING: i16 = 0;
    const EMPTY: i16 = 1;
    const ELEMENT: i16 = 3;
    let (mut defined, mut repeated, mut words) = (Vec::new(), Vec::new(), Vec::new());
    for (row, set) in sets.iter().enumerate() {
        if known.is_some_and(|known| known.get(row) != Some(&1)) {
            defined.push(NOTHING);
            repeated.push(0);
            continue;
        }
        let mut first = true;
        for place in (0..list.len().min(63)).filter(|place| set >> place & 1 == 1) {
            words.push(word(list, place));
            defined.push(ELEMENT);
            repeated.push(i16::from(!first));
            first = false;
        }
        if first {
            defined.push(EMPTY);
            repeated.push(0);
        }
    }
    column.typed::<ByteArrayType>().write_batch(&words, Some(&defined), Some(&repeated)).map(|_| ())
}

/// The filled cells of some rows.
fn filled<'a, T>(cells: &'a [T], rows: &Range<usize>, known: Option<&'a [u8]>) -> impl Iterator<Item = &'a T> {
    let cells = cells.get(rows.clone()).unwrap_or(&[]);
    cells.iter().enumerate().filter(move |(row, _)| known.is_none_or(|known| known.get(*row) == Some(&1))).map(|(_, cell)| cell)
}

fn word(list: &[Bytes], code: usize) -> ByteArray {
    list.get(code).cloned().unwrap_or_default().into()
}
