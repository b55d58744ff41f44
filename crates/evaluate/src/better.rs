//! What would make a grade better, and when: computed by the same kernel, never estimated.
//!
//! Only two things are looked at: days that pass, and remedies that the pack declares for the records there are. On every day on which
//! anything at all may change, every set of up to [`STEPS_MAX`] remedies is a subject of its own in one population, so each answer is
//! an evaluation like any other. The future is one in which everything goes on being reported and nothing new has to be.

use std::collections::{BTreeMap, BTreeSet};

use xinzhi_core::record::RecordId;
use xinzhi_core::{Day, Points};
use xinzhi_rules::fact::{Fact, leaves_window_on};
use xinzhi_rules::model::{Fading, KindIx, Remedy, SubjectKindIx};
use xinzhi_rules::predicate::Column;

use crate::coverage::Coverage;
use crate::evaluate::{Fault, Question, Subject, applicable};
use crate::feed::Feed;
use crate::kernel;
use crate::peers::PeersPlan;
use crate::plan::{ForcingPlan, IndicatorPlan, OverridePlan, Plan, TakePlan};
use crate::result::{Outcome, Reason, Standing};

mod sets;

use sets::Sets;

/// Most steps of a set that is tried.
pub const STEPS_MAX: usize = 4;
/// Most sets tried on one day: all sets of four of twenty remedies, smaller sets where there are more.
const SETS_MAX: usize = 6_195;
/// Most rows that all sets of all days together may have; beyond it later days are looked at without steps.
const ROWS_MAX: usize = 400_000;
/// Most days looked at. Only evenly fading points change on that many.
const DAYS_MAX: usize = 1_500;
/// Sets shown of each way.
const SETS_SHOWN: usize = 5;

/// What would make the grade of a day better.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Better {
    /// The grade of that day; none where there is none, and then nothing is looked for.
    pub grade: Option<usize>,
    /// The ways to the next better grade, then those to the best that can be reached where that is another one.
    pub goals: Vec<Goal>,
    /// Remedies that are open on that day.
    pub open: usize,
    /// Up to how many steps sets were tried on that day; fewer than `open` means that larger ones were not.
    pub tried: usize,
    /// The last day about which something is said: up to the end of the scorecard, or the last change of all.
    pub through: Day,
    /// The last day on which sets of steps were looked at.
    pub steps_through: Day,
    /// When and why the scorecard can no longer be used: nothing is looked at from then on.
    pub ends: Option<(Day, Reason)>,
}

/// A grade, and how it is reached or surpassed: later days need fewer steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Goal {
    /// The worst grade that counts as reaching it.
    pub grade: usize,
    /// By rising day and falling number of steps; the last one may need none.
    pub ways: Vec<Way>,
}

/// The earliest day on which so few steps are enough.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// The day on which they are done and the grade is reached; the day before, as few are not enough.
    pub day: Day,
    /// The smallest sets, those that give most first; fewer steps are not enough on that day.
    pub sets: Vec<StepSet>,
    /// Sets of the same size beyond those.
    pub more: usize,
}

/// Steps that are enough together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepSet {
    /// One a record; none where time alone is enough.
    pub steps: Vec<Step>,
    /// What the evaluation of that day then says.
    pub standing: Standing,
}

/// One remedy of one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Step {
    /// Which record.
    pub record: RecordId,
    /// Its kind.
    pub kind: KindIx,
    /// Place among the kind's remedies.
    pub remedy: usize,
}

impl Way {
    /// How many steps each of its sets has.
    pub fn steps(&self) -> usize {
        self.sets.first().map_or(0, |set| set.steps.len())
    }
}

impl StepSet {
    /// Points on that day; none where a list forces the grade of a subject about which too little is known.
    pub fn points(&self) -> Option<Points> {
        match self.standing.outcome {
            Outcome::Graded { points, .. } => Some(points),
            Outcome::NotEvaluable { .. } => None,
        }
    }
}

/// Looks for what would make the grade better.
///
/// # Errors
/// [`Fault`] where the scorecard does not apply to the subject or cannot be compiled.
pub fn better(question: &Question<'_>, subject: &Subject<'_>) -> Result<Better, Fault> {
    applicable(question, subject.kind)?;
    let plan = Plan::compile(question.pack, question.card)?;
    let coverage = subject.coverage.continued(plan.lag_days(), question.as_of);
    let ends = plan.turns_on(question.as_of).and_then(|day| Some((day, plan.dormant(day)?)));
    let read = subject.facts.iter().filter(|fact| plan.reads().contains_key(&fact.kind));
    let mut search = Search {
        question,
        plan: &plan,
        kind: subject.kind,
        coverage: &coverage,
        facts: read.collect(),
        days: Vec::new(),
        seen: BTreeMap::new(),
        rows: 0,
    };
    search.days = search.days(ends.map(|(day, _)| day));
    let grade = search.standings(0, 0)?.and_then(|tried| tried.first()).and_then(|(_, standing)| standing.grade);
    let open = search.steps_on(question.as_of).len();
    let tried = sets::size_max(open);
    let mut goals = Vec::new();
    if let Some(grade) = grade {
        search.goals(grade, &mut goals)?;
    }
    let last = |place: usize| search.days.get(place).copied().unwrap_or(question.as_of);
    let whole = ends.filter(|_| search.days.len() < DAYS_MAX).map(|(day, _)| day.plus_days(-1));
    let through = whole.unwrap_or_else(|| last(search.days.len().saturating_sub(1)));
    let steps_through = search.steps_missing().map_or(through, |place| last(place.saturating_sub(1)));
    Ok(Better { grade, goals, open, tried, through, steps_through, ends })
}

