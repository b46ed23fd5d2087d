//! Parameter cloaking: a parameter that the edge and the origin read differently poisons nothing, since what
//! is not in the key is not sent (PortSwigger, "Web cache entanglement").

use super::{is, keyed, targets, told};

const POLICY: &str = "cache_policy = \"IgnoreTracking\"";

#[tokio::test(flavor = "multi_thread")]
async fn what_is_hidden_in_a_dropped_parameter_goes_with_it() {
    for cloaked in [
        "utm_content=x;q=evil",
        "utm_content=x%26q=evil",
        "utm_content=?q=evil",
        "utm_content=x%00&utm_term=;q=evil",
        "utm_%63ontent=;q=evil",
        "gclid;q=evil",
    ] {
        let (origin, edge) = keyed("", POLICY, &["clean"]).await;
        // `gclid;q` is a name of its own, and not on the list: it is kept, and so keyed.
        let first = edge.get(&format!("/?q=1&{cloaked}")).await;
        assert_eq!(told(&first), is("Miss", "clean"), "{cloaked}");
        let sent = targets(&origin);
        if cloaked == "gclid;q=evil" {
            assert_eq!(sent, ["/?q=1&gclid;q=evil"]);
            continue;
        }
        assert_eq!(sent, ["/?q=1"], "{cloaked}");
        assert_eq!(told(&edge.get("/?q=1").await), is("Hit", "clean"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_is_kept_whole_and_keyed_whole() {
    for cloaked in [
        "/?q=1;utm_source=evil",
        "/?q=1;q=evil&utm_source=x",
        "/?utm_source=x&q=1&q=evil",
        "/?q=1&Utm_source=evil",
        "/?q=1&%2575tm_source=evil",
    ] {
        let (origin, edge) = keyed("", POLICY, &["evil", "clean"]).await;
        assert_eq!(told(&edge.get(cloaked).await), is("Miss", "evil"));
        assert_eq!(
            told(&edge.get("/?q=1").await),
            is("Miss", "clean"),
            "{cloaked}"
        );
        assert_eq!(targets(&origin)[1], "/?q=1");
        let sent = &targets(&origin)[0];
        assert!(sent.contains("evil"), "{sent}");
    }
}

/// An override of the method, or of the host, reaches the origin only where it is listed or in the key.
#[tokio::test(flavor = "multi_thread")]
async fn what_other_caches_overlook_stays_behind() {
    let fields = [
        ("x-forwarded-host", "evil.test"),
        ("x-host", "evil.test"),
        ("x-forwarded-scheme", "nothttps"),
        ("x-original-url", "/evil"),
        ("x-rewrite-url", "/evil"),
        ("x-http-method-override", "DELETE"),
        ("x-method-override", "DELETE"),
        ("forwarded", "host=evil.test"),
    ];
    let (origin, edge) = keyed("", POLICY, &["clean"]).await;
    edge.get_with("/", &fields).await;
    let sent = origin.last().to_ascii_lowercase();
    assert!(!sent.contains("evil") && !sent.contains("delete"), "{sent}");
    assert_eq!(told(&edge.get("/").await), is("Hit", "clean"));

    let preset = "cache_policy = \"UseOriginCacheControlHeaders\"";
    let (origin, edge) = keyed("", preset, &["overridden", "clean"]).await;
    let method = [("x-http-method-override", "HEAD")];
    assert_eq!(
        told(&edge.get_with("/", &method).await),
        is("Miss", "overridden")
    );
    assert!(
        origin
            .last()
            .to_ascii_lowercase()
            .contains("x-http-method-override: head")
    );
    assert_eq!(told(&edge.get("/").await), is("Miss", "clean"));
}
