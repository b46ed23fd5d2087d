//! An invalidation names paths; all variants under one go.

use super::{forwarding, get, is, told, varying};

#[tokio::test(flavor = "multi_thread")]
async fn a_purge_takes_every_variant() {
    let replies =
        ["1", "2", "1 anew", "2 anew"].map(|body| varying("x-a", "etag: \"e\"\r\n", body));
    let (origin, edge) = forwarding("AllViewerExceptHostHeader", replies.to_vec()).await;
    for n in ["1", "2"] {
        assert_eq!(get(&edge, &[("x-a", n)]).await.text(), n);
    }
    let done = edge.purge(&["/a"]).await;
    assert_eq!(done["objects"], 2);
    for n in ["1", "2"] {
        let answer = get(&edge, &[("x-a", n)]).await;
        assert_eq!(answer.text(), format!("{n} anew"));
        assert!(
            !origin.last().to_lowercase().contains("if-none-match"),
            "a dead one is no base"
        );
        assert_eq!(
            told(&get(&edge, &[("x-a", n)]).await),
            is("hit", &format!("{n} anew"))
        );
    }
    assert_eq!(origin.count(), 4);
}
