//! 办理: the use cases. Each reads, decides through a pure room, and writes, in one transaction that cannot be opened without
//! an actor and a moment.
//!
//! Reading order: `office` opens a database and runs acts, `permission` is the one table of who may do what, `keys` seal what
//! identifies people. Then a module for each noun: `pack`, `import` (数据归集), `subject`, `evaluation` with
//! `coverage` (模型构建), `check` (场景应用)
//! with feedback and the loop board, `figure` (统计) and `impact` (规则影响评估), both of which read `everybody`, `push` (推送); `connector`
//! polls departments' tables into `import`, `quality` says how departments report; for the administrators `account`, `organ`, `overview` with
//! `work`, and `journal`. `react` closes the loop: what follows from each act of the journal. `projection` hands out what was known when,
//! for columns. `doctor` checks on stored data what must always hold, `backup` copies it, `operation` tells how
//! the running program does.

pub mod account;
pub mod area;
pub mod backup;
pub mod check;
pub mod connector;
mod coverage;
pub mod doctor;
mod error;
pub mod evaluation;
mod everybody;
pub mod figure;
pub mod idempotent;
pub mod impact;
pub mod import;
pub mod journal;
pub mod keys;
pub mod names;
pub mod office;
pub mod operation;
pub mod organ;
pub mod overview;
pub mod pack;
pub mod permission;
pub mod projection;
pub mod push;
pub mod quality;
pub mod react;
pub mod search;
pub(crate) mod sheet;
pub mod subject;
pub mod work;

pub use error::{Error, Obstacle, ails, file_ails};
pub use office::{Founding, Office, SystemClock, SystemEntropy};

// What pages and commands show of the links travels through the office: they depend on it alone.
pub use xinzhi_apply as apply;
pub use xinzhi_evaluate as evaluate;
pub use xinzhi_rules as rules;
pub use xinzhi_store::{Lane, tally};
