//! The SQLite side of the layer.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use rusqlite::config::DbConfig;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{ErrorCode, OpenFlags, ToSql};

use crate::checkpoint::Log;
use crate::fault::{Fault, FileAilment};
use crate::sql::{Sql, for_sqlite};
use crate::value::{Cell, Param, Row};

/// Versions before 3.51.3 can corrupt a database when the WAL is reset; the bundled one is newer.
const VERSION_MIN: (i32, &str) = (3_051_003, "3.51.3");
const STATEMENTS_CACHED: usize = 256;

/// What a connection is for; it decides the size of its page cache and whether it may write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The one writing connection.
    Write,
    /// One of the readers.
    Read,
    /// The one that moves the write-ahead log into the database.
    Checkpoint,
    /// One that looks at a database which cannot be written, such as a backup on a medium of its own.
    Examine,
}

/// One connection to the embedded database.
pub struct Sqlite {
    connection: rusqlite::Connection,
    /// By the address of a statement's text, which is a constant: hashing the text itself would cost more than many lookups.
    texts: HashMap<usize, String>,
    columns: HashMap<usize, Arc<[String]>>,
}

impl std::fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sqlite")
    }
}

impl Sqlite {
    /// Opens `file` and asserts every setting that durability rests on, since each belongs to the connection (E1).
    pub(crate) fn open(file: &Path, purpose: Purpose) -> Result<Sqlite, Fault> {
        let (least, words) = VERSION_MIN;
        if rusqlite::version_number() < least {
            return Err(Fault::TooOld { what: "SQLite", found: rusqlite::version().to_owned(), least: words });
        }
        let connection = match purpose {
            Purpose::Examine => open_to_examine(file)?,
            Purpose::Write | Purpose::Read | Purpose::Checkpoint => {
                let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
                rusqlite::Connection::open_with_flags(file, flags).map_err(unusable)?
            }
        };
        connection.set_prepared_statement_cache_capacity(STATEMENTS_CACHED);
        // One plan per statement, whatever is bound: without it SQLite plans anew at nearly every execution.
        let stable = connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(unusable)?;
        if !stable {
            return Err(Fault::Unusable("the query planner's stability guarantee is off".to_owned()));
        }
        let mut sqlite = Sqlite { connection, texts: HashMap::new(), columns: HashMap::new() };
        let kibibytes = match purpose {
            Purpose::Write => -98_304,
            Purpose::Read | Purpose::Examine => -8_192,
            Purpose::Checkpoint => -256,
        };
        let query_only = i64::from(matches!(purpose, Purpose::Read | Purpose::Examine));
        sqlite.connection.busy_timeout(std::time::Duration::from_secs(10)).map_err(unusable)?;
        if purpose != Purpose::Examine {
            sqlite.assert_pragma("journal_mode", "WAL", "wal")?;
        }
        sqlite.assert_pragma("synchronous", "FULL", "2")?;
        sqlite.assert_pragma("foreign_keys", "ON", "1")?;
        sqlite.assert_pragma("mmap_size", "0", "0")?;
        sqlite.assert_pragma("trusted_schema", "OFF", "0")?;
        sqlite.assert_pragma("secure_delete", "ON", "1")?;
        // The log is moved by a thread of its own (`checkpoint`), never in the middle of somebody's act.
        sqlite.assert_pragma("wal_autocheckpoint", "0", "0")?;
        sqlite.assert_pragma("cache_size", &kibibytes.to_string(), &kibibytes.to_string())?;
        sqlite.assert_pragma("query_only", &query_only.to_string(), &query_only.to_string())?;
        Ok(sqlite)
    }

    fn assert_pragma(&mut self, name: &'static str, value: &str, expected: &str) -> Result<(), Fault> {
        self.connection.pragma_update(None, name, value).map_err(unusable)?;
        let found: rusqlite::types::Value = self.connection.pragma_query_value(None, name, |row| row.get(0)).map_err(unusable)?;
        let found = match found {
            rusqlite::types::Value::Integer(number) => number.to_string(),
            rusqlite::types::Value::Text(text) => text,
            other => format!("{other:?}"),
        };
        if found == expected { Ok(()) } else { Err(Fault::Setting { name, found, wanted: vec![expected.to_owned()] }) }
    }

    fn text(&mut self, sql: &Sql) -> String {
        self.texts.entry(sql.text.as_ptr().addr()).or_insert_with(|| for_sqlite(sql.text)).clone()
    }

    pub(crate) fn prepare(&mut self, sql: &Sql) -> Result<(), Fault> {
        let text = self.text(sql);
        self.connection.prepare(&text).map(drop).map_err(|e| statement(sql, &e))
    }

