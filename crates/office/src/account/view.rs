//! Accounts and keys as administrators see them: without what guards them, and without whose file a subject's account opens.

use std::sync::Arc;

use xinzhi_core::actor::Actor;
use xinzhi_core::journal::Position;
use xinzhi_core::{Code, Day, Moment};
use xinzhi_store::account::{AccountRow, HistoryRow};

use super::allow;
use crate::permission::Action;
use crate::{Error, Office};

/// Steps of a history that are shown.
const HISTORY_MAX: i64 = 200;

/// How an account stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Made, and not released.
    Waiting,
    /// It can be signed in to.
    InUse,
    /// Locked by failures or by somebody.
    Locked,
    /// Over.
    Ended,
}

impl Standing {
    /// Every standing, in the order of a filter.
    pub const ALL: [Standing; 4] = [Standing::Waiting, Standing::InUse, Standing::Locked, Standing::Ended];

    /// The word of addresses and of JSON.
    pub fn word(self) -> &'static str {
        match self {
            Standing::Waiting => "waiting",
            Standing::InUse => "in_use",
            Standing::Locked => "locked",
            Standing::Ended => "ended",
        }
    }

    /// The word that people read.
    pub fn title(self) -> &'static str {
        match self {
            Standing::Waiting => "待启用",
            Standing::InUse => "可用",
            Standing::Locked => "已锁定",
            Standing::Ended => "已注销",
        }
    }
}

/// An account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountView {
    /// Who it is; never whose file it opens.
    pub actor: Actor,
    /// How it stands.
    pub standing: Standing,
    /// The entry by which it was made.
    pub number: Position,
    /// Who made it.
    pub made_by: String,
    /// Whether its owner has yet to choose a password.
    pub must_change: bool,
    /// Whether it has a second factor.
    pub has_factor: bool,
}

/// A key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyView {
    /// The program.
    pub actor: Actor,
    /// The entry by which it was made.
    pub number: Position,
    /// Who made it.
    pub made_by: String,
    /// Day of its last use.
    pub used_on: Option<Day>,
    /// When it was ended.
    pub ended_at: Option<Moment>,
}

fn view(row: AccountRow, now: Moment) -> AccountView {
    let standing = match (row.ended_at, row.released_at) {
        (Some(_), _) => Standing::Ended,
        (None, None) => Standing::Waiting,
        (None, Some(_)) if row.locked_until > now => Standing::Locked,
        (None, Some(_)) => Standing::InUse,
    };
    let actor = Actor { subject: None, ..row.actor };
    let has_factor = row.factor.is_some();
    AccountView { actor, standing, number: row.entry, made_by: row.made_by, must_change: row.must_change, has_factor }
}

/// Every account.
///
/// # Errors
/// [`Code::NotPermitted`].
pub async fn every(office: &Arc<Office>, by: &Actor) -> Result<Vec<AccountView>, Error> {
    allow(Action::SeeAccounts, by)?;
    let now = office.now();
    let rows = office.read(|connection| Ok(xinzhi_store::account::every(connection)?)).await?;
    Ok(rows.into_iter().map(|row| view(row, now)).collect())
}

/// An account with what was done to it, newest first.
///
/// # Errors
/// [`Code::NotPermitted`], [`Code::NotFound`].
pub async fn one(office: &Arc<Office>, by: &Actor, name: &str) -> Result<(AccountView, Vec<HistoryRow>), Error> {
    allow(Action::SeeAccounts, by)?;
    let (name, now) = (name.to_owned(), office.now());
    office
        .read(move |connection| {
            let row = xinzhi_store::account::by_name(connection, &name)?.ok_or(Code::NotFound)?;
            let history = xinzhi_store::account::history(connection, row.entry, HISTORY_MAX)?;
            Ok((view(row, now), history))
        })
        .await
}

/// Every key.
///
/// # Errors
/// [`Code::NotPermitted`].
pub async fn keys(office: &Arc<Office>, by: &Actor) -> Result<Vec<KeyView>, Error> {
    allow(Action::SeeAccounts, by)?;
    let rows = office.read(|connection| Ok(xinzhi_store::key::every(connection)?)).await?;
    let view = |row: xinzhi_store::key::KeyRow| {
        let xinzhi_store::key::KeyRow { actor, number, made_by, used_on, ended_at } = row;
        KeyView { actor, number, made_by, used_on, ended_at }
    };
    Ok(rows.into_iter().map(view).collect())
}
