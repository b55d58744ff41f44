//! The two ways an act ends badly: the domain says no, or we failed.

use xinzhi_core::{Code, Refusal};
use xinzhi_store::Fault;

/// What a use case returns instead of its result.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The domain says no; shown to whoever asked.
    #[error(transparent)]
    Refusal(#[from] Refusal),
    /// We failed; logged whole, shown as a number.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<Code> for Error {
    fn from(code: Code) -> Error {
        Error::Refusal(code.into())
    }
}

impl Error {
    /// Whether the same request may succeed a moment later.
    pub fn is_busy(&self) -> bool {
        matches!(self, Error::Fault(Fault::Closed))
    }

    /// A fault of ours that is not the database's.
    pub fn inconsistent(words: impl Into<String>) -> Error {
        Error::Fault(Fault::Inconsistent(words.into()))
    }
}
