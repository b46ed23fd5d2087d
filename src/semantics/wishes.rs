//! What a viewer's Cache-Control asks of a cache (RFC 9111 5.2.1), where the operator lets it.
//!
//! All of it is advice, and whether it is taken is the operator's decision: a viewer that could make
//! an edge ask its origin could make it ask without end. max-stale is never taken: the answer would
//! be older than what its publisher allows. only-if-cached is not here: it costs the origin nothing
//! and is always honoured.

use std::time::Duration;

use http::{HeaderMap, header};

use super::directives::{Delta, Directives};
use super::fields::members;

/// What a viewer asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Wishes {
    /// `no-store`: answer from the origin, and store nothing (5.2.1.5).
    pub no_store: bool,
    no_cache: bool,
    max_age: Option<Duration>,
    min_fresh: Option<Duration>,
}

impl Wishes {
    /// Reads a request. `Pragma: no-cache` counts only where there is no Cache-Control (5.4). A number
    /// that is none asks for nothing: it is advice that nobody can follow.
    #[must_use]
    pub fn of(request: &HeaderMap) -> Self {
        if !request.contains_key(header::CACHE_CONTROL) {
            let no_cache = members(request, header::PRAGMA)
                .any(|member| member.eq_ignore_ascii_case(b"no-cache"));
            return Self {
                no_cache,
                ..Self::default()
            };
        }
        let directives = Directives::of(request);
        let seconds = |delta| match delta {
            Some(Delta::Seconds(seconds)) => Some(Duration::from_secs(u64::from(seconds))),
            Some(Delta::Invalid) | None => None,
        };
        Self {
            no_store: directives.no_store,
            no_cache: directives.no_cache,
            max_age: seconds(directives.max_age),
            min_fresh: seconds(directives.min_fresh),
        }
    }

    /// Whether a stored answer of this age and lifetime may be given without asking the origin.
    #[must_use]
    pub fn accepts(&self, age: Duration, lifetime: Duration) -> bool {
        !self.no_cache
            // Ages are told in whole seconds: max-age=0 accepts nothing that was stored.
            && self.max_age.is_none_or(|max| age <= max && !max.is_zero())
            && self
                .min_fresh
                .is_none_or(|min| age.saturating_add(min) <= lifetime)
    }
}
