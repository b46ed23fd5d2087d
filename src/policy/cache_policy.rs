//! How long answers live when the origin left it open: the presets and what they fix.
//!
//! A [`CachePolicy`] is the operator's half of freshness; the other half, what a response said for itself, is judged in
//! `semantics::freshness` with these [`Bounds`]. This file does not decide whether anything is fresh.

use std::time::Duration;

use crate::semantics::freshness::Bounds;

/// The operator's decisions about lifetimes, under the name of the preset that they started from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CachePolicy {
    /// Name of the preset; it stays when single values were overridden.
    pub name: String,
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
    pub const PRESETS: &'static [&'static str] = &["CloudFront", "RFC9111"];

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
    pub fn preset(name: &str) -> Option<Self> {
        let bounds = match name {
            "CloudFront" => Bounds {
                min: Duration::ZERO,
                default: Some(DAY),
                max: YEAR,
                heuristic: false,
                negative: Some(Duration::from_secs(10)),
                stale_on_error: DAY,
            },
            "RFC9111" => Bounds {
                min: Duration::ZERO,
                default: None,
                max: Self::NO_MAXIMUM,
                heuristic: true,
                negative: None,
                stale_on_error: Duration::ZERO,
            },
            _ => return None,
        };
        Some(Self {
            name: name.to_owned(),
            bounds,
            viewer: ViewerCacheControl::Ignore,
            set_cookie: SetCookie::Strip,
            error_ttl: Duration::from_secs(10),
        })
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

    #[test]
    fn names_are_exact() {
        for name in ["cloudfront", "RFC 9111", ""] {
            assert_eq!(CachePolicy::preset(name), None, "{name}");
        }
    }
}
