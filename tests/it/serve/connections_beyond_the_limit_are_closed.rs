//! `max_connections`: the next one is closed at once and counted; one that leaves makes room.

use crate::harness::{EdgeOptions, TestBucket, until};

#[tokio::test(flavor = "multi_thread")]
async fn connections_beyond_the_limit_are_closed() {
    let bucket = TestBucket::start().await;
    bucket.put("page", "here").await;
    let edge = EdgeOptions::of(&bucket)
        .edge("max_connections = 2")
        .start()
        .await;
    let metrics = &edge.edge.engine().metrics;
    let (mut one, mut two) = (edge.connect().await, edge.connect().await);
    assert_eq!(one.get("/page").await.text(), "here");
    assert_eq!(two.get("/page").await.text(), "here");

    for refused in 1..=3 {
        let mut next = edge.connect().await;
        assert_eq!(next.closed().await, b"");
        assert_eq!(metrics.connections_refused.value(), refused);
    }
    assert_eq!(metrics.connections.value(), 2);
    assert_eq!(one.get("/page").await.text(), "here", "the others go on");

    drop(two);
    until("its place is free", || {
        metrics.connections_open.value() == 1
    })
    .await;
    assert_eq!(edge.connect().await.get("/page").await.text(), "here");
    assert_eq!(metrics.connections_refused.value(), 3);
}
