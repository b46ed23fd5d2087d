//! A verdict in words: a sentence, and the rule that it follows.

use crate::purge::ledger::{Liveness, Standing};
use crate::request::refusal::Refusal;
use crate::semantics::age::Instant;
use crate::semantics::cache_status::Forward;
use crate::semantics::freshness::State;
use crate::semantics::reason::Reason;
use crate::store::entry::Entry;
use crate::verdict::{Facts, Verdict};

/// What a verdict is about.
pub(super) struct About<'a> {
    pub(super) facts: &'a Facts,
    pub(super) entry: Option<&'a Entry>,
    pub(super) standing: Option<&'a Standing>,
    /// The field by which what is stored is another request's.
    pub(super) differs: Option<&'a str>,
    /// The newest invalidation that takes the object.
    pub(super) invalidation: Option<&'a str>,
    pub(super) now: Instant,
}

const FRESHNESS: &str = "RFC 9111 section 4.2";

/// The sentence and the rule.
pub(super) fn of(verdict: Verdict, about: &About<'_>) -> (String, &'static str) {
    match verdict {
        Verdict::Serve if about.facts.unwanted => (
            "The viewer wants it validated, but the origin failed a moment ago: the stored answer is served."
                .to_owned(),
            "error_ttl",
        ),
        Verdict::Serve => {
            let left = about.entry.map_or(0, |entry| entry.head.ttl(about.now));
            (format!("The stored answer is fresh, for {left} s more."), FRESHNESS)
        }
        Verdict::ServeStale { reason, refresh } => stale(reason, refresh, about),
        Verdict::Validate { why } => {
            let (text, rule) = unusable(why, about);
            (format!("{text} The origin is asked whether it still holds."), rule)
        }
        Verdict::Fetch { why } => {
            let (text, rule) = unusable(why, about);
            (format!("{text} It is fetched, for all who wait for it."), rule)
        }
        Verdict::Pass { why, reason } => pass(why, reason, about),
        Verdict::Refuse => (
            "Only a stored answer was wanted (only-if-cached), and none can be served without the origin."
                .to_owned(),
            "RFC 9111 section 5.2.1.7",
        ),
        Verdict::Preflight => preflight(),
        Verdict::Options => options(),
    }
}

/// Of a preflight that is allowed.
pub(super) fn preflight() -> (String, &'static str) {
    (
        "It is a preflight, which the response headers policy answers by itself.".to_owned(),
        "response_headers",
    )
}

/// Of a question about the edge itself.
pub(super) fn options() -> (String, &'static str) {
    (
        "It asks what the edge allows, and the edge answers by itself.".to_owned(),
        "RFC 9110 section 9.3.7",
    )
}

/// Of a request that gets no object.
pub(super) fn refused(refusal: &Refusal) -> (String, &'static str) {
    let status = refusal.status().as_u16();
    let text = format!("It is refused with {status}: {}", refusal.text());
    (text, rule_of(refusal))
}

fn rule_of(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::Malformed(_) => "RFC 9112",
        Refusal::BadHost(_) => "RFC 9110 section 7.2",
        Refusal::Expectation => "RFC 9110 section 10.1.1",
        Refusal::BadTarget(_) => "the rules for paths",
        Refusal::OtherBehavior => "behaviors.path",
        Refusal::Preflight(_) => "response_headers",
        Refusal::NoRootObject => "default_root_object",
        Refusal::Method(_) => "methods",
        Refusal::TargetTooLong | Refusal::HeadTooLong => "the limits",
        Refusal::UnknownHost => "domains",
        Refusal::Loop => "RFC 8586",
        Refusal::NotCached => "RFC 9111 section 5.2.1.7",
        Refusal::SlowBody | Refusal::BrokenBody | Refusal::Internal | Refusal::Origin { .. } => {
            "RFC 9110 section 15"
        }
    }
}

/// How long ago it went stale, in seconds.
fn stale_since(about: &About<'_>) -> i64 {
    let left = about.entry.map_or(0, |entry| entry.head.ttl(about.now));
    left.saturating_neg()
}

