//! Interim answers are dropped, and a request that gets nothing else is given up after so many, without
//! waiting for any time to run out.

use crate::harness::{Reply, TestEdge, scripted, web};

/// As in `origin/http.rs`.
const MOST: usize = 16;

fn flood(count: usize) -> Vec<u8> {
    let interim = "HTTP/1.1 103 Early Hints\r\nlink: </a.css>\r\n\r\n".repeat(count);
    let answer = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\netag: \"a\"\r\n\r\nhello";
    format!("{interim}{answer}").into_bytes()
}

async fn is_given_up(edge: &TestEdge) {
    let answer = edge.get("/a").await;
    assert_eq!((answer.status, answer.cache().as_str()), (502, "Error"));
    assert!(!answer.text().contains("hello") && !answer.has("link"));
    assert_eq!(edge.edge.engine().memory.usage().objects, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn as_many_as_are_allowed_and_one_more() {
    let (_origin, edge) = web([Reply::Send(flood(MOST))]).await;
    assert_eq!(edge.get("/a").await.text(), "hello");
    let (origin, edge) = web([Reply::Send(flood(MOST + 1)), Reply::ok("", "next")]).await;
    is_given_up(&edge).await;
    // What is left of it on the connection is nobody's.
    assert_eq!(edge.get("/b").await.text(), "next");
    assert_eq!((origin.count(), origin.connections()), (2, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_without_an_end() {
    // The clock stands still: no time limit could end this.
    let endless = || Reply::SendAndStall(flood(MOST + 1)[..700].to_vec().repeat(1_000));
    let (origin, edge) = web([endless()]).await;
    is_given_up(&edge).await;
    assert_eq!(origin.count(), 1, "it is not asked again");
    let (_origin, edge) = scripted([endless(), endless(), endless()]).await;
    is_given_up(&edge).await;
}
