//! Which origins (of pages, RFC 6454) a policy lets read answers, and whether one of them is asking.
//!
//! Invariants: an origin that is let in is, byte for byte, one that was written, or one below a wildcard
//! whose labels hold nothing but letters, digits, `-` and `_`; nothing that only looks like one (a port, a
//! user name, a path) gets past. Patterns are kept as browsers serialise origins: in lower case, without the
//! default port. What is sent in another form matches nothing.

use http::{HeaderMap, HeaderValue, header};

use crate::policy::distribution::{Domain, DomainError};

/// Origins in one list.
pub const MOST_ORIGINS: usize = 100;
/// Bytes of an Origin that is looked at; a longer one matches nothing. A scheme, 253 of a host and a port
/// are less.
pub const LONGEST_ORIGIN: usize = 512;

/// A list of origins, ready to be asked.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Origins {
    any: bool,
    exact: Box<[HeaderValue]>,
    under: Box<[Under]>,
}

/// One member of the list. Displays as it is written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum OriginPattern {
    /// `*`
    Any,
    /// `null`, `file://`, or scheme, host and perhaps a port.
    Exact(Box<str>),
    /// The same with `*` as the leftmost label, which takes one label or more.
    Under(Under),
}

/// What stands before and after the labels that a `*` takes: `https://` and `.example.com:8443`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Under {
    before: Box<str>,
    after: Box<str>,
}

/// Why a text is no origin, as a clause.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum OriginError {
    /// Nothing before `://`, or not what a scheme may be (RFC 3986 section 3.1).
    #[error("has no scheme, as \"https://\"")]
    Scheme,
    /// A path, a query, a fragment or a user name.
    #[error("has more than a scheme, a host and a port")]
    More,
    /// No number from 1 to 65535.
    #[error("has a port that is none")]
    Port,
    /// Another host than a name, `*.` and a name, or an IP address.
    #[error("{0}")]
    Host(DomainError),
}

/// Whether a request's origin may read the answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Grant<'a> {
    /// Every one may: `*`.
    Any,
    /// This one may.
    To(&'a HeaderValue),
    /// It may not, or the request names none.
    No,
}

impl OriginPattern {
    /// Reads a member of the list.
    ///
    /// # Errors
    /// If it is neither `*`, `null`, `file://` nor a scheme, a host and perhaps a port.
    pub fn parse(text: &str) -> Result<Self, OriginError> {
        let text = text.to_ascii_lowercase();
        match text.as_str() {
            "*" => return Ok(Self::Any),
            "null" | "file://" => return Ok(Self::Exact(text.into())),
            _ => {}
        }
        let (scheme, rest) = text.split_once("://").ok_or(OriginError::Scheme)?;
        let legal = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
        if !scheme.starts_with(|c: char| c.is_ascii_alphabetic()) || !scheme.chars().all(legal) {
            return Err(OriginError::Scheme);
        }
        if rest.contains(['/', '?', '#', '@', '\\']) {
            return Err(OriginError::More);
        }
        // The colons of an IPv6 address stand in brackets.
        let (host, port) = match rest
            .rsplit_once(':')
            .filter(|(_, port)| !port.contains(']'))
        {
            Some((host, port)) => (host, Some(port)),
            None => (rest, None),
        };
        let port = match port {
            None => String::new(),
            Some(port) => {
                let digits = port.bytes().all(|byte| byte.is_ascii_digit());
                let number = port
                    .parse::<u16>()
                    .ok()
                    .filter(|number| digits && *number > 0);
                match (scheme, number.ok_or(OriginError::Port)?) {
                    ("http", 80) | ("https", 443) => String::new(),
                    (_, number) => format!(":{number}"),
                }
            }
        };
        if let Some(address) = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'))
        {
            // Not parsed: one that is none, or is not written as browsers do, is nobody's origin.
            let legal = |c: char| c.is_ascii_hexdigit() || c == ':' || c == '.';
            if let Some(other) = address.chars().find(|c| !legal(*c)) {
                return Err(OriginError::Host(DomainError::Character(other)));
            }
            return Ok(Self::Exact(format!("{scheme}://[{address}]{port}").into()));
        }
        Ok(match Domain::parse(host).map_err(OriginError::Host)? {
            Domain::Exact(host) => Self::Exact(format!("{scheme}://{host}{port}").into()),
            Domain::Wildcard(suffix) => Self::Under(Under {
                before: format!("{scheme}://").into(),
                after: format!("{suffix}{port}").into(),
            }),
        })
    }
}

impl std::fmt::Display for OriginPattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Any => f.write_str("*"),
            Self::Exact(origin) => f.write_str(origin),
            Self::Under(Under { before, after }) => write!(f, "{before}*{after}"),
        }
    }
}

impl Under {
    fn takes(&self, origin: &str) -> bool {
        origin
            .strip_prefix(&*self.before)
            .and_then(|rest| rest.strip_suffix(&*self.after))
            .is_some_and(|labels| {
                labels.split('.').all(|label| {
                    let legal = |byte: u8| {
                        byte.is_ascii_lowercase()
                            || byte.is_ascii_digit()
                            || matches!(byte, b'-' | b'_')
                    };
                    !label.is_empty() && label.bytes().all(legal)
                })
            })
    }
}

