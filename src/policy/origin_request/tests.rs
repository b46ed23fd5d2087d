//! What each preset and each list forwards and keys, and the laws that hold for all of them.

use proptest::prelude::*;

use super::*;
use crate::policy::names::Names;

fn map(lines: &[(&'static str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        headers.append(*name, HeaderValue::from_str(value).unwrap());
    }
    headers
}

fn preset(name: &str) -> OriginRequest {
    OriginRequest::preset(name).unwrap()
}

fn names(headers: &HeaderMap) -> Vec<&str> {
    let mut names: Vec<&str> = headers.keys().map(HeaderName::as_str).collect();
    names.sort_unstable();
    names
}

fn a_viewer() -> HeaderMap {
    map(&[
        ("host", "www.example.com"),
        ("accept-encoding", "gzip"),
        ("accept-language", "de"),
        ("authorization", "Bearer a"),
        ("cdn-loop", "other"),
        ("connection", "x-hop, keep-alive"),
        ("content-length", "3"),
        ("content-type", "text/plain"),
        ("cookie", "a=b"),
        ("expect", "100-continue"),
        ("if-none-match", "\"a\""),
        ("proxy-authorization", "Basic a"),
        ("range", "bytes=0-1"),
        ("te", "trailers"),
        ("upgrade", "websocket"),
        ("user-agent", "curl"),
        ("via", "1.1 other"),
        ("x-forwarded-for", "192.0.2.1"),
        ("x-hop", "1"),
        ("x-own", "1"),
        ("x-own", "2"),
    ])
}

#[test]
fn what_each_preset_forwards() {
    let viewer = a_viewer();
    let all = ["accept-encoding", "accept-language", "authorization"];
    let rest = ["cookie", "user-agent", "x-own"];
    for (policy, get, post) in [
        (OriginRequest::BUCKET, vec![], vec![]),
        (
            preset("Default"),
            vec!["accept-encoding", "authorization"],
            vec!["accept-encoding", "authorization", "content-type"],
        ),
        (
            preset("AllViewer"),
            [&all[..], &rest].concat(),
            [&all[..], &["content-type"], &rest].concat(),
        ),
        (
            preset("AllViewerExceptHostHeader"),
            [&all[..], &rest].concat(),
            [&all[..], &["content-type"], &rest].concat(),
        ),
    ] {
        let forwarded = |method| policy.fields(&method, &viewer);
        assert_eq!(names(&forwarded(Method::GET)), get, "{policy:?}");
        assert_eq!(names(&forwarded(Method::HEAD)), get, "{policy:?}");
        assert_eq!(names(&forwarded(Method::POST)), post, "{policy:?}");
    }
    let own = preset("AllViewer").fields(&Method::GET, &viewer);
    assert_eq!(own.get_all("x-own").iter().count(), 2);
}

#[test]
fn the_host_goes_with_one_preset_or_where_the_origin_wants_it() {
    assert!(preset("AllViewer").forwards_host());
    assert!(!preset("AllViewerExceptHostHeader").forwards_host());
    assert!(!preset("Default").forwards_host());
    assert!(preset("Default").with_host().forwards_host());
    assert_eq!(OriginRequest::preset("default"), None);
}

#[test]
fn nothing_that_the_edge_adds_to_can_be_matched() {
    for name in ["via", "cdn-loop", "x-forwarded-for"] {
        let name = HeaderName::from_static(name);
        assert!(!preset("Default").can_vary_by(&name), "{name}");
        // A bucket is sent none of them.
        assert!(OriginRequest::BUCKET.can_vary_by(&name), "{name}");
    }
    assert!(preset("Default").can_vary_by(&header::ACCEPT_ENCODING));
    assert!(preset("Default").can_vary_by(&header::COOKIE));
}

fn choice(words: &[&str]) -> Choice {
    let names = || Names::new(words[1..].iter().copied()).unwrap();
    match words[0] {
        "none" => Choice::None,
        "all" => Choice::All,
        "allow" => Choice::Allow(names()),
        _ => Choice::Except(names()),
    }
}

fn own(fields: Option<&[&str]>, cookies: &[&str], query: &[&str]) -> OriginRequest {
    let lists = Lists {
        fields: fields.map(choice),
        cookies: choice(cookies),
        query: choice(query),
        host: false,
    };
    OriginRequest::own("own", lists)
}

fn parts(query: &[&str], headers: &[&'static str], cookies: &[&str]) -> KeyParts {
    KeyParts {
        query: choice(query),
        sort_query: false,
        headers: headers
            .iter()
            .copied()
            .map(HeaderName::from_static)
            .collect(),
        cookies: choice(cookies),
        accept_encoding: false,
    }
}

#[test]
fn what_own_lists_forward() {
    let viewer = a_viewer();
    let body = ["content-type"];
    for (policy, get) in [
        (own(Some(&["none"]), &["none"], &["none"]), vec![]),
        (
            own(
                Some(&["allow", "x-*", "via", "range", "host"]),
                &["none"],
                &["none"],
            ),
            vec!["x-own"],
        ),
        (
            own(
                Some(&["except", "x-own", "authorization"]),
                &["none"],
                &["none"],
            ),
            vec!["accept-encoding", "accept-language", "user-agent"],
        ),
        (
            own(None, &["allow", "a"], &["none"]),
            vec!["accept-encoding", "authorization", "cookie"],
        ),
        (
            own(None, &["allow", "b"], &["none"]),
            vec!["accept-encoding", "authorization"],
        ),
        // What is in the key goes on, whatever the list says.
        (
            own(Some(&["none"]), &["none"], &["none"]).keying(&parts(
                &["none"],
                &["user-agent", "x-hop"],
                &["all"],
            )),
            vec!["cookie", "user-agent"],
        ),
    ] {
        let forwarded = |method| policy.fields(&method, &viewer);
        assert_eq!(names(&forwarded(Method::GET)), get, "{policy:?}");
        let mut post = [&get[..], &body].concat();
        post.sort_unstable();
        assert_eq!(names(&forwarded(Method::POST)), post, "{policy:?}");
    }
}

#[test]
fn cookies_go_as_they_came_unless_some_are_chosen() {
    let viewer = map(&[("cookie", "b=2; a=1;c"), ("cookie", "d")]);
    let sent = |policy: &OriginRequest| {
        let fields = policy.fields(&Method::GET, &viewer);
        let lines = fields.get_all(header::COOKIE).iter();
        lines
            .map(|line| line.to_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let all = own(None, &["all"], &["none"]);
    assert_eq!(sent(&all), ["b=2; a=1;c", "d"]);
    let keying =
        |policy: &OriginRequest, cookies| policy.clone().keying(&parts(&["all"], &[], cookies));
    // One is in the key: their order must not make a difference that the key does not show.
    assert_eq!(sent(&keying(&all, &["allow", "a"])), ["a=1; b=2; c; d"]);
    let except = own(None, &["except", "c", "d"], &["none"]);
    assert_eq!(sent(&except), ["a=1; b=2"]);
    assert_eq!(sent(&keying(&preset("Default"), &["allow", "c"])), ["c"]);
    assert!(sent(&keying(&preset("Default"), &["allow", "e"])).is_empty());
}

#[test]
fn what_is_forwarded_of_a_query_is_what_is_keyed_or_listed() {
    let default = || preset("Default");
    for (policy, keyed, sent, forwarded, in_key) in [
        (
            default(),
            parts(&["all"], &[], &["none"]),
            Some(""),
            Some(""),
            Some(""),
        ),
        (
            default(),
            parts(&["none"], &[], &["none"]),
            Some("b&a"),
            None,
            None,
        ),
        (
            default(),
            parts(&["allow", "a"], &[], &["none"]),
            Some("b&a"),
            Some("a"),
            Some("a"),
        ),
        (
            own(None, &["none"], &["all"]),
            parts(&["allow", "a"], &[], &["none"]),
            Some("b&a"),
            Some("b&a"),
            Some("a"),
        ),
        (
            own(None, &["none"], &["allow", "b"]),
            parts(&["allow", "a"], &[], &["none"]),
            Some("c&b&a"),
            Some("b&a"),
            Some("a"),
        ),
        (
            own(None, &["none"], &["except", "b", "a"]),
            KeyParts {
                sort_query: true,
                ..parts(&["allow", "a"], &[], &["none"])
            },
            Some("d&c&b&a"),
            Some("a&c&d"),
            Some("a"),
        ),
    ] {
        let policy = policy.keying(&keyed);
        let queries = policy.queries(sent);
        assert_eq!(queries.forwarded.as_deref(), forwarded, "{policy:?}");
        assert_eq!(queries.keyed.as_deref(), in_key, "{policy:?}");
    }
    let bucket = OriginRequest::BUCKET.keying(&KeyParts::TARGET);
    assert_eq!(bucket.queries(Some("a")), Queries::default());
}

#[test]
fn what_is_forwarded_and_not_in_the_key_is_told() {
    let viewer = map(&[
        ("accept-encoding", "br"),
        ("authorization", "Bearer a"),
        ("cookie", "a=1; b=2"),
        ("user-agent", "curl"),
        ("x-forwarded-for", "192.0.2.1"),
    ]);
    let told = |policy: &OriginRequest| {
        let unkeyed = policy.unkeyed(&Method::GET, &viewer, &policy.queries(Some("q&r")));
        let Unkeyed {
            query,
            header,
            cookie,
        } = unkeyed;
        (query, header, cookie)
    };
    let plain = preset("Default");
    assert_eq!(told(&plain), (false, false, false));
    assert!(plain.may_be_unkeyed().is_empty());
    let all = preset("AllViewer");
    assert_eq!(told(&all), (false, true, true));
    assert_eq!(all.may_be_unkeyed(), ["fields all", "cookies all"]);
    let all = all.keying(&parts(&["allow", "q"], &["user-agent"], &["allow", "a"]));
    assert_eq!(told(&all), (true, false, true));
    assert_eq!(
        all.may_be_unkeyed(),
        ["query all", "fields all", "cookies all"]
    );
    let queries = all.queries(Some("q&r"));
    assert_eq!(
        all.unkeyed(&Method::POST, &viewer, &queries),
        Unkeyed::default()
    );
    let listed = own(
        Some(&["allow", "user-agent", "authorization", "x-a"]),
        &["allow", "a", "b*"],
        &["allow", "q", "r"],
    );
    let keys = parts(&["allow", "q"], &["user-agent"], &["allow", "b*", "c"]);
    let listed = listed.keying(&keys);
    assert_eq!(told(&listed), (true, false, true));
    assert_eq!(
        listed.may_be_unkeyed(),
        ["query r", "fields x-a", "cookies a"]
    );
    let keys = parts(&["all"], &["user-agent", "x-a"], &["all"]);
    let keyed = listed.keying(&keys);
    assert_eq!(told(&keyed), (false, false, false));
    assert!(keyed.may_be_unkeyed().is_empty());
}

#[test]
fn what_can_be_in_no_list() {
    for name in [
        "host",
        "cookie",
        "range",
        "if-none-match",
        "if-range",
        "content-length",
        "content-type",
        "expect",
        "via",
        "x-forwarded-for",
        "cdn-loop",
        "connection",
        "te",
        "transfer-encoding",
        "upgrade",
        "proxy-authorization",
        "trailer",
    ] {
        let name = HeaderName::from_static(name);
        assert!(never_listed(&name).is_some(), "{name}");
    }
    for name in [
        "accept",
        "accept-encoding",
        "authorization",
        "origin",
        "x-forwarded-host",
    ] {
        assert_eq!(never_listed(&HeaderName::from_static(name)), None, "{name}");
    }
}

const NAMES: [&str; 12] = [
    "accept-encoding",
    "accept-language",
    "authorization",
    "connection",
    "content-type",
    "cookie",
    "host",
    "if-none-match",
    "te",
    "via",
    "x-a",
    "b",
];

fn some_choice() -> impl Strategy<Value = Choice> {
    let names = prop::collection::vec("[abx]\\*?", 1..3);
    (0..4_usize, names).prop_map(|(which, names)| {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        choice(&[&[["none", "all", "allow", "except"][which]], &names[..]].concat())
    })
}

fn some_policy() -> impl Strategy<Value = OriginRequest> {
    let lists = (
        prop::option::of(some_choice()),
        some_choice(),
        some_choice(),
    );
    let parts = (
        some_choice(),
        any::<bool>(),
        prop::sample::subsequence(vec!["accept-language", "authorization", "x-a", "b"], 0..3),
        some_choice(),
        any::<bool>(),
    );
    (0..5_usize, lists, parts).prop_map(|(which, (fields, cookies, query), parts)| {
        let lists = Lists {
            fields,
            cookies,
            query,
            host: false,
        };
        let (query, sort_query, headers, cookies, accept_encoding) = parts;
        let parts = KeyParts {
            query,
            sort_query,
            headers: headers.into_iter().map(HeaderName::from_static).collect(),
            cookies,
            accept_encoding,
        };
        match OriginRequest::PRESETS.get(which) {
            Some(name) => preset(name),
            None if which == 3 => OriginRequest::BUCKET,
            None => OriginRequest::own("own", lists),
        }
        .keying(&parts)
    })
}

fn some_viewer() -> impl Strategy<Value = HeaderMap> {
    let lines = prop::collection::vec((0..12_usize, "[a-cx;=,*0. ]{0,8}"), 0..8);
    lines.prop_map(|lines| {
        let lines = lines.iter().map(|(at, value)| (NAMES[*at], value.as_str()));
        map(&lines.collect::<Vec<_>>())
    })
}

proptest! {
    /// What is forwarded is what Vary is matched against.
    #[test]
    fn each_and_fields_agree(viewer in some_viewer(), policy in some_policy()) {
        let forwarded = policy.fields(&Method::GET, &viewer);
        for name in NAMES {
            let name = HeaderName::from_static(name);
            let expected: Vec<&[u8]> =
                forwarded.get_all(&name).iter().map(HeaderValue::as_bytes).collect();
            let mut found: Vec<Vec<u8>> = Vec::new();
            policy.each(&viewer, &name, &mut |line| found.push(line.to_vec()));
            prop_assert_eq!(found, expected, "{}", name);
        }
    }

    /// The key of a request is the key of what was forwarded of it: whoever sends what the origin saw
    /// asks for the same object, and nothing of the key stayed behind.
    #[test]
    fn the_key_is_made_of_what_is_forwarded(
        viewer in some_viewer(),
        policy in some_policy(),
        query in prop::option::of("[abx=&%]{0,8}"),
    ) {
        let key = |query: Option<&str>, viewer: &HeaderMap| {
            let queries = policy.queries(query);
            policy.target_key("E1", None, "/", queries.keyed.as_deref(), viewer)
        };
        let queries = policy.queries(query.as_deref());
        let forwarded = policy.fields(&Method::GET, &viewer);
        prop_assert_eq!(
            key(query.as_deref(), &viewer),
            key(queries.forwarded.as_deref(), &forwarded)
        );
    }

    /// Where nothing is listed beyond the key, the same key means the same request to the origin:
    /// nothing that could change the answer goes on unseen.
    #[test]
    fn the_same_key_is_the_same_request(
        one in (some_viewer(), prop::option::of("[abx=&%;]{0,6}")),
        other in (some_viewer(), prop::option::of("[abx=&%;]{0,6}")),
        policy in some_policy(),
    ) {
        let nothing = own(Some(&["none"]), &["none"], &["none"]);
        let policy = nothing.keying(policy.keyed());
        let of = |(viewer, query): &(HeaderMap, Option<String>)| {
            let queries = policy.queries(query.as_deref());
            let key = policy.target_key("E1", None, "/", queries.keyed.as_deref(), viewer);
            let unkeyed = policy.unkeyed(&Method::GET, viewer, &queries);
            let fields = policy.fields(&Method::GET, viewer);
            (key, fields, queries.forwarded.map(Cow::into_owned), unkeyed)
        };
        let (one, other) = (of(&one), of(&other));
        prop_assert_eq!(one.3, Unkeyed::default());
        prop_assert_eq!(one.0 == other.0, one.1 == other.1 && one.2 == other.2);
    }
}
