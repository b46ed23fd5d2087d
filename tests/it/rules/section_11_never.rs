//! 11. What is never stored and never shared, whatever else is said.

use seawall::semantics::storable::Asked;

use super::words::{GET, cloudfront, kept, rfc, stores, stores_for};
use super::{Row, hold};

/// As much permission as a response can give.
const ALL: &str = "cache-control: public, max-age=60, s-maxage=60, must-revalidate\netag: \"a\"\n";

fn despite(status: u16, line: &str) -> String {
    stores(status, &format!("{ALL}{line}"))
}

// A row a line, so that the rules read as a list.
#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    ("11", "RFC 9111 3", || despite(200, ""), "stored"),
    ("11", "RFC 9111 5.2.2.5", || despite(200, "cache-control: no-store"), "no-store"),
    ("11", "RFC 9111 5.2.2.7", || despite(200, "cache-control: private"), "private"),
    ("11", "RFC 9111 4.1", || despite(200, "vary: *"), "vary-star"),
    ("11", "RFC 9110 15.2", || despite(103, ""), "status"),
    ("11", "RFC 9111 3", || despite(304, ""), "status"),
    ("11", "RFC 9111 3", || despite(416, ""), "status"),
    ("11", "RFC 9111 3.3", || despite(206, "content-range: bytes 0-1/2"), "partial"),
    ("11", "RFC 9110 9.2.3", || stores_for(&Asked { get: false, ..GET }, 200, ALL, &rfc()), "method"),
    ("11", "RFC 9111 3.5", || { stores_for(&Asked { authorization: true, ..GET }, 200, "cache-control: max-age=60", &rfc()) }, "authorization"),
    ("11", "RFC 9111 7.3", || stores_for(&GET, 200, "set-cookie: a=b", &cloudfront()), "set-cookie"),
    ("11", "RFC 9111 3.1", || { kept("proxy-authenticate: a\nproxy-authorization: b\nproxy-authentication-info: c\nconnection: close") }, ""),
];

#[test]
fn the_rows_hold() {
    hold(ROWS);
}
