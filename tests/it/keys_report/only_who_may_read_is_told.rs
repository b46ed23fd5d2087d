//! The report is for tokens that may read, of a distribution that there is.

use crate::harness::{Answer, TOKEN, TestEdge, bucket_and_edge};

async fn ask(edge: &TestEdge, token: &str, target: &str) -> Answer {
    let bearer = format!("Bearer {token}");
    edge.admin_with("GET", target, &[("authorization", &bearer)], "")
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_distribution_that_there_is() {
    let (_bucket, edge) = bucket_and_edge(&[("page", "here")]).await;
    edge.get("/page?a=1").await;
    let reader = format!("reader-{TOKEN}");
    for (token, target, status) in [
        (&*reader, "/v1/keys", 200),
        (&reader, "/v1/keys?distribution=E1", 200),
        (&reader, "/v1/keys?distribution=E2", 400),
        (&reader, "/v1/keys?distributions=E1", 400),
        (&*format!("images-{TOKEN}"), "/v1/keys", 403),
        ("nobody's-token-0123456789", "/v1/keys", 401),
    ] {
        let answer = ask(&edge, token, target).await;
        assert_eq!(answer.status, status, "{target}: {}", answer.text());
        if status == 200 {
            // A bucket's key is its path.
            assert_eq!(
                answer.json()["behaviors"],
                serde_json::json!([]),
                "{target}"
            );
        }
    }
}
