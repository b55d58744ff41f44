//! What a department reported about a subject, and what became of each row of its file.

use serde::{Deserialize, Serialize};

use crate::Day;

/// Position of a record in the office; never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RecordId(pub i64);

/// Number of an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BatchId(pub i64);

/// 失信程度 of an adverse record. Records that are not adverse have none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Class {
    /// 轻微: never reduces a right (L7).
    #[serde(rename = "轻微")]
    Minor,
    /// 一般.
    #[serde(rename = "一般")]
    Ordinary,
    /// 严重.
    #[serde(rename = "严重")]
    Serious,
}

impl Class {
    /// Every class, mildest first; the position is the number the kernel sees.
    pub const ALL: [Class; 3] = [Class::Minor, Class::Ordinary, Class::Serious];

    /// 轻微, 一般 or 严重.
    pub fn title(self) -> &'static str {
        match self {
            Class::Minor => "轻微",
            Class::Ordinary => "一般",
            Class::Serious => "严重",
        }
    }

    /// Reads the Chinese word.
    pub fn from_title(title: &str) -> Option<Class> {
        Class::ALL.into_iter().find(|class| class.title() == title)
    }

    /// The number that the kernel and the database store: 0, 1, 2.
    pub fn number(self) -> i64 {
        match self {
            Class::Minor => 0,
            Class::Ordinary => 1,
            Class::Serious => 2,
        }
    }

    /// The inverse of [`Class::number`].
    pub fn from_number(number: i64) -> Option<Class> {
        Class::ALL.into_iter().find(|class| class.number() == number)
    }
}

/// The document a record rests on (L5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// 文书号, as written.
    pub number: String,
    /// Name of the organ that issued it.
    pub organ: String,
    /// 统一社会信用代码 of that organ, where the file had a real one.
    pub organ_code: Option<String>,
    /// Its date: clocks start here.
    pub date: Day,
}

/// What happened to a row: exactly one of four, so that counts close (E9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// A new fact.
    Accepted,
    /// The same content is already a fact.
    Duplicate,
    /// Cannot become a fact; the supplier must mend the row.
    Refused,
    /// Could be a fact, but a person must look first.
    Quarantined,
}

impl Outcome {
    /// The word that people read.
    pub fn title(self) -> &'static str {
        match self {
            Outcome::Accepted => "接收",
            Outcome::Duplicate => "重复",
            Outcome::Refused => "退回",
            Outcome::Quarantined => "待核实",
        }
    }

    /// The word that the database stores and the API speaks.
    pub fn word(self) -> &'static str {
        match self {
            Outcome::Accepted => "accepted",
            Outcome::Duplicate => "duplicate",
            Outcome::Refused => "refused",
            Outcome::Quarantined => "quarantined",
        }
    }

    /// The inverse of [`Outcome::word`].
    pub fn from_word(word: &str) -> Option<Outcome> {
        [Outcome::Accepted, Outcome::Duplicate, Outcome::Refused, Outcome::Quarantined].into_iter().find(|o| o.word() == word)
    }
}

/// One remark about a row: a reason for its outcome, or a warning beside an accepted row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remark {
    /// Stable code for programs: `date.invalid`, `code.check_digit` …
    pub code: String,
    /// Chinese title of the field, where one field is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The Chinese sentence: the fact, the offending text in backticks, what to do.
    pub sentence: String,
}

/// Counts of a batch. `read` is the sum of the other four, by construction and by `doctor` (E9).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Rows in the file.
    pub read: i64,
    /// New facts.
    pub accepted: i64,
    /// Already known.
    pub duplicate: i64,
    /// Sent back.
    pub refused: i64,
    /// Waiting for a person.
    pub quarantined: i64,
}

impl Counts {
    /// Counts one more row.
    pub fn add(&mut self, outcome: Outcome) {
        self.read += 1;
        match outcome {
            Outcome::Accepted => self.accepted += 1,
            Outcome::Duplicate => self.duplicate += 1,
            Outcome::Refused => self.refused += 1,
            Outcome::Quarantined => self.quarantined += 1,
        }
    }

    /// These rows and those together.
    #[must_use]
    pub fn plus(self, other: Counts) -> Counts {
        Counts {
            read: self.read + other.read,
            accepted: self.accepted + other.accepted,
            duplicate: self.duplicate + other.duplicate,
            refused: self.refused + other.refused,
            quarantined: self.quarantined + other.quarantined,
        }
    }

    /// Whether the four parts make up the whole.
    pub fn close(&self) -> bool {
        self.read == self.accepted + self.duplicate + self.refused + self.quarantined
    }
}
