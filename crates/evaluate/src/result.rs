//! What an evaluation says, down to the record and the rounding: nobody is graded without being able to recompute it (C3).

use xinzhi_core::record::RecordId;
use xinzhi_core::{Day, Points};
use xinzhi_rules::model::{KindIx, ScorecardIx};

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
    /// Too many indicators are unknown; their lines say which.
    TooLittleKnown {
        /// Share that is known, in thousandths.
        assessed_share: i64,
        /// Share that is asked for, in thousandths.
        needed: i64,
    },
}

/// A list that forces a grade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forced {
    /// The grade that the scorecard attaches to the list.
    pub grade: usize,
    /// Which list.
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
}

/// One dimension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DimensionLine {
    /// Chinese title.
    pub title: String,
    /// Sum of its indicators.
    pub points: Points,
    /// Its indicators in order.
    pub indicators: Vec<IndicatorLine>,
}

/// Whether silence about an indicator means "none".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Knowledge {
    /// Reported throughout, or at least one record counts.
    Known,
    /// Not reported: contributes nothing and is listed.
    Unknown,
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
    /// Sum of the contributions.
    pub raw: Points,
    /// The sum inside floor and cap: what enters the total.
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
    /// `-20 - 10 = -30`, and what floor or cap made of it: `-120 - 120 = -240，按下限计 -200`.
    pub fn arithmetic(&self) -> String {
        let Some((first, rest)) = self.contributions.split_first() else { return Points::ZERO.to_string() };
        let rest: Vec<Points> = rest.iter().map(|contribution| contribution.points).collect();
        let sum = if rest.is_empty() { first.points.to_string() } else { format!("{}{} = {}", first.points, terms(&rest), self.raw) };
        bounded_text(sum, self.raw, self.points)
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
            Reason::TooLittleKnown { assessed_share, needed } => {
                let percent = |share: &i64| Points(share * 100).to_string();
                format!(
                    "已归集信息只占评价权重的 {}%，低于 {}%，不作评价；没有归集不等于没有记录",
                    percent(assessed_share),
                    percent(needed)
                )
            }
        }
    }
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
