//! Files as bytes, to rows or to the sentence that sends them back.

use std::io::{Cursor, Write};

use rust_xlsxwriter::{ExcelDateTime, Format as CellFormat, Workbook};
use zip::write::SimpleFileOptions;

use super::*;

fn open_bytes(bytes: &[u8], options: &Options) -> Result<Table, FileFault> {
    open(Cursor::new(bytes.to_vec()), options)
}

fn rows_with(bytes: &[u8], options: &Options) -> Result<Vec<Row>, FileFault> {
    let mut table = open_bytes(bytes, options)?;
    let (mut row, mut rows) = (Row::default(), Vec::new());
    while table.next(&mut row)? {
        rows.push(row.clone());
    }
    assert!(!table.next(&mut row)?, "the end stays the end");
    Ok(rows)
}

fn rows(bytes: impl AsRef<[u8]>) -> Result<Vec<Row>, FileFault> {
    rows_with(bytes.as_ref(), &Options::undeclared())
}

fn cells(row: &Row) -> Vec<&str> {
    row.cells.iter().map(String::as_str).collect()
}

fn gbk(text: &str) -> Vec<u8> {
    encoding_rs::GB18030.encode(text).0.into_owned()
}

mod csv_files {
    use super::*;

    #[test]
    fn quoted_fields_keep_separators_quotes_and_line_breaks() {
        let rows = rows("名称,内容\r\n\"甲,乙\",\"他说\"\"好\"\"\r\n第二行\"\r\n\r\n丙,5\" 管\r\n").unwrap();
        assert_eq!(cells(&rows[0]), ["甲,乙", "他说\"好\"\r\n第二行"]);
        assert_eq!(cells(&rows[1]), ["丙", "5\" 管"]);
        // Numbers are those of the sheet: the blank row counts, the line break inside a field does not.
        assert_eq!((rows[0].number, rows[1].number), (2, 4));
    }

    #[test]
    fn any_table_that_a_csv_writer_wrote_reads_back() {
        let pieces = ["", "甲", "a,b", "\"", "\"\"", "line\nbreak", "cr\rhere", " lead", ";", "\t", "，"];
        for seed in 0_usize..400 {
            let mut writer = csv::Writer::from_writer(Vec::new());
            writer.write_record(["列一", "列二", "列三"]).unwrap();
            let pick = |k: usize| pieces[(seed * 7 + k * 13 + seed / 11 * k) % pieces.len()];
            let table: Vec<Vec<String>> = (0..4).map(|r| (0..3).map(|c| format!("{}{}", pick(r * 3 + c), pick(r + c))).collect()).collect();
            table.iter().for_each(|row| writer.write_record(row).unwrap());
            // So few characters may well be valid in both encodings.
            let declared = Options { encoding: Some(Encoding::Utf8), ..Options::undeclared() };
            let read = rows_with(&writer.into_inner().unwrap(), &declared);
            let wanted: Vec<&Vec<String>> =
                table.iter().filter(|row| row.iter().any(|c| !c.trim_matches([' ', '\t']).is_empty())).collect();
            let read = if wanted.is_empty() { vec![] } else { read.unwrap() };
            assert_eq!(read.iter().map(|r| &r.cells).collect::<Vec<_>>(), wanted, "seed {seed}");
        }
    }

    #[test]
    fn the_separator_is_told_from_the_header_or_asked_for() {
        for (text, expected) in
            [("甲,乙\n1,2", ["1", "2"]), ("甲;乙\n1,5;2", ["1,5", "2"]), ("甲\t乙\n1\t2", ["1", "2"]), ("\"甲;丙\",乙\n1,2", ["1", "2"])]
        {
            assert_eq!(cells(&rows(text).unwrap()[0]), expected, "{text}");
        }
        let fault = rows("甲,乙;丙\n1,2").unwrap_err();
        assert!(fault.to_string().contains("逗号和分号"), "{fault}");
    }

