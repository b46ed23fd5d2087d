//! A GET with a body: the body is read and thrown away, and never taken for the next request; one
//! that is too large or too slow ends the connection after the answer.

use crate::harness::{Client, TestBucket, TestEdge, bucket_and_edge};

/// What a body would do if it were a request.
const HIDDEN: &str = "GET /hidden HTTP/1.1\r\nhost: localhost\r\n\r\n";

async fn start() -> (TestBucket, TestEdge) {
    bucket_and_edge(&[("page", "page"), ("next", "next"), ("hidden", "hidden")]).await
}

fn with_length(body: &str) -> String {
    let length = body.len();
    format!("GET /page HTTP/1.1\r\nhost: localhost\r\ncontent-length: {length}\r\n\r\n{body}")
}

fn chunked(body: &str) -> String {
    let size = body.len();
    format!(
        "GET /page HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n\
         {size:x}\r\n{body}\r\n0\r\n\r\n"
    )
}

/// Sends `request` for a miss and a hit, and something else after each.
async fn goes_on(request: &str) {
    let (bucket, edge) = start().await;
    let mut client = edge.connect().await;
    for cache in ["Miss", "Hit"] {
        let next = "GET /next HTTP/1.1\r\nhost: localhost\r\n\r\n";
        client.send(format!("{request}{next}").as_bytes()).await;
        let answer = client.answer("GET").await;
        assert_eq!(
            (answer.text().as_str(), answer.cache().as_str()),
            ("page", cache)
        );
        assert_ne!(answer.field("connection"), "close");
        assert_eq!(client.answer("GET").await.text(), "next");
    }
    assert_eq!(
        bucket.log().gets("hidden"),
        0,
        "the body was taken for a request"
    );
    let sent = bucket.log().all();
    let sent = sent
        .iter()
        .find(|entry| entry.method == "GET" && entry.key.as_deref() == Some("page"))
        .unwrap();
    assert_eq!(sent.header("transfer-encoding"), None);
    assert!(matches!(sent.header("content-length"), None | Some("0")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_body_is_read_and_the_connection_goes_on() {
    goes_on(&with_length(HIDDEN)).await;
    goes_on(&with_length(&"x".repeat(64 * 1024))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_body_in_chunks_too() {
    goes_on(&chunked(HIDDEN)).await;
}

async fn is_answered_and_closed(client: &mut Client, cache: &str) {
    let answer = client.answer("GET").await;
    assert_eq!(
        (answer.text().as_str(), answer.cache().as_str()),
        ("page", cache)
    );
    assert_eq!(answer.field("connection"), "close");
    let rest = client.closed().await;
    assert_eq!(String::from_utf8_lossy(&rest), "", "an answer to nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_over_64_kib_is_answered_and_closes() {
    let large = HIDDEN.repeat(64 * 1024 / HIDDEN.len() + 1);
    assert!(large.len() > 64 * 1024);
    for request in [with_length(&large), chunked(&large)] {
        let (bucket, edge) = start().await;
        for cache in ["Miss", "Hit"] {
            let mut client = edge.connect().await;
            client.send(request.as_bytes()).await;
            is_answered_and_closed(&mut client, cache).await;
        }
        assert_eq!(bucket.log().gets("hidden"), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_does_not_come_is_answered_and_closes_after_10_seconds() {
    let bucket = TestBucket::start().await;
    bucket.put_with("page", "page", "max-age=31536000").await;
    let edge = TestEdge::start(&bucket).await;
    edge.get("/page").await;
    let mut client = edge.connect().await;
    client
        .send(b"GET /page HTTP/1.1\r\nhost: localhost\r\ncontent-length: 10\r\n\r\nhalf")
        .await;
    tokio::select! {
        () = is_answered_and_closed(&mut client, "Hit") => {}
        () = edge.time_passes() => {}
    }
}
