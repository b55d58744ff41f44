//! 场景应用: a business system asks, is told, and tells back; the loop board says what is owed.

pub mod board;
pub mod feedback;
pub(crate) mod replay;
pub mod run;

pub use board::{Board, BoardFilter, CheckView, ObligationView, board, of_check};
pub use feedback::{FeedbackForm, FeedbackReceipt, give_feedback};
pub use run::{CheckAnswer, CheckRequest, run_check};
