//! A small pack with every kind of field, a small set of three subjects, and ways to spoil it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use tempfile::TempDir;
use xinzhi_core::{AreaCode, Day, Span};
use xinzhi_evaluate::Reads;
use xinzhi_rules::Pack;
use xinzhi_rules::load::{Files, load};
use xinzhi_rules::model::{FieldIx, KindIx};

use crate::manifest::{FileNote, MANIFEST, Manifest};
use crate::partition::Partition;
use crate::{CoverageRow, Fault, FieldCells, RecordColumns, SetHead, SetWriter, SubjectColumns, TableSet};

pub const PENALTY: KindIx = KindIx(0);
pub const HONOUR: KindIx = KindIx(1);
pub const LIST: KindIx = KindIx(2);
pub const AUDIT: KindIx = KindIx(3);

pub fn pack() -> Pack {
    let files = Files::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/pack")).unwrap();
    let pack = load("example", &files).unwrap();
    let ids: Vec<&str> = pack.record_kinds.iter().map(|kind| kind.id.as_str()).collect();
    assert_eq!(ids, ["administrative-penalty", "honour", "serious-list", "village-audit"]);
    pack
}

pub fn day(text: &str) -> i64 {
    Day::parse(text).unwrap().number()
}

/// Everything that rules may read.
pub fn everything(pack: &Pack) -> BTreeMap<KindIx, Reads> {
    let kinds = pack.record_kinds.iter().enumerate();
    kinds
        .map(|(ix, kind)| {
            let fields = kind.fields.iter().enumerate().filter(|(_, field)| field.kind.rules_may_read());
            (KindIx(ix), Reads { class: true, fields: fields.map(|(place, _)| FieldIx(place)).collect() })
        })
        .collect()
}