impl Origins {
    /// The list, arranged.
    #[must_use]
    pub fn new(patterns: impl IntoIterator<Item = OriginPattern>) -> Self {
        let mut any = false;
        let (mut exact, mut under) = (Vec::new(), Vec::new());
        for pattern in patterns {
            match pattern {
                OriginPattern::Any => any = true,
                // Nothing but visible ASCII got through `parse`.
                OriginPattern::Exact(origin) => exact.extend(HeaderValue::from_str(&origin)),
                OriginPattern::Under(one) => under.push(one),
            }
        }
        Self {
            any,
            exact: exact.into(),
            under: under.into(),
        }
    }

    /// Whether every origin is in it, so that answers are the same for all.
    #[must_use]
    pub const fn is_any(&self) -> bool {
        self.any
    }

    /// Whether the origin of this request is in it. Several lines of Origin are no origin (Fetch section
    /// 3.1: it is one line). Allocates nothing.
    #[must_use]
    pub fn grant<'a>(&'a self, viewer: &'a HeaderMap) -> Grant<'a> {
        if self.any {
            return Grant::Any;
        }
        let mut lines = viewer.get_all(header::ORIGIN).iter();
        let (Some(origin), None) = (lines.next(), lines.next()) else {
            return Grant::No;
        };
        if origin.len() > LONGEST_ORIGIN {
            return Grant::No;
        }
        if let Some(exact) = self.exact.iter().find(|exact| *exact == origin) {
            return Grant::To(exact);
        }
        match origin.to_str() {
            Ok(text) if self.under.iter().any(|under| under.takes(text)) => Grant::To(origin),
            _ => Grant::No,
        }
    }
}

