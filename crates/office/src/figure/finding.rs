//! What a table shows, in a sentence: the title of its chart.

use xinzhi_core::Points;
use xinzhi_rules::figure::{Dimension, FigureKind, Population};

use super::table::{Ask, Cell, Group, Part, Table, Value};

/// The sentence.
pub(crate) fn finding(ask: &Ask<'_>, table: &Table) -> String {
    if ask.view.by == Dimension::Month {
        return if ask.evaluates() { last_grades(ask, table) } else { trend(ask, table) };
    }
    if ask.evaluates() && ask.view.by != Dimension::Grade && matches!(ask.figure.kind, FigureKind::Count { .. }) {
        return grades(ask, table);
    }
    match ask.figure.kind {
        FigureKind::Count { .. } => counts(ask, table),
        FigureKind::Share { .. } | FigureKind::Median => spread(ask, table),
    }
}

/// What the lines do not say: what the number of today counts beside them, and with what they are compared.
pub(crate) fn notes(ask: &Ask<'_>, table: &Table) -> Vec<String> {
    let mut notes = Vec::new();
    let day = match ask.figure.counts {
        Population::Obligations => "应反馈日",
        Population::Checks => "发起之日",
        Population::Rows | Population::Records => "生效之日",
        Population::Measures | Population::Evaluations { .. } => "日期",
    };
    let unit = &ask.figure.unit;
    let beside = [(table.outside.0, table.span.0, "以前"), (table.outside.1, table.span.1, "以后")].into_iter();
    let beside = beside.filter(|(many, ..)| *many > 0).filter_map(|(many, month, side)| Some((many, month?, side)));
    let beside: Vec<String> = beside.map(|(many, month, side)| format!("{many} {unit}{day}在 {month} {side}")).collect();
    if !beside.is_empty() {
        notes.push(format!("另有 {}：计入“现为”，不在上列各行和合计中。", beside.join("、")));
    }
    let compares = table.groups.iter().map(|group| &group.cells).chain(&table.total).flatten().any(|cell| cell.change.is_some());
    if compares && ask.view.by == Dimension::Month {
        notes.push("增减（↑↓）与上一个月末相比。".to_owned());
    } else if let Some(month) = table.span.0.filter(|_| compares) {
        notes.push(format!("增减（↑↓）与 {} 相比。", month.plus(-1).last_day()));
    }
    notes
}

/// The number that a line is about: its share, its days, its count.
pub(crate) fn head(table: &Table, cells: &[Cell]) -> Value {
    let last = table.columns.iter().rposition(|column| column.part.is_none() || column.part == Some(Part::Of));
    last.and_then(|last| cells.get(last)).map_or(Value::Nothing, |cell| cell.value)
}

fn number(value: Value) -> Option<i64> {
    match value {
        Value::Count(number) | Value::Share(number) | Value::Days(number) => Some(number),
        Value::Nothing | Value::Hidden => None,
    }
}

fn said(ask: &Ask<'_>, value: Value) -> String {
    match value {
        Value::Count(count) => format!("{count} {}", ask.figure.unit),
        Value::Share(share) => Points::percent(share),
        Value::Days(days) => format!("{days} 天"),
        Value::Nothing => "没有".to_owned(),
        Value::Hidden => "数量少，不显示".to_owned(),
    }
}

fn trend(ask: &Ask<'_>, table: &Table) -> String {
    let title = &ask.figure.title;
    let (months, whole) = (table.groups.len(), if ask.figure.whole_months { "个整月" } else { "个月" });
    let known: Vec<(&Group, i64)> = table.groups.iter().filter_map(|group| Some((group, number(head(table, &group.cells))?))).collect();
    if matches!(ask.figure.kind, FigureKind::Count { .. }) {
        let total = table.total.as_deref().map_or(Value::Nothing, |total| head(table, total));
        let Some(((last, now), before)) = known.split_last().map(|(last, rest)| (*last, rest.last())) else {
            return format!("近 {months} {whole}{title}：{}", said(ask, total));
        };
        let change = before.map(|(_, before)| compared(now - before, &ask.figure.unit)).unwrap_or_default();
        return format!("近 {months} {whole}{title}共 {}，{} 为 {now} {}{change}", said(ask, total), last.title, ask.figure.unit);
    }
    match (known.first(), known.last()) {
        (Some((first, a)), Some((last, b))) if first.key != last.key => {
            let (from, to) = (said(ask, head(table, &first.cells)), said(ask, head(table, &last.cells)));
            let since =
                if known.len() == months { format!("近 {months} {whole}") } else { format!("{} 至 {} ", first.title, last.title) };
            match a.cmp(b) {
                std::cmp::Ordering::Less => format!("{since}{title}由 {from} 升至 {to}"),
                std::cmp::Ordering::Greater => format!("{since}{title}由 {from} 降至 {to}"),
                std::cmp::Ordering::Equal => format!("{since}{title}由 {from} 起，最近仍为 {to}"),
            }
        }
        (Some((only, _)), _) => format!("{} {title}为 {}，此外的月份没有可以计算的", only.title, said(ask, head(table, &only.cells))),
        _ => format!("近 {months} {whole}没有可以计算{title}的数据"),
    }
}

