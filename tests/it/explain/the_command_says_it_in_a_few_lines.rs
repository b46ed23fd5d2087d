//! `explain` from a shell: the verdict in a sentence first; code 0 also for a miss, 1 for what failed.

use crate::harness::{Reply, TOKEN, run, web};

const VARIABLE: &str = "SEAWALL_ADMIN_TOKEN";

#[tokio::test(flavor = "multi_thread")]
async fn the_command_says_it_in_a_few_lines() {
    let (origin, edge) = web([Reply::ok("cache-control: max-age=60\r\n", "hello")]).await;
    let admin = format!("http://{}", edge.edge.admin_address());
    let token = [(VARIABLE, TOKEN)];
    let url = "http://localhost/a";
    let miss = run(&["explain", "--admin", &admin, url], &token).await;
    assert_eq!((miss.code, miss.stderr.as_str()), (Some(0), ""));
    assert!(
        miss.stdout.starts_with("Nothing is stored under this key."),
        "{}",
        miss.stdout
    );
    assert_eq!(origin.count(), 0);

    let arguments = ["explain", "--admin", &admin, "--live", url];
    let live = run(&arguments, &token).await;
    assert!(
        live.stdout
            .contains("\nlive           200, X-Cache Miss, 5 bytes\n"),
        "{}",
        live.stdout
    );
    edge.advance(20);
    let hit = run(&["explain", "--admin", &admin, url], &token).await;
    assert_eq!(
        hit.stdout.lines().next(),
        Some("The stored answer is fresh, for 40 s more.")
    );
    assert!(
        hit.stdout.contains("\n  lifetime     60 s, from max-age\n"),
        "{}",
        hit.stdout
    );

    let arguments = [
        "explain",
        "--admin",
        &admin,
        "--json",
        "--method",
        "HEAD",
        "-H",
        "Range: bytes=0-1",
        url,
    ];
    let said = run(&arguments, &token).await;
    let said: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!(said["request"]["method"], "HEAD");
    assert_eq!(said["decision"]["verdict"], "serve");

    // What a viewer could send steers no terminal.
    let arguments = [
        "explain",
        "--admin",
        &admin,
        "http://localhost/a?%1b\u{9b}2J",
    ];
    let odd = run(&arguments, &token).await;
    assert!(!odd.stdout.contains('\u{9b}'), "{}", odd.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_prevented_it_is_said() {
    let (_origin, edge) = web([]).await;
    let admin = format!("http://{}", edge.edge.admin_address());
    let token = [(VARIABLE, TOKEN)];
    for (arguments, variables, code, part) in [
        (
            &["http://localhost/a", "--admin", &admin][..],
            &[][..],
            1,
            "not set",
        ),
        (
            &["/a", "--admin", &admin],
            &token,
            1,
            "the URL cannot be used",
        ),
        (
            &["http://localhost/a", "--admin", &admin, "-H", "x"],
            &token,
            1,
            "no colon",
        ),
        (
            &["http://localhost/a", "--admin", "nowhere"],
            &token,
            1,
            "the address of the admin API",
        ),
        (&[], &token, 2, "URL"),
    ] {
        let arguments = [&["explain"], arguments].concat();
        let refused = run(&arguments, variables).await;
        assert_eq!(
            (refused.code, refused.stdout.as_str()),
            (Some(code), ""),
            "{arguments:?}"
        );
        assert!(
            refused.words().contains(part),
            "{part}: {}",
            refused.words()
        );
    }
}
