//! Grades by how peers do: to which group a subject belongs, which limits hold for it on a day, and where a run puts them.
//!
//! The kernel never compares subjects. It reads limits that the pack dates, and of them those of the subject's group.

use std::collections::BTreeMap;
use std::ops::Range;

use xinzhi_core::{Day, Points};
use xinzhi_rules::fact::{Fact, leaves_window_on, window_start};
use xinzhi_rules::model::{Cutoffs, FieldIx, Group, KindIx, Ladder, Pack, PeersBy, Scorecard, ScorecardIx, SubjectKindIx};
use xinzhi_rules::predicate::Column;

use crate::columns::{ColumnsFault, KindColumns, Population};
use crate::kernel;
use crate::plan::{Plan, PlanFault};

/// The limits of a plan, for the days on which there are some.
#[derive(Clone, Debug)]
pub(crate) struct PeersPlan {
    pub grouping: Grouping,
    /// By rising day, never two on one day.
    pub sets: Vec<LimitSet>,
}

/// How to tell a subject's group.
#[derive(Clone, Debug)]
pub(crate) enum Grouping {
    /// Position among these.
    Kind(Vec<SubjectKindIx>),
    /// A choice of so many values, in the latest record that says one and is not older than so many months.
    Choice { kind: KindIx, field: FieldIx, months: i32, groups: usize },
}

/// Limits of some days: everybody's first, then those of groups that have some of their own.
#[derive(Clone, Debug)]
pub(crate) struct LimitSet {
    /// Which of the pack's.
    pub place: usize,
    pub from: Day,
    pub until: Day,
    ladders: Vec<Vec<i64>>,
    /// By group, which ladder.
    of: Vec<u16>,
}

impl PeersPlan {
    /// Compiles what the pack holds for a scorecard; none where its grades follow from points alone.
    pub(crate) fn compile(pack: &Pack, ix: ScorecardIx, card: &Scorecard) -> Result<Option<PeersPlan>, PlanFault> {
        let fault = || PlanFault::Peers(card.id.clone());
        let Some(peers) = &card.peers else { return Ok(None) };
        let grouping = match peers.by {
            PeersBy::Kind => Grouping::Kind(card.subjects.clone()),
            PeersBy::Choice { kind, field } => {
                let groups = xinzhi_rules::model::groups(pack, card).len();
                let months = pack.record_kind(kind).map(|kind| kind.retention_months).filter(|months| *months > 0 && groups > 0);
                Grouping::Choice { kind, field, months: months.ok_or_else(fault)?, groups }
            }
        };
        let mine = pack.cutoffs.iter().enumerate().filter(|(_, set)| set.scorecard == ix);
        let mut sets = mine.map(|(place, set)| LimitSet::compile(place, set, card, grouping.groups())).collect::<Option<Vec<_>>>();
        if let Some(sets) = &mut sets {
            sets.sort_by_key(|set| set.from);
        }
        let apart = |sets: &Vec<LimitSet>| sets.is_sorted_by(|a, b| a.until < b.from) && sets.iter().all(|set| set.from <= set.until);
        Ok(Some(PeersPlan { grouping, sets: sets.filter(apart).ok_or_else(fault)? }))
    }

    /// The limits that hold on a day.
    pub(crate) fn on(&self, day: Day) -> Option<&LimitSet> {
        self.sets.iter().find(|set| set.from <= day && day <= set.until)
    }

    /// The days on which limits begin to hold, or no longer do.
    pub(crate) fn borders(&self) -> impl Iterator<Item = Day> {
        self.sets.iter().flat_map(|set| [set.from, set.until.plus_days(1)])
    }
}

impl LimitSet {
    fn compile(place: usize, set: &Cutoffs, card: &Scorecard, groups: usize) -> Option<LimitSet> {
        let asked = card.grades.len().checked_sub(1)?;
        let rungs = |ladder: &Ladder| {
            let limits: Vec<i64> = ladder.limits.iter().map(|points| points.0).chain([card.min.0]).collect();
            (ladder.limits.len() == asked && limits.is_sorted_by(|a, b| a >= b)).then_some(limits)
        };
        let mut ladders = vec![rungs(&set.everyone)?];
        let mut of = Vec::with_capacity(groups);
        for group in &set.groups {
            of.push(match group {
                Group::Small(_) => 0,
                Group::Own(ladder) => {
                    ladders.push(rungs(ladder)?);
                    u16::try_from(ladders.len() - 1).ok()?
                }
            });
        }
        (of.len() == groups).then_some(LimitSet { place, from: set.from, until: set.until, ladders, of })
    }

    /// Which ladder a group has; everybody's where it is too small or nobody knows it.
    pub(crate) fn ladder_of(&self, group: Option<usize>) -> u16 {
        group.and_then(|group| self.of.get(group)).copied().unwrap_or(0)
    }

    /// Starts of the grades, best first.
    pub(crate) fn ladder(&self, ladder: u16) -> &[i64] {
        self.ladders.get(usize::from(ladder)).map_or(&[], Vec::as_slice)
    }
}

impl Grouping {
    /// How many groups there are.
    pub(crate) fn groups(&self) -> usize {
        match self {
            Grouping::Kind(kinds) => kinds.len(),
            Grouping::Choice { groups, .. } => *groups,
        }
    }

