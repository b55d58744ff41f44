mod support;

mod generated;
mod hostile;
mod projected;
mod reading;
mod refusals;
mod same;
mod told;
