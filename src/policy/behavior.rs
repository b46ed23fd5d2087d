//! What a distribution does with a request once it is routed: methods, origin, cache policy.
//!
//! [`Methods`] holds only sets that can work: GET is always in it, because a fill is a GET.

use http::{HeaderValue, Method};

use super::cache_policy::CachePolicy;

/// The rules for the requests that one behaviour selects.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Behavior {
    /// Name of the origin that answers misses.
    pub origin: String,
    /// Methods that are let through; any other is 405.
    pub methods: Methods,
    /// How long answers live.
    pub cache: CachePolicy,
}

/// A set of allowed methods: GET, or GET and HEAD.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Methods {
    head: bool,
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
    /// Names that may appear in a set.
    pub const NAMES: &'static [&'static str] = &["GET", "HEAD"];

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
        if get {
            Ok(Self { head })
        } else {
            Err(MethodsError::WithoutGet)
        }
    }

    /// Whether a request with this method is let through.
    pub fn allows(&self, method: &Method) -> bool {
        *method == Method::GET || (self.head && *method == Method::HEAD)
    }

    /// The value of `Allow` that a 405 must carry (RFC 9110 section 15.5.6).
    pub fn allow_header(&self) -> HeaderValue {
        HeaderValue::from_static(if self.head { "GET, HEAD" } else { "GET" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_allows_what_it_names_and_says_so() {
        for (names, head, allow) in [
            (&["GET"][..], false, "GET"),
            (&["HEAD", "GET"], true, "GET, HEAD"),
            (&["GET", "GET"], false, "GET"),
        ] {
            let methods = Methods::new(names.iter().copied()).unwrap();
            assert!(methods.allows(&Method::GET), "{names:?}");
            assert_eq!(methods.allows(&Method::HEAD), head, "{names:?}");
            assert_eq!(methods.allow_header(), allow, "{names:?}");
            for other in [
                "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PURGE", "get",
            ] {
                let method = Method::from_bytes(other.as_bytes()).unwrap();
                assert!(!methods.allows(&method), "{names:?} {other}");
            }
        }
    }

    #[test]
    fn sets_that_cannot_work_are_refused() {
        assert_eq!(Methods::new([]), Err(MethodsError::WithoutGet));
        assert_eq!(Methods::new(["HEAD"]), Err(MethodsError::WithoutGet));
        assert_eq!(
            Methods::new(["GET", "head"]),
            Err(MethodsError::Unknown("head".to_owned()))
        );
    }
}
