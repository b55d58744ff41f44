//! A small pack by hand, and a check in one line.

use std::collections::BTreeMap;

use xinzhi_core::day::Span;
use xinzhi_core::measure::{MeasureKind, MeasureState};
use xinzhi_core::record::{Class, Document, RecordId};
use xinzhi_core::{Day, Digest, Points};
use xinzhi_rules::calendar::{Calendar, Year};
use xinzhi_rules::fact::Fact;
use xinzhi_rules::model::*;
use xinzhi_rules::predicate::{Column, Predicate, Test};

use crate::{Answer, CheckInput, Decision, GradeKnown, check};

pub const PENALTY: KindIx = KindIx(0);
pub const BLACKLIST: KindIx = KindIx(1);
pub const ENTERPRISE: SubjectKindIx = SubjectKindIx(0);
pub const RESIDENT: SubjectKindIx = SubjectKindIx(1);
pub const CARD: ScorecardIx = ScorecardIx(0);
pub const STATUTE: LawIx = LawIx(0);
pub const NORMATIVE: LawIx = LawIx(1);
pub const OWN_MODEL: LawIx = LawIx(2);
pub const BAR: MeasureIx = MeasureIx(2);

pub fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

fn field(title: &str, kind: FieldKind) -> Field {
    Field { code: title.into(), title: title.into(), aliases: vec![], kind, need: Need::Optional, width: None, seal: Seal::Open }
}

fn record_kind(title: &str, fields: Vec<Field>, list: Option<ListSpan>) -> RecordKind {
    RecordKind {
        id: title.into(),
        title: title.into(),
        category: String::new(),
        basis: vec![STATUTE],
        supplier: String::new(),
        nature: Nature::Adverse,
        subjects: vec![ENTERPRISE, RESIDENT],
        fields,
        roles: Roles::default(),
        key: vec![],
        class_lines: vec![],
        list,
        repeated_amount: None,
        relations: vec![],
        remedies: vec![],
        report_within: None,
        retention_months: 60,
    }
}

fn law(title: &str, level: Level) -> Law {
    let in_force = Span { from: day("2020-01-01"), until: Some(day("2027-06-30")) };
    Law { id: title.into(), title: title.into(), article: "第一条".into(), level, issued_by: String::new(), in_force, to_confirm: None }
}

pub fn graded(grades: &[usize]) -> Trigger {
    Trigger::Grade { scorecard: CARD, grades: grades.into() }
}

pub fn penalised(filter: Option<Predicate>) -> Trigger {
    Trigger::Record { kind: PENALTY, filter, within_months: 12 }
}

pub fn fined() -> Predicate {
    Predicate::Test { column: Column::Field(FieldIx(0)), test: Test::AtLeast(100) }
}

pub fn measure(id: &str, kind: MeasureKind, trigger: Trigger) -> Measure {
    let restricts = kind == MeasureKind::Restriction;
    Measure {
        id: id.into(),
        title: id.into(),
        content: String::new(),
        kind,
        list_item: String::new(),
        subjects: vec![ENTERPRISE, RESIDENT],
        body: String::new(),
        basis: vec![if restricts { STATUTE } else { NORMATIVE }],
        trigger,
        class_floor: restricts.then_some(Class::Ordinary),
        term_months: 12,
        way_out: "期满".into(),
        review_by: day("2027-12-31"),
    }
}

fn scorecard() -> Scorecard {
    let grade = |name: &str, from: i32| Grade { name: name.into(), title: format!("{name}档"), from: Some(Points::whole(from)) };
    Scorecard {
        id: "market".into(),
        title: "市场主体评价".into(),
        purpose: String::new(),
        subjects: vec![ENTERPRISE],
        in_force: Span { from: day("2020-01-01"), until: None },
        review_by: day("2028-12-31"),
        basis: vec![OWN_MODEL],
        base: Points::whole(800),
        min: Points::ZERO,
        max: Points::whole(1000),
        assessed_share: 600,
        coverage_lag_days: 45,
        valid_days: 31,
        dimensions: vec![],
        overrides: vec![],
        grades: vec![grade("A", 850), grade("D", 0)],
        peers: None,
        text: xinzhi_core::Digest([0; 32]),
        amount: None,
        groups: Vec::new(),
    }
}

