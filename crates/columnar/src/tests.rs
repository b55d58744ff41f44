mod support;

mod backtest;
mod cutoffs;
mod generated;
mod held;
mod hostile;
mod projected;
mod reading;
mod refusals;
mod same;
mod told;
