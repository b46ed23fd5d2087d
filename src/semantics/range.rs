//! Which part of a complete representation is wanted (RFC 9110 14), and what Content-Range says.
//!
//! For entries of status 200 only; preconditions come before Range (RFC 9110 13.2.2). A request for
//! several ranges is answered with the whole, as RFC 9110 14.2 allows any server. Nothing here
//! allocates but the two field values.

use std::time::Duration;

use http::{HeaderMap, HeaderValue, Method, header};

use super::dates::{self, UnixTime};
use super::fields::{Sole, sole};
use super::validators::strong_eq;

/// What to answer to a request that may bear a Range.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Selection {
    /// 200 with everything: no range is asked for, or none that counts.
    Whole,
    /// 206 with these bytes, both ends included; `first <= last < len`.
    Part {
        /// Offset of the first byte.
        first: u64,
        /// Offset of the last byte.
        last: u64,
    },
    /// 416 with [`unsatisfied_range`].
    Unsatisfiable,
}

/// What a 206 says it holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ContentRange {
    /// Offset of the first byte.
    pub first: u64,
    /// Offset of the last byte, included; not below `first`.
    pub last: u64,
    /// Length of the whole, above `last`; `None` if the sender does not know it.
    pub total: Option<u64>,
}

/// Selects a part of a representation of `len` bytes with the fields `stored`.
///
/// Range counts only with GET, only in bytes, only well-formed, and only if an If-Range beside it
/// holds. The end is clamped to the length, and a suffix longer than everything is everything. Of an
/// empty representation a suffix selects the whole, since Content-Range cannot say "no bytes".
pub fn select(method: &Method, request: &HeaderMap, stored: &HeaderMap, len: u64) -> Selection {
    if method != Method::GET {
        return Selection::Whole;
    }
    let Sole::Same(value) = sole(request, header::RANGE) else {
        return Selection::Whole;
    };
    match parse_range(value) {
        Some(spec) if if_range_holds(request, stored) => spec.within(len),
        _ => Selection::Whole,
    }
}

/// Whether a request asks for a part at all: what [`select`] ignores whatever the representation is
/// like (another method, another unit, a set of several, something malformed) asks for the whole.
pub fn is_asked(method: &Method, request: &HeaderMap) -> bool {
    let Sole::Same(value) = sole(request, header::RANGE) else {
        return false;
    };
    method == Method::GET && parse_range(value).is_some()
}

/// The Content-Range of a 206: `bytes first-last/len`.
pub fn content_range(first: u64, last: u64, len: u64) -> HeaderValue {
    value(format!("bytes {first}-{last}/{len}"))
}

/// The Content-Range of a 416: `bytes */len`.
pub fn unsatisfied_range(len: u64) -> HeaderValue {
    value(format!("bytes */{len}"))
}

/// Reads the Content-Range of a 206 (RFC 9110 14.4). `None` where it is malformed, contradicts itself,
/// counts in another unit, or names no range (as a 416's does).
pub fn parse_content_range(value: &[u8]) -> Option<ContentRange> {
    let (unit, rest) = value.trim_ascii().split_at_checked(6)?;
    if !unit.eq_ignore_ascii_case(b"bytes ") {
        return None;
    }
    let (range, total) = split_once(rest, b'/')?;
    let (first, last) = split_once(range, b'-')?;
    let (first, last) = (exact(first)?, exact(last)?);
    let total = match total {
        b"*" => None,
        digits => Some(exact(digits)?),
    };
    let sound = first <= last && total.is_none_or(|total| last < total);
    sound.then_some(ContentRange { first, last, total })
}

/// How much older than Date a Last-Modified must be to be strong (RFC 9110 8.8.2.2): then the object
/// cannot have changed again within that second, not even if the origin's two clocks disagree a little.
const STRONG_AFTER: Duration = Duration::from_secs(60);

/// One range as asked for. Numbers too great for 64 bits count as the greatest.
enum Spec {
    From { first: u64, last: u64 },
    Suffix(u64),
}

impl Spec {
    fn within(self, len: u64) -> Selection {
        let first = match self {
            Self::Suffix(0) => return Selection::Unsatisfiable,
            Self::Suffix(_) if len == 0 => return Selection::Whole,
            Self::Suffix(count) => len.saturating_sub(count),
            Self::From { first, .. } if first >= len => return Selection::Unsatisfiable,
            Self::From { first, .. } => first,
        };
        let end = len.saturating_sub(1);
        let last = match self {
            Self::Suffix(_) => end,
            Self::From { last, .. } => last.min(end),
        };
        Selection::Part { first, last }
    }
}

