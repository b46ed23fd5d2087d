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

use crate::harness::{TestEdge, bounded, bucket_and_edge};

const IDLE: Duration = Duration::from_secs(60);
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
    edge.clock.advance(IDLE - MOMENT);
    edge.waiting("its idle time goes on", 1, MOMENT).await;
    assert_eq!(text(ask(&mut sender, "/page")).await, "here");

    // Something was asked: from the old limit on it has all of its time again.
    edge.clock.advance(MOMENT);
    edge.waiting("its idle time has begun anew", 1, IDLE).await;
    edge.clock.advance(IDLE - MOMENT);
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
