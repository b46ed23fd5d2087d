//! The first viewer costs a request and gets the answer as it came; the next ones learn its age.

use crate::harness::{Protocol, Reply, Viewer, field, web};

#[tokio::test(flavor = "multi_thread")]
async fn a_hit_follows_a_miss_and_tells_its_age() {
    for protocol in Protocol::BOTH {
        let page = Reply::ok("cache-control: max-age=60\r\netag: \"a\"\r\n", "hello");
        let (origin, edge) = web([page]).await;
        let mut viewer = Viewer::connect(&edge, protocol).await;
        let miss = viewer.get("/a?b=%2F").await;
        assert_eq!((miss.status, miss.text().as_str()), (200, "hello"));
        assert_eq!((miss.cache().as_str(), miss.has("age")), ("Miss", false));
        let head = origin.last();
        assert!(head.starts_with("GET /a?b=%2F HTTP/1.1\r\n"), "{head}");
        let via = format!("{} edge-1", protocol.via());
        assert_eq!(field(&head, "via"), via, "who asked how");

        edge.advance(7);
        let hit = viewer.get("/a?b=%2F").await;
        assert_eq!((hit.status, hit.text().as_str()), (200, "hello"));
        assert_eq!(hit.cache(), "Hit", "{protocol:?}");
        assert_eq!(hit.field("cache-status"), "edge-1; hit; ttl=53");
        for (name, value) in [("age", "7"), ("content-length", "5"), ("etag", "\"a\"")] {
            assert_eq!(hit.field(name), value, "{protocol:?}");
        }
        assert_eq!(hit.field("date"), miss.field("date"), "it is not refreshed");
        assert_eq!(origin.count(), 1);
        assert_eq!(edge.edge.engine().metrics.connections.value(), 1);
    }
}
