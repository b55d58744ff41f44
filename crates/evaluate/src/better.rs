//! What would make a grade better, and when: computed by the same kernel, never estimated.
//!
//! Only two things are looked at: days that pass, and remedies that the pack declares for the records there are. On every day on which
//! anything at all may change, sets of remedies are subjects of their own in one population, smaller ones first, so each answer is an
//! evaluation like any other. Records that a plan cannot tell apart are counted and not listed (`alike`), and sets of a size that cannot be
//! enough are passed over (`bound`): what is found is the same as if every set had been tried. Where even so there are too many, the
//! answer says from when on and up to how many steps they were. The future is one in which everything goes on being reported and nothing
//! new has to be.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

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

mod alike;

mod bound;

mod named;

use alike::{Counts, Member, Open};
use bound::Bound;

/// Most sets evaluated on one day, of which those that differ only in alike records count once.
const SETS_MAX: usize = 6_195;
/// Most rows that all sets of all later days together may have.
const ROWS_MAX: usize = 400_000;
/// Sets that become one population at a time.
const CHUNK: usize = 1_024;
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
    /// Further ones that open later, of the days that were looked at.
    pub later: usize,
    /// Where the search stopped short of all sets; none where what is told is exact.
    pub limit: Option<Limit>,
    /// The last day about which something is said: up to the end of the scorecard, or the last change of all.
    pub through: Day,
    /// Whether things change on so many days that later ones were left out.
    pub cut: bool,
    /// When and why the scorecard can no longer be used: nothing is looked at from then on.
    pub ends: Option<(Day, Reason)>,
}

/// Sets were too many: larger ones than this may be enough, and were not tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The first day on which not all were.
    pub from: Day,
    /// Up to how many steps all sets were, on each day; 0 where from that day on only time was looked at.
    pub steps: usize,
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
        opened: BTreeMap::new(),
        sets: BTreeMap::new(),
        rows: 0,
        missed: Vec::new(),
    };
    let cut;
    (search.days, cut) = search.days(ends.map(|(day, _)| day));
    let grade = search.standings(0, 0)?.and_then(|tried| tried.first()).and_then(|(_, standing)| standing.grade);
    let now: BTreeSet<Step> = search.steps_on(question.as_of).into_iter().map(|(step, _)| step).collect();
    let mut goals = Vec::new();
    if let Some(grade) = grade {
        search.goals(grade, &mut goals)?;
    }
    let last = |place: usize| search.days.get(place).copied().unwrap_or(question.as_of);
    let whole = ends.filter(|_| !cut).map(|(day, _)| day.plus_days(-1));
    let through = whole.unwrap_or_else(|| last(search.days.len().saturating_sub(1)));
    let missed = search.missed.iter().map(|(place, _)| *place).min().zip(search.missed.iter().map(|(_, size)| *size).min());
    let limit = missed.map(|(place, size)| Limit { from: last(place), steps: size.saturating_sub(1) });
    let later: BTreeSet<Step> = search.opened.values().flat_map(|opened| opened.0.steps()).filter(|step| !now.contains(step)).collect();
    Ok(Better { grade, goals, open: now.len(), later: later.len(), limit, through, cut, ends })
}

