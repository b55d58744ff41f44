//! 规则影响评估: who changes grade or measures if a draft replaces the rules in force, before it does.
//!
//! Reading order: `ratio` compares a group with everybody else and `shift` is what becomes of one subject: pure, with `count` that makes
//! tables of them. `alteration` says in which parts two models differ, `alike` whether a rule reads the same by both; `joint` puts both packs
//! into one so that the kernel can run the old model with one part of the new; `words` is what a jurist reads. `side` is a pack in the place
//! it would have, `run` asks the kernel and `apply` about everybody, with `measure` for measures; `finding` puts the outcome together. `kept`
//! holds outcomes under their pins, `show` is the use case, `list` who is behind a number, `sheet` the workbook.

mod alike;
mod alteration;
mod count;
mod finding;
mod joint;
mod kept;
mod list;
mod measure;
mod ratio;
mod run;
mod sheet;
mod shift;
mod show;
mod side;
mod words;

use serde::{Deserialize, Serialize};
use xinzhi_core::Day;
use xinzhi_core::measure::MeasureKind;

pub use alteration::How;
pub use count::{Alarms, Breakdown, Compared, Group, MeasureGroup, Moves, Spread, signed};
pub use finding::alarm_words;
pub use list::{Behind, Listed, Listing, list};
pub use ratio::{Befalls, Comparison, EXPECTED_MIN, MEMBERS_MIN, Ratio};
pub use sheet::workbook;
pub use shift::Move;
pub use show::{Asked, Choice, Proposal, Standing, choices, propose, show};
pub use words::Difference;

use shift::{Scales, Stand};

pub(crate) use kept::ImpactCache;
pub(crate) use side::Drafts;

/// What becomes of everybody if one pack takes the place of another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Impact {
    /// What it is a pure function of.
    pub pin: ImpactPin,
    /// The old packs.
    pub old: Named,
    /// The new ones.
    pub new: Named,
    /// What it shows, in a sentence.
    pub finding: String,
    /// What has to be known to read it.
    pub notes: Vec<String>,
    /// Organisations looked at.
    pub subjects: i64,
    /// Rules that differ, as sentences.
    pub differences: Vec<Difference>,
    /// By each model that both packs have.
    pub cards: Vec<CardImpact>,
    /// Measures at each matter.
    pub measures: Vec<MeasureImpact>,
    /// By kind, area and industry: whom measures burden and relieve.
    pub measure_groups: Vec<Breakdown<MeasureGroup>>,
}

/// Packs, day and position: the same pin gives the same bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImpactPin {
    /// Digest of the old packs.
    pub old: String,
    /// Digest of the new ones.
    pub new: String,
    /// Id of the one model that was asked about; every one where there is none.
    pub scorecard: Option<String>,
    /// The day on which both were read.
    pub day: Day,
    /// The last entry of the journal that could matter: what was known.
    pub position: i64,
    /// Edition of the engine.
    pub edition: i64,
}

/// Packs as people call them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// Titles, each with its version.
    pub title: String,
    /// The version of all together.
    pub version: String,
}

/// What becomes of everybody by one model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardImpact {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// What it shows, in a sentence.
    pub finding: String,
    /// What has to be known to read it.
    pub notes: Vec<String>,
    /// Whom either model evaluates.
    pub subjects: i64,
    /// Grades of the old model, best first, and `不作评价`.
    pub rows: Vec<String>,
    /// Grades of the new model, best first, and `不作评价`.
    pub columns: Vec<String>,
    /// The same with their titles: `B 良好`.
    pub row_titles: Vec<String>,
    /// The same with their titles.
    pub column_titles: Vec<String>,
    /// How many go from which grade to which.
    pub matrix: Vec<Vec<i64>>,
    /// How many move which way.
    pub moves: Moves,
    /// How far points move.
    pub points: Option<Spread>,
    /// By kind, area, industry and the groups of the model.
    pub breakdowns: Vec<Breakdown<Group>>,
    /// Parts of the model that differ.
    pub alterations: Vec<Alteration>,
    /// Subjects whose grade changes although no part alone changes it.
    pub together: i64,
}

/// A part of a model that differs, and what it alone does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alteration {
    /// In an address.
    pub id: String,
    /// What people read.
    pub title: String,
    /// In which of the packs it is.
    pub how: How,
    /// The old rule.
    pub before: Option<String>,
    /// The new one.
    pub after: Option<String>,
    /// Of an indicator: subjects to whom the new one gives more points, before anything its dimension does.
    pub more: Option<Gain>,
    /// Of an indicator: subjects to whom it gives fewer.
    pub less: Option<Gain>,
    /// What becomes of everybody by the old model with this part of the new one; none where that would be no model.
    pub alone: Option<Moves>,
}

/// How many subjects, and how many thousandths of a point together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gain {
    /// How many.
    pub subjects: i64,
    /// Their sum.
    pub sum: i64,
}

