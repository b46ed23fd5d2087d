//! How long answers live when the origin left it open, and what tells them apart: the presets and what they fix.
//!
//! A [`CachePolicy`] is the operator's half of freshness; the other half, what a response said for itself, is judged in
//! `semantics::freshness` with these [`Bounds`]. This file does not decide whether anything is fresh.

use std::time::Duration;

use http::HeaderName;

use super::key_parts::KeyParts;
use super::names::{Choice, Names};
use super::tracking::TRACKING;
use crate::semantics::freshness::{Bounds, Missing};

/// The operator's decisions about lifetimes and the key, under the name that they were given or started from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CachePolicy {
    /// Name of the preset, or of the operator's own policy; it stays when single values were overridden.
    pub name: String,
    /// Whether anything is stored at all. If not, every request goes to the origin by itself.
    pub stores: bool,
    /// What of a request is in the key.
    pub key: KeyParts,
    /// Clamps, defaults and stale windows.
    pub bounds: Bounds,
    /// Whether the Cache-Control of viewers counts; ignored in every preset.
    pub viewer: ViewerCacheControl,
    /// What becomes of Set-Cookie in an answer that is stored; stripped in every preset.
    pub set_cookie: SetCookie,
    /// Wait before the next attempt at a failed origin while a stale copy is served; 10 s in every preset.
    pub error_ttl: Duration,
}

/// What becomes of `no-cache`, `no-store`, `max-age` and `min-fresh` in a request (RFC 9111 section
/// 5.2.1, all of it advice). `only-if-cached` is honoured and `max-stale` is not, whatever this says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ViewerCacheControl {
    /// Nothing: a viewer cannot make the edge ask its origin. So do CloudFront and most other CDNs.
    Ignore,
    /// It is followed: what the viewer does not take as it is gets validated.
    Honor,
}

/// What becomes of the Set-Cookie lines of an answer with an explicit lifetime. Under any other lifetime
/// such an answer is not stored at all.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SetCookie {
    /// It is stored without them: only the viewer whose request caused the fetch gets them.
    Strip,
    /// It is stored with them, and every viewer gets them (RFC 9111 section 7.3 warns of it).
    Store,
    /// It is never stored.
    Refuse,
}

impl CachePolicy {
    /// Names that [`CachePolicy::preset`] knows, the default one first.
    pub const PRESETS: &'static [&'static str] = &[
        "CloudFront",
        "RFC9111",
        "CachingOptimized",
        "CachingOptimizedForUncompressedObjects",
        "CachingDisabled",
        "UseOriginCacheControlHeaders",
        "UseOriginCacheControlHeaders-QueryStrings",
        "IgnoreTracking",
    ];

    /// Upper clamp that clamps nothing: 2^31 s, the largest delta-seconds that a cache must tell apart (RFC 9111
    /// section 1.2.2). It stands where a preset sets no maximum, so that arithmetic on it cannot overflow.
    pub const NO_MAXIMUM: Duration = Duration::from_secs(1 << 31);

    /// The preset of that name, case-sensitive; `None` if there is none.
    ///
    /// | | `CloudFront` | `RFC9111` |
    /// |---|---|---|
    /// | heuristic lifetimes | off | on |
    /// | min / default / max | 0 / 86 400 s / 31 536 000 s | 0 / none / none |
    /// | 404, 410, 414 without freshness | 10 s | as RFC 9111 says |
    /// | stale when the origin fails and said nothing about it | 86 400 s | 0 |
    /// | Cache-Control of viewers | ignored | ignored |
    /// | Set-Cookie | stripped | stripped |
    ///
    /// `IgnoreTracking` is `RFC9111` (only a web server has a use for it) without the parameters of
    /// [`TRACKING`]. The others have the names and published values of CloudFront's managed policies ("Use
    /// managed cache policies"), and else what `CloudFront` has, with these differences:
    ///
    /// - `min` lengthens only what is storable anyway;
    /// - `CachingDisabled` keeps no failure and no stale copy either, and its query is the whole one: what is
    ///   not in the key is not forwarded here, and an application must get its query;
    /// - Host is in the key wherever it is forwarded, and only there, whatever the policy.
    pub fn preset(name: &str) -> Option<Self> {
        let key = match name {
            "CloudFront" | "RFC9111" | "CachingDisabled" => KeyParts::TARGET,
            "CachingOptimized" => KeyParts {
                accept_encoding: true,
                ..KeyParts::PATH
            },
            "CachingOptimizedForUncompressedObjects" => KeyParts::PATH,
            "UseOriginCacheControlHeaders" => of_an_application(Choice::None),
            "UseOriginCacheControlHeaders-QueryStrings" => of_an_application(Choice::All),
            "IgnoreTracking" => KeyParts {
                query: Choice::Except(Names::new(TRACKING.iter().copied()).ok()?),
                ..KeyParts::TARGET
            },
            _ => return None,
        };
        let cloudfront = Bounds {
            min: Duration::ZERO,
            default: Some(DAY),
            max: YEAR,
            heuristic: false,
            negative: Some(Duration::from_secs(10)),
            missing: Missing::default(),
            stale_on_error: DAY,
        };
        let bounds = match name {
            "RFC9111" | "IgnoreTracking" => Bounds {
                min: Duration::ZERO,
                default: None,
                max: Self::NO_MAXIMUM,
                heuristic: true,
                negative: None,
                missing: Missing::default(),
                stale_on_error: Duration::ZERO,
            },
            "CachingOptimized" | "CachingOptimizedForUncompressedObjects" => Bounds {
                min: Duration::from_secs(1),
                ..cloudfront
            },
            "CachingDisabled" => Bounds {
                default: Some(Duration::ZERO),
                max: Duration::ZERO,
                negative: None,
                stale_on_error: Duration::ZERO,
                ..cloudfront
            },
            "UseOriginCacheControlHeaders" | "UseOriginCacheControlHeaders-QueryStrings" => {
                Bounds {
                    default: Some(Duration::ZERO),
                    ..cloudfront
                }
            }
            _ => cloudfront,
        };
        Some(Self {
            name: name.to_owned(),
            stores: name != "CachingDisabled",
            key,
            bounds,
            viewer: ViewerCacheControl::Ignore,
            set_cookie: SetCookie::Strip,
            error_ttl: Duration::from_secs(10),
        })
    }
}

