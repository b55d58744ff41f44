//! A figure as texts, links and a chart.

use xinzhi_office::figure::{Cell, Column, Group, Part, Shown, Value};
use xinzhi_office::rules::figure::{Better, Dimension, FigureKind, Population};

pub(super) use super::super::super::chart::Chart;
use super::super::super::chart::{self, Point};
use super::super::super::text::{address, percent};

/// Lines of a chart; the table beneath has all.
const CHART_LINES_MAX: usize = 12;
/// The whole of a share, in thousandths.
const WHOLE: i64 = 1000;

/// A cell of the table.
#[derive(Clone, Debug)]
pub(super) struct CellView {
    /// Title of its column, for narrow screens.
    pub(super) label: String,
    pub(super) text: String,
    /// What became of it since the month before.
    pub(super) change: Option<String>,
    /// What it counted.
    pub(super) href: Option<String>,
}

/// A line of the table.
#[derive(Clone, Debug)]
pub(super) struct LineView {
    pub(super) title: String,
    /// Of an area that is called by its name.
    pub(super) code: Option<String>,
    pub(super) cells: Vec<CellView>,
}

/// A figure.
#[derive(Clone, Debug)]
pub(super) struct FigureView {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) finding: String,
    /// The number of today, with what it counted.
    pub(super) overall: String,
    pub(super) overall_href: Option<String>,
    pub(super) better: Option<&'static str>,
    pub(super) chart: Chart,
    /// Lines that the chart leaves to the table.
    pub(super) left_out: usize,
    /// What the chart is about, for those who do not see it.
    pub(super) range: String,
    pub(super) by: &'static str,
    pub(super) columns: Vec<String>,
    pub(super) lines: Vec<LineView>,
    pub(super) total: Option<LineView>,
    /// What the lines do not say.
    pub(super) notes: Vec<String>,
    /// Whether something is hidden.
    pub(super) hides: bool,
}

impl FigureView {
    pub(super) fn of(shown: &Shown) -> FigureView {
        let table = &shown.table;
        let line = |group: &Group| {
            let key = group.key.clone().unwrap_or_else(|| "-".to_owned());
            let code = table.code(group).map(str::to_owned);
            LineView { title: group.title.clone(), code, cells: cells(shown, &group.cells, Some(&key)) }
        };
        let total = table.total.as_ref().map(|total| LineView { title: "合计".to_owned(), code: None, cells: cells(shown, total, None) });
        let all = table.groups.iter().flat_map(|group| &group.cells).chain(table.total.iter().flatten());
        let overall = shown.head(&table.overall);
        FigureView {
            id: shown.figure.id.clone(),
            title: shown.figure.title.clone(),
            finding: shown.finding.clone(),
            overall: match overall {
                Value::Count(count) => format!("{count} {}", shown.figure.unit),
                other => text(other),
            },
            overall_href: overall_part(shown)
                .filter(|_| !matches!(overall, Value::Hidden | Value::Nothing))
                .map(|part| whole_list(shown, part)),
            better: (shown.figure.better != Better::Neither).then(|| shown.figure.better.title()),
            chart: chart_of(shown),
            left_out: if table.view.by == Dimension::Month { 0 } else { table.groups.len().saturating_sub(CHART_LINES_MAX) },
            range: range(shown),
            by: table.view.by.title(),
            columns: table.columns.iter().map(|column| column.title.clone()).collect(),
            lines: table.groups.iter().map(line).collect(),
            total,
            notes: shown.notes.clone(),
            hides: all.into_iter().any(|cell| cell.value == Value::Hidden),
        }
    }
}

fn range(shown: &Shown) -> String {
    let key = |group: Option<&Group>| group.and_then(|group| group.key.clone());
    let groups = &shown.table.groups;
    match (shown.table.view.by, key(groups.first()), key(groups.last())) {
        (Dimension::Month, Some(first), Some(last)) => format!("横轴为月份，{first} 至 {last}"),
        _ => String::new(),
    }
}

/// A value as it is written.
fn text(value: Value) -> String {
    match value {
        Value::Count(number) => number.to_string(),
        Value::Share(share) => percent(share),
        Value::Days(days) => format!("{days} 天"),
        Value::Nothing => "—".to_owned(),
        Value::Hidden => "少于 10".to_owned(),
    }
}

