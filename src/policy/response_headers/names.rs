//! Which fields of an answer an operator may set or remove, and what a value may be.
//!
//! What frames a message, describes its bytes, or is the edge's own word cannot be changed: an answer would
//! be broken, or would lie about how it came about.

use http::{HeaderName, HeaderValue};

/// Fields that one policy sets, those of `security` besides.
pub const MOST_SET: usize = 20;
/// Fields that one policy removes.
pub const MOST_REMOVED: usize = 20;
/// Bytes of one value.
pub const LONGEST_VALUE: usize = 4_096;
/// Bytes of all names and values that one policy sets.
pub const MOST_BYTES: usize = 16_384;

const CONNECTION: &str = "is of one connection only";
const BYTES: &str = "describes the bytes that are sent";
const VALIDATOR: &str = "is what stored copies are validated with";
const OWN: &str = "is the edge's own";

/// Fields that can be neither set nor removed, each with a clause that says why.
const FIXED: &[(&str, &str)] = &[
    ("accept-ranges", BYTES),
    ("age", OWN),
    ("cache-status", OWN),
    ("connection", CONNECTION),
    ("content-encoding", BYTES),
    ("content-length", BYTES),
    ("content-range", BYTES),
    ("content-type", BYTES),
    ("date", "says how old the answer is"),
    ("etag", VALIDATOR),
    ("keep-alive", CONNECTION),
    ("last-modified", VALIDATOR),
    ("proxy-authenticate", CONNECTION),
    ("proxy-authentication-info", CONNECTION),
    ("proxy-authorization", CONNECTION),
    ("proxy-connection", CONNECTION),
    ("set-cookie", "is what `set_cookie` decides about"),
    ("te", CONNECTION),
    ("trailer", CONNECTION),
    ("transfer-encoding", CONNECTION),
    ("upgrade", CONNECTION),
    (
        "vary",
        "says what the answer depends on; `cors` adds to it what it must",
    ),
    ("via", OWN),
    ("x-cache", OWN),
    ("x-edge-pop", OWN),
    ("x-request-id", OWN),
];

/// Why a policy cannot set a field of this name, as a clause; `None` if it can.
#[must_use]
pub fn why_not_set(name: &HeaderName) -> Option<&'static str> {
    match name.as_str().starts_with("access-control-") {
        true => Some("is what `cors` says"),
        false => why_not_removed(name),
    }
}

/// Why a policy cannot remove a field of this name, as a clause; `None` if it can.
#[must_use]
pub fn why_not_removed(name: &HeaderName) -> Option<&'static str> {
    let mut fixed = FIXED.iter();
    fixed.find_map(|(fixed, why)| (name.as_str() == *fixed).then_some(*why))
}

/// A value that may be set.
///
/// # Errors
/// A clause: if it is empty or longer than [`LONGEST_VALUE`], begins or ends with a blank, or holds anything
/// but visible ASCII and blanks.
pub fn value(text: &str) -> Result<HeaderValue, &'static str> {
    if text.is_empty() {
        return Err("is empty");
    }
    if text.len() > LONGEST_VALUE {
        return Err("is too long");
    }
    if text != text.trim() {
        return Err("begins or ends with a blank");
    }
    let legal = |byte: u8| byte == b' ' || byte.is_ascii_graphic();
    if !text.bytes().all(legal) {
        return Err("has a character that is neither visible ASCII nor a blank");
    }
    HeaderValue::from_str(text).map_err(|_| "is no value of a field")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_frames_describes_or_is_the_edges_own_is_left_alone() {
        for (name, set, removed) in [
            ("Content-Length", false, false),
            ("Transfer-Encoding", false, false),
            ("Connection", false, false),
            ("Age", false, false),
            ("Via", false, false),
            ("Vary", false, false),
            ("Set-Cookie", false, false),
            ("ETag", false, false),
            ("Access-Control-Allow-Origin", false, true),
            ("Cache-Control", true, true),
            ("Server", true, true),
            ("X-Frame-Options", true, true),
        ] {
            let name: HeaderName = name.parse().unwrap();
            assert_eq!(why_not_set(&name).is_none(), set, "{name}");
            assert_eq!(why_not_removed(&name).is_none(), removed, "{name}");
        }
    }

    #[test]
    fn values_are_visible_and_bounded() {
        for (text, allowed) in [
            ("a b", true),
            ("default-src 'self'; img-src *", true),
            ("", false),
            (" a", false),
            ("a ", false),
            ("a\tb", false),
            ("a\r\nb: c", false),
            ("a\0", false),
            ("a\u{7f}", false),
            ("é", false),
        ] {
            assert_eq!(value(text).is_ok(), allowed, "{text:?}");
        }
        assert!(value(&"a".repeat(LONGEST_VALUE)).is_ok());
        assert_eq!(value(&"a".repeat(LONGEST_VALUE + 1)), Err("is too long"));
    }
}
