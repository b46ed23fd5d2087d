//! A viewer that sends a body too slowly is told so, and the request that was under way at the origin is
//! ended with its connection: ten seconds without a byte, or less than 1 KiB a second after a minute.

use std::time::Duration;

use seawall::origin::upload::{GRACE, STALLED};

use crate::harness::{Client, Reply, ScriptedOrigin, TestEdge, until, web_with};

const LITTLE: Duration = Duration::from_millis(1);

/// An edge that has been sent the head of a POST; its origin is being asked over a first connection.
async fn posting() -> (ScriptedOrigin, TestEdge, Client) {
    // A limit of the answer that no other is as long as.
    let lines = "first_byte_timeout = \"57s\"\nidle_timeout = \"58s\"";
    let (origin, edge) = web_with(lines, "methods = \"standard\"", [Reply::ok("", "next")]).await;
    let mut client = edge.connect().await;
    let head = b"POST /a HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100000\r\n\r\n";
    client.send(head).await;
    until("the origin is being asked", || origin.connections() == 1).await;
    // The head has been read by then, and nothing else waits so long.
    edge.waiting("the body is waited for", 1, STALLED).await;
    (origin, edge, client)
}

/// The viewer gets a 408, and the origin's connection is not used again.
async fn is_cut(origin: &ScriptedOrigin, edge: &TestEdge, client: &mut Client) {
    let refused = client.answer("POST").await;
    assert_eq!(refused.status, 408, "{}", refused.text());
    client.closed().await;
    assert_eq!(origin.count(), 0, "no whole request ever reached it");
    assert_eq!(edge.get("/b").await.text(), "next");
    assert_eq!(origin.connections(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_seconds_without_a_byte_are_too_long() {
    let (origin, edge, mut client) = posting().await;
    // Just before, one byte begins the ten seconds anew.
    edge.clock.advance(STALLED - LITTLE);
    edge.waiting("it waits on", 1, LITTLE).await;
    client.send(b"x").await;
    edge.waiting("it waits for the next", 1, STALLED).await;
    edge.clock.advance(STALLED - LITTLE);
    edge.waiting("it waits on", 1, LITTLE).await;
    edge.clock.advance(LITTLE);
    is_cut(&origin, &edge, &mut client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_minute_a_kibibyte_a_second_must_have_come() {
    for (kibibytes, more) in [(0, 0), (1, 1), (2, 2)] {
        let (origin, edge, mut client) = posting().await;
        client.send(&vec![b'x'; kibibytes * 1_024]).await;
        // Never silent for long, and far too slow.
        let step = Duration::from_secs(9);
        for _ in 0..GRACE.as_secs() / step.as_secs() {
            edge.waiting("it waits for the next", 1, STALLED).await;
            edge.clock.advance(step);
            client.send(b"x").await;
        }
        let left = Duration::from_secs(GRACE.as_secs() % step.as_secs() + more);
        edge.waiting("it waits for the rest of its time", 1, left)
            .await;
        edge.clock.advance(left - LITTLE);
        edge.waiting("it waits on", 1, LITTLE).await;
        edge.clock.advance(LITTLE);
        is_cut(&origin, &edge, &mut client).await;
    }
}
