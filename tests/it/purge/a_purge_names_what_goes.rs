//! Exact paths, trailing `*`, everything; and the answer says how much went.

use crate::harness::{EdgeOptions, TestBucket, TestEdge, bucket_and_edge};

const OBJECTS: [(&str, &str); 6] = [
    ("index.html", "root"),
    ("img/a", "a"),
    ("img/b", "b"),
    ("img", "img"),
    ("image", "image"),
    ("caf\u{e9}", "cafe"),
];

async fn filled() -> (TestBucket, TestEdge) {
    let (bucket, edge) = bucket_and_edge(&OBJECTS).await;
    for path in ["/", "/img/a", "/img/b", "/img", "/image", "/caf%C3%A9"] {
        assert_eq!(edge.get(path).await.cache(), "Miss", "{path}");
    }
    (bucket, edge)
}

async fn gone(edge: &TestEdge) -> Vec<&'static str> {
    let mut gone = Vec::new();
    for path in [
        "/index.html",
        "/img/a",
        "/img/b",
        "/img",
        "/image",
        "/caf%C3%A9",
    ] {
        if edge.get(path).await.cache() == "Miss" {
            gone.push(path);
        }
    }
    gone
}

#[tokio::test(flavor = "multi_thread")]
async fn patterns_take_what_they_name() {
    let rows: [(&[&str], &[&str]); 10] = [
        (&["/img/a"], &["/img/a"]),
        (&["/img/*"], &["/img/a", "/img/b"]),
        (&["/img*"], &["/img/a", "/img/b", "/img"]),
        (&["/im*"], &["/img/a", "/img/b", "/img", "/image"]),
        // The default root object and `/` are one object: either path takes it.
        (&["/"], &["/index.html"]),
        (&["/index.html"], &["/index.html"]),
        // Spelled another way, the same path.
        (&["/%69mg/a"], &["/img/a"]),
        (&["/caf%c3%a9"], &["/caf%C3%A9"]),
        // A bucket's objects answer every query.
        (&["/img/a?v=1"], &["/img/a"]),
        (
            &["/img/", "/nothing", "/img/a", "/image"],
            &["/img/a", "/image"],
        ),
    ];
    for (paths, expected) in rows {
        let (_bucket, edge) = filled().await;
        let answer = edge.purge(paths).await;
        assert_eq!(answer["status"], "Completed");
        assert_eq!(answer["objects"], expected.len(), "{paths:?}");
        assert_eq!(
            answer["bytes"].as_u64().is_some_and(|bytes| bytes > 0),
            !expected.is_empty(),
            "{paths:?}"
        );
        assert_eq!(gone(&edge).await, expected, "{paths:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_goes() {
    for all in ["/*", "*"] {
        let (_bucket, edge) = filled().await;
        let answer = edge.purge(&[all]).await;
        assert_eq!(answer["objects"], OBJECTS.len(), "{all}");
        assert_eq!(gone(&edge).await.len(), OBJECTS.len(), "{all}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purge_of_one_distribution_leaves_the_others() {
    let bucket = TestBucket::start().await;
    bucket.put("page", "page").await;
    let edge = EdgeOptions::of(&bucket)
        .more("[[distributions]]\nid = \"E2\"\norigin = \"site\"\ndomains = [\"two.example\"]")
        .start()
        .await;
    let two = [("host", "two.example")];
    edge.get("/page").await;
    assert_eq!(
        edge.get_with("/page", &two).await.cache(),
        "Miss",
        "no two distributions share an object"
    );
    let body = r#"{"paths": ["/page"], "distribution": "E2"}"#;
    let answer = edge.admin("POST", "/v1/invalidations", body).await;
    assert_eq!(answer.json()["objects"], 1, "{}", answer.text());
    assert_eq!(edge.get("/page").await.cache(), "Hit");
    assert_eq!(edge.get_with("/page", &two).await.cache(), "Miss");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stored_absence_goes_too() {
    let (bucket, edge) = bucket_and_edge(&[("index.html", "root")]).await;
    edge.ready().await;
    assert_eq!(edge.get("/late").await.status, 404);
    bucket.put("late", "here").await;
    assert_eq!(
        edge.get("/late").await.status,
        404,
        "remembered for ten seconds"
    );
    edge.purge(&["/late"]).await;
    assert_eq!(edge.get("/late").await.text(), "here");
}

/// There are stores to which `//img//a` is `/img/a`, so what is stored of the one goes with the other.
#[tokio::test(flavor = "multi_thread")]
async fn a_purge_takes_what_some_stores_take_for_the_same_object() {
    let objects = [("/img/a", "1"), ("img//a", "2"), ("/index.html", "3")];
    for (path, purged, taken) in [
        ("//img/a", "/img/a", true),
        ("/img//a", "/img/a", true),
        ("//index.html", "/", true),
        ("//img/a", "/img/*", true),
        ("//img/a", "//img/a", true),
        ("/img//a", "/img/", false),
        ("//img/a", "/a", false),
    ] {
        let (_bucket, edge) = bucket_and_edge(&objects).await;
        assert_eq!(edge.get(path).await.cache(), "Miss", "{path}");
        assert_eq!(edge.get(path).await.cache(), "Hit", "{path}");
        edge.purge(&[purged]).await;
        let expected = if taken { "Miss" } else { "Hit" };
        assert_eq!(edge.get(path).await.cache(), expected, "{path} {purged}");
    }
}
