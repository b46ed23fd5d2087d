//! `--foreign-profile`: an identity that the store knows and that is not the edge's gets nothing.

use super::{Findings, MadeUp, Setup, plain, private, signed_by};
use crate::harness::TestBucket;
use crate::harness::store::edge_identity;

const PROFILES: &str = "[other]\naws_access_key_id = other\naws_secret_access_key = other-secret\n\
                        [publisher]\naws_access_key_id = publisher\n\
                        aws_secret_access_key = publisher-secret-key-of-the-tests\n\
                        [same]\naws_access_key_id = edge\naws_secret_access_key = other-secret\n";

async fn examined(url: &str, profile: &str) -> Findings {
    let setup = Setup::new(url);
    let file = setup.file("profiles", PROFILES);
    let setup = setup.variable("AWS_SHARED_CREDENTIALS_FILE", &file);
    setup.findings(&["--foreign-profile", profile]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_for_what_it_may_is_the_proof() {
    let store = MadeUp::start(private).await;
    let found = examined(&store.url(), "other").await;
    assert_eq!(found.code, Some(0), "{found:#?}");
    found.expect("foreign-profile", "pass", &["refused: 403 AccessDenied"]);
    let tried = store.requests("GET /site/index.html ");
    assert!(tried.iter().any(|head| signed_by(head, "other")));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_reads_fails() {
    let bucket = TestBucket::start().await;
    bucket.put("index.html", "home").await;
    let found = examined(&bucket.url(), "publisher").await;
    assert_eq!(
        (found.code, found.with("fail")),
        (Some(1), vec!["foreign-profile"]),
        "{found:#?}"
    );
    found.expect(
        "foreign-profile",
        "fail",
        &["the key id publisher reads objects", "take its right"],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_the_store_does_not_know_proves_little() {
    let bucket = TestBucket::start().await;
    bucket.put("index.html", "home").await;
    let found = examined(&bucket.url(), "other").await;
    assert_eq!(
        (found.code, found.with("warn")),
        (Some(0), vec!["foreign-profile"])
    );
    found.expect(
        "foreign-profile",
        "warn",
        &["InvalidAccessKeyId", "for who it is"],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_edge_itself_and_a_profile_that_is_not_there_are_no_strangers() {
    let store = MadeUp::start(|head| {
        if signed_by(head, &edge_identity().access_key) && head.contains("index.html") {
            plain(200)
        } else {
            private(head)
        }
    })
    .await;
    for (profile, words) in [("same", "is the edge itself"), ("absent", "absent")] {
        let found = examined(&store.url(), profile).await;
        found.expect("foreign-profile", "fail", &[words]);
        assert_eq!(found.code, Some(1));
    }
}
