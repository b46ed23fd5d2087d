//! `max_requests` bounds what is under way at an HTTP origin: four wait for each permit, the next is told
//! to come back, and what passes through gets three quarters.

use std::time::Duration;

use crate::harness::{Answer, Client, Reply, ScriptedOrigin, TestEdge, until, web_with};

/// The time of a place in the queue, which no other limit is as long as.
const PLACE: Duration = Duration::from_secs(13);

async fn with_four(replies: Vec<Reply>) -> (ScriptedOrigin, TestEdge) {
    let lines = "max_requests = 4\nfirst_byte_timeout = \"13s\"\nidle_timeout = \"60s\"";
    web_with(lines, "methods = \"standard\"", replies).await
}

/// A body that stops in the midst of it.
fn half() -> Reply {
    let head = "HTTP/1.1 200 OK\r\ncache-control: max-age=60\r\ncontent-length: 5\r\n\r\nhel";
    Reply::SendAndStall(head.as_bytes().to_vec())
}

async fn asking(edge: &TestEdge, method: &str, path: &str) -> Client {
    let mut client = edge.connect().await;
    client.send_request(method, path, &[], "").await;
    client
}

/// A 503 that says when to come back.
fn is_shed(answer: &Answer) {
    assert_eq!((answer.status, answer.cache().as_str()), (503, "Error"));
    assert_eq!(answer.field("retry-after"), "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn four_wait_for_each_permit_and_the_next_is_shed_at_once() {
    const PLACES: usize = 16;
    let (origin, edge) = with_four((0..4).map(|_| half()).collect()).await;
    let mut under_way = Vec::new();
    for number in 0..4 {
        under_way.push(asking(&edge, "GET", &format!("/{number}")).await);
    }
    let asked = edge.edge.engine().metrics.origin("site");
    until("all permits are taken", || asked.bytes.value() == 12).await;
    let mut waiting = Vec::new();
    for number in 0..PLACES {
        // Fills and passes wait in one queue.
        let method = if number % 2 == 0 { "GET" } else { "POST" };
        let client = asking(&edge, method, &format!("/waiting-{number}")).await;
        waiting.push((method, client));
        edge.waiting("one more waits", number + 1, PLACE).await;
    }
    // The clock stands still: these are answered at once.
    is_shed(&edge.get("/one-more").await);
    is_shed(&edge.request("POST", "/one-more", &[]).await);
    edge.waiting("the others wait on", PLACES, PLACE).await;

    // A place that is given up is one for the next.
    edge.clock.advance(PLACE);
    for (method, client) in &mut waiting {
        is_shed(&client.answer(method).await);
    }
    let mut next = asking(&edge, "POST", "/next").await;
    edge.waiting("the next one waits", 1, PLACE).await;
    edge.clock.advance(PLACE);
    is_shed(&next.answer("POST").await);
    assert_eq!(origin.count(), 4, "the origin heard nothing of them");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_passes_through_gets_three_quarters() {
    let (origin, edge) = with_four((0..3).map(|_| half()).collect()).await;
    let mut passing = Vec::new();
    for number in 0..3 {
        let mut client = asking(&edge, "POST", &format!("/{number}")).await;
        assert_eq!(client.head().await.status, 200);
        passing.push(client);
    }
    // One permit is left, and it is not for a fourth.
    let mut fourth = asking(&edge, "POST", "/fourth").await;
    edge.waiting("the fourth waits", 1, PLACE).await;
    assert_eq!(origin.count(), 3);
    // A fill has it; but not if its answer turns out to be one that passes through.
    origin.then(Reply::ok("cache-control: max-age=60\r\n", "kept"));
    assert_eq!(edge.get("/kept").await.text(), "kept");
    origin.then(Reply::ok("cache-control: no-store\r\n", "mine"));
    is_shed(&edge.get("/mine").await);
    assert_eq!(origin.count(), 5);
    edge.clock.advance(PLACE);
    is_shed(&fourth.answer("POST").await);

    // One that ends makes room for one.
    passing.pop();
    let asked = edge.edge.engine().metrics.origin("site");
    until("two are left", || asked.in_flight.value() == 2).await;
    origin.then(Reply::ok("", "done"));
    assert_eq!(edge.request("POST", "/fifth", &[]).await.text(), "done");
}
