//! HTTP/1.0: one request a connection unless it asks for more, and never a chunk.

use crate::harness::{EdgeOptions, Reply, ScriptedOrigin, bucket_and_edge, raw};

#[tokio::test(flavor = "multi_thread")]
async fn http_1_0_is_answered_in_its_own_way() {
    let (_bucket, edge) = bucket_and_edge(&[("page", "here")]).await;
    for cache in ["Miss", "Hit"] {
        let text = raw(
            edge.viewer(),
            b"GET /page HTTP/1.0\r\nhost: localhost\r\n\r\n",
        )
        .await;
        assert!(text.starts_with("HTTP/1.0 200 "), "{text}");
        assert!(text.ends_with("\r\n\r\nhere"), "{text}");
        assert!(
            text.contains(&format!("x-cache: {cache} from seawall")),
            "{text}"
        );
    }
    // The edge serves several sites, so even here a host must be named.
    let text = raw(edge.viewer(), b"GET /page HTTP/1.0\r\n\r\n").await;
    assert!(text.starts_with("HTTP/1.0 400 "), "{text}");

    let mut client = edge.connect().await;
    for _ in 0..3 {
        client
            .send(b"GET /page HTTP/1.0\r\nhost: localhost\r\nconnection: keep-alive\r\n\r\n")
            .await;
        let answer = client.answer("GET").await;
        assert_eq!(answer.text(), "here");
        assert_eq!(answer.field("connection"), "keep-alive");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_of_unknown_length_ends_with_the_connection() {
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncache-control: no-store\r\n\r\n\
                   4\r\nhere\r\n0\r\n\r\n";
    let origin = ScriptedOrigin::start([Reply::Send(chunked.into())]).await;
    let edge = EdgeOptions::new(&origin.url()).start().await;
    let text = raw(
        edge.viewer(),
        b"GET /page HTTP/1.0\r\nhost: localhost\r\n\r\n",
    )
    .await;
    assert!(text.ends_with("\r\n\r\nhere"), "{text}");
    assert!(!text.contains("transfer-encoding"), "{text}");
}
