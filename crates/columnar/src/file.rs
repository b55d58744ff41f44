//! One Parquet file opened for reading: its tail checked against the note in `tables.json`, its column chunks read whole, each checked
//! against its sum before anything is decoded.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::{Buf, Bytes};
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, ParquetMetaDataReader};
use parquet::file::reader::{ChunkReader, Length};
use parquet::file::serialized_reader::SerializedPageReader;
use xinzhi_core::text::shown;

use crate::encrypted;
use crate::fault::{Fault, Origin, Trouble};
use crate::held::HeldCells;
use crate::manifest::FileNote;
use crate::regular;
use crate::schema::{self, Shape};

/// Last bytes of a file: length of the footer and the mark.
const TAIL: u64 = 8;
const MARK: &[u8; 4] = b"PAR1";
/// The mark of a file whose footer is encrypted.
const SEALED: &[u8; 4] = b"PARE";
/// Bytes beyond which no footer is one of ours.
const FOOTER_MAX: u64 = 64 * 1024 * 1024;

/// An open file.
#[derive(Debug)]
pub(crate) struct Table {
    pub path: PathBuf,
    file: File,
    metadata: ParquetMetaData,
    checks: Option<Vec<u32>>,
    origin: Origin,
    /// Whether some of its columns are encrypted.
    encrypted: bool,
}

/// A column chunk in memory, and how its pages are read.
pub(crate) struct Chunk {
    pub pages: SerializedPageReader<Stretch>,
    /// Rows of the row group.
    pub rows: usize,
    pub levels: Levels,
}

/// How deep a column is nested.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Levels {
    pub defined: i16,
    pub repeated: i16,
    /// From this definition level on there is an element of the list.
    pub element: i16,
}

/// A table that columns can be read from: a file, or what a program holds in memory.
pub(crate) trait Readable: Blamed {
    /// Where a column stands, after making sure that it is what it should be.
    fn find(&self, shape: &Shape) -> Result<usize, Fault>;

    /// Whether it has a column of this name.
    fn has(&self, name: &str) -> bool;

    /// In how many pieces it is read.
    fn groups(&self) -> usize;

    /// How many rows.
    fn rows(&self) -> usize;

    /// The cells of a column in a piece.
    fn chunk(&mut self, group: usize, column: usize) -> Result<Stored<'_>, Fault>;
}

/// Where cells came from, whose fault is told with its name.
pub(crate) trait Blamed {
    /// What is wrong with a column of it, as a sentence.
    fn fault(&self, column: &str, what: String) -> Fault;

    /// The same of what the cells were found to be.
    fn trouble(&self, trouble: Trouble, column: &str) -> Fault {
        self.fault(column, trouble.clause(Origin::Lone))
    }
}

/// A file of a projection that is no longer open.
impl Blamed for PathBuf {
    fn fault(&self, column: &str, what: String) -> Fault {
        Fault::column(self, column, what)
    }

    fn trouble(&self, trouble: Trouble, column: &str) -> Fault {
        self.fault(column, trouble.clause(Origin::Projection))
    }
}

/// Cells that are to be decoded.
pub(crate) enum Stored<'t> {
    /// Of a file.
    Pages(Chunk),
    /// Of memory, and how many rows there are.
    Held(&'t HeldCells, usize),
}

impl Table {
    /// Opens a file of a set.
    ///
    /// # Errors
    /// [`Fault`] where it is not the file that the note speaks of.
    pub fn open(path: PathBuf, note: &FileNote) -> Result<Table, Fault> {
        Table::listed(path, note, Origin::Set)
    }

    /// Opens a file of a projection.
    ///
    /// # Errors
    /// [`Fault`] where it is not the file that the note speaks of.
    pub fn kept(path: PathBuf, note: &FileNote) -> Result<Table, Fault> {
        Table::listed(path, note, Origin::Projection)
    }

    fn listed(path: PathBuf, note: &FileNote, origin: Origin) -> Result<Table, Fault> {
        regular::file(&path)?;
        let table = Table::read(path, Some(note), origin)?;
        let rows = table.metadata.file_metadata().num_rows();
        if i64::try_from(note.rows).ok() != Some(rows) {
            let what = format!("有 {rows} 行，{} 中写的是 {} 行，{}", origin.list(), note.rows, origin.or("请重新制作表集"));
            return Err(Fault::file(&table.path, what));
        }
        Ok(table)
    }

    /// Opens a file that stands alone.
    ///
    /// # Errors
    /// [`Fault`] where it is no whole file.
    pub fn lone(path: PathBuf) -> Result<Table, Fault> {
        // Whoever names a file may name it by a link; a pipe could not be read from its end.
        if !fs::metadata(&path).map_err(Fault::disk(&path))?.is_file() {
            return Err(Fault::file(&path, regular::NOT_A_FILE));
        }
        Table::read(path, None, Origin::Lone)
    }

