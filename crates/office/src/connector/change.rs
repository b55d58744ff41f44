//! What is done to a connector: paused, resumed, ended, given a new password, or looked at sooner.

use xinzhi_core::Code;
use xinzhi_core::actor::Actor;
use xinzhi_core::journal::{Act, Draft};
use xinzhi_store::connector::{ConnectorRow, Standing};
use xinzhi_store::{Entropy, Tx};

use crate::connector::register::{check_secret, invalid, must_be_operator, sealed};
use crate::connector::{changed_payload, open_batch};
use crate::idempotent::Once;
use crate::keys::Keys;
use crate::permission::{Action, Scope};
use crate::{Error, Office};

/// What is to be done.
#[derive(Clone, PartialEq, Eq)]
pub enum Change {
    /// No more looks for now.
    Pause,
    /// Looks again, from where it stood; what the table looks like now is what it should look like, and a staged batch is not waited for.
    Resume,
    /// No more looks, ever.
    End,
    /// The password changed at the department.
    Secret(String),
}

impl std::fmt::Debug for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.word())
    }
}

impl Change {
    /// The word that is stored.
    fn word(&self) -> &'static str {
        match self {
            Change::Pause => "paused",
            Change::Resume => "resumed",
            Change::End => "ended",
            Change::Secret(_) => "secret",
        }
    }
}

/// Changes a connector. Asking for what is so already is no fault and leaves no trace.
///
/// # Errors
/// [`Code::NotPermitted`], [`Code::NotFound`], [`Code::FieldInvalid`] for one that has ended.
pub async fn change(office: &Office, actor: &Actor, id: &str, (change, once): (Change, Option<Once>)) -> Result<(), Error> {
    match &change {
        Change::Pause | Change::Resume => drop(Scope::of(Action::ManageConnectors, actor)?),
        Change::End => must_be_operator(actor)?,
        Change::Secret(secret) => {
            must_be_operator(actor)?;
            check_secret(secret)?;
        }
    }
    let (id, keys, world) = (id.to_owned(), office.keys.clone(), office.world.clone());
    office
        .write(actor, move |tx| {
            if once.as_ref().map(|once| once.given(tx)).transpose()?.flatten().is_some() {
                return Ok(());
            }
            let row = running(tx, &id)?;
            if change != Change::Pause || row.standing != Standing::Paused {
                write(tx, (&keys, world.entropy.as_ref()), &row, &change)?;
            }
            once.map_or(Ok(()), |once| once.keep(tx, "{}"))
        })
        .await
}

fn running(tx: &mut Tx, id: &str) -> Result<ConnectorRow, Error> {
    let row = xinzhi_store::connector::by_id(tx.connection(), id)?.ok_or(Code::NotFound)?;
    match row.standing {
        Standing::Ended => Err(invalid("id", format!("前置库 `{id}` 已停用，如需再用请另行登记"))),
        Standing::Running | Standing::Paused => Ok(row),
    }
}

fn write(tx: &mut Tx, (keys, entropy): (&Keys, &dyn Entropy), row: &ConnectorRow, change: &Change) -> Result<(), Error> {
    let id = &row.registered.id;
    let secret = match change {
        Change::Secret(secret) => Some(sealed(keys, entropy, id, secret)?),
        Change::Pause | Change::Resume | Change::End => None,
    };
    let salt: [u8; 16] = tx.random();
    let refs = format!("{{\"change\":\"{}\",\"connector\":\"{id}\"}}", change.word());
    let payload = changed_payload(id, change.word(), secret.as_deref(), &salt);
    let entry = tx.append(&Draft { act: Act::ConnectorChanged, subject: None, refs, payload })?;
    xinzhi_store::connector::change(tx, entry, id, change.word(), (secret.as_deref(), &salt))?;
    if *change == Change::Resume {
        let newest = xinzhi_store::connector::newest_pull(tx.connection(), id)?;
        if let Some(batch) = open_batch(row, newest.as_ref()) {
            xinzhi_store::connector::abandon(tx, id, batch)?;
        }
    }
    if matches!(change, Change::Resume | Change::Secret(_)) {
        let now = tx.moment();
        xinzhi_store::connector::set_due(tx, id, now)?;
    }
    Ok(())
}

/// Lets the next look be due now; the thread of the server takes it up within a second.
///
/// # Errors
/// [`Code::NotPermitted`], [`Code::NotFound`], [`Code::FieldInvalid`] for one that is paused or has ended.
pub async fn run_soon(office: &Office, actor: &Actor, id: &str) -> Result<(), Error> {
    Scope::of(Action::ManageConnectors, actor)?;
    let id = id.to_owned();
    office
        .write(actor, move |tx| {
            if running(tx, &id)?.standing == Standing::Paused {
                return Err(paused(&id));
            }
            let now = tx.moment();
            Ok(xinzhi_store::connector::set_due(tx, &id, now)?)
        })
        .await
}

pub(super) fn paused(id: &str) -> Error {
    invalid("id", format!("前置库 `{id}` 已暂停，请先恢复"))
}
