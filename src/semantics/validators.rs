//! Entity tags: their two comparisons and the lists of them (RFC 9110 8.8.3).
//!
//! Opaque tags are compared as bytes, and `W/` is case-sensitive. A tag without its quotes, or with
//! bytes that a tag may not hold, is malformed: it is never strong and never equals a well-formed one,
//! but is passed on unchanged, and a viewer that returns the very same bytes is believed.

use http::{HeaderMap, HeaderName, header};

/// Whether this is a well-formed strong tag: `"…"` without `W/`.
pub fn is_strong(etag: &[u8]) -> bool {
    matches!(etag, [b'"', opaque @ .., b'"'] if opaque.iter().all(|&b| is_etagc(b)))
}

/// The strong comparison (RFC 9110 8.8.3.2): both strong, and the same bytes.
pub fn strong_eq(a: &[u8], b: &[u8]) -> bool {
    a == b && is_strong(a)
}

/// The weak comparison (RFC 9110 8.8.3.2): the same opaque tag, either side weak or not. Malformed
/// tags are equal only to the very same bytes; an empty one to nothing.
pub fn weak_eq(a: &[u8], b: &[u8]) -> bool {
    if a == b {
        return !a.is_empty();
    }
    let (a, b) = (without_weakness(a), without_weakness(b));
    a == b && is_strong(a)
}

/// The value of If-None-Match or If-Match: `*` or a list of entity tags.
///
/// A list of one tag, much the commonest, needs no allocation.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct EntityTags<'a> {
    first: Option<&'a [u8]>,
    rest: Vec<&'a [u8]>,
}

impl<'a> EntityTags<'a> {
    /// Whether this is `*`, any current representation. A `*` among tags is malformed and is not.
    pub fn is_any(&self) -> bool {
        self.first.is_some() && self.iter().all(|tag| tag == b"*")
    }

    /// The members as written, malformed ones too.
    pub fn iter(&self) -> impl Iterator<Item = &'a [u8]> {
        self.first.into_iter().chain(self.rest.iter().copied())
    }

    /// Whether some member equals `etag` by the weak comparison.
    pub fn contains_weak(&self, etag: &[u8]) -> bool {
        self.iter().any(|tag| weak_eq(tag, etag))
    }

    /// Whether some member equals `etag` by the strong comparison.
    pub fn contains_strong(&self, etag: &[u8]) -> bool {
        self.iter().any(|tag| strong_eq(tag, etag))
    }
}

/// Reads a list of entity tags over all its lines.
///
/// Tolerant: empty members are left out, a missing comma after a closing quote is forgiven, and what
/// is no tag is kept as a malformed member up to the next comma. Commas inside quotes do not separate.
pub fn parse_list<'a>(lines: impl Iterator<Item = &'a [u8]>) -> EntityTags<'a> {
    let mut tags = EntityTags::default();
    for line in lines {
        let mut rest = line;
        while let Some(tag) = next_member(&mut rest) {
            match tags.first {
                None => tags.first = Some(tag),
                Some(_) => tags.rest.push(tag),
            }
        }
    }
    tags
}

/// What the fields of a HEAD's answer say of a stored answer to GET (RFC 9111 4.3.5).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Agreement {
    /// The same strong entity tag, and nothing that contradicts it.
    Same,
    /// Another entity tag, date of modification or length.
    Differs,
    /// Nothing that would prove either.
    Unknown,
}

/// Compares the validators and the length that `head` brings with those that are `stored`.
pub fn agreement(stored: &HeaderMap, head: &HeaderMap) -> Agreement {
    let compared = [header::ETAG, header::LAST_MODIFIED, header::CONTENT_LENGTH];
    let differs = |name: &HeaderName| {
        head.get(name)
            .is_some_and(|given| stored.get(name) != Some(given))
    };
    if compared.iter().any(differs) {
        return Agreement::Differs;
    }
    match head.get(header::ETAG) {
        Some(etag) if is_strong(etag.as_bytes()) => Agreement::Same,
        _ => Agreement::Unknown,
    }
}

/// RFC 9110 8.8.3: visible ASCII but the quote, and bytes above ASCII.
const fn is_etagc(byte: u8) -> bool {
    matches!(byte, 0x21 | 0x23..=0x7e | 0x80..)
}

fn without_weakness(etag: &[u8]) -> &[u8] {
    etag.strip_prefix(b"W/").unwrap_or(etag)
}

fn next_member<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let skip = rest
        .iter()
        .position(|b| !matches!(b, b' ' | b'\t' | b','))?;
    let text = &rest[skip..];
    let end = quoted_end(text)
        .unwrap_or_else(|| text.iter().position(|&b| b == b',').unwrap_or(text.len()));
    let (member, after) = text.split_at(end);
    *rest = after;
    Some(member.trim_ascii_end())
}

