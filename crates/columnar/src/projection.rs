//! 列存投影: the table set of an office that follows its journal. Every row says from which position on it holds and until which, so that
//! one set answers for every position that it has followed.
//!
//! Files never change. Each range of subjects has one or more *layers*, folders with files of their own: the first holds the whole range, each
//! later one what a stretch of the journal added, with `closings.parquet` for records of earlier layers that ended in it. Of a subject the
//! newest layer that has it says what it is. `projection.json` names the layers that count and is replaced in one step, when everything that
//! it names is on the disk: whatever interrupts a write leaves the old state or the new one, and files that nobody names are swept away later.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use xinzhi_core::text::{io_words, shown};
use xinzhi_core::{AreaCode, Digest};
use xinzhi_rules::Pack;
use xinzhi_rules::model::KindIx;

use crate::coverage::CoverageRow;
use crate::fault::{Fault, Origin};
use crate::fresh::sync;
use crate::manifest::{ENDING, FileNote, Manifest, SUBJECTS};
use crate::set::{self, RecordColumns, Stays, SubjectColumns};
use crate::{json, regular};

/// The layout of files and columns; another layout has another edition.
pub const EDITION: &str = "xinzhi-projection/1";
/// Name of the file that says what counts.
pub const PROJECTION: &str = "projection.json";
/// Name of the file of records that ended.
pub const CLOSINGS: &str = "closings.parquet";
/// Held by whoever writes or reads it.
const LOCK: &str = "lock";
/// Beginnings of the names that are ours to remove.
const OURS: [&str; 4] = ["part=", "coverage-", "projection.json.", ASIDE];
/// Beginning of the names of folders for one question only: projections by packs of the past.
pub const ASIDE: &str = "aside-";
/// Bytes beyond which it is no list of files.
const BYTES_MAX: u64 = 256 * 1024 * 1024;

/// A projection as it describes itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// Always [`EDITION`].
    pub edition: String,
    /// Seal of the first entry of the office's journal: whose it is.
    pub office: String,
    /// Where a subject lies of whom nobody said it.
    pub area: String,
    /// Id of the pack that it was made by.
    pub pack: String,
    /// SHA-256 of that pack, in hexadecimal.
    pub pack_digest: String,
    /// Position of the journal up to which it has followed.
    pub position: i64,
    /// Seal of the entry there.
    pub seal: String,
    /// How many numbers of subjects a partition spans.
    pub span: i64,
    /// Goes up by one with every write; names its files.
    pub generation: u64,
    /// The file of coverage.
    pub coverage: String,
    /// What it must be.
    pub coverage_note: KeptFile,
    /// The partitions that are not empty, by place.
    pub partitions: BTreeMap<u32, Vec<Layer>>,
}

/// Files that were written together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layer {
    /// Folder, as `part=00000/layer=000001`.
    pub folder: String,
    /// Its files by name.
    pub files: BTreeMap<String, KeptFile>,
}

/// A file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptFile {
    /// How many rows.
    pub rows: u64,
    /// How many bytes.
    pub bytes: u64,
    /// CRC-32 of each column chunk in the order of row groups and columns, then of what follows the last one: looked at on every reading.
    pub checks: Vec<u32>,
    /// Of the whole file, in hexadecimal: looked at when it is examined.
    pub sha256: String,
}

/// Rows with the stretch of the journal for which each holds.
#[derive(Clone, Debug, Default)]
pub struct Held<C> {
    /// The columns.
    pub columns: C,
    /// One for each row.
    pub stays: Stays,
}

/// Records of earlier layers that ended.
#[derive(Clone, Debug, Default)]
pub struct Closings {
    /// Whose, not falling.
    pub subject: Vec<i64>,
    /// Which.
    pub record: Vec<i64>,
    /// Since which position they no longer hold.
    pub until: Vec<i64>,
}

/// What a layer of a partition holds.
#[derive(Clone, Debug, Default)]
pub struct LayerColumns {
    /// Subjects that are new or that something new is said of: every stretch of each.
    pub subjects: Held<SubjectColumns>,
    /// New records.
    pub kinds: BTreeMap<KindIx, Held<RecordColumns>>,
    /// Earlier records that ended.
    pub closings: Closings,
}

