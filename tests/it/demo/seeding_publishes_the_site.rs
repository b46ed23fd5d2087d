//! The sample site in the bucket: complete, typed, and readable by the edge.

use seawall::demo::bucket::Bucket;
use seawall::demo::site::{self, DOWNLOAD_BYTES, DOWNLOAD_KEY, SeedError};

use super::raw::Request;
use super::{BUCKET, REGION, edge, options, publisher};

#[tokio::test]
async fn the_whole_site_is_there_and_can_be_published_again() {
    let bucket = Bucket::start(options()).await.unwrap();
    let writer = site::client(&bucket.url(), REGION, &publisher());
    let seeded = site::seed(&writer, BUCKET).await.unwrap();
    assert!(seeded.bytes > DOWNLOAD_BYTES);
    for (key, content_type, cache_control) in [
        (
            "index.html",
            "text/html; charset=utf-8",
            "public, max-age=60",
        ),
        (
            "guide/index.html",
            "text/html; charset=utf-8",
            "public, max-age=60",
        ),
        (
            "assets/site.css",
            "text/css; charset=utf-8",
            "public, max-age=86400",
        ),
        (
            "assets/lighthouse.png",
            "image/png",
            "public, max-age=86400",
        ),
        (
            DOWNLOAD_KEY,
            "application/octet-stream",
            "public, max-age=3600",
        ),
    ] {
        assert!(seeded.keys.iter().any(|seeded| seeded == key), "{key}");
        let head = Request::new("HEAD", &format!("/{BUCKET}/{key}")).by(edge());
        let answer = head.send(bucket.addr()).await;
        assert_eq!(answer.status, 200, "{key}");
        assert_eq!(answer.header("content-type"), Some(content_type), "{key}");
        assert_eq!(answer.header("cache-control"), Some(cache_control), "{key}");
    }
    let again = site::seed(&writer, BUCKET).await.unwrap();
    assert_eq!(again, seeded);
}

#[tokio::test]
async fn any_piece_of_the_download_tells_where_it_belongs() {
    let bucket = Bucket::start(options()).await.unwrap();
    let writer = site::client(&bucket.url(), REGION, &publisher());
    site::seed(&writer, BUCKET).await.unwrap();
    let offset = 5_000_000 / 64 * 64;
    let get = Request::new("GET", &format!("/{BUCKET}/{DOWNLOAD_KEY}")).by(edge());
    let range = format!("bytes={offset}-{}", offset + 63);
    let line = get.header("range", range).send(bucket.addr()).await.body;
    assert_eq!(
        String::from_utf8(line).unwrap(),
        site::download_line(offset)
    );
}

#[tokio::test]
async fn whoever_may_not_publish_learns_that_trying_again_is_no_use() {
    let bucket = Bucket::start(options()).await.unwrap();
    let reader = site::client(&bucket.url(), REGION, &edge());
    let error = site::seed(&reader, BUCKET).await.unwrap_err();
    assert!(
        matches!(&error, SeedError::Create { bucket, .. } if bucket == BUCKET),
        "{error:?}"
    );
    assert!(!error.is_retryable());

    let url = bucket.url();
    bucket.stop().await;
    let writer = site::client(&url, REGION, &publisher());
    assert!(
        site::seed(&writer, BUCKET)
            .await
            .unwrap_err()
            .is_retryable(),
        "nobody was there"
    );
}
