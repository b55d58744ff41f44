//! What an evaluation says, down to the record and the rounding: nobody is graded without being able to recompute it (C3).

use xinzhi_core::record::RecordId;
use xinzhi_core::{Day, Digest, Points, Span};
use xinzhi_rules::model::{KindIx, Put, ScorecardIx, Silence};

/// An evaluation of one subject on one day by one scorecard, with everything it rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evaluation {
    /// Which scorecard.
    pub card: ScorecardIx,
    /// Its id.
    pub scorecard: String,
    /// The day of evaluation.
    pub as_of: Day,
    /// The last day on which the result may be quoted; then it must be made anew.
    pub valid_until: Day,
    /// Points before any record.
    pub base: Points,
    /// Graded or not.
    pub outcome: Outcome,
    /// The list that forces a grade, where there is one; it does so even where the points are not evaluable.
    pub forced: Option<Forced>,
    /// The grade that counts: by points, unless a list moved it. None where not evaluable and on no list.
    pub grade: Option<usize>,
    /// Share of the weight that is known, in thousandths.
    pub assessed_share: i64,
    /// What the grade is worth in 分, where the model gives amounts.
    pub amount: Option<i64>,
    /// By whose limits the points were graded, where peers decide; none where there are no points.
    pub peers: Option<Measured>,
    /// Dimensions in the scorecard's order; empty where the scorecard may not be used on that day.
    pub dimensions: Vec<DimensionLine>,
    /// The earliest day after `as_of` on which anything here changes though nothing new is reported.
    pub next_change: Option<Day>,
}

/// Points and grade, or why there are none. No record is never taken for zero points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Enough is known.
    Graded {
        /// Base and sums, inside the range.
        points: Points,
        /// Position among the scorecard's grades, by points alone.
        grade: usize,
    },
    /// No points can be given.
    NotEvaluable {
        /// Why.
        reason: Reason,
    },
}

/// Why there are no points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The scorecard starts later.
    NotYetInForce {
        /// Its first day.
        from: Day,
    },
    /// The scorecard has ended.
    NoLongerInForce {
        /// Its last day.
        until: Day,
    },
    /// The pack was not reviewed again in time (W6).
    ReviewOverdue {
        /// Its last day.
        review_by: Day,
    },
    /// No legal basis of the scorecard is in force.
    NoBasisInForce,
    /// Peers decide, and no limits hold on that day.
    NoCutoffsInForce,
    /// Too many indicators are unknown; their lines say which.
    TooLittleKnown {
        /// Share that is known, in thousandths.
        assessed_share: i64,
        /// Share that is asked for, in thousandths.
        needed: i64,
    },
}

/// A list or a record that forces a grade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forced {
    /// Position of the rule among the scorecard's.
    pub rule: usize,
    /// The grade that the scorecard attaches to it.
    pub grade: usize,
    /// Which list, or which kind of records.
    pub list: KindIx,
    /// The entry.
    pub record: RecordId,
}

/// The result without its reasons: what a batch run keeps of each subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Graded or not.
    pub outcome: Outcome,
    /// The grade that a list forces.
    pub forced: Option<usize>,
    /// The grade that counts.
    pub grade: Option<usize>,
    /// Share of the weight that is known, in thousandths.
    pub assessed_share: i64,
    /// What the grade is worth in 分, where the model gives amounts.
    pub amount: Option<i64>,
}

/// By whose limits points are graded: the pack's, made by one run and the same for everybody of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measured {
    /// The group that the subject belongs to; none where nothing says one.
    pub group: Option<String>,
    /// Whether the limits are the group's own; else everybody's.
    pub own: bool,
    /// Of how many subjects they were made.
    pub size: i64,
    /// Least points by grade, best first, without the last grade.
    pub limits: Vec<Points>,
    /// The day for which the run computed everybody's points.
    pub made: Day,
    /// The days on which they hold.
    pub in_force: Span,
    /// The set of tables that the run read.
    pub tables: Digest,
}

impl Measured {
    /// `按采矿业（431 个主体）2026-06-30 的界限`, with why others than the group's own count.
    pub fn sentence(&self) -> String {
        let whose = match (&self.group, self.own) {
            (Some(group), true) => format!("按同组“{group}”（{} 个主体）的界限定级", self.size),
            (Some(group), false) => format!("同组“{group}”主体不足，按全部 {} 个主体的界限定级", self.size),
            (None, _) => format!("没有写明属于哪一组，按全部 {} 个主体的界限定级", self.size),
        };
        let until = self.in_force.until.map(|until| format!("至 {until} ")).unwrap_or_default();
        format!("{whose}；界限按 {} 的数据计算，自 {} {until}有效（表集 {}）", self.made, self.in_force.from, self.tables.short())
    }
}

