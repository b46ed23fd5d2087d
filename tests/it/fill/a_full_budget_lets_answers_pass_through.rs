//! What all fills together may hold is `in_flight`. Who finds no room waits a second for it; then
//! the answer passes through to the one who caused it, and is not kept.

use std::time::Duration;

use crate::harness::{EdgeOptions, Reply, ScriptedOrigin, until};

const KIB: usize = 1_024;

/// An answer of which one byte is missing.
fn nearly(length: usize) -> Reply {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n");
    let mut bytes = head.into_bytes();
    bytes.resize(bytes.len() + length - 1, b'x');
    Reply::Drip(vec![bytes, vec![b'x']])
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_second_and_not_before() {
    let origin =
        ScriptedOrigin::start([nearly(64 * KIB), Reply::ok("", "one"), Reply::ok("", "two")]).await;
    let edge = EdgeOptions::new(&origin.url())
        .edge("in_flight = \"64KiB\"\nmax_object_size = \"64KiB\"\ndebug_headers = true\n")
        .start()
        .await;
    edge.ready().await;
    let fills = &edge.edge.engine().fills;

    // The whole budget: 64 KiB, and not a byte of it is left.
    let mut large = edge.connect().await;
    large.send_request("GET", "/large", &[], "").await;
    until("the budget is taken", || {
        fills.in_flight_bytes() == 64 * KIB as u64
    })
    .await;

    // One byte more, and there is no room for a second.
    let mut client = edge.connect().await;
    client.send_request("GET", "/a", &[], "").await;
    let room = Duration::from_secs(1);
    edge.waiting("it waits for room", 1, room).await;
    edge.clock.advance(room - Duration::from_millis(1));
    edge.waiting("it still waits", 1, Duration::from_millis(1))
        .await;
    assert_eq!(fills.open(), 2);
    edge.clock.advance(Duration::from_millis(1));
    let passed = client.answer("GET").await;
    assert_eq!((passed.status, passed.text().as_str()), (200, "one"));
    let told = passed.field("cache-status");
    assert!(
        told.starts_with("edge-1; fwd=uri-miss; fwd-status=200; key=")
            && told.ends_with("; detail=in-flight"),
        "{told}"
    );
    assert_eq!(edge.edge.engine().memory.usage().objects, 0);

    // Who waits when room is made is kept as ever.
    client.send_request("GET", "/b", &[], "").await;
    edge.waiting("it waits for room", 1, room).await;
    origin.release();
    assert_eq!(client.answer("GET").await.text(), "two");
    assert_eq!(large.answer("GET").await.body.len(), 64 * KIB);
    assert_eq!(edge.edge.engine().memory.usage().objects, 2);
    assert_eq!(fills.in_flight_bytes(), 0);
    assert_eq!(edge.get("/b").await.cache(), "Hit");
}
