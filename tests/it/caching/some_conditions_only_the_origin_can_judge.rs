//! If-Match and If-Unmodified-Since go to the origin, whatever is stored.

use crate::harness::{TestBucket, TestEdge};

#[tokio::test(flavor = "multi_thread")]
async fn some_conditions_only_the_origin_can_judge() {
    let bucket = TestBucket::start().await;
    bucket.put("a", "hello").await;
    let edge = TestEdge::start(&bucket).await;
    let memory = &edge.edge.engine().memory;
    let failing = [
        ("if-match", "\"something else\""),
        ("if-unmodified-since", "Wed, 01 Jan 2020 00:00:00 GMT"),
    ];
    for condition in failing {
        let failed = edge.get_with("/a", &[condition]).await;
        assert_eq!((failed.status, failed.cache().as_str()), (412, "Error"));
        assert!(!failed.text().contains('<'), "{}", failed.text());
        let asked = bucket.asked("a");
        assert_eq!(asked.header(condition.0), Some(condition.1));
        assert_eq!(memory.usage().objects, 0, "nothing is stored");
    }

    let etag = edge.get("/a").await.field("etag");
    assert_eq!(edge.get("/a").await.cache(), "Hit");
    let before = bucket.log().gets("a");
    for condition in failing {
        assert_eq!(edge.get_with("/a", &[condition]).await.status, 412);
    }
    let holds = edge.get_with("/a", &[("if-match", &etag)]).await;
    assert_eq!(
        (holds.status, holds.text().as_str(), holds.cache().as_str()),
        (200, "hello", "Miss")
    );
    assert_eq!(bucket.log().gets("a"), before + 3);
    assert_eq!(edge.get("/a").await.cache(), "Hit", "what was stored stays");
}
