//! Remedies as sentences.

use super::{months, predicate};
use crate::model::{Becomes, Pack, RecordKind, Remedy};

/// A way to correct records of a kind: of which, what is done where, what they then say, on which basis.
pub fn remedy(pack: &Pack, kind: &RecordKind, remedy: &Remedy) -> String {
    let which = remedy.when.as_ref().map_or_else(|| "各条记录".to_owned(), |when| format!("{}的", predicate(kind, when)));
    let after =
        if remedy.after_months == 0 { String::new() } else { format!("，自文书之日起满 {}后", months(remedy.after_months)) };
    let confirm = remedy.to_confirm.as_ref().map(|words| format!("（待核：{words}）")).unwrap_or_default();
    format!(
        "{which}{after}，可向{}办理“{}”，办结后{}{confirm}。依据：{}。",
        remedy.at,
        remedy.step,
        becomes(kind, remedy),
        pack.citations(&remedy.basis)
    )
}

/// What the record says afterwards: `检查结果为发现问题已改正`, `移出日期为办结之日`.
pub fn becomes(kind: &RecordKind, remedy: &Remedy) -> String {
    let clauses = remedy.becomes.iter().filter_map(|(ix, becomes)| {
        let field = kind.at(*ix)?;
        let value = match becomes {
            Becomes::Value(value) => super::condition::said(&field.kind, *value),
            Becomes::DayDone => "办结之日".to_owned(),
        };
        Some(format!("{}为{value}", super::condition::short(&field.title)))
    });
    clauses.collect::<Vec<_>>().join("，")
}
