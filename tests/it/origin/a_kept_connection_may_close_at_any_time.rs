//! An origin that closes its connections behind its answers costs no viewer an error.

use crate::harness::{Reply, scripted};

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_connection_may_close_at_any_time() {
    // It says nothing about closing, so the edge keeps each connection for the next request.
    let replies = (0..12).map(|number| {
        Reply::SendAndClose(
            format!("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{number:02}").into_bytes(),
        )
    });
    let (origin, edge) = scripted(replies).await;
    for number in 0..12 {
        let answer = edge.get(&format!("/{number}")).await;
        assert_eq!(
            (answer.status, answer.text()),
            (200, format!("{number:02}"))
        );
    }
    assert_eq!(origin.count(), 12);
}

#[tokio::test(flavor = "multi_thread")]
async fn also_within_a_part_and_a_validation() {
    let part = "HTTP/1.1 206 X\r\ncontent-length: 2\r\ncontent-range: bytes 0-1/5\r\n\r\nhe";
    let whole = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\netag: \"v1\"\r\n\
                 cache-control: no-cache\r\n\r\nhello";
    let same = "HTTP/1.1 304 Not Modified\r\n\r\n";
    let mut replies = Vec::new();
    for reply in [whole, same, same, same] {
        replies.push(Reply::SendAndClose(reply.as_bytes().to_vec()));
        replies.push(Reply::SendAndClose(part.as_bytes().to_vec()));
    }
    let (_origin, edge) = scripted(replies).await;
    for _ in 0..4 {
        assert_eq!(edge.get("/a").await.text(), "hello");
        let answer = edge.get_with("/b", &[("range", "bytes=0-1")]).await;
        assert_eq!((answer.status, answer.text().as_str()), (206, "he"));
    }
}
