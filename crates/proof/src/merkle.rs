//! The Merkle tree of RFC 6962, section 2.1, built by appending.

use sha2::{Digest as _, Sha256};
use xinzhi_core::Digest;

/// Grows one leaf at a time in memory of the logarithm of its size: a batch of a million rows needs twenty digests.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    /// Roots of the complete subtrees, largest first; their sizes are the set bits of `size`.
    peaks: Vec<Digest>,
    size: u64,
}

impl Tree {
    /// An empty tree.
    pub fn new() -> Tree {
        Tree::default()
    }

    /// Appends a leaf with the prefix that keeps leaves and nodes apart.
    pub fn push(&mut self, leaf: &[u8]) {
        let mut digest = hash(&[&[0x00], leaf]);
        let mut size = self.size;
        while size & 1 == 1 {
            if let Some(left) = self.peaks.pop() {
                digest = node(&left, &digest);
            }
            size >>= 1;
        }
        self.peaks.push(digest);
        self.size += 1;
    }

    /// How many leaves there are.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root; for the empty tree the hash of nothing.
    pub fn root(&self) -> Digest {
        let mut peaks = self.peaks.iter().rev();
        let Some(last) = peaks.next() else { return hash(&[]) };
        peaks.fold(*last, |right, left| node(left, &right))
    }
}

fn node(left: &Digest, right: &Digest) -> Digest {
    hash(&[&[0x01], left.as_bytes(), right.as_bytes()])
}

fn hash(parts: &[&[u8]]) -> Digest {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    Digest(hasher.finalize().into())
}

#[cfg(test)]
mod tests;
