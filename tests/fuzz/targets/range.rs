//! Ranges against slices: what is selected is what the words ask for, within the whole, and each byte once.
//!
//! The input is a length, an LF, and the value of Range; a further LF and the value of If-Range may follow.

#![no_main]

use http::{HeaderMap, HeaderValue, Method, header};
use libfuzzer_sys::fuzz_target;
use seawall::semantics::range::{self, MAX_RANGES, Selection};

/// Ranges that are no further apart may become one.
const GAP: u128 = 80;
const TAG: &str = "\"tag\"";

fuzz_target!(|input: &[u8]| {
    range::parse_content_range(input);
    let mut lines = input.splitn(3, |&byte| byte == b'\n');
    let number = lines.next().and_then(|text| std::str::from_utf8(text).ok());
    let Some(len) = number.and_then(|text| text.parse::<u64>().ok()) else {
        return;
    };
    let Some(Ok(value)) = lines.next().map(HeaderValue::from_bytes) else {
        return;
    };
    let mut request = HeaderMap::from_iter([(header::RANGE, value.clone())]);
    let stored = HeaderMap::from_iter([(header::ETAG, HeaderValue::from_static(TAG))]);
    let mut holds = true;
    if let Some(condition) = lines.next() {
        // As parsers hand it over, without the blanks around it.
        let Ok(condition) = HeaderValue::from_bytes(condition.trim_ascii()) else {
            return;
        };
        holds = condition.as_bytes() == TAG.as_bytes();
        request.insert(header::IF_RANGE, condition);
    }
    let selected = range::select(&Method::GET, &request, &stored, len);
    assert_eq!(
        range::select(&Method::HEAD, &request, &stored, len),
        Selection::Whole
    );
    let asked = asked(value.as_bytes()).filter(|_| holds);
    judge(&selected, asked.as_deref(), len);

    // What is asked of an origin is read there as it was here.
    if let Some(again) = range::forwardable(&Method::GET, &request) {
        let anew = HeaderMap::from_iter([(header::RANGE, again.clone())]);
        let none = HeaderMap::new();
        let plain = HeaderMap::from_iter([(header::RANGE, value)]);
        assert_eq!(
            range::select(&Method::GET, &anew, &none, len),
            range::select(&Method::GET, &plain, &none, len)
        );
        assert_eq!(range::forwardable(&Method::GET, &anew), Some(again));
    }
});

fn judge(selected: &Selection, asked: Option<&[Spec]>, len: u64) {
    let Some(asked) = asked else {
        assert_eq!(*selected, Selection::Whole);
        return;
    };
    let wanted: Vec<(u128, u128)> = asked.iter().filter_map(|spec| spec.of(len)).collect();
    let parts: Vec<(u128, u128)> = match selected {
        // A suffix of nothing is the whole.
        Selection::Whole => {
            let suffix = |spec: &Spec| matches!(spec, Spec::Suffix(count) if *count > 0);
            assert!(len == 0 && asked.iter().any(suffix), "{asked:?} of {len}");
            return;
        }
        Selection::Unsatisfiable => Vec::new(),
        Selection::Part { first, last } => vec![(u128::from(*first), u128::from(*last))],
        Selection::Parts(parts) => {
            assert!((2..=MAX_RANGES).contains(&parts.len()));
            let both = |part: &std::ops::RangeInclusive<u64>| {
                (u128::from(*part.start()), u128::from(*part.end()))
            };
            parts.iter().map(both).collect()
        }
    };
    assert_eq!(parts.is_empty(), wanted.is_empty(), "{asked:?} of {len}");
    for &(first, last) in &parts {
        assert!(first <= last && last < u128::from(len));
    }
    for (at, one) in parts.iter().enumerate() {
        for other in &parts[..at] {
            assert!(one.1 + 1 < other.0 || other.1 + 1 < one.0, "{parts:?}");
        }
    }
    for want in &wanted {
        let inside = parts
            .iter()
            .any(|part| part.0 <= want.0 && want.1 <= part.1);
        assert!(inside, "{want:?} is not in {parts:?}");
    }
    // Nothing is added but what lies in a small gap.
    let total = |all: &[(u128, u128)]| all.iter().map(|(a, b)| b - a + 1).sum::<u128>();
    assert!(total(&parts) <= total(&wanted) + GAP * wanted.len() as u128);
}

#[derive(Clone, Copy, Debug)]
enum Spec {
    Suffix(u128),
    From(u128, Option<u128>),
}

impl Spec {
    /// The bytes of it that exist, both ends included.
    fn of(&self, len: u64) -> Option<(u128, u128)> {
        let len = u128::from(len);
        let (first, end) = match *self {
            Self::Suffix(count) => (len.saturating_sub(count), len),
            Self::From(first, last) => (first, last.map_or(len, |last| len.min(last + 1))),
        };
        (first < end).then(|| (first, end - 1))
    }
}

/// A reader of RFC 9110 section 14.1.2, slow and on its own; `None` where the field does not count.
fn asked(value: &[u8]) -> Option<Vec<Spec>> {
    let text: String = value.iter().map(|&byte| char::from(byte)).collect();
    // HTTP's own blanks, and those that no field value can hold anyway.
    let blank = |c: char| c.is_ascii_whitespace();
    let (unit, set) = text.trim_matches(blank).split_once('=')?;
    if !unit.eq_ignore_ascii_case("bytes") || set.starts_with([' ', '\t']) {
        return None;
    }
    let mut specs = Vec::new();
    for member in set.split(',').map(|member| member.trim_matches(blank)) {
        if member.is_empty() {
            continue;
        }
        let (first, last) = member.split_once('-')?;
        specs.push(match (first, last) {
            ("", count) => Spec::Suffix(number(count)?),
            (first, "") => Spec::From(number(first)?, None),
            (first, last) => {
                let (first, last) = (number(first)?, number(last)?);
                if first > last {
                    return None;
                }
                Spec::From(first, Some(last))
            }
        });
    }
    (!specs.is_empty() && specs.len() <= MAX_RANGES).then_some(specs)
}

/// Digits, and nothing else. What is beyond 64 bits is beyond any object, and counts as the greatest.
fn number(digits: &str) -> Option<u128> {
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let most = u128::from(u64::MAX);
    Some(
        digits
            .parse::<u128>()
            .map_or(most, |number| number.min(most)),
    )
}
