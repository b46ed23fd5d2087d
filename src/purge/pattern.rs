//! Path patterns of invalidations, and the identity that they are matched against.
//!
//! Invariants: a parsed pattern is within its limits; matching compares percent-decoded path bytes,
//! and queries byte for byte; it is linear in the length of what is compared.
//!
//! Not here: tags, globs inside a path, and the distribution of an invalidation
//! ([`Invalidation::matches`](super::Invalidation::matches)).

use std::fmt;
use std::sync::Arc;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::semantics::target::{self, TargetError};

/// Longest pattern as written, in characters (CloudFront: `Invalidation.html`).
pub const MAX_PATTERN: usize = 4_000;

/// What one path of an invalidation takes.
///
/// | written | takes |
/// |---|---|
/// | `/a` | that path, every query |
/// | `/a?x=1` | that path with exactly this query, and objects that answer every query |
/// | `/a?x*` | that path with every query that begins so, and objects that answer every query |
/// | `/a*` | every path that begins so (zero or more bytes more), every query |
/// | `/*`, `*` | everything; shown as `/*` |
///
/// `/images` and `/images/` are two paths. `/a?` is the empty query, which is also what a request
/// without `?` has.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum PathPattern {
    /// One path.
    #[non_exhaustive]
    Exact {
        /// The path, percent-decoded.
        path: Arc<[u8]>,
        /// Which of its queries.
        query: QueryPattern,
        /// As written.
        text: Arc<str>,
    },
    /// Every path that begins with these bytes.
    #[non_exhaustive]
    Prefix {
        /// The beginning, percent-decoded; it may end inside a multi-byte character.
        path: Arc<[u8]>,
        /// As written.
        text: Arc<str>,
    },
    /// Everything.
    All,
}

/// Which query forms of a path a pattern takes.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum QueryPattern {
    /// Every one: the pattern was written without `?`.
    Any,
    /// This one, without its `?`.
    Exact(Arc<[u8]>),
    /// Those that begin so.
    Prefix(Arc<[u8]>),
}

/// What an object is for purging: coarser than its cache key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Identity {
    /// The distribution's id.
    pub distribution: Arc<str>,
    /// Every path whose bytes are inside the object, percent-decoded and with its leading `/`: the
    /// viewer's path and each origin key (default root object, index, error page, compressed
    /// sibling).
    pub paths: Vec<Box<[u8]>>,
    /// The query, as far as it is part of the key.
    pub query: QueryForm,
}

/// The query of an object, for purging.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum QueryForm {
    /// The query is not keyed: the object answers every query, so a pattern with any query takes it.
    All,
    /// The keyed query without its `?`, empty where the request had none.
    Exact(Box<[u8]>),
}

/// Why a text is no path pattern.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PatternError {
    /// Nothing was written.
    #[error("the path is empty; it must begin with '/'")]
    Empty,
    /// Another first character than `/`.
    #[error("the path begins with {found:?}; it must begin with '/'")]
    NoSlash {
        /// The first character.
        found: char,
    },
    /// Over [`MAX_PATTERN`].
    #[error("the path has {found} characters; at most {MAX_PATTERN} are allowed")]
    TooLong {
        /// Its length in characters.
        found: usize,
    },
    /// A `*` before the end.
    #[error("'*' stands at byte {at}; it is allowed only as the last character")]
    InnerStar {
        /// Where, from 0.
        at: usize,
    },
    /// What no request target can hold.
    #[error("{found:?} stands at byte {at}; it must be percent-encoded")]
    Unescaped {
        /// The character.
        found: char,
        /// Where, from 0.
        at: usize,
    },
    /// A path that no route accepts, so that nothing can be stored under it.
    #[error(transparent)]
    Target(#[from] TargetError),
}

