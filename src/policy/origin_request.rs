//! What of a viewer's request reaches an origin, as far as it is neither the path nor the edge's own, and
//! what of it is in the key.
//!
//! Invariants:
//! - what is in the key is forwarded, as it is keyed;
//! - [`OriginRequest::fields`] and [`OriginRequest::each`] agree, so that Vary is matched, and the key made,
//!   of what the origin has really seen; `each` allocates nothing in the plain cases, so that it may stand
//!   on the hit path;
//! - what concerns one connection only, what the edge makes itself (`Range`, `If-*`, framing) and what it
//!   adds to (`Via`, `CDN-Loop`, `X-Forwarded-For`) is in neither.
//!
//! Not here: the fields of the edge itself (`origin`).

use std::borrow::Cow;

use http::{HeaderMap, HeaderName, HeaderValue, Method, header};

use super::codings::Codings;
use super::cookies;
use super::key::{Key, TargetKey};
use super::key_parts::KeyParts;
use super::names::Choice;
use super::query;
use crate::semantics::fields;

/// Which fields of a viewer's request are forwarded, and whether its host is; and what of it is keyed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OriginRequest {
    /// Name of the preset, or of the operator's own.
    pub name: Cow<'static, str>,
    to: Fields,
    /// Cookies, besides those in the key.
    cookies: Choice,
    /// Parameters, besides those in the key.
    query: Choice,
    host: bool,
    keyed: KeyParts,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Fields {
    /// A bucket is asked for an object, whoever wants it.
    Bucket,
    /// [`DEFAULT`].
    Default,
    /// Those, of what a viewer may send on.
    Listed(Choice),
}

/// What an operator's own list says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lists {
    /// Fields, by their names in lower case; `None`: those of `Default`.
    pub fields: Option<Choice>,
    /// Cookies, besides those in the key.
    pub cookies: Choice,
    /// Parameters of the query, besides those in the key.
    pub query: Choice,
    /// Whether the viewer's host goes on.
    pub host: bool,
}

/// What kinds of things were forwarded that are not in the key: answers to them may be another viewer's.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Unkeyed {
    /// Parameters of the query.
    pub query: bool,
    /// Fields, beyond those of `Default`.
    pub header: bool,
    /// Cookies.
    pub cookie: bool,
}

/// A query as it is forwarded and as it is keyed, without its `?`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Queries<'q> {
    /// What the origin gets.
    pub forwarded: Option<Cow<'q, str>>,
    /// What is in the key: no more than that.
    pub keyed: Option<Cow<'q, str>>,
}

