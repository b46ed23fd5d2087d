//! A head that could be read in two ways is answered with an error of ours, closes the connection, reaches
//! no origin, and hides no request, whether its path is stored, missing or not allowed.

use super::assert_unasked;
use crate::harness::{Client, Reply, bucket_and_edge, web_with};

/// What a smuggler hopes for.
const SMUGGLED: &str = "GET /smuggled HTTP/1.1\r\nhost: localhost\r\n\r\n";

/// Rows: what it is, the head's lines after the first, the body, the status.
fn rows() -> Vec<(&'static str, String, String, u16)> {
    let mut rows = vec![
        (
            "CL.TE",
            "content-length: 6\r\ntransfer-encoding: chunked\r\n",
            "0\r\n\r\n",
            400,
        ),
        (
            "TE.CL",
            "transfer-encoding: chunked\r\ncontent-length: 4\r\n",
            "5c\r\n",
            400,
        ),
        (
            "two lengths",
            "content-length: 5\r\ncontent-length: 60\r\n",
            "hello",
            400,
        ),
        (
            "unknown coding",
            "transfer-encoding: gzip\r\n",
            "hello",
            501,
        ),
        (
            "blank before the colon",
            "transfer-encoding : chunked\r\n",
            "0\r\n\r\n",
            400,
        ),
        ("bare LF", "content-length: 5\nx: y\r\n", "hello", 400),
        ("bare CR", "content-length: 5\rx: y\r\n", "hello", 400),
        ("NUL", "x: \0\r\n", "", 400),
        ("BEL", "x: \x07\r\n", "", 400),
        ("DEL", "x: \x7f\r\n", "", 400),
        ("NUL in a name", "x\0y: z\r\n", "", 400),
        ("fold", "x: y\r\n z\r\n", "", 400),
        ("no colon", "nothing\r\n", "", 400),
    ]
    .into_iter()
    .map(|(what, lines, body, status)| (what, lines.to_owned(), body.to_owned(), status))
    .collect::<Vec<_>>();
    for length in ["+5", "-5", "0x5", "5,6", "5_0", "", "18446744073709551616"] {
        let line = format!("content-length: {length}\r\n");
        rows.push(("no length", line, "hello".to_owned(), 400));
    }
    for coding in [
        "xchunked",
        "identity",
        "chunked;x=1",
        "chunked, chunked",
        "\"chunked\"",
        "\x0bchunked",
    ] {
        let line = format!("transfer-encoding: {coding}\r\n");
        rows.push(("odd coding", line, "0\r\n\r\n".to_owned(), 400));
    }
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_with_two_readings_is_refused_on_every_path() {
    let (bucket, edge) = bucket_and_edge(&[("stored", "stored"), ("smuggled", "!")]).await;
    edge.get("/stored").await;
    bucket.log().clear();
    for (what, lines, body, status) in rows() {
        for start in [
            "GET /stored",
            "GET /missing",
            "POST /stored",
            "HEAD /stored",
        ] {
            let what = format!("{start}: {what}: {lines:?}");
            let mut client = edge.connect().await;
            let head =
                format!("{start} HTTP/1.1\r\nhost: localhost\r\n{lines}\r\n{body}{SMUGGLED}");
            client.send(head.as_bytes()).await;
            let method = start.split(' ').next().unwrap();
            let answer = client.answer(method).await;
            assert_eq!(answer.status, status, "{what}");
            assert_eq!(answer.field("connection"), "close", "{what}");
            assert_eq!(answer.field("x-request-id").len(), 32, "{what}");
            assert_eq!(answer.field("x-cache"), "Error from seawall", "{what}");
            assert_eq!(client.closed().await, b"", "{what}: something was smuggled");
            assert_unasked(&what, &bucket);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_line_with_two_readings_is_refused() {
    let (bucket, edge) = bucket_and_edge(&[("a", "a"), ("smuggled", "!")]).await;
    bucket.log().clear();
    for (line, status) in [
        ("GET  /a HTTP/1.1", 400),
        ("GET\t/a HTTP/1.1", 400),
        ("GET /a x HTTP/1.1", 400),
        ("GET /a\x01 HTTP/1.1", 400),
        ("GET /\u{e4} HTTP/1.1", 400),
        ("GET a HTTP/1.1", 400),
        ("GET /a#b HTTP/1.1", 400),
        ("GET /a", 400),
        ("GET /a HTTP/2.0", 505),
        ("GET /a HTTP/0.9", 505),
        ("G(T /a HTTP/1.1", 400),
    ] {
        let mut client = edge.connect().await;
        let head = format!("{line}\r\nhost: localhost\r\n\r\n{SMUGGLED}");
        client.send(head.as_bytes()).await;
        let answer = client.answer("GET").await;
        assert_eq!(
            (answer.status, answer.field("connection").as_str()),
            (status, "close"),
            "{line}"
        );
        assert_eq!(client.closed().await, b"", "{line}");
    }
    assert_unasked("first lines", &bucket);
}

/// The same for a body: what came of it before may be on its way, but its request never ends.
#[tokio::test(flavor = "multi_thread")]
async fn a_body_with_two_readings_never_comes_to_an_end() {
    for chunks in [
        "5;\nhello\r\n0\r\n\r\n",
        "5\nhello\r\n0\r\n\r\n",
        "-5\r\nhello\r\n0\r\n\r\n",
        "0x5\r\nhello\r\n0\r\n\r\n",
        " 5\r\nhello\r\n0\r\n\r\n",
        "5_\r\nhello\r\n0\r\n\r\n",
        "00000000000000005\r\nhello\r\n0\r\n\r\n",
        "5\r\nhelloX\r\n0\r\n\r\n",
        "5\r\nhello\r\n0\r\nx : y\r\n\r\n",
        "5\r\nhello\r\n0\r\n\n",
    ] {
        let (origin, edge) = web_with("", "methods = \"any\"", [Reply::ok("", "whole")]).await;
        let mut client = edge.connect().await;
        let head = "POST /a HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n";
        client
            .send(format!("{head}{chunks}{SMUGGLED}").as_bytes())
            .await;
        let answer = client.answer("POST").await;
        assert_eq!(answer.status, 400, "{chunks:?}: {}", answer.text());
        assert_eq!(client.closed().await, b"", "{chunks:?}");
        assert_eq!(
            origin.bodies(),
            Vec::<Vec<u8>>::new(),
            "{chunks:?}: a whole body arrived"
        );
        assert!(
            origin
                .requests()
                .iter()
                .all(|request| !request.contains("smuggled"))
        );
    }
}

/// A GET's body goes nowhere, but where it ends must be as clear.
#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_nobody_wants_must_end_too() {
    let (_bucket, edge) = bucket_and_edge(&[("stored", "stored"), ("smuggled", "!")]).await;
    edge.get("/stored").await;
    for path in ["/stored", "/missing"] {
        let mut client = Client::connect(edge.viewer()).await;
        let head =
            format!("GET {path} HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n");
        client
            .send(format!("{head}5;\nhello\r\n0\r\n\r\n{SMUGGLED}").as_bytes())
            .await;
        assert_eq!(client.answer("GET").await.status, 400, "{path}");
        assert_eq!(client.closed().await, b"", "{path}");
    }
}

/// What is refused is logged and counted like every request, and the connection before it was fine.
#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_logged_and_counted_once() {
    let (_bucket, edge) = bucket_and_edge(&[("a", "a")]).await;
    let mut client = edge.connect().await;
    client.send(b"GET /a HTTP/1.1\r\nhost: localhost\r\n\r\nGET /b HTTP/1.1\r\nhost: localhost\r\nx: \x01\r\n\r\n").await;
    assert_eq!(client.answer("GET").await.text(), "a");
    assert_eq!(client.answer("GET").await.status, 400);
    client.closed().await;
    let counted = edge
        .metric("seawall_reasons_total{reason=\"bad-head\"}")
        .await;
    assert_eq!(counted, 1.0);
}
