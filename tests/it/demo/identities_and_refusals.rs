//! Who gets in: the edge to read, the publisher to publish, and nobody else to anything.

use std::time::Duration;

use aws_sdk_s3::presigning::PresigningConfig;
use seawall::demo::bucket::Bucket;
use seawall::demo::site;

use super::raw::Request;
use super::{BUCKET, REGION, edge, identity, no, options, publisher, refusal, scene};

#[tokio::test]
async fn strangers_are_refused_whatever_they_try() {
    let scene = scene().await;
    scene.put("a", "kept").await;
    let addr = scene.bucket.addr();
    for (method, target) in [
        ("GET", "/harbour/a"),
        ("GET", "/harbour/missing"),
        ("GET", "/harbour?list-type=2"),
        ("GET", "/harbour?policy"),
        ("GET", "/harbour/a?acl"),
        ("GET", "/harbour?uploads"),
        ("GET", "/"),
        ("GET", "/other/a"),
        ("PUT", "/harbour/a"),
        ("PUT", "/harbour/new"),
        ("PUT", "/harbour"),
        ("PUT", "/harbour?policy"),
        ("DELETE", "/harbour/a"),
        ("DELETE", "/harbour"),
        ("POST", "/harbour?delete"),
    ] {
        let answer = Request::new(method, target).send(addr).await;
        assert_eq!(
            (answer.status, answer.code()),
            (403, "AccessDenied"),
            "{method} {target}"
        );
    }
    let head = Request::new("HEAD", "/harbour/a").send(addr).await;
    assert_eq!((head.status, head.body.len()), (403, 0));
    assert_eq!(
        scene.get("a").await,
        Ok(b"kept".to_vec()),
        "nothing has changed"
    );
    assert_eq!(scene.get("new").await, Err(no(403, "AccessDenied")));
}

#[tokio::test]
async fn an_unsigned_form_uploads_nothing() {
    let scene = scene().await;
    let mut form =
        Request::new("POST", "/harbour").header("content-type", "multipart/form-data; boundary=x");
    form.body = b"--x\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\na\r\n--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nhi\r\n--x--\r\n".to_vec();
    let answer = form.send(scene.bucket.addr()).await;
    assert_eq!((answer.status, answer.code()), (403, "AccessDenied"));
    let missing = scene.get_as(&scene.publisher, "a").await;
    assert_eq!(missing, Err(no(404, "NoSuchKey")));
}

#[tokio::test]
async fn the_edge_reads_objects_and_nothing_else() {
    let scene = scene().await;
    scene.put("a", "kept").await;
    assert_eq!(scene.get("a").await, Ok(b"kept".to_vec()));
    let head = scene
        .edge
        .head_object()
        .bucket(BUCKET)
        .key("a")
        .send()
        .await
        .unwrap();
    assert_eq!(head.content_length(), Some(4));
    for (method, target) in [
        ("PUT", "/harbour/a"),
        ("PUT", "/harbour/new"),
        ("DELETE", "/harbour/a"),
        ("GET", "/harbour?list-type=2"),
        ("GET", "/harbour"),
        ("GET", "/harbour?policy"),
        ("GET", "/harbour/a?acl"),
        ("GET", "/harbour/a?versionId=null"),
        ("GET", "/"),
        ("GET", "/other/a"),
        ("PUT", "/harbour"),
        ("POST", "/harbour/a?uploads"),
    ] {
        let request = Request::new(method, target).by(edge());
        let answer = request.send(scene.bucket.addr()).await;
        assert_eq!(
            (answer.status, answer.code()),
            (403, "AccessDenied"),
            "{method} {target}"
        );
    }
    assert_eq!(
        scene.get("a").await,
        Ok(b"kept".to_vec()),
        "nothing has changed"
    );
}

#[tokio::test]
async fn a_missing_key_hides_behind_403_until_listing_is_allowed() {
    let scene = scene().await;
    let hidden = no(403, "AccessDenied");
    let missing = no(404, "NoSuchKey");
    assert_eq!(scene.get("x").await, Err(hidden.clone()));
    assert_eq!(
        scene.get_as(&scene.publisher, "x").await,
        Err(missing.clone())
    );
    let head = Request::new("HEAD", "/harbour/x").by(edge());
    assert_eq!(head.send(scene.bucket.addr()).await.status, 403);
    let list = Request::new("GET", "/harbour?list-type=2").by(edge());
    assert_eq!(list.send(scene.bucket.addr()).await.status, 403);

    scene.bucket.faults().list_allowed(true);
    assert_eq!(scene.get("x").await, Err(missing));
    assert_eq!(head.send(scene.bucket.addr()).await.status, 404);
    assert_eq!(list.send(scene.bucket.addr()).await.status, 200);
    let put = Request::new("PUT", "/harbour/x").by(edge());
    assert_eq!(
        put.send(scene.bucket.addr()).await.status,
        403,
        "listing is not writing"
    );

    scene.bucket.faults().list_allowed(false);
    assert_eq!(scene.get("x").await, Err(hidden));
}