impl OriginRequest {
    /// Names that [`OriginRequest::preset`] knows, the default one first.
    pub const PRESETS: &'static [&'static str] =
        &["Default", "AllViewer", "AllViewerExceptHostHeader"];

    /// What reaches a bucket of a viewer's request: nothing.
    pub const BUCKET: Self = Self {
        name: Cow::Borrowed("none"),
        to: Fields::Bucket,
        cookies: Choice::None,
        query: Choice::None,
        host: false,
        keyed: KeyParts::PATH,
    };

    /// The preset of that name, case-sensitive, with the whole query in the key; `None` if there is none.
    ///
    /// | | fields of the viewer | cookies | query | its host |
    /// |---|---|---|---|---|
    /// | `Default` | Accept-Encoding, Authorization | as keyed | as keyed | no |
    /// | `AllViewer` | all, but for those that name the client in the place of X-Forwarded-For | all | all | yes |
    /// | `AllViewerExceptHostHeader` | the same | all | all | no |
    ///
    /// In all of them Accept-Encoding is reduced to the codings in use, and what describes a body goes
    /// with it.
    #[must_use]
    pub fn preset(name: &str) -> Option<Self> {
        let name = *Self::PRESETS.iter().find(|known| **known == name)?;
        let lists = match name {
            "Default" => Lists {
                fields: None,
                cookies: Choice::None,
                query: Choice::None,
                host: false,
            },
            _ => Lists {
                fields: Some(Choice::All),
                cookies: Choice::All,
                query: Choice::All,
                host: name == "AllViewer",
            },
        };
        Some(Self::own(name, lists))
    }

    /// An operator's own one, with the whole query in the key.
    #[must_use]
    pub fn own(name: impl Into<Cow<'static, str>>, lists: Lists) -> Self {
        Self {
            name: name.into(),
            to: lists.fields.map_or(Fields::Default, Fields::Listed),
            cookies: lists.cookies,
            query: lists.query,
            host: lists.host,
            keyed: KeyParts::TARGET,
        }
    }

    /// The same with these parts of a request in the key. Nothing changes for a bucket.
    #[must_use]
    pub fn keying(mut self, parts: &KeyParts) -> Self {
        if !self.is_bucket() {
            self.keyed.clone_from(parts);
        }
        self
    }

    /// The same with the viewer's host, as `host = "viewer"` of an origin wants it.
    #[must_use]
    pub fn with_host(mut self) -> Self {
        self.host = true;
        self
    }

    /// Whether this is what reaches a bucket: no method but GET and HEAD, no query, no field.
    #[must_use]
    pub fn is_bucket(&self) -> bool {
        self.to == Fields::Bucket
    }

    /// Whether the origin gets the viewer's host. It is then part of the key.
    #[must_use]
    pub const fn forwards_host(&self) -> bool {
        self.host
    }

    /// What of a request is in the key.
    #[must_use]
    pub const fn keyed(&self) -> &KeyParts {
        &self.keyed
    }

    /// What may be forwarded without being in the key, for people.
    #[must_use]
    pub fn may_be_unkeyed(&self) -> Vec<String> {
        let fields = match &self.to {
            Fields::Listed(choice) => beyond(choice, |name| {
                DEFAULT.contains(&name) || self.keyed.headers.iter().any(|keyed| keyed == name)
            }),
            Fields::Bucket | Fields::Default => None,
        };
        let in_key = |keyed: &Choice, name: &str| match name.strip_suffix('*') {
            Some(beginning) => *keyed == Choice::All || keyed.allows_all_of(beginning),
            None => keyed.takes(name.as_bytes()),
        };
        let list = |listed: &Choice, keyed: &Choice| match keyed {
            Choice::All => None,
            keyed if keyed == listed => None,
            keyed => beyond(listed, |name| in_key(keyed, name)),
        };
        let found = [
            ("query", list(&self.query, &self.keyed.query)),
            ("fields", fields),
            ("cookies", list(&self.cookies, &self.keyed.cookies)),
        ];
        let found = found.into_iter();
        found
            .filter_map(|(what, names)| Some(format!("{what} {}", names?)))
            .collect()
    }

    /// The query as it is forwarded and as it is keyed.
    #[must_use]
    pub fn queries<'q>(&self, sent: Option<&'q str>) -> Queries<'q> {
        let KeyParts {
            query: keys,
            sort_query: sort,
            ..
        } = &self.keyed;
        let keyed = query::chosen(sent, keys, *sort);
        let forwarded = match (&self.query, keys) {
            (Choice::None, _) | (_, Choice::All) => keyed.clone(),
            (Choice::All, _) => query::chosen(sent, &Choice::All, *sort),
            (listed, _) => {
                query::selected(sent, |name| keys.takes(name) || listed.takes(name), *sort)
            }
        };
        Queries { forwarded, keyed }
    }

    /// The key of a target of an HTTP route, with the fields of `viewer` that are in it.
    #[must_use]
    pub fn target_key(
        &self,
        distribution: &str,
        host: Option<&str>,
        path: &str,
        keyed_query: Option<&str>,
        viewer: &HeaderMap,
    ) -> Key {
        let mut key = TargetKey::new(distribution, host, path, keyed_query);
        for name in &self.keyed.headers {
            key = key.with(name.as_str(), |line| self.each(viewer, name, line));
        }
        if self.keyed.accept_encoding {
            let name = header::ACCEPT_ENCODING;
            key = key.with(name.as_str(), |line| self.each(viewer, &name, line));
        }
        if self.keyed.cookies != Choice::None {
            key = key.with(header::COOKIE.as_str(), |line| {
                if self.forwards(viewer, &header::COOKIE, false)
                    && let Some(field) =
                        cookies::rebuilt(viewer, |name| self.keyed.cookies.takes(name))
                {
                    line(&field);
                }
            });
        }
        key.finish()
    }

    /// Whether an answer may be kept that varies by this field. What the edge adds to differs from
    /// viewer to viewer in ways that no stored request can be matched with.
    #[must_use]
    pub fn can_vary_by(&self, name: &HeaderName) -> bool {
        self.is_bucket() || !ADDED_TO.contains(&name.as_str())
    }

    /// Calls `line` with each line of a field of a GET or HEAD **as forwarded**; not at all if it is not.
    pub fn each(&self, viewer: &HeaderMap, name: &HeaderName, line: &mut dyn FnMut(&[u8])) {
        if !self.forwards(viewer, name, false) {
            return;
        }
        if *name == header::ACCEPT_ENCODING {
            if let Some(codings) = Codings::of(viewer).as_str() {
                line(codings.as_bytes());
            }
        } else if *name == header::COOKIE && !self.cookies_go_as_sent() {
            if let Some(field) = cookies::rebuilt(viewer, |name| self.takes_cookie(name)) {
                line(&field);
            }
        } else {
            viewer
                .get_all(name)
                .iter()
                .for_each(|value| line(value.as_bytes()));
        }
    }

    /// The viewer's fields that are forwarded with `method`, lines in their order. Of a GET or HEAD
    /// no body goes on, so nothing that describes one does.
    #[must_use]
    pub fn fields(&self, method: &Method, viewer: &HeaderMap) -> HeaderMap {
        let body = *method != Method::GET && *method != Method::HEAD;
        let mut forwarded = HeaderMap::new();
        for name in viewer.keys() {
            if DESCRIBES_A_BODY.contains(&name.as_str()) {
                if self.forwards(viewer, name, body) {
                    for value in viewer.get_all(name) {
                        forwarded.append(name, value.clone());
                    }
                }
                continue;
            }
            self.each(viewer, name, &mut |line| {
                // Whole values, and parts of them between ASCII marks.
                if let Ok(value) = HeaderValue::from_bytes(line) {
                    forwarded.append(name, value);
                }
            });
        }
        forwarded
    }

    /// What is forwarded of a GET or HEAD without being in its key; with any other method there is no key.
    #[must_use]
    pub fn unkeyed(&self, method: &Method, viewer: &HeaderMap, queries: &Queries<'_>) -> Unkeyed {
        if *method != Method::GET && *method != Method::HEAD {
            return Unkeyed::default();
        }
        let beyond = |name: &HeaderName| {
            *name != header::COOKIE
                && !DEFAULT.contains(&name.as_str())
                && !self.keyed.has(name)
                && self.forwards(viewer, name, false)
        };
        let cookie = self.forwards(viewer, &header::COOKIE, false)
            && match self.cookies_go_as_sent() {
                // As it is, even if no cookie can be made out in it.
                true => viewer.contains_key(header::COOKIE),
                false => cookies::has_any(viewer, |name| {
                    !self.keyed.cookies.takes(name) && self.cookies.takes(name)
                }),
            };
        Unkeyed {
            query: queries.forwarded != queries.keyed,
            header: viewer.keys().any(beyond),
            cookie,
        }
    }

    /// Copies the lines of what the edge adds its own member to: they go on with it.
    pub fn keep_added_to(&self, viewer: &HeaderMap, forwarded: &mut HeaderMap) {
        for name in ADDED_TO.iter().map(|name| HeaderName::from_static(name)) {
            for value in viewer.get_all(&name) {
                forwarded.append(&name, value.clone());
            }
        }
    }

    /// Where none is in the key and all go on there is nothing to take out, and no order to agree on.
    fn cookies_go_as_sent(&self) -> bool {
        self.keyed.cookies == Choice::None && self.cookies == Choice::All
    }

    fn takes_cookie(&self, name: &[u8]) -> bool {
        self.keyed.cookies.takes(name) || self.cookies.takes(name)
    }

    fn forwards(&self, viewer: &HeaderMap, name: &HeaderName, body: bool) -> bool {
        let text = name.as_str();
        let listed = match &self.to {
            Fields::Bucket => false,
            _ if OWN.contains(&text) || ADDED_TO.contains(&text) => false,
            _ if DESCRIBES_A_BODY.contains(&text) => body,
            _ if self.keyed.has(name) => true,
            _ if *name == header::COOKIE => self.cookies != Choice::None,
            Fields::Default => DEFAULT.contains(&text),
            Fields::Listed(Choice::All | Choice::Except(_))
                if SPEAKS_OF_THE_CLIENT.contains(&text) =>
            {
                false
            }
            Fields::Listed(choice) => choice.takes(text.as_bytes()),
        };
        listed && !fields::is_hop_by_hop(viewer, name)
    }
}

