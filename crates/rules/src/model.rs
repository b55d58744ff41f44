//! A checked pack: what the loader hands to the rest of the house.
//!
//! Everything that could be wrong has been found by then. Names are resolved to positions (`KindIx`, `FieldIx` …), words to
//! the integers that the kernel compares, and every rule holds at least one legal basis. The YAML a jurist writes is in
//! `raw`; how one becomes the other is in `check`.

use std::collections::BTreeMap;

use xinzhi_core::day::Span;
use xinzhi_core::measure::MeasureKind;
use xinzhi_core::money;
use xinzhi_core::record::Class;
use xinzhi_core::{Day, Digest};

use crate::calendar::Calendar;
use crate::figure::Figure;
use crate::predicate::Predicate;
use crate::relation::{RelationKind, Statement};

mod peers;
mod remedy;
mod scorecard;

mod spread;

pub use peers::{Cutoffs, Group, Ladder, Made, Peers, PeersBy, groups};
pub use remedy::{Becomes, Remedy};
pub use scorecard::{
    AmountByGrade, Dimension, Divisor, Each, Fade, Fading, Forcing, Grade, Grouping, Indicator, Number, Override, Put, RECORDS_MAX,
    Scorecard, Silence, Take,
};

pub use spread::Spread;

/// Position of a law in [`Pack::laws`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LawIx(pub usize);

/// Position of a subject kind in [`Pack::subject_kinds`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubjectKindIx(pub usize);

/// Position of a record kind in [`Pack::record_kinds`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KindIx(pub usize);

/// Position of a field in [`RecordKind::fields`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldIx(pub usize);

/// Position of a scorecard in [`Pack::scorecards`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ScorecardIx(pub usize);

/// Position of a measure in [`Pack::measures`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MeasureIx(pub usize);

/// Position of a matter in [`Pack::matters`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MatterIx(pub usize);

/// A checked pack.
#[derive(Clone, Debug)]
pub struct Pack {
    /// Folder name.
    pub id: String,
    /// Chinese title.
    pub title: String,
    /// Version as its authors count.
    pub version: String,
    /// Where it applies, in words.
    pub jurisdiction: String,
    /// Who reviewed its legality.
    pub review: Review,
    /// After this day nothing in it applies until it is reviewed again (W6).
    pub review_by: Day,
    /// SHA-256 over its files: what an office installs and every result pins.
    pub digest: Digest,
    /// The packs that it was read from, the one that the others stand on first.
    pub parts: Vec<Part>,
    /// Legal bases.
    pub laws: Vec<Law>,
    /// Kinds of subjects.
    pub subject_kinds: Vec<SubjectKind>,
    /// Kinds of relations between them.
    pub relations: Vec<RelationKind>,
    /// The catalogue.
    pub record_kinds: Vec<RecordKind>,
    /// How departments' files map onto it.
    pub sources: Vec<Source>,
    /// How the office's own acts map onto it.
    pub own_sources: Vec<OwnSource>,
    /// Evaluation models.
    pub scorecards: Vec<Scorecard>,
    /// Limits of their grades that runs over everybody made.
    pub cutoffs: Vec<Cutoffs>,
    /// Business triggers.
    pub matters: Vec<Matter>,
    /// What a check may answer.
    pub measures: Vec<Measure>,
    /// What an office shows of itself.
    pub figures: Vec<Figure>,
    /// Working days.
    pub calendar: Calendar,
    /// Its cases, run by `pack test` and by our tests.
    pub cases: Vec<crate::case::Case>,
}

/// One of the packs that are in force together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Folder name.
    pub id: String,
    /// Chinese title.
    pub title: String,
    /// Version as its authors count.
    pub version: String,
    /// Where it applies, in words.
    pub jurisdiction: String,
    /// Who reviewed its legality.
    pub review: Review,
    /// After this day nothing in it applies until it is reviewed again (W6).
    pub review_by: Day,
    /// Ids of the packs that it stands on.
    pub extends: Vec<String>,
}

/// 合法性审查.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Review {
    /// 演示,未经合法性审查: shown wherever the pack is shown.
    Demonstration,
    /// Reviewed.
    Reviewed {
        /// Organ or person.
        by: String,
        /// Day of the opinion.
        on: Day,
        /// Its document number.
        document: String,
    },
}

