//! 场景应用: a business system is about to act on a subject; which measures apply, why and until when, and what became of them.
//!
//! Pure: facts, grades and decisions in, answers out. A check never decides. Incentives and supervision follow from the facts;
//! a restriction is in force only where a named person decided on it, and is otherwise at most proposed, never on a grade.
//!
//! Reading order: `check` asks every measure of a matter, `force` says whether a measure may be used on a day at all, `trigger`
//! whether the facts bring it about, `sentence` puts the answer into words; `feedback` takes what the officer did and turns a
//! proposal into a decision, `obligation` counts who owes an answer since when.

#![deny(clippy::float_arithmetic)]

pub mod check;
pub mod force;
mod trigger;

pub mod sentence;

pub mod feedback;
pub mod obligation;

#[cfg(test)]
mod tests;

pub use check::{Answer, CheckInput, Decision, GradeKnown, Reason, Standing, Why, check, standing};
pub use feedback::{Asked, DocumentForm, Feedback, FeedbackInput, Form, feedback};
pub use obligation::{Light, LoopFigures, due, light};
