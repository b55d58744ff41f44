//! Files as departments make them: CSV in three encodings, and workbooks.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Workbook, Worksheet, XlsxError};

/// One row: a text for each column.
pub type Row = Vec<Cow<'static, str>>;

/// Most rows that a department keeps in a workbook; longer files come as CSV.
pub const WORKBOOK_ROWS_MAX: usize = 20_000;

/// How a department saves its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// CSV in UTF-8.
    Utf8,
    /// CSV in UTF-8 with a byte order mark, as spreadsheets save it.
    Utf8Mark,
    /// CSV in GBK, as older systems save it.
    Gbk,
    /// A workbook.
    Xlsx,
}

impl Format {
    /// The ending of the file's name.
    pub fn ending(self) -> &'static str {
        if self == Format::Xlsx { "xlsx" } else { "csv" }
    }
}

/// A file being written.
pub struct Sheet(Inside);

enum Inside {
    Csv(Box<csv::Writer<BufWriter<File>>>),
    Gbk(Box<csv::Writer<Gbk>>),
    Workbook { path: PathBuf, sheet: Box<Worksheet>, next: u32 },
}

impl std::fmt::Debug for Sheet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.0 {
            Inside::Csv(_) => "Sheet(csv)",
            Inside::Gbk(_) => "Sheet(gbk)",
            Inside::Workbook { .. } => "Sheet(xlsx)",
        })
    }
}

impl Sheet {
    /// Creates the file.
    pub fn create(path: &Path, format: Format) -> io::Result<Sheet> {
        let inside = match format {
            Format::Utf8 => Inside::Csv(Box::new(csv::Writer::from_writer(buffered(path)?))),
            Format::Utf8Mark => {
                let mut file = buffered(path)?;
                file.write_all("\u{feff}".as_bytes())?;
                Inside::Csv(Box::new(csv::Writer::from_writer(file)))
            }
            Format::Gbk => Inside::Gbk(Box::new(csv::Writer::from_writer(Gbk { file: buffered(path)?, rest: Vec::new() }))),
            Format::Xlsx => Inside::Workbook { path: path.to_owned(), sheet: Box::default(), next: 0 },
        };
        Ok(Sheet(inside))
    }

    /// Appends a row.
    pub fn row<T: AsRef<str>>(&mut self, cells: &[T]) -> io::Result<()> {
        match &mut self.0 {
            Inside::Csv(file) => Ok(file.write_record(cells.iter().map(|c| c.as_ref().as_bytes()))?),
            Inside::Gbk(file) => Ok(file.write_record(cells.iter().map(|c| c.as_ref().as_bytes()))?),
            Inside::Workbook { sheet, next, .. } => {
                for (column, cell) in (0..).zip(cells) {
                    if !cell.as_ref().is_empty() {
                        sheet.write_string(*next, column, cell.as_ref()).map_err(broken)?;
                    }
                }
                *next += 1;
                Ok(())
            }
        }
    }

    /// Completes the file.
    pub fn finish(self) -> io::Result<()> {
        match self.0 {
            Inside::Csv(mut file) => file.flush(),
            Inside::Gbk(mut file) => file.flush(),
            Inside::Workbook { path, sheet, .. } => {
                let mut book = Workbook::new();
                // A fixed day of making, or two runs would differ in one line of the metadata.
                let made = ExcelDateTime::from_ymd(2026, 1, 1).map_err(broken)?;
                book.set_properties(&DocProperties::new().set_creation_datetime(&made));
                book.push_worksheet(*sheet);
                book.save(&path).map_err(broken)
            }
        }
    }
}

fn buffered(path: &Path) -> io::Result<BufWriter<File>> {
    Ok(BufWriter::with_capacity(1 << 18, File::create(path)?))
}

fn broken(fault: XlsxError) -> io::Error {
    io::Error::other(fault)
}

/// Turns the UTF-8 that it is given into GBK.
struct Gbk {
    file: BufWriter<File>,
    /// The first bytes of a character whose end has not come yet.
    rest: Vec<u8>,
}

impl Write for Gbk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.rest.extend_from_slice(bytes);
        let whole = match std::str::from_utf8(&self.rest) {
            Ok(text) => text,
            Err(cut) => self.rest.get(..cut.valid_up_to()).and_then(|b| std::str::from_utf8(b).ok()).unwrap_or_default(),
        };
        let (encoded, _, lossy) = encoding_rs::GBK.encode(whole);
        if lossy {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "GBK 文件中有该编码没有的字符"));
        }
        self.file.write_all(&encoded)?;
        let written = whole.len();
        self.rest.drain(..written);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
