//! What is in the key: what makes two requests one object, and what an origin gets of them.

use crate::harness::{Answer, EdgeOptions, Reply, ScriptedOrigin, TestEdge};

mod a_field_in_the_key_tells_objects_apart;
mod a_named_policy_is_used_by_many;
mod a_purge_path_means_what_a_request_would;
mod a_query_is_chosen_and_sorted;
mod an_unsafe_method_forgets_every_key_of_its_target;
mod nothing_is_cloaked;
mod the_coding_in_the_key_is_the_reduced_one;
mod the_presets_hold_their_promise;
mod two_users_never_share;
mod visits_of_a_campaign_share_one_object;
mod what_goes_on_unkeyed_is_counted;

/// An edge in front of a web server that answers with `bodies`, each fresh for a minute. `policies` are
/// tables of their own, `lines` stand in the distribution.
async fn keyed(policies: &str, lines: &str, bodies: &[&str]) -> (ScriptedOrigin, TestEdge) {
    let fresh = |body: &&str| Reply::ok("cache-control: max-age=60\r\n", body);
    let origin = ScriptedOrigin::start(bodies.iter().map(fresh)).await;
    let edge = EdgeOptions::web(&origin.url())
        .distribution(lines)
        .more(policies)
        .start()
        .await;
    (origin, edge)
}

/// The targets that the origin was asked for.
fn targets(origin: &ScriptedOrigin) -> Vec<String> {
    let target = |head: &String| head.split(' ').nth(1).unwrap_or_default().to_owned();
    origin.requests().iter().map(target).collect()
}

/// `Hit` or `Miss`, and the body.
fn told(answer: &Answer) -> (String, String) {
    (answer.cache(), answer.text())
}

fn is(word: &str, body: &str) -> (String, String) {
    (word.to_owned(), body.to_owned())
}
