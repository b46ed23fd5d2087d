//! The head of a stored representation: everything about it but its body.

use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::fields::FieldBlock;
use crate::semantics::age::{AgeBase, Instant};
use crate::semantics::dates::{self, UnixTime};
use crate::semantics::freshness::{Bounds, Freshness, State};
use crate::semantics::validators;

/// When the origin's answer was asked for and came.
#[derive(Clone, Copy, Debug)]
pub struct Exchange {
    /// When the request was handed to the connection.
    pub sent: Instant,
    /// When the head of the answer had come, on the monotonic clock.
    pub received: Instant,
    /// The same moment on the wall clock.
    pub received_wall: UnixTime,
}

/// A stored head.
#[derive(Clone, Debug)]
pub struct Head {
    /// The status it is served with.
    pub status: StatusCode,
    /// The fields it is served with: no hop-by-hop field, no `Age`, and always a `Date`.
    pub fields: FieldBlock,
    /// Its `Date`: the newer of two variants that both answer a request is served.
    pub date: UnixTime,
    /// From which its age is computed (RFC 9111 section 4.2.3).
    pub age: AgeBase,
    /// The origin gave an `Age`: what came was not made for this edge, and says so to every viewer.
    pub aged: bool,
    /// How long it is fresh and what is allowed after that.
    pub freshness: Freshness,
    /// When the origin's answer was asked for and came.
    pub exchange: Exchange,
}

impl Head {
    /// The head of an answer with these fields. They must be free of hop-by-hop fields already;
    /// `Age` is taken into the age and out of the fields, a missing or broken `Date` is set to
    /// the time of receipt (RFC 9110 section 6.6.1).
    #[must_use]
    pub fn new(
        status: StatusCode,
        mut headers: HeaderMap,
        exchange: Exchange,
        bounds: &Bounds,
    ) -> Self {
        let wall = exchange.received_wall;
        let date = dates::origin_date(&headers, wall);
        let sound = |value: &HeaderValue| dates::parse(value.as_bytes(), wall) == Some(date);
        if !headers.contains_key(header::DATE) || !headers.get_all(header::DATE).iter().all(sound) {
            headers.insert(header::DATE, dates::format(wall));
        }
        let age = AgeBase::new(&headers, date, exchange.sent, exchange.received, wall);
        let freshness = Freshness::judge(status, &headers, wall, bounds);
        let aged = headers.remove(header::AGE).is_some();
        Self {
            status,
            fields: FieldBlock::new(&headers),
            date,
            age,
            aged,
            freshness,
            exchange,
        }
    }

    /// Fresh or stale at `now`, and what a stale one may still be used for.
    #[must_use]
    pub fn state(&self, now: Instant) -> State {
        self.freshness.state(self.age.at(now))
    }

    /// The entity tag as received.
    #[must_use]
    pub fn etag(&self) -> Option<&[u8]> {
        self.fields.first(&header::ETAG)
    }

    /// Whether the entity tag is a strong one.
    #[must_use]
    pub fn has_strong_etag(&self) -> bool {
        self.etag().is_some_and(validators::is_strong)
    }

    /// Seconds of freshness left at `now`; negative once it is stale.
    #[must_use]
    pub fn ttl(&self, now: Instant) -> i64 {
        let seconds = |d: std::time::Duration| i64::try_from(d.as_secs()).unwrap_or(i64::MAX);
        seconds(self.freshness.lifetime).saturating_sub(seconds(self.age.at(now)))
    }
}
