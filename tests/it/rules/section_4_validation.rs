//! 4. Validation: by the viewer, at the origin, by HEAD.

use super::words::{carried, conditional, head, merged};
use super::{Row, hold};

const STORED: &str = "etag: \"a\"\nlast-modified: Wed, 01 Jul 2020 00:00:00 GMT\ndate: Wed, 01 Jul 2026 00:00:00 GMT";

/// If-None-Match against a stored tag.
fn tags(list: &str, etag: &str) -> String {
    conditional(&format!("if-none-match: {list}"), &format!("etag: {etag}"))
}

fn since(date: &str, stored: &str) -> String {
    conditional(&format!("if-modified-since: {date}"), stored)
}

// A row a line, so that the rules read as a list.
#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    ("4.1", "RFC 9110 8.8.3.2", || tags("\"a\"", "\"a\""), "304"),
    ("4.1", "RFC 9110 8.8.3.2", || tags("W/\"a\"", "\"a\""), "304"),
    ("4.1", "RFC 9110 8.8.3.2", || tags("\"a\"", "W/\"a\""), "304"),
    ("4.1", "RFC 9110 8.8.3.2", || tags("w/\"a\"", "\"a\""), "200"),
    ("4.1", "RFC 9110 8.8.3.2", || tags("\"A\"", "\"a\""), "200"),
    ("4.1", "RFC 9110 13.1.2", || tags("\"x\", , W/\"y\",\"a\"", "\"a\""), "304"),
    ("4.1", "RFC 9110 13.1.2", || tags("\"x\"\nif-none-match: \"a\"", "\"a\""), "304"),
    ("4.1", "RFC 9110 13.1.2", || tags("\"x, \\\"a\\\"\"", "\"a\""), "200"),
    ("4.1", "RFC 9110 13.1.2", || tags("*", "\"a\""), "304"),
    ("4.1", "RFC 9110 13.1.2", || conditional("if-none-match: *", ""), "304"),
    ("4.1", "RFC 9110 8.8.3", || tags("a", "\"a\""), "200"),
    ("4.1", "RFC 9110 8.8.3", || tags("\"a\"", "a"), "200"),
    ("4.1", "RFC 9110 13.1.2", || conditional("if-none-match: \"a\"", "date: x"), "200"),
    ("4.1", "RFC 9110 13.2.2", || { conditional("if-none-match: \"b\"\nif-modified-since: Wed, 01 Jul 2026 00:00:00 GMT", STORED) }, "200"),
    ("4.1", "RFC 9110 13.2.2", || { conditional("if-none-match: \"a\"\nif-modified-since: Mon, 01 Jan 2001 00:00:00 GMT", STORED) }, "304"),
    ("4.1", "RFC 9110 13.1.3", || since("Wed, 01 Jul 2020 00:00:00 GMT", STORED), "304"),
    ("4.1", "RFC 9110 13.1.3", || since("Wednesday, 01-Jul-20 00:00:00 GMT", STORED), "304"),
    ("4.1", "RFC 9110 13.1.3", || since("Wed Jul  1 00:00:00 2020", STORED), "304"),
    ("4.1", "RFC 9110 13.1.3", || since("Tue, 30 Jun 2020 23:59:59 GMT", STORED), "200"),
    ("4.1", "RFC 9110 13.1.3", || since("never", STORED), "200"),
    ("4.1", "RFC 9111 4.3.2", || { since("Wed, 01 Jul 2026 00:00:00 GMT", "date: Tue, 30 Jun 2026 00:00:00 GMT") }, "304"),
    ("4.1", "RFC 9111 4.3.2", || { since("Mon, 29 Jun 2026 00:00:00 GMT", "date: Tue, 30 Jun 2026 00:00:00 GMT") }, "200"),
    ("4.1", "RFC 9111 4.3.2", || since("Wed, 01 Jul 2026 00:00:00 GMT", ""), "304"),
    ("4.1", "RFC 9111 4.3.2", || since("Tue, 30 Jun 2026 23:59:59 GMT", ""), "200"),
    ("4.1", "RFC 9110 13.1.1", || conditional("if-match: \"a\"", STORED), "the origin's"),
    ("4.1", "RFC 9110 13.1.4", || conditional("if-unmodified-since: Wed, 01 Jul 2026 00:00:00 GMT", STORED), "the origin's"),
    ("4.1", "RFC 9110 15.4.5", || { carried("etag: \"a\"\ndate: d\ncache-control: c\nexpires: e\nvary: v\ncontent-location: l\nlast-modified: m\ncontent-length: 5\ncontent-type: t\nage: 5\nx-a: 1") }, "cache-control: c\ncontent-location: l\ndate: d\netag: \"a\"\nexpires: e\nvary: v"),
    ("4.1", "RFC 9110 15.4.5", || carried("last-modified: m\ncontent-type: t"), "last-modified: m"),
    ("4.4", "RFC 9111 3.2", || merged("x-a: 1\nx-a: 2\nx-b: 3", "x-a: 4\nx-c: 5"), "x-a: 4\nx-b: 3\nx-c: 5"),
    ("4.4", "RFC 9111 3.2", || { merged("cache-control: max-age=1\nexpires: old\nset-cookie: a", "cache-control: no-store\nexpires: new\nset-cookie: b") }, "cache-control: no-store\nexpires: new\nset-cookie: b"),
    ("4.4", "RFC 9111 3.2", || { merged("content-length: 5\ncontent-encoding: gzip", "content-length: 0\ncontent-encoding: br\ncontent-range: bytes 0-1/2") }, "content-encoding: gzip\ncontent-length: 5"),
    ("4.4", "RFC 9111 3.1", || { merged("x-a: 1", "connection: x-b\nx-b: 1\ntransfer-encoding: chunked\nproxy-authenticate: x\nkeep-alive: 1") }, "x-a: 1"),
    ("4.4", "RFC 9111 4.3.4", || merged("etag: \"a\"", "etag: \"b\""), "etag: \"a\""),
    ("4.4", "RFC 9111 4.2.3", || merged("age: 50\ndate: old\nx-a: 1", ""), "x-a: 1"),
    ("4.4", "RFC 9111 4.2.3", || merged("age: 50\ndate: old", "age: 3\ndate: new"), "age: 3\ndate: new"),
    ("4.5", "RFC 9111 4.3.5", || { head("etag: \"a\"\ncontent-length: 5", "etag: \"a\"\ncontent-length: 5") }, "Same"),
    ("4.5", "RFC 9111 4.3.5", || head("etag: \"a\"\ncontent-length: 5", "etag: \"a\""), "Same"),
    ("4.5", "RFC 9111 4.3.5", || head("etag: \"a\"", "etag: \"b\""), "Differs"),
    ("4.5", "RFC 9111 4.3.5", || head("content-length: 5", "etag: \"b\"\ncontent-length: 5"), "Differs"),
    ("4.5", "RFC 9111 4.3.5", || { head("etag: \"a\"\ncontent-length: 5", "etag: \"a\"\ncontent-length: 6") }, "Differs"),
    ("4.5", "RFC 9111 4.3.5", || { head("etag: \"a\"\nlast-modified: x", "etag: \"a\"\nlast-modified: y") }, "Differs"),
    ("4.5", "policy", || head("etag: W/\"a\"", "etag: W/\"a\""), "Unknown"),
    ("4.5", "policy", || head("last-modified: x", "last-modified: x"), "Unknown"),
    ("4.5", "policy", || head("etag: \"a\"", ""), "Unknown"),
];

#[test]
fn the_rows_hold() {
    hold(ROWS);
}
