//! The kernel at its borders, and the laws that hold whatever the records are.

mod better;
mod borders;
mod metamorphic;
mod peers;
mod proofs;
mod ratio;
mod silence;
mod support;
mod together;
