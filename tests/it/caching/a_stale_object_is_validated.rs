//! A stale object is asked about by its entity tag, and what the origin answers decides.

use crate::harness::{Reply, scripted};

const FIRST: &str = "etag: \"v1\"\r\nlast-modified: Wed, 01 Jul 2026 00:00:00 GMT\r\n\
                     cache-control: max-age=10\r\nx-kept: kept\r\nx-field: old\r\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_304_renews_it() {
    let (origin, edge) = scripted([
        Reply::ok(FIRST, "hello"),
        Reply::not_modified(
            "etag: \"v1\"\r\ncache-control: max-age=30\r\nx-field: new\r\nx-amz-id: 7\r\n",
        ),
    ])
    .await;
    edge.get("/a").await;
    edge.advance(12);
    let renewed = edge.get("/a").await;
    let asked = origin.last().to_ascii_lowercase();
    assert!(asked.contains("\r\nif-none-match: \"v1\"\r\n"), "{asked}");
    assert!(!asked.contains("if-modified-since"), "{asked}");

    assert_eq!(
        (
            renewed.status,
            renewed.text().as_str(),
            renewed.cache().as_str()
        ),
        (200, "hello", "RefreshHit")
    );
    assert_eq!(renewed.field("age"), "0", "the age is counted anew");
    assert_eq!(
        renewed.field("cache-status"),
        "edge-1; fwd=stale; fwd-status=304; stored; ttl=30"
    );
    edge.advance(29);
    let hit = edge.get("/a").await;
    assert_eq!(
        (hit.cache().as_str(), hit.field("age").as_str()),
        ("Hit", "29")
    );
    for answer in [&renewed, &hit] {
        assert_eq!(answer.field("cache-control"), "max-age=30");
        assert_eq!(answer.field("x-field"), "new");
        assert_eq!(answer.field("x-kept"), "kept");
        assert_eq!(answer.field("etag"), "\"v1\"");
        assert_eq!(answer.field("content-length"), "5");
        assert_eq!(
            answer.field("last-modified"),
            "Wed, 01 Jul 2026 00:00:00 GMT"
        );
        assert!(!answer.has("x-amz-id"));
    }
    assert_eq!(origin.count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_304_without_a_word_keeps_everything() {
    let (origin, edge) = scripted([Reply::ok(FIRST, "hello"), Reply::not_modified("")]).await;
    edge.get("/a").await;
    edge.advance(10);
    let renewed = edge.get("/a").await;
    assert_eq!(
        (renewed.text().as_str(), renewed.cache().as_str()),
        ("hello", "RefreshHit")
    );
    assert_eq!(renewed.field("etag"), "\"v1\"");
    assert_eq!(renewed.field("cache-control"), "max-age=10");
    edge.advance(9);
    assert_eq!(edge.get("/a").await.cache(), "Hit");
    assert_eq!(origin.count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_200_replaces_it() {
    let (origin, edge) = scripted([
        Reply::ok(FIRST, "hello"),
        Reply::ok("etag: \"v2\"\r\ncache-control: max-age=30\r\n", "changed"),
    ])
    .await;
    edge.get("/a").await;
    edge.advance(10);
    let replaced = edge.get("/a").await;
    assert_eq!(
        (replaced.text().as_str(), replaced.cache().as_str()),
        ("changed", "Miss")
    );
    let hit = edge.get("/a").await;
    assert_eq!(
        (hit.text().as_str(), hit.cache().as_str()),
        ("changed", "Hit")
    );
    assert_eq!(hit.field("etag"), "\"v2\"");
    assert!(!hit.has("x-kept"), "nothing of the old head stays");
    assert_eq!(origin.count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_304_of_something_else_makes_the_edge_ask_without_conditions() {
    for other in [
        "etag: \"v2\"\r\n",
        "etag: W/\"v1\"\r\n",
        "etag: \"v1\"\r\nlast-modified: Thu, 02 Jul 2026 00:00:00 GMT\r\n",
    ] {
        let (origin, edge) = scripted([
            Reply::ok(FIRST, "hello"),
            Reply::not_modified(other),
            Reply::ok("etag: \"v2\"\r\n", "changed"),
        ])
        .await;
        edge.get("/a").await;
        edge.advance(10);
        let answer = edge.get("/a").await;
        assert_eq!(
            (
                answer.status,
                answer.text().as_str(),
                answer.cache().as_str()
            ),
            (200, "changed", "Miss"),
            "{other}"
        );
        assert_eq!(origin.count(), 3, "{other}");
        assert!(
            !origin.last().to_ascii_lowercase().contains("\r\nif-"),
            "{}",
            origin.last()
        );
        let hit = edge.get("/a").await;
        assert_eq!(
            (hit.text().as_str(), hit.cache().as_str()),
            ("changed", "Hit")
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_304_that_forbids_storing_ends_it() {
    let (origin, edge) = scripted([
        Reply::ok(FIRST, "hello"),
        Reply::not_modified("cache-control: no-store\r\n"),
        Reply::ok("cache-control: no-store\r\n", "for you"),
    ])
    .await;
    edge.get("/a").await;
    edge.advance(10);
    // It confirms the answer for the one who asked, and for nobody after that.
    assert_eq!(edge.get("/a").await.text(), "hello");
    assert_eq!(edge.edge.engine().memory.usage().objects, 0);
    assert_eq!(edge.get("/a").await.text(), "for you");
    assert_eq!(origin.count(), 3);
    assert_eq!(edge.edge.engine().memory.usage().objects, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_without_an_entity_tag_by_its_date() {
    const MODIFIED: &str = "last-modified: Wed, 01 Jul 2026 00:00:00 GMT\r\n";
    let fields = format!("{MODIFIED}cache-control: max-age=10\r\n");
    let (origin, edge) = scripted([Reply::ok(&fields, "hello"), Reply::not_modified("")]).await;
    edge.get("/a").await;
    edge.advance(10);
    let renewed = edge.get("/a").await;
    assert_eq!(
        (renewed.text().as_str(), renewed.cache().as_str()),
        ("hello", "RefreshHit")
    );
    let asked = origin.last().to_ascii_lowercase();
    assert!(
        asked.contains("\r\nif-modified-since: wed, 01 jul 2026 00:00:00 gmt\r\n"),
        "{asked}"
    );
    assert!(!asked.contains("if-none-match"), "{asked}");
}