impl PathPattern {
    /// Reads a pattern by CloudFront's path rules (`Invalidation.html`), with `*` alone added.
    ///
    /// # Errors
    /// [`PatternError`] says what was found and what is allowed.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        if text == "*" {
            return Ok(Self::All);
        }
        let first = text.chars().next().ok_or(PatternError::Empty)?;
        if first != '/' {
            return Err(PatternError::NoSlash { found: first });
        }
        let characters = text.chars().count();
        if characters > MAX_PATTERN {
            return Err(PatternError::TooLong { found: characters });
        }
        // A '#' would end the request target, so unescaped it can never be part of one.
        let unescaped = |c: char| !c.is_ascii_graphic() || c == '#';
        if let Some((at, found)) = text.char_indices().find(|(_, c)| unescaped(*c)) {
            return Err(PatternError::Unescaped { found, at });
        }
        let open = match text.find('*') {
            Some(at) if at + 1 < text.len() => return Err(PatternError::InnerStar { at }),
            star => star.is_some(),
        };
        match text.split_once('?') {
            Some((path, query)) => Ok(Self::Exact {
                path: decode(path)?.into(),
                query: match query.strip_suffix('*') {
                    Some(begin) => QueryPattern::Prefix(begin.as_bytes().into()),
                    None => QueryPattern::Exact(query.as_bytes().into()),
                },
                text: text.into(),
            }),
            None if open => {
                // Decoded with its star: `/.*` is a fair prefix, though `/.` is a dot segment.
                let mut path = decode(text)?;
                path.pop();
                if path == b"/" {
                    return Ok(Self::All);
                }
                Ok(Self::Prefix {
                    path: path.into(),
                    text: text.into(),
                })
            }
            None => Ok(Self::Exact {
                path: decode(text)?.into(),
                query: QueryPattern::Any,
                text: text.into(),
            }),
        }
    }

    /// The pattern of one path, percent-decoded, with this query; `None`: with every query.
    #[must_use]
    pub fn exactly(path: &[u8], query: Option<&[u8]>) -> Self {
        let mut text = target::encode(path);
        if let Some(query) = query {
            text.push('?');
            text.push_str(&String::from_utf8_lossy(query));
        }
        Self::Exact {
            path: path.into(),
            query: query.map_or(QueryPattern::Any, |query| QueryPattern::Exact(query.into())),
            text: text.into(),
        }
    }

    /// Whether the pattern takes this object, its distribution apart.
    pub fn matches(&self, id: &Identity) -> bool {
        match self {
            Self::Exact { path, query, .. } => {
                query.matches(&id.query) && id.paths.iter().any(|p| **p == **path)
            }
            Self::Prefix { path, .. } => id.paths.iter().any(|p| p.starts_with(path)),
            Self::All => true,
        }
    }
}

impl QueryPattern {
    /// Whether an object with this query is taken.
    pub fn matches(&self, query: &QueryForm) -> bool {
        match (self, query) {
            (Self::Any, _) | (_, QueryForm::All) => true,
            (Self::Exact(wanted), QueryForm::Exact(found)) => **wanted == **found,
            (Self::Prefix(begin), QueryForm::Exact(found)) => found.starts_with(begin),
        }
    }
}

impl fmt::Display for PathPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Exact { text, .. } | Self::Prefix { text, .. } => text,
            Self::All => "/*",
        })
    }
}

impl std::str::FromStr for PathPattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        Self::parse(text)
    }
}

impl Serialize for PathPattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PathPattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

