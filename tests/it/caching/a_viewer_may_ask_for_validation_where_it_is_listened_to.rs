//! `viewer_cache_control = "honor"` (RFC 9111 5.2.1); without it a viewer cannot make the edge ask.

use crate::harness::{EdgeOptions, Reply, ScriptedOrigin, TestEdge};

const FRESH: &str = "etag: \"a\"\r\ncache-control: max-age=60\r\n";

async fn listening(replies: impl IntoIterator<Item = Reply>) -> (ScriptedOrigin, TestEdge) {
    let origin = ScriptedOrigin::start(replies).await;
    let edge = EdgeOptions::new(&origin.url())
        .edge("debug_headers = true\n")
        .distribution("viewer_cache_control = \"honor\"\n")
        .start()
        .await;
    (origin, edge)
}

#[tokio::test]
async fn by_default_a_viewer_is_not_listened_to() {
    let (origin, edge) = crate::harness::scripted([Reply::ok(FRESH, "body")]).await;
    edge.get("/x").await;
    edge.advance(30);
    for fields in [
        [("cache-control", "no-cache")],
        [("cache-control", "no-store")],
        [("cache-control", "max-age=0")],
        [("cache-control", "max-age=1, min-fresh=59")],
        [("pragma", "no-cache")],
    ] {
        let answer = edge.get_with("/x", &fields).await;
        assert_eq!(
            (answer.cache().as_str(), answer.text().as_str()),
            ("Hit", "body"),
            "{fields:?}"
        );
    }
    assert_eq!(origin.count(), 1);
}

#[tokio::test]
async fn what_the_viewer_does_not_take_is_validated() {
    for field in [
        ("cache-control", "no-cache"),
        ("cache-control", "NO-CACHE, foo"),
        ("cache-control", "max-age=0"),
        ("cache-control", "max-age=29"),
        ("cache-control", "min-fresh=31"),
        ("pragma", "no-cache"),
    ] {
        let (origin, edge) = listening([
            Reply::ok(FRESH, "body"),
            Reply::not_modified("etag: \"a\"\r\n"),
        ])
        .await;
        edge.get("/x").await;
        edge.advance(30);
        let answer = edge.get_with("/x", &[field]).await;
        assert_eq!(
            (answer.cache().as_str(), answer.text().as_str()),
            ("RefreshHit", "body"),
            "{field:?}"
        );
        let status = answer.field("cache-status");
        assert!(
            status.starts_with("edge-1; fwd=request; fwd-status=304; stored"),
            "{status}"
        );
        assert!(origin.last().contains("if-none-match: \"a\""));
        // Renewed for everybody.
        assert_eq!(edge.get("/x").await.field("age"), "0", "{field:?}");
    }
}

#[tokio::test]
async fn what_the_viewer_takes_is_a_hit() {
    let (origin, edge) = listening([Reply::ok(FRESH, "body")]).await;
    edge.get("/x").await;
    edge.advance(30);
    for fields in [
        &[("cache-control", "max-age=30")][..],
        &[("cache-control", "min-fresh=30")],
        &[("cache-control", "max-stale=1000")],
        &[("cache-control", "max-age=x")],
        // A Pragma counts only without Cache-Control (RFC 9111 5.4).
        &[("pragma", "no-cache"), ("cache-control", "foo")],
    ] {
        assert_eq!(
            edge.get_with("/x", fields).await.cache(),
            "Hit",
            "{fields:?}"
        );
    }
    assert_eq!(origin.count(), 1);
}

#[tokio::test]
async fn no_store_is_answered_by_the_origin_and_not_stored() {
    let (origin, edge) = listening([
        Reply::ok(FRESH, "theirs"),
        Reply::ok(FRESH, "everybody's"),
        Reply::ok(FRESH, "theirs again"),
    ])
    .await;
    let no_store = [("cache-control", "no-store")];
    let first = edge.get_with("/x", &no_store).await;
    assert_eq!(first.text(), "theirs");
    assert_eq!(
        first.field("cache-status"),
        "edge-1; fwd=request; fwd-status=200; key=\"E1/x\"; detail=request-no-store"
            .replace("E1/x", &key_of(&first.field("cache-status")))
    );
    let second = edge.get("/x").await;
    assert_eq!(
        (second.cache().as_str(), second.text().as_str()),
        ("Miss", "everybody's")
    );
    let third = edge.get_with("/x", &no_store).await;
    assert_eq!(third.text(), "theirs again");
    assert_eq!(edge.get("/x").await.text(), "everybody's");
    assert_eq!(origin.count(), 3);
    assert!(
        edge.metric("seawall_reasons_total{reason=\"request-no-store\"}")
            .await
            >= 2.0
    );
}

#[tokio::test]
async fn only_if_cached_never_costs_the_origin_anything() {
    let (origin, edge) = listening([Reply::ok(FRESH, "body")]).await;
    edge.get("/x").await;
    for value in ["only-if-cached, no-cache", "only-if-cached, no-store"] {
        let answer = edge.get_with("/x", &[("cache-control", value)]).await;
        assert_eq!(answer.status, 504, "{value}");
        assert!(
            answer
                .field("cache-status")
                .ends_with("detail=only-if-cached")
        );
    }
    let answer = edge
        .get_with("/x", &[("cache-control", "only-if-cached")])
        .await;
    assert_eq!(answer.cache(), "Hit");
    assert_eq!(origin.count(), 1);
}

#[tokio::test]
async fn a_wish_that_cannot_be_fulfilled_does_not_cost_the_answer() {
    let (origin, edge) = listening([
        Reply::ok(FRESH, "body"),
        Reply::error(500, "InternalError"),
        Reply::error(500, "InternalError"),
        Reply::error(500, "InternalError"),
        Reply::error(500, "InternalError"),
    ])
    .await;
    edge.get("/x").await;
    let no_cache = [("cache-control", "no-cache")];
    let answer = edge.get_with("/x", &no_cache).await;
    assert_eq!((answer.status, answer.text().as_str()), (200, "body"));
    assert!(
        answer.field("cache-status").contains("fwd-status=500")
            && answer
                .field("cache-status")
                .ends_with("detail=origin-failed"),
        "{}",
        answer.field("cache-status")
    );
    // The failed origin is left in peace, whatever viewers wish.
    let before = origin.count();
    assert_eq!(edge.get_with("/x", &no_cache).await.cache(), "Hit");
    assert_eq!(origin.count(), before);
}

fn key_of(cache_status: &str) -> String {
    let (_, rest) = cache_status.split_once("key=\"").unwrap();
    rest.split_once('"').unwrap().0.to_owned()
}
