//! What follows from an act: one exhaustive match, in the transaction of the act. Here the loop closes.

use xinzhi_core::SubjectId;
use xinzhi_core::journal::Act;
use xinzhi_core::record::{BatchId, RecordId};
use xinzhi_rules::Pack;
use xinzhi_rules::model::RecordKind;
use xinzhi_store::Tx;
use xinzhi_store::record::{NewRecord, RecordRow};
use xinzhi_store::subject::SubjectRow;

use crate::Error;
use crate::import::subjects::{House, tokens};

/// Rows read or indexed at once.
const PAGE: i64 = 1_000;

/// What happened, with what its consequences need to know.
#[derive(Debug)]
pub(crate) enum Event {
    /// Facts arrived.
    BatchCommitted {
        /// Which batch.
        batch: BatchId,
        /// Id of the record kind.
        kind: String,
    },
    /// Facts were taken back.
    BatchRecalled {
        /// Which batch.
        batch: BatchId,
        /// Id of the record kind.
        kind: String,
    },
    /// A person took in a row that waited.
    RowTaken {
        /// The record that it became.
        record: RecordId,
    },
    /// A measure of a check was answered for good: that is a record again.
    FeedbackGiven {
        /// The record that it becomes.
        record: Box<NewRecord>,
    },
}

/// What an act may change about what recipients of pushes were told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Telling {
    /// Nothing.
    Nothing,
    /// There is a decision to be told of.
    Decision,
    /// Records of a whole batch fell, and with them perhaps decisions.
    Batch,
    /// One record took the place of another.
    Row,
    /// Every rule may read otherwise.
    Everything,
}

/// What follows from an act for the recipients of pushes. Sending protects nobody and may come later: `push::derive` follows the journal by
/// cursor, and `store::push::TELLING` reads the entries that are named here.
pub(crate) fn tells(act: Act) -> Telling {
    match act {
        Act::RestrictionDecided => Telling::Decision,
        Act::BatchRecalled => Telling::Batch,
        Act::RowRuled => Telling::Row,
        Act::PackInstalled => Telling::Everything,
        Act::OfficeFounded
        | Act::BatchStaged
        | Act::BatchCommitted
        | Act::CheckMade
        | Act::FeedbackGiven
        | Act::SubjectRead
        | Act::IdentityUnmasked
        | Act::AccountCreated
        | Act::AccountChanged
        | Act::SignedIn
        | Act::SignInFailed
        | Act::KeyCreated
        | Act::ClockCorrected
        | Act::SubscriptionMade
        | Act::SubscriptionChanged
        | Act::SubscriptionEnded
        | Act::EventResent
        | Act::AccountReleased
        | Act::AccountEnded
        | Act::PasswordSet
        | Act::ConnectorRegistered
        | Act::ConnectorChanged
        | Act::ConnectorPulled
        | Act::KeyEnded
        | Act::OrganRecorded
        | Act::AreaRecorded
        | Act::JournalExported
        | Act::FactorChanged
        | Act::FactorPassed
        | Act::HostListed => Telling::Nothing,
    }
}

/// Does in this transaction what follows from `event`.
pub(crate) fn follow(tx: &mut Tx, house: &House<'_>, event: &Event) -> Result<(), Error> {
    match event {
        Event::BatchCommitted { batch, kind } => describe_anew(tx, house.pack, *batch, kind, false),
        Event::BatchRecalled { batch, kind } => describe_anew(tx, house.pack, *batch, kind, true),
        Event::RowTaken { record } => describe_by(tx, house.pack, *record),
        Event::FeedbackGiven { record } => Ok(xinzhi_store::record::insert_one(tx, record)?),
    }
}

/// Name, area and industry of a subject are what its latest registration says. Only kinds that tell an area describe.
fn describe_anew(tx: &mut Tx, pack: &Pack, batch: BatchId, kind: &str, recalled: bool) -> Result<(), Error> {
    let Some(kind) = pack.record_kinds.iter().find(|k| k.id == kind).filter(|k| k.roles.area.is_some()) else { return Ok(()) };
    let mut last = RecordId(0);
    loop {
        let rows = xinzhi_store::record::descriptions(tx.connection(), batch, last, PAGE)?;
        let Some(end) = rows.last() else { break };
        last = end.record;
        for row in &rows {
            let said = description(kind, &row.fields)?;
            let (name, area, industry) = &row.known;
            let same = said.name.as_ref().is_none_or(|said| said == name) && said.area == *area && said.industry == *industry;
            if recalled || !same {
                describe_subject(tx, pack, row.subject)?;
            }
        }
    }
    while xinzhi_store::subject::index_pending(tx, PAGE)? {}
    Ok(())
}

/// The same where one record took the place of another.
fn describe_by(tx: &mut Tx, pack: &Pack, record: RecordId) -> Result<(), Error> {
    let head = tx.head();
    let Some(row) = xinzhi_store::record::by_id(tx.connection(), record, head)? else { return Ok(()) };
    if pack.record_kind_by_name(&row.kind).is_some_and(|(_, kind)| kind.roles.area.is_some()) {
        describe_subject(tx, pack, row.subject)?;
        while xinzhi_store::subject::index_pending(tx, PAGE)? {}
    }
    Ok(())
}

/// What a registration says of its subject.
pub(crate) struct Said {
    pub(crate) name: Option<String>,
    pub(crate) area: Option<String>,
    pub(crate) industry: Option<String>,
}

pub(crate) fn description(kind: &RecordKind, fields: &str) -> Result<Said, Error> {
    let fields: serde_json::Value = serde_json::from_str(fields).map_err(|e| Error::inconsistent(format!("fields of a record: {e}")))?;
    let text = |role: Option<xinzhi_rules::model::FieldIx>| {
        let code = role.and_then(|ix| kind.at(ix)).map(|field| field.code.as_str())?;
        fields.get(code).and_then(serde_json::Value::as_str).map(str::to_owned)
    };
    Ok(Said { name: text(kind.roles.party_name), area: text(kind.roles.area), industry: text(kind.roles.industry) })
}

/// Takes over what the latest registration in effect says; without one, what was known stays.
fn describe_subject(tx: &mut Tx, pack: &Pack, id: SubjectId) -> Result<(), Error> {
    let head = tx.head();
    let records = xinzhi_store::record::of_subject(tx.connection(), id, head)?;
    let Some(mut row) = xinzhi_store::subject::by_id(tx.connection(), id)? else { return Ok(()) };
    let old_name = row.name.clone();
    if !describe(pack, &records, &mut row)? {
        return Ok(());
    }
    if row.name != old_name {
        for (_, code) in xinzhi_store::subject::codes(tx.connection(), id)? {
            xinzhi_store::subject::find_by(tx, &[(id, tokens(&row.name, &code).join(" "))])?;
        }
    }
    Ok(xinzhi_store::subject::describe(tx, &row)?)
}

/// Puts into `row` what the latest registration among `records` says; tells whether there is one.
pub(crate) fn describe(pack: &Pack, records: &[RecordRow], row: &mut SubjectRow) -> Result<bool, Error> {
    let latest = records.iter().find_map(|record| {
        let kind = pack.record_kinds.iter().find(|k| k.id == record.kind).filter(|k| k.roles.area.is_some())?;
        Some((kind, record))
    });
    let Some((kind, record)) = latest else { return Ok(false) };
    let said = description(kind, &record.fields)?;
    if let Some(name) = said.name.filter(|name| !name.is_empty()) {
        row.name = name;
    }
    (row.area, row.industry) = (said.area, said.industry);
    Ok(true)
}
