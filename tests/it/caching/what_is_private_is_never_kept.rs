//! no-store and private answers go to the one who asked, and into no memory.

use crate::harness::{TestBucket, TestEdge};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_private_is_never_kept() {
    for said in [
        "no-store",
        "private",
        "private, max-age=60",
        "max-age=60, no-store",
    ] {
        let bucket = TestBucket::start().await;
        bucket.put_with("mine", "yours", said).await;
        let edge = TestEdge::start(&bucket).await;
        for times in 1..=3 {
            let answer = edge.get("/mine").await;
            assert_eq!(
                (
                    answer.status,
                    answer.text().as_str(),
                    answer.cache().as_str()
                ),
                (200, "yours", "Miss"),
                "{said}"
            );
            assert!(!answer.field("cache-status").contains("stored"), "{said}");
            assert_eq!(answer.field("cache-control"), said);
            assert_eq!(bucket.log().gets("mine"), times, "{said}");
            assert_eq!(edge.edge.engine().memory.usage().objects, 0, "{said}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_becomes_private_goes() {
    let bucket = TestBucket::start().await;
    bucket.put_with("page", "public", "max-age=10").await;
    let edge = TestEdge::start(&bucket).await;
    edge.get("/page").await;
    assert_eq!(edge.edge.engine().memory.usage().objects, 1);
    bucket.put_with("page", "yours", "private").await;
    edge.advance(10);
    assert_eq!(edge.get("/page").await.text(), "yours");
    assert_eq!(edge.edge.engine().memory.usage().objects, 0);
}