type Tried = Vec<(Vec<Step>, Standing)>;

struct Search<'s> {
    question: &'s Question<'s>,
    plan: &'s Plan,
    kind: SubjectKindIx,
    coverage: &'s Coverage,
    /// Those of kinds that the plan reads.
    facts: Vec<&'s Fact>,
    /// Rising; the first is the day of the question.
    days: Vec<Day>,
    /// By place of the day and number of steps; none where the sets were too many.
    seen: BTreeMap<(usize, usize), Option<Tried>>,
    rows: usize,
}

impl Search<'_> {
    fn goals(&mut self, grade: usize, goals: &mut Vec<Goal>) -> Result<(), Fault> {
        let Some(next) = grade.checked_sub(1) else { return Ok(()) };
        let ways = self.border(next)?;
        if ways.is_empty() {
            return Ok(());
        }
        goals.push(Goal { grade: next, ways });
        for best in 0..next {
            let ways = self.border(best)?;
            if !ways.is_empty() {
                goals.push(Goal { grade: best, ways });
                break;
            }
        }
        Ok(())
    }

    /// The days on which fewer steps than on any day before are enough for a grade, up to the one on which none is needed.
    fn border(&mut self, goal: usize) -> Result<Vec<Way>, Fault> {
        let mut ways = Vec::new();
        let mut fewest = STEPS_MAX + 1;
        for place in 0..self.days.len() {
            let Some(day) = self.days.get(place).copied() else { break };
            for size in 0..fewest {
                // Where sets of a size were not tried, no later day can be called the first for as many.
                let Some(tried) = self.standings(place, size)? else {
                    fewest = size;
                    break;
                };
                let reach = tried.iter().filter(|(_, standing)| standing.grade.is_some_and(|grade| grade <= goal));
                let reached: Vec<StepSet> = reach.map(|(steps, standing)| StepSet { steps: steps.clone(), standing: *standing }).collect();
                if !reached.is_empty() {
                    ways.push(way(day, reached));
                    fewest = size;
                    break;
                }
            }
            if fewest == 0 {
                break;
            }
        }
        Ok(ways)
    }

    /// What every set of so many steps comes to on a day; none where they are too many to be tried.
    fn standings(&mut self, place: usize, size: usize) -> Result<Option<&Tried>, Fault> {
        let tried = match self.seen.remove(&(place, size)) {
            Some(tried) => tried,
            None => self.tried(place, size)?,
        };
        Ok(self.seen.entry((place, size)).or_insert(tried).as_ref())
    }

    fn tried(&mut self, place: usize, size: usize) -> Result<Option<Tried>, Fault> {
        let Some(day) = self.days.get(place).copied() else { return Ok(None) };
        let open = if size == 0 { Vec::new() } else { self.steps_on(day) };
        if size > sets::size_max(open.len()) && size <= open.len() {
            return Ok(None);
        }
        let rows = sets::count(open.len(), size).saturating_mul(self.facts.len().max(1));
        if size > 0 && place > 0 && self.rows.saturating_add(rows) > ROWS_MAX {
            return Ok(None);
        }
        self.rows = self.rows.saturating_add(rows);
        let records: Vec<RecordId> = open.iter().map(|(step, _)| step.record).collect();
        let mut tried = Vec::new();
        let mut sets = Sets::new(&records, size);
        loop {
            let chunk: Vec<Vec<usize>> = sets.by_ref().take(sets::CHUNK).collect();
            if chunk.is_empty() {
                return Ok(Some(tried));
            }
            self.run(day, &open, chunk, &mut tried)?;
        }
    }

    /// One population: the subject once for each set, with the records that the set changes.
    fn run(&self, day: Day, open: &[(Step, Fact)], sets: Vec<Vec<usize>>, tried: &mut Tried) -> Result<(), Fault> {
        let changed: Vec<BTreeMap<RecordId, &Fact>> = sets
            .iter()
            .map(|set| set.iter().filter_map(|place| open.get(*place)).map(|(step, fact)| (step.record, fact)).collect())
            .collect();
        let facts = &self.facts;
        let subjects: Vec<Vec<&Fact>> =
            changed.iter().map(|changed| facts.iter().map(|fact| changed.get(&fact.record).copied().unwrap_or(fact)).collect()).collect();
        let feed = Feed::new(self.plan, subjects);
        let population = feed.population(&vec![self.coverage; sets.len()])?.with_kinds(vec![self.kind; sets.len()])?;
        let totals = kernel::run(self.plan, &population, day)?;
        for (place, set) in sets.into_iter().enumerate() {
            let steps = set.into_iter().filter_map(|place| open.get(place)).map(|(step, _)| *step).collect();
            tried.extend(totals.standing(self.plan, place).map(|standing| (steps, standing)));
        }
        Ok(())
    }

    /// The remedies that are open on a day and change something that the plan reads, each with the record as it then reads.
    fn steps_on(&self, day: Day) -> Vec<(Step, Fact)> {
        let mut steps: Vec<(Step, Fact)> = Vec::new();
        for fact in &self.facts {
            let remedies = self.remedies(fact);
            let open = remedies.iter().enumerate().filter_map(|(remedy, rule)| {
                let after = rule.done(self.question.pack, fact, day)?;
                let step = Step { record: fact.record, kind: fact.kind, remedy };
                self.seen_by_plan(fact, &after).then_some((step, after))
            });
            steps.extend(open);
        }
        steps.sort_by_key(|(step, _)| *step);
        steps
    }

    fn seen_by_plan(&self, before: &Fact, after: &Fact) -> bool {
        self.plan.reads().get(&before.kind).is_some_and(|reads| {
            let differs = |column| before.value(column) != after.value(column);
            reads.fields.iter().any(|field| differs(Column::Field(*field))) || (reads.class && differs(Column::Class))
        })
    }

    fn remedies(&self, fact: &Fact) -> &[Remedy] {
        self.question.pack.record_kind(fact.kind).map_or(&[], |kind| &kind.remedies)
    }

    /// The first day on which sets of steps were not tried for want of room.
    fn steps_missing(&self) -> Option<usize> {
        let missing = self.seen.iter().filter(|((place, size), tried)| {
            let open = || self.days.get(*place).map_or(0, |day| self.steps_on(*day).len());
            tried.is_none() && *place > 0 && *size <= sets::size_max(open())
        });
        missing.map(|((place, _), _)| *place).min()
    }

    /// Today and every later day on which the result of any set of steps may differ from that of the day before.
    fn days(&self, end: Option<Day>) -> Vec<Day> {
        let today = self.question.as_of;
        let mut days: BTreeSet<Day> = BTreeSet::new();
        for fact in &self.facts {
            self.days_of(fact, &mut days);
            for remedy in self.remedies(fact) {
                days.insert(remedy.opens_on(fact.day));
                let laws = remedy.basis.iter().filter_map(|ix| self.question.pack.law(*ix));
                days.extend(laws.flat_map(|law| [Some(law.in_force.from), law.in_force.until.map(|until| until.plus_days(1))]).flatten());
            }
        }
        days.extend(self.plan.indicators.iter().flat_map(|indicator| self.coverage.borders(&indicator.wanted)));
        days.extend(self.plan.peers.iter().flat_map(PeersPlan::borders));
        let later = days.into_iter().filter(|day| *day > today && end.is_none_or(|end| *day < end));
        std::iter::once(today).chain(later).take(DAYS_MAX).collect()
    }

    /// The days on which a record enters a window, fades or leaves, whatever it says.
    fn days_of(&self, fact: &Fact, days: &mut BTreeSet<Day>) {
        days.insert(fact.day);
        let counted = |indicator: &&IndicatorPlan| indicator.wanted.iter().any(|wanted| wanted.kind == fact.kind);
        for indicator in self.plan.indicators.iter().filter(counted) {
            let leaves = leaves_window_on(fact.day, indicator.window_months);
            days.insert(leaves);
            match &indicator.take {
                TakePlan::Each { fading: Fading::Steps(steps), .. } => {
                    days.extend(steps.iter().map(|step| fact.day.plus_months(step.after_months)));
                }
                TakePlan::Each { fading: Fading::Linear { after_months }, .. } => {
                    let mut day = fact.day.plus_months(*after_months).max(self.question.as_of);
                    while day < leaves {
                        days.insert(day);
                        day = day.plus_days(1);
                    }
                }
                TakePlan::Number { .. } => {}
            }
        }
        days.extend(self.plan.peers.iter().flat_map(|peers| peers.grouping.turns(fact.kind, fact.day)));
        for rule in self.plan.overrides.iter().filter(|rule| rule.kind == fact.kind) {
            days.extend(forcing_days(rule, fact));
        }
    }
}

fn way(day: Day, mut sets: Vec<StepSet>) -> Way {
    sets.sort_by_key(|set| (set.standing.grade, std::cmp::Reverse(set.points()), set.steps.clone()));
    let more = sets.len().saturating_sub(SETS_SHOWN);
    sets.truncate(SETS_SHOWN);
    Way { day, sets, more }
}

fn forcing_days(rule: &OverridePlan, fact: &Fact) -> Vec<Day> {
    match &rule.when {
        ForcingPlan::Listed { from, until } => {
            let days = [fact.value(*from), until.and_then(|until| fact.value(until))];
            days.into_iter().flatten().filter_map(Day::from_number).collect()
        }
        ForcingPlan::Within { window_months, .. } => vec![leaves_window_on(fact.day, *window_months)],
    }
}
