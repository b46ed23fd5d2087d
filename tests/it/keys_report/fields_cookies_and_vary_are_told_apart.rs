//! Headers, cookies and what an answer varies by are judged as parameters are, and each has its own remedy.

use seawall::store::splits::report::{Kind, Verdict};

use super::{all_seen, only, page, verdicts};
use crate::harness::{EdgeOptions, Reply, ScriptedOrigin};

const POLICY: &str = r#"
[cache_policies.own]
base = "RFC9111"
headers = ["X-Tenant", "X-Trace"]
cookies = { allow = ["currency", "seen"] }
[origin_requests.more]
fields = { allow = ["X-Device"] }
"#;
const NAMED: &str = "cache_policy = \"own\"\norigin_request = \"more\"\n";

#[tokio::test(flavor = "multi_thread")]
async fn each_with_its_remedy() {
    let origin = ScriptedOrigin::start([]).await;
    let edge = EdgeOptions::web(&origin.url())
        .distribution(NAMED)
        .more(POLICY)
        .start()
        .await;
    // X-Trace, `seen` and X-Device differ with every visit.
    for visit in 0..5 {
        let cookie = format!("seen={visit}; currency=EUR; other={visit}");
        let (trace, device) = (visit.to_string(), format!("d{visit}"));
        let fields = [
            ("x-tenant", "a"),
            ("x-trace", &trace),
            ("cookie", &cookie),
            ("x-device", &device),
        ];
        origin.then(Reply::ok(
            "cache-control: max-age=60\r\nvary: X-Device\r\n",
            "page",
        ));
        assert_eq!(edge.get_with("/p", &fields).await.cache(), "Miss");
    }
    let base = [("x-tenant", "a"), ("cookie", "currency=EUR")];
    let tenant = [("x-tenant", "b"), ("cookie", "currency=EUR")];
    let currency = [("x-tenant", "a"), ("cookie", "currency=CHF")];
    for (fields, body) in [
        (base, "page"),
        (tenant, "page of b"),
        (currency, "CHF page"),
    ] {
        origin.then(page(body));
        assert_eq!(edge.get_with("/p", &fields).await.cache(), "Miss", "{body}");
    }
    all_seen(&edge, 8).await;
    let found = only(&edge).await;
    verdicts(
        &found,
        &[
            ("x-trace", Verdict::Splits),
            ("seen", Verdict::Splits),
            ("x-device", Verdict::Splits),
            ("x-tenant", Verdict::Matters),
            ("currency", Verdict::Matters),
        ],
    );
    assert_eq!(super::row(&found, "x-device").kind, Kind::Vary);
    let (_, lines) = found.paste.split_once('\n').unwrap();
    assert_eq!(
        lines,
        "headers = [\"x-tenant\"]\ncookies = { allow = [\"currency\"] }\n"
    );
    assert_eq!(found.hints.len(), 1, "{:?}", found.hints);
    assert!(
        found.hints[0].contains("Vary: x-device"),
        "{:?}",
        found.hints
    );
    // What is to be written is accepted.
    let lean = POLICY.replace(
        "headers = [\"X-Tenant\", \"X-Trace\"]\ncookies = { allow = [\"currency\", \"seen\"] }\n",
        lines,
    );
    assert_ne!(lean, POLICY);
    let edge = EdgeOptions::web(&origin.url())
        .distribution(NAMED)
        .more(&lean)
        .start()
        .await;
    origin.then(page("page"));
    for (visit, expected) in [("0", "Miss"), ("1", "Hit")] {
        let cookie = format!("seen={visit}; currency=EUR");
        let fields = [("x-tenant", "a"), ("x-trace", visit), ("cookie", &*cookie)];
        assert_eq!(
            edge.get_with("/p", &fields).await.cache(),
            expected,
            "{visit}"
        );
    }
}
