//! The PostgreSQL side of the layer. The module is not called `postgres`, which is the driver's name.

use std::collections::HashMap;
use std::error::Error as _;
use std::sync::Arc;

use postgres::binary_copy::BinaryCopyInWriter;
use postgres::error::SqlState;
use postgres::types::{IsNull, ToSql, Type, private::BytesMut, to_sql_checked};
use postgres::{Client, Config, NoTls, Statement};

use crate::fault::{Ailment, Fault};
use crate::sql::Sql;
use crate::value::{Cell, Param, Row};

/// Below 15 the statements of this house do not all prepare.
const VERSION_MIN: i32 = 150_000;
/// What was attempted where it was no statement.
const CONNECTING: &str = "connecting";
/// What the driver says, without a code, where the server asks for a password and the address has none.
const NO_PASSWORD: &str = "invalid configuration: password missing";

/// One connection to a PostgreSQL server.
pub struct Postgres {
    client: Client,
    statements: HashMap<&'static str, (Statement, Arc<[String]>)>,
}

impl std::fmt::Debug for Postgres {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Postgres")
    }
}

impl Postgres {
    /// Connects and asserts what durability and one reading of text rest on; each can be lowered per role or database.
    pub(crate) fn open(url: &str) -> Result<Postgres, Fault> {
        let config: Config = url.parse().map_err(|e| Fault::Unusable(words(&e)))?;
        let client = config.connect(NoTls).map_err(|e| unconnected(&e))?;
        let mut postgres = Postgres { client, statements: HashMap::new() };
        postgres.batch(
            "set statement_timeout = '600s'; set lock_timeout = '30s'; set idle_in_transaction_session_timeout = '600s';
             set default_transaction_isolation = 'read committed'; set time zone 'UTC'; set client_min_messages = 'warning'",
        )?;
        for (setting, allowed) in [
            ("synchronous_commit", ["on", "remote_apply"].as_slice()),
            ("fsync", &["on"]),
            ("full_page_writes", &["on"]),
            ("server_encoding", &["UTF8"]),
        ] {
            let found = postgres.show(setting)?;
            if !allowed.contains(&found.as_str()) {
                return Err(Fault::Setting { name: setting, found, wanted: allowed.iter().map(ToString::to_string).collect() });
            }
        }
        let version: i32 = postgres.show("server_version_num")?.parse().unwrap_or(0);
        if version < VERSION_MIN {
            return Err(Fault::TooOld { what: "PostgreSQL", found: (version / 10_000).to_string(), least: "15" });
        }
        Ok(postgres)
    }

    fn show(&mut self, setting: &str) -> Result<String, Fault> {
        let row = self.client.query_one("select current_setting($1)", &[&setting]).map_err(|e| unusable(&e))?;
        Ok(row.get(0))
    }

    pub(crate) fn has_table(&mut self, name: &str) -> Result<bool, Fault> {
        let row = self.client.query_one("select to_regclass($1) is not null", &[&name]).map_err(|e| unusable(&e))?;
        Ok(row.get(0))
    }

    pub(crate) fn is_read_only(&mut self) -> Result<bool, Fault> {
        Ok(self.show("transaction_read_only")? == "on")
    }

    fn prepared(&mut self, sql: &Sql) -> Result<(Statement, Arc<[String]>), Fault> {
        if let Some((prepared, columns)) = self.statements.get(sql.text) {
            return Ok((prepared.clone(), Arc::clone(columns)));
        }
        let prepared = self.client.prepare(sql.text).map_err(|e| statement(sql, &e))?;
        let columns: Arc<[String]> = prepared.columns().iter().map(|c| c.name().to_owned()).collect();
        self.statements.insert(sql.text, (prepared.clone(), Arc::clone(&columns)));
        Ok((prepared, columns))
    }

    pub(crate) fn prepare(&mut self, sql: &Sql) -> Result<(), Fault> {
        self.prepared(sql).map(drop)
    }

    pub(crate) fn query(&mut self, sql: &Sql, params: &[Param]) -> Result<Vec<Row>, Fault> {
        let (prepared, columns) = self.prepared(sql)?;
        let params: Vec<&(dyn ToSql + Sync)> = params.iter().map(|p| p as &(dyn ToSql + Sync)).collect();
        let rows = self.client.query(&prepared, &params).map_err(|e| statement(sql, &e))?;
        rows.iter()
            .map(|row| {
                let cells: Result<Vec<Cell>, Fault> = (0..columns.len()).map(|index| cell(sql, row, index)).collect();
                Ok(Row { statement: sql.name, columns: Arc::clone(&columns), cells: cells? })
            })
            .collect()
    }

    pub(crate) fn execute(&mut self, sql: &Sql, params: &[Param]) -> Result<u64, Fault> {
        let (prepared, _) = self.prepared(sql)?;
        let params: Vec<&(dyn ToSql + Sync)> = params.iter().map(|p| p as &(dyn ToSql + Sync)).collect();
        self.client.execute(&prepared, &params).map_err(|e| statement(sql, &e))
    }

