use http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD,
    CACHE_CONTROL, ORIGIN, SERVER, VARY, X_FRAME_OPTIONS,
};
use proptest::prelude::*;

use super::cors::{CorsError, CorsRules, LONGEST_METHOD, LONGEST_NAMES, Listed, MOST_NAMES};
use super::origins::{Grant, OriginPattern, Origins};
use super::*;

type Lines<'a> = &'a [(&'static str, &'a str)];

fn map(lines: Lines<'_>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        headers.append(*name, HeaderValue::from_str(value).unwrap());
    }
    headers
}

fn rules(origins: &[&str]) -> CorsRules {
    let patterns = origins
        .iter()
        .map(|text| OriginPattern::parse(text).unwrap());
    CorsRules {
        origins: Origins::new(patterns),
        methods: Listed::These(vec![Method::GET, Method::PUT]),
        headers: Listed::These(vec![HeaderName::from_static("x-a")]),
        expose: Listed::These(vec![HeaderName::from_static("x-b")]),
        credentials: false,
        max_age: Some(600),
        replaces: true,
    }
}

fn policy(rules: CorsRules) -> ResponseHeaders {
    ResponseHeaders {
        name: "test".to_owned(),
        cors: Some(Cors::new(rules).unwrap()),
        set: Vec::new(),
        remove: Vec::new(),
    }
}

fn field(name: HeaderName, value: &'static str, replaces: bool) -> SetField {
    SetField {
        name,
        value: HeaderValue::from_static(value),
        replaces,
    }
}

