//! X-Forwarded-For: what a trusted proxy says of the client is believed and logged, what anybody else says is
//! not; `forwarded_for` decides what the origin is told.

use crate::harness::{EdgeOptions, Protocol, Reply, ScriptedOrigin, Viewer, field};

const TRUSTED: &str = "trusted_proxies = [\"127.0.0.0/8\", \"10.0.0.0/8\"]\n";

/// What the origin is told, and who stands in the log.
async fn told(protocol: Protocol, lines: &str, sent: &[&str]) -> (String, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("access.log");
    let origin = ScriptedOrigin::start([Reply::ok("", "")]).await;
    let edge = EdgeOptions::web(&origin.url())
        .edge(lines)
        .access(path.to_str().unwrap())
        .distribution("origin_request = \"AllViewer\"")
        .start()
        .await;
    let fields: Vec<(&str, &str)> = sent.iter().map(|line| ("x-forwarded-for", *line)).collect();
    let mut viewer = Viewer::connect(&edge, protocol).await;
    assert_eq!(viewer.get_with("/a", &fields).await.status, 200);
    drop(viewer);
    edge.edge.shut_down().await;
    let log = std::fs::read_to_string(&path).unwrap();
    let record: serde_json::Value = serde_json::from_str(log.trim()).unwrap();
    let client = record["client"].as_str().unwrap().to_owned();
    (field(&origin.last(), "x-forwarded-for"), client)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_client_is_who_trusted_proxies_say() {
    let long = ["1.1.1.1"; 31].join(", ");
    let chain = "1.1.1.1, 203.0.113.9, 10.0.0.2";
    let appended = "1.1.1.1, 203.0.113.9, 10.0.0.2, 127.0.0.1";
    for protocol in Protocol::BOTH {
        for (lines, sent, expected, client) in [
            // Nobody is trusted: what came is passed on as CloudFront does it, and not believed.
            ("", &[][..], "127.0.0.1", "127.0.0.1"),
            ("", &[chain], appended, "127.0.0.1"),
            ("", &["evil"], "127.0.0.1", "127.0.0.1"),
            ("", &["1.1.1.1, evil"], "127.0.0.1", "127.0.0.1"),
            ("", &["1.1.1.1\"><script>"], "127.0.0.1", "127.0.0.1"),
            ("", &[&long], "127.0.0.1", "127.0.0.1"),
            (
                "forwarded_for = \"replace\"",
                &[chain],
                "127.0.0.1",
                "127.0.0.1",
            ),
            ("forwarded_for = \"drop\"", &[chain], "", "127.0.0.1"),
            // The peer is trusted.
            (TRUSTED, &[], "127.0.0.1", "127.0.0.1"),
            (TRUSTED, &[chain], appended, "203.0.113.9"),
            (
                TRUSTED,
                &["1.1.1.1", "203.0.113.9, 10.0.0.2"],
                appended,
                "203.0.113.9",
            ),
            (TRUSTED, &["evil, 203.0.113.9"], "127.0.0.1", "127.0.0.1"),
            (TRUSTED, &[&long], "127.0.0.1", "127.0.0.1"),
        ] {
            let found = told(protocol, lines, sent).await;
            let expected = (expected.to_owned(), client.to_owned());
            assert_eq!(found, expected, "{protocol:?} {lines:?} {sent:?}");
        }
        let replace = format!("{TRUSTED}forwarded_for = \"replace\"");
        let found = told(protocol, &replace, &[chain]).await;
        assert_eq!(found.0, "203.0.113.9");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_other_field_speaks_for_the_client() {
    let names = [
        "forwarded",
        "x-real-ip",
        "x-client-ip",
        "true-client-ip",
        "cf-connecting-ip",
        "fastly-client-ip",
        "x-cluster-client-ip",
        "client-ip",
        "x-forwarded",
        "x-originating-ip",
        "x-remote-addr",
        "x-original-forwarded-for",
    ];
    for protocol in Protocol::BOTH {
        for preset in ["Default", "AllViewer", "AllViewerExceptHostHeader"] {
            let origin = ScriptedOrigin::start([Reply::ok("", "")]).await;
            let edge = EdgeOptions::web(&origin.url())
                .edge(TRUSTED)
                .distribution(&format!("origin_request = {preset:?}"))
                .start()
                .await;
            let fields = names.map(|name| (name, "203.0.113.66"));
            let mut viewer = Viewer::connect(&edge, protocol).await;
            assert_eq!(viewer.get_with("/a", &fields).await.status, 200);
            let head = origin.last();
            assert!(!head.contains("203.0.113.66"), "{preset}: {head}");
        }
    }
}

/// Who is trusted may change without a restart.
#[tokio::test(flavor = "multi_thread")]
async fn a_reload_changes_who_is_trusted() {
    let origin = ScriptedOrigin::start([Reply::ok("", ""), Reply::ok("", "")]).await;
    let options = EdgeOptions::web(&origin.url()).edge("forwarded_for = \"replace\"\n");
    let data = std::sync::Arc::new(tempfile::tempdir().unwrap());
    let mut edge = options.data(&data).start().await;
    let sent = [("x-forwarded-for", "203.0.113.9")];
    edge.get_with("/a", &sent).await;
    assert_eq!(field(&origin.last(), "x-forwarded-for"), "127.0.0.1");
    let trusting = EdgeOptions::web(&origin.url())
        .edge("forwarded_for = \"replace\"\n")
        .edge(TRUSTED)
        .config(&data);
    assert_eq!(
        edge.edge.reload(trusting).await.unwrap(),
        Vec::<&str>::new()
    );
    edge.get_with("/b", &sent).await;
    assert_eq!(field(&origin.last(), "x-forwarded-for"), "203.0.113.9");
}
