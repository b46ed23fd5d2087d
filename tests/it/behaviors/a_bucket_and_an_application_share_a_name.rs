//! One distribution, two origins: each path is asked for where its behaviour says, in the way of that
//! origin, and what is kept of the two does not mix.

use super::{api, page, site_and_api};
use crate::harness::Reply;

#[tokio::test(flavor = "multi_thread")]
async fn each_path_is_asked_for_at_its_origin_in_its_way() {
    let (bucket, web, edge) = site_and_api(
        &[("index.html", "home"), ("apis", "an object")],
        [
            page("users of x"),
            page("users of y"),
            Reply::ok("", "made"),
        ],
        &api("/api/*", "methods = \"standard\""),
    )
    .await;
    assert_eq!(edge.get("/").await.text(), "home");
    assert_eq!(edge.get("/apis").await.text(), "an object");
    assert_eq!(web.count(), 0);
    assert_eq!(edge.get("/api/users?of=x").await.text(), "users of x");
    // To an application the query counts, to the bucket it does not.
    assert_eq!(edge.get("/api/users?of=y").await.text(), "users of y");
    assert!(web.last().starts_with("GET /api/users?of=y "));
    for (path, text) in [
        ("/?of=y", "home"),
        ("/api/users?of=x", "users of x"),
        ("/api/users?of=y", "users of y"),
    ] {
        let kept = edge.get(path).await;
        assert_eq!(
            (kept.cache().as_str(), &*kept.text()),
            ("Hit", text),
            "{path}"
        );
    }
    let made = edge
        .connect()
        .await
        .request("POST", "/api/users", &[], "name=z")
        .await;
    assert_eq!(made.text(), "made");
    assert_eq!(web.bodies().last().unwrap(), b"name=z");
    assert_eq!(
        bucket.asked("index.html").key.as_deref(),
        Some("index.html")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_goes_to_the_bucket_alone_and_a_viewers_field_to_the_application() {
    let (bucket, web, edge) =
        site_and_api(&[("a", "object")], [page("one")], &api("/api/*", "")).await;
    let fields = [("authorization", "Bearer viewer")];
    edge.get_with("/a", &fields).await;
    edge.get_with("/api/a", &fields).await;
    assert!(bucket.asked("a").access_key.is_some());
    let head = web.last();
    assert!(
        head.contains("Bearer viewer") && !head.contains("AWS4"),
        "{head}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_word_of_the_application_forgets_nothing_of_the_bucket() {
    let created = Reply::status(201, "location: /a\r\n", "");
    let (bucket, _web, edge) = site_and_api(
        &[("a", "object")],
        [created],
        &api("/api/*", "methods = \"standard\""),
    )
    .await;
    assert_eq!(edge.get("/a").await.text(), "object");
    bucket.put("a", "changed").await;
    assert_eq!(edge.request("POST", "/api/a", &[]).await.status, 201);
    let kept = edge.get("/a").await;
    assert_eq!((kept.cache().as_str(), &*kept.text()), ("Hit", "object"));
}