impl LayerColumns {
    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        let records = self.kinds.values().all(|held| held.columns.subject.is_empty());
        records && self.subjects.columns.numbers.is_empty() && self.closings.subject.is_empty()
    }
}

impl KeptFile {
    fn of(bytes: &[u8], note: FileNote) -> KeptFile {
        let sha256 = Digest(Sha256::digest(bytes).into()).to_string();
        KeptFile { rows: note.rows, bytes: note.bytes, checks: note.checks.unwrap_or_default(), sha256 }
    }

    /// As files of table sets are described.
    pub(crate) fn note(&self) -> FileNote {
        FileNote { rows: self.rows, bytes: self.bytes, checks: Some(self.checks.clone()) }
    }
}

impl Head {
    /// The place of the partition of a subject.
    pub fn partition_of(&self, subject: i64) -> Option<u32> {
        u32::try_from(subject.checked_sub(1)?.checked_div_euclid(self.span)?).ok()
    }

    /// The numbers of subjects in a partition: after the first, up to the second.
    pub fn range(&self, partition: u32) -> (i64, i64) {
        let after = i64::from(partition).saturating_mul(self.span);
        (after, after.saturating_add(self.span))
    }

    /// How many rows the layers of a partition have: those of the first, those of all later ones.
    pub fn weight(&self, partition: u32) -> (u64, u64) {
        let rows = |layer: &Layer| layer.files.values().map(|file| file.rows).sum::<u64>();
        match self.partitions.get(&partition).map(Vec::as_slice) {
            Some([first, later @ ..]) => (rows(first), later.iter().map(rows).sum()),
            Some([]) | None => (0, 0),
        }
    }

    /// How many bytes all its files have.
    pub fn bytes(&self) -> u64 {
        self.files().map(|(_, file)| file.bytes).sum()
    }

    /// Every file, by its path below the folder.
    pub fn files(&self) -> impl Iterator<Item = (String, &KeptFile)> {
        let layers = self.partitions.values().flatten();
        let files = layers.flat_map(|layer| layer.files.iter().map(|(name, file)| (format!("{}/{name}", layer.folder), file)));
        std::iter::once((self.coverage.clone(), &self.coverage_note)).chain(files)
    }

    /// How many rows of records of a kind there are, ended ones too.
    pub(crate) fn records(&self, kind: &str) -> u64 {
        let name = format!("{kind}{ENDING}");
        self.partitions.values().flatten().filter_map(|layer| layer.files.get(&name)).map(|file| file.rows).sum()
    }

    fn read(root: &Path) -> Result<Option<Head>, Fault> {
        let path = root.join(PROJECTION);
        let again = Origin::Projection.again();
        let bytes = match regular::read(&path, BYTES_MAX) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return Err(Fault::file(&path, format!("过大，不是列存投影的清单，{again}"))),
            Err(Fault::Disk { fault, .. }) if fault.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(fault) => return Err(fault),
        };
        let unreadable = |clause: String| Fault::file(&path, format!("不是列存投影的清单：{clause}，{again}"));
        let edition = json::read::<Edition>(&bytes).map_err(unreadable)?.edition;
        if edition != EDITION {
            let what = format!("的版式是 `{}`，本程序只读 `{EDITION}`，{again}", shown(&edition));
            return Err(Fault::file(&path, what));
        }
        let head: Head = json::read(&bytes).map_err(unreadable)?;
        head.judge(&path)?;
        Ok(Some(head))
    }

    fn judge(&self, path: &Path) -> Result<(), Fault> {
        let layers = self.partitions.iter().flat_map(|(place, layers)| layers.iter().map(move |layer| (place, layer)));
        let mut folders = BTreeSet::new();
        for (place, layer) in layers {
            let beginning = format!("{}/layer=", partition_folder(*place));
            let number = layer.folder.strip_prefix(&beginning).and_then(|number| number.parse::<u64>().ok());
            if number.is_none_or(|number| number > self.generation) || !folders.insert(&layer.folder) {
                return Err(Fault::file(
                    path,
                    format!("列有不属于其分区的目录 `{}`，{}", shown(&layer.folder), Origin::Projection.again()),
                ));
            }
        }
        let named = coverage_name(self.generation) == self.coverage;
        if self.span < 1 || !named || AreaCode::parse(&self.area).is_none() {
            return Err(Fault::file(path, "前后矛盾，请运行 xinzhi projection rebuild 重建"));
        }
        Ok(())
    }

    /// What a table set would say in its place.
    pub(crate) fn as_set(&self, pack: &Pack, known: i64) -> Manifest {
        let subjects = self.partitions.values().flatten().filter_map(|layer| layer.files.get(SUBJECTS)).map(|file| file.rows).sum();
        Manifest {
            edition: self.edition.clone(),
            pack: self.pack.clone(),
            pack_digest: self.pack_digest.clone(),
            position: Some(known),
            subjects,
            records: pack.record_kinds.iter().map(|kind| (kind.id.clone(), self.records(&kind.id))).collect(),
            coverage: self.coverage_note.note(),
            partitions: Vec::new(),
        }
    }
}

