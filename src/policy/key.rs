//! The cache key: what makes two requests the same object (DESIGN 3.13).
//!
//! The canonical key is a sequence of length-prefixed parts, so that no choice of parts can be
//! read as another (injective). It is looked up by the first 128 bits of its SHA-256; the full
//! text is compared on a hit, so a collision costs a miss, never a wrong body.

use std::fmt;

use sha2::{Digest, Sha256};
use smallvec::SmallVec;

/// The first 128 bits of the SHA-256 of the canonical key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyHash([u8; 16]);

impl KeyHash {
    /// Which of `shards` it falls in.
    #[must_use]
    pub const fn shard(self, shards: usize) -> usize {
        self.0[0] as usize % shards
    }
}

impl fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Keys up to this many bytes are built without an allocation.
const ON_THE_STACK: usize = 256;

/// A canonical key and its hash.
#[derive(Clone, PartialEq, Eq)]
pub struct Key {
    hash: KeyHash,
    text: SmallVec<[u8; ON_THE_STACK]>,
}

impl Key {
    /// The key of an object of a bucket route: the distribution and the canonical path.
    /// Query, headers and cookies are no part of it, because none of them is forwarded.
    #[must_use]
    pub fn of_bucket_object(distribution: &str, path: &str) -> Self {
        let mut text = SmallVec::new();
        push(&mut text, distribution.as_bytes());
        push(&mut text, path.as_bytes());
        let digest = Sha256::digest(&text);
        let mut hash = [0; 16];
        hash.copy_from_slice(&digest[..16]);
        Self {
            hash: KeyHash(hash),
            text,
        }
    }

    /// The 128 bits by which the key is looked up.
    #[must_use]
    pub fn hash(&self) -> KeyHash {
        self.hash
    }

    /// The full text, to be compared on a hit.
    #[must_use]
    pub fn text(&self) -> &[u8] {
        &self.text
    }
}

/// The parts, one after the other, for people.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest: &[u8] = &self.text;
        while let Some((length, tail)) = rest.split_first_chunk::<4>() {
            let (part, tail) = tail
                .split_at_checked(u32::from_be_bytes(*length) as usize)
                .unwrap_or((tail, &[]));
            f.write_str(&String::from_utf8_lossy(part))?;
            rest = tail;
        }
        Ok(())
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self} ({:?})", self.hash)
    }
}

fn push(text: &mut SmallVec<[u8; ON_THE_STACK]>, part: &[u8]) {
    // Parts are bounded far below 4 GiB by the limits on targets and ids.
    let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
    text.extend_from_slice(&length.to_be_bytes());
    text.extend_from_slice(part);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_border_between_the_parts_is_part_of_the_key() {
        let one = Key::of_bucket_object("E1", "/a");
        let other = Key::of_bucket_object("E1/", "a");
        assert_ne!(one, other);
        assert_ne!(one.hash(), other.hash());
    }

    #[test]
    fn a_key_reads_as_distribution_and_path() {
        assert_eq!(
            Key::of_bucket_object("E1", "/a%20b").to_string(),
            "E1/a%20b"
        );
    }

    proptest! {
        #[test]
        fn different_parts_never_share_a_text(a in "[a-z/]{0,6}", b in "[a-z/]{0,6}", c in "[a-z/]{0,6}", d in "[a-z/]{0,6}") {
            let same = (a == c) && (b == d);
            let (one, other) = (Key::of_bucket_object(&a, &b), Key::of_bucket_object(&c, &d));
            prop_assert_eq!(one.text() == other.text(), same);
            prop_assert_eq!(one.hash() == other.hash(), same);
        }
    }
}
