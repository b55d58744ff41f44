//! Rules as Chinese sentences, each with its articles: what a page shows, what `pack show` prints, what a subject reads.

mod condition;
mod figure;
mod peers;
mod remedy;
mod score;
mod show;

use xinzhi_core::record::Class;

use crate::model::{
    Choices, Field, FieldIx, FieldKind, Law, LawIx, Matter, Measure, Need, Pack, RecordKind, Reporting, Seal, SubjectKindIx, Trigger,
};
use crate::relation::{RelationKind, Statement};

pub use condition::predicate;
pub use figure::figure;
pub use peers::{cutoffs, limits, peers};
pub use remedy::{becomes, remedy};
pub use score::{amount, dimension, grades, group, grouping, indicator, override_rule, scorecard};
pub use show::show;

/// One basis: citation, level, issuer, dates.
pub fn law(law: &Law) -> String {
    let until = law.in_force.until.map(|until| format!("，{until} 失效")).unwrap_or_default();
    let confirm = law.to_confirm.as_ref().map(|words| format!("（待核：{words}）")).unwrap_or_default();
    format!("{}：{}，{}，{} 起施行{until}{confirm}。", law.citation(), law.level.title(), law.issued_by, law.in_force.from)
}

/// What a record kind is, who supplies it, about whom, on which basis.
pub fn record_kind(pack: &Pack, kind: &RecordKind) -> String {
    let key: Vec<String> = kind.key.iter().filter_map(|ix| kind.at(*ix)).map(|field| field.title.clone()).collect();
    let key = if key.is_empty() { String::new() } else { format!("；同一主体的{}相同即为同一记录", key.join("、")) };
    let within = kind.report_within.map(|days| format!("；文书作出后 {days} 个工作日内报送")).unwrap_or_default();
    format!(
        "{}：{}，属{}，由{}提供，涉及{}{key}{within}；自文书之日起使用 {}。依据：{}。",
        kind.title,
        kind.nature.title(),
        kind.category,
        kind.supplier,
        subjects(pack, &kind.subjects),
        months(kind.retention_months),
        pack.citations(&kind.basis)
    )
}

/// A relation: who is what to whom, on which basis.
pub fn relation(pack: &Pack, relation: &RelationKind) -> String {
    format!(
        "{}的“{}”：{}；后者看前者，是“{}”。只供查阅，不据以评价，也不据以采取措施。依据：{}。",
        subjects(pack, &relation.of),
        relation.title,
        subjects(pack, &relation.to),
        relation.reverse,
        pack.citations(&relation.basis)
    )
}

/// What the rows of a record kind say of a relation.
pub fn statement(pack: &Pack, kind: &RecordKind, statement: &Statement) -> String {
    let title = pack.relations.get(statement.relation.0).map_or("", |relation| relation.seen_from(statement.side));
    let field = |ix: &FieldIx| kind.at(*ix).map_or("", |field| field.title.as_str());
    let codes: Vec<&str> = statement.other.iter().map(field).collect();
    let from = statement.from.as_ref().map_or("文书之日", field);
    let until = statement.until.as_ref().map_or_else(String::new, |ix| format!("，至{}止", field(ix)));
    format!("每行还说明本主体的“{title}”：由{}认定，自{from}起{until}。", codes.join("或"))
}

/// How 失信程度 is found; none for records that are not adverse.
pub fn class_rule(kind: &RecordKind) -> Option<String> {
    let lines: Vec<String> = kind
        .class_lines
        .iter()
        .map(|line| match &line.when {
            Some(when) => format!("{}的，为{}", predicate(kind, when), line.class.map_or("待核实", Class::title)),
            None if kind.class_lines.len() == 1 => format!("一律为{}", line.class.map_or("待核实", Class::title)),
            None => format!("其余为{}", line.class.map_or("待核实", Class::title)),
        })
        .collect();
    if lines.is_empty() { None } else { Some(format!("失信程度：{}。", lines.join("；"))) }
}

/// A field: what it holds, whether it must be filled, whether it is sealed.
pub fn field(kind: &RecordKind, field: &Field) -> String {
    let holds = match &field.kind {
        FieldKind::Text => "文字".to_owned(),
        FieldKind::Uscc => "统一社会信用代码".to_owned(),
        FieldKind::OrgCode => "组织机构代码".to_owned(),
        FieldKind::PersonNumber => "个人证件号码".to_owned(),
        FieldKind::Choice(choices) => format!("单选（{}）", values(choices)),
        FieldKind::Choices(choices) => format!("多选（{}）", values(choices)),
        FieldKind::Integer { min, max } => format!("{min} 到 {max} 的整数"),
        FieldKind::Money(xinzhi_core::money::Unit::Yuan) => "金额，单位元".to_owned(),
        FieldKind::Money(xinzhi_core::money::Unit::TenThousandYuan) => "金额，单位万元".to_owned(),
        FieldKind::Day { future: false } => "日期".to_owned(),
        FieldKind::Day { future: true } => "日期，可以晚于归集之日".to_owned(),
    };
    let need = match &field.need {
        Need::Required => "必填".to_owned(),
        Need::When(when) => format!("{}时必填", predicate(kind, when)),
        Need::Expected => "应填".to_owned(),
        Need::Optional => "选填".to_owned(),
    };
    let seal = match field.seal {
        Seal::Open => "",
        Seal::WhenPerson => "，相对人为自然人时加密",
        Seal::Always => "，加密",
    };
    format!("{}（{}）：{holds}；{need}{seal}。", field.title, field.code)
}

