//! The header, the access log and the metric give the same reason, in the same word.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::harness::{EdgeOptions, Reply, ScriptedOrigin, until};

const ONLY_IF_CACHED: [(&str, &str); 1] = [("cache-control", "only-if-cached")];

#[tokio::test]
async fn one_word_says_why_everywhere() {
    let data = Arc::new(tempfile::tempdir().unwrap());
    let log = data.path().join("access.log");
    let origin = ScriptedOrigin::start([
        Reply::ok("cache-control: no-store\r\n", "for you"),
        Reply::ok("vary: *\r\n", "for you"),
        Reply::ok(
            "cache-control: max-age=1, stale-while-revalidate=60\r\n",
            "stale soon",
        ),
        Reply::error(404, "InvalidObjectState"),
        Reply::error(403, "SignatureDoesNotMatch"),
        Reply::error(403, "SignatureDoesNotMatch"),
    ])
    .await;
    let edge = EdgeOptions::new(&origin.url())
        .data(&data)
        .access(log.to_str().unwrap())
        .edge("debug_headers = true\n")
        .start()
        .await;
    let mut said: BTreeMap<String, String> = BTreeMap::new();
    for (path, fields, word) in [
        ("/no-store", &[][..], "no-store"),
        ("/vary", &[], "vary-star"),
        ("/swr", &[], ""),
        ("/swr", &[], "stale-while-revalidate"),
        ("/..", &[], "bad-target"),
        ("/nothing", &ONLY_IF_CACHED, "only-if-cached"),
        ("/vary", &[("if-match", "\"a\"")], "precondition"),
    ] {
        let answer = edge.get_with(path, fields).await;
        let status = answer.field("cache-status");
        let detail = status
            .split("; ")
            .find_map(|parameter| parameter.strip_prefix("detail="))
            .unwrap_or_default();
        if word == "precondition" {
            // The origin refuses that one, and its reason weighs more than why it was asked.
            assert!(detail.starts_with("origin-"), "{status}");
        } else {
            assert_eq!(detail, word, "{path}: {status}");
        }
        if path == "/swr" {
            edge.settled().await;
            edge.advance(2);
        }
        said.insert(answer.field("x-request-id"), detail.to_owned());
    }
    let lines = || -> Vec<serde_json::Value> {
        let text = std::fs::read_to_string(&log).unwrap_or_default();
        // The last line may not be all there yet.
        text.lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect()
    };
    until("all are logged", || lines().len() == said.len()).await;
    for line in lines() {
        let logged = line["detail"].as_str().unwrap_or_default();
        assert_eq!(said[line["request_id"].as_str().unwrap()], logged, "{line}");
    }
    for word in said.values().filter(|word| !word.is_empty()) {
        let name = format!("seawall_reasons_total{{reason=\"{word}\"}}");
        assert!(edge.metric(&name).await >= 1.0, "{name}");
    }
}
