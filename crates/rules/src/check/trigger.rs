//! What brings a measure about, and what may never bring a restriction about (D4, L7).

use xinzhi_core::record::Class;

use super::field::Scope;
use super::grade::{grade, no_common_subject, on_list};
use super::indicator::{dated, lasting, retained};
use super::predicate::{self, DEPTH_MAX};
use super::source::record_kind;
use super::subject::overlap;
use crate::model::{Measure, Nature, Pack, SubjectKindIx, Trigger};
use crate::raw::At;
use crate::report::{Noun, Report};
use crate::shape::{Item, list, map, months_of, one_or_list, text_of};

const KEYS: [&str; 7] = ["grade", "on_list", "record", "where", "within", "all", "not"];

/// What surrounds the trigger that is being read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Around<'a> {
    /// Whom the measure may concern.
    pub subjects: &'a [SubjectKindIx],
    /// Whether the measure is a restriction.
    pub restriction: bool,
    /// Whether an odd number of `not` stands around.
    pub negated: bool,
    /// How deep we are.
    pub depth: usize,
}

impl Around<'_> {
    fn inside(self) -> Self {
        Around { depth: self.depth + 1, ..self }
    }
}

/// Reads a trigger; `around` says for whom and where.
pub(super) fn read(item: Item<'_>, around: Around<'_>, pack: &Pack, report: &mut Report) -> Option<Trigger> {
    if around.depth > DEPTH_MAX {
        report.fault(item.at(), "too-deep", format!("触发条件嵌套超过 {DEPTH_MAX} 层"), "请拆分或化简触发条件");
        return None;
    }
    let map = map(item, &KEYS, report)?;
    let kinds: Vec<&str> = ["grade", "on_list", "record", "all", "not"].into_iter().filter(|key| map.get(key).is_some()).collect();
    let [kind] = kinds.as_slice() else {
        let help = "请从 `grade`、`on_list`、`record`、`all`、`not` 中选一个；要同时满足几个条件请写在 `all` 里";
        report.fault(item.at(), "trigger-shape", "触发条件须写明一种情形，且只写一种", help);
        return None;
    };
    for key in ["where", "within"] {
        if let Some(item) = map.get(key).filter(|_| *kind != "record") {
            report.fault(item.at(), "unknown-key", format!("`{key}` 只能与 `record` 同写"), "请删去这个键");
        }
    }
    let inner = map.get(kind)?;
    match *kind {
        "grade" => by_grade(inner, around, pack, report),
        "on_list" => {
            let ix = on_list(inner, pack, report)?;
            primary(inner.at(), ix.0, around, pack, report);
            Some(Trigger::OnList(ix))
        }
        "record" => {
            let ix = record_kind(inner, pack, report)?;
            primary(inner.at(), ix.0, around, pack, report);
            let kind = pack.record_kinds.get(ix.0)?;
            dated(kind, inner.at(), report);
            let filter = map.get("where").map(|item| predicate::read(item, Scope { kind, class: true }, report));
            let within = map.need("within", report).and_then(|item| months_of(item, report));
            if let Some(months) = within {
                retained(months, kind, map.at_key("within"), report);
            }
            let filter = match filter {
                Some(None) => return None,
                other => other.flatten(),
            };
            if let Some(months) = within {
                lasting(months, (kind, filter.as_ref()), map.at_key("within"), report);
            }
            Some(Trigger::Record { kind: ix, filter, within_months: within? })
        }
        "all" => all(inner, around, pack, report),
        _ => read(inner, Around { negated: !around.negated, ..around.inside() }, pack, report).map(|part| Trigger::Not(Box::new(part))),
    }
}

fn all(item: Item<'_>, around: Around<'_>, pack: &Pack, report: &mut Report) -> Option<Trigger> {
    let items = list(item, report)?;
    if items.is_empty() {
        report.fault(item.at(), "empty-condition", "`all` 里没有触发条件", "请至少写一个触发条件");
        return None;
    }
    let parts: Vec<_> = items.into_iter().map(|item| read(item, around.inside(), pack, report)).collect();
    Some(Trigger::All(parts.into_iter().collect::<Option<Vec<_>>>()?))
}

fn by_grade(item: Item<'_>, around: Around<'_>, pack: &Pack, report: &mut Report) -> Option<Trigger> {
    if around.restriction {
        let help = "惩戒只能由失信记录或名单触发；请删去 `grade`，或把 `kind` 改为 `supervision`";
        report.fault(item.at(), "restriction-on-grade", "惩戒措施不得以评价等级为触发条件", help);
    }
    let map = map(item, &["scorecard", "any_of"], report)?;
    let named = map.need("scorecard", report)?;
    let name = text_of(named, report)?;
    let Some((scorecard, card)) = pack.scorecard_by_id(&name) else {
        report.unknown(named.at(), (Noun::Scorecard, &name), "", pack.scorecards.iter().map(|card| card.id.as_str()));
        return None;
    };
    if !overlap(&card.subjects, around.subjects) {
        no_common_subject(named.at(), &card.title, report);
    }
    let wanted = map.need("any_of", report)?;
    let items = one_or_list(wanted, report)?;
    if items.is_empty() {
        report.fault(wanted.at(), "empty-condition", "`any_of` 没有列出任何等级", "请至少列出一个等级");
        return None;
    }
    let grades: Vec<_> = items.into_iter().map(|item| grade(item, card, report)).collect();
    Some(Trigger::Grade { scorecard, grades: grades.into_iter().collect::<Option<Vec<_>>>()? })
}

/// Records concern the measure's subjects; a restriction rests on adverse ones (D4).
fn primary(at: At, position: usize, around: Around<'_>, pack: &Pack, report: &mut Report) {
    let Some(kind) = pack.record_kinds.get(position) else { return };
    if !overlap(&kind.subjects, around.subjects) {
        no_common_subject(at, &kind.title, report);
    }
    if around.restriction && !around.negated && kind.nature != Nature::Adverse {
        let message = format!("惩戒措施不能由{} `{}` 触发", kind.nature.title(), kind.title);
        report.fault(at, "restriction-not-adverse", message, "惩戒只能由失信信息触发，请改正触发条件");
    }
}

/// Something must be there that brings the measure about; that something else is absent does not.
pub(super) fn positive(trigger: &Trigger) -> bool {
    match trigger {
        Trigger::Grade { .. } | Trigger::OnList(_) | Trigger::Record { .. } => true,
        Trigger::All(parts) => parts.iter().any(positive),
        Trigger::Not(_) => false,
    }
}

/// Whether records, and not only lists, bring the measure about.
pub(super) fn by_record(trigger: &Trigger) -> bool {
    match trigger {
        Trigger::Record { .. } => true,
        Trigger::Grade { .. } | Trigger::OnList(_) | Trigger::Not(_) => false,
        Trigger::All(parts) => parts.iter().any(by_record),
    }
}

/// L7: the mildest class that may bring a restriction about is 一般.
pub(super) fn floor(item: Option<Item<'_>>, class: Option<Class>, (measure, at): (&Measure, At), report: &mut Report) {
    let low = class == Some(Class::Minor);
    if let Some(item) = item.filter(|_| low) {
        let help = "轻微失信不得减损权利，请改为 `一般` 或 `严重`";
        report.fault(item.at(), "class-floor", "惩戒措施的 `class_floor` 不能低于 `一般`", help);
    }
    if item.is_none() && by_record(&measure.trigger) {
        let message = "由记录触发的惩戒措施缺少 `class_floor`";
        report.fault(at, "class-floor", message, "请补写 `class_floor: 一般` 或 `class_floor: 严重`");
    }
}
