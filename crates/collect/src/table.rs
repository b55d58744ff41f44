//! 表格: CSV, XLSX or NDJSON as a stream of rows, in constant memory, with every bound known before anything is allocated.
//!
//! Reading order: `fault` says what can be wrong, `encoding` makes the encoding certain (X5), `delimited` reads CSV,
//! `lines` NDJSON, `archive` bounds an XLSX before it is opened (X4), `sheet` streams its cells.

mod archive;
mod delimited;
mod encoding;
mod fault;
mod lines;
mod sheet;

use std::fmt;
use std::io::{Read, Seek, SeekFrom};

use xinzhi_core::text;

pub use encoding::Encoding;
pub use fault::{FileFault, Place, RowFault};

/// How a file is read.
#[derive(Clone, Debug)]
pub struct Options {
    /// The format; none lets the first bytes tell.
    pub format: Option<Format>,
    /// The encoding that the sender declares; a byte order mark overrules it.
    pub encoding: Option<Encoding>,
    /// Name of the sheet; none takes the first visible one that has content.
    pub sheet: Option<String>,
    /// Bounds.
    pub limits: Limits,
}

impl Options {
    /// Nothing declared, the bounds of the house.
    pub fn undeclared() -> Options {
        Options { format: None, encoding: None, sheet: None, limits: Limits::HOUSE }
    }
}

/// What kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Text separated by commas, semicolons or tabs.
    Csv,
    /// A workbook.
    Xlsx,
    /// One JSON object a line.
    Ndjson,
    /// The header of a CSV and no row: whoever delivers it says that there was nothing. Never guessed from the bytes.
    Nothing,
}

/// Bounds, all checked before memory is taken (X1, X4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a workbook as uploaded.
    pub compressed_bytes_max: u64,
    /// Bytes of a workbook's parts together.
    pub expanded_bytes_max: u64,
    /// Expanded bytes by compressed bytes.
    pub ratio_max: u64,
    /// Cells of a sheet.
    pub cells_max: u64,
    /// Rows of a sheet.
    pub rows_max: u32,
    /// Columns.
    pub columns_max: usize,
    /// Bytes of one field; a longer one costs its row.
    pub field_bytes_max: usize,
    /// Bytes of one record; a longer one costs the file.
    pub record_bytes_max: usize,
}

impl Limits {
    /// The bounds of the house.
    pub const HOUSE: Limits = Limits {
        compressed_bytes_max: 20_000_000,
        expanded_bytes_max: 200_000_000,
        ratio_max: 100,
        cells_max: 5_000_000,
        rows_max: 1_048_576,
        columns_max: 200,
        field_bytes_max: 64 * 1024,
        record_bytes_max: 1024 * 1024,
    };
}

/// One row; the caller keeps it and its buffers are reused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// The row as a person counts in the sheet: the header is row 1, blank rows count.
    pub number: i64,
    /// One text for each column of the header; incomplete where `fault` is set.
    pub cells: Vec<String>,
    /// Why the row cannot be judged.
    pub fault: Option<RowFault>,
}

/// An open table: the header is read, the rows follow.
pub struct Table {
    /// The cleaned headers, none empty, no two alike.
    pub header: Vec<String>,
    /// How the text was read; none for a workbook.
    pub encoding: Option<Encoding>,
    /// Which sheet is read; none for CSV.
    pub sheet: Option<String>,
    rows: Rows,
    any: bool,
}

enum Rows {
    Delimited(Box<delimited::Delimited>),
    Sheet(sheet::Rows),
    Lines(Box<lines::Lines>),
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table")
            .field("header", &self.header)
            .field("encoding", &self.encoding)
            .field("sheet", &self.sheet)
            .finish_non_exhaustive()
    }
}

