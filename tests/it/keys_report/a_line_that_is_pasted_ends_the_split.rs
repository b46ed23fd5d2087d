//! A campaign's parameters are found among those that matter. The lines of the report, pasted as they are, end the
//! split, and nothing else changes.

use seawall::store::splits::report::Verdict;

use super::{only, report, row, verdicts, visit};
use crate::harness::{EdgeOptions, ScriptedOrigin, TOKEN, TestEdge, run};
use crate::readme;

const VISITS: [(&str, &str); 8] = [
    ("/shop?lang=en", "the shop"),
    ("/shop?lang=de", "der Laden"),
    ("/shop?lang=en&utm_source=mail&utm_medium=a", "the shop"),
    ("/shop?lang=en&utm_source=mail&utm_medium=b", "the shop"),
    ("/shop?lang=en&utm_source=news&utm_medium=a", "the shop"),
    ("/shop?lang=en&utm_source=feed&utm_medium=c", "the shop"),
    ("/shop?lang=de&utm_source=feed&utm_medium=c", "der Laden"),
    ("/shop?currency=EUR&lang=en", "the shop"),
];

async fn shop(distribution: &str, policies: &str) -> (ScriptedOrigin, TestEdge) {
    let origin = ScriptedOrigin::start([]).await;
    let edge = EdgeOptions::web(&origin.url())
        .distribution(distribution)
        .more(policies)
        .start()
        .await;
    visit(&origin, &edge, &VISITS).await;
    (origin, edge)
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_preset_a_policy_is_made() {
    let (origin, edge) = shop("", "").await;
    let found = only(&edge).await;
    verdicts(
        &found,
        &[
            ("utm_source", Verdict::Splits),
            ("utm_medium", Verdict::Splits),
            ("lang", Verdict::Matters),
            ("currency", Verdict::Unknown),
        ],
    );
    assert_eq!((found.answers, found.samples, found.paths), (8, 8, 1));
    let source = row(&found, "utm_source");
    // mail, news, feed; four times "the shop" beside the one, once "der Laden".
    assert_eq!((source.values, source.answers), (3, 5));
    assert_eq!(
        source.bytes,
        3 * "the shop".len() as u64 + "der Laden".len() as u64
    );
    assert_eq!(found.hints, [""; 0]);
    let pasted = "[cache_policies.fewer-keys]\nbase = \"RFC9111\"\nquery = { except = [\"utm_medium\", \"utm_source\"] }\n";
    assert!(found.paste.starts_with(pasted), "{}", found.paste);
    assert!(
        found.paste.ends_with("cache_policy = \"fewer-keys\"\n"),
        "{}",
        found.paste
    );
    let named = "cache_policy = \"fewer-keys\"";
    nothing_is_split(
        &origin,
        EdgeOptions::web(&origin.url())
            .distribution(named)
            .more(&found.paste),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_policy_of_one_s_own_a_line_is_merged() {
    let line = "query = { except = [\"gclid\", \"session_*\"] }";
    let policy = format!("[cache_policies.pages]\nbase = \"RFC9111\"\n{line}\n");
    let named = "cache_policy = \"pages\"\n";
    let (origin, edge) = shop(named, &policy).await;
    let found = only(&edge).await;
    let merged = "query = { except = [\"gclid\", \"session_*\", \"utm_medium\", \"utm_source\"] }";
    let (comment, pasted) = found.paste.split_once('\n').unwrap();
    assert!(comment.contains("[cache_policies.pages]"), "{comment}");
    assert_eq!(pasted, format!("{merged}\n"));
    let policy = policy.replace(line, &found.paste);
    nothing_is_split(
        &origin,
        EdgeOptions::web(&origin.url())
            .distribution(named)
            .more(&policy),
    )
    .await;
}

/// The same visits again: one object a language, and one for what nothing is known of.
async fn nothing_is_split(origin: &ScriptedOrigin, options: EdgeOptions) {
    let edge = options.start().await;
    for body in ["the shop", "der Laden", "the shop"] {
        origin.then(super::page(body));
    }
    let mut missed = Vec::new();
    for (target, body) in VISITS {
        let answer = edge.get(target).await;
        assert_eq!(answer.text(), body, "{target}");
        if answer.cache() == "Miss" {
            missed.push(target);
        }
    }
    assert_eq!(missed, [VISITS[0].0, VISITS[1].0, VISITS[7].0]);
    let found = report(&edge).await;
    let splits = found.behaviors[0].parts.iter();
    assert!(splits.clone().count() > 0);
    assert!(
        splits.clone().all(|row| row.verdict != Verdict::Splits),
        "{found:#?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_means_nothing_is_sorted() {
    let origin = ScriptedOrigin::start([]).await;
    let edge = EdgeOptions::web(&origin.url()).start().await;
    let visits = [
        "/p?a=1&b=2&c=3",
        "/p?b=2&a=1&c=3",
        "/p?c=3&b=2&a=1",
        "/p?c=3&a=1&b=2",
        "/p?a=1&c=3&b=2",
    ];
    visit(&origin, &edge, &visits.map(|target| (target, "page"))).await;
    let found = only(&edge).await;
    assert_eq!(row(&found, "").verdict, Verdict::Splits);
    assert!(
        found.paste.contains("\nsort_query = true\n"),
        "{}",
        found.paste
    );
    let options = EdgeOptions::web(&origin.url()).distribution("cache_policy = \"fewer-keys\"");
    let edge = options.more(&found.paste).start().await;
    visit(&origin, &edge, &[(visits[0], "page")]).await;
    for target in visits {
        assert_eq!(edge.get(target).await.cache(), "Hit", "{target}");
    }
}

/// And the README shows what the command prints.
#[tokio::test(flavor = "multi_thread")]
async fn the_command_prints_it() {
    let (_origin, edge) = shop("", "").await;
    let admin = format!("http://{}", edge.edge.admin_address());
    let variables = [("SEAWALL_ADMIN_TOKEN", TOKEN)];
    let printed = run(&["keys", "--admin", &admin], &variables).await;
    assert_eq!((printed.code, &*printed.stderr), (Some(0), ""));
    let (begin, end) = ("<!-- keys: begin -->\n", "<!-- keys: end -->");
    readme::holds(begin, end, &format!("```text\n{}```\n", printed.stdout));
    let arguments = ["keys", "--admin", &admin, "--distribution", "E1", "--json"];
    let printed = run(&arguments, &variables).await;
    let answer: serde_json::Value = serde_json::from_str(&printed.stdout).unwrap();
    assert_eq!(
        answer["behaviors"][0]["parts"][0]["verdict"],
        "splits for nothing"
    );
    let refused = run(
        &["keys", "--admin", &admin, "--distribution", "E9&x=1"],
        &variables,
    )
    .await;
    assert_eq!(refused.code, Some(1));
    assert!(
        refused.words().contains("no distribution \"E9&x=1\""),
        "{}",
        refused.words()
    );
}
