//! `/metrics`: what viewers asked, what it cost the origin, and what is kept, in OpenMetrics text.

use crate::harness::{TOKEN, bucket_and_edge};

#[tokio::test(flavor = "multi_thread")]
async fn metrics_tell_what_happened() {
    let body = "x".repeat(10_000);
    let (_bucket, edge) = bucket_and_edge(&[("page", &body), ("other", "other")]).await;
    edge.ready().await;
    let origin = |outcome: &str| {
        format!("seawall_origin_requests_total{{origin=\"site\",outcome=\"{outcome}\"}}")
    };
    let requests = |verdict: &str, class: &str| {
        format!("seawall_requests_total{{verdict=\"{verdict}\",class=\"{class}\"}}")
    };
    let origin_bytes = "seawall_origin_received_bytes_total{origin=\"site\"}";
    let before = (
        edge.metric(&origin("ok")).await,
        edge.metric(origin_bytes).await,
    );
    assert_eq!(edge.metric("seawall_cache_objects").await, 0.0);
    assert_eq!(edge.metric("seawall_cache_size_bytes").await, 0.0);

    for _ in 0..3 {
        assert_eq!(edge.get("/page").await.status, 200);
    }
    edge.get("/other").await;
    edge.request("PUT", "/page", &[]).await;
    edge.get("/missing").await;
    let expected = [
        (requests("serve", "2xx"), 2.0),
        (requests("fetch", "2xx"), 2.0),
        (requests("fetch", "4xx"), 1.0),
        (requests("refuse", "4xx"), 1.0),
        // That an object is missing is an answer, too.
        (origin("ok"), before.0 + 3.0),
        ("seawall_cache_objects".to_owned(), 3.0),
        ("seawall_cache_capacity_bytes".to_owned(), 268_435_456.0),
        ("seawall_connections_total".to_owned(), 6.0),
        ("seawall_ready".to_owned(), 1.0),
        ("seawall_panics_total".to_owned(), 0.0),
        ("seawall_fills_open".to_owned(), 0.0),
    ];
    let text = edge.admin_with("GET", "/metrics", &[], "").await.text();
    for (name, value) in expected {
        assert_eq!(edge.metric(&name).await, value, "{name}\n{text}");
    }
    assert!(
        edge.metric(origin_bytes).await >= before.1 + 10_005.0,
        "{text}"
    );
    let size = edge.metric("seawall_cache_size_bytes").await;
    assert!((10_005.0..20_000.0).contains(&size), "{size}");

    edge.purge(&["/page"]).await;
    assert_eq!(edge.metric("seawall_cache_objects").await, 2.0);
    assert!(edge.metric("seawall_cache_size_bytes").await < size - 10_000.0);
    assert_eq!(edge.metric("seawall_purged_objects_total").await, 1.0);
    assert_eq!(edge.metric("seawall_invalidations_total").await, 1.0);
    assert_eq!(edge.metric("seawall_ledger_records").await, 1.0);

    let answer = edge.admin_with("GET", "/metrics", &[], "").await;
    let kind = answer.field("content-type");
    assert!(kind.starts_with("application/openmetrics-text"), "{kind}");
    let text = answer.text();
    assert!(text.ends_with("# EOF\n"), "{text}");
    for line in text.lines() {
        let sound = line.starts_with("# ") || line.starts_with("seawall_");
        assert!(sound, "{line}");
    }
    for secret in [TOKEN, "edge-secret-key", "/page", "127.0.0.1"] {
        assert!(!text.contains(secret), "{secret}");
    }
}
