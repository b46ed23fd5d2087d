//! While the origin fails, the stale copy answers with its real age, and the origin is left in
//! peace for error_ttl.

use crate::harness::{EdgeOptions, Reply, ScriptedOrigin, TestBucket, TestEdge, scripted, until};

const FIRST: &str = "etag: \"v1\"\r\ncache-control: max-age=10\r\n";

/// The edge has just served the stale copy at the age of 15: what happens next.
async fn rests_and_tries_again(origin: &ScriptedOrigin, edge: &TestEdge, age: u64) {
    let tried = origin.count();
    edge.advance(9);
    let stale = edge.get("/a").await;
    assert_eq!(
        (stale.status, stale.text().as_str(), stale.cache().as_str()),
        (200, "hello", "Hit")
    );
    assert_eq!(stale.field("age"), (age + 9).to_string());
    assert_eq!(origin.count(), tried, "no new attempt within error_ttl");

    edge.advance(1);
    origin.then(Reply::ok(FIRST, "recovered"));
    let new = edge.get("/a").await;
    assert_eq!(
        (new.text().as_str(), new.cache().as_str()),
        ("recovered", "Miss")
    );
    assert_eq!(origin.count(), tried + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn that_answers_with_an_error() {
    for (status, code) in [
        (500, "InternalError"),
        (502, "BadGateway"),
        (503, "SlowDown"),
        (504, "GatewayTimeout"),
        (403, "SignatureDoesNotMatch"),
        (404, "NoSuchBucket"),
    ] {
        let (origin, edge) =
            scripted([Reply::ok(FIRST, "hello"), Reply::error(status, code)]).await;
        edge.get("/a").await;
        edge.advance(15);
        let stale = edge.get("/a").await;
        assert_eq!(
            (stale.status, stale.text().as_str()),
            (200, "hello"),
            "{code}"
        );
        assert_eq!(stale.field("age"), "15", "{code}");
        assert_eq!(stale.cache(), "RefreshHit", "{code}");
        assert_eq!(origin.count(), 2, "{code}");
        rests_and_tries_again(&origin, &edge, 15).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn that_breaks_the_connection() {
    let (origin, edge) = scripted([Reply::ok(FIRST, "hello")]).await;
    edge.get("/a").await;
    edge.advance(15);
    let stale = edge.get("/a").await;
    assert_eq!((stale.status, stale.text().as_str()), (200, "hello"));
    assert_eq!(stale.field("age"), "15");
    rests_and_tries_again(&origin, &edge, 15).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn that_says_nothing() {
    let (origin, edge) = scripted([Reply::ok(FIRST, "hello"), Reply::SendAndStall(vec![])]).await;
    edge.get("/a").await;
    edge.advance(15);
    let mut client = edge.connect().await;
    client.send_request("GET", "/a", &[], "").await;
    until("the origin was asked", || origin.count() == 2).await;
    edge.advance(10);
    let stale = client.answer("GET").await;
    assert_eq!((stale.status, stale.text().as_str()), (200, "hello"));
    assert_eq!(stale.field("age"), "25");
    rests_and_tries_again(&origin, &edge, 25).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn that_is_gone() {
    let bucket = TestBucket::start().await;
    bucket.put_with("a", "hello", "max-age=10").await;
    let edge = TestEdge::start(&bucket).await;
    edge.get("/a").await;
    bucket.stop().await;
    for (seconds, age) in [(15, "15"), (9, "24"), (1, "25"), (300, "325")] {
        edge.advance(seconds);
        let stale = edge.get("/a").await;
        assert_eq!((stale.status, stale.text().as_str()), (200, "hello"));
        assert_eq!(stale.field("age"), age);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn but_not_beyond_the_window() {
    let origin = ScriptedOrigin::start([
        Reply::ok(FIRST, "hello"),
        Reply::error(503, "SlowDown"),
        Reply::error(503, "SlowDown"),
        Reply::ok(FIRST, "recovered"),
    ])
    .await;
    let edge = EdgeOptions::new(&origin.url())
        .distribution("stale_on_error = \"5s\"\nerror_ttl = \"1s\"\n")
        .start()
        .await;
    edge.get("/a").await;
    edge.advance(14);
    assert_eq!(edge.get("/a").await.text(), "hello");
    edge.advance(2);
    let refused = edge.get("/a").await;
    assert_eq!((refused.status, refused.cache().as_str()), (503, "Error"));
    assert_eq!(refused.field("retry-after"), "1");
    // The refusal was not kept in its place.
    assert_eq!(edge.get("/a").await.text(), "recovered");
    assert_eq!(origin.count(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn for_as_long_as_the_origin_itself_allowed() {
    let fields = "cache-control: max-age=10, stale-if-error=20\r\netag: \"v1\"\r\n";
    let (_origin, edge) = scripted([
        Reply::ok(fields, "hello"),
        Reply::error(500, "InternalError"),
        Reply::error(500, "InternalError"),
    ])
    .await;
    edge.get("/a").await;
    edge.advance(29);
    assert_eq!(edge.get("/a").await.text(), "hello");
    edge.advance(10);
    assert_eq!(edge.get("/a").await.status, 503);
}

#[tokio::test(flavor = "multi_thread")]
async fn and_many_viewers_cost_a_failing_origin_one_request() {
    let error = "HTTP/1.1 503 X\r\ncontent-length: 0\r\n\r\n";
    let (origin, edge) = scripted([
        Reply::ok(FIRST, "hello"),
        Reply::Hold(error.as_bytes().to_vec()),
    ])
    .await;
    edge.get("/a").await;
    edge.advance(15);
    let mut clients = Vec::new();
    for _ in 0..10 {
        let mut client = edge.connect().await;
        client.send_request("GET", "/a", &[], "").await;
        clients.push(client);
    }
    let metrics = &edge.edge.engine().metrics;
    until("all but the first have joined", || {
        metrics.collapsed.value() == 9
    })
    .await;
    origin.release();
    for client in &mut clients {
        let stale = client.answer("GET").await;
        assert_eq!((stale.status, stale.text().as_str()), (200, "hello"));
    }
    assert_eq!(origin.count(), 2);
}
