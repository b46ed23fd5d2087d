//! Whatever a request contains, it is one record of the access log: control characters are escaped, long
//! values cut, and what opens a signed URL is not in it.

use crate::harness::{EdgeOptions, Reply, ScriptedOrigin, raw};

/// Bytes of a request each, and what its record must say.
fn rows() -> Vec<(Vec<u8>, &'static str, &'static str)> {
    let with = |line: &str| {
        format!("GET /a HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{line}\r\n\r\n")
    };
    let start = |start: &str| {
        format!("{start} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").into_bytes()
    };
    let mut rows = vec![
        (
            with("user-agent: \"}, {\\\"status\\\": 200").into_bytes(),
            "user_agent",
            "\"}, {\\\"status\\\": 200",
        ),
        (with("user-agent: a\tb").into_bytes(), "user_agent", "a\tb"),
        (
            with("user-agent: %0a%0d{\"client\":\"1\"}").into_bytes(),
            "user_agent",
            "%0a%0d{\"client\":\"1\"}",
        ),
        (
            with("user-agent: x\u{2028}y").into_bytes(),
            "protocol",
            "HTTP/1.1",
        ),
        (start("GET /a%0d%0aGET%20/b"), "target", "/a%0d%0aGET%20/b"),
        (start("GET /a?x=%0a{'b':1}"), "target", "/a?x=%0a{'b':1}"),
        (
            start("GET /a?X-Amz-Signature=opens&b=1"),
            "target",
            "/a?X-Amz-Signature=REDACTED&b=1",
        ),
        (
            start("GET /a?b=1&Signature=opens;Key-Pair-Id=opens"),
            "target",
            "/a?b=1&Signature=REDACTED;Key-Pair-Id=REDACTED",
        ),
        (
            start("GET /a?x%2Damz%2Dsignature=opens"),
            "target",
            "/a?x%2Damz%2Dsignature=REDACTED",
        ),
        (
            start("GET http://user:opens@localhost/a"),
            "host",
            "localhost",
        ),
        (start("BAD\"METHOD /a"), "method", "-"),
        (start("GET /a HTTP/9"), "detail", "bad-head"),
        (
            with("x: \x07\r\nuser-agent: evil").into_bytes(),
            "detail",
            "bad-head",
        ),
    ];
    let mut latin = with("user-agent: ").into_bytes();
    latin.splice(latin.len() - 4..latin.len() - 4, *b"caf\xe9\xff\xfe");
    rows.push((latin, "method", "GET"));
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_one_line_of_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("access.log");
    let rows = rows();
    let long = format!("user-agent: {}", "u".repeat(20 * 1024));
    let long_target = format!("/{}", "t".repeat(8_000));
    let origin =
        ScriptedOrigin::start((0..64).map(|_| Reply::ok("cache-control: no-store\r\n", ""))).await;
    let edge = EdgeOptions::web(&origin.url())
        .access(path.to_str().unwrap())
        .start()
        .await;
    for (bytes, ..) in &rows {
        raw(edge.viewer(), bytes).await;
    }
    let text = format!(
        "GET {long_target} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{long}\r\n\r\n"
    );
    raw(edge.viewer(), text.as_bytes()).await;
    edge.edge.shut_down().await;

    let log = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = log.lines().collect();
    assert_eq!(lines.len(), rows.len() + 1, "{log}");
    assert!(!log.contains("opens"), "{log}");
    // The writer takes the buffers of the workers one by one, so the records have no order between them.
    let records: Vec<serde_json::Value> = lines
        .iter()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect();
    for (bytes, key, expected) in &rows {
        assert!(
            records.iter().any(|record| record[*key] == *expected),
            "{}: no {key} {expected:?} in {log}",
            String::from_utf8_lossy(bytes)
        );
    }
    let cut = records
        .iter()
        .find(|record| record["target"].as_str().unwrap().starts_with("/ttt"))
        .unwrap();
    for key in ["target", "user_agent"] {
        assert_eq!(cut[key].as_str().unwrap().len(), 2_048, "{key}");
    }
    for line in lines {
        assert!(!line.chars().any(char::is_control), "{line:?}");
    }
}
