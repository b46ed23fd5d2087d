//! What an own policy keeps of a query is keyed and forwarded, byte for byte; all else is dropped.

use super::{is, keyed, targets, told};

const POLICY: &str = "cache_policy = \"own\"";

#[tokio::test(flavor = "multi_thread")]
async fn of_a_list_only_what_is_on_it() {
    let own = "[cache_policies.own]\nquery = { allow = [\"page\", \"filter*\"] }";
    let (origin, edge) = keyed(own, POLICY, &["1", "2", "3"]).await;
    assert_eq!(told(&edge.get("/?x=1&page=1").await), is("Miss", "1"));
    assert_eq!(told(&edge.get("/?page=1&Page=2").await), is("Hit", "1"));
    assert_eq!(told(&edge.get("/?page=%31").await), is("Miss", "2"));
    let both = edge.get("/?filter%5Ba%5D=x&y&page=1").await;
    assert_eq!(told(&both), is("Miss", "3"));
    assert_eq!(
        targets(&origin),
        ["/?page=1", "/?page=%31", "/?filter%5Ba%5D=x&page=1"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn of_all_but_a_list_what_is_not_on_it() {
    let own = "[cache_policies.own]\nquery = { except = [\"session\"] }";
    let (origin, edge) = keyed(own, POLICY, &["1", "2"]).await;
    assert_eq!(told(&edge.get("/?session=1&a&b").await), is("Miss", "1"));
    assert_eq!(told(&edge.get("/?a&session&b").await), is("Hit", "1"));
    // Unless it is sorted, order tells apart.
    assert_eq!(told(&edge.get("/?b&a").await), is("Miss", "2"));
    assert_eq!(targets(&origin), ["/?a&b", "/?b&a"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn sorted_by_name_and_equal_names_in_their_order() {
    let own = "[cache_policies.own]\nsort_query = true";
    let (origin, edge) = keyed(own, POLICY, &["1", "2"]).await;
    assert_eq!(told(&edge.get("/?b=1&a=2&a=1").await), is("Miss", "1"));
    assert_eq!(told(&edge.get("/?a=2&b=1&a=1").await), is("Hit", "1"));
    assert_eq!(told(&edge.get("/?a=1&b=1&a=2").await), is("Miss", "2"));
    assert_eq!(targets(&origin), ["/?a=2&a=1&b=1", "/?a=1&a=2&b=1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn or_none_at_all() {
    let own = "[cache_policies.own]\nquery = \"none\"";
    let (origin, edge) = keyed(own, POLICY, &["1"]).await;
    assert_eq!(told(&edge.get("/a?x=1").await), is("Miss", "1"));
    for path in ["/a", "/a?", "/a?y&z"] {
        assert_eq!(told(&edge.get(path).await), is("Hit", "1"), "{path}");
    }
    assert_eq!(targets(&origin), ["/a"]);
}
