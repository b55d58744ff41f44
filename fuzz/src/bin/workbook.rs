//! Workbooks: any bytes for one, or any bytes for one part of an otherwise sound one.
#![no_main]

use std::io::{Cursor, Write};

use libfuzzer_sys::fuzz_target;
use xinzhi_collect::Format;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

const TYPES: &str = r#"<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>"#;
const RELATIONS: &str = r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
const BOOK: &str = r#"<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
const BOOK_RELATIONS: &str = r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings" Target="sharedStrings.xml"/></Relationships>"#;
const SHEET: &str = r#"<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c></row><row r="2"><c r="A2" t="s"><v>1</v></c></row></sheetData></worksheet>"#;
const STRINGS: &str =
    r#"<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>名称</t></si><si><t>甲</t></si></sst>"#;

fuzz_target!(init: xinzhi_fuzz::contain_the_reader_of_workbooks(), |bytes: &[u8]| {
    let [source, part, text @ ..] = bytes else { return };
    if part % 5 == 4 {
        return xinzhi_fuzz::judge_all([*source, 0], Format::Xlsx, text);
    }
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let parts = [
        ("[Content_Types].xml", TYPES, 9),
        ("_rels/.rels", RELATIONS, 9),
        ("xl/worksheets/sheet1.xml", SHEET, 0),
        ("xl/sharedStrings.xml", STRINGS, 1),
        ("xl/workbook.xml", BOOK, 2),
        ("xl/_rels/workbook.xml.rels", BOOK_RELATIONS, 3),
    ];
    for (name, sound, number) in parts {
        archive.start_file(name, stored).expect("written in memory");
        archive.write_all(if part % 5 == number { text } else { sound.as_bytes() }).expect("written in memory");
    }
    let file = archive.finish().expect("written in memory").into_inner();
    xinzhi_fuzz::judge_all([*source, 0], Format::Xlsx, &file);
});
