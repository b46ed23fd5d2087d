//! An answer whose end two readers may see in two places, and one that nobody asked for, go no further.

use crate::harness::{Reply, web};

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
    let surplus = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello\
                   HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\npoison";
    let (origin, edge) = web([
        Reply::Send(surplus.as_bytes().to_vec()),
        Reply::ok("", "next"),
    ])
    .await;
    assert_eq!(edge.get("/a").await.text(), "hello");
    assert_eq!(edge.get("/b").await.text(), "next");
    assert_eq!(origin.connections(), 2);
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