/// Level of a legal basis. Only the first four may reduce a right (L1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// 法律.
    Law,
    /// 行政法规.
    AdministrativeRegulation,
    /// 地方性法规.
    LocalRegulation,
    /// 党中央、国务院政策文件.
    CentralPolicy,
    /// 部门规章.
    DepartmentRule,
    /// 规范性文件.
    NormativeDocument,
    /// 标准.
    Standard,
    /// 本系统自定的模型说明: explains a scorecard of our own, founds nothing else.
    OwnModel,
}

impl Level {
    /// The Chinese word, as written in `laws.yaml`.
    pub fn title(self) -> &'static str {
        match self {
            Level::Law => "法律",
            Level::AdministrativeRegulation => "行政法规",
            Level::LocalRegulation => "地方性法规",
            Level::CentralPolicy => "中央政策文件",
            Level::DepartmentRule => "部门规章",
            Level::NormativeDocument => "规范性文件",
            Level::Standard => "标准",
            Level::OwnModel => "自定模型",
        }
    }

    /// Every level, highest first.
    pub const ALL: [Level; 8] = [
        Level::Law,
        Level::AdministrativeRegulation,
        Level::LocalRegulation,
        Level::CentralPolicy,
        Level::DepartmentRule,
        Level::NormativeDocument,
        Level::Standard,
        Level::OwnModel,
    ];

    /// Whether a restriction may rest on it (L1).
    pub fn may_restrict(self) -> bool {
        matches!(self, Level::Law | Level::AdministrativeRegulation | Level::LocalRegulation | Level::CentralPolicy)
    }
}

/// A legal basis: one article of one document.
#[derive(Clone, Debug)]
pub struct Law {
    /// Id inside the pack.
    pub id: String,
    /// Title of the document.
    pub title: String,
    /// 第…条; empty where the whole document is meant.
    pub article: String,
    /// Its level.
    pub level: Level,
    /// Who issued it.
    pub issued_by: String,
    /// When it holds.
    pub in_force: Span,
    /// Whether the figures or the wording are still to be confirmed against the official text.
    pub to_confirm: Option<String>,
}

impl Law {
    /// `《行政许可法》第七十八条`.
    pub fn citation(&self) -> String {
        format!("《{}》{}", self.title, self.article)
    }
}

/// A kind of subject. `person` is the one property with consequences in code: no scorecard may evaluate it (C2).
#[derive(Clone, Debug)]
pub struct SubjectKind {
    /// Id, as in `enterprise`.
    pub id: String,
    /// Chinese title.
    pub title: String,
    /// Whether it is a natural person.
    pub person: bool,
    /// The codes that subjects of this kind have where they have no 统一社会信用代码, such as a stall's number.
    pub scheme: Option<Scheme>,
    /// First two characters of the 统一社会信用代码 that mark this kind, as `91`; one character covers all its second ones.
    pub uscc_prefixes: Vec<String>,
}

/// A pack's own way of numbering subjects. Unique inside its scheme and without a check digit: a restriction never rests on it (D6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scheme {
    /// Id, as in `stall`.
    pub id: String,
    /// Chinese title, as in 摊位编号.
    pub title: String,
    /// What a code looks like: `A` is a capital letter, `9` a digit, anything else itself. None lets every code of the characters pass.
    pub mask: Option<String>,
}

impl Scheme {
    /// Longest code, in characters.
    const CHARS_MAX: usize = 40;

    /// The code as it is kept; none where it is not one of this scheme.
    pub fn parse(&self, text: &str) -> Option<String> {
        let code = xinzhi_core::text::half_width(text.trim()).to_ascii_uppercase();
        let allowed = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || matches!(c, '-' | '/' | '.');
        let sound = (1..=Self::CHARS_MAX).contains(&code.len()) && code.chars().all(allowed);
        let fits = |mask: &String| mask.chars().count() == code.chars().count() && mask.chars().zip(code.chars()).all(fits_mark);
        (sound && self.mask.as_ref().is_none_or(fits)).then_some(code)
    }
}

fn fits_mark((mark, c): (char, char)) -> bool {
    match mark {
        'A' => c.is_ascii_uppercase(),
        '9' => c.is_ascii_digit(),
        mark => c == mark,
    }
}

