//! What an origin says of caching: no bytes make it panic, and a restriction never lets more be kept, or longer.
//!
//! The first byte chooses the status; each line after it is a field, whose first byte chooses its name.

#![no_main]

use std::time::Duration;

use http::{HeaderMap, HeaderValue, StatusCode};
use libfuzzer_sys::fuzz_target;
use seawall::semantics::dates::UnixTime;
use seawall::semantics::directives::Directives;
use seawall::semantics::freshness::{Bounds, Freshness, Missing};
use seawall::semantics::storable::{Asked, storable};

const NAMES: &[&str] = &[
    "cache-control",
    "cdn-cache-control",
    "expires",
    "date",
    "last-modified",
    "age",
    "vary",
    "pragma",
    "etag",
    "set-cookie",
];
const STATUSES: &[u16] = &[
    200, 203, 204, 206, 300, 301, 302, 304, 307, 308, 404, 405, 410, 414, 416, 500, 501, 503, 599,
];

fuzz_target!(|input: &[u8]| {
    let Some((choice, rest)) = input.split_first() else {
        return;
    };
    let status = StatusCode::from_u16(STATUSES[usize::from(*choice) % STATUSES.len()]).unwrap();
    let mut headers = HeaderMap::new();
    for line in rest.split(|&byte| byte == b'\n').take(16) {
        if let Some((name, value)) = line.split_first()
            && let Ok(value) = HeaderValue::from_bytes(value)
        {
            headers.append(NAMES[usize::from(*name) % NAMES.len()], value);
        }
    }
    Directives::parse([rest].into_iter());
    for get in [true, false] {
        for credentials in [true, false] {
            let asked = Asked {
                get,
                authorization: credentials,
                unkeyed_cookie: credentials,
            };
            judge(&asked, status, &headers);
        }
    }
});

fn judge(asked: &Asked, status: StatusCode, headers: &HeaderMap) {
    for bounds in bounds() {
        let before = outcome(asked, status, headers, &bounds);
        // A targeted field rules alone (RFC 9213 section 2.2), so there only what forbids all is stricter.
        for (name, words) in [
            ("cache-control", &["no-store", "private", "no-cache"][..]),
            ("cdn-cache-control", &["no-store"]),
        ] {
            for &word in words {
                let mut more = headers.clone();
                more.append(name, HeaderValue::from_static(word));
                let after = outcome(asked, status, &more, &bounds);
                if let Some(after) = after {
                    let before = before.expect("a restriction let it be stored");
                    assert!(after.0 <= before.0, "{word} made it longer: {more:?}");
                    assert!(after.1 <= before.1, "{word} made it staler: {more:?}");
                }
            }
        }
    }
}

/// How long it is kept: while fresh, and with its stale windows; `None`: not at all.
fn outcome(
    asked: &Asked,
    status: StatusCode,
    headers: &HeaderMap,
    bounds: &Bounds,
) -> Option<(Duration, Duration)> {
    let received = UnixTime::from_secs(1_782_864_000);
    let freshness = Freshness::judge(status, headers, received, bounds);
    storable(asked, status, headers, &freshness).ok()?;
    if freshness.always_validate {
        return Some((Duration::ZERO, Duration::ZERO));
    }
    let windows = [freshness.stale_while_revalidate, freshness.stale_if_error];
    let longest = windows.into_iter().max().unwrap_or_default();
    assert!(freshness.lifetime <= bounds.max, "{headers:?}");
    Some((
        freshness.lifetime,
        freshness.lifetime.saturating_add(longest),
    ))
}

/// As origins that are buckets have them, and as web servers do.
fn bounds() -> [Bounds; 2] {
    let day = Duration::from_secs(86_400);
    let bucket = Bounds {
        min: Duration::from_secs(5),
        default: Some(day),
        max: day.saturating_mul(365),
        heuristic: false,
        negative: Some(Duration::from_secs(10)),
        missing: Missing::default(),
        stale_on_error: day,
    };
    let web = Bounds {
        min: Duration::ZERO,
        default: None,
        max: Duration::MAX,
        heuristic: true,
        negative: None,
        stale_on_error: Duration::ZERO,
        ..bucket.clone()
    };
    [bucket, web]
}
