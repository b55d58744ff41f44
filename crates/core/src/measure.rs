//! What a check may tell a business system to do.

use serde::{Deserialize, Serialize};

/// The three kinds, and with them who may bring one about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MeasureKind {
    /// 激励: derived, applies by itself.
    Incentive,
    /// 分级监管: derived, applies by itself, reduces no right.
    Supervision,
    /// 惩戒: reduces a right or adds a duty; in force only after a named person decided on a document (D2).
    Restriction,
}

impl MeasureKind {
    /// The word that people read.
    pub fn title(self) -> &'static str {
        match self {
            MeasureKind::Incentive => "激励",
            MeasureKind::Supervision => "监管",
            MeasureKind::Restriction => "惩戒",
        }
    }
}

/// Whether a measure holds already, or waits for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MeasureState {
    /// Applies today.
    InForce,
    /// The facts would allow it; a named officer must decide on a document before it takes effect.
    Proposed,
}

impl MeasureState {
    /// The word that people read.
    pub fn title(self) -> &'static str {
        match self {
            MeasureState::InForce => "生效中",
            MeasureState::Proposed => "待决定",
        }
    }
}
