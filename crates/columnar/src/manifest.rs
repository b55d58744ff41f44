//! `tables.json`: what a set is, and what every file of it must be. Written last, so that what was only begun has none.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use xinzhi_core::Digest;
use xinzhi_core::text::shown;

use crate::fault::Fault;
use crate::{json, regular};

/// The layout of files and columns; another layout has another edition.
pub const EDITION: &str = "xinzhi-tables/1";
/// Name of the file.
pub const MANIFEST: &str = "tables.json";
/// Name of the file of subjects in a partition.
pub const SUBJECTS: &str = "subjects.parquet";
/// Name of the file of coverage.
pub const COVERAGE: &str = "coverage.parquet";
/// Ending of the file of a record kind, after its id.
pub const ENDING: &str = ".parquet";
/// Bytes beyond which it is no list of files.
const BYTES_MAX: u64 = 256 * 1024 * 1024;

/// A set as it describes itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Always [`EDITION`].
    pub edition: String,
    /// Id of the pack that it was made by.
    pub pack: String,
    /// SHA-256 of that pack, in hexadecimal.
    pub pack_digest: String,
    /// Position of the journal that it shows; none where no office stands behind it.
    pub position: Option<i64>,
    /// How many subjects.
    pub subjects: u64,
    /// How many records, by id of every kind of the pack.
    pub records: BTreeMap<String, u64>,
    /// `coverage.parquet`.
    pub coverage: FileNote,
    /// The partitions in the order of their subjects.
    pub partitions: Vec<PartitionNote>,
}

/// A range of subjects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartitionNote {
    /// Folder, as `part=00000`.
    pub folder: String,
    /// Lowest number of a subject.
    pub first: i64,
    /// Highest number of a subject.
    pub last: i64,
    /// Its files by name.
    pub files: BTreeMap<String, FileNote>,
}

/// A file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileNote {
    /// How many rows.
    pub rows: u64,
    /// How many bytes.
    pub bytes: u64,
    /// CRC-32 of each column chunk in the order of row groups and columns, then of what follows the last one. None where another
    /// program wrote the set: then a changed byte is noticed only if it no longer decodes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checks: Option<Vec<u32>>,
}

/// What the name of the folder of a partition begins with.
const PARTITION: &str = "part=";

/// The folder of a partition.
pub(crate) fn folder(index: usize) -> String {
    format!("{PARTITION}{index:05}")
}

