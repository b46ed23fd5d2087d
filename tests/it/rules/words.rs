//! The words that the rows are made of: from messages as text to answers as text.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use seawall::policy::cache_policy::CachePolicy;
use seawall::semantics::age::{AgeBase, Instant};
use seawall::semantics::conditional::{self, Precondition};
use seawall::semantics::dates::{self, UnixTime};
use seawall::semantics::fields;
use seawall::semantics::freshness::{Bounds, Freshness, State};
use seawall::semantics::range::{self, Selection};
use seawall::semantics::storable::{Asked, storable};
use seawall::semantics::validators;
use seawall::semantics::vary::{self, Selecting};
use seawall::semantics::wishes::Wishes;

/// When every response of the tables arrives: Wed, 01 Jul 2026 00:00:00 GMT.
pub(super) const NOW: UnixTime = UnixTime::from_secs(1_782_864_000);

/// A GET without credentials or cookies.
pub(super) const GET: Asked = Asked {
    get: true,
    authorization: false,
    unkeyed_cookie: false,
};

/// A header section, a line a field.
pub(super) fn map(lines: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in lines.split('\n').filter(|line| !line.is_empty()) {
        let (name, value) = line.split_once(':').unwrap();
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        headers.append(
            name,
            HeaderValue::from_bytes(value.trim_matches(' ').as_bytes()).unwrap(),
        );
    }
    headers
}

/// A header section as text, sorted by name; lines of one name in their order.
pub(super) fn text(headers: &HeaderMap) -> String {
    let mut names: Vec<&HeaderName> = headers.keys().collect();
    names.sort_by_key(|name| name.as_str());
    let lines = names.into_iter().flat_map(|name| {
        headers
            .get_all(name)
            .iter()
            .map(move |value| format!("{name}: {}", String::from_utf8_lossy(value.as_bytes())))
    });
    lines.collect::<Vec<_>>().join("\n")
}

pub(super) fn rfc() -> Bounds {
    CachePolicy::preset("RFC9111").unwrap().bounds
}

pub(super) fn cloudfront() -> Bounds {
    CachePolicy::preset("CloudFront").unwrap().bounds
}

pub(super) fn judge(status: u16, response: &HeaderMap, bounds: &Bounds) -> Freshness {
    Freshness::judge(StatusCode::from_u16(status).unwrap(), response, NOW, bounds)
}

/// `stored`, or why not, where the origin's silence means nothing.
pub(super) fn stores(status: u16, response: &str) -> String {
    stores_for(&GET, status, response, &rfc())
}

pub(super) fn stores_for(asked: &Asked, status: u16, response: &str, bounds: &Bounds) -> String {
    let response = map(response);
    let freshness = judge(status, &response, bounds);
    match storable(
        asked,
        StatusCode::from_u16(status).unwrap(),
        &response,
        &freshness,
    ) {
        Ok(()) => "stored".to_owned(),
        Err(reason) => reason.as_str().to_owned(),
    }
}

/// The lifetime in seconds and where it comes from; `, validate` where each use must be validated.
pub(super) fn lives(response: &str) -> String {
    lives_by(200, response, &rfc())
}

pub(super) fn lives_by(status: u16, response: &str, bounds: &Bounds) -> String {
    let judged = judge(status, &map(response), bounds);
    let validate = if judged.always_validate {
        ", validate"
    } else {
        ""
    };
    format!(
        "{} {}{validate}",
        judged.lifetime.as_secs(),
        judged.source.as_str()
    )
}

/// What a response of this age is, and what that allows.
pub(super) fn state(response: &str, age: u64) -> String {
    state_by(response, age, &rfc())
}

pub(super) fn state_by(response: &str, age: u64, bounds: &Bounds) -> String {
    match judge(200, &map(response), bounds).state(Duration::from_secs(age)) {
        State::Fresh => "fresh".to_owned(),
        State::Stale {
            while_revalidate,
            if_error,
        } => {
            let mut text = "stale".to_owned();
            if while_revalidate {
                text.push_str(", while revalidating");
            }
            if if_error {
                text.push_str(", on error");
            }
            text
        }
    }
}