#[derive(Deserialize)]
struct Edition {
    edition: String,
}

/// The folder of a projection, held: one process at a time reads or writes it.
#[derive(Debug)]
pub struct Projection {
    root: PathBuf,
    _lock: File,
}

impl Projection {
    /// Enters the folder, which is made where there is none. Where another process is in it, `waiting` is called, and this one waits.
    ///
    /// # Errors
    /// [`Fault`] where the folder cannot be used, or is used for something else.
    pub fn enter(root: &Path, waiting: impl FnOnce()) -> Result<Projection, Fault> {
        fs::create_dir_all(root).map_err(Fault::disk(root))?;
        let path = root.join(LOCK);
        // What is swept here must have been ours: a folder that somebody uses otherwise is not entered.
        if !path.exists() && !names(root)?.is_empty() {
            return Err(Fault::file(root, "不是空目录，也不是列存投影，请另指一个目录"));
        }
        // One that cannot be written, such as on a medium of its own, can still be looked at.
        let lock = File::options().create(true).append(true).open(&path).or_else(|fault| File::open(&path).map_err(|_| fault));
        let lock = lock.map_err(Fault::disk(&path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                waiting();
                lock.lock().map_err(Fault::disk(&path))?;
            }
            Err(TryLockError::Error(fault)) => return Err(Fault::disk(&path)(fault)),
        }
        Ok(Projection { root: root.to_owned(), _lock: lock })
    }

    /// Where it is.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// What it says of itself; none where nothing was written yet.
    ///
    /// # Errors
    /// [`Fault`] where it says nothing that can be read.
    pub fn head(&self) -> Result<Option<Head>, Fault> {
        Head::read(&self.root)
    }

    /// Removes what a write left behind that did not come to its end.
    ///
    /// # Errors
    /// [`Fault`] where something cannot be removed.
    pub fn sweep(&self, head: Option<&Head>) -> Result<(), Fault> {
        let mut kept: BTreeSet<String> =
            head.into_iter().flat_map(|head| head.partitions.values().flatten()).map(|layer| layer.folder.clone()).collect();
        kept.extend(head.map(|head| head.coverage.clone()));
        for name in names(&self.root)?.into_iter().filter(|name| OURS.iter().any(|ours| name.starts_with(ours))) {
            let path = self.root.join(&name);
            if !path.is_dir() {
                if !kept.contains(&name) {
                    fs::remove_file(&path).map_err(Fault::disk(&path))?;
                }
                continue;
            }
            if name.starts_with(ASIDE) {
                fs::remove_dir_all(&path).map_err(Fault::disk(&path))?;
                continue;
            }
            let mut any = false;
            for layer in names(&path)? {
                if kept.contains(&format!("{name}/{layer}")) {
                    any = true;
                } else {
                    let path = path.join(layer);
                    fs::remove_dir_all(&path).map_err(Fault::disk(&path))?;
                }
            }
            if !any {
                fs::remove_dir(&path).map_err(Fault::disk(&path))?;
            }
        }
        Ok(())
    }

