//! An answer whose head is broken, or whose length is in doubt, is nobody's.

use crate::harness::{Reply, scripted};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_http_is_a_502() {
    let long = format!("HTTP/1.1 200 OK\r\nx-long: {}\r\n\r\n", "x".repeat(300_000));
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "x-many: 1\r\n".repeat(250));
    for broken in [
        "HTTP/1.1 200 OK\r\ncontent-le",
        "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\ncontent-length: 5, 6\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\ncontent-length: five\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\ncontent-length: +5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nno colon\r\ncontent-length: 5\r\n\r\nhello",
        "HTTP/1.1 banana OK\r\n\r\n",
        "HELLO\r\n\r\n",
        "HTTP/9.9 200 OK\r\ncontent-length: 5\r\n\r\nhello",
        "\u{16}\u{3}\u{1}",
        "",
        &long,
        &many,
    ] {
        let shown = &broken[..broken.len().min(100)];
        // A connection that broke is tried once more, twice if it was a kept one.
        let again = Reply::SendAndClose(broken.as_bytes().to_vec());
        let (origin, edge) = scripted([again.clone(), again.clone(), again]).await;
        let refused = edge.get("/a").await;
        assert_eq!(
            (refused.status, refused.cache().as_str()),
            (502, "Error"),
            "{shown:?}"
        );
        assert!(!refused.text().contains("hello"), "{shown:?}");
        assert_eq!(edge.edge.engine().memory.usage().objects, 0, "{shown:?}");
        let asked = origin.count();
        assert!((1..=3).contains(&asked), "{shown:?}: {asked}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_body_has_no_end() {
    for broken in [
        "not hexadecimal\r\nhello\r\n0\r\n\r\n",
        "5\r\nhello\r\n-1\r\n",
        "5\r\nhello\r\n",
        "5\r\nhel",
    ] {
        let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
        let reply = Reply::SendAndClose(format!("{head}{broken}").into_bytes());
        let (_origin, edge) = scripted([reply]).await;
        let mut client = edge.connect().await;
        client.send_request("GET", "/a", &[], "").await;
        // The connection closes, with or without a beginning of the answer on it.
        let sent = String::from_utf8(client.closed().await).unwrap();
        assert!(!sent.contains("\r\n0\r\n"), "{broken:?}: {sent}");
        assert_eq!(edge.edge.engine().memory.usage().objects, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_without_a_length_is_never_kept() {
    let close = "HTTP/1.1 200 OK\r\n\r\nhello";
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
    for body in [close, chunked] {
        let reply = Reply::SendAndClose(body.as_bytes().to_vec());
        let (origin, edge) = scripted([reply.clone(), reply]).await;
        for times in 1..=2 {
            let answer = edge.get("/a").await;
            assert_eq!(
                (answer.text().as_str(), answer.cache().as_str()),
                ("hello", "Miss")
            );
            assert_eq!(origin.count(), times);
        }
        assert_eq!(edge.edge.engine().memory.usage().objects, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_concerns_the_connection_stays_there() {
    let fields = "connection: x-hop\r\nx-hop: 1\r\nkeep-alive: timeout=5\r\nproxy-authenticate: B\r\n\
                  server: Store\r\nx-amz-meta-a: 1\r\nx-amz-version-id: 1\r\nx-kept: 1\r\n";
    let (_origin, edge) = scripted([Reply::ok(fields, "hello")]).await;
    for _ in 0..2 {
        let answer = edge.get("/a").await;
        assert_eq!(answer.field("x-kept"), "1");
        for name in [
            "x-hop",
            "keep-alive",
            "proxy-authenticate",
            "server",
            "x-amz-meta-a",
            "x-amz-version-id",
        ] {
            assert!(!answer.has(name), "{name}");
        }
    }
}
