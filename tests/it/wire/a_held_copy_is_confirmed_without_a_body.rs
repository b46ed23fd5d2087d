//! A 304 carries what a cache must know and nothing that looks like a body; an origin's 304 is worth a
//! whole answer.

use crate::harness::{Protocol, Reply, Viewer, field, web};

const PAGE: &str = "cache-control: max-age=5\r\netag: \"a\"\r\ncontent-type: text/plain\r\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_that_holds_it_gets_a_304() {
    for protocol in Protocol::BOTH {
        let (origin, edge) = web([Reply::ok(PAGE, "hello")]).await;
        let mut viewer = Viewer::connect(&edge, protocol).await;
        viewer.get("/a").await;
        edge.advance(3);
        let held = [("if-none-match", "\"x\", W/\"a\"")];
        let same = viewer.get_with("/a", &held).await;
        assert_eq!((same.status, same.cache().as_str()), (304, "Hit"));
        assert_eq!(
            (same.field("age"), same.field("etag")),
            ("3".into(), "\"a\"".into())
        );
        assert!(same.body.is_empty() && same.complete, "{protocol:?}");
        for name in ["content-length", "content-type", "transfer-encoding"] {
            assert!(!same.has(name), "{protocol:?} {name}");
        }
        // What comes next on the connection is the next answer.
        assert_eq!(viewer.get("/a").await.text(), "hello");
        assert_eq!(origin.count(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_copy_that_the_origin_confirms_comes_whole() {
    for protocol in Protocol::BOTH {
        let renewed = Reply::not_modified("cache-control: max-age=20\r\netag: \"a\"\r\n");
        let (origin, edge) = web([Reply::ok(PAGE, "hello"), renewed]).await;
        let mut viewer = Viewer::connect(&edge, protocol).await;
        viewer.get("/a").await;
        edge.advance(6);
        let refreshed = viewer.get("/a").await;
        assert_eq!(
            (refreshed.status, refreshed.text().as_str()),
            (200, "hello")
        );
        assert_eq!(refreshed.cache(), "RefreshHit", "{protocol:?}");
        assert_eq!(refreshed.field("cache-control"), "max-age=20");
        assert_eq!(field(&origin.last(), "if-none-match"), "\"a\"");
        edge.advance(9);
        let hit = viewer.get("/a").await;
        assert_eq!(
            (hit.cache().as_str(), hit.field("age").as_str()),
            ("Hit", "9")
        );
        assert_eq!(origin.count(), 2);
    }
}
