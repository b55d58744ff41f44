//! Grades by how peers do: who is compared with whom, and the limits that a run over everybody made of it.
//!
//! Limits are data of the pack, dated like everything else: one subject is graded by them alone, and nobody else's records are read.

use xinzhi_core::day::Span;
use xinzhi_core::{Day, Digest, Points};

use super::{FieldIx, FieldKind, KindIx, Pack, Scorecard, ScorecardIx};

/// Who is compared with whom, and how many of each group get which grade.
#[derive(Clone, Debug)]
pub struct Peers {
    /// What tells groups apart.
    pub by: PeersBy,
    /// Subjects with points that a group needs for limits of its own; a smaller one takes everybody's.
    pub group_size: i64,
    /// Thousandths of a group by grade, best first; together the whole.
    pub shares: Vec<i64>,
}

/// What tells groups apart. Never a place (F2), never a record that is good or bad by itself (D17).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeersBy {
    /// The subject kind.
    Kind,
    /// A choice, such as trade or size: of the latest document up to the day that says one and that its kind still lets be used, and of
    /// several of one day the value that the catalogue lists first. Whoever has none belongs to no group and is measured by everybody's limits.
    Choice {
        /// In records of which kind.
        kind: KindIx,
        /// Which choice.
        field: FieldIx,
    },
}

/// Limits of a scorecard's grades for some days, made by one run over everybody.
#[derive(Clone, Debug)]
pub struct Cutoffs {
    /// Id, the name of its file.
    pub id: String,
    /// Whose grades they limit.
    pub scorecard: ScorecardIx,
    /// The run.
    pub made: Made,
    /// First and last day on which they hold; two of one scorecard never share a day.
    pub from: Day,
    /// The last of them.
    pub until: Day,
    /// Of everybody with points.
    pub everyone: Ladder,
    /// By group, in the order of [`groups`].
    pub groups: Vec<Group>,
}

/// The run that made limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Made {
    /// The day for which everybody's points were computed.
    pub as_of: Day,
    /// Digest of the set of tables that it read.
    pub tables: Digest,
    /// Digest of the pack that it used.
    pub pack: Digest,
}

/// Limits, and of how many subjects they were made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ladder {
    /// How many subjects with points.
    pub size: i64,
    /// Least points by grade, best first, never rising; the last grade holds from the scorecard's least points and is not among them.
    pub limits: Vec<Points>,
}

/// One group of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Group {
    /// Large enough for limits of its own.
    Own(Ladder),
    /// Too small; how many there were.
    Small(i64),
}

impl Cutoffs {
    /// The days on which they hold.
    pub fn in_force(&self) -> Span {
        Span { from: self.from, until: Some(self.until) }
    }
}

/// The names of a scorecard's groups, in the order in which they are numbered; none where nobody is compared.
pub fn groups<'p>(pack: &'p Pack, card: &Scorecard) -> Vec<&'p str> {
    match card.peers.as_ref().map(|peers| peers.by) {
        None => Vec::new(),
        Some(PeersBy::Kind) => card.subjects.iter().filter_map(|ix| pack.subject_kind(*ix)).map(|kind| kind.title.as_str()).collect(),
        Some(PeersBy::Choice { kind, field }) => match pack.record_kind(kind).and_then(|kind| kind.at(field)).map(|field| &field.kind) {
            Some(FieldKind::Choice(choices)) => choices.values.iter().map(|value| value.title.as_str()).collect(),
            _ => Vec::new(),
        },
    }
}
