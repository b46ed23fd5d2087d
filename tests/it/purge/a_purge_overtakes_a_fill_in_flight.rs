//! A fill that began before a purge is never served to anybody who came after it.

use crate::harness::{TestBucket, TestEdge, until};

#[tokio::test(flavor = "multi_thread")]
async fn a_purge_overtakes_a_fill_in_flight() {
    for paths in [["/page"], ["/pa*"], ["/*"]] {
        let bucket = TestBucket::start().await;
        bucket.put("page", "old").await;
        let edge = TestEdge::start(&bucket).await;

        // The origin has read the old page and has not sent it yet.
        let hold = bucket.faults().hold("page");
        let mut before = edge.connect().await;
        before.send_request("GET", "/page", &[], "").await;
        hold.waiting().await;
        bucket.put("page", "new").await;
        edge.purge(&paths).await;

        // Whoever comes now does not join the old fill.
        let mut after = edge.connect().await;
        after.send_request("GET", "/page", &[], "").await;
        hold.waiting_for(2).await;
        hold.release();
        let after = after.answer("GET").await;
        assert_eq!(
            (after.status, after.text().as_str()),
            (200, "new"),
            "{paths:?}"
        );
        // Who had come before the purge may get either.
        let before = before.answer("GET").await;
        assert_eq!(before.status, 200);
        // And what is kept is the new page, whichever fill ended last.
        let metrics = &edge.edge.engine().metrics;
        until("no fill is under way", || {
            edge.edge.engine().fills.open() == 0
        })
        .await;
        let kept = edge.get("/page").await;
        assert_eq!(
            (kept.text().as_str(), kept.cache().as_str()),
            ("new", "Hit"),
            "{paths:?}"
        );
        assert_eq!(metrics.invalidations.value(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purge_overtakes_a_validation_in_flight() {
    let bucket = TestBucket::start().await;
    bucket.put_with("page", "old", "max-age=10").await;
    let edge = TestEdge::start(&bucket).await;
    assert_eq!(edge.get("/page").await.text(), "old");
    edge.advance(11);
    let hold = bucket.faults().hold("page");
    let mut before = edge.connect().await;
    before.send_request("GET", "/page", &[], "").await;
    hold.waiting().await;
    // The origin is about to say 304 of the old page.
    bucket.put_with("page", "new", "max-age=10").await;
    edge.purge(&["/page"]).await;
    hold.release();
    assert_eq!(before.answer("GET").await.status, 200);
    until("no fill is under way", || {
        edge.edge.engine().fills.open() == 0
    })
    .await;
    assert_eq!(edge.get("/page").await.text(), "new");
}
