//! Paths that some reader behind the edge could take for another one are a 400.

use super::{assert_refused, assert_unasked};
use crate::harness::bucket_and_edge;

#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_no_object_has_is_refused() {
    let (bucket, edge) = bucket_and_edge(&[]).await;
    let rows = [
        "/..",
        "/a/../page",
        "/a/./page",
        "/a/.",
        "/%2e%2E/page",
        "/a/.%2e/page",
        "/a%2f..%2fpage",
        "/a%5cpage",
        "/a%00",
        "/a%0d%0aset-cookie:x",
        "/a%7f",
        "/a%",
        "/a%4",
        "/a%zz",
        "/%ff",
        "*",
    ];
    for path in rows {
        assert_refused(path, &edge.get(path).await, 400, &bucket);
    }

    bucket.put("a/..page", "two dots are a name").await;
    bucket.put("%2e%2e", "one layer is taken off").await;
    assert_eq!(edge.get("/a/..page").await.text(), "two dots are a name");
    assert_eq!(
        edge.get("/%252e%252e").await.text(),
        "one layer is taken off"
    );
}

/// These bytes cannot stand in a target at all; some are refused before there is a request.
#[tokio::test(flavor = "multi_thread")]
async fn raw_bytes_that_no_target_has_are_a_400() {
    let (bucket, edge) = bucket_and_edge(&[]).await;
    for path in [
        &b"/a\\page"[..],
        b"/caf\xc3\xa9",
        b"/\xff",
        b"/a\x01",
        b"/a\x7f",
    ] {
        let mut client = edge.connect().await;
        client
            .send(&[b"GET ", path, b" HTTP/1.1\r\nhost: localhost\r\n\r\n"].concat())
            .await;
        let what = String::from_utf8_lossy(path);
        assert_eq!(client.answer("GET").await.status, 400, "{what}");
        assert_unasked(&what, &bucket);
    }
}
