//! Each measure that a check answers with is owed an answer by a day. Here is who owes what, and how much of it is closed.

use xinzhi_core::check::FeedbackOutcome;
use xinzhi_core::{Code, Day, Refusal};
use xinzhi_rules::calendar::Deadline;
use xinzhi_rules::model::{MatterIx, Pack};

/// Days before the due day from which an open obligation is said to be due soon.
pub const DUE_SOON_DAYS: i32 = 2;

/// The day by which a check of `made_on` is to be answered: working days of the pack's calendar.
///
/// # Errors
/// A matter that the pack does not have.
pub fn due(pack: &Pack, matter: MatterIx, made_on: Day) -> Result<Deadline, Refusal> {
    let matter = pack.matters.get(matter.0).ok_or(Code::MatterUnknown)?;
    Ok(pack.calendar.working_days_after(made_on, matter.feedback_within))
}

/// How an obligation stands on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Light {
    /// Not answered, time enough.
    Open,
    /// Not answered, due within [`DUE_SOON_DAYS`].
    DueSoon,
    /// Not closed and past the due day, whether taken up or not.
    Overdue,
    /// Taken up, not yet carried out, still in time.
    Acknowledged,
    /// Carried out.
    Executed,
    /// Not carried out, for a stated reason.
    NotExecuted,
}

impl Light {
    /// The word that people read.
    pub fn title(self) -> &'static str {
        match self {
            Light::Open => "待反馈",
            Light::DueSoon => "即将到期",
            Light::Overdue => "已逾期",
            Light::Acknowledged => "已签收",
            Light::Executed => "已实施",
            Light::NotExecuted => "未实施",
        }
    }

    /// Whether nothing more is owed.
    pub fn closed(self) -> bool {
        matches!(self, Light::Executed | Light::NotExecuted)
    }
}

/// How an obligation due on `due` stands on `today`, after the feedback given so far. The due day itself is still in time.
pub fn light(due: Day, given: &[FeedbackOutcome], today: Day) -> Light {
    if given.contains(&FeedbackOutcome::Applied) {
        return Light::Executed;
    }
    if given.contains(&FeedbackOutcome::NotApplied) {
        return Light::NotExecuted;
    }
    if today > due {
        return Light::Overdue;
    }
    if given.contains(&FeedbackOutcome::Acknowledged) {
        return Light::Acknowledged;
    }
    if today >= due.plus_days(-DUE_SOON_DAYS) { Light::DueSoon } else { Light::Open }
}

/// Obligations counted. `owed` is the sum of the other five, whatever the order they are added in.
///
/// 闭环率 is closed obligations over those that are closed or whose due day has passed: what is not yet due neither helps nor
/// harms, so that a flood of checks on the last day of a month cannot move the figure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LoopFigures {
    /// Every obligation.
    pub owed: i64,
    /// Not answered and in time.
    pub open: i64,
    /// Taken up and in time.
    pub acknowledged: i64,
    /// Carried out.
    pub executed: i64,
    /// Not carried out, for a stated reason.
    pub not_executed: i64,
    /// Not closed and past the due day.
    pub overdue: i64,
}

impl LoopFigures {
    /// Counts one more.
    pub fn add(&mut self, light: Light) {
        self.owed += 1;
        match light {
            Light::Open | Light::DueSoon => self.open += 1,
            Light::Acknowledged => self.acknowledged += 1,
            Light::Executed => self.executed += 1,
            Light::NotExecuted => self.not_executed += 1,
            Light::Overdue => self.overdue += 1,
        }
    }

    /// Those on which nothing more is owed.
    pub fn closed(&self) -> i64 {
        self.executed + self.not_executed
    }

    /// 闭环率 in thousandths, truncated; none while nothing is closed or past its due day.
    pub fn closed_share(&self) -> Option<i64> {
        (self.closed() * 1000).checked_div(self.closed() + self.overdue)
    }
}

impl FromIterator<Light> for LoopFigures {
    fn from_iter<I: IntoIterator<Item = Light>>(lights: I) -> LoopFigures {
        let mut figures = LoopFigures::default();
        lights.into_iter().for_each(|light| figures.add(light));
        figures
    }
}
