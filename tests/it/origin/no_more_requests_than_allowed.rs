//! `max_requests` bounds what is under way at the origin: who is over it waits, but not for ever.

use crate::harness::{EdgeOptions, Reply, ScriptedOrigin, until};

async fn with_two(replies: Vec<Reply>) -> (ScriptedOrigin, crate::harness::TestEdge) {
    let origin = ScriptedOrigin::start(replies).await;
    let edge = EdgeOptions::new(&origin.url())
        .edge("debug_headers = true\n")
        .origin("max_requests = 2\nidle_timeout = \"60s\"\n")
        .start()
        .await;
    // The question that the edge asks by itself has been answered.
    edge.ready().await;
    (origin, edge)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_others_wait_and_then_succeed() {
    const VIEWERS: usize = 6;
    let held = || Reply::Hold(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok".to_vec());
    let (origin, edge) = with_two((0..VIEWERS).map(|_| held()).collect()).await;
    let mut clients = Vec::new();
    for number in 0..VIEWERS {
        let mut client = edge.connect().await;
        client
            .send_request("GET", &format!("/{number}"), &[], "")
            .await;
        clients.push(client);
    }
    until("all are on their way", || {
        edge.edge.engine().fills.open() == VIEWERS
    })
    .await;
    for answered in 0..VIEWERS {
        let expected = VIEWERS.min(answered + 2);
        until("the next ones are asked for", || origin.count() == expected).await;
        for _ in 0..2_000 {
            tokio::task::yield_now().await;
            assert_eq!(origin.count(), expected, "never more than two under way");
        }
        origin.release();
        until("one has ended", || {
            edge.edge.engine().fills.open() == VIEWERS - answered - 1
        })
        .await;
    }
    for client in &mut clients {
        let answer = client.answer("GET").await;
        assert_eq!((answer.status, answer.text().as_str()), (200, "ok"));
    }
    assert_eq!(origin.count(), VIEWERS);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_too_long_is_told_to_come_back() {
    let half = || Reply::SendAndStall(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel".to_vec());
    let (origin, edge) = with_two(vec![half(), half(), Reply::ok("", "hello")]).await;
    let mut stalled = Vec::new();
    for number in 0..2 {
        let mut client = edge.connect().await;
        client
            .send_request("GET", &format!("/{number}"), &[], "")
            .await;
        stalled.push(client);
    }
    let asked = edge.edge.engine().metrics.origin("site");
    until("both have a part of their body", || {
        asked.bytes.value() == 6
    })
    .await;

    let mut waiting = Vec::new();
    for fields in [&[][..], &[("range", "bytes=0-1")]] {
        let mut client = edge.connect().await;
        client.send_request("GET", "/late", fields, "").await;
        waiting.push(client);
    }
    for client in &mut waiting {
        let refused = edge
            .advance_until("an answer", 5, client.answer("GET"))
            .await;
        assert_eq!((refused.status, refused.cache().as_str()), (503, "Error"));
        assert_eq!(refused.field("retry-after"), "1");
        assert!(
            refused
                .field("cache-status")
                .ends_with("; detail=origin-busy"),
            "{}",
            refused.field("cache-status")
        );
    }
    assert_eq!(origin.count(), 2, "the origin heard nothing of them");
    // The stalled ones end by their own limit, and then there is room.
    for client in &mut stalled {
        let refused = edge
            .advance_until("an answer", 30, client.answer("GET"))
            .await;
        assert_eq!(refused.status, 504);
    }
    assert_eq!(edge.get("/late").await.text(), "hello");
}
