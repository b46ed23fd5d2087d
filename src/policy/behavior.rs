//! What a distribution does with a request once it is routed: methods, origin, cache policy, what of
//! the request is forwarded, and what becomes of the fields of its answer.
//!
//! [`Methods`] holds only sets that can work: GET is always in it, because a fill is a GET.

use std::sync::Arc;

use http::{HeaderValue, Method};

use super::cache_policy::CachePolicy;
use super::origin_request::OriginRequest;
use super::response_headers::ResponseHeaders;
use super::site::SiteRules;

/// The rules for the requests that one behaviour selects.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Behavior {
    /// Name of the origin that answers misses.
    pub origin: String,
    /// Methods that are let through; any other is 405.
    pub methods: Methods,
    /// How long answers live.
    pub cache: CachePolicy,
    /// What of a viewer's request reaches the origin, besides its target.
    pub origin_request: OriginRequest,
    /// What is added to answers and taken from them on their way to a viewer.
    pub response_headers: Option<Arc<ResponseHeaders>>,
    /// What stands in for what is no object; `None`: nothing.
    pub site: Option<Arc<SiteRules>>,
}

/// A set of allowed methods.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Methods {
    /// GET.
    Get,
    /// GET and HEAD.
    GetHead,
    /// [`Methods::STANDARD`].
    Standard,
    /// Those, and every extension method; but never one of [`Methods::NEVER`].
    Any,
}

/// Why a list of names is no set of methods.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum MethodsError {
    /// A name that is not in [`Methods::NAMES`] (method names are case-sensitive, RFC 9110 section 9.1).
    #[error("found method {0:?}; allowed: GET, HEAD")]
    Unknown(String),
    /// GET is not among them.
    #[error("GET is missing; allowed: GET, or GET and HEAD")]
    WithoutGet,
}

impl Methods {
    /// Names that may appear in a list.
    pub const NAMES: &'static [&'static str] = &["GET", "HEAD"];

    /// Words that stand for a whole set, and their sets.
    pub const WORDS: &'static [(&'static str, Self)] =
        &[("standard", Self::Standard), ("any", Self::Any)];

    /// What "standard" lets through.
    pub const STANDARD: [Method; 7] = [
        Method::GET,
        Method::HEAD,
        Method::OPTIONS,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
    ];

    /// What no set lets through: methods that echo a request with what is secret in it, that make a
    /// tunnel, and the one by which other caches are purged.
    pub const NEVER: &'static [&'static str] = &["TRACE", "TRACK", "CONNECT", "PURGE"];

    /// The set of these names; order and repetition do not matter.
    pub fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, MethodsError> {
        let (mut get, mut head) = (false, false);
        for name in names {
            match name {
                "GET" => get = true,
                "HEAD" => head = true,
                _ => return Err(MethodsError::Unknown(name.to_owned())),
            }
        }
        match (get, head) {
            (false, _) => Err(MethodsError::WithoutGet),
            (true, false) => Ok(Self::Get),
            (true, true) => Ok(Self::GetHead),
        }
    }

    /// Whether a request with this method is let through.
    #[must_use]
    pub fn allows(&self, method: &Method) -> bool {
        match self {
            Self::Get => *method == Method::GET,
            Self::GetHead => *method == Method::GET || *method == Method::HEAD,
            Self::Standard => Self::STANDARD.contains(method),
            Self::Any => !Self::NEVER
                .iter()
                .any(|never| never.eq_ignore_ascii_case(method.as_str())),
        }
    }

    /// Whether it lets through what a bucket has an answer for, and nothing else.
    #[must_use]
    pub const fn suits_a_bucket(&self) -> bool {
        matches!(self, Self::Get | Self::GetHead)
    }

    /// The value of `Allow` that a 405 must carry (RFC 9110 section 15.5.6). Of [`Methods::Any`] it
    /// names the standard ones: the others have no end.
    #[must_use]
    pub fn allow_header(&self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Get => "GET",
            Self::GetHead => "GET, HEAD",
            Self::Standard | Self::Any => "GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GET_HEAD: &[&str] = &["GET", "HEAD"];
    const STANDARD: &[&str] = &["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"];
    const OTHERS: &[&str] = &["PROPFIND", "FOO", "get", "QUERY"];
    const NEVER: &[&str] = &["TRACE", "TRACK", "CONNECT", "PURGE", "purge", "Trace"];

    #[test]
    fn each_set_allows_its_methods_and_says_so() {
        let any = [STANDARD, OTHERS].concat();
        for (methods, allowed, header) in [
            (Methods::new(["GET"]), &GET_HEAD[..1], "GET"),
            (Methods::new(["GET", "GET"]), &GET_HEAD[..1], "GET"),
            (Methods::new(["HEAD", "GET"]), GET_HEAD, "GET, HEAD"),
            (Ok(Methods::Standard), STANDARD, &STANDARD.join(", ")),
            (Ok(Methods::Any), &any, &STANDARD.join(", ")),
        ] {
            let methods = methods.unwrap();
            for name in [STANDARD, OTHERS, NEVER].concat() {
                let method = Method::from_bytes(name.as_bytes()).unwrap();
                let expected = allowed.contains(&name);
                assert_eq!(methods.allows(&method), expected, "{methods:?} {name}");
            }
            assert_eq!(methods.allow_header(), *header, "{methods:?}");
            let plain = allowed.iter().all(|name| GET_HEAD.contains(name));
            assert_eq!(methods.suits_a_bucket(), plain, "{methods:?}");
        }
    }

    #[test]
    fn lists_that_cannot_work_are_refused() {
        assert_eq!(Methods::new([]), Err(MethodsError::WithoutGet));
        assert_eq!(Methods::new(["HEAD"]), Err(MethodsError::WithoutGet));
        assert_eq!(
            Methods::new(["GET", "head"]),
            Err(MethodsError::Unknown("head".to_owned()))
        );
    }
}
