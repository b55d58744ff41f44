//! XLSX as a stream of rows. A thread owns the workbook and hands over chunks: the reader's cells borrow from the workbook, and
//! a reader that trips over a hostile part ends its thread, not the office.

use std::io::{BufReader, Read, Seek, SeekFrom};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use calamine::{CellErrorType, DataRef, Reader, SheetType, SheetVisible, Xlsx, XlsxError};

use super::fault::{FileFault, RowFault};
use super::{Limits, Options, Row, archive, read_fault};

const CHUNK_ROWS: usize = 256;
const CHUNK_BYTES: usize = 1024 * 1024;
const CHUNKS_AHEAD: usize = 2;

/// What the thread hands over.
enum Message {
    Header { sheet: String, cells: Vec<String> },
    Rows(Vec<Row>),
    End,
}

/// The rows of a sheet as they arrive.
pub(super) struct Rows {
    messages: Receiver<Result<Message, FileFault>>,
    chunk: std::vec::IntoIter<Row>,
    ended: bool,
}

impl Rows {
    fn receive(&mut self) -> Result<Message, FileFault> {
        let gone = |_| Err(FileFault::WorkbookBroken { detail: "the reader stopped".to_owned() });
        self.messages.recv().unwrap_or_else(gone)
    }

    pub(super) fn next(&mut self, row: &mut Row, width: usize) -> Result<bool, FileFault> {
        loop {
            if let Some(mut next) = self.chunk.next() {
                fit(&mut next, width);
                *row = next;
                return Ok(true);
            }
            if self.ended {
                return Ok(false);
            }
            match self.receive()? {
                Message::Rows(rows) => self.chunk = rows.into_iter(),
                Message::Header { .. } | Message::End => self.ended = true,
            }
        }
    }
}

/// A sheet leaves out empty cells at the right edge; text beyond the last header is a fault.
fn fit(row: &mut Row, width: usize) {
    let found = row.cells.len();
    let beyond = row.cells.iter().skip(width).any(|cell| !cell.trim().is_empty());
    row.cells.resize_with(width, String::new);
    if beyond && row.fault.is_none() {
        row.fault = Some(RowFault::Columns { found, expected: width });
    }
}

/// Inspects the archive, starts the reader, waits for the header. Returns the header, the sheet's name and the rows.
pub(super) fn open<R: Read + Seek + Send + 'static>(mut file: R, options: &Options) -> Result<(Vec<String>, String, Rows), FileFault> {
    archive::inspect(&mut file, &options.limits)?;
    file.seek(SeekFrom::Start(0)).map_err(read_fault)?;
    let (sender, messages) = sync_channel(CHUNKS_AHEAD);
    let (limits, wanted) = (options.limits, options.sheet.clone());
    let work = move || {
        let outcome = read(file, wanted.as_deref(), limits, &sender);
        let last = match outcome {
            Ok(()) => Ok(Message::End),
            Err(Stop::Fault(fault)) => Err(fault),
            Err(Stop::NobodyListens) => return,
        };
        // Nobody listening any more is no fault of the file.
        let _gone = sender.send(last);
    };
    std::thread::Builder::new().name("sheet".to_owned()).spawn(work).map_err(read_fault)?;
    let mut rows = Rows { messages, chunk: Vec::new().into_iter(), ended: false };
    match rows.receive()? {
        Message::Header { sheet, cells } => Ok((cells, sheet, rows)),
        Message::Rows(_) | Message::End => Err(FileFault::Empty),
    }
}

enum Stop {
    Fault(FileFault),
    NobodyListens,
}

impl From<FileFault> for Stop {
    fn from(fault: FileFault) -> Stop {
        Stop::Fault(fault)
    }
}

fn broken(fault: XlsxError) -> FileFault {
    match fault {
        XlsxError::Password => FileFault::LegacyWorkbook,
        fault => FileFault::WorkbookBroken { detail: fault.to_string() },
    }
}

type Book<R> = Xlsx<BufReader<R>>;

fn read<R: Read + Seek>(file: R, wanted: Option<&str>, limits: Limits, out: &SyncSender<Result<Message, FileFault>>) -> Result<(), Stop> {
    let mut book: Book<R> = Xlsx::new(BufReader::new(file)).map_err(broken)?;
    let name = choose(&mut book, wanted, limits)?;
    let mut cells = book.worksheet_cells_reader(&name).map_err(broken)?;
    let mut sheet =
        Sheet { name: name.clone(), limits, header_sent: false, current: Row::default(), bytes: 0, chunk: Vec::new(), chunk_bytes: 0, out };
    let mut count = 0_u64;
    loop {
        let cell = match cells.next_cell_with_formula_metadata() {
            Ok(Some(cell)) => cell,
            Ok(None) => break,
            Err(XlsxError::CellError(value)) => return Err(FileFault::ErrorValue { row: sheet.current.number.max(1), value }.into()),
            Err(fault) => return Err(broken(fault).into()),
        };
        count += 1;
        if count > limits.cells_max {
            return Err(FileFault::TooManyCells { max: limits.cells_max }.into());
        }
        sheet.accept(cell.pos, &cell.value, cell.formula.is_some())?;
    }
    sheet.finish_row()?;
    sheet.flush()
}

