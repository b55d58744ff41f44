//! 怎样可以改善: under each evaluation, what the rules compute and nothing beyond.

use xinzhi_office::rules::Pack;
use xinzhi_office::subject::better::{BetterView, GoalView, SetView, StepView, WayView};

use super::super::rules::{Basis, bases};

/// What would make a grade better.
#[derive(Debug)]
pub(in super::super) struct BetterPart {
    pub(in super::super) notes: Vec<String>,
    pub(in super::super) goals: Vec<GoalPart>,
}

/// A grade within reach.
#[derive(Debug)]
pub(in super::super) struct GoalPart {
    pub(in super::super) says: String,
    pub(in super::super) ways: Vec<WayPart>,
}

/// The earliest day on which so few steps are enough.
#[derive(Debug)]
pub(in super::super) struct WayPart {
    pub(in super::super) says: String,
    pub(in super::super) sets: Vec<SetPart>,
    pub(in super::super) more: usize,
}

/// Steps that are enough together.
#[derive(Debug)]
pub(in super::super) struct SetPart {
    pub(in super::super) says: String,
    pub(in super::super) steps: Vec<StepPart>,
}

/// One step.
#[derive(Debug)]
pub(in super::super) struct StepPart {
    pub(in super::super) record: i64,
    pub(in super::super) words: String,
    pub(in super::super) step: String,
    pub(in super::super) at: String,
    pub(in super::super) becomes: String,
    pub(in super::super) basis: Vec<Basis>,
    pub(in super::super) to_confirm: Option<String>,
}

impl BetterPart {
    pub(super) fn of(view: &BetterView, pack: &Pack) -> BetterPart {
        BetterPart { notes: view.notes.clone(), goals: view.goals.iter().map(|one| goal(one, pack)).collect() }
    }
}

fn goal(goal: &GoalView, pack: &Pack) -> GoalPart {
    GoalPart { says: goal.says.clone(), ways: goal.ways.iter().map(|one| way(one, pack)).collect() }
}

fn way(way: &WayView, pack: &Pack) -> WayPart {
    WayPart { says: way.says.clone(), sets: way.sets.iter().map(|one| set(one, pack)).collect(), more: way.more }
}

fn set(set: &SetView, pack: &Pack) -> SetPart {
    SetPart { says: set.says.clone(), steps: set.steps.iter().map(|one| step(one, pack)).collect() }
}

fn step(step: &StepView, pack: &Pack) -> StepPart {
    StepPart {
        record: step.record.0,
        words: format!("{} {}", step.kind, step.document),
        step: step.step.clone(),
        at: step.at.clone(),
        becomes: step.becomes.clone(),
        basis: bases(pack, &step.basis),
        to_confirm: step.to_confirm.clone(),
    }
}
