//! `max_requests` bounds what is under way at the origin: who is over it waits, but not for ever.

use std::time::Duration;

use crate::harness::{Answer, Client, EdgeOptions, Reply, ScriptedOrigin, TestEdge, until};

/// For a place at the origin: its limit for a first byte, and no other limit is as long.
const PLACE: Duration = Duration::from_secs(11);

async fn with_two(replies: Vec<Reply>) -> (ScriptedOrigin, TestEdge) {
    let origin = ScriptedOrigin::start(replies).await;
    let edge = EdgeOptions::new(&origin.url())
        .edge("debug_headers = true\n")
        .origin("max_requests = 2\nidle_timeout = \"60s\"\nfirst_byte_timeout = \"11s\"\n")
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
    // Before time goes on: the stalled ones have theirs too, and would make room.
    edge.waiting("both wait for a place", 2, PLACE).await;
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

/// A 503 that says when to come back, and why it is one.
fn is_shed(answer: &Answer) {
    assert_eq!((answer.status, answer.cache().as_str()), (503, "Error"));
    assert_eq!(answer.field("retry-after"), "1");
    let told = answer.field("cache-status");
    assert!(told.ends_with("; detail=origin-busy"), "{told}");
}

async fn asking(edge: &TestEdge, path: &str, fields: &[(&str, &str)]) -> Client {
    let mut client = edge.connect().await;
    client.send_request("GET", path, fields, "").await;
    client
}

#[tokio::test(flavor = "multi_thread")]
async fn four_wait_for_each_permit_and_the_next_is_shed_at_once() {
    const PERMITS: usize = 2;
    const PLACES: usize = 4 * PERMITS;
    let half = || Reply::SendAndStall(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel".to_vec());
    let origin = ScriptedOrigin::start([half(), half()]).await;
    let edge = EdgeOptions::new(&origin.url())
        .edge("debug_headers = true\n")
        .origin("max_requests = 2\nfirst_byte_timeout = \"13s\"\nidle_timeout = \"60s\"\n")
        .start()
        .await;
    edge.ready().await;
    let asked = edge.edge.engine().metrics.origin("site");
    let mut clients = Vec::new();
    for number in 0..PERMITS {
        clients.push(asking(&edge, &format!("/{number}"), &[]).await);
    }
    until("all permits are taken", || asked.bytes.value() == 6).await;
    let place = Duration::from_secs(13);
    let mut waiting = Vec::new();
    for number in 0..PLACES {
        // Fills and passes wait in one queue.
        let fields: &[_] = if number % 2 == 0 {
            &[]
        } else {
            &[("range", "bytes=0-1")]
        };
        waiting.push(asking(&edge, &format!("/waiting-{number}"), fields).await);
        edge.waiting("one more waits", number + 1, place).await;
    }
    // The clock stands still: these are answered at once.
    is_shed(&edge.get("/one-more").await);
    is_shed(&edge.get_with("/one-more", &[("range", "bytes=0-1")]).await);
    edge.waiting("the others wait on", PLACES, place).await;

    // A place that is given up is one for the next.
    edge.clock.advance(place);
    for client in &mut waiting {
        is_shed(&client.answer("GET").await);
    }
    let mut next = asking(&edge, "/next", &[]).await;
    edge.waiting("the next one waits", 1, place).await;
    edge.clock.advance(place);
    is_shed(&next.answer("GET").await);
    assert_eq!(origin.count(), PERMITS, "the origin heard nothing of them");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_passes_through_gets_three_quarters() {
    let part = "HTTP/1.1 206 Partial Content\r\ncontent-range: bytes 0-4/9\r\netag: \"e\"\r\n\
        content-length: 5\r\n\r\nhel";
    let part = || Reply::SendAndStall(part.as_bytes().to_vec());
    let origin = ScriptedOrigin::start([part(), part(), part()]).await;
    let edge = EdgeOptions::new(&origin.url())
        .edge("debug_headers = true\n")
        .origin("max_requests = 4\nfirst_byte_timeout = \"17s\"\nidle_timeout = \"60s\"\n")
        .start()
        .await;
    edge.ready().await;
    let range = [("range", "bytes=0-4")];
    let mut passing = Vec::new();
    for number in 0..3 {
        let mut client = asking(&edge, &format!("/{number}"), &range).await;
        assert_eq!(client.head().await.status, 206);
        passing.push(client);
    }

    // One permit is left, and it is not for a fourth.
    let mut fourth = asking(&edge, "/fourth", &range).await;
    let place = Duration::from_secs(17);
    edge.waiting("the fourth waits", 1, place).await;
    assert_eq!(origin.count(), 3);
    // A fill has it; but not if its answer turns out to be one that passes through.
    origin.then(Reply::ok("", "kept"));
    assert_eq!(edge.get("/kept").await.text(), "kept");
    origin.then(Reply::ok("cache-control: private\r\n", "mine"));
    is_shed(&edge.get("/private").await);
    assert_eq!(origin.count(), 5);
    edge.clock.advance(place);
    is_shed(&fourth.answer("GET").await);

    // One that ends makes room for one.
    passing.pop();
    let asked = edge.edge.engine().metrics.origin("site");
    until("two are left", || asked.in_flight.value() == 2).await;
    origin.then(Reply::ok("cache-control: private\r\n", "mine"));
    assert_eq!(edge.get("/private").await.text(), "mine");
}
