mod support;

mod generated;
mod held;
mod hostile;
mod reading;
mod refusals;
mod same;
mod told;
