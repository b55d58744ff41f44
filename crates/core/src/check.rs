//! A check at a business trigger, and the answer that every measure of it is owed.

use serde::{Deserialize, Serialize};

/// Number of a check in the office.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CheckId(pub i64);

/// What the officer did with a measure (应用结果).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeedbackOutcome {
    /// Seen and taken up, not yet carried out. Does not close the obligation.
    Acknowledged,
    /// Carried out; for a proposed restriction: decided by the named officer on the named document.
    Applied,
    /// Not carried out, for the stated reason.
    NotApplied,
}

impl FeedbackOutcome {
    /// The word that people read.
    pub fn title(self) -> &'static str {
        match self {
            FeedbackOutcome::Acknowledged => "已签收",
            FeedbackOutcome::Applied => "已实施",
            FeedbackOutcome::NotApplied => "未实施",
        }
    }

    /// The word that the database stores and the API speaks.
    pub fn word(self) -> &'static str {
        match self {
            FeedbackOutcome::Acknowledged => "acknowledged",
            FeedbackOutcome::Applied => "applied",
            FeedbackOutcome::NotApplied => "not_applied",
        }
    }

    /// The inverse of [`FeedbackOutcome::word`].
    pub fn from_word(word: &str) -> Option<FeedbackOutcome> {
        [FeedbackOutcome::Acknowledged, FeedbackOutcome::Applied, FeedbackOutcome::NotApplied].into_iter().find(|o| o.word() == word)
    }

    /// Whether nothing more is owed after this answer.
    pub fn closes(self) -> bool {
        !matches!(self, FeedbackOutcome::Acknowledged)
    }
}