    /// The group of each of some subjects of a population on a day.
    pub(crate) fn of(&self, population: &Population<'_>, subjects: Range<usize>, as_of: Day) -> Vec<Option<usize>> {
        match self {
            Grouping::Kind(kinds) => subjects
                .map(|subject| population.subject_kind(subject).and_then(|kind| kinds.iter().position(|known| *known == kind)))
                .collect(),
            Grouping::Choice { kind, field, months, .. } => match population.kind(*kind) {
                Some(columns) => chosen(&columns.of(subjects), *field, (as_of, *months)),
                None => vec![None; subjects.len()],
            },
        }
    }

    /// The days on which a record may change the group of its subject: that of its document, and that on which it is too old.
    pub(crate) fn turns(&self, kind: KindIx, day: Day) -> Vec<Day> {
        match self {
            Grouping::Choice { kind: own, months, .. } if *own == kind => vec![day, leaves_window_on(day, *months)],
            Grouping::Choice { .. } | Grouping::Kind(_) => Vec::new(),
        }
    }

    /// Whether a record is one that tells the group.
    pub(crate) fn told_by(&self, fact: &Fact) -> bool {
        matches!(self, Grouping::Choice { kind, field, .. } if *kind == fact.kind && fact.value(Column::Field(*field)).is_some())
    }
}

/// Whose limits hold for each of some subjects on a day; empty where points alone decide, or where no limits hold.
pub(crate) fn ladders(plan: &Plan, population: &Population<'_>, subjects: Range<usize>, as_of: Day) -> Result<Vec<u16>, ColumnsFault> {
    let Some((peers, limits)) = plan.peers.as_ref().zip(plan.limits(as_of)) else { return Ok(Vec::new()) };
    if matches!(peers.grouping, Grouping::Kind(_)) && !population.kinds_known() {
        return Err(ColumnsFault::Kinds);
    }
    Ok(peers.grouping.of(population, subjects, as_of).into_iter().map(|group| limits.ladder_of(group)).collect())
}

/// The choice of each subject's latest row up to a day that has one; of several of one day, the first in the catalogue.
fn chosen(columns: &KindColumns<'_>, field: FieldIx, (as_of, months): (Day, i32)) -> Vec<Option<usize>> {
    let column = columns.column(Column::Field(field));
    let (first, last) = (kernel::number(window_start(as_of, months)), kernel::number(as_of));
    kernel::ranges(&kernel::ends(columns.starts))
        .map(|(start, end)| {
            let rows = (start..end).filter_map(|row| {
                let day = columns.day.get(row).copied().filter(|day| (first..=last).contains(day))?;
                Some((std::cmp::Reverse(day), column?.at(row)?))
            });
            rows.min().and_then(|(_, value)| usize::try_from(value).ok())
        })
        .collect()
}

/// The points of a group, counted: what limits are made of, whoever counted them in whatever order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally(BTreeMap<i64, u64>);

impl Tally {
    /// Counts one subject.
    pub fn add(&mut self, points: Points) {
        *self.0.entry(points.0).or_default() += 1;
    }

    /// Counts everybody of another tally as well.
    pub fn join(&mut self, other: &Tally) {
        for (points, many) in &other.0 {
            *self.0.entry(*points).or_default() += many;
        }
    }

    /// How many subjects.
    pub fn size(&self) -> u64 {
        self.0.values().sum()
    }

    /// The limits of all grades but the last. With `c` thousandths of `n` subjects in a grade and the better ones, its limit is the points
    /// of the one at place `⌈n·c/1000⌉` from the top: at least that share has the grade or a better one, and equal points are never parted.
    pub fn limits(&self, shares: &[i64]) -> Vec<Points> {
        let all = u128::from(self.size());
        let asked = shares.get(..shares.len().saturating_sub(1)).unwrap_or(&[]);
        let mut limits = Vec::with_capacity(asked.len());
        let mut falling = self.0.iter().rev();
        let (mut passed, mut points, mut sum) = (0_u128, None, 0_u128);
        for share in asked {
            sum += u128::from(share.unsigned_abs());
            let place = (all * sum).div_ceil(1000);
            while passed < place {
                let Some((next, many)) = falling.next() else { break };
                passed += u128::from(*many);
                points = Some(Points(*next));
            }
            limits.extend(points);
        }
        limits
    }
}

/// A scorecard's points for everybody, before there are limits, and everybody's group: what a run makes limits of.
#[derive(Clone, Debug)]
pub struct Comparison {
    plan: Plan,
    grouping: Grouping,
}

impl Comparison {
    /// Compiles a scorecard that compares peers for a day; none where it compares nobody.
    ///
    /// # Errors
    /// [`PlanFault`], as of [`Plan::compile`].
    pub fn compile(pack: &Pack, card: ScorecardIx, as_of: Day) -> Result<Option<Comparison>, PlanFault> {
        let (plan, peers) = Plan::compile(pack, card)?.without_peers(as_of);
        Ok(peers.map(|peers| Comparison { plan, grouping: peers.grouping }))
    }

    /// The plan to be run; its grades mean nothing, and a day before the scorecard's first is like that.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// How many groups there are.
    pub fn groups(&self) -> usize {
        self.grouping.groups()
    }

    /// The group of each subject of a population on a day; none where it is in none.
    pub fn group_of(&self, population: &Population<'_>, as_of: Day) -> Vec<Option<usize>> {
        self.grouping.of(population, 0..population.subjects(), as_of)
    }
}
