//! A small pack by hand, records and coverage in short words, and a generator that always says the same.

use std::collections::BTreeMap;

use xinzhi_core::day::Span;
use xinzhi_core::money::Unit;
use xinzhi_core::record::{Class, RecordId};
use xinzhi_core::{Day, Digest, Points};
use xinzhi_rules::calendar::Calendar;
use xinzhi_rules::fact::Fact;
use xinzhi_rules::model::*;
use xinzhi_rules::predicate::{Column, Predicate, Test};

use crate::{Coverage, Evaluation, Question, Subject, evaluate};

pub const PENALTY: KindIx = KindIx(0);
pub const HONOUR: KindIx = KindIx(1);
pub const BLACKLIST: KindIx = KindIx(2);
pub const REDLIST: KindIx = KindIx(3);
pub const VISIT: KindIx = KindIx(4);
pub const KINDS: [KindIx; 5] = [PENALTY, HONOUR, BLACKLIST, REDLIST, VISIT];
pub const ENTERPRISE: SubjectKindIx = SubjectKindIx(0);
pub const RESIDENT: SubjectKindIx = SubjectKindIx(1);
pub const CARD: ScorecardIx = ScorecardIx(0);

pub fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

fn choices(titles: &[&str]) -> Choices {
    let value = |title: &&str| ChoiceValue { title: (*title).into(), aliases: vec![], subject_kinds: vec![], nature: Nature::Neutral };
    Choices { values: titles.iter().map(value).collect(), other: None }
}

fn field(title: &str, kind: FieldKind) -> Field {
    Field { code: title.into(), title: title.into(), aliases: vec![], kind, need: Need::Optional, width: None, seal: Seal::Open }
}

fn record_kind(id: &str, nature: Nature, fields: Vec<Field>, list: bool) -> RecordKind {
    RecordKind {
        id: id.into(),
        title: id.into(),
        category: String::new(),
        basis: vec![LawIx(0)],
        supplier: String::new(),
        nature,
        subjects: vec![ENTERPRISE],
        fields,
        roles: Roles::default(),
        key: vec![],
        class_lines: vec![],
        list: list.then_some(ListSpan { from: FieldIx(0), until: Some(FieldIx(1)) }),
        repeated_amount: None,
        relations: vec![],
        remedies: vec![],
        report_within: None,
        retention_months: 60,
    }
}

fn list_fields() -> Vec<Field> {
    vec![field("列入日期", FieldKind::Day { future: false }), field("移出日期", FieldKind::Day { future: true })]
}

pub fn indicator(id: &str, kind: KindIx, each: Each) -> Indicator {
    Indicator {
        id: id.into(),
        title: id.into(),
        kind,
        filter: None,
        window_months: 36,
        take: Take::Each { each, put: Put::Sum, silence: Silence::Nothing },
        fade: Fading::Steps(vec![]),
        floor: None,
        cap: None,
        weight: 1000,
        basis: vec![LawIx(0)],
    }
}

/// penalty: 轻微 0, 一般 -20, 严重 -80, half after a year, at least -200. fine: only 罚款, by amount. honour: 40 or 25.
pub fn scorecard() -> Scorecard {
    let whole = Points::whole;
    let penalty = Indicator {
        fade: Fading::Steps(vec![Fade { after_months: 12, keep: 500 }, Fade { after_months: 24, keep: 333 }]),
        floor: Some(whole(-200)),
        cap: Some(Points::ZERO),
        ..indicator("penalty", PENALTY, Each::ByClass([Points::ZERO, whole(-20), whole(-80)]))
    };
    let fine = Indicator {
        filter: Some(Predicate::Test { column: Column::Field(FieldIx(0)), test: Test::AnyBit(1) }),
        floor: Some(whole(-100)),
        ..indicator("fine", PENALTY, Each::ByBand { field: FieldIx(1), bands: vec![(0, whole(-5)), (2_000_000, whole(-20))] })
    };
    let honour = Indicator {
        cap: Some(whole(100)),
        ..indicator("honour", HONOUR, Each::ByChoice { field: FieldIx(0), points: vec![whole(40), whole(25)] })
    };
    let grade = |name: &str, from: i32| Grade { name: name.into(), title: name.into(), from: Some(whole(from)) };
    Scorecard {
        id: "market".into(),
        title: "市场主体".into(),
        purpose: "监管参考".into(),
        subjects: vec![ENTERPRISE],
        in_force: Span { from: day("2020-01-01"), until: Some(day("2028-12-31")) },
        review_by: day("2029-12-31"),
        basis: vec![LawIx(0)],
        base: whole(800),
        min: Points::ZERO,
        max: whole(880),
        assessed_share: 600,
        coverage_lag_days: 45,
        valid_days: 31,
        dimensions: vec![dimension("遵纪守法", vec![penalty, fine]), dimension("社会责任", vec![honour])],
        overrides: vec![listed_as(BLACKLIST, 3)],
        grades: vec![grade("A", 850), grade("B", 750), grade("C", 600), grade("D", 0)],
        peers: None,
        text: Digest([0; 32]),
        amount: None,
        groups: Vec::new(),
    }
}

