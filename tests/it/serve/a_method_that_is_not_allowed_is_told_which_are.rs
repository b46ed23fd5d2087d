//! What is neither GET nor HEAD is a 405 with `Allow`, and the connection goes on.

use super::assert_refused;
use crate::harness::{EdgeOptions, TestBucket, bucket_and_edge};

#[tokio::test(flavor = "multi_thread")]
async fn a_method_that_is_not_allowed_is_told_which_are() {
    let (bucket, edge) = bucket_and_edge(&[]).await;
    let mut client = edge.connect().await;
    let methods = [
        "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "TRACK", "PURGE", "FOO", "get",
    ];
    for method in methods {
        for body in ["", "PUT /page HTTP/1.1\r\nhost: localhost\r\n\r\n"] {
            let answer = client.request(method, "/page", &[], body).await;
            assert_refused(method, &answer, 405, &bucket);
            assert_eq!(answer.field("allow"), "GET, HEAD", "{method}");
        }
    }
    let answer = client.request("OPTIONS", "*", &[], "").await;
    assert_refused("OPTIONS *", &answer, 405, &bucket);
    let answer = client.request("CONNECT", "localhost:443", &[], "").await;
    assert_refused("CONNECT", &answer, 405, &bucket);
    assert_eq!(answer.field("allow"), "GET, HEAD");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_distribution_may_allow_less() {
    let bucket = TestBucket::start().await;
    let edge = EdgeOptions::of(&bucket)
        .distribution("methods = [\"GET\"]")
        .start()
        .await;
    let answer = edge.request("HEAD", "/page", &[]).await;
    assert_eq!(
        (answer.status, answer.field("allow").as_str()),
        (405, "GET")
    );
    bucket.put("page", "here").await;
    assert_eq!(edge.get("/page").await.text(), "here");
}
