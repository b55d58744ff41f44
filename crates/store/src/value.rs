//! Values that cross the border to a database, and the rows that come back.

use std::sync::Arc;

use xinzhi_core::{Day, Digest, SubjectId};

use crate::Fault;

/// A parameter. Three types are all that both databases share without surprises.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Param<'a> {
    /// SQL null.
    Null,
    /// `bigint`.
    Int(i64),
    /// `text`.
    Text(&'a str),
    /// `bytea`.
    Bytes(&'a [u8]),
}

impl From<i64> for Param<'_> {
    fn from(value: i64) -> Self {
        Param::Int(value)
    }
}

impl<'a> From<&'a str> for Param<'a> {
    fn from(value: &'a str) -> Self {
        Param::Text(value)
    }
}

impl<'a> From<&'a String> for Param<'a> {
    fn from(value: &'a String) -> Self {
        Param::Text(value)
    }
}

impl<'a> From<&'a [u8]> for Param<'a> {
    fn from(value: &'a [u8]) -> Self {
        Param::Bytes(value)
    }
}

impl<'a> From<&'a Digest> for Param<'a> {
    fn from(value: &'a Digest) -> Self {
        Param::Bytes(value.as_bytes())
    }
}

impl From<SubjectId> for Param<'_> {
    fn from(value: SubjectId) -> Self {
        Param::Int(value.0)
    }
}

impl<'a, T: Into<Param<'a>>> From<Option<T>> for Param<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Param::Null, Into::into)
    }
}

/// Builds a parameter list: `params![subject, "text", 3_i64]`.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => { &[$($crate::value::Param::from($value)),*] };
}

/// A value that came back.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// SQL null.
    Null,
    /// `bigint`.
    Int(i64),
    /// `text`.
    Text(String),
    /// `bytea`.
    Bytes(Vec<u8>),
}

/// A row that came back, read by column name.
#[derive(Clone, Debug)]
pub struct Row {
    pub(crate) statement: &'static str,
    pub(crate) columns: Arc<[String]>,
    pub(crate) cells: Vec<Cell>,
}

impl Row {
    /// Reads a column. SQLite would store a word in a `bigint` column: a value of another type is a fault, never a guess.
    ///
    /// # Errors
    /// [`Fault::Shape`] naming statement and column.
    pub fn get<T: FromCell>(&self, column: &str) -> Result<T, Fault> {
        let shape = || Fault::Shape { statement: self.statement, column: column.to_owned() };
        let index = self.columns.iter().position(|c| c == column).ok_or_else(shape)?;
        self.cells.get(index).and_then(T::from_cell).ok_or_else(shape)
    }

    /// Takes a text out, instead of copying it: of a row that is not needed any more.
    ///
    /// # Errors
    /// As [`Row::get`].
    pub(crate) fn take(&mut self, column: &str) -> Result<String, Fault> {
        let shape = || Fault::Shape { statement: self.statement, column: column.to_owned() };
        let index = self.columns.iter().position(|c| c == column).ok_or_else(shape)?;
        match self.cells.get_mut(index) {
            Some(Cell::Text(text)) => Ok(std::mem::take(text)),
            _ => Err(shape()),
        }
    }
}

/// What a column may be read as.
pub trait FromCell: Sized {
    /// `None` where the cell holds another type.
    fn from_cell(cell: &Cell) -> Option<Self>;
}

impl FromCell for i64 {
    fn from_cell(cell: &Cell) -> Option<i64> {
        if let Cell::Int(value) = cell { Some(*value) } else { None }
    }
}

impl FromCell for String {
    fn from_cell(cell: &Cell) -> Option<String> {
        if let Cell::Text(value) = cell { Some(value.clone()) } else { None }
    }
}

impl FromCell for Vec<u8> {
    fn from_cell(cell: &Cell) -> Option<Vec<u8>> {
        if let Cell::Bytes(value) = cell { Some(value.clone()) } else { None }
    }
}

impl FromCell for Digest {
    fn from_cell(cell: &Cell) -> Option<Digest> {
        if let Cell::Bytes(value) = cell { Digest::from_bytes(value) } else { None }
    }
}

impl FromCell for Day {
    fn from_cell(cell: &Cell) -> Option<Day> {
        if let Cell::Text(value) = cell { Day::parse(value).ok() } else { None }
    }
}

impl FromCell for SubjectId {
    fn from_cell(cell: &Cell) -> Option<SubjectId> {
        i64::from_cell(cell).map(SubjectId)
    }
}

impl<T: FromCell> FromCell for Option<T> {
    fn from_cell(cell: &Cell) -> Option<Option<T>> {
        if matches!(cell, Cell::Null) { Some(None) } else { T::from_cell(cell).map(Some) }
    }
}
