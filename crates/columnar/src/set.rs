//! A table set on disk: opened and judged as a whole, or written under another name and renamed when it is complete.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use xinzhi_core::Digest;
use xinzhi_core::record::Class;
use xinzhi_core::text::shown;
use xinzhi_evaluate::Reads;
use xinzhi_rules::Pack;
use xinzhi_rules::fact::Fact;
use xinzhi_rules::model::{Choices, FieldIx, FieldKind, KindIx, RecordKind};
use xinzhi_rules::predicate::Column;

use crate::cells::Cells;
use crate::coverage::{CoverageRow, Reported};
use crate::fault::Fault;
use crate::fresh::{self, sync};
use crate::manifest::{COVERAGE, EDITION, ENDING, FileNote, MANIFEST, Manifest, PartitionNote, SUBJECTS, folder};
use crate::partition::{Partition, Wanted};
use crate::projection::{Closings, Head, Layer};
use crate::schema;
use crate::write::{self, Load, Put};

/// A set that may be read.
#[derive(Debug)]
pub struct TableSet<'p> {
    root: PathBuf,
    manifest: Manifest,
    digest: Option<Digest>,
    reported: Reported,
    pack: &'p Pack,
    /// Where it is the projection of an office: its layers, and the position as of which it is read.
    projected: Option<(Vec<Vec<Layer>>, i64)>,
}

impl<'p> TableSet<'p> {
    /// Opens a set for a pack. It may have been made by another version of it: whether what is read fits is judged column by column.
    ///
    /// # Errors
    /// [`Fault`] where it is no whole set of this edition.
    pub fn open(root: &Path, pack: &'p Pack) -> Result<TableSet<'p>, Fault> {
        let (manifest, digest) = Manifest::read(root)?;
        manifest.complete(root)?;
        let reported = Reported::read(root, &manifest, pack)?;
        Ok(TableSet { root: root.to_owned(), manifest, digest: Some(digest), reported, pack, projected: None })
    }

    /// Opens the projection of an office, made by this very pack, as known at a position that it has followed.
    ///
    /// # Errors
    /// [`Fault`] where its coverage cannot be read, it was made by another pack, or it has not followed so far.
    pub fn as_known(root: &Path, head: &Head, pack: &'p Pack, known: i64) -> Result<TableSet<'p>, Fault> {
        if head.pack_digest != pack.digest.to_string() || known > head.position {
            return Err(Fault::set(root, "不是按现在的规则包做到这一位置的，请先运行 xinzhi projection follow"));
        }
        let reported = Reported::as_known(root, head, pack, known)?;
        let layers = head.partitions.values().cloned().collect();
        let (root, manifest) = (root.to_owned(), head.as_set(pack, known));
        Ok(TableSet { root, manifest, digest: None, reported, pack, projected: Some((layers, known)) })
    }

    /// What it says of itself.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// SHA-256 of its `tables.json`, which holds the sums of all its files; none for a projection, whose files come and go: what it says
    /// follows from the office and the position.
    pub fn digest(&self) -> Option<Digest> {
        self.digest
    }

    /// The pack that it is read by.
    pub fn pack(&self) -> &'p Pack {
        self.pack
    }

    /// Whether it was made by this very pack.
    pub fn same_pack(&self) -> bool {
        self.manifest.pack_digest == self.pack.digest.to_string()
    }

    /// How many partitions.
    pub fn partitions(&self) -> usize {
        self.projected.as_ref().map_or(self.manifest.partitions.len(), |(layers, _)| layers.len())
    }

    /// Whether it speaks of all the kinds that are read. A kind that it does not list is unknown to it, which is not the same as none.
    pub(crate) fn fits(&self, needs: &BTreeMap<KindIx, Reads>) -> Result<(), Fault> {
        for kind in needs.keys().filter_map(|ix| self.pack.record_kind(*ix)) {
            if !self.manifest.records.contains_key(&kind.id) {
                let what = format!(
                    "按另一规则包 `{}` 制作，没有信息种类 `{}`（{}），请用现在的规则包重新制作",
                    shown(&self.manifest.pack),
                    kind.id,
                    kind.title
                );
                return Err(Fault::set(&self.root, what));
            }
        }
        Ok(())
    }

    pub(crate) fn partition(&self, index: usize, needs: &BTreeMap<KindIx, Reads>) -> Result<Partition, Fault> {
        let gone = || Fault::set(&self.root, "的分区数在读取时变了，请重试");
        let wanted = Wanted { pack: self.pack, needs, reported: &self.reported };
        match &self.projected {
            None => Partition::read(&self.root, self.manifest.partitions.get(index).ok_or_else(gone)?, wanted),
            Some((layers, known)) => Partition::as_known(&self.root, layers.get(index).ok_or_else(gone)?, wanted, *known),
        }
    }
}

/// One word for each row, as a position in a list.
#[derive(Clone, Debug, Default)]
pub struct WordColumn {
    /// The words.
    pub list: Vec<Bytes>,
    /// The rows.
    pub cells: Cells<u32>,
}

/// Subjects of a partition, in the order of their numbers.
#[derive(Clone, Debug, Default)]
pub struct SubjectColumns {
    /// Rising.
    pub numbers: Vec<i64>,
    /// Ids of subject kinds.
    pub kinds: WordColumn,
    /// 行政区划代码.
    pub areas: WordColumn,
    /// Industry codes.
    pub industries: WordColumn,
    /// What each subject is called outside of the set.
    pub codes: WordColumn,
}

/// Records of one kind in a partition, sorted by subject.
#[derive(Clone, Debug, Default)]
pub struct RecordColumns {
    /// Whose.
    pub subject: Vec<i64>,
    /// Which.
    pub record: Vec<i64>,
    /// Number of the day of the document.
    pub day: Vec<i32>,
    /// 失信程度 as a number.
    pub class: Cells<u8>,
    /// Every field that rules may read.
    pub fields: BTreeMap<FieldIx, FieldCells>,
}

impl RecordColumns {
    /// Empty columns for the records of a kind: one for each field that rules may read.
    pub fn of(kind: &RecordKind) -> RecordColumns {
        let fields = kind.fields.iter().enumerate().filter_map(|(place, field)| Some((FieldIx(place), FieldCells::of(&field.kind)?)));
        RecordColumns { fields: fields.collect(), ..RecordColumns::default() }
    }