/// What `UseOriginCacheControlHeaders` keys.
fn of_an_application(query: Choice) -> KeyParts {
    const HEADERS: [&str; 4] = [
        "origin",
        "x-http-method",
        "x-http-method-override",
        "x-method-override",
    ];
    KeyParts {
        query,
        sort_query: false,
        headers: HEADERS.map(HeaderName::from_static).to_vec(),
        cookies: Choice::All,
        accept_encoding: true,
    }
}

const DAY: Duration = Duration::from_secs(86_400);
const YEAR: Duration = Duration::from_secs(31_536_000);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_preset_exists_under_its_name_and_orders_its_bounds() {
        for name in CachePolicy::PRESETS {
            let policy = CachePolicy::preset(name).unwrap();
            assert_eq!(policy.name, *name);
            let default = policy.bounds.default.unwrap_or(policy.bounds.min);
            assert!(policy.bounds.min <= default && default <= policy.bounds.max);
            assert_eq!(policy.error_ttl.as_secs(), 10);
        }
    }

    #[test]
    fn cloudfront_has_the_published_values() {
        let bounds = CachePolicy::preset("CloudFront").unwrap().bounds;
        assert_eq!(bounds.min.as_secs(), 0);
        assert_eq!(bounds.default.unwrap().as_secs(), 86_400);
        assert_eq!(bounds.max.as_secs(), 31_536_000);
        assert_eq!(bounds.negative.unwrap().as_secs(), 10);
        assert_eq!(bounds.stale_on_error.as_secs(), 86_400);
        assert!(!bounds.heuristic);
    }

    #[test]
    fn rfc9111_adds_nothing_of_its_own_but_the_heuristic() {
        let bounds = CachePolicy::preset("RFC9111").unwrap().bounds;
        assert_eq!(bounds.min.as_secs(), 0);
        assert_eq!(bounds.default, None);
        assert_eq!(bounds.max.as_secs(), 2_147_483_648);
        assert_eq!(bounds.negative, None);
        assert_eq!(bounds.stale_on_error.as_secs(), 0);
        assert!(bounds.heuristic);
    }

    /// min, default and max in seconds, what is in the key, and whether anything is stored.
    #[test]
    fn the_managed_policies_have_their_published_values() {
        let override_fields = "origin x-http-method x-http-method-override x-method-override";
        let application = format!("headers {override_fields}, cookies all, accept-encoding");
        for (name, ttl, key, stores) in [
            (
                "CachingOptimized",
                (1, 86_400, 31_536_000),
                "query none, accept-encoding",
                true,
            ),
            (
                "CachingOptimizedForUncompressedObjects",
                (1, 86_400, 31_536_000),
                "query none",
                true,
            ),
            ("CachingDisabled", (0, 0, 0), "query all", false),
            (
                "UseOriginCacheControlHeaders",
                (0, 0, 31_536_000),
                &format!("query none, {application}"),
                true,
            ),
            (
                "UseOriginCacheControlHeaders-QueryStrings",
                (0, 0, 31_536_000),
                &format!("query all, {application}"),
                true,
            ),
        ] {
            let policy = CachePolicy::preset(name).unwrap();
            let Bounds {
                min, default, max, ..
            } = policy.bounds;
            let found = (min.as_secs(), default.unwrap().as_secs(), max.as_secs());
            assert_eq!(found, ttl, "{name}");
            assert_eq!(policy.key.to_string(), key, "{name}");
            assert_eq!(policy.stores, stores, "{name}");
            assert!(!policy.bounds.heuristic);
        }
    }

    #[test]
    fn to_ignore_tracking_is_to_live_as_rfc9111_says() {
        let (policy, plain) = (
            CachePolicy::preset("IgnoreTracking").unwrap(),
            CachePolicy::preset("RFC9111").unwrap(),
        );
        assert_eq!(policy.bounds, plain.bounds);
        for (name, taken) in [("utm_campaign", false), ("fbclid", false), ("q", true)] {
            assert_eq!(policy.key.query.takes(name.as_bytes()), taken, "{name}");
        }
    }

    #[test]
    fn names_are_exact() {
        for name in ["cloudfront", "RFC 9111", ""] {
            assert_eq!(CachePolicy::preset(name), None, "{name}");
        }
    }
}