/// One dimension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DimensionLine {
    /// Chinese title.
    pub title: String,
    /// Sum of its indicators.
    pub raw: Points,
    /// That inside floor and cap.
    pub within: Points,
    /// Thousandths of it that enter the total.
    pub weight: i64,
    /// What enters the total.
    pub points: Points,
    /// Its indicators in order.
    pub indicators: Vec<IndicatorLine>,
}

/// Whether silence about an indicator means "none".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Knowledge {
    /// Reported throughout, or at least one record counts.
    Known,
    /// Not reported, or nobody has given the mark that it takes: contributes nothing and is listed.
    Unknown,
}

/// How records came together in an indicator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Together {
    /// By their points.
    By(Put),
    /// By a number of all of them, which a band gives points; none where there is no number.
    Number(Measure, Option<i64>),
}

/// What a number measures, for whoever reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// How many records.
    Records,
    /// How many different values.
    Values,
    /// A sum of 分.
    Money,
    /// A sum of anything else.
    Total,
    /// Thousandths.
    Rate,
    /// Thousandths of another number.
    Ratio {
        /// How many records there are.
        counted: usize,
        /// By how many others they are divided; 0 where there is no number.
        by: i64,
    },
}

/// One indicator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndicatorLine {
    /// Id inside the scorecard.
    pub id: String,
    /// Chinese title.
    pub title: String,
    /// Known or not.
    pub state: Knowledge,
    /// What it means to the indicator that no record counts.
    pub silence: Silence,
    /// How the records came together.
    pub together: Together,
    /// What the contributions come to.
    pub raw: Points,
    /// That inside floor and cap.
    pub within: Points,
    /// Thousandths of it that enter the dimension.
    pub weight: i64,
    /// What enters the dimension.
    pub points: Points,
    /// Whether floor or cap made a difference.
    pub bounded: bool,
    /// The records that count, oldest document first.
    pub contributions: Vec<Contribution>,
    /// Records in the window that do not count because something about them is not known (D3).
    pub uncertain: Vec<RecordId>,
}

/// One record that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contribution {
    /// Which.
    pub record: RecordId,
    /// The day of its document.
    pub day: Day,
    /// Its points when new.
    pub full: Points,
    /// Thousandths kept at its age.
    pub keep: i64,
    /// What it contributes.
    pub points: Points,
    /// The next day on which less of it is kept.
    pub next_fade: Option<Day>,
    /// The first day on which it no longer counts.
    pub leaves_on: Day,
}

impl Evaluation {
    /// The result without its reasons.
    pub fn standing(&self) -> Standing {
        Standing {
            outcome: self.outcome,
            forced: self.forced.map(|forced| forced.grade),
            grade: self.grade,
            assessed_share: self.assessed_share,
            amount: self.amount,
        }
    }

    /// Every indicator line in order.
    pub fn indicators(&self) -> impl Iterator<Item = &IndicatorLine> {
        self.dimensions.iter().flat_map(|dimension| &dimension.indicators)
    }

    /// The indicators about which nothing is known.
    pub fn unknown(&self) -> impl Iterator<Item = &IndicatorLine> {
        self.indicators().filter(|line| line.state == Knowledge::Unknown)
    }

    /// `800 - 30 + 5 = 775`; none where there are no points.
    pub fn arithmetic(&self) -> Option<String> {
        let Outcome::Graded { points, .. } = self.outcome else { return None };
        let parts: Vec<Points> = self.dimensions.iter().map(|dimension| dimension.points).filter(|p| *p != Points::ZERO).collect();
        if parts.is_empty() {
            return Some(bounded_text(format!("{}", self.base), self.base, points));
        }
        let sum = Points(parts.iter().fold(self.base.0, |sum, part| sum.saturating_add(part.0)));
        Some(bounded_text(format!("{}{} = {sum}", self.base, terms(&parts)), sum, points))
    }
}

