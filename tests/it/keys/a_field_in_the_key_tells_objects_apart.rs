//! A field in the key makes an object for each of its values, and reaches the origin.

use super::{is, keyed, told};
use crate::harness::field;

const OWN: &str = "[cache_policies.own]\nheaders = [\"X-Tenant\"]";
/// What a viewer sends, the object it gets, and what the origin is sent.
type Row = (
    &'static [(&'static str, &'static str)],
    &'static str,
    &'static str,
);

const POLICY: &str = "cache_policy = \"own\"";

#[tokio::test(flavor = "multi_thread")]
async fn each_value_has_an_object() {
    let (origin, edge) = keyed(OWN, POLICY, &["a", "b", "none", "empty", "both"]).await;
    let rows: [Row; 5] = [
        (&[("x-tenant", "a")], "a", "a"),
        (&[("x-tenant", "b")], "b", "b"),
        (&[], "none", ""),
        (&[("x-tenant", "")], "empty", ""),
        (&[("x-tenant", "a"), ("x-tenant", "b")], "both", "a | b"),
    ];
    for (fields, body, sent) in rows {
        let answer = edge.get_with("/", fields).await;
        assert_eq!(told(&answer), is("Miss", body), "{fields:?}");
        assert_eq!(field(&origin.last(), "x-tenant"), sent, "{fields:?}");
    }
    for (fields, body, _) in rows {
        let again = edge.get_with("/", fields).await;
        assert_eq!(told(&again), is("Hit", body), "{fields:?}");
    }
}

/// The key is made of what the origin sees: what the viewer calls a field of the connection stays behind.
#[tokio::test(flavor = "multi_thread")]
async fn a_field_that_stays_behind_is_no_value() {
    let (origin, edge) = keyed(OWN, POLICY, &["none", "a"]).await;
    let hidden = [("connection", "x-tenant"), ("x-tenant", "a")];
    let answer = edge.get_with("/", &hidden).await;
    assert_eq!(told(&answer), is("Miss", "none"));
    assert_eq!(field(&origin.last(), "x-tenant"), "");
    assert_eq!(told(&edge.get("/").await), is("Hit", "none"));
    let answer = edge.get_with("/", &[("x-tenant", "a")]).await;
    assert_eq!(told(&answer), is("Miss", "a"));
}
