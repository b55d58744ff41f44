//! One SQL text per statement, for both databases.

/// A named statement. Placeholders are `$1…$n`; the SQLite driver rewrites them to `?n`, since SQLite takes `$1` for a
/// *named* parameter bound by order of first appearance.
#[derive(Debug, PartialEq, Eq)]
pub struct Sql {
    /// Name for logs and faults.
    pub name: &'static str,
    /// The text.
    pub text: &'static str,
}

/// Declares a module's statements together with the list that the preparing test walks.
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $text:expr;)*) => {
        $($(#[$doc])* pub(crate) const $name: crate::sql::Sql = crate::sql::Sql { name: stringify!($name), text: $text };)*
        /// Every statement of this module; a test prepares each on both databases.
        pub const ALL: &[&crate::sql::Sql] = &[$(&$name,)*];
    };
}
pub(crate) use statements;

/// `$n` becomes `?n`.
pub(crate) fn for_sqlite(text: &str) -> String {
    text.replace('$', "?")
}
