//! `GET /desk/loop`: the loop, in figures and one by one. The filter is in the address.

use askama::Template;
use axum::extract::{Query, State};
use serde::Deserialize;
use xinzhi_core::Day;
use xinzhi_office::apply::LoopFigures;
use xinzhi_office::check::{BoardFilter, ObligationView, board};
use xinzhi_office::push::CountsRow;
use xinzhi_office::push::view::board as push_board;

use super::super::answer::{Answer, show};
use super::super::frame::Frame;
use super::super::reader::Signed;
use super::super::text::{Mark, light, percent};
use crate::server::AppState;

/// Lines of one page.
const LINES_MAX: i64 = 200;

/// An obligation as a line of a table.
#[derive(Debug)]
pub(super) struct BoardLine {
    pub(super) check: i64,
    pub(super) measure: String,
    pub(super) title: String,
    pub(super) subject: String,
    pub(super) matter: String,
    pub(super) case: String,
    pub(super) body: String,
    pub(super) due: Day,
    pub(super) mark: Mark,
}

impl BoardLine {
    pub(super) fn of(owed: &ObligationView, today: Day) -> BoardLine {
        BoardLine {
            check: owed.check.0,
            measure: owed.measure.clone(),
            title: owed.measure_title.clone(),
            subject: owed.subject_name.clone(),
            matter: owed.matter_title.clone(),
            case: owed.case_number.clone(),
            body: owed.body.clone(),
            due: owed.due,
            mark: light(owed.light, owed.due, today),
        }
    }
}

/// The parts of a bar in thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shares {
    closed: i64,
    open: i64,
    late: i64,
}

impl Shares {
    fn of(figures: &LoopFigures) -> Shares {
        let owed = figures.owed.max(1);
        let (closed, late) = (figures.closed() * 1000 / owed, figures.overdue * 1000 / owed);
        let open = if figures.owed == 0 { 0 } else { 1000 - closed - late };
        Shares { closed, open, late }
    }

    fn late_from(self) -> i64 {
        self.closed + self.open
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Filter {
    state: String,
}

#[derive(Template)]
#[template(path = "desk/loop.html")]
struct BoardPage {
    frame: Frame,
    figures: LoopFigures,
    shares: Shares,
    share: Option<String>,
    today: Day,
    /// Address, title, whether chosen, count.
    tabs: Vec<(&'static str, &'static str, bool, i64)>,
    lines: Vec<BoardLine>,
    more: bool,
    /// What departments' systems were told, where anybody subscribed.
    pushes: Option<CountsRow>,
}

pub(super) async fn show_board(State(state): State<AppState>, Query(filter): Query<Filter>, Signed { frame, actor }: Signed) -> Answer {
    let wanted = Some(filter.state.clone()).filter(|state| !state.is_empty());
    let found = board(&state.office, &actor, BoardFilter { state: wanted, limit: LINES_MAX }).await?;
    let figures = found.figures;
    let tab = |word: &'static str, title, count| (word, title, filter.state == word, count);
    let lines: Vec<BoardLine> = found.obligations.iter().map(|owed| BoardLine::of(owed, found.today)).collect();
    let pushes = push_board(&state.office, &actor).await?;
    show(&BoardPage {
        pushes,
        frame: frame.under("/desk", "工作台").titled("闭环"),
        shares: Shares::of(&figures),
        share: figures.closed_share().map(percent),
        today: found.today,
        tabs: vec![
            tab("", "全部", figures.owed),
            tab("due", "待反馈", figures.open + figures.acknowledged),
            tab("overdue", "已逾期", figures.overdue),
            tab("closed", "已办结", figures.closed()),
        ],
        figures,
        more: i64::try_from(lines.len()).is_ok_and(|count| count == LINES_MAX),
        lines,
    })
}

#[cfg(test)]
pub(super) mod samples;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_the_bar_make_a_whole() {
        let figures = LoopFigures { owed: 7, open: 1, acknowledged: 1, executed: 2, not_executed: 1, overdue: 2 };
        let shares = Shares::of(&figures);
        assert_eq!(shares.closed + shares.open + shares.late, 1000);
        assert_eq!(Shares::of(&LoopFigures::default()), Shares { closed: 0, open: 0, late: 0 });
    }
}