    /// Writes a layer of a partition; it counts once a head names it.
    ///
    /// # Errors
    /// [`Fault`] where it cannot be written.
    pub fn layer(&self, pack: &Pack, (partition, generation): (u32, u64), columns: &LayerColumns) -> Result<Layer, Fault> {
        let folder = format!("{}/layer={generation:06}", partition_folder(partition));
        let place = self.root.join(&folder);
        fs::create_dir_all(&place).map_err(Fault::disk(&place))?;
        let mut files = BTreeMap::new();
        let subjects = &columns.subjects;
        files.insert(SUBJECTS.to_owned(), kept(&place, SUBJECTS, |path| set::subjects(path, &subjects.columns, Some(&subjects.stays)))?);
        for (ix, held) in columns.kinds.iter().filter(|(_, held)| !held.columns.subject.is_empty()) {
            let Some(kind) = pack.record_kind(*ix) else { continue };
            let name = format!("{}{ENDING}", kind.id);
            if name == CLOSINGS || name == SUBJECTS {
                return Err(Fault::Pack {
                    kind: kind.id.clone(), what: "的编号与列存投影的文件名重复，请改编号".to_owned()
                });
            }
            files.insert(name.clone(), kept(&place, &name, |path| set::records(path, kind, &held.columns, Some(&held.stays)))?);
        }
        if !columns.closings.subject.is_empty() {
            files.insert(CLOSINGS.to_owned(), kept(&place, CLOSINGS, |path| set::closings(path, &columns.closings))?);
        }
        sync(&place)?;
        if let Some(parent) = place.parent() {
            sync(parent)?;
        }
        Ok(Layer { folder, files })
    }

    /// Writes the coverage of a generation; it counts once a head names it.
    ///
    /// # Errors
    /// [`Fault`] where it cannot be written.
    pub fn coverage(&self, generation: u64, rows: &Held<Vec<CoverageRow>>) -> Result<(String, KeptFile), Fault> {
        let name = coverage_name(generation);
        let file = kept(&self.root, &name, |path| set::coverage(path, &rows.columns, Some(&rows.stays)))?;
        Ok((name, file))
    }

    /// Lets a head count, in one step, and removes what counts no longer.
    ///
    /// # Errors
    /// [`Fault`] where it cannot be written: then the earlier one counts.
    pub fn publish(&self, head: &Head) -> Result<(), Fault> {
        let (path, fresh) = (self.root.join(PROJECTION), self.root.join(format!("{PROJECTION}.new")));
        let mut text = serde_json::to_vec_pretty(head).map_err(|fault| Fault::file(&path, format!("无法写出（{fault}）")))?;
        text.push(b'\n');
        set::put(&fresh, &text)?;
        sync(&self.root)?;
        fs::rename(&fresh, &path).map_err(Fault::disk(&path))?;
        sync(&self.root)?;
        self.sweep(Some(head))
    }

    /// Coverage as it was written, each row with its stay.
    ///
    /// # Errors
    /// [`Fault`] where it cannot be read.
    pub fn covered(&self, head: &Head, pack: &Pack) -> Result<Held<Vec<CoverageRow>>, Fault> {
        CoverageRow::held(&self.root, head, pack)
    }

    /// Looks at every byte of every file; a sentence for each that is not what the head says.
    ///
    /// # Errors
    /// None: what cannot be read is a sentence too.
    pub fn spoilt(&self, head: &Head) -> Vec<String> {
        let judge = |(name, kept): (String, &KeptFile)| match regular::read(&self.root.join(&name), kept.bytes) {
            Err(Fault::Disk { fault, .. }) => Some(format!("文件 `{name}` 无法读取（{}）", io_words(&fault))),
            Err(_) => Some(format!("文件 `{name}` 不是普通文件")),
            Ok(bytes) => {
                let same = bytes.is_some_and(|bytes| Digest(Sha256::digest(&bytes).into()).to_string() == kept.sha256);
                (!same).then(|| format!("文件 `{name}` 与清单所记的摘要不符"))
            }
        };
        head.files().filter_map(judge).collect()
    }
}

fn partition_folder(place: u32) -> String {
    format!("part={place:05}")
}

fn coverage_name(generation: u64) -> String {
    format!("coverage-{generation:06}.parquet")
}

fn kept(place: &Path, name: &str, make: impl FnOnce(&Path) -> Result<(Vec<u8>, FileNote), Fault>) -> Result<KeptFile, Fault> {
    let path = place.join(name);
    let (bytes, note) = make(&path)?;
    set::put(&path, &bytes)?;
    Ok(KeptFile::of(&bytes, note))
}

fn names(folder: &Path) -> Result<Vec<String>, Fault> {
    let entries = fs::read_dir(folder).map_err(Fault::disk(folder))?;
    entries.map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned()).map_err(Fault::disk(folder))).collect()
}