    fn read(path: PathBuf, note: Option<&FileNote>, origin: Origin) -> Result<Table, Fault> {
        let (list, again) = (origin.list(), origin.again());
        let mut file = File::open(&path).map_err(Fault::disk(&path))?;
        let length = file.metadata().map_err(Fault::disk(&path))?.len();
        if let Some(note) = note.filter(|note| note.bytes != length) {
            let what = format!("有 {length} 字节，{list} 中写的是 {} 字节，文件不完整或已被替换，{again}", note.bytes);
            return Err(Fault::file(&path, what));
        }
        let checks = note.and_then(|note| note.checks.clone());
        let (footer, start) = footer((&path, again), &mut file, length)?;
        if let Some(check) = checks.as_deref().and_then(<[u32]>::last)
            && crc32fast::hash(&footer) != *check
        {
            return Err(Fault::file(&path, format!("的校验和与 {list} 不符，文件已损坏或被替换，{again}")));
        }
        let body = footer.get(..footer.len().saturating_sub(8)).unwrap_or(&[]);
        let encrypted = encrypted::in_part(body);
        let metadata = ParquetMetaDataReader::decode_metadata(body).map_err(|fault| {
            let damaged = || format!("的尾部无法解读（{}），{again}", shown(&fault.to_string()));
            Fault::file(&path, if encrypted { ENCRYPTED.to_owned() } else { damaged() })
        })?;
        let table = Table { path, file, metadata, checks, origin, encrypted };
        table.judge(start)?;
        Ok(table)
    }

    /// Counts and places, before anything relies on them.
    fn judge(&self, end: u64) -> Result<(), Fault> {
        let fault = |what: String| Err(Fault::file(&self.path, what));
        let groups = self.metadata.row_groups();
        let rows: Option<u64> = groups.iter().try_fold(0_u64, |sum, group| sum.checked_add(u64::try_from(group.num_rows()).ok()?));
        if rows.and_then(|rows| i64::try_from(rows).ok()) != Some(self.metadata.file_metadata().num_rows()) {
            return fault(format!("各行组的行数与总行数不符，{}", self.origin.again()));
        }
        let columns = self.metadata.file_metadata().schema_descr().num_columns();
        if groups.iter().any(|group| group.num_columns() != columns) {
            return fault(format!("的行组缺列，{}", self.origin.again()));
        }
        let inside =
            |chunk: &ColumnChunkMetaData| place(chunk).is_some_and(|(from, length)| from.checked_add(length).is_some_and(|to| to <= end));
        if !groups.iter().flat_map(|group| group.columns()).all(inside) {
            return fault(format!("的列块位置越出文件，{}", self.origin.again()));
        }
        let chunks = groups.len().checked_mul(columns).and_then(|chunks| chunks.checked_add(1));
        if self.checks.as_ref().is_some_and(|checks| Some(checks.len()) != chunks) {
            return fault(format!("的列块数与 {} 不符，{}", self.origin.list(), self.origin.or("请重新制作表集")));
        }
        Ok(())
    }

    /// What somebody wrote beside the columns.
    pub fn word(&self, key: &str) -> Option<&str> {
        let words = self.metadata.file_metadata().key_value_metadata()?;
        words.iter().find(|word| word.key == key)?.value.as_deref()
    }

    /// Reads a column chunk into memory.
    fn pages(&mut self, group: usize, column: usize) -> Result<Chunk, Fault> {
        let columns = self.metadata.file_metadata().schema_descr().num_columns();
        let Some(meta) = self.metadata.row_groups().get(group) else { return Err(self.damaged(column)) };
        let rows = usize::try_from(meta.num_rows()).unwrap_or(0);
        let Some((chunk, (from, length))) = meta.columns().get(column).and_then(|chunk| Some((chunk, place(chunk)?))) else {
            return Err(self.damaged(column));
        };
        // Of `ZSTD(level)` the level says nothing: it is not in the file.
        let compression: String = chunk.compression_codec().to_string().chars().take_while(|letter| *letter != '(').collect();
        if !matches!(compression.as_str(), "SNAPPY" | "UNCOMPRESSED") {
            return Err(self.trouble(Trouble::Compression(compression), &self.name(column)));
        }
        let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
        self.file.seek(SeekFrom::Start(from)).map_err(Fault::disk(&self.path))?;
        let read = (&self.file).take(length).read_to_end(&mut bytes).map_err(Fault::disk(&self.path))?;
        let whole = u64::try_from(read).is_ok_and(|read| read == length);
        let check = self.checks.as_ref().and_then(|checks| checks.get(group * columns + column));
        if !whole || check.is_some_and(|check| *check != crc32fast::hash(&bytes)) {
            return Err(self.damaged(column));
        }
        let descriptor = chunk.column_descr();
        let levels = Levels {
            defined: descriptor.max_def_level(),
            repeated: descriptor.max_rep_level(),
            element: descriptor.repeated_ancestor_def_level(),
        };
        let stretch = Arc::new(Stretch { from, bytes: bytes.into() });
        let pages = SerializedPageReader::new(stretch, chunk, rows, None).map_err(|_| self.damaged(column))?;
        Ok(Chunk { pages, rows, levels })
    }

