//! What the store says becomes what the viewer can use, and its own words never reach one.

use http::StatusCode;

use crate::harness::{Client, EdgeOptions, Reply, ScriptedOrigin, TestBucket, TestEdge, until};

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_refuses_is_told_apart() {
    for (status, code, told, detail) in [
        (404, "NoSuchBucket", 502, "origin-misconfigured"),
        (301, "PermanentRedirect", 502, "origin-misconfigured"),
        (307, "TemporaryRedirect", 502, "origin-misconfigured"),
        (
            400,
            "AuthorizationHeaderMalformed",
            502,
            "origin-misconfigured",
        ),
        (403, "SignatureDoesNotMatch", 502, "origin-denied"),
        (403, "InvalidAccessKeyId", 502, "origin-denied"),
        (403, "RequestTimeTooSkewed", 502, "origin-denied"),
        (400, "ExpiredToken", 502, "origin-denied"),
        (401, "Unauthorized", 502, "origin-denied"),
        (403, "InvalidObjectState", 404, "origin-archived"),
        (400, "KeyTooLongError", 404, "origin-key-too-long"),
        (404, "NoSuchKey", 404, ""),
        (503, "SlowDown", 503, "origin-failed"),
        (500, "InternalError", 503, "origin-failed"),
        (501, "NotImplemented", 503, "origin-failed"),
        (418, "Teapot", 502, "origin-unasked"),
    ] {
        for method in ["GET", "HEAD"] {
            let document = format!(
                "<?xml version=\"1.0\"?><Error><Code>{code}</Code><BucketName>secret-bucket\
                 </BucketName><RequestId>SECRET</RequestId></Error>"
            );
            let fields = "server: AmazonS3\r\nx-amz-request-id: SECRET\r\n\
                          content-type: application/xml\r\nlocation: http://secret-bucket/\r\n";
            let answer = Reply::status(status, fields, &document);
            let headless = Reply::Send(
                format!("HTTP/1.1 {status} X\r\n{fields}transfer-encoding: chunked\r\n\r\n")
                    .into_bytes(),
            );
            let origin = ScriptedOrigin::start([]).await;
            if method == "HEAD" {
                origin.then(headless);
            }
            origin.then(answer);
            let edge = EdgeOptions::new(&origin.url())
                .edge("debug_headers = true\n")
                .start()
                .await;
            let given = edge.request(method, "/a", &[]).await;
            // The status alone tells a HEAD enough, but for 403 and 404.
            let same =
                method == "GET" || matches!(status, 403 | 404 | 301 | 307 | 418 | 401 | 500..);
            if same {
                assert_eq!(given.status, told, "{method} {code}");
                let shown = given.field("cache-status");
                assert!(shown.contains(detail), "{method} {code}: {shown}");
            }
            assert_eq!(given.cache(), "Error", "{method} {code}");
            let everything = format!("{:?} {}", given.fields, given.text());
            for own in [
                "SECRET",
                "secret-bucket",
                "AmazonS3",
                "x-amz",
                "<Error>",
                "xml",
            ] {
                assert!(!everything.contains(own), "{method} {code}: {everything}");
            }
            let stored = edge.edge.engine().memory.usage().objects;
            assert_eq!(stored, u64::from(told == 404 && method == "GET"), "{code}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_slows_down_is_a_503() {
    let bucket = TestBucket::start().await;
    bucket.put("a", "hello").await;
    let edge = TestEdge::start(&bucket).await;
    bucket
        .faults()
        .fail_next_of("a", 2, StatusCode::SERVICE_UNAVAILABLE, "SlowDown");
    for fields in [&[][..], &[("range", "bytes=0-1")]] {
        let refused = edge.get_with("/a", fields).await;
        assert_eq!(
            (refused.status, refused.field("retry-after").as_str()),
            (503, "1")
        );
        assert!(!refused.text().contains("SlowDown"));
    }
    assert_eq!(edge.get("/a").await.text(), "hello");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_secret_makes_the_edge_not_ready() {
    let bucket = TestBucket::start().await;
    bucket.put("index.html", "home").await;
    let edge = EdgeOptions::of(&bucket)
        .edge("debug_headers = true\n")
        .secret("not-the-secret-of-the-edge")
        .start()
        .await;
    for path in ["/", "/nope"] {
        let refused = edge.get(path).await;
        assert_eq!((refused.status, refused.cache().as_str()), (502, "Error"));
        assert!(
            refused
                .field("cache-status")
                .ends_with("; detail=origin-denied")
        );
        assert!(!refused.text().contains("Signature"), "{}", refused.text());
    }
    until("the store has refused the edge", || {
        edge.edge.not_ready() == ["origin site: the store refuses the credentials"]
    })
    .await;
    let ready = Client::connect(edge.edge.admin_address())
        .await
        .get("/readyz")
        .await;
    assert_eq!(ready.status, 503);
    assert_eq!(ready.json()["ready"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_is_not_there_is_a_502() {
    let bucket = TestBucket::start().await;
    let edge = EdgeOptions::of(&bucket)
        .edge("debug_headers = true\n")
        .start()
        .await;
    bucket
        .faults()
        .fail_all(Some((StatusCode::NOT_FOUND, "NoSuchBucket")));
    for method in ["GET", "HEAD"] {
        let refused = edge.request(method, "/a", &[]).await;
        assert_eq!(refused.status, 502, "{method}");
        assert!(
            refused
                .field("cache-status")
                .ends_with("; detail=origin-misconfigured"),
            "{}",
            refused.field("cache-status")
        );
    }
}
