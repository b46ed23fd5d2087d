//! `Vary: *`, and a Vary on what the edge itself adds to, fit no second request.

use super::{forwarding, get, varying};

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_nobody_else_can_match_is_not_kept() {
    for vary in ["*", "x-a, *", ", *", "X-Forwarded-For", "via", "x a"] {
        let replies = ["one", "two", "three"].map(|body| varying(vary, "", body));
        let (origin, edge) = forwarding("AllViewerExceptHostHeader", replies.to_vec()).await;
        for body in ["one", "two", "three"] {
            let answer = get(&edge, &[]).await;
            assert_eq!(
                (answer.text().as_str(), answer.cache().as_str()),
                (body, "Miss"),
                "{vary}"
            );
        }
        assert_eq!(origin.count(), 3, "{vary}");
        assert_eq!(edge.edge.engine().memory.usage().objects, 0, "{vary}");
    }
}
