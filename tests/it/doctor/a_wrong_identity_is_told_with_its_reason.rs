//! No credentials, a wrong secret, a key id that nobody knows: one failure with its own fix.

use super::Setup;
use crate::harness::TestBucket;

#[tokio::test(flavor = "multi_thread")]
async fn without_credentials_nobody_is_asked_still() {
    let bucket = TestBucket::start().await;
    bucket.put("index.html", "home").await;
    let found = Setup::new(&bucket.url())
        .credentials("\"chain\"")
        .findings(&[])
        .await;
    assert_eq!(
        (found.code, found.with("fail")),
        (Some(1), vec!["credentials"]),
        "{found:#?}"
    );
    found.expect("credentials", "fail", &["none: ", "AWS_ACCESS_KEY_ID"]);
    found.expect("signed-request", "skip", &["there are no credentials"]);
    found.expect("anonymous-put", "pass", &["403"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_chain_tells_where_it_found_them() {
    let bucket = TestBucket::start().await;
    bucket.put("index.html", "home").await;
    let setup = Setup::new(&bucket.url()).credentials("\"chain\"");
    let secret = crate::harness::store::edge_identity().secret_key;
    let setup = setup
        .variable("AWS_ACCESS_KEY_ID", "edge")
        .variable("AWS_SECRET_ACCESS_KEY", &secret);
    let found = setup.findings(&[]).await;
    assert_eq!(found.code, Some(0), "{found:#?}");
    found.expect(
        "credentials",
        "pass",
        &["environment variables: key id edge, static"],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_of_another_key_is_told() {
    let bucket = TestBucket::start().await;
    bucket.put("index.html", "home").await;
    let setup = Setup::new(&bucket.url()).variable("EDGE_SECRET_KEY", "quite-another-secret");
    let run = setup.run(&["--json"]).await;
    assert!(
        !run.stdout.contains("quite-another-secret"),
        "{}",
        run.stdout
    );
    let found = super::Findings::of(&run);
    assert_eq!(
        (found.code, found.with("fail")),
        (Some(1), vec!["signed-request"]),
        "{found:#?}"
    );
    found.expect(
        "signed-request",
        "fail",
        &[
            "SignatureDoesNotMatch",
            "the secret that belongs to edge",
            "EDGE_SECRET_KEY",
        ],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_id_that_nobody_knows_is_told() {
    let bucket = TestBucket::start().await;
    let setup = Setup::new(&bucket.url()).variable("EDGE_ACCESS_KEY", "nobody");
    let found = setup.findings(&[]).await;
    assert_eq!(
        (found.code, found.with("fail")),
        (Some(1), vec!["signed-request"]),
        "{found:#?}"
    );
    found.expect(
        "signed-request",
        "fail",
        &[
            "InvalidAccessKeyId",
            "put keys that exist",
            "EDGE_ACCESS_KEY",
        ],
    );
}
