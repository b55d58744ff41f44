//! 数据归集: a department's bytes become rows, rows become judged candidates. Nothing here writes; what a batch does with a
//! candidate is `office`'s to decide.
//!
//! Three steps, each usable alone. [`table`] reads CSV and XLSX as a stream of rows and refuses what is not certain: an
//! encoding that two decoders accept, a separator that cannot be told, an archive that inflates beyond its bounds.
//! [`mapping`] finds out which column is which field of a source. [`judge`] says for one row whether it may become a fact,
//! must be looked at by a person, or goes back, with every reason as a sentence.
//!
//! Counts close (E9): every row that a table yields gets exactly one outcome; blank rows are no rows.

#![deny(clippy::float_arithmetic)]

pub mod table;

pub mod mapping;

pub mod judge;

#[cfg(test)]
mod fixture;

pub use judge::{Candidate, Judge, Judged, Party, Stated, only_warns};
pub use mapping::{HeaderFault, Mapping};
pub use table::{Encoding, FileFault, Format, Limits, Options, Row, RowFault, Table};
