//! 规则: the pack language. A pack is a folder of YAML that a jurist can read; this room checks it like a program and hands
//! out a [`model::Pack`] in which nothing is left to be wrong.
//!
//! Reading order: `model` is what a checked pack is, `predicate` how conditions are evaluated, `calendar` working days,
//! `fact` a record as rules see it, `figure` what an office shows of itself, `relation` who is what to whom, `case` what packs expect of themselves, `pack` what others ask a pack; `load` reads a
//! folder, `raw` is the YAML as written, `shape` reads typed values out of it, `check` turns it into the model and finds
//! every fault with line and column, `report` and `diagnostic` tell them, `names` guesses what a misspelt one meant,
//! `forbidden` is what nobody may collect; `sentence` says a rule in Chinese.

pub mod calendar;
pub mod case;
pub mod fact;
pub mod figure;
pub mod model;
pub mod predicate;
pub mod relation;

mod pack;

pub mod check;
pub mod diagnostic;
pub mod forbidden;
pub mod load;
pub mod sentence;

mod names;
mod raw;
mod report;
mod shape;

pub use check::{Checked, check};
pub use diagnostic::{Diagnostic, Severity};
pub use forbidden::{forbidden_field, forbidden_relation};
pub use load::{Files, NotAPack, load};
pub use model::Pack;
pub use pack::class_of;
