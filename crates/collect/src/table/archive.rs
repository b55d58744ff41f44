//! Bounds of a workbook, told before a spreadsheet reader sees it (X4).
//!
//! The directory of the archive declares sizes; a hostile one lies. So every part is also inflated once into nothing, under
//! the same bounds. Shared strings are looked at on the way, because the reader reserves memory for as many as they claim.

use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};

use zip::ZipArchive;
use zip::result::ZipError;

use super::{FileFault, Limits, read_fault};

const PARTS_MAX: usize = 10_000;

/// Parts that the reader holds in memory as a whole besides the shared strings: styles, theme, workbook, relations.
const HELD_PART_BYTES_MAX: u64 = 8_000_000;

/// Looks at every part of the archive.
pub(super) fn inspect<R: Read + Seek>(file: &mut R, limits: &Limits) -> Result<(), FileFault> {
    let bytes = file.seek(SeekFrom::End(0)).map_err(read_fault)?;
    if bytes > limits.compressed_bytes_max {
        return Err(FileFault::WorkbookTooLarge { bytes, max: limits.compressed_bytes_max });
    }
    file.seek(SeekFrom::Start(0)).map_err(read_fault)?;
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(broken)?;
    if archive.len() > PARTS_MAX {
        return Err(FileFault::WorkbookBroken { detail: format!("{} parts", archive.len()) });
    }
    let mut budget = Budget { limits, compressed: bytes.max(1), declared: 0, inflated: 0 };
    for index in 0..archive.len() {
        let part = archive.by_index_raw(index).map_err(broken)?;
        if part.encrypted() {
            return Err(FileFault::LegacyWorkbook);
        }
        refuse_part(&part_name(part.name_raw()))?;
        budget.declared = budget.declared.saturating_add(part.size());
        budget.check(budget.declared)?;
    }
    for index in 0..archive.len() {
        let part = archive.by_index(index).map_err(broken)?;
        let name = part_name(part.name_raw());
        let left = limits.expanded_bytes_max.saturating_sub(budget.inflated).saturating_add(1);
        let mut counted = Counted { part: part.take(left), count: 0 };
        if name.ends_with("sharedstrings.xml") {
            count_strings(BufReader::new(&mut counted), limits)?;
        }
        std::io::copy(&mut counted, &mut std::io::sink()).map_err(|fault| FileFault::WorkbookBroken { detail: fault.to_string() })?;
        let held = ["styles.xml", "theme1.xml", "workbook.xml", ".rels"].iter().any(|end| name.ends_with(end));
        if held && counted.count > HELD_PART_BYTES_MAX {
            return Err(FileFault::WorkbookExpands { max: HELD_PART_BYTES_MAX });
        }
        budget.inflated = budget.inflated.saturating_add(counted.count);
        budget.check(budget.inflated)?;
    }
    Ok(())
}

fn part_name(raw: &[u8]) -> String {
    String::from_utf8_lossy(raw).replace('\\', "/").to_lowercase()
}

fn refuse_part(name: &str) -> Result<(), FileFault> {
    if name.ends_with("vbaproject.bin") || name.contains("/macrosheets/") {
        return Err(FileFault::Macros);
    }
    if name.contains("externallinks/") || name.ends_with("xl/connections.xml") {
        return Err(FileFault::ExternalLinks);
    }
    Ok(())
}

fn broken(fault: ZipError) -> FileFault {
    FileFault::WorkbookBroken { detail: fault.to_string() }
}

struct Budget<'l> {
    limits: &'l Limits,
    compressed: u64,
    declared: u64,
    inflated: u64,
}

impl Budget<'_> {
    fn check(&self, expanded: u64) -> Result<(), FileFault> {
        if expanded > self.limits.expanded_bytes_max {
            return Err(FileFault::WorkbookExpands { max: self.limits.expanded_bytes_max });
        }
        if expanded > self.compressed.saturating_mul(self.limits.ratio_max) {
            return Err(FileFault::WorkbookRatio { max: self.limits.ratio_max });
        }
        Ok(())
    }
}

/// Counts what passes through.
struct Counted<P> {
    part: P,
    count: u64,
}

impl<P: Read> Read for Counted<P> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.part.read(buffer)?;
        self.count = self.count.saturating_add(u64::try_from(read).unwrap_or(0));
        Ok(read)
    }
}

/// Refuses shared strings beyond the number of cells there may be, whether claimed or present.
fn count_strings<R: BufRead>(mut part: R, limits: &Limits) -> Result<(), FileFault> {
    let fault = |fault: std::io::Error| FileFault::WorkbookBroken { detail: fault.to_string() };
    let mut strings = 0_u64;
    let mut tag = Vec::new();
    while part.skip_until(b'<').map_err(fault)? > 0 {
        tag.clear();
        let mut head = (&mut part).take(TAG_HEAD_BYTES);
        head.read_until(b'>', &mut tag).map_err(fault)?;
        let element = tag.split(|b| matches!(b, b'>' | b'/' | b' ' | b'\t' | b'\r' | b'\n')).next().unwrap_or_default();
        let local = element.rsplit(|b| *b == b':').next().unwrap_or_default();
        strings += u64::from(local == b"si");
        if strings > limits.cells_max || (local == b"sst" && claims_more(&tag, limits.cells_max)) {
            return Err(FileFault::TooManyCells { max: limits.cells_max });
        }
    }
    Ok(())
}

/// How much of a tag is looked at; attributes of the root element fit many times.
const TAG_HEAD_BYTES: u64 = 4096;

/// Whether `uniqueCount` claims more than `max`; a root element that never closes in the looked-at bytes does as well.
fn claims_more(tag: &[u8], max: u64) -> bool {
    if tag.last() != Some(&b'>') {
        return true;
    }
    let text = String::from_utf8_lossy(tag);
    let mut claims = text.split("uniqueCount").skip(1);
    claims.any(|claim| {
        let digits: String = claim.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
        digits.parse::<u64>().is_ok_and(|count| count > max) || digits.len() > 18
    })
}
