//! What is not part of the key reaches no origin unless the operator says so: neither a field, nor a body
//! of a GET, nor another method in a field. So no viewer can have its own words stored for others.

use crate::harness::{Protocol, Reply, Viewer, bucket_and_edge, field, web};

/// Fields that applications build pages from, or route by.
const UNKEYED: &[&str] = &[
    "x-forwarded-host",
    "x-forwarded-server",
    "x-forwarded-proto",
    "x-forwarded-scheme",
    "x-forwarded-ssl",
    "x-forwarded-port",
    "x-forwarded-prefix",
    "x-forwarded-path",
    "x-forwarded-uri",
    "x-forwarded",
    "forwarded",
    "x-host",
    "x-http-host-override",
    "x-original-host",
    "x-original-url",
    "x-rewrite-url",
    "x-http-method-override",
    "x-http-method",
    "x-method-override",
    "x-real-ip",
    "x-client-ip",
    "true-client-ip",
    "cf-connecting-ip",
    "fastly-client-ip",
    "x-cluster-client-ip",
    "client-ip",
    "front-end-https",
    "x-wap-profile",
    "x-requested-with",
    "x-amz-website-redirect-location",
    "x-oss-test",
    "origin",
    "referer",
    "user-agent",
    "cookie",
    "accept",
    "accept-language",
    "dnt",
    "max-forwards",
    "proxy",
    "transfer-encoding-x",
    "x-timer",
    "translate",
    "content-type",
    "pragma",
    "x-middleware-prefetch",
];

#[tokio::test(flavor = "multi_thread")]
async fn no_field_that_is_not_listed() {
    for protocol in Protocol::BOTH {
        for (at, name) in UNKEYED.iter().enumerate() {
            let path = format!("/page-{at}");
            let (origin, edge) = web([Reply::ok("cache-control: max-age=60\r\n", "clean")]).await;
            let mut attacker = Viewer::connect(&edge, protocol).await;
            let fields = [(*name, "canary-value")];
            let answer = attacker.get_with(&path, &fields).await;
            assert_eq!(answer.text(), "clean", "{name}");
            let head = origin.last();
            assert!(
                !head.contains("canary-value"),
                "{protocol:?} {name}: {head}"
            );
            let mut victim = Viewer::connect(&edge, protocol).await;
            assert_eq!(victim.get(&path).await.cache(), "Hit", "{name}: one object");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn and_none_at_all_reaches_a_bucket() {
    let (bucket, edge) = bucket_and_edge(&[("1.1", "clean"), ("2", "clean")]).await;
    let fields: Vec<(&str, &str)> = UNKEYED.iter().map(|name| (*name, "canary-value")).collect();
    for protocol in Protocol::BOTH {
        let path = format!("/{}", protocol.via());
        let mut attacker = Viewer::connect(&edge, protocol).await;
        assert_eq!(attacker.get_with(&path, &fields).await.text(), "clean");
        let asked = bucket.asked(&path[1..]);
        for name in UNKEYED {
            let found = asked.header(name).unwrap_or_default();
            assert!(!found.contains("canary-value"), "{name}: {found}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nor_the_body_of_a_get() {
    for protocol in Protocol::BOTH {
        let (origin, edge) = web([Reply::ok("cache-control: max-age=60\r\n", "clean")]).await;
        let mut attacker = Viewer::connect(&edge, protocol).await;
        let fields = [("content-type", "application/x-www-form-urlencoded")];
        let answer = attacker.request("GET", "/a?q=1", &fields, "q=canary").await;
        assert_eq!(answer.text(), "clean");
        let head = origin.last();
        assert_eq!(origin.bodies(), [b""], "{protocol:?}");
        for name in ["content-type", "content-length", "transfer-encoding"] {
            assert_eq!(field(&head, name), "", "{protocol:?}: {head}");
        }
        let mut victim = Viewer::connect(&edge, protocol).await;
        assert_eq!(victim.get("/a?q=1").await.cache(), "Hit");
    }
}
