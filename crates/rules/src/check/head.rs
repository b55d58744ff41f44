//! `pack.yaml`: what the pack is, who reviewed it, until when it may be used.

use xinzhi_core::{Day, Digest};

use super::{Tree, of};
use crate::calendar::Calendar;
use crate::model::{Pack, Review};
use crate::names::is_id;
use crate::raw::{At, Node, Value};
use crate::report::Report;
use crate::shape::{Item, day_of, map, scalar};

/// The words that a pack without review must carry.
const DEMONSTRATION: &str = "演示,未经合法性审查";

/// The pack with its head and nothing else.
pub(super) fn read(id: &str, tree: &Tree, report: &mut Report) -> Pack {
    report.enter("pack.yaml");
    let missing = Node { at: At::START, value: Value::Map(Vec::new()) };
    let root = of(tree, "pack.yaml").first().map(|parsed| &parsed.root);
    let keys = ["title", "version", "jurisdiction", "review", "review_by"];
    // A file that is no YAML has been reported; one that is not there lacks every key.
    let unreadable = root.is_none() && report.found_here();
    let map = if unreadable { None } else { map(Item { what: "pack.yaml", node: root.unwrap_or(&missing) }, &keys, report) };
    if !is_id(id) {
        let help = "规则包的目录名以小写字母开头，只用小写字母、数字、连字符和下划线";
        report.fault(At::START, "invalid-id", format!("`{id}` 不能用作规则包编号"), help);
    }
    let mut text = |key| map.and_then(|map| map.text(key, report)).unwrap_or_default();
    let (title, version, jurisdiction) = (text("title"), text("version"), text("jurisdiction"));
    let review = map.and_then(|map| map.need("review", report)).and_then(|item| review(item, report));
    let review_by = map.and_then(|map| map.need("review_by", report)).and_then(|item| day_of(item, report));
    Pack {
        id: id.to_owned(),
        title,
        version,
        jurisdiction,
        review: review.unwrap_or(Review::Demonstration),
        review_by: review_by.unwrap_or(Day::LONG_TERM),
        digest: Digest([0; 32]),
        laws: Vec::new(),
        subject_kinds: Vec::new(),
        record_kinds: Vec::new(),
        sources: Vec::new(),
        own_sources: Vec::new(),
        scorecards: Vec::new(),
        matters: Vec::new(),
        measures: Vec::new(),
        calendar: Calendar::default(),
        cases: Vec::new(),
    }
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
