//! Host is that of the origin's address, one that is written, or the viewer's; the viewer's is then
//! part of the key, since another host may be another page.

use crate::harness::{Reply, field, web_with};

fn page(text: &str) -> Reply {
    Reply::ok("cache-control: max-age=60\r\n", text)
}

#[tokio::test(flavor = "multi_thread")]
async fn its_own_unless_another_is_written() {
    let (origin, edge) = web_with("", "", [page("a")]).await;
    edge.get_with("/", &[("host", "www.example.com")]).await;
    let own = origin.url().trim_start_matches("http://").to_owned();
    assert_eq!(field(&origin.last(), "host"), own);
    // Whoever asks, it is one object.
    let other = edge.get_with("/", &[("host", "other.test")]).await;
    assert_eq!(other.cache(), "Hit");

    let (origin, edge) = web_with("host = \"api.internal:8443\"", "", [page("a")]).await;
    edge.get_with("/", &[("host", "www.example.com")]).await;
    assert_eq!(field(&origin.last(), "host"), "api.internal:8443");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_viewers_keys_as_well() {
    for (origin_line, distribution_line) in [
        ("host = \"viewer\"", ""),
        ("", "origin_request = \"AllViewer\""),
    ] {
        let (origin, edge) = web_with(
            origin_line,
            distribution_line,
            [page("a"), page("b"), page("c")],
        )
        .await;
        let get = |host: &'static str| {
            let edge = &edge;
            async move { edge.get_with("/", &[("host", host)]).await }
        };
        assert_eq!(get("A.test").await.text(), "a");
        assert_eq!(field(&origin.last(), "host"), "a.test");
        assert_eq!(get("b.test").await.text(), "b");
        assert_eq!(get("a.test:8080").await.text(), "c");
        assert_eq!(field(&origin.last(), "host"), "a.test:8080");
        for (host, text) in [("a.test", "a"), ("a.test:80", "a"), ("b.test", "b")] {
            let hit = get(host).await;
            assert_eq!((hit.text().as_str(), hit.cache().as_str()), (text, "Hit"));
        }
        assert_eq!(origin.count(), 3);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_in_absolute_form_rules() {
    let (origin, edge) = web_with("host = \"viewer\"", "", [page("a")]).await;
    let answer = edge
        .get_with("http://b.test/x", &[("host", "a.test")])
        .await;
    assert_eq!(answer.status, 200);
    assert!(origin.last().starts_with("GET /x HTTP/1.1\r\n"));
    assert_eq!(field(&origin.last(), "host"), "b.test");
}
