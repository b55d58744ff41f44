//! A whole pack as text, for `xinzhi pack show`.

use super::{
    amount, class_rule, cutoffs, field, figure, grades, grouping, indicator, law, matter, measure, override_rule, peers, record_kind,
    relation, remedy, reporting, scorecard, statement,
};
use crate::model::{Pack, Review};

/// Every rule of the pack, a sentence a line, under headings.
pub fn show(pack: &Pack) -> String {
    let mut lines = head(pack);
    section(&mut lines, "依据", pack.laws.iter().map(|entry| format!("  {}  {}", entry.id, law(entry))));
    section(
        &mut lines,
        "主体类型",
        pack.subject_kinds.iter().map(|kind| {
            let person = if kind.person { "，自然人" } else { "" };
            let prefixes =
                if kind.uscc_prefixes.is_empty() { String::new() } else { format!("，代码前缀 {}", kind.uscc_prefixes.join("、")) };
            format!("  {}（{}）{person}{prefixes}", kind.title, kind.id)
        }),
    );
    section(&mut lines, "关系", pack.relations.iter().map(|entry| format!("  {}", relation(pack, entry))));
    section(
        &mut lines,
        "信息目录",
        pack.record_kinds.iter().flat_map(|kind| {
            let own = [Some(format!("  {}", record_kind(pack, kind))), class_rule(kind).map(|rule| format!("    {rule}"))];
            let stated = kind.relations.iter().map(move |entry| format!("    {}", statement(pack, kind, entry)));
            let remedies = kind.remedies.iter().map(move |entry| format!("    改正途径：{}", remedy(pack, kind, entry)));
            let fields = kind.fields.iter().map(move |entry| format!("    {}", field(kind, entry)));
            own.into_iter().flatten().chain(stated).chain(remedies).chain(fields)
        }),
    );
    section(
        &mut lines,
        "数据来源",
        pack.sources.iter().map(|source| {
            let kind = pack.record_kind(source.kind).map_or("", |kind| kind.title.as_str());
            let often = source.reporting.map(|often| format!("，{}", reporting(often))).unwrap_or_default();
            format!("  {}（{}）：归集为{kind}{often}", source.title, source.id)
        }),
    );
    section(
        &mut lines,
        "评价模型",
        pack.scorecards.iter().flat_map(|card| {
            let mut part = vec![format!("  {}", scorecard(pack, card))];
            for dimension in &card.dimensions {
                part.push(format!("    【{}】{}", dimension.title, super::dimension(dimension)));
                part.extend(dimension.indicators.iter().map(|entry| format!("      {}", indicator(pack, card, entry))));
            }
            part.extend(card.overrides.iter().map(|rule| format!("    {}", override_rule(pack, card, rule))));
            part.push(format!("    {}", grades(card)));
            part.extend(peers(pack, card).map(|peers| format!("    {peers}")));
            let own = pack.cutoffs.iter().filter(|set| pack.scorecard(set.scorecard).is_some_and(|other| other.id == card.id));
            part.extend(own.flat_map(|set| cutoffs(pack, set)).map(|line| format!("      {line}")));
            part.extend(amount(card).map(|amount| format!("    {amount}")));
            part.extend(card.groups.iter().map(|entry| format!("    {}", grouping(pack, entry))));
            part
        }),
    );
    section(&mut lines, "措施", pack.measures.iter().map(|entry| format!("  {}", measure(pack, entry))));
    section(&mut lines, "事项", pack.matters.iter().map(|entry| format!("  {}", matter(pack, entry))));
    section(&mut lines, "统计指标", pack.figures.iter().map(|entry| format!("  {}", figure(pack, entry))));
    section(
        &mut lines,
        "工作日",
        pack.calendar.years.iter().map(|(number, year)| {
            let (off, on) = (year.holidays.len(), year.workdays.len());
            format!("  {number} 年：{}，放假 {off} 天，调休上班 {on} 天", year.notice)
        }),
    );
    section(&mut lines, "用例", pack.cases.iter().map(|case| format!("  {}（{}:{}）", case.title, case.file, case.line)));
    lines.join("\n") + "\n"
}

fn head(pack: &Pack) -> Vec<String> {
    let review = match &pack.review {
        Review::Demonstration => "演示，未经合法性审查".to_owned(),
        Review::Reviewed { by, on, document } => format!("{by} {on} 审查（{document}）"),
    };
    vec![
        format!("{}（{}）{} 版，适用于{}", pack.title, pack.id, pack.version, pack.jurisdiction),
        format!("合法性审查：{review}；{} 后须复核方可适用；摘要 {}", pack.review_by, pack.digest.short()),
    ]
}

fn section(lines: &mut Vec<String>, title: &str, entries: impl Iterator<Item = String>) {
    let entries: Vec<String> = entries.collect();
    if !entries.is_empty() {
        lines.push(String::new());
        lines.push(format!("{title}（{}）", entries.iter().filter(|line| !line.starts_with("    ")).count()));
        lines.extend(entries);
    }
}
