//! 7. Ranges of a stored answer.

use http::Method;
use seawall::semantics::range;

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

/// Of a body of a thousand bytes.
fn several(value: &str) -> String {
    part_of(
        &Method::GET,
        &format!("range: bytes={value}"),
        STORED,
        1_000,
    )
}

/// So many ranges of one byte, far from one another.
fn scattered(count: u64) -> String {
    let ranges: Vec<String> = (0..count).map(|n| format!("{0}-{0}", n * 1_000)).collect();
    let value = format!("range: bytes={}", ranges.join(","));
    part_of(&Method::GET, &value, STORED, 1_000_000)
}

/// What a 206 says it holds.
fn said(value: &str) -> String {
    match range::parse_content_range(value.as_bytes()) {
        Some(said) => format!("{}-{} of {:?}", said.first, said.last, said.total),
        None => "nothing".to_owned(),
    }
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
    ("7 several", "RFC 9110 14.6", || several("0-3,400-407"), "parts 0-3 400-407"),
    ("7 several", "RFC 9110 15.3.7.2", || several("400-407,0-3,-2"), "parts 400-407 0-3 998-999"),
    ("7 several", "RFC 9110 15.3.7.2", || several("0-3,2-90,400-407"), "parts 0-90 400-407"),
    ("7 several", "RFC 9110 15.3.7.2", || several("0-3,84-90"), "bytes 0-90/1000"),
    ("7 several", "RFC 9110 15.3.7.2", || several("0-3,85-90"), "parts 0-3 85-90"),
    ("7 several", "RFC 9110 15.3.7.2", || several("0-3,4-7"), "bytes 0-7/1000"),
    ("7 several", "RFC 9110 14.1.1", || several("0-3,1000-"), "bytes 0-3/1000"),
    ("7 several", "RFC 9110 14.1.1", || several("0-3,1000-,400-407"), "parts 0-3 400-407"),
    ("7 several", "RFC 9110 15.5.17", || several("1000-,-0"), "416 bytes */1000"),
    ("7 several", "RFC 9110 14.2", || several("0-3,7-5"), "whole"),
    ("7 several", "RFC 9110 14.2", || several("0-3,x"), "whole"),
    ("7 several", "RFC 9110 5.6.1", || several(",0-3 ,, 400-407,"), "parts 0-3 400-407"),
    ("7 several", "RFC 9110 17.15", || scattered(32).split(' ').count().to_string(), "33"),
    ("7 several", "RFC 9110 17.15", || scattered(33), "whole"),
    ("7 several", "RFC 9110 13.1.5", || part_of(&Method::GET, "range: bytes=0-3,400-407\nif-range: \"b\"", STORED, 1_000), "whole"),
    ("7 several", "RFC 9110 14.2", || part_of(&Method::HEAD, "range: bytes=0-3,400-407", STORED, 1_000), "whole"),
    ("7 from the origin", "RFC 9110 14.4", || said("bytes 2-5/20"), "2-5 of Some(20)"),
    ("7 from the origin", "RFC 9110 14.4", || said("bytes 2-5/*"), "2-5 of None"),
    ("7 from the origin", "RFC 9110 14.4", || said("bytes 5-2/20"), "nothing"),
    ("7 from the origin", "RFC 9110 14.4", || said("bytes 2-20/20"), "nothing"),
    ("7 from the origin", "RFC 9110 14.4", || said("bytes */20"), "nothing"),
    ("7 from the origin", "RFC 9110 14.4", || said("items 2-5/20"), "nothing"),
    ("7 from the origin", "RFC 9110 14.4", || said("bytes 2-5/99999999999999999999999"), "nothing"),
];

#[test]
fn the_rows_hold() {
    hold(ROWS);
}