/// What a record of a kind means for its subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nature {
    /// 失信信息: needs a document, a class, and never counts where it is uncertain.
    Adverse,
    /// 一般信息.
    Neutral,
    /// 守信信息.
    Positive,
}

impl Nature {
    /// The Chinese word, as written in the catalogue.
    pub fn title(self) -> &'static str {
        match self {
            Nature::Adverse => "失信信息",
            Nature::Neutral => "一般信息",
            Nature::Positive => "守信信息",
        }
    }
}

/// A row of the catalogue: a kind of record.
#[derive(Clone, Debug)]
pub struct RecordKind {
    /// Id, as in `administrative-penalty`.
    pub id: String,
    /// Chinese title, as in 行政处罚.
    pub title: String,
    /// 信息类别 of the national catalogue.
    pub category: String,
    /// Why it may be collected (guardrail 1).
    pub basis: Vec<LawIx>,
    /// 责任单位.
    pub supplier: String,
    /// What it means.
    pub nature: Nature,
    /// Whom it may be about.
    pub subjects: Vec<SubjectKindIx>,
    /// Its fields in catalogue order: the order of the stored JSON.
    pub fields: Vec<Field>,
    /// Which field plays which part.
    pub roles: Roles,
    /// Fields that, with the subject, name a chain of versions (natural key).
    pub key: Vec<FieldIx>,
    /// 失信程度: the first line whose predicate holds decides. Empty for records that are not adverse.
    pub class_lines: Vec<ClassLine>,
    /// Present where a record of this kind is membership of a list.
    pub list: Option<ListSpan>,
    /// An amount that is compared with what a text says of it.
    pub repeated_amount: Option<RepeatedAmount>,
    /// The relations that its rows state, each at most once.
    pub relations: Vec<Statement>,
    /// 改正途径: how its records become better by what their subjects do.
    pub remedies: Vec<Remedy>,
    /// Working days within which it must be reported after the document's date.
    pub report_within: Option<u32>,
    /// Months after the document's date beyond which a record is no longer used.
    pub retention_months: i32,
}

impl RecordKind {
    /// Finds a field by Chinese title or by code.
    pub fn field(&self, name: &str) -> Option<FieldIx> {
        self.fields.iter().position(|f| f.title == name || f.code == name).map(FieldIx)
    }

    /// The field at a position of this kind.
    pub fn at(&self, ix: FieldIx) -> Option<&Field> {
        self.fields.get(ix.0)
    }
}

/// The days on which a list entry holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListSpan {
    /// Field with the day of entry.
    pub from: FieldIx,
    /// Field with the day of removal; empty there means still listed.
    pub until: Option<FieldIx>,
}

/// One line of a class rule.
#[derive(Clone, Debug)]
pub struct ClassLine {
    /// When it applies; none is the last line, `otherwise`.
    pub when: Option<Predicate>,
    /// What the record is then; none where a person has to look first (待核实).
    pub class: Option<Class>,
}

/// Which field plays which part in a record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roles {
    /// 相对人名称.
    pub party_name: Option<FieldIx>,
    /// 相对人类别; its choice values carry the subject kind.
    pub party_kind: Option<FieldIx>,
    /// 统一社会信用代码 of the party.
    pub party_uscc: Option<FieldIx>,
    /// 组织机构代码 of the party.
    pub party_org_code: Option<FieldIx>,
    /// Identity number of a party who is a natural person.
    pub party_resident_id: Option<FieldIx>,
    /// Fields that together are the party's code in the scheme of its kind, joined by `-`; the first way whose fields are all filled counts.
    pub party_code: Vec<Vec<FieldIx>>,
    /// 文书号.
    pub document_number: Option<FieldIx>,
    /// Date of the document.
    pub document_date: Option<FieldIx>,
    /// Name of the organ that issued it.
    pub organ_name: Option<FieldIx>,
    /// 统一社会信用代码 of that organ.
    pub organ_code: Option<FieldIx>,
    /// 数据来源单位, where it is not the organ itself.
    pub supplier_name: Option<FieldIx>,
    /// Area code of the subject (registrations).
    pub area: Option<FieldIx>,
    /// Industry code of the subject (registrations).
    pub industry: Option<FieldIx>,
    /// What industries are called by their codes, or by what their codes begin with; rising.
    pub industry_names: Vec<(String, String)>,
}

