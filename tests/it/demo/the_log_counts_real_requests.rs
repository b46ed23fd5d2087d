//! The log: every request that arrived, refused or not, and no secret.

use http::{Method, StatusCode};

use super::raw::Request;
use super::{BUCKET, edge, identity, scene};

#[tokio::test]
async fn every_request_is_counted_with_what_it_said() {
    let scene = scene().await;
    scene.put("dir/a b", "kept").await;
    let addr = scene.bucket.addr();
    let get = Request::new("GET", "/harbour/dir/a%20b");
    get.clone()
        .by(edge())
        .header("range", "bytes=0-1")
        .send(addr)
        .await;
    get.clone().send(addr).await;
    get.by(identity("NOBODY")).send(addr).await;
    scene
        .edge
        .head_object()
        .bucket(BUCKET)
        .key("dir/a b")
        .send()
        .await
        .unwrap();
    Request::new("GET", "/harbour?list-type=2")
        .by(edge())
        .send(addr)
        .await;

    let log = scene.bucket.log();
    assert_eq!(log.gets("dir/a b"), 3, "refused ones count");
    assert_eq!(log.count(&Method::HEAD, "dir/a b"), 1);
    assert_eq!(log.count(&Method::PUT, "dir/a b"), 0);

    let all = log.all();
    let shown: Vec<_> = all
        .iter()
        .map(|entry| {
            (
                entry.method.as_str(),
                entry.target.as_str(),
                entry.access_key.as_deref(),
                entry.status,
            )
        })
        .collect();
    let path = "/harbour/dir/a%20b";
    assert_eq!(
        shown,
        [
            ("GET", path, Some("EDGE"), Some(StatusCode::PARTIAL_CONTENT)),
            ("GET", path, None, Some(StatusCode::FORBIDDEN)),
            ("GET", path, Some("NOBODY"), Some(StatusCode::FORBIDDEN)),
            ("HEAD", path, Some("EDGE"), Some(StatusCode::OK)),
            (
                "GET",
                "/harbour?list-type=2",
                Some("EDGE"),
                Some(StatusCode::FORBIDDEN)
            ),
        ]
    );
    assert_eq!(all[0].header("range"), Some("bytes=0-1"));
    assert_eq!(all[4].key, None);
    assert!(
        all.iter()
            .all(|entry| entry.header("authorization").is_none())
    );
    let everything = format!("{all:?}");
    assert!(!everything.contains("Signature="), "{everything}");

    log.clear();
    assert!(log.all().is_empty());
}

#[tokio::test]
async fn a_handle_outlives_its_bucket() {
    let scene = scene().await;
    scene.put("a", "x").await;
    scene.get("a").await.unwrap();
    let log = scene.bucket.log().clone();
    scene.bucket.stop().await;
    assert_eq!(log.gets("a"), 1);
}
