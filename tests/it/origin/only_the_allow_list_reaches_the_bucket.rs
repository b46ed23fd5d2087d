//! Of what a viewer sends, the bucket sees the key, Range and the If-* fields, and nothing else.

use crate::harness::{Reply, TestBucket, TestEdge, scripted};

const SENT: [(&str, &str); 14] = [
    ("cookie", "session=secret"),
    (
        "authorization",
        "AWS4-HMAC-SHA256 Credential=mine/20260101/local/s3/aws4_request",
    ),
    ("proxy-authorization", "Basic dTpw"),
    ("x-amz-acl", "public-read"),
    ("x-amz-copy-source", "/site/other"),
    ("x-amz-security-token", "mine"),
    ("x-amz-date", "20200101T000000Z"),
    ("x-amz-content-sha256", "mine"),
    ("x-forwarded-for", "10.9.8.7"),
    ("x-forwarded-host", "evil.example"),
    ("x-http-method-override", "DELETE"),
    ("accept-encoding", "br, gzip"),
    ("referer", "https://evil.example/"),
    ("user-agent", "viewer/1"),
];

const ALLOWED: [&str; 7] = [
    "authorization",
    "host",
    "range",
    "user-agent",
    "x-amz-content-sha256",
    "x-amz-date",
    "if-match",
];

#[tokio::test(flavor = "multi_thread")]
async fn fields_and_queries() {
    let mut names = 0;
    for (method, target, condition) in [
        ("GET", "/a?list-type=2", None),
        ("GET", "/a?acl", None),
        ("GET", "/a?uploads", None),
        ("GET", "/a?versionId=1&partNumber=2", None),
        ("GET", "/a?X-Amz-Signature=mine&X-Amz-Credential=mine", None),
        ("GET", "/a?response-content-type=text/html", None),
        ("HEAD", "/a?acl", None),
        ("GET", "/a?acl", Some(("range", "bytes=0-1"))),
        ("GET", "/a?acl", Some(("if-match", "\"v1\""))),
    ] {
        let (origin, edge) = scripted([Reply::error(404, "NoSuchKey")]).await;
        // A HEAD is asked again as GET, since only that has a document.
        origin.then(Reply::error(404, "NoSuchKey"));
        let fields: Vec<_> = SENT.into_iter().chain(condition).collect();
        assert_eq!(edge.request(method, target, &fields).await.status, 404);
        let heads = origin.requests();
        assert!(!heads.is_empty());
        for head in heads {
            let mut lines = head.trim_end().split("\r\n");
            let line = lines.next().unwrap();
            assert!(
                line == "GET /site/a HTTP/1.1" || line == "HEAD /site/a HTTP/1.1",
                "{line}"
            );
            for line in lines {
                let (name, value) = line.split_once(": ").unwrap();
                let name = name.to_ascii_lowercase();
                assert!(ALLOWED.contains(&&*name), "{line}");
                assert!(
                    !SENT.contains(&(&*name, value)),
                    "the viewer's own {name} came through"
                );
                names += 1;
            }
        }
    }
    assert!(names > 40, "the fields were there to be looked at: {names}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_other_method() {
    let bucket = TestBucket::start().await;
    bucket.put("a", "hello").await;
    bucket.faults().list_allowed(true);
    let edge = TestEdge::start(&bucket).await;
    edge.ready().await;
    bucket.log().clear();
    for method in [
        "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "TRACE", "PURGE", "LIST",
    ] {
        let answer = edge.request(method, "/a", &SENT).await;
        assert_eq!(answer.status, 405, "{method}");
        assert_eq!(answer.field("allow"), "GET, HEAD");
    }
    let mut asked = bucket.log().all();
    // The edge asks for a random key on its own account.
    asked.retain(|entry| !entry.target.contains("/seawall-probe-"));
    assert!(asked.is_empty(), "{asked:?}");

    // A body of a GET is not forwarded either.
    let answer = edge
        .connect()
        .await
        .request("GET", "/a", &[], "<Delete/>")
        .await;
    assert_eq!((answer.status, answer.text().as_str()), (200, "hello"));
    let asked = bucket.asked("a");
    assert_eq!(asked.header("content-length"), None);
    assert_eq!(asked.header("transfer-encoding"), None);
}