/// The one range in this value; `None` if it is malformed, in another unit, or a set of several.
fn parse_range(value: &[u8]) -> Option<Spec> {
    let (unit, set) = split_once(value.trim_ascii(), b'=')?;
    if !unit.eq_ignore_ascii_case(b"bytes") || matches!(set.first(), Some(b' ' | b'\t')) {
        return None;
    }
    let mut members = set
        .split(|&b| b == b',')
        .map(|member| member.trim_ascii())
        .filter(|member| !member.is_empty());
    let (first, last) = split_once(members.next()?, b'-')?;
    if members.next().is_some() {
        return None;
    }
    if first.is_empty() {
        return clamped(last).map(Spec::Suffix);
    }
    let first = clamped(first)?;
    let last = match last {
        b"" => u64::MAX,
        digits => clamped(digits)?,
    };
    (first <= last).then_some(Spec::From { first, last })
}

/// If-Range (RFC 9110 13.1.5): absent, or the stored strong tag, or exactly the stored Last-Modified
/// where that is strong.
fn if_range_holds(request: &HeaderMap, stored: &HeaderMap) -> bool {
    match sole(request, header::IF_RANGE) {
        Sole::Absent => true,
        Sole::Differing => false,
        Sole::Same(tag) if tag.starts_with(b"\"") || tag.starts_with(b"W/") => stored
            .get(header::ETAG)
            .is_some_and(|etag| strong_eq(etag.as_bytes(), tag)),
        Sole::Same(date) => match sole(stored, header::LAST_MODIFIED) {
            Sole::Same(modified) => modified == date && is_strong_date(modified, stored),
            Sole::Absent | Sole::Differing => false,
        },
    }
}

fn is_strong_date(modified: &[u8], stored: &HeaderMap) -> bool {
    // Both dates are the origin's. Only their distance matters, so a two-digit year needs no more
    // than the same century for both.
    let Some(date) = dates::field(stored, header::DATE, UnixTime::default()) else {
        return false;
    };
    dates::parse(modified, date)
        .is_some_and(|modified| date.saturating_since(modified) >= STRONG_AFTER)
}

fn split_once(text: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let position = text.iter().position(|&b| b == at)?;
    Some((&text[..position], &text[position + 1..]))
}

/// Digits only, at least one; saturates.
fn clamped(digits: &[u8]) -> Option<u64> {
    number(digits, |number, digit| {
        Some(number.saturating_mul(10).saturating_add(digit))
    })
}

/// Digits only, at least one; `None` if they do not fit.
fn exact(digits: &[u8]) -> Option<u64> {
    number(digits, |number, digit| {
        number.checked_mul(10)?.checked_add(digit)
    })
}

fn number(digits: &[u8], step: impl Fn(u64, u64) -> Option<u64>) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0, |number, byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        step(number, digit)
    })
}

