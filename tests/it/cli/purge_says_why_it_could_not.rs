//! `purge` from a shell: what it did in one line, or why not and code 1.

use tokio::net::TcpListener;

use crate::harness::{TOKEN, bucket_and_edge, run};

const VARIABLE: &str = "SEAWALL_ADMIN_TOKEN";

#[tokio::test(flavor = "multi_thread")]
async fn what_was_purged_is_said() {
    let (_bucket, edge) = bucket_and_edge(&[("page", "here"), ("other", "other")]).await;
    edge.get("/page").await;
    edge.get("/other").await;
    let admin = format!("http://{}/", edge.edge.admin_address());
    let purged = run(&["purge", "--admin", &admin, "/page"], &[(VARIABLE, TOKEN)]).await;
    assert_eq!((purged.code, purged.stderr.as_str()), (Some(0), ""));
    let line = &purged.stdout;
    assert!(
        line.contains(": Completed at position 1; 1 object ("),
        "{line}"
    );
    assert_eq!(edge.get("/page").await.cache(), "Miss");
    assert_eq!(edge.get("/other").await.cache(), "Hit");

    let arguments = [
        "purge",
        "--admin",
        &admin,
        "--token-env",
        "T",
        "--json",
        "/*",
        "/page",
    ];
    let purged = run(&arguments, &[("T", TOKEN)]).await;
    let answer: serde_json::Value = serde_json::from_str(&purged.stdout).unwrap();
    assert_eq!((purged.code, &answer["objects"]), (Some(0), &2.into()));
    assert!(!purged.stdout.contains(TOKEN));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_prevented_it_is_said() {
    const WRONG: &str = "wrong-token-0123456789";
    let (_bucket, edge) = bucket_and_edge(&[("page", "here")]).await;
    edge.get("/page").await;
    let admin = format!("http://{}", edge.edge.admin_address());
    // Nobody listens where somebody listened a moment ago.
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let reader = format!("reader-{TOKEN}");
    type Row<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str, &'a [&'a str]);
    let rows: [Row<'_>; 6] = [
        (&admin, &[], "/page", &[VARIABLE, "not set"]),
        (&admin, &[(VARIABLE, "")], "/page", &[VARIABLE, "not set"]),
        (
            &admin,
            &[(VARIABLE, WRONG)],
            "/page",
            &["401", "the token is not known"],
        ),
        (
            &admin,
            &[(VARIABLE, &reader)],
            "/page",
            &["403", "purge:/page"],
        ),
        (
            &admin,
            &[(VARIABLE, TOKEN)],
            "page",
            &["400", "must begin with '/'"],
        ),
        (
            &nobody,
            &[(VARIABLE, TOKEN)],
            "/page",
            &["no answer", &nobody, "refused"],
        ),
    ];
    for (admin, variables, path, parts) in rows {
        let refused = run(&["purge", "--admin", admin, path], variables).await;
        assert_eq!(
            (refused.code, refused.stdout.as_str()),
            (Some(1), ""),
            "{parts:?}"
        );
        let words = refused.words();
        for part in parts {
            assert!(words.contains(part), "{part:?} in {words}");
        }
        assert!(!words.contains(TOKEN) && !words.contains(WRONG), "{words}");
    }
    assert_eq!(run(&["purge"], &[]).await.code, Some(2), "no path");
    assert_eq!(edge.get("/page").await.cache(), "Hit", "nothing was purged");
}
