//! A 404 is kept for ten seconds, and then asked for again.

use crate::harness::{TestBucket, TestEdge};

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_object_is_remembered_shortly() {
    for may_list in [true, false] {
        let bucket = TestBucket::start().await;
        bucket.put("index.html", "home").await;
        bucket.faults().list_allowed(may_list);
        let edge = TestEdge::start(&bucket).await;
        edge.get("/").await;

        let missing = edge.get("/nope").await;
        assert_eq!((missing.status, missing.cache().as_str()), (404, "Error"));
        assert_eq!(
            missing.field("cache-status"),
            "edge-1; fwd=uri-miss; fwd-status=404; stored; ttl=10"
        );
        bucket.put("nope", "here now").await;
        edge.advance(9);
        let missing = edge.get("/nope").await;
        assert_eq!((missing.status, missing.field("age").as_str()), (404, "9"));
        assert_eq!(missing.field("cache-status"), "edge-1; hit; ttl=1");
        assert_eq!(bucket.log().gets("nope"), 1);

        edge.advance(1);
        let found = edge.get("/nope").await;
        assert_eq!((found.status, found.text().as_str()), (200, "here now"));
        assert_eq!(bucket.log().gets("nope"), 2);

        // And the other way round: a stale object that has gone is gone.
        bucket.put_with("brief", "here", "max-age=10").await;
        edge.get("/brief").await;
        bucket.delete("brief").await;
        edge.advance(10);
        assert_eq!(edge.get("/brief").await.status, 404);
        assert_eq!(edge.get("/brief").await.status, 404);
        assert_eq!(bucket.log().gets("brief"), 2);
    }
}