#[tokio::test]
async fn a_policy_taken_away_shuts_the_edge_out_and_only_the_edge() {
    let scene = scene().await;
    scene.put("a", "kept").await;
    scene.bucket.faults().list_allowed(true);
    scene.bucket.faults().deny_edge(true);
    for key in ["a", "missing"] {
        assert_eq!(scene.get(key).await, Err(no(403, "AccessDenied")), "{key}");
    }
    assert_eq!(
        scene.get_as(&scene.publisher, "a").await,
        Ok(b"kept".to_vec())
    );
    scene.bucket.faults().deny_edge(false);
    assert_eq!(scene.get("a").await, Ok(b"kept".to_vec()));
}

#[tokio::test]
async fn a_signature_must_be_of_a_known_key_and_right() {
    let scene = scene().await;
    scene.put("a", "kept").await;
    let url = scene.bucket.url();
    let unknown = site::client(&url, REGION, &identity("NOBODY"));
    assert_eq!(
        scene.get_as(&unknown, "a").await,
        Err(no(403, "InvalidAccessKeyId"))
    );
    let mut wrong = edge();
    wrong.secret_key.push('x');
    let wrong = site::client(&url, REGION, &wrong);
    assert_eq!(
        scene.get_as(&wrong, "a").await,
        Err(no(403, "SignatureDoesNotMatch"))
    );
}

#[tokio::test]
async fn a_signature_counts_for_its_own_request_only() {
    let scene = scene().await;
    scene.put("a", "kept").await;
    let addr = scene.bucket.addr();
    let right = Request::new("GET", "/harbour/a").by(edge());
    assert_eq!(right.send(addr).await.body, b"kept");

    let for_another = |signed: &str| Request {
        signed_target: Some(signed.into()),
        ..right.clone()
    };
    for signed in ["/harbour/b", "/other/a", "/harbour/a?x=1"] {
        let answer = for_another(signed).send(addr).await;
        assert_eq!(
            (answer.status, answer.code()),
            (403, "SignatureDoesNotMatch"),
            "{signed}"
        );
    }

    for (minutes, code) in [
        (-16, "RequestTimeTooSkewed"),
        (16, "RequestTimeTooSkewed"),
        (-14, ""),
        (14, ""),
    ] {
        let request = Request {
            clock: time::Duration::minutes(minutes),
            ..right.clone()
        };
        let answer = request.send(addr).await;
        assert_eq!(answer.code(), code, "{minutes} minutes");
        assert_eq!(
            answer.status,
            if code.is_empty() { 200 } else { 403 },
            "{minutes} minutes"
        );
    }

    for (region, service) in [("us-east-1", "s3"), (REGION, "sts")] {
        let request = Request {
            region: region.into(),
            service: service.into(),
            ..right.clone()
        };
        let answer = request.send(addr).await;
        assert_eq!(
            (answer.status, answer.code()),
            (400, "AuthorizationHeaderMalformed"),
            "{region} {service}"
        );
        assert_eq!(answer.header("x-amz-bucket-region"), Some(REGION));
    }
}

#[tokio::test]
async fn a_presigned_address_works_and_leaves_no_signature_in_the_log() {
    let scene = scene().await;
    scene.put("a b", "kept").await;
    let expiry = PresigningConfig::expires_in(Duration::from_secs(60)).unwrap();
    let presigned = scene
        .edge
        .get_object()
        .bucket(BUCKET)
        .key("a b")
        .presigned(expiry)
        .await
        .unwrap();
    let target = presigned.uri().strip_prefix(&scene.bucket.url()).unwrap();
    let answer = Request::new("GET", target).send(scene.bucket.addr()).await;
    assert_eq!((answer.status, answer.body), (200, b"kept".to_vec()));

    let entry = scene.bucket.log().all().pop().unwrap();
    assert_eq!(entry.access_key.as_deref(), Some("EDGE"));
    assert_eq!(entry.key.as_deref(), Some("a b"));
    assert!(
        entry.target.contains("X-Amz-Signature=-"),
        "{}",
        entry.target
    );

    let forged = Request::new("GET", &target.replace("a%20b", "c"));
    assert_eq!(
        forged.send(scene.bucket.addr()).await.code(),
        "SignatureDoesNotMatch"
    );
}

#[tokio::test]
async fn the_bucket_exists_once_it_was_created_and_there_is_no_other() {
    let bucket = Bucket::start(options()).await.unwrap();
    let reader = site::client(&bucket.url(), REGION, &edge());
    let writer = site::client(&bucket.url(), REGION, &publisher());
    let got = reader.get_object().bucket(BUCKET).key("a").send().await;
    assert_eq!(refusal(got.unwrap_err()), no(404, "NoSuchBucket"));
    let head = writer.head_bucket().bucket(BUCKET).send().await;
    assert_eq!(refusal(head.unwrap_err()).0, 404);

    writer.create_bucket().bucket(BUCKET).send().await.unwrap();
    writer.head_bucket().bucket(BUCKET).send().await.unwrap();
    let again = writer.create_bucket().bucket(BUCKET).send().await;
    assert_eq!(
        refusal(again.unwrap_err()),
        no(409, "BucketAlreadyOwnedByYou")
    );
    let other = writer.create_bucket().bucket("another").send().await;
    assert_eq!(refusal(other.unwrap_err()), no(403, "AccessDenied"));
    let tagging = Request::new("GET", "/harbour?tagging").by(publisher());
    assert_eq!(tagging.send(bucket.addr()).await.code(), "NotImplemented");
}
