//! Rows that name somebody beside their subject.

use xinzhi_core::record::Outcome;
use xinzhi_rules::model::{FieldKind, Need, Pack, Scheme, Seal};
use xinzhi_rules::relation::{RelationIx, Side};

use super::super::Judged;
use super::*;
use crate::fixture::*;

const OWN: &str = "91330100799655058B";
/// A sole trader, and an organ.
const TRADER: &str = "92330803MA2XABC1DA";
const ORGAN: &str = "11230500001755309F";

/// The fixture's honours, whose rows also name a sponsor: by code, or a place by its number.
fn pack() -> Pack {
    let mut pack = crate::fixture::pack();
    let scheme = Scheme { id: "place".into(), title: "场所编号".into(), mask: Some("AA-99".into()) };
    let place = xinzhi_rules::model::SubjectKind {
        id: "place".into(),
        title: "场所".into(),
        person: false,
        scheme: Some(scheme),
        uscc_prefixes: vec![],
    };
    pack.subject_kinds.push(place);
    let (of, to) = (vec![ENTERPRISE, SOLE_TRADER], vec![SOLE_TRADER, SubjectKindIx(4)]);
    let (title, reverse) = ("推荐方".to_owned(), "所推荐的主体".to_owned());
    pack.relations.push(RelationKind { id: "sponsor".into(), title, reverse, of, to, basis: vec![], part: "fixture".into() });
    let honour = &mut pack.record_kinds[1];
    let field = |code: &str, title: &str, kind| Field {
        code: code.into(),
        title: title.into(),
        aliases: vec![],
        kind,
        need: Need::Optional,
        width: None,
        seal: Seal::Open,
    };
    honour.fields.extend([
        field("RY_TJ", "推荐方代码", FieldKind::Uscc),
        field("RY_CS", "推荐场所", FieldKind::Text),
        field("RY_Z", "推荐起日", FieldKind::Day { future: false }),
        field("RY_ZI", "推荐止日", FieldKind::Day { future: true }),
    ]);
    let (from, until) = (Some(FieldIx(7)), Some(FieldIx(8)));
    honour.relations.push(Statement { relation: RelationIx(0), side: Side::Of, other: vec![FieldIx(5), FieldIx(6)], from, until });
    pack
}

fn judge(cells: &[(&str, &str)]) -> Judged {
    let pack = pack();
    let mut columns =
        vec![("获奖单位名称", "衢州市恒信商贸有限公司"), ("获奖单位代码", OWN), ("荣誉名称", "守合同重信用"), ("授予日期", "2026-03-01")];
    for (title, text) in cells {
        match columns.iter_mut().find(|(known, _)| known == title) {
            Some(column) => column.1 = text,
            None => columns.push((title, text)),
        }
    }
    Judge::new(&pack, &pack.sources[2], mapping(&pack, 2, &columns), day(TODAY)).unwrap().judge(&row(&columns))
}

#[track_caller]
fn stated(cells: &[(&str, &str)]) -> Vec<(String, Span)> {
    let judged = judge(cells);
    assert_eq!(judged.outcome, Outcome::Accepted, "{:?}", judged.remarks);
    let plain = |code: &SubjectCode| match code {
        SubjectCode::Uscc(code) => code.as_str().to_owned(),
        SubjectCode::Local { scheme, code } => format!("{scheme} {code}"),
        other => panic!("{other:?}"),
    };
    judged.candidate.unwrap().relations.iter().map(|one| (plain(one.other.code.as_ref().unwrap()), one.span)).collect()
}

#[track_caller]
fn refused(cells: &[(&str, &str)], code: &str, fragment: &str) {
    let judged = judge(cells);
    assert_eq!((judged.outcome, judged.candidate), (Outcome::Refused, None), "{:?}", judged.remarks);
    let found: Vec<_> = judged.remarks.iter().filter(|remark| remark.code == code).collect();
    assert_eq!(found.len(), 1, "{code} in {:?}", judged.remarks);
    assert!(found[0].sentence.contains(fragment) && found[0].sentence.contains("重新报送"), "{}", found[0].sentence);
}