/// What becomes of one measure at one matter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeasureImpact {
    /// Id of the matter.
    pub matter: String,
    /// Its title.
    pub matter_title: String,
    /// Id of the measure.
    pub measure: String,
    /// Its title.
    pub measure_title: String,
    /// Incentive, supervision or restriction.
    pub kind: MeasureKind,
    /// None where both packs have it.
    pub how: Option<How>,
    /// Subjects with whom it begins.
    pub begins: States,
    /// With whom it ends.
    pub ends: States,
    /// With whom it stays and is in force where it was proposed, or the other way round: counted by what it becomes.
    pub changes: States,
    /// With whom it stays as it is.
    pub stays: States,
}

/// How many by state. A restriction that nobody has decided on is only ever proposed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct States {
    /// 生效中.
    pub in_force: i64,
    /// 待决定.
    pub proposed: i64,
}

impl CardImpact {
    /// Which way a cell of the matrix leads; none where two grades cannot be compared.
    pub fn leads(&self, from: usize, to: usize) -> Option<Move> {
        // Behind the grades stand those who have none.
        let graded = |names: &[String]| names.split_last().map_or(Vec::new(), |(_, grades)| grades.to_vec());
        let (old, new) = (graded(&self.rows), graded(&self.columns));
        let stand = |place: usize, grades: &[String]| Stand { grade: (place < grades.len()).then_some(place), points: None };
        let (before, after) = (stand(from, &old), stand(to, &new));
        let scales = Scales::named(&old, &new);
        if let (Some(before), Some(after)) = (before.grade, after.grade) {
            scales.compare(before, after)?;
        }
        Some(scales.moved(before, after))
    }
}

impl Impact {
    /// Measures of which something begins, ends or changes, or that only one of the packs has; restrictions first.
    pub fn moving(&self) -> Vec<&MeasureImpact> {
        let moves = |row: &&MeasureImpact| row.begins.all() + row.ends.all() + row.changes.all() > 0 || row.how.is_some();
        let mut rows: Vec<&MeasureImpact> = self.measures.iter().filter(moves).collect();
        rows.sort_by_key(|row| match row.kind {
            MeasureKind::Restriction => 0,
            MeasureKind::Supervision => 1,
            MeasureKind::Incentive => 2,
        });
        rows
    }
}

impl States {
    /// Both.
    pub fn all(self) -> i64 {
        self.in_force + self.proposed
    }
}

/// How the numbers are meant, for whoever prints them.
pub const METHOD: [(&str, &str); 4] = [
    ("变好、变差", "等级改变的看等级；等级相同或者无从比较的，看得分。不再评价、改为可以评价的另计"),
    (
        "率比",
        "一组中变差（或等级下降）的比例，除以其余主体的这一比例，比例都只按新旧都有结果的主体计算；变好、等级上升同样计算；\
         不再评价的按旧规则有结果的主体、改为可以评价的按旧规则没有结果的主体另算。受损的（变差、等级下降、不再评价、失去激励或新增惩戒）\
         高于 1.25 是该组受损偏多；受益的（变好、等级上升、改为可以评价、新增激励或终止惩戒）低于 0.8 是该组受益偏少。按整数精确比较，低于 0.8 或高于 1.25 的须关注，恰为 0.8、1.25 的不须。\
         该组或其余不足 30 个主体，或者按总体比例推算不足 5 个的，只列数字，不作判断。参照美国《雇员选拔程序统一指南》29 CFR 1607.4(D) 的五分之四规则",
    ),
    (
        "原因",
        "对每一处改动，以旧模型为底、只把这一处换成新规则，重新评价全部主体，列出等级因此改变的数目。\
         几处改动会相互抵消或叠加，各处的数目相加不等于总数。指标得分的增减是该指标自身（上下限和权重之后、所在维度的上下限和权重之前）的差额",
    ),
    (
        "措施",
        "按核查的同一套规则逐个主体推算；惩戒未经具名人员决定的，只会是待决定。各组的率比按全部主体计算：任一事项有激励终止或惩戒新增的算受损，\
         有激励新增或惩戒终止的算受益，两者都有的两边都算；分级监管不减损权益，不算",
    ),
];

/// A spread of points in words.
pub fn spread_words(spread: &Spread) -> String {
    let Spread { subjects, sum, least, p5, p25, p50, p75, p95, most } = spread;
    let words = [
        ("最低", least),
        ("5% 分位", p5),
        ("25% 分位", p25),
        ("中位", p50),
        ("75% 分位", p75),
        ("95% 分位", p95),
        ("最高", most),
        ("合计", sum),
    ];
    let words = words.map(|(title, points)| format!("{title} {}", signed(*points)));
    format!("{subjects} 个主体新旧都有得分，得分变化：{}", words.join("，"))
}
