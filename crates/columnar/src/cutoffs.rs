//! Limits of grades by how peers do: everybody's points, counted by group, and the file that a pack takes.
//!
//! Partitions are counted by several threads and the counts added up, so that neither threads nor partitions can change a limit.

use std::fmt::Write as _;

use xinzhi_core::{Day, Digest, Points};
use xinzhi_evaluate::{Comparison, Outcome, Tally, kernel};
use xinzhi_rules::Pack;
use xinzhi_rules::model::{Peers, Scorecard, groups};

use crate::fault::Fault;
use crate::ordered;
use crate::set::TableSet;

/// Points of everybody who has some, counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tallies {
    /// Of all, those of no group included.
    pub everyone: Tally,
    /// By group, in the order of [`groups`].
    pub groups: Vec<Tally>,
}

/// What limits are asked for, and from what.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'p> {
    /// The pack.
    pub pack: &'p Pack,
    /// One of its scorecards, which compares peers.
    pub card: &'p Scorecard,
    /// How it does.
    pub peers: &'p Peers,
    /// The day for which points are computed.
    pub as_of: Day,
    /// First day on which the limits hold.
    pub from: Day,
    /// Last day on which they do.
    pub until: Day,
    /// Digest of the set's `tables.json`.
    pub tables: Digest,
}

impl Tallies {
    /// Computes everybody's points of a day and counts them by group; `told` hears of every partition that is done.
    ///
    /// # Errors
    /// [`Fault`] where the set cannot be read or lacks what the scorecard reads.
    pub fn over(
        set: &TableSet<'_>,
        (comparison, card): (&Comparison, &Scorecard),
        as_of: Day,
        threads: usize,
        mut told: impl FnMut(),
    ) -> Result<Tallies, Fault> {
        set.fits(comparison.plan().reads())?;
        let mut all = Tallies::new(comparison.groups());
        let partition = |index: usize| {
            let partition = set.partition(index, comparison.plan().reads())?;
            let population = partition.population()?;
            let totals = kernel::run(comparison.plan(), &population, as_of)?;
            let group_of = comparison.group_of(&population, as_of);
            let mut tallies = Tallies::new(comparison.groups());
            let mine = |row: &usize| partition.subjects.kinds.get(*row).is_some_and(|kind| card.subjects.contains(kind));
            for row in (0..partition.subjects.numbers.len()).filter(mine) {
                if let Some(Outcome::Graded { points, .. }) = totals.standing(comparison.plan(), row).map(|standing| standing.outcome) {
                    tallies.add(points, group_of.get(row).copied().flatten());
                }
            }
            Ok(tallies)
        };
        ordered::each(set.partitions(), threads, partition, |tallies| {
            all.join(&tallies);
            told();
            Ok(())
        })?;
        Ok(all)
    }

    fn new(groups: usize) -> Tallies {
        Tallies { everyone: Tally::default(), groups: vec![Tally::default(); groups] }
    }

    fn add(&mut self, points: Points, group: Option<usize>) {
        self.everyone.add(points);
        if let Some(tally) = group.and_then(|group| self.groups.get_mut(group)) {
            tally.add(points);
        }
    }

    fn join(&mut self, other: &Tallies) {
        self.everyone.join(&other.everyone);
        self.groups.iter_mut().zip(&other.groups).for_each(|(tally, other)| tally.join(other));
    }

    /// The file for `cutoffs/ID.yaml` of a pack. Whether a pack takes it, its checker says.
    pub fn text(&self, id: &str, asked: &Asked<'_>) -> String {
        let Asked { pack, card, peers, as_of, from, until, tables } = asked;
        let mut text = format!(
            "# 由 `xinzhi cutoffs` 对全部主体计算，不得手改；评价模型改动后须重新计算。\n\
             cutoffs: {id}\nscorecard: {}\nmade:\n  as_of: {as_of}\n  tables: {}\n  pack: {}\n  rule: {}\nin_force: {{ from: {from}, until: {until} }}\n",
            card.id,
            quoted(&tables.to_string()),
            quoted(&pack.digest.to_string()),
            quoted(&card.text.to_string()),
        );
        let ladder = |tally: &Tally| {
            let points = tally.limits(&peers.shares);
            let limits: Vec<String> =
                card.grades.iter().zip(points).map(|(grade, points)| format!("{}: {points}", quoted(&grade.name))).collect();
            format!("size: {}, limits: {{ {} }}", tally.size(), limits.join(", "))
        };
        // Writing to text cannot fail.
        let _ = writeln!(text, "everyone: {{ {} }}\ngroups:", ladder(&self.everyone));
        for (name, tally) in groups(pack, card).into_iter().zip(&self.groups) {
            let large = i64::try_from(tally.size()).is_ok_and(|size| size >= peers.group_size);
            let told = if large { ladder(tally) } else { format!("size: {}", tally.size()) };
            let _ = writeln!(text, "  - {{ group: {}, {told} }}", quoted(name));
        }
        text
    }
}

/// A text that YAML takes for nothing else.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
