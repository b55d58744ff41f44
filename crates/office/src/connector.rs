//! 前置库: a department's own table, polled under the mapping of a source of the pack.
//!
//! Which column is which field stays the pack's business; what is local to an office, the address above all, is what the operator
//! registered, and nothing else is ever called (X8). Reading order: `register` and `change`, `spool` reads a table into lines, `pull` makes
//! them a batch like any other, `work` does so in time.

pub mod change;
pub mod pull;
pub mod register;
mod sentence;
mod spool;
pub mod work;

pub use change::{Change, change, run_soon};
pub use pull::{Look, pull, pull_aside};
pub use register::{New, register};
pub use work::{Work, start, work_due};

use std::sync::Arc;

use xinzhi_core::actor::{Actor, Role};
use xinzhi_core::journal::{Act, Entry};
use xinzhi_core::record::{BatchId, Counts};
use xinzhi_core::{AreaCode, Day, Digest, Moment};
use xinzhi_rules::Pack;
use xinzhi_store::Connection;
use xinzhi_store::connector::{ConnectorRow, PullRow, Registered, Standing};

use crate::permission::{Action, Scope};
use crate::{Error, Office};

/// How a connector stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It was not looked at yet.
    New,
    /// The last look went well.
    Well,
    /// The last look failed.
    Failing,
    /// A batch waits for a person to commit it.
    Waiting(BatchId),
    /// Not polled until it is resumed.
    Paused,
    /// Never polled again.
    Ended,
}

impl State {
    /// The word that people read.
    pub fn title(self) -> &'static str {
        match self {
            State::New => "等待首次取数",
            State::Well => "正常",
            State::Failing => "取数失败",
            State::Waiting(_) => "批次待提交",
            State::Paused => "已暂停",
            State::Ended => "已停用",
        }
    }

    /// The word for programs.
    pub fn word(self) -> &'static str {
        match self {
            State::New => "new",
            State::Well => "well",
            State::Failing => "failing",
            State::Waiting(_) => "waiting",
            State::Paused => "paused",
            State::Ended => "ended",
        }
    }
}

/// A connector as people see it: everything but the password.
#[derive(Clone, Debug)]
pub struct ConnectorView {
    /// The operator's word for it.
    pub id: String,
    /// What people call it.
    pub title: String,
    /// Whose batches they are.
    pub organ: String,
    /// Id of the source.
    pub source: String,
    /// Title of the source.
    pub source_title: String,
    /// Role, host, port and database.
    pub address: String,
    /// Schema and table.
    pub table: String,
    /// Column that grows.
    pub watermark: String,
    /// Column that puts rows with one watermark in order.
    pub key: String,
    /// Seconds, or numbers, that are read again.
    pub overlap: i64,
    /// Minutes between two looks.
    pub every_minutes: i64,
    /// Whether batches wait for a person.
    pub previews: bool,
    /// How it stands.
    pub state: State,
    /// When it is looked at next.
    pub due_at: Moment,
    /// When it was last looked at.
    pub looked_at: Option<Moment>,
    /// Failures in a row.
    pub failures: i64,
    /// What is said of the last look.
    pub sentence: String,
    /// Watermark up to which rows took effect.
    pub reached: Option<String>,
    /// Since which day the table holds everything of its kind, where that was promised.
    pub covers: Option<Day>,
    /// Through which day it was complete, as its batches in effect say.
    pub covered: Option<Day>,
    /// The newest batch with its counts.
    pub batch: Option<(BatchId, Counts)>,
}

/// Every connector.
///
/// # Errors
/// [`xinzhi_core::Code::NotPermitted`].
pub async fn connectors(office: &Arc<Office>, actor: &Actor) -> Result<Vec<ConnectorView>, Error> {
    Scope::of(Action::ManageConnectors, actor)?;
    let pack = office.pack();
    office
        .read(move |connection| {
            let rows = xinzhi_store::connector::every(connection)?;
            rows.into_iter().map(|row| view(connection, &pack, row)).collect()
        })
        .await
}