/// Sets, those that differ only in alike records once, with what they come to.
type Tried = Vec<(Counts, Standing)>;

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
    /// By place of the day.
    opened: BTreeMap<usize, Rc<(Open, Bound)>>,
    /// Sets evaluated, by place of the day.
    sets: BTreeMap<usize, usize>,
    /// Rows of all sets of later days.
    rows: usize,
    /// Places of days and sizes of sets that were too many.
    missed: Vec<(usize, usize)>,
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
        let mut fewest = usize::MAX;
        for place in 0..self.days.len() {
            let Some(day) = self.days.get(place).copied() else { break };
            let Some(now) = self.standings(place, 0)?.and_then(|tried| tried.first()).map(|(_, standing)| *standing) else { break };
            if reaches(&now, goal) {
                let set = StepSet { steps: Vec::new(), standing: now };
                ways.push(Way { day, sets: vec![set], more: 0 });
                break;
            }
            let opened = self.opened(place, day)?;
            let (open, bound) = &*opened;
            let Some(least) = bound.least(self.plan, (goal, now), open.records()) else { continue };
            for size in least..=open.records().min(fewest.saturating_sub(1)) {
                // Where sets of a size were not tried, no later day can be called the first for as many.
                let Some(tried) = self.standings(place, size)? else {
                    self.missed.push((place, size));
                    fewest = size;
                    break;
                };
                let reached: Vec<&(Counts, Standing)> = tried.iter().filter(|(_, standing)| reaches(standing, goal)).collect();
                if !reached.is_empty() {
                    ways.push(way(day, open, reached));
                    fewest = size;
                    break;
                }
            }
        }
        Ok(ways)
    }

    /// What is open on a day, and what it can come to.
    fn opened(&mut self, place: usize, day: Day) -> Result<Rc<(Open, Bound)>, Fault> {
        if let Some(opened) = self.opened.get(&place) {
            return Ok(Rc::clone(opened));
        }
        let mut members: Vec<Member> = Vec::new();
        for (step, after) in self.steps_on(day) {
            match members.last_mut().filter(|member| member.record == step.record) {
                Some(member) => member.steps.push((step, after)),
                None => {
                    let Some(before) = self.facts.iter().find(|fact| fact.record == step.record) else { continue };
                    members.push(Member { record: step.record, before: (*before).clone(), steps: vec![(step, after)] });
                }
            }
        }
        let open = Open::new(self.plan, members, day);
        let bound = if open.records() == 0 {
            Bound::default()
        } else {
            Bound::read(self.plan, (&self.facts, self.coverage, self.kind), &open, day)?
        };
        let opened = Rc::new((open, bound));
        self.opened.insert(place, Rc::clone(&opened));
        Ok(opened)
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
        if size == 0 {
            let mut tried = Vec::new();
            self.run(day, &Open::default(), vec![Vec::new()], &mut tried)?;
            return Ok(Some(tried));
        }
        let opened = self.opened(place, day)?;
        let (open, _) = &*opened;
        let (many, before) = (open.many(size), self.sets.get(&place).copied().unwrap_or(0));
        let (sets, rows) = (before.saturating_add(many), many.saturating_mul(self.facts.len().max(1)));
        if sets > SETS_MAX || (place > 0 && self.rows.saturating_add(rows) > ROWS_MAX) {
            return Ok(None);
        }
        self.sets.insert(place, sets);
        if place > 0 {
            self.rows = self.rows.saturating_add(rows);
        }
        let mut tried = Vec::new();
        for chunk in open.ways(size).chunks(CHUNK) {
            self.run(day, open, chunk.to_vec(), &mut tried)?;
        }
        Ok(Some(tried))
    }

    /// One population: the subject once for each set, with the records that the set changes.
    fn run(&self, day: Day, open: &Open, sets: Vec<Counts>, tried: &mut Tried) -> Result<(), Fault> {
        let changed: Vec<BTreeMap<RecordId, &Fact>> =
            sets.iter().map(|counts| open.one(counts).into_iter().map(|(step, fact)| (step.record, fact)).collect()).collect();
        let facts = &self.facts;
        let subjects: Vec<Vec<&Fact>> =
            changed.iter().map(|changed| facts.iter().map(|fact| changed.get(&fact.record).copied().unwrap_or(fact)).collect()).collect();
        let feed = Feed::new(self.plan, subjects);
        let population = feed.population(&vec![self.coverage; sets.len()])?.with_kinds(vec![self.kind; sets.len()])?;
        let totals = kernel::run(self.plan, &population, day)?;
        for (place, counts) in sets.into_iter().enumerate() {
            tried.extend(totals.standing(self.plan, place).map(|standing| (counts, standing)));
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

    /// Today and every later day on which the result of any set of steps may differ from that of the day before; whether there are more of
    /// them than are looked at.
    fn days(&self, end: Option<Day>) -> (Vec<Day>, bool) {
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
        let kinds: BTreeSet<KindIx> = self.facts.iter().map(|fact| fact.kind).collect();
        days.extend(named::days(self.question.pack, self.plan, &kinds));
        let later = days.into_iter().filter(|day| *day > today && end.is_none_or(|end| *day < end));
        let mut days: Vec<Day> = std::iter::once(today).chain(later).collect();
        let cut = days.len() > DAYS_MAX;
        days.truncate(DAYS_MAX);
        (days, cut)
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

fn reaches(standing: &Standing, goal: usize) -> bool {
    standing.grade.is_some_and(|grade| grade <= goal)
}

/// The sets that are enough, those that give most first.
fn way(day: Day, open: &Open, mut reached: Vec<&(Counts, Standing)>) -> Way {
    let all = reached.iter().map(|(counts, _)| open.sets(counts)).fold(0_usize, usize::saturating_add);
    let worth = |standing: &Standing| {
        let points = match standing.outcome {
            Outcome::Graded { points, .. } => Some(points),
            Outcome::NotEvaluable { .. } => None,
        };
        (standing.grade, std::cmp::Reverse(points))
    };
    reached.sort_by_key(|(_, standing)| worth(standing));
    let mut sets: Vec<StepSet> = Vec::new();
    for alike in reached.chunk_by(|(_, a), (_, b)| worth(a) == worth(b)) {
        let first = alike
            .iter()
            .flat_map(|(counts, standing)| open.first(counts, SETS_SHOWN).into_iter().map(|steps| StepSet { steps, standing: *standing }));
        let mut first: Vec<StepSet> = first.collect();
        first.sort_by(|a, b| a.steps.cmp(&b.steps));
        sets.extend(first);
        if sets.len() >= SETS_SHOWN {
            break;
        }
    }
    sets.truncate(SETS_SHOWN);
    Way { day, more: all.saturating_sub(sets.len()), sets }
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
