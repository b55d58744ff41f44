//! Where an office lives.

use std::path::{Path, PathBuf};

/// File name of the embedded database inside its directory.
pub(crate) const DATABASE_FILE: &str = "office.db";

/// The place of an office.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Url {
    /// A directory with the embedded database.
    Sqlite(PathBuf),
    /// A PostgreSQL database, and the directory for keys and the lock.
    Postgres {
        /// `postgresql://…`
        url: String,
        /// Where keys, socket and lock are.
        directory: PathBuf,
    },
}

impl Url {
    /// The file of the embedded database; none on PostgreSQL.
    pub fn database_file(&self) -> Option<PathBuf> {
        match self {
            Url::Sqlite(directory) => Some(directory.join(DATABASE_FILE)),
            Url::Postgres { .. } => None,
        }
    }

    /// The file of SQLite's write-ahead log; none on PostgreSQL.
    pub fn write_ahead_log(&self) -> Option<PathBuf> {
        match self {
            Url::Sqlite(directory) => Some(directory.join(format!("{DATABASE_FILE}-wal"))),
            Url::Postgres { .. } => None,
        }
    }

    /// Whether the directory holds an embedded database, used or not.
    pub fn has_embedded_database(&self) -> bool {
        self.directory().join(DATABASE_FILE).exists()
    }

    /// The directory of keys, socket and lock.
    pub fn directory(&self) -> &Path {
        match self {
            Url::Sqlite(directory) | Url::Postgres { directory, .. } => directory,
        }
    }
}