impl Manifest {
    /// Reads and judges what can be judged without opening another file. Also its digest.
    ///
    /// # Errors
    /// [`Fault`] where there is none or it contradicts itself.
    pub fn read(root: &Path) -> Result<(Manifest, Digest), Fault> {
        let path = root.join(MANIFEST);
        let bytes = match regular::read(&path, BYTES_MAX) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return Err(Fault::file(&path, "过大，不是表集的清单，请核对目录")),
            Err(Fault::Disk { fault, .. }) if fault.kind() == std::io::ErrorKind::NotFound => {
                return Err(Fault::NotASet(root.to_owned()));
            }
            Err(fault) => return Err(fault),
        };
        let unreadable = |clause: String| Fault::file(&path, format!("不是表集的清单：{clause}，请重新制作表集"));
        // The edition first: what another edition writes beside it is not for this one to judge.
        let edition = json::read::<Edition>(&bytes).map_err(unreadable)?.edition;
        if edition != EDITION {
            let what = format!("的版式是 `{}`，本程序只读 `{EDITION}`，请用相配的程序重新制作", shown(&edition));
            return Err(Fault::file(&path, what));
        }
        let manifest: Manifest = json::read(&bytes).map_err(unreadable)?;
        manifest.judge(root)?;
        Ok((manifest, Digest(Sha256::digest(&bytes).into())))
    }

    fn judge(&self, root: &Path) -> Result<(), Fault> {
        let fault = |what: String| Err(Fault::set(root, what));
        let mut records: BTreeMap<&str, u64> = BTreeMap::new();
        let (mut subjects, mut last) = (0_u64, None);
        for (index, partition) in self.partitions.iter().enumerate() {
            if partition.folder != folder(index) {
                let found = shown(&partition.folder);
                return fault(format!("的第 {index} 个分区应名为 `{}`，清单中写作 `{found}`，请重新制作", folder(index)));
            }
            if partition.first > partition.last || last.is_some_and(|last| last >= partition.first) {
                return fault(format!("的分区 `{}` 的主体范围没有接在前一分区之后，请重新制作", partition.folder));
            }
            last = Some(partition.last);
            if !partition.files.contains_key(SUBJECTS) {
                return fault(format!("的分区 `{}` 没有 {SUBJECTS}，请重新制作", partition.folder));
            }
            for (name, note) in &partition.files {
                if name == SUBJECTS {
                    subjects = subjects.saturating_add(note.rows);
                    continue;
                }
                let Some(kind) = name.strip_suffix(ENDING).filter(|kind| self.records.contains_key(*kind)) else {
                    let name = shown(name);
                    return fault(format!("的清单列有不属于任何信息种类的文件 `{}/{name}`，请重新制作", partition.folder));
                };
                let rows = records.entry(kind).or_default();
                *rows = rows.saturating_add(note.rows);
            }
        }
        if subjects != self.subjects {
            return fault(format!("的清单写有 {} 个主体，各分区合计为 {subjects} 个，请重新制作", self.subjects));
        }
        let differs = self.records.iter().find(|(kind, rows)| records.get(kind.as_str()).copied().unwrap_or(0) != **rows);
        match differs {
            Some((kind, rows)) => fault(format!("的清单写有 {rows} 条 `{}`，与各分区的合计不符，请重新制作", shown(kind))),
            None => Ok(()),
        }
    }

    /// Whether there are exactly the partitions and in them exactly the files that are listed, and no links.
    pub(crate) fn complete(&self, root: &Path) -> Result<(), Fault> {
        self.alone(root)?;
        for partition in &self.partitions {
            let path = root.join(&partition.folder);
            regular::folder(&path)?;
            let listed: BTreeSet<&str> = partition.files.keys().map(String::as_str).collect();
            for entry in fs::read_dir(&path).map_err(Fault::disk(&path))? {
                let entry = entry.map_err(Fault::disk(&path))?;
                if entry.file_type().map_err(Fault::disk(&path))?.is_symlink() {
                    return Err(regular::link(&entry.path()));
                }
                let name = entry.file_name();
                let name = name.to_string_lossy();
                if name.ends_with(ENDING) && !listed.contains(name.as_ref()) {
                    return Err(Fault::file(&path.join(name.as_ref()), "不在 tables.json 所列之内，请移走，或重新制作表集"));
                }
            }
        }
        Ok(())
    }
}

impl Manifest {
    /// Whether nothing lies beside the partitions that would be read if it were listed: whoever put it there meant it to count. What is called
    /// otherwise, as other programs leave it, is none of ours.
    fn alone(&self, root: &Path) -> Result<(), Fault> {
        let listed: BTreeSet<&str> = self.partitions.iter().map(|partition| partition.folder.as_str()).chain([COVERAGE]).collect();
        for entry in fs::read_dir(root).map_err(Fault::disk(root))? {
            let entry = entry.map_err(Fault::disk(root))?;
            if entry.file_type().map_err(Fault::disk(root))?.is_symlink() {
                return Err(regular::link(&entry.path()));
            }
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if (name.starts_with(PARTITION) || name.ends_with(ENDING)) && !listed.contains(name.as_ref()) {
                return Err(Fault::set(root, format!("中的 `{}` 不在 tables.json 所列之内，请移走，或重新制作表集", shown(&name))));
            }
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct Edition {
    edition: String,
}
