//! Scorecards as sentences.

use xinzhi_core::Points;
use xinzhi_core::record::Class;

use super::condition::{money, predicate, short, shown};
use super::{founded, months, subjects};
use crate::model::{
    Dimension, Divisor, Each, Fade, Fading, FieldIx, FieldKind, Forcing, Grade, Grouping, Indicator, Nature, Number, Override, Pack, Put,
    RecordKind, Scorecard, ScorecardIx, Silence, Take,
};
use crate::predicate::Predicate;

/// A weight that takes everything.
const WHOLE: i64 = 1000;

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

/// What is said of a dimension beside its title: bounds and weight of the sum of its indicators; empty where there are none.
pub fn dimension(dimension: &Dimension) -> String {
    let bounds = bounded(dimension.floor, dimension.cap).map(|bounds| format!("各指标合计{bounds}"));
    let weight = (dimension.weight != WHOLE).then(|| format!("按 {} 计入总分", Points::percent(dimension.weight)));
    [bounds, weight].into_iter().flatten().collect::<Vec<_>>().join("，")
}

/// An indicator in one sentence with its articles.
pub fn indicator(pack: &Pack, _card: &Scorecard, indicator: &Indicator) -> String {
    let Some(kind) = pack.record_kind(indicator.kind) else { return String::new() };
    let sum = matches!(indicator.take, Take::Each { put: Put::Sum, .. });
    let bounds = bounded(indicator.floor, indicator.cap).map(|bounds| format!("；{}{bounds}", if sum { "合计" } else { "" }));
    let weight = (indicator.weight != WHOLE).then(|| format!("；按 {} 计入维度", Points::percent(indicator.weight)));
    format!(
        "{}：{}，{}{}{}{}。{}",
        indicator.title,
        recent(kind, indicator.filter.as_ref(), indicator.window_months),
        take(pack, kind, &indicator.take),
        faded(&indicator.fade, indicator.window_months),
        bounds.unwrap_or_default(),
        weight.unwrap_or_default(),
        founded(pack, &indicator.basis)
    )
}

/// `近 3 年内处罚类别包含罚款的行政处罚`.
fn recent(kind: &RecordKind, filter: Option<&Predicate>, window_months: i32) -> String {
    let which = filter.map(|filter| predicate(kind, filter)).unwrap_or_default();
    format!("近 {}内{which}的{}", months(window_months), kind.title)
}

fn faded(fade: &Fading, window_months: i32) -> String {
    let step = |fade: &Fade| format!("；满 {}后按 {} 计", months(fade.after_months), Points::percent(fade.keep));
    match fade {
        Fading::Steps(steps) => steps.iter().map(step).collect(),
        Fading::Linear { after_months: 0 } => format!("；自文书之日起逐日递减，满 {}减完", months(window_months)),
        Fading::Linear { after_months } => format!("；满 {}后逐日递减，满 {}减完", months(*after_months), months(window_months)),
    }
}

fn take(pack: &Pack, kind: &RecordKind, take: &Take) -> String {
    match take {
        Take::Each { each: worth, put, silence } => {
            let silent = if *silence == Silence::Unknown { "；一条也没有的按未知处理，不当作 0 分" } else { "" };
            format!("{}{}{silent}", each(kind, worth), composed(*put))
        }
        Take::Number { number, bands } => {
            let (name, unit) = counted(pack, kind, number);
            let parts: Vec<String> = bands.iter().map(|(from, points)| format!("{}起 {} 分", unit(*from), points.signed())).collect();
            format!("按{name}分段计分：{}", parts.join("、"))
        }
    }
}

fn composed(put: Put) -> &'static str {
    match put {
        Put::Sum => "",
        Put::Best => "；有几条的取最高分",
        Put::Worst => "；有几条的取最低分",
        Put::Latest => "；有几条的取最近的一条",
        Put::First => "；有几条的取最早的一条",
        Put::Mean => "；有几条的取平均分",
    }
}

/// What is counted, and how a number of it is written.
fn counted(pack: &Pack, kind: &RecordKind, number: &Number) -> (String, fn(i64) -> String) {
    match number {
        Number::Count => ("条数".to_owned(), |number| format!("{number} 条")),
        Number::Distinct(field) => (format!("{}不同取值的个数", named(kind, *field).0), |number| format!("{number} 个")),
        Number::Total(field) => match named(kind, *field) {
            (name, Some(FieldKind::Money(_))) => (format!("{name}合计"), money),
            (name, _) => (format!("{name}合计"), |number| format!("{number} ")),
        },
        Number::Rate(of) => (format!("其中{}的所占比例", predicate(kind, of)), share),
        Number::Ratio(divisor) => (format!("与同期{}条数之比", divided(pack, divisor)), share),
    }
}

fn share(thousandths: i64) -> String {
    format!("{} ", Points::percent(thousandths))
}

