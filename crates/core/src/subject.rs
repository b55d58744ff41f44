//! Who a record is about.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::identifier::{OrgCode, ResidentId, Uscc};

/// Dense, internal, never reused. People outside the house name a subject by its code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SubjectId(pub i64);

/// Id of a subject kind that a pack declares: `enterprise`, `sole_trader`, `resident` …
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SubjectKindId(pub String);

impl fmt::Display for SubjectKindId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// By what a subject is known. Adverse use needs one of the checked schemes (D6).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SubjectCode {
    /// 统一社会信用代码.
    Uscc(Uscc),
    /// 组织机构代码 of old files.
    OrgCode(OrgCode),
    /// 公民身份号码, stored sealed, found by a keyed digest.
    ResidentId(ResidentId),
    /// A scheme of a pack, such as a stall's number: unique inside its scheme, without a check digit.
    Local {
        /// Id of the scheme.
        scheme: String,
        /// The code as written.
        code: String,
    },
}

impl SubjectCode {
    /// The name of the scheme, as stored.
    pub fn scheme(&self) -> &str {
        match self {
            SubjectCode::Uscc(_) => "uscc",
            SubjectCode::OrgCode(_) => "org_code",
            SubjectCode::ResidentId(_) => "resident_id",
            SubjectCode::Local { scheme, .. } => scheme,
        }
    }

    /// Whether a check digit guards the code, so that adverse use may rest on it (D6).
    pub fn is_exact(&self) -> bool {
        !matches!(self, SubjectCode::Local { .. })
    }
}
