//! A body that would be stored must come within 30 seconds, and a second more for each 64 KiB:
//! an origin that sends a byte now and then holds nobody for ever.

use std::time::Duration;

use crate::harness::{Client, EdgeOptions, Reply, ScriptedOrigin, TestEdge, until};

/// Announced bytes: worth two seconds more.
const LENGTH: usize = 128 * 1_024;
const LIMIT: Duration = Duration::from_secs(32);
/// Within the idle limit of 10 seconds, which so never ends the body.
const PAUSE: Duration = Duration::from_secs(9);

/// An edge whose origin has sent three bytes in 27 seconds, and what its viewer waits on.
async fn dripping() -> (ScriptedOrigin, TestEdge, Client) {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {LENGTH}\r\n\r\n");
    let mut parts = vec![head.into_bytes(), vec![b'x'], vec![b'x'], vec![b'x']];
    parts.push(vec![b'x'; LENGTH - 3]);
    let origin = ScriptedOrigin::start([Reply::Drip(parts), Reply::ok("", "hello")]).await;
    let edge = EdgeOptions::new(&origin.url()).start().await;
    edge.ready().await;
    let mut client = edge.connect().await;
    client.send_request("GET", "/a", &[], "").await;
    edge.waiting("the body's limit has begun", 1, LIMIT).await;
    let asked = edge.edge.engine().metrics.origin("site");
    for byte in 1..=3 {
        edge.clock.advance(PAUSE);
        origin.release();
        until("a byte has come", || asked.bytes.value() == byte).await;
    }
    (origin, edge, client)
}

/// One instant before the limit it is still waited for.
async fn last_moment(edge: &TestEdge) {
    let moment = Duration::from_millis(1);
    edge.clock.advance(LIMIT - PAUSE * 3 - moment);
    edge.waiting("it is still waited for", 1, moment).await;
    assert_eq!(edge.edge.engine().fills.open(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn at_the_limit() {
    let (origin, edge, mut client) = dripping().await;
    last_moment(&edge).await;
    edge.clock.advance(Duration::from_millis(1));
    let refused = client.answer("GET").await;
    assert_eq!((refused.status, refused.cache().as_str()), (504, "Error"));
    edge.settled().await;
    assert_eq!(edge.edge.engine().memory.usage().objects, 0);
    assert_eq!(edge.edge.engine().fills.in_flight_bytes(), 0);
    assert_eq!(edge.get("/a").await.text(), "hello");
    assert_eq!(origin.count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn but_not_before_it() {
    let (origin, edge, mut client) = dripping().await;
    last_moment(&edge).await;
    origin.release();
    let answer = client.answer("GET").await;
    assert_eq!((answer.status, answer.body.len()), (200, LENGTH));
    assert_eq!(edge.get("/a").await.cache(), "Hit");
}
