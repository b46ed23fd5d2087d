//! `static-site.toml`: pages, assets, redirects, errors, and what browsers are told.

use std::fs;

use http::StatusCode;

use super::{asked, bucket, check, config, edge, get, redirects, says};
use crate::harness::{Answer, TestBucket, TestEdge};

const NAME: &str = "static-site";
const IMMUTABLE: &str = "public, max-age=31536000, immutable";
const OBJECTS: &[(&str, &str)] = &[
    ("index.html", "home"),
    ("about.html", "about us"),
    ("docs/index.html", "the manual"),
    ("articles/hello.html", "hello"),
    ("404.html", "not here"),
    ("assets/logo.9c1d.svg", "logo"),
];

async fn site() -> (TestBucket, TestEdge) {
    let bucket = bucket("example-www", OBJECTS).await;
    bucket
        .put_with("assets/app.3f2a.js", "script", IMMUTABLE)
        .await;
    let edge = edge(NAME, &bucket.url(), &[]).await;
    (bucket, edge)
}

async fn of(edge: &TestEdge, path: &str) -> Answer {
    get(edge, "www.example.com", path, &[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn check_tells_what_holds() {
    says(
        &check(NAME).await,
        &[
            "distribution WWW: www.example.com -> origin site (cache policy CloudFront, root object index.html)\n",
            "    redirects: 3 rules\n    /assets/*: ",
            " default_ttl 365d, ",
            "; index directories; clean URLs; response headers pages\n    all other paths: ",
            " default_ttl 1m, ",
            " stale_on_error 7d, ",
            "; index directories; clean URLs; 404: /404.html as 404; response headers pages\n",
        ],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn each_page_has_its_address_and_browsers_are_told_to_be_careful() {
    let (_bucket, edge) = site().await;
    for (path, status, text, location) in [
        ("/", 200, "home", ""),
        ("/docs/", 200, "the manual", ""),
        ("/docs", 302, "", "/docs/"),
        ("/about", 200, "about us", ""),
        ("/team", 302, "", "/about"),
        ("/blog/2024/hello", 301, "", "/articles/hello"),
        ("/articles/hello", 200, "hello", ""),
        ("/wiki/a/b", 301, "", "https://wiki.example.com/a/b"),
        ("/nowhere", 404, "not here", ""),
        ("/docs/nowhere/", 404, "not here", ""),
    ] {
        let answer = of(&edge, path).await;
        assert_eq!(
            (answer.status, &*answer.text(), &*answer.field("location")),
            (status, text, location),
            "{path}"
        );
        for (name, value) in [
            ("content-security-policy", "default-src 'self'"),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "strict-origin-when-cross-origin"),
            ("strict-transport-security", "max-age=31536000"),
        ] {
            assert_eq!(answer.field(name), value, "{path}");
        }
    }
    let other = get(&edge, "example.com", "/", &[]).await;
    assert_eq!(other.status, 421);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_redirects_are_read_again() {
    let (bucket, mut edge) = site().await;
    let file = edge.data.path().join(redirects(NAME));
    fs::write(file, "/docs/* /manual/:splat\n").unwrap();
    assert_eq!(of(&edge, "/docs/").await.status, 200);
    let again = config(NAME, &bucket.url(), &[], &edge.data);
    edge.edge.reload(again).await.unwrap();
    assert_eq!(of(&edge, "/docs/").await.field("location"), "/manual/");
    assert_eq!(of(&edge, "/team").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn browsers_keep_assets_and_ask_for_pages() {
    let (bucket, edge) = site().await;
    let home = of(&edge, "/").await;
    assert_eq!(home.field("cache-control"), "no-cache");
    let asked_once = asked(&bucket);
    let tag = home.field("etag");
    let fields = [("if-none-match", &*tag)];
    let unchanged = get(&edge, "www.example.com", "/", &fields).await;
    assert_eq!(unchanged.status, 304);
    assert_eq!(unchanged.field("cache-control"), "no-cache");
    assert_eq!(asked(&bucket), asked_once);

    let script = of(&edge, "/assets/app.3f2a.js").await;
    assert_eq!(script.field("cache-control"), IMMUTABLE);
    // This one was uploaded without a word: the edge keeps it, and browsers ask.
    let logo = of(&edge, "/assets/logo.9c1d.svg").await;
    assert_eq!(logo.field("cache-control"), "no-cache");
    edge.advance(364 * 86_400);
    for path in ["/assets/app.3f2a.js", "/assets/logo.9c1d.svg"] {
        assert_eq!(of(&edge, path).await.cache(), "Hit", "{path}");
    }
    // A script that is missing is neither a page nor for browsers to keep.
    let missing = of(&edge, "/assets/app.0000.js").await;
    assert_eq!(missing.status, 404);
    assert_ne!(missing.text(), "not here");
    assert_eq!(missing.field("cache-control"), "no-cache");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_publication_shows_within_a_minute_and_at_once_after_a_purge() {
    let (bucket, edge) = site().await;
    assert_eq!(of(&edge, "/").await.text(), "home");
    bucket.put("index.html", "new home").await;
    edge.advance(59);
    assert_eq!(of(&edge, "/").await.text(), "home");
    edge.advance(1);
    assert_eq!(of(&edge, "/").await.text(), "new home");
    bucket.put("index.html", "newest home").await;
    edge.purge(&["/*"]).await;
    assert_eq!(of(&edge, "/").await.text(), "newest home");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_fails_costs_only_what_nobody_has_asked_for() {
    let (bucket, edge) = site().await;
    assert_eq!(of(&edge, "/").await.text(), "home");
    let down = (StatusCode::SERVICE_UNAVAILABLE, "SlowDown");
    bucket.faults().fail_all(Some(down));
    edge.advance(6 * 86_400);
    assert_eq!(of(&edge, "/").await.text(), "home");
    assert_eq!(of(&edge, "/about").await.status, 503);
    edge.advance(2 * 86_400);
    assert_eq!(of(&edge, "/").await.status, 503);
}
