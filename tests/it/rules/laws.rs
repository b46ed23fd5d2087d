//! Laws that hold for every message, not only for those in the tables.

use std::time::Duration;

use http::{HeaderMap, Method, StatusCode};
use proptest::prelude::*;
use seawall::semantics::age::{AgeBase, Instant};
use seawall::semantics::cache_status::{CacheStatus, Forward};
use seawall::semantics::dates::{self, UnixTime};
use seawall::semantics::directives::{Delta, Directives};
use seawall::semantics::fields;
use seawall::semantics::freshness::{Bounds, Freshness, State};
use seawall::semantics::range;
use seawall::semantics::storable::{Asked, storable};
use seawall::semantics::validators;

use super::strict;
use super::words::{NOW, cloudfront, map, rfc, text};

/// Directives of every kind, sound and unsound.
const DIRECTIVES: &[&str] = &[
    "public",
    "private",
    "private=\"a, b\"",
    "no-cache",
    "no-cache=\"set-cookie\"",
    "no-store",
    "must-understand",
    "must-revalidate",
    "proxy-revalidate",
    "no-transform",
    "immutable",
    "foo=bar",
    "x=\"a, max-age=9\"",
    "max-age=60",
    "max-age=0",
    "max-age=x",
    "max-age=\"30\"",
    "s-maxage=90",
    "s-maxage=0",
    "stale-while-revalidate=10",
    "stale-if-error=20",
    "stale-if-error=y",
];

/// Fields beside Cache-Control.
const FIELDS: &[&str] = &[
    "etag: \"a\"",
    "vary: accept",
    "vary: *",
    "set-cookie: a=b",
    "expires: 0",
    "expires: Thu, 01 Jan 2099 00:00:00 GMT",
    "last-modified: Mon, 01 Jun 2020 00:00:00 GMT",
    "date: Wed, 01 Jul 2026 00:00:00 GMT",
    "age: 40",
    "pragma: no-cache",
    "x-a: 1",
];

fn directives() -> impl Strategy<Value = Vec<&'static str>> {
    prop::collection::vec(prop::sample::select(DIRECTIVES), 0..6)
}

fn others() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(FIELDS), 0..5).prop_map(|lines| lines.join("\n"))
}

fn statuses() -> impl Strategy<Value = u16> {
    prop_oneof![100..600u16, Just(200), Just(404), Just(302)]
}

fn asked() -> impl Strategy<Value = Asked> {
    any::<(bool, bool, bool)>().prop_map(|(get, authorization, unkeyed_cookie)| Asked {
        get,
        authorization,
        unkeyed_cookie,
    })
}

fn bounds() -> impl Strategy<Value = Bounds> {
    prop_oneof![Just(rfc()), Just(cloudfront())]
}

/// The message in each letter case, split over lines or not.
fn spelled(directives: &[&str], upper: bool, split: bool) -> String {
    let line = |text: String| {
        let text = if upper { text.to_uppercase() } else { text };
        format!("cache-control: {text}")
    };
    if split {
        let lines: Vec<_> = directives
            .iter()
            .map(|one| line((*one).to_owned()))
            .collect();
        lines.join("\n")
    } else {
        line(directives.join(", "))
    }
}

fn stored(asked: &Asked, status: u16, headers: &HeaderMap, bounds: &Bounds) -> bool {
    let status = StatusCode::from_u16(status).unwrap();
    let freshness = Freshness::judge(status, headers, NOW, bounds);
    storable(asked, status, headers, &freshness).is_ok()
}

/// How much a judgement permits, to be compared part by part.
fn permits(judged: &Freshness) -> [Duration; 3] {
    let fresh = if judged.always_validate {
        Duration::ZERO
    } else {
        judged.lifetime
    };
    // Where a window ends.
    let end = |window: Duration| match window.is_zero() {
        true => Duration::ZERO,
        false => judged.lifetime.saturating_add(window),
    };
    [
        fresh,
        end(judged.stale_while_revalidate),
        end(judged.stale_if_error),
    ]
}

