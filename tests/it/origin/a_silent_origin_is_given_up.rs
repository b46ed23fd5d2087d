//! An origin that says nothing, or nothing more, is waited for as long as it is allowed.

use crate::harness::{EdgeOptions, Reply, ScriptedOrigin, scripted, until};

const LIMITS: &str = "first_byte_timeout = \"4s\"\nidle_timeout = \"6s\"\n";

#[tokio::test(flavor = "multi_thread")]
async fn before_its_answer() {
    for fields in [&[][..], &[("range", "bytes=0-1")]] {
        for sent in ["", "HTTP/1.1 200 OK\r\ncontent-le"] {
            let origin = ScriptedOrigin::start([
                Reply::SendAndStall(sent.as_bytes().to_vec()),
                Reply::ok("", "hello"),
            ])
            .await;
            let edge = EdgeOptions::new(&origin.url()).origin(LIMITS).start().await;
            // The question that the edge asks by itself has been answered.
            edge.ready().await;
            let asked = edge.edge.engine().metrics.origin("site");
            until("nothing is under way", || asked.in_flight.value() == 0).await;
            let mut client = edge.connect().await;
            client.send_request("GET", "/a", fields, "").await;
            until("the origin was asked", || origin.count() == 1).await;
            edge.advance(3);
            assert_eq!(asked.in_flight.value(), 1, "not yet");
            edge.advance(1);
            let refused = client.answer("GET").await;
            assert_eq!((refused.status, refused.cache().as_str()), (504, "Error"));
            assert_eq!(origin.count(), 1, "silence is not asked twice");
            assert_eq!(edge.get("/a").await.text(), "hello");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn within_a_body_that_would_be_stored() {
    let half = "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello";
    let (origin, edge) = scripted([
        Reply::SendAndStall(half.as_bytes().to_vec()),
        Reply::ok("", "hello"),
    ])
    .await;
    let mut client = edge.connect().await;
    client.send_request("GET", "/a", &[], "").await;
    let asked = edge.edge.engine().metrics.origin("site");
    until("the half has come", || asked.bytes.value() == 5).await;
    let refused = edge
        .advance_until("an answer", 11, client.answer("GET"))
        .await;
    assert_eq!((refused.status, refused.cache().as_str()), (504, "Error"));
    assert!(!refused.text().contains("hello"));
    assert_eq!(edge.edge.engine().memory.usage().objects, 0);
    assert_eq!(edge.get("/a").await.text(), "hello");
    assert_eq!(origin.count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn within_a_body_that_streams_through() {
    let half = "HTTP/1.1 200 OK\r\ncontent-length: 10\r\ncache-control: private\r\n\r\nhello";
    let (_origin, edge) = scripted([Reply::SendAndStall(half.as_bytes().to_vec())]).await;
    let mut client = edge.connect().await;
    client.send_request("GET", "/a", &[], "").await;
    let head = client.head().await;
    assert_eq!(
        (head.status, head.field("content-length").as_str()),
        (200, "10")
    );
    assert_eq!(client.some().await, b"hello");
    let rest = edge
        .advance_until("the end of the connection", 11, client.closed())
        .await;
    assert_eq!(rest, b"", "the connection breaks before the announced end");
    let asked = edge.edge.engine().metrics.origin("site");
    until("the origin request has ended", || {
        asked.in_flight.value() == 0
    })
    .await;
}
