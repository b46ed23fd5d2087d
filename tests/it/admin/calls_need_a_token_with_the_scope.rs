//! Health and metrics are open; everything else needs a token, in its header and with its scope.

use super::assert_error;
use crate::harness::{EdgeOptions, TOKEN, TestBucket, TestEdge, bucket_and_edge};

const CALLS: [(&str, &str); 7] = [
    ("GET", "/v1/invalidations"),
    ("POST", "/v1/invalidations"),
    ("GET", "/v1/invalidations/I1"),
    ("DELETE", "/v1/invalidations"),
    ("GET", "/v1/keys"),
    ("GET", "/"),
    ("GET", "/healthz/"),
];

async fn purge(edge: &TestEdge, token: &str, paths: &str) -> crate::harness::Answer {
    let bearer = format!("Bearer {token}");
    let body = format!("{{\"paths\": {paths}}}");
    edge.admin_with(
        "POST",
        "/v1/invalidations",
        &[("authorization", &bearer)],
        &body,
    )
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn health_and_metrics_are_open() {
    let (_bucket, edge) = bucket_and_edge(&[]).await;
    edge.ready().await;
    for path in ["/healthz", "/readyz", "/metrics"] {
        let answer = edge.admin_with("GET", path, &[], "").await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        assert!(!answer.text().contains(TOKEN), "{path}");
        assert!(!answer.text().contains("edge-secret-key"), "{path}");
    }
    let answer = edge.admin_with("POST", "/healthz", &[], "").await;
    assert_error(
        "POST",
        &answer,
        405,
        "MethodNotAllowed",
        &["POST", "/healthz"],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_token_every_call_is_a_401() {
    let (_bucket, edge) = bucket_and_edge(&[("page", "here")]).await;
    edge.get("/page").await;
    let body = r#"{"paths": ["/*"]}"#;
    let basic = format!("Basic {TOKEN}");
    let (short, long) = (&TOKEN[1..], format!("{TOKEN}0"));
    let given = [
        None,
        Some(""),
        Some("Bearer"),
        Some("Bearer "),
        Some(TOKEN),
        Some(&basic),
    ];
    for (method, path) in CALLS {
        for given in given {
            let fields: Vec<(&str, &str)> = given
                .iter()
                .map(|given| ("authorization", *given))
                .collect();
            let answer = edge.admin_with(method, path, &fields, body).await;
            let what = format!("{method} {path} {given:?}");
            assert_error(&what, &answer, 401, "MissingToken", &[]);
        }
        for wrong in [short, &long, "nobody's-token-0123456789"] {
            let bearer = format!("Bearer {wrong}");
            let fields = [("authorization", &*bearer)];
            let answer = edge.admin_with(method, path, &fields, body).await;
            assert_error(path, &answer, 401, "MissingToken", &["not known"]);
            assert!(!answer.text().contains(wrong), "{}", answer.text());
        }
        for name in ["token", "access_token", "authorization"] {
            let target = format!("{path}?{name}={TOKEN}");
            let answer = edge.admin_with(method, &target, &[], body).await;
            assert_error(
                &target,
                &answer,
                401,
                "MissingToken",
                &["Authorization: Bearer"],
            );
            assert!(!answer.text().contains(TOKEN), "{}", answer.text());
        }
    }
    assert_eq!(edge.get("/page").await.cache(), "Hit", "nothing was purged");
    assert_eq!(edge.metric("seawall_invalidations_total").await, 0.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_may_do_what_its_scopes_say() {
    let (_bucket, edge) = bucket_and_edge(&[("page", "here"), ("img/a", "a")]).await;
    edge.get("/page").await;
    edge.get("/img/a").await;
    let (reader, images) = (format!("reader-{TOKEN}"), format!("images-{TOKEN}"));

    let denied = [
        (&reader, r#"["/page"]"#, "purge:/page"),
        (&reader, r#"["/*"]"#, "purge:/*"),
        (&images, r#"["/page"]"#, "purge:/page"),
        (&images, r#"["/*"]"#, "purge:/*"),
        (&images, r#"["*"]"#, "purge:/*"),
        (&images, r#"["/"]"#, "purge:/"),
        (&images, r#"["/img"]"#, "purge:/img"),
        (&images, r#"["/img*"]"#, "purge:/img*"),
        (&images, r#"["/img/a", "/page"]"#, "purge:/page"),
    ];
    for (token, paths, scope) in denied {
        let answer = purge(&edge, token, paths).await;
        assert_error(paths, &answer, 403, "AccessDenied", &[scope]);
    }
    // A way out of the prefix is no path at all.
    for paths in [
        r#"["/img/../page"]"#,
        r#"["/img/%2e%2e/page"]"#,
        r#"["/img/..%2fpage"]"#,
    ] {
        assert_error(
            paths,
            &purge(&edge, &images, paths).await,
            400,
            "InvalidArgument",
            &[],
        );
    }
    assert_eq!(edge.get("/page").await.cache(), "Hit", "nothing was purged");
    assert_eq!(
        edge.get("/img/a").await.cache(),
        "Hit",
        "nothing was purged"
    );

    for (paths, objects) in [(r#"["/img/*"]"#, 1), (r#"["/img/a", "/img/b?c"]"#, 0)] {
        let answer = purge(&edge, &images, paths).await;
        assert_eq!(answer.status, 201, "{paths}: {}", answer.text());
        assert_eq!(answer.json()["objects"], objects, "{paths}");
        assert_eq!(answer.json()["by"], "images");
    }

    let id = edge.purge(&["/page"]).await["id"]
        .as_str()
        .unwrap()
        .to_owned();
    for path in [
        "/v1/invalidations".to_owned(),
        format!("/v1/invalidations/{id}"),
    ] {
        let bearer = format!("Bearer {reader}");
        let answer = edge
            .admin_with("GET", &path, &[("authorization", &bearer)], "")
            .await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(!answer.text().contains(TOKEN), "{path}");
        let bearer = format!("Bearer {images}");
        let answer = edge
            .admin_with("GET", &path, &[("authorization", &bearer)], "")
            .await;
        assert_error(&path, &answer, 403, "AccessDenied", &["images", "read"]);
    }
}

/// A scope with a distribution opens purges that name it, and no others: what names none is in all.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_may_be_for_one_distribution() {
    let bucket = TestBucket::start().await;
    let other = "[[distributions]]\nid = \"E2\"\norigin = \"site\"\ndomains = [\"other.test\"]\n";
    let edge = EdgeOptions::new(&bucket.url()).more(other).start().await;
    bucket.put("img/a", "a").await;
    edge.get("/img/a").await;
    let bearer = format!("Bearer tenant-{TOKEN}");
    let purge = async |body: &str| {
        let fields = [("authorization", &*bearer)];
        let call = edge.admin_with("POST", "/v1/invalidations", &fields, body);
        call.await
    };
    for (body, scope) in [
        (r#"{"paths": ["/img/a"]}"#, "purge:/img/a"),
        (
            r#"{"paths": ["/img/a"], "distribution": "E2"}"#,
            "purge:E2:/img/a",
        ),
        (
            r#"{"paths": ["/page"], "distribution": "E1"}"#,
            "purge:E1:/page",
        ),
        (r#"{"paths": ["*"], "distribution": "E1"}"#, "purge:E1:/*"),
    ] {
        assert_error(body, &purge(body).await, 403, "AccessDenied", &[scope]);
    }
    assert_eq!(
        edge.get("/img/a").await.cache(),
        "Hit",
        "nothing was purged"
    );
    let answer = purge(r#"{"paths": ["/img/*"], "distribution": "E1"}"#).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    assert_eq!(edge.get("/img/a").await.cache(), "Miss");
}
