//! `/readyz` says no until the store has accepted the edge's credentials, and says why; `/healthz`
//! never depends on it.

use http::StatusCode;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::harness::{EdgeOptions, TOKEN, TestBucket, TestEdge, until};

/// Status and reasons.
async fn ready(edge: &TestEdge) -> (u16, Vec<String>) {
    let alive = edge.admin_with("GET", "/healthz", &[], "").await;
    assert_eq!((alive.status, alive.text().as_str()), (200, "ok\n"));
    let answer = edge.admin_with("GET", "/readyz", &[], "").await;
    let json = answer.json();
    assert_eq!(json["ready"], answer.status == 200);
    let gauge = edge.metric("seawall_ready").await;
    assert_eq!(gauge, f64::from(u8::from(answer.status == 200)));
    let text = answer.text();
    assert!(
        !text.contains(TOKEN) && !text.contains("edge-secret-key"),
        "{text}"
    );
    let reasons = json["reasons"].as_array().unwrap().iter();
    let reasons = reasons.map(|reason| reason.as_str().unwrap().to_owned());
    (answer.status, reasons.collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn not_before_the_store_has_been_asked() {
    // It takes connections and says nothing yet.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let edge = EdgeOptions::new(&endpoint).start().await;
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        assert!(stream.read_buf(&mut head).await.unwrap() > 0);
    }
    let reason = "origin site: the store has not answered yet".to_owned();
    assert_eq!(ready(&edge).await, (503, vec![reason]));

    stream
        .write_all(
            b"HTTP/1.1 404 X\r\ncontent-length: 37\r\n\r\n<Error><Code>NoSuchKey</Code></Error>",
        )
        .await
        .unwrap();
    edge.ready().await;
    assert_eq!(ready(&edge).await, (200, vec![]));
}

#[tokio::test(flavor = "multi_thread")]
async fn not_while_the_store_refuses_the_credentials() {
    let refusals = [
        (StatusCode::FORBIDDEN, "InvalidAccessKeyId"),
        (StatusCode::FORBIDDEN, "SignatureDoesNotMatch"),
    ];
    for refusal in refusals {
        let bucket = TestBucket::start().await;
        bucket.faults().fail_all(Some(refusal));
        let edge = EdgeOptions::of(&bucket).start().await;
        until("the store has refused", || {
            edge.edge
                .not_ready()
                .iter()
                .any(|reason| reason.contains("refuses"))
        })
        .await;
        let reason = "origin site: the store refuses the credentials".to_owned();
        assert_eq!(ready(&edge).await, (503, vec![reason]), "{refusal:?}");

        // It is asked again by and by.
        bucket.faults().fail_all(None);
        let mut looks = 0;
        until("it has been asked again", || {
            // Not all the time, or every request would have timed out before its answer comes.
            if looks % 100_000 == 0 {
                edge.advance(301);
            }
            looks += 1;
            edge.edge.not_ready().is_empty()
        })
        .await;
        assert_eq!(ready(&edge).await.0, 200, "{refusal:?}");
    }
}
