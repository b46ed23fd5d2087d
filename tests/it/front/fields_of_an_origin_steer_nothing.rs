//! Fields with which an origin steers other servers are data here: none has another object sent, another
//! lifetime kept, or another host asked.

use crate::harness::{Protocol, Reply, Viewer, bucket_and_edge, web};

const INERT: &[(&str, &str)] = &[
    ("x-accel-redirect", "/secret"),
    ("x-accel-expires", "9999"),
    ("x-accel-buffering", "no"),
    ("x-accel-limit-rate", "1"),
    ("x-accel-charset", "utf-16"),
    ("x-sendfile", "/etc/passwd"),
    ("x-lighttpd-send-file", "/etc/passwd"),
    ("x-litespeed-location", "/secret"),
    ("x-litespeed-cache-control", "public,max-age=9999"),
    ("x-reproxy-url", "http://127.0.0.1:1/secret"),
    ("surrogate-control", "max-age=9999, content=\"ESI/1.0\""),
    ("edge-control", "!no-store, max-age=9999"),
    ("x-cache-ttl", "9999"),
    ("x-forwarded-host", "evil.test"),
    ("x-original-url", "/secret"),
    ("refresh", "0; url=/secret"),
    ("x-http-method-override", "DELETE"),
];

#[tokio::test(flavor = "multi_thread")]
async fn fields_of_an_origin_steer_nothing() {
    for protocol in Protocol::BOTH {
        for (name, value) in INERT {
            let fields = format!("{name}: {value}\r\ncache-control: max-age=60\r\n");
            let esi = "<esi:include src=\"/secret\"/>";
            let replies = [Reply::ok(&fields, esi), Reply::ok("", "again")];
            let (origin, edge) = web(replies).await;
            let mut viewer = Viewer::connect(&edge, protocol).await;
            for cache in ["Miss", "Hit"] {
                let answer = viewer.get("/page").await;
                assert_eq!(
                    (answer.status, answer.text().as_str()),
                    (200, esi),
                    "{name}"
                );
                assert_eq!(answer.cache(), cache, "{protocol:?} {name}");
            }
            assert_eq!(origin.count(), 1, "{name}");
            // Its own lifetime, and not the one that it was told for others.
            edge.advance(61);
            assert_eq!(edge.get("/page").await.text(), "again", "{name}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_looks_like_a_directive_of_another_server_does_not_store() {
    for (name, value) in INERT {
        let fields = format!("{name}: {value}\r\ncache-control: no-store\r\n");
        let (origin, edge) = web([Reply::ok(&fields, "one"), Reply::ok(&fields, "two")]).await;
        assert_eq!(edge.get("/page").await.text(), "one", "{name}");
        assert_eq!(edge.get("/page").await.text(), "two", "{name}");
        assert_eq!(origin.count(), 2);
    }
}

/// A bucket's redirect rules are a web server's; here they are nothing.
#[tokio::test(flavor = "multi_thread")]
async fn an_object_is_its_bytes() {
    let (_bucket, edge) = bucket_and_edge(&[("page", "<!--#include file=\"secret\" -->")]).await;
    assert_eq!(
        edge.get("/page").await.text(),
        "<!--#include file=\"secret\" -->"
    );
}
