//! Why an answer is what it is: one word for the header (`detail` of Cache-Status), the access log and
//! the metric label.
//!
//! Everything that is refused, passed on, not stored, served stale or mapped to another status has
//! exactly one of these; a plain hit, and a plain miss that was stored, have none.

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)*) => {
        /// Why an answer was not stored, passed on, served stale, mapped or refused.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum Reason {
            $($(#[$doc])* $name,)*
        }

        impl Reason {
            /// All of them, in the order of their discriminants.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The word in Cache-Status, logs and metrics.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }
        }
    };
}

reasons! {
    // Not stored, for what the messages say (RFC 9111 3).
    /// Not stored: the request was not a GET.
    Method = "method",
    /// Not stored: 1xx, 304, 416, or a status unknown to us under must-understand.
    Status = "status",
    /// Not stored: no-store.
    NoStore = "no-store",
    /// Not stored: private, with or without a list of fields.
    Private = "private",
    /// Not stored: a viewer's credentials were sent, and nothing permits sharing (RFC 9111 3.5).
    Authorization = "authorization",
    /// Not stored: it could never be reused. No lifetime, no validator, or a status that needs an
    /// explicit lifetime and has none.
    NoLifetime = "no-lifetime",
    /// Not stored: Vary contains `*`.
    VaryStar = "vary-star",
    /// Not stored: Set-Cookie without an explicit lifetime, or where the operator refuses it.
    SetCookie = "set-cookie",
    /// Not stored: a cookie that is not in the key was sent, and the lifetime is not explicit.
    UnkeyedCookie = "unkeyed-cookie",
    /// Not stored: a 206; parts are not stored.
    Partial = "partial",

    // Not stored, for want of means.
    /// Not stored: the origin did not say how long it is.
    NoLength = "no-length",
    /// Not stored: above the largest size that is.
    TooLarge = "too-large",
    /// Not stored: no room among the bodies under way.
    InFlight = "in-flight",

    // Passed on.
    /// Passed on: If-Match or If-Unmodified-Since, which only the origin can judge.
    Precondition = "precondition",
    /// Passed on: the viewer's no-store, where that is honoured.
    RequestNoStore = "request-no-store",
    /// Passed on: a method that no stored answer answers.
    OtherMethod = "other-method",
    /// Passed on: the operator lets nothing be stored.
    CachingDisabled = "caching-disabled",
    /// Passed on: HEAD of what is not stored.
    Head = "head",
    /// Passed on: a range of what is not stored.
    Range = "range",
    /// Passed on: the last answer under this key could not be shared.
    Unshareable = "unshareable",
    /// Passed on: the fill of somebody else took too long.
    Waited = "waited",
    /// Passed on: purges overtook one fill after the other.
    Overtaken = "overtaken",

    // Served although not fresh.
    /// Served stale: within stale-while-revalidate (RFC 5861 3).
    StaleWhileRevalidate = "stale-while-revalidate",
    /// Served stored: the origin failed a moment ago, and its next try is not due.
    OriginRests = "origin-rests",

    // The origin's status is not what the viewer gets.
    /// 404 for a 403: missing objects are known to look so.
    OriginHidesMissing = "origin-403-no-list",
    /// 404: the object is archived.
    OriginArchived = "origin-archived",
    /// 404: no object can have so long a key.
    OriginKeyTooLong = "origin-key-too-long",
    /// 404: no object can have this key.
    OriginBadKey = "origin-bad-key",

    // Something else stands in for what was asked for.
    /// The page that the operator has for this status.
    ErrorPage = "error-page",
    /// The page of an application, for a navigation to what is not there.
    Spa = "spa",
    /// An error as it is: it has a page, which could not be had.
    PageMissing = "page-missing",
    /// 302: there is an index below this path.
    IndexRedirect = "index-redirect",
    /// 301: the object says that it is somewhere else.
    ObjectRedirect = "object-redirect",
    /// A rule of the redirects file.
    RedirectRule = "redirect-rule",

    // The origin gave nothing that could be served.
    /// No connection.
    OriginConnect = "origin-connect",
    /// A time limit ran out.
    OriginTimeout = "origin-timeout",
    /// The connection broke, or what came is not HTTP.
    OriginBroken = "origin-broken",
    /// Every permit was taken for too long.
    OriginBusy = "origin-busy",
    /// There was nothing to sign with.
    OriginCredentials = "origin-credentials",
    /// The store refused the edge's identity or its signature.
    OriginDenied = "origin-denied",
    /// The bucket is not there, or is somewhere else.
    OriginMisconfigured = "origin-misconfigured",
    /// The store is overloaded or failed.
    OriginFailed = "origin-failed",
    /// An answer that nobody asked for.
    OriginUnasked = "origin-unasked",

    // Refused.
    /// 400: a line of the head that HTTP does not have.
    BadHead = "bad-head",
    /// 400 or 501: a length, a transfer coding or chunks that could be read in two ways.
    BadFraming = "bad-framing",
    /// 505: a version of HTTP that is not spoken here.
    BadVersion = "bad-version",
    /// 400: the host is none, missing, or contradicted.
    BadHost = "bad-host",
    /// 400: the path is none.
    BadTarget = "bad-target",
    /// 400: the object is another behaviour's than the path as it was sent.
    OtherBehavior = "other-behavior",
    /// 404: `/` without a root object.
    NoRootObject = "no-root-object",
    /// 403: a preflight for what the policy of the path does not allow.
    PreflightNotAllowed = "preflight-not-allowed",
    /// 405
    MethodNotAllowed = "method-not-allowed",
    /// 414
    TargetTooLong = "target-too-long",
    /// 421
    UnknownHost = "unknown-host",
    /// 431
    HeadTooLong = "head-too-long",
    /// 408: the viewer's body did not come.
    SlowBody = "slow-body",
    /// 400: the viewer's body did not come to its end.
    BrokenBody = "broken-body",
    /// 508: the request has been here before (RFC 8586).
    Loop = "loop",
    /// An expectation other than 100-continue (RFC 9110 10.1.1).
    BadExpectation = "bad-expectation",
    /// 500: a bug of ours.
    Internal = "internal",
    /// 504: only a stored answer was wanted, and there is none (RFC 9111 5.2.1.7).
    OnlyIfCached = "only-if-cached",
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_reason_has_a_word_of_its_own_and_its_place_in_the_list() {
        let words: HashSet<_> = Reason::ALL.iter().map(|reason| reason.as_str()).collect();
        assert_eq!(words.len(), Reason::ALL.len());
        for (place, reason) in Reason::ALL.iter().enumerate() {
            assert_eq!(*reason as usize, place, "{reason:?}");
            // A token of structured fields that needs no escape in a metric label either.
            let word = reason.as_str();
            assert!(word.starts_with(|c: char| c.is_ascii_lowercase()), "{word}");
            assert!(
                word.bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'),
                "{word}"
            );
        }
    }
}
