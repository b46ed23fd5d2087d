//! Behaviours: which rules hold for which paths of a distribution, and that no path gets past its own.

use crate::harness::{EdgeOptions, Reply, ScriptedOrigin, TestBucket, TestEdge};

mod a_bucket_and_an_application_share_a_name;
mod a_purge_takes_the_objects_of_any_behavior;
mod a_reload_may_give_a_path_to_another_behavior;
mod an_encoded_path_does_not_get_past_its_behavior;
mod each_behavior_has_its_own_methods_and_lifetimes;
mod no_object_is_reached_through_a_behavior_of_another_path;
mod the_first_behavior_that_matches_holds;
mod the_root_object_has_the_behavior_of_its_own_path;

/// A bucket with these objects, a web server with this script, and an edge before both: paths are the
/// bucket's unless `behaviors` gives them to the origin `api`.
async fn site_and_api(
    objects: &[(&str, &str)],
    replies: impl IntoIterator<Item = Reply>,
    behaviors: &str,
) -> (TestBucket, ScriptedOrigin, TestEdge) {
    let bucket = TestBucket::start().await;
    for (key, body) in objects {
        bucket.put(key, body).await;
    }
    let api = ScriptedOrigin::start(replies).await;
    let edge = options(&bucket, &api, behaviors).start().await;
    (bucket, api, edge)
}

fn options(bucket: &TestBucket, api: &ScriptedOrigin, behaviors: &str) -> EdgeOptions {
    EdgeOptions::of(bucket)
        .edge("debug_headers = true")
        .distribution(behaviors)
        .more(&format!(
            "[origins.api]\ntype = \"http\"\nurl = \"{}\"\n",
            api.url()
        ))
}

/// A behaviour of the origin `api`, with further lines.
fn api(path: &str, lines: &str) -> String {
    format!("[[distributions.behaviors]]\npath = \"{path}\"\norigin = \"api\"\n{lines}\n")
}

/// A behaviour of the distribution's own origin, with further lines.
fn site(path: &str, lines: &str) -> String {
    format!("[[distributions.behaviors]]\npath = \"{path}\"\n{lines}\n")
}

/// An answer of the web server that may be kept.
fn page(text: &str) -> Reply {
    Reply::ok("cache-control: max-age=60\r\n", text)
}
