//! How often something befalls a group, compared with everybody else: exactly, in integers.
//!
//! A ratio outside 0.8 to 1.25 is the four-fifths rule of the Uniform Guidelines on Employee Selection Procedures, 29 CFR 1607.4(D), read
//! both ways. The same paragraph warns of differences that rest on small numbers: here a group or the rest of fewer than thirty, or one in
//! which fewer than five would be expected, is shown and raises no alarm.

use serde::{Deserialize, Serialize};

/// Fewer than this many compare with nobody.
pub const MEMBERS_MIN: i64 = 30;
/// Fewer than this many expected, were everybody treated alike, are too few.
pub const EXPECTED_MIN: i64 = 5;

/// What a comparison comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Comparison {
    /// Within 0.8 to 1.25, the borders included.
    Even,
    /// Below 0.8.
    Low,
    /// Above 1.25.
    High,
    /// Too few to tell.
    Few,
    /// It befalls nobody, or there is nobody else.
    Nothing,
}

impl Comparison {
    /// Whether somebody should look at it.
    pub fn alarms(self) -> bool {
        matches!(self, Comparison::Low | Comparison::High)
    }

    /// Whether the numbers are enough to say anything.
    pub fn judges(self) -> bool {
        !matches!(self, Comparison::Few | Comparison::Nothing)
    }

    /// The words beside the number, with what befalls a group more or less often.
    pub fn words(self, befalls: Befalls) -> String {
        let what = befalls.title();
        match self {
            Comparison::Even => "在 0.8 至 1.25 之间".to_owned(),
            Comparison::Low => format!("低于 0.8，{what}偏少，须关注"),
            Comparison::High => format!("高于 1.25，{what}偏多，须关注"),
            Comparison::Few => "数量过少，不作判断".to_owned(),
            Comparison::Nothing => "无从比较".to_owned(),
        }
    }
}

/// What a ratio compares: how often what befalls a group. The rule that is read here is about favourable outcomes; what is unfavourable is
/// compared as well, because a share of losers can be uneven where that of winners is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Befalls {
    /// Becomes worse.
    Worse,
    /// Has a worse grade.
    GradeWorse,
    /// Is evaluated no more.
    Lost,
    /// Becomes better.
    Better,
    /// Has a better grade.
    GradeBetter,
    /// Is evaluated only now.
    Found,
    /// Loses an incentive, or gets a restriction.
    Burdened,
    /// Gets an incentive, or is rid of a restriction.
    Relieved,
}

impl Befalls {
    /// What people read.
    pub fn title(self) -> &'static str {
        match self {
            Befalls::Worse => "变差",
            Befalls::GradeWorse => "等级下降",
            Befalls::Lost => "不再评价",
            Befalls::Better => "变好",
            Befalls::GradeBetter => "等级上升",
            Befalls::Found => "改为可以评价",
            Befalls::Burdened => "失去激励或新增惩戒",
            Befalls::Relieved => "新增激励或终止惩戒",
        }
    }

    /// Whether it is favourable.
    pub fn wins(self) -> bool {
        matches!(self, Befalls::Better | Befalls::GradeBetter | Befalls::Found | Befalls::Relieved)
    }
}

/// A group compared with everybody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ratio {
    /// The share of the group over the share of the rest, in thousandths, truncated; none where nobody of the rest is concerned.
    pub thousandths: Option<i64>,
    /// What it comes to; decided on the counts, not on the truncated number.
    pub comparison: Comparison,
}

impl Ratio {
    /// As it is written: `1.25`, or a dash.
    pub fn text(self) -> String {
        self.thousandths.map_or_else(|| "—".to_owned(), |thousandths| xinzhi_core::Points(thousandths).to_string())
    }
}

/// How many of how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Share {
    pub(crate) part: i64,
    pub(crate) whole: i64,
}

/// Compares a group with the rest of `all`, which holds the group too.
pub(crate) fn ratio(group: Share, all: Share) -> Ratio {
    let rest = Share { part: all.part - group.part, whole: all.whole - group.whole };
    let wide = |a: i64, b: i64| i128::from(a) * i128::from(b);
    if all.part <= 0 || group.whole <= 0 || rest.whole <= 0 {
        return Ratio { thousandths: None, comparison: Comparison::Nothing };
    }
    // share of the group : share of the rest = (part × rest's whole) : (whole × rest's part)
    let (over, under) = (wide(group.part, rest.whole), wide(group.whole, rest.part));
    let thousandths = (under > 0).then(|| i64::try_from(over * 1000 / under).unwrap_or(i64::MAX));
    let few = |share: Share| share.whole < MEMBERS_MIN || wide(share.whole, all.part) < wide(EXPECTED_MIN, all.whole);
    let comparison = if few(group) || few(rest) {
        Comparison::Few
    } else if over * 5 < under * 4 {
        Comparison::Low
    } else if over * 4 > under * 5 {
        Comparison::High
    } else {
        Comparison::Even
    };
    Ratio { thousandths, comparison }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Group and rest, each part of whole.
    fn compare(group: (i64, i64), rest: (i64, i64)) -> (Option<i64>, Comparison) {
        let share = |(part, whole)| Share { part, whole };
        let found = ratio(share(group), share((group.0 + rest.0, group.1 + rest.1)));
        (found.thousandths, found.comparison)
    }

    #[test]
    fn the_borders_themselves_do_not_alarm_and_one_step_outside_does() {
        assert_eq!(compare((400, 1000), (500, 1000)), (Some(800), Comparison::Even), "0.8 exactly");
        assert_eq!(compare((399, 1000), (500, 1000)), (Some(798), Comparison::Low), "one less");
        assert_eq!(compare((500, 1000), (400, 1000)), (Some(1250), Comparison::Even), "1.25 exactly");
        assert_eq!(compare((501, 1000), (400, 1000)), (Some(1252), Comparison::High), "one more");
        // Decided on counts: both show as 1.25, one is a hair above.
        assert_eq!(compare((500_001, 1_000_000), (400_000, 1_000_000)), (Some(1250), Comparison::High));
        assert_eq!(compare((399_999, 1_000_000), (500_000, 1_000_000)), (Some(799), Comparison::Low));
    }

    #[test]
    fn few_are_shown_and_raise_no_alarm() {
        assert_eq!(compare((29, 29), (300, 1000)), (Some(3333), Comparison::Few), "29 of a group");
        assert_eq!(compare((30, 30), (300, 1000)), (Some(3333), Comparison::High), "30 of a group");
        // 30 members with 4 expected: 120 of 900 lose.
        assert_eq!(compare((30, 30), (90, 870)).1, Comparison::Few);
        // 30 members with exactly 5 expected: 150 of 900.
        assert_eq!(compare((30, 30), (120, 870)).1, Comparison::High);
        assert_eq!(compare((300, 1000), (29, 29)).1, Comparison::Few, "the rest may be few as well");
    }

    #[test]
    fn nobody_compares_with_nobody() {
        assert_eq!(compare((0, 1000), (0, 1000)), (None, Comparison::Nothing));
        assert_eq!(compare((10, 1000), (0, 0)), (None, Comparison::Nothing));
        assert_eq!(compare((100, 1000), (0, 1000)), (None, Comparison::High), "only the group");
        assert_eq!(compare((0, 1000), (100, 1000)), (Some(0), Comparison::Low), "everybody but the group");
        assert_eq!(compare((1 << 40, 1 << 41), (1 << 40, 1 << 41)), (Some(1000), Comparison::Even), "no overflow");
    }
}
