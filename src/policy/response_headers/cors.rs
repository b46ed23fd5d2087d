//! Cross-origin sharing (the CORS protocol of the Fetch standard), computed for each request from its
//! Origin: what is stored belongs to no origin.
//!
//! Invariants: `Access-Control-Allow-Origin` is given to nobody whom the list does not let in. Unless it is
//! the constant `*`, every answer says `Vary: Origin`, also one to a request without Origin: a browser's
//! cache, or one between, would else give it to a page that gets another answer. Nothing grants access to
//! private networks.
//!
//! A preflight is answered by the edge. One that is not allowed is a 403 without any of these fields: "in
//! case a server does not wish to participate in the CORS protocol, its response must not include any of
//! them; the server is encouraged to use the 403 status" (Fetch section 3.3.3). An allowed one is a 204,
//! which is an ok status (section 4.8) and says that there is no body.

use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method};

use super::Source;
use super::origins::{Grant, Origins};
use crate::semantics::fields::members;

/// Methods in one list.
pub const MOST_METHODS: usize = 20;
/// Field names in one list, in the configuration and in a preflight.
pub const MOST_NAMES: usize = 100;
/// Bytes of the field names in a preflight: the whole list may be echoed.
pub const LONGEST_NAMES: usize = 4_096;
/// Bytes of a preflight's method, which may be echoed.
pub const LONGEST_METHOD: usize = 32;

/// Every, or those of a list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Listed<T> {
    /// Every one.
    All,
    /// These.
    These(Vec<T>),
}

/// What the operator allows, as it was written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CorsRules {
    /// Whose pages may read answers.
    pub origins: Origins,
    /// Methods that a preflight gets allowed.
    pub methods: Listed<Method>,
    /// Request fields that a preflight gets allowed.
    pub headers: Listed<HeaderName>,
    /// Answer fields that scripts may read, besides the safelisted ones.
    pub expose: Listed<HeaderName>,
    /// Whether requests with cookies count.
    pub credentials: bool,
    /// Seconds that a browser may keep the answer to a preflight; none: the browser's own default.
    pub max_age: Option<u64>,
    /// Whether the origin's own fields of this kind are replaced; else they stay, and only what it did
    /// not send is added.
    pub replaces: bool,
}

/// The rules with their values ready.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cors {
    rules: CorsRules,
    methods: Option<HeaderValue>,
    headers: Option<HeaderValue>,
    expose: Option<HeaderValue>,
    max_age: Option<HeaderValue>,
}

/// Rules that browsers would not follow.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CorsError {
    /// With credentials `*` allows nobody (Fetch section 3.3.5).
    #[error("every origin together with credentials")]
    AnyWithCredentials,
    /// With credentials `*` is a field of that name.
    #[error("every field exposed together with credentials")]
    AllExposedWithCredentials,
}

/// Why a preflight is not allowed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PreflightError {
    /// The origin.
    Origin,
    /// The method.
    Method,
    /// One of the fields.
    Headers,
}

const CONSTANT: HeaderValue = HeaderValue::from_static("*");
const TRUE: HeaderValue = HeaderValue::from_static("true");
const BY_ORIGIN: HeaderValue = HeaderValue::from_static("Origin");
/// An answer to OPTIONS is nobody's to keep (RFC 9110 section 9.3.7); some keep it all the same.
const BY_PREFLIGHT: HeaderValue = HeaderValue::from_static(
    "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
);
/// What all fields of this kind begin with, those of the future too.
const PREFIX: &str = "access-control-";

impl Cors {
    /// Makes the values ready.
    ///
    /// # Errors
    /// If no browser would follow the rules.
    pub fn new(rules: CorsRules) -> Result<Self, CorsError> {
        if rules.credentials && rules.origins.is_any() {
            return Err(CorsError::AnyWithCredentials);
        }
        if rules.credentials && rules.expose == Listed::All {
            return Err(CorsError::AllExposedWithCredentials);
        }
        let methods = match &rules.methods {
            // With credentials `*` would be a method of that name: the one that was asked for is said.
            Listed::All => (!rules.credentials).then_some(CONSTANT),
            Listed::These(methods) => joined(methods.iter().map(Method::as_str)),
        };
        let headers = match &rules.headers {
            // `*` never covers Authorization: those that were asked for are said.
            Listed::All => None,
            Listed::These(names) => joined(names.iter().map(HeaderName::as_str)),
        };
        let expose = match &rules.expose {
            Listed::All => Some(CONSTANT),
            Listed::These(names) => joined(names.iter().map(HeaderName::as_str)),
        };
        let max_age = rules.max_age.map(HeaderValue::from);
        Ok(Self {
            rules,
            methods,
            headers,
            expose,
            max_age,
        })
    }

    /// The rules.
    #[must_use]
    pub const fn rules(&self) -> &CorsRules {
        &self.rules
    }

    /// Judges a preflight; `None` if the request is none: OPTIONS with Origin and
    /// Access-Control-Request-Method (Fetch section 3.3.1).
    #[must_use]
    pub fn preflight(
        &self,
        method: &Method,
        viewer: &HeaderMap,
    ) -> Option<Result<(), PreflightError>> {
        let is_one = *method == Method::OPTIONS
            && viewer.contains_key(ORIGIN)
            && viewer.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        is_one.then(|| {
            if self.rules.origins.grant(viewer) == Grant::No {
                Err(PreflightError::Origin)
            } else if !self.allows_method(viewer) {
                Err(PreflightError::Method)
            } else if !self.allows_names(viewer) {
                Err(PreflightError::Headers)
            } else {
                Ok(())
            }
        })
    }

