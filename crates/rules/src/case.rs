//! A pack's cases: what its authors expect, as data. `office` runs them, for `pack test` and for our tests alike.

use std::collections::BTreeMap;

use xinzhi_core::Day;
use xinzhi_core::measure::MeasureState;
use xinzhi_core::record::Class;

use crate::model::{KindIx, MatterIx, ScorecardIx, SubjectKindIx};

/// One case.
#[derive(Clone, Debug)]
pub struct Case {
    /// File it stands in, for the report.
    pub file: String,
    /// Line of its title.
    pub line: u32,
    /// A title that a jurist can judge.
    pub title: String,
    /// The day it is decided on.
    pub as_of: Day,
    /// Kind of the subject.
    pub subject: SubjectKindIx,
    /// Kinds that are covered through `as_of`; records of other kinds are unknown, not absent.
    pub covered: Vec<KindIx>,
    /// The subject's records.
    pub records: Vec<CaseRecord>,
    /// What is expected of an evaluation.
    pub evaluation: Option<ExpectedEvaluation>,
    /// What is expected of a check.
    pub check: Option<ExpectedCheck>,
}

/// A record of a case.
#[derive(Clone, Debug)]
pub struct CaseRecord {
    /// Name inside the case, as `r1`.
    pub name: String,
    /// Its kind.
    pub kind: KindIx,
    /// Date of its document.
    pub day: Day,
    /// Its class; where the case leaves it out, the kind's class rule gives it.
    pub class: Option<Class>,
    /// Values by field position, as rules read them.
    pub values: Vec<Option<i64>>,
}

/// Expected of an evaluation.
#[derive(Clone, Debug)]
pub struct ExpectedEvaluation {
    /// By which scorecard.
    pub scorecard: ScorecardIx,
    /// Points as written, `835` or `812.5`; none where not evaluable is expected.
    pub points: Option<xinzhi_core::Points>,
    /// Name of the grade; none where not evaluable is expected.
    pub grade: Option<String>,
    /// What the grade is worth in 分. Checked only where given.
    pub amount: Option<i64>,
    /// By indicator id: names of the records that contributed. Checked only where given.
    pub contributions: BTreeMap<String, Vec<String>>,
    /// Ids of indicators that are expected to be unknown. Checked only where given.
    pub unknown: Option<Vec<String>>,
    /// Every way to the next better grade, the earliest first. Checked only where given.
    pub better: Option<Vec<ExpectedWay>>,
}

/// Expected of what would make the grade better: one smallest set of steps on a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpectedWay {
    /// The day on which all of it is done.
    pub on: Day,
    /// Name of the grade on that day.
    pub grade: String,
    /// Names of the records that are remedied, in order; none where time alone does it.
    pub steps: Vec<String>,
}

/// Expected of a check: exactly these measures.
#[derive(Clone, Debug)]
pub struct ExpectedCheck {
    /// At which matter.
    pub matter: MatterIx,
    /// Measure id to state, complete.
    pub measures: BTreeMap<String, MeasureState>,
}
