//! Security fields and fields of one's own are set, others removed, on every kind of answer; what the edge
//! keeps knows nothing of it.

use super::{page, with_policy};
use crate::harness::{Answer, Protocol, Reply, Viewer};

const POLICY: &str = r#"
remove = ["Server", "X-Powered-By"]
set = [
  { name = "X-Team", value = "web" },
  { name = "X-Kept", value = "ours", override = false },
  { name = "Cache-Control", value = "no-cache" },
]
[response_headers.app.security]
content_type_options = true
frame_options = "DENY"
referrer_policy = "same-origin"
content_security_policy = "default-src 'self'"
xss_protection = "0"
strict_transport_security = { max_age = "365d", include_subdomains = true, preload = true }
override = ["content_type_options", "frame_options"]
"#;

const THEIRS: &str = "etag: \"1\"\r\nserver: secret/1.0\r\nx-powered-by: a\r\nx-powered-by: b\r\n\
                      x-team: theirs\r\nx-kept: theirs\r\nx-frame-options: SAMEORIGIN\r\n\
                      referrer-policy: origin\r\n";

#[tokio::test(flavor = "multi_thread")]
async fn fields_are_set_and_removed_on_their_way_out() {
    for protocol in Protocol::BOTH {
        let (_origin, edge) = with_policy(POLICY, [page(THEIRS)]).await;
        let mut viewer = Viewer::connect(&edge, protocol).await;
        for cache in ["Miss", "Hit"] {
            let answer = viewer.get("/a").await;
            assert_eq!(answer.cache(), cache);
            for (name, value) in [
                ("server", ""),
                ("x-powered-by", ""),
                ("x-team", "web"),
                ("x-kept", "theirs"),
                ("x-content-type-options", "nosniff"),
                ("x-frame-options", "DENY"),
                ("referrer-policy", "origin"),
                ("content-security-policy", "default-src 'self'"),
                ("x-xss-protection", "0"),
                (
                    "strict-transport-security",
                    "max-age=31536000; includeSubDomains; preload",
                ),
            ] {
                assert_eq!(answer.field(name), value, "{protocol:?} {cache} {name}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_304_carries_what_the_whole_answer_would_and_unsays_nothing_of_it() {
    let (origin, edge) = with_policy(POLICY, [page(THEIRS)]).await;
    edge.get("/a").await;
    let condition = [("if-none-match", "\"1\"")];
    let stored = edge.get_with("/a", &condition).await;
    assert_eq!(stored.cache(), "Hit");
    assert_unchanged(&stored);
    // What is not kept is compared by the edge too, and is the edge's 304.
    origin.then(Reply::ok(
        &format!("cache-control: no-store\r\n{THEIRS}"),
        "page",
    ));
    assert_unchanged(&edge.get_with("/b", &condition).await);
}

fn assert_unchanged(unchanged: &Answer) {
    assert_eq!(unchanged.status, 304);
    for (name, value) in [
        ("x-team", "web"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("cache-control", "no-cache"),
        ("content-security-policy", "default-src 'self'"),
        // The browser has the origin's, which stays.
        ("x-kept", ""),
        ("referrer-policy", ""),
    ] {
        assert_eq!(unchanged.field(name), value, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn cache_control_is_for_browsers_and_the_edge_keeps_what_it_kept() {
    for value in ["no-store", "private", "max-age=0"] {
        let lines = format!("set = [{{ name = \"Cache-Control\", value = \"{value}\" }}]");
        let (origin, edge) = with_policy(&lines, [page("")]).await;
        for cache in ["Miss", "Hit"] {
            let answer = edge.get("/a").await;
            assert_eq!(answer.cache(), cache);
            assert_eq!(answer.field("cache-control"), value);
        }
        assert_eq!(origin.count(), 1);
    }
    // Nor does it make the edge keep what it must not.
    let lines = "set = [{ name = \"Cache-Control\", value = \"max-age=60\" }]";
    let no_store = || Reply::ok("cache-control: no-store\r\n", "page");
    let (origin, edge) = with_policy(lines, [no_store(), no_store()]).await;
    for _ in 0..2 {
        assert_eq!(edge.get("/a").await.field("cache-control"), "max-age=60");
    }
    assert_eq!(origin.count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_edge_words_itself_gets_the_fields_and_keeps_its_own() {
    let lines = "set = [{ name = \"Cache-Control\", value = \"max-age=60\" }, { name = \"X-Team\", value = \"web\" }]\n\
                 remove = [\"Allow\"]";
    let (_origin, edge) =
        with_policy(lines, [Reply::SendAndClose(b"nonsense\r\n\r\n".to_vec())]).await;
    let failed = edge.get("/a").await;
    assert_eq!(
        (failed.status, failed.field("cache-control").as_str()),
        (502, "no-store")
    );
    assert_eq!(failed.field("x-team"), "web");
    let refused = edge.request("DELETE", "/a", &[]).await;
    assert_eq!(
        (refused.status, refused.field("allow").as_str()),
        (405, "GET, HEAD")
    );
    assert_eq!(refused.field("x-team"), "web");
}
