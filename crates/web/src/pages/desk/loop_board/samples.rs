//! Samples for the test over all pages.

use xinzhi_core::actor::Role;
use xinzhi_office::apply::{Light, LoopFigures};
use xinzhi_office::push::CountsRow;

use super::super::super::samples::{Sample, frame, sample, today};
use super::super::samples::{figures, line};
use super::{BoardLine, BoardPage, Shares};

pub(in super::super) fn samples() -> Vec<Sample> {
    let page = |figures: LoopFigures, lines: Vec<BoardLine>| BoardPage {
        frame: frame(Role::Legal, "/desk/loop?state=overdue"),
        shares: Shares::of(&figures),
        share: figures.closed_share().map(super::percent),
        today: today(),
        tabs: vec![("", "全部", false, 7), ("overdue", "已逾期", true, 2)],
        figures,
        more: true,
        pushes: Some(CountsRow {
            events: 7,
            waiting: 2,
            dead: 1,
            cancelled: 1,
            unacknowledged: 2,
            acknowledged: 1,
            late: 2,
            accepted_at: None,
        }),
        lines,
    };
    let lines = [Light::Open, Light::DueSoon, Light::Overdue, Light::Acknowledged, Light::Executed, Light::NotExecuted].map(line);
    vec![sample("loop", &page(figures(), lines.into())), sample("loop, empty", &page(LoopFigures::default(), Vec::new()))]
}
