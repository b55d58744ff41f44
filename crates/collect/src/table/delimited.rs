//! CSV, strictly: a record is bounded before it is kept, columns are counted, a quote that never closes is told.
//!
//! Records are split as bytes, before decoding: the separators, the quote and the line ends never occur inside a multi-byte
//! character of UTF-8 or GB18030. One undecodable byte therefore costs one row.

use std::io::Read;

use super::encoding::Encoding;
use super::fault::{FileFault, RowFault};
use super::{Limits, Row, read_up_to};

const BUFFER_BYTES: usize = 64 * 1024;

/// A CSV file on its way through.
pub(super) struct Delimited {
    file: Box<dyn Read + Send>,
    encoding: Encoding,
    limits: Limits,
    separator: u8,
    buffer: Vec<u8>,
    at: usize,
    ended: bool,
    /// The bytes of the present record, fields one after the other, and where each ends.
    record: Vec<u8>,
    ends: Vec<usize>,
    misplaced: Option<usize>,
    after_return: bool,
    /// Columns of the header as written, and as kept.
    width: usize,
    kept: usize,
    row: i64,
    line: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    FieldStart,
    Plain,
    Quoted,
    QuoteSeen,
}

impl Delimited {
    pub(super) fn open(file: Box<dyn Read + Send>, encoding: Encoding, limits: Limits) -> Result<Delimited, FileFault> {
        let mut table = Delimited {
            file,
            encoding,
            limits,
            separator: b',',
            buffer: Vec::new(),
            at: 0,
            ended: false,
            record: Vec::new(),
            ends: Vec::new(),
            misplaced: None,
            after_return: false,
            width: 0,
            kept: 0,
            row: 0,
            line: 1,
        };
        table.fill()?;
        table.separator = separator_of(&table.buffer)?;
        Ok(table)
    }

    /// Reads the header: the first record that is not blank.
    pub(super) fn header(&mut self) -> Result<Vec<String>, FileFault> {
        while self.read_record()? {
            if self.is_blank() {
                continue;
            }
            self.width = self.ends.len();
            if self.width > self.limits.columns_max {
                return Err(FileFault::TooManyColumns { found: self.width, max: self.limits.columns_max });
            }
            let mut row = Row::default();
            self.decode(&mut row, self.width);
            return match row.fault {
                None => Ok(row.cells),
                Some(RowFault::Undecodable { column, encoding }) => Err(FileFault::HeaderUnreadable {
                    column,
                    reason: format!("含有按 {encoding} 无法读出的字节，请核对编码后重新上传"),
                }),
                Some(fault) => Err(FileFault::HeaderUnreadable { column: 1, reason: format!("不能读出：{fault}") }),
            };
        }
        Err(FileFault::Empty)
    }

    /// Sets how many columns the cleaned header has kept.
    pub(super) fn expect(&mut self, kept: usize) {
        self.kept = kept;
    }

    pub(super) fn next(&mut self, row: &mut Row) -> Result<bool, FileFault> {
        while self.read_record()? {
            if self.is_blank() {
                continue;
            }
            row.number = self.row;
            self.decode(row, self.kept);
            return Ok(true);
        }
        Ok(false)
    }

    /// Bytes of memory that the reader holds, for the test that a large file is a stream.
    #[cfg(test)]
    pub(super) fn held_bytes(&self) -> usize {
        self.buffer.capacity() + self.record.capacity() + self.ends.capacity() * 8
    }

    fn is_blank(&self) -> bool {
        self.record.iter().all(|b| matches!(b, b' ' | b'\t'))
    }

    /// Turns the record into texts; the first fault stands.
    fn decode(&self, row: &mut Row, kept: usize) {
        row.fault = None;
        row.cells.truncate(kept);
        row.cells.iter_mut().for_each(String::clear);
        row.cells.resize_with(kept, String::new);
        let mut start = 0;
        for (index, end) in self.ends.iter().enumerate() {
            let bytes = self.record.get(start..*end).unwrap_or_default();
            start = *end;
            let fault = self.decode_field(index, bytes, row);
            row.fault = row.fault.take().or(fault);
        }
        if self.ends.len() != self.width {
            row.fault = Some(RowFault::Columns { found: self.ends.len(), expected: self.width });
        } else if let Some(column) = self.misplaced {
            row.fault = Some(RowFault::QuoteMisplaced { column });
        }
    }

    fn decode_field(&self, index: usize, bytes: &[u8], row: &mut Row) -> Option<RowFault> {
        let column = index + 1;
        if bytes.len() > self.limits.field_bytes_max {
            return Some(RowFault::FieldTooLong { column, max: self.limits.field_bytes_max });
        }
        let expected = row.cells.len();
        let Some(cell) = row.cells.get_mut(index) else {
            // Beyond the header's last title only blanks may stand.
            let blank = bytes.trim_ascii().is_empty();
            return if blank { None } else { Some(RowFault::Columns { found: self.ends.len(), expected }) };
        };
        if self.encoding.decode_into(bytes, cell) {
            return None;
        }
        cell.clear();
        Some(RowFault::Undecodable { column, encoding: self.encoding.title() })
    }