    pub(crate) fn query(&mut self, sql: &Sql, params: &[Param]) -> Result<Vec<Row>, Fault> {
        let fault = |e| statement(sql, &e);
        let text = self.texts.entry(sql.text.as_ptr().addr()).or_insert_with(|| for_sqlite(sql.text));
        let mut prepared = self.connection.prepare_cached(text).map_err(fault)?;
        let columns = self.columns.entry(sql.text.as_ptr().addr()).or_insert_with(|| prepared.column_names().map(str::to_owned).collect());
        let count = columns.len();
        let mut rows = prepared.query(rusqlite::params_from_iter(params)).map_err(fault)?;
        let mut result = Vec::new();
        while let Some(row) = rows.next().map_err(fault)? {
            let mut cells = Vec::with_capacity(count);
            for index in 0..count {
                cells.push(cell(row.get_ref(index).map_err(fault)?));
            }
            result.push(Row { statement: sql.name, columns: Arc::clone(columns), cells });
        }
        Ok(result)
    }

    pub(crate) fn execute(&mut self, sql: &Sql, params: &[Param]) -> Result<u64, Fault> {
        let fault = |e| statement(sql, &e);
        let text = self.texts.entry(sql.text.as_ptr().addr()).or_insert_with(|| for_sqlite(sql.text));
        let mut prepared = self.connection.prepare_cached(text).map_err(fault)?;
        let changed = prepared.execute(rusqlite::params_from_iter(params)).map_err(fault)?;
        Ok(u64::try_from(changed).unwrap_or(u64::MAX))
    }

    pub(crate) fn insert_many(&mut self, table: &'static str, columns: &[&str], rows: &[Vec<Param>]) -> Result<(), Fault> {
        let fault = |e| failed(table, &e);
        let marks: Vec<String> = (1..=columns.len()).map(|n| format!("?{n}")).collect();
        let text = format!("insert into {table} ({}) values ({})", columns.join(", "), marks.join(", "));
        let mut prepared = self.connection.prepare_cached(&text).map_err(fault)?;
        for row in rows {
            prepared.execute(rusqlite::params_from_iter(row)).map_err(fault)?;
        }
        Ok(())
    }

    pub(crate) fn batch(&mut self, script: &str) -> Result<(), Fault> {
        self.connection.execute_batch(script).map_err(|e| failed("script", &e))
    }

    /// Writes the database as it is at one moment into a new file.
    pub(crate) fn copy_into(&mut self, file: &Path) -> Result<(), Fault> {
        let name = file.to_str().ok_or_else(|| Fault::Unusable(format!("{} is not UTF-8", file.display())))?;
        self.connection.execute("vacuum into ?1", [name]).map(drop).map_err(|e| failed("vacuum into", &e))
    }

    /// How long the write-ahead log is; moves nothing.
    pub(crate) fn log_length(&mut self) -> Result<Log, Fault> {
        self.checkpoint("pragma wal_checkpoint(noop)")
    }

    /// Moves the write-ahead log into the database file as far as it goes without waiting for anybody.
    pub(crate) fn move_log(&mut self) -> Result<Log, Fault> {
        self.checkpoint("pragma wal_checkpoint(passive)")
    }

    fn checkpoint(&mut self, pragma: &'static str) -> Result<Log, Fault> {
        let fault = |e| failed(pragma, &e);
        let mut prepared = self.connection.prepare_cached(pragma).map_err(fault)?;
        prepared.query_row([], |row| Ok(Log { pages: row.get(1)?, moved: row.get(2)? })).map_err(fault)
    }

    /// Whether the file could be opened for reading only.
    pub(crate) fn has_table(&self, name: &str) -> Result<bool, Fault> {
        self.connection.table_exists(None, name).map_err(unusable)
    }

    pub(crate) fn is_read_only(&self) -> Result<bool, Fault> {
        self.connection.is_readonly("main").map_err(unusable)
    }

    /// Whether SQLite ended the transaction by itself after an error of the disk.
    pub(crate) fn transaction_is_gone(&self) -> bool {
        self.connection.is_autocommit()
    }
}

/// Opens a file that cannot be written. Nobody else can be writing into one that has neither a log nor the memory that its writers share;
/// such a file is read as it is, which needs no file beside it.
fn open_to_examine(file: &Path) -> Result<rusqlite::Connection, Fault> {
    let beside = |ending: &str| {
        let mut name = file.as_os_str().to_owned();
        name.push(ending);
        std::fs::metadata(name).ok().map(|file| file.len())
    };
    let is_at_rest = beside("-shm").is_none() && beside("-wal").unwrap_or(0) == 0;
    let name = file.to_str().ok_or_else(|| Fault::Unusable(format!("{} is not UTF-8", file.display())))?;
    let escaped = name.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    let address = format!("file:{escaped}{}", if is_at_rest { "?immutable=1" } else { "" });
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    rusqlite::Connection::open_with_flags(address, flags).map_err(unusable)
}

