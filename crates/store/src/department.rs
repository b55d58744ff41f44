//! A department's table in its own PostgreSQL, read and never written: one snapshot, in chunks, every value as text.
//!
//! This is the one place whose statements are made while running, since names of tables and columns are the operator's. A name gets into a
//! statement only through [`quoted`], a value only as a parameter, and a type only from the lists here. What the other database says in
//! words stays out of our sentences and logs: it may repeat values of rows. Its code of five characters is enough.

use std::time::Duration;

use postgres::error::SqlState;
use postgres::types::{Kind, Type};
use postgres::{Client, Config, IsolationLevel, NoTls, Row, Transaction};

/// How long the other side may take to answer a connection attempt.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long it may leave packets unanswered.
const SILENCE_TIMEOUT: Duration = Duration::from_secs(30);
/// Rows that are in memory at once.
const CHUNK_ROWS: i32 = 1_000;
/// What holds inside the snapshot: texts of days and moments have one form and one zone, and nothing takes for ever.
const SETTINGS: &str = "set local statement_timeout = '60s'; set local lock_timeout = '10s'; set local time zone 'Asia/Shanghai';
    set local datestyle = 'ISO, YMD'; set local client_min_messages = 'error'";
/// Rows of the day after tomorrow are typing errors; read, they would carry the watermark beyond everything that is still to come.
const SECONDS_PER_DAY: i64 = 86_400;
/// Longest name that PostgreSQL keeps, in bytes.
pub const NAME_BYTES_MAX: usize = 63;

/// Where a department's database is and who reads there.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    /// Host name, address, or folder of a socket.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Database.
    pub database: String,
    /// Role.
    pub user: String,
    /// Password.
    pub secret: String,
}

impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Address(***)")
    }
}

/// Which table, and which of its columns say how far it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Schema.
    pub schema: String,
    /// Table or view.
    pub name: String,
    /// Column that grows.
    pub watermark: String,
    /// Column that puts rows with one watermark in order.
    pub key: String,
    /// Seconds, or numbers, that are read again.
    pub overlap: i64,
}

/// What a column holds, as far as it matters to whoever reads its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Characters.
    Text,
    /// Whole numbers and exact decimals.
    Number,
    /// Days.
    Day,
    /// Moments.
    Moment,
    /// Yes or no.
    Flag,
}

impl Family {
    const ALL: [Family; 5] = [Family::Text, Family::Number, Family::Day, Family::Moment, Family::Flag];

    /// The word that is stored.
    pub fn word(self) -> &'static str {
        match self {
            Family::Text => "text",
            Family::Number => "number",
            Family::Day => "day",
            Family::Moment => "moment",
            Family::Flag => "flag",
        }
    }

    /// The inverse of [`Family::word`].
    pub fn from_word(word: &str) -> Option<Family> {
        Family::ALL.into_iter().find(|family| family.word() == word)
    }
}

/// A column of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name, which is its header.
    pub name: String,
    /// What it holds; none for a type that is not taken.
    pub family: Option<Family>,
    /// The type as the database calls it.
    pub kind: String,
}

/// How far a table was read: the texts of watermark and key of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Watermark.
    pub watermark: String,
    /// Key.
    pub key: String,
}

/// Why a table cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// Nobody answers there, or the line broke.
    #[error("the database does not answer: {0}")]
    Unreachable(String),
    /// Wrong user or password, or the server does not let this machine in.
    #[error("the database refuses the user")]
    Refused,
    /// No such database.
    #[error("the database does not exist")]
    NoDatabase,
    /// No such table, or no right to see its schema.
    #[error("the table does not exist")]
    NoTable,
    /// No such column.
    #[error("the column {0} does not exist")]
    NoColumn(String),
    /// The role may not read it.
    #[error("the role may not read the table")]
    NoRight,
    /// A column of a type that is not taken: name, type.
    #[error("the column {0} is of type {1}")]
    Type(String, String),
    /// The watermark or the key is of a type that cannot serve as one: name, type.
    #[error("the column {0} of type {1} puts no rows in order")]
    Order(String, String),
    /// A text that is not UTF-8.
    #[error("the column {0} holds what is not UTF-8")]
    Encoding(String),
    /// It takes longer than a statement may.
    #[error("the database takes too long")]
    Slow,
    /// Too many connections, or it is starting or stopping.
    #[error("the database is busy")]
    Busy,
    /// Anything else, by its code.
    #[error("the database says {0}")]
    Other(String),
}

