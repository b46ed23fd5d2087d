//! The parts of a stored answer's key, and what selects it under that key: names, and hashes of values.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};

use http::header;
use serde::{Deserialize, Serialize};

use super::{NAME_BYTES, PARTS};
use crate::origin::Forwarded;
use crate::policy::names::Choice;
use crate::policy::origin_request::OriginRequest;
use crate::policy::{cookies, query};
use crate::semantics::vary::Selecting;

/// What kind of thing a part is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A parameter of the query.
    Query,
    /// The order of the parameters, and what stands between them.
    Order,
    /// A field.
    Header,
    /// A cookie.
    Cookie,
    /// The viewer's host.
    Host,
    /// A field that the answer itself varies by.
    Vary,
}

/// A part of a key. Its name is visible ASCII; empty where there is none, or none that is kept.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct Part {
    pub(super) kind: Kind,
    pub(super) name: Box<str>,
}

impl Part {
    pub(super) fn new(kind: Kind, name: &[u8]) -> Self {
        let name = std::str::from_utf8(name).unwrap_or_default();
        let is_kept = name.len() <= NAME_BYTES && name.bytes().all(|byte| byte.is_ascii_graphic());
        Self {
            kind,
            name: Box::from(if is_kept { name } else { "" }),
        }
    }

    /// By what it is known in a sample; its kind stands in the last three bits.
    pub(super) fn id(&self, keys: &RandomState) -> u64 {
        keys.hash_one(self) << 3 | self.kind as u64
    }
}

/// Whether this is the id of a parameter.
pub(super) const fn is_parameter(id: u64) -> bool {
    id & 7 == Kind::Query as u64
}

/// What a stored answer was asked for with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Asked {
    /// The parts, by their ids, with the hashes of their values; in order of the ids.
    pub(super) values: Box<[(u64, u64)]>,
    /// The hash of the whole query.
    pub(super) query: u64,
    /// What the ids stand for, in the order of the parts.
    pub(super) parts: Vec<(u64, Part)>,
}

impl Asked {
    pub(super) fn of(
        keys: &RandomState,
        policy: &OriginRequest,
        viewer: &Forwarded,
        selecting: &Selecting,
    ) -> Self {
        let mut found = Found::default();
        let keyed = policy.keyed();
        // What is in the key was forwarded.
        let query = policy.queries(viewer.query.as_deref()).keyed;
        for text in query.iter().flat_map(|query| query.split('&')) {
            // What has no `=` may well be a value.
            let name = match text.contains('=') {
                true => query::name(text),
                false if text.is_empty() => continue,
                false => (&b""[..]).into(),
            };
            // As it is spelt, so that nothing but the order is left to differ.
            found.add(Part::new(Kind::Query, &name), text.as_bytes());
        }
        let fields = &viewer.fields;
        for name in &keyed.headers {
            for line in fields.get_all(name) {
                let part = Part::new(Kind::Header, name.as_str().as_bytes());
                found.add(part, line.as_bytes());
            }
        }
        if keyed.accept_encoding {
            for line in fields.get_all(header::ACCEPT_ENCODING) {
                found.add(Part::new(Kind::Header, b"accept-encoding"), line.as_bytes());
            }
        }
        if keyed.cookies != Choice::None {
            for pair in cookies::pairs(fields) {
                let name = cookies::name(pair);
                if keyed.cookies.takes(name) {
                    let name = if pair.contains(&b'=') { name } else { b"" };
                    found.add(Part::new(Kind::Cookie, name), pair);
                }
            }
        }
        if let Some(host) = viewer.host.as_ref().filter(|_| policy.forwards_host()) {
            found.add(Part::new(Kind::Host, b""), host.as_bytes());
        }
        for (name, value) in selecting.values() {
            let whole = keyed.headers.contains(name)
                || (keyed.accept_encoding && *name == header::ACCEPT_ENCODING);
            if let Some(value) = value.filter(|_| !whole) {
                found.add(Part::new(Kind::Vary, name.as_str().as_bytes()), value);
            }
        }
        let parts: Vec<(u64, Part)> = found
            .0
            .keys()
            .map(|part| (part.id(keys), part.clone()))
            .collect();
        let hashes = found.0.values().map(|value| keys.hash_one(value));
        let mut values: Vec<(u64, u64)> = parts.iter().map(|(id, _)| *id).zip(hashes).collect();
        values.sort_unstable();
        Self {
            values: values.into(),
            query: keys.hash_one(query.as_deref()),
            parts,
        }
    }
}

