//! 凭证: digests that a stranger can recompute. Canonical JSON, salted digests, the Merkle tree of RFC 6962.
//!
//! Nothing here knows what a record or a check is; callers hand in bytes and get 32 bytes back.

pub mod canonical;
pub mod entry;
pub mod merkle;
pub mod salted;

pub use entry::sealed_entry;
pub use merkle::Tree;
pub use salted::salted;