    /// Takes out of an origin's answer what the edge says in its place.
    pub(super) fn strip(&self, answer: &mut HeaderMap) {
        if !self.rules.replaces {
            return;
        }
        loop {
            let mut names = answer.keys();
            let Some(name) = names
                .find(|name| name.as_str().starts_with(PREFIX))
                .cloned()
            else {
                return;
            };
            answer.remove(name);
        }
    }

    /// Says in an answer who may read it, or in one to a preflight what may be sent.
    pub(super) fn apply(
        &self,
        method: &Method,
        viewer: &HeaderMap,
        answer: &mut HeaderMap,
        source: &Source,
    ) {
        self.strip(answer);
        let preflight = self.preflight(method, viewer);
        match preflight {
            Some(_) => vary(answer, &BY_PREFLIGHT),
            None if !self.rules.origins.is_any() => vary(answer, &BY_ORIGIN),
            None => {}
        }
        if matches!(preflight, Some(Err(_))) {
            return;
        }
        let origin = match self.rules.origins.grant(viewer) {
            Grant::No => return,
            Grant::Any => CONSTANT,
            Grant::To(origin) => origin.clone(),
        };
        let mut say = |name: HeaderName, value: Option<HeaderValue>| {
            if let Some(value) = value {
                self.say(answer, source, name, value);
            }
        };
        say(ACCESS_CONTROL_ALLOW_ORIGIN, Some(origin));
        say(
            ACCESS_CONTROL_ALLOW_CREDENTIALS,
            self.rules.credentials.then_some(TRUE),
        );
        if preflight.is_none() {
            say(ACCESS_CONTROL_EXPOSE_HEADERS, self.expose.clone());
            return;
        }
        let asked = |name| viewer.get(name).cloned();
        let methods = self.methods.clone();
        say(
            ACCESS_CONTROL_ALLOW_METHODS,
            methods.or_else(|| asked(ACCESS_CONTROL_REQUEST_METHOD)),
        );
        say(
            ACCESS_CONTROL_ALLOW_HEADERS,
            match self.rules.headers {
                Listed::All => asked(ACCESS_CONTROL_REQUEST_HEADERS),
                Listed::These(_) => self.headers.clone(),
            },
        );
        say(ACCESS_CONTROL_MAX_AGE, self.max_age.clone());
    }

    fn say(&self, answer: &mut HeaderMap, source: &Source, name: HeaderName, value: HeaderValue) {
        if self.rules.replaces {
            answer.insert(name, value);
            return;
        }
        match source {
            _ if answer.contains_key(&name) => {}
            // What the origin said of the whole answer, its 304 says too.
            Source::Unchanged(Some(whole)) if whole.contains_key(&name) => {
                for line in whole.get_all(&name) {
                    answer.append(&name, line.clone());
                }
            }
            _ => {
                answer.insert(name, value);
            }
        }
    }

    fn allows_method(&self, viewer: &HeaderMap) -> bool {
        let mut lines = viewer.get_all(ACCESS_CONTROL_REQUEST_METHOD).iter();
        let (Some(line), None) = (lines.next(), lines.next()) else {
            return false;
        };
        if line.len() > LONGEST_METHOD {
            return false;
        }
        match &self.rules.methods {
            Listed::All => Method::from_bytes(line.as_bytes()).is_ok(),
            Listed::These(methods) => methods
                .iter()
                .any(|method| method.as_str().as_bytes() == line.as_bytes()),
        }
    }

    fn allows_names(&self, viewer: &HeaderMap) -> bool {
        let mut lines = viewer.get_all(ACCESS_CONTROL_REQUEST_HEADERS).iter();
        let first = lines.next();
        if lines.next().is_some() || first.is_some_and(|line| line.len() > LONGEST_NAMES) {
            return false;
        }
        members(viewer, ACCESS_CONTROL_REQUEST_HEADERS)
            .enumerate()
            .all(|(place, asked)| {
                place < MOST_NAMES
                    && match &self.rules.headers {
                        Listed::All => HeaderName::from_bytes(asked).is_ok(),
                        Listed::These(names) => names
                            .iter()
                            .any(|name| name.as_str().as_bytes().eq_ignore_ascii_case(asked)),
                    }
            })
    }
}

/// Adds to Vary what it does not have. `*` has everything.
fn vary(answer: &mut HeaderMap, names: &HeaderValue) {
    let has = |name: &[u8]| {
        members(answer, VARY).any(|member| member == b"*" || member.eq_ignore_ascii_case(name))
    };
    if names != BY_ORIGIN || !has(b"origin") {
        answer.append(VARY, names.clone());
    }
}

fn joined<'a>(words: impl Iterator<Item = &'a str>) -> Option<HeaderValue> {
    let words: Vec<&str> = words.collect();
    // Tokens, which are visible ASCII.
    let value = HeaderValue::from_str(&words.join(", ")).ok();
    value.filter(|value| !value.is_empty())
}