fn view(connection: &mut Connection, pack: &Pack, row: ConnectorRow) -> Result<ConnectorView, Error> {
    let newest = xinzhi_store::connector::newest_pull(connection, &row.registered.id)?;
    let reached = xinzhi_store::connector::newest_committed(connection, &row.registered.id)?.map(|pull| pull.watermark);
    let covered = xinzhi_store::connector::covered(connection, &row.registered.id)?;
    let state = state(&row, newest.as_ref());
    let batch = match &newest {
        Some(pull) => xinzhi_store::batch::by_id(connection, pull.batch)?.map(|batch| (batch.batch, batch.counts)),
        None => None,
    };
    let of = row.registered;
    let source_title = pack.sources.iter().find(|s| s.id == of.source).map_or_else(|| of.source.clone(), |s| s.title.clone());
    Ok(ConnectorView {
        address: format!("{}@{}:{}/{}", of.user, of.host, of.port, of.database),
        table: format!("{}.{}", of.schema, of.table),
        id: of.id,
        title: of.title,
        organ: of.organ,
        source: of.source,
        source_title,
        watermark: of.watermark,
        key: of.key,
        overlap: of.overlap,
        every_minutes: of.every_minutes,
        previews: of.previews,
        state,
        due_at: row.due_at,
        looked_at: row.looked_at,
        failures: row.failures,
        sentence: row.sentence,
        reached,
        covers: of.covers,
        covered,
        batch,
    })
}

fn state(row: &ConnectorRow, newest: Option<&PullRow>) -> State {
    match row.standing {
        Standing::Ended => State::Ended,
        Standing::Paused => State::Paused,
        Standing::Running if row.failures > 0 => State::Failing,
        Standing::Running => match open_batch(row, newest) {
            Some(batch) if row.registered.previews => State::Waiting(batch),
            _ if row.looked_at.is_none() => State::New,
            _ => State::Well,
        },
    }
}

/// The staged batch that is still waited for.
fn open_batch(row: &ConnectorRow, newest: Option<&PullRow>) -> Option<BatchId> {
    newest.filter(|pull| pull.committed.is_none() && row.abandoned != Some(pull.batch)).map(|pull| pull.batch)
}

/// In whose name rows come in: a program of the department.
fn actor_of(registered: &Registered) -> Actor {
    Actor {
        name: format!("connector:{}", registered.id),
        title: registered.title.clone(),
        role: Role::Department,
        organ: Some(registered.organ.clone()),
        area: AreaCode::parse(&registered.area),
        subject: None,
        is_person: false,
    }
}

/// What the journal keeps of a registration.
fn registered_payload(new: &Registered, salt: &[u8]) -> Digest {
    let numbers = [new.port, new.overlap, new.every_minutes, i64::from(new.previews)].map(i64::to_be_bytes).concat();
    let texts = [
        &new.id,
        &new.title,
        &new.organ,
        &new.area,
        &new.source,
        &new.host,
        &new.database,
        &new.user,
        &new.schema,
        &new.table,
        &new.watermark,
        &new.key,
    ];
    let covers = new.covers.map(|day| day.to_string());
    let parts: Vec<&[u8]> = texts.into_iter().map(String::as_bytes).chain([new.secret.as_slice(), &numbers]).collect();
    // Before there were promises an entry covered none.
    let parts: Vec<&[u8]> = parts.into_iter().chain(covers.as_ref().map(String::as_bytes)).collect();
    xinzhi_proof::salted(salt, &parts)
}

/// What the journal keeps of a change.
fn changed_payload(id: &str, word: &str, secret: Option<&[u8]>, salt: &[u8]) -> Digest {
    xinzhi_proof::salted(salt, &[id.as_bytes(), word.as_bytes(), secret.unwrap_or_default()])
}

/// What the journal keeps of a pull.
fn pulled_payload(id: &str, pull: &PullRow, salt: &[u8]) -> Digest {
    let PullRow { batch, watermark, place, columns, overlapping, .. } = pull;
    xinzhi_proof::salted(salt, &[id.as_bytes(), &batch.0.to_be_bytes(), watermark.as_bytes(), place, columns.as_bytes(), overlapping])
}

/// The payload that an entry about a connector must have, for doctor; none where its fact is missing.
pub(crate) fn payload_at(connection: &mut Connection, entry: &Entry) -> Result<Option<Digest>, Error> {
    let at = entry.position;
    Ok(match entry.draft.act {
        Act::ConnectorRegistered => {
            let row = xinzhi_store::connector::added_at(connection, at)?;
            row.map(|(registered, salt)| registered_payload(&registered, &salt))
        }
        Act::ConnectorChanged => {
            let row = xinzhi_store::connector::changed_at(connection, at)?;
            row.map(|(id, word, secret, salt)| changed_payload(&id, &word, secret.as_deref(), &salt))
        }
        Act::ConnectorPulled => {
            let row = xinzhi_store::connector::pulled_at(connection, at)?;
            row.map(|(id, pull, salt)| pulled_payload(&id, &pull, &salt))
        }
        _ => None,
    })
}
