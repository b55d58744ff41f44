//! What administrators did: accounts, keys, organs and areas against the entries that gave them what they have.

use xinzhi_core::Digest;
use xinzhi_core::journal::{Act, Entry};
use xinzhi_store::Connection;
use xinzhi_store::account::{NewHistory, SaltedHistory};

use super::{Finding, PAGE, each_entry, is_sealed, unsealed};
use crate::Error;
use crate::account::history_payload;
use crate::organ::{areas_payload, organs_payload};

/// Accounts and keys hold the rights that were last given to them by an entry, and no others (A9, G8).
pub(super) fn as_granted(connection: &mut Connection) -> Result<Finding, Error> {
    const ACTS: [Act; 10] = [
        Act::AccountCreated,
        Act::AccountChanged,
        Act::AccountReleased,
        Act::AccountEnded,
        Act::PasswordSet,
        Act::FactorChanged,
        Act::KeyCreated,
        Act::KeyEnded,
        Act::OrganRecorded,
        Act::AreaRecorded,
    ];
    let astray = xinzhi_store::account::astray(connection, PAGE)?;
    let mut faults: Vec<String> = astray.iter().map(|name| format!("账号或密钥 `{name}` 的权限与账簿不符")).collect();
    let mut looked_at = 0;
    for act in ACTS {
        each_entry(connection, act, |connection, entry| {
            looked_at += 1;
            if granted_payload(connection, entry)?.is_some_and(|payload| !is_sealed(entry, payload)) {
                faults.push(unsealed(entry));
            }
            Ok(())
        })?;
    }
    Ok(Finding { invariant: "A9 G8", title: "账号与密钥的权限、单位和区划与账簿一致", looked_at, faults })
}

/// Second factors are those that their owners confirmed, and nobody who needs one is signed in without it (A11).
pub(super) fn second_factors(connection: &mut Connection) -> Result<Finding, Error> {
    let astray = xinzhi_store::factor::astray(connection, PAGE)?;
    let mut faults: Vec<String> = astray.iter().map(|name| format!("账号 `{name}` 的第二因素与账簿不符")).collect();
    for (name, sessions) in xinzhi_store::factor::sessions_astray(connection, PAGE)? {
        faults.push(format!("账号 `{name}` 有 {sessions} 个登录没有经过第二因素；请强制退出该账号"));
    }
    let looked_at = xinzhi_store::factor::count(connection)?;
    Ok(Finding { invariant: "A11", title: "管理员的登录都经过第二因素，第二因素与账簿一致", looked_at, faults })
}

/// The payload that an act of administration must have by its facts; none for what an office did before these facts were kept.
fn granted_payload(connection: &mut Connection, entry: &Entry) -> Result<Option<Digest>, Error> {
    let (at, refs) = (entry.position, &entry.draft.refs);
    let missing = || Digest([0; 32]);
    Ok(match entry.draft.act {
        Act::OrganRecorded => {
            let rows = xinzhi_store::organ::organs_at(connection, at)?;
            let salt = rows.first().and_then(|row| row.salt.clone());
            Some(salt.map_or_else(missing, |salt| organs_payload(&rows, refs, &salt)))
        }
        Act::AreaRecorded => {
            let rows = xinzhi_store::organ::areas_at(connection, at)?;
            let salt = rows.first().and_then(|row| row.salt.clone());
            Some(salt.map_or_else(missing, |salt| areas_payload(&rows, refs, &salt)))
        }
        act => match xinzhi_store::account::history_at(connection, at)? {
            Some(row) => row.salt.as_deref().map(|salt| history_payload(&new_history(&row), refs, salt)),
            // Changes had no row of their own before there was a history; what is new always has one.
            None => matches!(act, Act::AccountReleased | Act::AccountEnded | Act::PasswordSet | Act::KeyEnded | Act::FactorChanged)
                .then(missing),
        },
    })
}

fn new_history(row: &SaltedHistory) -> NewHistory<'_> {
    let SaltedHistory { is_key, number, what, role, organ, area, .. } = row;
    NewHistory { is_key: *is_key, number: *number, what, role: *role, organ: organ.as_deref(), area: area.as_deref() }
}
