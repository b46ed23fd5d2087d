//! What is said of a hit, of what was never seen, of what is stale, and of what cannot be shared: the verdict
//! with its reason, what is stored, the arithmetic of its age, and what would be sent.

use serde_json::{Value, json};

use super::{explain, explain_as};
use crate::harness::{EdgeOptions, Reply, scripted, web_with};

fn words(said: &Value) -> [&str; 3] {
    let decision = &said["decision"];
    ["verdict", "forward", "reason"].map(|name| decision[name].as_str().unwrap_or("-"))
}

#[tokio::test]
async fn a_fresh_object_is_a_hit_and_its_age_is_shown_as_it_was_computed() {
    let fields = "age: 7\r\ncache-control: max-age=60, stale-if-error=100\r\netag: \"v1\"\r\n";
    let (origin, edge) = scripted([Reply::ok(fields, "hello")]).await;
    edge.get("/a").await;
    edge.advance(5);
    let said = explain(&edge, "/a?x=1", &[]).await;
    assert_eq!(words(&said), ["serve", "-", "-"]);
    assert_eq!(said["decision"]["status"], 200);
    assert_eq!(said["distribution"], json!({ "id": "E1", "domain": null }));
    let attempt = &said["attempts"][0];
    assert_eq!(
        attempt["key"]["parts"],
        json!([["distribution", "E1"], ["path", "/a"]])
    );
    assert_eq!(attempt["key"]["dropped"], json!(["?x=1"]));
    assert_eq!(attempt["origin"], Value::Null);
    let stored = &attempt["stored"][0];
    assert_eq!(
        stored["age"],
        json!({ "current": 12.0, "apparent": 0.0, "age_value": 7.0, "delay": 0.0, "resident": 5.0 })
    );
    assert_eq!(
        stored["lifetime"],
        json!({
            "lifetime": 60.0, "source": "max-age", "given": 60.0, "clamp": "none", "always_validate": false
        })
    );
    for (name, value) in [
        ("selected", json!(true)),
        ("size", json!(5)),
        ("etag", json!("\"v1\"")),
        ("state", json!("fresh")),
        ("fresh_for", json!(48.0)),
        ("liveness", json!("alive")),
        ("while_revalidate_until", Value::Null),
    ] {
        assert_eq!(stored[name], value, "{name}");
    }
    assert!(stored["if_error_until"].is_string(), "{stored}");
    assert_eq!(origin.count(), 1);
}

#[tokio::test]
async fn what_was_never_seen_would_be_fetched_and_a_plain_answer_kept_by_the_policy() {
    let (origin, edge) = scripted([]).await;
    edge.ready().await;
    let said = explain(&edge, "/a", &[("authorization", "Bearer abc")]).await;
    assert_eq!(words(&said), ["fetch", "uri-miss", "-"]);
    let attempt = &said["attempts"][0];
    assert_eq!(attempt["stored"], json!([]));
    let sent = &attempt["origin"];
    assert_eq!(sent["method"], "GET");
    assert!(sent["url"].as_str().unwrap().ends_with("/site/a"), "{sent}");
    // The edge's signature, and not the viewer's; neither is shown.
    let fields = sent["fields"].as_array().unwrap();
    assert!(
        fields.contains(&json!(["authorization", "REDACTED"])),
        "{sent}"
    );
    let plain = attempt["plain_answers"].as_array().unwrap();
    let lifetimes: Vec<(&Value, &Value)> = plain
        .iter()
        .map(|plain| (&plain["lifetime"]["lifetime"], &plain["lifetime"]["source"]))
        .collect();
    assert_eq!(
        lifetimes,
        [
            (&json!(86_400.0), &json!("default")),
            (&json!(10.0), &json!("negative"))
        ]
    );
    assert_eq!(origin.count(), 0);
}

#[tokio::test]
async fn what_is_stale_would_be_asked_about_by_its_validator() {
    let (_origin, edge) = scripted([Reply::ok(
        "cache-control: max-age=1\r\netag: \"v1\"\r\n",
        "a",
    )])
    .await;
    edge.get("/a").await;
    edge.advance(3);
    let said = explain(&edge, "/a", &[]).await;
    assert_eq!(words(&said), ["validate", "stale", "-"]);
    let attempt = &said["attempts"][0];
    let fields = attempt["origin"]["fields"].as_array().unwrap();
    assert!(
        fields.contains(&json!(["if-none-match", "\"v1\""])),
        "{fields:?}"
    );
    assert_eq!(attempt["stored"][0]["fresh_for"], -2.0);
    let summary = said["decision"]["summary"].as_str().unwrap();
    assert!(summary.contains("stale since 2 s"), "{summary}");
}

#[tokio::test]
async fn within_stale_while_revalidate_it_would_be_served_and_refreshed() {
    let fields = "cache-control: max-age=1, stale-while-revalidate=60\r\netag: \"v1\"\r\n";
    let (_origin, edge) = scripted([Reply::ok(fields, "a")]).await;
    edge.get("/a").await;
    edge.advance(3);
    let said = explain(&edge, "/a", &[]).await;
    assert_eq!(words(&said), ["serve-stale", "-", "stale-while-revalidate"]);
    assert_eq!(said["decision"]["rule"], "RFC 5861 section 3");
    assert_eq!(said["decision"]["status"], 200);
    assert!(!said["attempts"][0]["origin"].is_null(), "it is refreshed");
    assert!(said["attempts"][0]["stored"][0]["while_revalidate_until"].is_string());
}

