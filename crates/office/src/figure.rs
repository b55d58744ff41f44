//! 统计: what the office shows of itself, by figures that packs define.
//!
//! Reading order: `month` and `item` are what is counted with all that it can be broken down by; `populations` reads each population from
//! the store, in groups and one by one; `standings` runs the one kernel over everybody, and again over those about whom something changed;
//! `census` keeps of each subject how it counts, `kept` what was counted until something is known that changes it. `table` breaks down,
//! adds up and hides what could point to a person: pure. `finding` says in a sentence what a table shows, and in others what it leaves
//! out. `show` is the use case of a figure, `list` of what is behind one of its numbers, `sheet` the workbook. `ahead` counts before anybody asks.

mod ahead;
mod census;
mod finding;
pub(crate) mod item;
pub(crate) mod kept;
mod list;
mod month;
mod populations;
mod reason;
mod sheet;
mod show;
mod standings;
mod table;

pub use ahead::{Ahead, count_ahead, is_ahead};
pub use list::{LIST_PAGE, Line, Listing, list};
pub use month::Month;
pub use sheet::workbook;
pub use show::{Asked, Shown, show, shown_figures};
pub use table::{Cell, Column, Group, Months, Part, Table, Value, View};

pub(crate) use kept::loop_figures;
