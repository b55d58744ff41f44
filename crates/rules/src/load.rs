//! A pack's files, read from a folder or embedded, and the one way from them to a [`Pack`].

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use xinzhi_core::Digest;
use xinzhi_core::text::io_words;

use crate::check;
use crate::diagnostic::Diagnostic;
use crate::model::Pack;

/// Files beyond which a folder is no pack.
pub const FILES_MAX: usize = 512;
/// Bytes beyond which a file is no rule text.
pub const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// Separates the id of a pack from a path inside it, where several packs are read as one.
pub(crate) const APART: char = ':';
/// What a pack says of itself.
pub const HEAD: &str = "pack.yaml";

/// The YAML files of a pack: path inside the pack, with `/`, to text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files(BTreeMap<String, String>);

/// Why a folder cannot be read as a pack.
#[derive(Debug, thiserror::Error)]
pub enum NotAPack {
    /// The system would not let us read.
    #[error("无法读取 `{}`：{}，请核对路径和权限", .path.display(), io_words(.fault))]
    Unreadable {
        /// What was to be read.
        path: PathBuf,
        /// What the system said.
        fault: std::io::Error,
    },
    /// A link could lead anywhere.
    #[error("`{}` 是符号链接，规则包只收普通文件，请换成文件本身", .0.display())]
    Link(PathBuf),
    /// A pipe, a device or a socket.
    #[error("`{}` 不是普通文件，请换成文件本身", .0.display())]
    NoFile(PathBuf),
    /// A file whose rules would silently not apply.
    #[error("`{}` 不是 .yaml 文件，请改名为 .yaml 或移出规则包", .0.display())]
    Extension(PathBuf),
    /// The name cannot be written down.
    #[error("`{}` 的文件名不是 UTF-8 文字，请改名", .0.display())]
    Name(PathBuf),
    /// The content cannot be read as text.
    #[error("`{}` 不是 UTF-8 编码，请另存为 UTF-8", .0.display())]
    Encoding(PathBuf),
    /// Larger than a rule text ever is.
    #[error("`{}` 超过 1 MiB，请拆成几个文件", .0.display())]
    TooLarge(PathBuf),
    /// A folder of packs, or of anything else.
    #[error("目录 {} 中没有 {HEAD}，不是规则包；请写规则包所在的目录{}", .dir.display(), suggested(.below))]
    NoHead {
        /// The folder.
        dir: PathBuf,
        /// Folders in it that hold a pack, by name.
        below: Vec<String>,
    },
    /// A folder that gives its pack no id.
    #[error("`{}` 没有目录名，规则包以目录名为标识，请给出规则包所在的目录", .0.display())]
    Nameless(PathBuf),
    /// A pack that others stand on is nowhere.
    #[error("规则包所依据的 `{0}` 不在同一目录下，请把它放在旁边")]
    BaseAbsent(String),
    /// Two folders of the same name.
    #[error("给出了两个名为 `{0}` 的规则包；规则包以目录名为标识，请只给出其中一个")]
    Twice(String),
    /// More files than a pack ever has.
    #[error("`{}` 中的文件超过 512 个，请核对是否选错了目录", .0.display())]
    TooMany(PathBuf),
}

impl Files {
    /// Reads a folder. Files whose name begins with a dot, and `.md` and `.txt` beside the rules, are left alone; every
    /// other file must be `.yaml`, so that no rule is overlooked.
    ///
    /// # Errors
    /// [`NotAPack`], a sentence for the operator.
    pub fn read(dir: &Path) -> Result<Files, NotAPack> {
        let mut files = BTreeMap::new();
        let mut folders = vec![(dir.to_owned(), String::new())];
        while let Some((folder, prefix)) = folders.pop() {
            let unreadable = |fault| NotAPack::Unreadable { path: folder.clone(), fault };
            for entry in fs::read_dir(&folder).map_err(unreadable)? {
                let entry = entry.map_err(unreadable)?;
                let path = entry.path();
                let Ok(name) = entry.file_name().into_string() else { return Err(NotAPack::Name(path)) };
                if name.starts_with('.') {
                    continue;
                }
                let kind = entry.file_type().map_err(unreadable)?;
                if kind.is_symlink() {
                    return Err(NotAPack::Link(path));
                }
                let inside = format!("{prefix}{name}");
                if kind.is_dir() {
                    folders.push((path, format!("{inside}/")));
                } else if let Some(text) = read_file(&path)? {
                    files.insert(inside, text);
                }
                if files.len() > FILES_MAX || folders.len() > FILES_MAX {
                    return Err(NotAPack::TooMany(dir.to_owned()));
                }
            }
        }
        Ok(Files(files))
    }

