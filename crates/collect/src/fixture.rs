//! A small pack and rows for it, shared by the tests of this room.

use std::collections::BTreeMap;

use xinzhi_core::day::Span;
use xinzhi_core::identifier::{ResidentId, Uscc};
use xinzhi_core::money::Unit;
use xinzhi_core::record::Class;
use xinzhi_core::{Day, Digest};
use xinzhi_rules::calendar::Calendar;
use xinzhi_rules::model::*;
use xinzhi_rules::predicate::{Column, Predicate, Test};

use crate::mapping::Mapping;
use crate::table::Row;

pub(crate) const TODAY: &str = "2026-11-23";

pub(crate) const ENTERPRISE: SubjectKindIx = SubjectKindIx(0);
pub(crate) const SOLE_TRADER: SubjectKindIx = SubjectKindIx(1);
pub(crate) const INSTITUTION: SubjectKindIx = SubjectKindIx(2);
pub(crate) const RESIDENT: SubjectKindIx = SubjectKindIx(3);

pub(crate) fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

/// The columns of an ordinary row of 行政处罚, in catalogue order.
pub(crate) const ORDINARY: [(&str, &str); 19] = [
    ("行政相对人名称", "衢州市恒信商贸有限公司"),
    ("行政相对人类别", "法人及非法人组织"),
    ("统一社会信用代码", "91330100799655058B"),
    ("组织机构代码", ""),
    ("法定代表人", "张三丰"),
    ("法定代表人证件号码", ""),
    ("自然人证件号码", ""),
    ("行政处罚决定书文号", "衢市监处罚〔2026〕14号"),
    ("违法行为类型", "违反广告管理规定"),
    ("违法事实", "当事人在其经营场所发布广告，宣传产品具有疾病治疗功能"),
    ("处罚依据", "《中华人民共和国广告法》第五十八条第一款第二项"),
    ("处罚类别", "罚款"),
    ("处罚内容", "罚款2000元"),
    ("罚款金额（万元）", "0.2"),
    ("处罚决定日期", "2026-11-20"),
    ("处罚有效期", "2099-12-31"),
    ("处罚机关", "衢江区市场监督管理局"),
    ("处罚机关统一社会信用代码", "11230500001755309F"),
    ("数据来源单位", "衢江区市场监督管理局"),
];

/// An identity number with a valid check character for these digits.
pub(crate) fn resident(body: &str) -> String {
    format!("{body}{}", ResidentId::check_character(body).unwrap())
}

/// A valid code for these seventeen characters.
pub(crate) fn uscc(body: &str) -> String {
    Uscc::with_check_character(body).unwrap().as_str().to_owned()
}

fn field(code: &str, title: &str, kind: FieldKind, need: Need) -> Field {
    Field { code: code.into(), title: title.into(), aliases: vec![], kind, need, width: None, seal: Seal::Open }
}

fn value(title: &str, aliases: &[&str], subject_kinds: &[SubjectKindIx]) -> ChoiceValue {
    let aliases = aliases.iter().map(|a| (*a).to_owned()).collect();
    ChoiceValue { title: title.into(), aliases, subject_kinds: subject_kinds.to_vec(), nature: Nature::Neutral }
}

pub(crate) fn test(field: usize, test: Test) -> Predicate {
    Predicate::Test { column: Column::Field(FieldIx(field)), test }
}

