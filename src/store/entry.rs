//! A stored answer: head, body, which requests it answers, and what invalidation needs to know of it.

use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;

use crate::object::head::Head;
use crate::object::id::ObjectId;
use crate::policy::key::Key;
use crate::purge::ledger::{Ledger, Liveness, Standing};
use crate::purge::pattern::Identity;
use crate::purge::stamp::{Checked, Stamp};
use crate::semantics::age::Instant;
use crate::semantics::freshness::State;
use crate::semantics::reason::Reason;
use crate::semantics::vary::Selecting;
use crate::verdict::{Found, Validator};

/// A stored answer. It never changes but for its marks: how far it was checked against the ledger,
/// until when its origin is left in peace, and when it was last asked for.
#[derive(Debug)]
pub struct Entry {
    /// Which fill's bytes these are.
    pub id: ObjectId,
    /// Its key, with the full text.
    pub key: Key,
    /// Which requests under that key it answers.
    pub selecting: Selecting,
    /// What it is for purging.
    pub identity: Identity,
    /// Everything about it but its body.
    pub head: Head,
    /// The whole body, copied into an allocation of its own.
    pub body: Bytes,
    /// The position when its origin request was handed to the connection.
    pub stamp: Stamp,
    /// Why its status is not what the store said, where it is not.
    pub detail: Option<Reason>,
    checked: Checked,
    origin_rests_until: AtomicU64,
    used: AtomicU64,
}

impl Entry {
    /// A new entry, not checked against the ledger yet.
    #[must_use]
    pub fn new(
        key: Key,
        selecting: Selecting,
        identity: Identity,
        head: Head,
        body: Bytes,
        stamp: Stamp,
        detail: Option<Reason>,
    ) -> Self {
        let used = AtomicU64::new(head.exchange.received.nanos());
        Self {
            id: ObjectId::next(),
            key,
            selecting,
            identity,
            head,
            body,
            stamp,
            detail,
            checked: Checked::new(&stamp),
            origin_rests_until: AtomicU64::new(0),
            used,
        }
    }

    /// Whether an invalidation has hit it.
    #[must_use]
    pub fn liveness(&self, ledger: &Ledger) -> Liveness {
        ledger.judge(&self.stamp, &self.checked, &self.identity)
    }

    /// The same with the reason, and without leaving a mark on it.
    #[must_use]
    pub fn standing(&self, ledger: &Ledger) -> Standing {
        ledger.standing(&self.stamp, &self.checked, &self.identity)
    }

    /// The facts about it that a verdict needs.
    #[must_use]
    pub fn found(&self, liveness: Liveness, now: Instant) -> Found {
        Found {
            liveness,
            state: self.head.state(now),
            always_validate: self.head.freshness.always_validate,
            validator: self.validator(),
            origin_rests: now < self.origin_rests_until(),
        }
    }

    /// Until when its origin is left in peace.
    #[must_use]
    pub fn origin_rests_until(&self) -> Instant {
        Instant::from_nanos(self.origin_rests_until.load(Ordering::Relaxed))
    }

    /// The origin failed: it is not asked about this entry again before `until`.
    pub fn rest_origin(&self, until: Instant) {
        self.origin_rests_until
            .store(until.nanos(), Ordering::Relaxed);
    }

    /// Whether it may answer although its origin has just failed (RFC 5861 section 4).
    #[must_use]
    pub fn covers_a_failure(&self, ledger: &Ledger, now: Instant) -> bool {
        self.liveness(ledger) != Liveness::Dead
            && !self.head.freshness.always_validate
            && !matches!(
                self.head.state(now),
                State::Stale {
                    if_error: false,
                    ..
                }
            )
    }

    /// It was asked for: of several variants, the one that was not for longest leaves first.
    pub fn touch(&self, now: Instant) {
        self.used.store(now.nanos(), Ordering::Relaxed);
    }

    /// When it was last asked for.
    #[must_use]
    pub fn used(&self) -> Instant {
        Instant::from_nanos(self.used.load(Ordering::Relaxed))
    }

    /// Bytes that it takes in memory.
    #[must_use]
    pub fn weight(&self) -> usize {
        let paths: usize = self.identity.paths.iter().map(|path| path.len() + 16).sum();
        size_of::<Self>()
            + self.head.fields.weight()
            + self.selecting.weight()
            + self.body.len()
            + paths
    }

    fn validator(&self) -> Option<Validator> {
        if self.head.has_strong_etag() {
            Some(Validator::Strong)
        } else if self.head.etag().is_some()
            || self
                .head
                .fields
                .first(&http::header::LAST_MODIFIED)
                .is_some()
        {
            Some(Validator::Weak)
        } else {
            None
        }
    }
}
