//! Every way in which a set can be wrong has a sentence that says where.

use std::fs;
use std::sync::Arc;

use bytes::Bytes;
use parquet::basic::{ConvertedType, LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::data_type::{Int32Type, Int64Type, Int96, Int96Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;

use super::support::*;
use crate::manifest::MANIFEST;
use crate::schema::{self, Content, Shape};
use crate::write::{self, Load, Put};
use crate::{SetWriter, TableSet};

const FILE: &str = "village-audit.parquet";

/// Replaces the file of village audits by these columns.
fn spoilt(shapes: &[Shape], columns: &[Put<'_>], rows: usize) -> String {
    let made = made(&penalties());
    let (bytes, _) = write::file(&made.path(FILE), shapes, columns, rows).unwrap();
    made.replace(FILE, &bytes, u64::try_from(rows).unwrap());
    made.refusal()
}

fn shapes() -> Vec<Shape> {
    schema::records(pack().record_kind(AUDIT).unwrap()).unwrap()
}

const fn all(cells: Load<'_>) -> Put<'_> {
    Put { cells, known: None }
}

const NOTHING: [u8; 2] = [0, 0];

/// A good file of two rows in which one column is another.
fn with(column: usize, put: Put<'_>) -> String {
    let days = [20_000, 20_001];
    let mut columns = vec![
        all(Load::Longs(&[5, 5])),
        all(Load::Longs(&[1, 2])),
        all(Load::Shorts(&days)),
        Put { cells: Load::Codes(&NOTHING, &[]), known: Some(&NOTHING) },
        all(Load::Shorts(&days)),
    ];
    columns[column] = put;
    spoilt(&shapes(), &columns, 2)
}

#[test]
fn cells_that_cannot_be_are_refused_with_file_column_and_value() {
    let words = |word: &str| vec![Bytes::from(word.to_owned())];
    for (column, put, says) in [
        (0, all(Load::Longs(&[7, 5])), ["`subject`", "升序"]),
        (0, all(Load::Longs(&[5, 6])), ["`subject`", "主体 6"]),
        (0, all(Load::Longs(&[i64::MIN, i64::MAX])), ["`subject`", "subjects.parquet"]),
        (2, all(Load::Shorts(&[20_000, -20_000])), ["`day`", "1915-03-31"]),
        (2, all(Load::Shorts(&[i32::MAX, 1])), ["`day`", "2147483647"]),
        (3, all(Load::Codes(&[0, 0], &words("特别严重"))), ["`class`", "`特别严重`"]),
        (4, all(Load::Shorts(&[1, 60_000])), ["`XC_RQ`", "2134-04-11"]),
    ] {
        let refusal = with(column, put);
        assert!(refusal.contains(FILE) && says.iter().all(|word| refusal.contains(word)), "{says:?}: {refusal}");
    }
}

#[test]
fn numbers_outside_the_catalogue_and_words_outside_its_lists_are_refused() {
    for (field, value, says) in
        [("CF_CS", 1001, "1001"), ("CF_CS", -1, "-1"), ("CF_NR_FK", -5, "-5"), ("CF_NR_FK", i64::MAX, "9223372036854775807")]
    {
        let made = made(&[row(2, 1, "2025-01-01", None, &[(field, 0)]), row(2, 2, "2025-01-01", None, &[(field, value)])]);
        let refusal = made.refusal();
        assert!(refusal.contains("administrative-penalty.parquet") && refusal.contains(field) && refusal.contains(says), "{refusal}");
    }
    // The same set read by a pack that no longer lists a word: exactly where the word is used.
    for (field, place, word) in [("CF_XDR_LB", 1, "个体工商户"), ("CF_CFLB", 2, "吊销许可证件")] {
        let mut made = made(&penalties());
        let kind = &mut made.pack.record_kinds[PENALTY.0];
        let found = kind.field(field).unwrap();
        match &mut kind.fields[found.0].kind {
            xinzhi_rules::model::FieldKind::Choice(choices) | xinzhi_rules::model::FieldKind::Choices(choices) => {
                choices.values[place].title = "改名".into();
            }
            _ => unreachable!(),
        }
        let refusal = made.refusal();
        assert!(refusal.contains(field) && refusal.contains(word), "{refusal}");
        // An alias keeps old data readable.
        if let xinzhi_rules::model::FieldKind::Choice(choices) = &mut made.pack.record_kinds[PENALTY.0].fields[found.0].kind {
            choices.values[place].aliases.push(word.to_owned());
            assert!(made.read().is_ok());
        }
    }
}

#[test]
fn c2_persons_and_other_subjects_that_cannot_be_are_refused() {
    let pack = pack();
    let spoilt = |who: &[(i64, &str, Option<&str>)]| {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("set");
        let writer = SetWriter::begin(&root, &pack).unwrap();
        let note = writer.partition(0, &subjects(who), &std::collections::BTreeMap::new()).unwrap();
        writer.finish(&head(&pack), vec![note]).unwrap();
        TableSet::open(&root, &pack).unwrap().partition(0, &everything(&pack)).unwrap_err().to_string()
    };
    for (who, says) in [
        ([(1, "enterprise", None), (2, "resident", None)], "自然人"),
        ([(1, "enterprise", None), (2, "shop", None)], "`shop`"),
        ([(1, "enterprise", None), (1, "enterprise", None)], "升序"),
        ([(1, "enterprise", Some("99")), (2, "enterprise", Some("99010"))], "`99010`"),
    ] {
        let refusal = spoilt(&who);
        assert!(refusal.contains("subjects.parquet") && refusal.contains(says), "{says}: {refusal}");
    }
}

#[test]
fn an_empty_cell_where_none_may_be_is_refused() {
    for column in 0..3 {
        let mut shapes = shapes();
        shapes[column].required = false;
        let known = [1, 0];
        let mut columns = [
            all(Load::Longs(&[5, 5])),
            all(Load::Longs(&[1, 2])),
            all(Load::Shorts(&[20_000, 20_001])),
            Put { cells: Load::Codes(&NOTHING, &[]), known: Some(&NOTHING) },
            all(Load::Shorts(&[20_000, 20_001])),
        ];
        columns[column].known = Some(&known);
        if column == 1 {
            // The numbers of records are nothing that a run reads.
            continue;
        }
        let refusal = spoilt(&shapes, &columns, 2);
        assert!(refusal.contains("空值") && refusal.contains(&shapes[column].name), "{refusal}");
    }
}

#[test]
fn missing_doubled_and_reserved_columns_are_refused() {
    let columns = [
        all(Load::Longs(&[5])),
        all(Load::Longs(&[1])),
        all(Load::Shorts(&[20_000])),
        Put { cells: Load::Codes(&[0], &[]), known: Some(&[0]) },
    ];
    let refusal = spoilt(&shapes()[..4], &columns, 1);
    assert!(refusal.contains("没有列 `XC_RQ`"), "{refusal}");
    let mut doubled = shapes();
    doubled[4].name = "day".into();
    doubled.push(shapes()[4].clone());
    let more = [&columns[..], &[columns[2], columns[2]]].concat();
    let refusal = spoilt(&doubled, &more, 1);
    assert!(refusal.contains("`day`") && refusal.contains("两次"), "{refusal}");
    for name in schema::RESERVED {
        let mut reserved = shapes();
        reserved.push(schema::open(name, Content::Number));
        let more = [&columns[..], &[columns[2], columns[0]]].concat();
        let refusal = spoilt(&reserved, &more, 1);
        assert!(refusal.contains(&format!("`{name}`")) && refusal.contains("保留"), "{refusal}");
    }
    // A column more that nobody asked for does no harm.
    let mut more_shapes = shapes();
    more_shapes.push(schema::open("remark", Content::Number));
    let made = made(&penalties());
    let more = [&columns[..], &[columns[2], columns[0]]].concat();
    let (bytes, _) = write::file(&made.path(FILE), &more_shapes, &more, 1).unwrap();
    made.replace(FILE, &bytes, 1);
    assert!(made.read().is_ok());
}

/// What Spark and others make of numbers and days unless told otherwise.
#[test]
fn decimals_moments_and_old_timestamps_are_refused_by_their_type() {
    let primitive = |name: &str, physical, logical: Option<LogicalType>, converted: ConvertedType| {
        let built = Type::primitive_type_builder(name, physical).with_repetition(Repetition::OPTIONAL).with_logical_type(logical.clone());
        let built = if matches!(logical, Some(LogicalType::Decimal(_))) { built.with_precision(10).with_scale(2) } else { built };
        Arc::new(built.with_converted_type(converted).build().unwrap())
    };
    let moment = LogicalType::timestamp(true, TimeUnit::MICROS);
    let local = LogicalType::timestamp(false, TimeUnit::NANOS);
    for (column, spoilt, called) in [
        ("XC_RQ", primitive("XC_RQ", Physical::INT64, Some(moment), ConvertedType::TIMESTAMP_MICROS), "timestamp[us, UTC]"),
        ("XC_RQ", primitive("XC_RQ", Physical::INT64, Some(local), ConvertedType::NONE), "timestamp[ns]"),
        ("XC_RQ", primitive("XC_RQ", Physical::INT64, None, ConvertedType::TIMESTAMP_MILLIS), "timestamp[ms, UTC]"),
        ("XC_RQ", primitive("XC_RQ", Physical::INT96, None, ConvertedType::NONE), "int96"),
        ("XC_RQ", primitive("XC_RQ", Physical::INT32, None, ConvertedType::NONE), "int32"),
        ("subject", primitive("subject", Physical::INT64, Some(LogicalType::decimal(2, 10)), ConvertedType::DECIMAL), "decimal(10, 2)"),
        ("subject", primitive("subject", Physical::INT64, Some(LogicalType::integer(64, false)), ConvertedType::UINT_64), "uint64"),
        ("subject", primitive("subject", Physical::INT32, None, ConvertedType::UINT_16), "uint16"),
        ("subject", primitive("subject", Physical::INT32, None, ConvertedType::NONE), "int32"),
    ] {
        let made = made(&penalties());
        let right = schema::schema(&shapes()).unwrap();
        let fields =
            right.get_fields().iter().map(|field| if field.name() == column { Arc::clone(&spoilt) } else { Arc::clone(field) }).collect();
        let schema = Arc::new(Type::group_type_builder("xinzhi").with_fields(fields).build().unwrap());
        let mut bytes = Vec::new();
        let mut writer = SerializedFileWriter::new(&mut bytes, Arc::clone(&schema), Arc::new(WriterProperties::builder().build())).unwrap();
        let mut group = writer.next_row_group().unwrap();
        for field in schema.get_fields() {
            let mut out = group.next_column().unwrap().unwrap();
            let levels = field.is_optional().then_some(&[1_i16][..]);
            match field.get_physical_type() {
                Physical::INT64 => out.typed::<Int64Type>().write_batch(&[5], levels, None).unwrap(),
                Physical::INT32 => out.typed::<Int32Type>().write_batch(&[5], levels, None).unwrap(),
                Physical::INT96 => out.typed::<Int96Type>().write_batch(&[Int96::from(vec![1, 2, 3])], levels, None).unwrap(),
                _ => out.typed::<parquet::data_type::ByteArrayType>().write_batch(&[], Some(&[0]), None).unwrap(),
            };
            out.close().unwrap();
        }
        group.close().unwrap();
        writer.close().unwrap();
        made.replace(FILE, &bytes, 1);
        let refusal = made.refusal();
        let expected = if column == "subject" { "int64" } else { "date32" };
        assert!(refusal.contains(FILE) && refusal.contains(&format!("`{column}` 的类型是 {called}，应为 {expected}，")), "{refusal}");
    }
}

/// Puts a word into a manifest.
type Spoil<'s> = &'s dyn Fn(&mut crate::Manifest, String);

#[test]
fn a_manifest_that_contradicts_itself_or_its_files_is_refused() {
    let refused = |change: &dyn Fn(&mut crate::Manifest)| {
        let made = made(&penalties());
        made.manifest(|manifest| change(manifest));
        made.refusal()
    };
    let file = "administrative-penalty.parquet";
    for (refusal, says) in [
        (refused(&|manifest| manifest.edition = "xinzhi-tables/2".into()), "xinzhi-tables/2"),
        (refused(&|manifest| manifest.subjects = 4), "4 个主体"),
        (refused(&|manifest| *manifest.records.get_mut("honour").unwrap() = 1), "`honour`"),
        (refused(&|manifest| manifest.partitions[0].folder = "../elsewhere".into()), "part=00000"),
        (refused(&|manifest| manifest.partitions[0].first = 1), "主体范围"),
        (refused(&|manifest| manifest.partitions[0].first = 9), "主体范围"),
        (refused(&|manifest| _ = manifest.partitions[0].files.remove("subjects.parquet")), "subjects.parquet"),
        (
            refused(&|manifest| {
                _ = manifest.partitions[0]
                    .files
                    .remove(file)
                    .map(|note| *manifest.records.get_mut("administrative-penalty").unwrap() -= note.rows)
            }),
            "tables.json 所列之内",
        ),
        (refused(&|manifest| _ = manifest.records.remove("honour")), "没有信息种类 `honour`"),
        (refused(&|manifest| manifest.partitions[0].files.get_mut(file).unwrap().bytes += 1), "字节"),
        (refused(&|manifest| _ = manifest.partitions[0].files.get_mut(file).unwrap().checks.as_mut().unwrap().pop()), "校验和"),
        (refused(&|manifest| manifest.coverage.rows += 1), "coverage.parquet"),
    ] {
        assert!(refusal.contains(says), "{says}: {refusal}");
    }
    // Counts that fit one another, but not the file.
    let refusal = refused(&|manifest| {
        manifest.partitions[0].files.get_mut(file).unwrap().rows += 1;
        *manifest.records.get_mut("administrative-penalty").unwrap() += 1;
    });
    assert!(refusal.contains(file) && refusal.contains("有 4 行") && refusal.contains("5 行"), "{refusal}");
    // What somebody else wrote is quoted in one line and not without end.
    let spoils: [Spoil<'_>; 3] =
        [&|manifest, word| manifest.edition = word, &|manifest, word| manifest.partitions[0].folder = word, &|manifest, word| {
            _ = manifest.records.insert(word, 1)
        }];
    for spoil in spoils {
        let refusal = refused(&|manifest| spoil(manifest, format!("\u{1b}[31m\n{}", "9".repeat(100_000))));
        assert!(refusal.contains("\\u{1b}[31m\\u{a}999") && !refusal.contains(char::is_control), "{refusal}");
        assert!(refusal.chars().count() < 400, "{}", refusal.len());
    }
    let made = made(&penalties());
    for (text, says) in [("", "不是表集的清单"), ("{\"edition\": \"xinzhi-tables/1\"}", "不是表集的清单"), ("[]", "不是表集的清单")]
    {
        fs::write(made.root.join(MANIFEST), text).unwrap();
        assert!(made.refusal().contains(says), "{text}: {}", made.refusal());
    }
    fs::remove_file(made.root.join(MANIFEST)).unwrap();
    assert!(made.refusal().contains("没有 tables.json"));
}

#[test]
fn coverage_that_says_nothing_is_refused_and_not_passed_over() {
    let read = |rows: &[(&str, &str, Option<&str>)], listed: &[&str]| {
        let made = made(&penalties());
        let day = |text: &str| xinzhi_core::Day::parse(text).unwrap();
        let span = |from: &str, until: &Option<&str>| xinzhi_core::Span { from: day(from), until: until.map(day) };
        let row = |(kind, from, until): &(&str, &str, Option<&str>)| crate::CoverageRow {
            area: None,
            kind: (*kind).to_owned(),
            span: span(from, until),
        };
        let path = made.root.join("coverage.parquet");
        let (bytes, note) = crate::set::coverage(&path, &rows.iter().map(row).collect::<Vec<_>>(), None).unwrap();
        fs::write(&path, &bytes).unwrap();
        made.manifest(|manifest| {
            manifest.coverage = note;
            manifest.records.extend(listed.iter().map(|kind| ((*kind).to_owned(), 0)));
        });
        made.open().map(drop).map_err(|fault| fault.to_string())
    };
    let fine = ("honour", "2020-01-01", Some("2020-01-01"));
    assert_eq!(read(&[fine, ("honour", "2021-01-01", None)], &[]), Ok(()), "a day, and without end");
    let before = read(&[fine, ("honour", "2021-01-02", Some("2021-01-01"))], &[]).unwrap_err();
    for said in ["coverage.parquet", "`until`", "第 2 行", "2021-01-01 早于起始日期 2021-01-02"] {
        assert!(before.contains(said), "{before}");
    }
    // A kind of another pack is one that the set lists.
    let other = ("stall-inspection", "2020-01-01", None);
    assert_eq!(read(&[fine, other], &["stall-inspection"]), Ok(()));
    let stranger = read(&[fine, other], &[]).unwrap_err();
    assert!(stranger.contains("coverage.parquet` 的列 `kind`") && stranger.contains("`stall-inspection`"), "{stranger}");
    let backwards = read(&[("stall-inspection", "2021-01-02", Some("2021-01-01"))], &["stall-inspection"]);
    assert!(backwards.unwrap_err().contains("`until`"), "of whichever kind");
}

#[test]
fn a_list_with_an_empty_element_is_told_from_an_empty_cell() {
    let made = made(&penalties());
    let shapes = schema::records(made.pack.record_kind(PENALTY).unwrap()).unwrap();
    let schema = schema::schema(&shapes).unwrap();
    let mut bytes = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut bytes, Arc::clone(&schema), Arc::new(WriterProperties::builder().build())).unwrap();
    let mut group = writer.next_row_group().unwrap();
    for shape in &shapes {
        let mut out = group.next_column().unwrap().unwrap();
        let open = (!shape.required).then_some(&[0_i16][..]);
        match shape.content {
            Content::Number => out.typed::<Int64Type>().write_batch(if shape.required { &[5] } else { &[] }, open, None).unwrap(),
            Content::Day | Content::Small => {
                out.typed::<Int32Type>().write_batch(if shape.required { &[20_000] } else { &[] }, open, None).unwrap()
            }
            // Two below an element of a list: the list has one element, and that is empty.
            Content::Words => out.typed::<parquet::data_type::ByteArrayType>().write_batch(&[], Some(&[2]), Some(&[0])).unwrap(),
            _ => out.typed::<parquet::data_type::ByteArrayType>().write_batch(&[], open, None).unwrap(),
        };
        out.close().unwrap();
    }
    group.close().unwrap();
    writer.close().unwrap();
    made.replace("administrative-penalty.parquet", &bytes, 1);
    let refusal = made.refusal();
    assert!(refusal.contains("的列 `CF_CFLB` 的列表中有空元素") && refusal.contains("整行可以为空"), "{refusal}");
}

#[test]
fn an_encrypted_file_is_told_from_a_damaged_one() {
    let made = made(&penalties());
    let whole = fs::read(made.path("serious-list.parquet")).unwrap();
    // Encrypted with its footer.
    let mut bytes = whole.clone();
    let end = bytes.len() - 4;
    bytes[end..].copy_from_slice(b"PARE");
    made.replace("serious-list.parquet", &bytes, 1);
    let refusal = made.refusal();
    assert!(refusal.contains("serious-list.parquet") && refusal.contains("加密"), "{refusal}");
    // Some columns only: the footer says so, and theirs do not decode.
    let footer = usize::try_from(u32::from_le_bytes(*whole[..whole.len() - 4].last_chunk::<4>().unwrap())).unwrap();
    let (body, tail) = whole.split_at(whole.len() - 8 - footer);
    let mut body = body.to_vec();
    let spoilt = body.len() / 2;
    body[spoilt - 20..spoilt + 20].fill(0xff);
    let file = |more: &[u8]| {
        let said = [&tail[..footer - 1], more, &[0][..]].concat();
        let length = u32::try_from(said.len()).unwrap().to_le_bytes();
        [&body[..], &said, &length, b"PAR1"].concat()
    };
    made.replace("serious-list.parquet", &file(&[]), 1);
    assert!(made.refusal().contains("已损坏"), "{}", made.refusal());
    made.replace("serious-list.parquet", &file(&[0x0c, 0x10, 0x00]), 1);
    let refusal = made.refusal();
    assert!(refusal.contains("serious-list.parquet` 的列 `") && refusal.contains("已加密，本程序不能解密"), "{refusal}");
}
