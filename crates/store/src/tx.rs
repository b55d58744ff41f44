//! One act inside a group: its connection, its actor, its moment, its place in the journal.

use xinzhi_core::actor::Actor;
use xinzhi_core::journal::{Draft, Entry, Position};
use xinzhi_core::{Day, Moment};

use crate::connection::Connection;
use crate::sql::statements;
use crate::{Fault, params};

statements! {
    /// Appends an entry.
    APPEND = "insert into journal (entry, at, actor, act, subject_id, refs, payload) values ($1, $2, $3, $4, $5, $6, $7)";
    /// Hands out numbers.
    COUNT_UP = "update counter set value = value + $2 where name = $1 returning value";
}

/// What a writing use case holds. It exists only inside [`crate::Writer`], so nothing is written without an actor, a moment
/// and a journal to append to.
#[derive(Debug)]
pub struct Tx<'a> {
    pub(crate) connection: &'a mut Connection,
    pub(crate) actor: &'a Actor,
    pub(crate) moment: Moment,
    pub(crate) head: i64,
    pub(crate) entropy: &'a dyn Entropy,
}

/// Where randomness comes from: the binary passes the operating system's, tests a seeded one.
pub trait Entropy: Send + Sync + std::fmt::Debug {
    /// Fills `bytes`.
    fn fill(&self, bytes: &mut [u8]);
}

impl Tx<'_> {
    /// For reading inside the act.
    pub fn connection(&mut self) -> &mut Connection {
        self.connection
    }

    /// Who acts.
    pub fn actor(&self) -> &Actor {
        self.actor
    }

    /// When this act happens; fixed for its whole length.
    pub fn moment(&self) -> Moment {
        self.moment
    }

    /// The civil day of this act.
    pub fn today(&self) -> Day {
        self.moment.day()
    }

    /// The last position that is known to this act.
    pub fn head(&self) -> Position {
        Position(self.head)
    }

    /// The position that the next entry will take: for facts that the entry's payload covers, and that carry it.
    pub fn next_position(&self) -> Position {
        Position(self.head + 1)
    }

    /// Fresh random bytes, for salts and keys.
    pub fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.entropy.fill(&mut bytes);
        bytes
    }

    /// Writes the next journal entry and returns its position, which the facts of this act carry. Its payload, the digest of those facts,
    /// is stored bound to every other column of the entry.
    pub fn append(&mut self, draft: &Draft) -> Result<Position, Fault> {
        let entry = Entry { position: self.next_position(), at: self.moment, actor: self.actor.name.clone(), draft: draft.clone() };
        let seal = xinzhi_proof::sealed_entry(&entry);
        let Draft { act, subject, refs, .. } = draft;
        let parameters = params![entry.position.0, entry.at.0, &entry.actor, act.word(), *subject, refs, &seal];
        self.connection.execute(&APPEND, parameters)?;
        self.head = entry.position.0;
        Ok(entry.position)
    }

    /// Takes a block of `count` numbers of `name` and returns the first.
    pub fn take_numbers(&mut self, name: &'static str, count: i64) -> Result<i64, Fault> {
        let row = self.connection.query_one(&COUNT_UP, params![name, count])?;
        Ok(row.get::<i64>("value")? - count + 1)
    }
}
