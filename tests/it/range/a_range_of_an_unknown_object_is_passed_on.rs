//! Of an object that is not stored, the origin is asked for exactly the part that is wanted, and
//! nothing is kept.

use http::Method;

use crate::harness::{TestBucket, TestEdge};

const SIZE: usize = 1 << 20;

async fn large() -> (TestBucket, TestEdge, Vec<u8>) {
    let bucket = TestBucket::start().await;
    let body: Vec<u8> = (0..SIZE).map(|at| (at / 241 % 256) as u8).collect();
    bucket.put_bytes("large", body.clone(), None).await;
    let edge = TestEdge::start(&bucket).await;
    (bucket, edge, body)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part() {
    let (bucket, edge, body) = large().await;
    let bytes = edge.edge.engine().metrics.origin("site");
    for (range, first, last) in [
        ("bytes=0-9", 0, 9),
        ("bytes=1000-70000", 1_000, 70_000),
        ("bytes=1048570-", SIZE - 6, SIZE - 1),
        ("bytes=-5", SIZE - 5, SIZE - 1),
        ("bytes=1048575-2000000", SIZE - 1, SIZE - 1),
    ] {
        let before = bytes.bytes.value();
        let answer = edge.get_with("/large", &[("range", range)]).await;
        assert_eq!(
            (answer.status, answer.cache().as_str()),
            (206, "Miss"),
            "{range}"
        );
        assert!(answer.body == body[first..=last], "other bytes for {range}");
        assert_eq!(
            answer.field("content-range"),
            format!("bytes {first}-{last}/{SIZE}")
        );
        assert_eq!(bytes.bytes.value() - before, (last - first + 1) as u64);
        let asked = bucket.asked("large");
        assert_eq!(
            asked.header("range"),
            Some(range),
            "exactly that is asked for"
        );
        assert!(!answer.field("cache-status").contains("stored"));
        assert_eq!(edge.edge.engine().memory.usage().objects, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn none_that_it_has() {
    let (bucket, edge, _) = large().await;
    for times in 1..=2 {
        let answer = edge
            .get_with("/large", &[("range", "bytes=1048576-")])
            .await;
        assert_eq!((answer.status, answer.cache().as_str()), (416, "Error"));
        assert_eq!(answer.field("content-range"), format!("bytes */{SIZE}"));
        assert!(!answer.text().contains('<'), "{}", answer.text());
        assert_eq!(bucket.log().gets("large"), times, "it is not remembered");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn if_the_viewer_has_the_rest_of_the_same_object() {
    let (_bucket, edge, body) = large().await;
    let etag = edge.request("HEAD", "/large", &[]).await.field("etag");
    let part = [("range", "bytes=0-9"), ("if-range", &*etag)];
    let answer = edge.get_with("/large", &part).await;
    assert_eq!((answer.status, answer.body.len()), (206, 10));
    let other = [("range", "bytes=0-9"), ("if-range", "\"other\"")];
    let answer = edge.get_with("/large", &other).await;
    assert_eq!(answer.status, 200);
    assert!(answer.body == body);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_range_is_an_ordinary_fill() {
    for range in ["bytes=5-1", "bytes=a-b", "items=0-1", "bytes=0-1,x"] {
        let (bucket, edge, body) = large().await;
        let answer = edge.get_with("/large", &[("range", range)]).await;
        assert_eq!(
            (answer.status, answer.cache().as_str()),
            (200, "Miss"),
            "{range}"
        );
        assert!(answer.body == body);
        assert_eq!(edge.get("/large").await.cache(), "Hit", "{range}");
        let asked = bucket.asked("large");
        assert_eq!(asked.header("range"), None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn head_has_no_ranges() {
    let (bucket, edge, _) = large().await;
    for range in ["bytes=0-9", "bytes=2000000-", "bytes=5-1"] {
        let fields = [("range", range), ("if-range", "\"other\"")];
        let head = edge.request("HEAD", "/large", &fields).await;
        assert_eq!(head.status, 200, "{range}");
        assert_eq!(head.field("content-length"), SIZE.to_string());
        assert!(!head.has("content-range"));
    }
    assert_eq!(bucket.log().count(&Method::HEAD, "large"), 3);
    assert_eq!(bucket.log().gets("large"), 0);
}
