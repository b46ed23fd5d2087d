//! The rules of `[response_headers.NAME]`.

use std::borrow::Cow;
use std::time::Duration;

use http::{HeaderName, HeaderValue, Method};

use crate::config::rule::{List, Switch, Text, Time};
use crate::config::texts;
use crate::policy::behavior::Methods;
use crate::policy::response_headers::cors::{LONGEST_METHOD, MOST_METHODS, MOST_NAMES};
use crate::policy::response_headers::names::{self, MOST_REMOVED};
use crate::policy::response_headers::origins::{MOST_ORIGINS, OriginPattern};

pub(in crate::config) const POLICY: Text<String> = Text {
    default: Some(NONE),
    allowed: "the NAME of a [response_headers.NAME], that of a preset (\"SimpleCORS\", \
              \"CORS-With-Preflight\", \"SecurityHeadersPolicy\", \"CORS-and-SecurityHeadersPolicy\", \
              \"CORS-with-preflight-and-SecurityHeadersPolicy\"), or \"none\"",
    pattern: None,
    read: texts::any,
};
/// The word that switches an inherited policy off.
pub(in crate::config) const NONE: &str = "none";
pub(in crate::config) const POLICIES_ALLOWED: &str = "at most 100 [response_headers.NAME] sections";
pub(in crate::config) const NAME_ALLOWED: &str =
    "1 to 64 of A-Z a-z 0-9 _ -, and neither \"none\" nor the name of a preset";

// cors
pub(in crate::config) const ALL: &str = "all";
pub(in crate::config) const ORIGINS: List<OriginPattern> = List {
    item: Text {
        default: None,
        allowed: "`*` for every origin, `null`, or a scheme, a host (perhaps `*.` and a name) and a port if \
                  it is not the default one, as \"https://*.example.com\"",
        pattern: None,
        read: |text| OriginPattern::parse(text).map_err(|flaw| flaw.to_string().into()),
    },
    default: &[],
    min: 1,
    max: MOST_ORIGINS,
};
pub(in crate::config) const METHODS: List<Method> = List {
    item: Text {
        default: None,
        allowed: "the name of a method",
        pattern: None,
        read: method,
    },
    default: &["GET", "HEAD"],
    min: 1,
    max: MOST_METHODS,
};
pub(in crate::config) const METHODS_ALLOWED: &str = "a list of 1 to 20 methods, or \"all\"";
pub(in crate::config) const FIELDS: List<HeaderName> = List {
    item: Text {
        default: None,
        allowed: "the name of a field",
        pattern: None,
        read: field,
    },
    default: &[],
    min: 0,
    max: MOST_NAMES,
};
pub(in crate::config) const FIELDS_ALLOWED: &str = "a list of at most 100 field names, or \"all\"";
pub(in crate::config) const CREDENTIALS: Switch = Switch { default: false };
pub(in crate::config) const PREFLIGHT_AGE: Time = Time {
    default: None,
    min: Duration::ZERO,
    // No browser keeps it longer.
    max: Duration::from_secs(86_400),
};
pub(in crate::config) const OVERRIDE: Switch = Switch { default: true };

// security
pub(in crate::config) const SWITCH: Switch = Switch { default: false };
pub(in crate::config) const FRAME_OPTIONS: Text<HeaderValue> = Text {
    default: None,
    allowed: "\"DENY\" or \"SAMEORIGIN\"",
    pattern: Some("^(DENY|SAMEORIGIN)$"),
    read: |text| word(text, &["DENY", "SAMEORIGIN"]),
};
pub(in crate::config) const REFERRER_POLICY: Text<HeaderValue> = Text {
    default: None,
    allowed: "\"no-referrer\", \"no-referrer-when-downgrade\", \"origin\", \"origin-when-cross-origin\", \
              \"same-origin\", \"strict-origin\", \"strict-origin-when-cross-origin\" or \"unsafe-url\"",
    pattern: Some(
        "^(no-referrer|no-referrer-when-downgrade|origin|origin-when-cross-origin|same-origin|\
         strict-origin|strict-origin-when-cross-origin|unsafe-url)$",
    ),
    read: |text| {
        word(
            text,
            &[
                "no-referrer",
                "no-referrer-when-downgrade",
                "origin",
                "origin-when-cross-origin",
                "same-origin",
                "strict-origin",
                "strict-origin-when-cross-origin",
                "unsafe-url",
            ],
        )
    },
};
pub(in crate::config) const XSS_PROTECTION: Text<HeaderValue> = Text {
    default: None,
    allowed: "\"0\", \"1\" or \"1; mode=block\"",
    pattern: Some("^(0|1|1; mode=block)$"),
    read: |text| word(text, &["0", "1", "1; mode=block"]),
};
pub(in crate::config) const VALUE: Text<HeaderValue> = Text {
    default: None,
    allowed: "1 to 4096 visible ASCII characters and blanks, the first and last no blank",
    pattern: Some("^[!-~]([ -~]{0,4094}[!-~])?$"),
    read: |text| names::value(text).map_err(Cow::Borrowed),
};
pub(in crate::config) const TRANSPORT_AGE: Time = Time {
    default: None,
    min: Duration::ZERO,
    max: Duration::from_secs(3_650 * 86_400),
};
pub(in crate::config) const OVERRIDE_ALLOWED: &str =
    "true, false, or a list of the keys of this table that do";
