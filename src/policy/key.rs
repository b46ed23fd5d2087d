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
    /// The hash of a group of this key's requests, by what tells them from the others; this very hash
    /// if that is nothing. Its first half is the key's.
    #[must_use]
    pub fn with(self, discriminator: &[u8]) -> Self {
        if discriminator.is_empty() {
            return self;
        }
        let digest = Sha256::new()
            .chain_update(self.0)
            .chain_update(discriminator)
            .finalize();
        let mut hash = self.0;
        hash[8..].copy_from_slice(&digest[..8]);
        Self(hash)
    }

    /// Whether it may be of a group of that key's requests: surely if it is, and once in 2^64 if it
    /// is not.
    #[must_use]
    pub fn may_be_of(self, key: Self) -> bool {
        self.0[..8] == key.0[..8]
    }

    /// Which of `shards` it falls in, with all groups of its key.
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
        Self::of_parts([distribution, path])
    }

    /// The key of a target of an HTTP route, of which no field is a part: see [`TargetKey`].
    #[must_use]
    pub fn of_target(
        distribution: &str,
        host: Option<&str>,
        path: &str,
        query: Option<&str>,
    ) -> Self {
        TargetKey::new(distribution, host, path, query).finish()
    }

    fn of_parts<const N: usize>(parts: [&str; N]) -> Self {
        let mut text = SmallVec::new();
        for part in parts {
            push(&mut text, part.as_bytes());
        }
        Self::of_text(text)
    }

    fn of_text(text: SmallVec<[u8; ON_THE_STACK]>) -> Self {
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

    /// Its parts with their names, for people; several lines of a field as one.
    pub fn parts(&self) -> Vec<(String, String)> {
        let text = |part: &[u8]| String::from_utf8_lossy(part).into_owned();
        let parts: Vec<&[u8]> = self.raw_parts().collect();
        let named = |names: &[&str]| {
            let pairs = names.iter().zip(&parts);
            pairs
                .map(|(name, part)| ((*name).to_owned(), text(part)))
                .collect()
        };
        match parts.as_slice() {
            [_, _] => named(&["distribution", "path"]),
            [_, host, _, mark, query, keyed @ ..] => {
                let mut shown: Vec<(String, String)> = named(&["distribution", "host", "path"]);
                if host.is_empty() {
                    shown.remove(1);
                }
                if !mark.is_empty() {
                    shown.push(("query".to_owned(), text(query)));
                }
                // A line of a field begins with a line feed.
                let lines = |part: &[u8]| text(part).trim_start_matches('\n').replace('\n', ", ");
                let pairs = keyed.chunks_exact(2);
                shown.extend(pairs.map(|pair| (text(pair[0]), lines(pair[1]))));
                shown
            }
            _ => Vec::new(),
        }
    }

    fn raw_parts(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest: &[u8] = &self.text;
        std::iter::from_fn(move || {
            let (length, tail) = rest.split_first_chunk::<4>()?;
            let (part, tail) = tail
                .split_at_checked(u32::from_be_bytes(*length) as usize)
                .unwrap_or((tail, &[]));
            rest = tail;
            Some(part)
        })
    }

    /// The full text, to be compared on a hit.
    #[must_use]
    pub fn text(&self) -> &[u8] {
        &self.text
    }
}

/// The key of a target of an HTTP route, part by part.
#[derive(Debug)]
pub struct TargetKey(SmallVec<[u8; ON_THE_STACK]>);

impl TargetKey {
    /// The distribution, the path as it is forwarded, the query as the policy keys it, and the viewer's
    /// host (and port) where that is forwarded as well. `query` is without its `?`; an empty one is another
    /// than none.
    #[must_use]
    pub fn new(distribution: &str, host: Option<&str>, path: &str, query: Option<&str>) -> Self {
        // With five parts or more it is never the key of a bucket object. No host is empty.
        let mark = if query.is_some() { "?" } else { "" };
        let (host, query) = (host.unwrap_or_default(), query.unwrap_or_default());
        let mut text = SmallVec::new();
        for part in [distribution, host, path, mark, query] {
            push(&mut text, part.as_bytes());
        }
        Self(text)
    }

    /// Adds a field, with the lines that `lines` hands over: its name, and all lines as one part. A line
    /// begins with a line feed, which no value holds: no line, an empty one and two are three things.
    #[must_use]
    pub fn with(mut self, name: &str, lines: impl FnOnce(&mut dyn FnMut(&[u8]))) -> Self {
        push(&mut self.0, name.as_bytes());
        let mut value: SmallVec<[u8; 64]> = SmallVec::new();
        lines(&mut |line| {
            value.push(b'\n');
            value.extend_from_slice(line);
        });
        push(&mut self.0, &value);
        self
    }

    /// The key.
    #[must_use]
    pub fn finish(self) -> Key {
        Key::of_text(self.0)
    }
}

