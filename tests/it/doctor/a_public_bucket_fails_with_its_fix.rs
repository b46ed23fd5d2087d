//! What anybody may do is a failure, each with what closes it; what was written is deleted again.

use super::{MadeUp, Setup, plain, private, refused};

/// A store that lets everybody do everything.
fn open(head: &str) -> String {
    match head.split(' ').next() {
        Some("DELETE") => plain(204),
        Some("GET") if head.contains(".seawall-doctor-") => refused(head, 404, "NoSuchKey", ""),
        _ => plain(200),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_anybody_may_do_fails() {
    let store = MadeUp::start(open).await;
    let found = Setup::new(&store.url()).findings(&[]).await;
    assert_eq!(found.code, Some(1));
    assert_eq!(
        found.with("fail"),
        [
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
    for name in ["get", "head", "list", "put", "delete"] {
        let fix = [
            "mc anonymous set none STORE/site",
            "seawall policy --config",
        ];
        found.expect(&format!("anonymous-{name}"), "fail", &fix);
    }
    found.expect("anonymous-put", "fail", &["was deleted again"]);
    let put = store.requests("PUT ");
    assert_eq!(put.len(), 2);
    for head in put {
        let path = head.split(' ').nth(1).unwrap();
        let deleted = store.requests(&format!("DELETE {path} "));
        assert_eq!(deleted.len(), 1, "{path} is still there");
        // An object that was public before is not touched.
        assert!(path.starts_with("/site/.seawall-doctor-"), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_deleted_again_is_named() {
    let store = MadeUp::start(|head| {
        if head.starts_with("PUT ") && !head.contains("Signature=") {
            plain(200)
        } else {
            private(head)
        }
    })
    .await;
    let found = Setup::new(&store.url()).findings(&[]).await;
    assert_eq!(
        (found.code, found.with("fail")),
        (Some(1), vec!["anonymous-put"])
    );
    found.expect(
        "anonymous-put",
        "fail",
        &["the empty object .seawall-doctor-", "could not be deleted"],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_minds_the_digest_alone_would_have_written() {
    let store = MadeUp::start(|head| {
        if head.starts_with("PUT ") && !head.contains("Signature=") {
            assert!(head.contains("content-md5: "), "{head}");
            refused(head, 400, "BadDigest", "")
        } else {
            private(head)
        }
    })
    .await;
    let found = Setup::new(&store.url()).findings(&[]).await;
    assert_eq!(
        (found.code, found.with("fail")),
        (Some(1), vec!["anonymous-put"])
    );
    found.expect("anonymous-put", "fail", &["anybody writes objects"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_no_refusal_proves_nothing() {
    let store = MadeUp::start(|head| {
        if head.starts_with("GET /site/index.html ") && !head.contains("Signature=") {
            refused(head, 503, "SlowDown", "")
        } else {
            private(head)
        }
    })
    .await;
    let found = Setup::new(&store.url()).findings(&[]).await;
    assert_eq!(
        (found.code, found.with("fail")),
        (Some(1), vec!["anonymous-get"])
    );
    found.expect("anonymous-get", "fail", &["not proven: 503 SlowDown"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_never_is_a_word_and_what_changes_is_refused_still() {
    let store = MadeUp::start(|head| {
        let root = head.split(' ').nth(1) == Some("/site/index.html");
        if root && (head.starts_with("GET ") || head.starts_with("HEAD ")) {
            plain(200)
        } else {
            refused(head, 403, "AccessDenied", "")
        }
    })
    .await;
    let setup = Setup::new(&store.url()).origin("signing = \"never\"");
    let found = setup.findings(&[]).await;
    assert_eq!(found.code, Some(0), "{found:#?}");
    assert_eq!(
        found.with("warn"),
        ["credentials", "anonymous-get", "anonymous-head"]
    );
    assert!(
        store
            .requests("")
            .iter()
            .all(|head| !head.contains("Signature="))
    );
}
