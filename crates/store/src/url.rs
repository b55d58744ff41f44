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
    /// The directory of keys, socket and lock.
    pub fn directory(&self) -> &Path {
        match self {
            Url::Sqlite(directory) | Url::Postgres { directory, .. } => directory,
        }
    }
}
