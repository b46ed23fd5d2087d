//! The documents in `origin-policy/` are those of the command, with placeholders. With
//! `SEAWALL_BLESS=1` they are written anew.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::{documents, origin, text};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("origin-policy")
}

/// What the folder should hold, by file.
fn expected() -> BTreeMap<String, String> {
    let config = origin("bucket = \"BUCKET\"\nregion = \"REGION\"");
    let publisher = ["--publisher", "arn:aws:iam::ACCOUNT:role/PUBLISHER_ROLE"];
    let mut files = BTreeMap::new();
    let mut take = |arguments: &[&str], only: Option<&str>, ending: &str| {
        let text = text(&config, &[&publisher, arguments].concat());
        for (name, body) in documents(&text) {
            if only.is_none_or(|only| only == name) {
                files.insert(format!("{name}{ending}.json"), body);
            }
        }
    };
    take(&["--for", "all"], None, "");
    take(&["--list"], Some("aws-bucket-policy"), "-with-list");
    take(
        &["--vpc-endpoint", "vpce-ID"],
        Some("aws-bucket-policy"),
        "-with-vpc-endpoint",
    );
    take(
        &["--kms-key", "arn:aws:kms:REGION:ACCOUNT:key/KEY_ID"],
        Some("aws-kms-statement"),
        "",
    );
    files
}

#[test]
fn the_folder_holds_what_the_command_prints() {
    let expected = expected();
    if std::env::var_os("SEAWALL_BLESS").is_some() {
        for (name, body) in &expected {
            std::fs::write(folder().join(name), body).unwrap();
        }
    }
    let names: BTreeSet<String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".json"))
        .collect();
    assert_eq!(names, expected.keys().cloned().collect());
    assert_eq!(names.len(), 7);
    for (name, body) in &expected {
        let written = std::fs::read_to_string(folder().join(name)).unwrap();
        assert_eq!(
            &written, body,
            "{name}: SEAWALL_BLESS=1 cargo test --test it policy writes it anew"
        );
    }
}

#[test]
fn the_readme_of_the_folder_names_every_document() {
    let readme = std::fs::read_to_string(folder().join("README.md")).unwrap();
    for name in expected().keys() {
        assert!(readme.contains(&format!("[`{name}`]({name})")), "{name}");
    }
}
