//! The database below the office, touched as an intruder would.

use postgres::{Client, NoTls};
use xinzhi_store::Url;

use super::town::Town;

/// Runs SQL past the office; the words of a refusal.
pub fn attempt(town: &Town, sql: &str) -> Result<(), String> {
    match &town.url {
        Url::Sqlite(_) => sqlite(town).execute_batch(sql).map_err(|error| error.to_string()),
        Url::Postgres { url, .. } => {
            let mut client = Client::connect(url, NoTls).unwrap();
            client.batch_execute(sql).map_err(|error| error.as_db_error().map_or_else(|| error.to_string(), |e| e.message().to_owned()))
        }
    }
}

/// Runs SQL that must go through.
#[track_caller]
pub fn force(town: &Town, sql: &str) {
    attempt(town, sql).unwrap_or_else(|refused| panic!("{sql}: {refused}"));
}

/// The same past the foreign keys, which a root of the database can switch off.
#[track_caller]
pub fn force_unchecked(town: &Town, sql: &str) {
    match &town.url {
        Url::Sqlite(_) => force(town, &format!("pragma foreign_keys = off; {sql}")),
        Url::Postgres { .. } => force(town, &format!("set session_replication_role = replica; {sql}")),
    }
}

/// Takes the guards of a fact table away, as somebody with all rights could.
pub fn unguard(town: &Town, table: &str) {
    match &town.url {
        Url::Sqlite(_) => force(town, &format!("drop trigger if exists {table}_no_update; drop trigger if exists {table}_no_delete")),
        Url::Postgres { .. } => force(town, &format!("drop trigger if exists {table}_append_only on {table}")),
    }
}

/// One number.
pub fn number(town: &Town, sql: &str) -> i64 {
    match &town.url {
        Url::Sqlite(_) => sqlite(town).query_row(sql, [], |row| row.get(0)).unwrap(),
        Url::Postgres { url, .. } => Client::connect(url, NoTls).unwrap().query_one(sql, &[]).unwrap().get(0),
    }
}

/// Every table that has a column of this name.
pub fn tables_with(town: &Town, column: &str) -> Vec<String> {
    match &town.url {
        Url::Sqlite(_) => {
            let connection = sqlite(town);
            let sql =
                "select m.name from sqlite_master m join pragma_table_info(m.name) c on c.name = ?1 where m.type = 'table' order by m.name";
            let mut found = connection.prepare(sql).unwrap();
            found.query_map([column], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
        }
        Url::Postgres { url, .. } => {
            let sql = "select c.table_name::text from information_schema.columns c
                where c.table_schema = 'public' and c.column_name = $1 order by c.table_name";
            let rows = Client::connect(url, NoTls).unwrap().query(sql, &[&column]).unwrap();
            rows.iter().map(|row| row.get(0)).collect()
        }
    }
}

fn sqlite(town: &Town) -> rusqlite::Connection {
    let connection = rusqlite::Connection::open(town.url.directory().join("office.db")).unwrap();
    connection.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
    connection
}

/// Everything that is stored, as bytes: the files of the directory, or every row of every table as text. Bytes of PostgreSQL are
/// printed in hexadecimal, so they are given in their own form too.
pub fn everything(town: &Town) -> Vec<u8> {
    let mut out = Vec::new();
    for entry in std::fs::read_dir(town.url.directory()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            out.extend(std::fs::read(path).unwrap());
        }
    }
    let Url::Postgres { url, .. } = &town.url else { return out };
    let mut client = Client::connect(url, NoTls).unwrap();
    let tables = client.query("select tablename from pg_tables where schemaname = 'public'", &[]).unwrap();
    assert!(tables.len() > 20);
    for table in tables {
        let table: String = table.get(0);
        for row in client.query(&format!("select cast(t.* as text) from {table} t"), &[]).unwrap() {
            let text: String = row.get(0);
            out.extend(text.bytes());
            for hex in text.split("\\x").skip(1) {
                let digits: Vec<u8> = hex.bytes().take_while(u8::is_ascii_hexdigit).collect();
                let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
                out.extend(digits.chunks_exact(2).map(byte));
            }
        }
    }
    out
}