/// The fields of an answer after the policy, as lines in order of their names.
fn after(
    policy: &ResponseHeaders,
    asked: (&Method, Lines<'_>),
    answer: Lines<'_>,
    source: &Source,
) -> Vec<String> {
    with_status(policy, StatusCode::OK, asked, answer, source)
}

fn with_status(
    policy: &ResponseHeaders,
    status: StatusCode,
    asked: (&Method, Lines<'_>),
    answer: Lines<'_>,
    source: &Source,
) -> Vec<String> {
    let mut headers = map(answer);
    policy.apply(asked.0, &map(asked.1), status, &mut headers, source);
    let line =
        |(name, value): (&HeaderName, &HeaderValue)| format!("{name}: {}", value.to_str().unwrap());
    let mut lines: Vec<String> = headers.iter().map(line).collect();
    lines.sort();
    lines
}

const APP: (&str, &str) = ("origin", "https://app.test");
const EVIL: (&str, &str) = ("origin", "https://evil.test");

#[test]
fn who_may_read_is_told_and_all_learn_that_it_depends_on_the_origin() {
    let listed = policy(rules(&["https://app.test"]));
    let any = policy(rules(&["*"]));
    let credentials = policy(CorsRules {
        credentials: true,
        ..rules(&["https://app.test"])
    });
    let theirs: Lines<'_> = &[
        ("access-control-allow-origin", "https://other.test"),
        ("vary", "accept"),
    ];
    let rows: &[(&ResponseHeaders, Lines<'_>, Lines<'_>, &[&str])] = &[
        (
            &listed,
            &[APP],
            &[],
            &[
                "access-control-allow-origin: https://app.test",
                "access-control-expose-headers: x-b",
                "vary: Origin",
            ],
        ),
        (&listed, &[EVIL], &[], &["vary: Origin"]),
        (&listed, &[], &[], &["vary: Origin"]),
        (
            &listed,
            &[],
            &[("vary", "accept, ORIGIN")],
            &["vary: accept, ORIGIN"],
        ),
        (&listed, &[], &[("vary", "*")], &["vary: *"]),
        (&listed, &[EVIL], theirs, &["vary: Origin", "vary: accept"]),
        (
            &any,
            &[EVIL],
            &[],
            &[
                "access-control-allow-origin: *",
                "access-control-expose-headers: x-b",
            ],
        ),
        (
            &any,
            &[],
            theirs,
            &[
                "access-control-allow-origin: *",
                "access-control-expose-headers: x-b",
                "vary: accept",
            ],
        ),
        (
            &credentials,
            &[APP],
            &[],
            &[
                "access-control-allow-credentials: true",
                "access-control-allow-origin: https://app.test",
                "access-control-expose-headers: x-b",
                "vary: Origin",
            ],
        ),
    ];
    for (policy, viewer, answer, expected) in rows {
        for method in [Method::GET, Method::HEAD, Method::POST, Method::OPTIONS] {
            let found = after(policy, (&method, viewer), answer, &Source::Whole);
            assert_eq!(found, *expected, "{method} {viewer:?} {answer:?}");
        }
    }
}

#[test]
fn without_override_what_the_origin_sent_stays() {
    let listed = policy(CorsRules {
        replaces: false,
        ..rules(&["https://app.test"])
    });
    let theirs: Lines<'_> = &[("access-control-allow-origin", "https://other.test")];
    let expected = [
        "access-control-allow-origin: https://other.test",
        "access-control-expose-headers: x-b",
        "vary: Origin",
    ];
    assert_eq!(
        after(&listed, (&Method::GET, &[APP]), theirs, &Source::Whole),
        expected
    );
    // Its 304 says what the whole answer says.
    let unchanged = Source::Unchanged(Some(map(theirs)));
    assert_eq!(
        after(&listed, (&Method::GET, &[APP]), &[], &unchanged),
        expected
    );
    let mut stored = map(theirs);
    listed.before_storing(&mut stored);
    assert_eq!(stored, map(theirs));
}

#[test]
fn nothing_of_the_kind_is_stored_where_the_edge_says_it() {
    let mut stored = map(&[
        ("access-control-allow-origin", "*"),
        ("access-control-allow-origin", "https://other.test"),
        ("access-control-expose-headers", "x"),
        ("access-control-of-the-future", "x"),
        ("server", "x"),
    ]);
    let own = ResponseHeaders {
        remove: vec![SERVER],
        ..policy(rules(&["*"]))
    };
    own.before_storing(&mut stored);
    // What is removed for viewers is kept: a reload may bring it back.
    assert_eq!(stored, map(&[("server", "x")]));
}

const PREFLIGHT: &str = "access-control-request-method";
const NAMES: &str = "access-control-request-headers";

#[test]
fn a_preflight_gets_what_the_policy_says_or_nothing() {
    let listed = policy(rules(&["https://app.test"]));
    let all = policy(CorsRules {
        methods: Listed::All,
        headers: Listed::All,
        max_age: None,
        ..rules(&["*"])
    });
    let vary = "vary: Origin, Access-Control-Request-Method, Access-Control-Request-Headers";
    let allowed = &[
        "access-control-allow-headers: x-a",
        "access-control-allow-methods: GET, PUT",
        "access-control-allow-origin: https://app.test",
        "access-control-max-age: 600",
        vary,
    ][..];
    type Judged = Result<(), PreflightError>;
    let rows: &[(&ResponseHeaders, Lines<'_>, Judged, &[&str])] = &[
        (&listed, &[APP, (PREFLIGHT, "PUT")], Ok(()), allowed),
        (
            &listed,
            &[APP, (PREFLIGHT, "PUT"), (NAMES, "X-A,,x-a ")],
            Ok(()),
            allowed,
        ),
        (
            &listed,
            &[
                APP,
                (PREFLIGHT, "PUT"),
                ("access-control-request-private-network", "true"),
            ],
            Ok(()),
            allowed,
        ),
        (
            &listed,
            &[EVIL, (PREFLIGHT, "PUT")],
            Err(PreflightError::Origin),
            &[vary],
        ),
        (
            &listed,
            &[APP, (PREFLIGHT, "DELETE")],
            Err(PreflightError::Method),
            &[vary],
        ),
        (
            &listed,
            &[APP, (PREFLIGHT, "put")],
            Err(PreflightError::Method),
            &[vary],
        ),
        (
            &listed,
            &[APP, (PREFLIGHT, "")],
            Err(PreflightError::Method),
            &[vary],
        ),
        (
            &listed,
            &[APP, (PREFLIGHT, "PUT"), (PREFLIGHT, "PUT")],
            Err(PreflightError::Method),
            &[vary],
        ),
        (
            &listed,
            &[APP, (PREFLIGHT, "PUT"), (NAMES, "x-a, x-c")],
            Err(PreflightError::Headers),
            &[vary],
        ),
        (
            &listed,
            &[APP, (PREFLIGHT, "PUT"), (NAMES, "x-a"), (NAMES, "x-a")],
            Err(PreflightError::Headers),
            &[vary],
        ),
        (
            &all,
            &[EVIL, (PREFLIGHT, "BREW"), (NAMES, "x-c, authorization")],
            Ok(()),
            &[
                "access-control-allow-headers: x-c, authorization",
                "access-control-allow-methods: *",
                "access-control-allow-origin: *",
                vary,
            ],
        ),
        (
            &all,
            &[EVIL, (PREFLIGHT, "A B")],
            Err(PreflightError::Method),
            &[vary],
        ),
        (
            &all,
            &[EVIL, (PREFLIGHT, "PUT"), (NAMES, "x y")],
            Err(PreflightError::Headers),
            &[vary],
        ),
    ];
    for (policy, viewer, judged, expected) in rows {
        assert_eq!(
            policy.preflight(&Method::OPTIONS, &map(viewer)),
            Some(*judged),
            "{viewer:?}"
        );
        let found = after(policy, (&Method::OPTIONS, viewer), &[], &Source::Edge);
        assert_eq!(found, *expected, "{viewer:?}");
    }
    // With credentials `*` would be a method of that name.
    let credentials = policy(CorsRules {
        methods: Listed::All,
        credentials: true,
        ..rules(&["https://app.test"])
    });
    let found = after(
        &credentials,
        (&Method::OPTIONS, &[APP, (PREFLIGHT, "BREW")]),
        &[],
        &Source::Edge,
    );
    assert!(
        found.contains(&"access-control-allow-methods: BREW".to_owned()),
        "{found:?}"
    );
}

#[test]
fn what_is_no_preflight_is_left_alone() {
    let listed = policy(rules(&["https://app.test"]));
    for (method, viewer) in [
        (Method::OPTIONS, &[APP][..]),
        (Method::OPTIONS, &[(PREFLIGHT, "PUT")]),
        (Method::OPTIONS, &[]),
        (Method::GET, &[APP, (PREFLIGHT, "PUT")]),
    ] {
        assert_eq!(
            listed.preflight(&method, &map(viewer)),
            None,
            "{method} {viewer:?}"
        );
    }
    let plain = ResponseHeaders {
        cors: None,
        ..listed
    };
    let viewer = map(&[APP, (PREFLIGHT, "PUT")]);
    assert_eq!(plain.preflight(&Method::OPTIONS, &viewer), None);
}

#[test]
fn a_preflight_beyond_a_limit_is_not_allowed() {
    let all = policy(CorsRules {
        methods: Listed::All,
        headers: Listed::All,
        ..rules(&["*"])
    });
    let judge = |method: &str, names: &str| {
        let viewer = map(&[APP, (PREFLIGHT, method), (NAMES, names)]);
        all.preflight(&Method::OPTIONS, &viewer).unwrap()
    };
    assert_eq!(judge(&"X".repeat(LONGEST_METHOD), "x"), Ok(()));
    assert_eq!(
        judge(&"X".repeat(LONGEST_METHOD + 1), "x"),
        Err(PreflightError::Method)
    );
    assert_eq!(judge("PUT", &vec!["x"; MOST_NAMES].join(",")), Ok(()));
    assert_eq!(
        judge("PUT", &vec!["x"; MOST_NAMES + 1].join(",")),
        Err(PreflightError::Headers)
    );
    assert_eq!(judge("PUT", &"x".repeat(LONGEST_NAMES)), Ok(()));
    assert_eq!(
        judge("PUT", &"x".repeat(LONGEST_NAMES + 1)),
        Err(PreflightError::Headers)
    );
}

#[test]
fn rules_that_no_browser_follows_are_refused() {
    let credentials = |origins, expose| {
        Cors::new(CorsRules {
            credentials: true,
            expose,
            ..rules(origins)
        })
        .map(drop)
    };
    let none = || Listed::These(Vec::new());
    assert_eq!(
        credentials(&["https://a.test", "*"], none()),
        Err(CorsError::AnyWithCredentials)
    );
    assert_eq!(
        credentials(&["https://a.test"], Listed::All),
        Err(CorsError::AllExposedWithCredentials)
    );
    assert_eq!(credentials(&["https://a.test"], none()), Ok(()));
}

#[test]
fn fields_are_set_and_removed_by_what_the_answer_is() {
    let own = |replaces| ResponseHeaders {
        name: "test".to_owned(),
        cors: None,
        set: vec![field(X_FRAME_OPTIONS, "DENY", replaces)],
        remove: vec![SERVER],
    };
    let theirs: Lines<'_> = &[
        ("server", "x"),
        ("x-frame-options", "SAMEORIGIN"),
        ("x-frame-options", "again"),
    ];
    let (ours, kept) = ("x-frame-options: DENY", "x-frame-options: SAMEORIGIN");
    let again = "x-frame-options: again";
    let unchanged = |lines| Source::Unchanged(Some(map(lines)));
    let rows: &[(bool, Lines<'_>, Source, &[&str])] = &[
        (true, &[], Source::Whole, &[ours]),
        (true, theirs, Source::Whole, &[ours]),
        (false, &[], Source::Whole, &[ours]),
        (false, theirs, Source::Whole, &[kept, again]),
        // A browser replaces what it has by what a 304 carries.
        (true, &[], unchanged(theirs), &[ours]),
        (false, &[], unchanged(theirs), &[]),
        (false, &[], unchanged(&[]), &[ours]),
        (true, &[], Source::Unchanged(None), &[ours]),
        (false, &[], Source::Unchanged(None), &[]),
        // The edge's own words stay, whatever the policy.
        (true, theirs, Source::Edge, &["server: x", kept, again]),
        (true, &[], Source::Edge, &[ours]),
        (false, &[], Source::Edge, &[ours]),
    ];
    for (replaces, answer, source, expected) in rows {
        let found = after(&own(*replaces), (&Method::GET, &[]), answer, source);
        assert_eq!(found, *expected, "{replaces} {answer:?} {source:?}");
    }
}

#[test]
fn what_is_removed_and_set_is_set() {
    for replaces in [true, false] {
        let both = ResponseHeaders {
            name: "test".to_owned(),
            cors: None,
            set: vec![field(CACHE_CONTROL, "no-cache", replaces)],
            remove: vec![CACHE_CONTROL],
        };
        let theirs: Lines<'_> = &[("cache-control", "max-age=60")];
        for source in [Source::Whole, Source::Unchanged(Some(map(theirs)))] {
            let found = after(&both, (&Method::GET, &[]), theirs, &source);
            assert_eq!(found, ["cache-control: no-cache"], "{replaces} {source:?}");
        }
    }
}

#[test]
fn the_presets_have_their_published_values() {
    let viewer: Lines<'_> = &[EVIL];
    let cors = ["access-control-allow-origin: *"];
    let preflight = [
        "access-control-allow-origin: *",
        "access-control-expose-headers: *",
    ];
    let security = [
        "referrer-policy: strict-origin-when-cross-origin",
        "strict-transport-security: max-age=31536000",
        "x-content-type-options: nosniff",
        "x-frame-options: SAMEORIGIN",
        "x-xss-protection: 1; mode=block",
    ];
    for (name, expected) in [
        ("SimpleCORS", cors.to_vec()),
        ("CORS-With-Preflight", preflight.to_vec()),
        ("SecurityHeadersPolicy", security.to_vec()),
        (
            "CORS-and-SecurityHeadersPolicy",
            [&cors[..], &security].concat(),
        ),
        (
            "CORS-with-preflight-and-SecurityHeadersPolicy",
            [&preflight[..], &security].concat(),
        ),
    ] {
        let preset = ResponseHeaders::preset(name).unwrap();
        assert_eq!(
            after(&preset, (&Method::GET, viewer), &[], &Source::Whole),
            expected,
            "{name}"
        );
        // Of all these only nosniff replaces what the origin says.
        let theirs: Lines<'_> = &[
            ("access-control-allow-origin", "a"),
            ("access-control-expose-headers", "b"),
            ("referrer-policy", "c"),
            ("strict-transport-security", "d"),
            ("x-content-type-options", "e"),
            ("x-frame-options", "f"),
            ("x-xss-protection", "g"),
        ];
        let kept = theirs.iter().map(|(name, value)| match *value {
            "e" if expected.len() > 2 => format!("{name}: nosniff"),
            _ => format!("{name}: {value}"),
        });
        let found = after(&preset, (&Method::GET, viewer), theirs, &Source::Whole);
        assert_eq!(found, kept.collect::<Vec<_>>(), "{name}");
    }
    assert_eq!(ResponseHeaders::PRESETS.len(), 5);
    assert_eq!(ResponseHeaders::preset("simplecors"), None);
}

proptest! {
    /// Whatever the answer and the request: nobody is told that it may read who is not listed, and unless
    /// all are told the same, the answer says that it depends on the origin.
    #[test]
    fn nobody_else_may_read_and_vary_always_says_so(
        listed in prop::collection::vec("https://[ab]\\.test|\\*|null", 1..3),
        credentials: bool,
        replaces: bool,
        sent in prop::option::of("https://[abc]\\.test|null|file://"),
        method in "GET|OPTIONS|PUT",
        asked in prop::option::of("GET|DELETE"),
        theirs in prop::option::of("x-a|Origin|\\*"),
        kind in 0..4,
    ) {
        let origins: Vec<&str> = listed.iter().map(String::as_str).collect();
        let any = origins.contains(&"*");
        let Ok(cors) = Cors::new(CorsRules { credentials, replaces, ..rules(&origins) }) else {
            prop_assert!(credentials && any);
            return Ok(());
        };
        let policy = ResponseHeaders { cors: Some(cors), ..policy(rules(&["*"])) };
        let mut viewer = HeaderMap::new();
        for (name, value) in [(ORIGIN, &sent), (ACCESS_CONTROL_REQUEST_METHOD, &asked)] {
            if let Some(value) = value {
                viewer.insert(name, HeaderValue::from_str(value).unwrap());
            }
        }
        viewer.insert(ACCESS_CONTROL_REQUEST_HEADERS, HeaderValue::from_static("x-a"));
        let mut answer = HeaderMap::new();
        if let Some(theirs) = &theirs {
            answer.insert(VARY, HeaderValue::from_str(theirs).unwrap());
        }
        let source = match kind {
            0 => Source::Whole,
            1 => Source::Unchanged(None),
            2 => Source::Unchanged(Some(HeaderMap::new())),
            _ => Source::Edge,
        };
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        policy.apply(&method, &viewer, StatusCode::OK, &mut answer, &source);
        let told = answer.get(ACCESS_CONTROL_ALLOW_ORIGIN).map(|value| value.to_str().unwrap());
        match told {
            Some("*") => prop_assert!(any && !credentials),
            Some(origin) => {
                prop_assert!(origins.contains(&origin));
                prop_assert_eq!(Some(origin), sent.as_deref());
            }
            None => {}
        }
        let is_listed = sent.as_deref().is_some_and(|sent| origins.contains(&sent));
        let is_preflight = method == Method::OPTIONS && sent.is_some() && asked.is_some();
        if !is_preflight {
            prop_assert_eq!(told.is_some(), any || is_listed);
        }
        let varies = answer.get_all(VARY).iter().any(|line| {
            let mut members = line.to_str().unwrap().split(',').map(str::trim);
            members.any(|member| member == "*" || member.eq_ignore_ascii_case("origin"))
        });
        prop_assert!(varies || told == Some("*") || (any && told.is_none()), "{:?}", answer);
        prop_assert!(varies || !is_preflight);
    }
}

#[test]
fn a_grant_is_for_one_line_of_origin() {
    let origins = Origins::new([OriginPattern::parse("null").unwrap()]);
    assert_eq!(
        origins.grant(&map(&[("origin", "null"), ("origin", "null")])),
        Grant::No
    );
}

/// What is said for years of an object is not said of the error in its place, whoever words that.
#[test]
fn no_error_is_kept_for_what_is_said_of_objects() {
    let control = |value, replaces| ResponseHeaders {
        name: "assets".to_owned(),
        cors: None,
        set: vec![field(header::CACHE_CONTROL, value, replaces)],
        remove: Vec::new(),
    };
    let asked = (&Method::GET, &[][..]);
    for replaces in [true, false] {
        for (status, value, set) in [
            (200, "public, max-age=31536000, immutable", true),
            (301, "max-age=60", true),
            (400, "max-age=60", false),
            (404, "public, max-age=31536000, immutable", false),
            (503, "max-age=60", false),
            (404, "no-cache", true),
            (503, "No-Store, max-age=0", true),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            let policy = control(value, replaces);
            let found = with_status(&policy, status, asked, &[], &Source::Whole);
            assert_eq!(found.len(), usize::from(set), "{status} {value}");
            // What the origin itself said of its error stays then.
            let theirs = &[("cache-control", "max-age=5")];
            let found = with_status(&policy, status, asked, theirs, &Source::Whole);
            let expected = match set && replaces {
                true => value,
                false => "max-age=5",
            };
            assert_eq!(
                found,
                [format!("cache-control: {expected}")],
                "{status} {value}"
            );
        }
    }
}
