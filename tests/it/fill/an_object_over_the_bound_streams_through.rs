//! An object larger than `max_object_size` goes through uncached, at its reader's pace, and is
//! never held whole.

use crate::harness::{EdgeOptions, TestBucket, until};

const MIB: usize = 1 << 20;

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_pauses_makes_the_origin_wait() {
    const SIZE: usize = 64 * MIB;
    let bucket = TestBucket::start().await;
    let body: Vec<u8> = (0..SIZE).map(|at| (at / 251 % 256) as u8).collect();
    bucket.put_bytes("large", body.clone(), None).await;
    let edge = EdgeOptions::of(&bucket)
        .edge("max_object_size = \"1MiB\"")
        .start()
        .await;

    let mut client = edge.connect().await;
    client.send_request("GET", "/large", &[], "").await;
    let head = client.head().await;
    assert_eq!(
        (head.status, head.field("content-length")),
        (200, SIZE.to_string())
    );
    assert_eq!(
        head.field("cache-status"),
        "edge-1; fwd=uri-miss; fwd-status=200"
    );

    // Nobody reads. What comes from the origin fills the buffers on the way, and then no more.
    let origin = edge.edge.engine().metrics.origin("site");
    let mut last = 0;
    let mut quiet = 0;
    until("the origin has to wait", || {
        let now = origin.bytes.value();
        quiet = if now == last && now > 0 { quiet + 1 } else { 0 };
        last = now;
        quiet > 20_000
    })
    .await;
    assert!(
        last < SIZE as u64 / 2,
        "{last} of {SIZE} bytes were taken from the origin for nobody"
    );
    assert_eq!(edge.edge.engine().memory.usage().bytes, 0);

    let mut received = Vec::with_capacity(SIZE);
    while received.len() < SIZE {
        let bytes = client.some().await;
        assert!(
            !bytes.is_empty(),
            "the connection ended after {} bytes",
            received.len()
        );
        received.extend_from_slice(&bytes);
    }
    assert!(received == body, "other bytes came");

    let again = edge.get("/large").await;
    assert_eq!((again.status, again.cache().as_str()), (200, "Miss"));
    assert_eq!(bucket.log().gets("large"), 2, "it was not stored");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_that_leaves_ends_the_origin_request() {
    let bucket = TestBucket::start().await;
    bucket.put_bytes("large", vec![7; 64 * MIB], None).await;
    let edge = EdgeOptions::of(&bucket)
        .edge("max_object_size = \"1MiB\"")
        .start()
        .await;
    let mut client = edge.connect().await;
    client.send_request("GET", "/large", &[], "").await;
    client.head().await;
    let origin = edge.edge.engine().metrics.origin("site");
    // The edge may be asking something on its own account as well.
    assert!(origin.in_flight.value() >= 1);
    drop(client);
    until("the origin request has ended", || {
        origin.in_flight.value() == 0
    })
    .await;
    assert!(origin.bytes.value() < 32 * MIB as u64);
}