    /// Appends a record as rules read it.
    pub fn push(&mut self, subject: i64, fact: &Fact) {
        self.subject.push(subject);
        self.record.push(fact.record.0);
        // Every day of the calendar fits.
        self.day.push(i32::try_from(fact.day.number()).unwrap_or(i32::MAX));
        self.class.push(fact.class.and_then(|class| u8::try_from(class.number()).ok()));
        for (ix, cells) in &mut self.fields {
            cells.push(fact.value(Column::Field(*ix)));
        }
    }
}

/// Cells of a field.
#[derive(Clone, Debug)]
pub enum FieldCells {
    /// Positions of a choice.
    Byte(Cells<u8>),
    /// Day numbers.
    Short(Cells<i32>),
    /// Whole numbers, 分, bit sets of choices.
    Long(Cells<i64>),
}

impl FieldCells {
    /// Cells fit for a field; none where no rule may read it.
    pub fn of(kind: &FieldKind) -> Option<FieldCells> {
        match kind {
            FieldKind::Choice(_) => Some(FieldCells::Byte(Cells::default())),
            FieldKind::Day { .. } => Some(FieldCells::Short(Cells::default())),
            FieldKind::Choices(_) | FieldKind::Integer { .. } | FieldKind::Money(_) => Some(FieldCells::Long(Cells::default())),
            FieldKind::Text | FieldKind::Uscc | FieldKind::OrgCode | FieldKind::PersonNumber => None,
        }
    }

