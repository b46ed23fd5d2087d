//! A file of redirects: where it sends a request, the bucket is not asked, whatever is there.

use std::fs;

use seawall::config;
use seawall::policy::redirects::LONGEST_FILE;

use super::{asked, site};

const RULES: &str = "# moved\n/old /new\n/blog/:year/* https://blog.test/:year/:splat 302\n\
                     /index.html /home 308\n/moved%20here /there\n/x/* /:splat 307\n";

#[tokio::test(flavor = "multi_thread")]
async fn what_is_read_is_sent_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("_redirects");
    fs::write(&file, RULES).unwrap();
    let lines =
        format!("redirects = {file:?}\nerror_responses = [{{ status = 404, page = \"/old\" }}]");
    let (bucket, edge) = site(&[("old", "still here"), ("new", "new")], &lines).await;
    for (path, status, location) in [
        ("/old", 301, "/new"),
        ("/%6Fld?a=b", 301, "/new?a=b"),
        ("/blog/24/a/b", 302, "https://blog.test/24/a/b"),
        ("/index.html", 308, "/home"),
        ("/moved%20here", 301, "/there"),
        ("/x//evil.test", 307, "/evil.test"),
    ] {
        for method in ["GET", "HEAD"] {
            let answer = edge.request(method, path, &[("range", "bytes=0-1")]).await;
            assert_eq!(
                (answer.status, &*answer.field("location")),
                (status, location),
                "{path}"
            );
            assert_eq!(
                (&*answer.field("content-length"), answer.body.len()),
                ("0", 0)
            );
            assert!(
                answer
                    .field("cache-status")
                    .contains("detail=redirect-rule")
            );
        }
    }
    assert_eq!(asked(&bucket), [""; 0]);
    assert_eq!(edge.get("/new").await.text(), "new");
    // A page is fetched for what it is, not led away.
    assert_eq!(edge.get("/missing").await.text(), "still here");
    // What another method is for, its behaviour says.
    assert_eq!(edge.request("POST", "/old", &[]).await.status, 405);
    // What is no path is none here either.
    assert_eq!(edge.get("/x/../old").await.status, 400);
}

#[test]
fn the_file_is_found_beside_the_configuration_and_judged_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("seawall.toml");
    let text = "[origins.site]\nbucket = \"site\"\nregion = \"local\"\n[[distributions]]\nid = \"E1\"\norigin = \"site\"\nredirects = \"_redirects\"\n";
    fs::write(&path, text).unwrap();
    let rules = folder.path().join("_redirects");
    let rejected = || {
        let told = config::load(&path).unwrap_err().render_plain();
        told.strip_prefix(&format!(
            "{}:7:13: distributions[0].redirects: _redirects: ",
            path.display()
        ))
        .unwrap_or_else(|| panic!("{told}"))
        .to_owned()
    };
    assert!(rejected().starts_with("cannot be read: "));
    fs::write(&rules, "/a /b\n\n/c\n").unwrap();
    assert_eq!(
        rejected(),
        "line 3: found 1 words; allowed: FROM TO [STATUS]"
    );
    fs::write(&rules, b"/a /\xff\n").unwrap();
    assert!(rejected().starts_with("found a byte that is not UTF-8; allowed: "));
    let padded = |length: usize| format!("/a /b\n#{}", "x".repeat(length - 7));
    fs::write(&rules, padded(LONGEST_FILE + 1)).unwrap();
    assert!(rejected().starts_with("found more than 1048576 bytes; allowed: "));
    fs::write(&rules, padded(LONGEST_FILE)).unwrap();
    let config = config::load(&path)
        .map_err(|error| error.render_plain())
        .unwrap();
    let distribution = config.distributions.by_host("a.test").unwrap();
    assert_eq!(distribution.redirects.as_ref().unwrap().len(), 1);
}
