//! 7. One range of a stored answer.

use http::Method;

use super::words::{part, part_of};
use super::{Row, hold};

/// Modified six years before its Date.
const STORED: &str = "etag: \"a\"\nlast-modified: Wed, 01 Jul 2020 00:00:00 GMT\ndate: Wed, 01 Jul 2026 00:00:00 GMT";
const UNTAGGED: &str =
    "last-modified: Wed, 01 Jul 2020 00:00:00 GMT\ndate: Wed, 01 Jul 2026 00:00:00 GMT";

fn range(value: &str) -> String {
    part(&format!("range: {value}"), STORED)
}

fn if_range(value: &str, stored: &str) -> String {
    part(&format!("range: bytes=0-1\nif-range: {value}"), stored)
}

// A row a line, so that the rules read as a list.
#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    ("7", "RFC 9110 14.1.2", || range("bytes=2-4"), "bytes 2-4/10"),
    ("7", "RFC 9110 14.1.2", || range("bytes=2-"), "bytes 2-9/10"),
    ("7", "RFC 9110 14.1.2", || range("bytes=-3"), "bytes 7-9/10"),
    ("7", "RFC 9110 14.1.2", || range("bytes=-30"), "bytes 0-9/10"),
    ("7", "RFC 9110 14.1.2", || range("bytes=2-400"), "bytes 2-9/10"),
    ("7", "RFC 9110 14.1.2", || range("bytes=2-99999999999999999999999"), "bytes 2-9/10"),
    ("7", "RFC 9110 14.1", || range("BYTES=2-4"), "bytes 2-4/10"),
    ("7", "RFC 9110 15.5.17", || range("bytes=10-"), "416 bytes */10"),
    ("7", "RFC 9110 15.5.17", || range("bytes=-0"), "416 bytes */10"),
    ("7", "RFC 9110 14.2", || range("bytes=4-2"), "whole"),
    ("7", "RFC 9110 14.2", || range("bytes=a-b"), "whole"),
    ("7", "RFC 9110 14.2", || range("bytes 2-4"), "whole"),
    ("7", "RFC 9110 14.2", || range("items=2-4"), "whole"),
    ("7", "RFC 9110 14.2", || range("bytes=2-4\nrange: bytes=3-5"), "whole"),
    ("7", "RFC 9110 14.2", || part_of(&Method::HEAD, "range: bytes=2-4", STORED, 10), "whole"),
    ("7", "RFC 9110 14.2", || part_of(&Method::POST, "range: bytes=2-4", STORED, 10), "whole"),
    ("7", "RFC 9110 14.2", || part_of(&Method::GET, "range: bytes=0-", STORED, 0), "416 bytes */0"),
    ("7", "RFC 9110 13.1.5", || if_range("\"a\"", STORED), "bytes 0-1/10"),
    ("7", "RFC 9110 13.1.5", || if_range("\"b\"", STORED), "whole"),
    ("7", "RFC 9110 13.1.5", || if_range("W/\"a\"", "etag: W/\"a\""), "whole"),
    ("7", "RFC 9110 13.1.5", || if_range("Wed, 01 Jul 2020 00:00:00 GMT", UNTAGGED), "bytes 0-1/10"),
    ("7", "RFC 9110 13.1.5", || if_range("Thu, 02 Jul 2020 00:00:00 GMT", UNTAGGED), "whole"),
    ("7", "RFC 9110 13.1.5", || if_range("Wednesday, 01-Jul-20 00:00:00 GMT", UNTAGGED), "whole"),
    ("7", "RFC 9110 8.8.2.2", || { if_range("Wed, 01 Jul 2026 00:00:00 GMT", "last-modified: Wed, 01 Jul 2026 00:00:00 GMT\ndate: Wed, 01 Jul 2026 00:00:01 GMT") }, "whole"),
];

#[test]
fn the_rows_hold() {
    hold(ROWS);
}