fn stale(reason: Reason, refresh: bool, about: &About<'_>) -> (String, &'static str) {
    let since = stale_since(about);
    match reason {
        Reason::StaleWhileRevalidate => {
            let then = match refresh {
                true => "it is served, and refreshed in the background",
                false => "it is served, and not refreshed, because the origin failed a moment ago",
            };
            (
                format!(
                    "The stored answer is stale since {since} s; within stale-while-revalidate {then}."
                ),
                "RFC 5861 section 3",
            )
        }
        _ => (
            format!(
                "The stored answer is stale since {since} s; the origin failed a moment ago, and until it is \
                 asked again the stale answer is served."
            ),
            "RFC 5861 section 4, error_ttl",
        ),
    }
}

/// Why what is stored, if anything, cannot be served.
fn unusable(why: Forward, about: &About<'_>) -> (String, &'static str) {
    let (Some(found), Some(entry)) = (about.facts.found, about.entry) else {
        return missing(about);
    };
    let bare = match found.validator {
        Some(_) => "",
        None => ", and has no validator",
    };
    match (found.liveness, found.state) {
        (Liveness::Dead, _) => {
            let text = match about.standing {
                Some(Standing::Taken(taken)) => {
                    format!("What is stored was taken by invalidation {}.", taken.id)
                }
                Some(Standing::OldEpoch) => {
                    "What is stored is of an epoch before this one, which the edge cannot vouch for.".to_owned()
                }
                _ => "What is stored may have been taken by an invalidation that is forgotten.".to_owned(),
            };
            (text, "the journal of invalidations")
        }
        (Liveness::Soft, _) => {
            let by = match about.standing {
                Some(Standing::Taken(taken)) => &*taken.id,
                _ => "that is known no more",
            };
            (
                format!("What is stored was made stale by invalidation {by}{bare}."),
                "the journal of invalidations",
            )
        }
        (Liveness::Alive, _) if entry.head.freshness.always_validate => (
            format!("What is stored says no-cache{bare}: it is validated on every use."),
            "RFC 9111 section 5.2.2.4",
        ),
        (Liveness::Alive, State::Fresh) => (
            format!(
                "What is stored is fresh, but the viewer's Cache-Control does not take it as it is{bare}."
            ),
            "viewer_cache_control, RFC 9111 section 5.2.1",
        ),
        (Liveness::Alive, State::Stale { .. }) => {
            let since = stale_since(about);
            let word = why.as_str();
            debug_assert!(matches!(why, Forward::Stale), "{word}");
            (
                format!("The stored answer is stale since {since} s{bare}."),
                FRESHNESS,
            )
        }
    }
}

fn missing(about: &About<'_>) -> (String, &'static str) {
    if about.facts.other_variants {
        let by = about.differs.unwrap_or("a field that they vary by");
        return (
            format!("What is stored under this key answers other requests: {by} differs."),
            "RFC 9111 section 4.1",
        );
    }
    let text = match about.invalidation {
        Some(id) => format!(
            "Nothing is stored under this key; the newest invalidation that takes it is {id}."
        ),
        None => "Nothing is stored under this key.".to_owned(),
    };
    (text, "RFC 9111 section 4")
}

fn pass(why: Forward, reason: Reason, about: &About<'_>) -> (String, &'static str) {
    let (text, rule) = match reason {
        Reason::OtherMethod => (
            "No stored answer answers this method.".to_owned(),
            "RFC 9111 section 4",
        ),
        Reason::CachingDisabled => (
            "The cache policy lets nothing be stored.".to_owned(),
            "cache_policy",
        ),
        Reason::Precondition => (
            "If-Match and If-Unmodified-Since are for the origin to judge.".to_owned(),
            "RFC 9110 section 13.1",
        ),
        Reason::RequestNoStore => (
            "The viewer's no-store is honoured.".to_owned(),
            "viewer_cache_control, RFC 9111 section 5.2.1.5",
        ),
        Reason::Head => {
            let (text, rule) = unusable(why, about);
            (
                format!("{text} A HEAD brings no body that could be stored."),
                rule,
            )
        }
        Reason::Range => {
            let (text, rule) = unusable(why, about);
            (
                format!("{text} A range brings a part, and parts are not stored."),
                rule,
            )
        }
        Reason::Unshareable => {
            let (text, rule) = unusable(why, about);
            let more = "The last answer to such a request, a few seconds ago, could not be shared, so nobody \
                        waits for this one.";
            (format!("{text} {more}"), rule)
        }
        // Every reason of `decide` has a sentence above; a new one has its word until it has.
        other => (
            format!("Its reason is {}.", other.as_str()),
            "RFC 9111 section 3",
        ),
    };
    (
        format!("{text} It goes to the origin by itself, and its answer is not stored."),
        rule,
    )
}
