//! `spa-with-api.toml`: a page application, what everybody may have of its API, and what is one person's own.

use super::{BROWSER, bucket, check, edge, get, request, says};
use crate::harness::{Answer, Reply, ScriptedOrigin, TestBucket, TestEdge, field};

const NAME: &str = "spa-with-api";
const HOST: &str = "app.example.com";
const IMMUTABLE: &str = "public, max-age=31536000, immutable";
const JSON: &str = "content-type: application/json\r\nx-powered-by: theirs\r\n";
const OFFICE: (&str, &str) = ("origin", "https://office.example.com");

async fn application() -> (TestBucket, ScriptedOrigin, TestEdge) {
    let objects = [
        ("index.html", "the application"),
        ("assets/old.svg", "old"),
        ("robots.txt", "none"),
    ];
    let bucket = bucket("example-app", &objects).await;
    bucket
        .put_with("assets/app.1.js", "script", IMMUTABLE)
        .await;
    let api = ScriptedOrigin::start([]).await;
    let places = [("http://10.0.0.5:8080", &*api.url())];
    let edge = edge(NAME, &bucket.url(), &places).await;
    (bucket, api, edge)
}

async fn of(edge: &TestEdge, path: &str, fields: &[(&str, &str)]) -> Answer {
    get(edge, HOST, path, fields).await
}

