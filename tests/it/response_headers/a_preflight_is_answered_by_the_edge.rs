//! A preflight is answered by the edge, whatever methods the behaviour lets through, and never reaches an
//! origin. OPTIONS without a question about sharing stays what it was.

use super::{APP, EVIL, LISTED, SHOP, page, sharing, with_policy};
use crate::harness::{EdgeOptions, Protocol, Reply, ScriptedOrigin, Viewer};

const PUT: (&str, &str) = ("access-control-request-method", "PUT");

#[tokio::test(flavor = "multi_thread")]
async fn what_is_allowed_is_said_and_nobody_is_asked() {
    for protocol in Protocol::BOTH {
        let (origin, edge) = with_policy(LISTED, []).await;
        let mut viewer = Viewer::connect(&edge, protocol).await;
        for asks in [APP, SHOP] {
            let fields = [asks, PUT, ("access-control-request-headers", "x-a")];
            let answer = viewer.request("OPTIONS", "/a", &fields, "").await;
            assert_eq!((answer.status, answer.body.len()), (204, 0));
            assert!(!answer.has("content-length"));
            let expected = [
                "allow-credentials: true".to_owned(),
                "allow-headers: x-a".to_owned(),
                "allow-methods: GET, PUT".to_owned(),
                format!("allow-origin: {}", asks.1),
                "max-age: 600".to_owned(),
            ];
            assert_eq!(sharing(&answer), expected);
            assert!(answer.field("vary").contains("Origin"));
            // It cost the origin nothing, and neither a stored answer nor a forwarded one is behind it.
            assert_eq!(answer.cache(), "Hit");
            assert_eq!(answer.field("cache-status"), "edge-1");
            assert!(answer.has("x-request-id"));
        }
        assert_eq!(origin.count(), 0);
        let counted = "seawall_requests_total{verdict=\"preflight\",class=\"2xx\"}";
        let counted = edge.metric(counted).await;
        assert!((counted - 2.0).abs() < 0.5, "{counted}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_allowed_is_a_403_without_a_word_about_sharing() {
    for protocol in Protocol::BOTH {
        let (origin, edge) = with_policy(LISTED, []).await;
        let mut viewer = Viewer::connect(&edge, protocol).await;
        let delete = ("access-control-request-method", "DELETE");
        let other = ("access-control-request-headers", "x-a, x-other");
        for fields in [&[EVIL, PUT][..], &[APP, delete], &[APP, PUT, other]] {
            let answer = viewer.request("OPTIONS", "/a", fields, "").await;
            assert_eq!(answer.status, 403, "{fields:?}");
            assert_eq!(sharing(&answer), [""; 0], "{fields:?}");
            assert!(answer.field("vary").contains("Origin"));
        }
        assert_eq!(origin.count(), 0);
        let refused = "seawall_reasons_total{reason=\"preflight-not-allowed\"}";
        let refused = edge.metric(refused).await;
        assert!((refused - 3.0).abs() < 0.5, "{refused}");
        // The connection goes on.
        origin.then(page(""));
        assert_eq!(viewer.get("/a").await.text(), "page");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_comes_with_one_is_never_a_request() {
    for protocol in Protocol::BOTH {
        let (origin, edge) = with_policy(LISTED, [page("")]).await;
        let mut viewer = Viewer::connect(&edge, protocol).await;
        let body = "DELETE /a HTTP/1.1\r\nhost: localhost\r\n\r\n";
        let answer = viewer.request("OPTIONS", "/a", &[APP, PUT], body).await;
        assert_eq!(answer.status, 204);
        assert_eq!(viewer.get("/a").await.text(), "page");
        assert_eq!(origin.count(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn private_networks_are_not_opened() {
    let (_origin, edge) = with_policy(LISTED, []).await;
    let private = ("access-control-request-private-network", "true");
    let answer = edge.request("OPTIONS", "/a", &[APP, PUT, private]).await;
    assert_eq!(answer.status, 204);
    assert!(!answer.has("access-control-allow-private-network"));
}

#[tokio::test(flavor = "multi_thread")]
async fn other_options_are_as_they_were() {
    let (_origin, edge) = with_policy(LISTED, []).await;
    for fields in [&[][..], &[APP], &[PUT]] {
        let answer = edge.request("OPTIONS", "/a", fields).await;
        assert_eq!(answer.status, 405, "{fields:?}");
    }
    let (origin, edge) = {
        let origin = ScriptedOrigin::start([Reply::ok("x-told: by the application\r\n", "")]).await;
        let edge = EdgeOptions::web(&origin.url())
            .distribution("methods = \"standard\"\nresponse_headers = \"app\"")
            .more(&format!("[response_headers.app]\n{LISTED}\n"))
            .start()
            .await;
        (origin, edge)
    };
    assert_eq!(edge.request("OPTIONS", "/a", &[APP, PUT]).await.status, 204);
    assert_eq!(origin.count(), 0);
    let answer = edge.request("OPTIONS", "/a", &[APP]).await;
    assert_eq!(answer.field("x-told"), "by the application");
    assert_eq!(answer.field("access-control-allow-origin"), APP.1);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_word_about_sharing_a_preflight_is_a_method_like_any_other() {
    let (_origin, edge) = with_policy("remove = [\"Server\"]", []).await;
    assert_eq!(edge.request("OPTIONS", "/a", &[APP, PUT]).await.status, 405);
}
