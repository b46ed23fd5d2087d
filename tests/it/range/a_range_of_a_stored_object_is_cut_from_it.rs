//! Of an object in the cache any part is served without a word to the origin.

use crate::harness::{Answer, Reply, ScriptedOrigin, TestEdge, scripted};

const BODY: &str = "0123456789abcdefghij";
const MODIFIED: &str = "Wed, 01 Jul 2026 00:00:00 GMT";

/// An edge that has the object.
async fn stored(fields: &str) -> (ScriptedOrigin, TestEdge) {
    let (origin, edge) = scripted([Reply::ok(fields, BODY)]).await;
    assert_eq!(edge.get("/a").await.text(), BODY);
    edge.advance(3);
    (origin, edge)
}

async fn plainly_stored() -> (ScriptedOrigin, TestEdge) {
    stored(&format!(
        "etag: \"v1\"\r\nlast-modified: {MODIFIED}\r\ncontent-type: text/plain\r\n"
    ))
    .await
}

fn is_whole(answer: &Answer, why: &str) {
    assert_eq!(
        (answer.status, answer.text().as_str()),
        (200, BODY),
        "{why}"
    );
    assert_eq!(answer.field("content-length"), "20", "{why}");
    assert!(!answer.has("content-range"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_range() {
    let (origin, edge) = plainly_stored().await;
    for (range, part, content_range) in [
        ("bytes=0-9", "0123456789", "bytes 0-9/20"),
        ("bytes=0-0", "0", "bytes 0-0/20"),
        ("bytes=15-", "fghij", "bytes 15-19/20"),
        ("bytes=-5", "fghij", "bytes 15-19/20"),
        ("bytes=-500", BODY, "bytes 0-19/20"),
        ("bytes=18-500", "ij", "bytes 18-19/20"),
        ("bytes=0-19", BODY, "bytes 0-19/20"),
    ] {
        let mut client = edge.connect().await;
        let answer = client.request("GET", "/a", &[("range", range)], "").await;
        assert_eq!(
            (answer.status, answer.text().as_str()),
            (206, part),
            "{range}"
        );
        assert_eq!(answer.field("content-range"), content_range);
        assert_eq!(answer.field("content-length"), part.len().to_string());
        assert_eq!(answer.field("etag"), "\"v1\"");
        assert_eq!(answer.field("content-type"), "text/plain");
        assert_eq!(answer.field("age"), "3");
        assert_eq!(answer.cache(), "Hit");
        // Exactly these bytes came.
        assert_eq!(client.get("/a").await.text(), BODY);
    }
    assert_eq!(origin.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn none_that_it_has() {
    let (origin, edge) = plainly_stored().await;
    for range in ["bytes=20-", "bytes=20-30", "bytes=99-", "bytes=-0"] {
        let mut client = edge.connect().await;
        let answer = client.request("GET", "/a", &[("range", range)], "").await;
        assert_eq!((answer.status, answer.body.len()), (416, 0), "{range}");
        assert_eq!(answer.field("content-range"), "bytes */20");
        assert_eq!(answer.cache(), "Error");
        assert!(!answer.has("etag") && !answer.has("content-type"));
        assert_eq!(client.get("/a").await.text(), BODY);
    }
    assert_eq!(origin.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_range_gets_the_whole() {
    let (origin, edge) = plainly_stored().await;
    for range in [
        "bytes=5-1",
        "bytes=a-b",
        "bytes",
        "bytes=",
        "bytes=-",
        "items=0-1",
        "0-1",
        "bytes=0-1,b",
        "bytes= 0-1",
    ] {
        is_whole(&edge.get_with("/a", &[("range", range)]).await, range);
    }
    let two_lines = [("range", "bytes=0-1"), ("range", "bytes=2-3")];
    is_whole(&edge.get_with("/a", &two_lines).await, "two lines");
    assert_eq!(origin.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn if_the_viewer_has_the_rest_of_the_same_object() {
    let (origin, edge) = plainly_stored().await;
    for (if_range, holds) in [
        ("\"v1\"", true),
        ("W/\"v1\"", false),
        ("\"v2\"", false),
        (MODIFIED, true),
        ("Thu, 02 Jul 2026 00:00:00 GMT", false),
        ("Tue, 30 Jun 2026 00:00:00 GMT", false),
        ("nonsense", false),
    ] {
        let fields = [("range", "bytes=0-1"), ("if-range", if_range)];
        let answer = edge.get_with("/a", &fields).await;
        if holds {
            assert_eq!(
                (answer.status, answer.text().as_str()),
                (206, "01"),
                "{if_range}"
            );
        } else {
            is_whole(&answer, if_range);
        }
    }
    assert_eq!(origin.count(), 1);

    // A weak tag never joins two parts.
    let (_origin, edge) = stored("etag: W/\"v1\"\r\n").await;
    let fields = [("range", "bytes=0-1"), ("if-range", "W/\"v1\"")];
    is_whole(&edge.get_with("/a", &fields).await, "weak");
}

#[tokio::test(flavor = "multi_thread")]
async fn conditions_come_first() {
    let (_origin, edge) = plainly_stored().await;
    for range in ["bytes=0-1", "bytes=99-"] {
        for condition in [("if-none-match", "\"v1\""), ("if-modified-since", MODIFIED)] {
            let answer = edge.get_with("/a", &[("range", range), condition]).await;
            assert_eq!((answer.status, answer.body.len()), (304, 0), "{range}");
            assert!(!answer.has("content-range"));
        }
    }
    let fields = [("range", "bytes=0-1"), ("if-none-match", "\"v2\"")];
    assert_eq!(edge.get_with("/a", &fields).await.text(), "01");
}

#[tokio::test(flavor = "multi_thread")]
async fn head_has_no_ranges() {
    let (_origin, edge) = plainly_stored().await;
    for range in ["bytes=0-1", "bytes=99-"] {
        let head = edge.request("HEAD", "/a", &[("range", range)]).await;
        assert_eq!(
            (head.status, head.field("content-length").as_str()),
            (200, "20")
        );
        assert!(!head.has("content-range"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_object_has_none() {
    let (origin, edge) = scripted([Reply::error(404, "NoSuchKey")]).await;
    assert_eq!(edge.get("/a").await.status, 404);
    let answer = edge.get_with("/a", &[("range", "bytes=0-1")]).await;
    assert_eq!(
        (answer.status, answer.text().as_str()),
        (404, "Not Found\n")
    );
    assert_eq!(origin.count(), 1);
}
