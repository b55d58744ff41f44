//! Measures, and above all restrictions: what they rest on (L1), what brings them about (D4, L7), how they end (L10).

use xinzhi_core::measure::MeasureKind;

use super::catalog::class_of;
use super::duplicate;
use super::indicator::ADVERSE_MONTHS_MAX;
use super::laws::{Rest, basis};
use super::subject::{positions, subjects};
use super::trigger::{self, Around};
use crate::model::{Measure, Pack};
use crate::raw::At;
use crate::report::{Noun, Report};
use crate::shape::{Item, Map, day_of, id_of, map, months_of, scalar};

const KEYS: [&str; 13] =
    ["id", "title", "content", "kind", "subjects", "body", "basis", "trigger", "class_floor", "list_item", "term", "way_out", "review_by"];

/// Where a measure was written.
#[derive(Clone, Debug)]
pub(super) struct Placed {
    pub file: String,
    pub at: At,
}

/// One entry of `measures/*.yaml`; says where each of [`Pack::measures`] stands, in their order.
pub(super) fn read(item: Item<'_>, file: &str, pack: &mut Pack, report: &mut Report) -> Option<Placed> {
    let Some(map) = map(item, &KEYS, report) else {
        report.unreadable(Noun::Measure);
        return None;
    };
    let id = map.need("id", report).and_then(|item| id_of(item, report));
    if let Some(id) = id.as_ref().filter(|id| pack.measures.iter().any(|measure| measure.id == **id)) {
        duplicate(Noun::Measure, id, map.at_key("id"), report);
    }
    match (measure(map, id.clone(), pack, report), id) {
        (Some(measure), _) => {
            pack.measures.push(measure);
            return Some(Placed { file: file.to_owned(), at: map.at_key("id") });
        }
        (None, Some(id)) => report.doubt(Noun::Measure, id),
        (None, None) => report.unreadable(Noun::Measure),
    }
    None
}

fn measure(map: Map<'_>, id: Option<String>, pack: &Pack, report: &mut Report) -> Option<Measure> {
    let (title, content) = (map.text("title", report), map.text("content", report));
    let kind = map.need("kind", report).and_then(|item| kind(item, report));
    let subjects = positions(&subjects(map, pack, report));
    let body = map.text("body", report);
    let review_by = map.need("review_by", report).and_then(|item| day_of(item, report));
    let basis = basis(map, Rest { on: review_by, own_model: false }, pack, report);
    let restriction = kind == Some(MeasureKind::Restriction);
    let around = Around { subjects: &subjects, restriction, negated: false, depth: 1 };
    let trigger = map.need("trigger", report).and_then(|item| trigger::read(item, around, pack, report));
    let floor = map.get("class_floor");
    let class_floor = floor.and_then(|item| class_of(item, report));
    let list_item = map.text_if("list_item", report);
    let term = map.need("term", report).and_then(|item| months_of(item, report));
    let way_out = map.text("way_out", report);
    let measure = Measure {
        id: id?,
        title: title?,
        content: content?,
        kind: kind?,
        list_item: list_item.unwrap_or_default(),
        subjects,
        body: body?,
        basis,
        trigger: trigger?,
        class_floor,
        term_months: term?,
        way_out: way_out?,
        // Its pack may have to be reviewed before it has (W6).
        review_by: review_by?.min(pack.review_by),
    };
    if !trigger::positive(&measure.trigger) {
        let message = "触发条件里只有 `not`：没有发生任何情形也会触发";
        report.fault(map.at_key("trigger"), "trigger-negative", message, "请另写一个须具备的情形，与 `not` 一起放进 `all`");
    }
    if restriction {
        restricted(map, &measure, pack, report);
        trigger::floor(floor, class_floor, (&measure, map.at), report);
    }
    Some(measure)
}

fn kind(item: Item<'_>, report: &mut Report) -> Option<MeasureKind> {
    match scalar(item, "措施种类", report)? {
        "incentive" => Some(MeasureKind::Incentive),
        "supervision" => Some(MeasureKind::Supervision),
        "restriction" => Some(MeasureKind::Restriction),
        other => {
            let help = "请从 `incentive`（激励）、`supervision`（监管）、`restriction`（惩戒）中选";
            report.fault(item.at(), "unknown-measure-kind", format!("没有 `{other}` 这一措施种类"), help);
            None
        }
    }
}

fn restricted(map: Map<'_>, measure: &Measure, pack: &Pack, report: &mut Report) {
    let mut levels = measure.basis.iter().filter_map(|ix| pack.laws.get(ix.0)).map(|law| law.level);
    if !measure.basis.is_empty() && !levels.any(|level| level.may_restrict()) {
        let message = format!("惩戒措施 `{}` 的依据都没有设定惩戒的效力", measure.id);
        let help = "惩戒须有法律、行政法规、地方性法规或中央政策文件依据，请补充，或把 `kind` 改为 `supervision`";
        report.fault(map.at_key("basis"), "restriction-basis", message, help);
    }
    if map.get("list_item").is_none() {
        let help = "请补写 `list_item: 基础清单 …`；不在惩戒措施清单内的不得实施";
        report.fault(map.at, "restriction-list-item", format!("惩戒措施 `{}` 缺少 `list_item`", measure.id), help);
    }
    if measure.term_months > ADVERSE_MONTHS_MAX {
        let message = format!("惩戒措施的期限 {} 个月超过 {ADVERSE_MONTHS_MAX} 个月", measure.term_months);
        report.fault(map.at_key("term"), "restriction-term", message, "请把 `term` 改为不超过 `36 months`");
    }
}
