//! What is marked no-cache is kept, and asked about before each use.

use crate::harness::{TestBucket, TestEdge};

#[tokio::test(flavor = "multi_thread")]
async fn no_cache_is_validated_on_each_use() {
    let bucket = TestBucket::start().await;
    bucket.put_with("page", "one", "no-cache").await;
    let edge = TestEdge::start(&bucket).await;
    assert_eq!(edge.get("/page").await.cache(), "Miss");
    for uses in 1..=3 {
        let answer = edge.get("/page").await;
        assert_eq!(
            (answer.text().as_str(), answer.cache().as_str()),
            ("one", "RefreshHit")
        );
        assert_eq!(bucket.log().gets("page"), 1 + uses);
        let asked = bucket.asked("page");
        assert_eq!(asked.header("if-none-match"), Some(&*answer.field("etag")));
        assert_eq!(asked.status.map(|status| status.as_u16()), Some(304));
    }
    bucket.put_with("page", "two", "no-cache").await;
    let answer = edge.get("/page").await;
    assert_eq!(
        (answer.text().as_str(), answer.cache().as_str()),
        ("two", "Miss"),
        "a change shows at once"
    );
}