fn penalty_fields() -> Vec<Field> {
    use Need::{Expected, Optional, Required, When};
    let kinds = vec![
        value("法人及非法人组织", &["02", "03"], &[ENTERPRISE, INSTITUTION]),
        value("个体工商户", &["04"], &[SOLE_TRADER]),
        value("自然人", &["01"], &[RESIDENT]),
    ];
    let penalties = ["警告、通报批评", "罚款", "没收违法所得、没收非法财物", "吊销许可证件", "其他"];
    let penalties = penalties.iter().map(|title| value(title, &[], &[])).collect();
    let mut fields = vec![
        Field { width: Some(30), seal: Seal::WhenPerson, ..field("CF_XDR_MC", "行政相对人名称", FieldKind::Text, Required) },
        field("CF_XDR_LB", "行政相对人类别", FieldKind::Choice(Choices { values: kinds, other: None }), Required),
        Field {
            aliases: vec!["行政相对人代码_1".into()],
            ..field("CF_XDR_SHXYM", "统一社会信用代码", FieldKind::Uscc, When(test(1, Test::NoneOf(vec![2]))))
        },
        field("CF_XDR_ZZJG", "组织机构代码", FieldKind::OrgCode, Optional),
        Field { seal: Seal::Always, ..field("CF_FRDB", "法定代表人", FieldKind::Text, Optional) },
        Field { seal: Seal::Always, ..field("CF_FR_ZJHM", "法定代表人证件号码", FieldKind::PersonNumber, Optional) },
        Field { seal: Seal::Always, ..field("CF_XDR_ZJHM", "自然人证件号码", FieldKind::PersonNumber, Optional) },
        field("CF_WSH", "行政处罚决定书文号", FieldKind::Text, Required),
        field("CF_WFXW", "违法行为类型", FieldKind::Text, Required),
        field("CF_SY", "违法事实", FieldKind::Text, Required),
        field("CF_YJ", "处罚依据", FieldKind::Text, Expected),
        field("CF_CFLB", "处罚类别", FieldKind::Choices(Choices { values: penalties, other: Some(4) }), Required),
        field("CF_NR", "处罚内容", FieldKind::Text, Required),
    ];
    fields.extend([
        field("CF_NR_FK", "罚款金额（万元）", FieldKind::Money(Unit::TenThousandYuan), When(test(11, Test::AnyBit(2)))),
        field("CF_JDRQ", "处罚决定日期", FieldKind::Day { future: false }, Required),
        field("CF_YXQ", "处罚有效期", FieldKind::Day { future: true }, Required),
        field("CF_CFJG", "处罚机关", FieldKind::Text, Required),
        field("CF_CFJGDM", "处罚机关统一社会信用代码", FieldKind::Uscc, Required),
        field("CF_SJLY", "数据来源单位", FieldKind::Text, Required),
        field("CF_SL", "涉案数量", FieldKind::Integer { min: 0, max: 100 }, Optional),
    ]);
    fields
}

fn record_kind(id: &str, title: &str, nature: Nature, fields: Vec<Field>, roles: Roles) -> RecordKind {
    RecordKind {
        id: id.into(),
        title: title.into(),
        category: "行政管理信息".into(),
        basis: vec![],
        supplier: "有关行政机关".into(),
        nature,
        subjects: vec![ENTERPRISE, SOLE_TRADER, RESIDENT],
        fields,
        roles,
        key: vec![],
        class_lines: vec![],
        list: None,
        repeated_amount: None,
        relations: vec![],
        remedies: vec![],
        report_within: None,
        retention_months: 60,
    }
}

fn penalty() -> RecordKind {
    let roles = Roles {
        party_name: Some(FieldIx(0)),
        party_kind: Some(FieldIx(1)),
        party_uscc: Some(FieldIx(2)),
        party_org_code: Some(FieldIx(3)),
        party_resident_id: Some(FieldIx(6)),
        document_number: Some(FieldIx(7)),
        document_date: Some(FieldIx(14)),
        organ_name: Some(FieldIx(16)),
        organ_code: Some(FieldIx(17)),
        supplier_name: Some(FieldIx(18)),
        ..Roles::default()
    };
    RecordKind {
        key: vec![FieldIx(17), FieldIx(7)],
        class_lines: vec![
            ClassLine { when: Some(test(11, Test::AnyBit(8))), class: Some(Class::Serious) },
            ClassLine { when: Some(Predicate::Not(Box::new(test(11, Test::AnyBit(2))))), class: Some(Class::Minor) },
            ClassLine { when: None, class: Some(Class::Ordinary) },
        ],
        report_within: Some(7),
        repeated_amount: Some(RepeatedAmount { amount: FieldIx(13), text: FieldIx(12), after: "罚款".to_owned() }),
        ..record_kind("administrative-penalty", "行政处罚", Nature::Adverse, penalty_fields(), roles)
    }
}

