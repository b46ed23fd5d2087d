//! Who waits for somebody's fill, or its own, waits 300 seconds; then it asks by itself.

use std::time::Duration;

use crate::harness::{EdgeOptions, Reply, ScriptedOrigin, until};

const WAIT: Duration = Duration::from_secs(300);
const MOMENT: Duration = Duration::from_millis(1);

#[tokio::test(flavor = "multi_thread")]
async fn then_it_asks_by_itself() {
    let slow = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nslow".to_vec();
    let origin = ScriptedOrigin::start([
        Reply::Hold(slow),
        Reply::ok("", "for the first"),
        Reply::ok("", "for the second"),
    ])
    .await;
    let edge = EdgeOptions::new(&origin.url())
        .origin("first_byte_timeout = \"10m\"\n")
        .start()
        .await;
    edge.ready().await;
    // What the edge asks by itself every 300 seconds falls on another instant.
    edge.waiting("its next question is planned", 1, WAIT).await;
    edge.advance(1);

    let mut first = edge.connect().await;
    first.send_request("GET", "/a", &[], "").await;
    edge.waiting("the first waits", 1, WAIT).await;
    edge.advance(2);
    let mut second = edge.connect().await;
    second.send_request("GET", "/a", &[], "").await;
    edge.waiting("the second waits", 1, WAIT).await;
    assert_eq!(edge.edge.engine().metrics.collapsed.value(), 1);
    until("the origin was asked", || origin.count() == 1).await;

    edge.clock.advance(WAIT - Duration::from_secs(2) - MOMENT);
    edge.waiting("the first still waits", 1, MOMENT).await;
    assert_eq!(origin.count(), 1);
    edge.clock.advance(MOMENT);
    let answer = first.answer("GET").await;
    assert_eq!(
        (answer.text().as_str(), answer.cache().as_str()),
        ("for the first", "Miss")
    );
    assert_eq!(origin.count(), 2, "the second still waits");

    edge.advance(2);
    let answer = second.answer("GET").await;
    assert_eq!(
        (answer.text().as_str(), answer.cache().as_str()),
        ("for the second", "Miss")
    );

    // The fill goes on without them, and what it brings is kept; what they got is not.
    origin.release();
    edge.settled().await;
    let kept = edge.get("/a").await;
    assert_eq!(
        (kept.text().as_str(), kept.cache().as_str()),
        ("slow", "Hit")
    );
    assert_eq!(origin.count(), 3);
}
