//! Business triggers: at which matters a check is made, and what it may answer.

use super::duplicate;
use super::laws::{Rest, basis};
use super::measure::Placed;
use super::subject::{overlap, positions, subjects};
use crate::model::{Matter, MeasureIx, Pack};
use crate::report::{Noun, Report};
use crate::shape::{Item, Map, count_of, id_of, map, words};

const KEYS: [&str; 9] = ["id", "title", "organ", "purpose", "basis", "subjects", "feedback_within", "commitments", "measures"];

/// One entry of `matters/*.yaml`.
pub(super) fn read(item: Item<'_>, pack: &mut Pack, report: &mut Report) {
    let Some(map) = map(item, &KEYS, report) else { return report.unreadable(Noun::Matter) };
    let id = map.need("id", report).and_then(|item| id_of(item, report));
    if let Some(id) = id.as_ref().filter(|id| pack.matters.iter().any(|matter| matter.id == **id)) {
        duplicate(Noun::Matter, id, map.at_key("id"), report);
    }
    match (matter(map, id.clone(), pack, report), id) {
        (Some(matter), _) => pack.matters.push(matter),
        (None, Some(id)) => report.doubt(Noun::Matter, id),
        (None, None) => report.unreadable(Noun::Matter),
    }
}

fn matter(map: Map<'_>, id: Option<String>, pack: &Pack, report: &mut Report) -> Option<Matter> {
    let (title, organ, purpose) = (map.text("title", report), map.text("organ", report), map.text("purpose", report));
    let basis = basis(map, Rest { on: None, own_model: false }, pack, report);
    let subjects = positions(&subjects(map, pack, report));
    let days = map.need("feedback_within", report).and_then(|item| count_of(item, 1, report));
    let commitments = map.get("commitments").map(|item| words(item, report)).unwrap_or_default();
    let measures = map.need("measures", report).map(|item| measures(item, &subjects, pack, report)).unwrap_or_default();
    Some(Matter {
        id: id?,
        title: title?,
        organ: organ?,
        purpose: purpose?,
        basis,
        subjects,
        feedback_within: u32::try_from(days?).ok()?,
        commitments: commitments.into_iter().map(|(_, words)| words).collect(),
        measures,
    })
}

fn measures(item: Item<'_>, subjects: &[crate::model::SubjectKindIx], pack: &Pack, report: &mut Report) -> Vec<MeasureIx> {
    let names = words(item, report);
    if names.is_empty() && matches!(&item.node.value, crate::raw::Value::List(nodes) if nodes.is_empty()) {
        report.fault(item.at(), "no-measures", "`measures` 是空的：核查不会给出任何结果", "请至少列出一项措施");
    }
    let mut measures = Vec::new();
    for (at, name) in names {
        let found = pack.measures.iter().enumerate().find(|(_, measure)| measure.id == name);
        let Some((position, measure)) = found else {
            report.unknown(at, (Noun::Measure, &name), "", pack.measures.iter().map(|measure| measure.id.as_str()));
            continue;
        };
        if !overlap(&measure.subjects, subjects) {
            let message = format!("措施 `{name}` 所涉主体与本事项的主体没有交集");
            report.fault(at, "subjects-apart", message, "请核对两处的 `subjects`，或从本事项中删去这项措施");
        }
        measures.push(MeasureIx(position));
    }
    measures
}

/// A measure that no matter names is never answered: probably forgotten, so said, but no fault.
pub(super) fn unused(pack: &Pack, places: &[Placed], report: &mut Report) {
    if report.incomplete(Noun::Matter) {
        return;
    }
    let used = |ix| pack.matters.iter().any(|matter| matter.measures.contains(&ix));
    for (position, (measure, place)) in pack.measures.iter().zip(places).enumerate() {
        if !used(MeasureIx(position)) {
            report.enter(&place.file);
            let message = format!("措施 `{}` 没有用于任何事项，不会出现在核查结果中", measure.id);
            report.warn(place.at, "unused-measure", message, "请在 matters 目录下相应事项的 `measures` 中列出它");
        }
    }
}
