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
    /// The database server cannot serve us, for a reason that whoever runs it can do something about.
    #[error("{what} failed, {ailment:?}: {cause}")]
    Server {
        /// The reason.
        ailment: Ailment,
        /// Name of the statement, or what else was attempted.
        what: &'static str,
        /// The driver's words.
        cause: String,
    },
    /// The embedded database cannot serve us, for a reason that whoever keeps the machine can do something about.
    #[error("{what} failed, {ailment:?}: {cause}")]
    File {
        /// The reason.
        ailment: FileAilment,
        /// Name of the statement, or what else was attempted.
        what: &'static str,
        /// The driver's words.
        cause: String,
    },
    /// The connection could not be opened or does not keep our promises.
    #[error("database unusable: {0}")]
    Unusable(String),
    /// A setting that durability or one reading of text rests on is not as it must be.
    #[error("{name} is {found}, not {}", .wanted.join(" or "))]
    Setting {
        /// Its name.
        name: &'static str,
        /// What it is.
        found: String,
        /// What it may be.
        wanted: Vec<String>,
    },
    /// The database is of a version that cannot serve us.
    #[error("{what} {found} is older than {least}")]
    TooOld {
        /// Whose version.
        what: &'static str,
        /// The version.
        found: String,
        /// The least that serves.
        least: &'static str,
    },
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
    #[error("outcome unknown: {cause}")]
    OutcomeUnknown {
        /// What failed, in the words of whoever failed.
        cause: String,
        /// What ails the file of an embedded database, where it is that.
        file: Option<FileAilment>,
    },
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

/// What ails a database server. Told by the code of an error or by its kind, never by what the server says, which comes in
/// its own language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ailment {
    /// Nobody answers at the address.
    Unreachable,
    /// Wrong user or password, or the server does not let this machine in.
    Refused,
    /// It has no database of that name.
    NoDatabase,
    /// The role may not do in the database what an office has to do.
    NoRight,
    /// It is stopping or starting, or the line to it broke.
    Interrupted,
    /// Its disk is full.
    DiskFull,
    /// It has as many connections as it takes.
    TooMany,
}

/// What ails the file of an embedded database, told by the code of an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileAilment {
    /// The disk is full.
    DiskFull,
    /// The file, its directory or the disk takes no writes.
    ReadOnly,
    /// Another program has it.
    Busy,
    /// Its content contradicts itself.
    Damaged,
    /// The file is something else.
    NotADatabase,
    /// There is something at its place that cannot be opened.
    CannotOpen,
    /// The disk failed.
    Disk,
}

impl Fault {
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Fault {
        let what = what.into();
        move |cause| Fault::Io { what, cause }
    }
}
