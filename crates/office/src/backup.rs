//! Backup and restore of an office on the embedded database: one folder with the database, the keys and a note that is written last.
//!
//! Without its keys a database does not open what it sealed, so that both travel together; whoever keeps a backup keeps the keys.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use xinzhi_core::Moment;
use xinzhi_core::journal::Position;
use xinzhi_store::{Fault, Url};

use crate::{Error, Obstacle};

const NOTE: &str = "backup.json";
const KEYS: &str = "keys";

/// What a backup says of itself; a folder without it is no backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Note {
    /// When it was made, in milliseconds.
    pub made_at: i64,
    /// The last entry that is in it.
    pub head: Position,
}

/// Copies the office at `url` into the empty folder `to`, while it may be serving.
///
/// # Errors
/// An obstacle where `to` is not empty or the office is on PostgreSQL; a fault of the disk.
pub fn backup(url: &Url, to: &Path, now: Moment) -> Result<Note, Error> {
    let Url::Sqlite(directory) = url else {
        let words = "PostgreSQL 上的数据请用 pg_dump 备份，并另行保存数据目录中的 keys 目录；步骤见 docs/operate.md";
        return Err(Obstacle::Copy(words.to_owned()).into());
    };
    if !url.has_embedded_database() {
        return Err(Obstacle::NoData(directory.clone()).into());
    }
    empty(to)?;
    xinzhi_store::backup::copy(directory, to)?;
    copy_keys(directory, to)?;
    let note = Note { made_at: now.0, head: xinzhi_store::backup::head(to)? };
    write_note(to, &note)?;
    Ok(note)
}

/// Puts a backup into the empty folder `directory`, which then is an office. Whoever calls it examines the office next.
///
/// # Errors
/// An obstacle where `from` is no complete backup or `directory` is not empty; a fault of the disk.
pub fn restore(from: &Path, directory: &Path) -> Result<Note, Error> {
    let incomplete = || Obstacle::Copy(format!("`{}` 不是完整的备份（缺少 {NOTE}）", from.display()));
    let text = fs::read_to_string(from.join(NOTE)).map_err(|_| incomplete())?;
    let note: Note = serde_json::from_str(&text).map_err(|_| incomplete())?;
    empty(directory)?;
    xinzhi_store::backup::copy(from, directory)?;
    copy_keys(from, directory)?;
    let head = xinzhi_store::backup::head(directory)?;
    if head != note.head {
        let words = format!("备份的账簿末位是 {}，备份时记下的是 {}，备份可能被改动过", head.0, note.head.0);
        return Err(Obstacle::Copy(words).into());
    }
    Ok(note)
}

fn empty(folder: &Path) -> Result<(), Error> {
    fs::create_dir_all(folder).map_err(io("creating the folder"))?;
    if fs::read_dir(folder).map_err(io("reading the folder"))?.next().is_some() {
        let words = format!("目录 `{}` 不是空的，请换一个空目录", folder.display());
        return Err(Obstacle::Copy(words).into());
    }
    Ok(())
}

/// Copies the files of the keys, readable by their owner alone.
fn copy_keys(from: &Path, to: &Path) -> Result<(), Error> {
    let (from, to) = (from.join(KEYS), to.join(KEYS));
    fs::create_dir(&to).map_err(io("creating the folder of the keys"))?;
    for entry in fs::read_dir(&from).map_err(io("reading the keys"))? {
        let entry = entry.map_err(io("reading the keys"))?;
        let bytes = fs::read(entry.path()).map_err(io("reading the keys"))?;
        write_private(&to.join(entry.file_name()), &bytes)?;
    }
    flush(&to)
}

fn write_note(to: &Path, note: &Note) -> Result<(), Error> {
    let text = serde_json::to_string(note).map_err(|e| Error::inconsistent(e.to_string()))?;
    write_private(&to.join(NOTE), text.as_bytes())?;
    flush(to)
}

fn write_private(path: &PathBuf, bytes: &[u8]) -> Result<(), Error> {
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(io("writing the backup"))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(io("writing the backup"))?;
    Ok(())
}

fn flush(folder: &Path) -> Result<(), Error> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(io("flushing the folder")).map_err(Error::from)
}

fn io(what: &'static str) -> impl FnOnce(std::io::Error) -> Fault {
    move |cause| Fault::Io { what: what.to_owned(), cause }
}
