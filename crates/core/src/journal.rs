//! The journal: every change of state is one append-only entry, and nothing else says what happened.

use serde::{Deserialize, Serialize};

use crate::{Digest, Moment, SubjectId};

/// A place in the journal, from 1 upwards without gaps. What an office knew is what stands at or before a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Position(pub i64);

/// Every kind of act. The loop closes in one exhaustive `match` over it, in `office`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// The office was created.
    OfficeFounded,
    /// A pack was installed by digest.
    PackInstalled,
    /// A file was read and judged; nothing of it counts yet.
    BatchStaged,
    /// A staged batch became facts, all at once.
    BatchCommitted,
    /// A committed batch was taken back, all at once.
    BatchRecalled,
    /// A person ruled on a row that waited: a correction, a conflict, an identity.
    RowRuled,
    /// A business system asked.
    CheckMade,
    /// It told what it did.
    FeedbackGiven,
    /// A named person decided on a restriction.
    RestrictionDecided,
    /// Somebody read a subject's file.
    SubjectRead,
    /// Somebody saw a full identity number.
    IdentityUnmasked,
    /// An account was made.
    AccountCreated,
    /// An account was locked, unlocked, signed out by force, or given other rights.
    AccountChanged,
    /// An account was given its effect.
    AccountReleased,
    /// An account was ended for good.
    AccountEnded,
    /// A password was changed by its owner, or reset.
    PasswordSet,
    /// Somebody signed in.
    SignedIn,
    /// A sign-in failed.
    SignInFailed,
    /// An API key was made.
    KeyCreated,
    /// The clock had been ahead; from here on moments are compared with this one.
    ClockCorrected,
    /// A department's table was registered for polling.
    ConnectorRegistered,
    /// A connector was paused, resumed, ended, or given a new password.
    ConnectorChanged,
    /// Rows of a department's table were staged as a batch.
    ConnectorPulled,
    /// A department's system asked to be told.
    SubscriptionMade,
    /// Where it is told, of what, or under which key.
    SubscriptionChanged,
    /// It is told no more.
    SubscriptionEnded,
    /// Somebody had an event sent again.
    EventResent,
    /// The office may send to a host, or no longer.
    HostListed,
    /// An API key was ended.
    KeyEnded,
    /// An organ was entered into the table, changed or taken out.
    OrganRecorded,
    /// Areas were entered into the table, renamed or taken out.
    AreaRecorded,
    /// The journal, or a part of it, was handed out as a file.
    JournalExported,
    /// The second factor of an account was set up, switched off by its owner, or taken away by somebody else.
    FactorChanged,
    /// A second factor was given at a sign-in.
    FactorPassed,
}

impl Act {
    /// Every act.
    pub const ALL: [Act; 34] = [
        Act::OfficeFounded,
        Act::PackInstalled,
        Act::BatchStaged,
        Act::BatchCommitted,
        Act::BatchRecalled,
        Act::RowRuled,
        Act::CheckMade,
        Act::FeedbackGiven,
        Act::RestrictionDecided,
        Act::SubjectRead,
        Act::IdentityUnmasked,
        Act::AccountCreated,
        Act::AccountChanged,
        Act::AccountReleased,
        Act::AccountEnded,
        Act::PasswordSet,
        Act::SignedIn,
        Act::SignInFailed,
        Act::KeyCreated,
        Act::ClockCorrected,
        Act::ConnectorRegistered,
        Act::ConnectorChanged,
        Act::ConnectorPulled,
        Act::SubscriptionMade,
        Act::SubscriptionChanged,
        Act::SubscriptionEnded,
        Act::EventResent,
        Act::HostListed,
        Act::KeyEnded,
        Act::OrganRecorded,
        Act::AreaRecorded,
        Act::JournalExported,
        Act::FactorChanged,
        Act::FactorPassed,
    ];

    /// The word that the journal stores.
    pub fn word(self) -> &'static str {
        match self {
            Act::OfficeFounded => "office_founded",
            Act::PackInstalled => "pack_installed",
            Act::BatchStaged => "batch_staged",
            Act::BatchCommitted => "batch_committed",
            Act::BatchRecalled => "batch_recalled",
            Act::RowRuled => "row_ruled",
            Act::CheckMade => "check_made",
            Act::FeedbackGiven => "feedback_given",
            Act::RestrictionDecided => "restriction_decided",
            Act::SubjectRead => "subject_read",
            Act::IdentityUnmasked => "identity_unmasked",
            Act::AccountCreated => "account_created",
            Act::AccountChanged => "account_changed",
            Act::AccountReleased => "account_released",
            Act::AccountEnded => "account_ended",
            Act::PasswordSet => "password_set",
            Act::SignedIn => "signed_in",
            Act::SignInFailed => "sign_in_failed",
            Act::KeyCreated => "key_created",
            Act::ClockCorrected => "clock_corrected",
            Act::ConnectorRegistered => "connector_registered",
            Act::ConnectorChanged => "connector_changed",
            Act::ConnectorPulled => "connector_pulled",
            Act::SubscriptionMade => "subscription_made",
            Act::SubscriptionChanged => "subscription_changed",
            Act::SubscriptionEnded => "subscription_ended",
            Act::EventResent => "event_resent",
            Act::HostListed => "host_listed",
            Act::KeyEnded => "key_ended",
            Act::OrganRecorded => "organ_recorded",
            Act::AreaRecorded => "area_recorded",
            Act::JournalExported => "journal_exported",
            Act::FactorChanged => "factor_changed",
            Act::FactorPassed => "factor_passed",
        }
    }

    /// The inverse of [`Act::word`].
    pub fn from_word(word: &str) -> Option<Act> {
        Act::ALL.into_iter().find(|act| act.word() == word)
    }
}

/// What a use case hands to the journal; position, moment and actor are the transaction's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// What happened.
    pub act: Act,
    /// About whom, where it is about one subject.
    pub subject: Option<SubjectId>,
    /// Numbers of the rows this entry covers, as canonical JSON; never personal data.
    pub refs: String,
    /// Salted digest of the payload, which lives in the fact tables.
    pub payload: Digest,
}

/// An entry as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Where it stands.
    pub position: Position,
    /// When it was written.
    pub at: Moment,
    /// Who acted.
    pub actor: String,
    /// The rest.
    pub draft: Draft,
}
