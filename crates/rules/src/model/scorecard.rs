//! Evaluation models: what records of a subject amount to in points, grade and amount.

use xinzhi_core::day::Span;
use xinzhi_core::{Day, Digest, Points};

use super::{FieldIx, KindIx, LawIx, Peers, SubjectKindIx};
use crate::fact::faded;
use crate::predicate::Predicate;

/// More records of one kind than any subject will ever have: sums are proved to fit up to here, and the kernel takes no more.
pub const RECORDS_MAX: i64 = 1 << 24;

/// An evaluation model. Its subjects are never persons (C2); the checker guarantees it.
#[derive(Clone, Debug)]
pub struct Scorecard {
    /// Id, as in `market-entity`.
    pub id: String,
    /// Chinese title.
    pub title: String,
    /// What the result is for (C3).
    pub purpose: String,
    /// Whom it evaluates.
    pub subjects: Vec<SubjectKindIx>,
    /// When it may be used.
    pub in_force: Span,
    /// After this day it no longer applies: when the pack that it stands in must be reviewed (W6).
    pub review_by: Day,
    /// Why it may be used.
    pub basis: Vec<LawIx>,
    /// Points before any record.
    pub base: Points,
    /// Least points.
    pub min: Points,
    /// Most points.
    pub max: Points,
    /// Share of the weight, in thousandths, that must be inside coverage before a grade is given.
    pub assessed_share: i64,
    /// Days by which coverage may lag behind the day of evaluation.
    pub coverage_lag_days: i32,
    /// Days after which a result must be made anew (C3).
    pub valid_days: i32,
    /// Dimensions in order.
    pub dimensions: Vec<Dimension>,
    /// Grades that a list forces.
    pub overrides: Vec<Override>,
    /// Grades from best to worst; each holds from its points up to the one before.
    pub grades: Vec<Grade>,
    /// Where how peers do says from which points a grade holds.
    pub peers: Option<Peers>,
    /// SHA-256 of the file that it stands in: cut-offs name what they were made for.
    pub text: Digest,
    /// What a grade is worth in money, where the model says so.
    pub amount: Option<AmountByGrade>,
    /// By what groups of subjects are compared when the model is to be changed, beside kind, area and industry. No points come of it.
    pub groups: Vec<Grouping>,
}

/// A field by which subjects belong together, such as their size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grouping {
    /// Chinese title.
    pub title: String,
    /// Which records; the latest counts.
    pub kind: KindIx,
    /// Which of their fields: a choice, a number or an amount.
    pub field: FieldIx,
    /// Starts of the bands of a number or an amount, rising from its least value; empty for a choice.
    pub bands: Vec<i64>,
}

impl Grouping {
    /// The group of a value: of a choice its position, else the last band that starts at or below it.
    pub fn place(&self, value: i64) -> Option<usize> {
        if self.bands.is_empty() {
            return usize::try_from(value).ok();
        }
        self.bands.iter().rposition(|from| *from <= value)
    }
}

/// An amount that follows from the grade, such as a credit line a bank may start from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AmountByGrade {
    /// Chinese title.
    pub title: String,
    /// 分, in the order of the grades.
    pub amounts: Vec<i64>,
}

/// A group of indicators, each taken whole, then their sum within the group's bounds by its weight.
#[derive(Clone, Debug)]
pub struct Dimension {
    /// Chinese title.
    pub title: String,
    /// Indicators in order.
    pub indicators: Vec<Indicator>,
    /// Thousandths of the bounded sum that enter the total, truncated toward zero: how raters are weighed, as 5:3:2.
    pub weight: i64,
    /// Least sum.
    pub floor: Option<Points>,
    /// Most sum.
    pub cap: Option<Points>,
}

/// One indicator: records of one kind, filtered, brought to points, bounded, by its weight.
#[derive(Clone, Debug)]
pub struct Indicator {
    /// Id inside the scorecard.
    pub id: String,
    /// Chinese title.
    pub title: String,
    /// Which records count.
    pub kind: KindIx,
    /// Which of them.
    pub filter: Option<Predicate>,
    /// How old they may be, in months before the day of evaluation.
    pub window_months: i32,
    /// What they amount to.
    pub take: Take,
    /// What is left of each record's points with age.
    pub fade: Fading,
    /// Least points.
    pub floor: Option<Points>,
    /// Most points.
    pub cap: Option<Points>,
    /// Thousandths of the bounded points that enter the dimension, truncated toward zero.
    pub weight: i64,
    /// Why it may be evaluated.
    pub basis: Vec<LawIx>,
}