/// The keys of `security` that are a field of an answer.
pub(in crate::config) const SECURITY_KEYS: [&str; 6] = [
    "content_type_options",
    "frame_options",
    "referrer_policy",
    "strict_transport_security",
    "content_security_policy",
    "xss_protection",
];
pub(in crate::config) const OVERRIDES: List<&'static str> = List {
    item: Text {
        default: None,
        allowed: "a key of this table, as \"frame_options\"",
        pattern: None,
        read: |text| {
            let known = SECURITY_KEYS.iter().find(|known| **known == text);
            known.copied().ok_or(Cow::Borrowed("is no key of a field"))
        },
    },
    default: &[],
    min: 0,
    max: SECURITY_KEYS.len(),
};

// set and remove
pub(in crate::config) const SET_ALLOWED: &str =
    "at most 20 tables, each name once, names and values of at most 16384 bytes in all";
pub(in crate::config) const SET_NAME: Text<HeaderName> = Text {
    default: None,
    allowed: "the name of a field that is the operator's to set",
    pattern: None,
    read: |text| changeable(text, names::why_not_set),
};
pub(in crate::config) const REMOVE: List<HeaderName> = List {
    item: Text {
        default: None,
        allowed: "the name of a field that an answer can do without",
        pattern: None,
        read: |text| changeable(text, names::why_not_removed),
    },
    default: &[],
    min: 0,
    max: MOST_REMOVED,
};

fn method(text: &str) -> texts::Judged<Method> {
    let never = |never: &&str| never.eq_ignore_ascii_case(text);
    if Methods::NEVER.iter().any(never) {
        return Err("is never let through".into());
    }
    match Method::from_bytes(text.as_bytes()) {
        Ok(method) if text.len() <= LONGEST_METHOD => Ok(method),
        _ => Err("is no name of a method".into()),
    }
}

fn field(text: &str) -> texts::Judged<HeaderName> {
    // `*` is a token, but here it would look like every field, which is "all".
    match HeaderName::from_bytes(text.as_bytes()) {
        Ok(name) if text != "*" && text.len() <= LONGEST_NAME => Ok(name),
        _ => Err("is no name of a field".into()),
    }
}

fn changeable(
    text: &str,
    why_not: fn(&HeaderName) -> Option<&'static str>,
) -> texts::Judged<HeaderName> {
    let name = field(text)?;
    match why_not(&name) {
        None => Ok(name),
        Some(why) => Err(why.into()),
    }
}

fn word(text: &str, known: &[&'static str]) -> texts::Judged<HeaderValue> {
    let found = known.iter().find(|known| **known == text);
    let value = found.map(|word| HeaderValue::from_static(word));
    value.ok_or(Cow::Borrowed("is not known"))
}

/// Bytes of the name of a field.
const LONGEST_NAME: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::rule::Rule as _;
    use crate::policy::response_headers::names::LONGEST_VALUE;

    #[test]
    fn bounds_are_allowed_and_their_neighbours_are_not() {
        for (length, allowed) in [(LONGEST_NAME, true), (LONGEST_NAME + 1, false)] {
            assert_eq!(field(&"x".repeat(length)).is_ok(), allowed, "{length}");
        }
        for (length, allowed) in [(LONGEST_METHOD, true), (LONGEST_METHOD + 1, false)] {
            assert_eq!(method(&"X".repeat(length)).is_ok(), allowed, "{length}");
        }
        for (length, allowed) in [(LONGEST_VALUE, true), (LONGEST_VALUE + 1, false)] {
            assert_eq!(VALUE.read(&"x".repeat(length)).is_ok(), allowed, "{length}");
        }
    }

    #[test]
    fn methods_that_are_never_let_through_are_not_allowed_either() {
        for name in ["TRACE", "Track", "CONNECT", "PURGE", "", "A B", "GET,PUT"] {
            assert!(method(name).is_err(), "{name}");
        }
        for name in ["GET", "OPTIONS", "PROPFIND"] {
            assert_eq!(method(name).unwrap().as_str(), name);
        }
    }

    #[test]
    fn the_phrases_say_the_limits() {
        use crate::policy::response_headers::names::{MOST_BYTES, MOST_SET};
        use crate::policy::response_headers::{MOST_POLICIES, ResponseHeaders};
        for (phrase, limit) in [
            (POLICIES_ALLOWED, MOST_POLICIES),
            (METHODS_ALLOWED, MOST_METHODS),
            (FIELDS_ALLOWED, MOST_NAMES),
            (SET_ALLOWED, MOST_SET),
            (SET_ALLOWED, MOST_BYTES),
            (VALUE.allowed, LONGEST_VALUE),
        ] {
            assert!(phrase.contains(&limit.to_string()), "{phrase}: {limit}");
        }
        for preset in ResponseHeaders::PRESETS {
            assert!(POLICY.allowed.contains(&format!("{preset:?}")), "{preset}");
        }
    }
}
