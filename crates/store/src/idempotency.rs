//! One key, one effect, one answer (E2); the same key with another body is refused (E5).

use xinzhi_core::Digest;
use xinzhi_core::check::CheckId;

use crate::connection::Connection;
use crate::sql::statements;
use crate::tx::Tx;
use crate::{Fault, params};

statements! {
    /// What was answered to a key; the answer of a check stands with the check.
    FIND = "select i.fingerprint, i.status, coalesce(e.answer, i.answer) as answer from idempotency i
        left join check_event e on e.check_id = i.check_id where i.actor = $1 and i.key = $2";
    /// Keeps an answer.
    KEEP = "insert into idempotency (actor, key, fingerprint, status, answer, check_id, at) values ($1, $2, $3, $4, $5, $6, $7)";
}

/// An answer given before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// Digest of the request it was given to.
    pub fingerprint: Digest,
    /// HTTP status.
    pub status: i64,
    /// Body.
    pub answer: String,
}

/// What was answered to `key` of `actor`.
pub fn find(connection: &mut Connection, actor: &str, key: &str) -> Result<Option<Given>, Fault> {
    let row = connection.query_opt(&FIND, params![actor, key])?;
    row.map(|row| Ok(Given { fingerprint: row.get("fingerprint")?, status: row.get("status")?, answer: row.get("answer")? })).transpose()
}

/// The answer to be kept.
#[derive(Clone, Copy, Debug)]
pub enum Kept<'a> {
    /// As it is.
    Text(&'a str),
    /// As this check keeps it.
    Check(CheckId),
}

/// Keeps an answer in the transaction of its effect.
pub fn keep(tx: &mut Tx, key: &str, fingerprint: &Digest, kept: Kept<'_>) -> Result<(), Fault> {
    const OK: i64 = 200;
    let (actor, at) = (tx.actor().name.clone(), tx.moment().0);
    let (answer, check) = match kept {
        Kept::Text(text) => (text, None),
        Kept::Check(check) => ("", Some(check.0)),
    };
    tx.connection.execute(&KEEP, params![&actor, key, fingerprint, OK, answer, check, at]).map(drop)
}
