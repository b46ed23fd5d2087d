//! `GET /v1/keys` and `seawall keys`: what splits the cache for nothing, and the line that ends it.

use seawall::store::splits::report::{BehaviorReport, Report, Row, Verdict};

use crate::harness::{Reply, ScriptedOrigin, TestEdge, until};

mod a_line_that_is_pasted_ends_the_split;
mod a_policy_of_many_is_not_cut_for_one;
mod a_reload_that_changes_behaviors_begins_anew;
mod any_line_can_be_pasted;
mod fields_cookies_and_vary_are_told_apart;
mod only_who_may_read_is_told;
mod what_a_viewer_sent_is_not_kept;
mod what_is_no_evidence_is_left_out;

/// A page that lives for an hour.
fn page(body: &str) -> Reply {
    Reply::ok("cache-control: max-age=3600\r\n", body)
}

/// Asks for targets that bring these bodies; waits until all were looked at.
async fn visit(origin: &ScriptedOrigin, edge: &TestEdge, visits: &[(&str, &str)]) {
    let before = looked_at(edge);
    for (target, body) in visits {
        origin.then(page(body));
        let answer = edge.get(target).await;
        assert_eq!(
            (answer.cache(), answer.text()),
            ("Miss".to_owned(), (*body).to_owned()),
            "{target}"
        );
    }
    all_seen(edge, before + visits.len() as u64).await;
}

fn looked_at(edge: &TestEdge) -> u64 {
    edge.edge.engine().fills.splits().answers()
}

async fn all_seen(edge: &TestEdge, count: u64) {
    until("all answers were looked at", || looked_at(edge) == count).await;
}

async fn report(edge: &TestEdge) -> Report {
    let answer = edge.admin("GET", "/v1/keys", "").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    serde_json::from_slice(&answer.body).unwrap()
}

/// The one behaviour that is reported.
async fn only(edge: &TestEdge) -> BehaviorReport {
    let mut report = report(edge).await;
    assert_eq!(report.behaviors.len(), 1, "{report:#?}");
    report.behaviors.remove(0)
}

#[track_caller]
fn row<'r>(report: &'r BehaviorReport, name: &str) -> &'r Row {
    let found = report.parts.iter().find(|row| row.name == name);
    found.unwrap_or_else(|| panic!("no {name} in {report:#?}"))
}

#[track_caller]
fn verdicts(report: &BehaviorReport, expected: &[(&str, Verdict)]) {
    for (name, verdict) in expected {
        assert_eq!(row(report, name).verdict, *verdict, "{name} in {report:#?}");
    }
    assert_eq!(report.parts.len(), expected.len(), "{report:#?}");
}