fn honour() -> RecordKind {
    let fields = vec![
        field("RY_MC", "获奖单位名称", FieldKind::Text, Need::Required),
        field("RY_DM", "获奖单位代码", FieldKind::Uscc, Need::Required),
        field("RY_RY", "荣誉名称", FieldKind::Text, Need::Required),
        field("RY_RQ", "授予日期", FieldKind::Day { future: false }, Need::Optional),
        field("RY_QH", "所在区划", FieldKind::Text, Need::Optional),
    ];
    let roles = Roles {
        party_name: Some(FieldIx(0)),
        party_uscc: Some(FieldIx(1)),
        document_date: Some(FieldIx(3)),
        area: Some(FieldIx(4)),
        ..Roles::default()
    };
    RecordKind { key: vec![FieldIx(2)], ..record_kind("honour", "荣誉", Nature::Positive, fields, roles) }
}

fn subject_kind(id: &str, title: &str, person: bool, prefixes: &[&str]) -> SubjectKind {
    let uscc_prefixes = prefixes.iter().map(|p| (*p).to_owned()).collect();
    SubjectKind { id: id.into(), title: title.into(), person, scheme: None, uscc_prefixes }
}

fn source(id: &str, title: &str, kind: usize) -> Source {
    Source {
        id: id.into(),
        title: title.into(),
        kind: KindIx(kind),
        supplier: None,
        headers: BTreeMap::new(),
        defaults: BTreeMap::new(),
        absent: vec![],
        by_hand: false,
        reporting: None,
    }
}

/// Sources: 0 行政处罚, 1 行政处罚（旧版式）, 2 荣誉.
pub(crate) fn pack() -> Pack {
    let legacy = Source {
        headers: [("CF_JG".to_owned(), FieldIx(12)), ("CF_XZJG".to_owned(), FieldIx(16))].into(),
        defaults: [(FieldIx(1), "法人及非法人组织".to_owned())].into(),
        absent: vec![FieldIx(8), FieldIx(11), FieldIx(15), FieldIx(17), FieldIx(18)],
        ..source("cf-legacy", "行政处罚（2018 年以前版式）", 0)
    };
    Pack {
        id: "fixture".into(),
        title: "测试规则包".into(),
        version: "1".into(),
        jurisdiction: "全国".into(),
        review: Review::Demonstration,
        review_by: day("2027-12-31"),
        parts: vec![],
        digest: Digest([0; 32]),
        laws: vec![Law {
            id: "l".into(),
            title: "行政处罚法".into(),
            article: "第九条".into(),
            level: Level::Law,
            issued_by: "全国人民代表大会常务委员会".into(),
            in_force: Span { from: day("2021-07-15"), until: None },
            to_confirm: None,
        }],
        subject_kinds: vec![
            subject_kind("enterprise", "企业", false, &["91", "93"]),
            subject_kind("sole_trader", "个体户", false, &["92"]),
            subject_kind("institution", "事业单位", false, &["1", "12"]),
            subject_kind("resident", "自然人", true, &[]),
        ],
        relations: vec![],
        record_kinds: vec![penalty(), honour()],
        own_sources: vec![],
        sources: vec![source("cf", "行政处罚", 0), legacy, source("honour", "荣誉", 1)],
        scorecards: vec![],
        cutoffs: vec![],
        matters: vec![],
        measures: vec![],
        calendar: Calendar::default(),
        figures: vec![],
        cases: vec![],
    }
}

pub(crate) fn header(columns: &[(&str, &str)]) -> Vec<String> {
    columns.iter().map(|(title, _)| (*title).to_owned()).collect()
}

/// The ordinary columns with some cells replaced and some columns added.
pub(crate) fn columns<'t>(changes: &[(&'t str, &'t str)]) -> Vec<(&'t str, &'t str)> {
    let mut columns: Vec<(&str, &str)> = ORDINARY.to_vec();
    for (title, text) in changes {
        match columns.iter_mut().find(|(t, _)| t == title) {
            Some(column) => column.1 = text,
            None => columns.push((title, text)),
        }
    }
    columns
}

pub(crate) fn row(columns: &[(&str, &str)]) -> Row {
    Row { number: 2, cells: columns.iter().map(|(_, text)| (*text).to_owned()).collect(), fault: None }
}

pub(crate) fn mapping(pack: &Pack, source: usize, columns: &[(&str, &str)]) -> Mapping {
    Mapping::of(pack, &pack.sources[source], &header(columns)).unwrap()
}