/// The list as it can be written.
impl std::fmt::Display for Origins {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.any {
            return f.write_str("*");
        }
        let exact = self.exact.iter().filter_map(|origin| origin.to_str().ok());
        let exact = exact.map(|origin| OriginPattern::Exact(origin.into()));
        let under = self.under.iter().cloned().map(OriginPattern::Under);
        for (place, pattern) in exact.chain(under).enumerate() {
            let between = if place == 0 { "" } else { " " };
            write!(f, "{between}{pattern}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn origins(patterns: &[&str]) -> Origins {
        Origins::new(
            patterns
                .iter()
                .map(|text| OriginPattern::parse(text).unwrap()),
        )
    }

    fn granted(origins: &Origins, sent: &[&str]) -> Option<String> {
        let mut viewer = HeaderMap::new();
        for line in sent {
            viewer.append(header::ORIGIN, HeaderValue::from_str(line).unwrap());
        }
        match origins.grant(&viewer) {
            Grant::Any => Some("*".to_owned()),
            Grant::To(origin) => Some(origin.to_str().unwrap().to_owned()),
            Grant::No => None,
        }
    }

    #[test]
    fn only_what_is_listed_is_let_in() {
        let list = origins(&[
            "https://app.example.com",
            "HTTPS://Shop.Example.com:443",
            "http://localhost:3000",
            "https://*.example.net",
            "https://*.example.org:8443",
            "http://[::1]:8080",
            "capacitor://localhost",
        ]);
        for (sent, expected) in [
            ("https://app.example.com", true),
            ("https://shop.example.com", true),
            ("http://localhost:3000", true),
            ("https://a.example.net", true),
            ("https://a.b-c.example.net", true),
            ("https://a.example.org:8443", true),
            ("http://[::1]:8080", true),
            ("capacitor://localhost", true),
            // Another scheme, port, host.
            ("http://app.example.com", false),
            ("https://app.example.com:444", false),
            ("https://app.example.com:443", false),
            ("https://app.example.com.evil.test", false),
            ("https://xapp.example.com", false),
            ("https://example.com", false),
            ("http://localhost", false),
            ("http://localhost:30000", false),
            ("https://a.example.org", false),
            ("https://a.example.net:8443", false),
            // What only looks like something below a wildcard.
            ("https://example.net", false),
            ("https://.example.net", false),
            ("https://a..example.net", false),
            ("https://evil.test/.example.net", false),
            ("https://evil.test?.example.net", false),
            ("https://evil.test#.example.net", false),
            ("https://evil.test:1.example.net", false),
            ("https://user@.example.net", false),
            ("https://evil.test\\.example.net", false),
            ("https://evil.test .example.net", false),
            ("https://*.example.net", false),
            ("https://evilexample.net", false),
            // Not as a browser writes it.
            ("HTTPS://APP.EXAMPLE.COM", false),
            ("https://app.example.com/", false),
            ("https://app.example.com https://evil.test", false),
            ("null", false),
            ("file://", false),
            ("*", false),
            ("", false),
        ] {
            let found = granted(&list, &[sent]);
            assert_eq!(found.as_deref(), expected.then_some(sent), "{sent}");
        }
        assert_eq!(granted(&list, &[]), None);
        let twice = ["https://app.example.com", "https://app.example.com"];
        assert_eq!(granted(&list, &twice), None, "two lines are no origin");
    }

    #[test]
    fn null_and_files_are_let_in_only_where_they_are_listed() {
        let list = origins(&["null", "file://"]);
        for sent in ["null", "file://"] {
            assert_eq!(granted(&list, &[sent]).as_deref(), Some(sent));
        }
        assert_eq!(granted(&list, &["https://a.test"]), None);
    }

    #[test]
    fn any_is_the_same_for_all() {
        let list = origins(&["https://a.test", "*"]);
        assert!(list.is_any() && !origins(&["https://a.test"]).is_any());
        for sent in [&["https://b.test"][..], &["null"], &[]] {
            assert_eq!(granted(&list, sent).as_deref(), Some("*"));
        }
    }

    #[test]
    fn an_origin_beyond_the_limit_is_not_looked_at() {
        let list = origins(&["https://*.a.test"]);
        let fixed = "https://.a.test".len();
        for (labels, expected) in [
            (LONGEST_ORIGIN - fixed, true),
            (LONGEST_ORIGIN - fixed + 1, false),
        ] {
            let sent = format!("https://{}.a.test", "x".repeat(labels));
            assert_eq!(
                granted(&list, &[&sent]).is_some(),
                expected,
                "{}",
                sent.len()
            );
        }
    }

    #[test]
    fn texts_that_are_no_origin_are_refused() {
        for (text, expected) in [
            ("", OriginError::Scheme),
            ("app.example.com", OriginError::Scheme),
            ("://a", OriginError::Scheme),
            ("1a://a", OriginError::Scheme),
            ("ht tp://a", OriginError::Scheme),
            ("https://a/", OriginError::More),
            ("https://a/b", OriginError::More),
            ("https://u@a", OriginError::More),
            ("https://a?b", OriginError::More),
            ("https://a:", OriginError::Port),
            ("https://a:0", OriginError::Port),
            ("https://a:65536", OriginError::Port),
            ("https://a:+1", OriginError::Port),
            ("https://", OriginError::Host(DomainError::EmptyLabel)),
            ("https://a..b", OriginError::Host(DomainError::EmptyLabel)),
            ("https://a.*.b", OriginError::Host(DomainError::Star)),
            ("https://*", OriginError::Host(DomainError::Star)),
            ("https://a*.b", OriginError::Host(DomainError::Star)),
            (
                "https://[::g]",
                OriginError::Host(DomainError::Character('g')),
            ),
        ] {
            assert_eq!(OriginPattern::parse(text), Err(expected), "{text}");
        }
        for text in ["*", "null", "https://*.a.test:8443", "http://[::1]:8080"] {
            assert_eq!(OriginPattern::parse(text).unwrap().to_string(), text);
        }
    }

    /// The slow way: every origin that the list can mean, taken apart again.
    fn reference(patterns: &[String], sent: &str) -> bool {
        let parts = |text: &str| {
            let (scheme, rest) = text.split_once("://")?;
            let (host, port) = match rest.split_once(':') {
                Some((host, port)) => (host.to_owned(), Some(port.to_owned())),
                None => (rest.to_owned(), None),
            };
            Some((scheme.to_owned(), host, port))
        };
        let Some((scheme, host, port)) = parts(sent) else {
            return false;
        };
        let labels: Vec<&str> = host.split('.').collect();
        if labels.iter().any(|label| {
            label.is_empty()
                || !label
                    .chars()
                    .all(|c| "abcdefghijklmnopqrstuvwxyz0123456789-_".contains(c))
        }) {
            return false;
        }
        patterns.iter().any(|pattern| {
            let (its_scheme, its_host, its_port) = parts(pattern).unwrap();
            let wanted: Vec<&str> = its_host.split('.').collect();
            let host_fits = match wanted.split_first() {
                Some((&"*", suffix)) => labels.len() > suffix.len() && labels.ends_with(suffix),
                _ => wanted == labels,
            };
            its_scheme == scheme && host_fits && its_port == port
        })
    }

    proptest! {
        #[test]
        fn nobody_is_let_in_who_is_not_listed(
            patterns in prop::collection::vec("https?://(\\*\\.)?[ab](\\.[ab]){0,2}(:8[1-3])?", 0..4),
            sent in "https?://[ab.*:/@]{0,3}[ab](\\.[ab]){0,3}(:8[1-3])?",
        ) {
            let list: Vec<&str> = patterns.iter().map(String::as_str).collect();
            let found = granted(&origins(&list), &[&sent]);
            let expected = reference(&patterns, &sent).then_some(sent);
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn no_text_panics(text in ".{0,40}", near in "[a-z]{0,3}:?/{0,2}[\\[\\]*.a:0-9@]{0,12}") {
            for text in [text, near] {
                if let Ok(pattern) = OriginPattern::parse(&text) {
                    let again = OriginPattern::parse(&pattern.to_string());
                    prop_assert_eq!(again, Ok(pattern));
                }
            }
        }
    }
}
