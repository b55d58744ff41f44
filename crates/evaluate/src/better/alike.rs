//! Records that are worth the same on a day, so that steps are counted and not listed: which of eight equal records is put right makes no
//! difference, only how many are.
//!
//! Two records are alike where everything that the plan can tell of them is equal, as they are and after each of their remedies: what it
//! reads, the window and the stage of the fade that each indicator sees them in, and the very day where the day itself matters. A plan that
//! cannot tell them apart comes to the same whichever of them is changed.

use std::collections::BTreeMap;

use xinzhi_core::Day;
use xinzhi_core::record::RecordId;
use xinzhi_rules::fact::{Fact, window_start};
use xinzhi_rules::model::{Fading, Put};
use xinzhi_rules::predicate::Column;

use super::Step;
use crate::peers::Grouping;
use crate::plan::{ForcingPlan, IndicatorPlan, Plan, TakePlan};

/// A record with what its remedies make of it, by rising remedy.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) record: RecordId,
    pub(super) before: Fact,
    pub(super) steps: Vec<(Step, Fact)>,
}

/// Records that are alike, by rising number; each has the same remedies in the same order.
#[derive(Clone, Debug)]
pub(super) struct Class {
    pub(super) members: Vec<Member>,
    /// How many remedies each of them has.
    pub(super) remedies: usize,
}

/// How many records of each class have each of their remedies done: by class, then by remedy.
pub(super) type Counts = Vec<usize>;

/// The records that a day leaves something to do about, in classes.
#[derive(Clone, Debug, Default)]
pub(super) struct Open {
    pub(super) classes: Vec<Class>,
}

/// All that a plan can tell of a record on a day.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Likeness {
    kind: usize,
    /// By indicator and override of the kind: outside its window, or which fades have begun.
    stages: Vec<usize>,
    /// Where the day itself matters.
    day: Option<Day>,
    /// What the plan reads of it now.
    before: Vec<Option<i64>>,
    /// By remedy, what it reads afterwards.
    after: Vec<(usize, Vec<Option<i64>>)>,
}

impl Open {
    /// Puts records into classes.
    pub(super) fn new(plan: &Plan, members: Vec<Member>, on: Day) -> Open {
        let mut classes: BTreeMap<Likeness, Vec<Member>> = BTreeMap::new();
        for member in members {
            classes.entry(likeness(plan, &member, on)).or_default().push(member);
        }
        let class = |mut members: Vec<Member>| {
            members.sort_by_key(|member| member.record);
            let remedies = members.first().map_or(0, |member| member.steps.len());
            Class { members, remedies }
        };
        Open { classes: classes.into_values().map(class).collect() }
    }

    /// How many steps there can be at once: one a record.
    pub(super) fn records(&self) -> usize {
        self.classes.iter().map(|class| class.members.len()).sum()
    }

    /// All that may be done.
    pub(super) fn steps(&self) -> impl Iterator<Item = Step> + '_ {
        let members = self.classes.iter().flat_map(|class| &class.members);
        members.flat_map(|member| &member.steps).map(|(step, _)| *step)
    }

    /// Every way to do so many steps, as counts.
    pub(super) fn ways(&self, size: usize) -> Vec<Counts> {
        let mut found = Vec::new();
        self.fill(0, size, &mut Vec::new(), &mut found);
        found
    }

    /// How many such ways there are.
    pub(super) fn many(&self, size: usize) -> usize {
        let mut many = vec![0_usize; size + 1];
        if let Some(none) = many.first_mut() {
            *none = 1;
        }
        for class in &self.classes {
            let own: Vec<usize> =
                (0..=size.min(class.members.len())).map(|steps| choose(steps + class.remedies.saturating_sub(1), steps)).collect();
            let sum = |size: usize| {
                let parts =
                    own.iter().enumerate().filter_map(|(steps, own)| Some(own.saturating_mul(*many.get(size.checked_sub(steps)?)?)));
                parts.fold(0_usize, usize::saturating_add)
            };
            many = (0..=size).map(sum).collect();
        }
        many.last().copied().unwrap_or(0)
    }

    fn fill(&self, class: usize, left: usize, counts: &mut Counts, found: &mut Vec<Counts>) {
        let Some(here) = self.classes.get(class) else {
            if left == 0 {
                found.push(counts.clone());
            }
            return;
        };
        let later: usize = self.classes.iter().skip(class + 1).map(|class| class.members.len()).sum();
        for steps in left.saturating_sub(later)..=left.min(here.members.len()) {
            split(here.remedies, steps, counts, &mut |counts| self.fill(class + 1, left - steps, counts, found));
        }
    }

    /// How many sets of steps some counts stand for.
    pub(super) fn sets(&self, counts: &Counts) -> usize {
        let mut counts = counts.iter();
        let mut sets = 1_usize;
        for class in &self.classes {
            let mut left = class.members.len();
            for count in counts.by_ref().take(class.remedies) {
                sets = sets.saturating_mul(choose(left, *count));
                left = left.saturating_sub(*count);
            }
        }
        sets
    }

    /// One set of steps that some counts stand for.
    pub(super) fn one<'o>(&'o self, counts: &Counts) -> Vec<&'o (Step, Fact)> {
        let mut counts = counts.iter();
        let mut set = Vec::new();
        for class in &self.classes {
            let mut members = class.members.iter();
            for (remedy, count) in counts.by_ref().take(class.remedies).enumerate() {
                set.extend(members.by_ref().take(*count).filter_map(|member| member.steps.get(remedy)));
            }
        }
        set
    }

    /// The first sets of steps that some counts stand for, in the order of their steps.
    pub(super) fn first(&self, counts: &Counts, most: usize) -> Vec<Vec<Step>> {
        let mut members: Vec<(usize, &Member)> =
            self.classes.iter().enumerate().flat_map(|(class, of)| of.members.iter().map(move |member| (class, member))).collect();
        members.sort_by_key(|(_, member)| member.record);
        let mut counts = counts.iter().copied();
        let left: Vec<Vec<usize>> = self.classes.iter().map(|class| counts.by_ref().take(class.remedies).collect()).collect();
        let mut found = Vec::new();
        pick((&members, most), left, &mut Vec::new(), &mut found);
        found
    }
}

