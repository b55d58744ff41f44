//! Accounts of people and keys of programs. Nobody brings one about alone (A9): the system administrator makes an account, the security
//! administrator releases it and sets its rights; whoever sits at the machine may do both, for the first ones.
//!
//! Reading order: `wanted` says what an account must be, `make` makes it, `grant` is what is done to it afterwards, `password` and `session`
//! are what its owner does, `factor` is the second thing that the owner has, `key` is for programs, `view` shows them.

pub mod factor;
pub mod grant;
pub mod key;
pub mod make;
pub mod password;
pub mod session;
pub mod view;
pub mod wanted;

pub use grant::{Change, change, end, release, set_rights};
pub use key::{by_key, create_key, end_key, make_key};
pub use make::{Made, create, make};
pub use password::{change_own, reset, set_at_machine};
pub use session::{Session, session, sign_in, sign_out};
pub use view::{AccountView, KeyView, Standing, every, keys, one};
pub use wanted::{Wanted, faults, key_faults};
pub use xinzhi_store::account::HistoryRow;

use xinzhi_core::actor::Actor;
use xinzhi_core::journal::{Act, Draft, Position};
use xinzhi_core::{AreaCode, Digest};
use xinzhi_store::Tx;
use xinzhi_store::account::NewHistory;

use crate::permission::{Action, Scope};
use crate::{Error, Office};

pub(crate) use key::Programs;

/// Names that mean something else where actors are named, or in the addresses of pages.
pub(crate) const RESERVED: [&str; 6] = ["cli", "office", "system", "xinzhi", "nobody", "new"];

/// Whether it is whoever sits at the machine: no account and no key has this name.
pub(crate) fn is_operator(actor: &Actor) -> bool {
    let operator = Office::operator();
    actor.name == operator.name && actor.is_person == operator.is_person
}

/// The permission for an act of administration, which whoever sits at the machine has too.
pub(crate) fn allow(action: Action, by: &Actor) -> Result<(), Error> {
    if is_operator(by) { Ok(()) } else { Scope::of(action, by).map(drop) }
}

/// An act that changes no right: signing in.
fn append(tx: &mut Tx, act: Act, account: &str, what: &str) -> Result<Position, Error> {
    let refs = refs(account, what);
    let payload = xinzhi_proof::salted(&tx.random::<16>(), &[refs.as_bytes()]);
    Ok(tx.append(&Draft { act, subject: None, refs, payload })?)
}

/// An act on an account or key: its entry, and the row of its history that the entry covers.
fn note(tx: &mut Tx, act: Act, actor: &Actor, (number, what): (Option<Position>, &str)) -> Result<Position, Error> {
    let salt = tx.random::<16>();
    let number = number.unwrap_or(tx.next_position());
    let new = NewHistory {
        is_key: !actor.is_person,
        number,
        what,
        role: actor.role,
        organ: actor.organ.as_deref(),
        area: actor.area.as_ref().map(AreaCode::as_str),
    };
    let refs = refs(&actor.name, what);
    let payload = history_payload(&new, &refs, &salt);
    let entry = tx.append(&Draft { act, subject: None, refs, payload })?;
    xinzhi_store::account::add_history(tx, entry, &new, &salt)?;
    Ok(entry)
}

fn refs(account: &str, what: &str) -> String {
    serde_json::json!({ "account": account, "what": what }).to_string()
}

/// What the entry of an act on an account or key covers.
pub(crate) fn history_payload(new: &NewHistory<'_>, refs: &str, salt: &[u8]) -> Digest {
    let NewHistory { is_key, number, what, role, organ, area } = *new;
    let (is_key, number) = (i64::from(is_key).to_string(), number.0.to_string());
    let parts = [&is_key, &number, what, role.word(), organ.unwrap_or_default(), area.unwrap_or_default(), refs];
    xinzhi_proof::salted(salt, &parts.map(str::as_bytes))
}
