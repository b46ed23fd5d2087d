//! Within stale-while-revalidate nobody waits, and the origin is asked once for all.

use crate::harness::{Reply, TestBucket, TestEdge, scripted, until};

const SAID: &str = "max-age=10, stale-while-revalidate=60";

#[tokio::test(flavor = "multi_thread")]
async fn many_requests_cause_one_refresh() {
    let new = format!("HTTP/1.1 200 OK\r\ncontent-length: 3\r\ncache-control: {SAID}\r\n\r\nnew");
    let (origin, edge) = scripted([
        Reply::ok(&format!("etag: \"v1\"\r\ncache-control: {SAID}\r\n"), "old"),
        Reply::Hold(new.into_bytes()),
    ])
    .await;
    edge.get("/page").await;
    edge.advance(15);
    for _ in 0..20 {
        let stale = edge.get("/page").await;
        assert_eq!(
            (stale.status, stale.text().as_str(), stale.cache().as_str()),
            (200, "old", "Hit"),
            "it is served while the origin has not answered"
        );
        assert_eq!(stale.field("age"), "15");
        assert_eq!(stale.field("cache-status"), "edge-1; hit; ttl=-5");
    }
    until("the origin was asked", || origin.count() == 2).await;
    let asked = origin.last().to_ascii_lowercase();
    assert!(asked.contains("\r\nif-none-match: \"v1\"\r\n"), "{asked}");
    origin.release();
    edge.settled().await;
    let new = edge.get("/page").await;
    assert_eq!((new.text().as_str(), new.cache().as_str()), ("new", "Hit"));
    assert_eq!(new.field("age"), "0");
    assert_eq!(origin.count(), 2, "one fetch and one refresh");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_the_window_the_viewer_waits() {
    let bucket = TestBucket::start().await;
    bucket.put_with("page", "old", SAID).await;
    let edge = TestEdge::start(&bucket).await;
    edge.get("/page").await;
    bucket.put_with("page", "new", SAID).await;
    edge.advance(71);
    let new = edge.get("/page").await;
    assert_eq!((new.text().as_str(), new.cache().as_str()), ("new", "Miss"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_origin_that_fails_a_refresh_is_left_in_peace() {
    let fields = format!("etag: \"v1\"\r\ncache-control: {SAID}\r\n");
    let (origin, edge) = scripted([
        Reply::ok(&fields, "old"),
        Reply::error(503, "SlowDown"),
        Reply::ok(&fields, "new"),
    ])
    .await;
    edge.get("/page").await;
    edge.advance(15);
    for age in [15, 15, 24] {
        edge.advance(age - 15);
        let stale = edge.get("/page").await;
        assert_eq!(
            (stale.text().as_str(), stale.cache().as_str()),
            ("old", "Hit")
        );
        assert_eq!(stale.field("age"), age.to_string());
        edge.settled().await;
        assert_eq!(origin.count(), 2, "no new attempt within error_ttl");
    }
    edge.advance(1);
    assert_eq!(edge.get("/page").await.text(), "old");
    edge.settled().await;
    assert_eq!(origin.count(), 3);
    assert_eq!(edge.get("/page").await.text(), "new");
}
