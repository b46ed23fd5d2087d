//! How long a response may be reused, and what may be done with it afterwards (RFC 9111 4.2, RFC 5861).
//!
//! One order decides the lifetime: what the origin said (s-maxage, else max-age, else Expires),
//! clamped to the operator's bounds → the operator's lifetime for negative answers → the operator's
//! default → a heuristic, where switched on → none. An origin that said something unreadable said
//! "stale", and no later step is asked.
//!
//! This file decides neither whether the response may be stored ([`super::storable`]) nor how old it
//! is ([`super::age`]).

use std::time::Duration;

use http::{HeaderMap, StatusCode, header};

use super::dates::{self, UnixTime, origin_date};
use super::directives::{Delta, Directives};
use super::fields::{Sole, sole};
use super::targeted::Ruling;

/// What the operator decided about lifetimes; plain numbers, so that this room needs no policy.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Bounds {
    /// Shortest lifetime; never overrides no-store, private or no-cache.
    pub min: Duration,
    /// Lifetime where the origin gave none; `None`: no such lifetime.
    pub default: Option<Duration>,
    /// Longest lifetime and longest stale window; wins over `min`.
    pub max: Duration,
    /// Whether a lifetime may be guessed from Last-Modified (RFC 9111 4.2.2).
    pub heuristic: bool,
    /// Lifetime of 404, 410 and 414 without explicit freshness; `None`: as for other statuses.
    pub negative: Option<Duration>,
    /// The same for one of these statuses; wins over `negative`.
    pub missing: Missing,
    /// For how long a response that said nothing about it may be used stale when the origin fails.
    pub stale_on_error: Duration,
}

/// Lifetimes of single statuses without explicit freshness.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Missing {
    /// Of 404.
    pub not_found: Option<Duration>,
    /// Of 410.
    pub gone: Option<Duration>,
    /// Of 414.
    pub uri_too_long: Option<Duration>,
}

impl Bounds {
    /// The operator's lifetime of a negative answer.
    fn negative_for(&self, status: StatusCode) -> Option<Duration> {
        let own = match status {
            StatusCode::NOT_FOUND => self.missing.not_found,
            StatusCode::GONE => self.missing.gone,
            StatusCode::URI_TOO_LONG => self.missing.uri_too_long,
            _ => return None,
        };
        own.or(self.negative)
    }
}

/// Where a lifetime comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Source {
    /// The origin: s-maxage.
    SMaxage,
    /// The origin: max-age.
    MaxAge,
    /// The origin: Expires less Date, or an Expires that is no date, which means "expired".
    Expires,
    /// The operator: [`Bounds::default`].
    Default,
    /// A guess: a tenth of (Date − Last-Modified), at most 24 hours.
    Heuristic,
    /// The operator: [`Bounds::negative`].
    Negative,
    /// Nobody, or an unreadable max-age or s-maxage: the lifetime is zero.
    None,
}

impl Source {
    /// The word for logs and explanations.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SMaxage => "s-maxage",
            Self::MaxAge => "max-age",
            Self::Expires => "expires",
            Self::Default => "default",
            Self::Heuristic => "heuristic",
            Self::Negative => "negative",
            Self::None => "none",
        }
    }
}

/// What the operator's bounds made of a lifetime.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Clamp {
    /// Nothing.
    None,
    /// It was lengthened to [`Bounds::min`].
    Min,
    /// It was shortened to [`Bounds::max`].
    Max,
}

impl Clamp {
    /// The word for explanations.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Min => "min_ttl",
            Self::Max => "max_ttl",
        }
    }
}

/// How long a response is fresh, and what holds after that.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Freshness {
    /// The response is fresh while its age is below this.
    pub lifetime: Duration,
    /// Where the lifetime comes from.
    pub source: Source,
    /// The lifetime as its source gave it, before the operator's bounds.
    pub given: Duration,
    /// no-cache: validate on every use, whatever the lifetime.
    pub always_validate: bool,
    /// For how long after the lifetime it may be served while a revalidation runs; zero: never.
    pub stale_while_revalidate: Duration,
    /// For how long after the lifetime it may be served when the origin fails; zero: never.
    pub stale_if_error: Duration,
}

