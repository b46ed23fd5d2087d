//! The rules of `[cache_policies.NAME]` and `[origin_requests.NAME]`.

use http::{HeaderName, header};

use crate::config::rule::{List, Switch, Text};
use crate::config::texts::{self, Judged};
use crate::policy::names::MAX_NAMES;
use crate::policy::origin_request::never_listed;

/// Policies of one kind at the most (CloudFront: 20 of each in an account).
pub(in crate::config) const MAX_POLICIES: usize = 100;
pub(in crate::config) const POLICIES_ALLOWED: &str = "at most 100 of them";
pub(in crate::config) const POLICY_NAME: Text<String> = Text {
    default: None,
    allowed: "1 to 64 of A-Z a-z 0-9 _ -, and not the name of a preset",
    pattern: Some("^[A-Za-z0-9_-]{1,64}$"),
    read: texts::identifier,
};
pub(in crate::config) const BY_BASE: &str = "by `base`";
pub(in crate::config) const BASE_DEFAULT: &str = "`\"CloudFront\"`";
pub(in crate::config) const CHOICE_ALLOWED: &str =
    "\"none\", \"all\", { allow = [...] } or { except = [...] }";
pub(in crate::config) const FIELDS_ALLOWED: &str =
    "\"default\", \"none\", \"all\", { allow = [...] } or { except = [...] }";
pub(in crate::config) const MORE_QUERY_ALLOWED: &str =
    "\"keyed\", \"all\", { allow = [...] } or { except = [...] }";
pub(in crate::config) const ONE_OF_TWO: &str = "one of `allow` and `except`";
pub(in crate::config) const CHARACTERS_ALLOWED: &str = "at most 1024 characters in all names";
pub(in crate::config) const SORT_QUERY: Switch = Switch { default: false };
pub(in crate::config) const ACCEPT_ENCODING: Switch = Switch { default: false };
pub(in crate::config) const FORWARD_HOST: Switch = Switch { default: false };
/// What the schema says of every list: whose names they are differs from key to key.
pub(in crate::config) const ANY_NAMES: List<String> = names(texts::any_name);
pub(in crate::config) const PARAMETERS: List<String> = names(texts::any_name);
pub(in crate::config) const COOKIES: List<String> = names(cookie);
pub(in crate::config) const FIELDS: List<String> = List {
    item: Text {
        allowed: "the name of a field that a viewer may send on; one that ends in `*` stands for all that begin so",
        ..names(field).item
    },
    ..names(field)
};
pub(in crate::config) const HEADERS: List<HeaderName> = List {
    item: Text {
        default: None,
        allowed: "the name of a field that a viewer may send on",
        pattern: None,
        read: header,
    },
    default: &[],
    min: 0,
    max: MAX_NAMES,
};

const fn names(read: fn(&str) -> Judged<String>) -> List<String> {
    List {
        item: Text {
            default: None,
            allowed: "a name; one that ends in `*` stands for all that begin so",
            pattern: None,
            read,
        },
        default: &[],
        min: 1,
        max: MAX_NAMES,
    }
}

fn cookie(text: &str) -> Judged<String> {
    let name = texts::any_name(text)?;
    // RFC 6265 section 4.1.1: the name of a cookie is a token, as that of a field is.
    match HeaderName::from_bytes(name.trim_end_matches('*').as_bytes()) {
        Ok(_) => Ok(name),
        Err(_) => Err("has a character that no name of a cookie has".into()),
    }
}

fn field(text: &str) -> Judged<String> {
    let name = texts::any_name(text)?;
    match name.strip_suffix('*') {
        None => header_of(&name).map(|name| name.as_str().to_owned()),
        Some(beginning) => match HeaderName::from_bytes(beginning.as_bytes()) {
            Ok(beginning) => Ok(format!("{beginning}*")),
            Err(_) => Err("has a character that no name of a field has".into()),
        },
    }
}

/// One that is in a key: each by its whole name.
fn header(text: &str) -> Judged<HeaderName> {
    if text.contains('*') {
        return Err("has a `*`, and the key needs whole names".into());
    }
    match header_of(text)? {
        name if name == header::ACCEPT_ENCODING => {
            Err("is in the key by accept_encoding = true".into())
        }
        name => Ok(name),
    }
}

fn header_of(text: &str) -> Judged<HeaderName> {
    let name = HeaderName::from_bytes(text.as_bytes())
        .map_err(|_| "has a character that no name of a field has, or none at all")?;
    match never_listed(&name) {
        Some(why) => Err(why.into()),
        None => Ok(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_fields_are_lower_cased_and_judged() {
        assert_eq!(field("X-Own").as_deref(), Ok("x-own"));
        assert_eq!(field("X-Forwarded-*").as_deref(), Ok("x-forwarded-*"));
        for text in [
            "",
            "*",
            "x*y",
            "a b",
            "Host",
            "range",
            "via",
            "te",
            "content-type",
            "ä*",
        ] {
            assert!(field(text).is_err(), "{text}");
        }
        assert_eq!(header("Origin"), Ok(header::ORIGIN));
        for text in ["accept-encoding", "x-*", "cookie", ""] {
            assert!(header(text).is_err(), "{text}");
        }
        assert_eq!(cookie("s_*").as_deref(), Ok("s_*"));
        for text in ["a=b", "a;b", "a b"] {
            assert!(cookie(text).is_err(), "{text}");
        }
    }
}
