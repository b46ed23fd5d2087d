//! No store, no TLS, no authority file: one failure each with its fix, and the rest says why it was not tried.

use tokio::net::TcpListener;

use super::Setup;
use crate::harness::TestBucket;

#[tokio::test(flavor = "multi_thread")]
async fn nobody_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let setup = Setup::new(&format!("http://{address}"));
    let found = setup.findings(&["--foreign-profile", "x"]).await;
    assert_eq!(
        (found.code, found.with("fail")),
        (Some(1), vec!["connection"]),
        "{found:#?}"
    );
    found.expect("connection", "fail", &["refused", "start the store"]);
    assert_eq!(found.with("pass"), ["credentials", "address"]);
    assert_eq!(found.with("skip").len(), 15);
    found.expect(
        "foreign-profile",
        "skip",
        &["not tried: the store does not answer"],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_store_speaks_no_tls() {
    let bucket = TestBucket::start().await;
    let url = bucket.url().replace("http://", "https://");
    let found = Setup::new(&url).findings(&[]).await;
    assert_eq!(
        (found.code, found.with("fail")),
        (Some(1), vec!["connection"]),
        "{found:#?}"
    );
    found.expect("connection", "fail", &["http://"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_authorities_that_is_none_is_named() {
    let setup = Setup::new("https://127.0.0.1:1");
    let file = setup.file("ca.pem", "no certificate\n");
    let setup = setup.origin(&format!("ca_file = \"{file}\""));
    let found = setup.findings(&[]).await;
    assert_eq!(
        (found.code, found.with("fail")),
        (Some(1), vec!["address"]),
        "{found:#?}"
    );
    found.expect("address", "fail", &[&file, "found no certificate"]);
}