pub fn dimension(title: &str, indicators: Vec<Indicator>) -> Dimension {
    Dimension { title: title.into(), indicators, weight: 1000, floor: None, cap: None }
}

pub fn listed_as(kind: KindIx, grade: usize) -> Override {
    Override { kind, when: Forcing::Listed, grade, basis: vec![LawIx(0)] }
}

pub fn pack_with(card: Scorecard) -> Pack {
    let penalty = vec![
        field("处罚类别", FieldKind::Choices(choices(&["罚款", "警告", "其他"]))),
        field("罚款金额", FieldKind::Money(Unit::TenThousandYuan)),
    ];
    let found = vec![field("检查结果", FieldKind::Choice(choices(&["合格", "不合格"])))];
    let level = vec![field("荣誉级别", FieldKind::Choice(choices(&["国家级", "省级"])))];
    let law = Law {
        id: "own".into(),
        title: "模型说明".into(),
        article: String::new(),
        level: Level::OwnModel,
        issued_by: String::new(),
        in_force: Span { from: day("2019-01-01"), until: None },
        to_confirm: None,
    };
    let kind = |id: &str, person| SubjectKind { id: id.into(), title: id.into(), person, scheme: None, uscc_prefixes: vec![] };
    Pack {
        id: "test".into(),
        title: "测试".into(),
        version: "1".into(),
        jurisdiction: "全国".into(),
        review: Review::Demonstration,
        review_by: day("2029-12-31"),
        parts: vec![],
        digest: Digest([0; 32]),
        laws: vec![law],
        subject_kinds: vec![kind("enterprise", false), kind("resident", true)],
        relations: vec![],
        record_kinds: vec![
            record_kind("penalty", Nature::Adverse, penalty, false),
            record_kind("honour", Nature::Positive, level, false),
            record_kind("blacklist", Nature::Adverse, list_fields(), true),
            record_kind("redlist", Nature::Positive, list_fields(), true),
            record_kind("visit", Nature::Neutral, found, false),
        ],
        sources: vec![],
        own_sources: vec![],
        scorecards: vec![card],
        cutoffs: vec![],
        matters: vec![],
        measures: vec![],
        calendar: Calendar::default(),
        figures: vec![],
        cases: vec![],
    }
}

pub fn pack() -> Pack {
    pack_with(scorecard())
}

/// The same pack with grades by peers: a tenth, three tenths, four tenths, the rest; and no limits yet.
pub fn by_peers(by: PeersBy) -> Pack {
    let mut card = scorecard();
    card.grades.iter_mut().for_each(|grade| grade.from = None);
    card.peers = Some(Peers { by, group_size: 30, shares: vec![100, 300, 400, 200] });
    pack_with(card)
}

/// Limits of some days, everybody's and those of the groups that have some.
pub fn cutoffs(from: &str, until: &str, everyone: [i32; 3], groups: &[Option<[i32; 3]>]) -> Cutoffs {
    let ladder = |limits: [i32; 3], size| Ladder { size, limits: limits.map(Points::whole).to_vec() };
    Cutoffs {
        id: format!("market-{from}"),
        scorecard: CARD,
        made: Made { as_of: day(from).plus_days(-1), tables: Digest([1; 32]), pack: Digest([2; 32]) },
        from: day(from),
        until: day(until),
        everyone: ladder(everyone, 1_000),
        groups: groups.iter().map(|group| group.map_or(Group::Small(3), |limits| Group::Own(ladder(limits, 200)))).collect(),
    }
}

