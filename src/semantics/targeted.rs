//! Which field rules: CDN-Cache-Control, or Cache-Control and Expires (RFC 9213 2.2).
//!
//! A targeted field that is present, not empty and a valid Structured-Fields Dictionary decides
//! alone. One that is empty or does not parse is as if absent, the *whole* of it. Parameters are
//! ignored, keys are lower-case only, and of a repeated key the last value counts (RFC 9651 4.2.2).
//! A member of the wrong type restricts where its directive restricts, permits nothing, and makes a
//! number invalid. No other targeted field has any effect here.

use std::borrow::Cow;

use http::HeaderMap;

use super::directives::{Delta, Directives, MAX_DELTA};

/// The targeted fields that this cache obeys, most specific first.
pub const TARGETED: &[&str] = &["cdn-cache-control"];

/// What the ruling field of a response says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ruling {
    /// Its directives.
    pub directives: Directives,
    /// Whether a targeted field rules: then Expires has no say either.
    pub targeted: bool,
}

impl Ruling {
    /// Reads the field that rules this response.
    pub fn of(headers: &HeaderMap) -> Self {
        for name in TARGETED {
            if let Some(directives) = dictionary(headers, name) {
                return Self {
                    directives,
                    targeted: true,
                };
            }
        }
        Self {
            directives: Directives::of(headers),
            targeted: false,
        }
    }
}

/// The field's directives; `None` where it is absent, empty or malformed.
fn dictionary(headers: &HeaderMap, name: &str) -> Option<Directives> {
    let mut lines = headers.get_all(name).iter();
    let mut text = Cow::Borrowed(lines.next()?.as_bytes());
    for line in lines {
        let combined = text.to_mut();
        combined.extend_from_slice(b", ");
        combined.extend_from_slice(line.as_bytes());
    }
    Parser { rest: &text }.dictionary()
}

/// A bare item, as far as directives care.
#[derive(Clone, Copy)]
enum Item {
    Integer(i64),
    Boolean(bool),
    /// Decimal, string, token, bytes, date, display string, inner list: no directive takes one.
    Other,
}

fn apply(directives: &mut Directives, key: &[u8], item: Item) {
    // Names are compared without case elsewhere; a key with a capital has already failed to parse.
    if let Some(flag) = directives.restriction(key) {
        *flag = !matches!(item, Item::Boolean(false));
    } else if let Some(flag) = directives.permission(key) {
        *flag = matches!(item, Item::Boolean(true));
    } else if let Some(number) = directives.number(key) {
        *number = Some(match item {
            Item::Integer(n @ 0..) => {
                Delta::Seconds(u32::try_from(n).unwrap_or(MAX_DELTA).min(MAX_DELTA))
            }
            _ => Delta::Invalid,
        });
    }
}

/// The parser of RFC 9651 4.2, cut down to what must be told apart; `None` is a parse error.
struct Parser<'a> {
    rest: &'a [u8],
}

impl<'a> Parser<'a> {
    fn dictionary(mut self) -> Option<Directives> {
        self.skip(b" ");
        if self.rest.is_empty() {
            return None;
        }
        let mut directives = Directives::default();
        loop {
            let key = self.key()?;
            let item = match self.eat(b'=') {
                true if self.rest.first() == Some(&b'(') => self.inner_list()?,
                true => self.bare_item()?,
                false => Item::Boolean(true),
            };
            self.parameters()?;
            apply(&mut directives, key, item);
            self.skip(b" \t");
            if self.rest.is_empty() {
                return Some(directives);
            }
            if !self.eat(b',') {
                return None;
            }
            // A comma promises a member: at the end of the field the next key fails.
            self.skip(b" \t");
        }
    }

    fn skip(&mut self, bytes: &[u8]) {
        self.take_while(|b| bytes.contains(&b));
    }

    fn eat(&mut self, byte: u8) -> bool {
        match self.rest.split_first() {
            Some((first, rest)) if *first == byte => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn take_while(&mut self, wanted: impl Fn(u8) -> bool) -> &'a [u8] {
        let end = self
            .rest
            .iter()
            .position(|&b| !wanted(b))
            .unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    fn key(&mut self) -> Option<&'a [u8]> {
        if !matches!(self.rest.first()?, b'a'..=b'z' | b'*') {
            return None;
        }
        Some(
            self.take_while(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'.' | b'*')),
        )
    }

    fn parameters(&mut self) -> Option<()> {
        while self.eat(b';') {
            self.skip(b" ");
            self.key()?;
            if self.eat(b'=') {
                self.bare_item()?;
            }
        }
        Some(())
    }

