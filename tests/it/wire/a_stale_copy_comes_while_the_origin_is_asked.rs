//! Within stale-while-revalidate nobody waits: while a slow origin is asked, the stale copy comes at once.

use crate::harness::{Protocol, Reply, Viewer, until, web};

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_copy_comes_while_the_origin_is_asked() {
    for protocol in Protocol::BOTH {
        let fields = "cache-control: max-age=5, stale-while-revalidate=30\r\netag: \"a\"\r\n";
        let new = "HTTP/1.1 200 OK\r\ncontent-length: 3\r\ncache-control: max-age=10\r\n\r\nnew";
        let (origin, edge) = web([
            Reply::ok(fields, "old"),
            Reply::Hold(new.as_bytes().to_vec()),
        ])
        .await;
        let mut viewer = Viewer::connect(&edge, protocol).await;
        viewer.get("/a").await;
        edge.advance(7);
        for _ in 0..3 {
            let stale = viewer.get("/a").await;
            assert_eq!((stale.status, stale.text().as_str()), (200, "old"));
            assert_eq!(
                (stale.cache().as_str(), stale.field("age").as_str()),
                ("Hit", "7"),
                "{protocol:?}"
            );
        }
        until("the origin is asked", || origin.count() == 2).await;
        origin.release();
        edge.settled().await;
        let fresh = viewer.get("/a").await;
        assert_eq!(
            (fresh.text().as_str(), fresh.cache().as_str()),
            ("new", "Hit")
        );
        assert_eq!(origin.count(), 2, "one refresh for all of them");
    }
}