pub fn covered(kinds: &[KindIx]) -> Coverage {
    let span = Span { from: day("2015-01-01"), until: None };
    Coverage::new(kinds.iter().map(|kind| (*kind, vec![span])).collect::<BTreeMap<_, _>>())
}

pub fn penalty(id: i64, on: &str, class: Option<Class>) -> Fact {
    Fact { record: RecordId(id), kind: PENALTY, day: day(on), class, values: vec![Some(2), None] }
}

pub fn fine(id: i64, on: &str, fen: Option<i64>) -> Fact {
    Fact { record: RecordId(id), kind: PENALTY, day: day(on), class: Some(Class::Minor), values: vec![Some(1), fen] }
}

pub fn honour(id: i64, on: &str, level: Option<i64>) -> Fact {
    Fact { record: RecordId(id), kind: HONOUR, day: day(on), class: None, values: vec![level] }
}

pub fn visit(id: i64, on: &str, found: Option<i64>) -> Fact {
    Fact { record: RecordId(id), kind: VISIT, day: day(on), class: None, values: vec![found] }
}

pub fn listed(id: i64, list: KindIx, from: &str, until: Option<&str>) -> Fact {
    let until = until.map(|until| day(until).number());
    Fact { record: RecordId(id), kind: list, day: day(from), class: None, values: vec![Some(day(from).number()), until] }
}

pub fn run_on(pack: &Pack, facts: &[Fact], coverage: &Coverage, as_of: &str) -> Evaluation {
    let question = Question { pack, card: CARD, as_of: day(as_of) };
    evaluate(&question, &Subject { kind: ENTERPRISE, facts, coverage }).unwrap()
}

pub fn run(facts: &[Fact], as_of: &str) -> Evaluation {
    run_on(&pack(), facts, &covered(&KINDS), as_of)
}

/// A linear congruential generator: the same numbers on every machine.
pub struct Numbers(pub u64);

impl Numbers {
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    pub fn signed(&mut self, bound: u64) -> i64 {
        i64::try_from(self.below(bound)).unwrap()
    }

    /// Missing one time in eight.
    pub fn maybe(&mut self, bound: u64) -> Option<i64> {
        if self.below(8) == 0 { None } else { Some(self.signed(bound)) }
    }

    pub fn adverse(&mut self, id: i64) -> Fact {
        let on = Day::from_number(day("2022-01-01").number() + self.signed(1600)).unwrap();
        if self.below(12) == 0 {
            let until = self.maybe(900).map(|days| on.number() + days);
            return Fact { record: RecordId(id), kind: BLACKLIST, day: on, class: None, values: vec![Some(on.number()), until] };
        }
        let class = self.maybe(3).and_then(Class::from_number);
        let values = vec![self.maybe(8), self.maybe(4_000_000)];
        Fact { record: RecordId(id), kind: PENALTY, day: on, class, values }
    }

    pub fn positive(&mut self, id: i64) -> Fact {
        let on = Day::from_number(day("2022-01-01").number() + self.signed(1600)).unwrap();
        if self.below(12) == 0 {
            let until = self.maybe(900).map(|days| on.number() + days);
            return Fact { record: RecordId(id), kind: REDLIST, day: on, class: None, values: vec![Some(on.number()), until] };
        }
        Fact { record: RecordId(id), kind: HONOUR, day: on, class: None, values: vec![self.maybe(2)] }
    }

    /// A visit whose result is missing one time in eight.
    pub fn visit(&mut self, id: i64) -> Fact {
        let on = Day::from_number(day("2022-01-01").number() + self.signed(1600)).unwrap();
        Fact { record: RecordId(id), kind: VISIT, day: on, class: None, values: vec![self.maybe(2)] }
    }

    pub fn facts(&mut self, count: i64) -> Vec<Fact> {
        (0..count).map(|id| if self.below(4) == 0 { self.positive(id) } else { self.adverse(id) }).collect()
    }
}
