//! NDJSON: one flat JSON object a line, as programs deliver. The keys of all objects are the header, so the file is walked twice.

use std::fmt;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};

use serde::de::{Deserializer, Error as _, MapAccess, Visitor};

use super::fault::{FileFault, RowFault};
use super::{Limits, Row, read_fault};

/// What is read from.
trait Source: Read + Seek + Send {}

impl<T: Read + Seek + Send> Source for T {}

/// A file of lines on its way through.
pub(super) struct Lines {
    file: BufReader<Box<dyn Source>>,
    limits: Limits,
    line: Vec<u8>,
    number: i64,
}

/// The members of one object, in order.
struct Members(Vec<(String, Text)>);

/// A value as text; none where it is neither text, integer nor null.
struct Text(Option<String>);

impl Lines {
    /// Opens the file and returns every key that occurs in it, in order of first appearance.
    pub(super) fn open<R: Read + Seek + Send + 'static>(file: R, limits: Limits) -> Result<(Vec<String>, Lines), FileFault> {
        let mut lines = Lines { file: BufReader::new(Box::new(file)), limits, line: Vec::new(), number: 0 };
        let mut header: Vec<String> = Vec::new();
        while lines.read_line()? {
            // A line that cannot be read has no keys; it is told as a row.
            let Ok(Members(members)) = serde_json::from_slice(&lines.line) else { continue };
            for (key, _) in members {
                if !header.contains(&key) {
                    header.push(key);
                }
            }
            if header.len() > limits.columns_max {
                return Err(FileFault::TooManyColumns { found: header.len(), max: limits.columns_max });
            }
        }
        lines.file.seek(SeekFrom::Start(0)).map_err(read_fault)?;
        lines.number = 0;
        Ok((header, lines))
    }

    pub(super) fn next(&mut self, row: &mut Row, header: &[String]) -> Result<bool, FileFault> {
        if !self.read_line()? {
            return Ok(false);
        }
        row.number = self.number;
        row.cells.clear();
        row.cells.resize(header.len(), String::new());
        row.fault = self.fill(row, header).err();
        Ok(true)
    }

    fn fill(&self, row: &mut Row, header: &[String]) -> Result<(), RowFault> {
        let Members(members) = serde_json::from_slice(&self.line).map_err(|fault| not_an_object(&fault))?;
        for (key, Text(value)) in members {
            let Some(column) = header.iter().position(|title| *title == key) else { continue };
            let value = value.ok_or(RowFault::JsonValue { key })?;
            if value.len() > self.limits.field_bytes_max {
                return Err(RowFault::FieldTooLong { column: column + 1, max: self.limits.field_bytes_max });
            }
            if let Some(cell) = row.cells.get_mut(column) {
                *cell = value;
            }
        }
        Ok(())
    }

    /// Reads the next line that is not blank, bounded before it is kept.
    fn read_line(&mut self) -> Result<bool, FileFault> {
        let max = self.limits.record_bytes_max;
        loop {
            self.line.clear();
            let bound = u64::try_from(max).unwrap_or(u64::MAX).saturating_add(1);
            let read = self.file.by_ref().take(bound).read_until(b'\n', &mut self.line).map_err(read_fault)?;
            if read == 0 {
                return Ok(false);
            }
            self.number += 1;
            if self.line.len() > max {
                return Err(FileFault::RecordTooLong { line: self.number.unsigned_abs(), max });
            }
            if self.number == 1 && self.line.starts_with(b"\xef\xbb\xbf") {
                self.line.drain(..3);
            }
            if !self.line.trim_ascii().is_empty() {
                return Ok(true);
            }
        }
    }
}

fn not_an_object(fault: &serde_json::Error) -> RowFault {
    let repeated = fault.to_string().split('`').nth(1).map(str::to_owned).filter(|_| fault.is_data());
    repeated.map_or(RowFault::JsonBroken { column: fault.column() }, |key| RowFault::JsonRepeated { key })
}

impl<'de> serde::Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Members, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members: Vec<(String, Text)> = Vec::new();
                while let Some((key, value)) = map.next_entry::<String, Text>()? {
                    if members.iter().any(|(other, _)| *other == key) {
                        return Err(A::Error::custom(format!("key `{key}` twice")));
                    }
                    members.push((key, value));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

impl<'de> serde::Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Text, D::Error> {
        // A number with a fraction would arrive as a float, which is not what was written: such a value is refused with its row.
        Ok(Text(match serde_json::Value::deserialize(deserializer)? {
            serde_json::Value::Null => Some(String::new()),
            serde_json::Value::String(text) => Some(text),
            serde_json::Value::Number(number) if !number.is_f64() => Some(number.to_string()),
            _ => None,
        }))
    }
}