    /// Appends a cell as rules see it; what does not fit the field counts as empty.
    pub fn push(&mut self, value: Option<i64>) {
        match self {
            FieldCells::Byte(cells) => cells.push(value.and_then(|value| u8::try_from(value).ok())),
            FieldCells::Short(cells) => cells.push(value.and_then(|value| i32::try_from(value).ok())),
            FieldCells::Long(cells) => cells.push(value),
        }
    }
}

/// What a new set says of itself.
#[derive(Clone, Debug)]
pub struct SetHead {
    /// Position of the journal that it shows; none where no office stands behind it.
    pub position: Option<i64>,
    /// What was reported.
    pub coverage: Vec<CoverageRow>,
}

/// A set that is being written, under another name until it is whole. Dropped before that, it leaves nothing.
#[derive(Debug)]
pub struct SetWriter<'p> {
    target: PathBuf,
    partial: PathBuf,
    pack: &'p Pack,
    whole: bool,
    /// Tells other runs that this one is writing.
    _writing: fs::File,
}

impl<'p> SetWriter<'p> {
    /// Begins a set at `target`, which must not be there yet.
    ///
    /// # Errors
    /// [`Fault`] where something is there, or another run is writing it.
    pub fn begin(target: &Path, pack: &'p Pack) -> Result<SetWriter<'p>, Fault> {
        // An empty folder is what a person makes before; anything in it is not ours to remove.
        let used = match fs::read_dir(target) {
            Ok(mut entries) => entries.next().is_some(),
            Err(fault) if fault.kind() == std::io::ErrorKind::NotFound => false,
            Err(fault) => return Err(Fault::disk(target)(fault)),
        };
        // Neither is a link, which an empty folder would not take the place of.
        if used || target.is_symlink() {
            return Err(Fault::Exists(target.to_owned()));
        }
        if let Some(parent) = target.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            fs::create_dir_all(parent).map_err(Fault::disk(parent))?;
        }
        let (partial, writing) = fresh::claim(target, |path| fs::create_dir(path).and_then(|()| fs::File::open(path)))?;
        fresh::held(&writing);
        Ok(SetWriter { target: target.to_owned(), partial, pack, whole: false, _writing: writing })
    }

    /// Writes a partition. Partitions may be written at the same time; each index once.
    ///
    /// # Errors
    /// [`Fault`] where it cannot be written.
    pub fn partition(
        &self,
        index: usize,
        subjects: &SubjectColumns,
        kinds: &BTreeMap<KindIx, RecordColumns>,
    ) -> Result<PartitionNote, Fault> {
        let folder = folder(index);
        let place = self.partial.join(&folder);
        fs::create_dir(&place).map_err(Fault::disk(&place))?;
        let mut files = BTreeMap::new();
        let path = place.join(SUBJECTS);
        files.insert(SUBJECTS.to_owned(), store(&path, self::subjects(&path, subjects, None)?)?);
        for (ix, columns) in kinds.iter().filter(|(_, columns)| !columns.subject.is_empty()) {
            let Some(kind) = self.pack.record_kind(*ix) else { continue };
            let name = format!("{}{ENDING}", kind.id);
            let path = place.join(&name);
            files.insert(name, store(&path, records(&path, kind, columns, None)?)?);
        }
        sync(&place)?;
        let ends = (subjects.numbers.first().copied(), subjects.numbers.last().copied());
        let (Some(first), Some(last)) = ends else { return Err(Fault::set(&self.target, "的一个分区没有主体")) };
        Ok(PartitionNote { folder, first, last, files })
    }

