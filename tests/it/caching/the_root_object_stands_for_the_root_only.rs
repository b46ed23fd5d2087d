//! `/` is the root object; a path that merely ends in a slash is an object like any other.

use crate::harness::{EdgeOptions, TestBucket};

#[tokio::test(flavor = "multi_thread")]
async fn the_root_object_stands_for_the_root_only() {
    let bucket = TestBucket::start().await;
    for key in ["index.html", "docs/index.html", "docs/"] {
        bucket.put(key, key).await;
    }
    let edge = EdgeOptions::of(&bucket).start().await;
    for (path, body) in [
        ("/", "index.html"),
        ("/docs/", "docs/"),
        ("/docs/index.html", "docs/index.html"),
    ] {
        let answer = edge.get(path).await;
        assert_eq!(
            (answer.status, answer.text().as_str()),
            (200, body),
            "{path}"
        );
    }
    let root = edge.get("/index.html").await;
    assert_eq!(
        (root.text().as_str(), root.cache().as_str()),
        ("index.html", "Hit"),
        "one object under both names"
    );
    assert_eq!(edge.get("/docs").await.status, 404);

    bucket.delete("docs/").await;
    edge.purge(&["/docs/"]).await;
    assert_eq!(
        edge.get("/docs/").await.status,
        404,
        "no index is looked for"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_one_the_root_is_nothing_and_no_listing() {
    let bucket = TestBucket::start().await;
    bucket.put("index.html", "home").await;
    bucket.faults().list_allowed(true);
    let edge = EdgeOptions::of(&bucket)
        .distribution("root_object = \"\"\n")
        .start()
        .await;
    for target in ["/", "/?list-type=2", "/?prefix=a"] {
        let answer = edge.get(target).await;
        assert_eq!((answer.status, answer.cache().as_str()), (404, "Error"));
        assert!(!answer.text().contains("index.html"), "{}", answer.text());
    }
    assert_eq!(edge.get("/index.html").await.text(), "home");
    for asked in bucket
        .log()
        .all()
        .iter()
        .filter(|entry| entry.access_key.as_deref() == Some("edge"))
    {
        assert!(
            asked.key.is_some(),
            "the bucket itself was asked for: {asked:?}"
        );
        assert!(!asked.target.contains('?'), "{asked:?}");
    }
}
