//! A page in somebody's browser reaches a loopback address, and can give it a name of its own: both
//! are refused, for every call, with or without a token.

use super::assert_error;
use crate::harness::{EdgeOptions, TOKEN, TestBucket, bucket_and_edge};

const PATHS: [&str; 4] = ["/healthz", "/readyz", "/metrics", "/v1/invalidations"];

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_is_not_the_listeners_is_a_421() {
    let bucket = TestBucket::start().await;
    let edge = EdgeOptions::of(&bucket)
        .admin("hosts = [\"admin.example\"]")
        .start()
        .await;
    edge.ready().await;
    let bearer = format!("Bearer {TOKEN}");
    for path in PATHS {
        for host in [
            "evil.example",
            "localhost.evil.example",
            "admin.example.evil.example",
            "localhost@evil.example",
            "192.0.2.1",
            "",
        ] {
            let fields = [("host", host), ("authorization", &bearer)];
            let answer = edge.admin_with("GET", path, &fields, "").await;
            assert_error(
                host,
                &answer,
                421,
                "WrongHost",
                &["localhost", "admin.hosts"],
            );
        }
        for host in [
            "localhost",
            "LOCALHOST:1",
            "127.0.0.1:9080",
            "[::1]",
            "Admin.Example:80",
        ] {
            let fields = [("host", host), ("authorization", &bearer)];
            let answer = edge.admin_with("GET", path, &fields, "").await;
            assert_eq!(answer.status, 200, "{path} {host}: {}", answer.text());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_origin_is_a_403() {
    let (_bucket, edge) = bucket_and_edge(&[("page", "here")]).await;
    edge.ready().await;
    edge.get("/page").await;
    let bearer = format!("Bearer {TOKEN}");
    let own = format!("localhost:{}", edge.edge.admin_address().port());
    for origin in [
        "http://evil.example",
        "http://localhost",
        "http://localhost:1",
        "null",
        "",
    ] {
        let fields = [
            ("host", &*own),
            ("origin", origin),
            ("authorization", &bearer),
        ];
        for path in PATHS {
            let answer = edge.admin_with("GET", path, &fields, "").await;
            assert_error(origin, &answer, 403, "WrongOrigin", &[]);
        }
        let body = r#"{"paths": ["/*"]}"#;
        let answer = edge
            .admin_with("POST", "/v1/invalidations", &fields, body)
            .await;
        assert_error(origin, &answer, 403, "WrongOrigin", &[]);
        // Nor is a page told that it may ask.
        let answer = edge
            .admin_with("OPTIONS", "/v1/invalidations", &fields, "")
            .await;
        assert_eq!(answer.status, 403, "{origin}");
        assert!(!answer.has("access-control-allow-origin"), "{origin}");
    }
    assert_eq!(edge.get("/page").await.cache(), "Hit", "nothing was purged");

    let same = format!("http://{own}");
    let fields = [
        ("host", &*own),
        ("origin", &same),
        ("authorization", &bearer),
    ];
    let answer = edge
        .admin_with("GET", "/v1/invalidations", &fields, "")
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}
