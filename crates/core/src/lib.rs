//! 核心: the nouns of the field and the handovers between rooms.
//!
//! Nothing here reads a clock, a file or a database. A value of one of these types has been parsed: whoever holds it
//! may rely on it. Reading order follows a record through the house: what a day and a moment are, who a subject is,
//! what a record says, what a measure does, what the journal keeps, and how the office says no.

pub mod day;
pub mod moment;
pub mod money;
pub mod points;
pub mod text;

pub mod area;
pub mod identifier;
pub mod subject;

pub mod digest;
pub mod record;

pub mod check;
pub mod measure;

pub mod actor;
pub mod journal;

pub mod mask;
pub mod refusal;

pub use area::AreaCode;
pub use day::{Day, Span};
pub use digest::Digest;
pub use moment::{Clock, Moment};
pub use money::Fen;
pub use points::Points;
pub use refusal::{Code, Refusal};
pub use subject::SubjectId;
