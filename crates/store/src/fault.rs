//! What goes wrong below the domain: ours, logged whole, shown as a number.

/// A fault of storage. Never the domain's "no"; that is a `Refusal`.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The database refused a statement.
    #[error("statement {statement} failed: {cause}")]
    Statement {
        /// Name of the statement.
        statement: &'static str,
        /// The driver's words, which may quote data: for the log only.
        cause: String,
    },
    /// The connection could not be opened or does not keep our promises.
    #[error("database unusable: {0}")]
    Unusable(String),
    /// A newer program brought the schema further than this one can.
    #[error("the schema has step {step}, which this program does not know; its last one is {known}")]
    Newer {
        /// A step that was run.
        step: i64,
        /// The last step of this program.
        known: i64,
    },
    /// A stored value has not the shape that the code expects.
    #[error("statement {statement} returned no usable column {column}")]
    Shape {
        /// Name of the statement.
        statement: &'static str,
        /// Name of the column.
        column: String,
    },
    /// Stored content contradicts itself.
    #[error("stored content is inconsistent: {0}")]
    Inconsistent(String),
    /// The outcome of the commit is not known; the writer takes no further work (E8).
    #[error("outcome unknown: {0}")]
    OutcomeUnknown(String),
    /// The writer is stopping or its queue is full.
    #[error("the writer takes no work now")]
    Closed,
    /// A directory or file could not be used.
    #[error("{what}: {cause}")]
    Io {
        /// What was attempted.
        what: String,
        /// The system's answer.
        cause: std::io::Error,
    },
}

impl Fault {
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Fault {
        let what = what.into();
        move |cause| Fault::Io { what, cause }
    }
}
