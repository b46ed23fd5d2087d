//! A bucket that only the edge reads passes every check, and keeps what it had and nothing more.

use super::Setup;
use crate::harness::TestBucket;

#[tokio::test(flavor = "multi_thread")]
async fn a_private_bucket_is_healthy() {
    let bucket = TestBucket::start().await;
    bucket.put("index.html", "home").await;
    bucket.log().clear();
    let setup = Setup::new(&bucket.url());
    let found = setup.findings(&[]).await;
    assert_eq!(found.code, Some(0), "{found:#?}");
    assert_eq!(
        found.with("pass"),
        [
            "credentials",
            "address",
            "connection",
            "clock",
            "region",
            "signed-request",
            "root-object E1",
            "missing-key",
            "edge-list",
            "edge-put",
            "edge-delete",
            "anonymous-get",
            "anonymous-head",
            "anonymous-list",
            "anonymous-put",
            "anonymous-delete",
            "wrong-signature",
        ]
    );
    assert_eq!(found.checks.len(), found.with("pass").len(), "{found:#?}");
    found.expect(
        "credentials",
        "pass",
        &["the variable EDGE_ACCESS_KEY", "key id edge", "static"],
    );
    found.expect("address", "pass", &["path style"]);
    found.expect("missing-key", "pass", &["403", "maps them to 404"]);
    found.expect("wrong-signature", "pass", &["SignatureDoesNotMatch"]);

    let log = bucket.log().all();
    for method in ["PUT", "DELETE"] {
        let tried: Vec<_> = log.iter().filter(|entry| entry.method == method).collect();
        assert_eq!(tried.len(), 2, "as nobody and as the edge");
        for entry in tried {
            let key = entry.key.as_deref().unwrap();
            assert!(key.starts_with(".seawall-doctor-"), "{key}");
            assert_eq!(entry.status.map(|status| status.as_u16()), Some(403));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_gets_a_line_for_each_check() {
    let bucket = TestBucket::start().await;
    bucket.put("index.html", "home").await;
    let run = Setup::new(&bucket.url()).run(&["--origin", "site"]).await;
    assert_eq!(run.code, Some(0), "{}{}", run.stdout, run.stderr);
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert_eq!(lines[0], "origin site: bucket site in local");
    assert_eq!(lines.len(), 19);
    for line in &lines[1..18] {
        assert!(line.starts_with("ok    "), "{line}");
    }
    assert_eq!(lines[18], "17 ok, 0 warned, 0 failed, 0 not tried");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edge_that_may_list_is_worth_a_word_and_no_failure() {
    let bucket = TestBucket::start().await;
    bucket.put("index.html", "home").await;
    bucket.faults().list_allowed(true);
    let found = Setup::new(&bucket.url()).findings(&[]).await;
    assert_eq!(found.code, Some(0), "{found:#?}");
    assert_eq!(found.with("warn"), ["edge-list"]);
    found.expect(
        "edge-list",
        "warn",
        &["200", "s3:ListBucket", "seawall policy"],
    );
    found.expect("missing-key", "pass", &["404 NoSuchKey"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn hidden_404s_that_are_not_mapped_are_worth_a_word() {
    let bucket = TestBucket::start().await;
    bucket.put("index.html", "home").await;
    let setup = Setup::new(&bucket.url()).origin("missing = \"off\"");
    let found = setup.findings(&[]).await;
    assert_eq!(
        (found.code, found.with("warn")),
        (Some(0), vec!["missing-key"])
    );
    found.expect("missing-key", "warn", &["502", "missing = \"auto\""]);
}