/// Whether a field must be filled.
#[derive(Clone, Debug)]
pub enum Need {
    /// Empty is refused.
    Required,
    /// Empty is refused when the predicate holds on the row.
    When(Predicate),
    /// Empty draws a warning.
    Expected,
    /// May be empty.
    Optional,
}

/// Whether a field identifies a person and is sealed under the subject's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seal {
    /// Stored openly.
    Open,
    /// Sealed when the party is a natural person.
    WhenPerson,
    /// Always sealed, such as a legal representative's identity number.
    Always,
}

/// A field of a record kind.
#[derive(Clone, Debug)]
pub struct Field {
    /// Field code of the data standard, as `CF_WSH`.
    pub code: String,
    /// Chinese title: how rules and people name it.
    pub title: String,
    /// Further headers that mean this field.
    pub aliases: Vec<String>,
    /// What it holds.
    pub kind: FieldKind,
    /// Whether it must be filled.
    pub need: Need,
    /// Characters beyond which a warning is given; the text is kept whole.
    pub width: Option<usize>,
    /// Whether it is sealed.
    pub seal: Seal,
}

/// What a field holds. Rules read choices, integers, money and days; never text or codes (D12).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// Free text.
    Text,
    /// 统一社会信用代码 or the placeholder.
    Uscc,
    /// 组织机构代码.
    OrgCode,
    /// 公民身份号码 or another identity document's number.
    PersonNumber,
    /// One of a closed list.
    Choice(Choices),
    /// Any number of a closed list; the kernel sees a bit set.
    Choices(Choices),
    /// A whole number inside bounds that the compiler uses to prove sums.
    Integer {
        /// Smallest allowed.
        min: i64,
        /// Largest allowed.
        max: i64,
    },
    /// Money in the stated unit, stored in 分.
    Money(money::Unit),
    /// A day.
    Day {
        /// Whether it may lie after the day of import, as an end of validity may.
        future: bool,
    },
}

impl FieldKind {
    /// Whether a rule may read it (D12).
    pub fn rules_may_read(&self) -> bool {
        matches!(
            self,
            FieldKind::Choice(_) | FieldKind::Choices(_) | FieldKind::Integer { .. } | FieldKind::Money(_) | FieldKind::Day { .. }
        )
    }
}

/// The values of a choice. The position of a value is the integer the kernel sees.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choices {
    /// The values in catalogue order, at most 62.
    pub values: Vec<ChoiceValue>,
    /// Whether text that is no value is kept as the last one (`其他`) with a warning instead of being refused.
    pub other: Option<usize>,
}

impl Choices {
    /// Finds a value by title or alias.
    pub fn find(&self, text: &str) -> Option<usize> {
        self.values.iter().position(|v| v.title == text || v.aliases.iter().any(|a| a == text))
    }
}

/// One value of a choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChoiceValue {
    /// The word stored and shown.
    pub title: String,
    /// Other words and codes that mean it, as `01`.
    pub aliases: Vec<String>,
    /// For the party kind: which subject kinds it stands for, the first being taken where no code tells.
    pub subject_kinds: Vec<SubjectKindIx>,
    /// Of a kind that is neither: whether this value is good or bad for the subject.
    pub nature: Nature,
}

/// How a department's file maps onto a record kind.
#[derive(Clone, Debug)]
pub struct Source {
    /// Id, as in `cf-2018`.
    pub id: String,
    /// Chinese title.
    pub title: String,
    /// What its rows become.
    pub kind: KindIx,
    /// Who supplies it, where the file itself does not say.
    pub supplier: Option<String>,
    /// Headers that mean a field in this source, beside code, title and aliases of the field.
    pub headers: BTreeMap<String, FieldIx>,
    /// Values a field has where the file has no such column.
    pub defaults: BTreeMap<FieldIx, String>,
    /// Fields that this source is known to lack: they are not asked for.
    pub absent: Vec<FieldIx>,
    /// Whether its records may be filled in one by one, where they arise.
    pub by_hand: bool,
    /// How often whoever supplies it must report; none where nothing is laid down.
    pub reporting: Option<Reporting>,
}

/// How often a source must be reported: months, and the working days after them within which it still is in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reporting {
    /// Months from one report to the next.
    pub every_months: i32,
    /// Working days of grace.
    pub within: u32,
}