    /// Writes what describes the set, then gives it its name.
    ///
    /// # Errors
    /// [`Fault`] where it cannot be written; then there is no set.
    pub fn finish(mut self, head: &SetHead, partitions: Vec<PartitionNote>) -> Result<Digest, Fault> {
        let path = self.partial.join(COVERAGE);
        let coverage = store(&path, coverage(&path, &head.coverage, None)?)?;
        let mut records: BTreeMap<String, u64> = self.pack.record_kinds.iter().map(|kind| (kind.id.clone(), 0)).collect();
        let mut subjects = 0;
        for (name, note) in partitions.iter().flat_map(|partition| &partition.files) {
            match name.strip_suffix(ENDING).and_then(|kind| records.get_mut(kind)) {
                Some(rows) => *rows += note.rows,
                None => subjects += note.rows,
            }
        }
        let manifest = Manifest {
            edition: EDITION.to_owned(),
            pack: self.pack.id.clone(),
            pack_digest: self.pack.digest.to_string(),
            position: head.position,
            subjects,
            records,
            coverage,
            partitions,
        };
        let path = self.partial.join(MANIFEST);
        let mut text = serde_json::to_vec_pretty(&manifest).map_err(|fault| Fault::file(&path, format!("无法写出（{fault}）")))?;
        text.push(b'\n');
        put(&path, &text)?;
        sync(&self.partial)?;
        // A folder takes the place of an empty one only.
        fs::rename(&self.partial, &self.target).map_err(fresh::named(&self.target))?;
        self.whole = true;
        fresh::sync_beside(&self.target)?;
        Ok(Digest(Sha256::digest(&text).into()))
    }
}

impl Drop for SetWriter<'_> {
    fn drop(&mut self) {
        if !self.whole {
            // What stays behind is named as partial and has no manifest: nobody takes it for a set.
            let _removed = fs::remove_dir_all(&self.partial);
        }
    }
}

impl WordColumn {
    /// Appends a word of its own; for words that repeat, put them into the list once.
    pub fn push(&mut self, word: Option<Bytes>) {
        let code = word.map(|word| {
            self.list.push(word);
            u32::try_from(self.list.len() - 1).unwrap_or(u32::MAX)
        });
        self.cells.push(code);
    }

    /// Appends a word by its letters.
    pub fn push_text(&mut self, word: Option<&str>) {
        self.push(word.map(|word| Bytes::copy_from_slice(word.as_bytes())));
    }

    fn put(&self) -> Put<'_> {
        Put { cells: Load::Words(&self.cells.values, &self.list), known: self.cells.known.as_deref() }
    }
}

fn titles(choices: &Choices) -> Vec<Bytes> {
    choices.values.iter().map(|value| Bytes::copy_from_slice(value.title.as_bytes())).collect()
}

/// From which position of the journal on each row holds, and since which no longer: only in the projection of an office.
#[derive(Clone, Debug, Default)]
pub struct Stays {
    /// Positions.
    pub known: Vec<i64>,
    /// Positions; none where nothing has ended the row.
    pub until: Cells<i64>,
}

impl Stays {
    /// Appends the stay of a row.
    pub fn push(&mut self, known: i64, until: Option<i64>) {
        self.known.push(known);
        self.until.push(until);
    }

    /// Whether a row holds at a position.
    pub(crate) fn holds(&self, row: usize, position: i64) -> bool {
        self.known.get(row).is_some_and(|known| *known <= position) && self.until.at(row).is_none_or(|until| until > position)
    }

    fn puts(&self) -> [Put<'_>; 2] {
        [
            Put { cells: Load::Longs(&self.known), known: None },
            Put { cells: Load::Longs(&self.until.values), known: self.until.known.as_deref() },
        ]
    }
}

/// The file of subjects.
pub(crate) fn subjects(path: &Path, subjects: &SubjectColumns, stays: Option<&Stays>) -> Result<(Vec<u8>, FileNote), Fault> {
    let mut puts = vec![
        Put { cells: Load::Longs(&subjects.numbers), known: None },
        subjects.kinds.put(),
        subjects.areas.put(),
        subjects.industries.put(),
        subjects.codes.put(),
    ];
    let mut shapes = schema::subjects();
    if let Some(stays) = stays {
        shapes.extend(schema::stays());
        puts.extend(stays.puts());
    }
    write::file(path, &shapes, &puts, subjects.numbers.len())
}

