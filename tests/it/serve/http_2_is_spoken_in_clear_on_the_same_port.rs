//! HTTP/2 by prior knowledge, told apart from HTTP/1.1 by its first bytes.

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;

use crate::harness::{EdgeOptions, TestBucket, TestEdge, bounded, bucket_and_edge};

async fn connect(edge: &TestEdge) -> SendRequest<Empty<Bytes>> {
    let stream = TcpStream::connect(edge.viewer()).await.unwrap();
    let handshake = http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
    let (sender, connection) = handshake.await.unwrap();
    tokio::spawn(connection);
    sender
}

fn request(method: &str, target: &str) -> Request<Empty<Bytes>> {
    Request::builder()
        .method(method)
        .uri(format!("http://localhost{target}"))
        .body(Empty::new())
        .unwrap()
}

async fn ask(
    sender: &SendRequest<Empty<Bytes>>,
    request: Request<Empty<Bytes>>,
) -> Response<Bytes> {
    let mut sender = sender.clone();
    bounded("an answer over HTTP/2", async {
        let (head, body) = sender.send_request(request).await.unwrap().into_parts();
        Response::from_parts(head, body.collect().await.unwrap().to_bytes())
    })
    .await
}

fn field<'a>(answer: &'a Response<Bytes>, name: &str) -> &'a str {
    answer
        .headers()
        .get(name)
        .map_or("", |value| value.to_str().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn all_kinds_of_answers_come() {
    let (bucket, edge) = bucket_and_edge(&[("page", "here")]).await;
    edge.ready().await;
    let sender = connect(&edge).await;
    for cache in ["Miss from seawall", "Hit from seawall"] {
        let answer = ask(&sender, request("GET", "/page")).await;
        assert_eq!(
            (answer.status().as_u16(), &answer.body()[..]),
            (200, &b"here"[..])
        );
        assert_eq!(field(&answer, "x-cache"), cache);
    }
    let head = ask(&sender, request("HEAD", "/page")).await;
    assert_eq!(
        (head.status().as_u16(), field(&head, "content-length")),
        (200, "4")
    );
    assert!(head.body().is_empty());
    let missing = ask(&sender, request("GET", "/none")).await;
    assert_eq!(missing.status(), 404);
    let refused = ask(&sender, request("POST", "/page")).await;
    assert_eq!(
        (refused.status().as_u16(), field(&refused, "allow")),
        (405, "GET, HEAD")
    );
    let mut twisted = request("GET", "/page");
    let other = http::HeaderValue::from_static("other.example");
    twisted.headers_mut().insert("host", other);
    assert_eq!(ask(&sender, twisted).await.status(), 400, "two hosts");
    let mut conditional = request("GET", "/page");
    let etag = head.headers()["etag"].clone();
    conditional.headers_mut().insert("if-none-match", etag);
    assert_eq!(ask(&sender, conditional).await.status(), 304);
    assert_eq!(bucket.log().gets("page"), 1);

    assert_eq!(
        edge.get("/page").await.cache(),
        "Hit",
        "HTTP/1.1 on the same port"
    );
    assert_eq!(edge.edge.engine().metrics.connections.value(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_streams_share_a_connection() {
    const STREAMS: usize = 100;
    let bucket = TestBucket::start().await;
    for at in 0..STREAMS {
        bucket
            .put(&format!("page-{at}"), &format!("body {at}"))
            .await;
    }
    let edge = EdgeOptions::of(&bucket).start().await;
    let sender = connect(&edge).await;
    // None of them is answered before all have arrived: they are side by side.
    let hold = bucket.faults().hold("page-0");
    let mut asked = Vec::new();
    for at in 0..STREAMS {
        let sender = sender.clone();
        asked.push(tokio::spawn(async move {
            ask(&sender, request("GET", &format!("/page-{at}"))).await
        }));
    }
    hold.waiting().await;
    for (at, asked) in asked.drain(1..).enumerate() {
        let answer = asked.await.unwrap();
        assert_eq!(
            answer.body(),
            &format!("body {}", at + 1),
            "while another waits"
        );
    }
    hold.release();
    assert_eq!(asked.remove(0).await.unwrap().body(), "body 0");
    assert_eq!(edge.edge.engine().metrics.connections.value(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_body_comes_whole() {
    const SIZE: usize = 8 << 20;
    let body: Vec<u8> = (0..SIZE).map(|at| (at / 253 % 256) as u8).collect();
    let bucket = TestBucket::start().await;
    bucket.put_bytes("stored", body.clone(), None).await;
    bucket
        .put_bytes("passed", body.clone(), Some("no-store"))
        .await;
    let edge = EdgeOptions::of(&bucket).start().await;
    let sender = connect(&edge).await;
    for (target, cache) in [
        ("/stored", "Miss from seawall"),
        ("/stored", "Hit from seawall"),
        ("/passed", "Miss from seawall"),
    ] {
        let answer = ask(&sender, request("GET", target)).await;
        assert_eq!(field(&answer, "x-cache"), cache);
        assert!(
            answer.body() == &body,
            "{target}: {} bytes",
            answer.body().len()
        );
    }
}