#[tokio::test]
async fn what_cannot_be_shared_is_passed_on() {
    let (_origin, edge) = scripted([Reply::ok("cache-control: no-store\r\n", "a")]).await;
    edge.get("/a").await;
    let said = explain(&edge, "/a", &[]).await;
    assert_eq!(words(&said), ["pass", "uri-miss", "unshareable"]);
    assert_eq!(
        said["attempts"][0]["plain_answers"],
        json!([]),
        "nothing of it is stored"
    );
}

#[tokio::test]
async fn heads_ranges_conditions_and_methods_are_told_apart() {
    let page = Reply::ok("cache-control: max-age=60\r\netag: \"v1\"\r\n", "hello");
    let (_origin, edge) = web_with("", "methods = \"standard\"\n", [page]).await;
    for (method, path, fields, expected, status) in [
        ("HEAD", "/a", &[][..], ["pass", "uri-miss", "head"], None),
        (
            "GET",
            "/a",
            &[("range", "bytes=0-1")],
            ["pass", "uri-miss", "range"],
            None,
        ),
        (
            "GET",
            "/a",
            &[("cache-control", "only-if-cached")],
            ["refuse", "-", "only-if-cached"],
            Some(504),
        ),
        ("POST", "/a", &[], ["pass", "method", "other-method"], None),
        (
            "PURGE",
            "/a",
            &[],
            ["refuse", "-", "method-not-allowed"],
            Some(405),
        ),
        (
            "GET",
            "/a/../b",
            &[],
            ["refuse", "-", "bad-target"],
            Some(400),
        ),
    ] {
        let call = json!({ "target": path, "method": method, "headers": fields });
        let said = explain_as(&edge, call).await;
        assert_eq!(words(&said), expected, "{method} {path}");
        assert_eq!(said["decision"]["status"], json!(status), "{method} {path}");
    }
    edge.get("/a").await;
    for (fields, expected, status) in [
        (("range", "bytes=0-1"), "serve", 206),
        (("range", "bytes=9-"), "serve", 416),
        (("if-none-match", "\"v1\""), "serve", 304),
        (("cache-control", "only-if-cached"), "serve", 200),
    ] {
        let said = explain(&edge, "/a", &[fields]).await;
        assert_eq!(words(&said)[0], expected, "{fields:?}");
        assert_eq!(said["decision"]["status"], status, "{fields:?}");
    }
    let said = explain(&edge, "/a", &[("if-match", "\"v1\"")]).await;
    assert_eq!(words(&said), ["pass", "request", "precondition"]);
}

#[tokio::test]
async fn a_host_finds_its_distribution_and_a_path_its_behavior() {
    let edge = EdgeOptions::web("http://127.0.0.1:1")
        .distribution(
            "domains = [\"a.test\", \"*.b.test\"]\n[[distributions.behaviors]]\npath = \"/img/*\"\n\
             cache_policy = \"CloudFront\"\n",
        )
        .start()
        .await;
    for (url, domain, path) in [
        ("http://a.test/img/x", "a.test", json!("/img/*")),
        ("http://A.test:8080/x", "a.test", Value::Null),
        ("http://x.y.b.test/img/", "*.b.test", json!("/img/*")),
    ] {
        let said = explain_as(&edge, json!({ "url": url })).await;
        assert_eq!(said["distribution"]["domain"], domain, "{url}");
        assert_eq!(said["behavior"]["path"], path, "{url}");
    }
    let said = explain_as(&edge, json!({ "url": "http://c.test/" })).await;
    assert_eq!(words(&said), ["refuse", "-", "unknown-host"]);
    assert_eq!(said["decision"]["status"], 421);
    assert_eq!(said["distribution"], Value::Null);
}

#[tokio::test]
async fn a_variant_of_others_is_shown_with_the_field_that_differs() {
    let fields = "cache-control: max-age=60\r\nvary: accept-encoding\r\n";
    let (_origin, edge) = web_with("", "", [Reply::ok(fields, "a")]).await;
    edge.get_with("/a", &[("accept-encoding", "gzip")]).await;
    let said = explain(&edge, "/a", &[("accept-encoding", "br")]).await;
    assert_eq!(words(&said), ["fetch", "vary-miss", "-"]);
    let stored = &said["attempts"][0]["stored"][0];
    assert_eq!(stored["selected"], false);
    assert_eq!(
        stored["differs"],
        json!({ "field": "accept-encoding", "asked": "br" })
    );
    let summary = said["decision"]["summary"].as_str().unwrap();
    assert!(summary.contains("accept-encoding differs"), "{summary}");
    let said = explain(&edge, "/a", &[("accept-encoding", "x-gzip")]).await;
    assert_eq!(words(&said), ["serve", "-", "-"]);
}
