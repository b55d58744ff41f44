//! `pack.yaml`: what the pack is, who reviewed it, until when it may be used.

use xinzhi_core::{Day, Digest};

use super::{Parsed, Tree, of};
use crate::calendar::Calendar;
use crate::load::HEAD;
use crate::model::{Pack, Part, Review};
use crate::names::is_id;
use crate::raw::{At, Node, Value};
use crate::report::Report;
use crate::shape::{Item, day_of, map, scalar, words};

const KEYS: [&str; 6] = ["title", "version", "jurisdiction", "review", "review_by", "extends"];

/// The words that a pack without review must carry.
const DEMONSTRATION: &str = "演示,未经合法性审查";

/// The pack with its heads and nothing else. Where several packs are read as one, it is called after the first and versioned by all.
pub(super) fn read(id: &str, tree: &Tree, report: &mut Report) -> Pack {
    let heads = of(tree, HEAD);
    let missing =
        Parsed { path: HEAD.to_owned(), stem: String::new(), noun: None, root: Node { at: At::START, value: Value::Map(Vec::new()) } };
    let first = heads.iter().find(|parsed| parsed.path == HEAD);
    report.enter(HEAD);
    // A file that is no YAML has been reported; one that is not there lacks every key.
    let first = if first.is_none() && report.found_here() { None } else { Some(first.unwrap_or(&missing)) };
    let others = heads.iter().filter(|parsed| parsed.path != HEAD);
    let read = first.into_iter().chain(others).map(|parsed| part(parsed.part(id), parsed, report));
    let (parts, bases): (Vec<Part>, Vec<Vec<(At, String)>>) = read.unzip();
    for (index, (part, bases)) in parts.iter().zip(&bases).enumerate() {
        report.enter(if index == 0 { HEAD } else { heads.get(index).map_or(HEAD, |parsed| parsed.path.as_str()) });
        let later = |base: &str| parts.iter().skip(index).any(|other| other.id == base);
        let absent = bases.iter().find(|(_, base)| !parts.iter().take(index).any(|earlier| earlier.id == *base));
        match absent {
            Some((at, base)) if later(base) => {
                let message = format!("规则包 `{}` 所依据的 `{base}` 又依据它，成了循环", part.id);
                report.fault(*at, "base-circle", message, "请删去其中一处 `extends`，使所依据的规则包自己成立");
            }
            Some((at, base)) => {
                let message = format!("所依据的规则包 `{base}` 不在");
                report.fault(*at, "base-missing", message, "请把它放在同一目录下，或先装入本单位");
            }
            None => {}
        }
    }
    let joined = |text: fn(&Part) -> &str, with: &str| parts.iter().map(text).collect::<Vec<_>>().join(with);
    // One part that nobody has reviewed makes the whole a demonstration.
    let review = parts.iter().map(|part| &part.review).reduce(|all, one| if *all == Review::Demonstration { all } else { one }).cloned();
    Pack {
        id: id.to_owned(),
        title: joined(|part| &part.title, "、"),
        version: parts.iter().enumerate().map(version).collect::<Vec<_>>().join(" + "),
        jurisdiction: joined(|part| &part.jurisdiction, "、"),
        review: review.unwrap_or(Review::Demonstration),
        review_by: parts.first().map_or(Day::LONG_TERM, |part| part.review_by),
        digest: Digest([0; 32]),
        parts,
        laws: Vec::new(),
        subject_kinds: Vec::new(),
        relations: Vec::new(),
        record_kinds: Vec::new(),
        sources: Vec::new(),
        own_sources: Vec::new(),
        scorecards: Vec::new(),
        cutoffs: Vec::new(),
        matters: Vec::new(),
        measures: Vec::new(),
        calendar: Calendar::default(),
        figures: Vec::new(),
        cases: Vec::new(),
    }
}

/// The first version bare, the others with their pack.
fn version((index, part): (usize, &Part)) -> String {
    if index == 0 { part.version.clone() } else { format!("{} {}", part.id, part.version) }
}

/// One head, and the packs that it stands on with where each is named.
fn part(id: &str, parsed: &Parsed, report: &mut Report) -> (Part, Vec<(At, String)>) {
    report.enter(&parsed.path);
    let map = map(Item { what: HEAD, node: &parsed.root }, &KEYS, report);
    if !is_id(id) {
        let help = "规则包的目录名以小写字母开头，只用小写字母、数字、连字符和下划线";
        report.fault(At::START, "invalid-id", format!("`{id}` 不能用作规则包编号"), help);
    }
    let mut text = |key| map.and_then(|map| map.text(key, report)).unwrap_or_default();
    let (title, version, jurisdiction) = (text("title"), text("version"), text("jurisdiction"));
    let review = map.and_then(|map| map.need("review", report)).and_then(|item| review(item, report));
    let review_by = map.and_then(|map| map.need("review_by", report)).and_then(|item| day_of(item, report));
    let bases = map.and_then(|map| map.get("extends")).map(|item| words(item, report)).unwrap_or_default();
    for (at, base) in bases.iter().filter(|(_, base)| !is_id(base)) {
        let message = format!("`extends` 中的 `{base}` 不能用作规则包编号");
        report.fault(*at, "invalid-id", message, "请写旁边规则包的目录名，如 `national`；不能写路径");
    }
    let part = Part {
        id: id.to_owned(),
        title,
        version,
        jurisdiction,
        review: review.unwrap_or(Review::Demonstration),
        review_by: review_by.unwrap_or(Day::LONG_TERM),
        extends: bases.iter().map(|(_, id)| id.clone()).collect(),
    };
    (part, bases.into_iter().filter(|(_, base)| is_id(base)).collect())
}

/// What a head says it stands on; nothing where it cannot be read or could be a path, which the checker tells.
pub(crate) fn extends(text: &str) -> Vec<String> {
    let Ok(root) = crate::raw::parse(text) else { return Vec::new() };
    let mut silent = Report::default();
    let map = map(Item { what: HEAD, node: &root }, &KEYS, &mut silent);
    let extends = map.and_then(|map| map.get("extends")).map(|item| words(item, &mut silent)).unwrap_or_default();
    extends.into_iter().map(|(_, id)| id).filter(|id| is_id(id)).collect()
}

fn review(item: Item<'_>, report: &mut Report) -> Option<Review> {
    if matches!(item.node.value, Value::Map(_)) {
        let map = map(item, &["by", "on", "document"], report)?;
        let by = map.text("by", report);
        let on = map.need("on", report).and_then(|item| day_of(item, report));
        let document = map.text("document", report);
        return Some(Review::Reviewed { by: by?, on: on?, document: document? });
    }
    let words = scalar(item, "审查情况", report)?;
    if words.replace('，', ",") == DEMONSTRATION {
        return Some(Review::Demonstration);
    }
    let help = format!("未经审查的写 `{DEMONSTRATION}`，已审查的写 `{{ by: 审查机关, on: 日期, document: 文号 }}`");
    report.fault(item.at(), "review", format!("`review` 不能写 `{words}`"), help);
    None
}
