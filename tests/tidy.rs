//! The house rules that a compiler does not know, as named tests over the tree itself: which room may know which, how long a file may be,
//! which words are ours, which promises are kept. A fault is told with its file and line and with what to do.
#![expect(clippy::expect_used, reason = "a rule that cannot be checked is a failed rule")]

mod lexer;
mod promises;
mod rooms;
mod text;
mod tree;
mod words;

/// Passes when nothing was found, else tells everything at once.
fn none(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}
