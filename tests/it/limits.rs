//! The limits: each has a row in the README's table, which says what its constant says, and each metric that
//! the table names is one of a scrape.

use std::path::Path;

use crate::harness::bucket_and_edge;

/// A constant, what it is set to, the beginning of its row, and the words that say it there. A limit that is
/// changed has its row changed with it.
#[rustfmt::skip]
const LIMITS: &[(&str, &str, &str, &str, &str)] = &[
    ("serve/limits.rs", "HEAD_TIMEOUT", "Duration::from_secs(10)", "request head to come", "10 s"),
    ("serve/limits.rs", "WRITE_TIMEOUT", "Duration::from_secs(30)", "viewer that reads nothing", "30 s"),
    ("serve/limits.rs", "DRAIN_TIMEOUT", "Duration::from_secs(10)", "body of a GET", "10 s"),
    ("serve/limits.rs", "DRAIN_BYTES", "64 * 1024", "body of a GET", "64 KiB"),
    ("serve/limits.rs", "GATE_READ", "4 * 1024", "read ahead", "4 KiB"),
    ("serve/limits.rs", "LINGER", "Duration::from_secs(2)", "viewer that was refused", "2 s"),
    ("serve/limits.rs", "HTTP1_BUFFER", "64 * 1024", "read ahead", "64 KiB"),
    ("serve/limits.rs", "HTTP2_STREAMS", "128", "HTTP/2 streams", "128"),
    ("serve/limits.rs", "HTTP2_HEADER_LIST", "32 * 1024", "HTTP/2 header list", "32 KiB"),
    ("serve/limits.rs", "HTTP2_SEND_BUFFER", "256 * 1024", "HTTP/2 answers", "256 KiB"),
    ("serve/limits.rs", "HTTP2_PENDING_RESETS", "20", "HTTP/2 requests that are reset", "20"),
    ("serve/limits.rs", "HTTP2_CANCELLED", "500", "HTTP/2 requests that are cancelled", "500"),
    ("serve/limits.rs", "HTTP2_ERROR_RESETS", "500", "HTTP/2 streams with errors", "500"),
    ("serve/limits.rs", "HTTP2_EXTRA_FRAMES", "1_000", "HTTP/2 frames of no request", "1 000"),
    ("serve/limits.rs", "HTTP2_EXTRA_PER_REQUEST", "4", "HTTP/2 frames of no request", "4 a request"),
    ("serve/limits.rs", "HTTP2_BYTES_PER_EXTRA", "1_024", "HTTP/2 frames of no request", "1 a KiB"),
    ("serve/limits.rs", "HTTP2_EXTRA_PER_SECOND", "10", "HTTP/2 frames of no request", "10 a second"),
    ("serve/limits.rs", "HTTP2_PING", "Duration::from_secs(20)", "HTTP/2 ping", "20 s"),
    ("serve/limits.rs", "HTTP2_PONG", "Duration::from_secs(10)", "HTTP/2 ping", "10 s"),
    ("serve/limits.rs", "HTTP2_IDLE", "Duration::from_secs(60)", "HTTP/2 connection without", "60 s"),
    ("serve/limits.rs", "ACCEPT_PAUSE", "Duration::from_millis(100)", "connections that wait", "100 ms"),
    ("serve/limits.rs", "BACKLOG", "1_024", "connections that wait", "1 024"),
    ("request/receive.rs", "HEAD_BYTES", "32 * 1024", "request head |", "32 KiB"),
    ("request/receive.rs", "TARGET_BYTES", "8_192", "request target", "8 192"),
    ("semantics/framing/head.rs", "HEAD_BYTES", "48 * 1_024", "read ahead", "48 KiB"),
    ("semantics/framing/head.rs", "FIELDS", "100", "request head |", "100 fields"),
    ("semantics/framing/chunks.rs", "EXTENSION_BYTES", "8 * 1_024", "chunk extensions", "8 KiB"),
    ("semantics/framing/chunks.rs", "TRAILER_BYTES", "8 * 1_024", "chunk extensions", "8 KiB"),
    ("semantics/range.rs", "MAX_RANGES", "32", "ranges in one request", "32"),
    ("policy/clients.rs", "CHAIN", "30", "addresses in X-Forwarded-For", "30"),
    ("policy/path_pattern.rs", "MAX_PATTERN", "255", "a distribution", "255"),
    ("policy/selection.rs", "MAX_BEHAVIORS", "100", "a distribution", "100"),
    ("request/mod.rs", "WAIT", "Duration::from_secs(300)", "wait for somebody", "5 min"),
    ("request/pump.rs", "STALLED", "Duration::from_secs(30)", "viewer that reads nothing", "30 s"),
    ("origin/upload.rs", "STALLED", "Duration::from_secs(10)", "body of another method", "10 s"),
    ("origin/upload.rs", "GRACE", "Duration::from_secs(60)", "body of another method", "a minute"),
    ("origin/upload.rs", "LEAST_RATE", "1_024", "body of another method", "1 s for each KiB"),
    ("origin/http.rs", "HEAD_BYTES", "64 * 1024", "head of an origin", "64 KiB"),
    ("origin/http.rs", "HEAD_LINES", "200", "head of an origin", "200"),
    ("origin/http.rs", "INTERIM_ANSWERS", "16", "interim answers of an origin", "16"),
    ("origin/http.rs", "POOL_IDLE", "Duration::from_secs(15)", "idle connection to an origin", "15 s"),
    ("origin/queue.rs", "WAITING", "4", "origin requests at once", "four times"),
    ("origin/retry.rs", "TRIES", "3", "tries of one origin request", "3"),
    ("fill/task.rs", "ROOM", "Duration::from_secs(1)", "bodies of fills", "a second"),
    ("fill/task.rs", "GRACE", "Duration::from_secs(30)", "time of a fill", "30 s"),
    ("fill/task.rs", "LEAST_RATE", "64 * 1_024", "time of a fill", "64 KiB"),
    ("fill/mod.rs", "UNSHAREABLE_FOR", "Duration::from_secs(10)", "answers known not to be shared", "10 s"),
    ("fill/mod.rs", "UNSHAREABLE_KEYS", "16_384", "answers known not to be shared", "16 384"),
    ("store/variants.rs", "MAX_VARIANTS", "32", "variants under one key", "32"),
    ("store/splits/mod.rs", "PATHS", "1_024", "keys that are compared", "1 024 paths"),
    ("store/splits/mod.rs", "SAMPLES", "16", "keys that are compared", "16 answers"),
    ("store/splits/mod.rs", "PARTS", "24", "keys that are compared", "24 parts"),
    ("store/splits/mod.rs", "NAMES", "128", "keys that are compared", "128 names"),
    ("store/splits/mod.rs", "NAME_BYTES", "64", "keys that are compared", "64 bytes"),
    ("store/splits/mod.rs", "BEHAVIORS", "256", "keys that are compared", "256 behaviours"),
    ("store/splits/mod.rs", "BODY_BYTES", "4 * 1024 * 1024", "keys that are compared", "4 MiB"),
    ("store/splits/mod.rs", "WINDOW", "Duration::from_secs(24 * 3_600)", "keys that are compared", "24 h"),
    ("telemetry/access_log.rs", "BUFFER_BYTES", "1 << 20", "access log", "1 MiB"),
    ("telemetry/access_log.rs", "FIELD_BYTES", "2_048", "access log", "2 048 bytes"),
];

