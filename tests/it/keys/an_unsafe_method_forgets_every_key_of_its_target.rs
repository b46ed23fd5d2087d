//! With fields in the key a target has many objects. What changes it makes all of them invalid (RFC 9111
//! section 4.4), whoever sent it.

use super::{is, told};
use crate::harness::{EdgeOptions, Reply, ScriptedOrigin};

#[tokio::test(flavor = "multi_thread")]
async fn an_unsafe_method_forgets_every_key_of_its_target() {
    let page = |body| Reply::ok("cache-control: max-age=60\r\n", body);
    let changed = Reply::ok("location: /b?utm_source=x\r\n", "");
    let replies = [
        page("ann's"),
        page("bob's"),
        page("bob's b"),
        changed,
        page("new"),
        page("new b"),
    ];
    let origin = ScriptedOrigin::start(replies).await;
    let edge = EdgeOptions::web(&origin.url())
        .distribution("cache_policy = \"own\"\nmethods = \"standard\"")
        .more("[cache_policies.own]\nbase = \"IgnoreTracking\"\ncookies = { allow = [\"u\"] }")
        .start()
        .await;
    let (ann, bob) = ([("cookie", "u=ann")], [("cookie", "u=bob")]);
    assert_eq!(told(&edge.get_with("/a", &ann).await), is("Miss", "ann's"));
    assert_eq!(told(&edge.get_with("/a", &bob).await), is("Miss", "bob's"));
    assert_eq!(
        told(&edge.get_with("/b", &bob).await),
        is("Miss", "bob's b")
    );
    assert_eq!(edge.request("POST", "/a?gclid=1", &ann).await.status, 200);
    assert_eq!(told(&edge.get_with("/a", &bob).await), is("Miss", "new"));
    assert_eq!(told(&edge.get_with("/b", &bob).await), is("Miss", "new b"));
}
