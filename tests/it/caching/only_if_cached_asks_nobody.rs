//! A viewer that wants a stored answer only gets that, or 504, and the origin hears nothing.

use crate::harness::{Reply, scripted};

const ONLY: [(&str, &str); 1] = [("cache-control", "only-if-cached")];

#[tokio::test(flavor = "multi_thread")]
async fn only_if_cached_asks_nobody() {
    let (origin, edge) = scripted([Reply::ok(
        "etag: \"v1\"\r\ncache-control: max-age=10\r\n",
        "hello",
    )])
    .await;
    for fields in [
        &ONLY[..],
        &[ONLY[0], ("range", "bytes=0-1")],
        &[ONLY[0], ("if-match", "\"v1\"")],
    ] {
        let refused = edge.get_with("/a", fields).await;
        assert_eq!((refused.status, refused.cache().as_str()), (504, "Error"));
    }
    assert_eq!(edge.request("HEAD", "/a", &ONLY).await.status, 504);
    assert_eq!(origin.count(), 0);

    edge.get("/a").await;
    let hit = edge.get_with("/a", &ONLY).await;
    assert_eq!(
        (hit.status, hit.text().as_str(), hit.cache().as_str()),
        (200, "hello", "Hit")
    );
    edge.advance(10);
    assert_eq!(edge.get_with("/a", &ONLY).await.status, 504, "it is stale");
    assert_eq!(origin.count(), 1);
}
