//! A policy is applied as answers leave: another one holds for what is stored at once, and nothing that is
//! stored is lost for it.

use super::{APP, EVIL, LISTED, options, page, sharing, with_policy};

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_changes_what_is_said_of_stored_objects() {
    let (origin, mut edge) = with_policy(LISTED, [page("server: x\r\nx-team: theirs\r\n")]).await;
    let first = edge.get_with("/a", &[APP]).await;
    assert_eq!(
        (first.cache().as_str(), first.field("server").as_str()),
        ("Miss", "x")
    );
    let other = "cors = { origins = [\"https://evil.test\"] }\nremove = [\"Server\"]\n\
                 set = [{ name = \"X-Team\", value = \"web\" }]";
    let config = options(&origin, other).config(&edge.data);
    edge.edge.reload(config).await.unwrap();
    for (asks, told) in [(APP, ""), (EVIL, EVIL.1)] {
        let kept = edge.get_with("/a", &[asks]).await;
        assert_eq!(kept.cache(), "Hit");
        assert_eq!(kept.field("access-control-allow-origin"), told);
        assert_eq!(kept.field("x-team"), "web");
        assert!(!kept.has("server"));
    }
    // Back again: what was removed for viewers is still there.
    let config = options(&origin, LISTED).config(&edge.data);
    edge.edge.reload(config).await.unwrap();
    let kept = edge.get_with("/a", &[EVIL]).await;
    assert_eq!(
        (kept.cache().as_str(), kept.field("server").as_str()),
        ("Hit", "x")
    );
    assert_eq!(kept.field("x-team"), "theirs");
    assert_eq!(sharing(&kept), [""; 0]);
    assert_eq!(origin.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_stored_before_there_was_a_policy_is_no_exception() {
    let theirs = "access-control-allow-origin: https://evil.test\r\n";
    let (origin, mut edge) = with_policy("remove = [\"X-Other\"]", [page(theirs)]).await;
    assert_eq!(
        edge.get("/a").await.field("access-control-allow-origin"),
        EVIL.1
    );
    let config = options(&origin, LISTED).config(&edge.data);
    edge.edge.reload(config).await.unwrap();
    let kept = edge.get_with("/a", &[EVIL]).await;
    assert_eq!(kept.cache(), "Hit");
    assert_eq!(sharing(&kept), [""; 0]);
}
