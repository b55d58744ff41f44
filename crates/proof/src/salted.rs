//! Salted digests: a leaf that tells nothing to somebody who guesses the content (G4).

use sha2::{Digest as _, Sha256};
use xinzhi_core::Digest;

/// Bytes of salt: as many as a digest is worth guessing.
pub const SALT_BYTES: usize = 16;

/// SHA-256 over the salt and the parts, each with its length in front, so that no two lists of parts run together.
pub fn salted(salt: &[u8], parts: &[&[u8]]) -> Digest {
    let mut hasher = Sha256::new();
    for part in std::iter::once(&salt).chain(parts) {
        hasher.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hasher.update(part);
    }
    Digest(hasher.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_do_not_run_together() {
        assert_ne!(salted(b"s", &[b"ab", b"c"]), salted(b"s", &[b"a", b"bc"]));
        assert_ne!(salted(b"s", &[b"ab"]), salted(b"t", &[b"ab"]));
    }
}
