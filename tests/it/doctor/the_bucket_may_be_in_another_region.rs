//! A wrong region is a failure with the line to write; the rest is examined in the right one.

use super::Setup;
use crate::harness::TestBucket;

#[tokio::test(flavor = "multi_thread")]
async fn the_bucket_may_be_in_another_region() {
    let bucket = TestBucket::start().await;
    bucket.put("index.html", "home").await;
    let setup = Setup::new(&bucket.url()).region("eu-west-9");
    let found = setup.findings(&[]).await;
    assert_eq!(
        (found.code, found.with("fail")),
        (Some(1), vec!["region"]),
        "{found:#?}"
    );
    found.expect(
        "region",
        "fail",
        &[
            "in local, not in eu-west-9",
            "write region = \"local\" into [origins.site]",
        ],
    );
    found.expect("root-object E1", "pass", &["GET 206, HEAD 200"]);
}
