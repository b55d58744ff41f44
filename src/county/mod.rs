//! A believable county that does not exist: 示范县, written as the files its departments would deliver.
//!
//! Nothing here is about a real firm or person. Subjects are computed from (seed, number), so that the same seed gives the
//! same bytes and a county of any size needs no memory for its subjects. The files go through the front door like any
//! others, with the faults of real ones planted in known numbers.
//!
//! Reading order: `dice` draws; `names`, `trades`, `organs`, `subject` say who there is; `offences`, `penalties`, `licences`,
//! `inspections`, `lists` say what happens; `plan` says to whom and when; `market` who trades where; `layout`, `sheet`, `defects`, `outgoing`, `writing` write it.

mod defects;
mod dice;
mod inspections;
mod layout;
mod licences;
mod lists;
mod market;
mod money;
mod names;
mod offences;
mod organs;
mod outgoing;
mod penalties;
mod plan;
mod sheet;
mod subject;
mod trades;
mod writing;

use std::collections::BTreeMap;
use std::path::PathBuf;

use xinzhi_core::{Day, Span};

pub use market::write_market;
pub use writing::{Defects, write, write_cf};

/// The county and its townships: code and name.
pub fn areas() -> impl Iterator<Item = (&'static str, &'static str)> {
    std::iter::once((names::COUNTY_CODE, names::COUNTY)).chain(names::TOWNS.iter().map(|town| (town.code, town.name)))
}

/// How large a county.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Enterprises, sole traders, cooperatives, institutions and social organisations.
    pub subjects: usize,
    /// Rows of all files but the register.
    pub records: usize,
    /// What makes this county another than the next.
    pub seed: u64,
    /// The last day of the records.
    pub through: Day,
    /// Years of records up to that day.
    pub years: u32,
}

/// A written file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Where it is.
    pub path: PathBuf,
    /// Which source of the pack it comes from.
    pub source: &'static str,
    /// Full name of the department that delivers it.
    pub supplier: &'static str,
    /// The days it covers completely together with the earlier files of its source; none where it claims nothing.
    pub covers: Option<Span>,
    /// Its rows, the header apart.
    pub rows: usize,
    /// Planted defects and other traits by name.
    pub planted: BTreeMap<&'static str, usize>,
}

#[cfg(test)]
mod tests;