/// How an answer to a check becomes a record again: a source that is the office's own journal.
#[derive(Clone, Debug)]
pub struct OwnSource {
    /// Id, as in `feedback`.
    pub id: String,
    /// What the act becomes.
    pub kind: KindIx,
    /// What each field says.
    pub says: Vec<(FieldIx, Said)>,
}

/// What the act of answering a measure for good can say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// Number of the check.
    Check,
    /// Title of the matter.
    Matter,
    /// Title of the measure.
    Measure,
    /// 激励, 监管 or 惩戒.
    MeasureKind,
    /// 已实施 or 未实施.
    Outcome,
    /// 承办人.
    Officer,
    /// 文书号; the number of the answer where there is none.
    Document,
    /// The day of the answer.
    Day,
    /// Who applied the measure.
    Organ,
}

impl Said {
    /// Every one with the word that packs use.
    pub const WORDS: [(Said, &'static str); 9] = [
        (Said::Check, "check"),
        (Said::Matter, "matter"),
        (Said::Measure, "measure"),
        (Said::MeasureKind, "measure_kind"),
        (Said::Outcome, "outcome"),
        (Said::Officer, "officer"),
        (Said::Document, "document"),
        (Said::Day, "day"),
        (Said::Organ, "organ"),
    ];
}

/// An amount that a text of the same record repeats, as a fine does in the words of its decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepeatedAmount {
    /// The field that holds the amount.
    pub amount: FieldIx,
    /// The text that repeats it.
    pub text: FieldIx,
    /// The word after which it stands there, as in 罚款2000元.
    pub after: String,
}

/// A business trigger.
#[derive(Clone, Debug)]
pub struct Matter {
    /// Id, as in `food-licence`.
    pub id: String,
    /// Chinese title.
    pub title: String,
    /// Which organ handles it.
    pub organ: String,
    /// Purpose code of the access that a check is.
    pub purpose: String,
    /// Why the check may be made.
    pub basis: Vec<LawIx>,
    /// Whose subjects it concerns.
    pub subjects: Vec<SubjectKindIx>,
    /// Working days within which each measure is owed an answer.
    pub feedback_within: u32,
    /// Commitments the applicant may make, in words.
    pub commitments: Vec<String>,
    /// The measures a check of this matter looks at.
    pub measures: Vec<MeasureIx>,
}

/// A measure.
#[derive(Clone, Debug)]
pub struct Measure {
    /// Id, as in `green-channel`.
    pub id: String,
    /// Chinese title.
    pub title: String,
    /// What the executing body does, in one sentence.
    pub content: String,
    /// Incentive, supervision or restriction.
    pub kind: MeasureKind,
    /// Its number in the list it comes from, as `基础清单 6`; empty for incentives of our own list.
    pub list_item: String,
    /// Whom it may concern.
    pub subjects: Vec<SubjectKindIx>,
    /// Who carries it out.
    pub body: String,
    /// Its articles.
    pub basis: Vec<LawIx>,
    /// What brings it about.
    pub trigger: Trigger,
    /// Mildest class of record that may bring it about; restrictions never below 一般 (L7).
    pub class_floor: Option<Class>,
    /// Longest it may last, in months (L10).
    pub term_months: i32,
    /// 退出途径: how the subject gets out of it (L10).
    pub way_out: String,
    /// After this day it no longer applies (W6).
    pub review_by: Day,
}

/// What brings a measure about. Restrictions have only `Record` and `OnList` inside (D4); the checker guarantees it.
#[derive(Clone, Debug)]
pub enum Trigger {
    /// A grade of a scorecard.
    Grade {
        /// Which scorecard.
        scorecard: ScorecardIx,
        /// Which of its grades.
        grades: Vec<usize>,
    },
    /// Being on a list today.
    OnList(KindIx),
    /// Having a record.
    Record {
        /// Of which kind.
        kind: KindIx,
        /// Which of them.
        filter: Option<Predicate>,
        /// How old it may be, in months.
        within_months: i32,
    },
    /// All of these, e.g. a grade and no list.
    All(Vec<Trigger>),
    /// Not this one. Unknown stays unknown, and an unknown trigger brings nothing about (D3).
    Not(Box<Trigger>),
}
