//! Nobody but the edge reads the bucket: strangers get 403 from it, and the object from the edge.

use crate::harness::store::{REGION, edge_identity};
use crate::harness::{Client, bucket_and_edge};
use seawall::demo::bucket::Identity;
use seawall::demo::site;

#[tokio::test(flavor = "multi_thread")]
async fn the_bucket_is_private() {
    let (bucket, edge) = bucket_and_edge(&[("a.txt", "hello")]).await;
    for target in [
        "/site/a.txt",
        "/site/a.txt?acl",
        "/site",
        "/site/?list-type=2",
    ] {
        for fields in [
            &[][..],
            &[("x-forwarded-for", "127.0.0.1")],
            &[(
                "authorization",
                "AWS4-HMAC-SHA256 Credential=edge/20260101/local/s3/aws4_request, SignedHeaders=host, Signature=00",
            )],
        ] {
            let refused = Client::connect(bucket.addr())
                .await
                .request("GET", target, fields, "")
                .await;
            assert!(
                matches!(refused.status, 400 | 403),
                "{target} {fields:?}: {}",
                refused.status
            );
            assert!(!refused.text().contains("hello"));
            if fields.is_empty() {
                assert_eq!(refused.status, 403, "{target}");
            }
        }
    }
    let strangers = [
        Identity {
            access_key: "stranger".into(),
            secret_key: "a-secret-of-its-own".into(),
        },
        Identity {
            secret_key: "a-wrong-secret".into(),
            ..edge_identity()
        },
    ];
    for stranger in strangers {
        let read = site::client(&bucket.url(), REGION, &stranger)
            .get_object()
            .bucket("site")
            .key("a.txt")
            .send()
            .await;
        let status = read.err().and_then(|error| {
            error
                .raw_response()
                .map(|response| response.status().as_u16())
        });
        assert_eq!(status, Some(403));
    }
    let answer = edge.get("/a.txt").await;
    assert_eq!((answer.status, answer.text().as_str()), (200, "hello"));
}
