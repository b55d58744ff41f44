//! By what groups of subjects are compared: fields of records that no points come of.

use super::field::named;
use super::grade::no_common_subject;
use super::predicate::number;
use super::source::record_kind;
use super::subject::overlap;
use super::take::misplaced;
use crate::model::{FieldIx, FieldKind, Grouping, Pack, RecordKind, Scorecard, Seal};
use crate::report::Report;
use crate::shape::{Item, Map, list, map, text_of};

/// Bands beyond which a table compares nothing any more.
const BANDS_MAX: usize = 20;

/// The list under `groups`.
pub(super) fn read(item: Item<'_>, card: &Scorecard, pack: &Pack, report: &mut Report) -> Vec<Grouping> {
    let mut groups: Vec<Grouping> = Vec::new();
    for item in list(item, report).unwrap_or_default() {
        let Some(map) = map(item, &["title", "record", "field", "bands"], report) else { continue };
        let title = map.text("title", report);
        if title.as_ref().is_some_and(|title| groups.iter().any(|other| other.title == *title)) {
            report.fault(map.at_key("title"), "duplicate-id", "分组的名称重复", "同一评价模型中每种分组的名称只用一次");
        }
        groups.extend(grouping(map, title, (card, pack), report));
    }
    groups
}

fn grouping(map: Map<'_>, title: Option<String>, (card, pack): (&Scorecard, &Pack), report: &mut Report) -> Option<Grouping> {
    let (record, field) = (map.need("record", report), map.need("field", report));
    let (record, field) = (record?, field?);
    let ix = record_kind(record, pack, report)?;
    let kind = pack.record_kinds.get(ix.0)?;
    if !overlap(&kind.subjects, &card.subjects) {
        no_common_subject(record.at(), &kind.title, report);
    }
    let name = text_of(field, report)?;
    let found = named(field.at(), &name, kind, report)?;
    let bands = bands(map, (kind, found, &name), field, report)?;
    Some(Grouping { title: title?, kind: ix, field: found, bands })
}

/// Starts of bands; none for a choice, which has its values.
fn bands(map: Map<'_>, (kind, found, name): (&RecordKind, FieldIx, &str), field: Item<'_>, report: &mut Report) -> Option<Vec<i64>> {
    let of = kind.at(found)?;
    let least = match &of.kind {
        FieldKind::Choice(_) if of.seal == Seal::Open => {
            misplaced(map, "bands", "按单选字段分组时", report);
            return Some(Vec::new());
        }
        FieldKind::Integer { min, .. } if of.seal == Seal::Open => *min,
        FieldKind::Money(_) if of.seal == Seal::Open => 0,
        _ => {
            let message = format!("不能按字段 `{name}` 分组");
            report.fault(field.at(), "group-field", message, "请改用不加密的单选、整数或金额字段，如企业规模、注册资本");
            return None;
        }
    };
    let item = map.need("bands", report)?;
    let mut starts: Vec<i64> = Vec::new();
    for (position, item) in list(item, report)?.into_iter().enumerate() {
        let from = number(item, Some(&of.kind), report)?;
        match starts.last() {
            None if from != least => {
                report.fault(
                    item.at(),
                    "bands-start",
                    "第一个区间没有从字段的最小值起",
                    "请从最小值起写，金额从 `0` 起，使任何取值都有一组",
                );
            }
            Some(earlier) if from <= *earlier => {
                report.fault(item.at(), "bands-order", "区间的起点没有依次增大", "请按起点从小到大书写，不要重叠");
            }
            _ => {}
        }
        if position == BANDS_MAX {
            report.fault(item.at(), "too-many-bands", format!("`bands` 超过 {BANDS_MAX} 个区间"), "请合并相近的区间");
        }
        starts.push(from);
    }
    if starts.is_empty() {
        report.fault(item.at(), "no-bands", "`bands` 没有任何区间", "请至少写一个区间");
        return None;
    }
    Some(starts)
}
