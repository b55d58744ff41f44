mod support;

mod backtest;
mod cutoffs;
mod generated;
mod hostile;
mod projected;
mod reading;
mod refusals;
mod same;
mod told;
