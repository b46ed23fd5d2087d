//! Via, CDN-Loop and X-Forwarded-For get a member of the edge's own, behind those that are there; a
//! request that comes back is refused.

use crate::harness::{Reply, field, web};

#[tokio::test(flavor = "multi_thread")]
async fn behind_whoever_was_there_before() {
    let (origin, edge) = web([Reply::ok("", ""), Reply::ok("", "")]).await;
    edge.get("/a").await;
    let head = origin.last();
    assert_eq!(field(&head, "via"), "1.1 edge-1");
    assert_eq!(field(&head, "cdn-loop"), "edge-1");
    assert_eq!(field(&head, "x-forwarded-for"), "127.0.0.1");
    edge.get_with(
        "/b",
        &[
            ("via", "1.0 old"),
            ("via", "2 other"),
            ("cdn-loop", "other; a=1"),
            ("x-forwarded-for", "192.0.2.1"),
            ("x-forwarded-for", "192.0.2.2"),
        ],
    )
    .await;
    let head = origin.last();
    assert_eq!(field(&head, "via"), "1.0 old, 2 other, 1.1 edge-1");
    assert_eq!(field(&head, "cdn-loop"), "other; a=1, edge-1");
    assert_eq!(
        field(&head, "x-forwarded-for"),
        "192.0.2.1, 192.0.2.2, 127.0.0.1"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loop_is_cut() {
    let (origin, edge) = web([Reply::ok("", "")]).await;
    for value in [
        "edge-1",
        "other, edge-1",
        "other;x=1 , edge-1 ;y=2",
        &["edge-1"; 20].join(", "),
    ] {
        let answer = edge.get_with("/a", &[("cdn-loop", value)]).await;
        assert_eq!(answer.status, 508, "{value}");
    }
    // Nobody can have the field stripped on the way.
    let hidden = [("cdn-loop", "edge-1"), ("connection", "cdn-loop")];
    assert_eq!(edge.get_with("/a", &hidden).await.status, 508);
    assert_eq!(origin.count(), 0);
    let others = edge
        .get_with("/a", &[("cdn-loop", "edge-10, xedge-1")])
        .await;
    assert_eq!(others.status, 200);
}
