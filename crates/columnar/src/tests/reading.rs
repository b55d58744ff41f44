//! What was written is read, whoever wrote it.

use bytes::Bytes;
use parquet::basic::{Compression, Encoding};
use parquet::data_type::{ByteArray, ByteArrayType, Int32Type, Int64Type};
use parquet::file::properties::{WriterProperties, WriterVersion};
use parquet::file::writer::SerializedFileWriter;
use std::sync::Arc;

use super::support::*;
use crate::dice::Dice;
use crate::manifest::Manifest;
use crate::write::{Load, Put};
use crate::{SetWriter, TableSet, schema};

#[test]
fn every_kind_of_cell_comes_back_as_it_was() {
    let made = made(&penalties());
    let partition = &made.read().unwrap()[0];
    let population = partition.population().unwrap();
    assert_eq!(population.subjects(), 3);
    let columns = population.kind(PENALTY).unwrap();
    assert_eq!(columns.starts, [0, 2, 2, 4]);
    assert_eq!(
        columns.day.iter().map(|day| i64::from(*day)).collect::<Vec<_>>(),
        penalties().iter().map(|row| row.day).collect::<Vec<_>>()
    );
    let of = |code: &str| cells(partition, PENALTY, code, &made.pack);
    assert_eq!(of("class"), [Some(1), Some(2), None, Some(0)]);
    assert_eq!(of("CF_XDR_LB"), [Some(0), Some(0), Some(1), None]);
    assert_eq!(of("CF_CFLB"), [Some(0b0010), Some(0b0110), Some(0), None], "an empty list is known");
    assert_eq!(of("CF_NR_FK"), [Some(2_000_000), None, Some(1), None]);
    assert_eq!(of("CF_JDRQ"), [Some(day("2025-03-01")), Some(day("2026-01-31")), None, None]);
    assert_eq!(of("CF_CS"), [Some(3), None, Some(1000), None]);
    assert_eq!(of("CF_BM"), [None, Some(1), None, None]);
    let listed = population.kind(LIST).unwrap();
    assert_eq!((listed.starts, listed.class.unwrap().known), (&[0, 0, 0, 1][..], None), "no mask where nothing is empty");
    assert!(population.kind(AUDIT).is_none(), "nobody has one: there is no file");
    assert_eq!(partition.subjects.numbers, [2, 5, 7]);
    assert_eq!(partition.records(), 5);
}

#[test]
fn only_what_is_asked_for_is_read() {
    let made = made(&penalties());
    // A column that no rule of a plan reads may be as broken as it likes. Its sum is the seventh: after subject, record, day, class and two fields.
    made.manifest(|manifest| {
        let note = manifest.partitions[0].files.get_mut("administrative-penalty.parquet").unwrap();
        note.checks.as_mut().unwrap()[6] ^= 1;
    });
    assert!(made.refusal().contains("CF_NR_FK"));
    let set = made.open().unwrap();
    let mut needs = everything(&made.pack);
    let money = made.pack.record_kind(PENALTY).unwrap().field("CF_NR_FK").unwrap();
    needs.get_mut(&PENALTY).unwrap().fields.remove(&money);
    needs.remove(&HONOUR);
    let partition = set.partition(0, &needs).unwrap();
    let population = partition.population().unwrap();
    let columns = population.kind(PENALTY).unwrap();
    assert!(columns.column(xinzhi_rules::predicate::Column::Field(money)).is_none());
    assert_eq!(columns.rows(), 4);
}