/// What a choice takes besides what is known to be in the key; `None` if that is nothing.
fn beyond(choice: &Choice, in_key: impl Fn(&str) -> bool) -> Option<String> {
    match choice {
        Choice::None => None,
        Choice::All | Choice::Except(_) => Some(choice.to_string()),
        Choice::Allow(names) => {
            let rest = names.written().iter().map(String::as_str);
            let rest: Vec<&str> = rest.filter(|name| !in_key(name)).collect();
            (!rest.is_empty()).then(|| rest.join(" "))
        }
    }
}

/// Why a field can be in no list and in no key, as a clause that goes on after its name; `None` if it can.
#[must_use]
pub fn never_listed(name: &HeaderName) -> Option<&'static str> {
    let text = name.as_str();
    match text {
        "host" => Some("goes on by host = true in [origin_requests.NAME], and is then in the key"),
        "cookie" => Some("goes on by cookies = { allow = [...] }"),
        _ if OWN.contains(&text) => Some("the edge makes itself"),
        _ if ADDED_TO.contains(&text) => Some("always goes on, with what the edge adds to it"),
        _ if DESCRIBES_A_BODY.contains(&text) => Some("always goes with the body it describes"),
        _ if fields::is_hop_by_hop(&HeaderMap::new(), name) => Some("is of one connection only"),
        _ => None,
    }
}

