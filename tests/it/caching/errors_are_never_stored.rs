//! With nothing stored an origin's failure is told as what it is, and not remembered.

use tokio::net::TcpListener;

use crate::harness::{Answer, EdgeOptions, Reply, scripted, until};

fn is_ours(answer: &Answer, status: u16) {
    assert_eq!((answer.status, answer.cache().as_str()), (status, "Error"));
    assert_eq!(answer.field("cache-control"), "no-store");
    assert_eq!(
        answer.field("retry-after"),
        if status == 503 { "1" } else { "" }
    );
    assert!(!answer.text().contains("<Code>"), "{}", answer.text());
    assert!(!answer.field("cache-status").contains("stored"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_origin_that_answers_with_an_error() {
    for (status, code) in [
        (500, "InternalError"),
        (503, "SlowDown"),
        (503, "ServiceUnavailable"),
        (429, "TooManyRequests"),
    ] {
        let (origin, edge) = scripted([
            // Not even if it says that it may be kept.
            Reply::status(
                status,
                "cache-control: max-age=60\r\n",
                &format!("<Error><Code>{code}</Code></Error>"),
            ),
            Reply::ok("", "hello"),
        ])
        .await;
        is_ours(&edge.get("/a").await, 503);
        assert_eq!(edge.edge.engine().memory.usage().objects, 0);
        let whole = edge.get("/a").await;
        assert_eq!(
            (whole.status, whole.text().as_str()),
            (200, "hello"),
            "{code}"
        );
        assert_eq!(origin.count(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_origin_that_says_nothing() {
    let (origin, edge) = scripted([Reply::SendAndStall(vec![]), Reply::ok("", "hello")]).await;
    let mut client = edge.connect().await;
    client.send_request("GET", "/a", &[], "").await;
    until("the origin was asked", || origin.count() == 1).await;
    edge.advance(10);
    is_ours(&client.answer("GET").await, 504);
    assert_eq!(edge.get("/a").await.text(), "hello");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_origin_that_breaks_the_connection() {
    let (origin, edge) = scripted([]).await;
    is_ours(&edge.get("/a").await, 502);
    // Once more, and no more than that; but what died on a connection that was kept from the question
    // that the edge asks by itself is no try.
    assert!((2..=3).contains(&origin.count()), "{}", origin.count());
    origin.then(Reply::ok("", "hello"));
    assert_eq!(edge.get("/a").await.text(), "hello");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_origin_that_is_not_there() {
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = nobody.local_addr().unwrap();
    drop(nobody);
    let edge = EdgeOptions::new(&format!("http://{address}")).start().await;
    is_ours(&edge.get("/a").await, 502);
    let head = edge.request("HEAD", "/a", &[]).await;
    assert_eq!((head.status, head.cache().as_str()), (502, "Error"));
}
