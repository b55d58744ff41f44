//! What a change of rules does to one subject.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};
use xinzhi_core::measure::MeasureState;
use xinzhi_core::{Points, SubjectId};
use xinzhi_evaluate::{Outcome, Standing};
use xinzhi_rules::model::Scorecard;

use crate::figure::item::Shared;

/// How somebody stands by one model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stand {
    /// Position among the model's grades; none where not evaluable, and where the model does not evaluate such subjects.
    pub(crate) grade: Option<usize>,
    pub(crate) points: Option<Points>,
}

impl Stand {
    pub(crate) fn of(standing: &Standing) -> Stand {
        let points = match standing.outcome {
            Outcome::Graded { points, .. } => Some(points),
            Outcome::NotEvaluable { .. } => None,
        };
        Stand { grade: standing.grade, points }
    }
}

/// What becomes of a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Move {
    /// A better grade; where it is the same, or cannot be compared, more points.
    Better,
    /// A worse grade, or fewer points.
    Worse,
    /// Neither.
    Same,
    /// Was evaluable, is not any more.
    Lost,
    /// Becomes evaluable.
    Found,
}

impl Move {
    /// Every one, in the order in which they are shown.
    pub const ALL: [Move; 5] = [Move::Worse, Move::Better, Move::Same, Move::Lost, Move::Found];

    /// The word of an address.
    pub fn word(self) -> &'static str {
        match self {
            Move::Better => "better",
            Move::Worse => "worse",
            Move::Same => "same",
            Move::Lost => "lost",
            Move::Found => "found",
        }
    }

    /// What people read.
    pub fn title(self) -> &'static str {
        match self {
            Move::Better => "变好",
            Move::Worse => "变差",
            Move::Same => "不变",
            Move::Lost => "不再评价",
            Move::Found => "改为可以评价",
        }
    }
}

/// The grades of two models by name, best first.
#[derive(Clone, Debug)]
pub(crate) struct Scales {
    old: Vec<String>,
    new: Vec<String>,
}

impl Scales {
    pub(crate) fn of(old: &Scorecard, new: &Scorecard) -> Scales {
        let names = |card: &Scorecard| card.grades.iter().map(|grade| grade.name.clone()).collect();
        Scales { old: names(old), new: names(new) }
    }

    /// The scales of two models by the names of their grades, best first.
    pub(crate) fn named(old: &[String], new: &[String]) -> Scales {
        Scales { old: old.to_vec(), new: new.to_vec() }
    }

    /// The old grades on both sides.
    pub(crate) fn before(&self) -> Scales {
        Scales { old: self.old.clone(), new: self.old.clone() }
    }

    /// Whether both models have the same grades in the same order.
    pub(crate) fn are_equal(&self) -> bool {
        self.old == self.new
    }

    /// Whether the new grade is worse than the old one (greater), better, or the same: by whichever model has both names; none where neither
    /// has, or where the two contradict one another.
    pub(crate) fn compare(&self, old: usize, new: usize) -> Option<Ordering> {
        let (old, new) = (self.old.get(old)?, self.new.get(new)?);
        let by = |scale: &[String]| {
            let place = |name: &String| scale.iter().position(|known| known == name);
            Some(place(new)?.cmp(&place(old)?))
        };
        match (by(&self.old), by(&self.new)) {
            (Some(a), Some(b)) if a != b => None,
            (a, b) => a.or(b),
        }
    }

    /// Whether the grade becomes worse (greater) or better; none where it cannot be said.
    pub(crate) fn grades(&self, before: Stand, after: Stand) -> Option<Ordering> {
        self.compare(before.grade?, after.grade?)
    }

