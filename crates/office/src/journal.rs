//! Reading the journal: for auditors, who see what happened and by whom, but no business data.

use std::sync::Arc;

use xinzhi_core::actor::Actor;
use xinzhi_core::journal::{Entry, Position};

use crate::permission::{Action, Scope};
use crate::{Error, Office};

/// At most `limit` entries after a position.
///
/// # Errors
/// A role that may not read it.
pub async fn entries(office: &Arc<Office>, actor: &Actor, after: Position, limit: i64) -> Result<Vec<Entry>, Error> {
    Scope::of(Action::SeeJournal, actor)?;
    office.read(move |connection| Ok(xinzhi_store::journal::after(connection, after, limit)?)).await
}

/// The last position.
///
/// # Errors
/// A role that may not read it.
pub async fn head(office: &Arc<Office>, actor: &Actor) -> Result<Position, Error> {
    Scope::of(Action::SeeJournal, actor)?;
    office.read(|connection| Ok(xinzhi_store::journal::head(connection)?)).await
}