/// How the values of the watermark are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Growing {
    Number,
    Day,
    Moment(&'static str),
}

/// How the values of the key are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ordering {
    Number,
    Text,
}

/// A connection to a department's database.
pub struct Department(Client);

impl std::fmt::Debug for Department {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Department")
    }
}

/// One state of a table, open for reading.
pub struct Snapshot<'a> {
    transaction: Transaction<'a>,
    table: &'a Table,
    columns: Vec<Column>,
    growing: Growing,
    ordering: Ordering,
}

impl std::fmt::Debug for Snapshot<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Snapshot").field("table", self.table).finish_non_exhaustive()
    }
}

/// A row: where it stands, and one text for each wanted column.
#[derive(Debug)]
pub struct Pulled {
    /// Watermark and key.
    pub place: Place,
    /// Texts in the order of the wanted columns.
    pub cells: Vec<Option<String>>,
}

/// Which rows of a table.
#[derive(Clone, Copy, Debug)]
pub enum Wanted<'a> {
    /// All after a place; from the beginning where there is none.
    After(Option<&'a Place>),
    /// Those up to a place that lie inside the overlap before it.
    Overlap(&'a Place),
}

impl Department {
    /// Connects.
    ///
    /// # Errors
    /// [`Trouble`].
    pub fn connect(address: &Address) -> Result<Department, Trouble> {
        let mut config = Config::new();
        config.host(&address.host).port(address.port).dbname(&address.database).user(&address.user).password(&address.secret);
        config.connect_timeout(CONNECT_TIMEOUT).tcp_user_timeout(SILENCE_TIMEOUT).keepalives_idle(SILENCE_TIMEOUT);
        config.application_name("xinzhi");
        config.connect(NoTls).map(Department).map_err(|error| trouble(&error))
    }

    /// Reads in one snapshot that cannot write.
    ///
    /// # Errors
    /// What `read` returns, or [`Trouble`] before it is called.
    pub fn read<T, E: From<Trouble>>(&mut self, table: &Table, read: impl FnOnce(&mut Snapshot<'_>) -> Result<T, E>) -> Result<T, E> {
        let begun = self.0.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true).start();
        let mut transaction = begun.map_err(|error| trouble(&error))?;
        transaction.batch_execute(SETTINGS).map_err(|error| trouble(&error))?;
        let columns = columns(&mut transaction, table)?;
        let growing = growing(&columns, &table.watermark)?;
        let ordering = ordering(&columns, &table.key)?;
        // Whatever happens, the transaction ends without a trace: it could write nothing.
        read(&mut Snapshot { transaction, table, columns, growing, ordering })
    }
}

impl Snapshot<'_> {
    /// The columns of the table, in its order.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Whether some row has no watermark or no key, so that it is never read.
    ///
    /// # Errors
    /// [`Trouble`].
    pub fn has_unreachable_rows(&mut self) -> Result<bool, Trouble> {
        let (table, watermark, key) = (self.from(), column(&self.table.watermark), column(&self.table.key));
        let text = format!("select 1 from {table} where {watermark} is null or {key} is null limit 1");
        self.transaction.query_opt(&text, &[]).map(|row| row.is_some()).map_err(|error| trouble(&error))
    }

    /// Whether some row waits until the day of its watermark comes.
    ///
    /// # Errors
    /// [`Trouble`].
    pub fn has_rows_ahead(&mut self) -> Result<bool, Trouble> {
        let (table, sane) = (self.from(), self.sane(&column(&self.table.watermark)));
        let text = format!("select 1 from {table} where not ({sane}) limit 1");
        self.transaction.query_opt(&text, &[]).map(|row| row.is_some()).map_err(|error| trouble(&error))
    }

    /// Gives rows to `take`, in order, until it has enough.
    ///
    /// # Errors
    /// What `take` returns, or [`Trouble`].
    pub fn walk<E: From<Trouble>>(
        &mut self,
        wanted: Wanted<'_>,
        columns: &[Column],
        mut take: impl FnMut(Pulled) -> Result<bool, E>,
    ) -> Result<(), E> {
        let (text, parameters) = self.statement(wanted, columns)?;
        let parameters: Vec<&(dyn postgres::types::ToSql + Sync)> =
            parameters.iter().map(|text| text as &(dyn postgres::types::ToSql + Sync)).collect();
        let portal = self.transaction.bind(&text, &parameters).map_err(|error| trouble(&error))?;
        loop {
            let rows = self.transaction.query_portal(&portal, CHUNK_ROWS).map_err(|error| trouble(&error))?;
            let last = rows.len() < usize::try_from(CHUNK_ROWS).unwrap_or(usize::MAX);
            for row in &rows {
                if !take(pulled(row, columns)?)? {
                    return Ok(());
                }
            }
            if last {
                return Ok(());
            }
        }
    }

    fn from(&self) -> String {
        format!("{}.{} as t", quoted(&self.table.schema), quoted(&self.table.name))
    }

    fn statement(&self, wanted: Wanted<'_>, columns: &[Column]) -> Result<(String, Vec<String>), Trouble> {
        let (watermark, key) = (column(&self.table.watermark), self.key());
        let mut selected = vec![format!("{watermark}::text"), format!("{key}::text")];
        for column in columns {
            selected.push(selection(column)?);
        }
        let (condition, parameters) = match wanted {
            Wanted::After(None) => (self.sane(&watermark), Vec::new()),
            Wanted::After(Some(place)) => {
                let condition =
                    format!("({watermark}, {key}) > ({}, {}) and {}", self.mark("$1"), self.key_value("$2"), self.sane(&watermark));
                (condition, vec![place.watermark.clone(), place.key.clone()])
            }
            Wanted::Overlap(place) => {
                let (mark, value) = (self.mark("$1"), self.key_value("$2"));
                let condition = format!("({watermark}, {key}) <= ({mark}, {value}) and {watermark} >= {}", self.earlier("$1", "$3"));
                (condition, vec![place.watermark.clone(), place.key.clone(), self.overlap().to_string()])
            }
        };
        let text = format!("select {} from {} where {condition} order by {watermark}, {key}", selected.join(", "), self.from());
        Ok((text, parameters))
    }

    fn key(&self) -> String {
        let key = column(&self.table.key);
        match self.ordering {
            Ordering::Number => key,
            // By code point: the order of a language may change with the system below the database.
            Ordering::Text => format!("({key}::text collate \"C\")"),
        }
    }

    fn key_value(&self, parameter: &str) -> String {
        match self.ordering {
            Ordering::Number => format!("{parameter}::text::numeric"),
            Ordering::Text => format!("{parameter}::text"),
        }
    }

    fn mark(&self, parameter: &str) -> String {
        let kind = match self.growing {
            Growing::Number => "bigint",
            Growing::Day => "date",
            Growing::Moment(kind) => kind,
        };
        format!("{parameter}::text::{kind}")
    }

    fn earlier(&self, place: &str, parameter: &str) -> String {
        let mark = self.mark(place);
        match self.growing {
            Growing::Number => format!("{mark} - {parameter}::text::bigint"),
            Growing::Day => format!("{mark} - {parameter}::text::integer"),
            Growing::Moment(_) => format!("{mark} - {parameter}::text::bigint * interval '1 second'"),
        }
    }

    /// The overlap in the unit of the watermark.
    fn overlap(&self) -> i64 {
        match self.growing {
            Growing::Day => self.table.overlap.div_euclid(SECONDS_PER_DAY) + 1,
            Growing::Number | Growing::Moment(_) => self.table.overlap,
        }
    }

    fn sane(&self, watermark: &str) -> String {
        match self.growing {
            Growing::Number => "true".to_owned(),
            Growing::Day => format!("{watermark} <= current_date + 1"),
            Growing::Moment(kind) => format!("{watermark} <= (now() + interval '1 day')::{kind}"),
        }
    }
}

