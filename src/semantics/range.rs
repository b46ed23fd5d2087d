//! Which part of a complete representation is wanted (RFC 9110 14), and what Content-Range says.
//!
//! For entries of status 200 only; preconditions come before Range (RFC 9110 13.2.2). Several ranges
//! become several parts ([`super::multipart`] lays them out); ranges that overlap, or lie closer than
//! the head of a part is long, become one (15.3.7.2), so that no set of ranges makes an answer much
//! longer than the object. For one range nothing here allocates but the two field values.

use std::ops::RangeInclusive;
use std::time::Duration;

use http::{HeaderMap, HeaderValue, Method, header};
use smallvec::SmallVec;

use super::dates::{self, UnixTime};
use super::fields::{Sole, sole};
use super::validators::strong_eq;

/// Ranges that one request may ask for; a set of more is ignored, as RFC 9110 14.2 allows any server,
/// and answered with the whole. Readers of documents ask for a dozen at a time.
pub const MAX_RANGES: usize = 32;

/// Two ranges with no more bytes than this between them become one: the head of a part is about as long
/// (RFC 9110 15.3.7.2).
const GAP: u64 = 80;

/// What to answer to a request that may bear a Range.
#[derive(Clone, PartialEq, Eq, Debug)]
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
    /// 206 with these parts, two at least, in this order; they lie within the whole, and neither
    /// overlap nor touch.
    Parts(Vec<RangeInclusive<u64>>),
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
    match parse_set(value) {
        Some(specs) if if_range_holds(request, stored) => match &*specs {
            [spec] => spec.within(len),
            several => select_several(several, len),
        },
        _ => Selection::Whole,
    }
}

/// What cannot be satisfied is left out; only if nothing is left is the whole set unsatisfiable
/// (RFC 9110 14.1.1).
fn select_several(specs: &[Spec], len: u64) -> Selection {
    let mut parts = Vec::with_capacity(specs.len());
    for spec in specs {
        match spec.within(len) {
            Selection::Part { first, last } => parts.push(first..=last),
            Selection::Unsatisfiable => {}
            // A suffix of nothing.
            whole => return whole,
        }
    }
    let mut merged = parts.clone();
    merged.sort_unstable_by_key(|part| *part.start());
    merged.dedup_by(|next, part| {
        let close = *next.start() <= part.end().saturating_add(GAP + 1);
        if close {
            *part = *part.start()..=*part.end().max(next.end());
        }
        close
    });
    // Where none was merged with another, the viewer's order stands: it may want a later part first.
    if merged.len() < parts.len() {
        parts = merged;
    }
    match &*parts {
        [] => Selection::Unsatisfiable,
        [part] => Selection::Part {
            first: *part.start(),
            last: *part.end(),
        },
        _ => Selection::Parts(parts),
    }
}

/// Whether the request asks for one range, as [`select`] counts it. To a request that does not, the
/// answer is the whole, whatever its Range says.
pub fn is_asked(method: &Method, request: &HeaderMap) -> bool {
    *method == Method::GET
        && match sole(request, header::RANGE) {
            Sole::Same(value) => parse_range(value).is_some(),
            Sole::Absent | Sole::Differing => false,
        }
}

/// The one range that is asked for, spelled anew, for the request to an origin; `None` where
/// [`is_asked`] says no. What a viewer spells oddly, or twice, would be signed in one way and read in
/// another.
pub fn forwardable(method: &Method, request: &HeaderMap) -> Option<HeaderValue> {
    if method != Method::GET {
        return None;
    }
    let Sole::Same(given) = sole(request, header::RANGE) else {
        return None;
    };
    Some(value(match parse_range(given)? {
        Spec::Suffix(count) => format!("bytes=-{count}"),
        Spec::From {
            first,
            last: u64::MAX,
        } => format!("bytes={first}-"),
        Spec::From { first, last } => format!("bytes={first}-{last}"),
    }))
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
#[derive(Clone, Copy)]
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
    let specs = parse_set(value)?;
    let [spec] = &*specs else { return None };
    Some(*spec)
}

/// The ranges in this value, one at least; `None` if one is malformed, the unit is another, or they
/// are more than [`MAX_RANGES`].
fn parse_set(value: &[u8]) -> Option<SmallVec<[Spec; 1]>> {
    let (unit, set) = split_once(value.trim_ascii(), b'=')?;
    if !unit.eq_ignore_ascii_case(b"bytes") || matches!(set.first(), Some(b' ' | b'\t')) {
        return None;
    }
    let mut specs = SmallVec::new();
    let members = set.split(|&b| b == b',').map(|member| member.trim_ascii());
    for member in members.filter(|member| !member.is_empty()) {
        if specs.len() == MAX_RANGES {
            return None;
        }
        specs.push(parse_spec(member)?);
    }
    (!specs.is_empty()).then_some(specs)
}

