//! A bucket decodes what it is asked for. So a path whose escapes hide its behaviour is refused, and an
//! application gets its paths as they are sent.

use super::{api, page, site, site_and_api};

#[tokio::test(flavor = "multi_thread")]
async fn no_escape_gets_past_a_pattern() {
    let objects = [("private/x", "secret"), ("public", "public")];
    // The bucket's path by the default behaviour, private ones by another: an application, that lets nobody
    // in, or the bucket itself.
    for behaviors in [
        api("/private/*", ""),
        site("/private/*", "methods = [\"GET\"]"),
    ] {
        let (_bucket, web, edge) = site_and_api(&objects, [], &behaviors).await;
        for path in ["/private%2Fx", "/private%2fx", "/%70rivate%2Fx"] {
            for _ in 0..2 {
                let answer = edge.get(path).await;
                assert_eq!(answer.status, 400, "{path}");
                assert!(!answer.text().contains("secret"));
                let status = answer.field("cache-status");
                assert!(status.contains("detail=other-behavior"), "{status}");
            }
        }
        assert_eq!(web.count(), 0);
        assert_eq!(edge.get("/public").await.text(), "public");
        let refused = edge
            .metric("seawall_reasons_total{reason=\"other-behavior\"}")
            .await;
        assert!((refused - 6.0).abs() < 0.5, "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn spellings_of_letters_are_one_path() {
    let (_bucket, web, edge) = site_and_api(
        &[("private/x", "secret")],
        [page("login"), page("login")],
        &api("/private/*", ""),
    )
    .await;
    assert_eq!(edge.get("/%70rivate/x").await.text(), "login");
    assert_eq!(edge.get("/%70r%69vate/x").await.text(), "login");
    // As it was sent.
    assert!(web.last().starts_with("GET /%70r%69vate/x "));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_escape_within_one_behavior_is_only_a_spelling() {
    let (_bucket, _web, edge) = site_and_api(
        &[("img/a b!/c", "image")],
        [],
        &site("/img/*", "default_ttl = \"1h\""),
    )
    .await;
    for path in ["/img/a%20b!/c", "/img/a%20b%21%2Fc", "/img/a%20%62!/c"] {
        assert_eq!(edge.get(path).await.text(), "image", "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_gets_its_escapes_as_they_are() {
    let (_bucket, web, edge) =
        site_and_api(&[], [page("one"), page("two")], &api("/api/*", "")).await;
    assert_eq!(edge.get("/api/a%2Fb").await.text(), "one");
    assert_eq!(edge.get("/api/a/b").await.text(), "two");
    assert!(web.requests()[0].starts_with("GET /api/a%2Fb "));
}
