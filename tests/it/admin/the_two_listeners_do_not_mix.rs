//! On the viewer's port the paths of the admin API are objects like any other; on the admin port
//! there are no objects.

use super::assert_error;
use crate::harness::{TOKEN, bucket_and_edge};

#[tokio::test(flavor = "multi_thread")]
async fn the_two_listeners_do_not_mix() {
    let objects = [
        ("healthz", "an object"),
        ("metrics", "an object"),
        ("v1/invalidations", "an object"),
    ];
    let (_bucket, edge) = bucket_and_edge(&objects).await;
    edge.ready().await;
    let bearer = format!("Bearer {TOKEN}");
    let fields = [("authorization", &*bearer)];
    for path in ["/healthz", "/metrics", "/v1/invalidations"] {
        for fields in [&fields[..0], &fields[..]] {
            let answer = edge.get_with(path, fields).await;
            assert_eq!(
                (answer.status, answer.text().as_str()),
                (200, "an object"),
                "{path}"
            );
        }
    }
    assert_eq!(edge.get_with("/readyz", &fields).await.status, 404);
    let mut client = edge.connect().await;
    let body = r#"{"paths": ["/*"]}"#;
    let answer = client
        .request("POST", "/v1/invalidations", &fields, body)
        .await;
    assert_eq!(answer.status, 405);
    assert_eq!(
        edge.get("/metrics").await.cache(),
        "Hit",
        "nothing was purged"
    );

    for path in [
        "/index.html",
        "/page",
        "/v1",
        "/v1/",
        "/v1/invalidations/",
        "/v2/invalidations",
    ] {
        let answer = edge.admin("GET", path, "").await;
        assert_error(path, &answer, 404, "NotFound", &[path]);
        assert!(!answer.has("x-cache"), "{path}");
    }
}
