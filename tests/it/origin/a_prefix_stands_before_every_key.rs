//! With `prefix` a site lives in a part of the bucket, and reaches nothing else of it.

use crate::harness::{EdgeOptions, TestBucket};

#[tokio::test(flavor = "multi_thread")]
async fn a_prefix_stands_before_every_key() {
    let bucket = TestBucket::start().await;
    for key in [
        "site/index.html",
        "site/a.txt",
        "a.txt",
        "secret.txt",
        "sitea.txt",
    ] {
        bucket.put(key, key).await;
    }
    let edge = EdgeOptions::of(&bucket)
        .origin("prefix = \"site/\"\n")
        .start()
        .await;
    for (path, key) in [("/", "site/index.html"), ("/a.txt", "site/a.txt")] {
        let answer = edge.get(path).await;
        assert_eq!(
            (answer.status, answer.text().as_str()),
            (200, key),
            "{path}"
        );
    }
    assert_eq!(edge.get("/secret.txt").await.status, 404);
    for path in [
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/..%5csecret.txt",
    ] {
        assert_eq!(edge.get(path).await.status, 400, "{path}");
    }
    for asked in bucket.log().all() {
        if asked.access_key.as_deref() == Some("edge") {
            let key = asked.key.unwrap();
            assert!(key.starts_with("site/"), "{key}");
        }
    }
    // A purge speaks of the viewer's paths.
    bucket.put("site/a.txt", "new").await;
    edge.purge(&["/a.txt"]).await;
    assert_eq!(edge.get("/a.txt").await.text(), "new");
}
