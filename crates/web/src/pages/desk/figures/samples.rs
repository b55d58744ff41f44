//! Samples for the test over all pages.

use xinzhi_core::actor::Role;

use super::super::super::chart::{self, Point};
use super::super::super::frame::Link;
use super::super::super::listed::{ListedLine, ListedPage};
use super::super::super::samples::{Sample, frame, hostile, sample};
use super::view::{CellView, Chart, FigureView, LineView};
use super::{FigurePage, FiguresPage};

fn view(id: &str, chart: Chart) -> FigureView {
    let cell = |text: &str| CellView {
        label: hostile(),
        text: text.to_owned(),
        change: Some("↑2".to_owned()),
        href: Some("/desk/figures/closed-share/list?by=organ&group=-&part=of".to_owned()),
    };
    let line = || LineView { title: hostile(), code: Some(hostile()), cells: vec![cell("12"), cell("少于 10")] };
    FigureView {
        id: id.to_owned(),
        title: hostile(),
        finding: hostile(),
        overall: "92.5%".to_owned(),
        overall_href: Some("/desk/figures/closed-share/list?months=all".to_owned()),
        better: Some("越高越好"),
        chart,
        left_out: 1,
        range: hostile(),
        by: "部门",
        columns: vec![hostile(), hostile()],
        lines: vec![line(), line()],
        total: Some(line()),
        notes: vec![hostile()],
        hides: true,
    }
}

fn points() -> Vec<Point> {
    [Some(821), None, Some(953)].into_iter().zip(9..).map(|(value, month)| Point { month, value, text: hostile() }).collect()
}

pub(in super::super) fn samples() -> Vec<Sample> {
    let charts = [
        chart::bars([(hostile(), 3, hostile())]),
        chart::stacks([(hostile(), vec![3, 0, 2], hostile())]),
        chart::columns(&points()),
        chart::line(&points(), Some(1000)),
        Chart::Nothing,
    ];
    let figures = charts.into_iter().zip(0..).map(|(chart, n)| view(&format!("figure-{n}"), chart)).collect();
    let page =
        |figures| FiguresPage { frame: frame(Role::Centre, "/desk/figures"), figures, scope: hostile(), today: "2026-11-23".to_owned() };
    let link =
        || vec![Link::new("/desk/figures/closed-share?by=organ", hostile()), Link::new("/desk/figures/closed-share?by=month", hostile())];
    let one = FigurePage {
        frame: frame(Role::Township, "/desk/figures/closed-share?by=organ"),
        figure: view("closed-share", chart::line(&points(), Some(1000))),
        breakdowns: link(),
        spans: link(),
        definition: hostile(),
        sentence: hostile(),
        scope: hostile(),
        pin: hostile(),
        workbook: "/desk/figures/closed-share/data.xlsx?by=organ".to_owned(),
    };
    let list = |lines| ListedPage {
        frame: frame(Role::Centre, "/desk/figures/closed-share/list?part=of"),
        title: hostile(),
        total: hostile(),
        from: "统计表",
        columns: vec!["措施", "主体"],
        lines,
        first: 1,
        before: Some("/desk/figures/closed-share/list?part=of&page=1".to_owned()),
        next: Some("/desk/figures/closed-share/list?part=of&page=3".to_owned()),
        last: None,
    };
    let line = ListedLine { href: Some("/desk/checks/7#green-channel".to_owned()), cells: vec![hostile(), hostile()] };
    vec![
        sample("figures", &page(figures)),
        sample("figures, none", &page(Vec::new())),
        sample("figure", &one),
        sample("figure list", &list(vec![line])),
        sample("figure list, empty", &list(Vec::new())),
        sample(
            "figure list behind its end",
            &ListedPage { last: Some("/desk/figures/closed-share/list?part=of&page=2".to_owned()), ..list(Vec::new()) },
        ),
    ]
}