    /// The files of several packs as one: those of the first under their own paths, the others' under `id:path`.
    pub fn union(parts: &[(String, Files)]) -> Files {
        let mut files = BTreeMap::new();
        let first = parts.first().map_or("", |(id, _)| id.as_str());
        for (id, part) in parts {
            files.extend(part.iter().map(|(path, text)| (Files::place(first, id, path), text.to_owned())));
        }
        Files(files)
    }

    /// The path in a union that begins with the pack `first` of what is at `path` inside the pack `id`.
    pub fn place(first: &str, id: &str, path: &str) -> String {
        if id == first { path.to_owned() } else { format!("{id}{APART}{path}") }
    }

    /// Ids of the packs that these files stand on, as `extends` of their `pack.yaml` says; what is at fault there is told by the checker.
    pub fn extends(&self) -> Vec<String> {
        self.text(HEAD).map(crate::check::extends).unwrap_or_default()
    }

    /// The text of one file.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.0.get(path).map(String::as_str)
    }

    /// Every file in the order of its path.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// SHA-256 of the text of one file; of nothing where there is no such file.
    pub fn text_digest(&self, path: &str) -> Digest {
        Digest(Sha256::digest(self.text(path).unwrap_or_default()).into())
    }

    /// The same files and one more, or another text in its place.
    #[must_use]
    pub fn with(&self, path: &str, text: &str) -> Files {
        let mut files = self.0.clone();
        files.insert(path.to_owned(), text.to_owned());
        Files(files)
    }

    /// SHA-256 over the sorted files, each as length and bytes of its path, length and bytes of its text.
    pub fn digest(&self) -> Digest {
        let mut hash = Sha256::new();
        for part in self.0.iter().flat_map(|(path, text)| [path, text]) {
            hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(part.as_bytes());
        }
        Digest(hash.finalize().into())
    }
}

/// For embedded packs: keeps what ends in `.yaml`, as [`Files::read`] does.
impl FromIterator<(String, String)> for Files {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(files: I) -> Files {
        Files(files.into_iter().filter(|(path, _)| path.ends_with(".yaml")).collect())
    }
}

/// None for a file that may lie beside the rules without being one.
fn read_file(path: &Path) -> Result<Option<String>, NotAPack> {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("yaml") => {}
        Some("md" | "txt") => return Ok(None),
        _ => return Err(NotAPack::Extension(path.to_owned())),
    }
    let unreadable = |fault| NotAPack::Unreadable { path: path.to_owned(), fault };
    // Of what is no regular file the length says nothing, and reading it may never end.
    let file = fs::metadata(path).map_err(unreadable)?;
    if !file.is_file() {
        return Err(NotAPack::NoFile(path.to_owned()));
    }
    if file.len() > FILE_BYTES_MAX {
        return Err(NotAPack::TooLarge(path.to_owned()));
    }
    let bytes = fs::read(path).map_err(unreadable)?;
    String::from_utf8(bytes).map(Some).map_err(|_| NotAPack::Encoding(path.to_owned()))
}

/// A pack's id, which is the name of its folder, and its files alone.
///
/// # Errors
/// [`NotAPack`], a sentence for the operator.
pub fn named(dir: &Path) -> Result<(String, Files), NotAPack> {
    let full = canonical(dir)?;
    let id = full.file_name().ok_or_else(|| NotAPack::Nameless(dir.to_owned()))?.to_string_lossy().into_owned();
    if !dir.join(HEAD).exists() && full.is_dir() {
        return Err(NotAPack::NoHead { dir: dir.to_owned(), below: below(&full) });
    }
    Ok((id, Files::read(dir)?))
}

/// Folders in a folder that hold a pack. What cannot be looked at suggests nothing.
fn below(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).into_iter().flatten().filter_map(Result::ok);
    let packs = entries.filter(|entry| entry.path().join(HEAD).is_file());
    let mut names: Vec<String> = packs.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// Names that are suggested at most.
const SUGGESTED_MAX: usize = 10;

fn suggested(below: &[String]) -> String {
    let names: Vec<String> = below.iter().take(SUGGESTED_MAX).map(|name| format!("`{name}`")).collect();
    let more = if below.len() > SUGGESTED_MAX { "等" } else { "" };
    if names.is_empty() { String::new() } else { format!("，其下有规则包 {}{more}", names.join("、")) }
}

