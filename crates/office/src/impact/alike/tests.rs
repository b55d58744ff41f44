use xinzhi_rules::Pack;
use xinzhi_rules::model::{Choices, FieldIx, FieldKind, Nature, RecordKind};

use super::super::alteration::{Part, changes};
use crate::pack::{load, own_files};

const CARD: &str = "scorecards/market-entity.yaml";

/// The pack of the house with one indicator more: how many inspections of one sort there were for each penalty.
fn pack() -> Pack {
    let files = own_files();
    let ratio = "      - id: penalty-ratio\n        title: 检查中的处罚\n        record: 行政处罚\n        window: 2 years\n        \
                 number: { ratio_to: { record: 抽查检查, where: { 检查类型: { is: 双随机抽查 } } } }\n        \
                 bands: [ { from: 0%, points: 0 }, { from: 5.5%, points: -20 } ]\n        basis: [penalty-law-48]\n";
    let first = "      - id: penalty\n";
    let card = files.text(CARD).unwrap().replacen(first, &format!("{ratio}{first}"), 1);
    load("national", &files.with(CARD, &card)).unwrap()
}

fn kind<'p>(pack: &'p mut Pack, title: &str) -> &'p mut RecordKind {
    pack.record_kinds.iter_mut().find(|kind| kind.title == title).unwrap()
}

fn choices<'p>(pack: &'p mut Pack, of: &str, field: &str) -> &'p mut Choices {
    let kind = kind(pack, of);
    let FieldIx(place) = kind.field(field).unwrap();
    match &mut kind.fields[place].kind {
        FieldKind::Choice(choices) | FieldKind::Choices(choices) => choices,
        other => panic!("{other:?}"),
    }
}

/// The parts that differ once something was done to the catalogue, there and back.
fn differing(change: impl Fn(&mut Pack)) -> [Vec<String>; 2] {
    let (old, mut new) = (pack(), pack());
    change(&mut new);
    let ids = |old: &Pack, new: &Pack| {
        let [(_, before), (_, after)] = [old, new].map(|pack| pack.scorecard_by_id("market-entity").unwrap());
        let found = changes((old, before), (new, after));
        found.iter().map(|changed| changed.part.id()).collect::<Vec<_>>()
    };
    [ids(&old, &new), ids(&new, &old)]
}

/// The indicators that read the sort of an inspection and its outcome.
const SORT: &str = "indicator:penalty-ratio";
const OUTCOME: &str = "indicator:inspection";
const NOTHING: [Vec<String>; 2] = [Vec::new(), Vec::new()];

fn both(part: &str) -> [Vec<String>; 2] {
    [vec![part.to_owned()], vec![part.to_owned()]]
}

#[test]
fn what_no_rule_reads_is_no_change_of_a_rule() {
    assert_eq!(differing(|_| ()), NOTHING);
    let change = |pack: &mut Pack| {
        let inspection = kind(pack, "抽查检查");
        (inspection.title, inspection.retention_months, inspection.report_within) = ("检查".to_owned(), 36, None);
        for field in &mut inspection.fields {
            field.title.push_str("（新）");
        }
        let FieldIx(text) = inspection.roles.document_number.unwrap();
        inspection.fields[text].kind = FieldKind::OrgCode;
        choices(pack, "检查", "检查类型（新）").other = None;
        choices(pack, "检查", "检查结果（新）").values[1].nature = Nature::Adverse;
        // Where a rule counts each record, it does not ask whether its kind is good or bad.
        kind(pack, "守信荣誉").nature = Nature::Neutral;
    };
    assert_eq!(differing(change), NOTHING);
    assert_eq!(differing(|pack| choices(pack, "抽查检查", "检查结果").values.swap(1, 2)), both(OUTCOME));
    assert_eq!(differing(|pack| choices(pack, "抽查检查", "检查类型").values.swap(1, 2)), both(SORT), "each by what it reads alone");
    assert_eq!(differing(|pack| drop(choices(pack, "抽查检查", "检查类型").values.pop())), both(SORT));
    let other = |pack: &mut Pack| {
        let inspection = kind(pack, "抽查检查");
        let FieldIx(place) = inspection.field("检查结果").unwrap();
        inspection.fields[place].code = "JC_JG".to_owned();
    };
    assert_eq!(differing(other), both(OUTCOME), "the records do not say it under that name");
}

#[test]
fn a_word_is_a_change_where_a_record_may_hold_it() {
    let outcome = |change: fn(&mut Choices)| differing(move |pack| change(choices(pack, "抽查检查", "检查结果")));
    let [there, back] = outcome(|outcome| outcome.values[0].aliases.push("无异常".to_owned()));
    assert_eq!((there.as_slice(), back), ([].as_slice(), vec![OUTCOME.to_owned()]), "a word more is in no record yet, one less may be");
    let [there, back] = outcome(|outcome| {
        let was = std::mem::replace(&mut outcome.values[0].title, "检查未见问题".to_owned());
        outcome.values[0].aliases.push(was);
    });
    assert_eq!((there.as_slice(), back), ([].as_slice(), vec![OUTCOME.to_owned()]), "the title of before is still understood");
    assert_eq!(outcome(|outcome| outcome.values[0].title = "检查未见问题".to_owned()), both(OUTCOME), "it is not any more");
    assert_eq!(outcome(|outcome| outcome.values[0].aliases.reverse()), NOTHING);
}

#[test]
fn whether_a_kind_is_good_or_bad_counts_where_the_kernel_asks() {
    // The numerator of a ratio, of which doubt counts otherwise where it is adverse.
    assert_eq!(differing(|pack| kind(pack, "行政处罚").nature = Nature::Neutral), both(SORT));
    let list = "严重失信主体名单";
    assert_eq!(differing(|pack| kind(pack, list).nature = Nature::Positive), both(&Part::Overrides.id()));
    assert_eq!(differing(|pack| kind(pack, list).nature = Nature::Neutral), NOTHING, "it lowers as before");
    let never_ends = |pack: &mut Pack| {
        let list = kind(pack, list);
        list.list = list.list.map(|span| xinzhi_rules::model::ListSpan { until: None, ..span });
    };
    assert_eq!(differing(never_ends), both(&Part::Overrides.id()));
}
