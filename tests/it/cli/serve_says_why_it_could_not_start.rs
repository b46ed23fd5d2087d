//! What keeps an edge from starting is said in one line that names the place, and its cause once.

use crate::harness::run;

#[tokio::test(flavor = "multi_thread")]
async fn a_place_that_cannot_be_written_is_named_with_the_cause() {
    let folder = tempfile::tempdir().unwrap();
    let below = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(below("file"), "").unwrap();
    let (data, log) = (below("data"), below("log"));
    let (no_data, no_log) = (below("file/data"), below("missing/log"));
    let config = below("seawall.toml");
    for (data, log, expected) in [
        (
            &no_data,
            &log,
            format!(
                "the journal in {no_data}: cannot create {no_data}: Not a directory (os error 20)"
            ),
        ),
        (
            &data,
            &no_log,
            format!("the access log {no_log}: No such file or directory (os error 2)"),
        ),
    ] {
        let text = format!(
            "[edge]\nlisten = [\"127.0.0.1:0\"]\ndata = {data:?}\n[admin]\nlisten = \"127.0.0.1:0\"\n\
             [log]\naccess = {log:?}\n[origins.site]\nbucket = \"my-site\"\nregion = \"local\"\n\
             endpoint = \"http://127.0.0.1:9\"\nsigning = \"never\"\n\
             [[distributions]]\nid = \"SITE\"\norigin = \"site\"\n"
        );
        std::fs::write(&config, text).unwrap();
        let run = run(&["serve", "--config", &config], &[]).await;
        assert_eq!(run.code, Some(1), "{}", run.stderr);
        let said: Vec<&str> = run.stderr.lines().collect();
        assert_eq!(said.last(), Some(&&*format!("seawall: {expected}")));
    }
}
