//! A call that cannot be explained is refused, with what is allowed, and repeats no secret.

use serde_json::{Value, json};

use crate::harness::{TOKEN, web};

const SECRET: &str = "s3cret-of-a-viewer";

#[tokio::test]
async fn a_bad_call_is_told_what_is_wrong() {
    let (_origin, edge) = web([]).await;
    let headers =
        |count: usize| -> Vec<Value> { (0..count).map(|_| json!(["x-a", "b"])).collect() };
    let url = "http://localhost/";
    let rows = [
        (json!([]), 400, "\"url\""),
        (json!({}), 400, "either \"url\", or \"host\" and \"target\""),
        (json!({ "url": url, "target": "/" }), 400, "either"),
        (json!({ "host": "localhost" }), 400, "either"),
        (
            json!({ "url": format!("http://me:{SECRET}@localhost/") }),
            400,
            "user information",
        ),
        (json!({ "url": SECRET }), 400, "not repeated here"),
        (json!({ "url": "http://localhost/a b" }), 400, "the target"),
        (
            json!({ "host": "localhost", "target": "a" }),
            400,
            "begin with '/'",
        ),
        (json!({ "url": url, "method": "G T" }), 400, "the method"),
        (
            json!({ "url": url, "headers": [["a b", SECRET]] }),
            400,
            "\"a b\"",
        ),
        (
            json!({ "url": url, "headers": [["a", format!("{SECRET}\n")]] }),
            400,
            "control bytes",
        ),
        (json!({ "url": url, "headers": SECRET }), 400, "line 1"),
        (json!({ "url": url, "headers": headers(100) }), 200, ""),
        (
            json!({ "url": url, "headers": headers(101) }),
            400,
            "at most 100",
        ),
        (
            json!({ "url": format!("{url}{}", "a".repeat(256 * 1024)) }),
            413,
            "262144",
        ),
    ];
    for (call, status, part) in rows {
        let answer = edge.admin("POST", "/v1/explain", &call.to_string()).await;
        let text = answer.text();
        let call: String = call.to_string().chars().take(200).collect();
        assert_eq!(answer.status, status, "{call}: {text}");
        assert!(
            status == 200 || text.contains(&part.replace('"', "\\\"")),
            "{call}: {text}"
        );
        assert!(!text.contains(SECRET), "{call}: {text}");
    }
}

#[tokio::test]
async fn it_takes_a_token_that_may_read() {
    let (_origin, edge) = web([]).await;
    let body = json!({ "url": "http://localhost/" }).to_string();
    for (token, status) in [
        (format!("reader-{TOKEN}"), 200),
        (format!("images-{TOKEN}"), 403),
        ("wrong".to_owned(), 401),
    ] {
        let bearer = format!("Bearer {token}");
        let answer = edge
            .admin_with("POST", "/v1/explain", &[("authorization", &bearer)], &body)
            .await;
        assert_eq!(answer.status, status, "{}", answer.text());
    }
}
