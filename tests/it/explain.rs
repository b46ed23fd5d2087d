//! An edge that explains itself: why a request is a hit or a miss, without anything becoming of it.

use serde_json::{Value, json};

use crate::harness::TestEdge;

mod a_bad_call_is_told_what_is_wrong;
mod a_purge_is_named;
mod each_verdict_has_its_reasons;
mod it_says_beforehand_what_the_edge_then_does;
mod live_sends_it_as_a_viewer_would;
mod nothing_comes_of_it;
mod the_command_says_it_in_a_few_lines;
mod the_readme_shows_a_real_one;

/// What the edge says of a GET with these fields.
async fn explain(edge: &TestEdge, path: &str, fields: &[(&str, &str)]) -> Value {
    explain_as(edge, json!({ "target": path, "headers": fields })).await
}

/// What it says to this call, of a request to `localhost` unless another host is given.
async fn explain_as(edge: &TestEdge, mut call: Value) -> Value {
    if call["url"].is_null() && call["host"].is_null() {
        call["host"] = "localhost".into();
    }
    let answer = edge.admin("POST", "/v1/explain", &call.to_string()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}
