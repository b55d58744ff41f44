//! 改正途径: the lawful ways in which a record of a kind becomes better, and what it then says.

use xinzhi_core::Day;

use super::{FieldIx, LawIx, Level, Pack, RecordKind};
use crate::fact::Fact;
use crate::predicate::{Predicate, Truth};

/// A lawful way in which a record becomes better. A kind that has none is one whose records the law lets fade only.
#[derive(Clone, Debug)]
pub struct Remedy {
    /// Of which records; none means of every one.
    pub when: Option<Predicate>,
    /// What the record says afterwards: at least one field, each once.
    pub becomes: Vec<(FieldIx, Becomes)>,
    /// Full months after the date of the document before it may be done; 0 where nothing is laid down.
    pub after_months: i32,
    /// What the subject does, as a clause: 完成整改并申请复查.
    pub step: String,
    /// Where it does so.
    pub at: String,
    /// Why that changes the record.
    pub basis: Vec<LawIx>,
    /// What an operator must still confirm.
    pub to_confirm: Option<String>,
}

/// What a field says once a step is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Becomes {
    /// This, as rules compare it.
    Value(i64),
    /// The day on which the step is done.
    DayDone,
}

impl Remedy {
    /// The first day on which it may be done to a record of `day`, whatever its basis says. Ends of months are clamped.
    pub fn opens_on(&self, day: Day) -> Day {
        day.plus_months(self.after_months)
    }

    /// Whether the law lets it be done on a day: a basis is in force, and one that is more than a description of a model of our own.
    pub fn lawful_on(&self, pack: &Pack, day: Day) -> bool {
        let mut laws = self.basis.iter().filter_map(|ix| pack.law(*ix));
        laws.any(|law| law.in_force.contains(day) && law.level != Level::OwnModel)
    }

    /// The record as it reads when this is done on `done`; none where it is not open to this record on that day, or changes nothing.
    /// A condition that cannot be told opens nothing. A day that came earlier than `done` stays.
    pub fn done(&self, pack: &Pack, fact: &Fact, done: Day) -> Option<Fact> {
        let kind = pack.record_kind(fact.kind)?;
        let applies = self.when.as_ref().is_none_or(|when| fact.truth(when) == Truth::True);
        if !applies || fact.day > done || done < self.opens_on(fact.day) || !self.lawful_on(pack, done) {
            return None;
        }
        let mut after = fact.clone();
        for (field, becomes) in &self.becomes {
            let slot = after.values.get_mut(field.0)?;
            *slot = match becomes {
                Becomes::Value(value) => Some(*value),
                Becomes::DayDone => Some(slot.map_or(done.number(), |day| day.min(done.number()))),
            };
        }
        after.class = class_after(kind, fact, &after);
        (after != *fact).then_some(after)
    }
}

/// 失信程度 follows the fields where it did so before; what a person found, or cannot be told any more, stays.
fn class_after(kind: &RecordKind, before: &Fact, after: &Fact) -> Option<xinzhi_core::record::Class> {
    let by_rule = |fact: &Fact| crate::pack::class_of(kind, &fact.values);
    if by_rule(before) == before.class { by_rule(after).or(before.class) } else { before.class }
}
