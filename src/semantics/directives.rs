//! What Cache-Control says (RFC 9111 5.2), in responses and in requests.
//!
//! Reading is lenient in form and strict in effect. A directive's name is the token that it begins
//! with, in any case. Whatever is malformed after the name, a directive that *restricts* counts, one
//! that *permits* (`public`, `must-understand`) does not, and one that gives a *number* is
//! [`Delta::Invalid`], which makes a response stale on arrival (RFC 9111 4.2.1).
//!
//! The list forms `private="a, b"` and `no-cache="a, b"` count as the plain directive, as RFC 9111
//! 5.2.2.4 and 5.2.2.7 allow a cache that does not track single fields. Unknown directives are
//! ignored (5.2.3). This file does not decide which field rules; see [`super::targeted`].

use http::{HeaderMap, header};

/// A number of seconds as a directive gives it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Delta {
    /// 0 to 2^31; greater values are clamped to 2^31 (RFC 9111 1.2.2).
    Seconds(u32),
    /// Anything but digits: a sign, a fraction, a unit, inner space, nothing at all.
    Invalid,
}

impl Delta {
    /// The more cautious of two: [`Delta::Invalid`] wins over any number, the smaller number over
    /// the greater (RFC 9111 4.2.1 leaves it open).
    fn stricter(self, other: Self) -> Self {
        match (self, other) {
            (Self::Seconds(a), Self::Seconds(b)) => Self::Seconds(a.min(b)),
            _ => Self::Invalid,
        }
    }
}

/// The directives that this cache knows.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Directives {
    /// `no-store` (5.2.2.5, 5.2.1.5)
    pub no_store: bool,
    /// `private`, with or without a list of fields (5.2.2.7)
    pub private: bool,
    /// `no-cache`, with or without a list of fields (5.2.2.4, 5.2.1.4)
    pub no_cache: bool,
    /// `public` (5.2.2.9)
    pub public: bool,
    /// `must-revalidate` (5.2.2.2)
    pub must_revalidate: bool,
    /// `proxy-revalidate` (5.2.2.8)
    pub proxy_revalidate: bool,
    /// `must-understand` (5.2.2.3)
    pub must_understand: bool,
    /// `no-transform` (5.2.2.6)
    pub no_transform: bool,
    /// `only-if-cached`, in requests (5.2.1.7)
    pub only_if_cached: bool,
    /// `max-age` (5.2.2.1)
    pub max_age: Option<Delta>,
    /// `s-maxage` (5.2.2.10)
    pub s_maxage: Option<Delta>,
    /// `min-fresh`, in requests (5.2.1.3)
    pub min_fresh: Option<Delta>,
    /// `stale-while-revalidate` (RFC 5861 3)
    pub stale_while_revalidate: Option<Delta>,
    /// `stale-if-error` (RFC 5861 4)
    pub stale_if_error: Option<Delta>,
}

impl Directives {
    /// All Cache-Control lines of a message, as one list.
    pub fn of(headers: &HeaderMap) -> Self {
        let lines = headers.get_all(header::CACHE_CONTROL).iter();
        Self::parse(lines.map(|line| line.as_bytes()))
    }

