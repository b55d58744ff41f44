//! The invariants of measures, each tried from both sides of its border.

mod check;
mod feedback;
mod obligation;
mod support;
