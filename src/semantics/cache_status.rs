//! How an answer explains itself: one member of Cache-Status (RFC 9211).
//!
//! Only the rendering. Whether `key` and `detail` may be shown is decided elsewhere, and so is
//! appending the member behind those of other caches.

use bytes::Bytes;
use http::HeaderValue;

use super::directives::is_tchar;

/// Why a request went to the origin (RFC 9211 2.2).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Forward {
    /// The cache was configured not to handle this request.
    Bypass,
    /// The request's method means that it is forwarded.
    Method,
    /// Nothing is stored for this key.
    UriMiss,
    /// Something is stored, but not for these selecting fields.
    VaryMiss,
    /// Nothing usable is stored, for no finer reason.
    Miss,
    /// The request itself asked for it.
    Request,
    /// What is stored is stale.
    Stale,
    /// What is stored is incomplete.
    Partial,
}

impl Forward {
    /// The value of `fwd`; also the word for metrics and logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bypass => "bypass",
            Self::Method => "method",
            Self::UriMiss => "uri-miss",
            Self::VaryMiss => "vary-miss",
            Self::Miss => "miss",
            Self::Request => "request",
            Self::Stale => "stale",
            Self::Partial => "partial",
        }
    }
}

/// One member of Cache-Status.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CacheStatus<'a> {
    /// The name of this cache.
    pub cache: &'a str,
    /// Answered without the origin. Excludes `fwd` and what goes with it.
    pub hit: bool,
    /// Why the request went to the origin.
    pub forward: Option<Forward>,
    /// The origin's status. Written only beside `fwd`, as are the next two.
    pub forward_status: Option<u16>,
    /// Whether the answer was stored.
    pub stored: bool,
    /// Whether the request was joined to another one.
    pub collapsed: bool,
    /// Lifetime less age in seconds; negative when stale.
    pub ttl: Option<i64>,
    /// The cache key.
    pub key: Option<&'a str>,
    /// Whatever else explains it.
    pub detail: Option<&'a str>,
}

impl CacheStatus<'_> {
    /// The member as a field value, made with one allocation.
    ///
    /// `cache` and `detail` become tokens where they can be, else strings; `key` is always a string.
    /// A character that a string cannot hold becomes `?`. `ttl` is clamped to fifteen digits (RFC 9651
    /// 3.3.1).
    pub fn render(&self) -> HeaderValue {
        // Measured first, so that the text is written into exactly the space it needs.
        let mut length = 0;
        self.write(&mut |bytes| length += bytes.len());
        let mut text = Vec::with_capacity(length);
        self.write(&mut |bytes| text.extend_from_slice(bytes));
        // Every piece is printable ASCII, see `write_string`.
        HeaderValue::from_maybe_shared(Bytes::from(text))
            .expect("a Cache-Status member is printable ASCII")
    }

    fn write(&self, out: &mut impl FnMut(&[u8])) {
        write_token_or_string(self.cache, out);
        if self.hit {
            out(b"; hit");
        } else if let Some(forward) = self.forward {
            out(b"; fwd=");
            out(forward.as_str().as_bytes());
            if let Some(status) = self.forward_status {
                out(b"; fwd-status=");
                write_integer(i64::from(status), out);
            }
            if self.stored {
                out(b"; stored");
            }
            if self.collapsed {
                out(b"; collapsed");
            }
        }
        if let Some(ttl) = self.ttl {
            out(b"; ttl=");
            write_integer(ttl, out);
        }
        if let Some(key) = self.key {
            out(b"; key=");
            write_string(key, out);
        }
        if let Some(detail) = self.detail {
            out(b"; detail=");
            write_token_or_string(detail, out);
        }
    }
}

/// The greatest integer of a structured field.
const MAX_INTEGER: i64 = 999_999_999_999_999;

