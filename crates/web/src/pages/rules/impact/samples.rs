//! Samples for the test over all pages.

use xinzhi_core::actor::Role;
use xinzhi_office::impact::{Difference, How};

use super::super::super::answer::FormFault;
use super::super::super::frame::Link;
use super::super::super::listed::{ListedLine, ListedPage};
use super::super::super::samples::{Sample, frame, hostile, sample};
use super::view::{
    AlterationLine, Bar, CardView, Cell, Chart, GroupLine, GroupNumber, MeasureGroupLine, MeasureGroups, MeasureLine, Number, RatioView,
    ResultView, Row, Tab,
};
use super::{ImpactPage, Pick, Way};

fn number() -> Number {
    Number { text: hostile(), href: Some("/rules/impact/list?card=market-entity&from=0&to=1".to_owned()) }
}

fn ratio(alarms: bool) -> RatioView {
    RatioView { title: "变差", text: "1.25".to_owned(), words: hostile(), alarms, compares: true }
}

fn tab(href: &str, alarms: usize) -> Tab {
    Tab { link: Link::new(href, hostile()), alarms }
}

fn card() -> CardView {
    let cell = |heat| Cell { label: hostile(), number: number(), way: "↓ 下降", heat };
    let bar = Bar { title: hostile(), length: 500, share: "5.3%".to_owned(), words: hostile(), alarm: Some(hostile()) };
    let chart = |bars, left_out| Chart { title: hostile(), nobody: hostile(), bars, left_out };
    CardView {
        title: hostile(),
        finding: Some(hostile()),
        notes: vec![hostile()],
        spread: Some(hostile()),
        columns: vec![hostile(), hostile()],
        rows: vec![Row { title: hostile(), cells: vec![cell(0), cell(4)], total: 12 }],
        breakdowns: vec![tab("/rules/impact?by=kind#groups", 0), tab("/rules/impact?by=area#groups", 2)],
        by: hostile(),
        charts: vec![chart(vec![bar], 2), chart(Vec::new(), 0)],
        judged: hostile(),
        groups: vec![GroupLine {
            title: hostile(),
            numbers: vec![
                GroupNumber { number: number(), of_them: None },
                GroupNumber { number: number(), of_them: Some(("等级下降", number())) },
            ],
            ratios: vec![vec![ratio(true), ratio(false)]],
        }],
        ratio_heads: vec!["变差、变好的率比"],
        uncompared: Some(hostile()),
        alterations: vec![AlterationLine {
            title: hostile(),
            how: "改动",
            before: Some(hostile()),
            after: None,
            more: number(),
            less: number(),
            alone: number(),
        }],
        together: 3,
    }
}

fn result() -> ResultView {
    ResultView {
        finding: hostile(),
        notes: vec![hostile()],
        workbook: "/rules/impact/data.xlsx?new=1".to_owned(),
        json: "/rules/impact/data.json?new=1".to_owned(),
        cards: vec![tab("/rules/impact?card=a", 3), tab("/rules/impact?card=b", 0)],
        card: Some(card()),
        measures: vec![MeasureLine {
            matter: hostile(),
            title: hostile(),
            kind: "惩戒",
            how: Some("新增"),
            begins: number(),
            ends: number(),
            changes: number(),
            stays: number(),
        }],
        measure_groups: vec![MeasureGroups {
            title: hostile(),
            judged: hostile(),
            open: true,
            groups: vec![MeasureGroupLine {
                title: hostile(),
                numbers: [number(), number(), number()],
                ratios: vec![ratio(true), ratio(false)],
            }],
            ratio_heads: vec!["失去激励或新增惩戒", "新增激励或终止惩戒"],
            uncompared: Some(hostile()),
        }],
        differences: vec![Difference {
            what: hostile(),
            title: hostile(),
            how: How::Changed,
            before: Some(hostile()),
            after: Some(hostile()),
        }],
        method: vec![("率比", "怎样比较")],
        pin: vec![("旧规则", hostile())],
    }
}

fn page(faults: Vec<FormFault>, ways: Vec<Way>, result: Option<ResultView>) -> ImpactPage {
    let pick = |chosen| Pick { digest: hostile(), words: hostile(), chosen };
    let picks = || vec![pick(true), pick(false)];
    let frame = frame(Role::Legal, "/rules/impact");
    ImpactPage { frame, faults, old: picks(), new: picks(), day: "2026-11-23".to_owned(), ways, result }
}

pub(in super::super) fn samples() -> Vec<Sample> {
    let line = |href: Option<&str>| ListedLine { href: href.map(str::to_owned), cells: vec![hostile(), hostile()] };
    let lines = vec![line(Some("/desk/subjects/91330899MA2000011X")), line(None)];
    let list = |lines| ListedPage {
        frame: frame(Role::Centre, "/rules/impact/list"),
        title: hostile(),
        total: hostile(),
        from: "规则影响评估",
        columns: vec!["名称", "代码"],
        lines,
        first: 21,
        before: Some("/rules/impact/list?page=1".to_owned()),
        next: None,
        last: None,
    };
    let way = Way { href: "/rules/impact?new=1".to_owned(), title: hostile(), words: hostile() };
    vec![
        sample("impact", &page(Vec::new(), Vec::new(), Some(result()))),
        sample("impact to choose", &page(vec![FormFault::new("day", hostile())], vec![way], None)),
        sample("impact without drafts", &page(Vec::new(), Vec::new(), None)),
        sample("impact list", &list(lines)),
        sample("impact list without anybody", &list(Vec::new())),
        sample("impact list behind its end", &ListedPage { last: Some("/rules/impact/list?page=2".to_owned()), ..list(Vec::new()) }),
    ]
}
