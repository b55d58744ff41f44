//! What is done to an account after it was made. The security administrator does it, never to an own account (A9), and never so that one
//! of the three administrators' posts is left without anybody.

use std::sync::Arc;

use xinzhi_core::actor::{Actor, Role};
use xinzhi_core::journal::Act;
use xinzhi_core::{AreaCode, Code, Moment, Refusal};
use xinzhi_store::Tx;
use xinzhi_store::account::AccountRow;

use super::make::first_of;
use super::wanted::{Ground, rights};
use super::{allow, is_operator, note};
use crate::organ::with_account;
use crate::permission::Action;
use crate::{Error, Office};

/// What may be done to an account in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Locks it until unlocked, and ends its sessions.
    Lock,
    /// Unlocks it.
    Unlock,
    /// Ends its sessions.
    SignOut,
}

impl Change {
    /// The word of forms and of the history.
    pub fn word(self) -> &'static str {
        match self {
            Change::Lock => "lock",
            Change::Unlock => "unlock",
            Change::SignOut => "sign_out",
        }
    }
}

/// Until when an account is locked that somebody locked.
const FOR_GOOD: Moment = Moment(i64::MAX);

/// Nobody acts on an own account.
pub(super) fn not_own(by: &Actor, name: &str) -> Result<(), Error> {
    if by.name == name && by.is_person && !is_operator(by) {
        return Err(Refusal::detail(Code::NotPermitted, "不能对自己的账号进行此操作").into());
    }
    Ok(())
}

/// An account that was not ended.
pub(super) fn stands(tx: &mut Tx, name: &str) -> Result<AccountRow, Error> {
    let row = xinzhi_store::account::by_name(tx.connection(), name)?.ok_or(Code::NotFound)?;
    if row.ended_at.is_some() {
        return Err(Refusal::detail(Code::AccountState, format!("账号 `{name}` 已注销，不能再变更")).into());
    }
    Ok(row)
}

/// Refuses to leave one of the three posts without anybody: the office could then no longer be administered, or no longer be overseen (O2).
fn not_the_last(tx: &mut Tx, row: &AccountRow) -> Result<(), Error> {
    let role = row.actor.role;
    // A lock that passes by itself counts for nothing here: anybody brings it about with five wrong passwords.
    let in_use = row.released_at.is_some() && row.locked_until < FOR_GOOD;
    if role.is_administrator() && in_use && xinzhi_store::account::in_use(tx, role, FOR_GOOD)? <= 1 {
        let words = format!("这是唯一可用的{}账号，不能锁定或注销；请先启用另一个", role.title());
        return Err(Refusal::detail(Code::AccountState, words).into());
    }
    Ok(())
}

/// Gives an account its effect. Doing it again changes nothing.
///
/// # Errors
/// [`Code::NotPermitted`], also for whoever made the account; [`Code::NotFound`]; [`Code::AccountState`] for an ended one.
pub async fn release(office: &Arc<Office>, by: &Actor, name: &str) -> Result<(), Error> {
    allow(Action::GrantRights, by)?;
    not_own(by, name)?;
    let (name, releaser, at_machine) = (name.to_owned(), by.name.clone(), is_operator(by));
    office
        .write(by, move |tx| {
            let row = stands(tx, &name)?;
            if row.made_by == releaser && !at_machine {
                return Err(Refusal::detail(Code::NotPermitted, "账号由谁建立，就不能由谁启用").into());
            }
            if row.released_at.is_some() {
                return Ok(());
            }
            note(tx, Act::AccountReleased, &row.actor, (Some(row.entry), "released"))?;
            Ok(xinzhi_store::account::release(tx, &name)?)
        })
        .await
}

/// Gives an account another role, organ or area, from the next request on (A11). The posts of the three administrators and the accounts of
/// subjects keep their role: nobody carries what was done in one of them into another.
///
/// # Errors
/// [`Code::NotPermitted`], [`Code::NotFound`], [`Code::AccountState`], [`Code::FieldInvalid`].
pub async fn set_rights(office: &Arc<Office>, by: &Actor, name: &str, wanted: (&str, &str, &str)) -> Result<(), Error> {
    let ground = Ground::for_rights(office, by)?;
    not_own(by, name)?;
    let name = name.to_owned();
    let (role, organ, area) = (wanted.0.to_owned(), wanted.1.to_owned(), wanted.2.to_owned());
    office
        .write(by, move |tx| {
            let row = stands(tx, &name)?;
            let mut faults = Vec::new();
            let found = rights(tx.connection(), &ground, (&role, &organ, &area), &mut faults)?;
            let Some((role, organ, area)) = found.filter(|_| faults.is_empty()) else { return Err(first_of(faults)) };
            if role != row.actor.role && (keeps_its_role(role) || keeps_its_role(row.actor.role)) {
                let words = "三员和主体的账号不能改换岗位，其他账号也不能改为三员或主体；请另建账号";
                return Err(Refusal::field(Code::FieldInvalid, "role", words).into());
            }
            let actor = Actor { role, organ, area, ..row.actor.clone() };
            if actor == row.actor {
                return Ok(());
            }
            with_account(tx, actor.role, actor.organ.as_deref(), actor.area.as_ref().map(AreaCode::as_str))?;
            note(tx, Act::AccountChanged, &actor, (Some(row.entry), "rights"))?;
            let rights = (actor.role, actor.organ.as_deref(), actor.area.as_ref().map(AreaCode::as_str));
            Ok(xinzhi_store::account::set_rights(tx, &name, rights)?)
        })
        .await
}

/// Whether accounts of a role are made and ended, and never turned into others.
pub fn keeps_its_role(role: Role) -> bool {
    role.is_administrator() || role == Role::Subject
}

/// Locks, unlocks or signs out an account.
///
/// # Errors
/// [`Code::NotPermitted`], [`Code::NotFound`], [`Code::AccountState`].
pub async fn change(office: &Arc<Office>, by: &Actor, name: &str, change: Change) -> Result<(), Error> {
    allow(Action::GrantRights, by)?;
    not_own(by, name)?;
    let name = name.to_owned();
    office
        .write(by, move |tx| {
            let row = stands(tx, &name)?;
            if change == Change::Lock {
                not_the_last(tx, &row)?;
            }
            note(tx, Act::AccountChanged, &row.actor, (Some(row.entry), change.word()))?;
            match change {
                Change::Lock => xinzhi_store::account::set_failures(tx, &name, 0, FOR_GOOD)?,
                Change::Unlock => xinzhi_store::account::set_failures(tx, &name, 0, Moment(0))?,
                Change::SignOut => {}
            }
            if change != Change::Unlock {
                xinzhi_store::account::end_sessions(tx, &name)?;
            }
            Ok(())
        })
        .await
}

/// Ends an account for good. What it did stays under its name, which is never given again.
///
/// # Errors
/// [`Code::NotPermitted`], [`Code::NotFound`], [`Code::AccountState`].
pub async fn end(office: &Arc<Office>, by: &Actor, name: &str) -> Result<(), Error> {
    allow(Action::GrantRights, by)?;
    not_own(by, name)?;
    let name = name.to_owned();
    office
        .write(by, move |tx| {
            let row = stands(tx, &name)?;
            not_the_last(tx, &row)?;
            note(tx, Act::AccountEnded, &row.actor, (Some(row.entry), "ended"))?;
            xinzhi_store::account::end(tx, &name)?;
            xinzhi_store::account::end_sessions(tx, &name)?;
            Ok(())
        })
        .await
}
