//! Conditions as clauses.

use xinzhi_core::record::Class;
use xinzhi_core::{Day, Fen};

use crate::model::{Choices, FieldKind, RecordKind};
use crate::predicate::{Column, Predicate, Test};

/// A condition as a clause, as `处罚类别包含罚款，且罚款金额不低于 2 万元`.
pub fn predicate(kind: &RecordKind, predicate: &Predicate) -> String {
    match predicate {
        Predicate::All(parts) => joined(kind, parts, "，且"),
        Predicate::Any(parts) => joined(kind, parts, "，或"),
        Predicate::Not(part) => format!("不属于（{}）", self::predicate(kind, part)),
        Predicate::Test { column, test } => clause(kind, *column, test),
    }
}

/// Parts that are groups themselves stand in brackets, so that 且 and 或 never mix.
fn joined(kind: &RecordKind, parts: &[Predicate], word: &str) -> String {
    let clauses = parts.iter().map(|part| match part {
        Predicate::All(inner) | Predicate::Any(inner) if inner.len() > 1 => format!("（{}）", predicate(kind, part)),
        _ => predicate(kind, part),
    });
    clauses.collect::<Vec<_>>().join(word)
}

fn clause(kind: &RecordKind, column: Column, test: &Test) -> String {
    let field = match column {
        Column::Class => None,
        Column::Field(ix) => kind.at(ix),
    };
    let name = field.map_or("失信程度", |field| short(&field.title));
    let holds = field.map(|field| &field.kind);
    let value = |number: i64| shown(holds, number);
    match test {
        Test::OneOf(values) => format!("{name}为{}", words(values.iter().map(|v| value(*v)))),
        Test::NoneOf(values) => format!("{name}不为{}", words(values.iter().map(|v| value(*v)))),
        Test::AnyBit(bits) => format!("{name}包含{}", words(of_bits(holds, *bits).into_iter())),
        Test::NoBit(bits) => format!("{name}不含{}", words(of_bits(holds, *bits).into_iter())),
        Test::AtLeast(least) => format!("{name}{}{}", if is_day(holds) { "不早于 " } else { "不低于" }, spaced(holds, value(*least))),
        Test::AtMost(most) => format!("{name}{}{}", if is_day(holds) { "不晚于 " } else { "不高于" }, spaced(holds, value(*most))),
        Test::Present(true) => format!("填写了{name}"),
        Test::Present(false) => format!("没有填写{name}"),
    }
}

/// The title without its unit: `罚款金额（万元）` is spoken as 罚款金额.
pub(super) fn short(title: &str) -> &str {
    ["（万元）", "（元）", "(万元)", "(元)"].into_iter().find_map(|unit| title.strip_suffix(unit)).unwrap_or(title)
}

fn is_day(kind: Option<&FieldKind>) -> bool {
    matches!(kind, Some(FieldKind::Day { .. }))
}

/// Figures are set off by a space, words are not.
fn spaced(kind: Option<&FieldKind>, value: String) -> String {
    if matches!(kind, Some(FieldKind::Integer { .. } | FieldKind::Money(_))) { format!(" {value}") } else { value }
}

/// One value as people say it.
pub(super) fn shown(kind: Option<&FieldKind>, number: i64) -> String {
    match kind {
        None => Class::from_number(number).map_or_else(|| number.to_string(), |class| class.title().to_owned()),
        Some(FieldKind::Choice(choices) | FieldKind::Choices(choices)) => titled(choices, number),
        Some(FieldKind::Money(_)) => money(number),
        Some(FieldKind::Day { .. }) => Day::from_number(number).map_or_else(|| number.to_string(), |day| day.to_string()),
        Some(_) => number.to_string(),
    }
}

/// What a field of this kind says when it holds a number; of several choices, all of them.
pub(super) fn said(kind: &FieldKind, number: i64) -> String {
    match kind {
        FieldKind::Choices(_) => of_bits(Some(kind), number).join("、"),
        _ => shown(Some(kind), number),
    }
}

fn titled(choices: &Choices, number: i64) -> String {
    let value = usize::try_from(number).ok().and_then(|position| choices.values.get(position));
    value.map_or_else(|| number.to_string(), |value| value.title.clone())
}

fn of_bits(kind: Option<&FieldKind>, bits: i64) -> Vec<String> {
    let Some(FieldKind::Choices(choices)) = kind else { return Vec::new() };
    let set = choices.values.iter().enumerate().filter(|(position, _)| bits >> position & 1 == 1);
    set.map(|(_, value)| value.title.clone()).collect()
}

/// `2 万元`, `2,000.00 元`, `0 元`.
pub(super) fn money(fen: i64) -> String {
    const TEN_THOUSAND_YUAN: i64 = 1_000_000;
    if fen == 0 {
        "0 元".to_owned()
    } else if fen % TEN_THOUSAND_YUAN == 0 {
        format!("{} 万元", fen / TEN_THOUSAND_YUAN)
    } else {
        Fen(fen).to_string()
    }
}

/// `甲或乙`; values that contain punctuation of their own are set in brackets of quotation.
fn words(values: impl Iterator<Item = String>) -> String {
    let values: Vec<String> = values.collect();
    let quote = values.len() > 1 && values.iter().any(|value| value.contains(['、', '，', '或']));
    let shown: Vec<String> = values.into_iter().map(|value| if quote { format!("「{value}」") } else { value }).collect();
    shown.join("或")
}