#[test]
fn a_row_states_who_the_other_is_and_on_which_days() {
    let open = Span { from: day("2026-03-01"), until: None };
    assert_eq!(stated(&[]), []);
    assert_eq!(stated(&[("推荐方代码", TRADER)]), [(TRADER.to_owned(), open)], "without days of its own, from the document's");
    let days = [("推荐起日", "2026-01-02"), ("推荐止日", "2026-01-02")];
    let one_day = Span { from: day("2026-01-02"), until: Some(day("2026-01-02")) };
    assert_eq!(stated(&[&[("推荐方代码", TRADER)][..], &days].concat()), [(TRADER.to_owned(), one_day)]);
    assert_eq!(stated(&[("推荐方代码", TRADER), ("推荐止日", "长期")]), [(TRADER.to_owned(), open)]);
    // The second field counts where the first is empty or says that there is no code.
    let place = ("place CN-01".to_owned(), open);
    assert_eq!(stated(&[("推荐方代码", ""), ("推荐场所", "cn-01")]), std::slice::from_ref(&place));
    assert_eq!(stated(&[("推荐方代码", "00000000000000000X"), ("推荐场所", "ＣＮ-01")]), [place]);
}

#[test]
fn d6_a_wrong_code_sends_the_row_back() {
    refused(&[("推荐方代码", "92330803MA2XABC1D0")], "code.check_digit", "推荐方代码");
    refused(&[("推荐方代码", "9233")], "code.length", "推荐方代码");
    refused(&[("推荐方代码", ORGAN)], "relation.kind", "“事业单位”，关系“推荐方”的对方应为个体户、场所");
    refused(&[("推荐场所", "CN-1")], "code.shape", "应形如 AA-99");
    let own = [("获奖单位代码", TRADER), ("推荐方代码", TRADER)];
    refused(&own, "relation.self", "自己的“推荐方”");
}

#[test]
fn a6_the_number_of_a_person_names_nobody() {
    refused(&[("推荐方代码", "110101199003077635")], "code.person_number_misplaced", "公民身份号码");
    refused(&[("推荐场所", "110101199003077635")], "code.shape", "格式不符");
}

#[test]
fn a_relation_that_ends_before_it_begins_sends_the_row_back() {
    let fragment = "推荐止日 2026-01-01 早于“推荐方”的起日 2026-01-02";
    refused(&[("推荐方代码", TRADER), ("推荐起日", "2026-01-02"), ("推荐止日", "2026-01-01")], "relation.reversed", fragment);
    refused(&[("推荐方代码", TRADER), ("推荐止日", "2026-02-28")], "relation.reversed", "起日 2026-03-01");
}

#[test]
fn whoever_stands_on_no_side_of_a_relation_states_none() {
    let mut pack = pack();
    pack.relations[0].of = vec![SOLE_TRADER];
    let columns = [("获奖单位名称", "甲"), ("获奖单位代码", OWN), ("荣誉名称", "乙"), ("推荐方代码", TRADER)];
    let judged = |code: &'static str| {
        let columns: Vec<(&str, &str)> = columns.iter().map(|(t, c)| (*t, if *t == "推荐方代码" { code } else { *c })).collect();
        Judge::new(&pack, &pack.sources[2], mapping(&pack, 2, &columns), day(TODAY)).unwrap().judge(&row(&columns))
    };
    let told = |judged: &Judged| judged.remarks.iter().map(|remark| remark.code.clone()).collect::<Vec<_>>();
    let fine = judged(TRADER);
    assert_eq!((fine.outcome, told(&fine), fine.candidate.unwrap().relations), (Outcome::Accepted, vec![], vec![]));
    let flawed = judged("92330803MA2XABC1D0");
    assert_eq!((flawed.outcome, told(&flawed)), (Outcome::Accepted, vec!["code.check_digit".to_owned()]), "a warning, as for any field");
}
