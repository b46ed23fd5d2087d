//! A body that breaks off at the origin breaks off at the viewer: HTTP/1.1 closes without its last byte,
//! HTTP/2 resets this one stream. It never looks complete, and nothing of it is kept.

use crate::harness::{Protocol, Reply, Viewer, web};

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_breaks_off_is_cut() {
    for protocol in Protocol::BOTH {
        for framing in [
            "content-length: 10\r\n\r\nhello",
            "transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n",
        ] {
            let head = format!("HTTP/1.1 200 OK\r\ncache-control: no-store\r\n{framing}");
            let cut = Reply::SendAndCloseLater(head.into_bytes());
            let whole = Reply::ok("cache-control: no-store\r\n", "whole");
            let (origin, edge) = web([cut, whole]).await;
            let mut viewer = Viewer::connect(&edge, protocol).await;
            let mut exchange = viewer.begin("/a").await;
            assert_eq!(exchange.head().await.status, 200, "{protocol:?} {framing}");
            origin.release();
            let seen = exchange.broken_off().await;
            assert!(seen.len() < 11, "{protocol:?} {framing}: {seen:?}");
            assert_eq!(edge.edge.engine().memory.usage().objects, 0);
            if protocol == Protocol::Http1 {
                viewer = Viewer::connect(&edge, protocol).await;
            }
            // The other streams of an HTTP/2 connection go on.
            assert_eq!(viewer.get("/a").await.text(), "whole", "{protocol:?}");
            assert_eq!(
                edge.edge.engine().metrics.connections.value(),
                match protocol {
                    Protocol::Http1 => 2,
                    Protocol::Http2 => 1,
                }
            );
            assert_eq!(origin.count(), 2);
        }
    }
}
