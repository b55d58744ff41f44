//! The projection of an office: what `office` hands out of the journal becomes the files of `columnar`. Here and nowhere below, so that no
//! use case can reach a projection: a check, a page and a figure read the database.
//!
//! Reading order: `follow` brings a projection to the journal's head, by adding what changed or by writing everything anew; `columns` turns
//! what was known into columns; `examine` holds a projection against the database.

pub mod columns;
mod examine;
mod follow;

use std::path::PathBuf;

pub use examine::examine;
pub use follow::{CHUNK, How, Ready, SPAN, aside, follow, rebuild};

use crate::arguments::Place;

/// The folder of the projection inside the office's directory, where nothing else is said.
const FOLDER: &str = "projection";

/// Where the projection of an office is.
pub fn folder(place: &Place, said: Option<&PathBuf>) -> PathBuf {
    said.cloned().unwrap_or_else(|| place.data.join(FOLDER))
}