/// What may be done with a response of a certain age.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// It may be served.
    Fresh,
    /// It may be served only after a revalidation, or under one of these permissions.
    Stale {
        /// At once, while one revalidation runs in the background (RFC 5861 3).
        while_revalidate: bool,
        /// If the origin answers 500, 502, 503, 504 or not at all (RFC 5861 4).
        if_error: bool,
    },
}

impl Freshness {
    /// Judges a response that arrived at `received`.
    pub fn judge(
        status: StatusCode,
        headers: &HeaderMap,
        received: UnixTime,
        bounds: &Bounds,
    ) -> Self {
        let ruling = Ruling::of(headers);
        let directives = &ruling.directives;
        let (lifetime, source) = match explicit(&ruling, headers, received) {
            Explicit::Given(given, source) => {
                (Lifetime::clamped(given, directives, bounds), source)
            }
            Explicit::Unusable => (Lifetime::ZERO, Source::None),
            Explicit::Silent => assumed(status, directives, headers, received, bounds),
        };
        let Lifetime { given, lifetime } = lifetime;
        let (stale_while_revalidate, stale_if_error) = windows(directives, bounds);
        Self {
            lifetime,
            source,
            given,
            always_validate: directives.no_cache,
            stale_while_revalidate,
            stale_if_error,
        }
    }

    /// Whether the origin itself gave the lifetime.
    pub const fn is_explicit(&self) -> bool {
        matches!(
            self.source,
            Source::SMaxage | Source::MaxAge | Source::Expires
        )
    }

    /// What the operator's bounds made of it.
    pub fn clamp(&self) -> Clamp {
        match self.lifetime.cmp(&self.given) {
            std::cmp::Ordering::Equal => Clamp::None,
            std::cmp::Ordering::Greater => Clamp::Min,
            std::cmp::Ordering::Less => Clamp::Max,
        }
    }

    /// What holds at this age. Windows begin where freshness ends, their last instant included.
    pub fn state(&self, age: Duration) -> State {
        if age < self.lifetime && !self.always_validate {
            return State::Fresh;
        }
        let within = |window: Duration| {
            !self.always_validate
                && !window.is_zero()
                && age <= self.lifetime.saturating_add(window)
        };
        State::Stale {
            while_revalidate: within(self.stale_while_revalidate),
            if_error: within(self.stale_if_error),
        }
    }
}

/// Statuses that may be stored without explicit freshness (RFC 9110 15.1).
pub(super) fn is_heuristically_cacheable(status: StatusCode) -> bool {
    matches!(
        status.as_u16(),
        200 | 203 | 204 | 206 | 300 | 301 | 308 | 404 | 405 | 410 | 414 | 501
    )
}

/// The longest lifetime that is guessed.
const HEURISTIC_MAX: Duration = Duration::from_hours(24);

/// What the origin said about the lifetime.
enum Explicit {
    Given(Duration, Source),
    /// Something unreadable: stale on arrival, and nothing else is asked.
    Unusable,
    Silent,
}

fn explicit(ruling: &Ruling, headers: &HeaderMap, received: UnixTime) -> Explicit {
    let directives = &ruling.directives;
    let delta = directives
        .s_maxage
        .map(|delta| (delta, Source::SMaxage))
        .or_else(|| directives.max_age.map(|delta| (delta, Source::MaxAge)));
    match delta {
        Some((Delta::Seconds(seconds), source)) => {
            Explicit::Given(Duration::from_secs(u64::from(seconds)), source)
        }
        Some((Delta::Invalid, _)) => Explicit::Unusable,
        None if ruling.targeted => Explicit::Silent,
        None => match sole(headers, header::EXPIRES) {
            Sole::Absent => Explicit::Silent,
            // What is no date, or contradicts itself, lies in the past (RFC 9111 5.3).
            Sole::Differing => Explicit::Given(Duration::ZERO, Source::Expires),
            Sole::Same(value) => {
                let lifetime = dates::parse(value, received)
                    .map(|expires| expires.saturating_since(origin_date(headers, received)))
                    .unwrap_or_default();
                Explicit::Given(lifetime, Source::Expires)
            }
        },
    }
}

