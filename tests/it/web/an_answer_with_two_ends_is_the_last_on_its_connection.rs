//! What follows an answer whose end two readers may see in two places is nobody's answer: the connection
//! is not used again (RFC 9112 section 6.3).

use crate::harness::{Reply, scripted, web};

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_with_two_ends_is_the_last_on_its_connection() {
    for head in [
        "content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        "content-length: 5\r\ncontent-length: 6\r\n\r\nhello",
        "transfer-encoding: xchunked\r\n\r\nhello",
    ] {
        let open = Reply::Send(format!("HTTP/1.1 200 OK\r\n{head}").into_bytes());
        let (origin, edge) = web([open, Reply::ok("", "next")]).await;
        assert_eq!(edge.get("/a").await.status, 502, "{head}");
        assert_eq!(edge.get("/b").await.text(), "next", "{head}");
        assert_eq!(origin.connections(), 2, "{head}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_is_believed_no_more() {
    let both = "content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
    let reply = || Reply::Send(format!("HTTP/1.1 200 OK\r\n{both}").into_bytes());
    // It may be asked twice before it is given up.
    let (_origin, edge) = scripted([reply(), reply()]).await;
    assert_eq!(edge.get("/a").await.status, 502);
    assert_eq!(edge.edge.engine().memory.usage().objects, 0);
}
