//! An answer that says nothing about its parts clears none of them: an error, a redirect elsewhere, one that is too
//! large to be looked at.

use seawall::store::splits::BODY_BYTES;
use seawall::store::splits::report::Verdict;

use super::{all_seen, looked_at, only, page, report, verdicts, visit};
use crate::harness::{EdgeOptions, Reply, ScriptedOrigin, until};

#[tokio::test(flavor = "multi_thread")]
async fn two_unknown_products_are_no_one_product() {
    let origin = ScriptedOrigin::start([]).await;
    let edge = EdgeOptions::web(&origin.url()).start().await;
    for id in 0..8 {
        origin.then(Reply::status(
            404,
            "cache-control: max-age=60\r\n",
            "no such product",
        ));
        assert_eq!(edge.get(&format!("/p?id={id}")).await.status, 404);
    }
    visit(&origin, &edge, &[("/p?id=8", "one"), ("/p?id=9", "two")]).await;
    assert_eq!(looked_at(&edge), 2);
    verdicts(&only(&edge).await, &[("id", Verdict::Matters)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_is_where_it_leads() {
    let origin = ScriptedOrigin::start([]).await;
    let edge = EdgeOptions::web(&origin.url()).start().await;
    for (target, to) in [
        ("/go?to=a&ref=1", "/a"),
        ("/go?to=b&ref=1", "/b"),
        ("/go?to=a&ref=2", "/a"),
    ] {
        let fields = format!("cache-control: max-age=60\r\nlocation: {to}\r\n");
        origin.then(Reply::status(301, &fields, ""));
        assert_eq!(edge.get(target).await.field("location"), to);
    }
    all_seen(&edge, 3).await;
    let found = only(&edge).await;
    verdicts(
        &found,
        &[("to", Verdict::Matters), ("ref", Verdict::Unknown)],
    );
    assert_eq!(super::row(&found, "ref").alike, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn dates_and_tags_make_no_difference() {
    let origin = ScriptedOrigin::start([]).await;
    let edge = EdgeOptions::web(&origin.url()).start().await;
    for visit in 0..5 {
        let fields = format!(
            "cache-control: max-age=6{visit}\r\netag: \"{visit}\"\r\nx-request-id: {visit}\r\n"
        );
        origin.then(Reply::ok(&fields, "page"));
        edge.get(&format!("/p?v={visit}")).await;
    }
    all_seen(&edge, 5).await;
    verdicts(&only(&edge).await, &[("v", Verdict::Splits)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_over_the_limit_is_only_counted() {
    let origin = ScriptedOrigin::start([]).await;
    let edge = EdgeOptions::web(&origin.url()).start().await;
    for (target, length) in [("/p?v=1", BODY_BYTES), ("/p?v=2", BODY_BYTES + 1)] {
        origin.then(page(&"x".repeat(length)));
        assert_eq!(edge.get(target).await.body.len(), length);
    }
    all_seen(&edge, 1).await;
    let engine = edge.edge.engine();
    until("the larger one was counted", || {
        let report = engine.fills.splits().report(None, engine.clock.now());
        report.too_large == 1
    })
    .await;
    assert_eq!(report(&edge).await.behaviors[0].samples, 1);
}

/// What is confirmed by a 304 counts anew without being read.
#[tokio::test(flavor = "multi_thread")]
async fn a_renewed_answer_is_remembered_longer() {
    let origin = ScriptedOrigin::start([]).await;
    let edge = EdgeOptions::web(&origin.url()).start().await;
    for target in ["/p?v=1", "/p?v=2"] {
        origin.then(Reply::ok(
            "cache-control: max-age=60\r\netag: \"a\"\r\n",
            "page",
        ));
        edge.get(target).await;
    }
    all_seen(&edge, 2).await;
    edge.advance(23 * 3_600);
    origin.then(Reply::not_modified(
        "cache-control: max-age=60\r\netag: \"a\"\r\n",
    ));
    assert_eq!(edge.get("/p?v=1").await.cache(), "RefreshHit");
    edge.advance(2 * 3_600);
    until("one was renewed", || {
        let engine = edge.edge.engine();
        let found = engine.fills.splits().report(None, engine.clock.now());
        found.behaviors[0].samples == 1
    })
    .await;
    assert_eq!(looked_at(&edge), 2);
}