proptest! {
    /// Rules 1.3, 1.4: in any order, case and number, on one line or several.
    #[test]
    fn no_store_and_private_never_make_more_storable(
        mut list in directives(), other in others(), status in statuses(), asked in asked(), bounds in bounds(),
        restriction in prop::sample::select(vec!["no-store", "private", "no-store=1", "private=\"x\""]),
        at in any::<prop::sample::Index>(), times in 1..3usize, upper in any::<bool>(), split in any::<bool>(),
    ) {
        let without = stored(&asked, status, &map(&format!("{other}\n{}", spelled(&list, upper, split))), &bounds);
        for _ in 0..times {
            let place = at.index(list.len() + 1);
            list.insert(place, restriction);
        }
        let with = stored(&asked, status, &map(&format!("{other}\n{}", spelled(&list, upper, split))), &bounds);
        prop_assert!(!with || without);
        if !list.contains(&"must-understand") {
            prop_assert!(!with);
        }
    }

    /// Rule 2.3: order, case and the number of lines mean nothing, nor does saying a thing twice.
    #[test]
    fn directives_are_a_set(list in directives(), rotate in 0..6usize, upper in any::<bool>(), split in any::<bool>()) {
        let plain = Directives::of(&map(&spelled(&list, false, false)));
        let mut turned = list.clone();
        turned.rotate_left(rotate.min(list.len()));
        turned.extend(&list);
        prop_assert_eq!(Directives::of(&map(&spelled(&turned, upper, split))), plain);
    }

    /// Rules 2.2, 5: a restriction shortens or leaves alone, whatever stands beside it.
    #[test]
    fn a_restriction_never_lengthens_anything(
        list in directives(), other in others(), status in statuses(), bounds in bounds(),
        restriction in prop::sample::select(vec![
            "no-store", "private", "no-cache", "must-revalidate", "proxy-revalidate", "max-age=0", "max-age=x",
            "stale-if-error=0", "stale-while-revalidate=0", "s-maxage=0",
        ]),
    ) {
        let of = |list: &[&str]| {
            let headers = map(&format!("{other}\n{}", spelled(list, false, false)));
            Freshness::judge(StatusCode::from_u16(status).unwrap(), &headers, NOW, &bounds)
        };
        let before = permits(&of(&list));
        let mut more = list.clone();
        more.push(restriction);
        let after = permits(&of(&more));
        for (before, after) in before.iter().zip(after) {
            prop_assert!(after <= *before, "{list:?} + {restriction}: {before:?} -> {after:?}");
        }
    }

    /// Rule 2.1: where a targeted field rules, Cache-Control, Expires and Pragma change nothing.
    #[test]
    fn beside_a_valid_targeted_field_the_others_say_nothing(
        targeted in prop::sample::select(vec![
            "max-age=60", "max-age=0", "no-store", "private", "no-cache, max-age=5", "none", "max-age=\"x\"",
            "s-maxage=9, stale-if-error=7", "public", "must-revalidate, max-age=7", "must-understand, no-store",
        ]),
        list in directives(), expires in prop::sample::select(vec!["0", "never", "Thu, 01 Jan 2099 00:00:00 GMT"]),
        status in statuses(), asked in asked(), bounds in bounds(),
    ) {
        let rest = "etag: \"a\"\nlast-modified: Mon, 01 Jun 2020 00:00:00 GMT";
        let alone = map(&format!("cdn-cache-control: {targeted}\n{rest}"));
        let beside = map(&format!(
            "{}\nexpires: {expires}\npragma: no-cache\ncdn-cache-control: {targeted}\n{rest}", spelled(&list, false, false),
        ));
        let code = StatusCode::from_u16(status).unwrap();
        prop_assert_eq!(Freshness::judge(code, &alone, NOW, &bounds), Freshness::judge(code, &beside, NOW, &bounds));
        prop_assert_eq!(stored(&asked, status, &alone, &bounds), stored(&asked, status, &beside, &bounds));
    }

    /// Rules 2.2, 3, 5: time goes one way. An age never falls, and once stale is stale for good.
    #[test]
    fn an_entry_only_ever_ages(
        list in directives(), other in others(), bounds in bounds(),
        sent in any::<u64>(), delay in any::<u64>(), at in any::<u64>(), later in any::<u64>(), wall in any::<i64>(),
    ) {
        let headers = map(&format!("{other}\n{}", spelled(&list, false, false)));
        let wall = UnixTime::from_millis(wall);
        let received = Instant::from_nanos(sent.saturating_add(delay));
        let base = AgeBase::new(&headers, dates::origin_date(&headers, wall), Instant::from_nanos(sent), received, wall);
        let (young, old) = (base.at(Instant::from_nanos(at)), base.at(Instant::from_nanos(at.saturating_add(later))));
        prop_assert!(base.initial() <= young && young <= old);

        let judged = Freshness::judge(StatusCode::OK, &headers, wall, &bounds);
        let rank = |state| match state {
            State::Fresh => (true, true, true),
            State::Stale { while_revalidate, if_error } => (false, while_revalidate, if_error),
        };
        let (before, after) = (rank(judged.state(young)), rank(judged.state(old)));
        prop_assert!(before.0 || !after.0);
        if !before.0 {
            prop_assert!((before.1 || !after.1) && (before.2 || !after.2));
        }
        // Every window ends.
        let State::Stale { while_revalidate, if_error } = judged.state(Duration::MAX) else {
            return Err(TestCaseError::fail("fresh for ever"));
        };
        prop_assert!(!while_revalidate && !if_error);
    }

    /// Rule 2.3: what is read, written down and read again is the same.
    #[test]
    fn directives_mean_the_same_when_written_again(list in directives()) {
        let read = Directives::of(&map(&spelled(&list, false, false)));
        let again = Directives::of(&map(&format!("cache-control: {}", written(&read))));
        prop_assert_eq!(again, read);
    }

    /// Rule 2.4
    #[test]
    fn a_date_means_the_same_when_written_again(secs in 0..253_402_300_800i64) {
        let date = UnixTime::from_secs(secs);
        prop_assert_eq!(dates::parse(dates::format(date).as_bytes(), NOW), Some(date));
    }

    /// Rule 4.1
    #[test]
    fn a_list_of_tags_means_the_same_when_written_again(
        tags in prop::collection::vec("(W/)?\"[!#-~\u{80}-\u{ff}]{0,5}\"", 0..5), lines in any::<bool>(),
    ) {
        let separator = if lines { "\n" } else { " ,, " };
        let joined = tags.join(separator);
        let parts: Vec<&[u8]> = joined.split('\n').map(str::as_bytes).collect();
        let read = validators::parse_list(parts.into_iter());
        let texts: Vec<&[u8]> = tags.iter().map(|tag| tag.as_bytes()).collect();
        prop_assert_eq!(read.iter().collect::<Vec<_>>(), texts.clone());
        let again = texts.join(&b", "[..]);
        prop_assert_eq!(validators::parse_list([&again[..]].into_iter()), read);
        for tag in &tags {
            let held = validators::parse_list([&again[..]].into_iter()).contains_weak(tag.as_bytes());
            prop_assert!(held);
        }
    }

    /// Rule 7: what is asked for, and what a part says of itself.
    #[test]
    fn a_range_means_the_same_when_written_again(first in any::<u64>(), more in any::<u64>(), length in 1..u64::MAX, form in 0..3u8) {
        let last = first.saturating_add(more);
        let value = match form {
            0 => format!("{first}-{last}"),
            1 => format!("{first}-"),
            _ => format!("-{first}"),
        };
        let request = map(&format!("range: Bytes={value}"));
        let again = range::forwardable(&Method::GET, &request).unwrap();
        let mut rewritten = HeaderMap::new();
        rewritten.insert("range", again);
        let none = HeaderMap::new();
        let selected = range::select(&Method::GET, &request, &none, length);
        prop_assert_eq!(&selected, &range::select(&Method::GET, &rewritten, &none, length));
        if let range::Selection::Part { first, last } = selected {
            let said = range::parse_content_range(range::content_range(first, last, length).as_bytes()).unwrap();
            prop_assert_eq!((said.first, said.last, said.total), (first, last, Some(length)));
        }
    }

    /// Rule 4.4: a 304 that comes twice changes nothing the second time.
    #[test]
    fn merging_twice_is_merging_once(
        stored in prop::collection::vec(("(x-[a-c]|etag|date|age|content-length|vary|cache-control)", "[a-z0-9]{0,3}"), 0..8),
        update in prop::collection::vec(("(x-[a-d]|etag|date|age|content-length|connection|te|set-cookie)", "(x-a|[a-z0-9]{0,3})"), 0..8),
    ) {
        let of = |lines: &[(String, String)]| {
            map(&lines.iter().map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>().join("\n"))
        };
        let (stored, update) = (of(&stored), of(&update));
        let once = fields::merge_not_modified(&stored, &update);
        prop_assert_eq!(text(&fields::merge_not_modified(&once, &update)), text(&once));
        // What describes the stored bytes stays.
        for name in ["etag", "content-length"] {
            let lines = |headers: &HeaderMap| headers.get_all(name).iter().cloned().collect::<Vec<_>>();
            prop_assert_eq!(lines(&once), lines(&stored));
        }
    }

    /// Rule 10: what the edge writes, a strict reader of structured fields reads.
    #[test]
    fn a_cache_status_reads_as_it_was_meant(
        cache in "[ -~]{0,12}", key in prop::option::of("[ -~]{0,12}"), detail in prop::option::of("[ -~]{0,12}"),
        hit in any::<bool>(), stored in any::<bool>(), collapsed in any::<bool>(),
        ttl in prop::option::of(-999_999_999_999_999i64..=999_999_999_999_999), code in prop::option::of(100..1000u16),
        forward in prop::option::of(prop::sample::select(vec![
            Forward::Bypass, Forward::Method, Forward::UriMiss, Forward::VaryMiss, Forward::Miss, Forward::Request,
            Forward::Stale, Forward::Partial,
        ])),
    ) {
        let status = CacheStatus {
            cache: &cache, hit, forward, forward_status: code, stored, collapsed, ttl, key: key.as_deref(), detail: detail.as_deref(),
        };
        let line = status.render();
        let (name, parameters) = strict::item(line.to_str().unwrap()).map_err(TestCaseError::fail)?;
        prop_assert_eq!(name.text(), Some(cache.as_str()));
        let mut expected = Vec::new();
        if hit {
            expected.push(("hit", strict::Value::True));
        } else if let Some(forward) = forward {
            expected.push(("fwd", strict::Value::Token(forward.as_str().to_owned())));
            expected.extend(code.map(|code| ("fwd-status", strict::Value::Integer(i64::from(code)))));
            expected.extend(stored.then_some(("stored", strict::Value::True)));
            expected.extend(collapsed.then_some(("collapsed", strict::Value::True)));
        }
        expected.extend(ttl.map(|ttl| ("ttl", strict::Value::Integer(ttl))));
        expected.extend(key.map(|key| ("key", strict::Value::String(key))));
        let said: Vec<_> = parameters.iter().filter(|(name, _)| name != "detail").map(|(name, value)| (name.as_str(), value.clone())).collect();
        prop_assert_eq!(said, expected);
        let told = parameters.iter().find(|(name, _)| name == "detail").map(|(_, value)| value.text().map(str::to_owned));
        prop_assert_eq!(told, detail.map(Some));
    }
}

/// Directives as Cache-Control, each once.
fn written(directives: &Directives) -> String {
    let flags = [
        ("no-store", directives.no_store),
        ("private", directives.private),
        ("no-cache", directives.no_cache),
        ("public", directives.public),
        ("must-revalidate", directives.must_revalidate),
        ("proxy-revalidate", directives.proxy_revalidate),
        ("must-understand", directives.must_understand),
        ("no-transform", directives.no_transform),
        ("only-if-cached", directives.only_if_cached),
    ];
    let numbers = [
        ("max-age", directives.max_age),
        ("s-maxage", directives.s_maxage),
        ("min-fresh", directives.min_fresh),
        ("stale-while-revalidate", directives.stale_while_revalidate),
        ("stale-if-error", directives.stale_if_error),
    ];
    let flags = flags
        .iter()
        .filter(|(_, given)| *given)
        .map(|(name, _)| (*name).to_owned());
    let numbers = numbers.iter().filter_map(|(name, given)| match given {
        Some(Delta::Seconds(seconds)) => Some(format!("{name}={seconds}")),
        Some(Delta::Invalid) => Some(format!("{name}=?")),
        None => None,
    });
    flags.chain(numbers).collect::<Vec<_>>().join(", ")
}
