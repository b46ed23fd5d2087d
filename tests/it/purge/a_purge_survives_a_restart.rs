//! What was acknowledged is in the journal: the next process knows it, and goes on after it.

use std::sync::Arc;

use crate::harness::{EdgeOptions, TestBucket};

#[tokio::test(flavor = "multi_thread")]
async fn a_purge_survives_a_restart() {
    let bucket = TestBucket::start().await;
    bucket.put("page", "old").await;
    let data = Arc::new(tempfile::tempdir().unwrap());

    let edge = EdgeOptions::of(&bucket).data(&data).start().await;
    edge.get("/page").await;
    let first = edge.purge(&["/page"]).await;
    let second = edge.purge(&["/img/*", "/"]).await;
    assert_eq!(
        (&first["position"], &second["position"]),
        (&1.into(), &2.into())
    );
    edge.edge.shut_down().await;

    bucket.put("page", "new").await;
    let edge = EdgeOptions::of(&bucket).data(&data).start().await;
    assert_eq!(
        edge.edge.engine().ledger.position().seq,
        2,
        "the ledger goes on where the journal ends"
    );
    let listed = edge.admin("GET", "/v1/invalidations", "").await.json();
    let ids: Vec<_> = listed["invalidations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|record| record["id"].clone())
        .collect();
    assert_eq!(
        ids,
        [second["id"].clone(), first["id"].clone()],
        "newest first"
    );
    let shown = edge
        .admin(
            "GET",
            &format!("/v1/invalidations/{}", first["id"].as_str().unwrap()),
            "",
        )
        .await
        .json();
    assert_eq!(
        (&shown["status"], &shown["paths"]),
        (&"Completed".into(), &serde_json::json!(["/page"]))
    );
    assert_eq!(edge.get("/page").await.text(), "new");
    assert_eq!(edge.purge(&["/page"]).await["position"], 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_edge_on_the_same_data_is_refused() {
    let bucket = TestBucket::start().await;
    let data = Arc::new(tempfile::tempdir().unwrap());
    let options = EdgeOptions::of(&bucket).data(&data);
    let config = options.config(&data);
    let _edge = options.start().await;
    let clock = Arc::new(seawall::clock::SystemClock::new());
    let error = seawall::app::Edge::start(config, clock)
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("another process holds"), "{error}");
}
