//! An object is fresh for as long as its origin said, and for a day where it said nothing.

use std::time::Duration;

use seawall::clock::Clock;
use seawall::semantics::dates;

use crate::harness::{Reply, scripted};

#[tokio::test(flavor = "multi_thread")]
async fn a_lifetime_is_what_the_origin_said_else_a_day() {
    for (said, lifetime) in [
        ("", 86_400),
        ("cache-control: public\r\n", 86_400),
        ("cache-control: max-age=60\r\n", 60),
        ("cache-control: max-age=60, s-maxage=20\r\n", 20),
        ("cache-control: s-maxage=90, max-age=20\r\n", 90),
        ("expires: IN 40\r\n", 40),
        ("expires: IN 40\r\ncache-control: max-age=25\r\n", 25),
    ] {
        let (origin, edge) = scripted([]).await;
        let now = edge.clock.wall();
        let date = |at| dates::format(at).to_str().unwrap().to_owned();
        let said = said.replace("IN 40", &date(now.saturating_add(Duration::from_secs(40))));
        let fields = format!("etag: \"v1\"\r\ndate: {}\r\n{said}", date(now));
        origin.then(Reply::ok(&fields, "hello"));
        let miss = edge.get("/a").await;
        assert_eq!(
            (miss.status, miss.cache().as_str()),
            (200, "Miss"),
            "{said}"
        );
        assert_eq!(
            miss.field("cache-status"),
            format!("edge-1; fwd=uri-miss; fwd-status=200; stored; ttl={lifetime}"),
            "{said}"
        );

        edge.advance(lifetime - 1);
        let hit = edge.get("/a").await;
        assert_eq!((hit.status, hit.cache().as_str()), (200, "Hit"), "{said}");
        assert_eq!(hit.field("age"), (lifetime - 1).to_string(), "{said}");
        assert_eq!(origin.count(), 1, "{said}");

        edge.advance(1);
        origin.then(Reply::not_modified(""));
        let stale = edge.get("/a").await;
        assert_eq!(
            (stale.status, stale.text().as_str(), stale.cache().as_str()),
            (200, "hello", "RefreshHit"),
            "{said}"
        );
        assert_eq!(origin.count(), 2, "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_origin_sent_old_is_old_already() {
    let (origin, edge) = scripted([Reply::ok(
        "cache-control: max-age=60\r\nage: 50\r\n",
        "hello",
    )])
    .await;
    edge.get("/a").await;
    edge.advance(9);
    let hit = edge.get("/a").await;
    assert_eq!(
        (hit.cache().as_str(), hit.field("age").as_str()),
        ("Hit", "59")
    );
    edge.advance(1);
    origin.then(Reply::ok("", "new"));
    assert_eq!(edge.get("/a").await.text(), "new");
}
