//! What is said about a row, and how far it gets by what is said.

use xinzhi_core::mask;
use xinzhi_core::record::{Outcome, Remark};
use xinzhi_rules::model::{Field, FieldKind, Seal};

/// The remarks that hold no row back, whatever else is said of it.
const WARNINGS: [&str; 11] = [
    "area.invalid",
    "choice.other",
    "code.org_differs",
    "code.placeholder",
    "field.expected",
    "money.differs",
    "name.differs",
    "party.category_name",
    "party.kind_contradicts",
    "report.late",
    "text.wide",
];

/// Whether remarks of this code only warn: a row that did not get through did so for another reason.
pub fn only_warns(code: &str) -> bool {
    WARNINGS.contains(&code)
}

/// Remarks on one row and the worst they amount to.
#[derive(Debug)]
pub(super) struct Notes {
    pub(super) remarks: Vec<Remark>,
    pub(super) outcome: Outcome,
}

impl Notes {
    pub(super) fn new() -> Notes {
        Notes { remarks: Vec::new(), outcome: Outcome::Accepted }
    }

    /// Beside the outcome: the row goes on.
    pub(super) fn warn(&mut self, code: &str, field: Option<&Field>, sentence: String) {
        self.remarks.push(Remark { code: code.to_owned(), field: field.map(|f| f.title.clone()), sentence });
    }

    /// A person must look first.
    pub(super) fn quarantine(&mut self, code: &str, field: Option<&Field>, sentence: String) {
        debug_assert!(!only_warns(code), "{code} is listed as a warning");
        if self.outcome == Outcome::Accepted {
            self.outcome = Outcome::Quarantined;
        }
        self.warn(code, field, sentence);
    }

    /// The supplier must mend the row.
    pub(super) fn refuse(&mut self, code: &str, field: Option<&Field>, sentence: String) {
        debug_assert!(!only_warns(code), "{code} is listed as a warning");
        self.outcome = Outcome::Refused;
        self.warn(code, field, sentence);
    }

    pub(super) fn refused(&self) -> bool {
        self.outcome == Outcome::Refused
    }
}

const SHOWN_CHARS: usize = 40;

/// The offending text in backticks, shortened; masked where the field may identify a person (A6).
pub(super) fn shown(field: &Field, text: &str) -> String {
    let short: String = text.chars().take(SHOWN_CHARS).map(|c| if c.is_control() { ' ' } else { c }).collect();
    let dots = if text.chars().nth(SHOWN_CHARS).is_some() { "…" } else { "" };
    match (&field.kind, field.seal) {
        (FieldKind::PersonNumber, _) => format!("`{}`", mask::number(&short)),
        (_, Seal::Open) => format!("`{short}{dots}`"),
        (_, Seal::WhenPerson | Seal::Always) => format!("`{}`", mask::name(&short)),
    }
}