/// More rows than a row group holds, of subjects with none, few and very many, numbers close together and far apart.
#[test]
fn subjects_on_both_sides_of_a_row_group_keep_their_rows() {
    let pack = pack();
    for far in [1, 10_000_000] {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("set");
        let mut dice = Dice::new(5, 5);
        let many: Vec<u64> = (0..400).map(|subject| if subject == 200 { 100_000 } else { dice.below(400) }).collect();
        let who: Vec<(i64, &str, Option<&str>)> = (1..=400).map(|number| (number * far, "village", None)).collect();
        let mut rows = Vec::new();
        for ((number, _, _), many) in who.iter().zip(&many) {
            for _ in 0..*many {
                let on = day("2020-01-01") + i64::try_from(dice.below(2000)).unwrap();
                rows.push(Row { subject: *number, record: 1, day: on, class: None, fields: vec![("XC_RQ", on)] });
            }
        }
        assert!(rows.len() > crate::write::GROUP_ROWS);
        let writer = SetWriter::begin(&root, &pack).unwrap();
        let kinds = [(AUDIT, columns(&pack, AUDIT, &rows))].into_iter().collect();
        let note = writer.partition(0, &subjects(&who), &kinds).unwrap();
        writer.finish(&head(&pack), vec![note]).unwrap();
        let partition = TableSet::open(&root, &pack).unwrap().partition(0, &everything(&pack)).unwrap();
        let population = partition.population().unwrap();
        let columns = population.kind(AUDIT).unwrap();
        let found: Vec<u64> = columns.starts.windows(2).map(|pair| u64::from(pair[1] - pair[0])).collect();
        assert_eq!(found, many);
        assert!(columns.day.iter().zip(&rows).all(|(found, row)| i64::from(*found) == row.day));
        assert_eq!(cells(&partition, AUDIT, "class", &pack), vec![None; rows.len()]);
    }
}

/// As other programs write: every column may be empty, numbers go through dictionaries, pages have the second layout.
#[test]
fn files_of_other_programs_are_read_alike() {
    for (version, dictionary) in
        [(WriterVersion::PARQUET_1_0, true), (WriterVersion::PARQUET_2_0, true), (WriterVersion::PARQUET_1_0, false)]
    {
        let made = made(&penalties());
        let shapes: Vec<_> = [
            ("subject", schema::Content::Number),
            ("record", schema::Content::Number),
            ("day", schema::Content::Day),
            ("class", schema::Content::Word),
            ("XC_RQ", schema::Content::Day),
        ]
        .into_iter()
        .map(|(name, content)| schema::open(name, content))
        .collect();
        let properties = WriterProperties::builder()
            .set_writer_version(version)
            .set_dictionary_enabled(dictionary)
            .set_compression(Compression::UNCOMPRESSED)
            .set_data_page_row_count_limit(100)
            .set_write_batch_size(50)
            .build();
        let mut bytes = Vec::new();
        let mut writer = SerializedFileWriter::new(&mut bytes, schema::schema(&shapes).unwrap(), Arc::new(properties)).unwrap();
        let rows = 1_000_i16;
        let days: Vec<i32> = (0..rows).map(|row| 18_000 + i32::from(row) % 700).collect();
        let known: Vec<i16> = (0..rows).map(|row| i16::from(row % 7 != 0)).collect();
        let filled: Vec<i32> = days.iter().zip(&known).filter(|(_, known)| **known == 1).map(|(day, _)| *day).collect();
        let words: Vec<ByteArray> = (0..rows).map(|row| ["轻微", "一般", "严重"][usize::try_from(row % 3).unwrap()].into()).collect();
        let all = vec![1_i16; days.len()];
        let mut group = writer.next_row_group().unwrap();
        for column in 0..5 {
            let mut out = group.next_column().unwrap().unwrap();
            match column {
                0 | 1 => out.typed::<Int64Type>().write_batch(&vec![5; days.len()], Some(&all), None).unwrap(),
                2 => out.typed::<Int32Type>().write_batch(&days, Some(&all), None).unwrap(),
                3 => out.typed::<ByteArrayType>().write_batch(&words, Some(&all), None).unwrap(),
                _ => out.typed::<Int32Type>().write_batch(&filled, Some(&known), None).unwrap(),
            };
            out.close().unwrap();
        }
        group.close().unwrap();
        writer.close().unwrap();
        made.replace("village-audit.parquet", &bytes, 1_000);
        let partition = &made.read().unwrap()[0];
        let found: Vec<Option<i64>> = cells(partition, AUDIT, "XC_RQ", &made.pack);
        let expected: Vec<Option<i64>> = days.iter().zip(&known).map(|(day, known)| (*known == 1).then(|| i64::from(*day))).collect();
        assert_eq!(found, expected, "{version:?} {dictionary}");
        assert_eq!(cells(partition, AUDIT, "class", &made.pack), (0..1_000).map(|row| Some(row % 3)).collect::<Vec<_>>());
        assert_eq!(partition.population().unwrap().kind(AUDIT).unwrap().starts, [0, 0, 1000, 1000]);
    }
}

