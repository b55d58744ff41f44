//! 列存表集: records of a whole population as Parquet files, read straight into the columns that the kernel evaluates. No database.
//!
//! The one room that names Parquet. A set is written once, under another name until it is whole, and read by as many threads as there
//! are; a set that is incomplete, damaged or made for other rules gives no result at all.
//!
//! Reading order: `schema` is which columns a file has, `manifest` what a set says of itself, `set` writes and opens one; `file` opens one
//! file, `hybrid` and `cells` decode a column, `held` does the same for tables in memory, `places` finds each subject's rows, `coverage` what was reported, `partition` puts them
//! together; `ordered` shares partitions among threads; `standings` is what comes out of one, `run` how; `summary` counts it; `dice` and
//! `generate` make up sets for trials.

pub mod fault;
pub mod manifest;
pub mod schema;

pub mod set;

mod write;

mod file;

mod hybrid;

pub mod held;

pub mod cells;

mod places;

pub mod coverage;

pub mod partition;

mod ordered;

pub mod standings;

pub mod run;

pub mod summary;

mod dice;

pub mod generate;

#[cfg(test)]
mod tests;

pub use coverage::{CoverageRow, Reported};
pub use fault::Fault;
pub use generate::{Size, generate};
pub use held::{HeldCells, HeldPart, HeldPiece, HeldTable, HeldType};
pub use manifest::Manifest;
pub use run::{Loaded, Run, Touched};
pub use set::{FieldCells, RecordColumns, SetHead, SetWriter, SubjectColumns, TableSet, WordColumn};
pub use standings::{Earlier, Pin, Standings, StandingsWriter};
pub use summary::Summary;
