//! HTTP/1.0: no chunks (CVE-2026-2835), no second request unless it was asked for one, and none behind an
//! answer whose end is that of the connection.

use super::HIDDEN;
use crate::harness::{Reply, bucket_and_edge, raw, web};

#[tokio::test(flavor = "multi_thread")]
async fn a_coding_is_refused() {
    let (bucket, edge) = bucket_and_edge(&[("page", "page"), ("hidden", "hidden")]).await;
    edge.get("/page").await;
    for method in ["GET", "POST"] {
        for keep in ["", "connection: keep-alive\r\n"] {
            for coding in ["chunked", "gzip, chunked", "identity"] {
                let text = format!(
                    "{method} /page HTTP/1.0\r\nhost: localhost\r\n{keep}transfer-encoding: {coding}\
                     \r\n\r\n0\r\n\r\n{HIDDEN}"
                );
                let said = raw(edge.viewer(), text.as_bytes()).await;
                assert!(said.contains(" 400 "), "{said}");
                assert_eq!(
                    said.matches("HTTP/1.").count(),
                    2,
                    "one status line, one text: {said}"
                );
            }
        }
    }
    assert_eq!(bucket.log().gets("hidden"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_request_is_answered_only_where_it_was_announced() {
    let (bucket, edge) = bucket_and_edge(&[("page", "page"), ("hidden", "hidden")]).await;
    for (connection, answers) in [
        ("", 1),
        ("connection: close\r\n", 1),
        ("connection: keep-alive, close\r\n", 1),
        ("connection: keep-alive\r\n", 2),
        ("connection: Keep-Alive\r\n", 2),
    ] {
        let before = bucket.log().gets("hidden");
        let first = format!("GET /page HTTP/1.0\r\nhost: localhost\r\n{connection}\r\n");
        let second = "GET /hidden HTTP/1.0\r\nhost: localhost\r\n\r\n";
        let said = raw(edge.viewer(), format!("{first}{second}").as_bytes()).await;
        assert_eq!(
            said.matches("HTTP/1.0 200").count(),
            answers,
            "{connection:?}: {said}"
        );
        if answers == 1 {
            assert_eq!(bucket.log().gets("hidden"), before, "{connection:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_unknown_length_is_the_last() {
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncache-control: no-store\r\n\r\n\
                   4\r\nhere\r\n0\r\n\r\n";
    let (origin, edge) = web([Reply::Send(chunked.into()), Reply::ok("", "never")]).await;
    let text = "GET /a HTTP/1.0\r\nhost: localhost\r\nconnection: keep-alive\r\n\r\n\
                GET /b HTTP/1.0\r\nhost: localhost\r\n\r\n";
    let said = raw(edge.viewer(), text.as_bytes()).await;
    assert!(said.ends_with("\r\n\r\nhere"), "{said}");
    assert!(
        !said.contains("keep-alive") && !said.contains("chunked"),
        "{said}"
    );
    assert_eq!(origin.count(), 1);
}
