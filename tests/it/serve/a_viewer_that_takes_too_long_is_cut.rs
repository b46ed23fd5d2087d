//! A viewer has 10 seconds for a head and between two requests, and 30 to take anything of an answer.

use crate::harness::{Client, EdgeOptions, TestBucket, TestEdge, bucket_and_edge, until};

/// More than the buffers on the way can hold.
const SIZE: usize = 32 << 20;

/// What came before the edge closed the connection, while time passes.
async fn cut(edge: &TestEdge, client: &mut Client) -> String {
    tokio::select! {
        bytes = client.closed() => String::from_utf8_lossy(&bytes).into_owned(),
        () = edge.time_passes() => unreachable!("it passes for ever"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_does_not_end_is_cut() {
    let (_bucket, edge) = bucket_and_edge(&[("page", "here")]).await;
    for part in [
        "",
        "G",
        "GET /page HTTP/1.1\r\nhost: loc",
        "PRI * HTTP/2.0\r\n",
    ] {
        let mut client = edge.connect().await;
        client.send(part.as_bytes()).await;
        let said = cut(&edge, &mut client).await;
        assert_eq!(said, "", "{part:?}");
    }
    until("every place is free", || {
        edge.edge.engine().metrics.connections_open.value() == 0
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_within_its_time_is_answered() {
    let (_bucket, edge) = bucket_and_edge(&[("page", "here")]).await;
    let mut client = edge.connect().await;
    assert_eq!(client.get("/page").await.text(), "here");
    for _ in 0..3 {
        client.send(b"GET /page HTTP/1.1\r\n").await;
        edge.advance(9);
        client.send(b"host: localhost\r\n\r\n").await;
        assert_eq!(client.answer("GET").await.text(), "here");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_connection_is_closed() {
    let (_bucket, edge) = bucket_and_edge(&[("page", "here")]).await;
    let mut client = edge.connect().await;
    assert_eq!(client.get("/page").await.text(), "here");
    edge.advance(9);
    assert_eq!(client.get("/page").await.text(), "here");
    assert_eq!(cut(&edge, &mut client).await, "");
}

/// An edge that streams 32 MiB to a viewer, who has read the head and no more.
async fn stalled() -> (TestBucket, TestEdge, Client) {
    let bucket = TestBucket::start().await;
    bucket.put_bytes("large", vec![7; SIZE], None).await;
    let edge = EdgeOptions::of(&bucket)
        .edge("max_object_size = \"1MiB\"")
        .start()
        .await;
    let mut client = edge.connect().await;
    client.send_request("GET", "/large", &[], "").await;
    assert_eq!(client.head().await.status, 200);
    let origin = edge.edge.engine().metrics.origin("site");
    let (mut last, mut quiet) = (0, 0);
    until("every buffer is full", || {
        let now = origin.bytes.value();
        quiet = if now == last && now > 0 { quiet + 1 } else { 0 };
        last = now;
        quiet > 20_000
    })
    .await;
    assert!(last < SIZE as u64, "nothing waits: all of it is on the way");
    (bucket, edge, client)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_that_stops_reading_is_cut() {
    let (_bucket, edge, mut client) = stalled().await;
    let metrics = &edge.edge.engine().metrics;
    until("the viewer is cut", || {
        edge.advance(1);
        metrics.connections_open.value() == 0
    })
    .await;
    until("the origin request has ended", || {
        metrics.origin("site").in_flight.value() == 0
    })
    .await;
    assert!(client.closed().await.len() < SIZE);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_that_pauses_for_less_gets_everything() {
    let (_bucket, edge, mut client) = stalled().await;
    edge.advance(29);
    let mut received = 0;
    while received < SIZE {
        let bytes = client.some().await;
        assert!(!bytes.is_empty(), "cut after {received} bytes");
        received += bytes.len();
    }
}
