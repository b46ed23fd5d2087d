//! A behaviour has the policy of its distribution, another one, a preset, or none.

use super::{APP, page};
use crate::harness::{EdgeOptions, ScriptedOrigin};

#[tokio::test(flavor = "multi_thread")]
async fn a_behavior_may_have_another_policy_or_none() {
    let origin = ScriptedOrigin::start((0..4).map(|_| page(""))).await;
    let behavior = |path: &str, line: &str| {
        format!("[[distributions.behaviors]]\npath = \"{path}\"\n{line}\n")
    };
    let behaviors = [
        behavior("/same", ""),
        behavior("/none", "response_headers = \"none\""),
        behavior(
            "/preset",
            "response_headers = \"CORS-and-SecurityHeadersPolicy\"",
        ),
    ];
    let edge = EdgeOptions::web(&origin.url())
        .distribution("response_headers = \"app\"\n")
        .distribution(&behaviors.concat())
        .more("[response_headers.app]\ncors = { origins = [\"https://app.test\"] }\n")
        .start()
        .await;
    for (path, told, frame) in [
        ("/", APP.1, ""),
        ("/same", APP.1, ""),
        ("/none", "", ""),
        ("/preset", "*", "SAMEORIGIN"),
    ] {
        for _ in 0..2 {
            let answer = edge.get_with(path, &[APP]).await;
            assert_eq!(answer.field("access-control-allow-origin"), told, "{path}");
            assert_eq!(answer.field("x-frame-options"), frame, "{path}");
        }
    }
    assert_eq!(origin.count(), 4);
}