#[tokio::test(flavor = "multi_thread")]
async fn check_tells_what_holds() {
    says(
        &check(NAME).await,
        &[
            "distribution APP: app.example.com -> origin app ",
            "    /assets/*: origin app; methods GET, HEAD; ",
            " default_ttl 365d, ",
            "; key: path; response headers app\n",
            "    /api/catalog/*: origin api; methods GET, HEAD; origin request Default; cache policy catalog: ",
            " set_cookie refuse, ",
            " (sorted), headers accept-language; response headers api\n",
            "    /api/*: origin api; methods GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE; origin request session; \
             cache policy CachingDisabled: nothing is stored; response headers api\n",
            "    all other paths: origin app; methods GET, HEAD; ",
            " default_ttl 1m, ",
            "; navigations to nothing: /index.html as 200; response headers app\n",
        ],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_goes_to_a_path_gets_the_application_and_a_missing_asset_is_missing() {
    let (bucket, api, edge) = application().await;
    for (path, fields, status, text) in [
        ("/", &[][..], 200, "the application"),
        ("/users/7", &BROWSER, 200, "the application"),
        ("/assets/app.1.js", &[], 200, "script"),
    ] {
        let answer = of(&edge, path, fields).await;
        assert_eq!((answer.status, &*answer.text()), (status, text), "{path}");
        assert_eq!(answer.field("x-content-type-options"), "nosniff");
        assert_eq!(answer.field("referrer-policy"), "same-origin");
        let policy = "default-src 'self'; frame-ancestors 'none'";
        assert_eq!(answer.field("content-security-policy"), policy);
        let kept = if path.ends_with("js") {
            IMMUTABLE
        } else {
            "no-cache"
        };
        assert_eq!(answer.field("cache-control"), kept, "{path}");
        assert!(!answer.has("access-control-allow-origin"));
    }
    for (path, fields) in [("/users/7", &[][..]), ("/assets/gone", &BROWSER)] {
        let answer = of(&edge, path, fields).await;
        assert_eq!(answer.status, 404, "{path}");
        assert_ne!(answer.text(), "the application", "{path}");
        assert_ne!(answer.field("cache-control"), IMMUTABLE, "{path}");
    }
    assert_eq!(
        request(&edge, "POST", HOST, "/users/7", &[]).await.status,
        405
    );
    assert_eq!(api.count(), 0);

    // A new version: one purge takes it for every path of the application, and assets stay.
    bucket.put("index.html", "the next version").await;
    edge.purge(&["/index.html"]).await;
    for path in ["/", "/users/7"] {
        assert_eq!(of(&edge, path, &BROWSER).await.text(), "the next version");
    }
    assert_eq!(of(&edge, "/assets/app.1.js", &[]).await.cache(), "Hit");
    bucket.put("index.html", "a version without a purge").await;
    edge.advance(60);
    let page = of(&edge, "/users/8", &BROWSER).await;
    assert_eq!(page.text(), "a version without a purge");
    of(&edge, "/assets/old.svg", &[]).await;
    edge.advance(364 * 86_400);
    assert_eq!(of(&edge, "/assets/old.svg", &[]).await.cache(), "Hit");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_catalog_is_kept_for_as_long_as_the_api_says() {
    let (_bucket, api, edge) = application().await;
    let kept = |text| Reply::ok(&format!("cache-control: max-age=60\r\n{JSON}"), text);
    let german = [("accept-language", "de"), ("cookie", "session=a; _ga=1")];
    let path = "/api/catalog/list?utm_source=mail&b=2&a=1";
    api.then(kept("[\"de\"]"));
    assert_eq!(of(&edge, path, &german).await.text(), "[\"de\"]");
    let head = api.last();
    assert!(head.starts_with("GET /api/catalog/list?a=1&b=2 "), "{head}");
    assert_eq!(field(&head, "accept-language"), "de");
    assert_eq!(field(&head, "cookie"), "");
    let again = of(&edge, "/api/catalog/list?a=1&b=2", &german[..1]).await;
    assert_eq!((&*again.cache(), &*again.text()), ("Hit", "[\"de\"]"));
    assert!(!again.has("x-powered-by"));
    api.then(kept("[\"en\"]"));
    let english = of(&edge, path, &[("accept-language", "en")]).await;
    assert_eq!(english.text(), "[\"en\"]");
    edge.advance(60);
    api.then(kept("[\"new\"]"));
    assert_eq!(of(&edge, path, &german).await.text(), "[\"new\"]");
    assert_eq!(request(&edge, "POST", HOST, path, &[]).await.status, 405);

    // Without a word about it, and with somebody's cookie, nothing is kept.
    let modified = "last-modified: Wed, 01 Jul 2020 00:00:00 GMT\r\n";
    let cookie = "cache-control: max-age=60\r\nset-cookie: session=b\r\n";
    for (path, fields) in [("/api/catalog/a", modified), ("/api/catalog/b", cookie)] {
        for text in ["one", "two"] {
            api.then(Reply::ok(&format!("{fields}{JSON}"), text));
            assert_eq!(of(&edge, path, &[]).await.text(), text, "{path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_one_persons_own_goes_to_the_api_each_time_and_to_nobody_else() {
    let (bucket, api, edge) = application().await;
    for session in ["a", "b", "a"] {
        let cookies = format!("_ga=1; session={session}; ad=2");
        let fields = [
            ("cookie", &*cookies),
            ("authorization", "Bearer x"),
            ("x-other", "1"),
        ];
        let lasting = format!("cache-control: max-age=60\r\nset-cookie: seen={session}\r\n{JSON}");
        api.then(Reply::ok(&lasting, session));
        let answer = of(&edge, "/api/me?utm_source=mail", &fields).await;
        assert_eq!((answer.status, &*answer.text()), (200, session));
        assert_eq!(answer.field("set-cookie"), format!("seen={session}"));
        let head = api.last();
        assert!(head.starts_with("GET /api/me?utm_source=mail "), "{head}");
        assert_eq!(field(&head, "cookie"), format!("session={session}"));
        assert_eq!(field(&head, "authorization"), "Bearer x");
        assert_eq!(field(&head, "x-other"), "");
    }
    assert_eq!(api.count(), 3);
    api.then(Reply::status(201, JSON, "{}"));
    let fields = [
        ("host", HOST),
        ("x-csrf-token", "t"),
        ("cookie", "session=a"),
    ];
    let mut viewer = edge.connect().await;
    let made = viewer
        .request("POST", "/api/orders", &fields, "{\"a\":1}")
        .await;
    assert_eq!(made.status, 201);
    assert_eq!(field(&api.last(), "x-csrf-token"), "t");
    assert_eq!(api.bodies().last().unwrap(), b"{\"a\":1}");
    // The bucket has nothing to do with any of this.
    of(
        &edge,
        "/robots.txt",
        &[("cookie", "session=a"), ("authorization", "Bearer x")],
    )
    .await;
    assert_eq!(bucket.asked("robots.txt").header("cookie"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_of_the_api_is_never_a_page() {
    let (_bucket, api, edge) = application().await;
    let page = of(&edge, "/", &BROWSER).await;
    assert_eq!(page.text(), "the application");
    for path in ["/api/catalog/gone", "/api/gone"] {
        for status in [404, 403, 500] {
            api.then(Reply::status(status, JSON, "{\"error\":\"theirs\"}"));
            let error = of(&edge, path, &BROWSER).await;
            assert_eq!(
                (error.status, &*error.text()),
                (status, "{\"error\":\"theirs\"}")
            );
            assert_eq!(error.field("content-type"), "application/json");
        }
        // And where the API says nothing, the edge says so in plain text.
        let failed = of(&edge, path, &BROWSER).await;
        assert_eq!(failed.status, 502, "{path}");
        assert_eq!(failed.field("content-type"), "text/plain; charset=utf-8");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_office_may_call_with_cookies_and_no_other_site_may() {
    let (_bucket, api, edge) = application().await;
    let asks = [
        ("access-control-request-method", "PUT"),
        (
            "access-control-request-headers",
            "content-type,x-csrf-token",
        ),
    ];
    for (origin, status, allowed) in [
        (OFFICE, 204, OFFICE.1),
        (("origin", "https://evil.example"), 403, ""),
    ] {
        let fields = [origin, asks[0], asks[1]];
        let answer = request(&edge, "OPTIONS", HOST, "/api/orders/1", &fields).await;
        assert_eq!(answer.status, status);
        assert_eq!(answer.field("access-control-allow-origin"), allowed);
        let age = if status == 204 { "600" } else { "" };
        assert_eq!(answer.field("access-control-max-age"), age);
    }
    assert_eq!(api.count(), 0);
    api.then(Reply::ok(JSON, "{}"));
    let answer = of(&edge, "/api/orders/1", &[OFFICE, ("cookie", "session=a")]).await;
    assert_eq!(answer.field("access-control-allow-origin"), OFFICE.1);
    assert_eq!(answer.field("access-control-allow-credentials"), "true");
    assert_eq!(answer.field("x-content-type-options"), "nosniff");
    assert!(!answer.has("x-powered-by"));
}
