//! The names that CloudFront gave to its policies do here what they do there, but for what is documented.

use super::{is, keyed, targets, told};
use crate::harness::{EdgeOptions, Reply, TestBucket, field, until, web_with};

#[tokio::test(flavor = "multi_thread")]
async fn optimized_takes_the_path_and_the_coding() {
    let lines = "cache_policy = \"CachingOptimized\"";
    let (origin, edge) = keyed("", lines, &["gzip", "plain"]).await;
    let gzip = [("accept-encoding", "gzip"), ("cookie", "a=1")];
    let answer = edge.get_with("/?x", &gzip).await;
    assert_eq!(told(&answer), is("Miss", "gzip"));
    assert_eq!(field(&origin.last(), "cookie"), "");
    let again = edge.get_with("/?y", &gzip).await;
    assert_eq!(told(&again), is("Hit", "gzip"));
    assert_eq!(told(&edge.get("/").await), is("Miss", "plain"));
    assert_eq!(targets(&origin), ["/", "/"]);

    let lines = "cache_policy = \"CachingOptimizedForUncompressedObjects\"";
    let (_origin, edge) = keyed("", lines, &["any"]).await;
    assert_eq!(told(&edge.get_with("/?x", &gzip).await), is("Miss", "any"));
    assert_eq!(told(&edge.get("/").await), is("Hit", "any"));
}

/// Its minimum of a second lengthens only what is storable anyway.
#[tokio::test(flavor = "multi_thread")]
async fn optimized_never_stores_what_is_private() {
    let replies = ["no-store", "private", "max-age=0"]
        .map(|directive| Reply::ok(&format!("cache-control: {directive}\r\n"), directive));
    let (origin, edge) = web_with("", "cache_policy = \"CachingOptimized\"", replies).await;
    for path in ["/no-store", "/private"] {
        assert_eq!(edge.get(path).await.cache(), "Miss", "{path}");
    }
    for word in ["Miss", "Hit"] {
        assert_eq!(edge.get("/zero").await.cache(), word);
    }
    assert_eq!(origin.count(), 3);
    origin.then(Reply::ok("cache-control: private\r\n", "again"));
    assert_eq!(told(&edge.get("/private").await), is("Miss", "again"));
}

#[tokio::test(flavor = "multi_thread")]
async fn disabled_stores_nothing_and_lets_nobody_wait() {
    let lines = "cache_policy = \"CachingDisabled\"";
    let (origin, edge) = keyed("", lines, &["1", "2", "3"]).await;
    for body in ["1", "2", "3"] {
        let answer = edge.get("/a?q=1").await;
        assert_eq!(told(&answer), is("Miss", body));
        let status = answer.field("cache-status");
        assert!(status.contains("fwd=bypass"), "{status}");
        assert!(!answer.has("age"));
    }
    assert_eq!(targets(&origin), ["/a?q=1", "/a?q=1", "/a?q=1"]);
    // Two at once are two requests: neither waits for the other's answer.
    let held = |body: &str| match Reply::ok("cache-control: max-age=60\r\n", body) {
        Reply::Send(bytes) => Reply::Hold(bytes),
        other => other,
    };
    origin.then(held("4"));
    origin.then(held("5"));
    let (one, other) = tokio::join!(edge.get("/b"), async {
        until("the first is at the origin", || origin.count() == 4).await;
        let answer = async { edge.get("/b").await };
        let release = async {
            until("both are at the origin", || origin.count() == 5).await;
            origin.release();
            origin.release();
        };
        tokio::join!(answer, release).0
    });
    assert_eq!((one.status, other.status), (200, 200));
    assert_ne!(one.text(), other.text());
    let cached = [("cache-control", "only-if-cached")];
    assert_eq!(edge.get_with("/b", &cached).await.status, 504);
}

#[tokio::test(flavor = "multi_thread")]
async fn disabled_holds_for_a_bucket_too() {
    let bucket = TestBucket::start().await;
    bucket.put("a", "old").await;
    let edge = EdgeOptions::of(&bucket)
        .distribution("cache_policy = \"CachingDisabled\"")
        .start()
        .await;
    assert_eq!(told(&edge.get("/a").await), is("Miss", "old"));
    bucket.put("a", "new").await;
    assert_eq!(told(&edge.get("/a").await), is("Miss", "new"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_origin_s_own_words_count_where_they_are_to() {
    let preset = |query: &str| format!("cache_policy = \"UseOriginCacheControlHeaders{query}\"");
    let replies = || {
        [
            Reply::ok("", "silent"),
            Reply::ok("", "silent again"),
            Reply::ok("cache-control: max-age=60\r\n", "ann's"),
            Reply::ok("cache-control: max-age=60\r\n", "bob's"),
        ]
    };
    for (query, forwarded) in [("", "/a"), ("-QueryStrings", "/a?q")] {
        let (origin, edge) = web_with("", &preset(query), replies()).await;
        // It said nothing, and so is stored for nobody.
        assert_eq!(told(&edge.get("/a?q").await), is("Miss", "silent"));
        assert_eq!(told(&edge.get("/a?q").await), is("Miss", "silent again"));
        assert_eq!(targets(&origin)[0], forwarded);
        let (ann, bob) = ([("cookie", "u=ann")], [("cookie", "u=bob")]);
        assert_eq!(
            told(&edge.get_with("/a?q", &ann).await),
            is("Miss", "ann's")
        );
        assert_eq!(
            told(&edge.get_with("/a?q", &bob).await),
            is("Miss", "bob's")
        );
        assert_eq!(told(&edge.get_with("/a?q", &ann).await), is("Hit", "ann's"));
        // The viewer's host is not forwarded, and so not in the key.
        assert!(!field(&origin.last(), "host").contains("localhost"));
    }
}

/// A bucket gets nothing of a request: whatever coding a viewer takes, it is one object.
#[tokio::test(flavor = "multi_thread")]
async fn of_a_bucket_s_object_the_key_is_its_path() {
    let bucket = TestBucket::start().await;
    bucket.put("a", "hello").await;
    let edge = EdgeOptions::of(&bucket)
        .distribution("cache_policy = \"CachingOptimized\"")
        .start()
        .await;
    assert_eq!(told(&edge.get("/a?x").await), is("Miss", "hello"));
    let gzip = [("accept-encoding", "gzip")];
    assert_eq!(
        told(&edge.get_with("/a?y", &gzip).await),
        is("Hit", "hello")
    );
}
