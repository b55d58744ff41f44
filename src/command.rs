//! The commands, one a file.

pub mod account;
pub mod backup;
pub mod check;
pub mod clock;
pub mod connector;
pub mod demo;
pub mod doctor;
pub mod evaluate;
pub mod explain;
pub mod generate;
pub mod identify;
pub mod impact;
pub mod import;
pub mod pack;
mod past;
pub mod serve;
pub mod subscription;