/// The file of a record kind.
pub(crate) fn records(
    path: &Path,
    kind: &RecordKind,
    columns: &RecordColumns,
    stays: Option<&Stays>,
) -> Result<(Vec<u8>, FileNote), Fault> {
    let classes = Class::ALL.map(|class| Bytes::from_static(class.title().as_bytes()));
    let lists: Vec<Vec<Bytes>> = kind
        .fields
        .iter()
        .map(|field| match &field.kind {
            FieldKind::Choice(choices) | FieldKind::Choices(choices) => titles(choices),
            _ => Vec::new(),
        })
        .collect();
    let mut puts = vec![
        Put { cells: Load::Longs(&columns.subject), known: None },
        Put { cells: Load::Longs(&columns.record), known: None },
        Put { cells: Load::Shorts(&columns.day), known: None },
        Put { cells: Load::Codes(&columns.class.values, &classes), known: columns.class.known.as_deref() },
    ];
    let mut shapes = schema::records(kind)?;
    for (index, (field, list)) in kind.fields.iter().zip(&lists).enumerate() {
        if schema::content(field).is_none() {
            continue;
        }
        let Some(cells) = columns.fields.get(&FieldIx(index)) else {
            return Err(Fault::Pack { kind: kind.id.clone(), what: format!("的字段 `{}` 没有给出数据", field.code) });
        };
        puts.push(match (cells, &field.kind) {
            (FieldCells::Byte(cells), _) => Put { cells: Load::Codes(&cells.values, list), known: cells.known.as_deref() },
            (FieldCells::Short(cells), _) => Put { cells: Load::Shorts(&cells.values), known: cells.known.as_deref() },
            (FieldCells::Long(cells), FieldKind::Choices(_)) => {
                Put { cells: Load::Sets(&cells.values, list), known: cells.known.as_deref() }
            }
            (FieldCells::Long(cells), _) => Put { cells: Load::Longs(&cells.values), known: cells.known.as_deref() },
        });
    }
    if let Some(stays) = stays {
        shapes.extend(schema::stays());
        puts.extend(stays.puts());
    }
    write::file(path, &shapes, &puts, columns.subject.len())
}

/// The file of coverage.
pub(crate) fn coverage(path: &Path, rows: &[CoverageRow], stays: Option<&Stays>) -> Result<(Vec<u8>, FileNote), Fault> {
    let (mut areas, mut kinds) = (WordColumn::default(), WordColumn::default());
    let (mut from, mut until) = (Cells::default(), Cells::default());
    let day = |day: xinzhi_core::Day| i32::try_from(day.number()).ok();
    for row in rows {
        areas.push(row.area.as_ref().map(|area| Bytes::copy_from_slice(area.as_str().as_bytes())));
        kinds.push(Some(Bytes::copy_from_slice(row.kind.as_bytes())));
        from.push(day(row.span.from));
        until.push(row.span.until.and_then(day));
    }
    let mut puts = vec![
        areas.put(),
        kinds.put(),
        Put { cells: Load::Shorts(&from.values), known: None },
        Put { cells: Load::Shorts(&until.values), known: until.known.as_deref() },
    ];
    let shapes = if let Some(stays) = stays {
        puts.extend(stays.puts());
        schema::coverage_held()
    } else {
        schema::coverage()
    };
    write::file(path, &shapes, &puts, rows.len())
}

/// The file of records that ended.
pub(crate) fn closings(path: &Path, closings: &Closings) -> Result<(Vec<u8>, FileNote), Fault> {
    let puts = [&closings.subject, &closings.record, &closings.until].map(|cells| Put { cells: Load::Longs(cells), known: None });
    write::file(path, &schema::closings(), &puts, closings.subject.len())
}

fn store(path: &Path, (bytes, note): (Vec<u8>, FileNote)) -> Result<FileNote, Fault> {
    put(path, &bytes)?;
    Ok(note)
}

/// Writes a file so that it is on the disk before the name of the set is.
pub(crate) fn put(path: &Path, bytes: &[u8]) -> Result<(), Fault> {
    let mut file = fs::File::create_new(path).map_err(Fault::disk(path))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(Fault::disk(path))
}