    fn fill(&mut self) -> Result<(), FileFault> {
        self.buffer.resize(BUFFER_BYTES, 0);
        let read = read_up_to(&mut self.file, &mut self.buffer)?;
        self.buffer.truncate(read);
        self.at = 0;
        self.ended = read == 0;
        Ok(())
    }

    /// Splits the next record into `record` and `ends`; false at the end of the file.
    fn read_record(&mut self) -> Result<bool, FileFault> {
        self.record.clear();
        self.ends.clear();
        self.misplaced = None;
        let line = self.line;
        let mut state = State::FieldStart;
        let mut started = false;
        loop {
            if self.at >= self.buffer.len() {
                self.fill()?;
                if self.ended {
                    break;
                }
            }
            // The line feed after a carriage return belongs to the record before.
            if std::mem::take(&mut self.after_return) && self.buffer.get(self.at) == Some(&b'\n') {
                self.at += 1;
                continue;
            }
            started = true;
            let done = self.step(&mut state);
            if self.record.len() > self.limits.record_bytes_max || self.ends.len() > self.limits.record_bytes_max {
                return Err(FileFault::RecordTooLong { line, max: self.limits.record_bytes_max });
            }
            if done {
                self.row += 1;
                return Ok(true);
            }
        }
        if state == State::Quoted {
            return Err(FileFault::QuoteUnclosed { line });
        }
        if started {
            self.ends.push(self.record.len());
            self.row += 1;
        }
        Ok(started)
    }

    /// Consumes one run of bytes; true when a record has ended.
    fn step(&mut self, state: &mut State) -> bool {
        let rest = self.buffer.get(self.at..).unwrap_or_default();
        let Some(first) = rest.first().copied() else { return false };
        match *state {
            State::Quoted => {
                let run = memchr::memchr(b'"', rest).unwrap_or(rest.len());
                let text = rest.get(..run).unwrap_or_default();
                self.line += memchr::memchr_iter(b'\n', text).map(|_| 1).sum::<u64>();
                self.record.extend_from_slice(text);
                self.at += run;
                if run < rest.len() {
                    self.at += 1;
                    *state = State::QuoteSeen;
                }
                false
            }
            State::QuoteSeen if first == b'"' => {
                self.record.push(b'"');
                self.at += 1;
                *state = State::Quoted;
                false
            }
            State::FieldStart if first == b'"' => {
                self.at += 1;
                *state = State::Quoted;
                false
            }
            State::FieldStart | State::Plain | State::QuoteSeen => self.plain(state),
        }
    }

    /// A run outside quotes, up to the separator or the end of the line.
    fn plain(&mut self, state: &mut State) -> bool {
        let rest = self.buffer.get(self.at..).unwrap_or_default();
        let run = memchr::memchr3(self.separator, b'\n', b'\r', rest).unwrap_or(rest.len());
        let text = rest.get(..run).unwrap_or_default();
        let ending = rest.get(run).copied();
        if run > 0 {
            if *state == State::QuoteSeen && self.misplaced.is_none() {
                self.misplaced = Some(self.ends.len() + 1);
            }
            self.record.extend_from_slice(text);
            *state = State::Plain;
        }
        let Some(ending) = ending else {
            self.at += run;
            return false;
        };
        self.at += run + 1;
        self.ends.push(self.record.len());
        *state = State::FieldStart;
        if ending == self.separator {
            return false;
        }
        self.after_return = ending == b'\r';
        self.line += 1;
        true
    }
}

/// The separator, told from the header line alone: exactly one of the three occurs outside quotes, or none.
fn separator_of(start: &[u8]) -> Result<u8, FileFault> {
    const CANDIDATES: [(u8, &str); 3] = [(b',', "逗号"), (b';', "分号"), (b'\t', "制表符")];
    let mut counts = [0_usize; 3];
    let mut quoted = false;
    let text = start.iter().skip_while(|b| matches!(b, b'\r' | b'\n'));
    for byte in text {
        match byte {
            b'"' => quoted = !quoted,
            b'\r' | b'\n' if !quoted => break,
            byte if !quoted => {
                for ((candidate, _), count) in CANDIDATES.iter().zip(counts.iter_mut()) {
                    *count += usize::from(candidate == byte);
                }
            }
            _ => {}
        }
    }
    let found: Vec<(u8, &str)> = CANDIDATES.into_iter().zip(counts).filter(|(_, count)| *count > 0).map(|(c, _)| c).collect();
    match found.as_slice() {
        [] => Ok(b','),
        [(separator, _)] => Ok(*separator),
        several => {
            let names: Vec<&str> = several.iter().map(|(_, name)| *name).collect();
            Err(FileFault::SeparatorUnclear { found: names.join("和") })
        }
    }
}