/// Where a tag that begins with its quote, or with `W/` and its quote, ends.
fn quoted_end(text: &[u8]) -> Option<usize> {
    let opaque = without_weakness(text).strip_prefix(b"\"")?;
    let before = text.len() - opaque.len();
    let close = opaque.iter().position(|&b| b == b'"')?;
    Some(before + close + 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn rule_4_1_the_two_comparisons() {
        for (a, b, strong, weak) in [
            (&b"\"1\""[..], &b"\"1\""[..], true, true),
            (b"W/\"1\"", b"W/\"1\"", false, true),
            (b"W/\"1\"", b"\"1\"", false, true),
            (b"W/\"1\"", b"W/\"2\"", false, false),
            (b"\"1\"", b"\"2\"", false, false),
            (b"\"a\"", b"\"A\"", false, false),
            (b"\"\"", b"\"\"", true, true),
            (b"\"a,b\"", b"\"a,b\"", true, true),
            (b"\"\xe9\"", b"\"\xe9\"", true, true),
            (b"\"\xe9\"", b"\"\xc3\xa9\"", false, false),
            (b"\"a\\\"", b"\"a\\\"", true, true),
            (b"w/\"1\"", b"\"1\"", false, false),
            (b"w/\"1\"", b"W/\"1\"", false, false),
            (b"W/W/\"1\"", b"W/\"1\"", false, false),
            (b"W /\"1\"", b"\"1\"", false, false),
            (b"1", b"\"1\"", false, false),
            (b"1", b"W/\"1\"", false, false),
            (b"W/1", b"1", false, false),
            (b"\"1", b"\"1\"", false, false),
            (b"'1'", b"\"1\"", false, false),
            (b"1", b"1", false, true),
            (b"\"a b\"", b"\"a b\"", false, true),
            (b"\"a\"b\"", b"\"a\"b\"", false, true),
            (b"\"", b"\"", false, true),
            (b"", b"", false, false),
            (b"W/", b"", false, false),
        ] {
            assert_eq!(strong_eq(a, b), strong, "{a:?} {b:?}");
            assert_eq!(weak_eq(a, b), weak, "{a:?} {b:?}");
            assert_eq!(weak_eq(b, a), weak, "{b:?} {a:?}");
        }
    }

    #[test]
    fn lists_are_cut_at_commas_outside_quotes() {
        for (lines, expected) in [
            (&[""][..], &[][..]),
            (&[" , ,"], &[]),
            (&["\"a\""], &["\"a\""]),
            (&["\"a\", W/\"b\""], &["\"a\"", "W/\"b\""]),
            (&["\"a\",\"b\"", "\"c\""], &["\"a\"", "\"b\"", "\"c\""]),
            (&[",\"a\" ,, \"b\","], &["\"a\"", "\"b\""]),
            (&["\"a,b\", \"c\""], &["\"a,b\"", "\"c\""]),
            (&["W/\"a,b\""], &["W/\"a,b\""]),
            (&["\"a\\\", \"b\""], &["\"a\\\"", "\"b\""]),
            (&["\"a\" \"b\""], &["\"a\"", "\"b\""]),
            (&["abc, \"b\""], &["abc", "\"b\""]),
            (&["abc def ,\"b\""], &["abc def", "\"b\""]),
            (&["\"abc, def"], &["\"abc", "def"]),
            (&["*"], &["*"]),
        ] {
            let tags = parse_list(lines.iter().map(|line| line.as_bytes()));
            let found: Vec<&[u8]> = tags.iter().collect();
            let expected: Vec<&[u8]> = expected.iter().map(|tag| tag.as_bytes()).collect();
            assert_eq!(found, expected, "{lines:?}");
        }
    }

    #[test]
    fn a_star_counts_only_alone() {
        for (line, any) in [
            ("*", true),
            (" * ,", true),
            ("", false),
            ("\"*\"", false),
            ("\"a\", *", false),
            ("*, \"a\"", false),
            ("**", false),
        ] {
            let tags = parse_list([line.as_bytes()].into_iter());
            assert_eq!(tags.is_any(), any, "{line}");
        }
    }

    #[test]
    fn membership_by_either_comparison() {
        let tags = parse_list([&b"\"a\", W/\"b\""[..]].into_iter());
        for (etag, weak, strong) in [
            (&b"\"a\""[..], true, true),
            (b"W/\"a\"", true, false),
            (b"\"b\"", true, false),
            (b"W/\"b\"", true, false),
            (b"\"c\"", false, false),
        ] {
            assert_eq!(
                (tags.contains_weak(etag), tags.contains_strong(etag)),
                (weak, strong)
            );
        }
    }

    proptest! {
        #[test]
        fn whatever_tags_a_list_is_made_of_come_back(
            opaque in prop::collection::vec("(W/)?\"[!#-~]{0,5}\"", 0..5),
        ) {
            let line = opaque.join(", ");
            let tags = parse_list([line.as_bytes()].into_iter());
            let found: Vec<&[u8]> = tags.iter().collect();
            let expected: Vec<&[u8]> = opaque.iter().map(|tag| tag.as_bytes()).collect();
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn strong_equality_implies_weak_and_no_bytes_panic(
            a in prop::collection::vec(prop::sample::select(b"W/\"a, *\xff".to_vec()), 0..8),
            b in prop::collection::vec(prop::sample::select(b"W/\"a, *\xff".to_vec()), 0..8),
        ) {
            prop_assert!(!strong_eq(&a, &b) || weak_eq(&a, &b));
            for tag in parse_list([&a[..], &b[..]].into_iter()).iter() {
                prop_assert!(!tag.is_empty());
            }
        }
    }
}
