//! Sites of files: what stands in for a path that is no object, and what is answered where nothing is.

use crate::harness::{EdgeOptions, TestBucket, TestEdge, edge_identity};

mod a_clean_url_is_the_page_without_its_ending;
mod a_failure_has_its_page;
mod a_missing_slash_is_a_redirect;
mod a_page_application_answers_navigations;
mod a_page_has_the_response_headers_of_what_was_asked_for;
mod a_purge_by_the_path_of_viewers_takes_the_page;
mod a_status_is_remembered_as_long_as_its_rule_says;
mod an_error_has_its_page;
mod an_index_stands_for_its_directory;
mod an_object_may_lead_somewhere_else;
mod explain_shows_each_attempt;
mod no_page_is_reached_through_another_behavior;
mod redirects_hold_before_anything_else;

/// A bucket with these objects, and an edge whose distribution has these lines too.
async fn site(objects: &[(&str, &str)], lines: &str) -> (TestBucket, TestEdge) {
    let bucket = TestBucket::start().await;
    // A missing object says so, and costs one request.
    bucket.faults().list_allowed(true);
    for (key, body) in objects {
        bucket.put(key, body).await;
    }
    let edge = EdgeOptions::of(&bucket)
        .edge("debug_headers = true")
        .distribution(lines)
        .start()
        .await;
    // So that it has no reason to look for something that is there.
    edge.ready().await;
    bucket.log().clear();
    (bucket, edge)
}

/// What the edge has asked the bucket for since it was last asked here, probes apart.
fn asked(bucket: &TestBucket) -> Vec<String> {
    let entries = bucket.log().all().into_iter();
    bucket.log().clear();
    let own = edge_identity().access_key;
    entries
        .filter(|entry| entry.access_key.as_deref() == Some(&*own))
        .filter_map(|entry| entry.key)
        .filter(|key| !key.starts_with("seawall-probe-"))
        .collect()
}
