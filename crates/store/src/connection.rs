//! One connection, to either database.

use crate::Fault;
use crate::postgres_side::Postgres;
use crate::sql::Sql;
use crate::sqlite::{Purpose, Sqlite};
use crate::url::Url;
use crate::value::{Param, Row};
use crate::writer::TAKE_HEAD;

/// What every statement of the house goes through.
#[derive(Debug)]
pub enum Connection {
    /// The embedded database.
    Sqlite(Sqlite),
    /// A PostgreSQL server.
    Postgres(Postgres),
}

impl Connection {
    /// Opens a connection for `purpose` and asserts its settings.
    pub fn open(url: &Url, purpose: Purpose) -> Result<Connection, Fault> {
        match url {
            Url::Sqlite(directory) => Sqlite::open(&directory.join(crate::url::DATABASE_FILE), purpose).map(Connection::Sqlite),
            Url::Postgres { url, .. } => Postgres::open(url).map(Connection::Postgres),
        }
    }

    /// Whether the statement parses against the schema, without running it.
    pub fn prepare(&mut self, sql: &Sql) -> Result<(), Fault> {
        match self {
            Connection::Sqlite(sqlite) => sqlite.prepare(sql),
            Connection::Postgres(postgres) => postgres.prepare(sql),
        }
    }

    /// Runs a statement and returns its rows.
    pub fn query(&mut self, sql: &Sql, params: &[Param]) -> Result<Vec<Row>, Fault> {
        match self {
            Connection::Sqlite(sqlite) => sqlite.query(sql, params),
            Connection::Postgres(postgres) => postgres.query(sql, params),
        }
    }

    /// Runs a statement that returns at most one row.
    pub fn query_opt(&mut self, sql: &Sql, params: &[Param]) -> Result<Option<Row>, Fault> {
        Ok(self.query(sql, params)?.into_iter().next())
    }

    /// Runs a statement that always returns a row, such as a count.
    pub fn query_one(&mut self, sql: &Sql, params: &[Param]) -> Result<Row, Fault> {
        self.query_opt(sql, params)?.ok_or(Fault::Statement { statement: sql.name, cause: "returned no row".to_owned() })
    }

    /// Runs a statement and returns how many rows it changed.
    pub(crate) fn execute(&mut self, sql: &Sql, params: &[Param]) -> Result<u64, Fault> {
        match self {
            Connection::Sqlite(sqlite) => sqlite.execute(sql, params),
            Connection::Postgres(postgres) => postgres.execute(sql, params),
        }
    }

    /// Writes many rows by the fastest way the database has.
    pub(crate) fn insert_many(&mut self, table: &'static str, columns: &[&str], rows: &[Vec<Param>]) -> Result<(), Fault> {
        match self {
            Connection::Sqlite(sqlite) => sqlite.insert_many(table, columns, rows),
            Connection::Postgres(postgres) => postgres.insert_many(table, columns, rows),
        }
    }

    /// Runs a script of our own: migrations and transaction control.
    pub(crate) fn script(&mut self, text: &str) -> Result<(), Fault> {
        match self {
            Connection::Sqlite(sqlite) => sqlite.batch(text),
            Connection::Postgres(postgres) => postgres.batch(text),
        }
    }

    /// The statement of the pair that belongs to this database: for the two declared exceptions only.
    pub(crate) fn pick<'a>(&self, sqlite: &'a Sql, postgres: &'a Sql) -> &'a Sql {
        match self {
            Connection::Sqlite(_) => sqlite,
            Connection::Postgres(_) => postgres,
        }
    }

    /// Begins a transaction that will write: SQLite's deferred one could not be retried after a read.
    pub(crate) fn begin_write(&mut self) -> Result<(), Fault> {
        match self {
            Connection::Sqlite(sqlite) => sqlite.batch("begin immediate"),
            Connection::Postgres(postgres) => postgres.batch("begin"),
        }
    }

    /// Whether it was opened for reading only, whatever the schema: the file cannot be written, or the server is a standby.
    ///
    /// # Errors
    /// [`Fault::Unusable`] where it was.
    pub fn assert_not_read_only(&mut self) -> Result<(), Fault> {
        let read_only = match self {
            Connection::Sqlite(sqlite) => sqlite.is_read_only()?,
            Connection::Postgres(postgres) => postgres.is_read_only()?,
        };
        if read_only { Err(Fault::Unusable("it can only be read".to_owned())) } else { Ok(()) }
    }

    /// Whether there is a table of that name: nobody has founded anything where there is none.
    ///
    /// # Errors
    /// Where the catalogue cannot be read.
    pub fn has_table(&mut self, name: &str) -> Result<bool, Fault> {
        match self {
            Connection::Sqlite(sqlite) => sqlite.has_table(name),
            Connection::Postgres(postgres) => postgres.has_table(name),
        }
    }

    /// Whether a row can be written: a file or a server that only reads is told when an office is opened, not at its first act.
    pub fn prove_writable(&mut self) -> Result<(), Fault> {
        self.begin_write()?;
        self.query(&TAKE_HEAD, &[])?;
        self.script("rollback")
    }

    /// Begins a transaction that sees one state throughout and cannot write.
    pub(crate) fn begin_read(&mut self) -> Result<(), Fault> {
        match self {
            Connection::Sqlite(sqlite) => sqlite.batch("begin deferred"),
            Connection::Postgres(postgres) => postgres.batch("begin isolation level repeatable read read only"),
        }
    }
}
