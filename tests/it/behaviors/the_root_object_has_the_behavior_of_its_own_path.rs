//! `/` and the root object's own path are one object, so they have one behaviour.

use super::{api, page, site, site_and_api};

#[tokio::test(flavor = "multi_thread")]
async fn a_pattern_for_pages_holds_for_the_root_too() {
    let (_bucket, _web, edge) = site_and_api(
        &[("index.html", "home")],
        [],
        &site("*.html", "methods = [\"GET\"]\ndefault_ttl = \"10s\""),
    )
    .await;
    for path in ["/", "/index.html"] {
        assert_eq!(edge.get(path).await.text(), "home", "{path}");
        let refused = edge.request("HEAD", path, &[]).await;
        assert_eq!(
            (refused.status, &*refused.field("allow")),
            (405, "GET"),
            "{path}"
        );
    }
    edge.advance(11);
    assert_eq!(edge.get("/").await.cache(), "RefreshHit");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_may_make_the_root_object() {
    let (_bucket, web, edge) = site_and_api(
        &[("index.html", "of the bucket")],
        [page("made")],
        &api("/index.*", ""),
    )
    .await;
    assert_eq!(edge.get("/").await.text(), "made");
    assert!(web.last().starts_with("GET /index.html "));
    assert_eq!(edge.get("/index.html").await.cache(), "Hit");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_root_object_the_root_is_a_path_like_any_other() {
    let behaviors = format!("root_object = \"\"\n{}", api("/", ""));
    let (_bucket, web, edge) = site_and_api(&[("a", "object")], [page("home")], &behaviors).await;
    assert_eq!(edge.get("/").await.text(), "home");
    assert!(web.last().starts_with("GET / "));
    assert_eq!(edge.get("/a").await.text(), "object");
}
