//! A consistent copy of the embedded database while others write to it. PostgreSQL has its own tools for this.

use std::fs::File;
use std::path::Path;

use rusqlite::OpenFlags;
use xinzhi_core::journal::Position;

use crate::Fault;
use crate::sqlite::{Purpose, Sqlite, unusable};
use crate::url::DATABASE_FILE;

/// Copies the database of `directory` into `to` as it is at one moment, and flushes the copy to disk.
///
/// # Errors
/// Where there is no database, `to` has one already, or the disk refuses.
pub fn copy(directory: &Path, to: &Path) -> Result<(), Fault> {
    let (from, file) = (directory.join(DATABASE_FILE), to.join(DATABASE_FILE));
    if !from.exists() {
        return Err(Fault::Unusable(format!("no database in {}", directory.display())));
    }
    Sqlite::open(&from, Purpose::Checkpoint)?.copy_into(&file)?;
    // SQLite does not flush what it copies.
    File::open(&file).and_then(|copy| copy.sync_all()).map_err(Fault::io("flushing the copy"))
}

/// The last entry of the database in `directory`, which nobody may have open.
pub fn head(directory: &Path) -> Result<Position, Fault> {
    let copy = rusqlite::Connection::open_with_flags(directory.join(DATABASE_FILE), OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(unusable)?;
    copy.query_row("select entry from journal_head where one = 1", [], |row| row.get(0)).map(Position).map_err(unusable)
}
