//! Scorecards as sentences.

use xinzhi_core::Points;
use xinzhi_core::record::Class;

use super::condition::{predicate, short, shown};
use super::{founded, months, subjects};
use crate::model::{
    Each, Fade, Fading, FieldIx, FieldKind, Grade, Indicator, Number, Override, Pack, Put, RecordKind, Scorecard, ScorecardIx, Take,
};

/// The head of a scorecard: for whom, what for, from how many points, how long a result holds.
pub fn scorecard(pack: &Pack, card: &Scorecard) -> String {
    let until = card.in_force.until.map(|until| format!("至 {until} ")).unwrap_or_default();
    format!(
        "{}：评价{}，{}；自 {} {until}起适用；基础分 {}，最低 {}，最高 {}；数据覆盖至少 {} 的权重、滞后不超过 {} 天方评定等级；结果 {} 天内有效。{}",
        card.title,
        subjects(pack, &card.subjects),
        card.purpose,
        card.in_force.from,
        card.base,
        card.min,
        card.max,
        Points::percent(card.assessed_share),
        card.coverage_lag_days,
        card.valid_days,
        founded(pack, &card.basis)
    )
}

/// An indicator in one sentence with its articles.
pub fn indicator(pack: &Pack, _card: &Scorecard, indicator: &Indicator) -> String {
    let Some(kind) = pack.record_kind(indicator.kind) else { return String::new() };
    let which = indicator.filter.as_ref().map(|filter| format!("{}的", predicate(kind, filter))).unwrap_or_default();
    let which = if which.is_empty() { "的".to_owned() } else { which };
    let fade = |fade: &Fade| format!("；满 {}后按 {} 计", months(fade.after_months), Points::percent(fade.keep));
    let fades: String = match &indicator.fade {
        Fading::Steps(steps) => steps.iter().map(fade).collect(),
        Fading::Linear { after_months } => format!("；满 {}后逐日递减，到期减完", months(*after_months)),
    };
    format!(
        "{}：近 {}内{which}{}，{}{fades}{}。{}",
        indicator.title,
        months(indicator.window_months),
        kind.title,
        take(kind, &indicator.take),
        bounds(indicator.floor, indicator.cap),
        founded(pack, &indicator.basis)
    )
}

fn take(kind: &RecordKind, take: &Take) -> String {
    match take {
        Take::Each { each: worth, put } => format!("{}{}", each(kind, worth), composed(*put)),
        Take::Number { number, bands } => {
            let (name, holds) = counted(kind, number);
            let parts: Vec<String> = bands.iter().map(|(from, points)| format!("{} {} 分", start(holds, *from), points.signed())).collect();
            format!("按{name}分段计分：{}", parts.join("、"))
        }
    }
}

fn composed(put: Put) -> &'static str {
    match put {
        Put::Sum => "",
        Put::Best => "，取最高的一条",
        Put::Worst => "，取最低的一条",
        Put::Latest => "，取最近的一条",
        Put::First => "，取最早的一条",
        Put::Mean => "，取平均",
    }
}

/// What is counted, and in which unit.
fn counted<'k>(kind: &'k RecordKind, number: &Number) -> (String, Option<&'k FieldKind>) {
    match number {
        Number::Count => ("条数".to_owned(), None),
        Number::Distinct(field) => (format!("{}的不同值个数", named(kind, *field).0), None),
        Number::Total(field) => {
            let (name, holds) = named(kind, *field);
            (format!("{name}合计"), holds)
        }
        Number::Rate(of) => (format!("{}的占比（千分之）", predicate(kind, of)), None),
    }
}

fn each(kind: &RecordKind, each: &Each) -> String {
    match each {
        Each::Constant(points) => format!("每条 {} 分", points.signed()),
        Each::ByClass(points) => {
            let parts: Vec<String> =
                Class::ALL.iter().zip(points).map(|(class, points)| format!("{} {} 分", class.title(), points.signed())).collect();
            format!("按失信程度计分：{}", parts.join("、"))
        }
        Each::ByChoice { field, points } => {
            let (name, holds) = named(kind, *field);
            let parts: Vec<String> =
                (0_i64..).zip(points).map(|(value, points)| format!("{} {} 分", shown(holds, value), points.signed())).collect();
            format!("按{name}计分：{}", parts.join("、"))
        }
        Each::ByBand { field, bands } => {
            let (name, holds) = named(kind, *field);
            let parts: Vec<String> = bands.iter().map(|(from, points)| format!("{} {} 分", start(holds, *from), points.signed())).collect();
            format!("按{name}分段计分：{}", parts.join("、"))
        }
    }
}

/// `2 万元起`, `3 起`.
fn start(holds: Option<&FieldKind>, from: i64) -> String {
    let space = if matches!(holds, Some(FieldKind::Money(_))) { "" } else { " " };
    format!("{}{space}起", shown(holds, from))
}

fn named(kind: &RecordKind, ix: FieldIx) -> (&str, Option<&FieldKind>) {
    kind.at(ix).map_or(("", None), |field| (short(&field.title), Some(&field.kind)))
}

fn bounds(floor: Option<Points>, cap: Option<Points>) -> String {
    let floor = floor.map(|floor| format!("最低 {} 分", floor.signed()));
    let cap = cap.map(|cap| format!("最高 {} 分", cap.signed()));
    let parts: Vec<String> = [floor, cap].into_iter().flatten().collect();
    if parts.is_empty() { String::new() } else { format!("；合计{}", parts.join("、")) }
}

/// A list that forces a grade.
pub fn override_rule(pack: &Pack, card: &Scorecard, rule: &Override) -> String {
    let list = pack.record_kind(rule.kind).map_or("", |kind| kind.title.as_str());
    let grade = card.grades.get(rule.grade).map(named_grade).unwrap_or_default();
    format!("列入{list}的，等级直接定为 {grade}。{}", founded(pack, &rule.basis))
}

/// The grades from best to worst.
pub fn grades(card: &Scorecard) -> String {
    let parts: Vec<String> = card.grades.iter().map(|grade| format!("{}{} 分起", named_grade(grade), grade.from)).collect();
    format!("等级：{}。", parts.join("，"))
}

fn named_grade(grade: &Grade) -> String {
    format!("{}（{}）", grade.name, grade.title)
}

/// `市场主体公共信用评价等级为 A（优秀）`.
pub(super) fn in_grades(pack: &Pack, scorecard: ScorecardIx, grades: &[usize], verb: &str) -> String {
    let Some(card) = pack.scorecard(scorecard) else { return String::new() };
    let names: Vec<String> = grades.iter().filter_map(|grade| card.grades.get(*grade)).map(named_grade).collect();
    format!("{}等级{verb} {}", card.title, names.join("或 "))
}