/// The lifetime where the origin said nothing.
fn assumed(
    status: StatusCode,
    directives: &Directives,
    headers: &HeaderMap,
    received: UnixTime,
    bounds: &Bounds,
) -> (Lifetime, Source) {
    if let Some(negative) = bounds.negative_for(status) {
        // Not lengthened by `min`: it is the operator's own word for just these statuses.
        let lifetime = Lifetime {
            given: negative,
            lifetime: negative.min(bounds.max),
        };
        return (lifetime, Source::Negative);
    }
    // The origin's own failures are remembered only if it asks for that.
    let eligible =
        !status.is_server_error() && (is_heuristically_cacheable(status) || directives.public);
    if !eligible {
        return (Lifetime::ZERO, Source::None);
    }
    if let Some(default) = bounds.default {
        return (
            Lifetime::clamped(default, directives, bounds),
            Source::Default,
        );
    }
    let modified = bounds
        .heuristic
        .then(|| dates::field(headers, header::LAST_MODIFIED, received))
        .flatten();
    match modified {
        Some(modified) => {
            let unchanged = origin_date(headers, received).saturating_since(modified);
            let guess = (unchanged / 10).min(HEURISTIC_MAX);
            (
                Lifetime::clamped(guess, directives, bounds),
                Source::Heuristic,
            )
        }
        None => (Lifetime::ZERO, Source::None),
    }
}

/// A lifetime as it was given, and as it holds.
struct Lifetime {
    given: Duration,
    lifetime: Duration,
}

impl Lifetime {
    const ZERO: Self = Self {
        given: Duration::ZERO,
        lifetime: Duration::ZERO,
    };

    /// Not `Ord::clamp`, which panics where `min` is above `max`.
    fn clamped(given: Duration, directives: &Directives, bounds: &Bounds) -> Self {
        let restricted = directives.no_store || directives.private || directives.no_cache;
        let min = if restricted {
            Duration::ZERO
        } else {
            bounds.min
        };
        let lifetime = given.max(min).min(bounds.max);
        Self { given, lifetime }
    }
}