    /// What becomes of a subject.
    pub(crate) fn moved(&self, before: Stand, after: Stand) -> Move {
        match (before.grade, after.grade) {
            (None, None) => return Move::Same,
            (Some(_), None) => return Move::Lost,
            (None, Some(_)) => return Move::Found,
            (Some(_), Some(_)) => {}
        }
        let points = before.points.zip(after.points).map_or(Ordering::Equal, |(before, after)| before.cmp(&after));
        match self.grades(before, after).filter(|grades| grades.is_ne()).unwrap_or(points) {
            Ordering::Greater => Move::Worse,
            Ordering::Less => Move::Better,
            Ordering::Equal => Move::Same,
        }
    }

    /// Whether the grade is another one, by name.
    pub(crate) fn differ(&self, before: Stand, after: Stand) -> bool {
        before.grade.and_then(|grade| self.old.get(grade)) != after.grade.and_then(|grade| self.new.get(grade))
    }
}

/// What becomes of a subject by one model.
#[derive(Clone, Debug)]
pub(crate) struct Shift {
    pub(crate) subject: SubjectId,
    /// Id of its kind.
    pub(crate) kind: std::sync::Arc<str>,
    pub(crate) area: Shared,
    pub(crate) industry: Shared,
    /// By the groupings of the model.
    pub(crate) groups: Vec<Option<usize>>,
    pub(crate) before: Stand,
    pub(crate) after: Stand,
    /// Indicators whose points differ, by their place among the alterations, with the difference.
    pub(crate) points: Vec<(usize, i64)>,
    /// Causes that alone would give another grade, with the stand that they alone would give.
    pub(crate) alone: Vec<(usize, Stand)>,
}

/// What becomes of the measures of a subject at a matter.
#[derive(Clone, Debug)]
pub(crate) struct MeasureShift {
    pub(crate) subject: SubjectId,
    /// Id of its kind.
    pub(crate) kind: std::sync::Arc<str>,
    pub(crate) area: Shared,
    pub(crate) industry: Shared,
    /// By the place of matter and measure among those of both packs.
    pub(crate) moves: Vec<(usize, Option<MeasureState>, Option<MeasureState>)>,
    /// Whether an incentive ends or a restriction begins at any matter.
    pub(crate) burdened: bool,
    /// Whether an incentive begins or a restriction ends at any matter.
    pub(crate) relieved: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scales(old: &[&str], new: &[&str]) -> Scales {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        Scales::named(&names(old), &names(new))
    }

    fn stand(grade: usize, points: i64) -> Stand {
        Stand { grade: Some(grade), points: Some(Points(points)) }
    }

    #[test]
    fn a_grade_decides_and_points_only_within_one() {
        let same = scales(&["A", "B"], &["A", "B"]);
        assert_eq!(same.moved(stand(0, 900), stand(1, 950)), Move::Worse);
        assert_eq!(same.moved(stand(1, 950), stand(0, 900)), Move::Better);
        assert_eq!(same.moved(stand(1, 700), stand(1, 699)), Move::Worse);
        assert_eq!(same.moved(stand(1, 700), stand(1, 700)), Move::Same);
        assert_eq!(same.moved(stand(1, 700), Stand::default()), Move::Lost);
        assert_eq!(same.moved(Stand::default(), stand(1, 700)), Move::Found);
        assert_eq!(same.moved(Stand::default(), Stand::default()), Move::Same);
    }

    #[test]
    fn other_scales_compare_by_name_where_one_of_them_has_both() {
        let finer = scales(&["A", "B"], &["A+", "A", "B"]);
        assert_eq!(finer.compare(0, 0), Some(Ordering::Less), "A to A+, which the new one has above A");
        assert_eq!(finer.compare(0, 1), Some(Ordering::Equal));
        assert_eq!(finer.compare(1, 0), Some(Ordering::Less));
        let strange = scales(&["A", "B"], &["优", "良"]);
        assert_eq!(strange.compare(0, 1), None);
        assert_eq!(strange.moved(stand(0, 900), stand(1, 950)), Move::Better, "points alone");
        let turned = scales(&["A", "B"], &["B", "A"]);
        assert_eq!(turned.compare(0, 0), None, "the scales contradict one another");
    }
}