impl Indicator {
    /// Every kind whose records it counts, each with the condition that they have to meet.
    pub fn counts(&self) -> impl Iterator<Item = (KindIx, Option<&Predicate>)> {
        std::iter::once((self.kind, self.filter.as_ref())).chain(self.divisor().map(|of| (of.kind, of.filter.as_ref())))
    }

    /// The records by whose number that of its own is divided, where it takes a ratio.
    pub fn divisor(&self) -> Option<&Divisor> {
        match &self.take {
            Take::Number { number: Number::Ratio(divisor), .. } => Some(divisor),
            _ => None,
        }
    }

    /// The most that this indicator can move the sum before any weighing.
    pub fn reach(&self) -> Points {
        // Of a sum a bound is reached by enough records, and where one side is open the other says how much it may matter.
        if matches!(self.take, Take::Each { put: Put::Sum, .. }) {
            return Points(self.floor.map_or(0, |p| p.0.abs()).max(self.cap.map_or(0, |p| p.0.abs())));
        }
        let (least, most) = self.range();
        Points(least.0.saturating_abs().max(most.0.saturating_abs()))
    }

    /// The least and the most points within the bounds, before any weighing.
    pub fn range(&self) -> (Points, Points) {
        let (least, most) = self.take.range();
        let (floor, cap) = (self.floor.unwrap_or(Points(i64::MIN)), self.cap.unwrap_or(Points(i64::MAX)));
        let within = |points: Option<i64>, open| points.map_or(open, Points).max(floor).min(cap);
        (within(least, Points(i64::MIN)), within(most, Points(i64::MAX)))
    }
}

impl Dimension {
    /// The most that one of its indicators can move the total: its weight in the assessed share.
    pub fn weight_of(&self, indicator: &Indicator) -> Points {
        Points(faded(faded(indicator.reach(), indicator.weight), self.weight).0)
    }

    /// The least and the most points that it adds to the total.
    pub fn range(&self) -> (Points, Points) {
        let ranges = self.indicators.iter().map(|indicator| (indicator.range(), indicator.weight));
        let (least, most) = ranges.fold((0_i64, 0_i64), |(least, most), ((low, high), weight)| {
            (least.saturating_add(share(low.0, weight)), most.saturating_add(share(high.0, weight)))
        });
        let within = |points: i64| {
            let bounded = points.max(self.floor.map_or(i64::MIN, |p| p.0)).min(self.cap.map_or(i64::MAX, |p| p.0));
            Points(share(bounded, self.weight))
        };
        (within(least), within(most))
    }
}

impl Scorecard {
    /// The least and the most points that records can bring about, overrides apart.
    pub fn range(&self) -> (Points, Points) {
        let (least, most) = self
            .dimensions
            .iter()
            .map(Dimension::range)
            .fold((self.base.0, self.base.0), |(least, most), (low, high)| (least.saturating_add(low.0), most.saturating_add(high.0)));
        (Points(least).max(self.min).min(self.max), Points(most).max(self.min).min(self.max))
    }
}

/// What [`faded`] says, of points that no bound keeps from being too many to multiply.
pub(super) fn share(points: i64, thousandths: i64) -> i64 {
    let share = i128::from(points) * i128::from(thousandths) / 1000;
    i64::try_from(share).unwrap_or(if share < 0 { i64::MIN } else { i64::MAX })
}

/// What the records of an indicator amount to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Take {
    /// Every record is worth points, and `put` says how they come together.
    Each {
        /// Points of one record.
        each: Each,
        /// Their composition.
        put: Put,
        /// What it means that there is none.
        silence: Silence,
    },
    /// All records together are a number, and the band it falls in gives the points. A number over a window that was not
    /// reported throughout is no number: the indicator is then unknown, whatever records there are.
    Number {
        /// Which number.
        number: Number,
        /// Start of each band with its points, rising; the first starts at the least possible number.
        bands: Vec<(i64, Points)>,
    },
}

/// What it means that no record counts, inside coverage; outside it is always unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Silence {
    /// There is nothing to count.
    Nothing,
    /// Nobody has given a mark yet: the indicator is unknown, whatever has been reported. Of neutral kinds alone: of the others one record
    /// more or less would decide whether there is a grade at all (D17).
    Unknown,
}

/// How the points of several records come together. Where no record counts, all of them give nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// Their sum.
    Sum,
    /// The highest.
    Best,
    /// The lowest.
    Worst,
    /// Those of the latest document; of several of one day, the highest.
    Latest,
    /// Those of the earliest document; of several of one day, the highest.
    First,
    /// Their mean, truncated toward zero.
    Mean,
}

