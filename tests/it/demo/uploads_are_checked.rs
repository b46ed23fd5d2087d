//! What a put promises about its body must hold, and what it asks for must be done or refused.

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::ChecksumAlgorithm;

use super::raw::Request;
use super::{BUCKET, no, publisher, refusal, scene};

#[tokio::test]
async fn a_body_that_was_not_signed_is_not_stored() {
    let scene = scene().await;
    let mut put = Request::new("PUT", "/harbour/a").by(publisher());
    put.body = b"forged".to_vec();
    put.payload = Some("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855".into());
    let answer = put.send(scene.bucket.addr()).await;
    assert_eq!(
        (answer.status, answer.code()),
        (400, "XAmzContentSHA256Mismatch")
    );
    assert_eq!(
        scene.get_as(&scene.publisher, "a").await,
        Err(no(404, "NoSuchKey"))
    );
}

#[tokio::test]
async fn a_wrong_checksum_is_a_bad_digest() {
    let scene = scene().await;
    let put = || {
        scene
            .publisher
            .put_object()
            .bucket(BUCKET)
            .key("a")
            .body(ByteStream::from_static(b"123456789"))
    };
    // The check value of CRC-32 over "123456789" is cbf43926.
    put().checksum_crc32("y/Q5Jg==").send().await.unwrap();
    let wrong = put().checksum_crc32("AAAAAA==").send().await;
    assert_eq!(refusal(wrong.unwrap_err()), no(400, "BadDigest"));
    for algorithm in ChecksumAlgorithm::values() {
        let algorithm = ChecksumAlgorithm::from(*algorithm);
        if ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"].contains(&algorithm.as_str()) {
            let sent = put().checksum_algorithm(algorithm.clone()).send().await;
            assert!(sent.is_ok(), "{algorithm:?}: {sent:?}");
        }
    }
}

#[tokio::test]
async fn a_checksum_behind_the_body_counts_too() {
    let scene = scene().await;
    for (sum, status, code) in [("y/Q5Jg==", 200, ""), ("AAAAAA==", 400, "BadDigest")] {
        let mut put = Request::new("PUT", "/harbour/a")
            .by(publisher())
            .header("x-amz-trailer", "x-amz-checksum-crc32")
            .header("x-amz-decoded-content-length", "9");
        put.payload = Some("STREAMING-UNSIGNED-PAYLOAD-TRAILER".into());
        put.body =
            format!("9\r\n123456789\r\n0\r\nx-amz-checksum-crc32:{sum}\r\n\r\n").into_bytes();
        let answer = put.send(scene.bucket.addr()).await;
        assert_eq!((answer.status, answer.code()), (status, code), "{sum}");
    }
    assert_eq!(scene.get("a").await, Ok(b"123456789".to_vec()));
}

#[tokio::test]
async fn only_the_first_creator_wins() {
    let scene = scene().await;
    let create = |body: &'static [u8]| {
        let put = scene
            .publisher
            .put_object()
            .bucket(BUCKET)
            .key("a")
            .if_none_match("*");
        put.body(ByteStream::from_static(body)).send()
    };
    let first = create(b"first").await.unwrap();
    assert_eq!(
        refusal(create(b"second").await.unwrap_err()),
        no(412, "PreconditionFailed")
    );
    let replace = |etag: &str| {
        let put = scene
            .publisher
            .put_object()
            .bucket(BUCKET)
            .key("a")
            .if_match(etag);
        put.body(ByteStream::from_static(b"third")).send()
    };
    assert_eq!(
        refusal(replace("\"other\"").await.unwrap_err()),
        no(412, "PreconditionFailed")
    );
    assert_eq!(scene.get("a").await, Ok(b"first".to_vec()));
    replace(first.e_tag().unwrap()).await.unwrap();
    assert_eq!(scene.get("a").await, Ok(b"third".to_vec()));
}

#[tokio::test]
async fn what_would_be_ignored_is_refused() {
    let scene = scene().await;
    for (field, value) in [
        ("x-amz-acl", "public-read"),
        ("x-amz-storage-class", "GLACIER"),
        ("x-amz-server-side-encryption", "AES256"),
        ("x-amz-tagging", "a=b"),
        ("content-md5", "1B2M2Y8AsgTpgAmY7PhCfg=="),
        ("if-none-match", "\"x\""),
    ] {
        let put = Request::new("PUT", "/harbour/a")
            .by(publisher())
            .header(field, value);
        let answer = put.send(scene.bucket.addr()).await;
        assert_eq!(
            (answer.status, answer.code()),
            (501, "NotImplemented"),
            "{field}"
        );
    }
    let multipart = Request::new("POST", "/harbour/a?uploads").by(publisher());
    assert_eq!(
        multipart.send(scene.bucket.addr()).await.code(),
        "NotImplemented"
    );
    assert_eq!(
        scene.get_as(&scene.publisher, "a").await,
        Err(no(404, "NoSuchKey"))
    );
}

#[tokio::test]
async fn an_object_beyond_the_limit_is_refused_before_its_body_is_read() {
    let scene = scene().await;
    let length = seawall::demo::bucket::MAX_OBJECT_BYTES + 1;
    // The body never comes: the announcement must be enough.
    let mut put = Request::new("PUT", "/harbour/a").by(publisher());
    put.announced = Some(length);
    let answer = put.send(scene.bucket.addr()).await;
    assert_eq!((answer.status, answer.code()), (400, "EntityTooLarge"));
}