/// A name as an identifier of SQL, whatever it holds.
pub fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A column of the table. Unqualified, an order would be by the text that was selected under the same name.
fn column(name: &str) -> String {
    format!("t.{}", quoted(name))
}

fn columns(transaction: &mut Transaction<'_>, table: &Table) -> Result<Vec<Column>, Trouble> {
    let text = format!("select * from {}.{} where false", quoted(&table.schema), quoted(&table.name));
    let shape = transaction.prepare(&text).map_err(|error| trouble(&error))?;
    let described =
        |c: &postgres::Column| Column { name: c.name().to_owned(), family: family(c.type_()), kind: c.type_().name().to_owned() };
    Ok(shape.columns().iter().map(described).collect())
}

/// What a type holds; a domain is what it rests on.
fn family(kind: &Type) -> Option<Family> {
    match kind.kind() {
        Kind::Domain(below) => return family(below),
        Kind::Enum(_) => return Some(Family::Text),
        _ => {}
    }
    match *kind {
        Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME => Some(Family::Text),
        Type::INT2 | Type::INT4 | Type::INT8 | Type::NUMERIC => Some(Family::Number),
        Type::DATE => Some(Family::Day),
        Type::TIMESTAMP | Type::TIMESTAMPTZ => Some(Family::Moment),
        Type::BOOL => Some(Family::Flag),
        _ => None,
    }
}

