//! `explain` shows what is tried for a path, one after the other, as far as what is stored tells.

use std::fs;

use serde_json::{Value, json};

use super::{asked, site};
use crate::harness::TestEdge;

const OBJECTS: &[(&str, &str)] = &[
    ("about.html", "about"),
    ("docs/index.html", "docs"),
    ("404.html", "not here"),
    ("405.html", "not so"),
];

/// Method and path; verdict and attempts before anything is stored, and afterwards.
type Row = (
    &'static str,
    &'static str,
    &'static str,
    &'static [&'static str],
    &'static str,
    &'static [&'static str],
);

async fn explain(edge: &TestEdge, method: &str, path: &str) -> Value {
    let call = json!({ "host": "localhost", "target": path, "method": method });
    let answer = edge.admin("POST", "/v1/explain", &call.to_string()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

/// Verdict, reason and status, and the paths that are tried.
fn told(said: &Value) -> (String, Vec<String>) {
    let decision = &said["decision"];
    let word = |name: &str| decision[name].as_str().unwrap_or("-").to_owned();
    let words = format!(
        "{} {} {}",
        word("verdict"),
        word("reason"),
        decision["status"]
    );
    let attempts = said["attempts"].as_array().unwrap().iter();
    let paths = attempts.map(|attempt| attempt["path"].as_str().unwrap().to_owned());
    (words, paths.collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn explain_shows_each_attempt() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("_redirects");
    fs::write(&file, "/old /new?token=1\n").unwrap();
    let lines = format!(
        "redirects = {file:?}\nindex = \"directories\"\nclean_urls = true\nerror_responses = [\n\
         {{ status = 404, page = \"/404.html\" }}, {{ status = 405, page = \"/405.html\" }}]"
    );
    let (bucket, edge) = site(OBJECTS, &lines).await;
    let rows: [Row; 5] = [
        (
            "GET",
            "/about",
            "fetch - null",
            &["/about.html"],
            "serve - 200",
            &["/about.html"],
        ),
        (
            "GET",
            "/missing",
            "fetch - null",
            &["/missing.html"],
            "serve error-page 404",
            &[
                "/missing.html",
                "/missing",
                "/missing/index.html",
                "/404.html",
            ],
        ),
        (
            "GET",
            "/docs",
            "fetch - null",
            &["/docs.html"],
            "serve index-redirect 302",
            &["/docs.html", "/docs", "/docs/index.html"],
        ),
        (
            "POST",
            "/about",
            "fetch - null",
            &["/405.html"],
            "serve error-page 405",
            &["/405.html"],
        ),
        (
            "GET",
            "/old",
            "serve redirect-rule 301",
            &[],
            "serve redirect-rule 301",
            &[],
        ),
    ];
    for (method, path, before, first, after, all) in rows {
        let said = explain(&edge, method, path).await;
        assert_eq!(
            told(&said),
            (
                before.to_owned(),
                first.iter().map(ToString::to_string).collect()
            )
        );
        let summary = said["decision"]["summary"].as_str().unwrap();
        assert_eq!(
            summary.ends_with("depends on what it brings."),
            !first.is_empty(),
            "{summary}"
        );
        assert_eq!(asked(&bucket), [""; 0], "{method} {path}");

        let answer = edge.request(method, path, &[]).await;
        asked(&bucket);
        let said = explain(&edge, method, path).await;
        assert_eq!(
            told(&said),
            (
                after.to_owned(),
                all.iter().map(ToString::to_string).collect()
            )
        );
        assert_eq!(said["decision"]["status"], answer.status, "{method} {path}");
        assert_eq!(asked(&bucket), [""; 0], "{method} {path}");
    }
    let summary = |said: &Value| said["decision"]["summary"].as_str().unwrap().to_owned();
    let said = explain(&edge, "GET", "/missing").await;
    assert!(
        summary(&said).starts_with("A page is sent with 404 "),
        "{said}"
    );
    let said = explain(&edge, "GET", "/docs").await;
    assert_eq!(summary(&said), "It is sent to /docs/.");
    let said = explain(&edge, "GET", "/old").await;
    assert!(summary(&said).contains("token=REDACTED"), "{said}");
    assert_eq!(
        edge.metric("seawall_reasons_total{reason=\"error-page\"}")
            .await,
        2.0
    );
}
