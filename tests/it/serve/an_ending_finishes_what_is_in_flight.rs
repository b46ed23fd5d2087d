//! An ending takes no new connection, says that it is not ready, and waits for what is in flight:
//! up to its grace.

use std::net::SocketAddr;
use std::time::Duration;

use seawall::clock::Clock;
use tokio::net::TcpStream;

use crate::harness::{Client, EdgeOptions, TestBucket, TestEdge, bounded, until};

const GRACE: Duration = Duration::from_secs(5);

async fn refused(address: SocketAddr) {
    bounded("the port is closed", async {
        while TcpStream::connect(address).await.is_ok() {}
    })
    .await;
}

async fn start(bucket: &TestBucket) -> TestEdge {
    bucket.put("page", "here").await;
    bucket.put("other", "other").await;
    EdgeOptions::of(bucket)
        .edge(&format!("shutdown_grace = \"{}s\"", GRACE.as_secs()))
        .origin("first_byte_timeout = \"10m\"")
        .start()
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ending_finishes_what_is_in_flight() {
    let bucket = TestBucket::start().await;
    let edge = start(&bucket).await;
    edge.ready().await;
    let (viewer, admin) = (edge.viewer(), edge.edge.admin_address());
    let mut idle = edge.connect().await;
    assert_eq!(idle.get("/other").await.status, 200);
    let hold = bucket.faults().hold("page");
    let mut client = edge.connect().await;
    client.send_request("GET", "/page", &[], "").await;
    hold.waiting().await;

    let ending = tokio::spawn(edge.edge.shut_down());
    refused(viewer).await;
    assert_eq!(idle.closed().await, b"", "nothing was under way there");
    let ready = Client::connect(admin).await.get("/readyz").await;
    assert_eq!(ready.status, 503);
    assert!(ready.text().contains("shutting down"), "{}", ready.text());
    let healthy = Client::connect(admin).await.get("/healthz").await;
    assert_eq!(healthy.status, 200, "it lives until it has ended");
    assert!(!ending.is_finished(), "it waits");

    hold.release();
    let answer = client.answer("GET").await;
    assert_eq!((answer.status, answer.text().as_str()), (200, "here"));
    client.closed().await;
    assert!(bounded("the end", ending).await.unwrap(), "nothing was cut");
    refused(admin).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_takes_longer_than_the_grace_is_cut() {
    let bucket = TestBucket::start().await;
    let edge = start(&bucket).await;
    let viewer = edge.viewer();
    let hold = bucket.faults().hold("page");
    let mut client = edge.connect().await;
    client.send_request("GET", "/page", &[], "").await;
    hold.waiting().await;

    let clock = edge.clock.clone();
    let ending = tokio::spawn(edge.edge.shut_down());
    refused(viewer).await;
    assert!(!ending.is_finished());
    // Moved once and by so much: the origin's own limits must not come first.
    let end = clock.now().saturating_add(GRACE);
    until("the grace has begun", || clock.sleeping_until(end) == 1).await;
    clock.advance(GRACE);
    assert!(
        !bounded("the end", ending).await.unwrap(),
        "it is known that something was cut"
    );
    assert_eq!(
        client.closed().await,
        b"",
        "no answer is better than half a one"
    );
}
