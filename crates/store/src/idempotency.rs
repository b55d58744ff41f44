//! One key, one effect, one answer (E2); the same key with another body is refused (E5).

use xinzhi_core::Digest;

use crate::connection::Connection;
use crate::sql::statements;
use crate::tx::Tx;
use crate::{Fault, params};

statements! {
    /// What was answered to a key.
    FIND = "select fingerprint, status, answer from idempotency where actor = $1 and key = $2";
    /// Keeps an answer.
    KEEP = "insert into idempotency (actor, key, fingerprint, status, answer, at) values ($1, $2, $3, $4, $5, $6)";
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

/// Keeps an answer in the transaction of its effect.
pub fn keep(tx: &mut Tx, key: &str, given: &Given) -> Result<(), Fault> {
    let (actor, at) = (tx.actor().name.clone(), tx.moment().0);
    let parameters = params![&actor, key, &given.fingerprint, given.status, &given.answer, at];
    tx.connection.execute(&KEEP, parameters).map(drop)
}
