//! The memory tier: moka, used for what it is good at, bounding bytes.
//!
//! Freshness, invalidation and single flight are not moka's business here: an expired entry stays
//! for revalidation and for its stale windows, and a purge is a matter of the ledger. The whole
//! surface is a few methods, so that another cache is a change of this file. Under a key is a set of
//! variants, usually of one ([`Variants`]).

use std::sync::Arc;

use moka::ops::compute::Op;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use super::entry::Entry;
use super::variants::Variants;
use crate::policy::key::{Key, KeyHash};
use crate::semantics::vary::RequestFields;

/// Entries of this size or more make moka do its evictions at once: left alone it may run far
/// over its bound during a burst.
const LARGE: usize = 256 * 1024;
/// The variants of one key together get at most this share of the bound: moka takes a key's
/// variants in or out as one.
const SHARE: u64 = 8;

/// Entries in memory under a byte bound; the least valuable (TinyLFU) leave first.
#[derive(Clone, Debug)]
pub struct Memory {
    cache: Cache<KeyHash, Variants>,
}

/// How much there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Keys that something is kept under, in however many variants.
    pub objects: u64,
    /// Bytes that they take.
    pub bytes: u64,
}

impl Memory {
    /// A tier of at most `bytes` bytes.
    #[must_use]
    pub fn new(bytes: u64) -> Self {
        let cache = Cache::builder()
            .max_capacity(bytes)
            .weigher(|_, variants: &Variants| u32::try_from(variants.weight()).unwrap_or(u32::MAX))
            .eviction_policy(EvictionPolicy::tiny_lfu())
            .build();
        Self { cache }
    }

    /// What is kept under `key`, if its full text is the same.
    #[must_use]
    pub fn find(&self, key: &Key) -> Option<Variants> {
        self.cache
            .get(&key.hash())
            .filter(|variants| is_of(variants, key))
    }

    /// As [`Memory::find`], for whoever only looks: what leaves first stays as it was. moka has no such
    /// look-up by key but a walk over all of them, so this takes time by their number.
    #[must_use]
    pub fn peek(&self, key: &Key) -> Option<Variants> {
        let hash = key.hash();
        if !self.cache.contains_key(&hash) {
            return None;
        }
        let (_, variants) = self.cache.iter().find(|(under, _)| **under == hash)?;
        Some(variants).filter(|variants| is_of(variants, key))
    }

    /// Puts an entry in, which `request` brought, unless what answers that request was asked of the
    /// origin later. Returns how many other variants had to leave for it.
    pub fn publish(&self, entry: &Arc<Entry>, request: &dyn RequestFields) -> usize {
        let bytes = usize::try_from(self.capacity() / SHARE).unwrap_or(usize::MAX);
        let mut left = 0;
        self.cache
            .entry(entry.key.hash())
            .and_compute_with(|old| match old {
                // Another key with the same hash gives way.
                Some(old) if is_of(old.value(), &entry.key) => {
                    match old.value().with(entry, request, bytes) {
                        Some((variants, gone)) => {
                            left = gone;
                            Op::Put(variants)
                        }
                        None => Op::Nop,
                    }
                }
                _ => Op::Put(Variants::one(Arc::clone(entry))),
            });
        if entry.weight() >= LARGE {
            self.cache.run_pending_tasks();
        }
        left
    }

    /// Takes `entry` out if it is still under its key. True: it was.
    pub fn remove(&self, entry: &Entry) -> bool {
        let mut removed = false;
        self.cache
            .entry(entry.key.hash())
            .and_compute_with(|old| match old {
                Some(old) if old.value().all().iter().any(|one| one.id == entry.id) => {
                    removed = true;
                    old.value().without(entry).map_or(Op::Remove, Op::Put)
                }
                _ => Op::Nop,
            });
        removed
    }

    /// Takes all variants under `key` out.
    pub fn remove_all(&self, key: &Key) {
        self.cache
            .entry(key.hash())
            .and_compute_with(|old| match old {
                Some(old) if is_of(old.value(), key) => Op::Remove,
                _ => Op::Nop,
            });
    }

    /// All entries, in no order.
    pub fn iter(&self) -> impl Iterator<Item = Arc<Entry>> + '_ {
        let all = |variants: Variants| {
            (0..variants.all().len()).map(move |at| Arc::clone(&variants.all()[at]))
        };
        self.cache
            .iter()
            .flat_map(move |(_, variants)| all(variants))
    }

    /// Bytes that entries may take.
    #[must_use]
    pub fn capacity(&self) -> u64 {
        self.cache.policy().max_capacity().unwrap_or(u64::MAX)
    }

    /// How much there is, once pending evictions are done.
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.cache.run_pending_tasks();
        Usage {
            objects: self.cache.entry_count(),
            bytes: self.cache.weighted_size(),
        }
    }
}

/// Whether these are of `key`: two keys may have one hash.
fn is_of(variants: &Variants, key: &Key) -> bool {
    variants
        .all()
        .first()
        .is_some_and(|entry| entry.key.text() == key.text())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;
    use http::{HeaderMap, StatusCode};

    use super::*;
    use crate::object::head::{Exchange, Head};
    use crate::purge::ledger::Ledger;
    use crate::purge::pattern::{Identity, QueryForm};
    use crate::semantics::age::Instant;
    use crate::semantics::dates::UnixTime;
    use crate::semantics::freshness::{Bounds, Missing};
    use crate::semantics::vary::Selecting;

    fn entry(path: &str, sent: u64, size: usize) -> Arc<Entry> {
        let bounds = Bounds {
            min: Duration::ZERO,
            default: None,
            max: Duration::MAX,
            heuristic: false,
            negative: None,
            missing: Missing::default(),
            stale_on_error: Duration::ZERO,
        };
        let exchange = Exchange {
            sent: Instant::from_nanos(sent),
            received: Instant::from_nanos(sent),
            received_wall: UnixTime::from_secs(0),
        };
        let identity = Identity {
            distribution: "E1".into(),
            paths: vec![path.as_bytes().into()],
            query: QueryForm::All,
        };
        let head = Head::new(StatusCode::OK, HeaderMap::new(), exchange, &bounds);
        let key = Key::of_bucket_object("E1", path);
        Arc::new(Entry::new(
            key,
            Selecting::default(),
            identity,
            head,
            Bytes::from(vec![0; size]),
            Ledger::new(1, 0, 16).stamp(),
            None,
        ))
    }

    fn publish(memory: &Memory, entry: &Arc<Entry>) {
        memory.publish(entry, &HeaderMap::new());
    }

    #[test]
    fn only_an_answer_that_was_asked_for_later_replaces_one() {
        let memory = Memory::new(1 << 20);
        let (old, new) = (entry("/a", 1, 1), entry("/a", 2, 2));
        let found = || memory.find(&old.key).unwrap().all()[0].id;
        publish(&memory, &new);
        publish(&memory, &old);
        assert_eq!(found(), new.id);
        let newest = entry("/a", 2, 3);
        publish(&memory, &newest);
        assert_eq!(found(), newest.id);
        assert!(!memory.remove(&new), "it is not there any more");
        assert!(memory.remove(&newest));
        assert!(memory.find(&old.key).is_none());
    }

    #[test]
    fn the_bytes_stay_under_the_bound() {
        let memory = Memory::new(1 << 20);
        for n in 0..64 {
            publish(&memory, &entry(&format!("/{n}"), n, 100_000));
            assert!(
                memory.usage().bytes <= 1 << 20,
                "{:?} after {n}",
                memory.usage()
            );
        }
        assert!(memory.usage().objects >= 8, "{:?}", memory.usage());
    }
}
