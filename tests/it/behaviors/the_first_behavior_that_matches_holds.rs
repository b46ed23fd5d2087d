//! Patterns are tried in the order of the file; the path counts, with its letter case and without its
//! query; what no pattern takes is the distribution's own.

use super::{api, page, site, site_and_api};

#[tokio::test(flavor = "multi_thread")]
async fn the_first_behavior_that_matches_holds() {
    let behaviors = [
        site("/api/docs/*", ""),
        api("/api/*", ""),
        site("*.jpg", ""),
        api("/img/?.*", ""),
    ]
    .concat();
    let objects = [
        ("api/docs/a", "object"),
        ("API/a", "object"),
        ("img/a.jpg", "object"),
        ("img/ab.png", "object"),
        ("api", "object"),
        ("x/api/a", "object"),
        ("a", "object"),
    ];
    let (_bucket, _web, edge) =
        site_and_api(&objects, (0..3).map(|_| page("page")), &behaviors).await;
    for (path, expected) in [
        ("/api/a", "page"),
        ("/api/docs", "page"),
        ("/img/a.png", "page"),
        ("/api/docs/a", "object"),
        ("/API/a", "object"),
        ("/img/a.jpg", "object"),
        ("/img/ab.png", "object"),
        ("/api", "object"),
        ("/x/api/a", "object"),
        ("/a?/api/", "object"),
        ("/a?x=.jpg", "object"),
    ] {
        assert_eq!(edge.get(path).await.text(), expected, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_form_of_the_target_makes_no_difference() {
    let (_bucket, _web, edge) =
        site_and_api(&[("api/a", "object")], [page("page")], &api("/api/*", "")).await;
    for target in ["http://localhost/api/a", "/api/a"] {
        assert_eq!(edge.get(target).await.text(), "page", "{target}");
    }
}