    #[test]
    fn a_row_with_other_columns_than_the_header_is_refused_alone() {
        let rows = rows("甲,乙,丙\n1,2\n1,2,3\n1,2,3,4\n").unwrap();
        assert_eq!(rows[0].fault, Some(RowFault::Columns { found: 2, expected: 3 }));
        assert_eq!(rows[1].fault, None);
        assert_eq!(rows[2].fault, Some(RowFault::Columns { found: 4, expected: 3 }));
        assert!(rows[2].fault.as_ref().unwrap().to_string().contains("本行有 4 列，表头有 3 列"));
        assert_eq!(rows[2].number, 4);
    }

    #[test]
    fn blank_columns_at_the_right_edge_are_no_columns() {
        let rows = rows("甲,乙,,\n1,2,,\n,,,\n1,2,x,\n").unwrap();
        assert_eq!((rows.len(), cells(&rows[0])), (2, vec!["1", "2"]));
        assert!(matches!(rows[1].fault, Some(RowFault::Columns { .. })));
    }

    #[test]
    fn headers_must_be_there_once_each() {
        for (text, fragment) in [
            ("", "文件是空的"),
            ("\n\n", "文件是空的"),
            ("甲,乙\n", "没有数据行"),
            ("甲,,乙\n1,2,3\n", "第 2 列是空的"),
            ("甲, 甲 \n1,2\n", "`甲` 在第 1 列和第 2 列重复出现"),
            ("甲\u{202e},乙\n1,2\n", "表头第 1 列含有改变显示顺序的字符"),
        ] {
            let fault = rows(text).unwrap_err().to_string();
            assert!(fault.contains(fragment), "{text:?}: {fault}");
        }
        let many: String = (0..201).map(|n| format!("列{n},")).collect();
        assert!(rows(format!("{many}尾\n1\n")).unwrap_err().to_string().contains("表格有 202 列，最多 200 列"));
    }

    #[test]
    fn a_header_alone_is_a_file_only_where_it_is_meant_to_say_nothing() {
        let header = b"name,amount\n";
        assert_eq!(rows(header), Err(FileFault::NoRows));
        let meant = Options { format: Some(Format::Nothing), ..Options::undeclared() };
        assert_eq!(rows_with(header, &meant), Ok(Vec::new()));
        assert_eq!(rows_with(b"", &meant), Err(FileFault::Empty), "not even a header");
    }

    #[test]
    fn quotes_that_never_close_and_text_after_quotes_are_told() {
        let fault = rows("甲,乙\n1,2\n\"3,4\n5,6\n").unwrap_err();
        assert_eq!(fault, FileFault::QuoteUnclosed { line: 3 });
        let rows = rows("甲,乙\n\"1\"x,2\n3,4\n").unwrap();
        assert_eq!((rows[0].fault.clone(), rows[1].fault.clone()), (Some(RowFault::QuoteMisplaced { column: 1 }), None));
    }

    #[test]
    fn x1_fields_and_records_are_bounded() {
        let max = Limits::HOUSE.field_bytes_max;
        let table = |length: usize| format!("甲,乙\n{},2\n3,4\n", "x".repeat(length));
        assert_eq!(rows(table(max)).unwrap()[0].fault, None);
        let long = rows(table(max + 1)).unwrap();
        assert_eq!(long[0].fault, Some(RowFault::FieldTooLong { column: 1, max }));
        assert_eq!(long[1].fault, None);
        let endless = format!("甲,乙\n1,\"{}", "x".repeat(Limits::HOUSE.record_bytes_max + 1));
        assert_eq!(rows(endless), Err(FileFault::RecordTooLong { line: 2, max: Limits::HOUSE.record_bytes_max }));
        let commas = format!("甲,乙\n{}", ",".repeat(Limits::HOUSE.record_bytes_max + 100_000));
        assert!(matches!(rows(commas), Err(FileFault::RecordTooLong { line: 2, .. })));
    }

    /// A file without end that counts what was taken from it.
    struct Endless {
        position: u64,
        size: u64,
    }