    fn inner_list(&mut self) -> Option<Item> {
        self.next()?;
        loop {
            self.skip(b" ");
            if self.eat(b')') {
                return Some(Item::Other);
            }
            self.bare_item()?;
            self.parameters()?;
            if !matches!(self.rest.first()?, b' ' | b')') {
                return None;
            }
        }
    }

    fn bare_item(&mut self) -> Option<Item> {
        match self.rest.first()? {
            b'-' | b'0'..=b'9' => self.number(),
            b'"' => self.string(),
            b'A'..=b'Z' | b'a'..=b'z' | b'*' => {
                self.take_while(|b| super::directives::is_tchar(b) || matches!(b, b':' | b'/'));
                Some(Item::Other)
            }
            b':' => self.byte_sequence(),
            b'?' => self.boolean(),
            b'@' => {
                self.next()?;
                match self.number()? {
                    Item::Integer(_) => Some(Item::Other),
                    _ => None,
                }
            }
            b'%' => self.display_string(),
            _ => None,
        }
    }

    fn number(&mut self) -> Option<Item> {
        let negative = self.eat(b'-');
        let whole = self.take_while(|b| b.is_ascii_digit());
        if whole.is_empty() || whole.len() > 15 {
            return None;
        }
        if self.eat(b'.') {
            let fraction = self.take_while(|b| b.is_ascii_digit());
            let fits = whole.len() <= 12 && (1..=3).contains(&fraction.len());
            return fits.then_some(Item::Other);
        }
        // Fifteen digits fit.
        let number = whole
            .iter()
            .fold(0i64, |n, digit| n * 10 + i64::from(digit - b'0'));
        Some(Item::Integer(if negative { -number } else { number }))
    }

    fn string(&mut self) -> Option<Item> {
        self.next()?;
        loop {
            match self.next()? {
                b'"' => return Some(Item::Other),
                b'\\' => {
                    if !matches!(self.next()?, b'"' | b'\\') {
                        return None;
                    }
                }
                b' '..=b'~' => {}
                _ => return None,
            }
        }
    }

