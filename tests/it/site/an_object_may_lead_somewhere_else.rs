//! An object with `x-amz-website-redirect-location` is a 301, kept as long as the object.

use super::{asked, site};
use crate::harness::{EdgeOptions, Reply, ScriptedOrigin};

#[tokio::test(flavor = "multi_thread")]
async fn it_is_a_redirect_however_it_is_asked_for() {
    let (bucket, edge) = site(&[], "").await;
    bucket.put_redirect("old", "/new?a=b", "max-age=60").await;
    asked(&bucket);
    let ranged = [("range", "bytes=0-9")];
    // What is not kept yet is passed on, and then it is kept.
    for (method, fields, cache) in [
        ("HEAD", &[][..], "Miss"),
        ("GET", &ranged[..], "Miss"),
        ("GET", &[], "Miss"),
        ("GET", &[], "Hit"),
        ("HEAD", &[], "Hit"),
        ("GET", &ranged, "Hit"),
        ("GET", &[("if-none-match", "*")], "Hit"),
    ] {
        let answer = edge.request(method, "/old", fields).await;
        assert_eq!(
            (answer.status, &*answer.field("location"), &*answer.cache()),
            (301, "/new?a=b", cache),
            "{method} {fields:?}"
        );
        assert_eq!(answer.field("cache-control"), "max-age=60");
        assert_eq!(
            (&*answer.field("content-length"), answer.body.len()),
            ("0", 0)
        );
        assert!(!answer.has("content-type"), "{:?}", answer.fields);
        assert!(!answer.has("x-amz-website-redirect-location"));
        assert!(
            answer
                .field("cache-status")
                .contains("detail=object-redirect")
        );
    }
    // It is validated as the object that it is.
    edge.advance(61);
    let again = edge.get("/old").await;
    assert_eq!((again.status, again.cache().as_str()), (301, "RefreshHit"));
    assert_eq!(again.field("location"), "/new?a=b");
    bucket.put("old", "an object again").await;
    edge.purge(&["/old"]).await;
    assert_eq!(edge.get("/old").await.text(), "an object again");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_object_that_leads_nowhere_has_no_ranges() {
    let (bucket, edge) = site(&[("empty", "")], "").await;
    assert_eq!(
        edge.get_with("/empty", &[("range", "bytes=0-9")])
            .await
            .status,
        416
    );
    assert_eq!(asked(&bucket), ["empty", "empty"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_place_to_go_to_is_ignored_and_counted() {
    let places = [
        "//evil.test/",
        "javascript:alert(1)",
        "new",
        "/\\evil.test",
        "https://u@a.test/",
        "",
    ];
    let replies = places.map(|to| {
        Reply::ok(
            &format!("x-amz-website-redirect-location: {to}\r\n"),
            "body",
        )
    });
    let origin = ScriptedOrigin::start(replies).await;
    let edge = EdgeOptions::new(&origin.url()).start().await;
    for (at, to) in places.iter().enumerate() {
        let answer = edge.get(&format!("/{at}")).await;
        assert_eq!((answer.status, &*answer.text()), (200, "body"), "{to}");
        assert!(
            !answer.has("location") && !answer.has("x-amz-website-redirect-location"),
            "{to}"
        );
    }
    let counted = edge
        .metric("seawall_origin_redirects_ignored_total{origin=\"site\"}")
        .await;
    assert!((counted - places.len() as f64).abs() < 0.5, "{counted}");
}