fn decode(path: &str) -> Result<Vec<u8>, TargetError> {
    target::check(path)?;
    target::decode(path)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn object(path: &[u8], query: QueryForm) -> Identity {
        Identity {
            distribution: "E1".into(),
            paths: vec![path.into()],
            query,
        }
    }

    fn exact(query: &str) -> QueryForm {
        QueryForm::Exact(query.as_bytes().into())
    }

    #[test]
    fn what_a_pattern_takes() {
        let all = || QueryForm::All;
        let table: &[(&str, &[u8], QueryForm, bool)] = &[
            // one path
            ("/a", b"/a", all(), true),
            ("/a", b"/a", exact(""), true),
            ("/a", b"/a", exact("x=1"), true),
            ("/a", b"/a/", all(), false),
            ("/a/", b"/a", all(), false),
            ("/a", b"/A", all(), false),
            ("/a", b"/ab", all(), false),
            ("/", b"/", all(), true),
            ("/", b"/index.html", all(), false),
            // percent-decoding, on the path only
            ("/%61", b"/a", all(), true),
            ("/caf%C3%A9", "/café".as_bytes(), all(), true),
            ("/caf%c3%a9", "/café".as_bytes(), all(), true),
            ("/a%2Fb", b"/a/b", all(), true),
            ("/a%3Fb", b"/a?b", exact(""), true),
            ("/a%3Fb", b"/a", exact("b"), false),
            ("/a%2A", b"/a*", all(), true),
            ("/a%2A", b"/ab", all(), false),
            ("/a%2A", b"/a", all(), false),
            // queries, byte for byte
            ("/a?x=1", b"/a", exact("x=1"), true),
            ("/a?x=1", b"/a", exact("x=2"), false),
            ("/a?x=1", b"/a", exact(""), false),
            ("/a?x=1", b"/a", exact("x=%31"), false),
            ("/a?x=%31", b"/a", exact("x=1"), false),
            ("/a?x=1", b"/a", exact("x=1&y"), false),
            ("/a?x=1", b"/b", exact("x=1"), false),
            ("/a?x=1", b"/a", all(), true),
            ("/a?x=1?y", b"/a", exact("x=1?y"), true),
            ("/a?", b"/a", exact(""), true),
            ("/a?", b"/a", exact("x"), false),
            ("/a?x*", b"/a", exact("x"), true),
            ("/a?x*", b"/a", exact("xy=1"), true),
            ("/a?x*", b"/a", exact("y"), false),
            ("/a?x*", b"/a", all(), true),
            ("/a?x*", b"/ab", exact("x"), false),
            ("/a?*", b"/a", exact(""), true),
            // beginnings
            ("/a*", b"/a", all(), true),
            ("/a*", b"/a", exact("x=1"), true),
            ("/a*", b"/ab/c", all(), true),
            ("/a*", b"/b", all(), false),
            ("/a/*", b"/a/", all(), true),
            ("/a/*", b"/a", all(), false),
            ("/.*", b"/.well-known/x", all(), true),
            ("/..*", b"/..x", all(), true),
            ("/caf%C3*", "/café".as_bytes(), all(), true),
            ("/caf%C3*", b"/cafe", all(), false),
            ("/%61*", b"/abc", all(), true),
            // everything
            ("/*", b"/", all(), true),
            ("/*", b"/x/y", exact("z"), true),
            ("*", b"/x", all(), true),
            ("/%2A", b"/x", all(), false),
        ];
        for (pattern, path, query, taken) in table {
            let parsed = PathPattern::parse(pattern).unwrap();
            let object = object(path, query.clone());
            assert_eq!(parsed.matches(&object), *taken, "{pattern} on {object:?}");
        }
    }

    #[test]
    fn any_path_inside_the_object_is_enough() {
        let object = Identity {
            distribution: "E1".into(),
            paths: vec![b"/".as_slice().into(), b"/index.html".as_slice().into()],
            query: exact("q"),
        };
        for (pattern, taken) in [
            ("/", true),
            ("/index.html", true),
            ("/index.html?q", true),
            ("/index.html?r", false),
            ("/ind*", true),
            ("/other", false),
        ] {
            assert_eq!(
                PathPattern::parse(pattern).unwrap().matches(&object),
                taken,
                "{pattern}"
            );
        }
    }

    #[test]
    fn everything_is_one_value() {
        for text in ["*", "/*"] {
            assert_eq!(PathPattern::parse(text), Ok(PathPattern::All));
        }
    }

    #[test]
    fn what_is_no_pattern() {
        let unescaped = |found, at| PatternError::Unescaped { found, at };
        let table = [
            ("", PatternError::Empty),
            ("a", PatternError::NoSlash { found: 'a' }),
            ("#tag", PatternError::NoSlash { found: '#' }),
            ("*a", PatternError::NoSlash { found: '*' }),
            ("**", PatternError::NoSlash { found: '*' }),
            ("?x", PatternError::NoSlash { found: '?' }),
            ("/*/a", PatternError::InnerStar { at: 1 }),
            ("/**", PatternError::InnerStar { at: 1 }),
            ("/*?x", PatternError::InnerStar { at: 1 }),
            ("/a?*x", PatternError::InnerStar { at: 3 }),
            ("/é", unescaped('é', 1)),
            ("/a?é", unescaped('é', 3)),
            ("/a b", unescaped(' ', 2)),
            ("/a#b", unescaped('#', 2)),
            ("/a?b#c", unescaped('#', 4)),
            ("/a\n", unescaped('\n', 2)),
            ("/a\0", unescaped('\0', 2)),
            ("/../a", TargetError::DotSegment.into()),
            ("/%2e%2E/a*", TargetError::DotSegment.into()),
            ("/./a?x", TargetError::DotSegment.into()),
            ("/.", TargetError::DotSegment.into()),
            ("/a\\b", TargetError::Backslash.into()),
            ("/%2", TargetError::BadEscape.into()),
            ("/%2*", TargetError::BadEscape.into()),
            ("/%*", TargetError::BadEscape.into()),
            ("/%zz", TargetError::BadEscape.into()),
        ];
        for (text, error) in table {
            assert_eq!(PathPattern::parse(text), Err(error), "{text:?}");
        }
    }

    #[test]
    fn the_length_limit_is_4000_characters() {
        let longest = format!("/{}", "a".repeat(MAX_PATTERN - 1));
        assert!(PathPattern::parse(&longest).is_ok());
        assert_eq!(
            PathPattern::parse(&format!("{longest}a")),
            Err(PatternError::TooLong { found: 4_001 })
        );
    }

    #[test]
    fn errors_say_what_was_found_and_what_is_allowed() {
        let table = [
            ("a", "the path begins with 'a'; it must begin with '/'"),
            (
                "/a*b",
                "'*' stands at byte 2; it is allowed only as the last character",
            ),
            ("/é", "'é' stands at byte 1; it must be percent-encoded"),
        ];
        for (text, message) in table {
            assert_eq!(PathPattern::parse(text).unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn json_holds_the_text_and_refuses_what_parse_refuses() {
        for text in ["/a", "/%61*", "/a?x=1", "/a?x*", "/*"] {
            let pattern = PathPattern::parse(text).unwrap();
            let json = serde_json::to_string(&pattern).unwrap();
            assert_eq!(json, format!("{text:?}"));
            assert_eq!(serde_json::from_str::<PathPattern>(&json).unwrap(), pattern);
        }
        assert!(serde_json::from_str::<PathPattern>("\"/a*b\"").is_err());
        assert!(serde_json::from_str::<PathPattern>("7").is_err());
    }

    proptest! {
        #[test]
        fn parse_never_panics_and_shows_what_was_written(text in "/?[a-c*?%0-9./é]{0,12}") {
            if let Ok(pattern) = PathPattern::parse(&text) {
                let shown = if text == "*" { "/*" } else { &text };
                prop_assert_eq!(pattern.to_string(), shown);
            }
        }

        #[test]
        fn escaping_a_path_changes_nothing(path in prop::collection::vec(0x80_u8.., 0..6), more in prop::collection::vec(0x21_u8.., 0..4)) {
            let mut text = String::from("/");
            for byte in &path {
                text.push_str(&format!("%{byte:02X}"));
            }
            let whole = [b"/".as_slice(), &path].concat();
            let longer = [whole.as_slice(), &more].concat();
            let exact = PathPattern::parse(&text).unwrap();
            let prefix = PathPattern::parse(&format!("{text}*")).unwrap();
            prop_assert!(exact.matches(&object(&whole, QueryForm::All)));
            prop_assert_eq!(exact.matches(&object(&longer, QueryForm::All)), more.is_empty());
            prop_assert!(prefix.matches(&object(&longer, QueryForm::All)));
            let other = [b"/!".as_slice(), &path].concat();
            prop_assert_eq!(prefix.matches(&object(&other, QueryForm::All)), path.is_empty());
        }
    }
}
