//! 怎样可以改善: what the kernel found that would make a grade better, with the names of grades, records and articles.

use xinzhi_core::record::RecordId;
use xinzhi_core::{Day, Fen, Points};
pub use xinzhi_evaluate::better::Limit;
use xinzhi_evaluate::better::{Goal, Step, StepSet, Way};
use xinzhi_evaluate::{Better, Evaluation, Question, Subject};
use xinzhi_rules::Pack;
use xinzhi_rules::model::{LawIx, Scorecard, Silence};
use xinzhi_rules::sentence;

use crate::Error;
use crate::evaluation::Known;

/// What would make a grade better.
#[derive(Clone, Debug, Default)]
pub struct BetterView {
    /// What holds for all of it, as sentences: that there is nothing better, what is assumed, how far was looked.
    pub notes: Vec<String>,
    /// Where the search stopped short of all sets of steps; none where what is told is exact.
    pub limit: Option<Limit>,
    /// The next better grade, then the best one within reach where that is another.
    pub goals: Vec<GoalView>,
}

/// A grade within reach.
#[derive(Clone, Debug)]
pub struct GoalView {
    /// Name of the worst grade that a way to it reaches.
    pub grade: String,
    /// `升到 B（良好）`, or `升到 C（一般）或更好` where some ways reach more than others.
    pub says: String,
    /// The ways to it: later ones need fewer steps.
    pub ways: Vec<WayView>,
}

/// The earliest day on which so few steps are enough.
#[derive(Clone, Debug)]
pub struct WayView {
    /// The day on which they are done.
    pub on: Day,
    /// How many.
    pub steps: usize,
    /// The same as a clause.
    pub says: String,
    /// The smallest sets; one of them is enough.
    pub sets: Vec<SetView>,
    /// Sets of the same size that are not shown.
    pub more: usize,
}

/// Steps that are enough together.
#[derive(Clone, Debug)]
pub struct SetView {
    /// Name of the grade of that day.
    pub grade: String,
    /// Points of that day.
    pub points: Option<Points>,
    /// What the grade is worth.
    pub amount: Option<Fen>,
    /// `B（良好），725 分`.
    pub says: String,
    /// None where time alone is enough.
    pub steps: Vec<StepView>,
}

/// One step.
#[derive(Clone, Debug)]
pub struct StepView {
    /// The record that it changes.
    pub record: RecordId,
    /// Title of its kind.
    pub kind: String,
    /// 文书号 of the record.
    pub document: String,
    /// What is done.
    pub step: String,
    /// Where.
    pub at: String,
    /// What the record says afterwards.
    pub becomes: String,
    /// Its articles in force on that day.
    pub basis: Vec<LawIx>,
    /// What is still to be confirmed about it.
    pub to_confirm: Option<String>,
}

/// Looks for what would make an evaluation better, from the same facts.
pub(crate) fn better_view(pack: &Pack, known: &Known, evaluation: &Evaluation) -> Result<BetterView, Error> {
    let subject = Subject { kind: known.kind, facts: &known.facts, coverage: &known.coverage };
    let question = Question { pack, card: evaluation.card, as_of: evaluation.as_of };
    let found = xinzhi_evaluate::better(&question, &subject).map_err(|fault| Error::inconsistent(fault.to_string()))?;
    let card = pack.scorecard(evaluation.card).ok_or_else(|| Error::inconsistent("the scorecard is not in the pack".to_owned()))?;
    let words = Words { pack, card, known, evaluation, as_of: evaluation.as_of };
    Ok(BetterView { notes: words.notes(&found), limit: found.limit, goals: words.goals(&found) })
}

/// The worst grade, by its place from the best, that the ways to a goal reach, and whether some reach a better one. Of sets that are not
/// shown nobody is told more than that they reach the goal.
fn reached(goal: usize, reaches: impl Iterator<Item = usize>, more: bool) -> (usize, bool) {
    let (best, worst) = reaches.fold((goal, None), |(best, worst), grade| (grade.min(best), worst.max(Some(grade))));
    let worst = worst.filter(|_| !more).unwrap_or(goal);
    (worst, best < worst)
}

