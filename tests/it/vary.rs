//! Answers that differ with a request's fields: several are kept under one key.

use crate::harness::{Answer, EdgeOptions, Reply, ScriptedOrigin, TestEdge};

mod a_purge_takes_every_variant;
mod a_stale_variant_is_validated_by_its_own_tag;
mod an_answer_that_nobody_else_can_match_is_not_kept;
mod an_unsafe_method_takes_every_variant;
mod each_request_gets_the_variant_for_it;
mod only_what_reaches_the_origin_counts;
mod the_number_of_variants_is_bounded;
mod who_waits_for_another_variant_finds_its_own;

/// An edge in front of a web server, with this `origin_request`.
async fn forwarding(policy: &str, replies: Vec<Reply>) -> (ScriptedOrigin, TestEdge) {
    let origin = ScriptedOrigin::start(replies).await;
    let more = format!(
        r#"
[origins.web]
type = "http"
url = "{}"
[[distributions]]
id = "WEB"
domains = ["web.test"]
origin = "web"
origin_request = "{policy}"
"#,
        origin.url()
    );
    let edge = EdgeOptions::new(&origin.url()).more(&more).start().await;
    (origin, edge)
}

/// An answer that varies on this field.
fn varying(vary: &str, fields: &str, body: &str) -> Reply {
    Reply::ok(
        &format!("cache-control: max-age=60\r\nvary: {vary}\r\n{fields}"),
        body,
    )
}

async fn get(edge: &TestEdge, fields: &[(&str, &str)]) -> Answer {
    let fields = [&[("host", "web.test")], fields].concat();
    edge.get_with("/a", &fields).await
}

/// How the answer came about, and its body.
fn told(answer: &Answer) -> (String, String) {
    let cache = answer.field("cache-status");
    let word = cache.split("; ").nth(1).unwrap_or_default();
    (word.to_owned(), answer.text())
}

fn is(word: &str, body: &str) -> (String, String) {
    (word.to_owned(), body.to_owned())
}