/// The named sheet, or the first visible one in which anything stands.
fn choose<R: Read + Seek>(book: &mut Book<R>, wanted: Option<&str>, limits: Limits) -> Result<String, FileFault> {
    let sheets: Vec<calamine::Sheet> = book.sheets_metadata().iter().filter(|s| s.typ == SheetType::WorkSheet).cloned().collect();
    if let Some(wanted) = wanted {
        let found = sheets.iter().find(|sheet| sheet.name.trim() == wanted.trim());
        let names: Vec<&str> = sheets.iter().map(|sheet| sheet.name.as_str()).collect();
        let missing = || FileFault::SheetMissing { name: wanted.to_owned(), found: names.join("、") };
        return found.map(|sheet| sheet.name.clone()).ok_or_else(missing);
    }
    let mut count = 0_u64;
    for sheet in sheets.into_iter().filter(|sheet| sheet.visible == SheetVisible::Visible) {
        let mut cells = book.worksheet_cells_reader(&sheet.name).map_err(broken)?;
        while let Some(cell) = cells.next_cell().map_err(broken)? {
            count += 1;
            if count > limits.cells_max {
                return Err(FileFault::TooManyCells { max: limits.cells_max });
            }
            let blank = match cell.get_value() {
                DataRef::Empty => true,
                DataRef::String(text) => text.trim().is_empty(),
                DataRef::SharedString(text) => text.trim().is_empty(),
                _ => false,
            };
            if !blank {
                return Ok(sheet.name);
            }
        }
    }
    Err(FileFault::Empty)
}

/// The sheet under way: cells are gathered into rows, rows into chunks.
struct Sheet<'o> {
    name: String,
    limits: Limits,
    header_sent: bool,
    current: Row,
    bytes: usize,
    chunk: Vec<Row>,
    chunk_bytes: usize,
    out: &'o SyncSender<Result<Message, FileFault>>,
}

impl Sheet<'_> {
    fn accept(&mut self, (row, column): (u32, u32), value: &DataRef<'_>, formula: bool) -> Result<(), Stop> {
        if row >= self.limits.rows_max {
            return Err(FileFault::TooManyRows { max: self.limits.rows_max }.into());
        }
        let number = i64::from(row) + 1;
        if number < self.current.number {
            return Err(FileFault::WorkbookBroken { detail: format!("row {number} after row {}", self.current.number) }.into());
        }
        if number > self.current.number {
            self.finish_row()?;
            self.current.number = number;
        }
        let column = usize::try_from(column).unwrap_or(usize::MAX);
        let read = text_of(value, column.saturating_add(1));
        // A formula that shows nothing is blank; one that was never computed is not, because its reader sees a value.
        let uncomputed = formula && matches!(value, DataRef::Empty);
        if !uncomputed && matches!(&read, Ok(text) if text.trim().is_empty()) {
            return Ok(());
        }
        if column >= self.limits.columns_max {
            return Err(FileFault::TooManyColumns { found: column.saturating_add(1), max: self.limits.columns_max }.into());
        }
        self.put(column, read, formula)
    }

    fn put(&mut self, column: usize, read: Result<String, RowFault>, formula: bool) -> Result<(), Stop> {
        let (text, fault) = match read {
            Ok(_) if formula => (String::new(), Some(RowFault::Formula { column: column + 1 })),
            Ok(text) if text.len() > self.limits.field_bytes_max => {
                (String::new(), Some(RowFault::FieldTooLong { column: column + 1, max: self.limits.field_bytes_max }))
            }
            Ok(text) => (text, None),
            Err(fault) => (String::new(), Some(fault)),
        };
        self.bytes += text.len();
        if self.bytes > self.limits.record_bytes_max {
            let line = u64::try_from(self.current.number).unwrap_or(0);
            return Err(FileFault::RecordTooLong { line, max: self.limits.record_bytes_max }.into());
        }
        if self.current.cells.len() <= column {
            self.current.cells.resize_with(column + 1, String::new);
        }
        if let Some(cell) = self.current.cells.get_mut(column) {
            *cell = text;
        }
        self.current.fault = self.current.fault.take().or(fault);
        Ok(())
    }

    /// Takes the row under way: the first one with content is the header, blank ones vanish.
    fn finish_row(&mut self) -> Result<(), Stop> {
        let row = std::mem::take(&mut self.current);
        let bytes = std::mem::take(&mut self.bytes);
        if row.cells.is_empty() {
            return Ok(());
        }
        if !self.header_sent {
            self.header_sent = true;
            return match row.fault {
                None => self.send(Message::Header { sheet: self.name.clone(), cells: row.cells }),
                Some(RowFault::Formula { column }) => Err(FileFault::HeaderFormula { column }.into()),
                Some(fault) => Err(FileFault::HeaderUnreadable { column: 1, reason: format!("所在的行不能读出：{fault}") }.into()),
            };
        }
        self.chunk.push(row);
        self.chunk_bytes += bytes;
        if self.chunk.len() >= CHUNK_ROWS || self.chunk_bytes >= CHUNK_BYTES { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), Stop> {
        self.chunk_bytes = 0;
        let chunk = std::mem::take(&mut self.chunk);
        if chunk.is_empty() { Ok(()) } else { self.send(Message::Rows(chunk)) }
    }

    fn send(&self, message: Message) -> Result<(), Stop> {
        self.out.send(Ok(message)).map_err(|_| Stop::NobodyListens)
    }
}

