//! The viewer's side: what is refused, which protocols are spoken, and how connections end.

mod a_body_of_a_get_is_never_a_request;
mod a_host_that_is_none_is_refused;
mod a_method_that_is_not_allowed_is_told_which_are;
mod a_path_that_no_object_has_is_refused;
mod a_viewer_that_takes_too_long_is_cut;
mod an_ending_finishes_what_is_in_flight;
mod an_http_2_connection_without_requests_ends;
mod both_runtimes_serve;
mod connections_beyond_the_limit_are_closed;
mod hosts_choose_their_distribution;
mod http_1_0_is_answered_in_its_own_way;
mod http_2_is_spoken_in_clear_on_the_same_port;
mod pipelined_requests_are_answered_in_order;
mod what_is_no_request_is_refused;
mod what_is_over_a_limit_is_refused;

use crate::harness::{Answer, TestBucket};

/// Holds a refusal to what every answer of the edge carries, and the bucket to not having been
/// asked for anything but what the edge asks by itself.
#[track_caller]
fn assert_refused(what: &str, answer: &Answer, status: u16, bucket: &TestBucket) {
    assert_eq!(answer.status, status, "{what}: {}", answer.text());
    assert_eq!(answer.field("x-cache"), "Error from seawall", "{what}");
    assert_eq!(answer.field("cache-status"), "edge-1", "{what}");
    assert_eq!(answer.field("via"), "1.1 edge-1", "{what}");
    assert_eq!(answer.field("x-edge-pop"), "LOCAL", "{what}");
    assert_eq!(answer.field("cache-control"), "no-store", "{what}");
    let id = answer.field("x-request-id");
    assert_eq!(id.len(), 32, "{what}: {id}");
    assert!(
        answer.text().contains(&id),
        "{what}: the text names the request: {}",
        answer.text()
    );
    assert_unasked(what, bucket);
}

#[track_caller]
fn assert_unasked(what: &str, bucket: &TestBucket) {
    let log = bucket.log().all();
    let asked: Vec<&str> = log
        .iter()
        .filter(|entry| !entry.target.contains("seawall-probe-"))
        .map(|entry| entry.target.as_str())
        .collect();
    assert_eq!(asked, Vec::<&str>::new(), "{what}: it reached the bucket");
}
