//! A parameter that means nothing to one behaviour may mean much to another of the same cache policy.

use seawall::store::splits::report::Verdict;

use super::{report, verdicts, visit};
use crate::harness::{EdgeOptions, ScriptedOrigin};

const POLICIES: &str = r#"
[[distributions.behaviors]]
path = "/search/*"
[cache_policies.pages]
base = "RFC9111"
"#;

#[tokio::test(flavor = "multi_thread")]
async fn what_matters_elsewhere_stays_in_the_key() {
    let origin = ScriptedOrigin::start([]).await;
    let edge = EdgeOptions::web(&origin.url())
        .distribution("cache_policy = \"pages\"\n")
        .more(POLICIES)
        .start()
        .await;
    let pages = [
        "/p?q=1&r=1",
        "/p?q=2&r=2",
        "/p?q=3&r=3",
        "/p?q=4&r=4",
        "/p?q=5&r=5",
    ];
    visit(&origin, &edge, &pages.map(|target| (target, "page"))).await;
    visit(
        &origin,
        &edge,
        &[("/search/?q=1", "one"), ("/search/?q=2", "two")],
    )
    .await;
    let found = report(&edge).await.behaviors;
    assert_eq!(
        (&*found[0].behavior, &*found[1].behavior),
        ("/search/*", "*")
    );
    verdicts(&found[0], &[("q", Verdict::Matters)]);
    verdicts(&found[1], &[("q", Verdict::Splits), ("r", Verdict::Splits)]);
    let paste = &found[1].paste;
    assert!(
        paste.ends_with("\nquery = { except = [\"r\"] }\n"),
        "{paste}"
    );
    let hints = found[1].hints.join("\n");
    assert!(
        hints.contains("parameter q changes answers of another behavior"),
        "{hints}"
    );
    assert!(hints.contains("also holds for E1 /search/*"), "{hints}");
    assert_eq!(found[0].paste, "");
}