/// A file as another program writes it: everything through dictionaries, nothing compressed.
fn spelled_out(shapes: &[schema::Shape], columns: &[Put<'_>], rows: usize) -> Vec<u8> {
    let properties = WriterProperties::builder().set_compression(Compression::UNCOMPRESSED).build();
    let mut bytes = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut bytes, schema::schema(shapes).unwrap(), Arc::new(properties)).unwrap();
    crate::write::append(&mut writer, columns, rows).unwrap();
    writer.close().unwrap();
    bytes
}

/// Writers that know all categories of a column write them all.
#[test]
fn an_entry_of_a_dictionary_counts_only_where_a_row_has_it() {
    let words = |words: [&str; 2]| words.map(|word| Bytes::from(word.to_owned())).to_vec();
    let all = |cells| Put { cells, known: None };
    // Positions of the rows in a dictionary of two: the first row has the first entry, and then it has the second like the others.
    let moved = |bytes: &[u8], rows: u32| {
        let before = [1, 3, (1_u8 << rows) - 2];
        let places: Vec<usize> = (0..bytes.len() - 3).filter(|place| bytes[*place..place + 3] == before).collect();
        let mut bytes = bytes.to_vec();
        places.iter().for_each(|place| bytes[place + 2] |= 1);
        (bytes, places.len())
    };
    let made = made(&penalties());
    let classes = words(["特别严重", "轻微"]);
    let (days, codes) = ([-20_000, 20_000, 20_000, 20_000], [0_u8, 1, 1, 1]);
    let puts = [
        all(Load::Longs(&[5; 4])),
        all(Load::Longs(&[1, 2, 3, 4])),
        all(Load::Shorts(&[20_000; 4])),
        all(Load::Codes(&codes, &classes)),
        all(Load::Shorts(&days)),
    ];
    let bytes = spelled_out(&schema::records(made.pack.record_kind(AUDIT).unwrap()).unwrap(), &puts, 4);
    made.replace("village-audit.parquet", &bytes, 4);
    assert!(made.refusal().contains("`特别严重`"));
    let (bytes, many) = moved(&bytes, 4);
    assert_eq!(many, 2, "two columns have an entry that now nobody has");
    made.replace("village-audit.parquet", &bytes, 4);
    let partition = &made.read().unwrap()[0];
    assert_eq!(cells(partition, AUDIT, "class", &made.pack), [Some(0); 4]);
    assert_eq!(cells(partition, AUDIT, "XC_RQ", &made.pack), [Some(20_000); 4]);

    // The words of subjects are looked at one by one, too.
    let (kinds, areas, codes) = (words(["shop", "village"]), words(["99010", "990101"]), words(["T", "T"]));
    let (known, numbers) = ([1, 1, 1], WHO.map(|(number, _, _)| number));
    let puts = [
        all(Load::Longs(&numbers)),
        all(Load::Words(&[0, 1, 1], &kinds)),
        Put { cells: Load::Words(&[0, 1, 1], &areas), known: Some(&known) },
        Put { cells: Load::Words(&[], &codes), known: Some(&[0; 3]) },
        Put { cells: Load::Words(&[], &codes), known: Some(&[0; 3]) },
    ];
    let bytes = spelled_out(&schema::subjects(), &puts, 3);
    made.replace("subjects.parquet", &bytes, 3);
    assert!(made.refusal().contains("`shop`"));
    let (bytes, many) = moved(&bytes, 3);
    assert_eq!(many, 2);
    made.replace("subjects.parquet", &bytes, 3);
    assert_eq!(made.read().unwrap()[0].subjects.numbers, [2, 5, 7]);
}

