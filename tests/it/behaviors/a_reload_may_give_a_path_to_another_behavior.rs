//! After a reload a path may be another behaviour's. What was kept of it is dead if it could come from
//! somewhere else now, and goes on living if it could not.

use super::{api, options, page, site, site_and_api};

#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_changes_its_origin_is_asked_for_anew() {
    let objects = [("api/a", "of the bucket"), ("b", "b")];
    let none = String::new();
    let narrow = [site("/api/a", ""), api("/api/*", "")].concat();
    let wide = [api("/api/*", ""), site("/api*", "")].concat();
    for (before, after, texts) in [
        (&none, &wide, ["of the bucket", "of the api"]),
        (&narrow, &wide, ["of the bucket", "of the api"]),
        (&wide, &narrow, ["of the api", "of the bucket"]),
        (&wide, &none, ["of the api", "of the bucket"]),
    ] {
        let (bucket, web, mut edge) = site_and_api(&objects, [page("of the api")], before).await;
        assert_eq!(edge.get("/api/a").await.text(), texts[0]);
        assert_eq!(edge.get("/api/a").await.cache(), "Hit");
        let config = options(&bucket, &web, after).config(&edge.data);
        edge.edge.reload(config).await.unwrap();
        let fetched = edge.get("/api/a").await;
        assert_eq!(
            (fetched.cache().as_str(), &*fetched.text()),
            ("Miss", texts[1])
        );
        assert_eq!(edge.get("/api/a").await.cache(), "Hit");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_applications_do_not_answer_for_each_other() {
    let (bucket, one, mut edge) = site_and_api(&[], [page("of one")], &api("/api/*", "")).await;
    let two = crate::harness::ScriptedOrigin::start([page("of two")]).await;
    assert_eq!(edge.get("/api/a").await.text(), "of one");
    let more = format!(
        "[origins.other]\ntype = \"http\"\nurl = \"{}\"\n",
        two.url()
    );
    let other = "[[distributions.behaviors]]\npath = \"/api/a\"\norigin = \"other\"\n";
    let both = [other, &api("/api/*", "")].concat();
    let config = options(&bucket, &one, &both).more(&more).config(&edge.data);
    edge.edge.reload(config).await.unwrap();
    assert_eq!(edge.get("/api/a").await.text(), "of two");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_come_from_elsewhere_is_kept() {
    let before = api("/api/*", "");
    // Other lifetimes and methods, for paths that are asked for where they were.
    let after = [
        api("/api/*", "methods = \"standard\""),
        site("*.jpg", "default_ttl = \"1m\""),
    ]
    .concat();
    let (bucket, web, mut edge) =
        site_and_api(&[("a.jpg", "image")], [page("of the api")], &before).await;
    for path in ["/a.jpg", "/api/a"] {
        edge.get(path).await;
    }
    let config = options(&bucket, &web, &after).config(&edge.data);
    edge.edge.reload(config).await.unwrap();
    for path in ["/a.jpg", "/api/a"] {
        assert_eq!(edge.get(path).await.cache(), "Hit", "{path}");
    }
    assert_eq!(web.count(), 1);
}