/// green: grade A. watch: grade D. bar: a penalty within a year. blacklisted: on the list. praised: grade A and not listed.
pub fn pack() -> Pack {
    let list = ListSpan { from: FieldIx(0), until: Some(FieldIx(1)) };
    let dates = vec![field("列入日期", FieldKind::Day { future: false }), field("移出日期", FieldKind::Day { future: true })];
    let amount = vec![field("罚款金额", FieldKind::Integer { min: 0, max: 1_000_000 })];
    let kind = |id: &str, person| SubjectKind { id: id.into(), title: id.into(), person, scheme: None, uscc_prefixes: vec![] };
    let not_listed = Trigger::Not(Box::new(Trigger::OnList(BLACKLIST)));
    let year = Year { notice: "示例".into(), holidays: [day("2026-10-01")].into(), workdays: [].into() };
    Pack {
        id: "test".into(),
        title: "测试".into(),
        version: "1".into(),
        jurisdiction: "全国".into(),
        review: Review::Demonstration,
        review_by: day("2028-12-31"),
        parts: vec![],
        digest: Digest([0; 32]),
        laws: vec![law("甲法", Level::Law), law("乙文件", Level::NormativeDocument), law("模型说明", Level::OwnModel)],
        subject_kinds: vec![kind("enterprise", false), kind("resident", true)],
        relations: vec![],
        record_kinds: vec![record_kind("行政处罚", amount, None), record_kind("失信名单", dates, Some(list))],
        sources: vec![],
        own_sources: vec![],
        scorecards: vec![scorecard()],
        cutoffs: vec![],
        matters: vec![Matter {
            id: "licence".into(),
            title: "经营许可".into(),
            organ: "某局".into(),
            purpose: "行政许可".into(),
            basis: vec![STATUTE],
            subjects: vec![ENTERPRISE, RESIDENT],
            feedback_within: 5,
            commitments: vec![],
            measures: (0..5).map(MeasureIx).collect(),
        }],
        measures: vec![
            measure("green", MeasureKind::Incentive, graded(&[0])),
            measure("watch", MeasureKind::Supervision, graded(&[1])),
            measure("bar", MeasureKind::Restriction, penalised(None)),
            measure("blacklisted", MeasureKind::Restriction, Trigger::OnList(BLACKLIST)),
            measure("praised", MeasureKind::Incentive, Trigger::All(vec![graded(&[0]), not_listed])),
        ],
        calendar: Calendar { years: [(2026, year)].into() },
        figures: vec![],
        cases: vec![],
    }
}

pub fn penalty(id: i64, on: &str, class: Option<Class>) -> Fact {
    Fact { record: RecordId(id), kind: PENALTY, day: day(on), class, values: vec![Some(200)] }
}

pub fn listed(id: i64, from: &str, until: Option<&str>) -> Fact {
    let until = until.map(|until| day(until).number());
    Fact { record: RecordId(id), kind: BLACKLIST, day: day(from), class: None, values: vec![Some(day(from).number()), until] }
}

pub fn decision(measure: &str, cause: i64, from: &str, until: &str) -> Decision {
    let document = Document { number: "某字〔2026〕1号".into(), organ: "某局".into(), organ_code: None, date: day(from) };
    let causes = vec![RecordId(cause)];
    let officer = "张三".into();
    Decision { measure: measure.into(), causes, from: day(from), until: day(until), officer, document, notice: day(from) }
}

/// One subject at the matter.
pub struct Case {
    pub pack: Pack,
    pub kind: SubjectKindIx,
    pub facts: Vec<Fact>,
    pub grade: Option<GradeKnown>,
    pub decisions: Vec<Decision>,
    pub exact: bool,
    pub today: Day,
}

pub fn case(facts: Vec<Fact>) -> Case {
    Case { pack: pack(), kind: ENTERPRISE, facts, grade: None, decisions: vec![], exact: true, today: day("2026-06-01") }
}

impl Case {
    pub fn grade(self, grade: usize) -> Case {
        Case { grade: Some(GradeKnown { grade, valid_until: day("2026-07-02") }), ..self }
    }

    pub fn decided(self, decision: Decision) -> Case {
        Case { decisions: [self.decisions, vec![decision]].concat(), ..self }
    }

    pub fn on(self, today: &str) -> Case {
        Case { today: day(today), ..self }
    }

    pub fn with(mut self, change: impl FnOnce(&mut Case)) -> Case {
        change(&mut self);
        self
    }

    pub fn answers(&self) -> Vec<Answer> {
        let grades = BTreeMap::from([(CARD, self.grade)]);
        let (pack, facts, decisions) = (&self.pack, &self.facts[..], &self.decisions[..]);
        let (matter, subject_kind, exact_identity, today) = (MatterIx(0), self.kind, self.exact, self.today);
        check(&CheckInput { pack, matter, subject_kind, facts, grades: &grades, decisions, exact_identity, today }).unwrap()
    }

    /// `bar? until 2027-03-01 for 1`: a question mark marks what is proposed.
    pub fn said(&self) -> Vec<String> {
        let say = |answer: &Answer| {
            let mark = if answer.state == MeasureState::Proposed { "?" } else { "" };
            let causes: Vec<String> = answer.causes.iter().map(|cause| cause.0.to_string()).collect();
            let causes = if causes.is_empty() { String::new() } else { format!(" for {}", causes.join(",")) };
            let until = answer.until.map_or("open".into(), |until| until.to_string());
            format!("{}{mark} until {until}{causes}", self.pack.measures[answer.measure.0].id)
        };
        self.answers().iter().map(say).collect()
    }
}