/// Shares a number of steps out among the remedies of a class.
fn split(remedies: usize, steps: usize, counts: &mut Counts, next: &mut dyn FnMut(&mut Counts)) {
    match remedies {
        0 if steps == 0 => next(counts),
        0 => {}
        1 => {
            counts.push(steps);
            next(counts);
            counts.pop();
        }
        _ => {
            for own in 0..=steps {
                counts.push(own);
                split(remedies - 1, steps - own, counts, next);
                counts.pop();
            }
        }
    }
}

/// Goes through records in their order: a set with a step of an earlier record comes before one without.
fn pick((members, most): (&[(usize, &Member)], usize), left: Vec<Vec<usize>>, set: &mut Vec<Step>, found: &mut Vec<Vec<Step>>) {
    if left.iter().flatten().all(|count| *count == 0) {
        return found.push(set.clone());
    }
    for (place, (class, member)) in members.iter().enumerate() {
        let behind = members.get(place + 1..).unwrap_or(&[]);
        let wanted = left.get(*class).map_or(&[][..], Vec::as_slice);
        for (remedy, (step, _)) in member.steps.iter().enumerate() {
            if wanted.get(remedy).is_none_or(|count| *count == 0) {
                continue;
            }
            let mut rest = left.clone();
            if let Some(count) = rest.get_mut(*class).and_then(|class| class.get_mut(remedy)) {
                *count -= 1;
            }
            set.push(*step);
            pick((behind, most), rest, set, found);
            set.pop();
            if found.len() >= most {
                return;
            }
        }
        // Without this record the others of its class must be enough.
        if behind.iter().filter(|(of, _)| of == class).count() < wanted.iter().sum() {
            return;
        }
    }
}

/// How many ways there are to choose some of many.
fn choose(of: usize, some: usize) -> usize {
    if some > of {
        return 0;
    }
    let mut ways = 1_u128;
    for taken in 0..some.min(of - some) {
        // A product of `taken + 1` consecutive numbers is divisible by every number up to that.
        let (next, by) = (of - taken, taken + 1);
        ways = match ways.checked_mul(next as u128) {
            Some(product) => product / by as u128,
            None => return usize::MAX,
        };
    }
    usize::try_from(ways).unwrap_or(usize::MAX)
}

fn likeness(plan: &Plan, member: &Member, on: Day) -> Likeness {
    let Member { before, steps, .. } = member;
    let (mut stages, mut by_day) = (Vec::new(), false);
    let counts = |indicator: &&IndicatorPlan| indicator.wanted.iter().any(|wanted| wanted.kind == before.kind);
    for indicator in plan.indicators.iter().filter(counts) {
        stages.push(stage(indicator, before.day, on));
        by_day |= match &indicator.take {
            TakePlan::Each { fading: Fading::Linear { .. }, .. } | TakePlan::Each { put: Put::Latest | Put::First, .. } => true,
            TakePlan::Each { .. } | TakePlan::Number { .. } => false,
        };
    }
    for rule in plan.overrides.iter().filter(|rule| rule.kind == before.kind) {
        match &rule.when {
            // The document's day stands in for a day of entry that is not known.
            ForcingPlan::Listed { .. } => by_day = true,
            ForcingPlan::Within { window_months, .. } => stages.push(usize::from(within(before.day, *window_months, on))),
        }
    }
    by_day |= plan.peers.as_ref().is_some_and(|peers| matches!(&peers.grouping, Grouping::Choice { kind, .. } if *kind == before.kind));
    Likeness {
        kind: before.kind.0,
        stages,
        day: by_day.then_some(before.day),
        before: read(plan, before),
        after: steps.iter().map(|(step, after)| (step.remedy, read(plan, after))).collect(),
    }
}

fn within(day: Day, months: i32, on: Day) -> bool {
    window_start(on, months) <= day && day <= on
}

/// 0 outside the window, else how many fades have begun, and one more.
fn stage(indicator: &IndicatorPlan, day: Day, on: Day) -> usize {
    if !within(day, indicator.window_months, on) {
        return 0;
    }
    match &indicator.take {
        TakePlan::Each { fading: Fading::Steps(steps), .. } => {
            1 + steps.iter().filter(|step| day.plus_months(step.after_months) <= on).count()
        }
        TakePlan::Each { fading: Fading::Linear { .. }, .. } | TakePlan::Number { .. } => 1,
    }
}

/// What a plan reads of a record.
fn read(plan: &Plan, fact: &Fact) -> Vec<Option<i64>> {
    let Some(reads) = plan.reads().get(&fact.kind) else { return Vec::new() };
    let fields = reads.fields.iter().map(|field| fact.value(Column::Field(*field)));
    fields.chain(reads.class.then(|| fact.value(Column::Class))).collect()
}
