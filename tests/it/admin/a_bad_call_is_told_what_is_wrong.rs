//! A call that cannot be done is refused whole, with what was found and what is allowed.

use super::assert_error;
use crate::harness::{Client, TOKEN, bucket_and_edge};

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_call_is_told_what_is_wrong() {
    let (_bucket, edge) = bucket_and_edge(&[("page", "here")]).await;
    edge.get("/page").await;
    let long = format!(r#"{{"paths": ["/{}"]}}"#, "a".repeat(4_000));
    let rows: [(&str, &[&str]); 20] = [
        ("", &["paths", "EOF"]),
        ("{", &["paths", "EOF"]),
        ("[]", &["paths"]),
        (r#""/page""#, &["paths", "string"]),
        ("{}", &["missing field `paths`"]),
        (r#"{"paths": "/page"}"#, &["string", "sequence"]),
        (r#"{"paths": [1]}"#, &["integer `1`", "string"]),
        (
            r#"{"paths": ["/page"], "path": "/page"}"#,
            &["unknown field `path`"],
        ),
        (
            r#"{"paths": ["/page"], "soft": true}"#,
            &["unknown field `soft`", "caller_reference"],
        ),
        (r#"{"paths": ["/page"]} {}"#, &["trailing characters"]),
        (r#"{"paths": []}"#, &["no path", "3000"]),
        (r#"{"paths": [""]}"#, &["empty", "'/'"]),
        (
            r#"{"paths": ["/page", "page"]}"#,
            &["\"page\"", "'p'", "'/'"],
        ),
        (
            r#"{"paths": ["/a*b"]}"#,
            &["\"/a*b\"", "byte 2", "last character"],
        ),
        (r#"{"paths": ["/a b"]}"#, &["' '", "percent-encoded"]),
        (r#"{"paths": ["/a/../b"]}"#, &["'..'"]),
        (r#"{"paths": ["/a%zz"]}"#, &["'%'"]),
        (r#"{"paths": ["/a\\b"]}"#, &["backslash"]),
        (r#"{"paths": ["http://localhost/page"]}"#, &["'h'", "'/'"]),
        (&long, &["4001", "4000"]),
    ];
    for (body, words) in rows {
        let answer = edge.admin("POST", "/v1/invalidations", body).await;
        assert_error(body, &answer, 400, "InvalidArgument", words);
    }

    let body = r#"{"paths": ["/page"], "distribution": "E9"}"#;
    let answer = edge.admin("POST", "/v1/invalidations", body).await;
    assert_error(body, &answer, 404, "NoSuchDistribution", &["E9", "E1"]);
    let body = format!(
        r#"{{"paths": ["/page"], "caller_reference": "{}"}}"#,
        "r".repeat(513)
    );
    let answer = edge.admin("POST", "/v1/invalidations", &body).await;
    assert_error(
        "reference",
        &answer,
        400,
        "InvalidArgument",
        &["caller_reference", "513", "512"],
    );
    let answer = edge.admin("PUT", "/v1/invalidations", "").await;
    assert_error("PUT", &answer, 405, "MethodNotAllowed", &["PUT"]);

    assert_eq!(edge.get("/page").await.cache(), "Hit", "nothing was purged");
    let list = edge.admin("GET", "/v1/invalidations", "").await;
    assert_eq!(
        list.json()["invalidations"],
        serde_json::json!([]),
        "nothing was written down"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn paths_and_bytes_are_counted() {
    let (_bucket, edge) = bucket_and_edge(&[]).await;
    let paths = |count: usize| {
        let paths: Vec<String> = (0..count).map(|at| format!("/page-{at}")).collect();
        serde_json::json!({ "paths": paths }).to_string()
    };
    let answer = edge.admin("POST", "/v1/invalidations", &paths(3_001)).await;
    assert_error(
        "too many",
        &answer,
        400,
        "InvalidArgument",
        &["3001 paths", "3000"],
    );
    let answer = edge.admin("POST", "/v1/invalidations", &paths(3_000)).await;
    assert_eq!(answer.status, 201, "{}", answer.text());

    const BYTES: usize = seawall::admin::BODY_BYTES;
    let padded = |length: usize| {
        let body = r#"{"paths": ["/page"]}"#;
        format!("{body}{}", " ".repeat(length - body.len()))
    };
    let answer = edge
        .admin("POST", "/v1/invalidations", &padded(BYTES))
        .await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    // Announced, it is refused before it is sent.
    let mut client = Client::connect(edge.edge.admin_address()).await;
    let head = format!(
        "POST /v1/invalidations HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {TOKEN}\r\n\
         content-length: {}\r\n\r\n",
        BYTES + 1
    );
    client.send(head.as_bytes()).await;
    let answer = client.answer("POST").await;
    assert_error(
        "too large",
        &answer,
        413,
        "BodyTooLarge",
        &[&BYTES.to_string()],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_and_ids_are_checked() {
    let (_bucket, edge) = bucket_and_edge(&[]).await;
    for query in [
        "limit=0",
        "limit=1001",
        "limit=-1",
        "limit=ten",
        "before=x",
        "page=2",
    ] {
        let path = format!("/v1/invalidations?{query}");
        let answer = edge.admin("GET", &path, "").await;
        assert_error(query, &answer, 400, "InvalidArgument", &["1", "1000"]);
    }
    let answer = edge.admin("GET", "/v1/invalidations/I404", "").await;
    assert_error("id", &answer, 404, "NoSuchInvalidation", &["I404"]);
}
