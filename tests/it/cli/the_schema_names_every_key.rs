//! `config schema` prints a JSON Schema that editors can use: closed tables with their keys.

use serde_json::Value;

use crate::harness::run;

#[tokio::test(flavor = "multi_thread")]
async fn the_schema_names_every_key() {
    let run = run(&["config", "schema"], &[]).await;
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
    let schema: Value = serde_json::from_str(&run.stdout).unwrap();
    assert!(
        schema["$schema"]
            .as_str()
            .unwrap()
            .contains("json-schema.org")
    );
    let keys = |at: &str| {
        let table = schema.pointer(at).unwrap_or_else(|| panic!("no {at}"));
        assert_eq!(table["additionalProperties"], false, "{at} is closed");
        let keys = table["properties"].as_object().unwrap().keys();
        keys.cloned().collect::<Vec<_>>()
    };
    assert_eq!(
        keys(""),
        [
            "admin",
            "cache_policies",
            "distributions",
            "edge",
            "journal",
            "log",
            "origin_requests",
            "origins",
            "response_headers"
        ]
    );
    let edge = keys("/properties/edge");
    for key in [
        "name",
        "pop",
        "listen",
        "data",
        "memory",
        "in_flight",
        "runtime",
    ] {
        assert!(edge.iter().any(|known| known == key), "{key} in {edge:?}");
    }
    let origin = keys("/properties/origins/additionalProperties");
    for key in ["bucket", "region", "endpoint", "credentials", "missing"] {
        assert!(
            origin.iter().any(|known| known == key),
            "{key} in {origin:?}"
        );
    }
    let distribution = keys("/properties/distributions/items");
    for key in [
        "id",
        "domains",
        "root_object",
        "origin",
        "methods",
        "cache_policy",
    ] {
        assert!(
            distribution.iter().any(|known| known == key),
            "{key} in {distribution:?}"
        );
    }
}
