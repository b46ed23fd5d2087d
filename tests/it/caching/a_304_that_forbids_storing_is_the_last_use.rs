//! A 304 that brings `no-store` is good for whoever asked; then the entry goes (SEMANTICS 4.4).

use crate::harness::{EdgeOptions, Reply, ScriptedOrigin};

#[tokio::test]
async fn the_entry_is_served_once_more_and_goes() {
    let origin = ScriptedOrigin::start([
        Reply::ok("etag: \"a\"\r\ncache-control: max-age=1\r\n", "body"),
        Reply::not_modified("etag: \"a\"\r\ncache-control: no-store\r\nx-new: 1\r\n"),
        Reply::ok("etag: \"b\"\r\ncache-control: max-age=1\r\n", "new"),
    ])
    .await;
    let edge = EdgeOptions::new(&origin.url())
        .edge("debug_headers = true\n")
        .start()
        .await;
    edge.get("/x").await;
    edge.advance(5);
    let last = edge.get("/x").await;
    assert_eq!((last.status, last.text().as_str()), (200, "body"));
    assert_eq!(last.field("cache-control"), "no-store");
    assert_eq!(last.field("x-new"), "1");
    assert_eq!(
        (last.field("age").as_str(), last.cache().as_str()),
        ("0", "RefreshHit")
    );
    let status = last.field("cache-status");
    assert!(
        status.starts_with("edge-1; fwd=stale; fwd-status=304; key=")
            && status.ends_with("; detail=no-store"),
        "{status}"
    );
    assert!(!status.contains("stored"), "{status}");
    // No second request was needed for it, and nothing is left to be asked about.
    assert_eq!(origin.count(), 2);
    assert_eq!(edge.get("/x").await.text(), "new");
    assert!(!origin.last().contains("if-none-match"));
}

#[tokio::test]
async fn a_viewer_that_holds_it_gets_its_304() {
    let origin = ScriptedOrigin::start([
        Reply::ok("etag: \"a\"\r\ncache-control: max-age=1\r\n", "body"),
        Reply::not_modified("cache-control: private\r\n"),
    ])
    .await;
    let edge = EdgeOptions::new(&origin.url()).start().await;
    edge.get("/x").await;
    edge.advance(5);
    let answer = edge.get_with("/x", &[("if-none-match", "\"a\"")]).await;
    assert_eq!(
        (answer.status, answer.field("cache-control").as_str()),
        (304, "private")
    );
}
