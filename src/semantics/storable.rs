//! May this response be stored, and if not, why (RFC 9111 3)?
//!
//! Every rule must hold; the first that fails is the answer. What this file cannot see is the
//! caller's: that the message is complete, that it fits the size limits, what becomes of Set-Cookie
//! lines, and limits that a policy sets on single statuses.

use http::{HeaderMap, StatusCode, header};

use super::directives::{Delta, Directives};
use super::freshness::{Freshness, is_heuristically_cacheable};
use super::reason::Reason;
use super::targeted::Ruling;
use super::vary;

/// What the request was, as far as it bears on storing. It speaks of the request *as forwarded*.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Asked {
    /// Whether the method was GET.
    pub get: bool,
    /// Whether the viewer's Authorization was forwarded. The edge's own signature does not count.
    pub authorization: bool,
    /// Whether a Cookie was forwarded that is not part of the cache key.
    pub unkeyed_cookie: bool,
}

/// Whether a response may be stored. `freshness` is what [`Freshness::judge`] said of this status
/// and these `headers`.
///
/// no-cache, a lifetime of zero and an unreadable lifetime do not forbid storing: with a validator
/// such an entry is revalidated on each use (RFC 9111 5.2.2.4).
pub fn storable(
    asked: &Asked,
    status: StatusCode,
    headers: &HeaderMap,
    freshness: &Freshness,
) -> Result<(), Reason> {
    let directives = Ruling::of(headers).directives;
    let refused = [
        (!asked.get, Reason::Method),
        (status == StatusCode::PARTIAL_CONTENT, Reason::Partial),
        (is_never_stored(status, &directives), Reason::Status),
        (
            // must-understand replaces no-store for a cache that knows the status (5.2.2.3).
            directives.no_store && !directives.must_understand,
            Reason::NoStore,
        ),
        (directives.private, Reason::Private),
        (
            asked.authorization && !permits_sharing(&directives),
            Reason::Authorization,
        ),
        (vary::matches_nothing(headers), Reason::VaryStar),
        (
            !freshness.is_explicit() && headers.contains_key(header::SET_COOKIE),
            Reason::SetCookie,
        ),
        (
            !freshness.is_explicit() && asked.unkeyed_cookie,
            Reason::UnkeyedCookie,
        ),
        (
            !is_permitted(status, &directives, freshness) || !is_reusable(headers, freshness),
            Reason::NoLifetime,
        ),
    ];
    match refused.into_iter().find(|(failed, _)| *failed) {
        Some((_, why)) => Err(why),
        None => Ok(()),
    }
}

fn is_never_stored(status: StatusCode, directives: &Directives) -> bool {
    status.is_informational()
        || status == StatusCode::NOT_MODIFIED
        || status == StatusCode::RANGE_NOT_SATISFIABLE
        || (directives.must_understand && !is_understood(status))
}

/// The statuses whose caching rules this cache knows and follows (RFC 9111 3).
fn is_understood(status: StatusCode) -> bool {
    (is_heuristically_cacheable(status) && status != StatusCode::PARTIAL_CONTENT)
        || matches!(
            status.as_u16(),
            302 | 303 | 307 | 400 | 403 | 429 | 500 | 502 | 503 | 504
        )
}

fn permits_sharing(directives: &Directives) -> bool {
    directives.public
        || directives.must_revalidate
        || matches!(directives.s_maxage, Some(Delta::Seconds(_)))
}

/// Whether the status may be stored with this kind of lifetime.
fn is_permitted(status: StatusCode, directives: &Directives, freshness: &Freshness) -> bool {
    if status.is_server_error() {
        // A failure replaces a good entry only where the origin asks for that, and for a time.
        return freshness.is_explicit()
            && !freshness.lifetime.is_zero()
            && !freshness.always_validate;
    }
    is_heuristically_cacheable(status) || directives.public || freshness.is_explicit()
}

