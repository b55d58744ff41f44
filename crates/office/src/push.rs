//! 推送: a department's system is told what concerns it, in order, signed, once in effect; the office knows what arrived and what not.
//!
//! Reading order: `address` says where may be sent to, `subscribe` makes and ends subscriptions, `derive` turns the journal and the
//! passing of days into numbered events, `deliver` sends them, `receipt` hears what became of them, `reconcile` counts, `view` shows.
//!
//! Nothing of this runs in an act that somebody waits for: events follow the journal by cursor, and the cursor moves in the transaction
//! that writes them.

pub mod address;
pub mod deliver;
pub mod derive;
pub mod receipt;
pub mod reconcile;
pub mod subscribe;
pub mod view;

pub use xinzhi_store::push::{AttemptRow, CountsRow, EventRow, ReconciliationRow};
pub use xinzhi_store::subscription::{HostRow, SubscriptionRow};

use xinzhi_core::actor::{Actor, Role};
use xinzhi_core::{Code, Refusal};

use crate::Error;
use crate::permission::{Action, Scope};

/// What a recipient can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EventKind {
    /// A restriction was decided.
    MeasureBegins,
    /// Its last day is over.
    MeasureEnds,
    /// It fell before its time: a record or its basis did.
    MeasureWithdrawn,
    /// A record was replaced, or a batch was taken back.
    RecordCorrected,
    /// A measure of a check is owed an answer, soon or since a while.
    ObligationDue,
}

impl EventKind {
    /// Every kind.
    pub const ALL: [EventKind; 5] = [
        EventKind::MeasureBegins,
        EventKind::MeasureEnds,
        EventKind::MeasureWithdrawn,
        EventKind::RecordCorrected,
        EventKind::ObligationDue,
    ];

    /// The three that belong together: whoever is told of a beginning is told of every end.
    pub const MEASURES: [EventKind; 3] = [EventKind::MeasureBegins, EventKind::MeasureEnds, EventKind::MeasureWithdrawn];

    /// The word of the API and of the envelope.
    pub fn word(self) -> &'static str {
        match self {
            EventKind::MeasureBegins => "measure.begins",
            EventKind::MeasureEnds => "measure.ends",
            EventKind::MeasureWithdrawn => "measure.withdrawn",
            EventKind::RecordCorrected => "record.corrected",
            EventKind::ObligationDue => "obligation.due",
        }
    }

    /// The inverse of [`EventKind::word`].
    pub fn from_word(word: &str) -> Option<EventKind> {
        EventKind::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// The word that people read.
    pub fn title(self) -> &'static str {
        match self {
            EventKind::MeasureBegins => "惩戒措施开始",
            EventKind::MeasureEnds => "惩戒措施到期",
            EventKind::MeasureWithdrawn => "惩戒措施撤回",
            EventKind::RecordCorrected => "记录更正或撤回",
            EventKind::ObligationDue => "反馈即将到期或逾期",
        }
    }
}

/// The office itself when it derives and sends: the journal names it `push`.
pub(crate) fn sender() -> Actor {
    Actor {
        name: "push".to_owned(),
        title: "推送".to_owned(),
        role: Role::Centre,
        organ: None,
        area: None,
        subject: None,
        is_person: false,
    }
}

/// The scope of whoever is told, or the refusal.
pub(crate) fn scope(actor: &Actor) -> Result<Scope, Error> {
    Scope::of(Action::Subscribe, actor)
}

/// Whether a subscription of `organ` lies inside; the whole office's own belongs to the centre alone.
pub(crate) fn covers(scope: &Scope, organ: Option<&str>) -> bool {
    scope.covers_work(organ, None)
}

pub(crate) fn invalid(field: &str, words: impl Into<String>) -> Error {
    Refusal::field(Code::FieldInvalid, field, words).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_lead_back_to_their_kinds() {
        for kind in EventKind::ALL {
            assert_eq!(EventKind::from_word(kind.word()), Some(kind));
        }
        assert_eq!(EventKind::from_word("measure"), None);
    }
}
