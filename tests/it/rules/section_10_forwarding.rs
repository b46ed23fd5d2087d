//! 10. What travels on, and how the answer explains itself.

use seawall::semantics::cache_status::{CacheStatus, Forward};

use super::words::kept;
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

// A row a line, so that the rules read as a list.
#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    ("10", "RFC 9110 7.6.1", || kept("connection: close, x-hop\nx-hop: 1\ncache-control: no-store"), "cache-control: no-store"),
    ("10", "RFC 9211 2.1", || { status(CacheStatus { hit: true, ttl: Some(376), ..BARE }) }, "edge-1; hit; ttl=376"),
    ("10", "RFC 9211 2.4", || { status(CacheStatus { hit: true, ttl: Some(-12), ..BARE }) }, "edge-1; hit; ttl=-12"),
    ("10", "RFC 9211 2.2", || forwarded(Forward::UriMiss), "edge-1; fwd=uri-miss"),
    ("10", "RFC 9211 2.2", || forwarded(Forward::VaryMiss), "edge-1; fwd=vary-miss"),
    ("10", "RFC 9211 2.2", || forwarded(Forward::Stale), "edge-1; fwd=stale"),
    ("10", "RFC 9211 2.2", || forwarded(Forward::Request), "edge-1; fwd=request"),
    ("10", "RFC 9211 2.2", || forwarded(Forward::Method), "edge-1; fwd=method"),
    ("10", "RFC 9211 2.2", || forwarded(Forward::Bypass), "edge-1; fwd=bypass"),
    ("10", "RFC 9211 2.2", || forwarded(Forward::Partial), "edge-1; fwd=partial"),
    ("10", "RFC 9211 2.2", || forwarded(Forward::Miss), "edge-1; fwd=miss"),
    ("10", "RFC 9211 2", || { status(CacheStatus { forward: Some(Forward::Stale), forward_status: Some(304), stored: true, collapsed: true, ttl: Some(60), key: Some("E1 /a\"b"), detail: Some("no-store"), ..BARE }) }, "edge-1; fwd=stale; fwd-status=304; stored; collapsed; ttl=60; key=\"E1 /a\\\"b\"; detail=no-store"),
    ("10", "RFC 9211 2.1", || { status(CacheStatus { hit: true, forward: Some(Forward::Miss), stored: true, ..BARE }) }, "edge-1; hit"),
];

#[test]
fn the_rows_hold() {
    hold(ROWS);
}
