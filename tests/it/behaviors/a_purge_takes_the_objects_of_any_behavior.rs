//! What is purged is a path of a distribution, whichever behaviour brought the object.

use super::{api, page, site, site_and_api};

#[tokio::test(flavor = "multi_thread")]
async fn a_purge_takes_the_objects_of_any_behavior() {
    let behaviors = [api("/api/*", ""), site("*.jpg", "default_ttl = \"1h\"")].concat();
    for (purge, gone) in [
        (&["/*"][..], &["/a", "/b.jpg", "/api/c?x"][..]),
        (&["/api/*"], &["/api/c?x"]),
        (&["/api/c"], &["/api/c?x"]),
        (&["/b.jpg"], &["/b.jpg"]),
        (&["/a"], &["/a"]),
    ] {
        let (_bucket, _web, edge) = site_and_api(
            &[("a", "a"), ("b.jpg", "b")],
            [page("c"), page("c")],
            &behaviors,
        )
        .await;
        let paths = ["/a", "/b.jpg", "/api/c?x"];
        for path in paths {
            assert_eq!(edge.get(path).await.cache(), "Miss", "{path}");
            assert_eq!(edge.get(path).await.cache(), "Hit", "{path}");
        }
        edge.purge(purge).await;
        for path in paths {
            let expected = if gone.contains(&path) { "Miss" } else { "Hit" };
            assert_eq!(edge.get(path).await.cache(), expected, "{purge:?} {path}");
        }
    }
}