fn source(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(root.join(path)).unwrap()
}

/// What a constant is set to.
fn value(text: &str, name: &str) -> String {
    let (_, rest) = text
        .split_once(&format!("const {name}: "))
        .unwrap_or_else(|| panic!("there is no {name}"));
    let (_, rest) = rest.split_once('=').unwrap();
    let (value, _) = rest.split_once(';').unwrap();
    value.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn table() -> String {
    let readme = source("README.md");
    let (_, rest) = readme.split_once("\n## Limits\n").unwrap();
    rest.split_once("\n## ").unwrap().0.to_owned()
}

#[test]
fn every_limit_has_its_row_in_the_readme() {
    let table = table();
    for (file, name, expected, row, words) in LIMITS {
        let found = value(&source(&format!("src/{file}")), name);
        assert_eq!(
            found, *expected,
            "{file} {name}: its row in the README says something else"
        );
        let begins = format!("| {row}");
        let line = table.lines().find(|line| line.starts_with(&begins));
        let line = line.unwrap_or_else(|| panic!("no row begins with {row:?}"));
        assert!(line.contains(words), "{name}: no {words:?} in {line}");
    }
    // Of the connection's limits none is forgotten.
    for line in source("src/serve/limits.rs").lines() {
        if let Some((name, _)) = line
            .strip_prefix("pub const ")
            .and_then(|rest| rest.split_once(':'))
        {
            let listed = LIMITS
                .iter()
                .any(|(file, known, ..)| *file == "serve/limits.rs" && *known == name);
            assert!(listed, "{name} has no row");
        }
    }
    for key in [
        "max_connections`",
        "max_connections_per_address`",
        "max_object_size`",
        "in_flight`",
        "max_requests`",
    ] {
        assert!(table.contains(&format!("`{key}")), "{key}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_metric_of_the_table_is_one() {
    let (_bucket, edge) = bucket_and_edge(&[]).await;
    let scrape = edge.admin_with("GET", "/metrics", &[], "").await.text();
    let table = table();
    let mut found = 0;
    for word in table.split('`').filter(|word| word.starts_with("seawall_")) {
        // A family with a label has no line before something was counted, but it says what it is.
        let family = word.split('{').next().unwrap().trim_end_matches("_total");
        assert!(scrape.contains(&format!("# TYPE {family} ")), "{word}");
        found += 1;
    }
    assert!(found >= 15, "{found} metrics");
}