    /// Only the alphabet is checked: what the bytes are is of no interest.
    fn byte_sequence(&mut self) -> Option<Item> {
        self.next()?;
        self.take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'='));
        self.eat(b':').then_some(Item::Other)
    }

    fn boolean(&mut self) -> Option<Item> {
        self.next()?;
        match self.next()? {
            b'0' => Some(Item::Boolean(false)),
            b'1' => Some(Item::Boolean(true)),
            _ => None,
        }
    }

    /// Only the escapes are checked, not that they make UTF-8.
    fn display_string(&mut self) -> Option<Item> {
        self.next()?;
        if !self.eat(b'"') {
            return None;
        }
        loop {
            match self.next()? {
                b'"' => return Some(Item::Other),
                b'%' => {
                    for _ in 0..2 {
                        if !matches!(self.next()?, b'0'..=b'9' | b'a'..=b'f') {
                            return None;
                        }
                    }
                }
                b' '..=b'~' => {}
                _ => return None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::Delta::{Invalid, Seconds};
    use super::*;

    fn ruling(cdn: &[&str], cache_control: &str) -> Ruling {
        let mut headers = HeaderMap::new();
        for line in cdn {
            headers.append(TARGETED[0], HeaderValue::from_str(line).unwrap());
        }
        headers.insert(
            "cache-control",
            HeaderValue::from_str(cache_control).unwrap(),
        );
        Ruling::of(&headers)
    }

    #[test]
    fn rule_2_1_a_valid_targeted_field_rules_alone() {
        let first = ruling(&["max-age=60"], "no-store, s-maxage=5");
        assert!(first.targeted && !first.directives.no_store);
        assert_eq!(first.directives.max_age, Some(Seconds(60)));
        assert_eq!(first.directives.s_maxage, None);

        for restriction in ["no-store", "no-cache", "private"] {
            let second = ruling(&[restriction], "max-age=60");
            assert!(second.targeted, "{restriction}");
            assert_eq!(second.directives.max_age, None, "{restriction}");
            assert!(
                second.directives.no_store
                    || second.directives.no_cache
                    || second.directives.private
            );
        }

        let unknown = ruling(&["none"], "max-age=60");
        assert!(unknown.targeted);
        assert_eq!(unknown.directives, Directives::default());
    }

    #[test]
    fn rule_2_1_every_directive_is_understood() {
        let text = "no-store, private, no-cache, public, must-revalidate, proxy-revalidate, \
                    must-understand, no-transform, max-age=1, s-maxage=2, \
                    stale-while-revalidate=3, stale-if-error=4";
        let ruled = ruling(&[text], "");
        assert!(ruled.targeted);
        assert_eq!(
            ruled.directives,
            Directives::parse([text.as_bytes()].into_iter())
        );
    }

    #[test]
    fn rule_2_1_an_empty_or_malformed_field_is_as_if_absent() {
        for lines in [
            &[][..],
            &[""][..],
            &["  "],
            &["max-age=60,"],
            &[",max-age=60"],
            &["max-age=60,,no-store"],
            &["max-age=60", ""],
            &["max-age=60 no-store"],
            &["max-age=60; no-store=; a"],
            &["Max-Age=60"],
            &["max-age=60, No-Store"],
            &["max-age="],
            &["max-age= 60"],
            &["max-age =60"],
            &["max-age=60s"],
            &["max-age=1234567890123456"],
            &["max-age=1."],
            &["a=1234567890123.5"],
            &["max-age=1.2345"],
            &["max-age=\"60"],
            &["a=\"\\n\""],
            &["a=:YQ=="],
            &["a=?2"],
            &["a=(1 2"],
            &["a=(1,2)"],
            &["a=(1\"b\")"],
            &["a=@1.5"],
            &["a=%\"%zz\""],
            &["a=%\"%FF\""],
            &["a=\u{e9}"],
            &["a='60'"],
            &["-a"],
        ] {
            let ruled = ruling(lines, "max-age=7");
            assert!(!ruled.targeted, "{lines:?}");
            assert_eq!(ruled.directives.max_age, Some(Seconds(7)), "{lines:?}");
        }
    }

    #[test]
    fn rule_2_1_a_member_of_the_wrong_type_is_unusable_but_the_field_rules() {
        for (text, max_age) in [
            ("max-age=60", Seconds(60)),
            ("max-age=0", Seconds(0)),
            ("max-age=2147483648", Seconds(1 << 31)),
            ("max-age=999999999999999", Seconds(1 << 31)),
            ("max-age=60;a=1;b", Seconds(60)),
            ("max-age=60; a=\"x\"", Seconds(60)),
            (" max-age=60 ", Seconds(60)),
            ("a=(\"x\" 1;b),max-age=60\t,\tb", Seconds(60)),
            (
                "a=:YQ==:, b=tok/en, c=@-5, d=%\"%c3%a9\", e=-123456789012.125, max-age=60",
                Seconds(60),
            ),
            ("max-age=60, max-age=5", Seconds(5)),
            ("max-age=5, max-age=60", Seconds(60)),
            ("max-age=5, max-age=\"x\"", Invalid),
            ("max-age=\"60\"", Invalid),
            ("max-age=1.5", Invalid),
            ("max-age=-1", Invalid),
            ("max-age=sixty", Invalid),
            ("max-age=(60)", Invalid),
            ("max-age=@60", Invalid),
            ("max-age", Invalid),
            ("max-age=?1", Invalid),
        ] {
            let ruled = ruling(&[text], "max-age=7");
            assert!(ruled.targeted, "{text}");
            assert_eq!(ruled.directives.max_age, Some(max_age), "{text}");
        }
        let lines = ruling(&["max-age=60", "no-cache"], "");
        assert!(lines.targeted && lines.directives.no_cache);
        assert_eq!(lines.directives.max_age, Some(Seconds(60)));
    }

    #[test]
    fn rule_2_1_flags_by_type() {
        for (text, no_store, public) in [
            ("no-store, public", true, true),
            ("no-store=?1, public=?1", true, true),
            ("no-store=?0, public=?0", false, false),
            ("no-store=1, public=1", true, false),
            ("no-store=\"a\", public=\"a\"", true, false),
            ("no-store=(\"a\"), public=(\"a\")", true, false),
            ("no-store, no-store=?0, public=?0, public", false, true),
        ] {
            let ruled = ruling(&[text], "");
            assert_eq!(
                (
                    ruled.targeted,
                    ruled.directives.no_store,
                    ruled.directives.public
                ),
                (true, no_store, public),
                "{text}"
            );
        }
    }

    #[test]
    fn rule_2_1_other_targeted_fields_have_no_effect() {
        let mut headers = HeaderMap::new();
        headers.insert("surrogate-control", HeaderValue::from_static("max-age=60"));
        headers.insert(
            "other-cdn-cache-control",
            HeaderValue::from_static("max-age=60"),
        );
        assert_eq!(
            Ruling::of(&headers),
            Ruling {
                directives: Directives::default(),
                targeted: false
            }
        );
    }

    proptest! {
        #[test]
        fn no_bytes_make_parsing_panic(text in prop::collection::vec(any::<u8>(), 0..60)) {
            Parser { rest: &text }.dictionary();
        }

        #[test]
        fn near_misses_do_not_panic(text in r#"([a-z=;,()?@%:"\\ .0-9-]|max-age=|no-store){0,20}"#) {
            Parser { rest: text.as_bytes() }.dictionary();
        }
    }
}