/// What brings a measure about, as a clause.
pub fn trigger(pack: &Pack, trigger: &Trigger) -> String {
    match trigger {
        Trigger::Not(part) => match part.as_ref() {
            Trigger::Grade { scorecard, grades } => self::score::in_grades(pack, *scorecard, grades, "不为"),
            Trigger::OnList(kind) => format!("未列入{}", title(pack, *kind)),
            Trigger::Record { .. } => records(pack, part, "没有"),
            other => format!("不属于（{}）", self::trigger(pack, other)),
        },
        Trigger::Grade { scorecard, grades } => self::score::in_grades(pack, *scorecard, grades, "为"),
        Trigger::OnList(kind) => format!("列入{}", title(pack, *kind)),
        Trigger::Record { .. } => records(pack, trigger, "有"),
        Trigger::All(parts) => parts.iter().map(|part| self::trigger(pack, part)).collect::<Vec<_>>().join("，且"),
    }
}

fn records(pack: &Pack, trigger: &Trigger, verb: &str) -> String {
    let Trigger::Record { kind, filter, within_months } = trigger else { return String::new() };
    let Some(kind) = pack.record_kind(*kind) else { return String::new() };
    let which = filter.as_ref().map(|filter| format!("{}的", predicate(kind, filter))).unwrap_or_default();
    format!("近 {}内{verb}{which}{}", months(*within_months), kind.title)
}

fn title(pack: &Pack, ix: crate::model::KindIx) -> &str {
    pack.record_kind(ix).map_or("", |kind| kind.title.as_str())
}

/// A measure: what brings it about, who does what, for how long, how it ends, on which basis.
pub fn measure(pack: &Pack, measure: &Measure) -> String {
    let floor = measure.class_floor.map(|class| format!("；所依据记录的失信程度须{}", at_least(class))).unwrap_or_default();
    let list = if measure.list_item.is_empty() { String::new() } else { format!("；{}", measure.list_item) };
    format!(
        "{}（{}）：{}的{}，由{}{}{floor}；期限 {}；退出：{}{list}；{} 前复核。依据：{}。",
        measure.title,
        measure.kind.title(),
        trigger(pack, &measure.trigger),
        subjects(pack, &measure.subjects),
        measure.body,
        measure.content,
        months(measure.term_months),
        measure.way_out,
        measure.review_by,
        pack.citations(&measure.basis)
    )
}

/// A matter: who handles it, for whom, which measures a check looks at, on which basis.
pub fn matter(pack: &Pack, matter: &Matter) -> String {
    let measures: Vec<&str> = matter.measures.iter().filter_map(|ix| pack.measure(*ix)).map(|measure| measure.title.as_str()).collect();
    let promises =
        if matter.commitments.is_empty() { String::new() } else { format!("；可以承诺：{}", matter.commitments.join("、")) };
    format!(
        "{}：{}为{}办理{}时核查，对照 {} 项措施（{}），{} 个工作日内反馈应用结果{promises}。依据：{}。",
        matter.title,
        matter.organ,
        subjects(pack, &matter.subjects),
        matter.purpose,
        measures.len(),
        measures.join("；"),
        matter.feedback_within,
        pack.citations(&matter.basis)
    )
}

/// `企业、个体工商户`.
pub fn subjects(pack: &Pack, subjects: &[SubjectKindIx]) -> String {
    let titles: Vec<&str> = subjects.iter().filter_map(|ix| pack.subject_kind(*ix)).map(|kind| kind.title.as_str()).collect();
    titles.join("、")
}

/// How often a source must be reported, as in 每 1 个月至少报送一次，期满后 5 个工作日内仍未报送的为逾期.
pub fn reporting(often: Reporting) -> String {
    let every = months(often.every_months);
    match often.within {
        0 => format!("每 {every}至少报送一次，期满未报送的为逾期"),
        days => format!("每 {every}至少报送一次，期满后 {days} 个工作日内仍未报送的为逾期"),
    }
}

/// `3 年` or `6 个月`.
pub fn months(months: i32) -> String {
    if months > 0 && months % 12 == 0 { format!("{} 年", months / 12) } else { format!("{months} 个月") }
}

fn at_least(class: xinzhi_core::record::Class) -> String {
    match class {
        xinzhi_core::record::Class::Serious => "为严重".to_owned(),
        class => format!("不低于{}", class.title()),
    }
}

fn values(choices: &Choices) -> String {
    let titles: Vec<&str> = choices.values.iter().map(|value| value.title.as_str()).collect();
    titles.join("／")
}

/// `依据：…。`
fn founded(pack: &Pack, basis: &[LawIx]) -> String {
    format!("依据：{}。", pack.citations(basis))
}

#[cfg(test)]
mod tests;
