//! The list shows the newest first, `limit` at a time, and goes on `before` a position.

use crate::harness::{TestEdge, bucket_and_edge};

async fn positions(edge: &TestEdge, query: &str) -> Vec<u64> {
    let path = format!("/v1/invalidations{query}");
    let answer = edge.admin("GET", &path, "").await;
    assert_eq!(answer.status, 200, "{query}: {}", answer.text());
    let list = answer.json()["invalidations"].clone();
    let items = list.as_array().unwrap().iter();
    items
        .map(|item| item["position"].as_u64().unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn invalidations_are_listed_by_pages() {
    let (_bucket, edge) = bucket_and_edge(&[]).await;
    assert_eq!(positions(&edge, "").await, Vec::<u64>::new());
    for at in 1..=103 {
        let purged = edge.purge(&[&format!("/page-{at}")]).await;
        assert_eq!(purged["position"], at);
    }
    let down = |from: u64, to: u64| (to..=from).rev().collect::<Vec<_>>();
    assert_eq!(
        positions(&edge, "").await,
        down(103, 4),
        "100 without a limit"
    );
    assert_eq!(positions(&edge, "?before=4").await, down(3, 1));
    assert_eq!(positions(&edge, "?limit=2").await, [103, 102]);
    assert_eq!(positions(&edge, "?limit=2&before=102").await, [101, 100]);
    assert_eq!(positions(&edge, "?limit=1000").await, down(103, 1));
    assert_eq!(positions(&edge, "?before=1").await, Vec::<u64>::new());
    assert_eq!(positions(&edge, "?before=0").await, Vec::<u64>::new());
    let first = edge
        .admin("GET", "/v1/invalidations?before=2", "")
        .await
        .json();
    let first = &first["invalidations"][0];
    assert_eq!(
        (&first["paths"], &first["status"], &first["by"]),
        (
            &serde_json::json!(["/page-1"]),
            &"Completed".into(),
            &"all".into()
        )
    );
}
