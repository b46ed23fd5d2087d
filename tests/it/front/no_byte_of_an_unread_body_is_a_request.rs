//! A body that nobody wants is read to its end, or it is the last of its connection: whatever the answer
//! is, and also where the origin answers before it has seen the body.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::HIDDEN;
use crate::harness::{Client, EdgeOptions, Reply, TestBucket, bounded, field, web_with};

fn framed(chunked: bool, body: &str) -> String {
    let length = body.len();
    match chunked {
        false => format!("content-length: {length}\r\n\r\n{body}"),
        true => {
            format!("transfer-encoding: chunked\r\n\r\n{length:x}\r\n{body}\r\n0\r\n\r\n")
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_the_answer_is() {
    let bucket = TestBucket::start().await;
    for key in ["page", "next", "hidden"] {
        bucket.put(key, key).await;
    }
    let edge = EdgeOptions::of(&bucket)
        .distribution("domains = [\"localhost\"]")
        .start()
        .await;
    edge.ready().await;
    let etag = edge.get("/page").await.field("etag");
    let known = format!("if-none-match: {etag}\r\n");
    let rows = [
        ("GET /page", "", 200),
        ("GET /page", &known, 304),
        ("GET /page", "range: bytes=1-2\r\n", 206),
        ("GET /page", "range: bytes=99-\r\n", 416),
        ("GET /page", "cdn-loop: edge-1\r\n", 508),
        ("GET /missing", "", 404),
        ("GET /other", "cache-control: only-if-cached\r\n", 504),
        ("GET /a/../b", "", 400),
        ("GET http://nobody.test/page", "", 421),
        ("POST /page", "", 405),
        ("DELETE /page", "", 405),
        ("TRACE /page", "", 405),
        ("OPTIONS *", "", 405),
    ];
    let large = HIDDEN.repeat(64 * 1024 / HIDDEN.len() + 1);
    for (start, fields, status) in rows {
        for chunked in [false, true] {
            for (body, goes_on) in [(HIDDEN, true), (&*large, false)] {
                let what = format!("{start} {fields:?} {chunked} {}", body.len());
                let rest = framed(chunked, body);
                let next = "GET /next HTTP/1.1\r\nhost: localhost\r\n\r\n";
                let text = format!("{start} HTTP/1.1\r\nhost: localhost\r\n{fields}{rest}{next}");
                let mut client = edge.connect().await;
                client.send(text.as_bytes()).await;
                assert_eq!(client.answer("GET").await.status, status, "{what}");
                if goes_on {
                    assert_eq!(client.answer("GET").await.text(), "next", "{what}");
                } else {
                    assert_eq!(client.closed().await, b"", "{what}");
                }
            }
        }
    }
    assert_eq!(bucket.log().gets("hidden"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_the_origin_answers() {
    for (status, fields) in [
        (301, "location: /b\r\n"),
        (403, ""),
        (500, ""),
        (599, ""),
        (200, "cache-control: no-store\r\n"),
    ] {
        for chunked in [false, true] {
            let replies = [Reply::status(status, fields, "said"), Reply::ok("", "next")];
            let (origin, edge) = web_with("", "", replies).await;
            let rest = framed(chunked, HIDDEN);
            let mut client = edge.connect().await;
            let text = format!("GET /a HTTP/1.1\r\nhost: localhost\r\n{rest}");
            client.send(text.as_bytes()).await;
            assert_eq!(client.answer("GET").await.status, status);
            assert_eq!(client.get("/b").await.text(), "next", "{status} {chunked}");
            assert_eq!(origin.bodies(), [b"", b""]);
            assert_eq!(origin.count(), 2, "{status} {chunked}");
        }
    }
}

/// An origin that answers a head, reads no body, and tells the heads that it has seen.
async fn hasty() -> (String, tokio::sync::mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (heads, seen) = tokio::sync::mpsc::channel(16);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let heads = heads.clone();
            tokio::spawn(async move {
                let mut read = Vec::new();
                while !read.windows(4).any(|window| window == b"\r\n\r\n") {
                    if stream.read_buf(&mut read).await.unwrap_or(0) == 0 {
                        return;
                    }
                }
                heads
                    .send(String::from_utf8_lossy(&read).into_owned())
                    .await
                    .unwrap();
                let answer = b"HTTP/1.1 413 X\r\ncontent-length: 4\r\n\r\nmuch";
                stream.write_all(answer).await.unwrap();
                // Until the other side gives up: it must not be reset over the answer.
                while stream.read_buf(&mut read).await.unwrap_or(0) > 0 {}
            });
        }
    });
    (url, seen)
}

#[tokio::test(flavor = "multi_thread")]
async fn also_where_the_origin_answers_before_it_has_the_body() {
    for chunked in [false, true] {
        let (url, mut seen) = hasty().await;
        let edge = EdgeOptions::web(&url)
            .distribution("methods = \"standard\"")
            .start()
            .await;
        let mut client = Client::connect(edge.viewer()).await;
        let framing = match chunked {
            false => "content-length: 1000000\r\n",
            true => "transfer-encoding: chunked\r\n",
        };
        let head = format!("POST /a HTTP/1.1\r\nhost: localhost\r\n{framing}\r\n");
        client.send(head.as_bytes()).await;
        let answer = client.answer("POST").await;
        assert_eq!((answer.status, answer.text().as_str()), (413, "much"));
        let first = bounded("the head", seen.recv()).await.unwrap();
        assert!(first.starts_with("POST /a "));
        assert_eq!(field(&first, "host"), url.trim_start_matches("http://"));
        // What is sent now is body to the viewer, and must not be anything else to the edge. It may find the
        // connection closed.
        let body = match chunked {
            false => HIDDEN.to_owned(),
            true => format!("{:x}\r\n{HIDDEN}\r\n", HIDDEN.len()),
        };
        client.try_send(body.as_bytes()).await;
        let said = tokio::select! {
            said = client.closed() => said,
            () = edge.time_passes() => unreachable!("it passes for ever"),
        };
        assert_eq!(String::from_utf8_lossy(&said), "", "an answer to a body");
        assert!(seen.try_recv().is_err(), "the body was taken for a request");
    }
}
