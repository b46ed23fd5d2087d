//! Waiters of an answer that turns out private go on at once, each by itself and side by side.

use crate::harness::{TestBucket, TestEdge, until};

#[tokio::test(flavor = "multi_thread")]
async fn waiters_of_a_private_answer_ask_side_by_side() {
    const VIEWERS: usize = 20;
    let bucket = TestBucket::start().await;
    bucket
        .put_with("mine", "one person's", "private, max-age=60")
        .await;
    let edge = TestEdge::start(&bucket).await;
    let hold = bucket.faults().hold("mine");
    let mut clients = Vec::new();
    for _ in 0..VIEWERS {
        let mut client = edge.connect().await;
        client.send_request("GET", "/mine", &[], "").await;
        clients.push(client);
    }
    let metrics = &edge.edge.engine().metrics;
    until("all but the first have joined", || {
        metrics.collapsed.value() == VIEWERS as u64 - 1
    })
    .await;
    hold.waiting().await;
    assert_eq!(bucket.log().gets("mine"), 1);
    hold.release();
    for client in &mut clients {
        let answer = client.answer("GET").await;
        assert_eq!(
            (answer.status, answer.text().as_str()),
            (200, "one person's")
        );
        assert_eq!(answer.cache(), "Miss", "each asked for itself");
    }
    assert_eq!(bucket.log().gets("mine"), VIEWERS);

    // The next herd does not even wait for a first answer.
    let hold = bucket.faults().hold("mine");
    let mut clients = Vec::new();
    for _ in 0..VIEWERS {
        let mut client = edge.connect().await;
        client.send_request("GET", "/mine", &[], "").await;
        clients.push(client);
    }
    hold.waiting_for(VIEWERS).await;
    hold.release();
    for client in &mut clients {
        assert_eq!(client.answer("GET").await.status, 200);
    }
    assert_eq!(edge.edge.engine().memory.usage().objects, 0);
}