fn write_integer(number: i64, out: &mut impl FnMut(&[u8])) {
    let number = number.clamp(-MAX_INTEGER, MAX_INTEGER);
    if number < 0 {
        out(b"-");
    }
    let mut digits = [0; 20];
    let mut start = digits.len();
    let mut rest = number.unsigned_abs();
    loop {
        start -= 1;
        // A remainder by ten fits a byte.
        digits[start] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out(&digits[start..]);
}

fn write_token_or_string(text: &str, out: &mut impl FnMut(&[u8])) {
    if is_token(text.as_bytes()) {
        out(text.as_bytes());
    } else {
        write_string(text, out);
    }
}

fn write_string(text: &str, out: &mut impl FnMut(&[u8])) {
    out(b"\"");
    for character in text.chars() {
        match character {
            '"' => out(b"\\\""),
            '\\' => out(b"\\\\"),
            // In this range a character is one byte.
            ' '..='~' => out(&[character as u8]),
            _ => out(b"?"),
        }
    }
    out(b"\"");
}

/// A structured-fields token (RFC 9651 3.3.4).
fn is_token(text: &[u8]) -> bool {
    matches!(text.first(), Some(b'A'..=b'Z' | b'a'..=b'z' | b'*'))
        && text
            .iter()
            .all(|&b| is_tchar(b) || matches!(b, b':' | b'/'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BARE: CacheStatus<'static> = CacheStatus {
        cache: "edge-1",
        hit: false,
        forward: None,
        forward_status: None,
        stored: false,
        collapsed: false,
        ttl: None,
        key: None,
        detail: None,
    };

    #[test]
    fn rule_10_members_as_rfc_9211_writes_them() {
        let miss = CacheStatus {
            forward: Some(Forward::UriMiss),
            ..BARE
        };
        for (status, expected) in [
            (BARE, "edge-1"),
            (
                CacheStatus {
                    hit: true,
                    ttl: Some(376),
                    ..BARE
                },
                "edge-1; hit; ttl=376",
            ),
            (
                CacheStatus {
                    hit: true,
                    ttl: Some(-12),
                    ..BARE
                },
                "edge-1; hit; ttl=-12",
            ),
            (
                CacheStatus {
                    hit: true,
                    ttl: Some(0),
                    ..BARE
                },
                "edge-1; hit; ttl=0",
            ),
            (miss, "edge-1; fwd=uri-miss"),
            (
                CacheStatus {
                    forward: Some(Forward::Stale),
                    forward_status: Some(304),
                    stored: true,
                    collapsed: true,
                    ttl: Some(60),
                    key: Some("/a b\"\\\u{e9}"),
                    detail: Some("no-store"),
                    ..BARE
                },
                "edge-1; fwd=stale; fwd-status=304; stored; collapsed; ttl=60; \
                 key=\"/a b\\\"\\\\?\"; detail=no-store",
            ),
            (
                CacheStatus {
                    collapsed: true,
                    ..miss
                },
                "edge-1; fwd=uri-miss; collapsed",
            ),
            (
                CacheStatus {
                    stored: true,
                    ..miss
                },
                "edge-1; fwd=uri-miss; stored",
            ),
            (
                CacheStatus {
                    detail: Some("two words"),
                    ..miss
                },
                "edge-1; fwd=uri-miss; detail=\"two words\"",
            ),
            (
                CacheStatus {
                    key: Some("token"),
                    ..miss
                },
                "edge-1; fwd=uri-miss; key=\"token\"",
            ),
        ] {
            assert_eq!(status.render(), expected);
        }
    }

    #[test]
    fn rule_10_a_hit_was_not_forwarded() {
        let both = CacheStatus {
            hit: true,
            forward: Some(Forward::Miss),
            forward_status: Some(200),
            stored: true,
            collapsed: true,
            ..BARE
        };
        assert_eq!(both.render(), "edge-1; hit");
        let loose = CacheStatus {
            hit: false,
            forward: None,
            ..both
        };
        assert_eq!(loose.render(), "edge-1");
    }

    #[test]
    fn a_name_is_a_token_where_it_can_be() {
        for (cache, expected) in [
            ("edge", "edge"),
            ("Edge.example:80/a", "Edge.example:80/a"),
            ("*x", "*x"),
            ("1edge", "\"1edge\""),
            ("-edge", "\"-edge\""),
            ("my edge", "\"my edge\""),
            ("a;hit", "\"a;hit\""),
            ("a,b", "\"a,b\""),
            ("", "\"\""),
            ("\r\n\u{7f}\0", "\"????\""),
            ("käse", "\"k?se\""),
        ] {
            assert_eq!(CacheStatus { cache, ..BARE }.render(), expected, "{cache}");
        }
    }

    #[test]
    fn integers_stay_within_fifteen_digits() {
        for (ttl, expected) in [
            (i64::MAX, "edge-1; ttl=999999999999999"),
            (i64::MIN, "edge-1; ttl=-999999999999999"),
            (1_000_000, "edge-1; ttl=1000000"),
        ] {
            assert_eq!(
                CacheStatus {
                    ttl: Some(ttl),
                    ..BARE
                }
                .render(),
                expected
            );
        }
    }

    #[test]
    fn every_reason_has_its_registered_word() {
        let words = [
            (Forward::Bypass, "bypass"),
            (Forward::Method, "method"),
            (Forward::UriMiss, "uri-miss"),
            (Forward::VaryMiss, "vary-miss"),
            (Forward::Miss, "miss"),
            (Forward::Request, "request"),
            (Forward::Stale, "stale"),
            (Forward::Partial, "partial"),
        ];
        for (forward, word) in words {
            assert_eq!(forward.as_str(), word);
        }
    }

    proptest! {
        #[test]
        fn any_text_renders_as_printable_ascii_with_balanced_quotes(
            cache in any::<String>(), key in any::<String>(), detail in any::<String>(), ttl in any::<i64>(),
        ) {
            let value = CacheStatus { cache: &cache, key: Some(&key), detail: Some(&detail), ttl: Some(ttl), ..BARE }.render();
            let text = value.to_str().unwrap();
            let unescaped = text.replace("\\\\", "").replace("\\\"", "");
            prop_assert_eq!(unescaped.matches('"').count() % 2, 0);
            // Nothing in the three texts opens a parameter or a member of its own.
            let outside: String = unescaped.split('"').step_by(2).collect();
            prop_assert_eq!(outside.matches(';').count(), 3);
            prop_assert_eq!(outside.matches(',').count(), 0);
        }
    }
}