/// A number that records amount to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Number {
    /// How many.
    Count,
    /// How many different values a field has.
    Distinct(FieldIx),
    /// The sum of an amount or a number.
    Total(FieldIx),
    /// Of the records of which it can be told, how many thousandths meet a condition, truncated. Without any: unknown.
    Rate(Predicate),
    /// How many thousandths of the number of other records they are as many, truncated; above 1000 where they are more. Where none of the
    /// others meets its condition for certain: unknown.
    Ratio(Divisor),
}

/// Records of another kind, by whose number that of an indicator's own is divided: of the same window, and neither adverse nor positive,
/// because one more of them turns a ratio either way (D17).
///
/// Of which it cannot be told whether they meet the condition, they are taken as is better for the subject: beside adverse records they are
/// divided by, beside others they are not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Divisor {
    /// Which kind.
    pub kind: KindIx,
    /// Which of its records.
    pub filter: Option<Predicate>,
}

impl Take {
    /// What it means that no record counts, inside coverage.
    pub fn silence(&self) -> Silence {
        match self {
            Take::Each { silence, .. } => *silence,
            Take::Number { .. } => Silence::Nothing,
        }
    }

    /// The most points, without sign, of one record or of one number.
    pub fn most(&self) -> i64 {
        self.points().into_iter().map(i64::saturating_abs).max().unwrap_or(0)
    }

    fn points(&self) -> Vec<i64> {
        match self {
            Take::Each { each, .. } => each.points().iter().map(|points| points.0).collect(),
            Take::Number { bands, .. } => bands.iter().map(|(_, points)| points.0).collect(),
        }
    }

    /// The least and the most points of any number of records, nothing for none of them included; none on a side without limit.
    pub fn range(&self) -> (Option<i64>, Option<i64>) {
        let points = self.points();
        let least = points.iter().copied().fold(0, i64::min);
        let most = points.iter().copied().fold(0, i64::max);
        match self {
            Take::Each { put: Put::Sum, .. } => ((least == 0).then_some(0), (most == 0).then_some(0)),
            _ => (Some(least), Some(most)),
        }
    }
}

impl Each {
    /// Every number of points that one record can be worth before any fade.
    pub fn points(&self) -> Vec<Points> {
        match self {
            Each::Constant(points) => vec![*points],
            Each::ByClass(points) => points.to_vec(),
            Each::ByChoice { points, .. } => points.clone(),
            Each::ByBand { bands, .. } => bands.iter().map(|(_, points)| *points).collect(),
        }
    }
}

/// What one record is worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Each {
    /// The same for each.
    Constant(Points),
    /// By 失信程度, in the order of [`xinzhi_core::record::Class::ALL`].
    ByClass([Points; 3]),
    /// By the value of a choice, in its order.
    ByChoice {
        /// Which choice.
        field: FieldIx,
        /// Points by position of the value.
        points: Vec<Points>,
    },
    /// By bands over an amount, a number or a day count: the last band whose start is not above the value.
    ByBand {
        /// Which field.
        field: FieldIx,
        /// Start of each band with its points, rising; the first starts at the field's minimum.
        bands: Vec<(i64, Points)>,
    },
}

/// What is left of a record's points with age.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fading {
    /// By steps of rising age; none keeps everything to the end of the window.
    Steps(Vec<Fade>),
    /// Everything up to an age in months, then evenly less each day until the window ends. Of a document of day `d`, with `f` the
    /// first day of the window and `w` the first that is younger than the age, at the latest the day of evaluation,
    /// `(d - f + 1) * 1000 / (w - f + 1)` thousandths are left, truncated, and never more than all.
    Linear {
        /// Age in months, 0 or more.
        after_months: i32,
    },
}

/// From `after_months` on, `keep` thousandths of a record's points remain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fade {
    /// Age in months.
    pub after_months: i32,
    /// Thousandths kept.
    pub keep: i64,
}

/// What forces a grade whatever the points are.
#[derive(Clone, Debug)]
pub struct Override {
    /// Records of which kind.
    pub kind: KindIx,
    /// Of a list: an entry in force. Of any other kind: a record in the window that meets the condition.
    pub when: Forcing,
    /// The grade, one of the scorecard's.
    pub grade: usize,
    /// Why.
    pub basis: Vec<LawIx>,
}

/// When a record forces a grade.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Forcing {
    /// While it stands on its list.
    Listed,
    /// While its document is younger than the window and it meets the condition.
    Within {
        /// Which records.
        filter: Option<Predicate>,
        /// How old they may be, in months before the day of evaluation.
        window_months: i32,
    },
}

/// A grade.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grade {
    /// Short name, as `A`.
    pub name: String,
    /// Chinese words for it.
    pub title: String,
    /// Least points; none where peers decide.
    pub from: Option<Points>,
}