/// A pack with those that it stands on, as one set of files under the id of the lowest. They lie beside it, or the program carries them.
///
/// # Errors
/// [`NotAPack`], a sentence for the operator.
pub fn standing(dir: &Path, carried: impl Fn(&str) -> Option<Files>) -> Result<Standing, NotAPack> {
    together(&[dir], None, carried)
}

/// Several packs, in any order, with those that they stand on, as one set of files: under the id of `first` where it is among them and stands on
/// nothing, else under that of the lowest. What they stand on is one of them, lies beside them, or is carried by the program, in this order.
///
/// # Errors
/// [`NotAPack`], a sentence for the operator.
pub fn together(dirs: &[&Path], first: Option<&str>, carried: impl Fn(&str) -> Option<Files>) -> Result<Standing, NotAPack> {
    let mut given: BTreeMap<String, (PathBuf, Files)> = BTreeMap::new();
    let mut order = Vec::new();
    for dir in dirs {
        let (id, files) = named(dir)?;
        let place = canonical(dir)?;
        if given.get(&id).is_some_and(|(other, _)| *other != place) {
            return Err(NotAPack::Twice(id));
        }
        given.insert(id.clone(), (place, files));
        order.push(id);
    }
    let mut bases = Bases { given, carried: &carried, way: Vec::new(), parts: Vec::new() };
    for id in order {
        if let Some((place, files)) = bases.given.get(&id).cloned() {
            bases.add((id, files), &place)?;
        }
    }
    let mut parts = bases.parts;
    parts.sort_by_key(|(id, files)| first != Some(id.as_str()) || !files.extends().is_empty());
    let id = parts.first().map(|(id, _)| id.clone()).unwrap_or_default();
    Ok(Standing { id, files: Files::union(&parts) })
}

/// Packs with those that they stand on, as one set of files.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Of the pack under whose id they are read.
    pub id: String,
    /// Of all of them.
    pub files: Files,
}

impl Standing {
    /// Where a file would stand that belongs to the same pack as the one with this text; none where there is no such text.
    pub fn beside(&self, text: Digest, inside: &str) -> Option<String> {
        let (path, _) = self.files.iter().find(|(path, _)| self.files.text_digest(path) == text)?;
        Some(path.split_once(APART).map_or_else(|| inside.to_owned(), |(id, _)| Files::place(&self.id, id, inside)))
    }
}

/// Packs in the order in which they stand on one another, and where they are looked for.
struct Bases<'c> {
    given: BTreeMap<String, (PathBuf, Files)>,
    carried: &'c dyn Fn(&str) -> Option<Files>,
    /// Those whose bases are being looked for, the last one innermost.
    way: Vec<String>,
    parts: Vec<(String, Files)>,
}

impl Bases<'_> {
    fn has(&self, id: &str) -> bool {
        self.way.iter().any(|other| other == id) || self.parts.iter().any(|(other, _)| other == id)
    }

    /// Every base before what stands on it. A circle ends where it began, and the checker tells it.
    fn add(&mut self, (id, files): (String, Files), place: &Path) -> Result<(), NotAPack> {
        if self.has(&id) {
            return Ok(());
        }
        self.way.push(id.clone());
        for base in files.extends() {
            if self.has(&base) {
                continue;
            }
            let beside = place.with_file_name(&base);
            let (place, found) = if let Some((place, files)) = self.given.get(&base).cloned() {
                (place, (base, files))
            } else if beside.is_dir() {
                let found = named(&beside)?;
                (beside, found)
            } else {
                let files = (self.carried)(&base).ok_or_else(|| NotAPack::BaseAbsent(base.clone()))?;
                (beside, (base, files))
            };
            self.add(found, &place)?;
        }
        self.way.pop();
        self.parts.push((id, files));
        Ok(())
    }
}

fn canonical(dir: &Path) -> Result<PathBuf, NotAPack> {
    dir.canonicalize().map_err(|fault| NotAPack::Unreadable { path: dir.to_owned(), fault })
}

/// Parses and checks a pack.
///
/// # Errors
/// Every fault found, in the order of the files.
pub fn load(id: &str, files: &Files) -> Result<Pack, Vec<Diagnostic>> {
    let checked = check::check(id, files);
    checked.pack.ok_or(checked.faults)
}

#[cfg(test)]
mod tests;