fn cells(shown: &Shown, cells: &[Cell], key: Option<&str>) -> Vec<CellView> {
    let cell = |(column, cell): (&Column, &Cell)| {
        let counted = matches!(cell.value, Value::Count(count) if count > 0);
        CellView {
            label: column.title.clone(),
            text: text(cell.value),
            change: cell.change.map(|change| match change {
                0 => "持平".to_owned(),
                more if more > 0 => format!("↑{more}"),
                less => format!("↓{}", -less),
            }),
            href: column.part.filter(|_| counted).map(|part| list(shown, key, part)),
        }
    };
    shown.table.columns.iter().zip(cells).map(cell).collect()
}

/// Where what a cell counted is listed: the same view, the group, the part.
fn list(shown: &Shown, key: Option<&str>, part: Part) -> String {
    let view = &shown.table.view;
    let months = match view.months {
        xinzhi_office::figure::Months::Usual => None,
        xinzhi_office::figure::Months::All => Some("all".to_owned()),
        xinzhi_office::figure::Months::Last(months) => Some(months.to_string()),
    };
    let query = [
        ("by", Some(view.by.word().to_owned())),
        ("months", months),
        ("month", view.month.map(|month| month.to_string())),
        ("group", key.map(str::to_owned)),
        ("part", Some(part.word())),
    ];
    address(&format!("/desk/figures/{}/list", shown.figure.id), &query)
}

/// What the number of today counts: of a share its whole.
fn overall_part(shown: &Shown) -> Option<Part> {
    shown.table.columns.iter().rev().find_map(|column| column.part)
}

fn whole_list(shown: &Shown, part: Part) -> String {
    let query = [("by", Some(shown.table.view.by.word().to_owned())), ("months", Some("all".to_owned())), ("part", Some(part.word()))];
    address(&format!("/desk/figures/{}/list", shown.figure.id), &query)
}

fn number(value: Value) -> Option<i64> {
    match value {
        Value::Count(number) | Value::Share(number) | Value::Days(number) => Some(number),
        Value::Nothing | Value::Hidden => None,
    }
}

fn chart_of(shown: &Shown) -> Chart {
    let table = &shown.table;
    let evaluates = matches!(shown.figure.counts, Population::Evaluations { .. });
    if evaluates && table.view.by != Dimension::Grade && matches!(shown.figure.kind, FigureKind::Count { .. }) {
        return chart::stacks(table.groups.iter().take(CHART_LINES_MAX).map(|group| stack(&table.columns, group)));
    }
    if table.view.by == Dimension::Month {
        let point = |group: &Group| {
            let month = group.key.as_deref().and_then(|key| key.rsplit('-').next()).and_then(|month| month.parse().ok()).unwrap_or(0);
            let value = shown.head(&group.cells);
            Point { month, value: number(value), text: text(value) }
        };
        let points: Vec<Point> = table.groups.iter().map(point).collect();
        return match shown.figure.kind {
            FigureKind::Count { .. } => chart::columns(&points),
            FigureKind::Share { .. } => chart::line(&points, Some(WHOLE)),
            FigureKind::Median => chart::line(&points, None),
        };
    }
    let known = table.groups.iter().take(CHART_LINES_MAX).filter_map(|group| {
        let value = shown.head(&group.cells);
        Some((group.title.clone(), number(value)?, text(value)))
    });
    chart::bars(known)
}

/// The states of a group one after the other; the last column is their sum.
fn stack(columns: &[Column], group: &Group) -> (String, Vec<i64>, String) {
    let states = || columns.iter().zip(&group.cells).filter(|(column, _)| matches!(column.part, Some(Part::State(_))));
    let numbers = states().map(|(_, cell)| number(cell.value).unwrap_or(0)).collect();
    let words: Vec<String> = states()
        .filter(|(_, cell)| number(cell.value) != Some(0) || cell.change.is_some_and(|change| change != 0))
        .map(|(column, cell)| {
            let change = match cell.change {
                Some(change) if change > 0 => format!("（↑{change}）"),
                Some(change) if change < 0 => format!("（↓{}）", -change),
                _ => String::new(),
            };
            format!("{} {}{change}", column.title, text(cell.value))
        })
        .collect();
    (group.title.clone(), numbers, words.join("　"))
}