/// Rare, but what is not understood must be named rather than guessed.
#[test]
fn an_unknown_encoding_is_named() {
    let made = made(&penalties());
    let shapes: Vec<_> = schema::records(made.pack.record_kind(AUDIT).unwrap()).unwrap();
    let delta = Encoding::DELTA_BINARY_PACKED;
    let properties = WriterProperties::builder().set_dictionary_enabled(false).set_column_encoding("day".into(), delta).build();
    let mut bytes = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut bytes, schema::schema(&shapes).unwrap(), Arc::new(properties)).unwrap();
    let mut group = writer.next_row_group().unwrap();
    for column in 0..5 {
        let mut out = group.next_column().unwrap().unwrap();
        match column {
            0 | 1 => out.typed::<Int64Type>().write_batch(&[5, 5], None, None).unwrap(),
            2 => out.typed::<Int32Type>().write_batch(&[20_000, 20_001], None, None).unwrap(),
            3 => out.typed::<ByteArrayType>().write_batch(&[], Some(&[0, 0]), None).unwrap(),
            _ => out.typed::<Int32Type>().write_batch(&[], Some(&[0, 0]), None).unwrap(),
        };
        out.close().unwrap();
    }
    group.close().unwrap();
    writer.close().unwrap();
    made.replace("village-audit.parquet", &bytes, 2);
    let refusal = made.refusal();
    assert!(refusal.contains("village-audit.parquet` 的列 `day`") && refusal.contains("DELTA_BINARY_PACKED"), "{refusal}");
}

#[test]
fn a_set_says_what_it_is() {
    let made = made(&penalties());
    let set = made.open().unwrap();
    let (manifest, digest) = Manifest::read(&made.root).unwrap();
    assert_eq!((set.manifest(), set.digest()), (&manifest, Some(digest)));
    assert!(set.same_pack());
    assert_eq!(
        (manifest.position, manifest.subjects, manifest.records["administrative-penalty"], manifest.records["honour"]),
        (Some(42), 3, 4, 0)
    );
    let mut other = pack();
    other.digest = xinzhi_core::Digest([7; 32]);
    assert!(!TableSet::open(&made.root, &other).unwrap().same_pack(), "another version may read it where it fits");
}

#[test]
fn a_set_is_never_overwritten_and_what_was_begun_leaves_nothing() {
    let pack = pack();
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("a/set");
    let partial = folder.path().join("a/set.partial");
    let writer = SetWriter::begin(&root, &pack).unwrap();
    assert!(SetWriter::begin(&root, &pack).unwrap_err().to_string().contains("set.partial"), "two at a time");
    let kinds = std::collections::BTreeMap::new();
    writer.partition(0, &subjects(&WHO), &kinds).unwrap();
    assert!(partial.exists() && !root.exists());
    drop(writer);
    assert!(!partial.exists() && !root.exists());
    // An empty folder may be there; anything in it is not ours.
    std::fs::create_dir_all(&root).unwrap();
    let writer = SetWriter::begin(&root, &pack).unwrap();
    let note = writer.partition(0, &subjects(&WHO), &kinds).unwrap();
    writer.finish(&head(&pack), vec![note]).unwrap();
    assert!(TableSet::open(&root, &pack).is_ok() && !partial.exists());
    assert!(SetWriter::begin(&root, &pack).unwrap_err().to_string().contains("已存在"));
}