fn parse_spec(member: &[u8]) -> Option<Spec> {
    let (first, last) = split_once(member, b'-')?;
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

/// Whether the condition of an If-Range holds for a representation with the fields `stored`: strong
/// comparison, or exactly its strong Last-Modified (RFC 9110 13.1.5). Holds where there is none.
pub fn if_range_holds(request: &HeaderMap, stored: &HeaderMap) -> bool {
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

    use super::Selection::{Part, Parts, Unsatisfiable, Whole};
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
            (" bytes=0-0 ", 10, part(0, 0)),
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
    fn rule_7_several_ranges_become_parts() {
        let parts =
            |parts: &[(u64, u64)]| Parts(parts.iter().map(|&(first, last)| first..=last).collect());
        for (range, expected) in [
            ("bytes=0-1,100-101", parts(&[(0, 1), (100, 101)])),
            ("bytes=0-1 ,, 100-101,", parts(&[(0, 1), (100, 101)])),
            // In the order that was asked for.
            ("bytes=500-501,0-1", parts(&[(500, 501), (0, 1)])),
            ("bytes=-2,0-0", parts(&[(998, 999), (0, 0)])),
            // What touches, overlaps or lies close becomes one, and then the order is the object's.
            ("bytes=0-1,2-3", part(0, 3)),
            ("bytes=2-3,0-1", part(0, 3)),
            ("bytes=0-500,100-200", part(0, 500)),
            ("bytes=0-,0-,0-", part(0, 999)),
            ("bytes=0-1,82-83", part(0, 83)),
            ("bytes=0-1,83-84", parts(&[(0, 1), (83, 84)])),
            ("bytes=900-901,10-20,0-5", parts(&[(0, 20), (900, 901)])),
            // What cannot be satisfied is left out.
            ("bytes=0-1,1000-1001", part(0, 1)),
            ("bytes=0-1,-0,500-9999", parts(&[(0, 1), (500, 999)])),
            ("bytes=1000-,-0", Unsatisfiable),
            // One malformed range makes all of it malformed.
            ("bytes=0-1, x", Whole),
            ("bytes=0-1,5-3", Whole),
        ] {
            assert_eq!(get(range, 1_000), expected, "{range}");
        }
    }

    #[test]
    fn rule_7_a_set_over_the_limit_is_ignored() {
        let set = |count: usize| {
            let ranges: Vec<String> = (0..count).map(|n| format!("{0}-{0}", n * 1_000)).collect();
            format!("bytes={}", ranges.join(","))
        };
        match get(&set(MAX_RANGES), 1 << 20) {
            Parts(parts) => assert_eq!(parts.len(), MAX_RANGES),
            other => panic!("{other:?}"),
        }
        assert_eq!(get(&set(MAX_RANGES + 1), 1 << 20), Whole);
    }

    #[test]
    fn rule_7_two_lines_that_differ_are_no_range() {
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
    fn rule_7_only_one_sound_range_is_asked_for() {
        for (range, asked) in [
            ("bytes=0-1", true),
            ("bytes=99-", true),
            ("bytes=-0", true),
            ("bytes=5-1", false),
            ("bytes=0-1,2-3", false),
            ("items=0-1", false),
        ] {
            let request = map(&[("range", range)]);
            assert_eq!(is_asked(&Method::GET, &request), asked, "{range}");
            assert!(!is_asked(&Method::HEAD, &request), "{range}");
        }
        assert!(!is_asked(&Method::GET, &HeaderMap::new()));
        let two_lines = map(&[("range", "bytes=0-1"), ("range", "bytes=2-3")]);
        assert!(!is_asked(&Method::GET, &two_lines));
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
            (" bytes 0-0/1\t", found(0, 0, Some(1))),
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
                Parts(parts) => panic!("{parts:?}"),
                Whole => {
                    // Only an inverted range, or a suffix of nothing.
                    prop_assert!((form == 0 && a > b) || (form == 2 && a > 0 && body.is_empty()));
                    return Ok(());
                }
            };
            prop_assert_eq!(selected, naive);
        }

        #[test]
        fn parts_are_what_was_asked_for_and_nothing_twice(
            asked in prop::collection::vec((0..2_000_u64, 0..2_000_u64), 1..8), len in 1..2_000_u64,
        ) {
            let asked: Vec<_> = asked.into_iter().map(|(a, b)| (a.min(b), a.max(b))).collect();
            let set: Vec<String> = asked.iter().map(|(a, b)| format!("{a}-{b}")).collect();
            let parts = match get(&format!("bytes={}", set.join(",")), len) {
                Whole => panic!("a sound set is never ignored"),
                Unsatisfiable => vec![],
                Part { first, last } => vec![first..=last],
                Parts(parts) => parts,
            };
            let mut seen = vec![0_u8; len as usize];
            for part in &parts {
                prop_assert!(part.start() <= part.end() && *part.end() < len);
                part.clone().for_each(|at| seen[at as usize] += 1);
            }
            for (at, times) in seen.iter().enumerate() {
                let wanted = asked.iter().any(|(a, b)| (*a..=*b).contains(&(at as u64)));
                prop_assert!(*times == 1 || (*times == 0 && !wanted), "{at} {times}");
            }
            // What was not asked for is only what lay in a gap not worth a part.
            let extra = seen.iter().map(|&times| u64::from(times)).sum::<u64>()
                - (0..len).filter(|at| asked.iter().any(|(a, b)| (*a..=*b).contains(at))).count() as u64;
            prop_assert!(extra <= GAP * (asked.len() as u64 - 1));
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
