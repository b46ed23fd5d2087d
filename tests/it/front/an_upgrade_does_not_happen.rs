//! A request that asks for another protocol is answered as the one that it is, and what follows it is the
//! next request: no byte is ever handed through (CVE-2026-2833).

use crate::harness::{Reply, field, web_with};

#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_does_not_happen() {
    for (connection, upgrade) in [
        ("upgrade", "foo"),
        ("Upgrade, HTTP2-Settings", "h2c"),
        ("keep-alive, Upgrade", "websocket"),
        ("close", "websocket"),
        ("x", "TLS/1.0"),
    ] {
        for preset in ["Default", "AllViewer"] {
            let lines = format!("origin_request = {preset:?}\nmethods = \"standard\"");
            let replies = [Reply::ok("", "first"), Reply::ok("", "second")];
            let (origin, edge) = web_with("", &lines, replies).await;
            let mut client = edge.connect().await;
            let text = format!(
                "GET /a HTTP/1.1\r\nhost: localhost\r\nconnection: {connection}\r\n\
                 upgrade: {upgrade}\r\nhttp2-settings: AAMAAABkAAQAAP__\r\n\
                 sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n\r\n\
                 POST /b HTTP/1.1\r\nhost: localhost\r\ncontent-length: 4\r\n\r\nbody"
            );
            client.send(text.as_bytes()).await;
            let first = client.answer("GET").await;
            assert_eq!((first.status, first.text().as_str()), (200, "first"));
            assert!(!first.has("upgrade"));
            if connection == "close" {
                assert_eq!(client.closed().await, b"");
                continue;
            }
            assert_eq!(client.answer("POST").await.text(), "second", "{upgrade}");
            let heads = origin.requests();
            assert!(heads[1].starts_with("POST /b HTTP/1.1\r\n"), "{heads:?}");
            assert_eq!(origin.bodies()[1], b"body");
            for name in ["upgrade", "connection"] {
                let found = field(&heads[0], name);
                assert!(!found.to_ascii_lowercase().contains("upgrade"), "{heads:?}");
            }
            assert_eq!(field(&heads[0], "upgrade"), "", "{heads:?}");
        }
    }
}
