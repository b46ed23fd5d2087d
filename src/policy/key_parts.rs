//! What of a request is in the key, besides its target's path: a cache policy's half of the question that
//! [`super::origin_request`] answers whole, since all of it is forwarded.

use http::{HeaderName, header};

use super::names::Choice;

/// What of a request to an HTTP origin tells its objects apart. Nothing of it reaches a bucket.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeyParts {
    /// Which parameters of the query.
    pub query: Choice,
    /// Whether they are sorted by name.
    pub sort_query: bool,
    /// Fields, in order, none twice; neither Cookie nor Accept-Encoding.
    pub headers: Vec<HeaderName>,
    /// Which cookies.
    pub cookies: Choice,
    /// Whether Accept-Encoding is, reduced to the codings in use.
    pub accept_encoding: bool,
}

impl KeyParts {
    /// The query byte for byte, and nothing else.
    pub const TARGET: Self = Self {
        query: Choice::All,
        sort_query: false,
        headers: Vec::new(),
        cookies: Choice::None,
        accept_encoding: false,
    };

    /// Nothing but the path.
    pub const PATH: Self = Self {
        query: Choice::None,
        sort_query: false,
        headers: Vec::new(),
        cookies: Choice::None,
        accept_encoding: false,
    };

    /// Whether a field is part of the key, wholly or in part.
    #[must_use]
    pub fn has(&self, name: &HeaderName) -> bool {
        (self.accept_encoding && *name == header::ACCEPT_ENCODING)
            || (self.cookies != Choice::None && *name == header::COOKIE)
            || self.headers.contains(name)
    }

    /// Whether any field is.
    #[must_use]
    pub fn has_fields(&self) -> bool {
        self.accept_encoding || self.cookies != Choice::None || !self.headers.is_empty()
    }

    /// The names of the settings that a bucket has no use for: it gets nothing of a request. That the whole
    /// query counts, and Accept-Encoding, is what presets say for every origin, and means nothing there.
    #[must_use]
    pub fn meant_for_a_web_server(&self) -> Vec<&'static str> {
        let settings = [
            ("query", self.query.is_list()),
            ("sort_query", self.sort_query),
            ("headers", !self.headers.is_empty()),
            ("cookies", self.cookies != Choice::None),
        ];
        let set = settings.into_iter().filter(|(_, set)| *set);
        set.map(|(name, _)| name).collect()
    }
}

/// As `query all; headers a b; cookies only c`.
impl std::fmt::Display for KeyParts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "query {}", self.query)?;
        if self.sort_query {
            f.write_str(" (sorted)")?;
        }
        if !self.headers.is_empty() {
            let names: Vec<&str> = self.headers.iter().map(HeaderName::as_str).collect();
            write!(f, ", headers {}", names.join(" "))?;
        }
        if self.cookies != Choice::None {
            write!(f, ", cookies {}", self.cookies)?;
        }
        if self.accept_encoding {
            f.write_str(", accept-encoding")?;
        }
        Ok(())
    }
}
