//! AccessDenied from the encryption key (KMS) asks for another document than one from the bucket's policy.

use super::{MadeUp, Setup, private, refused, signed_by};

async fn read_refused(code: &'static str, message: &'static str, words: &[&str]) {
    let store = MadeUp::start(move |head| {
        let status = if code == "AccessDenied" { 403 } else { 400 };
        if head.starts_with("GET /site/index.html ") && signed_by(head, "edge") {
            refused(head, status, code, message)
        } else {
            private(head)
        }
    })
    .await;
    let found = Setup::new(&store.url()).findings(&[]).await;
    assert_eq!(
        (found.code, found.with("fail")),
        (Some(1), vec!["root-object E1"]),
        "{found:#?}"
    );
    found.expect("root-object E1", "fail", words);
    let check = found.check("root-object E1").to_string();
    let of_kms = message.contains("kms") || code.starts_with("KMS.");
    assert_eq!(check.contains("KMS"), of_kms, "{check}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_message_tells() {
    let message =
        "User: arn:aws:sts::1:assumed-role/edge/i is not authorized to perform: kms:Decrypt";
    let words = ["may not decrypt", "--kms-key", "aws-kms-statement.json"];
    read_refused("AccessDenied", message, &words).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_code_tells() {
    read_refused("KMS.DisabledException", "", &["enable the key"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_says_neither() {
    let words = ["a policy refuses the edge", "seawall policy"];
    read_refused("AccessDenied", "Access Denied", &words).await;
}
