//! A HEAD gets the fields of the GET and no body, whatever it is answered from.

use crate::harness::{Protocol, Reply, Viewer, web};

#[tokio::test(flavor = "multi_thread")]
async fn a_head_says_what_a_get_would() {
    for protocol in Protocol::BOTH {
        let head = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncache-control: max-age=60\r\n\r\n";
        let forwarded = Reply::Send(head.as_bytes().to_vec());
        let page = Reply::ok("cache-control: max-age=60\r\n", "hello");
        let (origin, edge) = web([forwarded, page]).await;
        let mut viewer = Viewer::connect(&edge, protocol).await;
        let asked = viewer.request("HEAD", "/a", &[], "").await;
        assert!(origin.last().starts_with("HEAD "), "{}", origin.last());
        assert_eq!(viewer.get("/a").await.text(), "hello");
        let stored = viewer.request("HEAD", "/a", &[], "").await;
        assert_eq!(stored.cache(), "Hit", "{protocol:?}");
        for answer in [asked, stored] {
            assert_eq!((answer.status, answer.body.len()), (200, 0), "{protocol:?}");
            assert_eq!(answer.field("content-length"), "5", "{protocol:?}");
            assert!(answer.complete && !answer.has("transfer-encoding"));
        }
        // What comes next on the connection is the next answer.
        assert_eq!(viewer.get("/a").await.text(), "hello");
        assert_eq!(origin.count(), 2);
    }
}
