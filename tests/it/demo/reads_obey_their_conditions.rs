//! GET and HEAD with ranges and preconditions, and the fields that come back.

use aws_sdk_s3::primitives::{ByteStream, DateTime};

use super::raw::{Answer, Request};
use super::{BUCKET, Scene, edge, publisher, scene};

const BODY: &[u8] = b"0123456789";
/// MD5 of [`BODY`], by md5sum.
const ETAG: &str = "\"781e5e245d69b566979b86e28d23f2c7\"";

async fn published() -> Scene {
    let scene = scene().await;
    let put = scene
        .publisher
        .put_object()
        .bucket(BUCKET)
        .key("a")
        .body(ByteStream::from_static(BODY));
    put.content_type("text/plain")
        .cache_control("max-age=60")
        .content_encoding("identity")
        .content_disposition("inline")
        .content_language("de")
        .expires(DateTime::from_secs(1_900_000_000))
        .metadata("tide", "high")
        .send()
        .await
        .unwrap();
    scene
}

async fn read(scene: &Scene, method: &'static str, fields: &[(&str, &str)]) -> Answer {
    let mut request = Request::new(method, "/harbour/a").by(edge());
    for (name, value) in fields {
        request = request.header(name, *value);
    }
    request.send(scene.bucket.addr()).await
}

#[tokio::test]
async fn a_whole_read_tells_all_that_was_stored() {
    let scene = published().await;
    for method in ["GET", "HEAD"] {
        let answer = read(&scene, method, &[]).await;
        assert_eq!(answer.status, 200);
        for (name, value) in [
            ("content-length", "10"),
            ("content-type", "text/plain"),
            ("cache-control", "max-age=60"),
            ("content-encoding", "identity"),
            ("content-disposition", "inline"),
            ("content-language", "de"),
            ("expires", "Sun, 17 Mar 2030 17:46:40 GMT"),
            ("x-amz-meta-tide", "high"),
            ("accept-ranges", "bytes"),
            ("etag", ETAG),
        ] {
            assert_eq!(answer.header(name), Some(value), "{method} {name}");
        }
        assert_eq!(answer.header("content-range"), None);
        assert!(answer.header("x-amz-request-id").is_some());
        assert!(answer.header("server").is_some());
        let modified = answer.header("last-modified").unwrap();
        assert!(httpdate::parse_http_date(modified).is_ok(), "{modified}");
        assert_eq!(answer.body, if method == "GET" { BODY } else { b"" });
    }
}

#[tokio::test]
async fn without_a_type_an_object_is_binary() {
    let scene = scene().await;
    // Not through the SDK, which always sends a type.
    let put = Request::new("PUT", "/harbour/a").by(publisher());
    assert_eq!(put.send(scene.bucket.addr()).await.status, 200);
    let answer = read(&scene, "GET", &[]).await;
    assert_eq!(answer.header("content-type"), Some("binary/octet-stream"));
    assert_eq!(answer.header("content-length"), Some("0"));
    assert_eq!(answer.header("cache-control"), None);
    assert_eq!(
        read(&scene, "GET", &[("range", "bytes=0-")]).await.status,
        416
    );
    assert_eq!(
        read(&scene, "GET", &[("range", "bytes=-5")]).await.status,
        416
    );
}

#[tokio::test]
async fn a_range_gives_its_part() {
    let scene = published().await;
    for (range, content_range, part) in [
        ("bytes=0-0", "bytes 0-0/10", "0"),
        ("bytes=2-5", "bytes 2-5/10", "2345"),
        ("bytes=7-", "bytes 7-9/10", "789"),
        ("bytes=7-99", "bytes 7-9/10", "789"),
        ("bytes=-3", "bytes 7-9/10", "789"),
        ("bytes=-99", "bytes 0-9/10", "0123456789"),
    ] {
        for method in ["GET", "HEAD"] {
            let answer = read(&scene, method, &[("range", range)]).await;
            assert_eq!(answer.status, 206, "{method} {range}");
            assert_eq!(
                answer.header("content-range"),
                Some(content_range),
                "{method} {range}"
            );
            assert_eq!(
                answer.header("content-length"),
                Some(&*part.len().to_string()),
                "{method} {range}"
            );
            assert_eq!(answer.header("etag"), Some(ETAG));
            let expected = if method == "GET" { part } else { "" };
            assert_eq!(answer.body, expected.as_bytes(), "{method} {range}");
        }
    }
    for range in ["bytes=10-", "bytes=10-12", "bytes=-0"] {
        let answer = read(&scene, "GET", &[("range", range)]).await;
        assert_eq!(
            (answer.status, answer.code()),
            (416, "InvalidRange"),
            "{range}"
        );
        assert_eq!(
            answer.header("content-range"),
            Some("bytes */10"),
            "{range}"
        );
    }
}

#[tokio::test]
async fn preconditions_decide_before_the_range() {
    let scene = published().await;
    let modified = read(&scene, "HEAD", &[])
        .await
        .header("last-modified")
        .unwrap()
        .to_owned();
    let long_ago = "Sat, 01 Jan 2000 00:00:00 GMT";
    let table: &[(&[(&str, &str)], u16)] = &[
        (&[("if-match", ETAG)], 200),
        (&[("if-match", "\"other\"")], 412),
        (&[("if-match", ETAG), ("range", "bytes=0-1")], 206),
        (&[("if-match", "\"other\""), ("range", "bytes=0-1")], 412),
        (&[("if-none-match", ETAG)], 304),
        (&[("if-none-match", "\"other\"")], 200),
        (&[("if-none-match", ETAG), ("range", "bytes=0-1")], 304),
        (&[("if-modified-since", &modified)], 304),
        (&[("if-modified-since", long_ago)], 200),
        (&[("if-unmodified-since", &modified)], 200),
        (&[("if-unmodified-since", long_ago)], 412),
        (
            &[("if-match", ETAG), ("if-unmodified-since", long_ago)],
            200,
        ),
        (
            &[
                ("if-none-match", "\"other\""),
                ("if-modified-since", &modified),
            ],
            200,
        ),
        (&[("if-range", ETAG), ("range", "bytes=0-1")], 206),
        (&[("if-range", "\"other\""), ("range", "bytes=0-1")], 200),
        (&[("if-match", "\"other\""), ("if-none-match", ETAG)], 412),
    ];
    for (fields, status) in table {
        for method in ["GET", "HEAD"] {
            let answer = read(&scene, method, fields).await;
            assert_eq!(answer.status, *status, "{method} {fields:?}");
            if method == "GET" && *status == 412 {
                assert_eq!(answer.code(), "PreconditionFailed", "{fields:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_304_has_the_fields_of_a_200_that_matter_and_no_body() {
    let scene = published().await;
    let answer = read(&scene, "GET", &[("if-none-match", ETAG)]).await;
    assert_eq!((answer.status, answer.body.len()), (304, 0));
    assert_eq!(answer.header("etag"), Some(ETAG));
    assert_eq!(answer.header("cache-control"), Some("max-age=60"));
    assert_eq!(
        answer.header("expires"),
        Some("Sun, 17 Mar 2030 17:46:40 GMT")
    );
    assert!(answer.header("last-modified").is_some());
    for absent in ["content-type", "content-length", "transfer-encoding"] {
        assert_eq!(answer.header(absent), None, "{absent}");
    }
}

#[tokio::test]
async fn a_large_body_comes_whole() {
    let scene = scene().await;
    let body: Vec<u8> = (0..300_000_u32).flat_map(u32::to_be_bytes).collect();
    scene.put("large", body.clone()).await;
    assert!(scene.get("large").await == Ok(body));
}
