//! 模型构建: a scorecard of a pack, the records of a subject, a day, and out comes an evaluation that explains itself.
//!
//! Pure: no clock, no randomness, no floats, no database. One integer kernel over columns serves one subject at a desk and ten
//! million at night; an explanation is the same run with its rows kept.
//!
//! Reading order: `columns` is what the kernel sees and `coverage` which silence means "none"; `plan` compiles a scorecard and
//! proves that its sums fit; `peers` is how limits of grades depend on a group; `kernel` runs it; `feed` makes columns from facts; `result` is what comes out; `explain` puts the
//! kept rows into words and finds the next day on which anything changes; `evaluate` ties them together, and `better` asks the
//! kernel what would make a grade better.

#![deny(clippy::float_arithmetic)]

pub mod columns;
pub mod coverage;

pub mod plan;

pub mod peers;

pub mod kernel;

pub mod feed;

pub mod result;

mod explain;

mod evaluate;

pub mod better;

#[cfg(test)]
mod tests;

pub use better::{Better, better};
pub use columns::{Column, ColumnsFault, KindColumns, Population, Values};
pub use coverage::Coverage;
pub use evaluate::{Fault, Question, Subject, evaluate, evaluate_days, evaluate_many};
pub use kernel::{Totals, run};
pub use peers::{Comparison, Tally};
pub use plan::{Plan, PlanFault, Reads};
pub use result::{
    Contribution, DimensionLine, Evaluation, Forced, IndicatorLine, Knowledge, Measure, Measured, Outcome, Reason, Standing, Together,
};
