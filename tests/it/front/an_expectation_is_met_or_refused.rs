//! A viewer that waits to be told to send its body is told so only where the body is wanted (RFC 9110
//! section 10.1.1); any other expectation is a 417.

use super::HIDDEN;
use crate::harness::{EdgeOptions, Protocol, Reply, Viewer, bucket_and_edge, web_with};

const EXPECT: &str = "expect: 100-continue\r\n";

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_told_to_send_what_is_not_wanted() {
    let (bucket, edge) = bucket_and_edge(&[("page", "page"), ("hidden", "hidden")]).await;
    for (start, fields, status) in [
        ("GET /page", "", 200),
        ("GET /page", "", 200),
        ("GET /page", "if-none-match: *\r\n", 304),
        ("POST /page", "", 405),
        ("PUT /page", "", 405),
        ("GET /a/../b", "", 400),
        ("GET /page", "cdn-loop: edge-1\r\n", 508),
        ("GET /page", "x: \x07\r\n", 400),
    ] {
        for framing in ["content-length: 1000", "transfer-encoding: chunked"] {
            for expect in [EXPECT, "Expect: 100-Continue\r\n"] {
                let what = format!("{start} {fields:?} {framing}");
                let mut client = edge.connect().await;
                let text = format!(
                    "{start} HTTP/1.1\r\nhost: localhost\r\n{fields}{expect}{framing}\r\n\r\n"
                );
                client.send(text.as_bytes()).await;
                let answer = client.answer("GET").await;
                assert_eq!(answer.status, status, "{what}: nothing comes before it");
                assert_eq!(answer.field("connection"), "close", "{what}");
                // What it sends nevertheless is nobody's request.
                client.try_send(HIDDEN.as_bytes()).await;
                let said = tokio::select! {
                    said = client.closed() => said,
                    () = edge.time_passes() => unreachable!("it passes for ever"),
                };
                assert_eq!(said, b"", "{what}");
            }
        }
    }
    assert_eq!(bucket.log().gets("hidden"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_wanted_is_told_once() {
    let (origin, edge) = web_with("", "methods = \"standard\"", [Reply::ok("", "taken")]).await;
    let mut client = edge.connect().await;
    let text = format!("POST /a HTTP/1.1\r\nhost: localhost\r\n{EXPECT}content-length: 4\r\n\r\n");
    client.send(text.as_bytes()).await;
    assert_eq!(client.head().await.status, 100);
    client.send(b"body").await;
    assert_eq!(client.answer("POST").await.text(), "taken");
    assert_eq!(origin.bodies(), [b"body"]);
    assert!(!origin.last().contains("expect"), "{}", origin.last());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_meets_is_a_417() {
    for protocol in Protocol::BOTH {
        let (origin, edge) = web_with("", "methods = \"any\"", []).await;
        for value in [
            "200-ok",
            "100-continue, x",
            "100",
            "x;y=z",
            "100-continue=1",
        ] {
            for method in ["GET", "POST"] {
                let mut viewer = Viewer::connect(&edge, protocol).await;
                let answer = viewer.request(method, "/a", &[("expect", value)], "").await;
                assert_eq!(answer.status, 417, "{protocol:?} {method} {value}");
            }
        }
        assert_eq!(origin.count(), 0);
        let counted = edge
            .metric("seawall_reasons_total{reason=\"bad-expectation\"}")
            .await;
        assert_eq!(counted, 10.0);
    }
}

/// HTTP/1.0 has no expectations, and no interim answers.
#[tokio::test(flavor = "multi_thread")]
async fn an_old_viewer_is_told_nothing() {
    let origin = crate::harness::ScriptedOrigin::start([Reply::ok("", "taken")]).await;
    let edge = EdgeOptions::web(&origin.url())
        .distribution("methods = \"any\"")
        .start()
        .await;
    let text =
        format!("POST /a HTTP/1.0\r\nhost: localhost\r\n{EXPECT}content-length: 4\r\n\r\nbody");
    let said = crate::harness::raw(edge.viewer(), text.as_bytes()).await;
    assert!(said.starts_with("HTTP/1.0 200 "), "{said}");
    assert_eq!(origin.bodies(), [b"body"]);
}
