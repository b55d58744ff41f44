//! Results and sets get their names when they are whole, and never take the place of anything: not of what was there before, and not of what
//! appeared while they were being made.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::TempPath;

use crate::fault::Fault;

/// What interrupted runs to one target may leave behind before somebody clears it away.
const LEFT_MAX: usize = 100;

/// A file that has another name until it is whole. Dropped before that, it leaves nothing.
#[derive(Debug)]
pub(crate) struct Fresh {
    target: PathBuf,
    partial: TempPath,
}

impl Fresh {
    /// Begins a file at `target`, where nothing may be yet, not even a link to nothing.
    pub fn begin(target: &Path) -> Result<(Fresh, File), Fault> {
        vacant(target)?;
        let (partial, file) = claim(target, |path| File::create_new(path))?;
        held(&file);
        let partial = TempPath::try_from_path(&partial).map_err(Fault::disk(&partial))?;
        Ok((Fresh { target: target.to_owned(), partial }, file))
    }

    /// Where it is until it is whole.
    pub fn partial(&self) -> &Path {
        &self.partial
    }

    /// Gives the file its name, once it is on the disk.
    pub fn finish(self, file: &File) -> Result<(), Fault> {
        file.sync_all().map_err(Fault::disk(&self.partial))?;
        self.partial.persist_noclobber(&self.target).map_err(|unnamed| named(&self.target)(unnamed.error))?;
        sync_beside(&self.target)
    }
}

/// Writes a file whole, where nothing may be yet.
///
/// # Errors
/// [`Fault`] where something is there or it cannot be written; then there is no file.
pub fn write(target: &Path, bytes: &[u8]) -> Result<(), Fault> {
    let (fresh, mut file) = Fresh::begin(target)?;
    file.write_all(bytes).map_err(Fault::disk(fresh.partial()))?;
    fresh.finish(&file)
}

/// Makes sure that nothing has this name.
///
/// # Errors
/// [`Fault::Exists`] where something has.
pub fn vacant(target: &Path) -> Result<(), Fault> {
    if target.symlink_metadata().is_ok() { Err(Fault::Exists(target.to_owned())) } else { Ok(()) }
}

/// Makes what is begun beside `target`, under the first name that is free. What an interrupted run left keeps its name, and nobody's way is
/// barred by it; a run that is still writing is told of at once.
pub(crate) fn claim<T>(target: &Path, make: impl Fn(&Path) -> io::Result<T>) -> Result<(PathBuf, T), Fault> {
    let name = target.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    for number in 1..=LEFT_MAX {
        let ending = if number == 1 { "partial".to_owned() } else { format!("{number}.partial") };
        let partial = target.with_file_name(format!("{name}.{ending}"));
        match make(&partial) {
            Ok(made) => return Ok((partial, made)),
            Err(fault) if fault.kind() != io::ErrorKind::AlreadyExists => return Err(Fault::disk(&partial)(fault)),
            Err(_) if is_held(&partial) => return Err(Fault::file(&partial, "正在由另一次运行写入，请等它结束或换一个名称")),
            Err(_) => {}
        }
    }
    Err(Fault::file(target, format!("旁有 {LEFT_MAX} 个中断后留下的 `.partial`，请清理后再试")))
}

/// Says to other runs that this one is writing, as long as the handle lives. On a file system without locks nobody is told: nothing rests on it.
pub(crate) fn held(begun: &File) {
    let _told = begun.try_lock();
}

/// Whether a run is writing.
fn is_held(partial: &Path) -> bool {
    // Opening a pipe might never return.
    let ours = fs::symlink_metadata(partial).is_ok_and(|found| found.is_file() || found.is_dir());
    ours && File::open(partial).is_ok_and(|begun| matches!(begun.try_lock(), Err(TryLockError::WouldBlock)))
}

/// For `map_err` on giving a name that somebody else may have taken meanwhile.
pub(crate) fn named(target: &Path) -> impl FnOnce(io::Error) -> Fault + '_ {
    move |fault| match fault.kind() {
        io::ErrorKind::AlreadyExists | io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::NotADirectory => Fault::Exists(target.to_owned()),
        _ => Fault::disk(target)(fault),
    }
}

/// Puts the name of a file or folder on the disk.
pub(crate) fn sync_beside(target: &Path) -> Result<(), Fault> {
    let parent = target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    sync(parent)
}

/// Puts the names in a folder on the disk.
pub(crate) fn sync(folder: &Path) -> Result<(), Fault> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(Fault::disk(folder))
}
