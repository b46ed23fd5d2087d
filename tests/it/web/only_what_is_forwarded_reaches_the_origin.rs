//! Of a viewer's fields an origin gets those of the behaviour's preset, and never what concerns one
//! connection only.

use crate::harness::{Reply, field, web_with};

const SENT: &[(&str, &str)] = &[
    ("accept-encoding", "br;q=0.5, gzip, deflate"),
    ("accept-language", "de"),
    ("authorization", "Bearer a"),
    ("connection", "keep-alive, x-hop, authorization"),
    ("content-type", "text/odd"),
    ("cookie", "a=b"),
    ("keep-alive", "timeout=5"),
    ("proxy-authorization", "Basic a"),
    ("proxy-connection", "keep-alive"),
    ("te", "trailers"),
    ("upgrade", "websocket"),
    ("user-agent", "a viewer"),
    ("x-forwarded-host", "evil.test"),
    ("x-hop", "1"),
    ("x-own", "1"),
];

/// The names of a head's fields, sorted.
fn names(head: &str) -> Vec<String> {
    let lines = head.split("\r\n").skip(1);
    let mut names: Vec<String> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, _)| name.to_ascii_lowercase())
        .collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn by_default_next_to_nothing() {
    let (origin, edge) = web_with("", "", [Reply::ok("", ""), Reply::ok("", "")]).await;
    edge.get_with("/a", SENT).await;
    let head = origin.last();
    assert_eq!(
        names(&head),
        [
            "accept-encoding",
            "authorization",
            "cdn-loop",
            "host",
            "user-agent",
            "via",
            "x-forwarded-for"
        ]
    );
    assert_eq!(field(&head, "accept-encoding"), "gzip, br");
    assert_eq!(field(&head, "authorization"), "Bearer a");
    assert!(field(&head, "user-agent").starts_with("seawall/"));
    edge.get("/b").await;
    assert_eq!(
        names(&origin.last()),
        ["cdn-loop", "host", "user-agent", "via", "x-forwarded-for"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn or_everything_that_may_go_on() {
    for preset in ["AllViewer", "AllViewerExceptHostHeader"] {
        let line = format!("origin_request = {preset:?}");
        let (origin, edge) = web_with("", &line, [Reply::ok("", "")]).await;
        edge.get_with("/a", SENT).await;
        let head = origin.last();
        assert_eq!(
            names(&head),
            [
                "accept-encoding",
                "accept-language",
                "authorization",
                "cdn-loop",
                "cookie",
                "host",
                "user-agent",
                "via",
                "x-forwarded-for",
                "x-forwarded-host",
                "x-own"
            ],
            "{preset}"
        );
        assert_eq!(field(&head, "cookie"), "a=b");
        assert_eq!(field(&head, "user-agent"), "a viewer");
        let own = origin.url().trim_start_matches("http://").to_owned();
        let host = if preset == "AllViewer" {
            "localhost"
        } else {
            &own
        };
        assert_eq!(field(&head, "host"), host);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn and_nothing_of_one_connection_comes_back() {
    let fields = "connection: keep-alive, x-hop, cache-control\r\nkeep-alive: timeout=5\r\n\
                  proxy-authenticate: Basic\r\nupgrade: h2c\r\ntrailer: x-end\r\nx-hop: 1\r\n\
                  x-own: 1\r\ncache-control: max-age=60\r\nserver: theirs\r\n";
    let (_origin, edge) = web_with("", "", [Reply::ok(fields, "hello")]).await;
    for cache in ["Miss", "Hit"] {
        let answer = edge.get("/a").await;
        assert_eq!(
            answer.cache(),
            cache,
            "Connection cannot take a lifetime away"
        );
        for name in [
            "keep-alive",
            "proxy-authenticate",
            "upgrade",
            "trailer",
            "x-hop",
        ] {
            assert!(!answer.has(name), "{name}: {answer:?}");
        }
        assert_eq!(answer.field("x-own"), "1");
        assert_eq!(answer.field("server"), "theirs");
    }
}