impl ToSql for Param<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Param::Null => ValueRef::Null,
            Param::Int(value) => ValueRef::Integer(*value),
            Param::Text(value) => ValueRef::Text(value.as_bytes()),
            Param::Bytes(value) => ValueRef::Blob(value),
        }))
    }
}

fn cell(value: ValueRef<'_>) -> Cell {
    match value {
        ValueRef::Null => Cell::Null,
        ValueRef::Integer(value) => Cell::Int(value),
        ValueRef::Text(bytes) => String::from_utf8(bytes.to_vec()).map_or_else(|e| Cell::Bytes(e.into_bytes()), Cell::Text),
        ValueRef::Blob(bytes) => Cell::Bytes(bytes.to_vec()),
        // No column of ours holds a float; read as bytes, every typed getter refuses it.
        ValueRef::Real(value) => Cell::Bytes(value.to_be_bytes().to_vec()),
    }
}

/// A file that is no use, although it may be there.
pub(crate) fn unusable(error: rusqlite::Error) -> Fault {
    ailing(OPENING, &error).unwrap_or_else(|| Fault::Unusable(error.to_string()))
}

fn statement(sql: &Sql, error: &rusqlite::Error) -> Fault {
    failed(sql.name, error)
}

fn failed(statement: &'static str, error: &rusqlite::Error) -> Fault {
    ailing(statement, error).unwrap_or_else(|| Fault::Statement { statement, cause: error.to_string() })
}

/// What was attempted where no statement failed.
const OPENING: &str = "opening the database";

/// What ails the file; none where the statement is at fault.
fn ailing(what: &'static str, error: &rusqlite::Error) -> Option<Fault> {
    let ailment = match error.sqlite_error_code()? {
        ErrorCode::DiskFull => FileAilment::DiskFull,
        ErrorCode::ReadOnly | ErrorCode::PermissionDenied => FileAilment::ReadOnly,
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => FileAilment::Busy,
        ErrorCode::DatabaseCorrupt => FileAilment::Damaged,
        ErrorCode::NotADatabase => FileAilment::NotADatabase,
        ErrorCode::CannotOpen => FileAilment::CannotOpen,
        ErrorCode::SystemIoFailure => FileAilment::Disk,
        _ => return None,
    };
    Some(Fault::File { ailment, what, cause: error.to_string() })
}

#[cfg(test)]
mod tests {
    use rusqlite::ffi;

    use super::{FileAilment, failed, unusable};
    use crate::Fault;

    #[test]
    fn what_ails_the_file_is_told_by_the_code() {
        let of = |code| failed("x", &rusqlite::Error::SqliteFailure(ffi::Error::new(code), Some("words".to_owned())));
        for (code, expected) in [
            (ffi::SQLITE_FULL, FileAilment::DiskFull),
            (ffi::SQLITE_READONLY, FileAilment::ReadOnly),
            (ffi::SQLITE_READONLY_DBMOVED, FileAilment::ReadOnly),
            (ffi::SQLITE_PERM, FileAilment::ReadOnly),
            (ffi::SQLITE_BUSY, FileAilment::Busy),
            (ffi::SQLITE_BUSY_SNAPSHOT, FileAilment::Busy),
            (ffi::SQLITE_LOCKED, FileAilment::Busy),
            (ffi::SQLITE_CORRUPT, FileAilment::Damaged),
            (ffi::SQLITE_NOTADB, FileAilment::NotADatabase),
            (ffi::SQLITE_CANTOPEN, FileAilment::CannotOpen),
            (ffi::SQLITE_IOERR, FileAilment::Disk),
            (ffi::SQLITE_IOERR_FSYNC, FileAilment::Disk),
        ] {
            assert!(matches!(of(code), Fault::File { ailment, what: "x", cause } if ailment == expected && cause == "words"), "{code}");
        }
        for code in [ffi::SQLITE_CONSTRAINT, ffi::SQLITE_ERROR, ffi::SQLITE_MISUSE] {
            assert!(matches!(of(code), Fault::Statement { statement: "x", .. }), "{code}");
        }
        let unknown = rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_ERROR), None);
        assert!(matches!(unusable(unknown), Fault::Unusable(_)));
    }
}
