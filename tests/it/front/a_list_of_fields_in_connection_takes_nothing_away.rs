//! `Connection` that names a field which frames, routes or guards a message does not have it taken out
//! (CVE-2026-26365): what goes on is as sound as without it.

use crate::harness::{Reply, field, web_with};

const NAMED: &[&str] = &[
    "Transfer-Encoding",
    "Content-Length",
    "Host",
    "CDN-Loop",
    "Via",
    "X-Forwarded-For",
    "Cache-Control",
    "Authorization",
    "Content-Type",
    "close, Host",
    "Content-Length, Transfer-Encoding, Host, CDN-Loop",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_fields_in_connection_takes_nothing_away() {
    for named in NAMED {
        for chunked in [false, true] {
            let what = format!("{named} {chunked}");
            let lines = "methods = \"standard\"\norigin_request = \"AllViewer\"";
            let (origin, edge) = web_with("", lines, [Reply::ok("", "said")]).await;
            let body = match chunked {
                false => "content-length: 4\r\n\r\nbody",
                true => "transfer-encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n",
            };
            let text = format!(
                "POST /a HTTP/1.1\r\nhost: www.site.test\r\nconnection: {named}\r\n\
                 cdn-loop: other\r\nvia: 1.0 other\r\nx-forwarded-for: 192.0.2.1\r\n\
                 cache-control: no-transform\r\nauthorization: Basic a\r\n\
                 content-type: text/odd\r\n{body}"
            );
            let mut client = edge.connect().await;
            client.send(text.as_bytes()).await;
            assert_eq!(client.answer("POST").await.text(), "said", "{what}");
            let head = origin.last();
            assert_eq!(origin.bodies(), [b"body"], "{what}");
            for (name, value) in [
                ("host", "www.site.test"),
                ("cdn-loop", "other, edge-1"),
                ("via", "1.0 other, 1.1 edge-1"),
                ("x-forwarded-for", "192.0.2.1, 127.0.0.1"),
                ("authorization", "Basic a"),
                ("cache-control", "no-transform"),
                ("content-type", "text/odd"),
                ("content-length", if chunked { "" } else { "4" }),
                ("transfer-encoding", if chunked { "chunked" } else { "" }),
            ] {
                assert_eq!(field(&head, name), value, "{what}: {head}");
            }
        }
    }
}