/// Parts with all their values, in the order in which they came.
#[derive(Default)]
struct Found(BTreeMap<Part, Vec<u8>>);

impl Found {
    fn add(&mut self, part: Part, value: &[u8]) {
        let is_one_more = self.0.len() >= PARTS && !self.0.contains_key(&part);
        let part = match is_one_more {
            true => Part::new(part.kind, b""),
            false => part,
        };
        let text = self.0.entry(part).or_default();
        text.extend_from_slice(&(value.len() as u64).to_be_bytes());
        text.extend_from_slice(value);
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue};

    use super::*;
    use crate::policy::key_parts::KeyParts;

    fn asked(query: &str, cookie: &str, key: &KeyParts) -> Asked {
        asked_with(&RandomState::new(), query, cookie, key)
    }

    fn asked_with(keys: &RandomState, query: &str, cookie: &str, key: &KeyParts) -> Asked {
        let policy = OriginRequest::preset("Default").unwrap().keying(key);
        let mut fields = HeaderMap::new();
        fields.insert(header::COOKIE, HeaderValue::from_str(cookie).unwrap());
        let viewer = Forwarded {
            query: Some(query.into()),
            fields,
            ..Forwarded::default()
        };
        Asked::of(keys, &policy, &viewer, &Selecting::default())
    }

    fn names(asked: &Asked) -> Vec<(Kind, &str)> {
        let parts = asked.parts.iter();
        parts.map(|(_, part)| (part.kind, &*part.name)).collect()
    }

    #[test]
    fn parameters_have_the_names_that_they_mean_and_cookies_only_those_that_are_keyed() {
        let key = KeyParts {
            cookies: Choice::Allow(crate::policy::names::Names::new(["c"]).unwrap()),
            ..KeyParts::TARGET
        };
        let found = asked("b=1&%61=2&b=3&&bare&a%20b=4", "d=1; c=2", &key);
        let expected = [
            (Kind::Query, ""),
            (Kind::Query, "a"),
            (Kind::Query, "b"),
            (Kind::Cookie, "c"),
        ];
        assert_eq!(names(&found), expected);
    }

    #[test]
    fn a_name_over_the_limit_is_none() {
        let name = "n".repeat(NAME_BYTES);
        let key = KeyParts::TARGET;
        let found = asked(&format!("{name}=1"), "", &key);
        assert_eq!(names(&found), [(Kind::Query, &*name)]);
        let found = asked(&format!("{name}n=1"), "", &key);
        assert_eq!(names(&found), [(Kind::Query, "")]);
    }

    #[test]
    fn parts_over_the_limit_count_as_one() {
        let query = |count: usize| {
            let each: Vec<String> = (0..count).map(|n| format!("p{n:03}=1")).collect();
            each.join("&")
        };
        let keys = RandomState::new();
        let of = |query: &str| asked_with(&keys, query, "", &KeyParts::TARGET);
        assert_eq!(of(&query(PARTS)).parts.len(), PARTS);
        assert!(
            names(&of(&query(PARTS)))
                .iter()
                .all(|(_, name)| !name.is_empty())
        );
        let more = of(&query(PARTS + 9));
        assert_eq!(more.parts.len(), PARTS + 1);
        assert_eq!(names(&more)[0], (Kind::Query, ""));
        // What was not kept apart still tells them apart.
        let other = of(&query(PARTS + 9).replace("p030=1", "p030=2"));
        assert_ne!(more.values, other.values);
    }

    #[test]
    fn the_order_shows_in_the_whole_query_only() {
        let keys = RandomState::new();
        let of = |query: &str| asked_with(&keys, query, "", &KeyParts::TARGET);
        let (one, other) = (of("a=1&b=2"), of("b=2&a=1"));
        assert_eq!(one.values, other.values);
        assert_ne!(one.query, other.query);
        assert_ne!(of("a=1&b=3").values, one.values);
        // Of one name the order is part of the value.
        assert_ne!(of("a=1&a=2").values, of("a=2&a=1").values);
    }
}