fn value(text: String) -> HeaderValue {
    // The text is ASCII letters, digits and punctuation: always a legal value.
    HeaderValue::try_from(text).expect("a Content-Range is a legal field value")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Selection::{Part, Unsatisfiable, Whole};
    use super::*;

    fn map(lines: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    fn get(range: &str, len: u64) -> Selection {
        select(
            &Method::GET,
            &map(&[("range", range)]),
            &HeaderMap::new(),
            len,
        )
    }

    const fn part(first: u64, last: u64) -> Selection {
        Part { first, last }
    }

    #[test]
    fn rule_7_one_range() {
        for (range, len, expected) in [
            ("bytes=0-0", 10, part(0, 0)),
            ("bytes=0-9", 10, part(0, 9)),
            ("bytes=3-5", 10, part(3, 5)),
            ("bytes=3-", 10, part(3, 9)),
            ("bytes=9-", 10, part(9, 9)),
            ("bytes=0-999999999", 10, part(0, 9)),
            ("bytes=5-99999999999999999999999999", 10, part(5, 9)),
            ("bytes=-1", 10, part(9, 9)),
            ("bytes=-10", 10, part(0, 9)),
            ("bytes=-11", 10, part(0, 9)),
            ("bytes=-99999999999999999999999999", 10, part(0, 9)),
            ("BYTES=0-0", 10, part(0, 0)),
            ("bytes=00-005", 10, part(0, 5)),
            ("bytes=,0-0 ,", 10, part(0, 0)),
            ("bytes=10-", 10, Unsatisfiable),
            ("bytes=10-20", 10, Unsatisfiable),
            ("bytes=99999999999999999999999999-", 10, Unsatisfiable),
            ("bytes=-0", 10, Unsatisfiable),
            ("bytes=0-", 0, Unsatisfiable),
            ("bytes=-0", 0, Unsatisfiable),
            ("bytes=-5", 0, Whole),
            ("bytes=0-", u64::MAX, part(0, u64::MAX - 1)),
        ] {
            assert_eq!(get(range, len), expected, "{range} of {len}");
        }
    }

    #[test]
    fn rule_7_what_is_malformed_is_ignored() {
        for range in [
            "",
            "bytes",
            "bytes=",
            "bytes=,",
            "bytes=-",
            "bytes=a-b",
            "bytes=1-x",
            "bytes=x-1",
            "bytes=5-3",
            "bytes=--1",
            "bytes=1--2",
            "bytes=+1-2",
            "bytes=1",
            "bytes=1.0-2",
            "bytes=1 -2",
            "bytes=1- 2",
            "bytes= 0-1",
            "bytes=\t0-1",
            "bytes =0-1",
            "bytes:0-1",
            "byte=0-1",
            "items=0-1",
            "0-1",
            "none",
            "bytes=0-1;a",
            "bytes=\"0-1\"",
            "bytes=20-30-",
        ] {
            assert_eq!(get(range, 10), Whole, "{range}");
        }
    }

    #[test]
    fn rule_7_several_ranges_get_the_whole() {
        for range in [
            "bytes=0-1,2-3",
            "bytes=0-,0-,0-",
            "bytes=0-1, x",
            "bytes=90-,80-",
        ] {
            assert_eq!(get(range, 10), Whole, "{range}");
        }
        let two_lines = map(&[("range", "bytes=0-1"), ("range", "bytes=2-3")]);
        assert_eq!(
            select(&Method::GET, &two_lines, &HeaderMap::new(), 10),
            Whole
        );
    }

    #[test]
    fn rule_7_only_get() {
        let request = map(&[("range", "bytes=0-1")]);
        for method in [Method::HEAD, Method::POST, Method::PUT] {
            assert_eq!(
                select(&method, &request, &HeaderMap::new(), 10),
                Whole,
                "{method}"
            );
        }
        assert_eq!(
            select(&Method::GET, &HeaderMap::new(), &HeaderMap::new(), 10),
            Whole
        );
    }

    #[test]
    fn rule_7_if_range_needs_a_strong_validator() {
        const MODIFIED: &str = "Wed, 01 Jul 2026 00:00:00 GMT";
        let minute = ("date", "Wed, 01 Jul 2026 00:01:00 GMT");
        let sooner = ("date", "Wed, 01 Jul 2026 00:00:59 GMT");
        let modified = ("last-modified", MODIFIED);
        for (if_range, stored, holds) in [
            ("\"a\"", &[("etag", "\"a\"")][..], true),
            ("\"b\"", &[("etag", "\"a\"")], false),
            ("\"a\"", &[("etag", "W/\"a\"")], false),
            ("W/\"a\"", &[("etag", "\"a\"")], false),
            ("W/\"a\"", &[("etag", "W/\"a\"")], false),
            ("a", &[("etag", "a")], false),
            ("\"a\"", &[], false),
            ("\"a\", \"b\"", &[("etag", "\"a\"")], false),
            ("*", &[("etag", "\"a\"")], false),
            (MODIFIED, &[modified, minute], true),
            (MODIFIED, &[modified, sooner], false),
            (MODIFIED, &[modified], false),
            (MODIFIED, &[minute], false),
            (MODIFIED, &[modified, ("date", "?")], false),
            ("Wed Jul  1 00:00:00 2026", &[modified, minute], false),
            ("Wed, 01 Jul 2026 00:00:01 GMT", &[modified, minute], false),
            ("Tue, 30 Jun 2026 00:00:00 GMT", &[modified, minute], false),
            ("?", &[("last-modified", "?"), minute], false),
            ("", &[modified, minute], false),
            (
                "Wednesday, 01-Jul-26 00:00:00 GMT",
                &[
                    ("last-modified", "Wednesday, 01-Jul-26 00:00:00 GMT"),
                    minute,
                ],
                true,
            ),
            (
                "Wednesday, 01-Jul-26 00:00:00 GMT",
                &[
                    ("last-modified", "Wednesday, 01-Jul-26 00:00:00 GMT"),
                    sooner,
                ],
                false,
            ),
        ] {
            let request = map(&[("range", "bytes=0-1"), ("if-range", if_range)]);
            let expected = if holds { part(0, 1) } else { Whole };
            let selected = select(&Method::GET, &request, &map(stored), 10);
            assert_eq!(selected, expected, "{if_range} {stored:?}");
            // An unsatisfiable range is not even looked at where If-Range fails.
            let beyond = map(&[("range", "bytes=10-"), ("if-range", if_range)]);
            let expected = if holds { Unsatisfiable } else { Whole };
            assert_eq!(select(&Method::GET, &beyond, &map(stored), 10), expected);
        }
        let twice = map(&[
            ("range", "bytes=0-1"),
            ("if-range", "\"a\""),
            ("if-range", "\"b\""),
        ]);
        assert_eq!(
            select(&Method::GET, &twice, &map(&[("etag", "\"a\"")]), 10),
            Whole
        );
        let alone = map(&[("if-range", "\"a\"")]);
        assert_eq!(
            select(&Method::GET, &alone, &map(&[("etag", "\"a\"")]), 10),
            Whole
        );
    }

    #[test]
    fn rule_7_content_range() {
        assert_eq!(content_range(0, 9, 10), "bytes 0-9/10");
        assert_eq!(unsatisfied_range(10), "bytes */10");
        let found = |first, last, total| Some(ContentRange { first, last, total });
        for (text, expected) in [
            ("bytes 0-9/10", found(0, 9, Some(10))),
            ("BYTES 0-0/1", found(0, 0, Some(1))),
            ("bytes 5-9/*", found(5, 9, None)),
            ("bytes 0-9/9", None),
            ("bytes 9-0/10", None),
            ("bytes */10", None),
            ("bytes 0-9", None),
            ("bytes 0-/10", None),
            ("bytes -9/10", None),
            ("bytes=0-9/10", None),
            ("bytes  0-9/10", None),
            ("items 0-9/10", None),
            ("bytes 0-9/+10", None),
            ("bytes 0 - 9/10", None),
            ("bytes 0-9/10/11", None),
            ("bytes 0-18446744073709551616/*", None),
            ("bytes 0-9/18446744073709551626", None),
            ("bytes", None),
            ("", None),
        ] {
            assert_eq!(parse_content_range(text.as_bytes()), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn selecting_is_slicing(
            body in prop::collection::vec(any::<u8>(), 0..40),
            a in 0..50usize, b in 0..50usize, form in 0..3u8,
        ) {
            let (range, naive) = match form {
                0 => (format!("bytes={a}-{b}"), body.get(a..body.len().min(b + 1))),
                1 => (format!("bytes={a}-"), body.get(a..)),
                _ => (format!("bytes=-{a}"), Some(&body[body.len().saturating_sub(a)..])),
            };
            let naive = naive.filter(|slice| !slice.is_empty());
            let selected = match get(&range, body.len() as u64) {
                Part { first, last } => {
                    let (first, last) = (first as usize, last as usize);
                    let header = content_range(first as u64, last as u64, body.len() as u64);
                    let read = parse_content_range(header.as_bytes()).unwrap();
                    prop_assert_eq!((read.first, read.last), (first as u64, last as u64));
                    prop_assert_eq!(read.total, Some(body.len() as u64));
                    Some(&body[first..=last])
                }
                Unsatisfiable => None,
                Whole => {
                    // Only an inverted range, or a suffix of nothing.
                    prop_assert!((form == 0 && a > b) || (form == 2 && a > 0 && body.is_empty()));
                    return Ok(());
                }
            };
            prop_assert_eq!(selected, naive);
        }

        #[test]
        fn no_bytes_make_it_panic(text in "(bytes[= ])?[0-9,*/ -]{0,45}", len in any::<u64>()) {
            if let Part { first, last } = get(&text, len) {
                prop_assert!(first <= last && last < len);
            }
            parse_content_range(text.as_bytes());
        }
    }
}
