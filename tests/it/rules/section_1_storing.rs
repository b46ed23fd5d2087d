//! 1. May this response be stored?

use std::time::Duration;

use seawall::semantics::freshness::Bounds;
use seawall::semantics::storable::Asked;

use super::words::{GET, cloudfront, kept, rfc, stores, stores_for};
use super::{Row, hold};

const POST: Asked = Asked { get: false, ..GET };
const AUTHORIZED: Asked = Asked {
    authorization: true,
    ..GET
};
const COOKIE: Asked = Asked {
    unkeyed_cookie: true,
    ..GET
};

fn authorized(response: &str) -> String {
    stores_for(&AUTHORIZED, 200, response, &rfc())
}

fn with_default(asked: &Asked, status: u16, response: &str) -> String {
    stores_for(asked, status, response, &cloudfront())
}

/// The statuses of a range that are stored.
fn all_stored(statuses: impl Iterator<Item = u16>, response: &str) -> String {
    let stored = statuses.filter(|status| stores(*status, response) == "stored");
    stored
        .map(|status| status.to_string())
        .collect::<Vec<_>>()
        .join(" ")
}

// A row a line, so that the rules read as a list.
#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    ("1.1", "RFC 9110 9.2.3", || stores(200, "cache-control: max-age=60"), "stored"),
    ("1.1", "RFC 9111 3", || { stores_for(&POST, 200, "cache-control: max-age=60\ncontent-location: /", &rfc()) }, "method"),
    ("1.2", "RFC 9110 15.2", || all_stored(100..200, "cache-control: public, max-age=60"), ""),
    ("1.2", "RFC 9111 3", || stores(304, "cache-control: max-age=60\netag: \"a\""), "status"),
    ("1.2", "policy", || stores(416, "cache-control: max-age=60\netag: \"a\""), "status"),
    ("1.2", "RFC 9111 3.3", || stores(206, "cache-control: max-age=60\netag: \"a\""), "partial"),
    ("1.3", "RFC 9111 5.2.2.5", || stores(200, "cache-control: no-store, max-age=60"), "no-store"),
    ("1.3", "RFC 9111 5.2.2.5", || stores(200, "cache-control: max-age=60\ncache-control: No-Store"), "no-store"),
    ("1.3", "RFC 9111 5.2.2.5", || stores(200, "cache-control: no-store=\"a\", max-age=60"), "no-store"),
    ("1.3", "RFC 9111 5.2.2.3", || stores(200, "cache-control: no-store, must-understand, max-age=60"), "stored"),
    ("1.3", "RFC 9111 5.2.2.3", || stores(200, "cache-control: must-understand, max-age=60"), "stored"),
    ("1.3", "RFC 9111 5.2.2.3", || stores(599, "cache-control: no-store, must-understand, max-age=60"), "status"),
    ("1.3", "RFC 9111 5.2.2.3", || stores(599, "cache-control: must-understand, max-age=60"), "status"),
    ("1.3", "RFC 9111 5.2.2.3", || { stores(200, "cache-control: no-store, must-understand=1, max-age=60") }, "no-store"),
    ("1.4", "RFC 9111 5.2.2.7", || stores(200, "cache-control: private, max-age=60"), "private"),
    ("1.4", "RFC 9111 5.2.2.7", || stores(200, "cache-control: private=\"x-a, x-b\", max-age=60"), "private"),
    ("1.4", "RFC 9111 5.2.2.7", || stores(200, "cache-control: a=\"b, private\", max-age=60"), "stored"),
    ("1.4", "RFC 9111 5.2.2.7", || stores(200, "cache-control: private, no-store, must-understand"), "private"),
    ("1.5", "RFC 9111 3.5", || authorized("cache-control: max-age=60"), "authorization"),
    ("1.5", "RFC 9111 3.5", || authorized("expires: Thu, 01 Jan 2099 00:00:00 GMT"), "authorization"),
    ("1.5", "RFC 9111 3.5", || authorized("cache-control: max-age=60, proxy-revalidate"), "authorization"),
    ("1.5", "RFC 9111 3.5", || authorized("cache-control: max-age=60, public"), "stored"),
    ("1.5", "RFC 9111 3.5", || authorized("cache-control: s-maxage=60"), "stored"),
    ("1.5", "RFC 9111 3.5", || authorized("cache-control: max-age=60, must-revalidate"), "stored"),
    ("1.5", "RFC 9213 2.2", || authorized("cdn-cache-control: max-age=60\ncache-control: public"), "authorization"),
    ("1.6", "RFC 9110 15.1", || all_stored(200..1000, "etag: \"a\""), "200 203 204 300 301 308 404 405 410 414"),
    ("1.6", "RFC 9111 3", || all_stored(200..1000, ""), ""),
    ("1.6", "RFC 9111 3", || stores(302, "etag: \"a\"\ncache-control: public"), "stored"),
    ("1.6", "RFC 9111 3", || stores(599, "cache-control: max-age=60"), "stored"),
    ("1.6", "RFC 9111 3", || stores(299, "expires: Thu, 01 Jan 2099 00:00:00 GMT"), "stored"),
    ("1.6", "RFC 9111 4.2.2", || stores(200, "last-modified: Mon, 01 Jun 2026 00:00:00 GMT"), "stored"),
    ("1.6", "RFC 9111 4.2.2", || stores(302, "last-modified: Mon, 01 Jun 2026 00:00:00 GMT"), "no-lifetime"),
    ("1.6", "RFC 9111 5.2.2.4", || stores(200, "cache-control: no-cache\netag: \"a\""), "stored"),
    ("1.6", "RFC 9111 5.2.2.4", || stores(200, "cache-control: no-cache"), "no-lifetime"),
    ("1.6", "RFC 9111 4.2.1", || stores(200, "cache-control: max-age=x\netag: \"a\""), "stored"),
    ("1.6", "policy", || with_default(&GET, 200, ""), "stored"),
    ("1.6", "policy", || with_default(&GET, 302, "etag: \"a\""), "no-lifetime"),
    ("1.6", "policy", || with_default(&GET, 501, "etag: \"a\""), "no-lifetime"),
    ("1.6", "policy", || stores(503, "cache-control: public\netag: \"a\""), "no-lifetime"),
    ("1.7", "RFC 9111 4.1", || stores(200, "cache-control: max-age=60\nvary: *"), "vary-star"),
    ("1.7", "RFC 9110 12.5.5", || stores(200, "cache-control: max-age=60\nvary: accept, , *"), "vary-star"),
    ("1.7", "RFC 9110 12.5.5", || stores(200, "cache-control: max-age=60\nvary: accept\nvary: *,"), "vary-star"),
    ("1.7", "RFC 9110 12.5.5", || stores(200, "cache-control: max-age=60\nvary: accept, x-*"), "stored"),
    ("1.9", "RFC 9111 7.3", || stores(200, "cache-control: max-age=60\nset-cookie: a=b"), "stored"),
    ("1.9", "policy", || with_default(&GET, 200, "set-cookie: a=b"), "set-cookie"),
    ("1.9", "policy", || { stores(200, "last-modified: Mon, 01 Jun 2026 00:00:00 GMT\nset-cookie: a=b") }, "set-cookie"),
    ("1.9", "policy", || stores(200, "cache-control: no-cache\netag: \"a\"\nset-cookie: a=b"), "set-cookie"),
    ("1.11", "policy", || with_default(&COOKIE, 200, ""), "unkeyed-cookie"),
    ("1.11", "policy", || with_default(&COOKIE, 200, "cache-control: max-age=60"), "stored"),
    ("1 fields", "RFC 9111 3.1", || kept("x-unknown: 1\nx-unknown: 2\nset-cookie: a=b"), "set-cookie: a=b\nx-unknown: 1\nx-unknown: 2"),
    ("1 fields", "RFC 9110 7.6.1", || { kept("connection: x-a, close\nx-a: 1\nkeep-alive: 1\nproxy-connection: 1\nte: x\ntransfer-encoding: chunked\nupgrade: h\ntrailer: x\nx-b: 1") }, "x-b: 1"),
    ("1 fields", "RFC 9111 3.1", || { kept("proxy-authenticate: a\nproxy-authentication-info: b\nproxy-authorization: c\nx-b: 1") }, "x-b: 1"),
    ("1 fields", "RFC 9110 7.6.1", || kept("connection: cache-control, vary\ncache-control: no-store\nvary: *"), "cache-control: no-store\nvary: *"),
];

#[test]
fn the_rows_hold() {
    hold(ROWS);
}

#[test]
fn the_operators_shortest_lifetime_makes_nothing_storable() {
    let bounds = Bounds {
        min: Duration::from_secs(60),
        ..cloudfront()
    };
    for directive in ["no-store", "private"] {
        let response = format!("cache-control: {directive}\netag: \"a\"");
        assert_eq!(stores_for(&GET, 200, &response, &bounds), directive);
    }
}
