//! What an explanation shows of requests, keys and stored answers; nothing secret gets past this file.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Request};

use super::explanation::{
    self, Age, Behavior, Differs, Key, Lifetime, OriginRequest, Stamp, Stored,
};
use crate::clock;
use crate::origin::Ask;
use crate::policy::distribution::Distribution;
use crate::policy::selection::Selected;
use crate::purge::ledger::{Liveness, Standing};
use crate::request::Engine;
use crate::request::answer::Asked;
use crate::request::route::Keyed;
use crate::semantics::age::Instant;
use crate::semantics::dates::UnixTime;
use crate::semantics::freshness::{Freshness, State};
use crate::semantics::vary::RequestFields;
use crate::store::entry::Entry;
use crate::telemetry::redact;

impl Engine {
    /// A stored answer, and whether it is the one for this request.
    pub(super) fn stored(
        &self,
        entry: &Entry,
        request: &dyn RequestFields,
        selected: bool,
        now: Instant,
    ) -> Stored {
        let head = &entry.head;
        let (age, freshness) = (head.age.at(now), &head.freshness);
        let standing = entry.standing(&self.ledger);
        let inputs = head.age.inputs();
        let position = entry.stamp.position;
        let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
        let wall = self.clock.wall();
        let until = |window: Duration| {
            (!window.is_zero() && !freshness.always_validate).then(|| {
                clock::rfc3339(later(wall, freshness.lifetime.saturating_add(window), age))
            })
        };
        let rests = entry.origin_rests_until().saturating_since(now);
        Stored {
            selected,
            differs: entry.selecting.differing(request).map(|(name, _)| Differs {
                field: name.as_str().to_owned(),
                asked: value_of(name, request),
            }),
            status: head.status.as_u16(),
            size: entry.body.len() as u64,
            etag: head.etag().map(text),
            last_modified: head.fields.first(&http::header::LAST_MODIFIED).map(text),
            stored_at: clock::rfc3339(head.exchange.received_wall),
            age: Age {
                current: age.as_secs_f64(),
                apparent: inputs.apparent.as_secs_f64(),
                age_value: inputs.age_value.as_secs_f64(),
                delay: inputs.delay.as_secs_f64(),
                resident: now.saturating_since(head.age.received()).as_secs_f64(),
            },
            lifetime: lifetime(freshness),
            state: match freshness.state(age) {
                State::Fresh => "fresh",
                State::Stale { .. } => "stale",
            }
            .to_owned(),
            fresh_for: freshness.lifetime.as_secs_f64() - age.as_secs_f64(),
            while_revalidate_until: until(freshness.stale_while_revalidate),
            if_error_until: until(freshness.stale_if_error),
            origin_rests_for: (!rests.is_zero()).then_some(rests.as_secs_f64()),
            stamp: Stamp {
                epoch: position.epoch,
                seq: position.seq,
                local: position.local,
            },
            liveness: match standing.liveness() {
                Liveness::Alive => "alive",
                Liveness::Soft => "soft",
                Liveness::Dead => "dead",
            }
            .to_owned(),
            taken_by: match standing {
                Standing::Alive => None,
                Standing::Taken(taken) => Some(taken.id.to_string()),
                Standing::OldEpoch => Some("a new epoch".to_owned()),
                Standing::Unknown => Some("an invalidation that is forgotten".to_owned()),
            },
        }
    }
}

pub(super) fn origin_request(keyed: &Keyed<'_>, ask: Ask) -> Option<OriginRequest> {
    let method = ask.method.to_string();
    Some(match keyed.origin()?.outline(ask) {
        Ok(outline) => OriginRequest {
            method,
            url: redact::target(&outline.uri.to_string()).into_owned(),
            fields: fields(&outline.headers),
            trouble: None,
        },
        Err(error) => OriginRequest {
            method,
            url: String::new(),
            fields: Vec::new(),
            trouble: Some(error.to_string()),
        },
    })
}

pub(super) fn asked<B>(request: &Request<B>, host: Option<&str>) -> explanation::Asked {
    let target = request.uri().path_and_query();
    explanation::Asked {
        method: request.method().to_string(),
        host: host.map(str::to_owned),
        target: redact::target(target.map_or("", |target| target.as_str())).into_owned(),
        fields: fields(request.headers()),
    }
}

/// Fields, without what is secret in them.
pub(crate) fn fields(headers: &HeaderMap) -> Vec<(String, String)> {
    let shown = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers
        .iter()
        .map(|(name, value)| {
            let value = redact::field(name.as_str(), &shown(value)).into_owned();
            (name.as_str().to_owned(), value)
        })
        .collect()
}

/// What a request would send, without what is secret in it.
fn value_of(name: &HeaderName, request: &dyn RequestFields) -> Option<String> {
    let mut lines: Vec<String> = Vec::new();
    request.each(name, &mut |line| {
        let line = String::from_utf8_lossy(line);
        lines.push(redact::field(name.as_str(), &line).into_owned());
    });
    (!lines.is_empty()).then(|| lines.join(", "))
}

/// The id of a distribution, and one of its behaviours.
pub(super) fn behavior((found, selected): (&Distribution, Selected)) -> (String, Behavior) {
    let behavior = found.behavior(selected);
    let shown = Behavior {
        path: found.pattern(selected).map(ToString::to_string),
        origin: behavior.origin.clone(),
        cache_policy: behavior.cache.name.clone(),
        origin_request: behavior.origin_request.name.to_string(),
    };
    (found.id.clone(), shown)
}

pub(super) fn key(keyed: &Keyed<'_>, asked: &Asked<'_>) -> Key {
    let parts = keyed.key.parts();
    let kept: Vec<&str> = members(keyed.queries.keyed.as_deref()).collect();
    let dropped = members(asked.uri.query()).filter(|member| !kept.contains(member));
    let unkeyed = keyed.unkeyed(asked.method, asked.headers);
    Key {
        hash: format!("{:?}", keyed.key.hash()),
        parts: parts
            .into_iter()
            .map(|(name, value)| {
                let value = match &*name {
                    "path" => redact::target(&value).into_owned(),
                    "query" => query_shown(&value),
                    field => redact::field(field, &value).into_owned(),
                };
                (name, value)
            })
            .collect(),
        dropped: dropped.map(query_shown).collect(),
        unkeyed: [
            ("query", unkeyed.query),
            ("header", unkeyed.header),
            ("cookie", unkeyed.cookie),
        ]
        .iter()
        .filter(|(_, is)| *is)
        .map(|(kind, _)| (*kind).to_owned())
        .collect(),
    }
}

/// The parameters of a query.
fn members(query: Option<&str>) -> impl Iterator<Item = &str> {
    let members = query.map(|query| query.split('&'));
    members.into_iter().flatten()
}

fn query_shown(query: &str) -> String {
    redact::target(&format!("?{query}")).into_owned()
}

pub(super) fn lifetime(freshness: &Freshness) -> Lifetime {
    Lifetime {
        lifetime: freshness.lifetime.as_secs_f64(),
        source: freshness.source.as_str().to_owned(),
        given: freshness.given.as_secs_f64(),
        clamp: freshness.clamp().as_str().to_owned(),
        always_validate: freshness.always_validate,
    }
}

/// `wall`, moved on by a span of which `age` has gone by.
fn later(wall: UnixTime, span: Duration, age: Duration) -> UnixTime {
    let millis = |span: Duration| i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
    let left = millis(span).saturating_sub(millis(age));
    UnixTime::from_millis(wall.millis().saturating_add(left))
}
