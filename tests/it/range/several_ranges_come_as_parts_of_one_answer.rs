//! Several ranges of an object in the cache come in one answer, as multipart/byteranges.

use std::fmt::Write as _;

use crate::harness::{Answer, Reply, ScriptedOrigin, TestEdge, scripted};

/// A thousand bytes that say where they are: 000 004 008 …
fn body() -> String {
    (0..250).fold(String::new(), |mut body, n| {
        let _ = write!(body, "{:03} ", n * 4 % 1_000);
        body
    })
}

async fn stored(fields: &str) -> (ScriptedOrigin, TestEdge) {
    let (origin, edge) = scripted([Reply::ok(fields, &body())]).await;
    assert_eq!(edge.get("/a").await.text(), body());
    edge.advance(3);
    (origin, edge)
}

/// The parts, read by the boundary that the answer names: (head, bytes).
fn parts(answer: &Answer) -> Vec<(String, String)> {
    let kind = answer.field("content-type");
    let boundary = kind
        .strip_prefix("multipart/byteranges; boundary=")
        .unwrap_or_else(|| panic!("{kind}"));
    let text = answer.text();
    let (inside, end) = text.split_once(&format!("\r\n--{boundary}--\r\n")).unwrap();
    assert_eq!(end, "");
    let border = format!("\r\n--{boundary}\r\n");
    let mut parts = inside.split(&border);
    assert_eq!(parts.next(), Some(""), "nothing before the first");
    parts
        .map(|part| part.split_once("\r\n\r\n").unwrap())
        .map(|(head, bytes)| (head.to_owned(), bytes.to_owned()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_with_its_own_range_and_type() {
    let (origin, edge) = stored("etag: \"v1\"\r\ncontent-type: text/plain\r\n").await;
    for (range, expected) in [
        ("bytes=0-3,400-407", &[(0, 3), (400, 407)][..]),
        ("bytes=0-3, 400-407, -4", &[(0, 3), (400, 407), (996, 999)]),
        // In the order that was asked for.
        ("bytes=-4,0-3", &[(996, 999), (0, 3)]),
        // What cannot be had is left out.
        ("bytes=0-3,1000-,400-407", &[(0, 3), (400, 407)]),
        // What lies close together is one part.
        ("bytes=0-3,8-11,400-407", &[(0, 11), (400, 407)]),
    ] {
        let mut client = edge.connect().await;
        let answer = client.request("GET", "/a", &[("range", range)], "").await;
        assert_eq!(answer.status, 206, "{range}");
        let wanted: Vec<_> = expected
            .iter()
            .map(|&(first, last)| {
                let head =
                    format!("content-type: text/plain\r\ncontent-range: bytes {first}-{last}/1000");
                (head, body()[first..=last].to_owned())
            })
            .collect();
        assert_eq!(parts(&answer), wanted, "{range}");
        assert!(!answer.has("content-range"), "{range}");
        assert_eq!(
            answer.field("content-length"),
            answer.body.len().to_string()
        );
        assert_eq!(answer.field("etag"), "\"v1\"");
        assert_eq!(answer.field("age"), "3");
        assert_eq!(answer.cache(), "Hit");
        // Exactly these bytes came.
        assert_eq!(client.get("/a").await.text(), body());
    }
    assert_eq!(origin.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_answers_never_have_the_same_boundary() {
    let (_origin, edge) = stored("etag: \"v1\"\r\n").await;
    let range = [("range", "bytes=0-3,400-407")];
    let (one, other) = (
        edge.get_with("/a", &range).await,
        edge.get_with("/a", &range).await,
    );
    assert_eq!((one.status, other.status), (206, 206));
    assert_ne!(one.field("content-type"), other.field("content-type"));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_part_is_no_multipart() {
    let (_origin, edge) = stored("content-type: text/plain\r\n").await;
    for (range, content_range) in [
        ("bytes=0-3,4-7", "bytes 0-7/1000"),
        ("bytes=0-3,1000-", "bytes 0-3/1000"),
        ("bytes=0-,0-,0-,0-", "bytes 0-999/1000"),
    ] {
        let answer = edge.get_with("/a", &[("range", range)]).await;
        assert_eq!(answer.status, 206, "{range}");
        assert_eq!(answer.field("content-range"), content_range);
        assert_eq!(answer.field("content-type"), "text/plain");
    }
    let none = edge.get_with("/a", &[("range", "bytes=1000-,-0")]).await;
    assert_eq!(
        (none.status, none.field("content-range").as_str()),
        (416, "bytes */1000")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn never_more_bytes_than_the_whole() {
    let (_origin, edge) = stored("content-type: text/plain\r\n").await;
    // All but two gaps: with the heads of its parts it would be longer than the object.
    let answer = edge
        .get_with("/a", &[("range", "bytes=0-299,400-699,800-999")])
        .await;
    assert_eq!((answer.status, answer.text()), (200, body()));
    // One range more than are looked at.
    let ranges: Vec<String> = (0..33).map(|n| format!("{0}-{0}", n * 30)).collect();
    let answer = edge
        .get_with("/a", &[("range", &format!("bytes={}", ranges.join(",")))])
        .await;
    assert_eq!((answer.status, answer.text()), (200, body()));
}

#[tokio::test(flavor = "multi_thread")]
async fn conditions_come_first() {
    let (_origin, edge) = stored("etag: \"v1\"\r\n").await;
    let range = ("range", "bytes=0-3,400-407");
    let answer = edge
        .get_with("/a", &[range, ("if-none-match", "\"v1\"")])
        .await;
    assert_eq!((answer.status, answer.body.len()), (304, 0));
    let answer = edge.get_with("/a", &[range, ("if-range", "\"v2\"")]).await;
    assert_eq!((answer.status, answer.text()), (200, body()));
    let answer = edge.get_with("/a", &[range, ("if-range", "\"v1\"")]).await;
    assert_eq!((answer.status, parts(&answer).len()), (206, 2));
    let head = edge.request("HEAD", "/a", &[range]).await;
    assert_eq!(
        (head.status, head.field("content-length").as_str()),
        (200, "1000")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn of_an_object_that_is_not_cached_the_whole_is_fetched_once() {
    let (origin, edge) = scripted([Reply::ok("etag: \"v1\"\r\n", &body())]).await;
    let range = [("range", "bytes=0-3,400-407")];
    let answer = edge.get_with("/a", &range).await;
    assert_eq!((answer.status, parts(&answer).len()), (206, 2));
    assert_eq!(answer.cache(), "Miss");
    assert_eq!(edge.get_with("/a", &range).await.cache(), "Hit");
    assert_eq!(origin.count(), 1);
    assert!(!origin.requests()[0].contains("\nrange:"));
}