/// The parts, one after the other, for people; fields as ` name=value`.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, part) in self.raw_parts().enumerate() {
            if place >= TARGET_PARTS && (place - TARGET_PARTS).is_multiple_of(2) {
                f.write_str(" ")?;
            }
            f.write_str(&String::from_utf8_lossy(part).replace('\n', "="))?;
        }
        Ok(())
    }
}

/// Parts of a target's key before its fields.
const TARGET_PARTS: usize = 5;

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

    #[test]
    fn a_query_is_keyed_byte_for_byte() {
        let key = |host, path, query| Key::of_target("E1", host, path, query);
        let keys = [
            key(None, "/a", None),
            key(None, "/a", Some("")),
            key(None, "/a", Some("x=1")),
            key(None, "/a", Some("x=%31")),
            key(None, "/a?x=1", None),
            key(None, "/a?", Some("x=1")),
            key(None, "/%61", None),
            key(Some("a.test"), "/a", None),
            key(Some("a.test:81"), "/a", None),
            Key::of_bucket_object("E1", "/a"),
        ];
        for (at, one) in keys.iter().enumerate() {
            for other in &keys[at + 1..] {
                assert_ne!(one.text(), other.text());
                assert_ne!(one.hash(), other.hash());
            }
        }
        assert_eq!(keys[7].to_string(), "E1a.test/a");
        assert_eq!(keys[2].to_string(), "E1/a?x=1");
    }

    #[test]
    fn fields_are_parts_with_names() {
        let key = |lines: &[&str]| {
            TargetKey::new("E1", None, "/a", None)
                .with("x-a", |line| {
                    lines.iter().for_each(|text| line(text.as_bytes()))
                })
                .finish()
        };
        let keys = [
            Key::of_target("E1", None, "/a", None),
            key(&[]),
            key(&[""]),
            key(&["b"]),
            key(&["b", ""]),
            key(&["b", "c"]),
            key(&["b, c"]),
        ];
        for (at, one) in keys.iter().enumerate() {
            for other in &keys[at + 1..] {
                assert_ne!(one.text(), other.text());
            }
        }
        assert_eq!(keys[3].to_string(), "E1/a x-a=b");
        assert_eq!(keys[5].to_string(), "E1/a x-a=b=c");
    }

    type Target = (String, Option<String>, String, Option<String>);
    type Fields = Vec<(String, Vec<String>)>;

    fn target() -> impl Strategy<Value = Target> {
        let option = |text| prop::option::of(text);
        (
            "[a/]{0,2}",
            option("[a.]{1,2}"),
            "[a/?]{0,2}",
            option("[a?]{0,2}"),
        )
    }

    fn fields() -> impl Strategy<Value = Fields> {
        prop::collection::vec(
            ("[ab]{1,2}", prop::collection::vec("[ab=]{0,2}", 0..3)),
            0..3,
        )
    }

    proptest! {
        #[test]
        fn different_targets_never_share_a_text(
            a in ("[a/]{0,3}", prop::option::of("[a.]{1,3}"), "[a/?]{0,3}", prop::option::of("[a?]{0,3}")),
            b in ("[a/]{0,3}", prop::option::of("[a.]{1,3}"), "[a/?]{0,3}", prop::option::of("[a?]{0,3}")),
        ) {
            let key = |(id, host, path, query): &(String, Option<String>, String, Option<String>)| {
                Key::of_target(id, host.as_deref(), path, query.as_deref())
            };
            prop_assert_eq!(key(&a).text() == key(&b).text(), a == b);
        }

        /// Over all parts: each of few letters, so that one could be read as another.
        #[test]
        fn different_fields_never_share_a_text(
            a in (target(), fields()),
            b in (target(), fields()),
            // Two that are often alike but for one part.
            same in any::<bool>(),
        ) {
            let b = if same { (a.0.clone(), b.1) } else { b };
            let key = |((id, host, path, query), fields): &(Target, Fields)| {
                let target = TargetKey::new(id, host.as_deref(), path, query.as_deref());
                let with = |key: TargetKey, (name, lines): &(String, Vec<String>)| {
                    key.with(name, |line| lines.iter().for_each(|text| line(text.as_bytes())))
                };
                fields.iter().fold(target, with).finish()
            };
            prop_assert_eq!(key(&a).text() == key(&b).text(), a == b);
            prop_assert_eq!(key(&a).hash() == key(&b).hash(), a == b);
        }

        #[test]
        fn different_parts_never_share_a_text(a in "[a-z/]{0,6}", b in "[a-z/]{0,6}", c in "[a-z/]{0,6}", d in "[a-z/]{0,6}") {
            let same = (a == c) && (b == d);
            let (one, other) = (Key::of_bucket_object(&a, &b), Key::of_bucket_object(&c, &d));
            prop_assert_eq!(one.text() == other.text(), same);
            prop_assert_eq!(one.hash() == other.hash(), same);
        }
    }
}
