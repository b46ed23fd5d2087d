//! Whatever the patterns and however the path is written: what is asked of a bucket is asked by the
//! behaviour whose pattern is the first to take the object's own path.

use std::collections::HashMap;
use std::sync::Arc;

use http::{HeaderValue, Request};
use proptest::prelude::*;
use seawall::clock::{Clock, ManualClock, SystemClock};
use seawall::config;
use seawall::request::Site;
use seawall::request::receive::Received;
use seawall::request::refusal::Refusal;
use seawall::request::route::{Ending, Routed};

/// A distribution with these patterns, each with an origin of its own; `true`: a bucket.
fn site(patterns: &[(String, bool)]) -> Option<Arc<Site>> {
    let mut text = String::from(
        "[origins.default]\nbucket = \"default\"\nregion = \"r\"\n\
         [[distributions]]\nid = \"E1\"\norigin = \"default\"\nroot_object = \"a/b\"\n",
    );
    for (place, (pattern, bucket)) in patterns.iter().enumerate() {
        let kind = match bucket {
            true => "bucket = \"bbb\"\nregion = \"r\"",
            false => "type = \"http\"\nurl = \"http://127.0.0.1:1\"",
        };
        text.push_str(&format!(
            "[[distributions.behaviors]]\npath = \"{pattern}\"\norigin = \"o{place}\"\n\
             [origins.o{place}]\n{kind}\n"
        ));
    }
    // Patterns that cover each other are refused.
    let config = config::parse("x", &text, &|_| None).ok()?;
    let value = HeaderValue::from_static("edge");
    Some(Arc::new(Site {
        clients: seawall::policy::clients::Clients::default(),
        name: "edge".to_owned(),
        via: value.clone(),
        pop: value,
        distributions: config.distributions,
        origins: HashMap::new(),
        max_object_size: 1,
        debug_headers: false,
    }))
}

/// The bytes that a text stands for, each with whether it is a reserved one that is percent-encoded.
fn tokens(text: &str) -> Vec<(u8, bool)> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.bytes().next() {
        let escaped = first == b'%';
        let byte = match escaped {
            true => u8::from_str_radix(&rest[1..3], 16).unwrap(),
            false => first,
        };
        tokens.push((byte, escaped && !byte.is_ascii_alphanumeric()));
        rest = &rest[if escaped { 3 } else { 1 }..];
    }
    tokens
}

fn decoded(path: &str) -> Vec<(u8, bool)> {
    let tokens = tokens(path).into_iter();
    tokens.map(|(byte, _)| (byte, false)).collect()
}

/// As a store may read it that takes several slashes for one.
fn with_single_slashes(path: &str) -> Vec<(u8, bool)> {
    let mut tokens: Vec<(u8, bool)> = Vec::new();
    for token in decoded(path) {
        if token.0 != b'/' || tokens.last() != Some(&token) {
            tokens.push(token);
        }
    }
    tokens
}

/// The rule spelled out, by trying everything.
fn takes(pattern: &[(u8, bool)], path: &[(u8, bool)], object: bool) -> bool {
    match (pattern, path) {
        ([], _) => path.is_empty(),
        ([(b'*', false), rest @ ..], _) => {
            takes(rest, path, object) || (!path.is_empty() && takes(pattern, &path[1..], object))
        }
        ([(b'?', false), rest @ ..], [_, path @ ..]) => takes(rest, path, object),
        ([one, rest @ ..], [other, path @ ..]) => {
            let same = match object {
                // An object's path has no encoded slash; whatever else is encoded is the byte.
                true => one.0 == other.0 && *one != (b'/', true),
                false => one == other,
            };
            same && takes(rest, path, object)
        }
        _ => false,
    }
}

/// A letter, a slash or a reserved byte, plain or not.
fn unit() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "a", "b", "/", "!", "%61", "%62", "%2F", "%2f", "%21", "%41", "A",
    ])
}

fn pattern() -> impl Strategy<Value = String> {
    let piece = prop_oneof![3 => unit(), 1 => Just("*"), 1 => Just("?")];
    prop::collection::vec(piece, 0..6).prop_map(|pieces| format!("/{}", pieces.concat()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_048))]

    #[test]
    fn no_object_is_reached_through_a_behavior_of_another_path(
        patterns in prop::collection::vec((pattern(), any::<bool>()), 0..4),
        path in prop::collection::vec(unit(), 0..6).prop_map(|units| format!("/{}", units.concat())),
        query in prop::sample::select(vec!["", "?/a", "?*"]),
    ) {
        let site = site(&patterns);
        prop_assume!(site.is_some());
        let request = Request::get(format!("{path}{query}")).header("host", "a.test").body(()).unwrap();
        let now = ManualClock::new(SystemClock::new().wall()).now();
        let received = Received::new(&request, None, site.unwrap(), now);
        let path = if path == "/" { "/a/b" } else { &*path };
        let first = |path: &[(u8, bool)], object| {
            let mut listed = patterns.iter();
            let taken = listed.position(|(pattern, _)| takes(&tokens(pattern), path, object));
            taken.map_or_else(|| "default".to_owned(), |place| format!("o{place}"))
        };
        match received.route().and_then(Routed::key) {
            Ok(keyed) if keyed.behavior().origin_request.is_bucket() => {
                let object = decoded(&keyed.path);
                prop_assert_eq!(&object, &decoded(path), "the object that was asked for");
                prop_assert_eq!(&keyed.behavior().origin, &first(&object, true));
                prop_assert_eq!(&keyed.behavior().origin, &first(&with_single_slashes(path), true));
            }
            Ok(keyed) => {
                prop_assert_eq!(&*keyed.path, path, "an application's path goes on as it was sent");
                prop_assert_eq!(&keyed.behavior().origin, &first(&tokens(path), false));
            }
            Err(refused) => {
                prop_assert_eq!(&refused.ending, &Ending::Refused(Refusal::OtherBehavior));
                let ways = [
                    first(&tokens(path), false),
                    first(&decoded(path), true),
                    first(&with_single_slashes(path), true),
                ];
                prop_assert!(ways.iter().any(|way| *way != ways[0]), "{:?}", ways);
            }
        }
    }
}
