//! A policy is written once; behaviours that name it have it all, each with what it writes beside it.

use super::{is, targets, told};
use crate::harness::{EdgeOptions, Reply, ScriptedOrigin};

#[tokio::test(flavor = "multi_thread")]
async fn a_named_policy_is_used_by_many() {
    let policies = r#"
[[distributions.behaviors]]
path = "/a/*"
cache_policy = "page"
[[distributions.behaviors]]
path = "/b/*"
cache_policy = "page"
default_ttl = "10s"
[cache_policies.page]
default_ttl = "60s"
query = { allow = ["n"] }
"#;
    let origin =
        ScriptedOrigin::start(["a", "b", "b2", "other", "other2"].map(|body| Reply::ok("", body)));
    let origin = origin.await;
    let edge = EdgeOptions::web(&origin.url()).more(policies).start().await;
    assert_eq!(told(&edge.get("/a/?x&n=1").await), is("Miss", "a"));
    assert_eq!(told(&edge.get("/b/?n=1&x").await), is("Miss", "b"));
    edge.advance(30);
    assert_eq!(told(&edge.get("/a/?n=1").await), is("Hit", "a"));
    assert_eq!(told(&edge.get("/b/?n=1").await), is("Miss", "b2"));
    // Elsewhere the origin's type decides, and the whole query counts.
    assert_eq!(told(&edge.get("/c?x").await), is("Miss", "other"));
    assert_eq!(told(&edge.get("/c?y").await), is("Miss", "other2"));
    assert_eq!(
        targets(&origin),
        ["/a/?n=1", "/b/?n=1", "/b/?n=1", "/c?x", "/c?y"]
    );
}
