//! One key, one effect, one answer: the answer to a POST is kept in the transaction of its effect (E2, E5).

use xinzhi_core::check::CheckId;
use xinzhi_core::{Code, Digest, Refusal};
use xinzhi_store::Tx;
use xinzhi_store::idempotency::{Kept, find, keep};

use crate::Error;

/// Longest key accepted, in characters.
const KEY_CHARS_MAX: usize = 200;

/// A client's key with the digest of what it asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Once {
    key: String,
    fingerprint: Digest,
}

impl Once {
    /// Reads a key; the fingerprint covers everything that makes the request what it is.
    ///
    /// # Errors
    /// [`Code::KeyMissing`] for an empty key, [`Code::FieldInvalid`] for one that is too long or not printable ASCII.
    pub fn new(key: &str, request: &[&[u8]]) -> Result<Once, Error> {
        if key.is_empty() {
            return Err(Code::KeyMissing.into());
        }
        if key.len() > KEY_CHARS_MAX || !key.bytes().all(|b| b.is_ascii_graphic()) {
            let words = format!("Idempotency-Key 应为不超过 {KEY_CHARS_MAX} 个可见的英文字符");
            return Err(Refusal::field(Code::FieldInvalid, "Idempotency-Key", words).into());
        }
        Ok(Once { key: key.to_owned(), fingerprint: xinzhi_proof::salted(b"idempotency", request) })
    }

    /// The same key, for a request of which more is known by now: the file of an upload.
    #[must_use]
    pub fn about(&self, request: &[&[u8]]) -> Once {
        let parts: Vec<&[u8]> = [self.fingerprint.as_bytes()].into_iter().chain(request.iter().copied()).collect();
        Once { key: self.key.clone(), fingerprint: xinzhi_proof::salted(b"idempotency", &parts) }
    }

    /// The answer given before, if this very request was served. Called first inside the act.
    pub fn given(&self, tx: &mut Tx) -> Result<Option<String>, Error> {
        let actor = tx.actor().name.clone();
        match find(tx.connection(), &actor, &self.key)? {
            Some(given) if given.fingerprint == self.fingerprint => Ok(Some(given.answer)),
            Some(_) => Err(Code::KeyReused.into()),
            None => Ok(None),
        }
    }

    /// Keeps the answer beside its effect. Called last inside the act.
    pub fn keep(&self, tx: &mut Tx, answer: &str) -> Result<(), Error> {
        Ok(keep(tx, &self.key, &self.fingerprint, Kept::Text(answer))?)
    }

    /// The same where the effect is a check, which keeps its answer itself.
    pub(crate) fn keep_check(&self, tx: &mut Tx, check: CheckId) -> Result<(), Error> {
        Ok(keep(tx, &self.key, &self.fingerprint, Kept::Check(check))?)
    }
}
