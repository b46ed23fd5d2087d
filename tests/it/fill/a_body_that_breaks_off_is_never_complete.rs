//! An origin that sends less than it announced: nobody gets it for the whole, and nothing is kept.

use crate::harness::{EdgeOptions, TestBucket, TestEdge, raw};

#[tokio::test(flavor = "multi_thread")]
async fn of_an_object_that_would_be_stored() {
    let bucket = TestBucket::start().await;
    bucket.put("half", &"0123456789".repeat(1_000)).await;
    let edge = TestEdge::start(&bucket).await;
    bucket.faults().truncate_next("half", 404);
    let broken = edge.get("/half").await;
    assert_eq!(
        broken.status, 502,
        "nothing was sent yet, so the answer can be an honest one"
    );
    assert_eq!(broken.cache(), "Error");

    let whole = edge.get("/half").await;
    assert_eq!(
        (whole.status, whole.body.len(), whole.cache().as_str()),
        (200, 10_000, "Miss")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn of_an_object_that_streams_through() {
    let bucket = TestBucket::start().await;
    bucket.put("large", &"0123456789".repeat(1_000)).await;
    let edge = EdgeOptions::of(&bucket)
        .edge("max_object_size = \"1KiB\"")
        .start()
        .await;
    bucket.faults().truncate_next("large", 4_040);
    // The head may have gone out or not: what comes is never the whole, nor looks like it.
    let request = "GET /large HTTP/1.1\r\nhost: localhost\r\n\r\n";
    let came = raw(edge.viewer(), request.as_bytes()).await;
    let (head, body) = came.split_once("\r\n\r\n").unwrap_or((&came, ""));
    assert!(body.len() <= 4_040, "{} bytes", body.len());
    assert!(
        head.is_empty() || head.contains("content-length: 10000"),
        "{head}"
    );

    let whole = edge.get("/large").await;
    assert!(whole.complete && whole.body.len() == 10_000);
}