    /// The directives in these field lines. A number given more than once counts as its smallest
    /// value, or as invalid if one of them is.
    pub fn parse<'a>(lines: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut directives = Self::default();
        for element in lines.flat_map(|line| Elements {
            rest: Some(line),
            bare: false,
        }) {
            directives.add(element.trim_ascii());
        }
        directives
    }

    fn add(&mut self, element: &[u8]) {
        let end = element
            .iter()
            .position(|&b| !is_tchar(b))
            .unwrap_or(element.len());
        let (name, argument) = element.split_at(end);
        if let Some(flag) = self.restriction(name) {
            *flag = true;
        } else if let Some(flag) = self.permission(name) {
            *flag |= argument.is_empty();
        } else if let Some(number) = self.number(name) {
            let given = delta(argument);
            *number = Some(number.map_or(given, |before| before.stricter(given)));
        }
    }

    /// The flag of a directive that restricts.
    pub(super) fn restriction(&mut self, name: &[u8]) -> Option<&mut bool> {
        pick(
            name,
            [
                ("no-store", &mut self.no_store),
                ("private", &mut self.private),
                ("no-cache", &mut self.no_cache),
                ("must-revalidate", &mut self.must_revalidate),
                ("proxy-revalidate", &mut self.proxy_revalidate),
                ("no-transform", &mut self.no_transform),
                ("only-if-cached", &mut self.only_if_cached),
            ],
        )
    }

    /// The flag of a directive that permits.
    pub(super) fn permission(&mut self, name: &[u8]) -> Option<&mut bool> {
        pick(
            name,
            [
                ("public", &mut self.public),
                ("must-understand", &mut self.must_understand),
            ],
        )
    }

    /// The place of a directive that gives a number.
    pub(super) fn number(&mut self, name: &[u8]) -> Option<&mut Option<Delta>> {
        pick(
            name,
            [
                ("max-age", &mut self.max_age),
                ("s-maxage", &mut self.s_maxage),
                ("min-fresh", &mut self.min_fresh),
                ("stale-while-revalidate", &mut self.stale_while_revalidate),
                ("stale-if-error", &mut self.stale_if_error),
            ],
        )
    }
}

/// Reads delta-seconds (RFC 9111 1.2.2): digits only, at least one, clamped to 2^31.
pub(super) fn delta_seconds(digits: impl Iterator<Item = u8>) -> Option<u32> {
    let mut number = None;
    for byte in digits {
        if !byte.is_ascii_digit() {
            return None;
        }
        let before = number.unwrap_or(0u32);
        // One more digit on at most 2^31 may overflow 32 bits; saturation keeps it above the clamp.
        let more = before
            .saturating_mul(10)
            .saturating_add(u32::from(byte - b'0'));
        number = Some(more.min(MAX_DELTA));
    }
    number
}

/// A token byte (RFC 9110 5.6.2).
pub(super) const fn is_tchar(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#'
                | b'$'
                | b'%'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b'-'
                | b'.'
                | b'^'
                | b'_'
                | b'`'
                | b'|'
                | b'~'
        )
}

/// 2^31 seconds, about 68 years: what stands for "longer than anything" (RFC 9111 1.2.2).
pub(super) const MAX_DELTA: u32 = 1 << 31;

fn pick<'a, T, const N: usize>(name: &[u8], places: [(&str, &'a mut T); N]) -> Option<&'a mut T> {
    places
        .into_iter()
        .find_map(|(known, place)| known.as_bytes().eq_ignore_ascii_case(name).then_some(place))
}

/// Reads what stands behind the name of a directive that gives a number: `=60` or `="60"`.
fn delta(argument: &[u8]) -> Delta {
    let seconds = match argument {
        [b'=', b'"', inner @ .., b'"'] => delta_seconds(Unescaped(inner)),
        [b'=', digits @ ..] => delta_seconds(digits.iter().copied()),
        _ => None,
    };
    seconds.map_or(Delta::Invalid, Delta::Seconds)
}

/// The inside of a quoted string with its quoted pairs resolved (RFC 9110 5.6.4).
struct Unescaped<'a>(&'a [u8]);

impl Iterator for Unescaped<'_> {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        let (byte, rest) = match self.0 {
            [b'\\', byte, rest @ ..] | [byte, rest @ ..] => (*byte, rest),
            [] => return None,
        };
        self.0 = rest;
        Some(byte)
    }
}

/// A line cut at its commas, but not at those inside a quoted string.
///
/// A quote that is never closed quotes nothing: otherwise one stray `"` would hide every directive
/// behind it.
struct Elements<'a> {
    rest: Option<&'a [u8]>,
    /// Set once an unclosed quote was met. No later quote of the line can be closed either; to know
    /// that keeps the work linear.
    bare: bool,
}

impl<'a> Iterator for Elements<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let line = self.rest?;
        let mut at = 0;
        while let Some(byte) = line.get(at) {
            match byte {
                b',' => {
                    self.rest = Some(&line[at + 1..]);
                    return Some(&line[..at]);
                }
                b'"' if !self.bare => match closing_quote(&line[at + 1..]) {
                    Some(length) => at += length + 1,
                    None => self.bare = true,
                },
                _ => {}
            }
            at += 1;
        }
        self.rest = None;
        Some(line)
    }
}