    impl Read for Endless {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            const LINE: &[u8] = b"a,b\n";
            let left = usize::try_from(self.size - self.position).unwrap().min(buffer.len());
            for slot in buffer.iter_mut().take(left) {
                *slot = LINE[usize::try_from(self.position % 4).unwrap()];
                self.position += 1;
            }
            Ok(left)
        }
    }

    impl Seek for Endless {
        fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
            if let SeekFrom::Start(position) = to {
                self.position = position;
            }
            Ok(self.position)
        }
    }

    #[test]
    fn a_large_file_is_read_as_a_stream() {
        let size = 2_000_000;
        let mut table = open(Endless { position: 0, size }, &Options::undeclared()).unwrap();
        let (mut row, mut count) = (Row::default(), 0_u64);
        while table.next(&mut row).unwrap() {
            count += 1;
        }
        assert_eq!(count, size / 4 - 1);
        let Rows::Delimited(rows) = &table.rows else { panic!("not delimited") };
        assert!(rows.held_bytes() < 200_000, "{}", rows.held_bytes());
    }
}

mod encodings {
    use super::*;

    const TEXT: &str = "行政相对人名称,处罚机关\n衢州恒信商贸有限公司,衢江区市场监督管理局\n";

    fn encoding(bytes: &[u8], declared: Option<Encoding>) -> Result<Option<Encoding>, FileFault> {
        open_bytes(bytes, &Options { encoding: declared, ..Options::undeclared() }).map(|table| table.encoding)
    }

    #[test]
    fn x5_the_one_decoder_without_errors_is_certain() {
        assert_eq!(encoding(TEXT.as_bytes(), None), Ok(Some(Encoding::Utf8)));
        assert_eq!(encoding(&gbk(TEXT), None), Ok(Some(Encoding::Gb18030)));
        assert_eq!(cells(&rows(gbk(TEXT)).unwrap()[0]), ["衢州恒信商贸有限公司", "衢江区市场监督管理局"]);
        // A character outside GBK, four bytes in GB18030.
        let rare = "名称,机关\n㐂䶮𠮷商行,某局名称\n";
        assert_eq!(cells(&rows(gbk(rare)).unwrap()[0]), ["㐂䶮𠮷商行", "某局名称"]);
        assert_eq!(encoding(b"a,b\n1,2\n", None), Ok(Some(Encoding::Utf8)));
    }

    #[test]
    fn x5_a_mark_overrules_what_is_declared() {
        let marked = [b"\xef\xbb\xbf".as_slice(), TEXT.as_bytes()].concat();
        let table = open_bytes(&marked, &Options { encoding: Some(Encoding::Gb18030), ..Options::undeclared() }).unwrap();
        assert_eq!((table.encoding, table.header[0].as_str()), (Some(Encoding::Utf8), "行政相对人名称"));
        let marked = [b"\x84\x31\x95\x33".to_vec(), gbk(TEXT)].concat();
        assert_eq!(encoding(&marked, None), Ok(Some(Encoding::Gb18030)));
        assert_eq!(encoding(b"\xff\xfea\0,\0b\0", None), Err(FileFault::EncodingUtf16));
    }

    #[test]
    fn x5_a_file_valid_in_both_is_asked_for() {
        // Two three-byte characters of UTF-8 are three two-byte characters of GBK.
        let both = "名称,机关\n衢江,路桥\n";
        assert!(!encoding_rs::GB18030.decode(both.as_bytes()).2);
        assert_eq!(encoding(both.as_bytes(), None), Err(FileFault::EncodingAmbiguous));
        assert!(FileFault::EncodingAmbiguous.to_string().contains("请在上传时选择编码"));
        assert_eq!(encoding(both.as_bytes(), Some(Encoding::Utf8)), Ok(Some(Encoding::Utf8)));
    }

    #[test]
    fn x5_a_file_valid_in_neither_names_byte_and_line() {
        let mut bytes = b"a,b\n1,2\n".to_vec();
        bytes.extend(b"x\xff,y\n");
        let place = Place { byte: 9, line: 3 };
        assert_eq!(encoding(&bytes, None), Err(FileFault::EncodingUnknown { utf8: place, gb18030: place }));
        let fault = encoding(&bytes, None).unwrap_err().to_string();
        assert!(fault.contains("在第 3 行（第 9 字节）"), "{fault}");
    }

    #[test]
    fn a_fault_far_into_the_file_is_found_at_its_place() {
        let mut bytes = "甲乙,丙丁\n".repeat(20_000).into_bytes();
        let at = bytes.len();
        bytes.extend(b"\xff");
        let Err(FileFault::EncodingUnknown { utf8, .. }) = encoding(&bytes, None) else { panic!("found no fault") };
        assert_eq!(utf8, Place { byte: u64::try_from(at).unwrap(), line: 20_001 });
    }

