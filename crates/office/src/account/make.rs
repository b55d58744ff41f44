//! Making accounts.

use std::sync::Arc;

use xinzhi_core::actor::{Actor, Role};
use xinzhi_core::journal::Act;
use xinzhi_core::{AreaCode, Code, Refusal};
use xinzhi_store::Tx;

use super::wanted::{Ground, Wanted, invalid, judge, lacking, name_shape};
use super::{is_operator, note, password};
use crate::organ::with_account;
use crate::{Error, Office};

/// An account that was made.
#[derive(Clone, PartialEq, Eq)]
pub struct Made {
    /// Its name.
    pub name: String,
    /// Its first password, which nobody keeps; its owner must change it.
    pub password: String,
}

impl std::fmt::Debug for Made {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Made").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Makes an account with a first password: the one given, which only the machine's operator may do, or a fresh one. It has no effect until
/// the security administrator releases it; one made at the machine is released with it.
///
/// # Errors
/// [`Code::NotPermitted`], or the first thing that is wrong with it; [`super::faults`] tells all.
pub async fn make(office: &Arc<Office>, by: &Actor, wanted: &Wanted, given: Option<&str>) -> Result<Made, Error> {
    let ground = Ground::for_account(office, by, &wanted.role)?;
    let at_machine = is_operator(by);
    if given.is_some() && !at_machine {
        return Err(Code::NotPermitted.into());
    }
    let first = given.map_or_else(|| password::fresh(office), str::to_owned);
    password::judge(wanted.name.trim(), &first)?;
    let hashed = password::hashed(office, &first)?;
    let wanted = wanted.clone();
    office
        .write(by, move |tx| {
            let actor = judge(tx.connection(), &ground, &wanted)?.map_err(first_of)?;
            write(tx, &actor, (&hashed, true), at_machine)?;
            Ok(Made { name: actor.name, password: first })
        })
        .await
}

/// The first of several faults.
pub(super) fn first_of(faults: Vec<Refusal>) -> Error {
    faults.into_iter().next().map_or_else(|| Code::FieldInvalid.into(), Error::from)
}

/// Makes an account that is ready to use, at the machine: for demonstrations, and for whoever builds an office by a program.
///
/// # Errors
/// [`Code::NotPermitted`] for anybody but the operator; [`Code::FieldInvalid`] for a name, password or role that cannot be.
pub async fn create(office: &Arc<Office>, by: &Actor, account: Actor, password: &str) -> Result<(), Error> {
    if !is_operator(by) {
        return Err(Code::NotPermitted.into());
    }
    let lacks = lacking(account.role, account.organ.as_deref(), account.area.as_ref());
    let lost = (account.role == Role::Subject && account.subject.is_none()).then(|| invalid("subject", "主体账号须指明主体"));
    if let Some(fault) = name_shape(&account.name).or(lacks).or(lost) {
        return Err(fault.into());
    }
    password::judge(&account.name, password)?;
    let hashed = password::hashed(office, password)?;
    office
        .write(by, move |tx| {
            let taken = xinzhi_store::account::by_name(tx.connection(), &account.name)?.is_some()
                || !xinzhi_store::key::in_use(tx.connection(), &account.name)?.is_empty();
            if taken {
                return Err(invalid("name", format!("用户名 `{}` 已被使用", account.name)).into());
            }
            write(tx, &account, (&hashed, false), true)
        })
        .await
}

/// Writes an account, with its organ where the table does not have it yet.
fn write(tx: &mut Tx, actor: &Actor, password: (&str, bool), released: bool) -> Result<(), Error> {
    with_account(tx, actor.role, actor.organ.as_deref(), actor.area.as_ref().map(AreaCode::as_str))?;
    let entry = note(tx, Act::AccountCreated, actor, (None, "made"))?;
    xinzhi_store::account::add(tx, actor, password, entry)?;
    if released {
        note(tx, Act::AccountReleased, actor, (Some(entry), "released"))?;
        xinzhi_store::account::release(tx, &actor.name)?;
    }
    Ok(())
}
