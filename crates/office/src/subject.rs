//! Subjects: finding one, and the file that tells everything this role may know.

pub mod better;
pub mod explained;
pub mod file;
pub mod find;
pub mod relation;
pub mod unmask;

pub use explained::Explained;
pub use file::{SubjectFile, foresee, open_file};
pub use find::{Found, Search, search};
pub use relation::{RelationView, Relations, relations};
pub use unmask::unmask;