    #[test]
    fn x5_with_a_declared_encoding_one_bad_byte_costs_one_row() {
        let mut bytes = gbk("名称,机关\n恒信,");
        bytes.extend(b"\x81\xff\n");
        bytes.extend(gbk("大华,某局\n"));
        let options = Options { encoding: Some(Encoding::Gb18030), ..Options::undeclared() };
        let rows = rows_with(&bytes, &options).unwrap();
        assert_eq!(rows[0].fault, Some(RowFault::Undecodable { column: 2, encoding: "GB18030" }));
        assert_eq!((rows[1].fault.clone(), cells(&rows[1])), (None, vec!["大华", "某局"]));
        let fault = rows_with(&gbk(TEXT), &Options { encoding: Some(Encoding::Utf8), ..Options::undeclared() }).unwrap_err();
        assert!(fault.to_string().contains("表头第 1 列含有按 UTF-8 无法读出的字节"), "{fault}");
    }

    #[test]
    fn labels_that_people_declare() {
        assert_eq!(Encoding::parse(" GBK "), Some(Encoding::Gb18030));
        assert_eq!(Encoding::parse("UTF-8"), Some(Encoding::Utf8));
        assert_eq!(Encoding::parse("latin1"), None);
    }

    #[test]
    fn other_files_are_named() {
        for (bytes, fragment) in [
            (b"%PDF-1.7".as_slice(), "文件是 PDF，不是表格"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".as_slice(), "旧版 Excel"),
            (b"\x1f\x8b\x08\0".as_slice(), "GZIP"),
            (b"PK\x03\x04 nothing".as_slice(), "工作簿已损坏"),
        ] {
            assert!(rows(bytes).unwrap_err().to_string().contains(fragment), "{fragment}");
        }
    }
}

mod workbooks {
    use super::*;

    fn workbook(fill: impl FnOnce(&mut Workbook)) -> Vec<u8> {
        let mut book = Workbook::new();
        fill(&mut book);
        book.save_to_buffer().unwrap()
    }

    #[test]
    fn cells_become_what_their_reader_would_type() {
        let date = CellFormat::new().set_num_format("yyyy/m/d");
        let bytes = workbook(|book| {
            let sheet = book.add_worksheet();
            for (column, title) in (0..).zip(["名称", "日期", "金额", "数量", "代码"]) {
                sheet.write(0, column, title).unwrap();
            }
            sheet.write(2, 0, "恒信").unwrap();
            sheet.write_with_format(2, 1, ExcelDateTime::parse_from_str("2026-03-01").unwrap(), &date).unwrap();
            sheet.write(2, 2, 0.1 + 0.2).unwrap();
            sheet.write(2, 3, 12.0).unwrap();
            sheet.write(2, 4, "91330100799655058B").unwrap();
        });
        let mut table = open_bytes(&bytes, &Options::undeclared()).unwrap();
        assert_eq!((table.header.len(), table.sheet.as_deref()), (5, Some("Sheet1")));
        let mut row = Row::default();
        assert!(table.next(&mut row).unwrap());
        assert_eq!((row.number, cells(&row)), (3, vec!["恒信", "2026-03-01", "0.3", "12", "91330100799655058B"]));
        assert!(!table.next(&mut row).unwrap());
    }

    #[test]
    fn formulas_errors_and_long_numbers_cost_their_row() {
        let bytes = workbook(|book| {
            let sheet = book.add_worksheet();
            sheet.write(0, 0, "甲").unwrap();
            sheet.write(0, 1, "乙").unwrap();
            sheet.write(1, 0, "x").unwrap();
            sheet.write_formula(1, 1, "=1+1").unwrap();
            sheet.write(2, 0, "x").unwrap();
            sheet.write(2, 1, 913_301_007_996_550_581.0).unwrap();
            sheet.write(3, 0, "x").unwrap();
            sheet.write(3, 1, 999_999_999_999_999.0).unwrap();
            sheet.write(4, 0, "x").unwrap();
            sheet.write(4, 3, "beyond").unwrap();
        });
        let rows = rows(bytes).unwrap();
        assert_eq!(rows[0].fault, Some(RowFault::Formula { column: 2 }));
        assert_eq!(rows[0].fault.as_ref().unwrap().to_string(), "第 2 列含公式，请粘贴为数值");
        assert_eq!(rows[1].fault, Some(RowFault::LongNumber { column: 2 }));
        assert!(rows[1].fault.as_ref().unwrap().to_string().contains("设为文本格式"));
        assert_eq!((rows[2].fault.clone(), cells(&rows[2])), (None, vec!["x", "999999999999999"]));
        assert_eq!(rows[3].fault, Some(RowFault::Columns { found: 4, expected: 2 }));
    }

