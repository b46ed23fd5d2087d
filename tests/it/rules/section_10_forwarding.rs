//! 10. What travels on, and how the answer explains itself.

use http::Method;
use seawall::policy::behavior::Methods;
use seawall::policy::origin_request::OriginRequest;
use seawall::semantics::cache_status::{CacheStatus, Forward};

use super::words::{kept, map, text};
use super::{Row, hold};

const BARE: CacheStatus<'static> = CacheStatus {
    cache: "edge-1",
    hit: false,
    forward: None,
    forward_status: None,
    stored: false,
    collapsed: false,
    ttl: None,
    key: None,
    detail: None,
};

fn status(status: CacheStatus<'_>) -> String {
    status.render().to_str().unwrap().to_owned()
}

fn forwarded(forward: Forward) -> String {
    let forward = Some(forward);
    status(CacheStatus { forward, ..BARE })
}

/// What of a viewer's fields goes on with a GET.
fn sent_on(preset: &str, viewer: &str) -> String {
    sent_on_with(&Method::GET, preset, viewer)
}

fn sent_on_with(method: &Method, preset: &str, viewer: &str) -> String {
    let policy = OriginRequest::preset(preset).unwrap_or(OriginRequest::BUCKET);
    text(&policy.fields(method, &map(viewer)))
}

/// Those of these methods that are let through.
fn let_through(methods: &Methods) -> String {
    let asked =
        "GET HEAD OPTIONS POST PUT PATCH DELETE PROPFIND X-ODD get TRACE TRACK CONNECT PURGE";
    let allowed = asked
        .split(' ')
        .filter(|name| methods.allows(&Method::from_bytes(name.as_bytes()).unwrap()));
    allowed.collect::<Vec<_>>().join(" ")
}

// A row a line, so that the rules read as a list.
#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    ("10 fields", "RFC 9110 7.6.1", || kept("connection: close, x-hop\nx-hop: 1\ncache-control: no-store"), "cache-control: no-store"),
    ("10 fields", "RFC 9110 7.6.1", || sent_on("AllViewer", "connection: close, x-hop\nx-hop: 1\nkeep-alive: 1\nproxy-connection: a\nte: trailers\ntransfer-encoding: chunked\nupgrade: h2c\nx-own: 1"), "x-own: 1"),
    ("10 fields", "RFC 9110 7.6.1", || sent_on("Default", "connection: authorization\nauthorization: a"), "authorization: a"),
    ("10 fields", "RFC 9110 11.7.2", || sent_on("AllViewer", "proxy-authorization: a\nx-own: 1"), "x-own: 1"),
    ("10 fields", "RFC 9111 4.3.1", || sent_on("AllViewer", "range: bytes=0-1\nif-range: \"a\"\nif-none-match: \"a\"\nif-match: \"a\"\nif-modified-since: a\nif-unmodified-since: a"), ""),
    ("10 fields", "RFC 9110 10.1.1", || sent_on_with(&Method::POST, "AllViewer", "expect: 100-continue\ncontent-type: a/b"), "content-type: a/b"),
    ("10 fields", "RFC 9110 9.3.1", || sent_on("AllViewer", "content-type: a/b\ncontent-length: 3"), ""),
    ("10 fields", "policy", || sent_on("Default", "cookie: a=b\nx-own: 1\nuser-agent: a\nauthorization: a"), "authorization: a"),
    ("10 fields", "policy", || sent_on("a bucket's", "cookie: a=b\nauthorization: a\naccept-encoding: gzip\nx-own: 1"), ""),
    ("10 fields", "policy", || sent_on("Default", "accept-encoding: zstd, br;q=0.1, gzip, deflate, gzip;q=0"), "accept-encoding: br, zstd"),
    ("10 unknown", "RFC 9110 16.1", || let_through(&Methods::Any), "GET HEAD OPTIONS POST PUT PATCH DELETE PROPFIND X-ODD get"),
    ("9 forwarded", "RFC 9110 15.5.6", || let_through(&Methods::Standard), "GET HEAD OPTIONS POST PUT PATCH DELETE"),
    ("9 forwarded", "policy", || let_through(&Methods::new(["GET"]).unwrap()), "GET"),
    ("10 cache-status", "RFC 9211 2.1", || { status(CacheStatus { hit: true, ttl: Some(376), ..BARE }) }, "edge-1; hit; ttl=376"),
    ("10 cache-status", "RFC 9211 2.4", || { status(CacheStatus { hit: true, ttl: Some(-12), ..BARE }) }, "edge-1; hit; ttl=-12"),
    ("10 cache-status", "RFC 9211 2.2", || forwarded(Forward::UriMiss), "edge-1; fwd=uri-miss"),
    ("10 cache-status", "RFC 9211 2.2", || forwarded(Forward::VaryMiss), "edge-1; fwd=vary-miss"),
    ("10 cache-status", "RFC 9211 2.2", || forwarded(Forward::Stale), "edge-1; fwd=stale"),
    ("10 cache-status", "RFC 9211 2.2", || forwarded(Forward::Request), "edge-1; fwd=request"),
    ("10 cache-status", "RFC 9211 2.2", || forwarded(Forward::Method), "edge-1; fwd=method"),
    ("10 cache-status", "RFC 9211 2.2", || forwarded(Forward::Bypass), "edge-1; fwd=bypass"),
    ("10 cache-status", "RFC 9211 2.2", || forwarded(Forward::Partial), "edge-1; fwd=partial"),
    ("10 cache-status", "RFC 9211 2.2", || forwarded(Forward::Miss), "edge-1; fwd=miss"),
    ("10 cache-status", "RFC 9211 2", || { status(CacheStatus { forward: Some(Forward::Stale), forward_status: Some(304), stored: true, collapsed: true, ttl: Some(60), key: Some("E1 /a\"b"), detail: Some("no-store"), ..BARE }) }, "edge-1; fwd=stale; fwd-status=304; stored; collapsed; ttl=60; key=\"E1 /a\\\"b\"; detail=no-store"),
    ("10 cache-status", "RFC 9211 2.1", || { status(CacheStatus { hit: true, forward: Some(Forward::Miss), stored: true, ..BARE }) }, "edge-1; hit"),
];

#[test]
fn the_rows_hold() {
    hold(ROWS);
}
