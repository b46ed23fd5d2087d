//! A purge path with a query takes what a request for it would get: only what is in the key counts.

use super::{is, keyed, told};

const OWN: &str = "[cache_policies.own]\nquery = { except = [\"utm_*\"] }\nsort_query = true";

#[tokio::test(flavor = "multi_thread")]
async fn a_purge_path_means_what_a_request_would() {
    for (purged, gone) in [
        ("/p?a=1&b=2", "/p?a=1&b=2"),
        ("/p?b=2&utm_source=x&a=1", "/p?a=1&b=2"),
        ("/p?utm_source=x", "/p"),
        ("/p?", "/p"),
    ] {
        let lines = "cache_policy = \"own\"";
        let (_origin, edge) = keyed(OWN, lines, &["both", "none", "new"]).await;
        assert_eq!(told(&edge.get("/p?b=2&a=1").await), is("Miss", "both"));
        assert_eq!(told(&edge.get("/p?utm_source=y").await), is("Miss", "none"));
        assert_eq!(edge.purge(&[purged]).await["objects"], 1, "{purged}");
        assert_eq!(told(&edge.get(gone).await), is("Miss", "new"), "{purged}");
        let (kept, body) = match gone {
            "/p" => ("/p?a=1&b=2", "both"),
            _ => ("/p", "none"),
        };
        assert_eq!(told(&edge.get(kept).await), is("Hit", body), "{purged}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_user_s_answer_goes_by_its_path() {
    let own = "[cache_policies.own]\nquery = \"none\"\ncookies = \"all\"";
    let lines = "cache_policy = \"own\"";
    let (_origin, edge) = keyed(own, lines, &["ann's", "bob's", "new"]).await;
    let (ann, bob) = ([("cookie", "u=ann")], [("cookie", "u=bob")]);
    assert_eq!(
        told(&edge.get_with("/p?x", &ann).await),
        is("Miss", "ann's")
    );
    assert_eq!(told(&edge.get_with("/p", &bob).await), is("Miss", "bob's"));
    // No query is in the key, so any stands for all.
    assert_eq!(edge.purge(&["/p?y"]).await["objects"], 2);
    assert_eq!(told(&edge.get_with("/p", &bob).await), is("Miss", "new"));
}