    #[test]
    fn the_sheet_is_the_named_one_or_the_first_visible_one_with_content() {
        let bytes = workbook(|book| {
            book.add_worksheet().set_name("空").unwrap();
            let hidden = book.add_worksheet().set_name("隐藏").unwrap().set_hidden(true);
            hidden.write(0, 0, "秘").unwrap();
            hidden.write(1, 0, "密").unwrap();
            let sheet = book.add_worksheet().set_name("数据").unwrap();
            sheet.write(0, 0, "名称").unwrap();
            sheet.write(1, 0, "恒信").unwrap();
        });
        let table = open_bytes(&bytes, &Options::undeclared()).unwrap();
        assert_eq!((table.sheet.as_deref(), table.header.clone()), (Some("数据"), vec!["名称".to_owned()]));
        let named = Options { sheet: Some("隐藏".to_owned()), ..Options::undeclared() };
        assert_eq!(open_bytes(&bytes, &named).unwrap().header, ["秘"]);
        let missing = Options { sheet: Some("表三".to_owned()), ..Options::undeclared() };
        let fault = open_bytes(&bytes, &missing).unwrap_err().to_string();
        assert!(fault.contains("没有名为 `表三` 的工作表，现有：空、隐藏、数据"), "{fault}");
        let empty = workbook(|book| {
            book.add_worksheet();
        });
        assert_eq!(rows(empty), Err(FileFault::Empty));
    }

