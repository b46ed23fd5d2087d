//! RFC 9110 section 13.1.5: a part of another version than the viewer has must not reach it, also
//! where a store does not know If-Range and sends that part.

use crate::harness::{Reply, scripted};

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_ignores_if_range_is_asked_for_the_whole() {
    let part = "etag: \"new\"\r\ncontent-range: bytes 0-1/5\r\n";
    let (origin, edge) = scripted([
        Reply::status(206, part, "he"),
        Reply::ok("etag: \"new\"\r\n", "hello"),
    ])
    .await;
    let fields = [("range", "bytes=0-1"), ("if-range", "\"old\"")];
    let answer = edge.get_with("/a", &fields).await;
    assert_eq!((answer.status, answer.text().as_str()), (200, "hello"));
    assert!(!answer.has("content-range"), "{:?}", answer.fields);
    let asked = origin.requests();
    assert_eq!(asked.len(), 2);
    assert!(asked[0].contains("if-range: \"old\""), "{}", asked[0]);
    for field in ["\r\nrange:", "\r\nif-range:"] {
        assert!(!asked[1].contains(field), "{}", asked[1]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_of_the_version_that_the_viewer_has_is_passed_on() {
    let part = "etag: \"one\"\r\ncontent-range: bytes 0-1/5\r\n";
    let (origin, edge) = scripted([Reply::status(206, part, "he")]).await;
    let fields = [("range", "bytes=0-1"), ("if-range", "\"one\"")];
    let answer = edge.get_with("/a", &fields).await;
    assert_eq!((answer.status, answer.text().as_str()), (206, "he"));
    assert_eq!(origin.count(), 1);
}
