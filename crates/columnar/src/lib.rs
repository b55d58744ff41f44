//! 列存表集: records of a whole population as Parquet files, read straight into the columns that the kernel evaluates. No database.
//!
//! The one room that names Parquet. A set is written once, under another name until it is whole, and read by as many threads as there
//! are; a set that is incomplete, damaged or made for other rules gives no result at all.
//!
//! Reading order: `schema` is which columns a file has, `manifest` what a set says of itself, `set` writes and opens one, `fresh` gives names
//! and `regular` refuses what is no file; `json` reads lists, `file` opens one file, `encrypted` knows one that cannot be read, `hybrid` and `cells` decode a column, `held` does the same for tables in memory, `places` finds each subject's rows, `coverage`
//! what was reported, `partition` puts them together, and `projection` is the set of an office that follows its journal; `ordered` shares
//! partitions among threads; `standings` is what comes out of one, `run` how; `cutoffs` makes limits of grades by peers of it; `summary` counts
//! it; `backtest` runs it on many days and `history` counts those; `dice` and `generate` make up sets for trials.

pub mod fault;
pub mod manifest;
pub mod schema;

mod json;

pub mod fresh;

mod regular;

pub mod set;

mod write;

mod file;

mod encrypted;

mod hybrid;

pub mod held;

pub mod cells;

mod places;

pub mod coverage;

pub mod partition;

pub mod projection;

mod ordered;

pub mod standings;

pub mod run;

pub mod cutoffs;

pub mod summary;

pub mod history;

pub mod backtest;

mod dice;

pub mod generate;

#[cfg(test)]
mod tests;

pub use backtest::{Backtest, Every, Section};
pub use coverage::{CoverageRow, Reported};
pub use cutoffs::{Asked, Tallies};
pub use fault::Fault;
pub use generate::{Size, generate};
pub use held::{HeldCells, HeldPart, HeldPiece, HeldTable, HeldType};
pub use history::History;
pub use manifest::Manifest;
pub use projection::Projection;
pub use run::{Loaded, Run, Touched};
pub use set::{FieldCells, RecordColumns, SetHead, SetWriter, Stays, SubjectColumns, TableSet, WordColumn};
pub use standings::{Earlier, Encoded, Pin, Standings, StandingsWriter};
pub use summary::Summary;