impl IndicatorLine {
    /// Why it is not known, where it is not.
    pub fn unknown_because(&self) -> Option<&'static str> {
        let why = match (self.silence, self.together) {
            (Silence::Unknown, _) => "没有评分记录，不作评价",
            (Silence::Nothing, Together::Number(Measure::Rate | Measure::Ratio { .. }, _)) => "没有归集，或者没有可以计算的记录",
            (Silence::Nothing, _) => "没有归集",
        };
        (self.state == Knowledge::Unknown).then_some(why)
    }

    /// `-20 - 10 = -30`, and what floor or cap made of it: `-120 - 120 = -240，按下限计 -200`; `3 条，计 -10`; `30 × 50% = 15`.
    pub fn arithmetic(&self) -> String {
        let raw = match self.together {
            Together::By(put) => self.put_together(put),
            Together::Number(..) if self.state == Knowledge::Unknown => Points::ZERO.to_string(),
            Together::Number(measure, number) => format!("{}，计 {}", measure.words(number.unwrap_or(0)), self.raw),
        };
        weighed_text(bounded_text(raw, self.raw, self.within), self.within, (self.weight, self.points))
    }

    fn put_together(&self, put: Put) -> String {
        let Some((first, rest)) = self.contributions.split_first() else { return Points::ZERO.to_string() };
        let word = match put {
            Put::Sum if rest.is_empty() => return first.points.to_string(),
            Put::Sum => {
                let rest: Vec<Points> = rest.iter().map(|contribution| contribution.points).collect();
                return format!("{}{} = {}", first.points, terms(&rest), self.raw);
            }
            Put::Best => "取最高",
            Put::Worst => "取最低",
            Put::Latest => "取最近",
            Put::First => "取最早",
            Put::Mean => "取平均",
        };
        let all: Vec<String> = self.contributions.iter().map(|contribution| contribution.points.to_string()).collect();
        format!("{} {word} {}", all.join("、"), self.raw)
    }
}

impl Contribution {
    /// `-20 × 50% = -10`, or `-20` where nothing has faded.
    pub fn arithmetic(&self) -> String {
        if self.keep == 1000 {
            return self.full.to_string();
        }
        // Thousandths show as percent by the same text rule as points show in whole points.
        format!("{} × {}% = {}", self.full, Points(self.keep * 100), self.points)
    }
}

impl Reason {
    /// The Chinese sentence.
    pub fn sentence(&self) -> String {
        match self {
            Reason::NotYetInForce { from } => format!("评价模型自 {from} 起施行，该日尚不能使用"),
            Reason::NoLongerInForce { until } => format!("评价模型已于 {until} 停止使用"),
            Reason::ReviewOverdue { review_by } => format!("规则包应于 {review_by} 前重新审查，逾期未审查，不再适用"),
            Reason::NoBasisInForce => "评价模型所列依据在该日均不生效，不能使用".to_owned(),
            Reason::NoCutoffsInForce => "等级按同业界限评定，而该日没有有效的同业界限，不作评价".to_owned(),
            Reason::TooLittleKnown { assessed_share, needed } => {
                let percent = |share: &i64| Points(share * 100).to_string();
                format!("已知信息只占评价权重的 {}%，低于 {}%，不作评价；没有归集不等于没有记录", percent(assessed_share), percent(needed))
            }
        }
    }
}

impl DimensionLine {
    /// What bounds and weight made of the sum: `-120，按下限计 -100`, `80 × 50% = 40`; none where they changed nothing.
    pub fn arithmetic(&self) -> Option<String> {
        let changed = self.within != self.raw || self.weight != 1000;
        let bounded = bounded_text(self.raw.to_string(), self.raw, self.within);
        changed.then(|| weighed_text(bounded, self.within, (self.weight, self.points)))
    }
}

impl Measure {
    /// A number with its unit.
    fn words(self, number: i64) -> String {
        match self {
            Measure::Records => format!("{number} 条"),
            Measure::Values => format!("{number} 个不同值"),
            Measure::Money => format!("合计 {}", xinzhi_core::money::Fen(number)),
            Measure::Total => format!("合计 {number}"),
            Measure::Rate => format!("占 {}", Points::percent(number)),
            Measure::Ratio { counted, by } => format!("{counted} 条 ÷ {by} 条 = {}", Points::percent(number)),
        }
    }
}

/// `30 × 50% = 15`, and before it how the 30 came about where that is more than the number; unchanged at full weight.
fn weighed_text(sum: String, within: Points, (weight, points): (i64, Points)) -> String {
    if weight == 1000 {
        return sum;
    }
    let weighed = format!("{within} × {} = {points}", Points::percent(weight));
    if sum == within.to_string() { weighed } else { format!("{sum}；{weighed}") }
}

fn terms(parts: &[Points]) -> String {
    parts.iter().map(|part| if part.0 < 0 { format!(" - {}", Points(-part.0)) } else { format!(" + {part}") }).collect()
}

fn bounded_text(sum: String, raw: Points, points: Points) -> String {
    match raw.cmp(&points) {
        std::cmp::Ordering::Less => format!("{sum}，按下限计 {points}"),
        std::cmp::Ordering::Greater => format!("{sum}，按上限计 {points}"),
        std::cmp::Ordering::Equal => sum,
    }
}