/// `检查事项为质量的抽查检查`.
fn divided(pack: &Pack, divisor: &Divisor) -> String {
    let Some(kind) = pack.record_kind(divisor.kind) else { return String::new() };
    let which = divisor.filter.as_ref().map(|filter| format!("{}的", predicate(kind, filter))).unwrap_or_default();
    format!("{which}{}", kind.title)
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

/// `最低 -200 分、最高 +60 分`; none where there is neither.
fn bounded(floor: Option<Points>, cap: Option<Points>) -> Option<String> {
    let floor = floor.map(|floor| format!("最低 {} 分", floor.signed()));
    let cap = cap.map(|cap| format!("最高 {} 分", cap.signed()));
    let parts: Vec<String> = [floor, cap].into_iter().flatten().collect();
    if parts.is_empty() { None } else { Some(parts.join("、")) }
}

/// A list or a record that forces a grade. What is positive lifts to it, everything else lowers to it.
pub fn override_rule(pack: &Pack, card: &Scorecard, rule: &Override) -> String {
    let Some(kind) = pack.record_kind(rule.kind) else { return String::new() };
    let when = match &rule.when {
        Forcing::Listed => format!("列入{}的", kind.title),
        Forcing::Within { filter, window_months } => format!("有{}的", recent(kind, filter.as_ref(), *window_months)),
    };
    let (lifts, last) = (kind.nature == Nature::Positive, card.grades.len().saturating_sub(1));
    let word = match rule.grade {
        0 if lifts => "直接定为",
        _ if lifts => "不低于",
        grade if grade == last => "直接定为",
        _ => "不高于",
    };
    let grade = card.grades.get(rule.grade).map(named_grade).unwrap_or_default();
    format!("{when}，等级{word} {grade}。{}", founded(pack, &rule.basis))
}

/// What each grade is worth in money; none where the scorecard says nothing of it.
pub fn amount(card: &Scorecard) -> Option<String> {
    let amount = card.amount.as_ref()?;
    let parts: Vec<String> =
        card.grades.iter().zip(&amount.amounts).map(|(grade, fen)| format!("{} {}", named_grade(grade), money(*fen))).collect();
    Some(format!("{}：{}。", amount.title, parts.join("，")))
}

/// The grades from best to worst, each with its least points, or with its share of peers.
pub fn grades(card: &Scorecard) -> String {
    let shares = card.peers.iter().flat_map(|peers| peers.shares.iter().map(|share| Some(*share)));
    let parts = card.grades.iter().zip(shares.chain(std::iter::repeat(None))).enumerate().map(|(place, (grade, share))| {
        let name = named_grade(grade);
        match (grade.from, share) {
            (Some(from), _) => format!("{name}{from} 分起"),
            (None, Some(share)) => format!("{name}{} {}", if place == 0 { "前" } else { "其后" }, Points::percent(share)),
            (None, None) => name,
        }
    });
    format!("等级：{}。", parts.collect::<Vec<_>>().join("，"))
}

/// By what groups of subjects are compared.
pub fn grouping(pack: &Pack, grouping: &Grouping) -> String {
    let kind = pack.record_kind(grouping.kind);
    let field = kind.and_then(|kind| kind.at(grouping.field)).map_or("", |field| short(&field.title));
    let bands: Vec<String> = (0..grouping.bands.len()).map(|place| group(pack, grouping, place)).collect();
    let bands = if bands.is_empty() { String::new() } else { format!("，分为{}", bands.join("、")) };
    format!("修改规则前后按{}比较各组：{}的{field}{bands}；不计分。", grouping.title, kind.map_or("", |kind| kind.title.as_str()))
}

/// What a group is called: the value of a choice, or the start of its band.
pub fn group(pack: &Pack, grouping: &Grouping, place: usize) -> String {
    let holds = pack.record_kind(grouping.kind).and_then(|kind| kind.at(grouping.field)).map(|field| &field.kind);
    if grouping.bands.is_empty() {
        return shown(holds, i64::try_from(place).unwrap_or(i64::MAX));
    }
    let from = grouping.bands.get(place).copied().unwrap_or_default();
    match grouping.bands.get(place + 1) {
        Some(next) if place == 0 => format!("不足 {}", shown(holds, *next)),
        Some(next) => format!("{}至不足 {}", start(holds, from).trim_end_matches('起'), shown(holds, *next)),
        None => start(holds, from),
    }
}

pub(super) fn named_grade(grade: &Grade) -> String {
    format!("{}（{}）", grade.name, grade.title)
}

/// `市场主体公共信用评价等级为 A（优秀）`.
pub(super) fn in_grades(pack: &Pack, scorecard: ScorecardIx, grades: &[usize], verb: &str) -> String {
    let Some(card) = pack.scorecard(scorecard) else { return String::new() };
    let names: Vec<String> = grades.iter().filter_map(|grade| card.grades.get(*grade)).map(named_grade).collect();
    format!("{}等级{verb} {}", card.title, names.join("或 "))
}
