//! An HTTP/2 connection on which nothing is asked for 60 seconds ends.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use crate::harness::{EdgeOptions, TestBucket, TestEdge, bounded, bucket_and_edge};

const IDLE: Duration = Duration::from_secs(60);
const PING: Duration = Duration::from_secs(20);
const MOMENT: Duration = Duration::from_millis(1);

/// A connection on which nothing was asked yet, and what ends when it does.
async fn connect(edge: &TestEdge) -> (SendRequest<Empty<Bytes>>, JoinHandle<hyper::Result<()>>) {
    let stream = TcpStream::connect(edge.viewer()).await.unwrap();
    let handshake = http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
    let (sender, connection) = handshake.await.unwrap();
    edge.waiting("its idle time has begun", 1, IDLE).await;
    (sender, tokio::spawn(connection))
}

fn ask(
    sender: &mut SendRequest<Empty<Bytes>>,
    path: &str,
) -> impl Future<Output = hyper::Result<Response<Incoming>>> + Send + use<> {
    let uri = format!("http://localhost{path}");
    sender.send_request(Request::builder().uri(uri).body(Empty::new()).unwrap())
}

async fn text(answer: impl Future<Output = hyper::Result<Response<Incoming>>>) -> Bytes {
    let body = bounded("an answer", answer).await.unwrap().into_body();
    bounded("its body", body.collect())
        .await
        .unwrap()
        .to_bytes()
}

#[tokio::test(flavor = "multi_thread")]
async fn at_the_limit_and_not_before() {
    let (_bucket, edge) = bucket_and_edge(&[("page", "here")]).await;
    edge.ready().await;
    let (mut sender, ended) = connect(&edge).await;
    // Each ping is answered before the next one is due.
    edge.waiting("the next ping", 1, PING).await;
    edge.clock.advance(PING);
    edge.waiting("the next ping", 1, PING).await;
    edge.clock.advance(PING);
    edge.waiting("the next ping and the limit", 2, PING).await;
    edge.clock.advance(PING - MOMENT);
    edge.waiting("its idle time goes on", 2, MOMENT).await;
    assert_eq!(text(ask(&mut sender, "/page")).await, "here");

    // Something was asked: from the old limit on it has all of its time again.
    edge.clock.advance(MOMENT);
    edge.waiting("its idle time has begun anew", 1, IDLE).await;
    // Pings count from what was read last, which is the request.
    for to_the_next in [PING - MOMENT, PING, PING] {
        edge.waiting("the next ping", 1, to_the_next).await;
        edge.clock.advance(to_the_next);
    }
    edge.waiting("its idle time goes on", 1, MOMENT).await;
    assert!(!sender.is_closed() && !ended.is_finished());
    edge.clock.advance(MOMENT);
    bounded("the end of the connection", ended)
        .await
        .unwrap()
        .unwrap();
    assert!(
        bounded("no answer", ask(&mut sender, "/page"))
            .await
            .is_err()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_flight_then_still_finishes() {
    let bucket = TestBucket::start().await;
    bucket.put("slow", "here at last").await;
    let edge = EdgeOptions::of(&bucket)
        .origin("first_byte_timeout = \"10m\"\n")
        .start()
        .await;
    edge.ready().await;
    let (mut sender, ended) = connect(&edge).await;
    let hold = bucket.faults().hold("slow");
    let answer = tokio::spawn(ask(&mut sender, "/slow"));
    hold.waiting().await;
    // The first idle time has seen the request; the second one sees none.
    for left in [60, 40, 20, 60, 40, 20] {
        // Each ping is answered before the next one is due; with the last the idle time ends, too.
        let with_idle = 1 + usize::from(PING.as_secs() == left);
        edge.waiting("the next ping", with_idle, PING).await;
        edge.clock.advance(PING);
    }
    edge.waiting("the next ping", 1, PING).await;
    assert!(!answer.is_finished() && !ended.is_finished());
    hold.release();
    assert_eq!(text(async { answer.await.unwrap() }).await, "here at last");
    bounded("the end of the connection", ended)
        .await
        .unwrap()
        .unwrap();
}
