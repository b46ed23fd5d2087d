//! What the publisher said of an object reaches the viewer as it was said; what the publisher
//! noted for itself does not.

use crate::harness::stores::{Kind, Store};

on_every_store!(fields_of_the_publisher_reach_the_viewer);

async fn fields_of_the_publisher_reach_the_viewer(store: Store) {
    store
        .putting("page", b"not really brotli")
        .content_type("text/html; charset=utf-8")
        .content_encoding("br")
        .content_language("de")
        .content_disposition("attachment; filename=\"page.html\"")
        .cache_control("public, max-age=300")
        .metadata("owner", "jane")
        .send()
        .await
        .unwrap();
    let edge = store.edge().start().await;
    for expected in ["Miss", "Hit"] {
        let answer = edge.get_with("/page", &[("accept-encoding", "br")]).await;
        assert_eq!((answer.status, answer.cache().as_str()), (200, expected));
        assert_eq!(answer.text(), "not really brotli");
        for (name, value) in [
            ("content-type", "text/html; charset=utf-8"),
            ("content-encoding", "br"),
            ("content-language", "de"),
            ("content-disposition", "attachment; filename=\"page.html\""),
            ("cache-control", "public, max-age=300"),
            ("content-length", "17"),
        ] {
            assert_eq!(answer.field(name), value, "{name}: {:?}", answer.fields);
        }
        assert!(answer.has("etag") && answer.has("last-modified"));
        let all = format!("{:?}", answer.fields);
        assert!(!all.contains("jane"), "{all}");
    }
}