/// Opens a file and reads its header.
///
/// # Errors
/// [`FileFault`], with the sentence for the sender.
pub fn open<R: Read + Seek + Send + 'static>(mut file: R, options: &Options) -> Result<Table, FileFault> {
    let mut magic = [0; 8];
    let read = read_up_to(&mut file, &mut magic)?;
    file.seek(SeekFrom::Start(0)).map_err(read_fault)?;
    let magic = magic.get(..read).unwrap_or_default();
    if magic.is_empty() {
        return Err(FileFault::Empty);
    }
    refuse_other_formats(magic)?;
    let looks_zipped = magic.starts_with(b"PK\x03\x04") || magic.starts_with(b"PK\x05\x06");
    let told = match magic {
        _ if looks_zipped => Format::Xlsx,
        [b'{', ..] => Format::Ndjson,
        _ => Format::Csv,
    };
    let format = options.format.unwrap_or(told);
    match (format, looks_zipped) {
        (Format::Csv | Format::Ndjson | Format::Nothing, true) => Err(FileFault::NotATable("压缩包或工作簿")),
        (Format::Csv, false) => open_delimited(file, options),
        (Format::Nothing, false) => Ok(Table { any: true, ..open_delimited(file, options)? }),
        (Format::Ndjson, false) => {
            let (header, rows) = lines::Lines::open(file, options.limits)?;
            let header = clean_header(header)?;
            Ok(Table { header, encoding: Some(Encoding::Utf8), sheet: None, rows: Rows::Lines(Box::new(rows)), any: false })
        }
        (Format::Xlsx, _) => {
            let (header, name, rows) = sheet::open(file, options)?;
            let header = clean_header(header)?;
            Ok(Table { header, encoding: None, sheet: Some(name), rows: Rows::Sheet(rows), any: false })
        }
    }
}

fn open_delimited<R: Read + Seek + Send + 'static>(mut file: R, options: &Options) -> Result<Table, FileFault> {
    let certain = encoding::determine(&mut file, options.encoding)?;
    file.seek(SeekFrom::Start(certain.mark_bytes)).map_err(read_fault)?;
    let mut rows = delimited::Delimited::open(Box::new(file), certain.encoding, options.limits)?;
    let header = clean_header(rows.header()?)?;
    rows.expect(header.len());
    Ok(Table { header, encoding: Some(certain.encoding), sheet: None, rows: Rows::Delimited(Box::new(rows)), any: false })
}

impl Table {
    /// Reads the next row into `row`; false at the end.
    ///
    /// # Errors
    /// [`FileFault`] where the file cannot be read on; whatever was yielded before does not count then.
    pub fn next(&mut self, row: &mut Row) -> Result<bool, FileFault> {
        let more = match &mut self.rows {
            Rows::Delimited(rows) => rows.next(row)?,
            Rows::Sheet(rows) => rows.next(row, self.header.len())?,
            Rows::Lines(rows) => rows.next(row, &self.header)?,
        };
        self.any |= more;
        if more || self.any { Ok(more) } else { Err(FileFault::NoRows) }
    }
}

fn refuse_other_formats(magic: &[u8]) -> Result<(), FileFault> {
    const OTHERS: [(&[u8], &str); 6] = [
        (b"%PDF", "PDF"),
        (b"Rar!", "RAR 压缩包"),
        (b"7z\xbc\xaf", "7z 压缩包"),
        (b"\x1f\x8b", "GZIP 压缩包"),
        (b"\x89PNG", "图片"),
        (b"\xff\xd8\xff", "图片"),
    ];
    if magic.starts_with(b"\xd0\xcf\x11\xe0") {
        return Err(FileFault::LegacyWorkbook);
    }
    let other = OTHERS.iter().find(|(start, _)| magic.starts_with(start));
    other.map_or(Ok(()), |(_, name)| Err(FileFault::NotATable(name)))
}

/// Cleans the headers, drops empty ones at the right edge, refuses empty ones between and repeated ones.
fn clean_header(cells: Vec<String>) -> Result<Vec<String>, FileFault> {
    let mut header = Vec::with_capacity(cells.len());
    for (index, cell) in cells.iter().enumerate() {
        let cleaned = text::clean(cell).map_err(|fault| FileFault::HeaderUnreadable { column: index + 1, reason: fault.to_string() })?;
        header.push(cleaned.into_owned());
    }
    while header.last().is_some_and(String::is_empty) {
        header.pop();
    }
    if header.is_empty() {
        return Err(FileFault::Empty);
    }
    for (index, title) in header.iter().enumerate() {
        if title.is_empty() {
            return Err(FileFault::HeaderCellEmpty { column: index + 1 });
        }
        if let Some(first) = header.iter().take(index).position(|other| other == title) {
            return Err(FileFault::HeaderDuplicate { header: title.clone(), first: first + 1, second: index + 1 });
        }
    }
    Ok(header)
}

/// Fills `buffer` as far as the file goes.
fn read_up_to<R: Read + ?Sized>(file: &mut R, buffer: &mut [u8]) -> Result<usize, FileFault> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match file.read(rest) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(fault) if fault.kind() == std::io::ErrorKind::Interrupted => {}
            Err(fault) => return Err(read_fault(fault)),
        }
    }
    Ok(filled)
}

fn read_fault(fault: std::io::Error) -> FileFault {
    FileFault::Read(xinzhi_core::text::io_words(&fault))
}

#[cfg(test)]
mod tests;
