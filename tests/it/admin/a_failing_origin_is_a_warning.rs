//! `/readyz` names an origin whose last request failed, and stays 200: what is stored is served.

use crate::harness::{Reply, web};

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_origin_is_a_warning() {
    // What is no answer at all, as often as it is tried.
    let gone = || Reply::SendAndClose(vec![]);
    let (_origin, edge) = web([gone(), gone(), Reply::ok("", "here")]).await;
    for (status, warned) in [(502, true), (200, false)] {
        assert_eq!(edge.get("/a").await.status, status);
        let ready = edge.admin_with("GET", "/readyz", &[], "").await;
        let said = ready.json();
        assert_eq!((ready.status, said["ready"].as_bool()), (200, Some(true)));
        let warnings = said["warnings"].as_array().unwrap();
        assert_eq!(warnings.len(), usize::from(warned), "{said}");
        assert!(
            !warned || warnings[0].as_str().unwrap().starts_with("origin site: "),
            "{said}"
        );
    }
}
