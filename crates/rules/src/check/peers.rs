//! Who is compared with whom: by the kind of subject, or by a choice that is neither good nor bad.

use super::field;
use super::grade::no_common_subject;
use super::indicator::dated;
use super::source::record_kind;
use super::subject::overlap;
use crate::model::{FieldKind, Nature, Pack, Peers, PeersBy, Scorecard};
use crate::raw::Value;
use crate::report::Report;
use crate::shape::{Item, map, unknown_word, whole_of};

/// Fewest subjects of a group: limits of fewer would tell what single ones have.
const SIZE_MIN: i64 = 10;
/// What a choice that says a place is called.
const PLACES: [&str; 10] = ["区划", "乡镇", "街道", "社区", "村", "地址", "住所", "辖区", "所在地", "地区"];
/// Most that can be asked for.
const SIZE_MAX: i64 = 1_000_000;

/// `{ by: kind, group_size: 30 }` or `{ by: { record: …, field: … }, group_size: 30 }`; the shares stand with the grades.
pub(super) fn read(item: Item<'_>, card: &Scorecard, pack: &Pack, report: &mut Report) -> Option<Peers> {
    let map = map(item, &["by", "group_size"], report)?;
    let by = map.need("by", report).and_then(|item| by(item, card, pack, report));
    let group_size = map.need("group_size", report).and_then(|item| whole_of(item, (SIZE_MIN, SIZE_MAX), report));
    Some(Peers { by: by?, group_size: group_size?, shares: Vec::new() })
}

fn by(item: Item<'_>, card: &Scorecard, pack: &Pack, report: &mut Report) -> Option<PeersBy> {
    if let Value::Scalar(word) = &item.node.value {
        if word.trim() == "kind" {
            return Some(PeersBy::Kind);
        }
        unknown_word(item.at(), (word.trim(), "by"), vec!["kind", "{ record: …, field: … }"], report);
        return None;
    }
    let map = map(item, &["record", "field"], report)?;
    let named = map.need("record", report)?;
    let ix = record_kind(named, pack, report)?;
    let kind = pack.record_kinds.get(ix.0)?;
    if kind.nature != Nature::Neutral {
        let message = format!("不能按{} `{}` 分组：多一条记录就可以换一组界限", kind.nature.title(), kind.title);
        report.fault(named.at(), "peers-nature", message, "请改用一般信息，如登记中的行业门类、企业规模");
    }
    if !overlap(&kind.subjects, &card.subjects) {
        no_common_subject(named.at(), &kind.title, report);
    }
    dated(kind, named.at(), report);
    let item = map.need("field", report)?;
    let name = crate::shape::text_of(item, report)?;
    let found = field::named(item.at(), &name, kind, report)?;
    let title = kind.at(found).map_or("", |field| field.title.as_str());
    if kind.roles.area == Some(found) || PLACES.iter().any(|place| title.contains(place)) {
        let help = "区划只用来确定由谁管辖；请按行业、规模或主体类型分组";
        report.fault(item.at(), "peers-place", format!("不能按所在地方 `{name}` 分组"), help);
        return None;
    }
    match kind.at(found).map(|field| &field.kind) {
        Some(FieldKind::Choice(_)) => Some(PeersBy::Choice { kind: ix, field: found }),
        _ => {
            report.fault(item.at(), "peers-field", format!("不能按字段 `{name}` 分组"), "分组只能按单选字段，请把各组登记为选项");
            None
        }
    }
}
