//! Response headers policies: what is added to answers, and taken from them, as they leave.

use crate::harness::{Answer, EdgeOptions, Reply, ScriptedOrigin, TestEdge};

mod a_behavior_may_have_another_policy_or_none;
mod a_preflight_is_answered_by_the_edge;
mod a_reload_changes_what_is_said_of_stored_objects;
mod every_kind_of_answer_says_who_may_read_it;
mod fields_are_set_and_removed_on_their_way_out;
mod one_stored_object_serves_every_origin;
mod what_the_origin_says_of_sharing_stays_or_goes;

const APP: (&str, &str) = ("origin", "https://app.test");
const SHOP: (&str, &str) = ("origin", "https://eu.shop.test");
const EVIL: (&str, &str) = ("origin", "https://evil.test");

/// Two origins, by name and below a wildcard.
const LISTED: &str = r#"cors = { origins = ["https://app.test", "https://*.shop.test"], methods = ["GET", "PUT"], headers = ["X-A"], expose = ["X-B"], credentials = true, max_age = "10m" }"#;

/// A web server with this script, and an edge before it with a policy of these lines for all its paths.
async fn with_policy(
    lines: &str,
    replies: impl IntoIterator<Item = Reply>,
) -> (ScriptedOrigin, TestEdge) {
    let origin = ScriptedOrigin::start(replies).await;
    let edge = options(&origin, lines).start().await;
    (origin, edge)
}

fn options(origin: &ScriptedOrigin, lines: &str) -> EdgeOptions {
    EdgeOptions::web(&origin.url())
        .distribution("response_headers = \"app\"")
        .more(&format!("[response_headers.app]\n{lines}\n"))
}

/// An answer that may be kept for a minute.
fn page(fields: &str) -> Reply {
    Reply::ok(&format!("cache-control: max-age=60\r\n{fields}"), "page")
}

/// All that an answer says about sharing.
fn sharing(answer: &Answer) -> Vec<String> {
    let mut lines: Vec<String> = answer
        .fields
        .iter()
        .filter(|(name, _)| name.starts_with("access-control-"))
        .map(|(name, value)| format!("{}: {value}", &name["access-control-".len()..]))
        .collect();
    lines.sort();
    lines
}
