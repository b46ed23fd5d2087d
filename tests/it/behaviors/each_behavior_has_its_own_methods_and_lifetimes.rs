//! Methods, lifetimes, what is forwarded and what a viewer may ask for are those of the behaviour.

use super::{api, page, site, site_and_api};
use crate::harness::Reply;

#[tokio::test(flavor = "multi_thread")]
async fn a_405_names_the_methods_of_the_behavior() {
    let behaviors = [
        site("/img/*", "methods = [\"GET\"]"),
        api("/api/*", "methods = \"standard\""),
    ]
    .concat();
    let (_bucket, web, edge) = site_and_api(&[("img/a", "a")], [], &behaviors).await;
    for (method, path, allow) in [
        ("HEAD", "/img/a", "GET"),
        ("POST", "/img/a", "GET"),
        ("POST", "/a", "GET, HEAD"),
        (
            "PROPFIND",
            "/api/a",
            "GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE",
        ),
        // No letter case and no escape makes it another's method.
        ("POST", "/API/a", "GET, HEAD"),
        ("POST", "/api%2Fa", "GET, HEAD"),
    ] {
        let answer = edge.request(method, path, &[]).await;
        assert_eq!(
            (answer.status, &*answer.field("allow")),
            (405, allow),
            "{method} {path}"
        );
    }
    assert_eq!(web.count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn lifetimes_are_those_of_the_behavior() {
    let (_bucket, _web, edge) = site_and_api(
        &[("a", "a"), ("news/a", "a")],
        [],
        &site("/news/*", "default_ttl = \"10s\"\nnegative_ttl = \"2s\""),
    )
    .await;
    for path in ["/a", "/news/a", "/none", "/news/none"] {
        edge.get(path).await;
    }
    edge.advance(3);
    assert!(
        edge.get("/none")
            .await
            .field("cache-status")
            .contains("hit")
    );
    assert!(
        !edge
            .get("/news/none")
            .await
            .field("cache-status")
            .contains("hit")
    );
    edge.advance(8);
    assert_eq!(edge.get("/a").await.cache(), "Hit");
    assert_eq!(edge.get("/news/a").await.cache(), "RefreshHit");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_covered_and_rests_as_the_behavior_says() {
    let broken = || Reply::status(500, "", "");
    let kept = || Reply::ok("cache-control: max-age=1\r\netag: \"a\"\r\n", "kept");
    let behaviors = [
        api("/calm/*", "stale_on_error = \"1h\"\nerror_ttl = \"5s\""),
        api("/api/*", ""),
    ]
    .concat();
    let (_bucket, web, edge) = site_and_api(
        &[],
        [kept(), kept(), broken(), broken(), broken()],
        &behaviors,
    )
    .await;
    edge.get("/calm/a").await;
    edge.get("/api/a").await;
    edge.advance(2);
    // By its own behaviour nothing covers it, and the origin's word goes through.
    assert_eq!(edge.get("/api/a").await.status, 500);
    assert_eq!(edge.get("/calm/a").await.text(), "kept");
    let count = web.count();
    edge.advance(4);
    assert_eq!(edge.get("/calm/a").await.text(), "kept");
    assert_eq!(web.count(), count, "it rests for five seconds");
    edge.advance(2);
    assert_eq!(edge.get("/calm/a").await.text(), "kept");
    assert_eq!(web.count(), count + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewers_wish_counts_where_the_behavior_listens() {
    let behaviors = site("/live/*", "viewer_cache_control = \"honor\"");
    let objects = [("a", "a"), ("live/a", "a")];
    let (_bucket, _web, edge) = site_and_api(&objects, [], &behaviors).await;
    for (path, expected) in [("/a", "Hit"), ("/live/a", "RefreshHit")] {
        edge.get(path).await;
        let answer = edge.get_with(path, &[("cache-control", "no-cache")]).await;
        assert_eq!(answer.cache(), expected, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_are_forwarded_as_the_behavior_says() {
    let behaviors = [
        api("/all/*", "origin_request = \"AllViewerExceptHostHeader\""),
        api("/api/*", ""),
    ]
    .concat();
    let (_bucket, web, edge) = site_and_api(&[], [page("a"), page("a")], &behaviors).await;
    for (path, expected) in [("/all/a", true), ("/api/a", false)] {
        edge.get_with(path, &[("x-of-the-viewer", "word")]).await;
        assert_eq!(web.last().contains("word"), expected, "{path}");
    }
}
