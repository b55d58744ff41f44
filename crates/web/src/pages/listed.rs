//! What is behind a number, a page at a time: of a figure, or of an assessment of rules.

use askama::Template;
use xinzhi_office::figure::LIST_PAGE;

use super::frame::Frame;

#[derive(Template)]
#[template(path = "listed.html")]
pub(super) struct ListedPage {
    pub(super) frame: Frame,
    pub(super) title: String,
    /// `共 21 个主体`.
    pub(super) total: String,
    /// From where whoever finds nothing here should have come.
    pub(super) from: &'static str,
    pub(super) columns: Vec<&'static str>,
    pub(super) lines: Vec<ListedLine>,
    pub(super) first: usize,
    pub(super) before: Option<String>,
    pub(super) next: Option<String>,
    /// The last page, where this one is behind it.
    pub(super) last: Option<String>,
}

/// One of those that were counted.
pub(super) struct ListedLine {
    /// Where it can be looked at.
    pub(super) href: Option<String>,
    pub(super) cells: Vec<String>,
}

impl ListedPage {
    /// The title of a column.
    fn head(&self, index: &usize) -> &'static str {
        self.columns.get(*index).copied().unwrap_or_default()
    }

    /// The same with the number of its first line and the ways to the pages beside it, where `at` gives a page's address.
    pub(super) fn paged(self, (page, more): (usize, bool), at: impl Fn(usize) -> String) -> ListedPage {
        ListedPage {
            first: (page - 1).saturating_mul(LIST_PAGE) + 1,
            before: (page > 1).then(|| at(page - 1)),
            next: more.then(|| at(page + 1)),
            ..self
        }
    }
}
