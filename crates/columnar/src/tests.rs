mod support;

mod backtest;
mod cutoffs;
mod fresh;
mod generated;
mod held;
mod hostile;
mod many;
mod projected;
mod reading;
mod refusals;
mod regular;
mod same;
mod told;
