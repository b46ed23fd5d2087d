//! One edge in front of another: ages add up, and both say what they did.

use crate::harness::{EdgeOptions, Reply, ScriptedOrigin, field};

#[tokio::test(flavor = "multi_thread")]
async fn an_edge_may_stand_before_an_edge() {
    let reply = Reply::ok("cache-control: max-age=100\r\n", "hello");
    let origin = ScriptedOrigin::start([reply]).await;
    let far = EdgeOptions::web(&origin.url()).name("far").start().await;
    let near = EdgeOptions::web(&format!("http://{}", far.viewer()))
        .name("near")
        .start()
        .await;

    assert_eq!(far.get("/a").await.cache(), "Miss");
    far.advance(30);
    let first = near.get("/a").await;
    assert_eq!((first.status, first.text().as_str()), (200, "hello"));
    assert_eq!(first.field("via"), "1.1 far, 1.1 near");
    assert_eq!(
        first.field("cache-status"),
        "far; hit; ttl=70, near; fwd=uri-miss; fwd-status=200; stored; ttl=70"
    );
    near.advance(20);
    let second = near.get("/a").await;
    assert_eq!(
        (second.cache().as_str(), second.field("age").as_str()),
        ("Hit", "50")
    );
    assert_eq!(origin.count(), 1);
    assert_eq!(field(&origin.last(), "via"), "1.1 far");
    // What the far edge has kept for 30 seconds is not fresh for another 100.
    near.advance(50);
    assert_ne!(near.get("/a").await.cache(), "Hit");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_tells_both_on_its_way() {
    let origin = ScriptedOrigin::start([Reply::ok("", "hello")]).await;
    let far = EdgeOptions::web(&origin.url()).name("far").start().await;
    let near = EdgeOptions::web(&format!("http://{}", far.viewer()))
        .name("near")
        .start()
        .await;
    assert_eq!(near.get("/a").await.text(), "hello");
    let head = origin.last();
    assert_eq!(field(&head, "via"), "1.1 near, 1.1 far");
    assert_eq!(field(&head, "cdn-loop"), "near, far");
    assert_eq!(field(&head, "x-forwarded-for"), "127.0.0.1, 127.0.0.1");
}
