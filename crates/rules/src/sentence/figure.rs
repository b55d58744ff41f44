//! Figures as sentences.

use super::{founded, subjects};
use crate::figure::{Dimension, Figure, FigureKind, Only, Population, State};
use crate::model::Pack;

/// A figure: what is counted, by what it is broken down, how it is defined, on which basis.
pub fn figure(pack: &Pack, figure: &Figure) -> String {
    let by: Vec<&str> = figure.by.iter().map(|dimension| dimension.title()).collect();
    let months = if figure.counts.dimensions().contains(&Dimension::Month) {
        let whole = if figure.whole_months { "个已结束的月" } else { "个月" };
        format!("；趋势看近 {} {whole}", figure.months)
    } else {
        "；只看现状".to_owned()
    };
    let founded = if figure.basis.is_empty() { String::new() } else { founded(pack, &figure.basis) };
    let source = if figure.source.is_empty() { String::new() } else { format!("出处：{}。", figure.source) };
    format!(
        "{}：{}，按{}划分{months}，{}。{}{founded}{source}",
        figure.title,
        counted(pack, figure),
        by.join("、"),
        figure.better.title(),
        full_stop(&figure.definition),
    )
}

fn full_stop(text: &str) -> String {
    if text.ends_with('。') { text.to_owned() } else { format!("{text}。") }
}

/// `应反馈的措施中，已办结的占已办结、已逾期的比例`.
fn counted(pack: &Pack, figure: &Figure) -> String {
    let population = population(pack, figure);
    let named = |states: &[State]| states.iter().map(|state| figure.state_title(pack, *state)).collect::<Vec<_>>().join("、");
    match &figure.kind {
        FigureKind::Count { of } if of.is_empty() => format!("{population}的数量（{}）", figure.unit),
        FigureKind::Count { of } => format!("{population}中{}的数量（{}）", named(of), figure.unit),
        FigureKind::Share { of, among } if among.is_empty() => format!("{population}中，{}的占全部的比例（%）", named(of)),
        FigureKind::Share { of, among } => format!("{population}中，{}的占{}的比例（%）", named(of), named(among)),
        FigureKind::Median => format!("{population}{}的中位数", figure.counts.lasts().unwrap_or_default()),
    }
}

fn population(pack: &Pack, figure: &Figure) -> String {
    let mut text = String::new();
    for only in &figure.filter {
        let titles: Vec<String> = match only {
            Only::MeasureKinds(kinds) => kinds.iter().map(|kind| kind.title().to_owned()).collect(),
            Only::RecordKinds(kinds) => kinds.iter().filter_map(|ix| pack.record_kind(*ix)).map(|kind| kind.title.clone()).collect(),
            Only::Subjects(kinds) => vec![subjects(pack, kinds)],
            Only::Matters(matters) => matters.iter().filter_map(|ix| pack.matters.get(ix.0)).map(|matter| matter.title.clone()).collect(),
            Only::Sources(ids) => ids.iter().filter_map(|id| pack.source_by_id(id)).map(|source| source.title.clone()).collect(),
        };
        text += &format!("{}的", titles.join("、"));
    }
    let card = match figure.counts {
        Population::Evaluations { scorecard, .. } => pack.scorecard(scorecard).map(|card| format!("按「{}」", card.title)),
        _ => None,
    };
    format!("{text}{}{}", card.unwrap_or_default(), figure.counts.title())
}
