//! `check`: 0 and what the configuration means, or 1 with file, line, column and what is allowed.

use crate::harness::run;

const SECRET: &str = "edge-secret-0123456789";
const TOKEN: &str = "admin-token-0123456789";
const VARIABLES: [(&str, &str); 3] = [
    ("EDGE_ACCESS_KEY", "edge-key"),
    ("EDGE_SECRET_KEY", SECRET),
    ("SEAWALL_ADMIN_TOKEN", TOKEN),
];

#[tokio::test(flavor = "multi_thread")]
async fn what_is_accepted_is_explained() {
    for name in ["minimal", "everything", "two-distributions", "minio"] {
        let file = format!("fixtures/config/accepted/{name}.toml");
        let run = run(&["check", &file], &VARIABLES).await;
        assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{name}");
        let first = format!("{file}: the configuration is valid\n");
        assert!(run.stdout.starts_with(&first), "{}", run.stdout);
        assert!(!run.stdout.contains(SECRET) && !run.stdout.contains(TOKEN));
        if name == "two-distributions" {
            for part in [
                "distribution WWW: www.example.com, *.example.net",
                "origin assets",
            ] {
                assert!(run.stdout.contains(part), "{part}: {}", run.stdout);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_behavior_is_shown_with_what_it_inherits() {
    let run = run(&["check", "fixtures/config/accepted/behaviors.toml"], &[]).await;
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
    let lines: Vec<&str> = run.stdout.lines().collect();
    let at = |line: &str| {
        lines
            .iter()
            .position(|found| *found == line)
            .unwrap_or_else(|| panic!("{line:?} is not in\n{}", run.stdout))
    };
    let news = at(
        "    /news/*: origin site; methods GET; cache policy CloudFront: min_ttl 0s, default_ttl 1m, \
         max_ttl 365d, negative_ttl 10s, error_ttl 10s, stale_on_error 10m, set_cookie strip, viewer_cache_control honor; key: path",
    );
    let api = at(
        "    /api/*: origin api; methods GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE; origin request Default; \
         cache policy RFC9111: min_ttl 0s, default_ttl none, max_ttl none, negative_ttl none, error_ttl 10s, \
         stale_on_error 0s, set_cookie strip, viewer_cache_control ignore; key: path, query all",
    );
    let others = at(
        "    all other paths: origin site; methods GET; cache policy CloudFront: min_ttl 0s, default_ttl 1h, \
         max_ttl 365d, negative_ttl 10s, error_ttl 10s, stale_on_error 10m, set_cookie strip, viewer_cache_control honor; key: path",
    );
    assert!(
        api < news && news < others,
        "in the order in which they are tried"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_parts_of_each_key_are_shown_and_what_goes_on_beside_them() {
    let run = run(&["check", "fixtures/config/accepted/policies.toml"], &[]).await;
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
    for (path, end) in [
        (
            "/shop/*",
            "; key: path, query all but utm_* fbclid (sorted), headers accept-language, \
             cookies only currency, accept-encoding; forwards and does not key: query utm_source, \
             fields x-tenant, cookies session",
        ),
        (
            "/account/*",
            "; origin request AllViewer; cache policy CachingDisabled: nothing is stored",
        ),
        (
            "/blog/*",
            "; key: host, path, query all; forwards and does not key: fields all, cookies all",
        ),
        ("/assets/*", "viewer_cache_control ignore; key: path"),
        ("all other paths", "; key: path, query all"),
    ] {
        let begin = format!("    {path}: ");
        let line = run.stdout.lines().find(|line| line.starts_with(&begin));
        let line = line.unwrap_or_else(|| panic!("{path} is not in\n{}", run.stdout));
        assert!(line.ends_with(end), "{line}");
    }
    let unused: Vec<&str> = run
        .stdout
        .lines()
        .filter(|line| line.contains("nobody uses"))
        .collect();
    assert_eq!(
        unused,
        [
            "  nobody uses [cache_policies.forgotten]",
            "  nobody uses [origin_requests.forgotten]"
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_shown_with_their_statuses() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("_redirects"), "/a /b\n/c/* /d/:splat\n").unwrap();
    let text = "[origins.site]\nbucket = \"my-site\"\nregion = \"eu-central-1\"\n[[distributions]]\n\
                id = \"E1\"\norigin = \"site\"\nindex = \"directories\"\nclean_urls = true\n\
                redirects = \"_redirects\"\nspa = \"/app.html\"\nerror_responses = [\n\
                { status = 404, page = \"/404.html\", ttl = \"1m\" },\n\
                { status = 503, page = \"/sorry.html\", as_status = 200 },\n]\n";
    std::fs::write(path("seawall.toml"), text).unwrap();
    let run = run(&["check", path("seawall.toml").to_str().unwrap()], &[]).await;
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
    for told in [
        "\n    redirects: 2 rules\n",
        "; index directories; clean URLs; navigations to nothing: /app.html as 200; \
         404: /404.html as 404 kept 1m; 503: /sorry.html as 200\n",
    ] {
        assert!(
            run.stdout.contains(told),
            "{told:?} is not in\n{}",
            run.stdout
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_rejected_is_named() {
    let rows: [(&str, &[&str]); 5] = [
        (
            "unknown-key",
            &[
                "unknown-key.toml:2:1",
                "edge.memmory",
                "did you mean `memory`?",
            ],
        ),
        (
            "unknown-origin",
            &["unknown-origin.toml:", "origin", "allowed"],
        ),
        ("syntax-error", &["syntax-error.toml:2:17", "not TOML"]),
        (
            "token-variable-missing",
            &[
                "token-variable-missing.toml:",
                "environment variable",
                "not set",
            ],
        ),
        (
            "many-faults",
            &["many-faults.toml:2:8", "many-faults.toml:21:15"],
        ),
    ];
    for (name, parts) in rows {
        let file = format!("fixtures/config/rejected/{name}.toml");
        for arguments in [&["check", &*file], &["serve", "--config", &file][..]] {
            let run = run(arguments, &VARIABLES).await;
            assert_eq!(
                (run.code, run.stdout.as_str()),
                (Some(1), ""),
                "{arguments:?}"
            );
            let words = run.words();
            for part in parts {
                assert!(words.contains(part), "{arguments:?}: {part:?} in {words}");
            }
            assert!(!words.contains(SECRET) && !words.contains(TOKEN), "{words}");
        }
    }
}

/// Parts that are right by themselves and wrong together: where the later one stands, what is found, what it is
/// at odds with, and what to do.
#[tokio::test(flavor = "multi_thread")]
async fn what_contradicts_something_else_is_named_with_it() {
    let rows: [(&str, &[&str]); 6] = [
        (
            "two-default-distributions",
            &[
                "two-default-distributions.toml:12:11: distributions[1].domains: found a second default distribution",
                "distributions[0] is one already",
                "allowed: at most one: give this one its domains",
            ],
        ),
        (
            "domain-twice",
            &[
                "domain-twice.toml:13:27: distributions[1].domains: found domain \"www.example.com\"",
                "which distributions[0] has already",
                "allowed: each domain once",
            ],
        ),
        (
            "behavior-unreachable",
            &[
                "behavior-unreachable.toml:18:8: distributions[0].behaviors[1].path: found \"/api/public/*.json\"",
                "of which distributions[0].behaviors[0] (\"/api/*\") takes every path first",
                "allowed: a path that no earlier behavior covers: put the narrower one first",
            ],
        ),
        (
            "behavior-with-an-unknown-policy",
            &[
                "behavior-with-an-unknown-policy.toml:16:16: distributions[0].behaviors[0].cache_policy: found \"RFC911\"",
                "allowed: \"CloudFront\", \"RFC9111\"",
                "did you mean \"RFC9111\"?",
            ],
        ),
        (
            "cache-policy-own-and-unknown",
            &[
                "cache-policy-own-and-unknown.toml:14:16: distributions[0].cache_policy: found \"asets\"",
                "\"IgnoreTracking\", \"assets\"; did you mean \"assets\"?",
            ],
        ),
        (
            "error-pages-in-a-circle",
            &[
                "error-pages-in-a-circle.toml:10:19: distributions[0].error_responses: found pages for 404",
                "\"/a/404.html\" -> \"/b/404.html\" -> \"/c/404.html\" -> \"/a/404.html\"",
                "allowed: pages of which one is the last",
            ],
        ),
    ];
    for (name, parts) in rows {
        let run = run(
            &["check", &format!("fixtures/config/rejected/{name}.toml")],
            &[],
        )
        .await;
        assert_eq!((run.code, &*run.stdout), (Some(1), ""), "{name}");
        for part in parts {
            assert!(run.words().contains(part), "{part:?} in {}", run.words());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_response_headers_of_each_behavior_are_shown() {
    let file = "fixtures/config/accepted/response-headers.toml";
    let run = run(&["check", file], &[]).await;
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
    let line = |begins: &str| {
        let mut lines = run.stdout.lines();
        let line = lines.find(|line| line.trim_start().starts_with(begins));
        line.unwrap_or_else(|| panic!("{begins} is not in\n{}", run.stdout))
    };
    for (begins, ends) in [
        ("/fonts/*:", "; response headers SimpleCORS"),
        ("/internal/*:", "; key: path"),
        ("/img/*:", "; response headers app"),
        ("all other paths:", "; response headers app"),
    ] {
        assert!(line(begins).ends_with(ends), "{}", line(begins));
    }
    assert_eq!(
        line("response headers app:"),
        "  response headers app: cors origins https://app.example.com null https://*.example.com:8443, \
         methods all, headers all, expose x-total, credentials, max_age 10m, override true; \
         sets x-content-type-options: nosniff; sets x-frame-options: DENY unless the origin does; \
         sets x-team: web unless the origin does; removes server;"
    );
    assert_eq!(
        line("response headers SimpleCORS:"),
        "  response headers SimpleCORS: cors origins *, methods GET HEAD, headers none, expose none, \
         override false;"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_not_there_is_named() {
    let missing = run(&["check", "no/such.toml"], &[]).await;
    assert_eq!(missing.code, Some(1));
    assert!(
        missing.words().contains("no/such.toml"),
        "{}",
        missing.stderr
    );
    let wrong = run(&["check"], &[]).await;
    assert_eq!(wrong.code, Some(2), "wrong arguments");
}
