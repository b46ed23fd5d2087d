//! The bytes that were asked for and no others: cut from a copy, or by the store itself when the
//! object is too large to keep.

use crate::harness::stores::{Kind, Store};

on_every_store!(ranges_are_exact);

async fn ranges_are_exact(store: Store) {
    let body: Vec<u8> = (0..10_000_u32).map(|at| (at % 251) as u8).collect();
    store.put("data.bin", &body).await;
    let cached = store.edge().start().await;
    assert_eq!(cached.get("/data.bin").await.body, body);
    let streaming = store
        .edge()
        .edge("max_object_size = \"1KiB\"")
        .start()
        .await;
    for (edge, expected) in [(&cached, "Hit"), (&streaming, "Miss")] {
        for (range, first, last) in [
            ("bytes=0-0", 0, 0),
            ("bytes=0-99", 0, 99),
            ("bytes=5000-5999", 5_000, 5_999),
            ("bytes=9999-", 9_999, 9_999),
            ("bytes=9000-20000", 9_000, 9_999),
            ("bytes=-10", 9_990, 9_999),
            ("bytes=-20000", 0, 9_999),
        ] {
            let answer = edge.get_with("/data.bin", &[("range", range)]).await;
            assert_eq!(
                (answer.status, answer.cache().as_str()),
                (206, expected),
                "{range}: {:?}",
                answer.fields
            );
            assert_eq!(
                answer.field("content-range"),
                format!("bytes {first}-{last}/10000"),
                "{range}"
            );
            assert!(
                answer.complete && answer.body == body[first..=last],
                "{range}"
            );
        }
        let beyond = edge.get_with("/data.bin", &[("range", "bytes=10000-")]);
        let beyond = beyond.await;
        assert_eq!(
            (beyond.status, beyond.field("content-range").as_str()),
            (416, "bytes */10000"),
            "{:?}",
            beyond.fields
        );
        assert!(!beyond.text().contains('<'), "{}", beyond.text());
        // What is no range of bytes is ignored, and so is a range of a HEAD.
        for range in ["lines=1-2", "bytes=9-1", "bytes", "bytes=0-1,x"] {
            let whole = edge.get_with("/data.bin", &[("range", range)]).await;
            assert_eq!(
                (whole.status, whole.body.len(), whole.has("content-range")),
                (200, 10_000, false),
                "{range}"
            );
        }
        let head = edge.request("HEAD", "/data.bin", &[("range", "bytes=0-0")]);
        let head = head.await;
        assert_eq!(
            (head.status, head.field("content-length").as_str()),
            (200, "10000"),
            "{:?}",
            head.fields
        );
    }
}