    /// A workbook by hand: what no honest writer makes.
    fn archive(sheet: &str, more: &[(&str, &[u8])]) -> Vec<u8> {
        let mut parts: Vec<(&str, Vec<u8>)> = vec![
            ("[Content_Types].xml", b"<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"/>".to_vec()),
            (
                "_rels/.rels",
                br#"<Relationships><Relationship Id="r" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#.to_vec(),
            ),
            ("xl/workbook.xml", br#"<workbook><sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>"#.to_vec()),
            (
                "xl/_rels/workbook.xml.rels",
                br#"<Relationships><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#.to_vec(),
            ),
            ("xl/worksheets/sheet1.xml", format!("<worksheet><sheetData>{sheet}</sheetData></worksheet>").into_bytes()),
        ];
        for (name, content) in more {
            parts.retain(|(existing, _)| existing != name);
            parts.push((name, content.to_vec()));
        }
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in parts {
            writer.start_file(name, SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated)).unwrap();
            writer.write_all(&content).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    const TWO_ROWS: &str = r#"<row r="1"><c r="A1" t="inlineStr"><is><t>甲</t></is></c></row><row r="2"><c r="A2"><v>1</v></c></row>"#;

    #[test]
    fn a_cell_whose_column_no_number_holds_ends_in_a_sentence() {
        // The library that reads workbooks counts over the edge here and panics, on a thread of its own.
        let sheet =
            r#"<row r="1"><c r="A1" t="inlineStr"><is><t>甲</t></is></c></row><row r="2"><c r="eadsheetmlmeStrings2"><v>1</v></c></row>"#;
        let fault = rows(archive(sheet, &[])).unwrap_err();
        assert!(matches!(fault, FileFault::WorkbookBroken { .. }), "{fault:?}");
    }

    #[test]
    fn the_handmade_workbook_is_otherwise_sound() {
        let rows = rows(archive(TWO_ROWS, &[])).unwrap();
        assert_eq!(cells(&rows[0]), ["1"]);
    }

    #[test]
    fn x4_macros_links_and_connections_are_refused() {
        for (name, fault) in [
            ("xl/vbaProject.bin", FileFault::Macros),
            ("xl\\VBAPROJECT.BIN", FileFault::Macros),
            ("xl/macrosheets/sheet1.xml", FileFault::Macros),
            ("xl/externalLinks/externalLink1.xml", FileFault::ExternalLinks),
            ("xl/connections.xml", FileFault::ExternalLinks),
        ] {
            assert_eq!(rows(archive(TWO_ROWS, &[(name, b"x")])), Err(fault), "{name}");
        }
    }

    #[test]
    fn x4_compressed_size_at_and_above_the_limit() {
        let bytes = archive(TWO_ROWS, &[]);
        let size = u64::try_from(bytes.len()).unwrap();
        let limited = |max| Options { limits: Limits { compressed_bytes_max: max, ..Limits::HOUSE }, ..Options::undeclared() };
        assert!(rows_with(&bytes, &limited(size)).is_ok());
        assert_eq!(rows_with(&bytes, &limited(size - 1)), Err(FileFault::WorkbookTooLarge { bytes: size, max: size - 1 }));
    }

    #[test]
    fn x4_expanded_size_at_and_above_the_limit() {
        let noise: Vec<u8> = (0_u32..100_000).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
        let bytes = archive(TWO_ROWS, &[("xl/media/image1.png", &noise)]);
        let mut zip = ZipArchiveSizes::of(&bytes);
        let expanded = zip.total();
        let limited = |max| Options { limits: Limits { expanded_bytes_max: max, ..Limits::HOUSE }, ..Options::undeclared() };
        assert!(rows_with(&bytes, &limited(expanded)).is_ok());
        assert_eq!(rows_with(&bytes, &limited(expanded - 1)), Err(FileFault::WorkbookExpands { max: expanded - 1 }));
    }

    struct ZipArchiveSizes(zip::ZipArchive<Cursor<Vec<u8>>>);

    impl ZipArchiveSizes {
        fn of(bytes: &[u8]) -> Self {
            ZipArchiveSizes(zip::ZipArchive::new(Cursor::new(bytes.to_vec())).unwrap())
        }

        fn total(&mut self) -> u64 {
            (0..self.0.len()).map(|index| self.0.by_index_raw(index).unwrap().size()).sum()
        }
    }

    #[test]
    fn x4_a_bomb_is_told_by_its_ratio() {
        let zeros = vec![b' '; 3_000_000];
        assert_eq!(rows(archive(TWO_ROWS, &[("xl/worksheets/sheet9.xml", &zeros)])), Err(FileFault::WorkbookRatio { max: 100 }));
    }

    #[test]
    fn x4_a_directory_that_lies_about_sizes_is_found_out() {
        let zeros = vec![b' '; 3_000_000];
        let mut bytes = archive(TWO_ROWS, &[("xl/media/a.bin", &zeros)]);
        let real = 3_000_000_u32.to_le_bytes();
        let places: Vec<usize> = bytes.windows(4).enumerate().filter(|(_, w)| *w == real).map(|(at, _)| at).collect();
        assert!(!places.is_empty());
        for at in places {
            bytes[at..at + 4].copy_from_slice(&100_u32.to_le_bytes());
        }
        let fault = rows(bytes).unwrap_err();
        assert!(matches!(fault, FileFault::WorkbookRatio { .. } | FileFault::WorkbookBroken { .. }), "{fault:?}");
    }

    #[test]
    fn x4_a_lone_cell_at_the_far_corner_costs_nothing() {
        let far = format!(r#"{TWO_ROWS}<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>"#);
        assert_eq!(rows(archive(&far, &[])), Err(FileFault::TooManyColumns { found: 16_384, max: 200 }));
        let styled = format!(r#"{TWO_ROWS}<row r="1048576"><c r="XFD1048576" s="1"/></row>"#);
        assert_eq!(rows(archive(&styled, &[])).unwrap().len(), 1);
        let low = format!(r#"{TWO_ROWS}<row r="1048576"><c r="A1048576"><v>9</v></c></row>"#);
        let rows = rows(archive(&low, &[])).unwrap();
        assert_eq!((rows.len(), rows[1].number), (2, 1_048_576));
    }

    #[test]
    fn x4_rows_cells_and_shared_strings_are_bounded() {
        let far = format!(r#"{TWO_ROWS}<row r="1048577"><c r="A1048577"><v>1</v></c></row>"#);
        assert_eq!(rows(archive(&far, &[])), Err(FileFault::TooManyRows { max: 1_048_576 }));
        let limited = |cells_max| Options { limits: Limits { cells_max, ..Limits::HOUSE }, ..Options::undeclared() };
        let bytes = archive(TWO_ROWS, &[]);
        assert!(rows_with(&bytes, &limited(2)).is_ok());
        assert_eq!(rows_with(&bytes, &limited(1)), Err(FileFault::TooManyCells { max: 1 }));
        let claim = br#"<sst uniqueCount="99999999999999"><si><t>x</t></si></sst>"#;
        assert_eq!(rows(archive(TWO_ROWS, &[("xl/sharedStrings.xml", claim)])), Err(FileFault::TooManyCells { max: 5_000_000 }));
        let many = b"<sst><si/><x:si><t/></x:si><si/></sst>";
        let strings = archive(TWO_ROWS, &[("xl/sharedStrings.xml", many)]);
        assert_eq!(rows_with(&strings, &limited(2)), Err(FileFault::TooManyCells { max: 2 }));
        assert!(rows_with(&strings, &limited(3)).is_ok());
    }

    #[test]
    fn x4_hostile_references_end_in_a_sentence() {
        for sheet in [
            r#"<row r="99999999999999"><c r="A1"><v>1</v></c></row>"#,
            r#"<row r="1"><c r="AAAAAAAAAAAAAAAA1"><v>1</v></c></row>"#,
            r#"<row r="1"><c r="甲1"><v>1</v></c></row>"#,
            r#"<row r="1"><c r="A1" t="s"><v>7</v></c></row>"#,
            r#"<row r="2"><c r="A2"><v>1</v></c></row><row r="1"><c r="A1"><v>1</v></c></row>"#,
            r#"<row r="1"><c r="A1"><v>1"#,
        ] {
            let fault = rows(archive(sheet, &[])).unwrap_err();
            assert!(matches!(fault, FileFault::WorkbookBroken { .. }), "{sheet}: {fault:?}");
        }
        let unknown = format!(r##"{TWO_ROWS}<row r="3"><c r="A3" t="e"><v>#SPILL!</v></c></row>"##);
        let fault = rows(archive(&unknown, &[])).unwrap_err().to_string();
        assert!(fault.contains("`#SPILL!`"), "{fault}");
        let known = format!(r##"{TWO_ROWS}<row r="3"><c r="A3" t="e"><v>#N/A</v></c></row>"##);
        let rows = rows(archive(&known, &[])).unwrap();
        assert_eq!(rows[1].fault, Some(RowFault::ErrorValue { column: 1, value: "#N/A".to_owned() }));
    }

    #[test]
    fn a_formula_that_was_never_computed_is_not_taken_for_an_empty_cell() {
        let sheet =
            format!(r#"{TWO_ROWS}<row r="3"><c r="A3"><f>1+1</f></c></row><row r="4"><c r="A4" t="str"><f>""</f><v></v></c></row>"#);
        let rows = rows(archive(&sheet, &[])).unwrap();
        assert_eq!((rows.len(), rows[1].fault.clone()), (2, Some(RowFault::Formula { column: 1 })));
    }

    #[test]
    fn the_1904_calendar_moves_its_days() {
        let styles = br#"<styleSheet><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>"#;
        let sheet = r#"<row r="1"><c r="A1" t="inlineStr"><is><t>日期</t></is></c></row><row r="2"><c r="A2" s="1"><v>46082</v></c></row>"#;
        let book = br#"<workbook><workbookPr date1904="1"/><sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>"#;
        let plain = rows(archive(sheet, &[("xl/styles.xml", styles)])).unwrap();
        assert_eq!(cells(&plain[0]), ["2026-03-01"]);
        let shifted = rows(archive(sheet, &[("xl/styles.xml", styles), ("xl/workbook.xml", book)])).unwrap();
        assert_eq!(cells(&shifted[0]), ["2030-03-02"]);
    }

    #[test]
    fn damaged_workbooks_end_in_rows_or_in_a_sentence() {
        let sound = archive(TWO_ROWS, &[("xl/sharedStrings.xml", b"<sst><si><t>x</t></si></sst>")]);
        let mut state = 7_u64;
        let mut random = |below: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(state >> 33).unwrap() % below
        };
        let mut faults = 0;
        for _ in 0..400 {
            let mut bytes = sound.clone();
            for _ in 0..=random(3) {
                let at = random(bytes.len());
                bytes[at] = u8::try_from(random(256)).unwrap();
            }
            if random(4) == 0 {
                bytes.truncate(random(sound.len()));
            }
            faults += usize::from(rows(bytes).is_err());
        }
        assert!(faults > 100, "{faults}");
    }

    #[test]
    fn a_table_dropped_halfway_lets_its_reader_go() {
        let bytes = workbook(|book| {
            let sheet = book.add_worksheet();
            for row in 0..20_000 {
                sheet.write(row, 0, row).unwrap();
            }
        });
        let mut table = open_bytes(&bytes, &Options::undeclared()).unwrap();
        let mut row = Row::default();
        assert!(table.next(&mut row).unwrap());
        assert_eq!(cells(&row), ["1"]);
        drop(table);
        assert_eq!(rows(bytes).unwrap().len(), 19_999);
    }
}

mod lines_of_json {
    use super::*;

    #[test]
    fn the_keys_of_all_lines_are_the_header() {
        let file = "{\"处罚机关\":\"某局\",\"金额\":2000}\n\n{\"金额\":null,\"备注\":\"x\"}\n";
        let mut table = open_bytes(file.as_bytes(), &Options::undeclared()).unwrap();
        assert_eq!(table.header, ["处罚机关", "金额", "备注"]);
        let mut row = Row::default();
        assert!(table.next(&mut row).unwrap());
        assert_eq!((row.number, cells(&row)), (1, vec!["某局", "2000", ""]));
        assert!(table.next(&mut row).unwrap());
        assert_eq!((row.number, cells(&row)), (3, vec!["", "", "x"]));
        assert!(!table.next(&mut row).unwrap());
    }

    #[test]
    fn x3_a_line_that_says_two_things_or_no_thing_costs_itself_alone() {
        let good = "{\"a\":\"1\",\"b\":\"2\"}";
        let bad = [
            ("{\"a\":\"1\",\"a\":\"2\"}", "row.json_repeated"),
            ("{\"a\":0.2}", "row.json_value"),
            ("{\"a\":true}", "row.json_value"),
            ("{\"a\":[\"1\"]}", "row.json_value"),
            ("{\"a\":\"1\"", "row.json"),
            ("{\"a\":\"1\"} {}", "row.json"),
            ("[1]", "row.json"),
            ("{\"a\":\"\\ud800\"}", "row.json"),
        ];
        let file: Vec<u8> = bad.iter().flat_map(|(line, _)| format!("{good}\n{line}\n").into_bytes()).chain([b'\n', 0xff, b'\n']).collect();
        let rows = rows(&file).unwrap();
        let (sound, broken): (Vec<_>, Vec<_>) = rows.iter().partition(|row| row.fault.is_none());
        assert_eq!(sound.len(), bad.len());
        let codes: Vec<&str> = broken.iter().map(|row| row.fault.as_ref().unwrap().code()).collect();
        let expected: Vec<&str> = bad.iter().map(|(_, code)| *code).chain(["row.json"]).collect();
        assert_eq!(codes, expected);
    }

    #[test]
    fn x1_a_line_without_end_and_an_object_without_end_of_keys_cost_the_file() {
        let limits = Limits { record_bytes_max: 1_000, columns_max: 3, ..Limits::HOUSE };
        let options = Options { limits, ..Options::undeclared() };
        let long = format!("{{\"a\":\"{}\"}}\n", "x".repeat(2_000));
        assert_eq!(rows_with(long.as_bytes(), &options), Err(FileFault::RecordTooLong { line: 1, max: 1_000 }));
        let wide = "{\"a\":\"1\",\"b\":\"1\",\"c\":\"1\",\"d\":\"1\"}\n";
        assert_eq!(rows_with(wide.as_bytes(), &options), Err(FileFault::TooManyColumns { found: 4, max: 3 }));
    }
}
