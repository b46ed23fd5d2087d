//! What is kept under one key: usually one answer, and several where answers vary (RFC 9111 4.1).
//!
//! Invariants: no two of them answer the same set of requests; there are at most [`MAX_VARIANTS`], so
//! that a field with no end of values cannot fill the store under one key.

use std::sync::Arc;

use super::entry::Entry;
use crate::semantics::age::Instant;
use crate::semantics::vary::RequestFields;

/// Variants under one key. Past it, the one that was not asked for longest leaves.
pub const MAX_VARIANTS: usize = 32;

/// The answers under one key, immutable: a change is a new set.
#[derive(Clone, Debug)]
pub struct Variants(Kind);

// One is told from several, because one is what nearly every key has: a hit then costs one count of
// references, and no search.
#[derive(Clone, Debug)]
enum Kind {
    One(Arc<Entry>),
    Several(Arc<[Arc<Entry>]>),
}

impl Variants {
    /// This one alone.
    #[must_use]
    pub const fn one(entry: Arc<Entry>) -> Self {
        Self(Kind::One(entry))
    }

    fn several(entries: Vec<Arc<Entry>>) -> Option<Self> {
        match <[_; 1]>::try_from(entries) {
            Ok([entry]) => Some(Self::one(entry)),
            Err(entries) if entries.is_empty() => None,
            Err(entries) => Some(Self(Kind::Several(entries.into()))),
        }
    }

    /// All of them; at least one.
    #[must_use]
    pub fn all(&self) -> &[Arc<Entry>] {
        match &self.0 {
            Kind::One(entry) => std::slice::from_ref(entry),
            Kind::Several(entries) => entries,
        }
    }

    /// The one that answers `request`; of more than one the newest by its Date (RFC 9111 4.1), of
    /// those the one that was asked of the origin last. One that is not `alive` stands back.
    #[must_use]
    pub fn select(
        &self,
        request: &dyn RequestFields,
        alive: impl Fn(&Entry) -> bool,
    ) -> Option<&Arc<Entry>> {
        match &self.0 {
            Kind::One(entry) => entry.selecting.matches(request).then_some(entry),
            Kind::Several(entries) => entries
                .iter()
                .filter(|entry| entry.selecting.matches(request))
                .max_by_key(|entry| (alive(entry), entry.head.date, entry.head.exchange.sent)),
        }
    }

    /// `selected` was asked for. Of one there is nothing to choose from, so nothing is noted.
    pub fn touch(&self, selected: &Entry, now: Instant) {
        if let Kind::Several(_) = self.0 {
            selected.touch(now);
        }
    }

    /// The set with `entry` in it, which `request` brought, and how many left to make room; `None`
    /// if one that was asked of the origin later answers that request already.
    ///
    /// What answered this request before is replaced (RFC 9111 4.3.3). The rest stays, at most
    /// [`MAX_VARIANTS`] in all, and at most `bytes` as long as there is more than one.
    #[must_use]
    pub fn with(
        &self,
        entry: &Arc<Entry>,
        request: &dyn RequestFields,
        bytes: usize,
    ) -> Option<(Self, usize)> {
        let answers = |old: &&Arc<Entry>| old.selecting.matches(request);
        let sent = entry.head.exchange.sent;
        if self
            .all()
            .iter()
            .filter(answers)
            .any(|old| old.head.exchange.sent > sent)
        {
            return None;
        }
        let mut kept: Vec<_> = self
            .all()
            .iter()
            .filter(|old| !answers(old))
            .map(Arc::clone)
            .collect();
        // The most recently used first.
        kept.sort_by_key(|old| std::cmp::Reverse(old.used()));
        let (before, mut room) = (kept.len(), bytes.saturating_sub(entry.weight()));
        kept.truncate(MAX_VARIANTS - 1);
        let fitting = kept
            .iter()
            .take_while(|old| {
                let fits = old.weight() <= room;
                room = room.saturating_sub(old.weight());
                fits
            })
            .count();
        kept.truncate(fitting);
        let left = before - kept.len();
        kept.push(Arc::clone(entry));
        Self::several(kept).map(|set| (set, left))
    }