/// Where the quoted string that has just been opened ends.
fn closing_quote(inner: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        match inner.get(at)? {
            b'"' => return Some(at),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Delta::{Invalid, Seconds};
    use super::*;

    fn parse(lines: &[&str]) -> Directives {
        Directives::parse(lines.iter().map(|line| line.as_bytes()))
    }

    #[test]
    fn rule_2_3_delta_seconds() {
        for (text, expected) in [
            ("max-age=60", Seconds(60)),
            ("MAX-AGE=60", Seconds(60)),
            ("max-age=0", Seconds(0)),
            ("max-age=00060", Seconds(60)),
            ("max-age=\"60\"", Seconds(60)),
            ("max-age=\"6\\0\"", Seconds(60)),
            (" \tmax-age=60 ", Seconds(60)),
            ("max-age=2147483647", Seconds(2_147_483_647)),
            ("max-age=2147483648", Seconds(1 << 31)),
            ("max-age=2147483649", Seconds(1 << 31)),
            ("max-age=4294967297", Seconds(1 << 31)),
            ("max-age=99999999999999999999999999999", Seconds(1 << 31)),
            ("max-age", Invalid),
            ("max-age=", Invalid),
            ("max-age=\"\"", Invalid),
            ("max-age=\"", Invalid),
            ("max-age=-1", Invalid),
            ("max-age=+60", Invalid),
            ("max-age=60.0", Invalid),
            ("max-age=1e3", Invalid),
            ("max-age=60s", Invalid),
            ("max-age=0x3c", Invalid),
            ("max-age='60'", Invalid),
            ("max-age=abc", Invalid),
            ("max-age =60", Invalid),
            ("max-age= 60", Invalid),
            ("max-age=6 0", Invalid),
            ("max-age=\" 60\"", Invalid),
            ("max-age=\"60\"0", Invalid),
            ("max-age=60; s-maxage=5", Invalid),
            ("max-age:60", Invalid),
        ] {
            assert_eq!(parse(&[text]).max_age, Some(expected), "{text}");
        }
    }

    #[test]
    fn rule_2_3_each_name_has_its_own_place() {
        let text = "no-store, private, no-cache, public, must-revalidate, proxy-revalidate, \
                    must-understand, no-transform, only-if-cached, max-age=1, s-maxage=2, \
                    stale-while-revalidate=3, stale-if-error=4, min-fresh=5";
        let all = Directives {
            no_store: true,
            private: true,
            no_cache: true,
            public: true,
            must_revalidate: true,
            proxy_revalidate: true,
            must_understand: true,
            no_transform: true,
            only_if_cached: true,
            max_age: Some(Seconds(1)),
            s_maxage: Some(Seconds(2)),
            stale_while_revalidate: Some(Seconds(3)),
            stale_if_error: Some(Seconds(4)),
            min_fresh: Some(Seconds(5)),
        };
        assert_eq!(parse(&[text]), all);
        assert_eq!(parse(&[&text.to_uppercase()]), all);
        let elements: Vec<&str> = text.split(", ").collect();
        assert_eq!(parse(&elements), all);
        // One at a time, so that no name fills another's place.
        for (index, one) in elements.iter().enumerate() {
            let alone = parse(&[one]);
            for (other, text) in elements.iter().enumerate() {
                let both = parse(&[one, text]);
                assert_eq!(both == alone, index == other, "{one} {text}");
            }
        }
    }

    #[test]
    fn rule_2_3_text_inside_a_quoted_value_is_no_directive() {
        for text in [
            "a=\"no-store\"",
            "a=\"b, no-store\"",
            "a=\"b, no-store, c\", d",
            "a=\"\\\", no-store\"",
            "a=\"\\\\\", b=\", no-store\"",
            "a=no-store",
            "x-no-store",
            "no-store-please",
            "nostore",
            "\"no-store\"",
            "a b, c=no-store",
        ] {
            assert_eq!(parse(&[text]), Directives::default(), "{text}");
        }
    }

    #[test]
    fn rule_2_3_restrictions_survive_what_is_malformed() {
        for text in [
            "no-store",
            "No-Store",
            "  no-store\t",
            ",,no-store,,",
            "max-age=60,no-store",
            "max-age=60 , no-store",
            "no-store=1",
            "no-store=\"a, b\"",
            "no-store; max-age=60",
            "no-store max-age=60",
            "a=\"b, no-store",
            "a=\"\\\"\\\", no-store",
            "a=\"b\", no-store",
            "a=\"b\\\\\", no-store",
        ] {
            assert!(parse(&[text]).no_store, "{text}");
        }
        assert!(parse(&["max-age=60", "no-store"]).no_store);
        // A quoted string ends with its line at the latest.
        assert!(parse(&["a=\"b", "no-store", "c\""]).no_store);
    }

    #[test]
    fn rule_1_4_list_forms_count_as_plain() {
        assert!(parse(&["private=\"a, b\""]).private);
        assert!(parse(&["no-cache=\"Set-Cookie\", max-age=60"]).no_cache);
        assert!(parse(&["private=a"]).private);
    }

    #[test]
    fn rule_2_3_permissions_count_only_when_well_formed() {
        for (text, public, understand) in [
            ("public", true, false),
            ("PUBLIC", true, false),
            ("public=1", false, false),
            ("public foo", false, false),
            ("public; max-age=60", false, false),
            ("public=1, public", true, false),
            ("must-understand", false, true),
            ("must-understand=\"\"", false, false),
        ] {
            let directives = parse(&[text]);
            assert_eq!(
                (directives.public, directives.must_understand),
                (public, understand),
                "{text}"
            );
        }
    }

    #[test]
    fn rule_2_3_of_duplicates_the_stricter_counts() {
        for (lines, expected) in [
            (&["max-age=60, max-age=60"][..], Seconds(60)),
            (&["max-age=60, max-age=30"], Seconds(30)),
            (&["max-age=30", "max-age=60"], Seconds(30)),
            (&["max-age=60, max-age"], Invalid),
            (&["max-age=x, max-age=60"], Invalid),
        ] {
            assert_eq!(parse(lines).max_age, Some(expected), "{lines:?}");
        }
    }

    #[test]
    fn of_reads_every_cache_control_line_and_no_other_field() {
        let mut headers = HeaderMap::new();
        headers.append("cache-control", http::HeaderValue::from_static("max-age=5"));
        headers.append("cache-control", http::HeaderValue::from_static("no-cache"));
        headers.append("pragma", http::HeaderValue::from_static("no-store"));
        let directives = Directives::of(&headers);
        assert!(directives.no_cache && !directives.no_store);
        assert_eq!(directives.max_age, Some(Seconds(5)));
    }

    /// Quadratic work on a mebibyte would not come to an end.
    #[test]
    fn unclosed_quotes_are_looked_for_once() {
        let mut line = b"a=\"".to_vec();
        line.extend(b"\\\"".repeat(1 << 19));
        line.extend(b", no-store");
        assert!(Directives::parse([&line[..]].into_iter()).no_store);
    }

    proptest! {
        #[test]
        fn no_bytes_make_reading_panic(line in prop::collection::vec(any::<u8>(), 0..80)) {
            Directives::parse([&line[..]].into_iter());
        }

        #[test]
        fn a_further_line_never_takes_a_restriction_back(
            first in r#"([a-z"\\=, -]|no-store|private|max-age=[0-9]){0,12}"#,
            second in r#"([a-z"\\=, -]|no-store|private|max-age=[0-9]){0,12}"#,
        ) {
            let alone = parse(&[&first]);
            let both = parse(&[&first, &second]);
            prop_assert!(both.no_store >= alone.no_store && both.private >= alone.private);
            match (alone.max_age, both.max_age) {
                (None, _) | (Some(_), Some(Invalid)) => {}
                (Some(Seconds(a)), Some(Seconds(b))) => prop_assert!(b <= a),
                other => prop_assert!(false, "{:?}", other),
            }
        }

        #[test]
        fn any_number_of_digits_is_the_clamped_number(number in any::<u64>(), zeros in 0..5usize) {
            let text = format!("max-age={}{number}", "0".repeat(zeros));
            let expected = u32::try_from(number.min(1 << 31)).unwrap();
            prop_assert_eq!(parse(&[&text]).max_age, Some(Seconds(expected)));
        }
    }
}