fn named<'a>(columns: &'a [Column], name: &str) -> Result<&'a Column, Trouble> {
    columns.iter().find(|column| column.name == name).ok_or_else(|| Trouble::NoColumn(name.to_owned()))
}

fn growing(columns: &[Column], name: &str) -> Result<Growing, Trouble> {
    let column = named(columns, name)?;
    match column.kind.as_str() {
        "int2" | "int4" | "int8" => Ok(Growing::Number),
        "date" => Ok(Growing::Day),
        "timestamp" => Ok(Growing::Moment("timestamp")),
        "timestamptz" => Ok(Growing::Moment("timestamptz")),
        other => Err(Trouble::Order(name.to_owned(), other.to_owned())),
    }
}

fn ordering(columns: &[Column], name: &str) -> Result<Ordering, Trouble> {
    let column = named(columns, name)?;
    match (column.kind.as_str(), column.family) {
        ("int2" | "int4" | "int8" | "numeric", _) => Ok(Ordering::Number),
        ("uuid", _) | (_, Some(Family::Text)) => Ok(Ordering::Text),
        (other, _) => Err(Trouble::Order(name.to_owned(), other.to_owned())),
    }
}

/// The text of a column, exact: numbers keep every digit, days and moments are ISO in our zone.
fn selection(column: &Column) -> Result<String, Trouble> {
    let name = self::column(&column.name);
    match column.family {
        Some(Family::Flag) => Ok(format!("case when {name} then '是' when not {name} then '否' end")),
        Some(Family::Text | Family::Number | Family::Day | Family::Moment) => Ok(format!("{name}::text")),
        None => Err(Trouble::Type(column.name.clone(), column.kind.clone())),
    }
}

fn pulled(row: &Row, columns: &[Column]) -> Result<Pulled, Trouble> {
    let text = |index: usize, name: &str| row.try_get::<_, Option<String>>(index).map_err(|_| Trouble::Encoding(name.to_owned()));
    let place = |index: usize, name: &str| Ok::<_, Trouble>(text(index, name)?.unwrap_or_default());
    let cells = columns.iter().enumerate().map(|(index, column)| text(index + 2, &column.name));
    Ok(Pulled { place: Place { watermark: place(0, "watermark")?, key: place(1, "key")? }, cells: cells.collect::<Result<_, _>>()? })
}

fn trouble(error: &postgres::Error) -> Trouble {
    let Some(code) = error.code() else {
        let cause = std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string);
        return Trouble::Unreachable(cause);
    };
    match *code {
        SqlState::INVALID_PASSWORD | SqlState::INVALID_AUTHORIZATION_SPECIFICATION => Trouble::Refused,
        SqlState::INVALID_CATALOG_NAME => Trouble::NoDatabase,
        SqlState::UNDEFINED_TABLE | SqlState::INVALID_SCHEMA_NAME => Trouble::NoTable,
        SqlState::INSUFFICIENT_PRIVILEGE => Trouble::NoRight,
        SqlState::QUERY_CANCELED | SqlState::LOCK_NOT_AVAILABLE => Trouble::Slow,
        SqlState::TOO_MANY_CONNECTIONS | SqlState::CANNOT_CONNECT_NOW | SqlState::ADMIN_SHUTDOWN | SqlState::CRASH_SHUTDOWN => {
            Trouble::Busy
        }
        ref other => Trouble::Other(other.code().to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_a_name_whatever_it_holds() {
        assert_eq!(quoted("处罚"), "\"处罚\"");
        assert_eq!(quoted("a\"; drop table b; --"), "\"a\"\"; drop table b; --\"");
    }

    #[test]
    fn an_address_is_not_printed() {
        let address = Address { host: "h".into(), port: 5432, database: "d".into(), user: "u".into(), secret: "秘密".into() };
        assert_eq!(format!("{address:?}"), "Address(***)");
    }
}