/// One record: whose, which, on which day, of which class, and what its fields hold by code.
#[derive(Clone, Debug)]
pub struct Row {
    pub subject: i64,
    pub record: i64,
    pub day: i64,
    pub class: Option<u8>,
    pub fields: Vec<(&'static str, i64)>,
}

pub fn row(subject: i64, record: i64, on: &str, class: Option<u8>, fields: &[(&'static str, i64)]) -> Row {
    Row { subject, record, day: day(on), class, fields: fields.to_vec() }
}

pub fn columns(pack: &Pack, kind: KindIx, rows: &[Row]) -> RecordColumns {
    let kind = pack.record_kind(kind).unwrap();
    let fields = kind.fields.iter().enumerate().filter_map(|(place, field)| Some((FieldIx(place), FieldCells::of(&field.kind)?)));
    let mut columns = RecordColumns { fields: fields.collect(), ..RecordColumns::default() };
    for row in rows {
        columns.subject.push(row.subject);
        columns.record.push(row.record);
        columns.day.push(i32::try_from(row.day).unwrap());
        columns.class.push(row.class);
        for (ix, cells) in &mut columns.fields {
            let code = &kind.at(*ix).unwrap().code;
            cells.push(row.fields.iter().find(|(name, _)| name == code).map(|(_, value)| *value));
        }
    }
    columns
}

/// Number, kind, area.
pub fn subjects(of: &[(i64, &str, Option<&str>)]) -> SubjectColumns {
    let mut columns = SubjectColumns::default();
    for (number, kind, area) in of {
        columns.numbers.push(*number);
        columns.kinds.push(Some(Bytes::from((*kind).to_owned())));
        columns.areas.push(area.map(|area| Bytes::from(area.to_owned())));
        columns.industries.push(None);
        columns.codes.push(Some(Bytes::from(format!("T-{number}"))));
    }
    columns
}

pub fn penalties() -> Vec<Row> {
    vec![
        row(
            2,
            11,
            "2025-03-01",
            Some(1),
            &[("CF_XDR_LB", 0), ("CF_CFLB", 0b0010), ("CF_NR_FK", 2_000_000), ("CF_JDRQ", day("2025-03-01")), ("CF_CS", 3)],
        ),
        row(2, 12, "2026-01-31", Some(2), &[("CF_XDR_LB", 0), ("CF_CFLB", 0b0110), ("CF_JDRQ", day("2026-01-31")), ("CF_BM", 1)]),
        row(7, 13, "2024-12-31", None, &[("CF_XDR_LB", 1), ("CF_CFLB", 0), ("CF_NR_FK", 1), ("CF_CS", 1000)]),
        row(7, 14, "2026-02-28", Some(0), &[]),
    ]
}

pub const WHO: [(i64, &str, Option<&str>); 3] =
    [(2, "enterprise", Some("990101102")), (5, "village", None), (7, "sole_trader", Some("990101103204"))];

/// What everything was reported for.
pub fn head(pack: &Pack) -> SetHead {
    let span = Span { from: Day::parse("2020-01-01").unwrap(), until: Some(Day::parse("2026-05-31").unwrap()) };
    let row = |kind: &str, area: Option<&str>| CoverageRow { area: area.and_then(AreaCode::parse), kind: kind.to_owned(), span };
    let rows = pack.record_kinds.iter().map(|kind| row(&kind.id, Some("990101")));
    SetHead { position: Some(42), coverage: rows.chain([row("honour", None)]).collect() }
}

/// A set on disk that goes with the test.
pub struct Made {
    pub pack: Pack,
    pub root: PathBuf,
    _folder: TempDir,
}

/// A set of the three subjects with these penalties and one list entry.
pub fn made(penalties: &[Row]) -> Made {
    let pack = pack();
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("set");
    let writer = SetWriter::begin(&root, &pack).unwrap();
    let list = [row(7, 21, "2025-06-01", Some(2), &[("MD_RQ", day("2025-06-01")), ("MD_YC", day("2026-06-01"))])];
    let kinds = [(PENALTY, columns(&pack, PENALTY, penalties)), (LIST, columns(&pack, LIST, &list)), (AUDIT, columns(&pack, AUDIT, &[]))];
    let note = writer.partition(0, &subjects(&WHO), &kinds.into_iter().collect()).unwrap();
    writer.finish(&head(&pack), vec![note]).unwrap();
    Made { pack, root, _folder: folder }
}

impl Made {
    pub fn open(&self) -> Result<TableSet<'_>, Fault> {
        TableSet::open(&self.root, &self.pack)
    }

    /// Reads everything.
    pub fn read(&self) -> Result<Vec<Partition>, Fault> {
        let set = self.open()?;
        let needs = everything(&self.pack);
        set.fits(&needs)?;
        (0..set.partitions()).map(|index| set.partition(index, &needs)).collect()
    }

    /// The sentence of the refusal.
    #[track_caller]
    pub fn refusal(&self) -> String {
        match self.read() {
            Ok(_) => panic!("it was read"),
            Err(fault) => fault.to_string(),
        }
    }

    pub fn manifest(&self, change: impl FnOnce(&mut Manifest)) {
        let path = self.root.join(MANIFEST);
        let mut manifest: Manifest = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        change(&mut manifest);
        fs::write(&path, serde_json::to_vec(&manifest).unwrap()).unwrap();
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.root.join("part=00000").join(name)
    }

    /// Puts other bytes in the place of a file and says so in the manifest, as another program would: without sums of its chunks.
    pub fn replace(&self, name: &str, bytes: &[u8], rows: u64) {
        fs::write(self.path(name), bytes).unwrap();
        let note = FileNote { rows, bytes: u64::try_from(bytes.len()).unwrap(), checks: None };
        self.manifest(|manifest| {
            let kind = name.strip_suffix(".parquet").unwrap();
            if let Some(records) = manifest.records.get_mut(kind) {
                *records = rows;
            }
            manifest.partitions[0].files.insert(name.to_owned(), note);
        });
    }
}

/// The cells of a field as the kernel sees them.
pub fn cells(partition: &Partition, kind: KindIx, code: &str, pack: &Pack) -> Vec<Option<i64>> {
    let population = partition.population().unwrap();
    let columns = population.kind(kind).unwrap();
    let column = match code {
        "class" => xinzhi_rules::predicate::Column::Class,
        code => xinzhi_rules::predicate::Column::Field(pack.record_kind(kind).unwrap().field(code).unwrap()),
    };
    let column = columns.column(column).unwrap();
    (0..columns.rows()).map(|row| column.at(row)).collect()
}