/// What stands in a cell, as its reader would type it.
fn text_of(value: &DataRef<'_>, column: usize) -> Result<String, RowFault> {
    match value {
        DataRef::Empty => Ok(String::new()),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => Ok(text.clone()),
        DataRef::SharedString(text) => Ok((*text).to_owned()),
        DataRef::Bool(true) => Ok("TRUE".to_owned()),
        DataRef::Bool(false) => Ok("FALSE".to_owned()),
        DataRef::Int(number) if number.unsigned_abs() >= LONG_NUMBER => Err(RowFault::LongNumber { column }),
        DataRef::Int(number) => Ok(number.to_string()),
        DataRef::Float(number) => decimal(*number).ok_or(RowFault::LongNumber { column }),
        DataRef::DateTime(stamp) if stamp.is_duration() => decimal(stamp.as_f64()).ok_or(RowFault::LongNumber { column }),
        DataRef::DateTime(stamp) => {
            let (year, month, day, hour, minute, second, _) = stamp.to_ymd_hms_milli();
            let date = format!("{year:04}-{month:02}-{day:02}");
            let midnight = (hour, minute, second) == (0, 0, 0);
            Ok(if midnight { date } else { format!("{date} {hour:02}:{minute:02}:{second:02}") })
        }
        DataRef::Error(error) => Err(RowFault::ErrorValue { column, value: shown_error(error).to_owned() }),
    }
}

fn shown_error(error: &CellErrorType) -> &'static str {
    match error {
        CellErrorType::Div0 => "#DIV/0!",
        CellErrorType::NA => "#N/A",
        CellErrorType::Name => "#NAME?",
        CellErrorType::Null => "#NULL!",
        CellErrorType::Num => "#NUM!",
        CellErrorType::Ref => "#REF!",
        CellErrorType::Value => "#VALUE!",
        CellErrorType::GettingData => "#GETTING_DATA",
    }
}

/// From here on a spreadsheet's number no longer holds every digit that was typed.
const LONG_NUMBER: u64 = 1_000_000_000_000_000;
const LONG_NUMBER_DIGITS: i32 = 15;

/// The number with the fifteen significant digits that a spreadsheet shows, without an exponent; none from 10^15 on.
fn decimal(number: f64) -> Option<String> {
    let shown = format!("{number:.14e}");
    let (mantissa, exponent) = shown.split_once('e')?;
    let exponent: i32 = exponent.parse().ok()?;
    if exponent >= LONG_NUMBER_DIGITS {
        return None;
    }
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let (whole, fraction) = match usize::try_from(exponent + 1) {
        Ok(point) if point > 0 => digits.split_at_checked(point).map(|(w, f)| (w.to_owned(), f.to_owned()))?,
        _ => ("0".to_owned(), format!("{}{digits}", "0".repeat(usize::try_from(-1 - exponent).ok()?.min(20)))),
    };
    let fraction = fraction.trim_end_matches('0');
    Some(match (fraction, whole.as_str()) {
        ("", "0") => whole,
        ("", _) => format!("{sign}{whole}"),
        (fraction, _) => format!("{sign}{whole}.{fraction}"),
    })
}
