//! A viewer's first request costs the origin one, the next costs nothing, and each says so.

use crate::harness::bucket_and_edge;

#[tokio::test(flavor = "multi_thread")]
async fn a_miss_is_followed_by_a_hit() {
    let (bucket, edge) = bucket_and_edge(&[("a.txt", "hello")]).await;
    let miss = edge.get("/a.txt").await;
    assert_eq!(
        (miss.status, miss.text().as_str(), miss.cache().as_str()),
        (200, "hello", "Miss")
    );
    assert_eq!(
        miss.field("cache-status"),
        "edge-1; fwd=uri-miss; fwd-status=200; stored; ttl=86400"
    );
    assert!(
        !miss.has("age"),
        "who caused the fetch gets the answer as it came"
    );

    edge.advance(3);
    let hit = edge.get("/a.txt").await;
    assert_eq!(
        (hit.status, hit.text().as_str(), hit.cache().as_str()),
        (200, "hello", "Hit")
    );
    assert_eq!(hit.field("cache-status"), "edge-1; hit; ttl=86397");
    assert_eq!(hit.field("age"), "3");
    assert_eq!(bucket.log().gets("a.txt"), 1);

    for name in [
        "etag",
        "last-modified",
        "date",
        "content-type",
        "content-length",
    ] {
        assert!(hit.has(name), "{name} is missing");
        assert_eq!(hit.field(name), miss.field(name), "{name}");
    }
    for answer in [&miss, &hit] {
        assert_eq!(answer.field("via"), "1.1 edge-1");
        assert_eq!(answer.field("x-edge-pop"), "LOCAL");
        assert_eq!(answer.field("x-request-id").len(), 32);
        let told: Vec<_> = answer
            .fields
            .iter()
            .filter(|(name, _)| name.starts_with("x-amz-"))
            .collect();
        assert!(
            told.is_empty() && !answer.has("server"),
            "the store says nothing about itself: {told:?}"
        );
    }
    assert_ne!(miss.field("x-request-id"), hit.field("x-request-id"));
}
