//! With the session in the key everybody has an object of their own, and others' cookies change nothing.

use super::{is, keyed, told};
use crate::harness::{EdgeOptions, Reply, ScriptedOrigin, field};

#[tokio::test(flavor = "multi_thread")]
async fn two_users_never_share() {
    let own = "[cache_policies.own]\ncookies = { allow = [\"session\", \"lang\"] }";
    let lines = "cache_policy = \"own\"";
    let (origin, edge) = keyed(own, lines, &["ann's", "bob's", "nobody's"]).await;
    for (cookie, word, body, sent) in [
        (
            "_ga=1; session=ann; lang=de",
            "Miss",
            "ann's",
            "lang=de; session=ann",
        ),
        ("lang=de; session=ann", "Hit", "ann's", ""),
        ("session=ann;lang=de; _ga=2; x", "Hit", "ann's", ""),
        (
            "session=bob; lang=de",
            "Miss",
            "bob's",
            "lang=de; session=bob",
        ),
        ("_ga=1; Session=ann", "Miss", "nobody's", ""),
    ] {
        let answer = edge.get_with("/", &[("cookie", cookie)]).await;
        assert_eq!(told(&answer), is(word, body), "{cookie}");
        if word == "Miss" {
            assert_eq!(field(&origin.last(), "cookie"), sent, "{cookie}");
        }
    }
    assert_eq!(told(&edge.get("/").await), is("Hit", "nobody's"));
    // In lines of their own they are the same cookies.
    let lines = [("cookie", "session=bob"), ("cookie", "lang=de")];
    assert_eq!(told(&edge.get_with("/", &lines).await), is("Hit", "bob's"));
}

/// Without a lifetime of its own an answer to a cookie is stored only if all cookies that went are in the key.
#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_beside_the_key_is_not_in_what_is_kept() {
    let own = r#"
[cache_policies.own]
base = "RFC9111"
cookies = { allow = ["session"] }
[origin_requests.more]
cookies = { allow = ["seen"] }
"#;
    let modified = "last-modified: Wed, 01 Jul 2020 00:00:00 GMT\r\n";
    let replies = ["1", "2", "3"].map(|body| Reply::ok(modified, body));
    let origin = ScriptedOrigin::start(replies).await;
    let edge = EdgeOptions::web(&origin.url())
        .distribution("cache_policy = \"own\"\norigin_request = \"more\"")
        .more(own)
        .edge("debug_headers = true")
        .start()
        .await;
    let get = async |cookie: &str| edge.get_with("/", &[("cookie", cookie)]).await;
    let beside = get("session=ann; seen=1").await;
    assert_eq!(field(&origin.last(), "cookie"), "seen=1; session=ann");
    let status = beside.field("cache-status");
    assert!(status.contains("detail=unkeyed-cookie"), "{status}");
    assert_eq!(told(&get("session=ann; other=1").await), is("Miss", "2"));
    assert_eq!(told(&get("session=ann").await), is("Hit", "2"));
    assert_eq!(told(&get("session=bob").await), is("Miss", "3"));
}
