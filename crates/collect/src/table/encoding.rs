//! The encoding of a text file is certain or asked for, never guessed (X5).

use std::io::{Read, Seek, SeekFrom};

use encoding_rs::{Decoder, DecoderResult, GB18030, UTF_8};

use super::fault::{FileFault, Place};
use super::{read_fault, read_up_to};

/// The encodings that departments use. GBK and GB2312 are read as GB18030, of which they are parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    Utf8,
    /// GB18030.
    Gb18030,
}

impl Encoding {
    /// Reads what a form or a command line declares.
    pub fn parse(label: &str) -> Option<Encoding> {
        match label.trim().to_ascii_lowercase().as_str() {
            "utf-8" | "utf8" => Some(Encoding::Utf8),
            "gb18030" | "gbk" | "gb2312" => Some(Encoding::Gb18030),
            _ => None,
        }
    }

    /// The name that people read.
    pub fn title(self) -> &'static str {
        match self {
            Encoding::Utf8 => "UTF-8",
            Encoding::Gb18030 => "GB18030",
        }
    }

    /// Appends the text of `bytes` to `cell`; false where they are not of this encoding.
    pub(super) fn decode_into(self, bytes: &[u8], cell: &mut String) -> bool {
        if let Encoding::Utf8 = self {
            return std::str::from_utf8(bytes).map(|text| cell.push_str(text)).is_ok();
        }
        let mut decoder = GB18030.new_decoder_without_bom_handling();
        let Some(most) = decoder.max_utf8_buffer_length_without_replacement(bytes.len()) else { return false };
        cell.reserve(most);
        let (result, _) = decoder.decode_to_string_without_replacement(bytes, cell, true);
        matches!(result, DecoderResult::InputEmpty)
    }
}

/// An encoding together with the bytes of the mark that announced it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Certain {
    pub(super) encoding: Encoding,
    pub(super) mark_bytes: u64,
}

const CHUNK_BYTES: usize = 64 * 1024;

/// A byte order mark, else what is declared, else the one decoder that accepts the whole file.
pub(super) fn determine<R: Read + Seek>(file: &mut R, declared: Option<Encoding>) -> Result<Certain, FileFault> {
    let mut head = [0; 4];
    let read = read_up_to(file, &mut head)?;
    let head = head.get(..read).unwrap_or_default();
    if head.starts_with(b"\xef\xbb\xbf") {
        return Ok(Certain { encoding: Encoding::Utf8, mark_bytes: 3 });
    }
    if head.starts_with(b"\x84\x31\x95\x33") {
        return Ok(Certain { encoding: Encoding::Gb18030, mark_bytes: 4 });
    }
    if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") {
        return Err(FileFault::EncodingUtf16);
    }
    if let Some(encoding) = declared {
        return Ok(Certain { encoding, mark_bytes: 0 });
    }
    file.seek(SeekFrom::Start(0)).map_err(read_fault)?;
    let encoding = try_both(file)?;
    Ok(Certain { encoding, mark_bytes: 0 })
}

fn try_both<R: Read>(file: &mut R) -> Result<Encoding, FileFault> {
    let mut utf8 = Trial::new(UTF_8.new_decoder_without_bom_handling());
    let mut gb18030 = Trial::new(GB18030.new_decoder_without_bom_handling());
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut scratch = vec![0; CHUNK_BYTES];
    let (mut ascii, mut lines) = (true, 1);
    loop {
        let read = read_up_to(file, &mut chunk)?;
        let bytes = chunk.get(..read).unwrap_or_default();
        let last = read < CHUNK_BYTES;
        ascii &= bytes.is_ascii();
        utf8.feed(bytes, last, lines, &mut scratch);
        gb18030.feed(bytes, last, lines, &mut scratch);
        if let (Some(utf8), Some(gb18030)) = (utf8.fault, gb18030.fault) {
            return Err(FileFault::EncodingUnknown { utf8, gb18030 });
        }
        if last {
            break;
        }
        lines += count_lines(bytes);
    }
    match (utf8.fault, gb18030.fault) {
        _ if ascii => Ok(Encoding::Utf8),
        (None, Some(_)) => Ok(Encoding::Utf8),
        (Some(_), None) => Ok(Encoding::Gb18030),
        // No multi-byte sequence means the same in both, so that two successes are two different texts.
        _ => Err(FileFault::EncodingAmbiguous),
    }
}

fn count_lines(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).map(|_| 1).sum()
}

/// One decoder on its way through the file, until its first fault.
struct Trial {
    decoder: Decoder,
    consumed: u64,
    fault: Option<Place>,
}

impl Trial {
    fn new(decoder: Decoder) -> Trial {
        Trial { decoder, consumed: 0, fault: None }
    }

    fn feed(&mut self, chunk: &[u8], last: bool, line: u64, scratch: &mut [u8]) {
        if self.fault.is_some() {
            return;
        }
        let start = self.consumed;
        let mut rest = chunk;
        loop {
            let (result, read, _) = self.decoder.decode_to_utf8_without_replacement(rest, scratch, last);
            self.consumed += u64::try_from(read).unwrap_or(0);
            rest = rest.get(read..).unwrap_or_default();
            match result {
                DecoderResult::InputEmpty => return,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(length, after) => {
                    let byte = self.consumed.saturating_sub(u64::from(length) + u64::from(after));
                    let inside = usize::try_from(byte.saturating_sub(start)).unwrap_or(0);
                    let before = chunk.get(..inside).unwrap_or(chunk);
                    self.fault = Some(Place { byte, line: line + count_lines(before) });
                    return;
                }
            }
        }
    }
}