/// What `Default` forwards with every method.
const DEFAULT: &[&str] = &["accept-encoding", "authorization"];

/// What belongs to a body and goes with it. Content-Range too: a PUT of a part without it would
/// replace the whole (RFC 9110 section 14.5).
const DESCRIBES_A_BODY: &[&str] = &[
    "content-digest",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-location",
    "content-md5",
    "content-range",
    "content-type",
    "digest",
    "repr-digest",
];

/// What the edge makes itself, and never passes on as it came.
const OWN: &[&str] = &[
    "content-length",
    "expect",
    "host",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "range",
];

/// Fields that name the client in the place of X-Forwarded-For. Anybody can write them, and an application
/// that believes them would believe the viewer and not the edge. So they go on only where they are listed by
/// name.
const SPEAKS_OF_THE_CLIENT: &[&str] = &[
    "cf-connecting-ip",
    "cf-connecting-ipv6",
    "client-ip",
    "fastly-client-ip",
    "forwarded",
    "true-client-ip",
    "x-appengine-user-ip",
    "x-azure-clientip",
    "x-client-ip",
    "x-cluster-client-ip",
    "x-envoy-external-address",
    "x-forwarded",
    "x-original-forwarded-for",
    "x-originating-ip",
    "x-real-ip",
    "x-remote-addr",
    "x-remote-ip",
];

/// What the edge adds its own member to.
const ADDED_TO: &[&str] = &["cdn-loop", "via", "x-forwarded-for"];

#[cfg(test)]
mod tests;
