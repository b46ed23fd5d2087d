//! A configuration that is not accepted, or an origin that is not in it, is code 2: nothing was examined.

use super::Setup;

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_cannot_ask_says_why() {
    let setup = Setup::new("http://127.0.0.1:1").origin("colour = 1");
    let run = setup.run(&[]).await;
    assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""));
    assert!(
        run.stderr
            .contains("origins.site.colour: found an unknown key")
    );

    let setup = Setup::new("http://127.0.0.1:1");
    let run = setup.run(&["--origin", "elsewhere"]).await;
    assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""));
    assert!(
        run.stderr.contains("there is no origin \"elsewhere\""),
        "{}",
        run.stderr
    );

    let run = setup.run(&["--colour"]).await;
    assert_eq!(run.code, Some(2));
}