/// The windows of stale-while-revalidate and stale-if-error.
fn windows(directives: &Directives, bounds: &Bounds) -> (Duration, Duration) {
    if directives.no_cache || directives.must_revalidate || directives.proxy_revalidate {
        return (Duration::ZERO, Duration::ZERO);
    }
    let said = |window: Delta| match window {
        Delta::Seconds(seconds) => Duration::from_secs(u64::from(seconds)),
        Delta::Invalid => Duration::ZERO,
    };
    // s-maxage means proxy-revalidate (RFC 9111 5.2.2.10): only the origin's explicit word in the
    // same field permits stale use then, not the operator's.
    let unsaid = if directives.s_maxage.is_some() {
        Duration::ZERO
    } else {
        bounds.stale_on_error
    };
    let while_revalidate = directives
        .stale_while_revalidate
        .map_or(Duration::ZERO, said);
    let if_error = directives.stale_if_error.map_or(unsaid, said);
    (while_revalidate.min(bounds.max), if_error.min(bounds.max))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    const DATE: &str = "Wed, 01 Jul 2026 00:00:00 GMT";
    const RECEIVED: UnixTime = UnixTime::from_secs(1_782_864_000);
    const DAY: u64 = 86_400;

    const fn s(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    /// The bounds of an origin that follows the RFC.
    fn rfc() -> Bounds {
        Bounds {
            min: Duration::ZERO,
            default: None,
            max: Duration::MAX,
            heuristic: true,
            negative: None,
            missing: Missing::default(),
            stale_on_error: Duration::ZERO,
        }
    }

    /// The bounds of a bucket.
    fn bucket() -> Bounds {
        Bounds {
            min: Duration::ZERO,
            default: Some(s(DAY)),
            max: s(365 * DAY),
            heuristic: false,
            negative: Some(s(10)),
            missing: Missing::default(),
            stale_on_error: s(DAY),
        }
    }

    fn map(lines: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    fn judge(status: u16, lines: &[(&'static str, &str)], bounds: &Bounds) -> Freshness {
        Freshness::judge(
            StatusCode::from_u16(status).unwrap(),
            &map(lines),
            RECEIVED,
            bounds,
        )
    }

    #[test]
    fn rule_2_2_the_first_lifetime_that_applies() {
        const LATER: (&str, &str) = ("expires", "Wed, 01 Jul 2026 01:00:00 GMT");
        const PAST: (&str, &str) = ("expires", "Wed, 01 Jul 2020 01:00:00 GMT");
        let date = ("date", DATE);
        for (lines, lifetime, source) in [
            (
                &[("cache-control", "s-maxage=5, max-age=60"), LATER][..],
                5,
                Source::SMaxage,
            ),
            (
                &[("cache-control", "s-maxage=60, max-age=0"), PAST],
                60,
                Source::SMaxage,
            ),
            (
                &[("cache-control", "s-maxage=60, max-age=x")],
                60,
                Source::SMaxage,
            ),
            (
                &[("cache-control", "s-maxage=x, max-age=60")],
                0,
                Source::None,
            ),
            (
                &[("cache-control", "max-age=60"), LATER],
                60,
                Source::MaxAge,
            ),
            (&[("cache-control", "max-age=60"), PAST], 60, Source::MaxAge),
            (
                &[("cache-control", "max-age=60"), ("expires", "0")],
                60,
                Source::MaxAge,
            ),
            (&[("cache-control", "max-age=0"), LATER], 0, Source::MaxAge),
            (
                &[("cache-control", "max-age=99999999999")],
                1 << 31,
                Source::MaxAge,
            ),
            (&[LATER], 3600, Source::Expires),
            (&[PAST], 0, Source::Expires),
            (&[], 0, Source::None),
        ] {
            let mut lines = lines.to_vec();
            lines.push(date);
            let judged = judge(200, &lines, &rfc());
            assert_eq!(
                (judged.lifetime, judged.source),
                (s(lifetime), source),
                "{lines:?}"
            );
            assert!(!judged.always_validate);
        }
    }

    #[test]
    fn rule_2_3_an_unreadable_lifetime_is_stale_and_nothing_else_is_asked() {
        let mut bounds = bucket();
        bounds.min = s(100);
        for value in [
            "max-age",
            "max-age=",
            "max-age=-1",
            "max-age=1.5",
            "s-maxage=x",
            "max-age=5, max-age=x",
        ] {
            let lines = [
                ("cache-control", value),
                ("date", DATE),
                ("expires", "Wed, 01 Jul 2026 01:00:00 GMT"),
                ("last-modified", "Wed, 01 Jul 2020 00:00:00 GMT"),
            ];
            for bounds in [&rfc(), &bounds] {
                let judged = judge(200, &lines, bounds);
                assert_eq!(
                    (judged.lifetime, judged.source),
                    (s(0), Source::None),
                    "{value}"
                );
                assert!(!judged.is_explicit());
            }
        }
    }

    #[test]
    fn rule_2_4_expires() {
        for (lines, lifetime) in [
            // Skew on both sides cancels out: the origin's own Date counts.
            (
                &[
                    ("date", "Wed, 01 Jul 2020 00:00:00 GMT"),
                    ("expires", "Wed, 01 Jul 2020 00:01:00 GMT"),
                ][..],
                60,
            ),
            (
                &[
                    ("date", "Wed, 01 Jul 2030 00:00:00 GMT"),
                    ("expires", "Wed, 01 Jul 2026 00:01:00 GMT"),
                ],
                0,
            ),
            (&[("expires", "Wed, 01 Jul 2026 00:01:00 GMT")], 60),
            (
                &[
                    ("date", "soon"),
                    ("expires", "Wed, 01 Jul 2026 00:01:00 GMT"),
                ],
                60,
            ),
            (
                &[
                    ("date", DATE),
                    ("expires", "Wednesday, 01-Jul-26 00:01:00 GMT"),
                ],
                60,
            ),
            (
                &[("date", DATE), ("expires", "Wed Jul  1 00:01:00 2026")],
                60,
            ),
            (
                &[("date", DATE), ("expires", "wed, 01 jul 2026 00:01:00 gmt")],
                60,
            ),
            (&[("date", DATE), ("expires", "0")], 0),
            (&[("date", DATE), ("expires", "-1")], 0),
            (&[("date", DATE), ("expires", "")], 0),
            (
                &[("date", DATE), ("expires", "Wed, 01 Jul 2026 00:01:00 UTC")],
                0,
            ),
            (
                &[("date", DATE), ("expires", "Thu, 18 Aug 2050 02:01:18 GMT")],
                761_536_878,
            ),
            (
                &[
                    ("date", DATE),
                    ("expires", "Wed, 01 Jul 2026 00:01:00 GMT"),
                    ("expires", "Wed, 01 Jul 2026 00:01:00 GMT"),
                ],
                60,
            ),
            (
                &[
                    ("date", DATE),
                    ("expires", "Wed, 01 Jul 2026 00:01:00 GMT"),
                    ("expires", "Wed, 01 Jul 2026 00:02:00 GMT"),
                ],
                0,
            ),
        ] {
            let mut lines = lines.to_vec();
            // Would give a heuristic lifetime if an expired Expires were taken for silence.
            lines.push(("last-modified", "Wed, 01 Jan 2020 00:00:00 GMT"));
            let judged = judge(200, &lines, &rfc());
            assert_eq!(
                (judged.lifetime, judged.source),
                (s(lifetime), Source::Expires),
                "{lines:?}"
            );
            assert!(judged.is_explicit());
        }
    }

    #[test]
    fn rule_2_1_where_a_targeted_field_rules_cache_control_and_expires_do_not() {
        let expires = ("expires", "Wed, 01 Jul 2026 01:00:00 GMT");
        for (cdn, lifetime, source, always_validate) in [
            ("max-age=7", 7, Source::MaxAge, false),
            ("no-cache", 0, Source::None, true),
            ("none", 0, Source::None, false),
            ("max-age=\"7\"", 0, Source::None, false),
            ("", 60, Source::SMaxage, false),
            ("Max-Age=7", 60, Source::SMaxage, false),
        ] {
            let lines = [
                ("cdn-cache-control", cdn),
                ("cache-control", "s-maxage=60"),
                ("date", DATE),
                expires,
            ];
            let judged = judge(200, &lines, &rfc());
            assert_eq!(
                (judged.lifetime, judged.source, judged.always_validate),
                (s(lifetime), source, always_validate),
                "{cdn}"
            );
        }
    }

    #[test]
    fn rule_2_5_the_heuristic() {
        for (status, date, modified, cache_control, seconds) in [
            (200, DATE, "Wed, 01 Jul 2026 00:00:00 GMT", "", Some(0)),
            (200, DATE, "Tue, 30 Jun 2026 23:50:00 GMT", "", Some(60)),
            (200, DATE, "Wed, 01 Jul 2020 00:00:00 GMT", "", Some(DAY)),
            (200, DATE, "Wed, 01 Jul 2030 00:00:00 GMT", "", Some(0)),
            (200, "", "Tue, 30 Jun 2026 23:50:00 GMT", "", Some(60)),
            (200, DATE, "yesterday", "", None),
            (404, DATE, "Tue, 30 Jun 2026 23:50:00 GMT", "", Some(60)),
            (302, DATE, "Tue, 30 Jun 2026 23:50:00 GMT", "", None),
            (
                302,
                DATE,
                "Tue, 30 Jun 2026 23:50:00 GMT",
                "public",
                Some(60),
            ),
            (500, DATE, "Tue, 30 Jun 2026 23:50:00 GMT", "", None),
            (500, DATE, "Tue, 30 Jun 2026 23:50:00 GMT", "public", None),
            (501, DATE, "Tue, 30 Jun 2026 23:50:00 GMT", "", None),
        ] {
            let lines = [
                ("date", date),
                ("last-modified", modified),
                ("cache-control", cache_control),
            ];
            let judged = judge(status, &lines, &rfc());
            let expected = seconds.map_or((s(0), Source::None), |n| (s(n), Source::Heuristic));
            assert_eq!(
                (judged.lifetime, judged.source),
                expected,
                "{status} {lines:?}"
            );
            assert!(!judged.is_explicit());
            let off = Bounds {
                heuristic: false,
                ..rfc()
            };
            assert_eq!(judge(status, &lines, &off).source, Source::None);
        }
    }

    #[test]
    fn design_3_7_what_a_bucket_did_not_say() {
        let modified = ("last-modified", "Wed, 01 Jul 2020 00:00:00 GMT");
        for (status, cache_control, lifetime, source) in [
            (200, "", DAY, Source::Default),
            (200, "must-revalidate", DAY, Source::Default),
            (200, "no-cache", DAY, Source::Default),
            (200, "max-age=5", 5, Source::MaxAge),
            (200, "max-age=99999999", 365 * DAY, Source::MaxAge),
            (301, "", DAY, Source::Default),
            (404, "", 10, Source::Negative),
            (410, "", 10, Source::Negative),
            (414, "", 10, Source::Negative),
            (404, "public", 10, Source::Negative),
            (404, "max-age=5", 5, Source::MaxAge),
            (404, "max-age=x", 0, Source::None),
            (405, "", DAY, Source::Default),
            (302, "", 0, Source::None),
            (302, "public", DAY, Source::Default),
            (403, "", 0, Source::None),
            (500, "", 0, Source::None),
            (501, "", 0, Source::None),
            (503, "public", 0, Source::None),
            (503, "max-age=5", 5, Source::MaxAge),
        ] {
            let judged = judge(
                status,
                &[("cache-control", cache_control), modified],
                &bucket(),
            );
            assert_eq!(
                (judged.lifetime, judged.source),
                (s(lifetime), source),
                "{status} {cache_control}"
            );
        }
        // The operator's default comes before the heuristic.
        let both = Bounds {
            heuristic: true,
            ..bucket()
        };
        assert_eq!(judge(200, &[modified], &both).source, Source::Default);
    }

    #[test]
    fn design_3_7_lifetimes_are_clamped_but_restrictions_are_not_lengthened() {
        let bounds = Bounds {
            min: s(30),
            max: s(50),
            default: Some(s(1)),
            ..bucket()
        };
        for (status, cache_control, expires, lifetime) in [
            (200, "max-age=5", None, 30),
            (200, "max-age=40", None, 40),
            (200, "max-age=500", None, 50),
            (200, "s-maxage=0", None, 30),
            (200, "", Some("0"), 30),
            (200, "", None, 30),
            (200, "max-age=5, private", None, 5),
            (200, "max-age=5, no-store", None, 5),
            (200, "max-age=5, no-cache", None, 5),
            (200, "max-age=500, no-cache", None, 50),
            (200, "no-cache", None, 1),
            (200, "private", Some("0"), 0),
            (404, "", None, 10),
        ] {
            let mut lines = vec![("cache-control", cache_control)];
            lines.extend(expires.map(|value| ("expires", value)));
            assert_eq!(
                judge(status, &lines, &bounds).lifetime,
                s(lifetime),
                "{lines:?}"
            );
        }
        let upside_down = Bounds {
            min: s(60),
            max: s(5),
            ..bucket()
        };
        assert_eq!(
            judge(200, &[("cache-control", "max-age=9")], &upside_down).lifetime,
            s(5)
        );
        assert_eq!(judge(404, &[], &upside_down).lifetime, s(5));
    }

    #[test]
    fn rule_5_windows() {
        for (cache_control, while_revalidate, if_error) in [
            ("max-age=1", 0, DAY),
            ("max-age=1, stale-while-revalidate=10", 10, DAY),
            ("max-age=1, stale-if-error=20", 0, 20),
            ("max-age=1, stale-if-error=0", 0, 0),
            ("max-age=1, stale-if-error=x", 0, 0),
            ("max-age=1, stale-while-revalidate=x", 0, DAY),
            (
                "max-age=1, stale-while-revalidate=10, stale-while-revalidate=5",
                5,
                DAY,
            ),
            (
                "max-age=1, stale-while-revalidate=10, stale-if-error=20",
                10,
                20,
            ),
            (
                "max-age=1, stale-while-revalidate=10, stale-if-error=20, no-cache",
                0,
                0,
            ),
            (
                "max-age=1, stale-while-revalidate=10, stale-if-error=20, must-revalidate",
                0,
                0,
            ),
            (
                "max-age=1, stale-while-revalidate=10, stale-if-error=20, proxy-revalidate",
                0,
                0,
            ),
            ("s-maxage=1", 0, 0),
            ("s-maxage=x", 0, 0),
            ("s-maxage=1, stale-while-revalidate=10", 10, 0),
            ("s-maxage=1, stale-if-error=20", 0, 20),
            ("must-revalidate", 0, 0),
            (
                "max-age=1, stale-while-revalidate=99999999, stale-if-error=99999999",
                365 * DAY,
                365 * DAY,
            ),
            ("", 0, DAY),
        ] {
            let judged = judge(200, &[("cache-control", cache_control)], &bucket());
            assert_eq!(
                (judged.stale_while_revalidate, judged.stale_if_error),
                (s(while_revalidate), s(if_error)),
                "{cache_control}"
            );
        }
        // The ruling field's windows, not those of the field beside it.
        let lines = [
            ("cdn-cache-control", "s-maxage=1"),
            (
                "cache-control",
                "max-age=1, stale-if-error=20, stale-while-revalidate=5",
            ),
        ];
        let judged = judge(200, &lines, &bucket());
        assert_eq!(
            (judged.stale_while_revalidate, judged.stale_if_error),
            (s(0), s(0))
        );
    }

    #[test]
    fn what_the_bounds_made_of_a_lifetime_is_told() {
        let bounds = Bounds {
            min: s(100),
            max: s(200),
            default: Some(s(300)),
            ..bucket()
        };
        for (status, value, given, lifetime, clamp) in [
            (200, "max-age=50", 50, 100, Clamp::Min),
            (200, "max-age=100", 100, 100, Clamp::None),
            (200, "s-maxage=150", 150, 150, Clamp::None),
            (200, "max-age=201", 201, 200, Clamp::Max),
            (200, "max-age=50, no-cache", 50, 50, Clamp::None),
            (200, "", 300, 200, Clamp::Max),
            (404, "", 10, 10, Clamp::None),
            (200, "max-age=x", 0, 0, Clamp::None),
        ] {
            let judged = judge(status, &[("cache-control", value)], &bounds);
            assert_eq!(
                (judged.given, judged.lifetime, judged.clamp()),
                (s(given), s(lifetime), clamp),
                "{status} {value}"
            );
        }
    }

    #[test]
    fn rules_2_2_and_5_the_state_at_each_age() {
        let stale = |while_revalidate, if_error| State::Stale {
            while_revalidate,
            if_error,
        };
        let judged = Freshness {
            lifetime: s(60),
            source: Source::MaxAge,
            given: s(60),
            always_validate: false,
            stale_while_revalidate: s(10),
            stale_if_error: s(20),
        };
        let nano = Duration::from_nanos(1);
        for (age, expected) in [
            (s(0), State::Fresh),
            (s(60) - nano, State::Fresh),
            (s(60), stale(true, true)),
            (s(70), stale(true, true)),
            (s(70) + nano, stale(false, true)),
            (s(80), stale(false, true)),
            (s(80) + nano, stale(false, false)),
            (Duration::MAX, stale(false, false)),
        ] {
            assert_eq!(judged.state(age), expected, "{age:?}");
        }
        let validated = Freshness {
            always_validate: true,
            ..judged
        };
        assert_eq!(validated.state(s(0)), stale(false, false));
        let strict = Freshness {
            stale_while_revalidate: s(0),
            stale_if_error: s(0),
            ..judged
        };
        assert_eq!(strict.state(s(60)), stale(false, false));
        let zero = Freshness {
            lifetime: s(0),
            ..strict
        };
        assert_eq!(zero.state(s(0)), stale(false, false));
        let endless = Freshness {
            lifetime: Duration::MAX,
            ..judged
        };
        assert_eq!(endless.state(Duration::MAX), stale(true, true));
    }

    #[test]
    fn rule_5_immutable_does_not_lengthen_freshness() {
        let with = judge(200, &[("cache-control", "max-age=60, immutable")], &rfc());
        assert_eq!(with, judge(200, &[("cache-control", "max-age=60")], &rfc()));
    }

    #[test]
    fn every_source_has_its_word() {
        for (source, word) in [
            (Source::SMaxage, "s-maxage"),
            (Source::MaxAge, "max-age"),
            (Source::Expires, "expires"),
            (Source::Default, "default"),
            (Source::Heuristic, "heuristic"),
            (Source::Negative, "negative"),
            (Source::None, "none"),
        ] {
            assert_eq!(source.as_str(), word);
        }
    }

    proptest! {
        #[test]
        fn judging_stays_within_the_bounds_and_ageing_never_refreshes(
            cache_control in r#"((no-cache|private|public|must-revalidate|(max-age|s-maxage|stale-if-error|stale-while-revalidate)=[0-9]{0,12}), ?){0,4}"#,
            expires in prop::option::of("[ -~]{0,30}"),
            status in 100..1000u16,
            min in any::<u64>(), max in any::<u64>(), default in prop::option::of(any::<u64>()),
            stale_on_error in any::<u64>(), negative in prop::option::of(any::<u64>()),
            received in any::<i64>(),
            age in any::<u64>(), more in any::<u64>(),
        ) {
            let bounds = Bounds {
                min: s(min), default: default.map(s), max: s(max), heuristic: true,
                negative: negative.map(s), missing: Missing::default(), stale_on_error: s(stale_on_error),
            };
            let mut lines = vec![("cache-control", cache_control.as_str())];
            lines.extend(expires.iter().map(|value| ("expires", value.as_str())));
            let judged = Freshness::judge(
                StatusCode::from_u16(status).unwrap(), &map(&lines), UnixTime::from_millis(received), &bounds,
            );
            prop_assert!(judged.lifetime <= bounds.max);
            prop_assert!(judged.stale_if_error <= bounds.max);
            prop_assert!(judged.stale_while_revalidate <= bounds.max);

            let rank = |state| match state {
                State::Fresh => 0,
                State::Stale { while_revalidate, if_error } =>
                    1 + u8::from(!while_revalidate) + u8::from(!if_error),
            };
            let young = judged.state(s(age));
            let old = judged.state(s(age.saturating_add(more)));
            prop_assert!(rank(young) <= rank(old));
        }
    }
}
