//! An answer that was old when it came is as old as that for everybody (RFC 9111 4.2.3, 5.1).

use crate::harness::{Reply, scripted};

#[tokio::test]
async fn an_age_from_before_the_edge_counts() {
    let (origin, edge) = scripted([
        Reply::ok("age: 20\r\ncache-control: max-age=60\r\n", "old"),
        Reply::ok("age: 0\r\ncache-control: max-age=60\r\n", "new"),
    ])
    .await;
    let first = edge.get("/x").await;
    assert_eq!(
        (first.cache().as_str(), first.field("age").as_str()),
        ("Miss", "20")
    );
    assert!(first.field("cache-status").ends_with("ttl=40"));
    edge.advance(39);
    assert_eq!(edge.get("/x").await.field("age"), "59");
    edge.advance(1);
    assert_eq!(edge.get("/x").await.text(), "new");
    assert_eq!(origin.count(), 2);
}

#[tokio::test]
async fn what_was_made_for_this_request_has_no_age() {
    let (_origin, edge) = scripted([Reply::ok("cache-control: max-age=60\r\n", "new")]).await;
    assert!(!edge.get("/x").await.has("age"));
    assert_eq!(edge.get("/x").await.field("age"), "0");
}