    pub(crate) fn insert_many(&mut self, table: &'static str, columns: &[&str], rows: &[Vec<Param>]) -> Result<(), Fault> {
        let fault = |e: postgres::Error| failed(table, &e);
        if rows.is_empty() {
            return Ok(());
        }
        let shape = self.client.prepare(&format!("select {} from {table} where false", columns.join(", "))).map_err(fault)?;
        let types: Vec<Type> = shape.columns().iter().map(|c| c.type_().clone()).collect();
        let sink = self.client.copy_in(&format!("copy {table} ({}) from stdin binary", columns.join(", "))).map_err(fault)?;
        let mut writer = BinaryCopyInWriter::new(sink, &types);
        for row in rows {
            let values: Vec<&(dyn ToSql + Sync)> = row.iter().map(|p| p as &(dyn ToSql + Sync)).collect();
            writer.write(&values).map_err(fault)?;
        }
        writer.finish().map(drop).map_err(fault)
    }

    pub(crate) fn batch(&mut self, script: &str) -> Result<(), Fault> {
        self.client.batch_execute(script).map_err(|e| failed("script", &e))
    }
}

impl ToSql for Param<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Param::Null => Ok(IsNull::Yes),
            Param::Int(value) => value.to_sql(ty, out),
            Param::Text(value) => value.to_sql(ty, out),
            Param::Bytes(value) => value.to_sql(ty, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        // Which type it is shows only with the value; `to_sql` of that value writes the bytes of its own type.
        true
    }

    to_sql_checked!();
}

fn cell(sql: &Sql, row: &postgres::Row, index: usize) -> Result<Cell, Fault> {
    let fault = |e| statement(sql, &e);
    let column = row.columns().get(index).map(|c| c.type_().clone());
    Ok(match column {
        Some(Type::INT8) => row.try_get::<_, Option<i64>>(index).map_err(fault)?.map_or(Cell::Null, Cell::Int),
        Some(Type::INT4) => row.try_get::<_, Option<i32>>(index).map_err(fault)?.map_or(Cell::Null, |v| Cell::Int(i64::from(v))),
        Some(Type::TEXT) => row.try_get::<_, Option<String>>(index).map_err(fault)?.map_or(Cell::Null, Cell::Text),
        Some(Type::BYTEA) => row.try_get::<_, Option<Vec<u8>>>(index).map_err(fault)?.map_or(Cell::Null, Cell::Bytes),
        other => return Err(Fault::Shape { statement: sql.name, column: format!("{index} of type {other:?}") }),
    })
}

fn words(error: &postgres::Error) -> String {
    error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {source}"))
}

fn statement(sql: &Sql, error: &postgres::Error) -> Fault {
    failed(sql.name, error)
}

fn failed(statement: &'static str, error: &postgres::Error) -> Fault {
    match ailment(error) {
        Some(ailment) => Fault::Server { ailment, what: statement, cause: words(error) },
        None => Fault::Statement { statement, cause: words(error) },
    }
}

/// A connection that is no use, although it is there.
fn unusable(error: &postgres::Error) -> Fault {
    let unknown = || Fault::Unusable(words(error));
    ailment(error).map_or_else(unknown, |ailment| Fault::Server { ailment, what: CONNECTING, cause: words(error) })
}

/// No connection at all. What breaks a line that is there keeps one from coming about here.
fn unconnected(error: &postgres::Error) -> Fault {
    let cause = words(error);
    let ailment = match ailment(error) {
        Some(Ailment::Interrupted) if error.code().is_none() => Ailment::Unreachable,
        Some(ailment) => ailment,
        None if cause == NO_PASSWORD => Ailment::Refused,
        None => return Fault::Unusable(cause),
    };
    Fault::Server { ailment, what: CONNECTING, cause }
}

/// What ails the server; none where the statement is at fault, or what its operator can do is not known.
fn ailment(error: &postgres::Error) -> Option<Ailment> {
    let Some(code) = error.code() else {
        let broke = error.is_closed() || error.source().is_some_and(|source| source.is::<std::io::Error>());
        return broke.then_some(Ailment::Interrupted);
    };
    match *code {
        SqlState::INVALID_PASSWORD | SqlState::INVALID_AUTHORIZATION_SPECIFICATION => Some(Ailment::Refused),
        SqlState::INVALID_CATALOG_NAME => Some(Ailment::NoDatabase),
        SqlState::INSUFFICIENT_PRIVILEGE => Some(Ailment::NoRight),
        SqlState::ADMIN_SHUTDOWN | SqlState::CRASH_SHUTDOWN | SqlState::CANNOT_CONNECT_NOW => Some(Ailment::Interrupted),
        SqlState::DISK_FULL => Some(Ailment::DiskFull),
        SqlState::TOO_MANY_CONNECTIONS => Some(Ailment::TooMany),
        _ => None,
    }
}
