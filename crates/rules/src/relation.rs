//! Relations between subjects, as a pack declares them and as the rows of a record kind state them.

use crate::model::{FieldIx, LawIx, SubjectKindIx};

/// Position of a kind of relation in [`Pack::relations`](crate::Pack::relations).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RelationIx(pub usize);

/// A kind of relation between organisations or places, as 经营者. The checker lets no natural person stand on either side: from a person
/// nobody can be found. It is read by people only: no rule refers to it, so nothing that one side did reaches the other (L8).
#[derive(Clone, Debug)]
pub struct RelationKind {
    /// Id, as in `operator`.
    pub id: String,
    /// What a subject of `to` is to one of `of`.
    pub title: String,
    /// What a subject of `of` is to one of `to`.
    pub reverse: String,
    /// Whose relation it is.
    pub of: Vec<SubjectKindIx>,
    /// To whom.
    pub to: Vec<SubjectKindIx>,
    /// Why it may be known.
    pub basis: Vec<LawIx>,
    /// Id of the pack that it stands in.
    pub part: String,
}

impl RelationKind {
    /// The kinds of subjects on one side.
    pub fn on(&self, side: Side) -> &[SubjectKindIx] {
        match side {
            Side::Of => &self.of,
            Side::To => &self.to,
        }
    }

    /// What whoever stands on the other side is to one who stands on `side`.
    pub fn seen_from(&self, side: Side) -> &str {
        match side {
            Side::Of => &self.title,
            Side::To => &self.reverse,
        }
    }
}

/// A side of a relation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Whose relation it is.
    Of,
    /// To whom.
    To,
}

impl Side {
    /// The other side.
    pub fn opposite(self) -> Side {
        match self {
            Side::Of => Side::To,
            Side::To => Side::Of,
        }
    }
}

/// Where the rows of a record kind state a relation of their subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Which relation.
    pub relation: RelationIx,
    /// On which side the record's subject stands.
    pub side: Side,
    /// Fields with the other's code; the first that is filled counts.
    pub other: Vec<FieldIx>,
    /// The first day; the document's where there is no such field or it is empty.
    pub from: Option<FieldIx>,
    /// The last day; without it, or where it is empty, the relation goes on.
    pub until: Option<FieldIx>,
}