    /// The set without `entry`: `None` if it was the last one. The set itself if it is not in it.
    #[must_use]
    pub fn without(&self, entry: &Entry) -> Option<Self> {
        let rest = self.all().iter().filter(|other| other.id != entry.id);
        Self::several(rest.map(Arc::clone).collect())
    }

    /// Bytes that they take in memory.
    #[must_use]
    pub fn weight(&self) -> usize {
        self.all().iter().map(|entry| entry.weight()).sum()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;
    use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

    use super::*;
    use crate::object::head::{Exchange, Head};
    use crate::policy::key::Key;
    use crate::purge::ledger::Ledger;
    use crate::purge::pattern::{Identity, QueryForm};
    use crate::semantics::dates::{self, UnixTime};
    use crate::semantics::freshness::{Bounds, Missing};
    use crate::semantics::vary::Selecting;

    const ROOM: usize = 1 << 20;

    fn request(fields: &[(&'static str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &str)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_str(value).unwrap(),
            )
        };
        fields.iter().map(pair).collect()
    }

    /// An answer with this Vary to `request`, asked for and dated at these seconds.
    fn entry(vary: &'static str, request: &HeaderMap, sent: u64, date: i64) -> Arc<Entry> {
        let bounds = Bounds {
            min: Duration::ZERO,
            default: None,
            max: Duration::MAX,
            heuristic: false,
            negative: None,
            missing: Missing::default(),
            stale_on_error: Duration::ZERO,
        };
        let at = Instant::from_nanos(sent * 1_000_000_000);
        let exchange = Exchange {
            sent: at,
            received: at,
            received_wall: UnixTime::from_secs(date),
        };
        let mut headers = HeaderMap::new();
        headers.insert(header::DATE, dates::format(UnixTime::from_secs(date)));
        headers.insert(header::VARY, HeaderValue::from_static(vary));
        let selecting = Selecting::of(&headers, request);
        Arc::new(Entry::new(
            Key::of_bucket_object("E1", "/a"),
            selecting,
            Identity {
                distribution: "E1".into(),
                paths: vec![],
                query: QueryForm::All,
            },
            Head::new(StatusCode::OK, headers, exchange, &bounds),
            Bytes::from(vec![0; 1_000]),
            Ledger::new(1, 0, 16).stamp(),
            None,
        ))
    }

    fn selected(variants: &Variants, request: &HeaderMap) -> Option<Arc<Entry>> {
        variants.select(request, |_| true).cloned()
    }

    fn is(found: Option<Arc<Entry>>, expected: &Arc<Entry>) -> bool {
        found.is_some_and(|found| found.id == expected.id)
    }

    #[test]
    fn rule_8_each_request_gets_its_variant() {
        let (de, en) = (request(&[("x", "de")]), request(&[("x", "en")]));
        let one = entry("x", &de, 1, 1);
        let variants = Variants::one(Arc::clone(&one));
        assert!(is(selected(&variants, &de), &one));
        assert!(selected(&variants, &en).is_none());
        let other = entry("x", &en, 2, 2);
        let (variants, left) = variants.with(&other, &en, ROOM).unwrap();
        assert_eq!((variants.all().len(), left), (2, 0));
        assert!(is(selected(&variants, &de), &one));
        assert!(is(selected(&variants, &en), &other));
        assert!(selected(&variants, &request(&[])).is_none());
        assert_eq!(variants.without(&one).unwrap().all().len(), 1);
        assert!(variants.without(&one).unwrap().without(&other).is_none());
    }

    #[test]
    fn rule_8_variants_may_vary_on_different_fields_and_the_newest_wins() {
        let ask = request(&[("x", "1"), ("y", "1")]);
        let other = request(&[("x", "2"), ("y", "1")]);
        let by_x = entry("x", &ask, 1, 1);
        // Brought by a request that the first does not answer; it answers both of them.
        let by_y = entry("y", &other, 2, 2);
        let (variants, _) = Variants::one(Arc::clone(&by_x))
            .with(&by_y, &other, ROOM)
            .unwrap();
        assert_eq!(variants.all().len(), 2);
        assert!(is(selected(&variants, &ask), &by_y), "the newer Date");
        assert!(is(selected(&variants, &other), &by_y));
        // One that is dead stands back for one that is not.
        let alive = |entry: &Entry| entry.id != by_y.id;
        let found = variants.select(&ask, alive);
        assert_eq!(found.unwrap().id, by_x.id);
    }

    #[test]
    fn an_answer_replaces_what_answered_its_request_unless_that_was_asked_for_later() {
        let ask = request(&[("x", "1")]);
        let (old, new) = (entry("x", &ask, 1, 9), entry("x", &ask, 2, 2));
        let (variants, left) = Variants::one(Arc::clone(&old))
            .with(&new, &ask, ROOM)
            .unwrap();
        assert_eq!((variants.all().len(), left), (1, 0));
        assert!(is(selected(&variants, &ask), &new));
        assert!(variants.with(&old, &ask, ROOM).is_none());
        // Without Vary it answers everybody, and what it replaces is only its own request's.
        let for_all = entry("", &ask, 3, 3);
        let foreign = entry("x", &request(&[("x", "2")]), 1, 1);
        let (variants, _) = variants
            .with(&foreign, &request(&[("x", "2")]), ROOM)
            .unwrap();
        let (variants, _) = variants.with(&for_all, &ask, ROOM).unwrap();
        assert_eq!(variants.all().len(), 2);
    }

    #[test]
    fn past_the_limit_the_least_recently_used_leaves() {
        let ask = |n: usize| request(&[("x", &n.to_string())]);
        let first = entry("x", &ask(0), 0, 0);
        let mut variants = Variants::one(Arc::clone(&first));
        let mut left = 0;
        for n in 1..MAX_VARIANTS {
            let next = entry("x", &ask(n), n as u64, 1);
            let (with, gone) = variants.with(&next, &ask(n), ROOM).unwrap();
            (variants, left) = (with, left + gone);
        }
        assert_eq!((variants.all().len(), left), (MAX_VARIANTS, 0));
        first.touch(Instant::from_nanos(u64::MAX));
        let one_more = entry("x", &ask(MAX_VARIANTS), 1_000, 1);
        let (variants, left) = variants.with(&one_more, &ask(MAX_VARIANTS), ROOM).unwrap();
        assert_eq!((variants.all().len(), left), (MAX_VARIANTS, 1));
        assert!(is(selected(&variants, &ask(0)), &first), "it was asked for");
        assert!(
            selected(&variants, &ask(1)).is_none(),
            "the oldest of the others"
        );
        assert!(is(selected(&variants, &ask(MAX_VARIANTS)), &one_more));
    }

    #[test]
    fn the_variants_of_one_key_stay_within_their_bytes() {
        let ask = |n: usize| request(&[("x", &n.to_string())]);
        let mut variants = Variants::one(entry("x", &ask(0), 0, 0));
        let room = variants.weight() * 3 + 100;
        for n in 1..10 {
            let next = entry("x", &ask(n), n as u64, 1);
            variants = variants.with(&next, &ask(n), room).unwrap().0;
            assert!(variants.weight() <= room);
        }
        assert_eq!(variants.all().len(), 3);
        // The new one stays in any case: the bound of the whole store is the one that counts then.
        let next = entry("x", &ask(10), 10, 1);
        let (variants, left) = variants.with(&next, &ask(10), 1).unwrap();
        assert_eq!((variants.all().len(), left), (1, 3));
    }
}
