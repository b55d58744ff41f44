//! The kernel at its borders, and the laws that hold whatever the records are.

mod borders;
mod metamorphic;
mod proofs;
mod support;
mod together;
