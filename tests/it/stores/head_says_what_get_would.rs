//! HEAD has the head of GET, kept or not, and no more trouble with a missing object than GET has,
//! though a store's answer to HEAD has no document that would say why.

use crate::harness::stores::{Kind, Store};

on_every_store!(head_says_what_get_would);

async fn head_says_what_get_would(store: Store) {
    store.put("a.txt", b"0123456789").await;
    let edge = store.edge().start().await;
    let asked = edge.request("HEAD", "/a.txt", &[]).await;
    let whole = edge.get("/a.txt").await;
    let kept = edge.request("HEAD", "/a.txt", &[]).await;
    assert_eq!(kept.cache(), "Hit");
    for head in [&asked, &kept] {
        assert_eq!((head.status, head.body.len()), (200, 0));
        for name in ["content-length", "content-type", "etag", "last-modified"] {
            assert!(whole.has(name), "{name}");
            assert_eq!(head.field(name), whole.field(name), "{name}");
        }
    }
    let missing = edge.request("HEAD", "/missing", &[]).await;
    assert_eq!(missing.status, 404, "{:?}", missing.fields);
}
