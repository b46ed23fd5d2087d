//! An object with a website redirect is a 301, with every store that keeps where it leads.

use crate::harness::stores::{Kind, Store};

on_every_store!(an_object_may_lead_somewhere_else);

async fn an_object_may_lead_somewhere_else(store: Store) {
    store
        .putting("old", b"")
        .website_redirect_location("/new")
        .cache_control("max-age=300")
        .send()
        .await
        .unwrap();
    let edge = store.edge().start().await;
    for expected in ["Miss", "Hit"] {
        let answer = edge.get("/old").await;
        let (status, location) = match store.manners().keeps_redirects {
            true => (301, "/new"),
            false => (200, ""),
        };
        assert_eq!(
            (answer.status, &*answer.field("location"), &*answer.cache()),
            (status, location, expected)
        );
        assert_eq!(answer.field("cache-control"), "max-age=300");
    }
}