fn compared(change: i64, unit: &str) -> String {
    match change {
        0 => "，与上月相同".to_owned(),
        more if more > 0 => format!("，比上月多 {more} {unit}"),
        less => format!("，比上月少 {} {unit}", -less),
    }
}

fn counts(ask: &Ask<'_>, table: &Table) -> String {
    let title = &ask.figure.title;
    let total = table.total.as_deref().map_or(Value::Nothing, |total| head(table, total));
    let most = table.groups.iter().filter_map(|group| Some((group, number(head(table, &group.cells))?))).max_by_key(|(_, count)| *count);
    match (most, total) {
        (Some((group, count)), Value::Count(all)) if all > 0 => {
            let share = Points::percent(count * 1000 / all);
            format!("{title}共 {all} {}，其中{}最多：{count} {}，占 {share}", ask.figure.unit, spaced(&group.title), ask.figure.unit)
        }
        (_, Value::Count(0)) => format!("{title}：目前没有"),
        (Some((group, count)), _) => format!("{title}中{}最多：{count} {}", spaced(&group.title), ask.figure.unit),
        (None, _) => format!("{title}：目前没有可以显示的"),
    }
}

fn spread(ask: &Ask<'_>, table: &Table) -> String {
    let title = &ask.figure.title;
    let whole = said(ask, table.total.as_deref().map_or(Value::Nothing, |total| head(table, total)));
    let known = || table.groups.iter().filter_map(|group| Some((group, number(head(table, &group.cells))?)));
    let (most, least) = (known().max_by_key(|(_, n)| *n), known().min_by_key(|(_, n)| *n));
    match (most, least) {
        (Some((high, _)), _) if ask.view.by == Dimension::Reason => {
            format!("{title} {whole}，最多的原因是{}（{}）", spaced(&high.title), said(ask, head(table, &high.cells)))
        }
        (Some((high, a)), Some((low, b))) if a != b => {
            let ties = known().filter(|(_, n)| *n == b).count();
            let lowest = if ties > 1 { format!("有 {ties} 个") } else { format!("的是{}", spaced(&low.title)) };
            let (most, least) = (said(ask, head(table, &high.cells)), said(ask, head(table, &low.cells)));
            format!("{title} {whole}：最高的是{}（{most}），最低{lowest}（{least}）", spaced(&high.title))
        }
        (Some(_), _) if whole != "没有" => format!("{title} {whole}"),
        _ => format!("{title}：目前没有可以计算的"),
    }
}

/// `企业 `: what is set off needs no space, what is digits or Latin does.
fn spaced(title: &str) -> String {
    if title.starts_with(|c: char| c.is_ascii()) { format!(" {title} ") } else { title.to_owned() }
}

fn grades(ask: &Ask<'_>, table: &Table) -> String {
    let Some(total) = table.total.as_deref() else { return format!("{}：目前没有可以显示的", ask.figure.title) };
    let day = table.span.1.map_or(ask.today, |month| month.last_day().min(ask.today));
    format!("{day} {}", distribution(ask, table, total))
}

fn last_grades(ask: &Ask<'_>, table: &Table) -> String {
    match table.groups.last() {
        Some(last) => format!("{} {}", last.title, distribution(ask, table, &last.cells)),
        None => format!("{}：评价模型施行以来还没有可以比较的月份", ask.figure.title),
    }
}

/// `评出等级 120 户：A 优秀 40.0%、B 良好 60.0%；不作评价 30 户`.
fn distribution(ask: &Ask<'_>, table: &Table, cells: &[Cell]) -> String {
    let unit = &ask.figure.unit;
    let mut graded: Vec<(&str, i64)> = Vec::new();
    let mut ungraded = 0;
    for (column, cell) in table.columns.iter().zip(cells) {
        match (column.part, cell.value) {
            (Some(Part::State(xinzhi_rules::figure::State::Ungraded)), Value::Count(count)) => ungraded = count,
            (Some(Part::State(_)), Value::Count(count)) => graded.push((&column.title, count)),
            _ => {}
        }
    }
    let all: i64 = graded.iter().map(|(_, count)| count).sum();
    if all == 0 {
        return format!("{}：没有评出等级的，不作评价 {ungraded} {unit}", ask.figure.title);
    }
    let share = |count: i64| if count * 1000 < all { "不足 0.1%".to_owned() } else { Points::percent(count * 1000 / all) };
    let some = graded.iter().filter(|(_, count)| *count > 0);
    let parts: Vec<String> = some.map(|(title, count)| format!("{title} {}", share(*count))).collect();
    let rest = if ungraded > 0 { format!("；另有 {ungraded} {unit}不作评价") } else { String::new() };
    format!("评出等级 {all} {unit}：{}{rest}", parts.join("、"))
}