    fn damaged(&self, column: usize) -> Fault {
        self.trouble(Trouble::Damaged, &self.name(column))
    }

    fn name(&self, column: usize) -> String {
        let schema = self.metadata.file_metadata().schema_descr();
        if column < schema.num_columns() { schema.get_column_root(column).name().to_owned() } else { column.to_string() }
    }
}

impl Readable for Table {
    fn find(&self, shape: &Shape) -> Result<usize, Fault> {
        schema::find((&self.path, self.origin), self.metadata.file_metadata().schema_descr(), shape)
    }

    fn has(&self, name: &str) -> bool {
        self.metadata.file_metadata().schema_descr().root_schema().get_fields().iter().any(|field| field.name() == name)
    }

    fn groups(&self) -> usize {
        self.metadata.num_row_groups()
    }

    fn rows(&self) -> usize {
        usize::try_from(self.metadata.file_metadata().num_rows()).unwrap_or(0)
    }

    fn chunk(&mut self, group: usize, column: usize) -> Result<Stored<'_>, Fault> {
        self.pages(group, column).map(Stored::Pages)
    }
}

impl Blamed for Table {
    fn fault(&self, column: &str, what: String) -> Fault {
        Fault::column(&self.path, column, what)
    }

    fn trouble(&self, trouble: Trouble, column: &str) -> Fault {
        // What nobody can decode without the key looks like damage.
        let trouble = if self.encrypted && trouble == Trouble::Damaged { Trouble::Encrypted } else { trouble };
        self.fault(column, trouble.clause(self.origin))
    }
}

/// What a file is refused with of which nothing can be read without its key.
const ENCRYPTED: &str = "是加密的 Parquet 文件，本程序不能解密，请不加密重新写出";

/// The footer with the tail after it, and where it starts.
fn footer((path, again): (&Path, &str), file: &mut File, length: u64) -> Result<(Vec<u8>, u64), Fault> {
    let fault = || Fault::file(path, format!("不是完整的 Parquet 文件，{again}"));
    if length < TAIL {
        return Err(fault());
    }
    let mut tail = [0; 8];
    file.seek(SeekFrom::Start(length - TAIL)).map_err(Fault::disk(path))?;
    file.read_exact(&mut tail).map_err(Fault::disk(path))?;
    let [a, b, c, d, mark @ ..] = tail;
    if mark == *SEALED {
        return Err(Fault::file(path, ENCRYPTED));
    }
    let footer = u64::from(u32::from_le_bytes([a, b, c, d]));
    let start = (length - TAIL).checked_sub(footer).filter(|_| mark == *MARK && footer <= FOOTER_MAX).ok_or_else(fault)?;
    file.seek(SeekFrom::Start(start)).map_err(Fault::disk(path))?;
    let mut bytes = Vec::new();
    file.take(length - start).read_to_end(&mut bytes).map_err(Fault::disk(path))?;
    Ok((bytes, start))
}

/// Where a chunk starts and how long it is; none where its footer says nonsense.
pub(crate) fn place(chunk: &ColumnChunkMetaData) -> Option<(u64, u64)> {
    let from = chunk.dictionary_page_offset().unwrap_or_else(|| chunk.data_page_offset());
    Some((u64::try_from(from).ok()?, u64::try_from(chunk.compressed_size()).ok()?))
}

/// A stretch of a file in memory, addressed as in the file.
#[derive(Debug)]
pub(crate) struct Stretch {
    from: u64,
    bytes: Bytes,
}

impl Stretch {
    fn cut(&self, start: u64, length: Option<usize>) -> Result<Bytes, ParquetError> {
        let outside = || ParquetError::EOF("outside of the column chunk".to_owned());
        let from = start.checked_sub(self.from).and_then(|from| usize::try_from(from).ok()).ok_or_else(outside)?;
        let to = length.map_or(Some(self.bytes.len()), |length| from.checked_add(length)).ok_or_else(outside)?;
        if from > to || to > self.bytes.len() { Err(outside()) } else { Ok(self.bytes.slice(from..to)) }
    }
}

impl Length for Stretch {
    fn len(&self) -> u64 {
        self.from.saturating_add(u64::try_from(self.bytes.len()).unwrap_or(u64::MAX))
    }
}

impl ChunkReader for Stretch {
    type T = bytes::buf::Reader<Bytes>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        Ok(self.cut(start, None)?.reader())
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        self.cut(start, Some(length))
    }
}