/// The age in seconds of a response whose request took `delay` seconds, `resident` seconds later.
pub(super) fn age(response: &str, delay: u64, resident: u64) -> String {
    let response = map(response);
    let second = |n: u64| Instant::from_nanos(n.saturating_mul(1_000_000_000));
    let base = AgeBase::new(
        &response,
        dates::origin_date(&response, NOW),
        second(1_000),
        second(1_000 + delay),
        NOW,
    );
    base.at(second(1_000 + delay).saturating_add(Duration::from_secs(resident)))
        .as_secs()
        .to_string()
}

/// Seconds from [`NOW`] to a date, or `no date`.
pub(super) fn date(value: &str) -> String {
    match dates::parse(value.as_bytes(), NOW) {
        Some(date) => (date.secs() - NOW.secs()).to_string(),
        None => "no date".to_owned(),
    }
}

/// 304 or 200.
pub(super) fn conditional(request: &str, stored: &str) -> String {
    let (request, stored) = (map(request), map(stored));
    if conditional::concerns_origin(&request) {
        return "the origin's".to_owned();
    }
    match conditional::evaluate(&request, &stored, NOW) {
        Precondition::NotModified => "304".to_owned(),
        Precondition::Proceed => "200".to_owned(),
    }
}

/// The stored fields after a 304.
pub(super) fn merged(stored: &str, update: &str) -> String {
    text(&fields::merge_not_modified(&map(stored), &map(update)))
}

/// The fields that are kept and forwarded.
pub(super) fn kept(response: &str) -> String {
    let mut headers = map(response);
    fields::strip_hop_by_hop(&mut headers);
    text(&headers)
}

/// The fields of a 304 from the cache.
pub(super) fn carried(stored: &str) -> String {
    text(&conditional::not_modified_fields(&map(stored)))
}

/// What a forwarded HEAD says of the stored answer.
pub(super) fn head(stored: &str, head: &str) -> String {
    format!("{:?}", validators::agreement(&map(stored), &map(head)))
}

/// The bytes of a body of ten that a GET is answered with.
pub(super) fn part(request: &str, stored: &str) -> String {
    part_of(&Method::GET, request, stored, 10)
}

pub(super) fn part_of(method: &Method, request: &str, stored: &str, length: u64) -> String {
    match range::select(method, &map(request), &map(stored), length) {
        Selection::Part { first, last } => {
            let value = range::content_range(first, last, length);
            value.to_str().unwrap().to_owned()
        }
        Selection::Unsatisfiable => {
            let value = range::unsatisfied_range(length);
            format!("416 {}", value.to_str().unwrap())
        }
        Selection::Parts(parts) => {
            let texts = parts
                .iter()
                .map(|part| format!("{}-{}", part.start(), part.end()));
            format!("parts {}", texts.collect::<Vec<_>>().join(" "))
        }
        Selection::Whole => "whole".to_owned(),
    }
}

/// Whether a viewer takes a stored answer of this age and lifetime without validation.
pub(super) fn takes(request: &str, age: u64, lifetime: u64) -> String {
    let wishes = Wishes::of(&map(request));
    if wishes.no_store {
        return "from the origin, not stored".to_owned();
    }
    let (age, lifetime) = (Duration::from_secs(age), Duration::from_secs(lifetime));
    if wishes.accepts(age, lifetime) {
        "as it is"
    } else {
        "validated"
    }
    .to_owned()
}

/// Whether an answer with this Vary, stored for one request, answers another one too.
pub(super) fn answers(vary: &str, stored: &str, request: &str) -> String {
    let (vary, stored, request) = (map(vary), map(stored), map(request));
    if vary::matches_nothing(&vary) {
        "nobody else"
    } else if Selecting::of(&vary, &stored).matches(&request) {
        "yes"
    } else {
        "no"
    }
    .to_owned()
}