/// Whether there is a way to use the entry again: while fresh, by revalidation, or stale by permission.
fn is_reusable(headers: &HeaderMap, freshness: &Freshness) -> bool {
    let has_validator =
        headers.contains_key(header::ETAG) || headers.contains_key(header::LAST_MODIFIED);
    let fresh = !freshness.lifetime.is_zero() && !freshness.always_validate;
    let stale = freshness.is_explicit()
        && !(freshness.stale_while_revalidate.is_zero() && freshness.stale_if_error.is_zero());
    has_validator || fresh || stale
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::HeaderValue;
    use proptest::prelude::*;

    use super::super::dates::UnixTime;
    use super::super::freshness::{Bounds, Missing};
    use super::*;

    const GET: Asked = Asked {
        get: true,
        authorization: false,
        unkeyed_cookie: false,
    };

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

    fn with_default() -> Bounds {
        Bounds {
            default: Some(Duration::from_secs(60)),
            negative: Some(Duration::from_secs(10)),
            missing: Missing::default(),
            stale_on_error: Duration::from_secs(60),
            ..rfc()
        }
    }

    fn ask(
        asked: &Asked,
        status: u16,
        lines: &[(&'static str, &str)],
        bounds: &Bounds,
    ) -> Result<(), Reason> {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        let status = StatusCode::from_u16(status).unwrap();
        let received = UnixTime::from_secs(1_782_864_000);
        let freshness = Freshness::judge(status, &headers, received, bounds);
        storable(asked, status, &headers, &freshness)
    }

    fn get(status: u16, lines: &[(&'static str, &str)]) -> Result<(), Reason> {
        ask(&GET, status, lines, &rfc())
    }

    const FRESH: (&str, &str) = ("cache-control", "max-age=60");
    const TAG: (&str, &str) = ("etag", "\"a\"");

    #[test]
    fn rule_1_1_only_get() {
        assert_eq!(get(200, &[FRESH]), Ok(()));
        let other = Asked { get: false, ..GET };
        assert_eq!(ask(&other, 200, &[FRESH], &rfc()), Err(Reason::Method));
    }

    #[test]
    fn rule_1_2_statuses_that_are_never_entries() {
        for (status, why) in [
            (100, Reason::Status),
            (103, Reason::Status),
            (304, Reason::Status),
            (416, Reason::Status),
            (206, Reason::Partial),
        ] {
            assert_eq!(get(status, &[FRESH, TAG]), Err(why), "{status}");
            let public = ("cache-control", "public, max-age=60");
            assert_eq!(get(status, &[public, TAG]), Err(why), "{status}");
        }
    }

    #[test]
    fn rules_1_3_and_1_4_no_store_must_understand_private() {
        for (status, value, expected) in [
            (200, "no-store, max-age=60", Err(Reason::NoStore)),
            (200, "NO-STORE", Err(Reason::NoStore)),
            (200, "no-store, must-understand, max-age=60", Ok(())),
            (
                200,
                "no-store, must-understand=1, max-age=60",
                Err(Reason::NoStore),
            ),
            (200, "must-understand, max-age=60", Ok(())),
            (503, "no-store, must-understand, max-age=60", Ok(())),
            (
                599,
                "no-store, must-understand, max-age=60",
                Err(Reason::Status),
            ),
            (599, "must-understand, max-age=60", Err(Reason::Status)),
            (299, "must-understand, max-age=60", Err(Reason::Status)),
            (206, "must-understand, max-age=60", Err(Reason::Partial)),
            (200, "private, max-age=60", Err(Reason::Private)),
            (200, "private=\"x-a\", max-age=60", Err(Reason::Private)),
            (
                200,
                "private, no-store, must-understand",
                Err(Reason::Private),
            ),
            (200, "private, public, s-maxage=60", Err(Reason::Private)),
        ] {
            assert_eq!(
                get(status, &[("cache-control", value)]),
                expected,
                "{status} {value}"
            );
        }
    }

    #[test]
    fn rule_2_1_the_targeted_field_alone_decides() {
        for (cdn, cache_control, expected) in [
            ("max-age=60", "no-store, private", Ok(())),
            ("no-store", "max-age=60", Err(Reason::NoStore)),
            ("private", "max-age=60", Err(Reason::Private)),
            ("", "no-store", Err(Reason::NoStore)),
            ("max-age=60,", "no-store", Err(Reason::NoStore)),
        ] {
            let lines = [("cdn-cache-control", cdn), ("cache-control", cache_control)];
            assert_eq!(get(200, &lines), expected, "{cdn} {cache_control}");
        }
        let authorized = Asked {
            authorization: true,
            ..GET
        };
        let lines = [
            ("cdn-cache-control", "max-age=60"),
            ("cache-control", "public"),
        ];
        assert_eq!(
            ask(&authorized, 200, &lines, &rfc()),
            Err(Reason::Authorization)
        );
    }

    #[test]
    fn rule_1_5_authorization_needs_permission() {
        let authorized = Asked {
            authorization: true,
            ..GET
        };
        for (value, expected) in [
            ("max-age=60", Err(Reason::Authorization)),
            ("max-age=60, proxy-revalidate", Err(Reason::Authorization)),
            ("max-age=60, s-maxage=x", Err(Reason::Authorization)),
            ("max-age=60, public=1", Err(Reason::Authorization)),
            ("max-age=60, public", Ok(())),
            ("s-maxage=60", Ok(())),
            ("max-age=60, must-revalidate", Ok(())),
        ] {
            let lines = [("cache-control", value), TAG];
            assert_eq!(ask(&authorized, 200, &lines, &rfc()), expected, "{value}");
        }
    }

    #[test]
    fn rule_1_6_without_explicit_freshness_only_certain_statuses() {
        let heuristic = [200, 203, 204, 300, 301, 308, 404, 405, 410, 414];
        for status in 200..1000u16 {
            if [206, 304, 416].contains(&status) {
                continue;
            }
            let failure = (500..600).contains(&status);
            let listed = heuristic.contains(&status);
            let expect = |ok: bool| {
                if ok { Ok(()) } else { Err(Reason::NoLifetime) }
            };
            assert_eq!(
                get(status, &[TAG]),
                expect(listed),
                "{status} with a validator"
            );
            assert_eq!(get(status, &[]), expect(false), "{status} with nothing");
            assert_eq!(
                ask(&GET, status, &[], &with_default()),
                expect(listed),
                "{status} under a default lifetime"
            );
            let public = ("cache-control", "public");
            assert_eq!(
                get(status, &[public, TAG]),
                expect(!failure),
                "{status} public"
            );
            assert_eq!(get(status, &[FRESH]), Ok(()), "{status} explicit");
            let expires = ("expires", "Thu, 01 Jan 2099 00:00:00 GMT");
            assert_eq!(get(status, &[expires]), Ok(()), "{status} Expires");
            let unreadable = ("cache-control", "max-age=x");
            assert_eq!(
                get(status, &[unreadable, TAG]),
                expect(listed),
                "{status} unreadable"
            );
        }
    }

    #[test]
    fn rule_1_6_a_failure_is_stored_only_for_a_time() {
        for (value, expected) in [
            ("max-age=1", Ok(())),
            ("max-age=0", Err(Reason::NoLifetime)),
            ("max-age=60, no-cache", Err(Reason::NoLifetime)),
            ("no-cache", Err(Reason::NoLifetime)),
        ] {
            let lines = [("cache-control", value), TAG];
            assert_eq!(ask(&GET, 500, &lines, &with_default()), expected, "{value}");
        }
    }

    #[test]
    fn rule_1_an_entry_without_lifetime_needs_another_use() {
        let modified = ("last-modified", "Wed, 01 Jul 2020 00:00:00 GMT");
        for (lines, expected) in [
            (&[("cache-control", "no-cache")][..], false),
            (&[("cache-control", "no-cache, max-age=60")], false),
            (&[("cache-control", "no-cache"), TAG], true),
            (&[("cache-control", "no-cache"), modified], true),
            (&[("cache-control", "max-age=0")], false),
            (&[("cache-control", "max-age=0"), TAG], true),
            (
                &[("cache-control", "max-age=0, stale-while-revalidate=60")],
                true,
            ),
            (&[("cache-control", "max-age=0, stale-if-error=60")], true),
            (&[("cache-control", "stale-if-error=60")], false),
            (&[("cache-control", "max-age=x")], false),
            (&[("cache-control", "max-age=x"), TAG], true),
            (&[("expires", "0")], false),
            (&[("expires", "0"), TAG], true),
            (&[("cache-control", "public")], false),
        ] {
            let expected = if expected {
                Ok(())
            } else {
                Err(Reason::NoLifetime)
            };
            assert_eq!(get(200, lines), expected, "{lines:?}");
        }
    }

    #[test]
    fn rule_1_7_a_star_anywhere_in_vary() {
        for (lines, expected) in [
            (&["*"][..], false),
            (&[" * "], false),
            (&["accept, *"], false),
            (&["*,accept"], false),
            (&[",,*,,"], false),
            (&["accept", "*"], false),
            (&["accept"], true),
            (&["accept*"], true),
            (&["**"], true),
            (&[""], true),
        ] {
            let mut headers = vec![FRESH];
            headers.extend(lines.iter().map(|line| ("vary", *line)));
            let expected = if expected {
                Ok(())
            } else {
                Err(Reason::VaryStar)
            };
            assert_eq!(get(200, &headers), expected, "{lines:?}");
        }
    }

    #[test]
    fn rules_1_9_and_1_11_cookies_need_an_explicit_lifetime() {
        let sent = Asked {
            unkeyed_cookie: true,
            ..GET
        };
        let cookie = ("set-cookie", "id=1");
        for (status, lines, explicit) in [
            (200, &[FRESH][..], true),
            (200, &[("cache-control", "s-maxage=60")], true),
            (200, &[("expires", "Thu, 01 Jan 2099 00:00:00 GMT")], true),
            (200, &[], false),
            (
                200,
                &[("last-modified", "Wed, 01 Jul 2020 00:00:00 GMT")],
                false,
            ),
            (200, &[TAG], false),
            (200, &[("cache-control", "max-age=x"), TAG], false),
            (404, &[], false),
        ] {
            let expect = |why| if explicit { Ok(()) } else { Err(why) };
            for bounds in [&rfc(), &with_default()] {
                assert_eq!(
                    ask(&sent, status, lines, bounds),
                    expect(Reason::UnkeyedCookie),
                    "{lines:?}"
                );
                let mut with_cookie = lines.to_vec();
                with_cookie.push(cookie);
                assert_eq!(
                    ask(&GET, status, &with_cookie, bounds),
                    expect(Reason::SetCookie),
                    "{lines:?}"
                );
            }
        }
    }

    proptest! {
        /// Restrictions only ever take away: a further line with one never makes storable what was not,
        /// and no-store and private without must-understand always forbid.
        #[test]
        fn a_restriction_never_makes_more_storable(
            get in any::<bool>(), authorization in any::<bool>(), unkeyed_cookie in any::<bool>(),
            status in prop_oneof![100..600u16, Just(200), Just(404), Just(302)],
            before in prop::collection::vec(prop::sample::select(vec![
                "public", "private", "no-cache", "no-store", "must-understand", "max-age=60", "max-age=0",
                "max-age=x", "s-maxage=60", "must-revalidate", "stale-if-error=60", "a=\"b", "a=\"b, c\"",
            ]), 0..5),
            cdn in prop::option::of(prop::sample::select(vec!["max-age=60", "no-store", "", "max-age=60,", "none"])),
            other in prop::collection::vec(prop::sample::select(vec![
                ("etag", "\"a\""), ("vary", "*"), ("vary", "accept"), ("set-cookie", "a=b"),
                ("expires", "0"), ("expires", "Thu, 01 Jan 2099 00:00:00 GMT"),
                ("last-modified", "Wed, 01 Jul 2020 00:00:00 GMT"),
            ]), 0..4),
            restriction in prop::sample::select(vec!["no-store", "private", "NO-STORE=1", "private=\"a\""]),
            first in any::<bool>(),
            min in 0..100u64, default in prop::option::of(0..100u64),
        ) {
            let asked = Asked { get, authorization, unkeyed_cookie };
            let bounds = Bounds { min: Duration::from_secs(min), default: default.map(Duration::from_secs), ..with_default() };
            let joined = before.join(", ");
            let mut lines = other;
            lines.extend(cdn.map(|value| ("cdn-cache-control", value)));
            lines.push(("cache-control", &joined));
            let without = ask(&asked, status, &lines, &bounds);
            let position = if first { 0 } else { lines.len() };
            lines.insert(position, ("cache-control", restriction));
            let with = ask(&asked, status, &lines, &bounds);
            prop_assert!(with.is_err() || without.is_ok());
            let ignored = matches!(cdn, Some("max-age=60" | "none"));
            if !ignored && !before.contains(&"must-understand") {
                prop_assert!(with.is_err());
            }
        }
    }
}
