//! Trailers of a request are never merged into its head (RFC 9110 section 6.5.1): neither what the origin is
//! asked nor what is answered depends on them.

use std::convert::Infallible;

use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, HeaderValue, Request};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};

use crate::harness::{Protocol, Reply, Viewer, bounded, web_with};

/// What a trailer could do harm with.
const TRAILERS: &[(&str, &str)] = &[
    ("x-admin", "evil-1"),
    ("host", "evil-2.test"),
    ("authorization", "Bearer evil-3"),
    ("cookie", "a=evil-4"),
    ("x-forwarded-for", "203.0.113.66"),
    ("content-type", "evil-5/x"),
    ("cdn-loop", "edge-1"),
    ("range", "bytes=0-0"),
    ("if-none-match", "*"),
];

#[tokio::test(flavor = "multi_thread")]
async fn over_http_1() {
    let lines = "methods = \"standard\"\norigin_request = \"AllViewer\"";
    for method in ["POST", "GET"] {
        for (name, value) in TRAILERS.iter().chain(&[("content-length", "0")]) {
            let replies = [Reply::ok("", "said"), Reply::ok("", "next")];
            let (origin, edge) = web_with("", lines, replies).await;
            let mut client = edge.connect().await;
            let text = format!(
                "{method} /a HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\
                 trailer: {name}\r\n\r\n4\r\nbody\r\n0\r\n{name}: {value}\r\n\r\n"
            );
            client.send(text.as_bytes()).await;
            let answer = client.answer(method).await;
            assert_eq!(
                (answer.status, answer.text().as_str()),
                (200, "said"),
                "{name}"
            );
            let heads = origin.requests().join("");
            assert!(
                !heads.contains(value) || *value == "edge-1" || *value == "0",
                "{heads}"
            );
            for line in [
                "trailer:",
                "range:",
                "if-none-match:",
                "cookie:",
                "x-admin:",
            ] {
                assert!(!heads.contains(line), "{name}: {heads}");
            }
            assert_eq!(client.get("/b").await.text(), "next", "{name}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn over_http_2() {
    let lines = "methods = \"standard\"\norigin_request = \"AllViewer\"";
    for method in ["POST", "GET"] {
        let (origin, edge) = web_with("", lines, [Reply::ok("", "said")]).await;
        let Viewer::Http2(mut sender) = Viewer::connect(&edge, Protocol::Http2).await else {
            unreachable!("it speaks HTTP/2")
        };
        let mut trailers = HeaderMap::new();
        for (name, value) in TRAILERS {
            trailers.insert(*name, HeaderValue::from_static(value));
        }
        let frames = [
            Ok::<_, Infallible>(Frame::data(Bytes::from_static(b"body"))),
            Ok(Frame::trailers(trailers)),
        ];
        let request = Request::builder()
            .method(method)
            .uri("http://localhost/a")
            .body(StreamBody::new(stream::iter(frames)).boxed_unsync())
            .unwrap();
        let response = bounded("an answer", sender.send_request(request))
            .await
            .unwrap();
        assert_eq!(response.status(), 200, "{method}");
        let head = origin.last();
        for (name, value) in TRAILERS {
            assert!(
                !head.contains(value) || *value == "edge-1",
                "{method} {name}: {head}"
            );
        }
        for line in [
            "x-admin:",
            "cookie:",
            "range:",
            "if-none-match:",
            "authorization:",
        ] {
            assert!(!head.contains(line), "{method}: {head}");
        }
    }
}
