//! A default root object that is not there: said plainly where the store tells, and hinted at where it hides.

use super::Setup;
use crate::harness::TestBucket;

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_tells_gives_the_line_that_uploads_it() {
    let bucket = TestBucket::start().await;
    bucket.faults().list_allowed(true);
    let setup = Setup::new(&bucket.url())
        .origin("prefix = \"public/\"")
        .distribution("root_object = \"start.html\"");
    let found = setup.findings(&[]).await;
    assert_eq!(
        (found.code, found.with("fail")),
        (Some(1), vec!["root-object E1"]),
        "{found:#?}"
    );
    found.expect(
        "root-object E1",
        "fail",
        &[
            "404 NoSuchKey: there is no start.html",
            "aws s3 cp FILE s3://site/public/start.html",
            "root_object",
        ],
    );
    // Without an object that can be read, a refusal of nobody proves little.
    found.expect("anonymous-get", "warn", &["proves little"]);
    found.expect("wrong-signature", "skip", &["not tried"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_it_is_hidden_both_are_said() {
    let bucket = TestBucket::start().await;
    let found = Setup::new(&bucket.url()).findings(&[]).await;
    assert_eq!(
        (found.code, found.with("fail")),
        (Some(1), vec!["root-object E1"]),
        "{found:#?}"
    );
    found.expect(
        "root-object E1",
        "fail",
        &[
            "a policy refuses the edge",
            "seawall policy",
            "a missing index.html looks the same",
        ],
    );
    found.expect("missing-key", "skip", &["means nothing"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_distribution_may_have_none() {
    let bucket = TestBucket::start().await;
    let setup = Setup::new(&bucket.url()).distribution("root_object = \"\"");
    let found = setup.findings(&[]).await;
    assert_eq!(found.code, Some(0), "{found:#?}");
    found.expect("root-object", "warn", &["no read was tried"]);
}
