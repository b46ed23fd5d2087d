//! Cookies, queries and unknown fields make no object of their own, and no viewer can force the
//! edge to ask.

use crate::harness::bucket_and_edge;

#[tokio::test(flavor = "multi_thread")]
async fn viewers_share_one_object() {
    let (bucket, edge) = bucket_and_edge(&[("a.txt", "hello")]).await;
    let first = edge
        .get_with(
            "/a.txt?user=1&list-type=2",
            &[("cookie", "session=1"), ("x-anything", "1")],
        )
        .await;
    assert_eq!(
        (first.text().as_str(), first.cache().as_str()),
        ("hello", "Miss")
    );
    for (target, fields) in [
        ("/a.txt", &[][..]),
        ("/a.txt?", &[]),
        ("/a.txt?user=2", &[]),
        ("/a.txt", &[("cookie", "session=2")]),
        ("/a.txt", &[("x-anything", "2"), ("accept", "image/png")]),
        (
            "/a.txt",
            &[("accept-encoding", "br, gzip"), ("accept-language", "fr")],
        ),
        ("/a.txt", &[("user-agent", "another")]),
        ("/a.txt", &[("authorization", "Basic dTpw")]),
        ("/a.txt", &[("cache-control", "no-cache")]),
        ("/a.txt", &[("cache-control", "max-age=0")]),
        ("/a.txt", &[("cache-control", "no-store")]),
        ("/a.txt", &[("pragma", "no-cache")]),
    ] {
        let hit = edge.get_with(target, fields).await;
        assert_eq!(
            (hit.status, hit.text().as_str(), hit.cache().as_str()),
            (200, "hello", "Hit"),
            "{target} {fields:?}"
        );
    }
    assert_eq!(edge.edge.engine().memory.usage().objects, 1);
    assert_eq!(bucket.log().gets("a.txt"), 1);
    let asked = bucket.asked("a.txt");
    assert_eq!(asked.target, "/site/a.txt");
    for name in ["cookie", "x-anything"] {
        assert_eq!(asked.header(name), None);
    }
}