/// That the answer is not exact, and from when on.
fn limited(limit: Limit, as_of: Day) -> String {
    let Limit { from, steps } = limit;
    let from = if from == as_of { String::new() } else { format!("{from} 起") };
    match steps {
        0 => format!("可以办理的改正事项组合过多，{from}没有推算办理事项的组合，只推算了时间：{OPEN}。"),
        _ => format!("可以办理的改正事项组合过多，{from}仅试到 {steps} 项，没有推算更多项的组合：{OPEN}。"),
    }
}

/// What is left open where not every set was tried.
const OPEN: &str = "可能还有更早的办法，也可能可以升到更高的等级";

struct Words<'a> {
    pack: &'a Pack,
    card: &'a Scorecard,
    known: &'a Known,
    evaluation: &'a Evaluation,
    as_of: Day,
}

impl Words<'_> {
    fn goals(&self, found: &Better) -> Vec<GoalView> {
        // Where not every set was tried, a better one may be among the others.
        let further = if found.limit.is_none() && !found.cut { "最高可以升到" } else { "还可以升到" };
        let best = |place: usize| if place == 0 { "升到" } else { further };
        let first = found.goals.first();
        // What also reaches the best grade is told once, under the next better one.
        let told = |place: usize, way: &&Way| place == 0 || first.is_none_or(|goal| !goal.ways.contains(way));
        let goal = |(place, goal): (usize, &Goal)| {
            let ways: Vec<&Way> = goal.ways.iter().filter(|way| told(place, way)).collect();
            let reaches = ways.iter().flat_map(|way| &way.sets).filter_map(|set| set.standing.grade);
            let (grade, or_more) = reached(goal.grade, reaches, ways.iter().any(|way| way.more > 0));
            let or_more = if or_more { "或更好" } else { "" };
            GoalView {
                grade: self.name(Some(grade)),
                says: format!("{} {}{or_more}", best(place), self.title(Some(grade))),
                ways: ways.into_iter().map(|way| self.way(way)).collect(),
            }
        };
        found.goals.iter().enumerate().map(goal).filter(|goal| !goal.ways.is_empty()).collect()
    }

    fn way(&self, way: &Way) -> WayView {
        let (steps, sets) = (way.steps(), way.sets.len() + way.more);
        let day = if way.day == self.as_of { format!("评价日 {}", way.day) } else { way.day.to_string() };
        let says = match (steps, sets) {
            (0, _) => format!("等到 {day}，不需要办理任何事项"),
            (_, 1) => format!("{day} 办结下列 {steps} 项"),
            _ => format!("{day} 办结下列任意一组，每组 {steps} 项"),
        };
        WayView { on: way.day, steps, says, sets: way.sets.iter().map(|set| self.set(set, way.day)).collect(), more: way.more }
    }

    fn set(&self, set: &StepSet, day: Day) -> SetView {
        let grade = set.standing.grade;
        let (points, amount) = (set.points(), set.standing.amount.map(Fen));
        let points_said = points.map(|points| format!("，{points} 分")).unwrap_or_default();
        let amount_said = amount.zip(self.card.amount.as_ref()).map(|(amount, by)| format!("，{} {amount}", by.title));
        SetView {
            grade: self.name(grade),
            points,
            amount,
            says: format!("{}{points_said}{}", self.title(grade), amount_said.unwrap_or_default()),
            steps: set.steps.iter().filter_map(|step| self.step(step, day)).collect(),
        }
    }

    fn step(&self, step: &Step, day: Day) -> Option<StepView> {
        let kind = self.pack.record_kind(step.kind)?;
        let remedy = kind.remedies.get(step.remedy)?;
        let document = self.known.records.iter().find(|record| record.record == step.record);
        let holds = |ix: &&LawIx| self.pack.law(**ix).is_some_and(|law| law.in_force.contains(day));
        Some(StepView {
            record: step.record,
            kind: kind.title.clone(),
            document: document.map_or_else(String::new, |record| record.document.number.clone()),
            step: remedy.step.clone(),
            at: remedy.at.clone(),
            becomes: sentence::becomes(kind, remedy),
            basis: remedy.basis.iter().filter(holds).copied().collect(),
            to_confirm: remedy.to_confirm.clone(),
        })
    }

    fn notes(&self, found: &Better) -> Vec<String> {
        match found.grade {
            None => return std::iter::once("目前不作评价，不推算怎样改善。".to_owned()).chain(self.unmarked()).collect(),
            Some(0) => return vec!["已是最高等级。".to_owned()],
            Some(_) => {}
        }
        let ways: &[Way] = found.goals.first().map_or(&[], |goal| &goal.ways);
        let alone = ways.last().is_some_and(|way| way.steps() == 0);
        let mut notes = Vec::new();
        if ways.is_empty() {
            let open = match (found.open, found.later, found.limit) {
                (0, 0, None) => "没有可以办理的改正事项".to_owned(),
                (open, 0, None) => format!("可以办理的改正事项有 {open} 项，怎样组合都不能提高等级"),
                (0, later, None) => format!("以后才可以办理的改正事项有 {later} 项，怎样组合都不能提高等级"),
                (open, later, None) => {
                    format!("可以办理的改正事项有 {} 项，其中 {later} 项以后才可以办理，怎样组合都不能提高等级", open + later)
                }
                (_, _, Some(Limit { steps: 0, .. })) => "没有推算办理改正事项的组合".to_owned(),
                (_, _, Some(Limit { steps, .. })) => format!("办理 {steps} 项以内的各种组合都不能提高等级"),
            };
            let through = found.through;
            notes.push(format!("按现有的记录和规则，推算到 {through}：{open}，等级也不会只因时间而提高；今后新的记录不在推算之内。"));
        } else {
            notes.push("推算的前提：规则不变，各类信息照常归集，没有新的记录，办结的结果当日报送生效。".to_owned());
        }
        notes.extend(found.limit.map(|limit| limited(limit, self.as_of)));
        if found.cut && !alone {
            notes.push(format!("变化的日子过多，只推算到 {}：此后可能还有办法。", found.through));
        } else if let Some((day, reason)) = found.ends.filter(|_| !alone) {
            notes.push(format!("{day} 起不再推算：{}。", reason.sentence()));
        }
        notes
    }

    /// Whose marks are missing, where a mark would make a grade possible.
    fn unmarked(&self) -> Option<String> {
        let silent = self.evaluation.unknown().filter(|line| line.silence == Silence::Unknown);
        let titles: Vec<String> = silent.map(|line| format!("“{}”", line.title)).collect();
        (!titles.is_empty()).then(|| format!("{}没有评分记录：有了评分，已知权重达到要求的，才作评价。", titles.concat()))
    }

    fn name(&self, grade: Option<usize>) -> String {
        grade.and_then(|grade| self.card.grades.get(grade)).map_or_else(String::new, |grade| grade.name.clone())
    }

    fn title(&self, grade: Option<usize>) -> String {
        let grade = grade.and_then(|grade| self.card.grades.get(grade));
        grade.map_or_else(String::new, |grade| format!("{}（{}）", grade.name, grade.title))
    }
}

