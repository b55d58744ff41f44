//! The commands, one a file.

pub mod account;
mod backtest;
pub mod backup;
pub mod check;
pub mod clock;
pub mod columns;
pub mod connector;
pub mod cutoffs;
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
pub mod projection;
pub mod serve;
pub mod subscription;
