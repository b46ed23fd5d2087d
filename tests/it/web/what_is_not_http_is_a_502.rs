//! An answer whose end two readers may see in two places, and one that nobody asked for, go no further.

use crate::harness::{Reply, web, web_with};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_http_is_a_502() {
    for head in [
        "200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        "200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello",
        "200 OK\r\ncontent-length: +5\r\n\r\nhello",
        "200 OK\r\ncontent-length: -5\r\n\r\nhello",
        "200 OK\r\ntransfer-encoding: xchunked\r\n\r\nhello",
        "200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        "200 OK\r\ntransfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        "101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n",
        "304 Not Modified\r\netag: \"a\"\r\n\r\n",
        "206 Partial Content\r\ncontent-range: bytes 0-4/9\r\ncontent-length: 5\r\n\r\nhello",
    ] {
        let broken = Reply::SendAndClose(format!("HTTP/1.1 {head}").into_bytes());
        let fresh = Reply::ok("cache-control: max-age=60\r\n", "well");
        let (_origin, edge) = web([broken, fresh]).await;
        let answer = edge.get("/a").await;
        assert_eq!(answer.status, 502, "{head}\n{answer:?}");
        assert_eq!(edge.get("/a").await.text(), "well", "{head}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_connection_of_an_answer_in_doubt_is_not_used_again() {
    for head in [
        "200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        "200 OK\r\ntransfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        "200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello",
        "200 OK\r\ncontent-length: 5, 6\r\n\r\nhello",
        "200 OK\r\ntransfer-encoding: xchunked\r\n\r\nhello",
        "200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        "200 OK\r\ntransfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        "101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n",
    ] {
        // The origin would go on with this connection.
        let doubtful = Reply::Send(format!("HTTP/1.1 {head}").into_bytes());
        let (origin, edge) = web([doubtful, Reply::ok("", "well")]).await;
        assert_eq!(edge.get("/a").await.status, 502, "{head}");
        assert_eq!(edge.get("/b").await.text(), "well", "{head}");
        assert_eq!((origin.count(), origin.connections()), (2, 2), "{head}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn interim_answers_are_left_out() {
    let interim = "HTTP/1.1 103 Early Hints\r\nlink: </a.css>\r\nx-hint: 1\r\n\r\n\
                   HTTP/1.1 102 Processing\r\n\r\n\
                   HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncache-control: max-age=60\r\n\r\nhello";
    let (_origin, edge) = web([Reply::Send(interim.as_bytes().to_vec())]).await;
    // They are neither sent on nor kept, nor are their fields.
    for cache in ["Miss", "Hit"] {
        let answer = edge.get("/a").await;
        assert_eq!((answer.status, answer.text().as_str()), (200, "hello"));
        assert_eq!(answer.cache(), cache);
        assert!(!answer.has("x-hint") && !answer.has("link"), "{answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_behind_an_answer_are_nobodys() {
    for (method, head) in [
        ("GET", "200 OK\r\ncontent-length: 5\r\n\r\nhello"),
        (
            "GET",
            "200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        ),
        ("GET", "204 No Content\r\n\r\n"),
        ("HEAD", "200 OK\r\ncontent-length: 5\r\n\r\n"),
        ("POST", "200 OK\r\ncontent-length: 5\r\n\r\nhello"),
    ] {
        let surplus = format!("HTTP/1.1 {head}HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\npoison");
        let replies = [Reply::Send(surplus.into_bytes()), Reply::ok("", "next")];
        let (origin, edge) = web_with("", "methods = \"standard\"", replies).await;
        let first = edge.request(method, "/a", &[]).await;
        assert!(first.status < 300 && !first.text().contains("poison"));
        assert_eq!(edge.get("/b").await.text(), "next", "{method} {head}");
        assert_eq!(origin.connections(), 2, "{method} {head}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_range_is_passed_on_and_checked() {
    let part = |range: &str| {
        Reply::Send(
            format!("HTTP/1.1 206 X\r\ncontent-range: {range}\r\ncontent-length: 2\r\n\r\nhe")
                .into_bytes(),
        )
    };
    let (_origin, edge) = web([part("bytes 0-1/5"), part("bytes 2-3/5")]).await;
    let asked = [("range", "bytes=0-1")];
    let right = edge.get_with("/a", &asked).await;
    assert_eq!((right.status, right.text().as_str()), (206, "he"));
    assert_eq!(edge.get_with("/a", &asked).await.status, 502);
}