#[cfg(test)]
mod tests {
    use super::{Day, Limit, limited, reached};

    #[test]
    fn that_the_answer_is_not_exact_is_said_with_the_day_and_the_number() {
        let (today, later) = (Day::parse("2026-06-01").unwrap(), Day::parse("2026-07-01").unwrap());
        let told = |from, steps| limited(Limit { from, steps }, today);
        assert!(told(today, 4).contains("过多，仅试到 4 项，没有推算更多项的组合"), "{}", told(today, 4));
        assert!(told(later, 4).contains("过多，2026-07-01 起仅试到 4 项"), "{}", told(later, 4));
        assert!(told(later, 4).contains("可能还有更早的办法，也可能可以升到更高的等级"), "{}", told(later, 4));
        assert!(told(later, 0).contains("2026-07-01 起没有推算办理事项的组合"), "{}", told(later, 0));
    }

    #[test]
    fn a_goal_is_called_by_what_its_ways_reach() {
        let told = |goal, reaches: &[usize], more| reached(goal, reaches.iter().copied(), more);
        assert_eq!(told(2, &[2, 2], false), (2, false), "as far as it says");
        assert_eq!(told(2, &[1], false), (1, false), "the only way leads further");
        assert_eq!(told(2, &[1, 2], false), (2, true), "one of two leads further");
        assert_eq!(told(2, &[0, 1], false), (1, true), "both lead further, one still more");
        assert_eq!(told(2, &[1, 1], true), (2, true), "what is not shown reaches the goal, no more is known of it");
        assert_eq!(told(2, &[], false), (2, false));
    }
}
