//! What would make a grade better, on the wire.

use serde::Serialize;
use utoipa::ToSchema;
use xinzhi_office::rules::Pack;
use xinzhi_office::subject::better as found;

/// What would make a grade better: days that pass, steps that the pack provides for, both. Computed by the rules, never estimated.
#[derive(Debug, Serialize, ToSchema)]
pub struct BetterView {
    /// What holds for all of it: that there is nothing better, what is assumed, how far was looked.
    notes: Vec<String>,
    /// Where not all sets of steps were tried, because there are too many; null where what is told is exact.
    limit: Option<LimitView>,
    /// The next better grade, then the best one within reach where that takes more.
    goals: Vec<GoalView>,
}

/// How far sets of steps were tried. Larger ones may be enough as well, and earlier.
#[derive(Debug, Serialize, ToSchema)]
pub struct LimitView {
    /// The first day on which not all were, YYYY-MM-DD.
    from: String,
    /// Up to how many steps all of them were, on each day; 0 where from that day on only time was looked at.
    steps: usize,
}

/// A grade within reach.
#[derive(Debug, Serialize, ToSchema)]
pub struct GoalView {
    /// Its name.
    grade: String,
    /// The same as a clause.
    says: String,
    /// By rising day and falling number of steps.
    ways: Vec<WayView>,
}

/// The earliest day on which so few steps are enough.
#[derive(Debug, Serialize, ToSchema)]
pub struct WayView {
    /// The day on which they are done, YYYY-MM-DD.
    on: String,
    /// How many; 0 where time alone is enough.
    steps: usize,
    /// The same as a clause.
    says: String,
    /// The smallest sets, those that give most first: one of them is enough.
    sets: Vec<StepSetView>,
    /// Sets of the same size that are not listed.
    more: usize,
}

/// Steps that are enough together.
#[derive(Debug, Serialize, ToSchema)]
pub struct StepSetView {
    /// The grade of that day.
    grade: String,
    /// Points of that day as written, `835` or `812.5`.
    points: Option<String>,
    /// What the grade is worth.
    amount: Option<String>,
    /// The same as a clause.
    says: String,
    steps: Vec<StepView>,
}

/// One step.
#[derive(Debug, Serialize, ToSchema)]
pub struct StepView {
    /// The record that it changes.
    record: i64,
    /// Title of its kind.
    kind: String,
    /// 文书号.
    document: String,
    /// What is done.
    step: String,
    /// Where.
    at: String,
    /// What the record says afterwards.
    becomes: String,
    /// The articles in force on that day.
    basis: Vec<String>,
    /// What is still to be confirmed about it.
    to_confirm: Option<String>,
}

impl BetterView {
    /// As the office found it.
    pub(super) fn of(pack: &Pack, view: &found::BetterView) -> BetterView {
        let goal = |goal: &found::GoalView| GoalView {
            grade: goal.grade.clone(),
            says: goal.says.clone(),
            ways: goal.ways.iter().map(|one| way(pack, one)).collect(),
        };
        let limit = view.limit.map(|limit| LimitView { from: limit.from.to_string(), steps: limit.steps });
        BetterView { notes: view.notes.clone(), limit, goals: view.goals.iter().map(goal).collect() }
    }
}

fn way(pack: &Pack, way: &found::WayView) -> WayView {
    let set = |set: &found::SetView| StepSetView {
        grade: set.grade.clone(),
        points: set.points.map(|points| points.to_string()),
        amount: set.amount.map(|amount| amount.to_string()),
        says: set.says.clone(),
        steps: set.steps.iter().map(|one| step(pack, one)).collect(),
    };
    WayView { on: way.on.to_string(), steps: way.steps, says: way.says.clone(), sets: way.sets.iter().map(set).collect(), more: way.more }
}

fn step(pack: &Pack, step: &found::StepView) -> StepView {
    StepView {
        record: step.record.0,
        kind: step.kind.clone(),
        document: step.document.clone(),
        step: step.step.clone(),
        at: step.at.clone(),
        becomes: step.becomes.clone(),
        basis: step.basis.iter().filter_map(|ix| pack.law(*ix)).map(xinzhi_office::rules::model::Law::citation).collect(),
        to_confirm: step.to_confirm.clone(),
    }
}
